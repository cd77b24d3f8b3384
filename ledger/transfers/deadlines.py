"""When a step of a case is due: 15 official working days after it began (rules a.4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from ledger.ports import BEIJING
from ledger.transfers.model import STEP_WORKING_DAYS, CaseState
from ledger.transfers.ports import NoCalendarYet, WorkCalendar

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


def official_calendar() -> WorkCalendar:
    """The official working days; until a table of them is there, no due date is known."""
    return NoCalendarYet()


def deadline(start: date, working_days: int, calendar: WorkCalendar | None = None) -> date | None:
    """The last day of a term of ``working_days`` that began on ``start``; None while not known."""
    return (calendar or official_calendar()).add_working_days(start, working_days)


def due_on(state: CaseState, began_at: datetime) -> date | None:
    """When the step after ``state`` is due; finished cases have no clock."""
    if state not in _TIMED:
        return None
    return deadline(began_at.astimezone(BEIJING).date(), STEP_WORKING_DAYS)
