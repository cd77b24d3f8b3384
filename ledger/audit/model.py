"""What an audit says: findings with an exact place, what it looked at, and what it could not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

Progress = Callable[[str, int, int], None]
"""Told the step, how much is done, and of how much."""

MAX_FINDINGS: Final = 1_000
"""How many findings of one part are kept; more are counted."""

ENTRIES: Final = "entries"
LOG_HEAD: Final = "log_head"
PERSONS: Final = "persons"
SOURCES: Final = "sources"
REVERSALS: Final = "reversals"
SUCCESSIONS: Final = "successions"
CHECKPOINTS: Final = "checkpoints"
COSIGNATURES: Final = "cosignatures"
PERSON_KEYS: Final = "keys/persons.sqlite"


class Part(StrEnum):
    """The parts of an audit, in the order in which their findings stand."""

    ENTRIES = "entries"
    HEAD = "head"
    INDEXES = "indexes"
    FILES = "files"
    CHECKPOINTS = "checkpoints"
    COSIGNATURES = "cosignatures"
    ANCHORS = "anchors"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as everything else says it must be.

    ``place`` is a table, or a file below the node's directory; ``row`` its primary key, ``field``
    the column, ``position`` where in it. ``expected`` and ``found`` are digests, lengths, sizes and
    places: never a person, an amount or a salt.
    """

    place: str
    row: str
    field: str
    expected: str
    found: str
    position: str = ""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """What could not be looked at: how often, and why (a word for programs)."""

    what: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """How much was looked at."""

    rows: int = 0
    records_opened: int = 0
    records_erased: int = 0
    file_bytes: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    anchors: int = 0


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The outcome: ``findings`` in order, the first one first; ``more`` counts those left out."""

    origin: str
    first: int
    size: int
    root: bytes | None
    checked: Checked
    findings: tuple[Finding, ...]
    more: int
    not_checked: tuple[NotChecked, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs; look at ``not_checked`` as well."""
        return not self.findings


@dataclass(slots=True)
class Findings:
    """Collects findings of all parts; gives them back in their one order."""

    _kept: dict[Part, list[tuple[tuple[int, ...], Finding]]] = field(default_factory=dict)
    _counts: dict[Part, int] = field(default_factory=dict)

    def add(self, part: Part, key: tuple[int, ...], finding: Finding) -> None:
        """Keep a finding; ``key`` orders it within its part."""
        self._counts[part] = self._counts.get(part, 0) + 1
        kept = self._kept.setdefault(part, [])
        kept.append((key, finding))
        if len(kept) >= 2 * MAX_FINDINGS:
            kept.sort(key=lambda item: item[0])
            del kept[MAX_FINDINGS:]

    def add_uncounted(self, part: Part, count: int) -> None:
        """Count findings that nobody lists."""
        if count:
            self._counts[part] = self._counts.get(part, 0) + count

    def any_in(self, *parts: Part) -> bool:
        """Whether one of these parts has a finding."""
        return any(self._counts.get(part) for part in parts)

    def count(self, part: Part) -> int:
        """How many findings a part has."""
        return self._counts.get(part, 0)

    def in_order(self) -> tuple[tuple[Finding, ...], int]:
        """All kept findings in order, and how many more there were."""
        result: list[Finding] = []
        for part in Part:
            kept = sorted(self._kept.get(part, ()), key=lambda item: item[0])
            result += [finding for _, finding in kept[:MAX_FINDINGS]]
        return tuple(result), sum(self._counts.values()) - len(result)
