from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, ParameterMissingError, PeriodError
from ledger.policy.accounts import (
    account_statement,
    recredit,
)
from ledger.policy.money import Rounding
from ledger.policy.periods import month_range
from ledger.policy.profiles import AccountMethod, province_profile
from ledger.policy.rates import account_interest
from ledger.policy.regions import NATION
from ledger.policy.tables import Parameter, ParameterStatus

PUBLISHED = ParameterStatus.PUBLISHED


def of_nation(**values):
    """The national profile with some options changed."""
    profile = province_profile(NATION, 202412)
    return replace(
        profile,
        **{name: replace(getattr(profile, name), value=value) for name, value in values.items()},
    )


def credit_year(
    opening,
    deposits,
    rate,
    through_month=12,
    offset=1,
    method=AccountMethod.MONTHLY_PRODUCT,
    rounding=Rounding.HALF_UP_FEN,
):
    """The two interest lines of a year from its deposits by month."""
    profile = of_nation(
        account_offset=str(offset), account_method=method, interest_rounding=rounding
    )
    (year,) = account_statement(
        {202000 + month: amount for month, amount in deposits.items()},
        202000 + through_month,
        opening_fen=opening,
        profile=profile,
        rates=rates_of(y2020=rate),
    ).years
    assert year.deposits_fen == sum(deposits.values())
    return year.interest_on_opening_fen, year.interest_on_deposits_fen


def rates_of(**bps):
    """Rates by year, as a notice would give them."""
    return lambda year: Parameter(bps[f"y{year}"], PUBLISHED, "notice", f"row of {year}")


class TestCreditYear:
    def test_twelve_equal_deposits_earn_78_months_by_the_formula(self):
        deposits = dict.fromkeys(range(1, 13), 80_000)
        assert credit_year(1_000_000, deposits, 397) == (39_700, 20_644)

    def test_with_offset_zero_the_deposit_of_december_earns_nothing(self):
        assert credit_year(0, {12: 120_000_000}, 1_200, offset=0) == (0, 0)
        assert credit_year(0, {12: 120_000_000}, 1_200, offset=1) == (0, 1_200_000)

    def test_a_part_of_a_year_earns_its_part_of_the_rate(self):
        assert credit_year(1_200_000, {}, 1_000, through_month=8) == (80_000, 0)

    def test_the_annual_method_takes_the_deposits_for_half_of_1_083_years(self):
        # rules b.2: 9 600 x (1 + 3.97 % x 1.083 x 1/2) = 9 806.376...
        deposits = dict.fromkeys(range(1, 13), 80_000)
        annual = AccountMethod.ANNUAL
        assert credit_year(1_000_000, deposits, 397, method=annual) == (39_700, 20_638)

    def test_a_part_of_a_year_is_credited_by_products_under_either_method(self):
        deposits = {1: 80_000, 11: 80_000}
        for month in range(11, 13):
            by_products = credit_year(10**6, deposits, 397, through_month=month)
            annual = credit_year(
                10**6, deposits, 397, through_month=month, method=AccountMethod.ANNUAL
            )
            assert (by_products == annual) is (month == 11)

    def test_interest_is_never_compounded_by_months(self):
        # rules b.2, trap: (1 + r/12)^12 of 6 % on 10 000 yuan would be 616.78
        assert credit_year(1_000_000, {}, 600) == (60_000, 0)

    def test_a_place_may_round_each_line_of_interest_up_to_the_next_jiao(self):
        assert credit_year(100_001, {1: 100_000}, 397, rounding=Rounding.UP_TO_JIAO) == (
            3_980,
            3_970,
        )

    @given(
        st.integers(0, 10**9),
        st.dictionaries(st.integers(1, 12), st.integers(0, 10**7)),
        st.integers(0, 1_000),
    )
    def test_it_is_simple_interest_of_each_amount_for_its_months(self, opening, deposits, rate):
        per_month = Fraction(rate, 120_000)
        on_deposits = sum(
            (amount * per_month for first, amount in deposits.items() for _ in range(first, 13)),
            Fraction(0),
        )
        credited = credit_year(opening, deposits, rate)
        assert abs(credited[0] - opening * per_month * 12) <= Fraction(1, 2)
        assert abs(credited[1] - on_deposits) <= Fraction(1, 2)


