"""A due date comes from the official calendar or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.transfers.deadlines import deadline, due_on, used_days
from ledger.transfers.model import FINISHED, STEP_WORKING_DAYS, CaseState


class EveryDay:
    """A calendar without rest, to see what is asked of it."""

    def add_working_days(self, start: date, days: int) -> date:
        return start + timedelta(days=days)

    def working_days_between(self, start: date, day: date) -> int:
        return (day - start).days


class TestDeadline:
    def test_a_step_may_take_fifteen_working_days(self):
        assert STEP_WORKING_DAYS == 15

    def test_the_calendar_decides(self):
        assert deadline(date(2026, 9, 1), 15, EveryDay()) == date(2026, 9, 16)

    def test_a_step_ends_by_the_official_calendar(self):
        assert deadline(date(2026, 9, 15), 15) == date(2026, 10, 12)
        assert due_on(CaseState.LETTER_SENT, datetime(2026, 9, 15, tzinfo=UTC)) == date(
            2026, 10, 12
        )

    def test_the_beijing_day_counts(self):
        evening = datetime(2026, 9, 14, 15, 59, tzinfo=UTC)
        assert due_on(CaseState.APPLIED, evening) == date(2026, 10, 10)
        assert due_on(CaseState.APPLIED, evening + timedelta(minutes=1)) == date(2026, 10, 12)

    def test_in_an_unpublished_year_no_day_is_guessed(self):
        assert deadline(date(2026, 12, 15), 15) is None
        assert due_on(CaseState.LETTER_SENT, datetime(2026, 12, 15, tzinfo=UTC)) is None
        assert used_days(datetime(2026, 12, 15, tzinfo=UTC), date(2027, 1, 4)) is None

    def test_what_has_passed_is_counted_in_working_days(self):
        began = datetime(2026, 9, 15, tzinfo=UTC)
        assert used_days(began, date(2026, 9, 15)) == 0
        assert used_days(began, date(2026, 10, 13)) == 16
        assert used_days(began, date(2026, 9, 1)) == 0, "a clock never runs backwards"

    @pytest.mark.parametrize("state", sorted(FINISHED))
    def test_a_finished_case_has_no_clock(self, state):
        assert due_on(state, datetime(2026, 9, 1, tzinfo=UTC)) is None
