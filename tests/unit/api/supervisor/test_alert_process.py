"""Due process of an alert: what is done, what is under way, and by when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from api.supervisor.alert_views import process_of
from api.supervisor.views import ProcessStep
from api.web.parts import StepState, Words
from ledger.chain.bindings import ConflictOnChain, ConflictState
from ledger.evidence.encoding import Subject
from ledger.supervision.model import RISK_HIGH, Alert, AlertState, Rule

FOUND = datetime(2026, 9, 15, 1, tzinfo=UTC)
DUE = date(2026, 9, 29)


def alert(state: AlertState) -> Alert:
    conflict = 7 if state is AlertState.PROVEN else None
    return Alert(
        "a", Rule.DUPLICATE_PAYOUT, RISK_HIGH, 202608, Subject(bytes(32)), (), 5, state, FOUND,
        FOUND, conflict,
    )  # fmt: skip


def conflict(state: ConflictState = ConflictState.OPEN, answered: int = 0) -> ConflictOnChain:
    return ConflictOnChain(
        7, state, 1, 2, 2, 3, b"", b"", b"", int(FOUND.timestamp()), 0, "", 0, 0, b"",
        first_answered=bool(answered & 1), second_answered=bool(answered & 2),
    )  # fmt: skip


def answer_step(proven: ConflictOnChain | None, answered_at: datetime | None = None, **more):
    state = AlertState.OPEN if proven is None else AlertState.PROVEN
    steps = process_of(alert(state), proven, answered_at, is_sent=proven is not None, **more)
    assert [step.step for step in steps] == list(ProcessStep)
    return steps[2]


class TestAnswer:
    def test_a_proven_conflict_shows_by_when_it_is_to_be_answered(self):
        step = answer_step(conflict(), due_on=DUE)
        assert (step.state, step.due_on) == (StepState.CURRENT, DUE)
        assert step.text is None

    def test_in_an_unpublished_year_no_date_is_guessed(self):
        step = answer_step(conflict())
        assert (step.state, step.due_on) == (StepState.CURRENT, None)
        assert "官方工作日历公布后" in step.text.zh

    @pytest.mark.parametrize("answered", [0, 1, 2])
    def test_both_sides_have_to_answer_and_who_did_not_is_named(self, answered):
        late = Words("已逾期：合肥尚未答复。", "Overdue: no answer from Hefei.")
        step = answer_step(conflict(answered=answered), FOUND, due_on=DUE, late=late)
        assert (step.state, step.due_on, step.text) == (StepState.CURRENT, DUE, late)

    @pytest.mark.parametrize("due_on", [None, date(2026, 9, 29)])
    def test_answers_of_both_sides_end_the_term(self, due_on):
        step = answer_step(conflict(answered=3), answered_at=FOUND, due_on=due_on)
        assert (step.state, step.at) == (StepState.DONE, FOUND)
        assert (step.due_on, step.text) == (None, None)

    @pytest.mark.parametrize("state", [ConflictState.REVERSED, ConflictState.CLOSED])
    def test_what_was_settled_waits_for_no_answer(self, state):
        step = answer_step(conflict(state), due_on=DUE)
        assert (step.state, step.due_on, step.text) == (StepState.DONE, None, None)

    def test_nothing_is_due_before_the_proof(self):
        step = answer_step(None)
        assert (step.state, step.due_on, step.text) == (StepState.WAITING, None, None)


class TestFinding:
    @pytest.mark.parametrize(
        ("outcome", "words"), [(1, "已经追回"), (2, "列为应收"), (3, "没有重复支付")]
    )
    def test_a_closed_conflict_says_what_was_found_and_when(self, outcome, words):
        decided = FOUND + timedelta(days=3)
        closed = replace(
            conflict(ConflictState.CLOSED), outcome=outcome, decided_at=int(decided.timestamp())
        )
        finding, remedy = process_of(alert(AlertState.CLOSED), closed, None, is_sent=True)[3:]
        assert (finding.state, finding.at) == (StepState.DONE, decided)
        assert words in finding.text.zh
        assert remedy.at == decided

    def test_nothing_is_found_while_it_is_open(self):
        finding = process_of(alert(AlertState.PROVEN), conflict(), None, is_sent=True)[3]
        assert (finding.state, finding.at, finding.text) == (StepState.WAITING, None, None)