class TestStatement:
    def test_two_years_by_hand(self):
        deposits = dict.fromkeys(month_range(202301, 202412), 80_000)
        statement = account_statement(deposits, 202412)
        first, second = statement.years
        assert (first.opening_fen, first.deposits_fen, first.closing_fen) == (0, 960_000, 980_644)
        # 980 644 x 2.62 % = 25 692.87; 80 000 x 78 x 2.62 % / 12 = 13 624
        assert (second.interest_on_opening_fen, second.interest_on_deposits_fen) == (25_693, 13_624)
        assert statement.balance_fen == 980_644 + 960_000 + 25_693 + 13_624
        assert {year.status for year in statement.years} == {ParameterStatus.PUBLISHED}
        assert statement.principal_fen == 2 * 960_000
        assert statement.interest_fen == 20_644 + 25_693 + 13_624
        assert (first.product_fen_months, first.rate_bps) == (80_000 * 78, 397)
        assert (first.through_period, second.through_period) == (202312, 202412)
        assert statement.through_period == 202412
        assert statement.principal_fen + statement.interest_fen == statement.balance_fen

    def test_a_paused_account_goes_on_earning(self):
        statement = account_statement({202301: 1_000_000}, 202412)
        assert [year.deposits_fen for year in statement.years] == [1_000_000, 0]
        assert statement.years[1].interest_on_opening_fen > 0

    def test_the_running_year_is_provisional_and_says_so(self):
        statement = account_statement({202607: 80_000, 202608: 80_000}, 202608)
        assert statement.years[-1].status is ParameterStatus.PROVISIONAL
        assert statement.status is ParameterStatus.PROVISIONAL
        assert statement.balance_fen == 160_000 + 300  # 80 000 x (2 + 1) x 1.50 % / 12
        assert "暂按上年" in statement.explanation.zh
        assert "credited again once published" in statement.explanation.en

    def test_an_account_without_deposits_is_empty(self):
        assert account_statement({}, 202608).balance_fen == 0
        assert account_statement({}, 202412, opening_fen=100_000).balance_fen == 102_620

    def test_a_deposit_after_the_end_is_refused(self):
        with pytest.raises(PeriodError) as caught:
            account_statement({202609: 1}, 202608)
        assert caught.value.fields() == {
            "value": 202609,
            "reason": "it is after 202608, where the account ends",
        }

    def test_a_negative_deposit_is_refused(self):
        with pytest.raises(AmountError) as caught:
            account_statement({202608: -1}, 202608)
        assert caught.value.fields() == {"field": "account", "reason": "a deposit is negative"}

    def test_a_negative_opening_is_refused(self):
        with pytest.raises(AmountError) as caught:
            account_statement({}, 202412, opening_fen=-1)
        assert caught.value.fields() == {"field": "opening", "reason": "it is negative"}

    @pytest.mark.parametrize("profile", [None, of_nation()])
    def test_an_end_that_is_no_month_is_refused(self, profile):
        with pytest.raises(PeriodError) as caught:
            account_statement({}, 202413, profile=profile)
        assert caught.value.value == 202413

    @pytest.mark.parametrize("period", [202413, 202400])
    def test_a_month_that_does_not_exist_is_refused(self, period):
        with pytest.raises(PeriodError) as caught:
            account_statement({period: 1}, 202512)
        assert caught.value.value == period

    def test_a_year_without_a_rate_is_refused(self):
        with pytest.raises(ParameterMissingError) as caught:
            account_statement({199912: 1}, 202412)
        assert caught.value.key == "1999"


