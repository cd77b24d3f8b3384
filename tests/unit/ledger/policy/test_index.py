from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ImpossibleFactError, ParameterMissingError, PeriodError
from ledger.policy import index as module
from ledger.policy.index import YearBase, contribution_index
from ledger.policy.profiles import province_profile
from ledger.policy.tables import Parameter, ParameterStatus

ANHUI = "340000"  # all defaults
BEIJING = "110000"  # gaps count as zero
SICHUAN = "510000"  # deemed months do not count
SHAANXI = "610000"  # current year's wage, deemed out, gaps as zero
HEILONGJIANG = "230000"  # deemed out, gaps as 0.6
SHANGHAI = "310000"  # floors of its own


def wages(region, year):
    """500 yuan in 2000, 10 more every year."""
    value = 50_000 + (year - 2000) * 1_000
    return Parameter(value, ParameterStatus.PUBLISHED, "notice", f"wage {region} {year}")


def index(*years, region=ANHUI, period=202601, **months):
    return contribution_index(
        [YearBase(*year) for year in years], region, period, wages=wages, **months
    )


class TestYears:
    def test_the_own_average_stands_beside_the_wage_of_the_year_before(self):
        found = index((2010, 12, 720_000))  # 600 a month beside 590
        assert found.index_e4 == 10_169  # 600 / 590 = 1.01694...
        assert found.years[0].index_e4 == 10_169
        assert found.years[0].reference.row == "wage 340000 2009"
        assert found.months == 12

    def test_some_places_take_the_wage_of_the_same_year(self):
        found = index((2010, 12, 720_000), region=SHAANXI)
        assert found.index_e4 == 10_000
        assert found.years[0].reference.row == "wage 610000 2010"

    def test_years_are_weighted_by_their_months(self):
        # 2010: 1.0 over 12 months; 2011: 2.0 over 4 months: (12 + 8) / 16
        found = index((2010, 12, 708_000), (2011, 4, 480_000))
        assert (found.index_e4, found.months) == (12_500, 16)
        assert found == index((2011, 4, 480_000), (2010, 12, 708_000))

    @pytest.mark.parametrize(
        ("base", "e4", "moved"),
        [
            (35_399, 6_000, True),
            (35_400, 6_000, False),
            (35_459, 6_010, False),
            (177_000, 30_000, False),
            (177_001, 30_000, True),
        ],
    )
    def test_a_year_lies_between_0_6_and_3_0(self, base, e4, moved):
        found = index((2010, 1, base))
        assert found.index_e4 == e4
        assert (found.years[0].bound is not None) is moved

    @pytest.mark.parametrize(
        ("year", "e4"),
        [(1993, 10_000), (2011, 10_000), (2012, 8_500), (2013, 7_500), (2014, 6_000)],
    )
    def test_shanghai_had_higher_floors(self, year, e4):
        assert index((year, 12, 1), region=SHANGHAI).index_e4 == e4

    @given(
        st.dictionaries(
            st.integers(1996, 2025),
            st.tuples(st.integers(1, 12), st.integers(1, 3_000_000)),
            min_size=1,
        )
    )
    def test_the_average_is_that_of_exact_fractions(self, years):
        exact = Fraction(0)
        for year, (months, base) in years.items():
            own = Fraction(base, months * (50_000 + (year - 2001) * 1_000))
            exact += min(max(own, Fraction(3, 5)), Fraction(3)) * months
        exact /= sum(months for months, _ in years.values())
        found = index(*((year, *paid) for year, paid in years.items()))
        assert abs(found.index_e4 - exact * 10_000) <= Fraction(1, 2)
        assert 6_000 <= found.index_e4 <= 30_000


class TestDecimals:
    @pytest.mark.parametrize(("decimals", "e4"), [("4", 10_169), ("3", 10_170), ("2", 10_200)])
    def test_a_place_may_round_the_average_to_fewer_decimals(self, monkeypatch, decimals, e4):
        profile = province_profile(ANHUI, 202601)
        rounded = replace(profile, index_decimals=replace(profile.index_decimals, value=decimals))
        monkeypatch.setattr(module, "province_profile", lambda *_: rounded)
        assert index((2010, 12, 720_000)).index_e4 == e4  # 600 / 590 = 1.01694...


