"""A due date comes from the official calendar or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.transfers.deadlines import deadline, due_on
from ledger.transfers.model import FINISHED, STEP_WORKING_DAYS, CaseState


class EveryDay:
    """A calendar without rest, to see what is asked of it."""

    def add_working_days(self, start: date, days: int) -> date:
        return start + timedelta(days=days)


class TestDeadline:
    def test_a_step_may_take_fifteen_working_days(self):
        assert STEP_WORKING_DAYS == 15

    def test_the_calendar_decides(self):
        assert deadline(date(2026, 9, 1), 15, EveryDay()) == date(2026, 9, 16)

    def test_without_a_calendar_no_day_is_guessed(self):
        assert deadline(date(2026, 9, 1), 15) is None
        assert due_on(CaseState.LETTER_SENT, datetime(2026, 9, 1, tzinfo=UTC)) is None

    @pytest.mark.parametrize("state", sorted(FINISHED))
    def test_a_finished_case_has_no_clock(self, state):
        assert due_on(state, datetime(2026, 9, 1, tzinfo=UTC)) is None
