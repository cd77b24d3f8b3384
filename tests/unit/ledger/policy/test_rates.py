import pytest

from ledger.errors import ParameterMissingError
from ledger.policy.rates import (
    Payer,
    account_interest,
    benefit_base,
    contribution_rate,
    rate_years,
    reference_wage,
    reference_year,
)
from ledger.policy.tables import ParameterStatus

PUBLISHED = ParameterStatus.PUBLISHED
DEMO = ParameterStatus.DEMO


class TestContributionRate:
    @pytest.mark.parametrize(
        ("payer", "period", "bps", "status"),
        [
            (Payer.UNIT, 202307, 1600, PUBLISHED),
            (Payer.UNIT, 201905, 1600, PUBLISHED),
            (Payer.PERSON, 200601, 800, PUBLISHED),
            (Payer.ACCOUNT, 202608, 800, PUBLISHED),
            (Payer.ACCOUNT, 200512, 1100, ParameterStatus.UNVERIFIED),
            (Payer.UNIT, 201604, 2000, ParameterStatus.UNVERIFIED),
            (Payer.UNIT, 201605, 1900, DEMO),
            (Payer.UNIT, 201904, 1900, DEMO),
            (Payer.UNIT, 202002, 1600, DEMO),
            (Payer.UNIT, 202003, 1600, DEMO),
            (Payer.UNIT, 202012, 1600, DEMO),
            (Payer.UNIT, 202001, 1600, PUBLISHED),
            (Payer.UNIT, 202101, 1600, PUBLISHED),
        ],
    )
    def test_the_rate_of_the_month_applies_with_its_status(self, payer, period, bps, status):
        rate = contribution_rate(payer, period, "320100")
        assert (rate.value, rate.status) == (bps, status)
        assert rate.source

    def test_the_value_of_a_place_comes_before_the_nations(self):
        rate = contribution_rate(Payer.UNIT, 201605, "110000")
        assert (rate.value, rate.status) == (1900, ParameterStatus.UNVERIFIED)
        assert rate.row == "contribution_rates: 110000 unit 2016-05-01"
        assert contribution_rate(Payer.UNIT, 201905, "110105").value == 1600

    def test_who_works_for_no_unit_pays_twenty_percent_since_2006(self):
        assert contribution_rate(Payer.FLEXIBLE, 200601, "320100").value == 2000
        with pytest.raises(ParameterMissingError):
            contribution_rate(Payer.FLEXIBLE, 200512, "320100")

    def test_a_rate_names_its_row(self):
        assert contribution_rate(Payer.UNIT, 202003, "320100").row == (
            "demo_parameters: unit_rate 100000 202002"
        )

    def test_a_range_without_a_chosen_value_decides_nothing(self):
        with pytest.raises(ParameterMissingError) as caught:
            contribution_rate(Payer.PERSON, 199901, "320100")
        assert (caught.value.region, caught.value.key) == ("320100", "199901")
        assert "person" in caught.value.parameter


class TestAccountInterest:
    @pytest.mark.parametrize(
        ("year", "bps"),
        [(2016, 831), (2020, 604), (2021, 669), (2022, 612), (2023, 397), (2024, 262)],
    )
    def test_published_rates(self, year, bps):
        rate = account_interest(year)
        assert (rate.value, rate.status) == (bps, PUBLISHED)
        assert rate.row == f"account_interest_rate: {year}"
        assert rate.source.startswith("found: ")

    def test_a_reported_rate_is_not_a_published_one(self):
        assert account_interest(2025).status is ParameterStatus.UNVERIFIED

    def test_the_running_year_has_the_last_rate_for_the_time_being(self):
        rate = account_interest(2026)
        assert (rate.value, rate.status) == (150, ParameterStatus.PROVISIONAL)
        assert rate.source.startswith("2025: ")
        assert rate.row == "account_interest_rate: 2025"

    def test_years_before_the_national_rate_have_demonstration_values_only(self):
        assert account_interest(2015).row == "demo_parameters: account_interest 100000 201501"
        assert "made up" in account_interest(2015).source
        assert {account_interest(year).status for year in range(2008, 2016)} == {DEMO}
        assert rate_years() == range(2008, 2026)

    def test_a_year_without_any_value_is_refused(self):
        with pytest.raises(ParameterMissingError) as caught:
            account_interest(1999)
        assert caught.value.fields() == {
            "parameter": "account interest rate",
            "region": "100000",
            "key": "1999",
        }


