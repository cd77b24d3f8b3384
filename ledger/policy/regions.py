"""Administrative divisions: names, years, and the province a city belongs to.

The province is the pool of the employee pension: money moves between provinces, inside one only
records do. Codes change every year and stay valid for the people and employers that carry them:
the table holds provinces and prefectures as the year-end lists had them since 1980. A code it does
not hold is still a division, known by its first digits.

Source: GB/T 2260; rules a.1 (scope), f.3; table divisions (its rows name their lists).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.errors import NotFoundError
from ledger.policy.tables import ParameterStatus, status_of, table

NATION: Final = "100000"
CORPS: Final = "660000"
"""新疆生产建设兵团: a pension agency and pool of its own, beside its region 650000."""

MUNICIPALITIES: Final = frozenset({"110000", "120000", "310000", "500000"})
CODE_LENGTH: Final = 6


@dataclass(frozen=True, slots=True)
class Region:
    """One administrative division as it was called over some years.

    ``level`` is ``province`` or ``prefecture``; ``parent`` is the province, or the nation.
    ``from_year``: the first year-end list with it, None when it stood in the first list of all;
    ``to_year``: the last one, None while it stands.
    """

    code: str
    name_zh: str
    name_en: str
    level: str
    parent: str
    from_year: int | None
    to_year: int | None
    source: str
    status: ParameterStatus

    @property
    def is_current(self) -> bool:
        """Whether the division stands today."""
        return self.to_year is None

    def stands_in(self, year: int) -> bool:
        """Whether the list of the end of ``year`` has it."""
        begun = self.from_year is None or self.from_year <= year
        return begun and (self.to_year is None or year <= self.to_year)

    def name(self, language: str = "zh") -> str:
        """The name in ``zh`` or ``en``."""
        return self.name_en if language == "en" else self.name_zh


@cache
def region_history() -> MappingProxyType[str, tuple[Region, ...]]:
    """Every division of the table by its code, the earliest first: a code can be given twice."""
    found: defaultdict[str, list[Region]] = defaultdict(list)
    for row in table("divisions"):
        found[row["code"]].append(
            Region(
                code=row["code"],
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                level=row["level"],
                parent=row["parent"] or NATION,
                from_year=int(row["from_year"]) if row["from_year"] else None,
                to_year=int(row["to_year"]) if row["to_year"] else None,
                source=row["source"],
                status=status_of(row["status"]),
            )
        )
    return MappingProxyType({code: tuple(regions) for code, regions in found.items()})


@cache
def regions() -> MappingProxyType[str, Region]:
    """Every division by its code as it is called today, or as it was called last."""
    return MappingProxyType({code: found[-1] for code, found in region_history().items()})


def region_in(code: str, year: int) -> Region:
    """The division that had a code at the end of a year.

    Raises:
        NotFoundError: no province or prefecture had it then.
    """
    for region in region_history().get(code, ()):
        if region.stands_in(year):
            return region
    raise NotFoundError(f"region in the list of {year}", code)


@cache
def province_of(code: str) -> str:
    """The six-digit code of the province a division lies in; retired codes have one too.

    Raises:
        NotFoundError: the code is not six digits or its first two name no province.
    """
    province = f"{code[:2]}0000"
    if len(code) != CODE_LENGTH or not _ascii_digits(code) or province not in regions():
        raise NotFoundError("region", code)
    return province


def city_of(code: str) -> str:
    """The prefecture a division lies in; for a municipality and for a province, the province.

    Raises:
        NotFoundError: the code names no province, or four digits that never were a prefecture.
    """
    province = province_of(code)
    if code == province or province in MUNICIPALITIES:
        return province
    city = f"{code[:4]}00"
    if city not in regions():
        raise NotFoundError("prefecture", code)
    return city


def parent_of(code: str) -> str:
    """The division right above: a county's prefecture, a prefecture's province, the nation.

    Raises:
        NotFoundError: as for :func:`city_of`.
    """
    city, province = city_of(code), province_of(code)
    if code == province:
        return NATION
    return province if code == city else city


def cities_of(province: str) -> tuple[Region, ...]:
    """The prefectures that stand in a province today, by code; a municipality has none.

    Raises:
        NotFoundError: the code names no province.
    """
    wanted = province_of(province)
    return tuple(
        region for region in regions().values() if region.parent == wanted and region.is_current
    )


def pool_of(code: str) -> str:
    """The pool of the employee pension a division pays into: its province's two digits."""
    return province_of(code)[:2]


def region_name(code: str, language: str = "zh") -> str:
    """The name in ``zh`` or ``en``; a code the table does not hold is shown as it is."""
    region = regions().get(code)
    return code if region is None else region.name(language)


def _ascii_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()
