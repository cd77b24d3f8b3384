"""The bureau's books: balanced journal entries, each kept once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, select

from ledger.errors import IdempotencyConflictError, UnbalancedEntryError
from ledger.store.tables.funds import journal_entries, postings
from ledger.store.times import from_micros, to_micros


class Posting(NamedTuple):
    """One line of a journal entry: a debit is positive, a credit negative, in fen."""

    account: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A balanced set of postings with what it was made for."""

    reference: str
    occasion: str
    postings: tuple[Posting, ...]
    details: dict[str, Any]
    posted_at: datetime


class JournalRepository:
    """Posts to and reads from the books within the caller's transaction. Nothing is ever edited."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def post(
        self,
        reference: str,
        occasion: str,
        lines: Sequence[Posting],
        details: Mapping[str, Any],
        *,
        at: datetime,
    ) -> bool:
        """Keep one journal entry.

        Args:
            reference: the identifier that its chain message carries; used once.
            occasion: what it is for, such as ``CONTRIBUTIONS_COLLECTED``.
            lines: signed amounts in fen that add up to zero.
            details: what else belongs to it (JSON, nothing personal).
            at: when it was posted.

        Returns:
            False when the same entry stands already; then nothing was written.

        Raises:
            UnbalancedEntryError: there are fewer than two lines, or they do not add up to zero.
            IdempotencyConflictError: the reference stands with other lines or another occasion.
        """
        difference = sum(line.amount_fen for line in lines)
        if difference or len(lines) < 2:  # noqa: PLR2004  # an entry has two sides
            raise UnbalancedEntryError(
                reference=reference, difference_fen=difference, lines=len(lines)
            )
        earlier = self.find(reference)
        if earlier is not None:
            if earlier.occasion != occasion or earlier.postings != tuple(lines):
                raise IdempotencyConflictError(key=reference)
            return False
        entry_id = self._connection.execute(
            insert(journal_entries)
            .values(
                reference=reference,
                occasion=occasion,
                details=json.dumps(dict(details), ensure_ascii=False),
                posted_at=to_micros(at),
            )
            .returning(journal_entries.c.id)
        ).scalar_one()
        self._connection.execute(
            insert(postings),
            [
                {"journal_entry": entry_id, "line": number, **line._asdict()}
                for number, line in enumerate(lines)
            ],
        )
        return True

    def find(self, reference: str) -> JournalEntry | None:
        """The entry with this reference."""
        row = (
            self._connection.execute(
                select(journal_entries).where(journal_entries.c.reference == reference)
            )
            .mappings()
            .one_or_none()
        )
        return self._entry(row) if row is not None else None

    def all(self) -> list[JournalEntry]:
        """Every entry, oldest first."""
        rows = (
            self._connection.execute(select(journal_entries).order_by(journal_entries.c.id))
            .mappings()
            .all()
        )
        return [self._entry(row) for row in rows]

    def of_occasions(self, *occasions: str) -> list[JournalEntry]:
        """The entries made for one of these occasions, oldest first."""
        rows = (
            self._connection.execute(
                select(journal_entries)
                .where(journal_entries.c.occasion.in_(occasions))
                .order_by(journal_entries.c.id)
            )
            .mappings()
            .all()
        )
        return [self._entry(row) for row in rows]

    def balances(self) -> dict[str, int]:
        """The sum of each account's postings in fen; all of them together are zero."""
        rows = self._connection.execute(
            select(postings.c.account, func.sum(postings.c.amount_fen))
            .group_by(postings.c.account)
            .order_by(postings.c.account)
        )
        return {account: int(amount) for account, amount in rows}

    def _entry(self, row: RowMapping) -> JournalEntry:
        lines = self._connection.execute(
            select(postings.c.account, postings.c.amount_fen)
            .where(postings.c.journal_entry == row["id"])
            .order_by(postings.c.line)
        )
        return JournalEntry(
            reference=row["reference"],
            occasion=row["occasion"],
            postings=tuple(Posting(account, amount) for account, amount in lines),
            details=json.loads(row["details"]),
            posted_at=from_micros(row["posted_at"]),
        )
