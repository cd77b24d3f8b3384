"""Typed reads of `Conflicts`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ledger.chain.bindings.base import ContractReads


class ConflictState(IntEnum):
    """Where a proven conflict stands on chain."""

    NONE = 0
    OPEN = 1
    REVERSED = 2
    CLOSED = 3


class ConflictOutcome(IntEnum):
    """What a supervisor found: the money came back, is owed, or never left twice."""

    NONE = 0
    REPAID = 1
    RECEIVABLE = 2
    NOT_PAID_TWICE = 3


@dataclass(frozen=True, slots=True)
class ConflictOnChain:
    """A proven conflict of two leaves; ``reversed_leaf`` (0 or 1) counts once one was reversed.

    ``first_answered`` and ``second_answered``: whether the side of that leaf answered.
    """

    conflict_id: int
    state: ConflictState
    first_log: int
    first_index: int
    second_log: int
    second_index: int
    head: bytes
    handle: bytes
    tag: bytes
    proven_at: int
    decided_at: int
    prover: str
    outcome: int
    reversed_leaf: int
    document_digest: bytes
    first_answered: bool = False
    second_answered: bool = False


@dataclass(frozen=True, slots=True)
class ConflictAnswer:
    """What one side put on record: a reason, or a reversal (``reversal_index``) that came late."""

    log_id: int
    answered_at: int
    document_digest: bytes
    reversal_index: int | None = None


class ConflictsReads(ContractReads):
    """Proven conflicts."""

    def conflict_count(self) -> int:
        """How many conflicts were proven; their ids run from 1."""
        return int(self.one("Conflicts", "count"))

    def conflict(self, conflict_id: int) -> ConflictOnChain:
        """A proven conflict.

        Raises:
            ContractRefusedError: there is none of that id.
        """
        found = self.one("Conflicts", "conflict", conflict_id)
        return ConflictOnChain(
            conflict_id=conflict_id,
            state=ConflictState(found["state"]),
            first_log=found["firstLog"],
            first_index=found["firstIndex"],
            second_log=found["secondLog"],
            second_index=found["secondIndex"],
            head=found["head"],
            handle=found["handle"],
            tag=found["tag"],
            proven_at=found["provenAt"],
            decided_at=found["decidedAt"],
            prover=found["prover"],
            outcome=found["outcome"],
            reversed_leaf=found["reversedLeaf"],
            document_digest=found["documentDigest"],
            first_answered=bool(found["answered"] & 1),
            second_answered=bool(found["answered"] & 2),
        )

    def answer_due_at(self, conflict_id: int) -> int | None:
        """The first second after the answers' term; None while the calendar is not published."""
        return self.moment_or_none("Conflicts", "answerDueAt", conflict_id)

    def is_answer_overdue(self, conflict_id: int) -> bool:
        """Whether a side of an open conflict has not answered in time."""
        return bool(self.one("Conflicts", "isAnswerOverdue", conflict_id))

    def conflicts(self) -> list[ConflictOnChain]:
        """All conflicts in the order they were proven."""
        return [self.conflict(number) for number in range(1, self.conflict_count() + 1)]

    def conflict_id_of(
        self, one_log: int, one_index: int, other_log: int, other_index: int
    ) -> int | None:
        """The conflict of two leaves, in either order."""
        found = int(
            self.one("Conflicts", "conflictIdOf", one_log, one_index, other_log, other_index)
        )
        return found or None

    def conflict_answers(self, conflict_id: int) -> list[ConflictAnswer]:
        """What both sides put on record about a conflict, in order."""
        count = int(self.one("Conflicts", "answerCount", conflict_id))
        found = [self.one("Conflicts", "answerByIndex", conflict_id, i) for i in range(count)]
        return [
            ConflictAnswer(
                log_id=each["log"],
                answered_at=each["answeredAt"],
                document_digest=each["documentDigest"],
                reversal_index=each["reversalIndex"] or None,
            )
            for each in found
        ]
