"""What an audit reads: rows as they stand, without believing that any of them can be read.

Values come out as the engine holds them. A row that was changed by hand may hold a number no kind
has, a digest of another length, or text where bytes should be; judging that is the audit's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, and_, bindparam, func, or_, select

from ledger.store.tables.log import (
    checkpoints,
    cosignatures,
    entries,
    log_head,
    persons,
    reversals,
    sources,
)

_ASKED_AT_ONCE: Final = 5_000
_SPREAD: Final = 4
_LISTED: Final = 100
"""How many rows that should not be there are listed; more are counted."""


class EntryRow(NamedTuple):
    """A row of ``entries``: the columns that the log stands on."""

    leaf_index: int
    kind: int
    class_: int
    period: int
    subject: bytes
    amount_fen: int
    commitment: bytes
    tag: bytes
    seal: bytes
    sealed_record: bytes
    person: int
    source: int


class SourceRow(NamedTuple):
    """A row of ``sources``: one append, and the leaves that it brought."""

    source: int
    first_index: int
    end_index: int


class ReversalRow(NamedTuple):
    """A row of ``reversals``: which leaf an entry of kind 3 takes back."""

    leaf_index: int
    log_id: int
    reversed_index: int


class HeadRow(NamedTuple):
    """A row of ``log_head``."""

    id: int
    size: int
    root: bytes
    frontier: bytes


class CheckpointRow(NamedTuple):
    """A row of ``checkpoints``."""

    size: int
    root: bytes
    note: str
    number: int | None
    block: int | None
    block_time: int | None
    transaction_hash: str | None


class CosignatureRow(NamedTuple):
    """A row of ``cosignatures``."""

    size: int
    cosigner: str
    line: str


class AuditRepository:
    """Reads for an audit, within one view of the database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def heads(self) -> list[HeadRow]:
        """The rows of ``log_head``; there should be one, with the id 1."""
        return self._all(log_head, HeadRow, log_head.c.id)

    def end(self) -> int:
        """One more than the highest leaf index; 0 for an empty log."""
        last = self._connection.execute(select(func.max(entries.c.leaf_index))).scalar_one()
        return int(last) + 1 if last is not None else 0

    def entries(self, first: int, end: int) -> list[EntryRow]:
        """The rows with ``first <= leaf_index < end``, in order."""
        answer = self._connection.execute(_ENTRIES, {"first": first, "end": end})
        # The driver's own rows: nothing has to be converted, and there are very many of them.
        return list(map(EntryRow._make, answer.cursor.fetchall()))

    def entry(self, index: int) -> EntryRow | None:
        """One row."""
        found = self.entries(index, index + 1)
        return found[0] if found else None

    def outside(self, size: int) -> tuple[list[int], int]:
        """Leaf indices below zero or from ``size`` on: the first hundred, and their number."""
        index = entries.c.leaf_index
        beyond = or_(index < 0, index >= size)
        count = self._connection.execute(
            select(func.count()).select_from(entries).where(beyond)
        ).scalar_one()
        rows = self._connection.execute(
            select(index).where(beyond).order_by(index).limit(_LISTED)
        ).scalars()
        return list(rows), int(count)

    def subjects(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """The subjects that stand under these person numbers; absent numbers are left out."""
        wanted = sorted(set(numbers))
        query = select(persons.c.person, persons.c.subject)
        number = persons.c.person
        if wanted and wanted[-1] - wanted[0] < _SPREAD * len(wanted):
            # Persons are numbered in the order of appearance: neighbouring rows, near numbers.
            answer = self._connection.execute(query.where(number.between(wanted[0], wanted[-1])))
            return dict(answer.cursor.fetchall())
        found: dict[int, bytes] = {}
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            part = wanted[start : start + _ASKED_AT_ONCE]
            rows = self._connection.execute(query.where(number.in_(part)))
            found.update((row[0], bytes(row[1])) for row in rows.all())
        return found

    def person(self, subject: bytes) -> int | None:
        """The number of a subject."""
        return self._connection.execute(
            select(persons.c.person).where(persons.c.subject == subject)
        ).scalar_one_or_none()

    def sources(self) -> list[SourceRow]:
        """All appends, by number."""
        return self._all(sources, SourceRow, sources.c.source)

    def reversals(self) -> list[ReversalRow]:
        """Which leaf each reversal takes back, by the index of the reversal."""
        return self._all(reversals, ReversalRow, reversals.c.leaf_index)

    def checkpoints(self) -> list[CheckpointRow]:
        """All signed heads, by size."""
        return self._all(checkpoints, CheckpointRow, checkpoints.c.size)

    def cosignatures(self) -> list[CosignatureRow]:
        """All cosignatures, by size and cosigner."""
        return self._all(cosignatures, CosignatureRow, cosignatures.c.size, cosignatures.c.cosigner)

    def _all(self, table: Table, shape: Any, *order: Any) -> list[Any]:
        rows = self._connection.execute(select(*_columns(table, shape)).order_by(*order))
        return [shape._make(row) for row in rows]


def _columns(table: Table, shape: Any) -> Sequence[Any]:
    return [table.c[name.rstrip("_")] for name in shape._fields]


_ENTRIES: Final = (
    select(*_columns(entries, EntryRow))
    .where(
        and_(entries.c.leaf_index >= bindparam("first"), entries.c.leaf_index < bindparam("end"))
    )
    .order_by(entries.c.leaf_index)
)
