"""Reads for pages, transfers and reviews: a person's paid months, sums by year, imported files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ledger.evidence.encoding import Subject
from ledger.policy.kinds import Kind
from ledger.policy.periods import year_of
from ledger.recording.context import NodeContext
from ledger.recording.writer import OpenedRecord, RecordReader
from ledger.records.importing import report_of
from ledger.records.model import (
    ContributionType,
    ImportReport,
    PersonMonth,
    Scheme,
    YearSums,
)
from ledger.store.unit_of_work import Reading, UnitOfWork


def person_months(
    view: Reading | UnitOfWork, reader: RecordReader, subject: Subject
) -> tuple[PersonMonth, ...]:
    """Every contribution line of a person in our log, by month, reversed ones marked as such.

    Raises:
        SealingKeyDestroyedError: the person's records were erased.
    """
    stored = view.log.of_subject(subject, [Kind.CONTRIBUTION])
    taken_back = view.log.reversed_among([entry.index for entry in stored])
    months = [
        _month(opened, is_reversed=opened.stored.index in taken_back)
        for opened in reader.open_many(stored, view.log)
    ]
    return tuple(sorted(months, key=lambda month: (month.period, month.leaf_index)))


def _month(opened: OpenedRecord, *, is_reversed: bool) -> PersonMonth:
    record: Mapping[str, Any] = opened.record
    return PersonMonth(
        leaf_index=opened.stored.index,
        period=record["period"],
        contribution_type=ContributionType(record["contribution_type"]),
        scheme=Scheme(record["scheme"]),
        region=record["region"],
        employer_code=record["employer_code"],
        employer_name=record["employer_name"],
        base_fen=record["base_fen"],
        unit_fen=record["unit_fen"],
        person_fen=record["person_fen"],
        pool_fen=record["pool_fen"],
        account_fen=record["account_fen"],
        account_rate_bps=record["account_rate_bps"],
        paid_on=date.fromisoformat(record["paid_on"]),
        parameter_status=record["parameter_status"],
        recorded_at=opened.stored.recorded_at,
        reversed=is_reversed,
    )


def standing_months(months: Iterable[PersonMonth]) -> tuple[PersonMonth, ...]:
    """The lines that count: those nobody took back."""
    return tuple(month for month in months if not month.reversed)


def monthly_bases(months: Iterable[PersonMonth]) -> dict[int, int]:
    """The base in fen of each month that stands; supplements raise their month's."""
    return _by_period((month.period, month.base_fen) for month in standing_months(months))


def account_deposits(months: Iterable[PersonMonth]) -> dict[int, int]:
    """What went to the personal account in fen, by month, of the lines that stand."""
    return _by_period((month.period, month.account_fen) for month in standing_months(months))


def yearly_sums(months: Iterable[PersonMonth]) -> tuple[YearSums, ...]:
    """The lines that stand, by calendar year; a month with several lines counts once."""
    years: dict[int, list[PersonMonth]] = defaultdict(list)
    for month in standing_months(months):
        years[year_of(month.period)].append(month)
    return tuple(
        YearSums(
            year=year,
            months=tuple(sorted({line.period for line in lines})),
            base_fen=sum(line.base_fen for line in lines),
            unit_fen=sum(line.unit_fen for line in lines),
            person_fen=sum(line.person_fen for line in lines),
            pool_fen=sum(line.pool_fen for line in lines),
            account_fen=sum(line.account_fen for line in lines),
            account_rates_bps=tuple(sorted({line.account_rate_bps for line in lines})),
            regions=tuple(sorted({line.region for line in lines})),
        )
        for year, lines in sorted(years.items())
    )


def imports(context: NodeContext, kind: str | None = None) -> tuple[ImportReport, ...]:
    """The files that were imported, oldest first, optionally of one kind."""
    with context.read() as view:
        rows = view.imports.all()
    return tuple(report_of(row, context) for row in rows if kind in {None, row.kind})


def _by_period(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    sums: dict[int, int] = defaultdict(int)
    for period, amount_fen in pairs:
        sums[period] += amount_fen
    return dict(sorted(sums.items()))
