"""Decisions on eligibility: which leaf holds each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select

from ledger.evidence.encoding import LeafIndex, Subject
from ledger.store.tables.benefits import decisions
from ledger.store.times import from_micros, to_micros


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision without its words: ``as_of`` is the month reviewed, ``leaf_index`` its entry."""

    decision_id: str
    subject: Subject
    outcome: str
    as_of: int
    leaf_index: LeafIndex
    decided_at: datetime


class DecisionRepository:
    """Decisions of this bureau, within the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, decision: StoredDecision) -> None:
        """Keep a new decision; its number is unique."""
        self._connection.execute(
            insert(decisions).values(
                decision_id=decision.decision_id,
                subject=decision.subject,
                outcome=decision.outcome,
                as_of=decision.as_of,
                leaf_index=decision.leaf_index,
                decided_at=to_micros(decision.decided_at),
            )
        )

    def find(self, decision_id: str) -> StoredDecision | None:
        """The decision with this number."""
        row = (
            self._connection.execute(
                select(decisions).where(decisions.c.decision_id == decision_id)
            )
            .mappings()
            .one_or_none()
        )
        return _decision(row) if row is not None else None

    def of_subject(self, subject: Subject) -> list[StoredDecision]:
        """Every decision about one person, newest first."""
        rows = self._connection.execute(
            select(decisions)
            .where(decisions.c.subject == subject)
            .order_by(decisions.c.leaf_index.desc())
        ).mappings()
        return [_decision(row) for row in rows]

    def all(self) -> list[StoredDecision]:
        """Every decision, newest first."""
        rows = self._connection.execute(
            select(decisions).order_by(decisions.c.leaf_index.desc())
        ).mappings()
        return [_decision(row) for row in rows]


def _decision(row: RowMapping) -> StoredDecision:
    return StoredDecision(
        decision_id=row["decision_id"],
        subject=Subject(bytes(row["subject"])),
        outcome=row["outcome"],
        as_of=row["as_of"],
        leaf_index=LeafIndex(row["leaf_index"]),
        decided_at=from_micros(row["decided_at"]),
    )
