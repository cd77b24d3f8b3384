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
from ledger.policy.tables import ParameterStatus, status_of, table

KEY_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "account_interest_rate": ("year",),
        "annuity_months": ("age",),
        "average_wages": ("gbt2260_code", "kind", "year", "unit"),
        "contribution_rates": ("region", "payer", "destination", "from_date"),
        "demo_parameters": ("parameter", "region", "from_period"),
        "divisions": ("code", "name_zh", "from_year"),
        "minimum_months": ("from_year",),
        "province_profiles": ("region", "option", "from_period"),
        "retirement_categories": ("category",),
        "work_calendar": ("date",),
    }
)
"""What names a row of each table."""

NOT_PARAMETERS: Final = frozenset({"retirement_age_reform"})
"""Results that were worked out for comparison; no rule reads them."""

_TABLE_SOURCES: Final = MappingProxyType({"annuity_months": "国发〔2005〕38号附件"})
_REMARKS: Final = ("source", "status", "note")


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
    """Every row of every table, tables and rows in order."""
    for file in table_digests():
        name = file.removesuffix(".csv")
        if name not in NOT_PARAMETERS:
            yield from (_source_row(name, row) for row in table(name))


def _source_row(name: str, row: Mapping[str, str]) -> SourceRow:
    key = " ".join(row[column] or "…" for column in KEY_COLUMNS[name])
    return SourceRow(
        row=f"{name}: {key}",
        values=MappingProxyType(
            {column: text for column, text in row.items() if column not in _REMARKS}
        ),
        source=row.get("source") or _TABLE_SOURCES.get(name, ""),
        status=status_of(row.get("status") or row.get("note") or ""),
    )
