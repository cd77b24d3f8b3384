"""Reads for pages: the answer, the years behind it, payouts, decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.benefits.life import PENSION, AcceptedTransfers, final_size, working_life
from ledger.benefits.model import (
    Decision,
    Gap,
    LifeSegment,
    MonthRecord,
    RecordState,
    Review,
    WorkingLife,
)
from ledger.benefits.rules import birth_of, gaps, make_review, segments, tally
from ledger.benefits.service import decided_birth, latest_decision, opened_decision
from ledger.errors import NotFoundError
from ledger.evidence.encoding import LeafIndex, Subject
from ledger.policy.identifiers import IdentityNumber, Sex, normalise_identity_number, sex_of
from ledger.policy.kinds import Kind, base_class, is_supplement
from ledger.policy.overlaps import Overlap
from ledger.policy.periods import period_of, year_of
from ledger.policy.retirement import Category
from ledger.recording.context import NodeContext
from ledger.recording.writer import OpenedRecord
from ledger.store.unit_of_work import Rooms

_DEFAULT_LINE_STATE = "PAID"
"""A payout that no batch holds was recorded as paid."""


@dataclass(frozen=True, slots=True)
class YearOfMonths:
    """One year's records; ``months`` counts each month once, ``counted`` only anchored ones."""

    year: int
    rows: tuple[MonthRecord, ...]
    months: int
    counted: int


@dataclass(frozen=True, slots=True)
class PayoutOfPerson:
    """One month of pension; ``line_state`` as in ``ledger.funds.model.LineState``.

    ``is_reversed``: the line was taken back because it was finally not paid.
    """

    period: int
    amount_fen: int
    region: str
    scheme: str
    reason: str
    is_supplement: bool
    paid_on: date | None
    leaf_index: LeafIndex
    state: RecordState
    line_state: str
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Everything a person's page shows.

    ``review`` is None while no category is known (for women it is a decision about the post) or no
    employee-pension month is recorded here. ``overlap_periods`` are months recorded in two cities.
    """

    name: str
    subject: Subject
    as_of_period: int
    review: Review | None
    decision: Decision | None
    segments: tuple[LifeSegment, ...]
    gaps: tuple[Gap, ...]
    overlaps: tuple[Overlap, ...]
    years: tuple[YearOfMonths, ...]
    payouts: tuple[PayoutOfPerson, ...]
    decisions: tuple[Decision, ...]

    @property
    def overlap_periods(self) -> frozenset[int]:
        """Months that more than one city recorded."""
        return frozenset(overlap.period for overlap in self.overlaps)


def person_record(
    context: NodeContext, identity_number: str, category: Category | None = None
) -> PersonRecord:
    """What this bureau can show a person about their own years and money.

    Args:
        context: an open bureau's node.
        identity_number: the person's own, or of whoever an officer looks up.
        category: for a preview; without it that of the last decision counts, and men have only one.

    Raises:
        IdentifierError: it is no identity number.
        NotFoundError: this bureau has nothing about this person.
    """
    number = normalise_identity_number(identity_number, context.clock.today())
    subject = context.bureau.writer.subject_of(number)
    with context.read() as view:
        life = working_life(context, view, subject, AcceptedTransfers(context, view))
        payouts = _payouts(context, view, subject)
        last = latest_decision(context, view, subject)
        stored = view.decisions.of_subject(subject)
        decisions = tuple(opened_decision(context, view, item) for item in stored)
        name = life.name or _name_on_payouts(context, view, subject)
    if not (life.records or payouts):
        raise NotFoundError(what="pension record", key="of this person")
    counted = tally(life.records, context.settings.region)
    known = category or _category_of(number, last)
    as_of = period_of(context.clock.today())
    made = (
        make_review(counted, known, birth_of(number, None, decided_birth(last)), as_of)
        if known is not None and life.records
        else None
    )
    return PersonRecord(
        name=name,
        subject=subject,
        as_of_period=as_of,
        review=made,
        decision=last,
        segments=segments(life.records),
        gaps=gaps(record.period for record in life.records),
        overlaps=counted.overlaps,
        years=years(life),
        payouts=payouts,
        decisions=decisions,
    )


def years(life: WorkingLife) -> tuple[YearOfMonths, ...]:
    """The records of a working life by year, oldest first."""
    rows: defaultdict[int, list[MonthRecord]] = defaultdict(list)
    for record in life.records:
        rows[year_of(record.period)].append(record)
    return tuple(
        YearOfMonths(
            year=year,
            rows=tuple(found),
            months=len({record.period for record in found}),
            counted=len(
                {record.period for record in found if record.state is RecordState.ANCHORED}
            ),
        )
        for year, found in sorted(rows.items())
    )


def all_decisions(context: NodeContext) -> tuple[Decision, ...]:
    """Every decision of this bureau, newest first, with its words; for officers.

    Those about erased persons are left out: nothing of them can be read.
    """
    with context.read() as view:
        stored = view.decisions.all()
        erased = context.bureau.person_keys.destroyed_among(item.subject for item in stored)
        return tuple(
            opened_decision(context, view, item) for item in stored if item.subject not in erased
        )


def _category_of(number: IdentityNumber, last: Decision | None) -> Category | None:
    """The category an earlier decision found; men have only one; else nobody knows."""
    if last is not None:
        return Category(str(last.content["category"]))
    return Category.MALE if sex_of(number) is Sex.MALE else None


def _payouts(context: NodeContext, view: Rooms, subject: Subject) -> tuple[PayoutOfPerson, ...]:
    opened = _opened_payouts(context, view, subject)
    gone = view.log.reversed_among([item.stored.index for item in opened])
    lines: dict[int, dict[str, Any]] = {
        line["leaf_index"]: line for line in view.payouts.of_subject(subject)
    }
    size = final_size(view)
    rows = []
    for item in opened:
        index = item.stored.index
        line = lines.get(index)
        rows.append(
            _payout(
                item,
                state=RecordState.ANCHORED if index < size else RecordState.PENDING,
                line_state=line["state"] if line is not None else _DEFAULT_LINE_STATE,
                is_reversed=index in gone,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.period, row.leaf_index)))


def _opened_payouts(context: NodeContext, view: Rooms, subject: Subject) -> Sequence[OpenedRecord]:
    entries = [
        entry
        for entry in view.log.of_subject(subject, [Kind.PAYOUT])
        if base_class(entry.entry.head.class_) == PENSION
    ]
    return context.bureau.reader.open_many(entries, view.log)


def _name_on_payouts(context: NodeContext, view: Rooms, subject: Subject) -> str:
    opened = _opened_payouts(context, view, subject)
    return str(opened[-1].record.get("name", "")) if opened else ""


def _payout(
    item: OpenedRecord, *, state: RecordState, line_state: str, is_reversed: bool
) -> PayoutOfPerson:
    record, head = item.record, item.stored.entry.head
    paid_on = record.get("paid_on")
    return PayoutOfPerson(
        period=head.period,
        amount_fen=item.stored.entry.amount_fen,
        region=str(record.get("region", "")),
        scheme=str(record.get("scheme", "")),
        reason=str(record.get("reason", "")),
        is_supplement=is_supplement(head.class_),
        paid_on=date.fromisoformat(paid_on) if paid_on else None,
        leaf_index=item.stored.index,
        state=state,
        line_state=line_state,
        is_reversed=is_reversed,
    )
