"""What a month of the employee pension costs, within which bounds, and where the money goes.

Base: the own average monthly wage of the year before, at least 60 % and at most 300 % of the
reference wage. The unit's money goes to the pool, the person's to the personal account. Amounts are
integer fen, each line rounded half up. Source: 社会保险法 art. 12; 国办发〔2019〕13号; rules b.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from ledger.errors import AmountError
from ledger.policy.money import percent_text, share_of, yuan_text
from ledger.policy.rates import Payer, contribution_rate, reference_wage, reference_year
from ledger.policy.regions import region_name
from ledger.policy.tables import Explanation, ParameterStatus, weakest

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
    """Between what a month's base must lie, in fen, and the wage both bounds come from."""

    floor_fen: int
    ceiling_fen: int
    reference_fen: int
    reference_year: int
    status: ParameterStatus
    source: str

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
    account_rate_bps: int
    status: ParameterStatus


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is due for one month, in fen, with the rates and the reason."""

    period: int
    region: str
    wage_fen: int
    base_fen: int
    bound: Bound
    unit_rate_bps: int
    person_rate_bps: int
    unit_fen: int
    person_fen: int
    split: Split
    parameter_status: ParameterStatus
    explanation: Explanation

    @property
    def amount_fen(self) -> int:
        """All that is due: the unit's and the person's part."""
        return self.unit_fen + self.person_fen


@cache
def base_bounds(period: int, region: str) -> BaseBounds:
    """The bounds of a month's base in a region.

    Raises:
        ParameterMissingError: the reference wage of the year before is in no table.
    """
    year = reference_year(period)
    wage = reference_wage(region, year)
    return BaseBounds(
        floor_fen=share_of(wage.value, FLOOR_BPS),
        ceiling_fen=share_of(wage.value, CEILING_BPS),
        reference_fen=wage.value,
        reference_year=year,
        status=wage.status,
        source=wage.source,
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
    split = split_paid(period, region, base_fen, unit_fen, person_fen)
    bound = bounds.bound_of(wage_fen)
    return Assessment(
        period=period,
        region=region,
        wage_fen=wage_fen,
        base_fen=base_fen,
        bound=bound,
        unit_rate_bps=unit.value,
        person_rate_bps=person.value,
        unit_fen=unit_fen,
        person_fen=person_fen,
        split=split,
        parameter_status=weakest(bounds.status, unit.status, person.status, split.status),
        explanation=_explain(bounds, bound, region, base_fen, unit.value, person.value),
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
    return Split(pool_fen, account_fen, account.value, account.status)


def _explain(
    bounds: BaseBounds, bound: Bound, region: str, base_fen: int, unit_bps: int, person_bps: int
) -> Explanation:
    place_zh, place_en = region_name(region, "zh"), region_name(region, "en")
    reference = yuan_text(bounds.reference_fen)
    why_zh = {
        Bound.NONE: "按本人工资",
        Bound.FLOOR: "低于下限，按60%计",
        Bound.CEILING: "高于上限，按300%计",
    }[bound]
    why_en = {
        Bound.NONE: "the own wage",
        Bound.FLOOR: "raised to the floor of 60 %",
        Bound.CEILING: "cut to the ceiling of 300 %",
    }[bound]
    return Explanation(
        zh=(
            f"缴费基数{yuan_text(base_fen)}元（{why_zh}；{place_zh}{bounds.reference_year}年"
            f"月平均工资{reference}元），单位{percent_text(unit_bps)}，个人{percent_text(person_bps)}"
        ),
        en=(
            f"Base {yuan_text(base_fen)} yuan ({why_en}; {place_en}, average monthly wage of "
            f"{bounds.reference_year}: {reference}), unit {percent_text(unit_bps)}, "
            f"person {percent_text(person_bps)}"
        ),
        source=SOURCE,
    )
