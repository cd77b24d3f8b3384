"""What a month of the employee pension costs, within which bounds, and where the money goes.

Base: the own average monthly wage of the year before, at least 60 % and at most 300 % of the
reference wage. The unit's money goes to the pool, the person's to the personal account; who works
for no unit chooses a base between the bounds and pays 20 %, 8 of it to the account. Amounts are
integer fen, each line rounded half up. Source: 社会保险法 art. 12; 国办发〔2019〕13号; rules b.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.errors import AmountError
from ledger.policy.money import share_of, yuan_text
from ledger.policy.periods import checked_period
from ledger.policy.profiles import Option, option_step, province_profile
from ledger.policy.rates import Payer, contribution_rate, reference_wage, reference_year
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import Parameter, ParameterStatus, weakest

FLOOR_BPS: Final = 6_000
CEILING_BPS: Final = 30_000
SOURCE: Final = "国办发〔2019〕13号；社会保险法第十二条"


class Bound(StrEnum):
    """Which bound moved the base, if any."""

    NONE = "none"
    FLOOR = "floor"
    CEILING = "ceiling"


@dataclass(frozen=True, slots=True)
class BaseBounds:
    """Between what a month's base must lie, in fen, and the wage both bounds come from.

    ``switch``: the option of the place that says from which month of a year the wage of the year
    before counts.
    """

    floor_fen: int
    ceiling_fen: int
    reference_year: int
    reference: Parameter
    switch: Option

    @property
    def reference_fen(self) -> int:
        """The reference wage of a month."""
        return self.reference.value

    @property
    def status(self) -> ParameterStatus:
        """The status of the weaker value behind the bounds."""
        return weakest(self.reference.status, self.switch.status)

    def bound_of(self, base_fen: int) -> Bound:
        """Which bound a base breaks, if any."""
        if base_fen < self.floor_fen:
            return Bound.FLOOR
        return Bound.CEILING if base_fen > self.ceiling_fen else Bound.NONE

    def clamp(self, wage_fen: int) -> int:
        """The base a wage gives."""
        return min(max(wage_fen, self.floor_fen), self.ceiling_fen)


@dataclass(frozen=True, slots=True)
class Split:
    """Where the money of one month goes; ``pool_fen + account_fen`` is all of it."""

    pool_fen: int
    account_fen: int
    account_rate: Parameter

    @property
    def account_rate_bps(self) -> int:
        """The account's share of the base."""
        return self.account_rate.value

    @property
    def status(self) -> ParameterStatus:
        """The status of the account's share."""
        return self.account_rate.status


@dataclass(frozen=True, slots=True)
class Assessment(Reasoned):
    """What is due for one month, in fen, with the rates and the reasons.

    ``unit_rate`` is None for somebody who works for no unit.
    """

    period: int
    region: str
    wage_fen: int
    base_fen: int
    bounds: BaseBounds
    unit_rate: Parameter | None
    person_rate: Parameter
    unit_fen: int
    person_fen: int
    split: Split

    @property
    def amount_fen(self) -> int:
        """All that is due: the unit's and the person's part."""
        return self.unit_fen + self.person_fen

    @property
    def bound(self) -> Bound:
        """Which bound moved the base, if any."""
        return self.bounds.bound_of(self.wage_fen)

    @property
    def unit_rate_bps(self) -> int:
        """The unit's rate; nothing for somebody who works for no unit."""
        return 0 if self.unit_rate is None else self.unit_rate.value

    @property
    def person_rate_bps(self) -> int:
        """The person's rate."""
        return self.person_rate.value

    @property
    def steps(self) -> tuple[Step, ...]:
        """The bounds, where the money goes, and the base with the rates."""
        bounds, split = self.bounds, self.split
        reference: dict[str, Figure] = {
            "region": self.region,
            "reference_fen": bounds.reference_fen,
            "reference_year": bounds.reference_year,
        }
        bound_zh, bound_en = _BOUND_WORDS[self.bound]
        rates = tuple(rate for rate in (self.unit_rate, self.person_rate) if rate is not None)
        return (
            option_step(bounds.switch),
            Step(
                _BOUNDS,
                reference | {"floor_fen": bounds.floor_fen, "ceiling_fen": bounds.ceiling_fen},
                (bounds.reference,),
            ),
            Step(
                _SPLIT,
                {
                    "pool_fen": split.pool_fen,
                    "account_fen": split.account_fen,
                    "account_rate_bps": split.account_rate_bps,
                },
                (split.account_rate,),
            ),
            Step(
                _FLEXIBLE if self.unit_rate is None else _BASE,
                reference
                | {
                    "base_fen": self.base_fen,
                    "bound_zh": bound_zh,
                    "bound_en": bound_en,
                    "unit_rate_bps": self.unit_rate_bps,
                    "person_rate_bps": self.person_rate_bps,
                },
                rates,
            ),
        )


@cache
def base_bounds(period: int, region: str) -> BaseBounds:
    """The bounds of a month's base in a region.

    Raises:
        PeriodError: the month is not one.
        ParameterMissingError: the reference wage of the year that counts is in no table.
    """
    switch = province_profile(region, checked_period(period)).reference_switch_month
    year = reference_year(period, int(switch.value))
    wage = reference_wage(region, year)
    return BaseBounds(
        floor_fen=share_of(wage.value, FLOOR_BPS),
        ceiling_fen=share_of(wage.value, CEILING_BPS),
        reference_year=year,
        reference=wage,
        switch=switch,
    )


