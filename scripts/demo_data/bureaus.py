"""The three cities of the demonstration, how many people each insures, and its calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.policy.periods import add_months, period_of
from ledger.policy.regions import region_name

NANJING: Final = "320100"
SUZHOU: Final = "320500"
HEFEI: Final = "340100"

CONTRIBUTION_MONTHS: Final = 38
DEMO_AS_OF: Final = date(2026, 9, 15)


@dataclass(frozen=True, slots=True)
class Bureau:
    """One city's bureau; ``slug`` names its folder."""

    region: str
    slug: str

    @property
    def city(self) -> str:
        """The city's Chinese name without 市."""
        return region_name(self.region).removesuffix("市")


BUREAUS: Final = (
    Bureau(NANJING, "nanjing"),
    Bureau(SUZHOU, "suzhou"),
    Bureau(HEFEI, "hefei"),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How many people, by region; ``employers`` and ``deaths`` are for each city."""

    name: str
    contributors: dict[str, int]
    retirees: dict[str, int]
    employers: int
    deaths: int
    long_histories: int


SCALES: Final = {
    "small": Scale(
        name="small",
        contributors={NANJING: 60, SUZHOU: 60, HEFEI: 60},
        retirees={NANJING: 30, SUZHOU: 24, HEFEI: 26},
        employers=5,
        deaths=2,
        long_histories=4,
    ),
    "demo": Scale(
        name="demo",
        contributors={NANJING: 900, SUZHOU: 600, HEFEI: 700},
        retirees={NANJING: 250, SUZHOU: 150, HEFEI: 200},
        employers=40,
        deaths=6,
        long_histories=10,
    ),
}
"""``small`` is for tests; both have every planted case. Planted persons come on top."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The months of a demonstration: all follow from the day it stands on."""

    as_of: date

    @property
    def this_period(self) -> int:
        """The month of the batch that is checked before payment."""
        return period_of(self.as_of)

    @property
    def last_period(self) -> int:
        """The last month contributed and paid."""
        return add_months(self.this_period, -1)

    @property
    def first_period(self) -> int:
        """The first month of the contribution files (the baseline goes further back)."""
        return add_months(self.last_period, 1 - CONTRIBUTION_MONTHS)
