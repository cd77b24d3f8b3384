import pytest

from ledger.errors import ParameterMissingError
from ledger.policy.periods import add_months
from ledger.policy.retirement import (
    Category,
    category_row,
    delay_months,
    minimum_months,
    retirement,
)
from ledger.policy.tables import ParameterStatus, table

ANNEX = [
    (
        Category(row["sex_category"]),
        int(row["birth_year_month"].replace("-", "")),
        int(row["delay_months"]),
        int(row["retire_age_years"]) * 12 + int(row["retire_age_months"]),
        int(row["retire_year_month"].replace("-", "")),
    )
    for row in table("retirement_age_reform")
]


class TestAnnex:
    def test_it_has_408_birth_months(self):
        assert len(ANNEX) == 408

    def test_every_row_is_reproduced(self):
        for category, birth, delay, age, month in ANNEX:
            facts = retirement(category, birth)
            found = (facts.delay_months, facts.statutory_age_months, facts.statutory_period)
            assert found == (delay, age, month), (category, birth)
            assert facts.benefits_from_period == add_months(month, 1)

    @pytest.mark.parametrize("category", Category)
    def test_the_month_before_the_first_row_is_not_delayed_and_the_last_row_is_the_cap(
        self, category
    ):
        births = [birth for row, birth, *_ in ANNEX if row is category]
        row = category_row(category)
        assert delay_months(category, add_months(min(births), -1)) == 0
        assert delay_months(category, max(births)) == row.longest_delay_months
        assert delay_months(category, add_months(max(births), 240)) == row.longest_delay_months


class TestFlexible:
    def test_a_man_of_january_1965_may_go_one_month_early(self):
        facts = retirement(Category.MALE, 196501)
        assert (facts.earliest_period, facts.statutory_period) == (202501, 202502)
        assert facts.latest_period == 202802

    def test_nobody_goes_before_the_former_age_or_more_than_36_months_early(self):
        assert retirement(Category.MALE, 197701).earliest_period == 203701
        assert retirement(Category.FEMALE_50, 198501).earliest_period == add_months(198501, 52 * 12)


class TestMinimum:
    @pytest.mark.parametrize(
        ("year", "months"),
        [(2025, 180), (2029, 180), (2030, 186), (2034, 210), (2038, 234), (2039, 240), (2060, 240)],
    )
    def test_it_rises_by_six_months_a_year_from_2030_to_2039(self, year, months):
        minimum = minimum_months(year)
        assert (minimum.value, minimum.status) == (months, ParameterStatus.PUBLISHED)

    def test_the_year_the_age_is_reached_decides(self):
        assert retirement(Category.MALE, 196901).minimum_months == 186  # reached in 2030-02
        assert retirement(Category.MALE, 196811).minimum_months == 180  # reached in 2029-11


class TestExplanation:
    def test_it_reads_in_both_languages(self):
        reason = retirement(Category.FEMALE_55, 197104).explanation
        assert reason.zh == (
            "原法定退休年龄55周岁的女职工，1971年4月出生，延迟4个月，"
            "法定退休年龄55年4个月，2026年8月到龄，次月起发放"
        )
        assert "55 years 4 months, delayed by 4 months, reached in 2026-08" in reason.en

    def test_an_unknown_category_is_refused(self):
        with pytest.raises(ParameterMissingError):
            category_row("other")
