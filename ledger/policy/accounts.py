"""Personal accounts: yearly crediting of interest by the monthly-product method (月积数法).

    product  = sum over months n of deposit(n) x (last month - n + offset)
    interest = opening x rate x months / 12  +  product x rate / 12

Interest compounds yearly, never monthly. Exact fractions inside; the two interest lines of a year
are rounded half up to fen. A year without a published rate uses the last one, marked provisional.
Source: 劳办发〔1997〕116号; rules b.2 (the offset is local: 1 by default, 0 in some places).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ledger.errors import AmountError, PeriodError
from ledger.policy.money import BPS_PER_WHOLE, percent_text, round_half_up, yuan_text
from ledger.policy.periods import (
    MONTHS_PER_YEAR,
    checked_period,
    month_of,
    period_text,
    year_of,
)
from ledger.policy.rates import account_interest
from ledger.policy.tables import Explanation, ParameterStatus, weakest

DEFAULT_OFFSET: Final = 1
SOURCE: Final = "劳办发〔1997〕116号（月积数法）"


@dataclass(frozen=True, slots=True)
class YearCredit:
    """One year of an account: opening + deposits + the two interest lines = closing, all in fen."""

    year: int
    through_period: int
    opening_fen: int
    deposits_fen: int
    rate_bps: int
    interest_on_opening_fen: int
    interest_on_deposits_fen: int
    status: ParameterStatus

    @property
    def closing_fen(self) -> int:
        """What stands in the account after crediting."""
        interest = self.interest_on_opening_fen + self.interest_on_deposits_fen
        return self.opening_fen + self.deposits_fen + interest


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """An account from its first deposit to ``through_period``, year by year."""

    years: tuple[YearCredit, ...]
    balance_fen: int
    through_period: int
    status: ParameterStatus
    explanation: Explanation

    @property
    def principal_fen(self) -> int:
        """All deposits, without interest and without the opening balance."""
        return sum(year.deposits_fen for year in self.years)

    @property
    def interest_fen(self) -> int:
        """All interest credited."""
        return sum(
            year.interest_on_opening_fen + year.interest_on_deposits_fen for year in self.years
        )


def credit_year(
    opening_fen: int,
    deposits: Mapping[int, int],
    rate_bps: int,
    *,
    through_month: int = MONTHS_PER_YEAR,
    offset: int = DEFAULT_OFFSET,
) -> tuple[int, int]:
    """The interest of one year on its opening balance and on its deposits, in fen.

    Args:
        opening_fen: balance at the end of the year before.
        deposits: fen by month 1..12; none may lie after ``through_month``.
        rate_bps: the year's rate.
        through_month: the last month that earns; 12 but in the year benefits start.
        offset: months the deposit of the last month earns for, 1 or 0.
    """
    product = sum(amount * (through_month - month + offset) for month, amount in deposits.items())
    per_month = Fraction(rate_bps, BPS_PER_WHOLE * MONTHS_PER_YEAR)
    return (
        round_half_up(opening_fen * through_month * per_month),
        round_half_up(product * per_month),
    )


def account_statement(
    deposits: Mapping[int, int],
    through_period: int,
    *,
    opening_fen: int = 0,
    offset: int = DEFAULT_OFFSET,
) -> AccountStatement:
    """Roll an account forward to the end of ``through_period``.

    Args:
        deposits: fen recorded in the account by month yyyymm.
        through_period: the last month that earns interest; at retirement the month before benefits
            start, at a transfer the month the sheet names.
        opening_fen: balance before the year of the first deposit.
        offset: see :func:`credit_year`.

    Raises:
        AmountError: a deposit is negative.
        PeriodError: a deposit lies after ``through_period``.
        ParameterMissingError: a year has no interest rate in any table.
    """
    by_year = _by_year(deposits, checked_period(through_period))
    years: list[YearCredit] = []
    balance = opening_fen
    last_year = year_of(through_period)
    for year in range(min(by_year, default=last_year), last_year + 1):
        rate = account_interest(year)
        through_month = month_of(through_period) if year == last_year else MONTHS_PER_YEAR
        months = by_year.get(year, {})
        on_opening, on_deposits = credit_year(
            balance, months, rate.value, through_month=through_month, offset=offset
        )
        credit = YearCredit(
            year=year,
            through_period=year * 100 + through_month,
            opening_fen=balance,
            deposits_fen=sum(months.values()),
            rate_bps=rate.value,
            interest_on_opening_fen=on_opening,
            interest_on_deposits_fen=on_deposits,
            status=rate.status,
        )
        years.append(credit)
        balance = credit.closing_fen
    status = weakest(*(year.status for year in years))
    return AccountStatement(
        years=tuple(years),
        balance_fen=balance,
        through_period=through_period,
        status=status,
        explanation=_explain(years, balance, through_period),
    )


def _by_year(deposits: Mapping[int, int], through_period: int) -> dict[int, dict[int, int]]:
    by_year: dict[int, dict[int, int]] = defaultdict(dict)
    for period, amount in deposits.items():
        if amount < 0:
            raise AmountError("account", "a deposit is negative")
        if checked_period(period) > through_period:
            raise PeriodError(period, f"it is after {through_period}, where the account ends")
        by_year[year_of(period)][month_of(period)] = amount
    return by_year


def _explain(years: list[YearCredit], balance: int, through_period: int) -> Explanation:
    last = years[-1]
    provisional = last.status is ParameterStatus.PROVISIONAL
    rate = percent_text(last.rate_bps)
    return Explanation(
        zh=(
            f"个人账户储存额截至{period_text(through_period)}为{yuan_text(balance)}元，"
            f"{last.year}年记账利率{rate}" + ("（暂按上年，公布后重算）" if provisional else "")
        ),
        en=(
            f"The account holds {yuan_text(balance)} yuan at the end of "
            f"{period_text(through_period, 'en')}; interest of {last.year}: {rate}"
            + (" (last published rate, credited again once published)" if provisional else "")
        ),
        source=SOURCE,
    )
