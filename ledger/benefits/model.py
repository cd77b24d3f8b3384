"""A working life as records tell it, its review, and the decision officers signed; values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ledger.evidence.encoding import LeafIndex, LogId
from ledger.policy.eligibility import EligibilityReview
from ledger.policy.overlaps import Overlap
from ledger.policy.retirement import Category
from ledger.policy.tables import Explanation


class RecordState(StrEnum):
    """How far a month's record may be relied on.

    ANCHORED   under a checkpoint that is final on chain: it counts
    PENDING    accepted, not final yet: it counts as soon as it is
    MOVED      the relation went to another bureau and the month with it: it counts there
    """

    ANCHORED = "ANCHORED"
    PENDING = "PENDING"
    MOVED = "MOVED"


class BirthSource(StrEnum):
    """Where the birth month of a review comes from (劳社部发〔1999〕8号: the archive decides)."""

    ARCHIVE = "ARCHIVE"
    DECISION = "DECISION"
    IDENTITY_NUMBER = "IDENTITY_NUMBER"


class Outcome(StrEnum):
    """What a review or decision comes to."""

    ELIGIBLE = "ELIGIBLE"
    NOT_YET = "NOT_YET"


@dataclass(frozen=True, slots=True)
class MonthRecord:
    """One live contribution record; ``log_id`` and ``leaf_index`` say where it was recorded.

    ``case_id`` names the transfer that brought it here; None for records of our own log.
    """

    period: int
    region: str
    log_id: LogId
    leaf_index: LeafIndex
    base_fen: int
    amount_fen: int
    account_fen: int
    contribution_type: str
    state: RecordState
    case_id: str | None = None


@dataclass(frozen=True, slots=True)
class WorkingLife:
    """All live employee-pension records of a person that a bureau holds, and the name on them."""

    name: str
    records: tuple[MonthRecord, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Months that count, each once: ``paid`` and ``deemed`` in order, and what does not count yet.

    ``pending`` are months whose record is not final on chain yet, ``moved`` those that count at
    another bureau by now.
    """

    paid: tuple[int, ...]
    deemed: tuple[int, ...]
    pending: tuple[int, ...]
    moved: tuple[int, ...]
    overlaps: tuple[Overlap, ...]

    @property
    def months(self) -> int:
        """Months that count."""
        return len(self.paid) + len(self.deemed)


@dataclass(frozen=True, slots=True)
class LifeSegment:
    """Months paid in one city without a gap; ``transferred`` months came by a transfer."""

    region: str
    first_period: int
    last_period: int
    transferred: bool

    @property
    def months(self) -> int:
        """How many months it has."""
        return (self.last_period // 100 - self.first_period // 100) * 12 + (
            self.last_period % 100 - self.first_period % 100 + 1
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """Months in a working life for which nothing was paid."""

    first_period: int
    last_period: int
    months: int


@dataclass(frozen=True, slots=True)
class Review:
    """A read-only review: the months it rests on, every condition in words, and remarks."""

    as_of_period: int
    category: Category
    birth_period: int
    birth_source: BirthSource
    tally: Tally
    result: EligibilityReview
    remarks: tuple[Explanation, ...]

    @property
    def outcome(self) -> Outcome:
        """What it comes to."""
        return Outcome.ELIGIBLE if self.result.eligible else Outcome.NOT_YET


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it stands in the log.

    ``content`` is the record ``anxu-decision/1`` in clear; ``already_decided`` says that the same
    facts had been decided before and nothing was added.
    """

    decision_id: str
    outcome: Outcome
    leaf_index: LeafIndex
    decided_at: datetime
    content: dict[str, object]
    already_decided: bool = False
