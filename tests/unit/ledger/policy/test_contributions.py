import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError
from ledger.policy.contributions import Bound, assess, base_bounds, split_paid
from ledger.policy.tables import ParameterStatus

NANJING = "320100"


class TestAssess:
    def test_a_wage_between_the_bounds_is_the_base(self):
        due = assess(1_000_000, 202405, NANJING)
        assert (due.base_fen, due.bound) == (1_000_000, Bound.NONE)
        assert (due.unit_fen, due.person_fen, due.amount_fen) == (160_000, 80_000, 240_000)
        assert (due.split.pool_fen, due.split.account_fen) == (160_000, 80_000)

    @pytest.mark.parametrize(
        ("wage_fen", "base_fen", "bound"),
        [
            (487_919, 487_920, Bound.FLOOR),
            (2_439_601, 2_439_600, Bound.CEILING),
            (0, 487_920, Bound.FLOOR),
        ],
    )
    def test_the_base_of_2024_lies_between_60_and_300_percent_of_8132(
        self, wage_fen, base_fen, bound
    ):
        due = assess(wage_fen, 202401, NANJING)
        assert (due.base_fen, due.bound) == (base_fen, bound)

    def test_each_line_is_rounded_half_up_once(self):
        due = assess(1_000_003, 202401, NANJING)
        assert (due.unit_fen, due.person_fen) == (160_000, 80_000)
        due = assess(1_000_007, 202401, NANJING)
        assert (due.unit_fen, due.person_fen) == (160_001, 80_001)

    def test_the_weakest_parameter_marks_the_result(self):
        assert assess(1_000_000, 202401, NANJING).parameter_status is ParameterStatus.UNVERIFIED
        assert assess(1_000_000, 202601, NANJING).parameter_status is ParameterStatus.DEMO
        assert assess(1_500_000, 202401, "110000").parameter_status is ParameterStatus.PUBLISHED

    def test_the_reason_is_told_in_both_languages(self):
        reason = assess(100_000, 202401, NANJING).explanation
        assert reason.zh == (
            "缴费基数4,879.20元（低于下限，按60%计；南京市2023年月平均工资8,132.00元），单位16%，个人8%"
        )
        assert "raised to the floor of 60 %; Nanjing" in reason.en
        assert "社会保险法" in reason.source

    def test_a_negative_wage_is_refused(self):
        with pytest.raises(AmountError) as caught:
            assess(-1, 202401, NANJING)
        assert caught.value.field == "wage"


class TestSplit:
    @given(st.integers(0, 3_000_000), st.sampled_from([200301, 201001, 202401]))
    def test_nothing_is_lost_between_pool_and_account(self, base, period):
        unit, person = base * 20 // 100 + 1, base * 8 // 100 + 1
        split = split_paid(period, NANJING, base, unit, person)
        assert split.pool_fen + split.account_fen == unit + person

    def test_before_2006_the_account_held_eleven_percent(self):
        split = split_paid(200501, NANJING, 100_000, 20_000, 8_000)
        assert (split.account_fen, split.pool_fen, split.account_rate_bps) == (11_000, 17_000, 1100)

    @pytest.mark.parametrize(
        ("base", "unit", "person", "field"),
        [
            (-1, 0, 0, "base"),
            (1, -1, 0, "unit"),
            (1, 0, -1, "person"),
            (100_000, 0, 7_999, "person"),
        ],
    )
    def test_amounts_that_cannot_be_are_refused(self, base, unit, person, field):
        with pytest.raises(AmountError) as caught:
            split_paid(202401, NANJING, base, unit, person)
        assert caught.value.field == field


class TestBounds:
    def test_bounds_come_from_the_wage_of_the_year_before(self):
        bounds = base_bounds(202412, "340100")
        assert (bounds.reference_year, bounds.reference_fen) == (2023, 704_433)
        assert (bounds.floor_fen, bounds.ceiling_fen) == (422_660, 2_113_299)
