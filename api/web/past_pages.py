"""What was known on a past day, for officers over the whole log and for a person over her own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Final

from api.web.parts import Link, Words
from api.web.views import AsOfView, PastCheckpoint, PastRow, TotalRow
from ledger.errors import EncodingError
from ledger.evidence.encoding import Subject
from ledger.ports import BEIJING
from ledger.recording.context import NodeContext
from ledger.recording.replay import (
    FactAsOf,
    LogAsOf,
    end_of_day,
    entries_as_of,
    facts_of_person,
    log_as_of,
    totals_as_of,
)

ROWS_SHOWN: Final = 50


def log_as_of_view(context: NodeContext, text: str, action: str, page: str) -> AsOfView:
    """``as_of.html`` for officers: the newest entries of a day, and the totals of what stood.

    Args:
        context: an open bureau's node.
        text: the day asked for; empty for today.
        action: the address of this page.
        page: the address of an entry, with one ``{}`` for its index.
    """

    def rows(state: LogAsOf) -> Iterable[FactAsOf]:
        first = max(0, state.known_size - ROWS_SHOWN)
        return reversed(entries_as_of(context, state, first, state.known_size))

    return _view(context, text, action, page, rows, is_own=False)


def own_as_of_view(
    context: NodeContext, subject: Subject, text: str, action: str, page: str
) -> AsOfView:
    """``as_of.html`` for a person: everything about her that had been recorded by a day."""

    def rows(state: LogAsOf) -> Iterable[FactAsOf]:
        return reversed(facts_of_person(context, state, subject))

    return _view(context, text, action, page, rows, is_own=True)


def _view(
    context: NodeContext,
    text: str,
    action: str,
    page: str,
    rows: Callable[[LogAsOf], Iterable[FactAsOf]],
    *,
    is_own: bool,
) -> AsOfView:
    today = context.clock.today()
    try:
        day, trouble = _day(text, today), False
    except EncodingError:
        day, trouble = today, True
    state = log_as_of(context, end_of_day(day))
    totals = () if is_own else totals_as_of(context, state)
    return AsOfView(
        on=day.isoformat(),
        latest=today.isoformat(),
        action=action,
        is_own=is_own,
        known=state.known_size,
        anchored=state.anchored_size,
        checkpoint=_checkpoint(state),
        totals=tuple(TotalRow(int(row.kind), row.entries, row.amount_fen) for row in totals),
        rows=tuple(_row(fact, page) for fact in rows(state)),
        trouble=trouble,
    )


def _day(text: str, today: date) -> date:
    """A day that is not in the future.

    Raises:
        EncodingError: it is no day, or has not come.
    """
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise EncodingError(field="date", reason="it is no day") from error
    if day > today:
        raise EncodingError(field="date", reason="it has not come yet")
    return day


def _checkpoint(state: LogAsOf) -> PastCheckpoint | None:
    signed = state.signed
    if signed is None or state.root is None:
        return None
    anchored_at = datetime.fromtimestamp(signed.block_time, UTC) if signed.block_time else None
    return PastCheckpoint(
        size=signed.size,
        root=state.root.hex(),
        signed_at=signed.signed_at,
        anchored_at=anchored_at,
        number=signed.number,
    )


def _row(fact: FactAsOf, page: str) -> PastRow:
    stored = fact.stored
    index = stored.index
    return PastRow(
        entry=Link(page.format(index), Words(f"第 {index:,} 条", f"entry {index:,}")),
        kind=int(stored.entry.head.kind),
        exclusion_class=stored.entry.head.class_,
        period=stored.entry.head.period,
        amount_fen=stored.entry.amount_fen,
        recorded_at=stored.recorded_at.astimezone(BEIJING),
        is_anchored=fact.is_anchored,
        stood=fact.stood,
        is_reversed_later=fact.reversed_later is not None,
    )
