"""Administrative divisions: names, and the province a city belongs to.

The province is the pool of the employee pension: money moves between provinces, inside one only
records do. Source: GB/T 2260; rules a.1 (scope), f.3. The table holds what is needed now; a code it
does not hold is still a division, known by its first two digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.errors import NotFoundError
from ledger.policy.tables import table

NATION: Final = "100000"
CODE_LENGTH: Final = 6


@dataclass(frozen=True, slots=True)
class Region:
    """One administrative division; ``level`` is ``province`` or ``prefecture``."""

    code: str
    name_zh: str
    name_en: str
    level: str


@cache
def regions() -> MappingProxyType[str, Region]:
    """Every division of the table by its code."""
    rows = (
        Region(row["code"], row["name_zh"], row["name_en"], row["level"])
        for row in table("regions")
    )
    return MappingProxyType({region.code: region for region in rows})


@cache
def province_of(code: str) -> str:
    """The six-digit code of the province a division lies in.

    Raises:
        NotFoundError: the code is not six digits or its first two name no province.
    """
    province = f"{code[:2]}0000"
    if len(code) != CODE_LENGTH or not code.isdecimal() or province not in regions():
        raise NotFoundError("region", code)
    return province


def pool_of(code: str) -> str:
    """The pool of the employee pension a division pays into: its province's two digits."""
    return province_of(code)[:2]


def region_name(code: str, language: str = "zh") -> str:
    """The name in ``zh`` or ``en``; a code the table does not hold is shown as it is."""
    region = regions().get(code)
    if region is None:
        return code
    return region.name_en if language == "en" else region.name_zh
