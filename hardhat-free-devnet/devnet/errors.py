"""Everything that can go wrong with the embedded chain.

DevnetError                    stable kebab ``code``; the message is built from typed fields
├── SettingsError              what was asked for cannot be: change the command line
├── DirectoryError             the chain's directory cannot be used
│     DirectoryInUseError      another process holds it
│     NetworkNotFoundError     it holds none
│     BirthMismatchError       the chain there was born with other settings
│     CorruptChainError        its own data disagrees: do not go on, keep the files
├── StartError                 the process died or did not get ready
├── ProgramMissingError        geth or anvil is not there and cannot be had
└── RpcError                   an answer to a JSON-RPC caller: number, message, data
      ParseError, InvalidRequestError, MethodNotFoundError, InvalidParamsError
      StateNotFoundError       no such block
      BlockRangeError          it ends before it begins
      FilterNotFoundError      no such filter, or unused for too long
      TransactionRefusedError  a network with London rules would not take it either
      ExecutionRevertedError   the contract said no; ``data`` holds its revert bytes
      ExecutionFailedError     out of gas, invalid instruction and the like
"""

from __future__ import annotations


class DevnetError(Exception):
    """Root of the tree; ``code`` is stable and safe to match on."""

    code = "devnet-error"


class SettingsError(DevnetError):
    """A setting is out of its bounds, or two of them contradict each other."""

    code = "devnet-settings"

    def __init__(self, setting: str, reason: str) -> None:
        self.setting = setting
        self.reason = reason
        super().__init__(f"{setting}: {reason}")


class DirectoryError(DevnetError):
    """The chain's directory cannot be used as it is."""

    code = "devnet-directory"


class DirectoryInUseError(DirectoryError):
    """Another process has this chain open; two writers would tear it apart."""

    code = "devnet-directory-in-use"

    def __init__(self, directory: str, pid: int | None) -> None:
        self.directory = directory
        self.pid = pid
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"the chain in {directory} is already open in {holder}: "
            "use its address (devnet.json) or stop it first"
        )


class NetworkNotFoundError(DirectoryError):
    """The directory holds no network of validators."""

    code = "devnet-network-not-found"

    def __init__(self, directory: str) -> None:
        self.directory = directory
        super().__init__(f"no network in {directory}: 'anxu devnet network up' makes one")


class BirthMismatchError(DirectoryError):
    """A chain keeps the settings it was born with; other ones need another directory."""

    code = "devnet-birth-mismatch"

    def __init__(self, setting: str, kept: str, asked: str) -> None:
        self.setting = setting
        self.kept = kept
        self.asked = asked
        super().__init__(
            f"this chain was born with {setting} {kept}, not {asked}: "
            "leave the setting out, or choose an empty directory"
        )


class CorruptChainError(DirectoryError):
    """The chain's blocks and its indexes disagree."""

    code = "devnet-corrupt"

    def __init__(self, finding: str) -> None:
        self.finding = finding
        super().__init__(f"the stored chain contradicts itself: {finding}; keep its files")


class StartError(DevnetError):
    """The devnet process died or was not ready in time; ``log_tail`` says why."""

    code = "devnet-start"

    def __init__(self, reason: str, log_tail: str) -> None:
        self.reason = reason
        self.log_tail = log_tail
        super().__init__(f"{reason}\n--- end of its log ---\n{log_tail}")


class ProgramMissingError(DevnetError):
    """A program of others is needed, is not here, and could not be built or fetched."""

    code = "devnet-program-missing"

    def __init__(self, program: str, reason: str) -> None:
        self.program = program
        self.reason = reason
        super().__init__(
            f"{program} cannot be had: {reason}\n"
            f"Mend that, or name a {program} of your own with {program.upper()}_BINARY."
        )


class RpcError(DevnetError):
    """One JSON-RPC 2.0 error object."""

    code = "devnet-rpc"
    number = -32603

    def __init__(self, message: str, data: str | None = None) -> None:
        self.message = message
        self.data = data
        super().__init__(message)

    def as_object(self) -> dict[str, object]:
        """The ``error`` member of a JSON-RPC answer."""
        body: dict[str, object] = {"code": self.number, "message": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body


class ParseError(RpcError):
    """The body is not JSON."""

    code = "devnet-rpc-parse"
    number = -32700


class InvalidRequestError(RpcError):
    """The body is JSON, but no JSON-RPC request."""

    code = "devnet-rpc-invalid-request"
    number = -32600


class MethodNotFoundError(RpcError):
    """This chain does not offer the method."""

    code = "devnet-rpc-method-not-found"
    number = -32601


class InvalidParamsError(RpcError):
    """A parameter is missing or malformed."""

    code = "devnet-rpc-invalid-params"
    number = -32602


class StateNotFoundError(RpcError):
    """The block asked for does not exist (geth: ``header not found``)."""

    code = "devnet-rpc-header-not-found"
    number = -32000


class BlockRangeError(RpcError):
    """A range of blocks ends before it begins (geth: ``invalid block range params``)."""

    code = "devnet-rpc-block-range"
    number = -32000


class FilterNotFoundError(RpcError):
    """The filter does not exist any more (geth: ``filter not found``)."""

    code = "devnet-rpc-filter-not-found"
    number = -32000


class TransactionRefusedError(RpcError):
    """The transaction is not valid here; the wording follows geth, which clients match on."""

    code = "devnet-rpc-transaction-refused"
    number = -32000


class ExecutionFailedError(RpcError):
    """A call or estimate failed without revert data."""

    code = "devnet-rpc-execution-failed"
    number = -32000


class ExecutionRevertedError(RpcError):
    """A contract reverted; ``data`` is ``0x`` and its revert bytes, as geth gives them."""

    code = "devnet-rpc-execution-reverted"
    number = 3