class TestReferenceWage:
    @pytest.mark.parametrize(("region", "fen"), [("320500", 813_200), ("340100", 704_433)])
    def test_a_derived_wage_is_not_a_published_one(self, region, fen):
        wage = reference_wage(region, 2023)
        assert (wage.value, wage.status) == (fen, ParameterStatus.UNVERIFIED)

    def test_a_published_wage_comes_first(self):
        assert reference_wage("110000", 2024).value == 1_193_700
        assert reference_wage("110000", 2024).status is PUBLISHED
        assert reference_wage("110000", 2024).source.startswith("found: public code table")
        assert reference_wage("320000", 2024).source.startswith("made up")

    @pytest.mark.parametrize("region", ["320100", "340100"])
    def test_the_demonstration_has_a_wage_for_every_year(self, region):
        wages = [reference_wage(region, year) for year in range(2008, 2027)]
        assert {wage.status for wage in wages} == {DEMO, ParameterStatus.UNVERIFIED}
        assert [wage.value for wage in wages] == sorted(wage.value for wage in wages)

    def test_a_place_without_a_value_is_refused(self):
        with pytest.raises(ParameterMissingError) as caught:
            reference_wage("540000", 2023)
        assert caught.value.region == "540000"


class TestBenefitBase:
    """Rules d: the base is a notice of its own, never simply last year's average wage."""

    @pytest.mark.parametrize(
        ("region", "year", "fen"),
        [("110000", 2025, 1_204_900), ("440000", 2025, 949_300), ("110105", 2024, 1_188_300)],
    )
    def test_a_published_base_is_taken(self, region, year, fen):
        base = benefit_base(region, year)
        assert (base.value, base.status) == (fen, PUBLISHED)
        assert base.row == f"average_wages: {region[:2]}0000 benefit_base {year}"
        assert base.source.startswith("found: public code table")

    def test_a_base_under_doubt_keeps_its_doubt(self):
        assert benefit_base("510000", 2024).value == 832_100
        assert benefit_base("510000", 2024).status is ParameterStatus.UNVERIFIED

    def test_until_it_is_published_the_last_one_is_provisional(self):
        base = benefit_base("110000", 2026)
        assert (base.value, base.status) == (1_204_900, ParameterStatus.PROVISIONAL)
        assert base.row == "average_wages: 110000 benefit_base 2025"

    def test_without_any_base_the_average_wage_stands_in_and_says_so(self):
        base = benefit_base("320100", 2024)
        assert (base.value, base.status) == (813_200, ParameterStatus.UNVERIFIED)
        assert base.source.startswith("no benefit base of the province was found")
        assert benefit_base("320100", 2026).status is DEMO
        assert benefit_base("310000", 2024).status is ParameterStatus.UNVERIFIED
        assert benefit_base("310000", 2024).value == 1_230_700

    def test_a_year_before_the_first_base_does_not_borrow_from_a_later_one(self):
        with pytest.raises(ParameterMissingError) as caught:
            benefit_base("440000", 2021)
        assert (caught.value.parameter, caught.value.key) == ("reference wage", "2020")


class TestReferenceYear:
    @pytest.mark.parametrize(
        ("period", "switch", "year"), [(202601, 1, 2025), (202606, 7, 2024), (202607, 7, 2025)]
    )
    def test_it_is_the_year_before_from_the_switch_on(self, period, switch, year):
        assert reference_year(period, switch) == year

    def test_january_switches_unless_a_place_says_otherwise(self):
        assert reference_year(202601) == 2025