def assess(wage_fen: int, period: int, region: str) -> Assessment:
    """What is due for an employee's month.

    Args:
        wage_fen: own average monthly wage of the year before (new staff: the first month's wage).
        period: the month insured, yyyymm.
        region: the division where the person is insured.

    Raises:
        AmountError: the wage is negative.
        ParameterMissingError: a rate or the reference wage is in no table.
    """
    if wage_fen < 0:
        raise AmountError("wage", "it is negative")
    bounds = base_bounds(period, region)
    base_fen = bounds.clamp(wage_fen)
    unit = contribution_rate(Payer.UNIT, period, region)
    person = contribution_rate(Payer.PERSON, period, region)
    unit_fen = share_of(base_fen, unit.value)
    person_fen = share_of(base_fen, person.value)
    return Assessment(
        period=period,
        region=region,
        wage_fen=wage_fen,
        base_fen=base_fen,
        bounds=bounds,
        unit_rate=unit,
        person_rate=person,
        unit_fen=unit_fen,
        person_fen=person_fen,
        split=split_paid(period, region, base_fen, unit_fen, person_fen),
    )


def assess_flexible(base_fen: int, period: int, region: str) -> Assessment:
    """What somebody who works for no unit pays for a month on the base they chose.

    Raises:
        AmountError: the base is not between the bounds of the place.
        ParameterMissingError: the rate or the reference wage is in no table.
    """
    bounds = base_bounds(period, region)
    if bounds.bound_of(base_fen) is not Bound.NONE:
        limits = f"{yuan_text(bounds.floor_fen)} to {yuan_text(bounds.ceiling_fen)} yuan"
        raise AmountError("base", f"it must be {limits}, not {yuan_text(base_fen)}")
    rate = contribution_rate(Payer.FLEXIBLE, period, region)
    person_fen = share_of(base_fen, rate.value)
    return Assessment(
        period=period,
        region=region,
        wage_fen=base_fen,
        base_fen=base_fen,
        bounds=bounds,
        unit_rate=None,
        person_rate=rate,
        unit_fen=0,
        person_fen=person_fen,
        split=split_paid(period, region, base_fen, 0, person_fen),
    )


def split_paid(period: int, region: str, base_fen: int, unit_fen: int, person_fen: int) -> Split:
    """Divide a month's money, as it was paid, between the personal account and the pool.

    The account gets its share of the base (8 % since 2006, 11 % before), the pool the rest, so that
    nothing is lost in rounding.

    Raises:
        AmountError: an amount is negative, or what was paid does not even fill the account's share.
        ParameterMissingError: no table has the account's share for this month.
    """
    for field, amount in (("base", base_fen), ("unit", unit_fen), ("person", person_fen)):
        if amount < 0:
            raise AmountError(field, "it is negative")
    account = contribution_rate(Payer.ACCOUNT, period, region)
    account_fen = share_of(base_fen, account.value)
    pool_fen = unit_fen + person_fen - account_fen
    if pool_fen < 0:
        raise AmountError("person", "less was paid than the personal account must receive")
    return Split(pool_fen, account_fen, account)


_BASE: Final = Wording(
    "contribution-base",
    "缴费基数{base_fen}元（{bound_zh}；{region}{reference_year}年"
    "月平均工资{reference_fen}元），单位{unit_rate_bps}，个人{person_rate_bps}",
    "Base {base_fen} yuan ({bound_en}; {region}, average monthly wage of "
    "{reference_year}: {reference_fen}), unit {unit_rate_bps}, person {person_rate_bps}",
    SOURCE,
)
_BOUND_WORDS: Final = MappingProxyType(
    {
        Bound.NONE: ("按本人工资", "the own wage"),
        Bound.FLOOR: ("低于下限，按60%计", "raised to the floor of 60 %"),
        Bound.CEILING: ("高于上限，按300%计", "cut to the ceiling of 300 %"),
    }
)
_FLEXIBLE: Final = Wording(
    "flexible-contribution-base",
    "灵活就业人员自选缴费基数{base_fen}元（{region}{reference_year}年月平均工资{reference_fen}元），"
    "个人缴费{person_rate_bps}",
    "Base chosen by somebody who works for no unit: {base_fen} yuan ({region}, average monthly "
    "wage of {reference_year}: {reference_fen}), paid by the person: {person_rate_bps}",
    "国发〔2005〕38号",
)
_BOUNDS: Final = Wording(
    "base-bounds",
    "缴费基数下限{floor_fen}元、上限{ceiling_fen}元，"
    "为{region}{reference_year}年月平均工资{reference_fen}元的60%、300%",
    "The base lies between {floor_fen} and {ceiling_fen} yuan: 60 % and 300 % of the average "
    "monthly wage of {reference_year} in {region}, {reference_fen}",
    SOURCE,
)
_SPLIT: Final = Wording(
    "contribution-split",
    "其中{account_fen}元计入个人账户（基数的{account_rate_bps}），{pool_fen}元进入统筹基金",
    "{account_fen} yuan of it go to the personal account ({account_rate_bps} of the base), "
    "{pool_fen} to the pool",
    SOURCE,
)
