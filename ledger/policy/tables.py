"""Reads the tables of the law that stand beside this module, each when first asked for."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Protocol

REMARKS: Final = ("source", "status", "note")
"""Columns that speak about a row's value and are none."""

_NO_KEY: Final = "..."
_WEAK_MARKS: Final = ("UNVERIFIED", "DERIVED", "DISPUTED")


class ParameterStatus(StrEnum):
    """How far a value may be relied on; only a published one may decide, the others estimate."""

    PUBLISHED = "published"
    UNVERIFIED = "unverified"
    PROVISIONAL = "provisional"
    DEMO = "demo"


_RANKS: Final = {status: rank for rank, status in enumerate(ParameterStatus)}


class Grounds(Protocol):
    """What a figure rests on: a row of a table, where that comes from and how reliable it is."""

    @property
    def row(self) -> str:
        """The row: its table and its key, or ``given`` for a value the caller brought."""

    @property
    def status(self) -> ParameterStatus:
        """How far the value may be relied on."""

    @property
    def source(self) -> str:
        """The document behind the row."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of the law with where it comes from; it is :class:`Grounds` of what uses it.

    ``value``: an integer; its unit is in the name of whoever hands it out (fen or bps). ``row``:
    the table and the key of the row, or ``given`` where a caller brought the value.
    """

    value: int
    status: ParameterStatus
    source: str
    row: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence a person reads, in both languages, and the rule it rests on."""

    zh: str
    en: str
    source: str

    def text(self, language: str = "zh") -> str:
        """The sentence in ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh


@cache
def table(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of ``tables/<name>.csv``, each a read-only mapping from column to text."""
    text = files("ledger.policy").joinpath("tables", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(MappingProxyType(row) for row in csv.DictReader(text.splitlines()))


def row_name(name: str, row: Mapping[str, str]) -> str:
    """How a row is named wherever it is mentioned: its table and what tells it from the others."""
    key = " ".join(row[column] for column in naming_columns(name) if row[column])
    return f"{name}: {key or _NO_KEY}"


@cache
def naming_columns(name: str) -> tuple[str, ...]:
    """The first columns of a table, as many as it takes to tell its rows apart."""
    rows = table(name)
    columns = tuple(column for column in rows[0] if column not in REMARKS)
    count = 1
    while len({tuple(row[column] for column in columns[:count]) for row in rows}) < len(rows):
        count += 1
        assert count <= len(columns), "no two rows of a table are equal"
    return columns[:count]


def status_of(text: str) -> ParameterStatus:
    """The status a table's remark amounts to."""
    if text == ParameterStatus.DEMO:
        return ParameterStatus.DEMO
    if any(mark in text for mark in _WEAK_MARKS):
        return ParameterStatus.UNVERIFIED
    return ParameterStatus.PUBLISHED


def weakest(*statuses: ParameterStatus) -> ParameterStatus:
    """The status of a figure that rests on several values: that of the least reliable one."""
    return max(statuses, key=_RANKS.__getitem__, default=ParameterStatus.PUBLISHED)
