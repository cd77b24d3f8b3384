"""Appends of a few entries, as an officer's command makes them: as little around each as can be.

What is written is what `ledger.store.appending` writes by the thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from ledger.errors import SealingKeyDestroyedError
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    NO_SUBJECT,
    Entry,
    LogId,
    reversed_leaf,
)
from ledger.evidence.growth import grow_by_entries
from ledger.evidence.merkle import CompactRange
from ledger.policy.kinds import Kind
from ledger.store.commands import ERASURE_KEY
from ledger.store.driver import Driver, marks
from ledger.store.persons import numbers_of

MOST_ENTRIES: Final = {"sqlite": 512, "postgresql": 32}
"""By the database's kind: more than these are quicker as columns (on PostgreSQL, as a COPY)."""
_INSERT: Final = (
    "INSERT INTO entries (leaf_index, person, kind, class, period, amount_fen, source,"  # noqa: S608 - marks
    f" sealed_record, subject, commitment, tag, seal) VALUES ({marks(12)})"
)
_DIGESTS_AT: Final = range(0, 4 * DIGEST_BYTES, DIGEST_BYTES)
_JOINED: Final = ", ".join(f"substr(?9, {at + 1}, {DIGEST_BYTES})" for at in _DIGESTS_AT)
_INSERT_JOINED: Final = _INSERT.replace(marks(12), f"{marks(8)}, {_JOINED}")
"""For SQLite, where handing over a value takes as long as parting four that came as one."""
_ADD_REVERSAL: Final = "INSERT INTO reversals (leaf_index, log_id, reversed_index) VALUES (?, ?, ?)"


class FewEntries:
    """The entries of a small append, with their records under seal, in order."""

    def __init__(self, entries: Sequence[Entry], sealed: Sequence[bytes]) -> None:
        self._entries = entries
        self._sealed = sealed
        # A reversal is about a leaf, and so about nobody.
        self._subjects = [
            NO_SUBJECT if entry.head.kind is Kind.REVERSAL else entry.subject for entry in entries
        ]

    def require_alive(self, connection: Connection) -> None:
        """Refuse a record that was sealed before its person's key went: nobody could ever read it.

        Raises:
            SealingKeyDestroyedError: a person's erasure was decided after the record was sealed.
        """
        keys = [ERASURE_KEY + subject.hex() for subject in {*self._subjects} - {NO_SUBJECT}]
        if not keys:
            return
        question = f"SELECT key FROM commands WHERE key IN ({marks(len(keys))})"  # noqa: S608 - marks
        found = Driver(connection).rows(question, keys)
        if found:
            raise SealingKeyDestroyedError(persons=len(found))

    def extend(self, before: CompactRange, log_id: LogId) -> tuple[list[bytes], CompactRange]:
        """The leaves of the entries, and the tree with them behind its last leaf.

        Raises:
            EncodingError: a number of an entry is out of bounds.
            LengthError: a subject or a commitment is not 32 bytes.
        """
        return grow_by_entries(before, self._entries, log_id)

    def write(
        self, connection: Connection, leaves: Sequence[bytes], *, first_index: int, source: int
    ) -> None:
        """Write the rows of the entries, which stand in the log from ``first_index`` on."""
        numbers = numbers_of(connection, self._subjects)
        each = zip(self._entries, self._subjects, leaves, self._sealed, strict=True)
        rows: list[tuple[Any, ...]] = [
            (
                index,
                numbers[subject],
                int(entry.head.kind),
                entry.head.class_,
                entry.head.period,
                entry.amount_fen,
                source,
                record,
                entry.subject + entry.commitment + leaf,
            )
            for index, (entry, subject, leaf, record) in enumerate(each, first_index)
        ]
        driver = Driver(connection)
        if driver.is_postgresql:
            driver.change_each(_INSERT, [(*row[:-1], *_digests(row[-1])) for row in rows])
        else:
            driver.change_each(_INSERT_JOINED, rows)
        reversals = [
            (index, *reversed_leaf(entry.subject))
            for index, entry in enumerate(self._entries, first_index)
            if entry.head.kind is Kind.REVERSAL
        ]
        if reversals:
            driver.change_each(_ADD_REVERSAL, reversals)


def _digests(joined: bytes) -> list[bytes]:
    return [joined[at : at + DIGEST_BYTES] for at in _DIGESTS_AT]
