"""What a verification says: named checks, and two verdicts drawn from them.

*Invalid* means that evidence contradicts; what could not be checked is *undetermined*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What came out of one check, and of a verdict."""

    VALID = "valid"
    INVALID = "invalid"
    UNDETERMINED = "undetermined"


class CheckName(StrEnum):
    """The checks, in the order in which they are reported."""

    BUNDLE_SHAPE = "bundle-shape"
    RECORD_CANONICAL = "record-canonical"
    RECORD_MATCHES_HEAD = "record-matches-head"
    COMMITMENT = "commitment"
    TAG = "tag"
    SEAL = "seal"
    INCLUSION = "inclusion"
    CHECKPOINT_SIGNATURE = "checkpoint-signature"
    COSIGNATURE = "cosignature"
    ANCHOR = "anchor"
    STANDING = "standing"


RECORD_CHECKS: Final = frozenset(
    {CheckName.RECORD_CANONICAL, CheckName.RECORD_MATCHES_HEAD, CheckName.COMMITMENT}
)
"""What is checked only where a record is shown, that is at the owner level."""

WITNESS_CHECKS: Final = frozenset({CheckName.COSIGNATURE, CheckName.ANCHOR})
"""Of these one must hold: somebody other than the bureau saw the checkpoint."""

NAMES_ZH: Final[Mapping[CheckName, str]] = {
    CheckName.BUNDLE_SHAPE: "文件结构",
    CheckName.RECORD_CANONICAL: "记录规范",
    CheckName.RECORD_MATCHES_HEAD: "记录与摘要头一致",
    CheckName.COMMITMENT: "记录承诺",
    CheckName.TAG: "事实标签",
    CheckName.SEAL: "封印",
    CheckName.INCLUSION: "收录证明",
    CheckName.CHECKPOINT_SIGNATURE: "检查点签名",
    CheckName.COSIGNATURE: "监管联署",
    CheckName.ANCHOR: "链上锚定",
    CheckName.STANDING: "现时有效",
}

NAMES_EN: Final[Mapping[CheckName, str]] = {
    CheckName.BUNDLE_SHAPE: "Shape of the file",
    CheckName.RECORD_CANONICAL: "Record in its one form",
    CheckName.RECORD_MATCHES_HEAD: "Record agrees with the head",
    CheckName.COMMITMENT: "Commitment to the record",
    CheckName.TAG: "Tag of the fact",
    CheckName.SEAL: "Seal",
    CheckName.INCLUSION: "Inclusion in the log",
    CheckName.CHECKPOINT_SIGNATURE: "Signature of the checkpoint",
    CheckName.COSIGNATURE: "Supervisor's cosignature",
    CheckName.ANCHOR: "Anchor on chain",
    CheckName.STANDING: "Still stands",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One step: what was looked at, what came out, and the public values it rests on."""

    name: CheckName
    outcome: Outcome
    zh: str
    en: str
    evidence: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, language: str = "en") -> str:
        """What came out, in ``zh`` or ``en``."""
        return self.zh if language == "zh" else self.en

    def title(self, language: str = "en") -> str:
        """What was looked at, in ``zh`` or ``en``."""
        return (NAMES_ZH if language == "zh" else NAMES_EN)[self.name]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a fact was recorded, and whether it still stands.

    ``witnessed_at`` is the earliest time at which somebody other than the bureau saw it recorded;
    ``stands_as_of`` and ``stands_as_of_at`` say for which checkpoint, and when, *still stands* was
    found. ``missing`` names the checks that could not be made and keep a verdict open.
    """

    was_recorded: Outcome
    still_stands: Outcome
    checks: tuple[Check, ...]
    missing: tuple[CheckName, ...] = ()
    witnessed_at: datetime | None = None
    stands_as_of: int | None = None
    stands_as_of_at: datetime | None = None

    def check(self, name: CheckName) -> Check | None:
        """One check by its name; None when the file could not even be read that far."""
        return next((check for check in self.checks if check.name is name), None)

    def reasons(self, language: str = "en") -> tuple[str, ...]:
        """Why a verdict is not valid: what contradicts, else what is missing."""
        wrong = [check for check in self.checks if check.outcome is Outcome.INVALID]
        open_ = [check for check in self.checks if check.name in self.missing]
        return tuple(check.sentence(language) for check in wrong or open_)
