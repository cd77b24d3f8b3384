"""Personal accounts: yearly crediting of interest by the two published methods.

    monthly products (月积数法):  interest = sum of deposit(n) x (last month - n + offset) x r / 12
    annual (年度计算法):          interest = sum of deposits x r x 1.083 x 1/2
    both:                         interest on the opening balance = opening x r x months / 12

Interest compounds yearly, never monthly. The two interest lines of a year are rounded once each, as
the place rounds interest (half up to fen unless its profile says otherwise). A year without a
published rate uses the last one, provisionally, and is credited again once the rate is published.
Source: 劳办发〔1997〕116号; 社会保险法 art. 14; rules b.2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import AmountError, PeriodError
from ledger.policy.money import BPS_PER_WHOLE, Rounding, rounded
from ledger.policy.periods import (
    MONTHS_PER_YEAR,
    checked_period,
    month_of,
    year_of,
)
from ledger.policy.profiles import AccountMethod, ProvinceProfile, option_step, province_profile
from ledger.policy.rates import account_interest
from ledger.policy.regions import NATION
from ledger.policy.steps import Figure, Step, Wording, steps_status
from ledger.policy.tables import Explanation, Parameter, ParameterStatus

RateOfYear = Callable[[int], Parameter]
"""Gives the interest rate of a calendar year in bps with its row."""

METHOD_SOURCE: Final = "劳办发〔1997〕116号"
ACCOUNT_SOURCE: Final = "社会保险法第十四条"
_ANNUAL_FACTOR: Final = (1_083, 2_000)


@dataclass(frozen=True, slots=True)
class YearCredit:
    """One year of an account: opening + deposits + the two interest lines = closing, all in fen.

    ``product_fen_months``: each deposit times the months it earned (积数).
    """

    year: int
    through_period: int
    opening_fen: int
    deposits_fen: int
    product_fen_months: int
    rate: Parameter
    interest_on_opening_fen: int
    interest_on_deposits_fen: int

    @property
    def rate_bps(self) -> int:
        """The year's rate."""
        return self.rate.value

    @property
    def status(self) -> ParameterStatus:
        """The status of the year's rate."""
        return self.rate.status

    @property
    def interest_fen(self) -> int:
        """Both interest lines."""
        return self.interest_on_opening_fen + self.interest_on_deposits_fen

    @property
    def closing_fen(self) -> int:
        """What stands in the account after crediting."""
        return self.opening_fen + self.deposits_fen + self.interest_fen

    @property
    def step(self) -> Step:
        """The year in one sentence."""
        figures: dict[str, Figure] = {
            "year": self.year,
            "through_period": self.through_period,
            "opening_fen": self.opening_fen,
            "deposits_fen": self.deposits_fen,
            "rate_bps": self.rate_bps,
            "interest_on_opening_fen": self.interest_on_opening_fen,
            "interest_on_deposits_fen": self.interest_on_deposits_fen,
            "closing_fen": self.closing_fen,
        }
        provisional = self.status is ParameterStatus.PROVISIONAL
        return Step(_PROVISIONAL_YEAR if provisional else _YEAR, figures, (self.rate,))


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """An account from its first deposit to ``through_period``, year by year, never without one.

    ``profile``: the ways of the place it was credited by.
    """

    years: tuple[YearCredit, ...]
    through_period: int
    profile: ProvinceProfile

    @property
    def balance_fen(self) -> int:
        """What stands in the account at the end."""
        return self.years[-1].closing_fen

    @property
    def principal_fen(self) -> int:
        """All deposits, without interest and without the opening balance."""
        return sum(year.deposits_fen for year in self.years)

    @property
    def interest_fen(self) -> int:
        """All interest credited."""
        return sum(year.interest_fen for year in self.years)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The ways of the place, each year, and the balance."""
        profile, last = self.profile, self.years[-1]
        ways = (profile.account_method, profile.account_offset, profile.interest_rounding)
        figures: dict[str, Figure] = {
            "balance_fen": self.balance_fen,
            "through_period": self.through_period,
            "year": last.year,
            "rate_bps": last.rate_bps,
        }
        provisional = last.status is ParameterStatus.PROVISIONAL
        return (
            *(option_step(way) for way in ways),
            *(year.step for year in self.years),
            Step(_PROVISIONAL_BALANCE if provisional else _BALANCE, figures),
        )

    @property
    def status(self) -> ParameterStatus:
        """The status of the weakest value behind the balance."""
        return steps_status(self.steps)

    @property
    def explanation(self) -> Explanation:
        """The balance in one sentence."""
        return self.steps[-1].explanation


@dataclass(frozen=True, slots=True)
class Recredit:
    """An account credited again after a rate was published, beside what stood there before."""

    before: AccountStatement
    after: AccountStatement

    @property
    def difference_fen(self) -> int:
        """What is added to the account; negative when too much had been credited."""
        return self.after.balance_fen - self.before.balance_fen

    @property
    def steps(self) -> tuple[Step, ...]:
        """The new crediting, then what changed."""
        figures: dict[str, Figure] = {
            "before_fen": self.before.balance_fen,
            "after_fen": self.after.balance_fen,
            "difference_fen": self.difference_fen,
        }
        return (*self.after.steps, Step(_RECREDIT, figures))


def product_of(deposits: Mapping[int, int], through_month: int, offset: int) -> int:
    """The products of one year in fen-months: each deposit times the months it earns.

    Args:
        deposits: fen by month 1..12; none may lie after ``through_month``.
        through_month: the last month that earns; 12 but in the year benefits start.
        offset: months the deposit of the last month earns for, 1 or 0.
    """
    return sum(amount * (through_month - month + offset) for month, amount in deposits.items())


def year_interest(
    opening_fen: int,
    deposits_fen: int,
    product: int,
    rate_bps: int,
    through_month: int,
    method: AccountMethod,
    rounding: Rounding,
) -> tuple[int, int]:
    """The interest of one year on its opening balance and on its deposits, in fen.

    The annual method needs a whole year; a part of one is always credited by products.
    """
    year = BPS_PER_WHOLE * MONTHS_PER_YEAR
    on_opening = rounded(opening_fen * through_month * rate_bps, year, rounding)
    if method is AccountMethod.ANNUAL and through_month == MONTHS_PER_YEAR:
        share, whole = _ANNUAL_FACTOR
        return on_opening, rounded(deposits_fen * rate_bps * share, BPS_PER_WHOLE * whole, rounding)
    return on_opening, rounded(product * rate_bps, year, rounding)


def account_statement(
    deposits: Mapping[int, int],
    through_period: int,
    *,
    opening_fen: int = 0,
    profile: ProvinceProfile | None = None,
    rates: RateOfYear = account_interest,
) -> AccountStatement:
    """Roll an account forward to the end of ``through_period``.

    Args:
        deposits: fen recorded in the account by month yyyymm.
        through_period: the last month that earns interest; at retirement the month before benefits
            start (rules b.2, memory-M), at a transfer the month the sheet names.
        opening_fen: balance before the year of the first deposit.
        profile: the ways of the place; the national defaults unless given.
        rates: the rate of each year.

    Raises:
        AmountError: a deposit or the opening balance is negative.
        PeriodError: a deposit lies after ``through_period``, or a month is not one.
        ParameterMissingError: a year has no interest rate in any table.
    """
    if opening_fen < 0:
        raise AmountError("opening", "it is negative")
    by_year = _by_year(deposits, checked_period(through_period))
    place = profile or province_profile(NATION, through_period)
    offset = int(place.account_offset.value)
    ways = _ways(place)
    years: list[YearCredit] = []
    balance = opening_fen
    last_year = year_of(through_period)
    for year in range(min(by_year, default=last_year), last_year + 1):
        last_month = month_of(through_period) if year == last_year else MONTHS_PER_YEAR
        months = by_year.get(year, {})
        product = product_of(months, last_month, offset)
        credit = _credit(
            year * 100 + last_month, balance, sum(months.values()), product, rates(year), *ways
        )
        years.append(credit)
        balance = credit.closing_fen
    return AccountStatement(tuple(years), through_period, place)


def recredit(before: AccountStatement, rates: RateOfYear = account_interest) -> Recredit:
    """Credit an account again at the rates that are known now; later years follow from earlier."""
    years: list[YearCredit] = []
    balance = before.years[0].opening_fen
    ways = _ways(before.profile)
    for old in before.years:
        credit = _credit(
            old.through_period,
            balance,
            old.deposits_fen,
            old.product_fen_months,
            rates(old.year),
            *ways,
        )
        years.append(credit)
        balance = credit.closing_fen
    return Recredit(before, AccountStatement(tuple(years), before.through_period, before.profile))


def _by_year(deposits: Mapping[int, int], through_period: int) -> dict[int, dict[int, int]]:
    by_year: dict[int, dict[int, int]] = defaultdict(dict)
    for period, amount in deposits.items():
        if amount < 0:
            raise AmountError("account", "a deposit is negative")
        year, month = divmod(checked_period(period), 100)
        if period > through_period:
            raise PeriodError(period, f"it is after {through_period}, where the account ends")
        by_year[year][month] = amount
    return by_year


def _ways(place: ProvinceProfile) -> tuple[AccountMethod, Rounding]:
    return AccountMethod(place.account_method.value), Rounding(place.interest_rounding.value)


def _credit(
    through_period: int,
    opening_fen: int,
    deposits_fen: int,
    product: int,
    rate: Parameter,
    method: AccountMethod,
    rounding: Rounding,
) -> YearCredit:
    year, through_month = divmod(through_period, 100)
    on_opening, on_deposits = year_interest(
        opening_fen, deposits_fen, product, rate.value, through_month, method, rounding
    )
    return YearCredit(
        year=year,
        through_period=through_period,
        opening_fen=opening_fen,
        deposits_fen=deposits_fen,
        product_fen_months=product,
        rate=rate,
        interest_on_opening_fen=on_opening,
        interest_on_deposits_fen=on_deposits,
    )


_YEAR: Final = Wording(
    "account-year",
    "{year}年：年初{opening_fen}元，记入{deposits_fen}元，记账利率{rate_bps}，"
    "利息{interest_on_opening_fen}元 + {interest_on_deposits_fen}元，"
    "截至{through_period}共{closing_fen}元",
    "{year}: opening {opening_fen}, deposits {deposits_fen}, rate {rate_bps}, interest "
    "{interest_on_opening_fen} + {interest_on_deposits_fen}, {closing_fen} yuan by "
    "{through_period}",
    METHOD_SOURCE,
)
_PROVISIONAL_YEAR: Final = Wording(
    "account-year-provisional",
    _YEAR.zh + "（利率暂按上年）",
    _YEAR.en + " (provisional rate)",
    METHOD_SOURCE,
)
_BALANCE: Final = Wording(
    "account-balance",
    "个人账户储存额截至{through_period}为{balance_fen}元，{year}年记账利率{rate_bps}",
    "The account holds {balance_fen} yuan at the end of {through_period}; interest of {year}: "
    "{rate_bps}",
    ACCOUNT_SOURCE,
)
_PROVISIONAL_BALANCE: Final = Wording(
    "account-balance-provisional",
    _BALANCE.zh + "（暂按上年，公布后重算）",
    _BALANCE.en + " (last published rate, credited again once published)",
    ACCOUNT_SOURCE,
)
_RECREDIT: Final = Wording(
    "account-recredit",
    "记账利率公布后重算：原{before_fen}元，现{after_fen}元，补记{difference_fen}元",
    "Credited again after the rate was published: {before_fen} before, {after_fen} now, "
    "{difference_fen} yuan added",
    ACCOUNT_SOURCE,
)
