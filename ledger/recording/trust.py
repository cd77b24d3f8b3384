"""Writes the trust file: what a verifier should know before it sees any proof."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from ledger.chain.bindings import BureauOnChain, KeySetOnChain
from ledger.evidence.checkpoint import VerifierKey
from ledger.evidence.encoding import LogId
from ledger.evidence.lineage import Lineage
from ledger.evidence.trust import (
    TrustedContract,
    TrustedCosigner,
    TrustedKey,
    TrustedLog,
    TrustFile,
)
from ledger.recording.context import NodeContext, cosigner_name, origin_of


def export_trust(context: NodeContext) -> TrustFile:
    """The trust file of this node's network, from its manifest and the registry on chain.

    Every key a log ever had is in it with the time it was valid in, so that an old signature is
    judged at its own time. Supervisors are named at deployment: their keys are valid from then on.

    Raises:
        ChainUnavailableError: the registry cannot be read now.
        WrongChainError, ContractCodeError: the endpoint serves another network.
    """
    chain_id = context.manifest.chain_id
    return TrustFile(
        chain_id=chain_id,
        contracts={
            name: TrustedContract(
                contract.address.lower(), bytes.fromhex(contract.code_hash.removeprefix("0x"))
            )
            for name, contract in context.manifest.contracts.items()
        },
        logs=tuple(
            _log(
                chain_id,
                bureau,
                context.chain.key_history(bureau.log_id),
                Lineage.of(bureau.log_id, context.chain.predecessor_of),
            )
            for bureau in context.chain.bureaus()
        ),
        cosigners=_cosigners(context),
    )


def _log(
    chain_id: int, bureau: BureauOnChain, history: list[KeySetOnChain], lineage: Lineage
) -> TrustedLog:
    origin = origin_of(chain_id, bureau.log_id)
    return TrustedLog(
        log_id=LogId(bureau.log_id),
        origin=origin,
        name=bureau.name,
        region=bureau.region,
        keys=_periods(origin, history),
        inherited=lineage.inherited,
    )


def _periods(origin: str, history: list[KeySetOnChain]) -> tuple[TrustedKey, ...]:
    """The log's checkpoint keys, each until the next one; a rotation may keep the key."""
    changes: list[KeySetOnChain] = []
    for keys in history:
        if not changes or changes[-1].log_key != keys.log_key:
            changes.append(keys)
    ends = [_time(later.valid_from) for _, later in pairwise(changes)]
    return tuple(
        TrustedKey(VerifierKey.log(origin, keys.log_key), _time(keys.valid_from), end)
        for keys, end in zip(changes, [*ends, None], strict=True)
    )


def _cosigners(context: NodeContext) -> tuple[TrustedCosigner, ...]:
    """Every key that a supervisor ever cosigned with, each until the next one or until it left."""
    chain_id = context.manifest.chain_id
    found = []
    for supervisor in context.chain.all_supervisors():
        name = cosigner_name(chain_id, supervisor.account)
        history = context.chain.cosigner_history(supervisor.account)
        ends = [_time(later.valid_from) for _, later in pairwise(history)]
        found += [
            TrustedCosigner(
                supervisor.name,
                TrustedKey(VerifierKey.cosigner(name, each.key), _time(each.valid_from), end),
            )
            for each, end in zip(history, [*ends, None], strict=True)
            if each.key is not None
        ]
    return tuple(found)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
