"""The list of planted cases: only tests and the demonstration's report read it, never a rule."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

SCHEMA: Final = "anxu-demo-planted/1"
FILE_NAME: Final = "planted.json"

TWO_CITIES: Final = "TWO_CITIES"
EMPLOYEE_AND_RESIDENT: Final = "EMPLOYEE_AND_RESIDENT"
OLD_AND_NEW_NUMBER: Final = "OLD_AND_NEW_NUMBER"
PAID_AFTER_DEATH: Final = "PAID_AFTER_DEATH"

ADJUSTMENT_BACK_PAY: Final = "ADJUSTMENT_BACK_PAY"
RETURNED_REPAYMENT: Final = "RETURNED_REPAYMENT"
DEATH_MONTH: Final = "DEATH_MONTH"
LATE_CERTIFICATION: Final = "LATE_CERTIFICATION_BACK_PAY"

HELD: Final = "HELD"

TRANSFER: Final = "TRANSFER"
REFUSED_ALTERED_RECORD: Final = "REFUSED_ALTERED_RECORD"
REFUSED_LEFT_OUT_MONTH: Final = "REFUSED_LEFT_OUT_MONTH"

ELIGIBLE: Final = "ELIGIBLE"
FOUR_MONTHS_SHORT: Final = "FOUR_MONTHS_SHORT"


@dataclass(frozen=True, slots=True)
class PlantedPayout:
    """A payment that must be found, must not be flagged, or must be held.

    ``regions``, ``schemes``, ``lines``, ``periods`` and ``amounts_fen`` run in parallel, one item a
    line of the files, in the order they were planted.
    """

    case: str
    identity_number: str
    name: str
    periods: tuple[int, ...]
    regions: tuple[str, ...]
    schemes: tuple[str, ...]
    lines: tuple[str, ...]
    amounts_fen: tuple[int, ...]
    number_as_filed: tuple[str, ...]
    died_on: str | None = None
    death_region: str | None = None


@dataclass(frozen=True, slots=True)
class PlantedTransfer:
    """Somebody who moved; ``overlapping`` months are paid in both cities.

    ``months`` are those paid at ``from_region``, ``months_at_destination`` those at ``to_region``.
    """

    case: str
    identity_number: str
    name: str
    birth_on: str
    from_region: str
    to_region: str
    first_period: int
    last_period: int
    months: int
    first_period_at_destination: int
    last_period_at_destination: int
    months_at_destination: int
    overlapping: tuple[int, ...]
    left_out_period: int | None = None


@dataclass(frozen=True, slots=True)
class PlantedProof:
    """Somebody who asks whether she is entitled; ``category`` is a decision, not in the number."""

    case: str
    identity_number: str
    name: str
    region: str
    category: str
    birth_period: int
    statutory_period: int
    months: int
    missing: int


@dataclass(frozen=True, slots=True)
class BureauFiles:
    """One city's files, by path below the directory, and what is in them."""

    region: str
    slug: str
    mapping: str | None
    baseline: tuple[str, ...]
    contributions: tuple[str, ...]
    deaths: str
    payouts_paid: str
    payouts_next: str | None
    contributors: int
    contribution_lines: int
    contribution_total_fen: int
    payout_lines: int
    payout_total_fen: int
    next_lines: int
    next_total_fen: int
    death_lines: int


@dataclass(frozen=True, slots=True)
class Planted:
    """Everything that was planted, and the files it was planted in."""

    seed: int
    scale: str
    as_of: str
    bureaus: tuple[BureauFiles, ...]
    must_find: tuple[PlantedPayout, ...]
    must_not_flag: tuple[PlantedPayout, ...]
    held: PlantedPayout
    transfers: tuple[PlantedTransfer, ...]
    proofs: tuple[PlantedProof, ...]
    schema: str = field(default=SCHEMA)

    def bureau(self, region: str) -> BureauFiles:
        """One city's files."""
        return next(bureau for bureau in self.bureaus if bureau.region == region)

    def cases(self, case: str) -> tuple[PlantedPayout, ...]:
        """The planted payments of one case."""
        everything = (*self.must_find, *self.must_not_flag, self.held)
        return tuple(payout for payout in everything if payout.case == case)

    def write(self, directory: Path) -> Path:
        """Write planted.json."""
        path = directory / FILE_NAME
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)
        path.write_text(text + "\n", encoding="utf-8")
        return path


def load_planted(directory: Path) -> Planted:
    """Read planted.json back."""
    content = json.loads((directory / FILE_NAME).read_text(encoding="utf-8"))
    assert content["schema"] == SCHEMA, content["schema"]
    return Planted(
        seed=content["seed"],
        scale=content["scale"],
        as_of=content["as_of"],
        bureaus=tuple(BureauFiles(**_tuples(item)) for item in content["bureaus"]),
        must_find=tuple(PlantedPayout(**_tuples(item)) for item in content["must_find"]),
        must_not_flag=tuple(PlantedPayout(**_tuples(item)) for item in content["must_not_flag"]),
        held=PlantedPayout(**_tuples(content["held"])),
        transfers=tuple(PlantedTransfer(**_tuples(item)) for item in content["transfers"]),
        proofs=tuple(PlantedProof(**item) for item in content["proofs"]),
    )


def _tuples(item: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in item.items()
    }
