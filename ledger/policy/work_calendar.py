"""Official working days (法定工作日): weekends, public holidays and the days worked instead (调休).

A year is known only when the State Council's notice for it stands in the table; another year is an
error with its remedy, never a guess from weekdays. The day a term begins is not counted: a term of
one working day that begins on a Friday ends on the next working day.

The same year as a map of bits is what a contract can hold: bit ``d - 1`` (value ``2 ** (d - 1)``)
is set when day ``d`` of the year, 1 for 1 January, is a working day; a year has 365 or 366 bits and
every higher bit is zero.

Source: 全国年节及纪念日放假办法; the notices named in the rows of table work_calendar; rules a.4.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.errors import CalendarYearMissingError, ImpossibleFactError
from ledger.policy.steps import Figure, Step, Wording
from ledger.policy.tables import ParameterStatus, status_of, table, weakest

TABLE: Final = "work_calendar"
SATURDAY: Final = 5
LONGEST_TERM: Final = 1_000
"""A longer term is a slip of the pen: the longest of social insurance law is 60 working days."""

_DEADLINE: Final = Wording(
    "deadline",
    "{start_on}起算（当日不计），第{working_days}个工作日为{due_on}，其间休息{rest_days}天",
    "Counting from {start_on}, that day not included, working day {working_days} is {due_on}; "
    "{rest_days} days of rest lie between",
    "国务院办公厅年度节假日安排通知",
)


@dataclass(frozen=True, slots=True)
class WorkYear:
    """One published year; ``working_days`` is its map of bits, see the module's text."""

    year: int
    working_days: int
    row: str
    status: ParameterStatus
    source: str

    def works_on(self, day: date) -> bool:
        """Whether a day of this year is a working day."""
        return bool(self.working_days >> (day.timetuple().tm_yday - 1) & 1)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of a term, always a working day, and how it was counted."""

    start_on: date
    working_days: int
    due_on: date
    steps: tuple[Step, ...]


def published_years() -> tuple[int, ...]:
    """The years whose working days are known, in order."""
    return tuple(_years())


def work_year(year: int) -> WorkYear:
    """A published year.

    Raises:
        CalendarYearMissingError: no notice for it is in the table.
    """
    found = _years().get(year)
    if found is None:
        raise CalendarYearMissingError(year)
    return found


def is_working_day(day: date) -> bool:
    """Whether offices work on a day.

    Raises:
        CalendarYearMissingError: its year is not published.
    """
    return work_year(day.year).works_on(day)


def deadline(start_on: date, working_days: int) -> Deadline:
    """The last day of a term of so many working days that begins on a day; that day is not counted.

    Raises:
        CalendarYearMissingError: the term reaches into a year that is not published.
        ImpossibleFactError: the term is not 1 to ``LONGEST_TERM`` working days.
    """
    if not 1 <= working_days <= LONGEST_TERM:
        raise ImpossibleFactError(
            "working_days",
            working_days,
            f"a term has 1 to {LONGEST_TERM} working days",
            f"期限应为1至{LONGEST_TERM}个工作日",
        )
    day, left, years = start_on, working_days, [work_year(start_on.year)]
    while left:
        day += timedelta(days=1)
        if day.year != years[-1].year:
            years.append(work_year(day.year))
        left -= years[-1].works_on(day)
    figures: dict[str, Figure] = {
        "start_on": start_on.isoformat(),
        "working_days": working_days,
        "due_on": day.isoformat(),
        "rest_days": (day - start_on).days - working_days,
    }
    return Deadline(start_on, working_days, day, (Step(_DEADLINE, figures, tuple(years)),))


def known_deadline(start_on: date, working_days: int) -> date | None:
    """The last day of a term, or None while the calendar of a year it reaches is not published.

    For whoever shows a deadline and goes on without one; nothing is guessed.
    """
    try:
        return deadline(start_on, working_days).due_on
    except CalendarYearMissingError:
        return None


def working_days_between(start_on: date, day: date) -> int:
    """Working days after ``start_on`` up to and with ``day``: what of a term has passed.

    Raises:
        CalendarYearMissingError: a year between them is not published.
        ImpossibleFactError: ``day`` is before ``start_on``.
    """
    if day < start_on:
        raise ImpossibleFactError(
            "day", day.isoformat(), f"it is before {start_on}", f"早于起算日{start_on}"
        )
    return sum(
        is_working_day(start_on + timedelta(days=passed))
        for passed in range(1, (day - start_on).days + 1)
    )


@cache
def _years() -> MappingProxyType[int, WorkYear]:
    exceptions: defaultdict[int, dict[date, bool]] = defaultdict(dict)
    sources: defaultdict[int, set[str]] = defaultdict(set)
    statuses: defaultdict[int, list[ParameterStatus]] = defaultdict(list)
    for row in table(TABLE):
        day = date.fromisoformat(row["date"])
        exceptions[day.year][day] = row["works"] == "1"
        sources[day.year].add(row["source"])
        statuses[day.year].append(status_of(row["status"]))
    return MappingProxyType(
        {
            year: WorkYear(
                year=year,
                working_days=_map_of(year, exceptions[year]),
                row=f"{TABLE} {year}",
                status=weakest(*statuses[year]),
                source="; ".join(sorted(sources[year])),
            )
            for year in sorted(exceptions)
        }
    )


def _map_of(year: int, exceptions: dict[date, bool]) -> int:
    first = date(year, 1, 1)
    bits = 0
    for place in range((date(year + 1, 1, 1) - first).days):
        day = first + timedelta(days=place)
        bits |= exceptions.get(day, day.weekday() < SATURDAY) << place
    return bits
