"""Choosing a month: bounds, notice, and which year's minimum counts."""

from __future__ import annotations

import pytest

from ledger.errors import PeriodError
from ledger.policy.flexible import choose_month, shift_bounds
from ledger.policy.retirement import Category, retirement
from ledger.policy.tables import ParameterStatus

BORN_1965 = retirement(Category.MALE, 196501)
BORN_1980 = retirement(Category.FEMALE_50, 198003)


class TestBounds:
    def test_early_never_goes_below_the_former_age_nor_beyond_three_years(self):
        assert shift_bounds(BORN_1965) == (-1, 36)
        assert shift_bounds(BORN_1980) == (-32, 36)
        assert shift_bounds(retirement(Category.FEMALE_50, 199001)) == (-36, 36)
        assert shift_bounds(retirement(Category.MALE, 196012)) == (0, 36)

    @pytest.mark.parametrize("shift", [-2, 37])
    def test_a_month_out_of_them_is_refused_with_the_bounds(self, shift):
        with pytest.raises(PeriodError) as caught:
            choose_month(BORN_1965, shift)
        assert "202501" in caught.value.reason
        assert "202802" in caught.value.reason


class TestChosenMonth:
    def test_both_bounds_themselves_may_be_chosen(self):
        assert choose_month(BORN_1965, -1).period == 202501
        assert choose_month(BORN_1965, 36).period == 202802

    def test_the_statutory_month(self):
        chosen = choose_month(BORN_1980, 0)
        assert (chosen.period, chosen.benefits_from_period) == (203211, 203212)
        assert (chosen.age_months, chosen.minimum_months) == (632, 198)
        assert chosen.steps[-1].code == "retire-at-statutory-age"

    def test_early_needs_notice_three_months_before_and_the_minimum_of_its_year(self):
        chosen = choose_month(BORN_1980, -12)
        assert (chosen.period, chosen.benefits_from_period) == (203111, 203112)
        assert (chosen.age_months, chosen.minimum_months) == (620, 192)
        assert chosen.notice_by_period == 203108
        assert chosen.steps[-1].code == "retire-early"

    def test_late_needs_agreement_one_month_before_and_the_minimum_of_the_statutory_year(self):
        chosen = choose_month(BORN_1980, 1)
        assert (chosen.period, chosen.benefits_from_period) == (203212, 203301)
        assert (chosen.age_months, chosen.minimum_months) == (633, 198)
        assert chosen.notice_by_period == 203210
        assert choose_month(BORN_1980, 36).minimum_months == 198
        assert chosen.steps[-1].code == "retire-late"

    def test_every_step_has_its_figures_and_names_the_rows_it_rests_on(self):
        age, last = choose_month(BORN_1980, -12).steps
        assert age == BORN_1980.steps[-1]
        assert dict(last.figures) == {
            "chosen_period": 203111, "shift_age_months": 12, "notice_age_months": 3, "minimum_months": 192,
        }  # fmt: skip
        assert [ground.row for ground in last.grounds] == [
            "minimum_months: 2031",
            "rule_parameters: minimum_of_the_year_chosen 202501",
        ]
        assert last.status is ParameterStatus.UNVERIFIED
        statutory = choose_month(BORN_1980, 0).steps[-1]
        assert [ground.row for ground in statutory.grounds] == ["minimum_months: 2032"]
        assert statutory.status is ParameterStatus.PUBLISHED
