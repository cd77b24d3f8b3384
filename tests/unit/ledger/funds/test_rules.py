from __future__ import annotations

import hashlib

import pytest
from pymerkle import InmemoryTree as Reference

from ledger.errors import (
    BatchStateError,
    DecisionMissingError,
    DecisionReasonError,
    SameOfficerError,
)
from ledger.evidence.encoding import LeafIndex, LogId, Subject
from ledger.funds.model import (
    Batch,
    BatchState,
    LineDecision,
    LineFinding,
    LineState,
    PayoutLine,
    Position,
    Suspicion,
)
from ledger.funds.rules import (
    batch_id_of,
    decide,
    first_finding,
    is_earlier,
    lines_root_of,
    require_approvable,
)


def finding(suspicion: Suspicion, *, first_payment: bool = False) -> LineFinding:
    return LineFinding(suspicion, LogId(3), LeafIndex(7), "合肥", "Hefei", True, first_payment)


def line(state: LineState = LineState.SUSPECTED) -> PayoutLine:
    return PayoutLine(LeafIndex(4), Subject(bytes(32)), 1, 202609, 300_000, state)


def batch(state: BatchState = BatchState.CHECKED) -> Batch:
    return Batch("0x" + "ab" * 32, "PROPOSED", 202609, state, 5, 500, 0, 5, bytes(32))


def decision(
    *, hold: bool = True, reason: str = "待核实情况", maker: str = "a", checker: str = "b"
) -> LineDecision:
    return LineDecision(hold, reason, maker, checker)


class TestBatchId:
    def test_it_is_made_of_public_things_only(self):
        expected = "0x" + hashlib.sha256(b"anxu-batch/1|1|10|15").hexdigest()
        assert batch_id_of(1, 10, 15) == expected

    def test_no_two_ranges_share_one(self):
        ids = {
            batch_id_of(log, first, end)
            for log in (1, 11)
            for first in (1, 11)
            for end in (1, 11, 111)
        }
        assert len(ids) == 12


class TestLinesRoot:
    @pytest.mark.parametrize("count", [1, 2, 5, 8])
    def test_it_is_the_root_of_rfc_9162(self, count):
        leaves = [bytes([number]) * 64 for number in range(count)]
        tree = Reference(algorithm="sha256", disable_security=False)
        for leaf in leaves:
            tree.append_entry(leaf)
        assert lines_root_of(leaves) == tree.get_root(count)


class TestPosition:
    def test_an_earlier_checkpoint_comes_before_a_lower_index(self):
        early, late = Position(4, LeafIndex(900)), Position(5, LeafIndex(1))
        assert is_earlier(early, late)
        assert not is_earlier(late, early)
        assert not is_earlier(early, early)

    def test_what_is_not_anchored_is_later_than_anything_anchored(self):
        anchored = Position(4, LeafIndex(1))
        assert is_earlier(anchored, None)
        assert not is_earlier(None, anchored)
        assert not is_earlier(None, None)


class TestFindings:
    def test_a_death_decides_before_a_duplicate(self):
        found = [finding(suspicion) for suspicion in Suspicion]
        assert first_finding(found).suspicion is Suspicion.AFTER_DEATH
        assert first_finding([item for item in found if item.suspicion is not Suspicion.AFTER_DEATH]).suspicion is (
            Suspicion.SAME_MONTH_ELSEWHERE
        )  # fmt: skip
        assert first_finding([]) is None

    @pytest.mark.parametrize(
        ("suspicion", "first_payment", "hold"),
        [
            (Suspicion.SAME_MONTH_ELSEWHERE, False, False),
            (Suspicion.SAME_MONTH_ELSEWHERE, True, True),
            (Suspicion.SAME_MONTH_HERE, False, False),
            (Suspicion.AFTER_DEATH, False, True),
        ],
    )
    def test_first_payments_and_the_dead_are_held_running_pensions_are_paid(
        self, suspicion, first_payment, hold
    ):
        assert finding(suspicion, first_payment=first_payment).default_hold is hold

    @pytest.mark.parametrize("suspicion", Suspicion)
    def test_each_reason_is_a_sentence_in_both_languages(self, suspicion):
        found = finding(suspicion, first_payment=True)
        zh, en = found.sentence("zh"), found.sentence("en")
        assert zh.endswith("首次发放。")
        assert en.endswith(".")
        assert en.isascii()
        assert "{" not in zh + en


class TestDecide:
    def test_two_officers_hold_or_pay(self):
        assert decide(line(), decision(hold=True)) is LineState.HELD
        assert decide(line(), decision(hold=False)) is LineState.PAYABLE

    @pytest.mark.parametrize(
        "state", [state for state in LineState if state is not LineState.SUSPECTED]
    )
    def test_only_a_suspected_line_is_decided(self, state):
        with pytest.raises(BatchStateError) as refusal:
            decide(line(state), decision())
        assert (refusal.value.key, refusal.value.state) == ("4", state)

    def test_one_officer_is_not_two(self):
        with pytest.raises(SameOfficerError):
            decide(line(), decision(maker="a", checker="a"))

    @pytest.mark.parametrize("reason", ["", "   ", "无", " 三个字 "])
    def test_a_reason_is_words(self, reason):
        with pytest.raises(DecisionReasonError) as refusal:
            decide(line(), decision(reason=reason))
        assert refusal.value.minimum == 4


class TestRequireApprovable:
    def test_a_checked_batch_without_open_lines_passes(self):
        require_approvable(batch(), [], "a", "b")

    @pytest.mark.parametrize(
        "state", [state for state in BatchState if state is not BatchState.CHECKED]
    )
    def test_no_other_state_does(self, state):
        with pytest.raises(BatchStateError) as refusal:
            require_approvable(batch(state), [], "a", "b")
        assert refusal.value.state == state

    def test_open_lines_and_one_officer_are_refused(self):
        with pytest.raises(DecisionMissingError) as refusal:
            require_approvable(batch(), [LeafIndex(1), LeafIndex(2)], "a", "b")
        assert refusal.value.lines == 2
        with pytest.raises(SameOfficerError):
            require_approvable(batch(), [], "a", "a")
