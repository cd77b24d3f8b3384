"""Puts the contracts on a chain once, and writes down where: the deployment manifest.

The manifest is what everyone of one network shares. It is written in one step after the last
contract stands; a deployment that broke off before goes on where it stopped, from its journal.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from eth_utils.address import is_address, to_checksum_address

from ledger.chain.artifacts import CONTRACTS, constructor_arguments
from ledger.chain.codec import creation_data
from ledger.chain.connection import ChainConnection, ChainReader, Receipt
from ledger.chain.deployment_journal import DeploymentJournal
from ledger.chain.finality import Finality
from ledger.chain.transactions import sign_transaction
from ledger.config import LAG_BLOCKS
from ledger.errors import (
    ChainUnavailableError,
    ContractCodeError,
    SettingsError,
    TransactionRefusedError,
    WrongChainError,
)
from ledger.files import write_atomically
from ledger.keys.ports import AccountSigner

MANIFEST_SCHEMA: Final = "anxu-manifest/1"
LANDING_TIMEOUT_SECONDS: Final = 120
"""How long a deployment waits for one transaction to land."""
_PAUSE_SECONDS: Final = 0.05
_DIGEST_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """Where a contract stands: address, Keccak-256 of its code (0x-hex), block of its birth."""

    address: str
    code_hash: str
    block: int


@dataclass(frozen=True, slots=True)
class SupervisorInput:
    """A supervisor named at deployment; ``cosigner_key`` is its 32-byte Ed25519 public key.

    ``account`` is a member of the council and may enrol bureaus. ``freezer`` may suspend and
    freeze, ``closer`` may close conflicts; three different addresses, for no one may do all.
    """

    account: str
    cosigner_key: bytes
    name: str
    endpoint: str
    freezer: str | None = None
    closer: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """The supervisor as a JSON object."""
        return {
            "account": to_checksum_address(self.account),
            "cosigner_key": "0x" + self.cosigner_key.hex(),
            "name": self.name,
            "endpoint": self.endpoint,
            "freezer": to_checksum_address(self.freezer) if self.freezer else None,
            "closer": to_checksum_address(self.closer) if self.closer else None,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> SupervisorInput:
        """Read what :meth:`to_json` wrote.

        Raises:
            SettingsError: a part is missing or malformed.
        """
        try:
            return cls(
                account=_address(content["account"]),
                cosigner_key=_bytes32(content["cosigner_key"]),
                name=str(content["name"]),
                endpoint=str(content["endpoint"]),
                freezer=content["freezer"] and _address(content["freezer"]),
                closer=content["closer"] and _address(content["closer"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            reason = f"a part is missing or malformed: {error}"
            raise SettingsError(setting="supervisor", reason=reason) from error


@dataclass(frozen=True, slots=True)
class Governance:
    """Who decides: ``threshold`` of the supervisors, and how long a decision waits."""

    supervisors: tuple[SupervisorInput, ...]
    threshold: int = 1
    delay_seconds: int = 0

    def to_json(self) -> dict[str, Any]:
        """The governance as a JSON object of the manifest."""
        return {
            "threshold": self.threshold,
            "delay_seconds": self.delay_seconds,
            "supervisors": [each.to_json() for each in self.supervisors],
        }

    @property
    def decides_at_once(self) -> bool:
        """Whether one supervisor decides alone and without delay, as in a demonstration."""
        return self.threshold == 1 and self.delay_seconds == 0

    def constructor_values(self) -> dict[str, Any]:
        """What the constructors of `Council` and `Bureaus` take, by name."""
        named = [
            (each.account, each.cosigner_key, each.name, each.endpoint) for each in self.supervisors
        ]
        accounts = [each.account for each in self.supervisors]
        freezers = [each.freezer for each in self.supervisors if each.freezer]
        closers = [each.closer for each in self.supervisors if each.closer]
        return {
            "firstMembers": accounts,
            "firstThreshold": self.threshold,
            "delaySeconds": self.delay_seconds,
            "supervisors": named,
            "holders": (accounts, freezers, closers),
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """One deployment.

    ``finality`` says when a block counts as final.

    ``offset_seconds`` shifts the nodes' clocks as the chain's own is shifted; 0 outside a
    demonstration, where ``as_of`` names the day (ISO 8601). ``minimum_lines`` is the fewest lines
    shown as one total.
    """

    network: str
    chain_id: int
    rpc_urls: tuple[str, ...]
    contracts: Mapping[str, DeployedContract]
    finality: Finality
    offset_seconds: int
    as_of: str | None
    minimum_lines: int
    governance: Mapping[str, Any]
    lag_blocks: int = LAG_BLOCKS
    stale_after_seconds: int = 0

    @property
    def rpc_url(self) -> str:
        """The endpoint that is asked first; empty when none is named."""
        return self.rpc_urls[0] if self.rpc_urls else ""

    def to_json(self) -> dict[str, Any]:
        """The manifest as a JSON object."""
        return {
            "schema": MANIFEST_SCHEMA,
            "network": self.network,
            "chain_id": self.chain_id,
            "rpc_urls": list(self.rpc_urls),
            "endpoints": {
                "lag_blocks": self.lag_blocks,
                "stale_after_seconds": self.stale_after_seconds,
            },
            "contracts": {name: asdict(each) for name, each in self.contracts.items()},
            "finality": self.finality.to_json(),
            "clock": {"offset_seconds": self.offset_seconds, "as_of": self.as_of},
            "minimum_lines": self.minimum_lines,
            "governance": dict(self.governance),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Manifest:
        """Read a manifest.

        Raises:
            SettingsError: it has another schema, or a part is missing or malformed.
        """
        if content.get("schema") != MANIFEST_SCHEMA:
            raise SettingsError(setting="manifest", reason=f"its schema must be {MANIFEST_SCHEMA}")
        try:
            contracts = {
                name: _contract_from_json(content["contracts"][name]) for name in CONTRACTS
            }
            return cls(
                network=str(content["network"]),
                chain_id=int(content["chain_id"]),
                rpc_urls=_rpc_urls(content),
                contracts=contracts,
                finality=Finality.from_json(content["finality"]),
                offset_seconds=int(content["clock"]["offset_seconds"]),
                as_of=content["clock"]["as_of"],
                minimum_lines=int(content["minimum_lines"]),
                governance=dict(content["governance"]),
                **_endpoint_limits(content.get("endpoints", {})),
            )
        except (KeyError, TypeError, ValueError) as error:
            reason = f"a part is missing or malformed: {error}"
            raise SettingsError(setting="manifest", reason=reason) from error

    def save(self, path: Path) -> None:
        """Write the manifest in one step."""
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=2) + "\n"
        write_atomically(path, text.encode())

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Read a manifest from a file.

        Raises:
            SettingsError: there is none, or it cannot be read as one.
        """
        try:
            content = json.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            raise SettingsError(setting="manifest", reason=f"there is no {path.name}") from error
        except ValueError as error:
            raise SettingsError(setting="manifest", reason="the file is not JSON") from error
        if not isinstance(content, dict):
            raise SettingsError(setting="manifest", reason="the file holds no JSON object")
        return cls.from_json(content)

    def verify(self, connection: ChainConnection) -> None:
        """Check that the endpoint serves this deployment and no other.

        Raises:
            WrongChainError: it serves another chain.
            ContractCodeError: at an address stands other code.
            ChainUnavailableError: it does not answer.
        """
        if connection.chain_id != self.chain_id:
            raise WrongChainError(expected=self.chain_id, actual=connection.chain_id)
        for name, contract in self.contracts.items():
            self.require_code(name, connection.code_hash(contract.address))

    def require_code(self, name: str, found: str) -> None:
        """Compare the code hash that was found at a contract's address (0x-hex).

        Raises:
            ContractCodeError: it is another one.
        """
        contract = self.contracts[name]
        if found != contract.code_hash:
            raise ContractCodeError(
                contract=name, address=contract.address, expected=contract.code_hash, actual=found
            )


