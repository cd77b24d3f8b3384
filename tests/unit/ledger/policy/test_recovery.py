import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, ParameterMissingError, PeriodError
from ledger.policy.recovery import deductions_of, fraud_fine, recover
from ledger.policy.steps import may_decide

amounts = st.integers(0, 10**7)


class TestRecover:
    def test_repaid_then_the_account_then_month_by_month(self):
        found = recover(500_000, 202610, 100_000, repaid_fen=30_000, account_fen=120_000)
        assert (found.due_fen, found.repaid_fen, found.from_account_fen) == (
            500_000, 30_000, 120_000,
        )  # fmt: skip
        assert found.deductions.total_fen == 350_000
        assert found.deductions.to_period == 202701
        assert found.steps[-1].code == "recovery-planned"
        assert found.steps[-1].figures == {
            "due_fen": 500_000,
            "repaid_fen": 30_000,
            "from_account_fen": 120_000,
            "from_pension_fen": 350_000,
            "from_period": 202610,
            "to_period": 202701,
            "months": 4,
            "monthly_fen": 100_000,
            "last_fen": 50_000,
        }
        assert "2026年10月至2027年1月共4个月" in found.explanation.zh
        assert may_decide(found)

    def test_the_account_gives_no_more_than_is_still_due(self):
        found = recover(100, 202610, 1, repaid_fen=40, account_fen=80)
        assert (found.due_fen, found.from_account_fen, found.deductions) == (100, 60, None)
        assert recover(100, 202610, 1, repaid_fen=40, account_fen=59).deductions.months == 1

    def test_what_the_account_covers_needs_no_deduction(self):
        found = recover(100, 202610, 1, account_fen=100)
        assert (found.from_account_fen, found.deductions) == (100, None)
        assert found.steps[-1].code == "recovery-settled"
        assert found.steps[-1].figures["from_pension_fen"] == 0
        assert recover(101, 202610, 1, account_fen=100).deductions.months == 1
        assert recover(0, 202610, 1).deductions is None

    @given(amounts, amounts, amounts, st.integers(50_000, 10**6))
    def test_every_fen_comes_from_somewhere(self, due, repaid, account, monthly):
        repaid = min(due, repaid)
        found = recover(due, 202610, monthly, repaid_fen=repaid, account_fen=account)
        deducted = found.deductions.total_fen if found.deductions else 0
        assert due == found.repaid_fen + found.from_account_fen + deducted
        assert found.from_account_fen <= account

    @pytest.mark.parametrize(
        ("due", "facts", "field"),
        [
            (-1, {}, "due"),
            (5, {"repaid_fen": -1}, "repaid"),
            (5, {"repaid_fen": 6}, "repaid"),
            (5, {"account_fen": -1}, "account"),
        ],
    )
    def test_impossible_amounts_are_refused(self, due, facts, field):
        with pytest.raises(AmountError) as caught:
            recover(due, 202610, 1, **facts)
        assert caught.value.field == field


class TestDeductions:
    @pytest.mark.parametrize(
        ("rest", "months", "last"),
        [(1, 1, 1), (10, 1, 10), (11, 2, 1), (20, 2, 10), (6_000, 600, 10)],
    )
    def test_the_last_one_is_what_is_left(self, rest, months, last):
        found = deductions_of(rest, 202601, 10)
        assert (found.months, found.monthly_fen, found.last_fen) == (months, 10, last)
        assert (found.from_period, found.total_fen) == (202601, rest)

    def test_nothing_left_is_no_deduction(self):
        assert deductions_of(0, 202601, 10) is None

    def test_it_comes_to_an_end(self):
        with pytest.raises(AmountError) as caught:
            deductions_of(6_001, 202601, 10)
        assert (caught.value.field, "600 months" in caught.value.reason) == ("monthly", True)

    def test_nothing_a_month_or_a_month_that_is_none_is_refused(self):
        assert deductions_of(1, 202601, 1).months == 1
        with pytest.raises(AmountError) as caught:
            deductions_of(1, 202601, 0)
        assert (caught.value.field, caught.value.reason) == (
            "monthly", "a deduction is at least one fen",
        )  # fmt: skip
        with pytest.raises(PeriodError):
            deductions_of(0, 202600, 1)


class TestFine:
    def test_it_is_two_to_five_times_the_amount(self):
        fine = fraud_fine(1_000)
        assert (fine.lowest_fen, fine.highest_fen) == (2_000, 5_000)
        assert fine.steps[-1].figures == {
            "amount_fen": 1_000,
            "lowest": 2,
            "highest": 5,
            "lowest_fen": 2_000,
            "highest_fen": 5_000,
        }
        assert "2倍至5倍" in fine.steps[-1].text()
        assert [ground.row for ground in fine.steps[-1].grounds] == [
            "rule_parameters: fraud_fine_lowest 201107",
            "rule_parameters: fraud_fine_highest 201107",
        ]
        assert may_decide(fine)

    def test_the_law_of_the_month_applies(self):
        assert fraud_fine(0, 201107).highest_fen == 0
        with pytest.raises(ParameterMissingError):
            fraud_fine(1, 201106)

    def test_a_negative_amount_is_refused(self):
        with pytest.raises(AmountError) as caught:
            fraud_fine(-1)
        assert caught.value.field == "amount"
