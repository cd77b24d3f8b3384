"""On which day a term of working days ends."""

from __future__ import annotations

from ledger.advice.answers import Answer
from ledger.advice.inputs import Inputs
from ledger.policy.work_calendar import LONGEST_TERM, deadline


def answer_deadline(inputs: Inputs) -> Answer:
    """Answer ``start`` (a day, not counted) and ``working_days``.

    Raises:
        InputError: a value is missing or impossible.
        CalendarYearMissingError: the term reaches a year whose working days are not published.
    """
    start = inputs.day("start")
    working_days = inputs.whole("working_days", 1, LONGEST_TERM)
    inputs.done()
    found = deadline(start, working_days)
    return Answer(
        {
            "start": start.isoformat(),
            "working_days": working_days,
            "deadline": found.due_on.isoformat(),
        },
        found.steps,
    )
