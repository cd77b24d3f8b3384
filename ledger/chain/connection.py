"""One JSON-RPC endpoint of the chain, spoken to in domain values.

Works with any Ethereum endpoint with London rules or later. What the endpoint answers is checked
for its shape here and translated; no hex string, web3 object or foreign exception goes further.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ledger.errors import ChainUnavailableError, TransactionRefusedError

REQUEST_TIMEOUT_SECONDS: Final = 20
"""How long one question to the endpoint may take."""

QUESTIONS_A_REQUEST: Final = 100
"""How many questions are put to an endpoint in one request."""

_ALREADY_THERE: Final = ("already known", "known transaction", "already imported")
_NONCE_PASSED: Final = ("nonce too low", "nonce has already been used", "oldnonce")
_STATE_GONE: Final = (
    "header not found",
    "missing trie node",
    "unknown block",
    "block not found",
    "world state",
    "state not available",
    "historical state",
    "required historical state",
    "blockoutofrange",
    "block out of range",
)
"""How endpoints say that they do not have a block, or its state no more."""

BlockReference = int | str
"""A block by its number, by its hash (0x-hex, 32 bytes), or by a name such as ``latest``."""

_HASH_CHARACTERS: Final = 66


@dataclass(frozen=True, slots=True)
class Block:
    """A block's number, hash (0x-hex), time (seconds since 1970) and parent's hash."""

    number: int
    hash: str
    time: int
    parent_hash: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction that landed."""

    transaction_hash: str
    succeeded: bool
    block: int
    block_hash: str
    gas_used: int
    contract_address: str | None


@dataclass(frozen=True, slots=True)
class RawLog:
    """One undecoded log line; newer nodes tell its block's time with it."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    log_index: int
    transaction_hash: str
    block_hash: str = ""
    block_time: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SentTransaction:
    """A transaction in a block: its hash, its sender (both 0x-hex, lower case) and nonce."""

    hash: str
    sender: str
    nonce: int


class BlockMissingError(ChainUnavailableError):
    """The endpoint answers, but has not this block, or not its state any more."""


class CallRevertedError(Exception):
    """A call reverted with these bytes. Stays in this package: callers turn it into a refusal."""

    def __init__(self, data: bytes) -> None:
        super().__init__("call reverted")
        self.data = data


class ChainReader(Protocol):
    """What one endpoint, or several that agree, answer. See :class:`ChainConnection`."""

    @property
    def endpoint(self) -> str:
        """Where it is, without credentials or path."""

    @property
    def chain_id(self) -> int:
        """The chain's id."""

    def block(self, at: BlockReference | None = None) -> Block:
        """A block by number or hash; without one, the newest."""

    def header(self, number: int) -> Mapping[str, Any]:
        """A block's header as JSON-RPC gives it."""

    def block_time(self, at: BlockReference) -> int:
        """The time of a block."""

    def block_times(self, hashes: Sequence[str]) -> dict[str, int]:
        """The times of blocks by their hash."""

    def call_many(
        self, calls: Sequence[tuple[str, bytes]], at: BlockReference | None = None
    ) -> list[bytes | None]:
        """Run contracts without a transaction; None where one reverted."""

    def code(self, address: str, at: BlockReference | None = None) -> bytes:
        """The code at an address."""

    def code_hash(self, address: str) -> str:
        """Keccak-256 of the code at an address."""

    def nonce(self, address: str, block: BlockReference = "latest") -> int:
        """How many transactions an account had sent at a block."""

    def balance(self, address: str) -> int:
        """What an account has for gas, in wei."""

    def gas_price(self) -> int:
        """What gas costs now, in wei."""

    def priority_fee(self) -> int:
        """What a validator wants on top of the base fee, in wei."""

    def transactions(self, number: int) -> list[SentTransaction]:
        """The transactions of a block, in order."""

    def call(
        self,
        address: str,
        data: bytes,
        sender: str | None = None,
        at: BlockReference | None = None,
    ) -> bytes:
        """Run a contract without a transaction."""

    def estimate_gas(self, address: str | None, data: bytes, sender: str) -> int:
        """Gas that a transaction like this needs now."""

    def send_raw(self, raw: bytes) -> str:
        """Hand signed bytes over."""

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """What became of a transaction."""

    def logs(self, addresses: Sequence[str], first: int, last: int) -> list[RawLog]:
        """The log lines of some contracts."""


