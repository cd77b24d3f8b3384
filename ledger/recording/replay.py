"""What was known on a past date: the checkpoint in force then, its root from the rows, the facts.

Two clocks are told apart. *Recorded* and *signed* are the bureau's own times: what it says it knew.
*Anchored* is the chain's time: what it can show it knew. A reversal that came later is not applied;
it is named, so that nobody takes the old state for the present one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from ledger.errors import (
    EncodingError,
    InvariantBrokenError,
    NotFoundError,
    SealingKeyDestroyedError,
)
from ledger.evidence.encoding import LeafIndex, Subject, TreeSize
from ledger.evidence.growth import grow
from ledger.evidence.hashing import sha256_rows
from ledger.evidence.merkle import CompactRange
from ledger.policy.kinds import base_class
from ledger.ports import BEIJING
from ledger.recording.context import NodeContext
from ledger.store.history import KindTotal
from ledger.store.log import StoredCheckpoint, StoredEntry
from ledger.store.unit_of_work import Reading, Rooms

_LEAF_LABEL: Final = b"\x00"
_LEAVES_AT_ONCE: Final = 65_536


@dataclass(frozen=True, slots=True)
class LogAsOf:
    """The log at a moment.

    ``known_size`` entries had been recorded by then. ``signed`` is the last checkpoint signed by
    then, ``root`` the root that its leaves give today, worked out from the rows. ``anchored`` is
    the last checkpoint that the chain had by then. None before the first one.
    """

    at: datetime
    known_size: TreeSize
    signed: StoredCheckpoint | None
    root: bytes | None
    anchored: StoredCheckpoint | None

    @property
    def anchored_size(self) -> int:
        """How many entries the chain vouches for at that moment."""
        return self.anchored.size if self.anchored is not None else 0


@dataclass(frozen=True, slots=True)
class FactAsOf:
    """An entry that had been recorded by then.

    ``reversed_by`` is a reversal that had been recorded by then too, ``reversed_later`` one that
    came after. ``record`` is None for a person who was erased since.
    """

    stored: StoredEntry
    is_anchored: bool
    reversed_by: LeafIndex | None
    reversed_later: LeafIndex | None
    record: dict[str, Any] | None

    @property
    def stood(self) -> bool:
        """Whether it counted at that moment."""
        return self.reversed_by is None


def end_of_day(day: date) -> datetime:
    """The last moment of a day in Beijing."""
    begins = datetime.combine(day + timedelta(days=1), time(), BEIJING)
    return (begins - timedelta(microseconds=1)).astimezone(UTC)


def moment_of(text: str) -> datetime:
    """A moment as people give it: a day (its end, in Beijing), or a time with its zone.

    Raises:
        EncodingError: it is neither.
    """
    try:
        if len(text) == len("2026-09-15"):
            return end_of_day(date.fromisoformat(text))
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise EncodingError(field="date", reason="it is no date such as 2026-09-15") from error
    if at.tzinfo is None:
        raise EncodingError(field="date", reason="a time of day needs its zone, such as +08:00")
    return at.astimezone(UTC)


def log_as_of(context: NodeContext, at: datetime) -> LogAsOf:
    """The log at a moment, its root worked out again from the rows.

    Raises:
        InvariantBrokenError: the rows give another root than the checkpoint that was signed.
    """
    with context.read() as view:
        return _log_as_of(view, at)


def totals_as_of(
    context: NodeContext, state: LogAsOf, class_: int | None = None
) -> list[KindTotal]:
    """What stood at that moment by kind, of one class or of all."""
    with context.read() as view:
        return view.history.totals_at(state.known_size, class_)


def facts_of_person(
    context: NodeContext, state: LogAsOf, subject: Subject, class_: int | None = None
) -> tuple[FactAsOf, ...]:
    """What had been recorded about a person by then, in the log's order."""
    with context.read() as view:
        entries = [
            entry
            for entry in view.log.of_subject(subject)
            if entry.index < state.known_size
            and class_ in {None, base_class(entry.entry.head.class_)}
        ]
        return _facts(context, view, state, entries)


def fact_as_of(context: NodeContext, state: LogAsOf, index: int) -> FactAsOf:
    """One entry as it stood at that moment.

    Raises:
        NotFoundError: it had not been recorded by then.
    """
    with context.read() as view:
        stored = view.log.entry(index) if index < state.known_size else None
        if stored is None:
            raise NotFoundError(what="entry", key=f"{index} by then")
        return _facts(context, view, state, [stored])[0]


def entries_as_of(
    context: NodeContext, state: LogAsOf, first: int, end: int
) -> tuple[FactAsOf, ...]:
    """The entries with ``first <= index < end`` that had been recorded by then, without records."""
    with context.read() as view:
        entries = list(view.log.entries(first, min(end, state.known_size)))
        return _facts(context, view, state, entries, opened=False)


def root_of_rows(view: Rooms, size: int) -> bytes:
    """The root over the first ``size`` leaves as the rows have them now."""
    tree = CompactRange.empty()
    for start in range(0, size, _LEAVES_AT_ONCE):
        leaves = view.log.leaf_rows(start, min(start + _LEAVES_AT_ONCE, size))
        tree = grow(tree, sha256_rows(leaves, _LEAF_LABEL)).after
    return tree.root()


def _log_as_of(view: Reading, at: datetime) -> LogAsOf:
    signed_size, anchored_size = view.history.signed_size_at(at), view.history.anchored_size_at(at)
    signed = view.log.checkpoint(signed_size) if signed_size is not None else None
    root = None
    if signed is not None:
        root = root_of_rows(view, signed.size)
        if root != signed.root:
            raise InvariantBrokenError(
                invariant="rows equal checkpoint", expected=signed.root.hex(), actual=root.hex()
            )
    return LogAsOf(
        at=at,
        known_size=view.history.size_at(at),
        signed=signed,
        root=root,
        anchored=view.log.checkpoint(anchored_size) if anchored_size is not None else None,
    )


def _facts(
    context: NodeContext,
    view: Reading,
    state: LogAsOf,
    entries: list[StoredEntry],
    *,
    opened: bool = True,
) -> tuple[FactAsOf, ...]:
    taken_back = view.history.reversals_of([entry.index for entry in entries])
    facts = []
    for entry in entries:
        by = taken_back.get(entry.index)
        in_time = by is not None and by < state.known_size
        facts.append(
            FactAsOf(
                stored=entry,
                is_anchored=entry.index < state.anchored_size,
                reversed_by=by if in_time else None,
                reversed_later=by if not in_time else None,
                record=_record(context, view, entry) if opened else None,
            )
        )
    return tuple(facts)


def _record(context: NodeContext, view: Reading, entry: StoredEntry) -> dict[str, Any] | None:
    try:
        return context.bureau.reader.open(entry, view.log).record
    except SealingKeyDestroyedError:
        return None
