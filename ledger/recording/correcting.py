"""Corrects the log the only way there is: one entry takes back, another states anew.

Both stand in one transaction, both carry the reason, the legal basis and the two officers'
signatures. What else a correction does to a capability's own rows (books, decisions) its command
does beside it, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.errors import (
    AlreadyResolvedError,
    CorrectionRefusedError,
    DuplicateFactError,
    NotFoundError,
)
from ledger.evidence.encoding import (
    SALT_BYTES,
    LeafIndex,
    canonical_json,
    commitment_of,
)
from ledger.policy.kinds import Kind, is_exclusive
from ledger.recording.context import NodeContext
from ledger.recording.erasures import OPERATION as ERASURE
from ledger.recording.facts import Fact
from ledger.recording.officers import sign_by_two
from ledger.records.rules import (
    CORRECTION,
    ReversalOrder,
    correction_statement,
    require_reversible,
    restated_fact,
    reversal_fact,
)
from ledger.store.log import LogRepository
from ledger.store.unit_of_work import Rooms, UnitOfWork

SOURCE: Final = "reversal"
ACTION: Final = "correcting an entry"


@dataclass(frozen=True, slots=True)
class Correction:
    """Where the reversal stands, and the entry that states the fact anew, if there is one.

    ``already_done``: the same correction was made before, and nothing was written now.
    """

    reversed_index: LeafIndex
    reversal_index: LeafIndex
    restatement_index: LeafIndex | None
    already_done: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """What a correction changes: the record taken back, and the fact in its place."""

    old: dict[str, Any]
    new: Fact | None

    @property
    def amount_fen(self) -> int:
        """By how much the amount that stands grows (negative: shrinks)."""
        return (self.new.amount_fen if self.new is not None else 0) - int(self.old["amount_fen"])


Beside = Callable[[UnitOfWork, Difference, Correction], None]
"""A capability's own part of a correction, in the transaction that appends its entries."""


def correct(
    context: NodeContext,
    index: int,
    order: ReversalOrder,
    restatement: Fact | None = None,
    beside: Beside | None = None,
) -> Correction:
    """Take an entry of our own log back, and state the fact anew if it is known.

    The same correction again gives the first answer and changes nothing.

    Args:
        context: an open bureau's node, whose key store has both officers' keys.
        index: the leaf that shall no longer count.
        order: why, on which basis, who; it is signed here.
        restatement: the fact as it should have been recorded.
        beside: what else is written in the same transaction.

    Raises:
        SameOfficerError: both names, or both keys, are one officer's.
        NotPermittedError: an officer has no key here, or is not enrolled for this bureau.
        NotFoundError: there is no such leaf.
        ReversalOfReversalError: the entry is a reversal itself.
        AlreadyResolvedError: it was corrected before, in another way.
        CorrectionRefusedError: it is the erasure of a person, which nothing takes back.
        DuplicateFactError: the restated month, or person, has another entry that stands.
        SealingKeyDestroyedError: the person's records were erased.
    """
    target = LeafIndex(index)
    with context.read() as view:
        old = record_to_correct(context, view, target)
        earlier = earlier_correction(context, view, target, order, _says(restatement))
    if earlier is not None:
        return earlier
    signed = _signed(context, target, order, restatement)
    origin = context.lineage.origin_of(target)
    facts = [reversal_fact(target, old, signed, origin)]
    if restatement is not None:
        facts.append(restated_fact(target, restatement, signed, origin))
    entries = context.bureau.writer.prepare(facts)
    with context.write() as work:
        _require_standing(work.log, target)
        if restatement is not None:
            _require_room(context, work.log, restatement, target)
        leaves = work.log.append(
            entries, source_key=f"{SOURCE}/{index}", recorded_at=context.clock.now()
        )
        done = Correction(
            reversed_index=target,
            reversal_index=LeafIndex(leaves[0]),
            restatement_index=LeafIndex(leaves[1]) if restatement is not None else None,
        )
        if beside is not None:
            beside(work, Difference(old, restatement), done)
        work.commit()
    return done


