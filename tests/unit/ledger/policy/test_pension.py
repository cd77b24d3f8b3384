from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.errors import (
    EstimateOnlyError,
    ImpossibleFactError,
    ParameterMissingError,
    PeriodError,
)
from ledger.policy.pension import PensionQuestion, counted_years, pension
from ledger.policy.periods import add_months
from ledger.policy.profiles import YearsRounding
from ledger.policy.retirement import Category, retirement
from ledger.policy.steps import may_decide, require_decisive
from ledger.policy.tables import Parameter, ParameterStatus

PUBLISHED = ParameterStatus.PUBLISHED

# The worked example of rules d, transcribed from an official Sichuan result notice of 2024-06.
SICHUAN = PensionQuestion(
    region="510100",
    category=Category.FEMALE_50,
    birth_period=197405,
    retirement_period=202405,
    paid_months=342,
    deemed_months=40,
    index_e4=9_350,
    account_fen=15_039_722,
    base=Parameter(832_100, PUBLISHED, "result notice of 2024-06", "given"),
)
BEIJING = PensionQuestion(
    region="110000",
    category=Category.MALE,
    birth_period=196412,
    retirement_period=202412,
    paid_months=300,
    deemed_months=60,
    early_paid_months=69,
    index_e4=12_000,
    account_fen=13_900_000,
)
NANJING = PensionQuestion(
    region="320100",
    category=Category.MALE,
    birth_period=196412,
    retirement_period=202412,
    paid_months=361,
    index_e4=10_000,
    account_fen=13_900_000,
    base=Parameter(1_000_000, PUBLISHED, "notice", "given"),
)


class TestPublishedExample:
    def test_the_notice_of_sichuan_is_reproduced_to_the_fen(self):
        found = pension(SICHUAN)
        assert found.basic_fen == 256_250
        assert found.account_fen == 77_127
        assert found.transition_fen == 34_851
        assert found.addition_fen == 24_764
        assert found.total_fen == 392_992
        assert found.annuity.tenths == 1_950
        assert found.benefits_from_period == 202406

    def test_everything_behind_it_is_published_so_it_may_decide(self):
        assert may_decide(pension(SICHUAN))
        require_decisive(pension(SICHUAN))

    def test_with_the_base_of_the_table_whose_year_is_in_doubt_it_is_an_estimate(self):
        found = pension(replace(SICHUAN, base=None))
        assert found.total_fen == 392_992
        assert found.status is ParameterStatus.UNVERIFIED
        with pytest.raises(EstimateOnlyError) as caught:
            require_decisive(found)
        assert (caught.value.step, caught.value.row) == (
            "benefit-base",
            "average_wages: 510000 benefit_base 2024",
        )


class TestYears:
    """Rules d: years are rounded differently."""

    @pytest.mark.parametrize(
        ("months", "rounding", "years"),
        [
            (208, YearsRounding.TWO_DECIMALS, "17.33"),
            (382, YearsRounding.TWO_DECIMALS, "31.83"),
            (40, YearsRounding.TWO_DECIMALS, "3.33"),
            (185, YearsRounding.TWO_DECIMALS, "15.42"),
            (180, YearsRounding.UP_TO_TENTH, "15"),
            (181, YearsRounding.UP_TO_TENTH, "15.1"),
            (182, YearsRounding.UP_TO_TENTH, "15.2"),
            (186, YearsRounding.UP_TO_TENTH, "15.5"),
            (208, YearsRounding.UNROUNDED, "208/12"),
            (0, YearsRounding.UP_TO_TENTH, "0"),
        ],
    )
    def test_the_way_of_the_place(self, months, rounding, years):
        assert counted_years(months, rounding) == Fraction(years)


class TestForms:
    def test_beijing_takes_deemed_years_at_one_and_early_paid_years_at_the_index(self):
        found = pension(BEIJING)
        assert found.base.value == 1_188_300  # the notice of 2024
        assert found.basic_fen == 392_139  # 11 883 x 2.2 / 2 x 30 %
        assert found.account_fen == 100_000
        assert found.transition_fen == 141_408  # 11 883 x (5 + 1.2 x 5.75) x 1 % = 1 414.077
        assert found.addition_fen == 0
        assert found.total_fen == 633_547

    def test_sichuan_adds_the_months_before_accounts_to_the_deemed_ones(self):
        moved = replace(SICHUAN, deemed_months=0, early_paid_months=40, paid_months=382)
        assert pension(moved).transition_fen == pension(SICHUAN).transition_fen == 34_851

    def test_elsewhere_the_frame_of_the_rules_stands_in_at_its_lowest_coefficient(self):
        found = pension(replace(NANJING, deemed_months=60, index_e4=15_000))
        assert found.transition_fen == 75_000  # 10 000 x 1.5 x 5 x 1 %
        assert found.status is ParameterStatus.UNVERIFIED

    def test_without_deemed_or_early_months_there_is_no_transition(self):
        found = pension(NANJING)
        assert found.transition_fen == 0
        assert not any(step.code == "transitional-pension" for step in found.steps)

    def test_unrounded_months_are_twelfths_of_a_year(self):
        assert pension(NANJING).basic_fen == 300_833  # 10 000 x 361/12 x 1 % = 3 008.33

    def test_anhui_rounds_years_up_to_a_tenth(self):
        assert pension(replace(NANJING, region="340100")).basic_fen == 301_000


