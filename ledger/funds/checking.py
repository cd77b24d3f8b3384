"""Checks a batch against deaths, our log and every followed log, before its pay file is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import product

from ledger.errors import BatchStateError, NotFoundError
from ledger.evidence.encoding import LeafIndex, LogId, Subject
from ledger.funds.model import (
    BatchState,
    CheckReport,
    LineFinding,
    LineState,
    Position,
    Suspicion,
)
from ledger.funds.queries import batch_of, line_of
from ledger.funds.rules import first_finding, is_earlier
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext, names_of
from ledger.store.log import FactKey, StoredEntry
from ledger.store.unit_of_work import Rooms


def check_batch(context: NodeContext, batch_id: str) -> CheckReport:
    """Compare every line of a proposed batch with what this node holds and follows.

    The batch's own leaves must be anchored first, so that both sides have a position; lines that
    contradict nothing are CLEAR, the others SUSPECTED until two officers decide.

    Raises:
        NotFoundError: there is no such batch.
        BatchStateError: it is not waiting for its check, or its leaves are not final on chain yet.
    """
    with context.read() as view:
        row = view.payouts.batch(batch_id)
        if row is None:
            raise NotFoundError(what="batch", key=batch_id[:10])
        batch = batch_of(row)
        if batch.state not in {BatchState.PROPOSED, BatchState.CHECKED}:
            raise BatchStateError(
                what="batch", key=batch_id[:10], state=batch.state, needed="PROPOSED"
            )
        if view.log.covering_checkpoint(batch.end_index - 1) is None:
            raise BatchStateError(
                what="batch",
                key=batch_id[:10],
                state="not final on chain",
                needed="an anchored batch",
            )
        entries = list(view.log.entries(batch.first_index, batch.end_index))
        findings = find_contradictions(context, view, entries)
        seen = {int(log.log_id): int(log.head.size) for log in view.following.logs()}
    with context.write() as work:
        current = work.payouts.batch(batch_id)
        assert current is not None
        for line in work.payouts.lines(batch_id, LineState.PROPOSED):
            finding = findings.get(LeafIndex(line["leaf_index"]))
            if finding is not None:
                work.payouts.update_line(
                    batch_id, line["leaf_index"], state=LineState.SUSPECTED, finding=asdict(finding)
                )
        work.payouts.set_state(batch_id, [LineState.PROPOSED], LineState.CLEAR)
        if current["state"] == BatchState.PROPOSED:
            work.payouts.update_batch(batch_id, context.clock.now(), state=BatchState.CHECKED)
        suspected = tuple(
            line_of(line) for line in work.payouts.lines(batch_id) if line["finding"] is not None
        )
        clear, _ = work.payouts.totals(batch_id, LineState.CLEAR)
        work.commit()
    return CheckReport(batch_id, clear, suspected, seen)


def find_contradictions(
    context: NodeContext, view: Rooms, entries: Sequence[StoredEntry]
) -> dict[LeafIndex, LineFinding]:
    """What each of our payout entries contradicts, by leaf index; the others are left out."""
    found: dict[LeafIndex, list[LineFinding]] = {}
    first_payments = _first_payments(view, entries)
    for item, finding in [
        *_elsewhere(context, view, entries, first_payments),
        *_here(context, view, entries, first_payments),
        *_after_death(context, view, entries, first_payments),
    ]:
        found.setdefault(item.index, []).append(finding)
    decided = {index: first_finding(items) for index, items in found.items()}
    return {index: item for index, item in decided.items() if item is not None}


_Pairs = list[tuple[StoredEntry, LineFinding]]


def _first_payments(view: Rooms, entries: Sequence[StoredEntry]) -> set[Subject]:
    """Persons whom this log never paid before this batch."""
    start = entries[0].index if entries else 0
    persons = {item.entry.subject for item in entries}
    return {
        person
        for person in persons
        if not any(earlier.index < start for earlier in view.log.of_subject(person, [Kind.PAYOUT]))
    }


def _elsewhere(
    context: NodeContext, view: Rooms, entries: Sequence[StoredEntry], first: set[Subject]
) -> _Pairs:
    """Live leaves with the same tag in followed logs; their position tells who recorded first."""
    by_tag = _by_tag(entries)
    places = view.following.places_of_tags(list(by_tag))
    every = [place for where in places.values() for place in where]
    taken_back = {
        place
        for place, takers in view.following.reversals_of(every).items()
        if any(view.following.covering_checkpoint(*taker) is not None for taker in takers)
    }
    pairs: _Pairs = []
    for tag, where in places.items():
        for (log_id, index), item in product(where, by_tag[tag]):
            if (log_id, index) in taken_back:
                continue
            covering = view.following.covering_checkpoint(log_id, index)
            other = Position(covering.number, index) if covering is not None else None
            pairs.append(
                (
                    item,
                    _finding(
                        context,
                        Suspicion.SAME_MONTH_ELSEWHERE,
                        log_id,
                        index,
                        earlier=is_earlier(other, _position(view, item)),
                        first_payment=item.entry.subject in first,
                    ),
                )
            )
    return pairs


def _here(
    context: NodeContext, view: Rooms, entries: Sequence[StoredEntry], first: set[Subject]
) -> _Pairs:
    """Another live leaf of our own log with the same tag; in one batch the later line is told."""
    by_month = _by_month(entries)
    end = entries[-1].index if entries else 0
    pairs: _Pairs = []
    for month, indices in _standing(view, by_month).items():
        if len(indices) == 1:
            continue
        taken_back = view.log.reversed_among(indices)
        pairs.extend(
            (
                item,
                _finding(
                    context,
                    Suspicion.SAME_MONTH_HERE,
                    context.log_id,
                    index,
                    earlier=index < item.index,
                    first_payment=item.entry.subject in first,
                ),
            )
            for item, index in product(by_month[month], indices)
            if (index < item.index or index > end) and index not in taken_back
        )
    return pairs


_Month = tuple[int, Subject, int]
"""Class, person and month of a normal line."""


def _by_month(entries: Sequence[StoredEntry]) -> dict[_Month, list[StoredEntry]]:
    """Normal lines by person and month; a file may pay one month twice."""
    grouped: dict[_Month, list[StoredEntry]] = {}
    for item in entries:
        head = item.entry.head
        if head.exclusive:
            key = (head.class_, item.entry.subject, head.period)
            grouped.setdefault(key, []).append(item)
    return grouped


def _standing(view: Rooms, months: Iterable[_Month]) -> dict[_Month, list[LeafIndex]]:
    """All normal payments of these months in our own log."""
    by_class: dict[int, list[FactKey]] = {}
    for class_, subject, period in months:
        by_class.setdefault(class_, []).append((subject, period))
    return {
        (class_, subject, period): indices
        for class_, keys in by_class.items()
        for (subject, period), indices in view.log.indices_of_facts(
            Kind.PAYOUT, class_, keys
        ).items()
    }


def _by_tag(entries: Sequence[StoredEntry]) -> dict[bytes, list[StoredEntry]]:
    """Normal lines by their tag; a file may pay one month twice."""
    grouped: dict[bytes, list[StoredEntry]] = {}
    for item in entries:
        if item.entry.head.exclusive:
            grouped.setdefault(item.leaf.tag, []).append(item)
    return grouped


def _after_death(
    context: NodeContext, view: Rooms, entries: Sequence[StoredEntry], first: set[Subject]
) -> _Pairs:
    """Payments for a month after a death that this bureau holds, in its own log."""
    pairs: _Pairs = []
    for item in entries:
        deaths = view.log.of_subject(item.entry.subject, [Kind.DEATH_REPORT])
        taken_back = view.log.reversed_among([death.index for death in deaths])
        for death in deaths:
            if death.index in taken_back:
                continue
            if item.entry.head.period > death.entry.head.period:
                pairs.append(
                    (
                        item,
                        _finding(
                            context,
                            Suspicion.AFTER_DEATH,
                            context.log_id,
                            death.index,
                            earlier=death.index < item.index,
                            first_payment=item.entry.subject in first,
                        ),
                    )
                )
    return pairs


def _position(view: Rooms, item: StoredEntry) -> Position | None:
    covering = view.log.covering_checkpoint(item.index)
    if covering is None or covering.number is None:
        return None
    return Position(covering.number, item.index)


def _finding(
    context: NodeContext,
    suspicion: Suspicion,
    log_id: LogId,
    index: LeafIndex,
    *,
    earlier: bool,
    first_payment: bool,
) -> LineFinding:
    name_zh, name_en = bureau_names(context, log_id)
    return LineFinding(suspicion, log_id, index, name_zh, name_en, earlier, first_payment)


def bureau_names(context: NodeContext, log_id: int) -> tuple[str, str]:
    """What a bureau is called, in Chinese and English."""
    if log_id == context.log_id:
        return context.settings.name_zh, context.settings.name_en
    bureau = next(item for item in context.chain.bureaus() if item.log_id == log_id)
    return names_of(bureau.name)
