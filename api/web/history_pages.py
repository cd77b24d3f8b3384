"""How a fact came to be what it is now: each correction with what it changed, and erasures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.web.parts import Doors, Fact, FactForm, Words
from api.web.record_facts import record_facts
from api.web.views import Change, CorrectionView, ErasedView
from ledger.evidence.encoding import LeafIndex
from ledger.policy.retention import ERASURE_REASONS
from ledger.recording.context import NodeContext
from ledger.recording.correcting import restatement_of
from ledger.recording.erasures import Erasure, erasure_of
from ledger.records.rules import CORRECTION, REVERSAL_REASONS, ReversalReason
from ledger.store.log import StoredEntry
from ledger.store.unit_of_work import Rooms

_AMOUNT = Words("金额", "Amount")
_PERIOD = Words("所属月份", "Month")
_OFFICER_PREFIX = "officer-"
_LONGEST_CHAIN = 100
"""A fact restated more often than this is shown from there on only."""


def corrections_of(
    context: NodeContext, view: Rooms, stored: StoredEntry, doors: Doors
) -> tuple[CorrectionView, ...]:
    """Every correction of the fact that an entry states, oldest first.

    The entry may be any of the versions. Who may see them is the caller's business; ``doors`` says
    which links this reader gets.

    Raises:
        SealingKeyDestroyedError: the person's records were erased.
    """
    index = _first_version(context, view, stored.index)
    found: list[CorrectionView] = []
    for _ in range(_LONGEST_CHAIN):
        reversal = view.log.reversal_of(index)
        if reversal is None:
            break
        new = restatement_of(view, index)
        found.append(_correction(context, view, index, reversal, new, doors))
        if new is None:
            break
        index = new
    return tuple(found)


def erased_view(context: NodeContext, view: Rooms, stored: StoredEntry) -> ErasedView | None:
    """That an entry's record was erased, when and why; None while it can be read."""
    subject = context.bureau.reader.owner_of(stored, view.log)
    erasure = erasure_of(context, view, subject)
    return erased_words(erasure) if erasure is not None else None


def erased_words(erasure: Erasure) -> ErasedView:
    """An erasure as pages tell it."""
    reason = Words(*ERASURE_REASONS[erasure.reason]) if erasure.reason is not None else None
    return ErasedView(erasure.at, reason, erasure.legal_basis or "")


def _first_version(context: NodeContext, view: Rooms, index: LeafIndex) -> LeafIndex:
    for _ in range(_LONGEST_CHAIN):
        correction = _record(context, view, index).get(CORRECTION)
        if correction is None:
            break
        index = LeafIndex(int(correction["restates"]["index"]))
    return index


def _correction(
    context: NodeContext,
    view: Rooms,
    old: LeafIndex,
    reversal: LeafIndex,
    new: LeafIndex | None,
    doors: Doors,
) -> CorrectionView:
    said = _record(context, view, reversal)
    was = _record(context, view, old)
    now = _record(context, view, new) if new is not None else None
    stands = [old, reversal, *([new] if new is not None else [])]
    return CorrectionView(
        reason=Words(*REVERSAL_REASONS[ReversalReason(said["reason_code"])]),
        legal_basis=str(said["legal_basis"]),
        maker=_officer(said["maker"]),
        checker=_officer(said["checker"]),
        at=_at(view, reversal),
        changes=_changes(was, now),
        is_restated=now is not None,
        entries=tuple(link for index in stands if (link := doors.link(index)) is not None),
        proofs=tuple(link for index in stands if (link := doors.proof(index)) is not None),
    )


def _changes(was: dict[str, Any], now: dict[str, Any] | None) -> tuple[Change, ...]:
    """The fields that a correction changed; all amounts of one that states nothing anew."""
    old, new = _shown(was), _shown(now) if now is not None else {}
    if now is None:
        return (Change(_AMOUNT, old[_AMOUNT.en][1], None),)
    names = [*old, *(name for name in new if name not in old)]
    changes = []
    for name in names:
        before, after = old.get(name), new.get(name)
        if (before and before[1]) != (after and after[1]):
            label = (before or after or (Words(name, name), None))[0]
            changes.append(
                Change(label, before[1] if before else None, after[1] if after else None)
            )
    return tuple(changes)


def _shown(record: dict[str, Any]) -> dict[str, tuple[Words, Fact]]:
    facts = [
        Fact(_PERIOD, str(record["period"]), FactForm.PERIOD),
        Fact(_AMOUNT, str(record["amount_fen"]), FactForm.FEN),
        *record_facts(record),
    ]
    return {fact.label.en: (fact.label, fact) for fact in facts}


def _officer(name: object) -> str:
    """An officer's short name, of a record that has it as text or with a signature."""
    text = name["officer"] if isinstance(name, dict) else name
    return str(text).removeprefix(_OFFICER_PREFIX)


def _record(context: NodeContext, view: Rooms, index: LeafIndex) -> dict[str, Any]:
    stored = view.log.entry(index)
    assert stored is not None, "an entry never goes away"
    return context.bureau.reader.open(stored, view.log).record


def _at(view: Rooms, index: LeafIndex) -> datetime:
    stored = view.log.entry(index)
    assert stored is not None, "an entry never goes away"
    return stored.recorded_at