class TestBase:
    def test_until_the_base_is_published_the_pension_is_provisional(self):
        found = pension(
            replace(BEIJING, birth_period=196502, retirement_period=202603, deemed_months=0)
        )
        assert found.provisional
        assert found.base.value == 1_204_900
        assert not may_decide(found)
        assert "benefit-base-provisional" in [step.code for step in found.steps]

    def test_a_published_base_is_final(self):
        assert not pension(BEIJING).provisional

    def test_the_year_of_retirement_counts(self):
        later = replace(BEIJING, birth_period=196501, retirement_period=202502)
        assert pension(later).base.value == 1_204_900


class TestSteps:
    def test_they_tell_the_whole_way(self):
        found = pension(SICHUAN)
        assert [step.code for step in found.steps] == [
            *["province-option"] * 6,
            "statutory-age",
            "months-enough",
            "benefit-base",
            "basic-pension",
            "account-pension",
            "transitional-pension",
            "local-addition",
            "pension-total",
        ]
        options = [step.figures["option"] for step in found.steps[:6]]
        assert options == [
            "years_rounding",
            "money_rounding",
            "addition",
            "addition_rate_percent",
            "transition",
            "transition_rate_percent",
        ]
        assert found.steps[8].text() == "计发基数（成都市，2024年）8,321.00元"
        assert found.steps[9].figures["months"] == 382
        assert found.steps[7].text("en") == "382 months count, at least 180 are needed"
        assert found.steps[9].text() == (
            "基础养老金 = 8,321.00 × (1 + 0.9350) ÷ 2 × 31.83年 × 1% = 2,562.50元"
        )
        assert "150,397.22 / 195.0 (retired at 50 years) = 771.27" in found.steps[10].text("en")
        assert found.steps[11].text("en") == (
            "Transitional pension = base x (1 + index) / 2 x years before the account x "
            "coefficient; 40 months deemed, 0 paid before accounts were opened, "
            "coefficient 1.3% = 348.51 yuan"
        )
        assert found.steps[12].text() == (
            "地方增发 = 计发基数 × 指数 × 系数 × 年限，31.83年，系数0.1% = 247.64元"
        )
        assert found.explanation.zh == "每月基本养老金3,929.92元，自2024年6月起发放"

    @pytest.mark.parametrize(
        ("region", "years"), [("320100", "361/12"), ("340100", "30.1"), ("510100", "30.08")]
    )
    def test_years_are_shown_as_the_place_counts_them(self, region, years):
        step = pension(replace(NANJING, region=region)).steps[-3]
        assert step.code in {"basic-pension", "account-pension"}
        assert step.figures["years"] == years

    def test_no_addition_is_shown_where_there_is_none(self):
        steps = pension(NANJING).steps
        assert [step.figures["option"] for step in steps[:3]] == [
            "years_rounding",
            "money_rounding",
            "addition",
        ]
        assert [step.code for step in steps[3:]] == [
            "statutory-age",
            "months-enough",
            "benefit-base",
            "basic-pension",
            "account-pension",
            "pension-total",
        ]

    def test_an_age_between_two_rows_makes_an_estimate(self):
        found = pension(
            replace(NANJING, birth_period=196501, retirement_period=202502, region="510000")
        )
        assert found.annuity.tenths == 1_384
        assert found.account_fen == 100_434  # 139 000 / 138.4
        with pytest.raises(EstimateOnlyError) as caught:
            require_decisive(found)
        assert caught.value.step == "account-pension"

    def test_the_minimum_of_the_month_chosen_is_shown(self):
        found = pension(NANJING)
        assert found.minimum[0].value == 180
        assert found.facts.statutory_period == 202412