class ChainConnection:
    """Asks one endpoint. Safe to share between threads."""

    def __init__(self, rpc_url: str, timeout_seconds: float = REQUEST_TIMEOUT_SECONDS) -> None:
        from web3 import HTTPProvider

        parts = urlsplit(rpc_url)
        port = f":{parts.port}" if parts.port else ""
        self.endpoint = f"{parts.scheme}://{parts.hostname}{port}"
        """Where the endpoint is, without credentials or path."""
        self._provider = HTTPProvider(
            rpc_url,
            request_kwargs={"timeout": timeout_seconds},
            exception_retry_configuration=None,
        )
        self._block_time = lru_cache(maxsize=4096)(lambda block_hash: self.block(block_hash).time)

    @cached_property
    def chain_id(self) -> int:
        """The chain's id, asked once."""
        return _number(self._ask("eth_chainId", []))

    def forget(self) -> None:
        """Ask for the chain's id again: another chain may stand at the same address now."""
        self.__dict__.pop("chain_id", None)

    def block(self, at: BlockReference | None = None) -> Block:
        """A block by its number or hash; without one, the newest.

        Raises:
            ChainUnavailableError: the endpoint does not answer, or does not have that block.
        """
        found = self._header(at)
        return Block(
            _number(found["number"]),
            str(found["hash"]),
            _number(found["timestamp"]),
            str(found["parentHash"]),
        )

    def header(self, number: int) -> Mapping[str, Any]:
        """A block's header as JSON-RPC gives it: hex strings by the specification's names.

        Raises:
            ChainUnavailableError: the endpoint does not answer, or does not have that block.
        """
        return self._header(number)

    def _header(self, at: BlockReference | None) -> Mapping[str, Any]:
        by_hash = isinstance(at, str) and len(at) == _HASH_CHARACTERS
        method = "eth_getBlockByHash" if by_hash else "eth_getBlockByNumber"
        found = self._ask(method, [_block_parameter(at, by_hash=False), False])
        if found is None:
            raise BlockMissingError(endpoint=self.endpoint, reason=f"it has no block {at}")
        return dict(found)

    def syncing(self) -> tuple[int, int] | None:
        """Its block and the one it is catching up to, if it says itself that it is behind.

        Geth also answers while it merely builds an index of transactions; its blocks are all there
        then. An endpoint that does not know the question says nothing.
        """
        found = self._request("eth_syncing", []).get("result")
        if not isinstance(found, Mapping):
            return None
        block, highest = (_number(found.get(name, 0)) for name in ("currentBlock", "highestBlock"))
        is_told = "currentBlock" in found and "highestBlock" in found
        return None if is_told and block >= highest else (block, highest)

    def block_times(self, hashes: Sequence[str]) -> dict[str, int]:
        """The times of blocks by their hash, many in one request."""
        found = self._ask_many("eth_getBlockByHash", [[each, False] for each in hashes])
        if any(each is None for each in found):
            raise BlockMissingError(endpoint=self.endpoint, reason="it has not a block of a log")
        return {
            block_hash: _number(each["timestamp"])
            for block_hash, each in zip(hashes, found, strict=True)
        }

    def call_many(
        self, calls: Sequence[tuple[str, bytes]], at: BlockReference | None = None
    ) -> list[bytes | None]:
        """Run contracts (address, data) without a transaction, many in one request.

        Returns:
            Each one's answer; None where it reverted.
        """
        place = _block_parameter(at)
        asked = [[{"to": to, "data": "0x" + data.hex()}, place] for to, data in calls]
        found = self._ask_many("eth_call", asked, or_reverted=True)
        return [_data(each) if each is not None else None for each in found]

    def block_time(self, at: BlockReference) -> int:
        """The time of a block; remembered by its hash, which never means another one."""
        return self._block_time(at) if isinstance(at, str) else self.block(at).time

    def code(self, address: str, at: BlockReference | None = None) -> bytes:
        """The code at an address, immutables as they are set there; empty where there is none."""
        return _data(self._ask("eth_getCode", [address, _block_parameter(at)]))

    def code_hash(self, address: str) -> str:
        """Keccak-256 of the code at an address (0x-hex), immutables as they are set there."""
        return self.hash_of(self.code(address))

    @staticmethod
    def hash_of(code: bytes) -> str:
        """Keccak-256 of some code (0x-hex)."""
        return "0x" + keccak(code).hex()

    def nonce(self, address: str, block: BlockReference = "latest") -> int:
        """How many transactions an account had sent at a block."""
        return _number(self._ask("eth_getTransactionCount", [address, _block_parameter(block)]))

    def balance(self, address: str) -> int:
        """What an account has for gas, in wei."""
        return _number(self._ask("eth_getBalance", [address, "latest"]))

    def gas_price(self) -> int:
        """What gas costs now, in wei; 0 where the base fee is 0, as in a network of free gas.

        There a node's own answer would still suggest a tip, which an account without coins cannot
        pay and no validator needs.
        """
        newest = self._ask("eth_getBlockByNumber", ["latest", False])
        if newest is not None and _number(newest.get("baseFeePerGas") or 1) == 0:
            return 0
        return _number(self._ask("eth_gasPrice", []))

    def priority_fee(self) -> int:
        """What a validator wants on top of the base fee, in wei."""
        return _number(self._ask("eth_maxPriorityFeePerGas", []))

    def transactions(self, number: int) -> list[SentTransaction]:
        """The transactions of a block, in order.

        Raises:
            BlockMissingError: the endpoint does not have that block.
        """
        found = self._ask("eth_getBlockByNumber", [hex(number), True])
        if found is None:
            raise BlockMissingError(endpoint=self.endpoint, reason=f"it has no block {number}")
        return [
            SentTransaction(str(each["hash"]), str(each["from"]).lower(), _number(each["nonce"]))
            for each in found["transactions"]
        ]

    def call(
        self,
        address: str,
        data: bytes,
        sender: str | None = None,
        at: BlockReference | None = None,
    ) -> bytes:
        """Run a contract without a transaction, on the state after a block (the newest).

        Raises:
            CallRevertedError: it reverted.
            BlockMissingError: the endpoint has not that block, or not its state any more.
        """
        request = {"to": address, "data": "0x" + data.hex()}
        if sender is not None:
            request["from"] = sender
        return _data(self._ask("eth_call", [request, _block_parameter(at)]))

    def estimate_gas(self, address: str | None, data: bytes, sender: str) -> int:
        """Gas that a transaction like this needs now.

        Raises:
            CallRevertedError: it would revert.
        """
        request = {"from": sender, "data": "0x" + data.hex()}
        if address is not None:
            request["to"] = address
        return _number(self._ask("eth_estimateGas", [request]))

    def send_raw(self, raw: bytes) -> str:
        """Hand signed bytes over; the same bytes may be handed over as often as one likes.

        Returns:
            The transaction's hash. It says nothing about landing: a node that has the transaction
            already, or has another one under this nonce, is told apart by the receipt.

        Raises:
            TransactionRefusedError: the node does not take it.
        """
        answer = self._request("eth_sendRawTransaction", ["0x" + raw.hex()])
        if "error" in answer:
            reason = str(answer["error"].get("message", answer["error"]))
            known = (*_ALREADY_THERE, *_NONCE_PASSED)
            if not any(word in reason.lower() for word in known):
                raise TransactionRefusedError(reason=reason[:200])
        return "0x" + keccak(raw).hex()

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """What became of a transaction; None while it has not landed."""
        found = self._ask("eth_getTransactionReceipt", [transaction_hash])
        if found is None or found.get("blockNumber") is None:
            return None
        created = found.get("contractAddress")
        return Receipt(
            transaction_hash=transaction_hash,
            succeeded=_number(found["status"]) == 1,
            block=_number(found["blockNumber"]),
            block_hash=str(found["blockHash"]),
            gas_used=_number(found["gasUsed"]),
            contract_address=to_checksum_address(created) if created else None,
        )

    def logs(self, addresses: Sequence[str], first: int, last: int) -> list[RawLog]:
        """The log lines of some contracts, blocks ``first`` to ``last`` included, in order."""
        wanted = {"address": list(addresses), "fromBlock": hex(first), "toBlock": hex(last)}
        lines = [
            RawLog(
                address=to_checksum_address(line["address"]),
                topics=tuple(_data(topic) for topic in line["topics"]),
                data=_data(line["data"]),
                block=_number(line["blockNumber"]),
                log_index=_number(line["logIndex"]),
                transaction_hash=str(line["transactionHash"]),
                block_hash=str(line["blockHash"]),
                block_time=_number(line["blockTimestamp"]) if line.get("blockTimestamp") else None,
            )
            for line in self._ask("eth_getLogs", [wanted])
        ]
        return sorted(lines, key=lambda line: (line.block, line.log_index))

    def _ask(self, method: str, parameters: list[Any]) -> Any:
        return self._result(method, self._request(method, parameters))

    def _result(self, method: str, answer: Any) -> Any:
        if "error" in answer:
            error = answer["error"]
            if (reverted := _revert_data(error)) is not None:
                raise CallRevertedError(reverted)
            message = str(error.get("message", error) if isinstance(error, dict) else error)
            gone = any(words in message.lower() for words in _STATE_GONE)
            kind = BlockMissingError if gone else ChainUnavailableError
            raise kind(endpoint=self.endpoint, reason=f"{method}: {message}"[:200])
        return answer["result"]

    def _ask_many(
        self, method: str, parameters: Sequence[list[Any]], *, or_reverted: bool = False
    ) -> list[Any]:
        """The results of many questions; one that reverted gives None if that is asked for."""
        results: list[Any] = []
        for first in range(0, len(parameters), QUESTIONS_A_REQUEST):
            for answer in self._batch(method, parameters[first : first + QUESTIONS_A_REQUEST]):
                try:
                    results.append(self._result(method, answer))
                except CallRevertedError:
                    if not or_reverted:
                        raise
                    results.append(None)
        return results

    def _batch(self, method: str, parameters: Sequence[list[Any]]) -> list[Any]:
        """Answers in order; an endpoint that takes no batches is asked one by one."""
        from requests import RequestException
        from web3.exceptions import Web3Exception
        from web3.types import RPCEndpoint

        asked = [(RPCEndpoint(method), each) for each in parameters]
        try:
            answers: Any = self._provider.make_batch_request(asked)
        except (RequestException, Web3Exception, ValueError, OSError) as error:
            reason = type(error).__name__
            raise ChainUnavailableError(endpoint=self.endpoint, reason=reason) from error
        if isinstance(answers, list) and len(answers) == len(asked):
            return answers
        return [self._request(method, each) for each in parameters]

    def _request(self, method: str, parameters: list[Any]) -> Any:
        from requests import RequestException
        from web3.exceptions import Web3Exception

        try:
            answer = self._provider.make_request(method, parameters)
        except (RequestException, Web3Exception, ValueError, OSError) as error:
            reason = type(error).__name__
            raise ChainUnavailableError(endpoint=self.endpoint, reason=reason) from error
        if "error" not in answer and "result" not in answer:
            raise ChainUnavailableError(endpoint=self.endpoint, reason="it speaks no JSON-RPC")
        return answer


def _revert_data(error: Any) -> bytes | None:
    """The revert bytes in a JSON-RPC error object; None when it speaks of something else."""
    data = error.get("data") if isinstance(error, dict) else None
    if isinstance(data, dict):  # some nodes wrap it once more
        data = data.get("data") or data.get("result")
    if isinstance(data, str):
        text = data.removeprefix("Reverted ")
        if text.startswith("0x"):
            return bytes.fromhex(text[2:])
    if isinstance(error, dict) and "revert" in str(error.get("message", "")).lower():
        return b""
    return None


def _block_parameter(at: BlockReference | None, *, by_hash: bool = True) -> Any:
    """A block as JSON-RPC wants it; by its hash as EIP-1898 says."""
    if at is None:
        return "latest"
    if isinstance(at, int):
        return hex(at)
    return {"blockHash": at} if by_hash and len(at) == _HASH_CHARACTERS else at


def _number(value: Any) -> int:
    return value if isinstance(value, int) else int(str(value), 16)


def _data(value: Any) -> bytes:
    return bytes.fromhex(str(value).removeprefix("0x"))
