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
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.tables import Parameter, row_name, status_of, table

TENTHS: Final = 10
ANNUITY_SOURCE: Final = "国发〔2005〕38号"
BETWEEN_AGES: Final = "annuity_linear_between_ages"


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
    tenths = rounded(months * TENTHS, MONTHS_PER_YEAR, Rounding.HALF_UP_FEN)
    return AnnuityMonths(age_months, tenths, (below, above, rule_parameter(BETWEEN_AGES)))


@cache
def _rows() -> Mapping[int, Parameter]:
    return MappingProxyType(
        {
            int(row["age"]): Parameter(
                int(row["months"]),
                status_of(row["note"]),
                ANNUITY_SOURCE,
                row_name("annuity_months", row),
            )
            for row in table("annuity_months")
        }
    )
