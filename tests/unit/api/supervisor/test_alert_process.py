"""Due process of an alert: what is done, what is under way, and by when."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from api.supervisor.alert_views import process_of
from api.supervisor.views import ProcessStep
from api.web.parts import StepState
from ledger.chain.bindings import ConflictOnChain, ConflictState
from ledger.evidence.encoding import Subject
from ledger.supervision.model import RISK_HIGH, Alert, AlertState, Rule

FOUND = datetime(2026, 9, 15, 1, tzinfo=UTC)


def alert(state: AlertState) -> Alert:
    conflict = 7 if state is AlertState.PROVEN else None
    return Alert(
        "a", Rule.DUPLICATE_PAYOUT, RISK_HIGH, 202608, Subject(bytes(32)), (), 5, state, FOUND,
        FOUND, conflict,
    )  # fmt: skip


def conflict(proven_at: datetime, state: ConflictState = ConflictState.OPEN) -> ConflictOnChain:
    return ConflictOnChain(
        7, state, 1, 2, 2, 3, b"", b"", b"", int(proven_at.timestamp()), 0, "", 0, 0, b""
    )


def answer_step(proven: ConflictOnChain | None, answered_at: datetime | None = None):
    state = AlertState.OPEN if proven is None else AlertState.PROVEN
    steps = process_of(alert(state), proven, answered_at, is_sent=proven is not None)
    assert [step.step for step in steps] == list(ProcessStep)
    return steps[2]


class TestAnswer:
    def test_a_proven_conflict_shows_by_when_it_is_to_be_answered(self):
        step = answer_step(conflict(FOUND))
        assert (step.state, step.due_on) == (StepState.CURRENT, date(2026, 9, 29))
        assert step.text is None

    def test_in_an_unpublished_year_no_date_is_guessed(self):
        step = answer_step(conflict(datetime(2026, 12, 25, tzinfo=UTC)))
        assert (step.state, step.due_on) == (StepState.CURRENT, None)
        assert "官方工作日历公布后" in step.text.zh

    @pytest.mark.parametrize("proven_at", [FOUND, datetime(2026, 12, 25, tzinfo=UTC)])
    def test_an_answer_ends_the_term(self, proven_at):
        step = answer_step(conflict(proven_at), answered_at=FOUND)
        assert (step.state, step.at) == (StepState.DONE, FOUND)
        assert (step.due_on, step.text) == (None, None)

    def test_nothing_is_due_before_the_proof(self):
        step = answer_step(None)
        assert (step.state, step.due_on, step.text) == (StepState.WAITING, None, None)