class TestEntitlement:
    def test_exactly_the_minimum_is_enough(self):
        assert pension(replace(NANJING, paid_months=180)).basic_fen == 150_000

    def test_deemed_months_count(self):
        assert pension(replace(NANJING, paid_months=120, deemed_months=60)).question.months == 180

    def test_one_month_short_is_refused(self):
        with pytest.raises(ImpossibleFactError) as caught:
            pension(replace(NANJING, paid_months=179))
        assert (caught.value.field, caught.value.value) == ("months", 179)
        assert caught.value.reason == "at least 180 are needed"

    def test_early_retirement_needs_the_minimum_of_its_own_year(self):
        # a man born 1969-02: statutory 2030-03 (186 months), early in 2029-12 (180 months)
        assert retirement(Category.MALE, 196902).statutory_period == 203003
        asked = replace(NANJING, birth_period=196902, paid_months=180, index_e4=10_000)
        assert pension(replace(asked, retirement_period=202912)).minimum[0].value == 180
        for month in (203001, 203003, 203005):
            with pytest.raises(ImpossibleFactError) as caught:
                pension(replace(asked, retirement_period=month))
            assert caught.value.reason == "at least 186 are needed"

    def test_which_years_minimum_counts_was_only_remembered(self):
        asked = replace(NANJING, birth_period=196501)
        rows = {
            month: [row.row for row in pension(replace(asked, retirement_period=month)).minimum]
            for month in (202501, 202502, 202503)
        }
        doubt = ["minimum_months: ...", "rule_parameters: minimum_of_the_year_chosen 202501"]
        assert rows == {202501: doubt, 202502: ["minimum_months: ..."], 202503: doubt}

    def test_late_retirement_needs_the_minimum_of_the_statutory_year(self):
        asked = replace(NANJING, birth_period=196811, paid_months=180)
        assert retirement(Category.MALE, 196811).statutory_period == 202911
        assert pension(replace(asked, retirement_period=203001)).minimum[0].value == 180

    def test_a_man_of_january_1965_goes_one_month_early_at_most(self):
        asked = replace(NANJING, birth_period=196501)
        assert pension(replace(asked, retirement_period=202501)).benefits_from_period == 202502
        with pytest.raises(ImpossibleFactError) as caught:
            pension(replace(asked, retirement_period=202412))
        assert (caught.value.field, caught.value.value) == ("retirement_period", 202412)
        assert caught.value.reason == "the earliest legal month is 202501"

    def test_special_trades_retire_earlier_by_decision(self):
        found = pension(replace(NANJING, birth_period=196912, early_by_decision=True))
        assert found.annuity.tenths == 1_700  # 55
        step = found.steps[4]
        assert step.code == "early-by-decision"
        assert step.text("en").endswith("not below 50 years")
        assert step.grounds[0].row == "rule_parameters: earliest_age_by_decision_male"
        assert step.status is ParameterStatus.UNVERIFIED

    @pytest.mark.parametrize(
        ("category", "lowest"),
        [
            (Category.MALE, 197412),
            (Category.FEMALE_55, 197912),
            (Category.FEMALE_50, 197912),
        ],
    )
    def test_no_decision_goes_below_50_for_men_and_45_for_women(self, category, lowest):
        asked = replace(NANJING, category=category, early_by_decision=True)
        assert pension(replace(asked, birth_period=lowest)).early is not None
        with pytest.raises(ImpossibleFactError) as caught:
            pension(replace(asked, birth_period=add_months(lowest, 1)))
        assert (caught.value.field, caught.value.value) == ("retirement_period", 202412)
        assert caught.value.reason == "the earliest legal month is 202501"

    def test_a_decision_that_was_not_needed_leaves_no_trace(self):
        asked = replace(NANJING, birth_period=196501, retirement_period=202501)
        assert pension(replace(asked, early_by_decision=True)).early is None


