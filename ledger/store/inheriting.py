"""A closed log's first leaves, and what belongs to them, read there and written at its successor.

Rows go over as they stand. What was said to the chain, booked or followed does not: it is read from
the chain, or goes on under the new log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, func, insert, select

from ledger.evidence.growth import grow
from ledger.evidence.hashing import leaf_hashes
from ledger.evidence.merkle import CompactRange
from ledger.store.appending import INSERT_ENTRIES
from ledger.store.commands import ERASURE_KEY
from ledger.store.driver import Driver
from ledger.store.leaf_reading import read_leaf_rows
from ledger.store.outbox import FINAL
from ledger.store.tables.base import metadata
from ledger.store.tables.benefits import decisions
from ledger.store.tables.chain import anchored_messages, commands, outbox
from ledger.store.tables.funds import payout_batches, payout_lines
from ledger.store.tables.log import log_head, persons, reversals, sources
from ledger.store.tables.records import unfinished_imports
from ledger.store.tables.transfers import (
    settlements,
    transfer_cases,
    transfer_messages,
    transfer_steps,
)

_ROWS_AT_ONCE: Final = 2_000
_LEAVES_AT_ONCE: Final = 65_536
_COUNT: Final = "SELECT count(*), coalesce(max(leaf_index), -1) FROM entries"
_LAST_PERSON: Final = "SELECT coalesce(max(person), 0) FROM entries WHERE leaf_index < ?"
_COLUMNS: Final = INSERT_ENTRIES.partition("(")[2].partition(")")[0]
_ENTRIES: Final = (
    f"SELECT {_COLUMNS} FROM entries"  # noqa: S608 - names only
    " WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index"
)

Belongings = tuple[str, list[Mapping[str, Any]]]
"""A table's name and some of its rows."""


class InheritanceRepository:
    """What a closed log leaves to its successor, within the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def has_head(self) -> bool:
        """Whether the database holds a log already."""
        count = select(func.count()).select_from(log_head)
        return bool(self._connection.execute(count).scalar_one())

    def copied(self) -> int | None:
        """How many rows of the log are there from the first one on; None when one is missing."""
        ((count, last),) = Driver(self._connection).rows(_COUNT)
        return int(count) if int(count) == int(last) + 1 else None

    def rows(self, first: int, end: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows with ``first <= leaf_index < end``, in order, some at a time."""
        driver = Driver(self._connection)
        for start in range(first, end, _ROWS_AT_ONCE):
            yield driver.rows(_ENTRIES, (start, min(end, start + _ROWS_AT_ONCE)))

    def add_rows(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put rows of the log behind those that are there."""
        Driver(self._connection).change_each(INSERT_ENTRIES, rows)

    def tree(self, size: int) -> CompactRange:
        """The tree over the first ``size`` leaves as they stand in the rows."""
        tree = CompactRange.empty()
        for first in range(0, size, _LEAVES_AT_ONCE):
            end = min(size, first + _LEAVES_AT_ONCE)
            leaves = read_leaf_rows(self._connection, first, end)
            tree = grow(tree, leaf_hashes(leaves)).after
        return tree

    def belongings(self, size: int) -> Iterator[Belongings]:
        """What belongs to the first ``size`` leaves beside their rows.

        Persons' numbers, appends, reversals, files under way, decisions, batches of payments and
        erasures; transfer cases as they stand.
        """
        ((last_person,),) = Driver(self._connection).rows(_LAST_PERSON, (size,))
        batches = select(payout_batches.c.batch_id).where(payout_batches.c.end_index <= size)
        chosen: tuple[tuple[Table, ColumnElement[bool] | None], ...] = (
            (persons, persons.c.person <= last_person),
            (sources, sources.c.first_index < size),
            (reversals, reversals.c.leaf_index < size),
            (unfinished_imports, unfinished_imports.c.end_index <= size),
            (decisions, decisions.c.leaf_index < size),
            (payout_batches, payout_batches.c.end_index <= size),
            (payout_lines, payout_lines.c.batch_id.in_(batches)),
            (commands, commands.c.key.startswith(ERASURE_KEY)),
            (transfer_cases, None),
            (transfer_steps, None),
            (transfer_messages, None),
            (settlements, None),
        )
        for table, condition in chosen:
            for rows in self._chunks(table, condition):
                if table is sources:
                    rows = [_cut(row, size) for row in rows]  # noqa: PLW2901
                yield table.name, rows

    def add(self, belongings: Belongings) -> None:
        """Write what another log's `belongings` gave."""
        name, rows = belongings
        self._connection.execute(insert(metadata.tables[name]), rows)

    def set_head(self, tree: CompactRange) -> None:
        """Let the log begin with the rows that are there."""
        values = {"id": 1, "size": tree.size, "root": tree.root(), "frontier": tree.to_bytes()}
        self._connection.execute(insert(log_head), [values])

    def unsettled_messages(self) -> int:
        """How many messages the chain never took for good."""
        waiting = select(func.count()).select_from(anchored_messages)
        unsettled = select(func.count()).select_from(outbox).where(outbox.c.state != FINAL)
        return sum(
            int(self._connection.execute(each).scalar_one()) for each in (waiting, unsettled)
        )

    def _chunks(
        self, table: Table, condition: ColumnElement[bool] | None
    ) -> Iterator[list[Mapping[str, Any]]]:
        """Rows as they stand; a number that a database gives by itself is given anew, in order."""
        columns = [column for column in table.c if column is not table.autoincrement_column]
        query = select(*columns).order_by(*table.primary_key.columns)
        if condition is not None:
            query = query.where(condition)
        found = self._connection.execute(query).mappings()
        while rows := found.fetchmany(_ROWS_AT_ONCE):
            yield [dict(row) for row in rows]


def _cut(row: Mapping[str, Any], size: int) -> Mapping[str, Any]:
    """An append's row, which ends where the inherited leaves end."""
    return {**row, "end_index": min(row["end_index"], size)}
