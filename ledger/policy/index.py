"""The average contribution index (平均缴费工资指数): how somebody's bases compare with the average.

    index of a year = own average monthly base / reference wage of a month, from 0.6 to 3.0
    Z               = sum of index x months / sum of months

Which year's wage, which bounds, whether deemed months and gaps enter the average, and how Z is
rounded, is the benefit place's way. Source: 国发〔2005〕38号; 国办发〔2009〕66号 art. 7; rules b.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

from ledger.errors import ImpossibleFactError
from ledger.policy.money import Rounding, rounded
from ledger.policy.periods import MONTHS_PER_YEAR, checked_period
from ledger.policy.profiles import (
    GapMonths,
    IndexDeemed,
    IndexDenominator,
    Option,
    ProvinceProfile,
    option_step,
    province_profile,
)
from ledger.policy.rates import JANUARY, reference_wage
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import Grounds, Parameter

INDEX_UNIT: Final = 10_000
INDEX_SOURCE: Final = "国发〔2005〕38号；国办发〔2009〕66号第七条"
_INDEX_DECIMALS: Final = 4

WageOfYear = Callable[[str, int], Parameter]
"""Gives the average monthly wage in fen of a region in a calendar year."""


@dataclass(frozen=True, slots=True)
class YearBase:
    """What was paid in one year: how many months, and the sum of their bases in fen."""

    year: int
    months: int
    base_total_fen: int


@dataclass(frozen=True, slots=True)
class YearIndex:
    """One year's index as an exact ratio, and the bound that moved it, if any."""

    paid: YearBase
    numerator: int
    denominator: int
    reference: Parameter
    bound: Option | None

    @property
    def index_e4(self) -> int:
        """The index of the year, to be read."""
        return rounded(INDEX_UNIT * self.numerator, self.denominator, Rounding.HALF_UP_FEN)

    @property
    def step(self) -> Step:
        """The year in one sentence."""
        figures: dict[str, Figure] = {
            "year": self.paid.year,
            "paid_months": self.paid.months,
            "base_total_fen": self.paid.base_total_fen,
            "reference_fen": self.reference.value,
            "index_e4": self.index_e4,
        }
        grounds: tuple[Grounds, ...] = (self.reference,)
        if self.bound is None:
            return Step(_YEAR, figures, grounds)
        return Step(_BOUNDED_YEAR, figures, (*grounds, self.bound))


@dataclass(frozen=True, slots=True)
class ContributionIndex(Reasoned):
    """The average index Z with the years and the options it was made from.

    ``index_e4``: Z in ten-thousandths; ``months``: what the average was taken over.
    """

    index_e4: int
    months: int
    years: tuple[YearIndex, ...]
    deemed_months: int
    gap_months: int
    profile: ProvinceProfile

    @property
    def steps(self) -> tuple[Step, ...]:
        """The ways of the place that played a part, each year, and Z."""
        profile = self.profile
        ways = [profile.index_denominator, profile.index_decimals]
        if self.deemed_months:
            ways.append(profile.index_deemed)
            if profile.index_deemed.value == IndexDeemed.INCLUDED:
                ways.append(profile.index_deemed_value)
        if self.gap_months:
            ways.append(profile.index_gap_months)
        figures: dict[str, Figure] = {
            "region": profile.region,
            "index_e4": self.index_e4,
            "months": self.months,
            "deemed_months": self.deemed_months,
            "gap_months": self.gap_months,
        }
        return (
            *(option_step(way) for way in ways),
            *(year.step for year in self.years),
            Step(_AVERAGE, figures),
        )