class TestMonthsWithoutPayment:
    """Rules b.3: provinces differ."""

    def test_deemed_months_count_with_an_index_of_one(self):
        found = index((2010, 12, 1_416_000), deemed_months=12)  # (12 x 2.0 + 12 x 1.0) / 24
        assert (found.index_e4, found.months) == (15_000, 24)

    def test_eleven_provinces_leave_them_out(self):
        found = index((2010, 12, 1_416_000), region=SICHUAN, deemed_months=12)
        assert (found.index_e4, found.months) == (20_000, 12)

    @pytest.mark.parametrize(
        ("region", "e4", "months"),
        [(ANHUI, 20_000, 12), (BEIJING, 10_000, 24), (HEILONGJIANG, 13_000, 24)],
    )
    def test_gaps_are_skipped_or_count_as_zero_or_as_the_floor(self, region, e4, months):
        found = index((2010, 12, 1_416_000), region=region, gap_months=12)
        assert (found.index_e4, found.months) == (e4, months)

    def test_somebody_with_deemed_months_only_has_the_deemed_index(self):
        assert index(deemed_months=180).index_e4 == 10_000


class TestSteps:
    def test_only_the_ways_that_played_a_part_are_shown(self):
        found = index((2010, 12, 708_000))
        assert [step.code for step in found.steps] == [
            "national-default",
            "national-default",
            "index-year",
            "average-index",
        ]
        assert [step.figures["option"] for step in found.steps[:2]] == [
            "index_denominator",
            "index_decimals",
        ]
        assert found.status is ParameterStatus.UNVERIFIED

    def test_deemed_months_and_gaps_show_their_ways(self):
        found = index((2010, 12, 1), region=HEILONGJIANG, deemed_months=1, gap_months=1)
        assert [step.figures.get("option") for step in found.steps] == [
            "index_denominator",
            "index_decimals",
            "index_deemed",
            "index_gap_months",
            None,
            None,
        ]
        included = index((2010, 12, 708_000), deemed_months=1)
        assert [step.figures.get("option") for step in included.steps][2:4] == [
            "index_deemed",
            "index_deemed_value",
        ]

    def test_a_year_at_a_bound_names_the_option(self):
        step = index((2010, 12, 1)).steps[2]
        assert step.code == "index-year-bounded"
        assert [ground.row for ground in step.grounds] == [
            "wage 340000 2009",
            "province_profiles: 100000 index_floor",
        ]
        capped = index((2010, 12, 10**9)).years[0]
        assert capped.bound.name == "index_ceiling"
        assert capped.paid == YearBase(2010, 12, 10**9)
        assert capped.reference.row == "wage 340000 2009"

    def test_the_conclusion_reads_in_both_languages(self):
        found = index((2010, 12, 720_000), deemed_months=3)
        assert found.explanation.zh == (
            "平均缴费工资指数1.0136（安徽省，共15个月；视同缴费3个月，中断0个月）"
        )
        assert found.explanation.en.startswith("Average index 1.0136 (Anhui, over 15 months")
        assert "12个月缴费基数合计7,200.00元，参照月平均工资590.00元" in found.years[0].step.text()


class TestImpossible:
    @pytest.mark.parametrize(
        ("years", "field", "value"),
        [
            ([(2010, 12, 0)], "base_total_fen", 0),
            ([(2010, 12, -1)], "base_total_fen", -1),
            ([(2010, 0, 1)], "months", 0),
            ([(2010, 13, 1)], "months", 13),
            ([(2010, 6, 1), (2010, 6, 1)], "year", 2010),
            ([], "months", 0),
        ],
    )
    def test_a_year_that_cannot_be_is_refused_with_field_and_value(self, years, field, value):
        with pytest.raises(ImpossibleFactError) as caught:
            index(*years)
        assert (caught.value.field, caught.value.value) == (field, value)
        assert field in caught.value.advice()
        assert caught.value.reason_zh in caught.value.sentence("zh")

    @pytest.mark.parametrize("field", ["deemed_months", "gap_months"])
    def test_a_negative_number_of_months_is_refused(self, field):
        with pytest.raises(ImpossibleFactError) as caught:
            index((2010, 12, 1), **{field: -1})
        assert (caught.value.field, caught.value.value) == (field, -1)

    def test_a_month_or_year_that_does_not_exist_is_refused(self):
        with pytest.raises(PeriodError):
            index((2010, 12, 1), period=202613)
        with pytest.raises(PeriodError):
            index((1899, 12, 1))

    def test_a_year_without_a_table_is_refused(self):
        with pytest.raises(ParameterMissingError) as caught:
            contribution_index([YearBase(1999, 12, 1)], ANHUI, 202601)
        assert (caught.value.parameter, caught.value.key) == ("reference wage", "1998")
