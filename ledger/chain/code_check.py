"""Compares the code that stands on a chain with the manifest and with this software's artifacts.

Immutables are set when a contract is created and are not in the artifact: those places are left
out of the comparison. Nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.chain.artifacts import load_artifact
from ledger.chain.connection import ChainConnection
from ledger.chain.deployment import Manifest


class CodeState(StrEnum):
    """What stands at a contract's address, compared with one source."""

    SAME = "same"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ContractCheck:
    """One contract: its code hash (0x-hex) as found, and how it compares."""

    contract: str
    address: str
    code_hash: str
    manifest: CodeState
    artifact: CodeState

    @property
    def holds(self) -> bool:
        """Whether it is what the manifest and the artifact say."""
        return self.manifest is self.artifact is CodeState.SAME


@dataclass(frozen=True, slots=True)
class EndpointCheck:
    """What one endpoint serves."""

    endpoint: str
    chain_id: int
    expected_chain_id: int
    block: int
    contracts: tuple[ContractCheck, ...]

    @property
    def holds(self) -> bool:
        """Whether the chain is the manifest's and every contract what it shall be."""
        return self.chain_id == self.expected_chain_id and all(
            each.holds for each in self.contracts
        )


def check_code(manifest: Manifest, rpc_url: str) -> EndpointCheck:
    """Read chain id and every contract's code from one endpoint, and compare.

    Raises:
        ChainUnavailableError: it does not answer.
    """
    connection = ChainConnection(rpc_url)
    newest = connection.block()
    found = []
    for name, contract in manifest.contracts.items():
        code = connection.code(contract.address, newest.number)
        code_hash = connection.hash_of(code)
        as_told = CodeState.SAME if code_hash == contract.code_hash else CodeState.OTHER
        as_built = CodeState.SAME if _is_artifact(name, code) else CodeState.OTHER
        found.append(
            ContractCheck(
                contract=name,
                address=contract.address,
                code_hash=code_hash,
                manifest=as_told if code else CodeState.NONE,
                artifact=as_built if code else CodeState.NONE,
            )
        )
    return EndpointCheck(
        connection.endpoint, connection.chain_id, manifest.chain_id, newest.number, tuple(found)
    )


def _is_artifact(contract: str, code: bytes) -> bool:
    """Whether code is an artifact's, wherever no immutable stands."""
    artifact = load_artifact(contract)
    built, found = bytearray(artifact.deployed_bytecode), bytearray(code)
    if len(built) != len(found):
        return False
    for start, length in artifact.immutable_places:
        built[start : start + length] = found[start : start + length] = bytes(length)
    return built == found