class TestImpossible:
    @pytest.mark.parametrize(
        ("change", "field", "value"),
        [
            ({"birth_period": 202412}, "birth_period", 202412),
            ({"birth_period": 202501}, "birth_period", 202501),
            ({"paid_months": -1}, "paid_months", -1),
            ({"deemed_months": -1}, "deemed_months", -1),
            ({"early_paid_months": -1}, "early_paid_months", -1),
            ({"early_paid_months": 362}, "early_paid_months", 362),
            ({"account_fen": -1}, "account_fen", -1),
            ({"index_e4": 0}, "index_e4", 0),
            ({"index_e4": -1}, "index_e4", -1),
            ({"base": Parameter(0, PUBLISHED, "", "given")}, "base", 0),
            ({"base": Parameter(-1, PUBLISHED, "", "given")}, "base", -1),
        ],
    )
    def test_a_figure_that_cannot_be_is_refused_with_field_value_and_remedy(
        self, change, field, value
    ):
        with pytest.raises(ImpossibleFactError) as caught:
            pension(replace(NANJING, **change))
        error = caught.value
        assert (error.field, error.value) == (field, value)
        assert error.reason in error.sentence("en")
        assert error.reason_zh in error.sentence("zh")
        assert field in error.advice("en")
        assert field in error.advice("zh")

    def test_the_bounds_themselves_are_taken(self):
        assert pension(replace(NANJING, account_fen=0, index_e4=1)).account_fen == 0
        assert pension(replace(NANJING, early_paid_months=361)).transition_fen == 0
        least = pension(replace(NANJING, base=Parameter(1, PUBLISHED, "", "given")))
        assert least.basic_fen == 0  # 0.30 fen

    def test_somebody_born_the_month_before_is_too_young_rather_than_unborn(self):
        with pytest.raises(ImpossibleFactError) as caught:
            pension(replace(NANJING, birth_period=202411))
        assert caught.value.field == "retirement_period"

    @pytest.mark.parametrize("field", ["birth_period", "retirement_period"])
    def test_a_thirteenth_month_is_refused(self, field):
        with pytest.raises(PeriodError) as caught:
            pension(replace(NANJING, **{field: 202413}))
        assert caught.value.value == 202413

    def test_a_year_without_a_table_is_refused(self):
        with pytest.raises(ParameterMissingError) as caught:
            pension(replace(NANJING, region="540000", base=None))
        assert (caught.value.region, caught.value.key) == ("540000", "2023")

    def test_somebody_older_than_the_table_is_refused(self):
        with pytest.raises(ParameterMissingError) as caught:
            pension(replace(NANJING, birth_period=195411))
        assert caught.value.key == "70 years 1 months"


questions = st.builds(
    PensionQuestion,
    region=st.sampled_from(["110000", "320100", "340100", "510100", "410100"]),
    category=st.sampled_from(Category),
    birth_period=st.integers(1950, 1975).map(lambda year: year * 100 + 7),
    retirement_period=st.integers(2016, 2040).map(lambda year: year * 100 + 3),
    paid_months=st.integers(240, 500),
    index_e4=st.integers(6_000, 30_000),
    account_fen=st.integers(0, 10**9),
    deemed_months=st.integers(0, 240),
    early_paid_months=st.integers(0, 240),
    early_by_decision=st.booleans(),
    base=st.integers(300_000, 3_000_000).map(
        lambda value: Parameter(value, PUBLISHED, "notice", "given")
    ),
)


def calculated(question):
    try:
        return pension(question)
    except (ImpossibleFactError, ParameterMissingError):
        assume(False)


class TestLaws:
    @given(questions)
    def test_amounts_are_integers_never_negative_and_add_up(self, question):
        found = calculated(question)
        parts = [found.basic_fen, found.account_fen, found.transition_fen, found.addition_fen]
        assert all(type(part) is int and part >= 0 for part in parts)
        assert found.total_fen == sum(parts)

    @given(questions)
    def test_a_further_month_never_lowers_the_pension(self, question):
        found = calculated(question)
        paid = pension(replace(question, paid_months=question.paid_months + 1))
        deemed = pension(replace(question, deemed_months=question.deemed_months + 1))
        assert paid.question.months == deemed.question.months == found.question.months + 1
        assert found.total_fen <= paid.total_fen <= deemed.total_fen

    @given(questions)
    def test_more_index_base_or_balance_never_lowers_it(self, question):
        found = calculated(question)
        base = replace(question.base, value=question.base.value + 1)
        for change in (
            {"index_e4": question.index_e4 + 1},
            {"base": base},
            {"account_fen": question.account_fen + 1},
        ):
            assert pension(replace(question, **change)).total_fen >= found.total_fen

    @given(questions)
    def test_benefits_never_start_before_the_earliest_legal_month(self, question):
        found = calculated(question)
        earliest = retirement(question.category, question.birth_period).earliest_period
        if question.early_by_decision:
            lowest = 50 if question.category is Category.MALE else 45
            earliest = min(earliest, add_months(question.birth_period, lowest * 12))
        assert found.benefits_from_period >= add_months(earliest, 1)

    @given(questions)
    def test_each_component_is_the_exact_formula_to_half_a_fen(self, question):
        found = calculated(question)
        years = counted_years(question.months, YearsRounding(found.profile.years_rounding.value))
        base, index = question.base.value, Fraction(question.index_e4, 10_000)
        basic = (base + base * index) / 2 * years / 100
        assert abs(found.basic_fen - basic) <= Fraction(1, 2)
        account = Fraction(question.account_fen * 10, found.annuity.tenths)
        assert abs(found.account_fen - account) <= Fraction(1, 2)
