"""The fraud patterns F1 to F22 as data: names, what a hit says, parameters, source.

A condition (see ``fraud_payments`` and ``fraud_records``) looks at facts and gives a hit or None.
Every hit is a suspicion (疑点), never a finding: people look at it with documents and decide.
Persons are matched by identity number or pseudonym, never by name, and no hit carries either.

Source: rules e.4; table fraud_patterns (its rows name their texts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.errors import ParameterMissingError
from ledger.policy.regions import NATION
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import ParameterStatus, row_name, status_of, table

TABLE: Final = "fraud_patterns"


class FraudPattern(StrEnum):
    """The patterns by the names under which audits know them."""

    PAID_AFTER_DEATH = "F1"
    DEATH_REPORTED_LATE = "F2"
    TWO_PLACES = "F3"
    TWO_SCHEMES = "F4"
    PENSION_AND_UNEMPLOYMENT = "F5"
    PAID_IN_PRISON = "F6"
    INSURED_TWICE = "F7"
    CONTRIBUTION_BESIDE_BENEFIT = "F8"
    UNDER_AGE = "F9"
    FORGED_ARCHIVE = "F10"
    SPECIAL_TRADE = "F11"
    FICTITIOUS_EMPLOYMENT = "F12"
    LUMP_SUM_WITHOUT_DOCUMENT = "F13"
    SHARED_BANK_ACCOUNT = "F14"
    INSIDER_PAYMENT = "F15"
    DORMANT_ACCOUNT = "F16"
    UNMERGED_ACCOUNT = "F17"
    TRANSFERRED_TWICE = "F18"
    WRONG_AMOUNT = "F19"
    PAID_WITHOUT_CERTIFICATION = "F20"
    BROKEN_CHAIN = "F21"
    UNLISTED_ITEM = "F22"


@dataclass(frozen=True, slots=True)
class PatternRow:
    """One pattern; it is the grounds of its hits. ``parameters`` are whole numbers by name."""

    pattern: FraudPattern
    name_zh: str
    name_en: str
    suspicion: Wording
    parameters: Mapping[str, int]
    row: str
    status: ParameterStatus
    source: str

    def name(self, language: str = "zh") -> str:
        """The name in ``zh`` or ``en``."""
        return self.name_en if language == "en" else self.name_zh

    def parameter(self, name: str) -> int:
        """One parameter of the condition.

        Raises:
            ParameterMissingError: the pattern has none of this name.
        """
        if name not in self.parameters:
            raise ParameterMissingError(name, NATION, self.pattern.value)
        return self.parameters[name]


@dataclass(frozen=True, slots=True)
class Hit(Reasoned):
    """A condition that holds: a suspicion with its figures, and which part of it was met.

    ``reason``: a stable code; empty where the pattern has one condition only.
    """

    pattern: FraudPattern
    reason: str
    steps: tuple[Step, ...]

    @property
    def figures(self) -> Mapping[str, Figure]:
        """What was seen."""
        return self.steps[-1].figures


@dataclass(frozen=True, slots=True)
class HitReason:
    """One part of a condition: its code and its words."""

    code: str
    zh: str
    en: str


@cache
def fraud_patterns() -> MappingProxyType[FraudPattern, PatternRow]:
    """Every pattern by its id."""
    return MappingProxyType({FraudPattern(row["id"]): _pattern(row) for row in table(TABLE)})


def hit(
    pattern: FraudPattern, figures: Mapping[str, Figure], reason: HitReason | None = None
) -> Hit:
    """A hit of a pattern with what was seen."""
    row = fraud_patterns()[pattern]
    if reason is not None:
        figures = {**figures, "reason_zh": reason.zh, "reason_en": reason.en}
    return Hit(
        pattern=pattern,
        reason="" if reason is None else reason.code,
        steps=(Step(row.suspicion, figures, (row,)),),
    )


def _pattern(row: Mapping[str, str]) -> PatternRow:
    pattern = FraudPattern(row["id"])
    pairs = (item.split("=") for item in row["parameters"].split(";") if item)
    return PatternRow(
        pattern=pattern,
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        suspicion=Wording(
            f"fraud-{pattern.value.lower()}",
            row["suspicion_zh"],
            row["suspicion_en"],
            row["source"],
        ),
        parameters=MappingProxyType({name: int(value) for name, value in pairs}),
        row=row_name(TABLE, row),
        status=status_of(row["status"]),
        source=row["source"],
    )
