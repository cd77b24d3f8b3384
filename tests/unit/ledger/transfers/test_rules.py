"""A case as a state machine: only the procedure's steps exist, and every case can end."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.errors import TransferStepError
from ledger.transfers.model import FINISHED, UNDECIDED, CaseId, CaseState, Intent, Side
from ledger.transfers.rules import CaseEvent, next_state, require_may_decide

CASE = CaseId("0x" + "ab" * 32)
PROCEDURE = [
    CaseEvent.LETTER_DELIVERED, CaseEvent.PACKAGE_DELIVERED, CaseEvent.RELEASE_FINAL,
    CaseEvent.ACCEPTANCE_FINAL, CaseEvent.MONEY_SENT, CaseEvent.MONEY_ARRIVED,
]  # fmt: skip
ENDS = frozenset(
    {CaseEvent.REFUSAL_FINAL, CaseEvent.WITHDRAWAL_FINAL, CaseEvent.CANCELLATION_FINAL}
)


class TestProcedure:
    def test_across_provinces_a_case_closes_when_the_money_arrived(self):
        state = CaseState.APPLIED
        for event in PROCEDURE:
            state = next_state(CASE, state, event, money_moves=True)
        assert state is CaseState.CLOSED

    def test_inside_one_pool_a_case_closes_with_the_acceptance(self):
        state = CaseState.APPLIED
        for event in PROCEDURE[:4]:
            state = next_state(CASE, state, event, money_moves=False)
        assert state is CaseState.CLOSED

    @pytest.mark.parametrize("state", sorted(UNDECIDED))
    def test_every_undecided_case_can_be_refused_withdrawn_or_cancelled(self, state):
        ended = {event: next_state(CASE, state, event, money_moves=True) for event in ENDS}
        assert ended == {
            CaseEvent.REFUSAL_FINAL: CaseState.REFUSED,
            CaseEvent.WITHDRAWAL_FINAL: CaseState.WITHDRAWN,
            CaseEvent.CANCELLATION_FINAL: CaseState.CANCELLED,
        }

    @pytest.mark.parametrize("state", sorted(CaseState))
    def test_supervisors_move_only_what_was_released(self, state):
        if state is CaseState.RELEASED:
            after = [
                next_state(CASE, state, CaseEvent.MOVE_FINAL, money_moves=moves)
                for moves in (True, False)
            ]
            assert after == [CaseState.ACCEPTED, CaseState.CLOSED]
            return
        with pytest.raises(TransferStepError):
            next_state(CASE, state, CaseEvent.MOVE_FINAL, money_moves=True)

    @pytest.mark.parametrize("state", sorted(set(CaseState) - UNDECIDED))
    def test_an_accepted_or_finished_case_cannot_be_taken_back(self, state):
        for event in ENDS:
            with pytest.raises(TransferStepError) as caught:
                next_state(CASE, state, event, money_moves=True)
            assert (caught.value.state, caught.value.event) == (state, event)


class CaseMachine(RuleBasedStateMachine):
    """Random events against the one true order: what does not follow is refused and changes nothing."""

    @initialize(money_moves=st.booleans())
    def open(self, money_moves):
        self.money_moves = money_moves
        self.state = CaseState.APPLIED
        self.done: list[CaseEvent] = []

    @rule(event=st.sampled_from(CaseEvent))
    def happen(self, event):
        try:
            after = next_state(CASE, self.state, event, money_moves=self.money_moves)
        except TransferStepError:
            return
        assert self.state not in FINISHED, "nothing follows an end"
        self.state = after
        self.done.append(event)

    @invariant()
    def steps_are_a_prefix_of_the_procedure_with_at_most_one_end(self):
        if not hasattr(self, "done"):
            return
        accepted = {CaseEvent.MOVE_FINAL: CaseEvent.ACCEPTANCE_FINAL}
        ordered = [accepted.get(event, event) for event in self.done if event not in ENDS]
        assert ordered == PROCEDURE[: len(ordered)]
        assert not set(self.done[:-1]) & ENDS
        if not self.money_moves:
            assert CaseEvent.MONEY_SENT not in self.done


CaseMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
TestCaseMachine = CaseMachine.TestCase


class TestDecisions:
    @pytest.mark.parametrize(
        ("side", "intent", "allowed"),
        [(Side.OLD, Intent.RELEASE, {CaseState.LETTER_SENT}),
         (Side.NEW, Intent.ACCEPT, {CaseState.RELEASED}),
         (Side.NEW, Intent.REFUSE, UNDECIDED), (Side.OLD, Intent.REFUSE, UNDECIDED),
         (Side.NEW, Intent.WITHDRAW, UNDECIDED),
         (Side.NEW, Intent.RELEASE, set()), (Side.OLD, Intent.ACCEPT, set()),
         (Side.OLD, Intent.WITHDRAW, set())],
    )  # fmt: skip
    def test_each_side_has_its_own_decisions_at_its_own_time(self, side, intent, allowed):
        for state in CaseState:
            if state in allowed:
                require_may_decide(CASE, side, state, Intent.NONE, intent)
            else:
                with pytest.raises(TransferStepError):
                    require_may_decide(CASE, side, state, Intent.NONE, intent)

    @pytest.mark.parametrize("standing", [Intent.ACCEPT, Intent.REFUSE, Intent.WITHDRAW])
    def test_no_second_decision_while_one_is_under_way(self, standing):
        for wanted in (Intent.ACCEPT, Intent.REFUSE, Intent.WITHDRAW):
            with pytest.raises(TransferStepError):
                require_may_decide(CASE, Side.NEW, CaseState.RELEASED, standing, wanted)

    def test_a_release_under_way_can_still_be_refused(self):
        require_may_decide(CASE, Side.OLD, CaseState.PACKAGE_SENT, Intent.RELEASE, Intent.REFUSE)
