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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import AmountError, PeriodError
from ledger.policy.money import BPS_PER_WHOLE, Rounding, rounded
from ledger.policy.periods import MONTHS_PER_YEAR, checked_period
from ledger.policy.profiles import AccountMethod, ProvinceProfile, option_step, province_profile
from ledger.policy.rates import account_interest
from ledger.policy.regions import NATION
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import Parameter, ParameterStatus

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
class AccountStatement(Reasoned):
    """An account year by year, never without one; ``profile``: the ways it was credited by."""

    years: tuple[YearCredit, ...]
    profile: ProvinceProfile

    @property
    def through_period(self) -> int:
        """The last month that earned interest."""
        return self.years[-1].through_period

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
    last_year, last_month = divmod(checked_period(through_period), 100)
    place = profile or province_profile(NATION, through_period)
    deposited = _deposited(deposits, through_period, int(place.account_offset.value))
    years = range(min(deposited, default=last_year), last_year + 1)
    ends = (year * 100 + (last_month if year == last_year else MONTHS_PER_YEAR) for year in years)
    totals = (deposited.get(year, (0, 0)) for year in years)
    return _rolled(opening_fen, zip(ends, totals, strict=True), place, rates)


def recredit(before: AccountStatement, rates: RateOfYear = account_interest) -> Recredit:
    """Credit an account again at the rates that are known now; later years follow from earlier."""
    totals = (
        (year.through_period, (year.deposits_fen, year.product_fen_months)) for year in before.years
    )
    opening_fen = before.years[0].opening_fen
    return Recredit(before, _rolled(opening_fen, totals, before.profile, rates))


def _deposited(
    deposits: Mapping[int, int], through_period: int, offset: int
) -> dict[int, tuple[int, int]]:
    """By year what was deposited, and the products: each deposit times the months it earns."""
    last_year, last_month = divmod(through_period, 100)
    by_year: dict[int, tuple[int, int]] = {}
    for period, amount in deposits.items():
        if amount < 0:
            raise AmountError("account", "a deposit is negative")
        year, month = divmod(checked_period(period), 100)
        if period > through_period:
            raise PeriodError(period, f"it is after {through_period}, where the account ends")
        earning = (last_month if year == last_year else MONTHS_PER_YEAR) - month + offset
        total, product = by_year.get(year, (0, 0))
        by_year[year] = total + amount, product + amount * earning
    return by_year


def _rolled(
    opening_fen: int,
    totals: Iterable[tuple[int, tuple[int, int]]],
    place: ProvinceProfile,
    rates: RateOfYear,
) -> AccountStatement:
    """Credit year after year, each by its last month, what was deposited and the products."""
    method = AccountMethod(place.account_method.value)
    rounding = Rounding(place.interest_rounding.value)
    years: list[YearCredit] = []
    balance = opening_fen
    for through_period, (deposits_fen, product) in totals:
        year, through_month = divmod(through_period, 100)
        rate = rates(year)
        on_opening, on_deposits = _interest(
            balance, deposits_fen, product, rate.value, through_month, method, rounding
        )
        credit = YearCredit(
            year=year,
            through_period=through_period,
            opening_fen=balance,
            deposits_fen=deposits_fen,
            product_fen_months=product,
            rate=rate,
            interest_on_opening_fen=on_opening,
            interest_on_deposits_fen=on_deposits,
        )
        years.append(credit)
        balance = credit.closing_fen
    return AccountStatement(tuple(years), place)


def _interest(
    opening_fen: int,
    deposits_fen: int,
    product: int,
    rate_bps: int,
    through_month: int,
    method: AccountMethod,
    rounding: Rounding,
) -> tuple[int, int]:
    """On the opening balance and on the deposits; a part of a year is always done by products."""
    year = BPS_PER_WHOLE * MONTHS_PER_YEAR
    on_opening = rounded(opening_fen * through_month * rate_bps, year, rounding)
    if method is AccountMethod.ANNUAL and through_month == MONTHS_PER_YEAR:
        share, whole = _ANNUAL_FACTOR
        return on_opening, rounded(deposits_fen * rate_bps * share, BPS_PER_WHOLE * whole, rounding)
    return on_opening, rounded(product * rate_bps, year, rounding)


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
