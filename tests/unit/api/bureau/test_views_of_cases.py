"""From states of cases and lines to the words of pages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from api.bureau import views
from api.bureau.payout_views import batch_number, decision_of, state_of
from api.bureau.transfer_views import (
    ORDER,
    actions_of,
    case_number,
    clock_of,
    step_of,
    step_state,
    steps_of,
)
from api.web.parts import StepState, TransferStep
from ledger.evidence.encoding import LeafIndex, LogId, Subject
from ledger.funds.model import (
    Batch,
    BatchState,
    LineDecision,
    LineFinding,
    LineState,
    PayoutLine,
    Suspicion,
)
from ledger.policy.transfer import Scope
from ledger.transfers.model import FINISHED, CaseId, CaseState, Initiative, Intent, Side
from ledger.transfers.queries import CaseRow, Clock, Place

NOW = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
CASE = CaseId("0x" + "ab" * 32)


def row(
    side: Side, state: CaseState, intent: Intent = Intent.NONE, clock: Clock | None = None
) -> CaseRow:
    clock = clock or Clock(NOW, 15, None, None, overdue=False)
    there = Place(LogId(1), "320100", "南京 / Nanjing")
    here = Place(LogId(3), "340100", "合肥 / Hefei")
    return CaseRow(
        CASE, side, state, intent, Scope.CROSS_PROVINCE, Initiative.PERSON, there, here, "王", "0031",
        12, 100, waits_for_us=True, clock=None if state in FINISHED else clock,
        opened_at=NOW,
    )  # fmt: skip


def line(state: LineState, decision: LineDecision | None = None) -> PayoutLine:
    finding = LineFinding(Suspicion.SAME_MONTH_HERE, LogId(1), LeafIndex(0), "甲", "A", True, False)
    return PayoutLine(LeafIndex(3), Subject(bytes(32)), 1, 202609, 5, state, finding, decision)


def batch(state: BatchState) -> Batch:
    return Batch("0x" + "12" * 32, "PROPOSED", 202609, state, 5, 10, 5, 10, bytes(32))


class TestSteps:
    @pytest.mark.parametrize("state", [s for s in CaseState if s not in FINISHED])
    def test_every_open_state_has_a_step_under_way(self, state):
        assert step_of(state, ()) in ORDER
        assert step_state(state) is StepState.CURRENT

    def test_case_that_ended_stands_where_it_came(self):
        assert step_of(CaseState.REFUSED, ["LETTER_SIGNED", "PACKAGE_REFUSED"]) is (
            TransferStep.RECORDS_CHECKED
        )
        assert step_of(CaseState.WITHDRAWN, []) is TransferStep.APPLIED
        assert step_of(CaseState.CANCELLED, ["RELEASE_FINAL", "CANCELLED_BY_SUPERVISORS"]) is (
            TransferStep.RECORDS_CHECKED
        )
        assert step_state(CaseState.REFUSED) is StepState.REFUSED
        assert step_state(CaseState.CANCELLED) is StepState.REFUSED

    def test_no_money_is_sent_inside_a_province(self):
        assert TransferStep.FUNDS_SENT not in steps_of(money_moves=False)
        assert steps_of(money_moves=True) == ORDER

    def test_clock_says_what_of_the_term_has_passed(self):
        due = date(2026, 10, 12)
        clock = Clock(NOW, 15, due, 13, overdue=False)
        shown = clock_of(row(Side.NEW, CaseState.RELEASED, clock=clock))
        assert (shown.total_days, shown.days_left, shown.due_on) == (15, 2, due)

    def test_an_overdue_step_says_by_how_many_days(self):
        clock = Clock(NOW, 10, date(2026, 9, 11), 12, overdue=True)
        shown = clock_of(row(Side.OLD, CaseState.LETTER_SENT, clock=clock))
        assert (shown.total_days, shown.days_left) == (10, -2)

    def test_unknown_working_days_give_no_due_date(self):
        clock = clock_of(row(Side.NEW, CaseState.RELEASED))
        assert (clock.total_days, clock.days_left, clock.due_on) == (15, None, None)
        assert clock_of(row(Side.NEW, CaseState.CLOSED)) is None


class TestActions:
    def test_only_the_side_whose_turn_it_is_may_act(self):
        def hrefs(side, state, intent=Intent.NONE):
            return [link.href.rsplit("/", 1)[1] for link in actions_of(row(side, state, intent))]

        assert hrefs(Side.NEW, CaseState.RELEASED) == ["accept", "refuse"]
        assert hrefs(Side.OLD, CaseState.LETTER_SENT) == ["release", "refuse"]
        assert hrefs(Side.OLD, CaseState.RELEASED) == []
        assert hrefs(Side.NEW, CaseState.RELEASED, Intent.ACCEPT) == []
        assert hrefs(Side.NEW, CaseState.CLOSED) == []

    def test_numbers_are_short_and_public(self):
        assert case_number(CASE) == "T-abababab"
        assert batch_number(batch(BatchState.CHECKED)) == "P-2026-09-121212"


class TestBatches:
    def test_proposed_batch_is_anchored_once_all_its_leaves_are(self):
        assert state_of(batch(BatchState.PROPOSED), 9) is views.BatchState.PROPOSED
        assert state_of(batch(BatchState.PROPOSED), 10) is views.BatchState.ANCHORED

    @pytest.mark.parametrize("state", list(BatchState))
    def test_every_state_has_a_word(self, state):
        assert state_of(batch(state), 10) in views.BatchState

    def test_line_is_named_by_what_was_decided(self):
        hold = LineDecision(hold=True, reason="因", maker="maker", checker="checker")
        pay = LineDecision(hold=False, reason="因", maker="maker", checker="checker")
        assert decision_of(line(LineState.SUSPECTED)) is views.LineDecision.UNDECIDED
        assert decision_of(line(LineState.HELD, hold)) is views.LineDecision.HELD
        assert decision_of(line(LineState.PAYABLE, pay)) is views.LineDecision.PAY_WITH_CASE
        assert decision_of(line(LineState.PAID)) is views.LineDecision.ALREADY_PAID