class TestWaysOfThePlace:
    def test_method_offset_and_rounding_come_from_the_profile(self):
        deposits = {202401: 100_000}
        plain = account_statement(deposits, 202412, profile=of_nation())
        assert plain.interest_fen == 2_620  # 12 months
        later = account_statement(deposits, 202412, profile=of_nation(account_offset="0"))
        assert later.interest_fen == 2_402  # 11 months
        annual = account_statement(deposits, 202412, profile=of_nation(account_method="annual"))
        assert annual.interest_fen == 1_419  # 1 000 x 2.62 % x 1.083 / 2
        up = account_statement(deposits, 202412, profile=of_nation(interest_rounding="up-to-jiao"))
        assert up.interest_fen == 2_620
        assert plain == account_statement(deposits, 202412)

    def test_the_steps_show_ways_years_and_the_balance(self):
        statement = account_statement({202301: 100_000}, 202412)
        assert [step.code for step in statement.steps] == [
            "national-default",
            "national-default",
            "national-default",
            "account-year",
            "account-year",
            "account-balance",
        ]
        assert statement.status is ParameterStatus.UNVERIFIED
        assert statement.steps[3].text() == (
            "2023年：年初0.00元，记入1,000.00元，记账利率3.97%，"
            "利息0.00元 + 39.70元，截至2023年12月共1,039.70元"
        )
        assert statement.steps[4].grounds[0].row == "account_interest_rate: 2024"
        assert statement.explanation.en == (
            "The account holds 1,066.94 yuan at the end of 2024-12; interest of 2024: 2.62%"
        )
        running = account_statement({202601: 100_000}, 202608)
        assert [step.code for step in running.steps[-2:]] == [
            "account-year-provisional",
            "account-balance-provisional",
        ]


class TestRecredit:
    def test_when_the_rate_is_published_the_year_and_those_after_it_are_credited_again(self):
        before = account_statement(
            dict.fromkeys(month_range(202401, 202512), 80_000),
            202512,
            rates=rates_of(y2024=262, y2025=262),
        )
        again = recredit(before, rates_of(y2024=262, y2025=150))
        # 2024: 960 000 + 13 624; 2025: on 973 624 and on 6 240 000 fen-months, 2.62 % or 1.50 %
        assert before.balance_fen == 973_624 + 960_000 + 25_509 + 13_624
        assert again.after.balance_fen == 973_624 + 960_000 + 14_604 + 7_800
        assert again.difference_fen == (14_604 + 7_800) - (25_509 + 13_624)
        assert again.before is before
        assert again.steps[-1].code == "account-recredit"
        assert again.steps[-1].text() == (
            "记账利率公布后重算：原19,727.57元，现19,560.28元，补记-167.29元"
        )
        assert again.steps[:-1] == again.after.steps

    def test_a_new_rate_of_an_early_year_changes_the_opening_of_later_ones(self):
        before = account_statement({202401: 10**6}, 202512, rates=rates_of(y2024=0, y2025=1_000))
        after = recredit(before, rates_of(y2024=1_000, y2025=1_000)).after
        assert [year.opening_fen for year in after.years] == [0, 1_100_000]
        assert after.balance_fen == 1_210_000

    @given(
        st.dictionaries(
            st.sampled_from(list(month_range(201601, 202608))), st.integers(0, 10**6), min_size=1
        ),
        st.integers(0, 10**9),
        st.sampled_from(["monthly-product", "annual"]),
        st.sampled_from(["0", "1"]),
        st.sampled_from(list(Rounding)),
    )
    def test_at_the_same_rates_nothing_changes(self, deposits, opening, method, offset, rounding):
        profile = of_nation(
            account_method=method, account_offset=offset, interest_rounding=rounding.value
        )
        before = account_statement(deposits, 202608, opening_fen=opening, profile=profile)
        again = recredit(before, account_interest)
        assert again.after == before
        assert again.difference_fen == 0
        assert all(year.interest_fen >= 0 for year in before.years)
        assert before.balance_fen == opening + before.principal_fen + before.interest_fen
