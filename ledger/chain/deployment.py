"""Puts the contracts on a chain once, and writes down where: the deployment manifest.

The manifest is what everyone of one network shares. It is written in one step after the last
contract stands; a deployment that broke off before leaves contracts that nobody refers to, and is
simply begun anew.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from eth_utils.address import is_address, to_checksum_address

from ledger.chain.artifacts import CONTRACTS
from ledger.chain.codec import creation_data
from ledger.chain.connection import ChainConnection, Receipt
from ledger.chain.transactions import sign_transaction
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
_CODE_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """Where a contract stands: address, Keccak-256 of its code (0x-hex), block of its birth."""

    address: str
    code_hash: str
    block: int


@dataclass(frozen=True, slots=True)
class SupervisorInput:
    """A supervisor named at deployment; ``cosigner_key`` is its 32-byte Ed25519 public key."""

    account: str
    cosigner_key: bytes
    name: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One deployment.

    ``confirmations`` is how many blocks must follow before a block counts as final.

    ``offset_seconds`` shifts the nodes' clocks as the chain's own is shifted; 0 outside a
    demonstration, where ``as_of`` names the day (ISO 8601). ``minimum_lines`` is the fewest lines
    shown as one total.
    """

    network: str
    chain_id: int
    rpc_url: str
    contracts: Mapping[str, DeployedContract]
    confirmations: int
    offset_seconds: int
    as_of: str | None
    minimum_lines: int
    governance: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The manifest as a JSON object."""
        return {
            "schema": MANIFEST_SCHEMA,
            "network": self.network,
            "chain_id": self.chain_id,
            "rpc_url": self.rpc_url,
            "contracts": {name: asdict(each) for name, each in self.contracts.items()},
            "finality": {"confirmations": self.confirmations},
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
                rpc_url=str(content["rpc_url"]),
                contracts=contracts,
                confirmations=int(content["finality"]["confirmations"]),
                offset_seconds=int(content["clock"]["offset_seconds"]),
                as_of=content["clock"]["as_of"],
                minimum_lines=int(content["minimum_lines"]),
                governance=dict(content["governance"]),
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
            found = connection.code_hash(contract.address)
            if found != contract.code_hash:
                raise ContractCodeError(
                    contract=name,
                    address=contract.address,
                    expected=contract.code_hash,
                    actual=found,
                )


def _contract_from_json(content: Mapping[str, Any]) -> DeployedContract:
    address, code_hash = str(content["address"]), str(content["code_hash"])
    hash_bytes = len(bytes.fromhex(code_hash.removeprefix("0x")))
    if not is_address(address) or hash_bytes != _CODE_HASH_BYTES:
        raise ValueError("an address or a code hash")
    return DeployedContract(to_checksum_address(address), code_hash, int(content["block"]))


def deploy(
    connection: ChainConnection,
    deployer: AccountSigner,
    supervisors: Sequence[SupervisorInput],
    *,
    minimum_lines: int,
    rpc_url: str,
    network: str = "embedded",
    confirmations: int = 0,
    offset_seconds: int = 0,
    as_of: str | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Deploy all contracts and return their manifest; the caller saves it.

    Args:
        connection: the chain's endpoint.
        deployer: pays for gas and has no say afterwards.
        supervisors: who may enrol bureaus from the start; at least one.
        minimum_lines: fewest lines that may be shown as one total.
        rpc_url: the endpoint as nodes shall find it.
        network: what the network is called.
        confirmations: blocks that must follow before a block counts as final.
        offset_seconds: shift of the chain's clock.
        as_of: the day a demonstration stands on.
        report: told which contract stands.

    Raises:
        TransactionRefusedError: the chain does not take a transaction, or a constructor refuses.
        ChainUnavailableError: the endpoint does not answer, or a transaction does not land in time.
    """
    named = [(each.account, each.cosigner_key, each.name, each.endpoint) for each in supervisors]
    arguments: dict[str, Callable[[dict[str, DeployedContract]], list[Any]]] = {
        "Bureaus": lambda _: [named],
        "Checkpoints": lambda done: [done["Bureaus"].address],
        "Transfers": lambda done: [done["Bureaus"].address],
        "Funds": lambda done: [
            done["Bureaus"].address,
            done["Checkpoints"].address,
            done["Transfers"].address,
            minimum_lines,
        ],
        "Conflicts": lambda done: [done["Bureaus"].address, done["Checkpoints"].address],
    }
    deployed: dict[str, DeployedContract] = {}
    for contract in CONTRACTS:
        data = creation_data(contract, arguments[contract](deployed))
        deployed[contract] = _create(connection, deployer, contract, data)
        report(f"{contract} {deployed[contract].address}")
    return Manifest(
        network=network,
        chain_id=connection.chain_id,
        rpc_url=rpc_url,
        contracts=deployed,
        confirmations=confirmations,
        offset_seconds=offset_seconds,
        as_of=as_of,
        minimum_lines=minimum_lines,
        governance={"supervisors": [_supervisor_to_json(each) for each in supervisors]},
    )


def _supervisor_to_json(supervisor: SupervisorInput) -> dict[str, str]:
    return {
        "account": to_checksum_address(supervisor.account),
        "cosigner_key": "0x" + supervisor.cosigner_key.hex(),
        "name": supervisor.name,
        "endpoint": supervisor.endpoint,
    }


def _create(
    connection: ChainConnection, deployer: AccountSigner, contract: str, data: bytes
) -> DeployedContract:
    nonce = connection.nonce(deployer.address)
    signed = sign_transaction(connection, deployer, to=None, data=data, nonce=nonce)
    connection.send_raw(signed.raw)
    receipt = wait_for_receipt(connection, signed.hash)
    if not receipt.succeeded or receipt.contract_address is None:
        raise TransactionRefusedError(reason=f"the constructor of {contract} refuses")
    address = receipt.contract_address
    return DeployedContract(address, connection.code_hash(address), receipt.block)


def wait_for_receipt(
    connection: ChainConnection,
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
