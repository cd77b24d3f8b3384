"""When a step of a case is due: 15 official working days after it began (rules a.4).

A term that reaches into a year whose working days are not published has no due date yet; the case
goes on, and the date is known as soon as the notice of that year stands in the table.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from ledger.errors import CalendarYearMissingError
from ledger.policy import work_calendar
from ledger.ports import BEIJING
from ledger.transfers.model import STEP_WORKING_DAYS, CaseState
from ledger.transfers.ports import WorkCalendar

_TIMED: Final = frozenset(
    {
        CaseState.APPLIED,
        CaseState.LETTER_SENT,
        CaseState.PACKAGE_SENT,
        CaseState.RELEASED,
        CaseState.ACCEPTED,
        CaseState.SETTLED,
    }
)


class PublishedCalendar:
    """The working days of the published years."""

    def add_working_days(self, start: date, days: int) -> date | None:
        """The day ``days`` working days after ``start``; None for a year not published yet."""
        return work_calendar.known_deadline(start, days)

    def working_days_between(self, start: date, day: date) -> int | None:
        """Working days after ``start`` up to and with ``day``; None for a year not published."""
        try:
            return work_calendar.working_days_between(start, max(start, day))
        except CalendarYearMissingError:
            return None


def official_calendar() -> WorkCalendar:
    """The official working days."""
    return PublishedCalendar()


def deadline(start: date, working_days: int, calendar: WorkCalendar | None = None) -> date | None:
    """The last day of a term of ``working_days`` that began on ``start``; None while not known."""
    return (calendar or official_calendar()).add_working_days(start, working_days)


def due_on(
    state: CaseState, began_at: datetime, working_days: int = STEP_WORKING_DAYS
) -> date | None:
    """When the step after ``state`` is due; finished cases have no clock."""
    if state not in _TIMED:
        return None
    return deadline(_beijing_day(began_at), working_days)


def last_day(end: int) -> date:
    """The last day of a term of which the chain gives the first second after it."""
    return day_of(end - 1)


def day_of(time: int) -> date:
    """The day in Beijing of a time on chain."""
    return _beijing_day(datetime.fromtimestamp(time, UTC))


def days_left(due: date, today: date) -> int | None:
    """Working days between ``today`` and the last day of a term: negative once it has passed.

    None while a year between them is not published.
    """
    calendar = official_calendar()
    if today <= due:
        return calendar.working_days_between(today, due)
    passed = calendar.working_days_between(due, today)
    return None if passed is None else -passed


def used_days(began_at: datetime, today: date) -> int | None:
    """Working days of a step's term that have passed by ``today``; None while not known."""
    return official_calendar().working_days_between(_beijing_day(began_at), today)


def _beijing_day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()
