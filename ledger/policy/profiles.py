"""How a province does what national law leaves open: its profile, as data.

Each option is a row of the table province_profiles with source, status and validity. A city's row
comes before its province's, a province's before the national default; that a default stands in is
part of the option, and every result that uses it shows it. Source: rules a.5, b.1 to b.3, d, e.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.errors import ParameterMissingError
from ledger.policy.periods import checked_period
from ledger.policy.regions import NATION, province_of
from ledger.policy.steps import Step, Wording
from ledger.policy.tables import ParameterStatus, row_name, status_of, table

TABLE: Final = "province_profiles"


class YearsRounding(StrEnum):
    """How months become years in the benefit formula."""

    UNROUNDED = "unrounded"
    TWO_DECIMALS = "two-decimals"
    UP_TO_TENTH = "up-to-tenth"


class IndexDenominator(StrEnum):
    """The average wage of which year a year's base is compared with."""

    PREVIOUS_YEAR = "previous-year"
    CURRENT_YEAR = "current-year"


class IndexDeemed(StrEnum):
    """Whether deemed years enter the average of the index."""

    INCLUDED = "included"
    EXCLUDED = "excluded"


class GapMonths(StrEnum):
    """What an unpaid month between first and last payment does to the average of the index."""

    SKIPPED = "skipped"
    ZERO = "counted-as-zero"
    FLOOR = "counted-as-0.6"


class AccountMethod(StrEnum):
    """The two published methods of crediting interest."""

    MONTHLY_PRODUCT = "monthly-product"
    ANNUAL = "annual"


class Transition(StrEnum):
    """The forms of the transitional pension."""

    INDEX_WAGE = "index-wage"
    AVERAGE_OF_BASE_AND_INDEX_WAGE = "average-of-base-and-index-wage"
    DEEMED_AT_ONE_AND_PAID_AT_INDEX = "deemed-at-one-and-paid-at-index"


class Addition(StrEnum):
    """The local additions to the pension."""

    NONE = "none"
    INDEX_WAGE_BY_YEARS = "index-wage-by-years"


@dataclass(frozen=True, slots=True)
class Option:
    """One option as it applies somewhere: its value and the row that says so.

    ``region``: whose row it is; :data:`NATION` means that the named default stands in. ``row``: the
    row of the table.
    """

    name: str
    value: str
    region: str
    status: ParameterStatus
    source: str
    row: str

    @property
    def is_default(self) -> bool:
        """Whether no row of the place itself was found."""
        return self.region == NATION

    @property
    def number(self) -> Fraction:
        """The value of an option that is a number."""
        return Fraction(self.value)


@dataclass(frozen=True, slots=True)
class ProvinceProfile:
    """Every option of a place in a month; the fields are the options of the table."""

    region: str
    period: int
    years_rounding: Option
    money_rounding: Option
    index_denominator: Option
    index_deemed: Option
    index_deemed_value: Option
    index_gap_months: Option
    index_floor: Option
    index_ceiling: Option
    index_decimals: Option
    reference_switch_month: Option
    account_method: Option
    account_offset: Option
    interest_rounding: Option
    transition: Option
    transition_rate_percent: Option
    addition: Option
    addition_rate_percent: Option
    certification_cycle_months: Option


@cache
def option_names() -> tuple[str, ...]:
    """The names of the options: the fields of a profile."""
    return tuple(
        field.name for field in fields(ProvinceProfile) if field.name not in {"region", "period"}
    )


@cache
def province_profile(region: str, period: int) -> ProvinceProfile:
    """The profile of a place in a month; the nation's own profile holds the defaults alone.

    Raises:
        NotFoundError: the region lies in no province.
        PeriodError: the month is not one.
        ParameterMissingError: the table lacks a national default.
    """
    places = (NATION,) if region == NATION else (region, province_of(region), NATION)
    checked_period(period)
    options = {name: _option(name, places, period) for name in option_names()}
    return ProvinceProfile(region=region, period=period, **options)


def option_step(option: Option) -> Step:
    """The step that says which option was used, and whether the national default stands in."""
    return Step(
        wording=_DEFAULT if option.is_default else _OWN,
        figures={"option": option.name, "value": option.value, "region": option.region},
        grounds=(option,),
    )


def _option(name: str, places: tuple[str, ...], period: int) -> Option:
    rows = _rows_by_key()
    for place in places:
        for row in rows.get((place, name), ()):
            if int(row["from_period"] or period) <= period <= int(row["to_period"] or period):
                return Option(
                    name=name,
                    value=row["value"],
                    region=place,
                    status=status_of(row["status"]),
                    source=row["source"],
                    row=row_name(TABLE, row),
                )
    raise ParameterMissingError(name, places[0], str(period))


@cache
def _rows_by_key() -> Mapping[tuple[str, str], tuple[Mapping[str, str], ...]]:
    found: dict[tuple[str, str], tuple[Mapping[str, str], ...]] = {}
    for row in table(TABLE):
        key = row["region"], row["option"]
        found[key] = (*found.get(key, ()), row)
    return MappingProxyType(found)


_OWN: Final = Wording(
    "province-option",
    "{region}的做法：{option} = {value}",
    "The way of {region}: {option} = {value}",
    "省级规定（见参数表）",
)
_DEFAULT: Final = Wording(
    "national-default",
    "未查到本地规定，按缺省：{option} = {value}",
    "No rule of the place was found, so the named default stands in: {option} = {value}",
    "缺省参数（见参数表）",
)
