"""Reads the anchor of a proof from an endpoint that the verifier chose, by its trust file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from eth_utils.address import to_checksum_address

from ledger.chain.bindings import Bindings
from ledger.chain.deployment import DeployedContract, Manifest
from ledger.chain.finality import Finality
from ledger.chain.gateway import ChainGateway
from ledger.errors import (
    ContractCodeError,
    CorruptionError,
    RefusedError,
    UnavailableError,
    WrongChainError,
)
from ledger.evidence.bundle import ProofBundle
from ledger.evidence.readings import AnchorReading
from ledger.evidence.trust import CHECKPOINTS_CONTRACT, TrustedContract, TrustFile

_PUBLISHED: Final = "CheckpointPublished"
_NO_CODE: Final = bytes(32)


def read_anchor(
    bundle: ProofBundle,
    trust: TrustFile,
    rpc_url: str | Sequence[str],
    finality: Finality | None = None,
) -> AnchorReading | None:
    """What the chain holds for log and size of the bundle; None when it could not be asked.

    Of several endpoints two have to agree.
    """
    contract = trust.contracts.get(CHECKPOINTS_CONTRACT)
    if contract is None:
        return None
    gateway = ChainGateway(_manifest(trust, contract, rpc_url, finality or Finality()))
    try:
        return _read(gateway, bundle, contract, trust.chain_id)
    except WrongChainError as error:
        return AnchorReading(error.actual, contract.address, _NO_CODE, None)
    except ContractCodeError as error:
        return AnchorReading(trust.chain_id, contract.address, _bytes(error.actual), None)
    except (UnavailableError, RefusedError, CorruptionError):
        return None


def _manifest(
    trust: TrustFile,
    contract: TrustedContract,
    rpc_url: str | Sequence[str],
    finality: Finality,
) -> Manifest:
    """A deployment as the trust file describes it: only the contract that is read."""
    return Manifest(
        network="trust file",
        chain_id=trust.chain_id,
        rpc_urls=(rpc_url,) if isinstance(rpc_url, str) else tuple(rpc_url),
        contracts={
            CHECKPOINTS_CONTRACT: DeployedContract(
                to_checksum_address(contract.address), f"0x{contract.code_hash.hex()}", 0
            )
        },
        finality=finality,
        offset_seconds=0,
        as_of=None,
        minimum_lines=0,
        governance={},
    )


def _read(
    gateway: ChainGateway, bundle: ProofBundle, contract: TrustedContract, chain_id: int
) -> AnchorReading:
    found = Bindings(gateway).checkpoint(bundle.log_id, bundle.body.size)
    if found is None or found.block > gateway.final_block():
        return AnchorReading(chain_id, contract.address, contract.code_hash, None)
    return AnchorReading(
        chain_id=chain_id,
        contract=contract.address,
        code_hash=contract.code_hash,
        root=found.root,
        number=found.number,
        anchored_at=datetime.fromtimestamp(found.time, UTC),
        block=found.block,
        transaction=announcing_transaction(gateway, bundle.log_id, bundle.body.size, found.block),
    )


def announcing_transaction(gateway: ChainGateway, log_id: int, size: int, block: int) -> str | None:
    """The transaction in ``block`` whose event announced a log's checkpoint of ``size``.

    In 0x-hex, lower case; None when the block shows none.
    """
    events = gateway.events(block, block, CHECKPOINTS_CONTRACT)
    wanted = (log_id, size)
    return next(
        (
            event.transaction_hash.lower()
            for event in events
            if event.name == _PUBLISHED
            and (int(event.arguments["log"]), int(event.arguments["size"])) == wanted
        ),
        None,
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
