import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ParameterMissingError, PeriodError
from ledger.policy import retirement as module
from ledger.policy.periods import add_months
from ledger.policy.retirement import (
    Category,
    category_row,
    delay_months,
    minimum_months,
    retirement,
)
from ledger.policy.steps import may_decide
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


class TestLaws:
    @given(st.sampled_from(Category), st.integers(1900, 2100), st.integers(1, 12))
    def test_the_delay_lies_between_nothing_and_its_cap_and_bounds_hold_the_age(
        self, category, year, month
    ):
        facts = retirement(category, year * 100 + month)
        row = category_row(category)
        assert 0 <= facts.delay_months <= row.longest_delay_months
        assert facts.statutory_age_months == row.old_age_months + facts.delay_months
        assert facts.earliest_period <= facts.statutory_period < facts.benefits_from_period
        oldest = add_months(facts.birth_period, row.old_age_months)
        assert oldest <= facts.earliest_period
        assert facts.minimum_months in range(180, 241, 6)

    @given(st.sampled_from(Category), st.integers(1900, 2100), st.integers(1, 12))
    def test_who_is_born_later_never_retires_earlier(self, category, year, month):
        birth = year * 100 + month
        elder, younger = retirement(category, birth), retirement(category, add_months(birth, 1))
        assert elder.statutory_period <= younger.statutory_period
        assert elder.earliest_period <= younger.earliest_period


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

    def test_who_is_not_delayed_is_told_so(self):
        reason = retirement(Category.MALE, 196412).explanation
        assert reason.zh == (
            "男职工，1964年12月出生，不延迟，法定退休年龄60年，2024年12月到龄，次月起发放"
        )
        assert reason.en == (
            "Born 1964-12 (man): pension age 60 years, not delayed, reached in 2024-12; "
            "benefits from the next month"
        )

    def test_the_steps_name_the_minimum_and_the_rule_with_their_rows(self):
        facts = retirement(Category.MALE, 196901)
        assert facts.category is Category.MALE
        minimum, age = facts.steps
        assert minimum.code == "minimum-months"
        assert minimum.text("en").startswith("The age is reached in 2030: 186 months")
        assert minimum.grounds[0].row == "minimum_months: 2030"
        assert minimum_months(2029).row == "minimum_months: ..."
        assert age.code == "statutory-age"
        assert age.grounds[0].row == "retirement_categories: male"
        assert age.grounds[0].source.startswith("found: NPC")
        assert may_decide(facts)


class TestImpossible:
    @pytest.mark.parametrize("birth", [196513, 196500, 189912, 220001, 0, -1])
    def test_a_month_of_birth_that_does_not_exist_is_refused(self, birth):
        with pytest.raises(PeriodError) as caught:
            retirement(Category.MALE, birth)
        assert caught.value.value == birth

    def test_a_year_without_a_minimum_is_refused(self, monkeypatch):
        minimum_months.cache_clear()
        monkeypatch.setattr(module, "table", lambda _: ())
        with pytest.raises(ParameterMissingError) as caught:
            minimum_months(2031)
        assert caught.value.fields() == {
            "parameter": "minimum months",
            "region": "100000",
            "key": "2031",
        }

    def test_an_unknown_category_is_refused(self):
        with pytest.raises(ParameterMissingError):
            category_row("other")