def _rpc_urls(content: Mapping[str, Any]) -> tuple[str, ...]:
    """The endpoints of a manifest; an older one names a single ``rpc_url``."""
    found = content["rpc_urls"] if "rpc_urls" in content else [content["rpc_url"]]
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError("rpc_urls must be a list of addresses")
    return tuple(found)


def _endpoint_limits(content: Mapping[str, Any]) -> dict[str, int]:
    """When an endpoint may be used; what an older manifest does not say has its default."""
    known = ("lag_blocks", "stale_after_seconds")
    found = {name: int(content[name]) for name in known if name in content}
    if any(value < 0 for value in found.values()):
        raise ValueError("limits of endpoints must not be negative")
    return found


def _contract_from_json(content: Mapping[str, Any]) -> DeployedContract:
    code_hash = "0x" + _bytes32(content["code_hash"]).hex()
    return DeployedContract(_address(content["address"]), code_hash, int(content["block"]))


def _address(given: object) -> str:
    if not isinstance(given, str) or not is_address(given):
        raise ValueError("an address")
    return to_checksum_address(given)


def _bytes32(given: object) -> bytes:
    found = bytes.fromhex(str(given).removeprefix("0x"))
    if len(found) != _DIGEST_BYTES:
        raise ValueError("a key or a code hash of 32 bytes")
    return found


