"""The months table (计发月数): over how many months an account is spread, by age at retirement.

Whole ages stand in the table of 国发〔2005〕38号. Since the pension age grows by months, ages in
between are interpolated by months and rounded to 0.1, as bureaus do; no national text was found.
Source: rules d.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.errors import ParameterMissingError
from ledger.policy.money import Rounding, rounded
from ledger.policy.periods import MONTHS_PER_YEAR
from ledger.policy.regions import NATION
from ledger.policy.tables import Parameter, ParameterStatus, status_of, table

TENTHS: Final = 10
ANNUITY_SOURCE: Final = "国发〔2005〕38号"
PRACTICE_SOURCE: Final = "found: rules d (answer of the bureau of Jinan); local practice"


@dataclass(frozen=True, slots=True)
class AnnuityMonths:
    """The months for one age in tenths, with the rows they come from."""

    age_months: int
    tenths: int
    grounds: tuple[Parameter, ...]


@cache
def annuity_months(age_months: int) -> AnnuityMonths:
    """The months for an age in months, from 40 to 70 years.

    Raises:
        ParameterMissingError: the table does not reach this age.
    """
    years, rest = divmod(age_months, MONTHS_PER_YEAR)
    rows = _rows()
    below, above = rows.get(years), rows.get(years + 1 if rest else years)
    if below is None or above is None:
        raise ParameterMissingError("annuity months", NATION, f"{years} years {rest} months")
    if not rest:
        return AnnuityMonths(age_months, below.value * TENTHS, (below,))
    months = below.value * MONTHS_PER_YEAR + (above.value - below.value) * rest
    practice = Parameter(
        rounded(months * TENTHS, MONTHS_PER_YEAR, Rounding.HALF_UP_FEN),
        ParameterStatus.UNVERIFIED,
        PRACTICE_SOURCE,
        f"annuity_months: between {years} and {years + 1}, linear by months, rounded to 0.1",
    )
    return AnnuityMonths(age_months, practice.value, (below, above, practice))


@cache
def _rows() -> Mapping[int, Parameter]:
    return MappingProxyType(
        {
            int(row["age"]): Parameter(
                int(row["months"]),
                status_of(row["note"]),
                ANNUITY_SOURCE,
                f"annuity_months: {row['age']}",
            )
            for row in table("annuity_months")
        }
    )
