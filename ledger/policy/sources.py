"""Every parameter of the law that this program carries, with its source and how reliable it is.

What is not published may estimate and never decide; the list of those is what a reviewer of the
tables works through before two officers release them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ledger.policy.releases import table_digests
from ledger.policy.tables import REMARKS, ParameterStatus, row_name, status_of, table

NOT_PARAMETERS: Final = frozenset({"retirement_age_reform"})
"""Results that were worked out for comparison; no rule reads them."""

_TABLE_SOURCES: Final = MappingProxyType({"annuity_months": "国发〔2005〕38号附件"})


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One parameter: where it stands, its values as written, its document and its status."""

    row: str
    values: Mapping[str, str]
    source: str
    status: ParameterStatus

    @property
    def may_decide(self) -> bool:
        """Whether a decision may rest on it."""
        return self.status is ParameterStatus.PUBLISHED


def source_rows() -> Iterator[SourceRow]:
    """Every row of every table, tables and rows in order; no two have one name."""
    for file in table_digests():
        name = file.removesuffix(".csv")
        if name not in NOT_PARAMETERS:
            yield from (_source_row(name, row) for row in table(name))


def _source_row(name: str, row: Mapping[str, str]) -> SourceRow:
    return SourceRow(
        row=row_name(name, row),
        values=MappingProxyType(
            {column: text for column, text in row.items() if column not in REMARKS}
        ),
        source=row.get("source") or _TABLE_SOURCES.get(name, ""),
        status=status_of(row.get("status") or row.get("note") or ""),
    )
