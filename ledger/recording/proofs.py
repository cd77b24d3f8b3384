"""Builds the proof that a person, or a supervisor, can hand to somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import structlog

from ledger.errors import (
    ChainUnavailableError,
    InvariantBrokenError,
    NotAnchoredYetError,
    NotFoundError,
    PeerUnavailableError,
    ProofShapeError,
    RootMismatchError,
    UnknownSignerError,
    VerificationError,
)
from ledger.evidence.bundle import (
    Anchor,
    LeafPlace,
    ProofBundle,
    StandingStatement,
    owner_bundle,
    supervision_bundle,
)
from ledger.evidence.checkpoint import verify_ed25519
from ledger.evidence.encoding import LeafIndex, leaf_hash
from ledger.evidence.merkle import inclusion_proof, verify_inclusion
from ledger.recording.context import NodeContext, cosigner_name
from ledger.recording.publication import served_note
from ledger.store.log import StoredCheckpoint, StoredEntry

_log = structlog.get_logger("anxu.proofs")

CHECKPOINTS: Final = "Checkpoints"
Level = Literal["owner", "supervision"]

StandingSource = Callable[[str, int, int], Any]
"""Given a supervisor's endpoint, a log and a leaf: its standing statement as JSON, or None."""


def prove_entry(
    context: NodeContext,
    index: int,
    *,
    level: Level = "owner",
    standing_source: StandingSource | None = None,
) -> ProofBundle:
    """Prove one entry of our own log; who may ask is the caller's business.

    The checkpoint is the newest one that is final on chain and cosigned; one without cosignature is
    taken only while no supervisor has signed, since nobody can rely on it without a chain.

    Args:
        context: an open bureau's node.
        index: the leaf.
        level: ``owner`` opens the record, ``supervision`` only the entry.
        standing_source: asks supervisors whether the leaf still stands; a supervisor that does not
            answer, or whose statement is false, is left out.

    Raises:
        NotFoundError: the log has no such leaf.
        NotAnchoredYetError: no final checkpoint holds it yet; it names the size to wait for.
        SealingKeyDestroyedError: the record was erased.
    """
    place = LeafPlace(context.log_id, LeafIndex(index))
    with context.read() as view:
        stored = view.log.entry(index)
        if stored is None:
            raise NotFoundError(what="entry", key=str(index))
        last = view.log.last_checkpoint(final=True)
        if last is None or last.size <= index:
            final_size = last.size if last is not None else 0
            raise NotAnchoredYetError(
                log_id=context.log_id, needed_size=index + 1, final_size=final_size
            )
        checkpoint = view.log.cosigned_checkpoint(index) or last
        note = served_note(checkpoint, view.log.cosignatures(checkpoint.size))
        opened = context.bureau.reader.open(stored, view.log) if level == "owner" else None
    path = _inclusion(context, stored, checkpoint)
    anchor = _anchor(context, checkpoint)
    standing = _statement(context, place, standing_source) if standing_source is not None else None
    origin = context.lineage.origin_of(index)
    recorded_in = origin if origin != context.log_id else None
    if opened is None:
        return supervision_bundle(
            stored.entry, place, path, note,
            anchor=anchor, standing=standing, recorded_in=recorded_in,
        )  # fmt: skip
    return owner_bundle(
        stored.entry, opened.record, opened.salt, place, path, note,
        anchor=anchor, standing=standing, recorded_in=recorded_in,
    )  # fmt: skip


def _inclusion(
    context: NodeContext, stored: StoredEntry, checkpoint: StoredCheckpoint
) -> tuple[bytes, ...]:
    """The proof from the tiles, tried before it is handed out: our own files could be damaged."""
    path = inclusion_proof(stored.index, checkpoint.size, context.bureau.tiles.node)
    leaf = leaf_hash(stored.leaf.pack())
    try:
        verify_inclusion(leaf, stored.index, checkpoint.size, path, checkpoint.root)
    except RootMismatchError as error:
        raise InvariantBrokenError(
            invariant="tiles equal rows", expected=error.expected, actual=error.actual
        ) from error
    return path


def _anchor(context: NodeContext, checkpoint: StoredCheckpoint) -> Anchor | None:
    """Where to look on chain; None when the transaction is not known here."""
    if checkpoint.transaction_hash is None or checkpoint.block is None:
        return None
    return Anchor(
        chain_id=context.manifest.chain_id,
        contract=context.manifest.contracts[CHECKPOINTS].address.lower(),
        block=checkpoint.block,
        transaction=checkpoint.transaction_hash.lower(),
    )


def _statement(
    context: NodeContext, place: LeafPlace, source: StandingSource
) -> StandingStatement | None:
    """What supervisors state of a leaf: bad news first, then the newest; None when none answers."""
    try:
        supervisors = context.chain.supervisors()
    except ChainUnavailableError:
        return None
    found: list[StandingStatement] = []
    for supervisor in supervisors:
        name = cosigner_name(context.manifest.chain_id, supervisor.account)
        try:
            answer = source(supervisor.endpoint, place.log_id, place.index)
            if answer is None:
                continue
            statement = StandingStatement.from_object(answer)
            _require_statement(statement, place, name, supervisor.cosigner_key)
        except PeerUnavailableError:
            continue
        except VerificationError as error:
            _log.warning("standing-refused", supervisor=supervisor.account, code=error.code)
            continue
        found.append(statement)
    return max(found, key=lambda item: (item.reversed or item.revoked, item.size), default=None)


def _require_statement(
    statement: StandingStatement, place: LeafPlace, name: str, cosigner_key: bytes
) -> None:
    """Refuse a statement that is not this cosigner's about this leaf."""
    if statement.cosigner != name:
        raise UnknownSignerError(key_id=statement.cosigner)
    if statement.size <= place.index:
        raise ProofShapeError(reason="the standing statement does not reach the leaf")
    digest = statement.standing(place.log_id, place.index).digest()
    verify_ed25519(cosigner_key, statement.signature, digest, what="the standing statement")
