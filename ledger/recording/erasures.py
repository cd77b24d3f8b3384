"""Erased persons: what was decided, what was done, and how it is finished after a crash.

The decision is an entry of the log and a row beside it, in one transaction; the key is destroyed
after that. What is left to do is always derived: a decision whose key is still there. So a process
that dies in between, or an old copy of the key file that is put back, is made good by the next
round of the worker, or by the same command again. A database that is put back knows of no
decision; the key file's own mark keeps the records closed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.evidence.encoding import LeafIndex, Subject
from ledger.policy.retention import ErasureReason
from ledger.recording.context import NodeContext
from ledger.store.commands import ERASURE_KEY
from ledger.store.unit_of_work import Rooms, UnitOfWork

ERASED_NAME: Final = "已销毁 / erased"
"""What stands where the name of an erased person stood."""
OPERATION: Final = "ERASE_PERSON"
"""What the decision's record says was done."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is known of a person's erasure.

    ``decided_at``, ``reason``, ``legal_basis`` and ``entry_index`` are None where this database
    knows no decision (it was put back from a copy); ``destroyed_at`` is None until it was done.
    """

    decided_at: datetime | None
    destroyed_at: datetime | None
    reason: ErasureReason | None
    legal_basis: str | None
    entry_index: LeafIndex | None

    @property
    def at(self) -> datetime:
        """When the records became unreadable, or were to."""
        known = self.destroyed_at or self.decided_at
        assert known is not None, "an erasure was decided or done"
        return known


def keep_decision(
    work: UnitOfWork, subject: Subject, content: bytes, answer: dict[str, Any], at: datetime
) -> None:
    """Keep the decision to erase a person beside its entry; nothing of it names the person."""
    work.commands.remember(ERASURE_KEY + subject.hex(), content, answer, at)


def earlier_decision(view: Rooms, subject: Subject, content: bytes) -> dict[str, Any] | None:
    """The answer to the same decision before; None when nothing was decided.

    Raises:
        IdempotencyConflictError: it was decided for another reason, or by others.
    """
    return view.commands.earlier_answer(ERASURE_KEY + subject.hex(), content)


def erasure_of(context: NodeContext, view: Rooms, subject: Subject) -> Erasure | None:
    """What is known of a person's erasure; None for somebody who was not erased."""
    answer = view.commands.answers(ERASURE_KEY + subject.hex()).get(ERASURE_KEY + subject.hex())
    destroyed_at = context.bureau.person_keys.destroyed_at(subject)
    if answer is None:
        if destroyed_at is None:
            return None
        return Erasure(None, destroyed_at, None, None, None)
    return Erasure(
        decided_at=datetime.fromisoformat(answer["decided_at"]),
        destroyed_at=destroyed_at,
        reason=ErasureReason(answer["reason_code"]),
        legal_basis=answer["legal_basis"],
        entry_index=LeafIndex(answer["entry_index"]),
    )


class ErasureJob:
    """Destroys every key that was decided upon and is still there; a job of the worker."""

    def __init__(self, context: NodeContext) -> None:
        self._context = context
        self._forgotten: set[Subject] = set()
        self._scrubbed = False

    def step(self) -> bool:
        """Do what is left to do; returns whether a key was destroyed.

        The first step of a process also clears what a killed one may have left in the key file.

        Raises:
            StorageUnavailableError: a reader keeps old pages alive, or a file is busy; try again.
        """
        context = self._context
        with context.read() as view:
            decided = {
                Subject(bytes.fromhex(key.removeprefix(ERASURE_KEY)))
                for key in view.commands.answers(ERASURE_KEY, prefix=True)
            }
        if not decided:
            return False
        keys = context.bureau.person_keys
        left = decided - keys.destroyed_among(decided)
        if left:
            self._scrubbed = False
            for subject in sorted(left):
                keys.mark_destroyed(subject, context.clock.now())
        if fresh := decided - self._forgotten:
            context.bureau.pseudonyms.forget(fresh)
            self._forgotten |= fresh
        if not self._scrubbed:
            keys.scrub()
            self._scrubbed = True
        return bool(left)
