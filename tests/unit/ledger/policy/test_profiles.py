from fractions import Fraction

import pytest

from ledger.errors import NotFoundError, ParameterMissingError, PeriodError
from ledger.policy import profiles
from ledger.policy.money import Rounding
from ledger.policy.profiles import (
    AccountMethod,
    Addition,
    GapMonths,
    IndexDeemed,
    IndexDenominator,
    Transition,
    YearsRounding,
    option_names,
    option_step,
    province_profile,
)
from ledger.policy.regions import NATION, regions
from ledger.policy.tables import ParameterStatus, table

WORDS = {
    "years_rounding": YearsRounding,
    "money_rounding": Rounding,
    "interest_rounding": Rounding,
    "index_denominator": IndexDenominator,
    "index_deemed": IndexDeemed,
    "index_gap_months": GapMonths,
    "account_method": AccountMethod,
    "transition": Transition,
    "addition": Addition,
}


def options_of(region):
    """Every option of a place as it applies today."""
    profile = province_profile(region, 202601)
    return [getattr(profile, name) for name in option_names()]


class TestTable:
    def test_every_option_has_a_national_default_and_every_row_is_an_option(self):
        rows = table("province_profiles")
        assert {row["option"] for row in rows} == set(option_names())
        assert {row["option"] for row in rows if row["region"] == NATION} == set(option_names())

    def test_every_row_holds_a_known_word_or_a_number_and_a_known_place(self):
        for row in table("province_profiles"):
            words = WORDS.get(row["option"])
            if words is None:
                assert Fraction(row["value"]) >= 0
            else:
                assert row["value"] in list(words)
            assert row["region"] == NATION or row["region"] in regions() or row["source"]

    def test_a_default_is_never_called_published(self):
        options = options_of("460000")
        assert all(option.is_default for option in options)
        assert {option.status for option in options} == {ParameterStatus.UNVERIFIED}


class TestRulesOfTheProvinces:
    """Rules b.3 and d."""

    @pytest.mark.parametrize(
        ("province", "name", "value"),
        [
            ("610000", "index_denominator", "current-year"),
            ("540000", "index_denominator", "current-year"),
            ("320000", "index_denominator", "previous-year"),
            ("510000", "index_deemed", "excluded"),
            ("340000", "index_deemed", "included"),
            ("110000", "index_gap_months", "counted-as-zero"),
            ("230000", "index_gap_months", "counted-as-0.6"),
            ("340000", "index_gap_months", "skipped"),
            ("510000", "years_rounding", "two-decimals"),
            ("340000", "years_rounding", "up-to-tenth"),
            ("320000", "years_rounding", "unrounded"),
        ],
    )
    def test_exceptions_stand_beside_the_default(self, province, name, value):
        assert getattr(province_profile(province, 202601), name).value == value

    def test_eleven_provinces_leave_deemed_years_out(self):
        excluded = [
            code
            for code, region in regions().items()
            if region.level == "province"
            and province_profile(code, 202601).index_deemed.value == "excluded"
        ]
        assert len(excluded) == 11

    @pytest.mark.parametrize(
        ("period", "floor"),
        [
            (199212, "0.6"),
            (199301, "1.0"),
            (201112, "1.0"),
            (201201, "0.85"),
            (201301, "0.75"),
            (201312, "0.75"),
            (201401, "0.6"),
        ],
    )
    def test_the_floor_of_shanghai_has_dates(self, period, floor):
        assert province_profile("310000", period).index_floor.number == Fraction(floor)


class TestLookup:
    def test_a_city_comes_before_its_province_and_a_province_before_the_default(self):
        assert province_profile("410100", 202601).interest_rounding.value == "up-to-jiao"
        assert province_profile("410200", 202601).interest_rounding.is_default
        assert province_profile("510100", 202601).years_rounding.region == "510000"

    def test_the_nation_has_the_defaults_alone(self):
        assert all(option.is_default for option in options_of(NATION))

    def test_the_step_says_whether_the_default_stands_in(self):
        own = option_step(province_profile("510100", 202601).years_rounding)
        assert own.code == "province-option"
        assert own.text() == "四川省的做法：years_rounding = two-decimals"
        assert own.grounds[0].row == "province_profiles: 510000 years_rounding"
        assert own.status is ParameterStatus.PUBLISHED
        default = option_step(province_profile("320100", 202601).years_rounding)
        assert default.code == "national-default"
        assert "named default stands in: years_rounding = unrounded" in default.text("en")
        assert default.status is ParameterStatus.UNVERIFIED

    def test_a_place_or_month_that_does_not_exist_is_refused(self):
        with pytest.raises(NotFoundError):
            province_profile("990000", 202601)
        with pytest.raises(PeriodError):
            province_profile("320000", 202613)

    def test_an_option_without_a_row_is_refused(self):
        with pytest.raises(ParameterMissingError) as caught:
            profiles._option("unknown", ("320100", "320000"), 202601)
        assert caught.value.fields() == {
            "parameter": "unknown",
            "region": "320100",
            "key": "202601",
        }
