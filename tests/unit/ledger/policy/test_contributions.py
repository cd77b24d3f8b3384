from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, ParameterMissingError, PeriodError
from ledger.policy import contributions as module
from ledger.policy.contributions import (
    Bound,
    assess,
    assess_flexible,
    base_bounds,
    split_paid,
)
from ledger.policy.profiles import province_profile
from ledger.policy.steps import may_decide
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
        assert assess(1_000_000, 202401, NANJING).status is ParameterStatus.UNVERIFIED
        assert assess(1_000_000, 202601, NANJING).status is ParameterStatus.DEMO
        beijing = assess(1_500_000, 202401, "110000")
        weak = [step.code for step in beijing.steps if step.status is not ParameterStatus.PUBLISHED]
        assert weak == ["national-default"]  # from which month on the new wage counts
        assert beijing.status is ParameterStatus.UNVERIFIED
        assert not may_decide(beijing)

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
        assert caught.value.fields() == {"field": "wage", "reason": "it is negative"}

    @pytest.mark.parametrize(
        ("wage_fen", "zh", "en"),
        [
            (1_000_000, "按本人工资", "the own wage"),
            (1, "低于下限，按60%计", "raised to the floor of 60 %"),
            (10**8, "高于上限，按300%计", "cut to the ceiling of 300 %"),
        ],
    )
    def test_the_bound_that_moved_the_base_is_named(self, wage_fen, zh, en):
        reason = assess(wage_fen, 202401, NANJING).explanation
        assert f"元（{zh}；南京市2023年" in reason.zh
        assert f"yuan ({en}; Nanjing" in reason.en

    def test_bounds_have_names_for_programs(self):
        assert [*Bound] == ["none", "floor", "ceiling"]

    def test_the_steps_name_bounds_and_destinations(self):
        steps = assess(1_000_000, 202405, NANJING).steps
        assert [step.code for step in steps] == [
            "national-default",
            "base-bounds",
            "contribution-split",
            "contribution-base",
        ]
        assert steps[1].text() == (
            "缴费基数下限4,879.20元、上限24,396.00元，为南京市2023年月平均工资8,132.00元的60%、300%"
        )
        assert steps[1].grounds[0].row == "average_wages: 320000 avg_wage_derived 2023"
        assert "800.00 yuan of it go to the personal account (8% of the base)" in steps[2].text(
            "en"
        )
        assert [ground.row for ground in steps[3].grounds] == [
            "contribution_rates: 100000 unit 2019-05-01",
            "contribution_rates: 100000 person 2006-01-01",
        ]


class TestFlexible:
    """Rules b.1: 20 % by the person, 12 to the pool, 8 to the account; the base is chosen."""

    def test_the_person_pays_twenty_percent_and_eight_go_to_the_account(self):
        due = assess_flexible(1_000_000, 202405, NANJING)
        assert (due.unit_fen, due.person_fen, due.amount_fen) == (0, 200_000, 200_000)
        assert (due.split.pool_fen, due.split.account_fen) == (120_000, 80_000)
        assert (due.unit_rate_bps, due.person_rate_bps) == (0, 2_000)
        assert (due.base_fen, due.wage_fen, due.bound) == (1_000_000, 1_000_000, Bound.NONE)
        assert due.steps[-1].code == "flexible-contribution-base"
        assert (due.region, due.period) == (NANJING, 202405)
        assert "paid by the person: 20%" in due.explanation.en

    @pytest.mark.parametrize("base_fen", [487_920, 2_439_600])
    def test_the_bounds_themselves_may_be_chosen(self, base_fen):
        assert assess_flexible(base_fen, 202401, NANJING).base_fen == base_fen

    @pytest.mark.parametrize("base_fen", [0, 487_919, 2_439_601])
    def test_a_base_outside_the_bounds_is_refused_with_both_bounds(self, base_fen):
        with pytest.raises(AmountError) as caught:
            assess_flexible(base_fen, 202401, NANJING)
        assert caught.value.field == "base"
        assert "4,879.20 to 24,396.00 yuan" in caught.value.reason


class TestSplit:
    @given(st.integers(0, 3_000_000), st.sampled_from([200301, 201001, 202401]))
    def test_nothing_is_lost_between_pool_and_account(self, base, period):
        unit, person = base * 20 // 100 + 1, base * 8 // 100 + 1
        split = split_paid(period, NANJING, base, unit, person)
        assert split.pool_fen + split.account_fen == unit + person

    def test_before_2006_the_account_held_eleven_percent(self):
        split = split_paid(200501, NANJING, 100_000, 20_000, 8_000)
        assert split.status is ParameterStatus.UNVERIFIED
        assert (split.account_fen, split.pool_fen, split.account_rate_bps) == (11_000, 17_000, 1100)

    def test_what_just_fills_the_account_leaves_nothing_for_the_pool(self):
        split = split_paid(202401, NANJING, 100_000, 0, 8_000)
        assert (split.account_fen, split.pool_fen) == (8_000, 0)

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
        assert bounds.status is ParameterStatus.UNVERIFIED

    @pytest.mark.parametrize(("period", "year"), [(202406, 2022), (202407, 2023)])
    def test_a_place_may_take_the_new_wage_in_july_only(self, monkeypatch, period, year):
        profile = province_profile("110000", period)
        switch = replace(profile.reference_switch_month, value="7")
        july = replace(profile, reference_switch_month=switch)
        monkeypatch.setattr(module, "province_profile", lambda *_: july)
        found = base_bounds.__wrapped__(period, "110000")
        assert (found.reference_year, found.switch) == (year, switch)

    def test_a_thirteenth_month_is_refused(self):
        with pytest.raises(PeriodError) as caught:
            base_bounds(202413, NANJING)
        assert (caught.value.value, caught.value.reason) == (202413, "the month must be 01 to 12")

    def test_a_year_without_a_table_is_refused_with_the_remedy(self):
        with pytest.raises(ParameterMissingError) as caught:
            base_bounds(202401, "540000")
        assert (caught.value.parameter, caught.value.region) == ("reference wage", "540000")
        assert caught.value.key == "2023"
        assert "published value" in caught.value.advice()
