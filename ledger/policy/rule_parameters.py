"""Single numbers of the law, each with the months it applies to, its source and its status.

What stands here is the same in every province; where provinces differ see ``profiles``. A rule that
was only remembered, not found in a text, stands here too, as a yes (1) or no (0): a result that
rests on it then says so. Source: the rows of table rule_parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from ledger.errors import ParameterMissingError
from ledger.policy.periods import checked_period
from ledger.policy.regions import NATION
from ledger.policy.tables import Parameter, row_name, status_of, table

TABLE: Final = "rule_parameters"


@cache
def rule_parameter(name: str, period: int | None = None) -> Parameter:
    """A number of the law as it applies in a month; its unit stands in the table.

    Args:
        name: the parameter's name in the table.
        period: the month yyyymm; None for the newest version.

    Raises:
        ParameterMissingError: no version of it applies in that month.
        PeriodError: the month is not one.
    """
    rows = [row for row in table(TABLE) if row["parameter"] == name]
    if period is not None:
        checked_period(period)
        rows = [row for row in rows if _applies(row, period)]
    if not rows:
        raise ParameterMissingError(name, NATION, str(period or "-"))
    row = rows[-1]
    return Parameter(
        value=int(row["value"]),
        status=status_of(row["status"]),
        source=row["source"],
        row=row_name(TABLE, row),
    )


def _applies(row: Mapping[str, str], period: int) -> bool:
    return int(row["from_period"] or period) <= period <= int(row["to_period"] or period)
