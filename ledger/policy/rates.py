"""Parameters of the employee pension by place and date: rates, interest, wages, benefit bases.

A lookup gives the value, its status and its source. Where no published or derived value was found,
the table of demonstration values answers, and says so in the status; where that has none either,
the lookup refuses. Rules b.1, b.2; tables contribution_rates, account_interest_rate, average_wages,
demo_parameters.

A value of a city comes before its province's, a province's before the nation's.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Final

from ledger.errors import ParameterMissingError
from ledger.policy.money import fen_of_yuan
from ledger.policy.periods import first_day, year_of
from ledger.policy.regions import NATION, province_of
from ledger.policy.tables import Parameter, ParameterStatus, row_name, status_of, table, weakest

JANUARY: Final = 1
AVERAGE_WAGE_STANDS_IN: Final = (
    "no benefit base of the province was found; its average wage stands in"
)

# All-calibre averages come first; a value derived from a published ceiling last.
_WAGE_KINDS: Final = ("avg_wage_full_calibre", "avg_wage", "avg_wage_derived")


class Payer(StrEnum):
    """Whose rate: a row of contribution_rates; ``ACCOUNT`` is the share recorded in the account.

    ``FLEXIBLE``: who works for no unit (灵活就业人员) and pays all by themselves.
    """

    UNIT = "unit"
    PERSON = "person"
    ACCOUNT = "account_total"
    FLEXIBLE = "flexible_worker"


_DEMO_RATE_NAMES: Final = {Payer.UNIT: "unit_rate", Payer.PERSON: "person_rate"}


@cache
def contribution_rate(payer: Payer, period: int, region: str) -> Parameter:
    """The rate in bps of the base that applies in a month.

    The nearest place with a row counts, there the row with the latest beginning. A row that gives a
    range instead of a number decides nothing: then a demonstration value must stand in.

    Raises:
        ParameterMissingError: no table gives one number for this month.
    """
    row = _rate_row(payer, first_day(period).isoformat(), _places(region))
    if row is not None and row["rate_percent"].isdecimal():
        name = row_name("contribution_rates", row)
        value = _bps(row["rate_percent"])
        return Parameter(value, status_of(row["status"]), row["source"], name)
    demo = _demo_row(_DEMO_RATE_NAMES.get(payer, ""), period, region)
    if demo is None:
        raise ParameterMissingError(f"{payer} contribution rate", region, str(period))
    return Parameter(
        _bps(demo["value"]), ParameterStatus.DEMO, demo["source"], row_name("demo_parameters", demo)
    )


@cache
def account_interest(year: int) -> Parameter:
    """The rate in bps credited to personal accounts for a calendar year.

    A year whose rate is not yet published gets the last known one as PROVISIONAL; it is credited
    again when the notice appears, about June of the next year.

    Raises:
        ParameterMissingError: the year is before the first of the table.
    """
    rows = {int(row["year"]): row for row in table("account_interest_rate")}
    row = rows.get(year)
    if row is not None:
        name = row_name("account_interest_rate", row)
        return Parameter(_bps(row["rate_percent"]), status_of(row["status"]), row["source"], name)
    last = max(rows)
    if year > last:
        last_row = rows[last]
        value = _bps(last_row["rate_percent"])
        source = f"{last}: {last_row['source']}"
        return Parameter(
            value, ParameterStatus.PROVISIONAL, source, row_name("account_interest_rate", last_row)
        )
    demo = _demo_row("account_interest", year * 100 + JANUARY, NATION)
    if demo is None:
        raise ParameterMissingError("account interest rate", NATION, str(year))
    return Parameter(
        _bps(demo["value"]), ParameterStatus.DEMO, demo["source"], row_name("demo_parameters", demo)
    )


@cache
def reference_wage(region: str, year: int) -> Parameter:
    """The average monthly wage in fen of the region's province in a calendar year.

    Raises:
        ParameterMissingError: no table has it, not even for demonstrations.
    """
    province = province_of(region)
    candidates = {
        row["kind"]: row
        for row in table("average_wages")
        if row["gbt2260_code"] == province
        and row["year"] == str(year)
        and row["unit"] == "yuan/month"
    }
    for kind in _WAGE_KINDS:
        row = candidates.get(kind)
        if row is not None:
            name = row_name("average_wages", row)
            return Parameter(
                fen_of_yuan(row["amount"]), status_of(row["status"]), row["source"], name
            )
    demo = _demo_row("reference_wage", year * 100 + JANUARY, province)
    if demo is None:
        raise ParameterMissingError("reference wage", province, str(year))
    return Parameter(
        fen_of_yuan(demo["value"]),
        ParameterStatus.DEMO,
        demo["source"],
        row_name("demo_parameters", demo),
    )


@cache
def benefit_base(region: str, year: int) -> Parameter:
    """The benefit base (计发基数) in fen of the region's province for retirements of a year.

    A year whose base is not yet published gets the last published one as PROVISIONAL: the pension
    is paid on account and decided again later. Where no base of the province was found at all, the
    average wage of the year before stands in, never better than UNVERIFIED: provinces publish a
    base of their own. Source: rules d.

    Raises:
        ParameterMissingError: no table has that wage either.
    """
    province = province_of(region)
    rows = {
        int(row["year"]): row
        for row in table("average_wages")
        if row["gbt2260_code"] == province and row["kind"] == "benefit_base"
    }
    known = max((known for known in rows if known <= year), default=None)
    if known is None:
        wage = reference_wage(region, year - 1)
        source = f"{AVERAGE_WAGE_STANDS_IN}: {wage.source}"
        return Parameter(
            wage.value, weakest(ParameterStatus.UNVERIFIED, wage.status), source, wage.row
        )
    row = rows[known]
    status = status_of(row["status"]) if known == year else ParameterStatus.PROVISIONAL
    name = row_name("average_wages", row)
    return Parameter(fen_of_yuan(row["amount"]), status, row["source"], name)


def reference_year(period: int, switch_month: int = JANUARY) -> int:
    """The year whose average wage bounds the base of a month.

    It is the year before, from ``switch_month`` on (January unless a place says otherwise; many
    used July), and the year before that until then. Source: rules b.1.
    """
    year, month = divmod(period, 100)
    return year - 1 if month >= switch_month else year - 2


def _places(region: str) -> tuple[str, ...]:
    return region, province_of(region), NATION


def _rate_row(payer: Payer, day: str, places: tuple[str, ...]) -> Mapping[str, str] | None:
    rows = [
        row
        for row in table("contribution_rates")
        if row["payer"] == payer
        and row["region"] in places
        and row["from_date"] <= day <= (row["to_date"] or day)
    ]
    nearest = min((places.index(row["region"]) for row in rows), default=0)
    there = [row for row in rows if row["region"] == places[nearest]]
    return max(there, key=lambda row: row["from_date"], default=None)


def _demo_row(parameter: str, period: int, region: str) -> Mapping[str, str] | None:
    wanted = (region, NATION)
    for row in table("demo_parameters"):
        if (
            row["parameter"] == parameter
            and row["region"] in wanted
            and int(row["from_period"]) <= period <= int(row["to_period"])
        ):
            return row
    return None


def _bps(percent: str) -> int:
    return fen_of_yuan(percent)


def rate_years() -> range:
    """The years account interest has a rate for, published or not, in order."""
    years = [int(row["year"]) for row in table("account_interest_rate")]
    demo = [
        year_of(int(row["from_period"]))
        for row in table("demo_parameters")
        if row["parameter"] == "account_interest"
    ]
    return range(min(years + demo), max(years) + 1)