def record_to_correct(context: NodeContext, view: Rooms, index: LeafIndex) -> dict[str, Any]:
    """The record in clear of an entry that may be corrected by its kind.

    Raises:
        NotFoundError, ReversalOfReversalError, SealingKeyDestroyedError.
        CorrectionRefusedError: it is the erasure of a person, which nothing takes back.
    """
    stored = view.log.entry(index)
    if stored is None:
        raise NotFoundError(what="entry", key=str(index))
    require_reversible(stored.entry.head.kind, index, already=False)
    record = context.bureau.reader.open(stored, view.log).record
    if record.get("operation") == ERASURE:
        raise CorrectionRefusedError(index=index, reason="what was erased cannot be brought back")
    return record


def restatement_of(view: Rooms, index: LeafIndex) -> LeafIndex | None:
    """The entry that states a reversed leaf's fact anew; it stands right behind the reversal."""
    reversal = view.log.reversal_of(index)
    stored = view.log.entry(reversal + 1) if reversal is not None else None
    if stored is None or stored.entry.head.kind is Kind.REVERSAL:
        return None
    if stored.source_key != f"{SOURCE}/{index}":
        return None
    return stored.index


def earlier_correction(
    context: NodeContext,
    view: Rooms,
    index: LeafIndex,
    order: ReversalOrder,
    states: Callable[[dict[str, Any]], bool] | None,
) -> Correction | None:
    """The answer given before to the same correction; None when the entry stands.

    Args:
        context: an open bureau's node.
        view: the store.
        index: the leaf to be corrected.
        order: the correction asked for now.
        states: whether a record states the fact that shall take the place; None when none shall.

    Raises:
        AlreadyResolvedError: it was corrected before, in another way.
    """
    reversal = view.log.reversal_of(index)
    if reversal is None:
        return None
    stated = restatement_of(view, index)
    said = _record_at(context, view, reversal)
    same = all(said.get(name) == value for name, value in order.fields().items())
    if stated is None or states is None:
        same = same and stated is None and states is None
    else:
        same = same and states(_record_at(context, view, stated))
    if not same:
        raise AlreadyResolvedError(what="entry", key=str(index), state="reversed")
    return Correction(index, reversal, stated, already_done=True)


def _says(fact: Fact | None) -> Callable[[dict[str, Any]], bool] | None:
    """Whether a record states this fact, in every field."""
    if fact is None:
        return None
    wanted = canonical_json(fact.record())

    def states(record: dict[str, Any]) -> bool:
        known = {name: value for name, value in record.items() if name != CORRECTION}
        return canonical_json(known) == wanted

    return states


def _record_at(context: NodeContext, view: Rooms, index: LeafIndex) -> dict[str, Any]:
    stored = view.log.entry(index)
    assert stored is not None, "an entry never goes away"
    return context.bureau.reader.open(stored, view.log).record


def _signed(
    context: NodeContext, index: LeafIndex, order: ReversalOrder, restatement: Fact | None
) -> ReversalOrder:
    """The order with both officers' signatures; the salt keeps the digest from being guessed at."""
    salt = context.random.bytes(SALT_BYTES)
    origin = context.lineage.origin_of(index)
    statement = correction_statement(index, order, origin, restatement)
    digest = commitment_of(canonical_json(statement), salt)
    both = sign_by_two(context, digest, order.maker, order.checker, ACTION)
    return replace(
        order,
        approval={
            "approval_salt": salt.hex(),
            "signatures": [item.to_json() for item in both],
        },
    )


def _require_standing(log: LogRepository, index: LeafIndex) -> None:
    stored = log.entry(index)
    assert stored is not None, "an entry never goes away"
    require_reversible(stored.entry.head.kind, index, already=bool(log.reversed_among([index])))


def _require_room(
    context: NodeContext, log: LogRepository, fact: Fact, reversed_index: LeafIndex
) -> None:
    """A month has one normal line, a person one death: what is reversed is the one to replace."""
    if fact.identity_number is None:
        return
    subject = context.bureau.writer.subject_of(fact.identity_number)
    if fact.kind is Kind.DEATH_REPORT:
        found = [item.index for item in log.of_subject(subject, [Kind.DEATH_REPORT])]
    elif is_exclusive(fact.kind, fact.class_):
        key = (subject, fact.period)
        found = log.indices_of_facts(fact.kind, fact.class_, [key]).get(key, [])
    else:
        return
    others = [index for index in found if index != reversed_index]
    for index in sorted(set(others) - log.reversed_among(others)):
        raise DuplicateFactError(index=index, period=fact.period)