def contribution_index(
    years: Iterable[YearBase],
    region: str,
    period: int,
    *,
    deemed_months: int = 0,
    gap_months: int = 0,
    wages: WageOfYear = reference_wage,
) -> ContributionIndex:
    """The average index of somebody who takes their pension in ``region``.

    Args:
        years: what was paid, each year once, months counted once.
        region: the benefit place; its average wages count, also for years paid elsewhere.
        period: the month of retirement.
        deemed_months: months that count without payment (视同缴费年限).
        gap_months: unpaid months between the first and the last payment.
        wages: the average wage of a region in a year.

    Raises:
        ImpossibleFactError: a base is not above zero, a year has no or too many months or appears
            twice, a number of months is negative, or no month counts at all.
        ParameterMissingError: a year's average wage is in no table.
    """
    for field, months in (("deemed_months", deemed_months), ("gap_months", gap_months)):
        if months < 0:
            raise ImpossibleFactError(field, months, "it is negative", "不能为负数")
    profile = province_profile(region, checked_period(period))
    lag = profile.index_denominator.value == IndexDenominator.PREVIOUS_YEAR
    found: list[YearIndex] = []
    counted, numerator, denominator = 0, 0, 1
    for paid in _checked(years):
        index = _year_index(paid, wages(region, paid.year - lag), *_bounds(region, paid.year))
        found.append(index)
        counted += paid.months
        # Added without reducing: one division at the end is exact, and quicker than fractions.
        numerator = numerator * index.denominator + index.numerator * paid.months * denominator
        denominator *= index.denominator
    for months, worth in _unpaid(profile, deemed_months, gap_months):
        counted += months
        numerator = numerator * worth.denominator + worth.numerator * months * denominator
        denominator *= worth.denominator
    if not counted:
        raise ImpossibleFactError("months", 0, "no month counts", "没有可计算的月数")
    unit = 10 ** (_INDEX_DECIMALS - int(profile.index_decimals.value))
    average = rounded(INDEX_UNIT * numerator, denominator * counted * unit, Rounding.HALF_UP_FEN)
    return ContributionIndex(
        index_e4=average * unit,
        months=counted,
        years=tuple(found),
        deemed_months=deemed_months,
        gap_months=gap_months,
        profile=profile,
    )


def _checked(years: Iterable[YearBase]) -> list[YearBase]:
    ordered = sorted(years, key=lambda paid: paid.year)
    for before, paid in zip([None, *ordered], ordered, strict=False):
        checked_period(paid.year * 100 + JANUARY)
        if before is not None and before.year == paid.year:
            raise ImpossibleFactError("year", paid.year, "it appears twice", "重复出现")
        if not 1 <= paid.months <= MONTHS_PER_YEAR:
            raise ImpossibleFactError(
                "months", paid.months, "a year has 1 to 12", "一年应为1至12个月"
            )
        if paid.base_total_fen <= 0:
            raise ImpossibleFactError(
                "base_total_fen",
                paid.base_total_fen,
                "a paid month has a base above zero",
                "有缴费月份时基数应大于零",
            )
    return ordered


@cache
def _bounds(region: str, year: int) -> tuple[Option, Fraction, Option, Fraction]:
    profile = province_profile(region, year * 100 + JANUARY)
    floor, ceiling = profile.index_floor, profile.index_ceiling
    return floor, floor.number, ceiling, ceiling.number


def _year_index(
    paid: YearBase,
    reference: Parameter,
    floor: Option,
    lowest: Fraction,
    ceiling: Option,
    highest: Fraction,
) -> YearIndex:
    own, whole = paid.base_total_fen, paid.months * reference.value
    if own * lowest.denominator < lowest.numerator * whole:
        return YearIndex(paid, lowest.numerator, lowest.denominator, reference, floor)
    if own * highest.denominator > highest.numerator * whole:
        return YearIndex(paid, highest.numerator, highest.denominator, reference, ceiling)
    return YearIndex(paid, own, whole, reference, None)


def _unpaid(
    profile: ProvinceProfile, deemed_months: int, gap_months: int
) -> Iterable[tuple[int, Fraction]]:
    if deemed_months and profile.index_deemed.value == IndexDeemed.INCLUDED:
        yield deemed_months, profile.index_deemed_value.number
    if gap_months and profile.index_gap_months.value == GapMonths.ZERO:
        yield gap_months, Fraction(0)
    if gap_months and profile.index_gap_months.value == GapMonths.FLOOR:
        yield gap_months, _GAP_FLOOR


_GAP_FLOOR: Final = Fraction(6, 10)
_YEAR: Final = Wording(
    "index-year",
    "{year}年：{paid_months}个月缴费基数合计{base_total_fen}元，参照月平均工资{reference_fen}元，"
    "指数{index_e4}",
    "{year}: bases of {paid_months} months add up to {base_total_fen} yuan, reference wage "
    "{reference_fen}, index {index_e4}",
    INDEX_SOURCE,
)
_BOUNDED_YEAR: Final = Wording(
    "index-year-bounded", _YEAR.zh + "（按上下限）", _YEAR.en + " (the bound)", INDEX_SOURCE
)
_AVERAGE: Final = Wording(
    "average-index",
    "平均缴费工资指数{index_e4}（{region}，共{months}个月；视同缴费{deemed_months}个月，"
    "中断{gap_months}个月）",
    "Average index {index_e4} ({region}, over {months} months; {deemed_months} deemed, "
    "{gap_months} unpaid in between)",
    INDEX_SOURCE,
)