def deploy(
    connection: ChainConnection,
    deployer: AccountSigner,
    governance: Governance,
    *,
    minimum_lines: int,
    rpc_url: str,
    network: str = "embedded",
    finality: Finality | None = None,
    offset_seconds: int = 0,
    as_of: str | None = None,
    journal: Path | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Deploy all contracts and return their manifest; the caller saves it.

    Args:
        connection: the chain's endpoint.
        deployer: pays for gas and has no say afterwards.
        governance: the supervisors from the start, at least one, and how they decide.
        minimum_lines: fewest lines that may be shown as one total.
        rpc_url: the endpoint as nodes shall find it.
        network: what the network is called.
        finality: when a block counts as final; without it, at once.
        offset_seconds: shift of the chain's clock.
        as_of: the day a demonstration stands on.
        journal: a file that lets a deployment go on after a crash; the caller removes it once the
            manifest is saved.
        report: told which contract stands.

    Raises:
        TransactionRefusedError: the chain does not take a transaction, or a constructor refuses.
        ChainUnavailableError: the endpoint does not answer, or a transaction does not land in time.
        SettingsError: the journal is none of this chain.
    """
    noted = DeploymentJournal(journal, connection.chain_id)
    given = {**governance.constructor_values(), "fewestLines": minimum_lines}
    deployed: dict[str, DeployedContract] = {}
    for contract in CONTRACTS:
        addresses = {name: each.address for name, each in deployed.items()}
        data = creation_data(contract, constructor_arguments(contract, addresses, given))
        deployed[contract] = _create(connection, deployer, contract, data, noted)
        report(f"{contract} {deployed[contract].address}")
    return Manifest(
        network=network,
        chain_id=connection.chain_id,
        rpc_urls=(rpc_url,),
        contracts=deployed,
        finality=finality or Finality(),
        offset_seconds=offset_seconds,
        as_of=as_of,
        minimum_lines=minimum_lines,
        governance=governance.to_json(),
    )


def _create(
    connection: ChainConnection,
    deployer: AccountSigner,
    contract: str,
    data: bytes,
    journal: DeploymentJournal,
) -> DeployedContract:
    """Create a contract, or find the one that a deployment before this one created."""
    earlier = journal.transaction_of(contract, data)
    receipt = connection.receipt(earlier) if earlier is not None else None
    if receipt is None:
        nonce = connection.nonce(deployer.address)
        signed = sign_transaction(connection, deployer, to=None, data=data, nonce=nonce)
        journal.note(contract, data, signed.hash)
        connection.send_raw(signed.raw)
        receipt = wait_for_receipt(connection, signed.hash)
    if not receipt.succeeded or receipt.contract_address is None:
        raise TransactionRefusedError(reason=f"the constructor of {contract} refuses")
    address = receipt.contract_address
    return DeployedContract(address, connection.code_hash(address), receipt.block)


def wait_for_receipt(
    connection: ChainReader,
    transaction_hash: str,
    timeout_seconds: float = LANDING_TIMEOUT_SECONDS,
) -> Receipt:
    """Wait until a transaction has landed.

    Raises:
        ChainUnavailableError: it did not in time; it may still land later.
    """
    deadline = time.monotonic() + timeout_seconds
    while (receipt := connection.receipt(transaction_hash)) is None:
        if time.monotonic() > deadline:
            raise ChainUnavailableError(
                endpoint=connection.endpoint,
                reason=f"a transaction did not land within {timeout_seconds:.0f} s",
            )
        time.sleep(_PAUSE_SECONDS)
    return receipt
