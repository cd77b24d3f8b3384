from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, PeriodError
from ledger.policy.accounts import account_statement, credit_year
from ledger.policy.periods import month_range
from ledger.policy.tables import ParameterStatus


class TestCreditYear:
    def test_twelve_equal_deposits_earn_78_months_by_the_formula(self):
        deposits = dict.fromkeys(range(1, 13), 80_000)
        assert credit_year(1_000_000, deposits, 397) == (39_700, 20_644)

    def test_with_offset_zero_the_deposit_of_december_earns_nothing(self):
        assert credit_year(0, {12: 120_000_000}, 1_200, offset=0) == (0, 0)
        assert credit_year(0, {12: 120_000_000}, 1_200, offset=1) == (0, 1_200_000)

    def test_a_part_of_a_year_earns_its_part_of_the_rate(self):
        assert credit_year(1_200_000, {}, 1_000, through_month=8) == (80_000, 0)

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
        assert statement.status is ParameterStatus.PUBLISHED
        assert statement.principal_fen + statement.interest_fen == statement.balance_fen

    def test_a_paused_account_goes_on_earning(self):
        statement = account_statement({202301: 1_000_000}, 202412)
        assert [year.deposits_fen for year in statement.years] == [1_000_000, 0]
        assert statement.years[1].interest_on_opening_fen > 0

    def test_the_running_year_is_provisional_and_says_so(self):
        statement = account_statement({202607: 80_000, 202608: 80_000}, 202608)
        assert statement.status is ParameterStatus.PROVISIONAL
        assert statement.balance_fen == 160_000 + 300  # 80 000 x (2 + 1) x 1.50 % / 12
        assert "暂按上年" in statement.explanation.zh
        assert "credited again once published" in statement.explanation.en

    def test_an_account_without_deposits_is_empty(self):
        assert account_statement({}, 202608).balance_fen == 0
        assert account_statement({}, 202412, opening_fen=100_000).balance_fen == 102_620

    def test_a_deposit_after_the_end_is_refused(self):
        with pytest.raises(PeriodError):
            account_statement({202609: 1}, 202608)

    def test_a_negative_deposit_is_refused(self):
        with pytest.raises(AmountError):
            account_statement({202608: -1}, 202608)
