import pytest

from ledger.errors import ParameterMissingError
from ledger.policy.rates import (
    Payer,
    account_interest,
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
            (Payer.UNIT, 202003, 1600, DEMO),
            (Payer.UNIT, 202101, 1600, PUBLISHED),
        ],
    )
    def test_the_rate_of_the_month_applies_with_its_status(self, payer, period, bps, status):
        rate = contribution_rate(payer, period, "320100")
        assert (rate.value, rate.status) == (bps, status)
        assert rate.source

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

    def test_a_reported_rate_is_not_a_published_one(self):
        assert account_interest(2025).status is ParameterStatus.UNVERIFIED

    def test_the_running_year_has_the_last_rate_for_the_time_being(self):
        rate = account_interest(2026)
        assert (rate.value, rate.status) == (150, ParameterStatus.PROVISIONAL)

    def test_years_before_the_national_rate_have_demonstration_values_only(self):
        assert {account_interest(year).status for year in range(2008, 2016)} == {DEMO}
        assert rate_years() == range(2008, 2026)

    def test_a_year_without_any_value_is_refused(self):
        with pytest.raises(ParameterMissingError):
            account_interest(1999)


class TestReferenceWage:
    @pytest.mark.parametrize(("region", "fen"), [("320500", 813_200), ("340100", 704_433)])
    def test_a_derived_wage_is_not_a_published_one(self, region, fen):
        wage = reference_wage(region, 2023)
        assert (wage.value, wage.status) == (fen, ParameterStatus.UNVERIFIED)

    def test_a_published_wage_comes_first(self):
        assert reference_wage("110000", 2024).value == 1_193_700
        assert reference_wage("110000", 2024).status is PUBLISHED

    @pytest.mark.parametrize("region", ["320100", "340100"])
    def test_the_demonstration_has_a_wage_for_every_year(self, region):
        wages = [reference_wage(region, year) for year in range(2008, 2027)]
        assert {wage.status for wage in wages} == {DEMO, ParameterStatus.UNVERIFIED}
        assert [wage.value for wage in wages] == sorted(wage.value for wage in wages)

    def test_a_place_without_a_value_is_refused(self):
        with pytest.raises(ParameterMissingError) as caught:
            reference_wage("540000", 2023)
        assert caught.value.region == "540000"


class TestReferenceYear:
    @pytest.mark.parametrize(
        ("period", "switch", "year"), [(202601, 1, 2025), (202606, 7, 2024), (202607, 7, 2025)]
    )
    def test_it_is_the_year_before_from_the_switch_on(self, period, switch, year):
        assert reference_year(period, switch) == year
