"""Writes rows of the log by the thousand: binary COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, Final, Self

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection

from ledger.errors import StorageUnavailableError
from ledger.evidence.batch import Blobs, EntryBatch
from ledger.evidence.encoding import DIGEST_BYTES, Subject
from ledger.evidence.native import Patience
from ledger.policy.kinds import Kind
from ledger.store.persons import numbers_of

_FIELDS: Final[tuple[tuple[str, str, int], ...]] = (
    ("leaf_index", ">i8", 8),
    ("person", ">i8", 8),
    ("kind", ">i2", 2),
    ("class", ">i4", 4),
    ("period", ">i4", 4),
    ("subject", "V32", 32),
    ("amount_fen", ">i8", 8),
    ("commitment", "V32", 32),
    ("tag", "V32", 32),
    ("seal", "V32", 32),
    ("source", ">i8", 8),
)
"""The columns of fixed width as COPY writes them, with their bytes; the sealed record follows."""
_COLUMNS: Final = (*(name for name, _, _ in _FIELDS), "sealed_record")
COPY_ENTRIES: Final = f"COPY entries ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER: Final = b"\xff\xff"
INSERT_ENTRIES: Final = (
    f"INSERT INTO entries ({', '.join(_COLUMNS)})"  # noqa: S608 - names and marks only
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)
_ROW: Final = np.dtype(
    [
        ("fields", ">i2"),
        *chain.from_iterable(
            ((f"{name} length", ">i4"), (name, kind)) for name, kind, _ in _FIELDS
        ),
        ("sealed length", ">i4"),
    ]
)


@dataclass(frozen=True, slots=True)
class EntryRows:
    """Neighbouring rows of ``entries`` as columns; shapes (n,) and (n, 32)."""

    first_index: int
    persons: NDArray[np.int64]
    batch: EntryBatch
    tags: NDArray[np.uint8]
    seals: NDArray[np.uint8]
    source: int
    sealed: Blobs

    def __len__(self) -> int:
        return len(self.persons)

    def columns(self) -> tuple[Any, ...]:
        """Every column but the sealed records, in the order of the table."""
        count = len(self)
        batch = self.batch
        return (
            np.arange(self.first_index, self.first_index + count),
            self.persons,
            batch.kinds,
            batch.classes,
            batch.periods,
            _digests(batch.subjects),
            batch.amounts_fen,
            _digests(batch.commitments),
            _digests(self.tags),
            _digests(self.seals),
            np.full(count, self.source),
        )

    def copy_bytes(self) -> bytes | memoryview:
        """The rows as PostgreSQL's binary COPY takes them, without header and trailer."""
        fixed = np.empty(len(self), dtype=_ROW)
        fixed["fields"] = len(_FIELDS) + 1
        for (name, _, width), values in zip(_FIELDS, self.columns(), strict=True):
            fixed[f"{name} length"] = width
            fixed[name] = values
        fixed["sealed length"] = np.diff(self.sealed.offsets)
        return _interleaved(fixed.view(np.uint8).reshape(len(self), _ROW.itemsize), self.sealed)

    def tuples(self) -> list[tuple[Any, ...]]:
        """The rows as SQLite's driver takes them."""
        ends = self.sealed.offsets.tolist()
        data = self.sealed.data.tobytes()
        blobs = [data[start:end] for start, end in pairwise(ends)]
        return list(zip(*(column.tolist() for column in self.columns()), blobs, strict=True))


def persons_of(connection: Connection, batch: EntryBatch) -> NDArray[np.int64]:
    """The number of the person each entry is about, given now where there is none; shape (n,)."""
    subjects = np.ascontiguousarray(batch.subjects)
    if (batch.kinds == Kind.REVERSAL).any():
        subjects = np.where((batch.kinds == Kind.REVERSAL)[:, None], 0, subjects).astype(np.uint8)
    words = subjects.view(np.uint64)
    # Rows of one person often stand together: only the first of them is looked up.
    first = np.flatnonzero(np.append(True, (words[1:] != words[:-1]).any(axis=1)))
    packed = subjects[first].tobytes()
    people = [Subject(packed[at : at + DIGEST_BYTES]) for at in range(0, len(packed), DIGEST_BYTES)]
    numbers = numbers_of(connection, people)
    each = np.fromiter((numbers[subject] for subject in people), np.int64, len(people))
    return np.repeat(each, np.diff(first, append=len(subjects)))


class WriteBehind:
    """Writes one batch of rows while the next one is made; use it in a ``with`` block.

    Between two writes the connection is the writer's: call `settle` before asking it anything.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._writer: ThreadPoolExecutor | None = None
        self._pending: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._writer is not None:
            self._writer.shutdown()

    def write(self, rows: EntryRows, *, is_last: bool) -> None:
        """Write rows behind those written before; the last ones are written at once."""
        self.settle()
        if is_last:
            insert_rows(self._connection, rows)
            return
        if self._writer is None:
            self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="anxu-append")
        self._pending = self._writer.submit(insert_rows, self._connection, rows)

    def settle(self) -> None:
        """Wait for the rows under way. Raises what writing them raised."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()


def insert_rows(connection: Connection, rows: EntryRows) -> None:
    """Write rows within the caller's transaction.

    Raises:
        StorageUnavailableError: the database went away.
    """
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql(INSERT_ENTRIES, rows.tuples())
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(COPY_ENTRIES) as copy:
            copy.write(COPY_HEADER)
            copy.write(rows.copy_bytes())
            copy.write(COPY_TRAILER)
    except psycopg.OperationalError as error:
        raise StorageUnavailableError(reason=type(error).__name__) from error


def _interleaved(heads: NDArray[np.uint8], blobs: Blobs) -> bytes | memoryview:
    """Each head with its blob behind it, all in one run of bytes."""
    loops = _PATIENCE.loops(len(heads))
    if loops is not None:
        rows = np.empty(heads.size + len(blobs.data), np.uint8)
        loops.interleave(heads, blobs.data, blobs.offsets, rows)
        return rows.data
    content, data = heads.tobytes(), blobs.data.tobytes()
    width = heads.shape[1]
    return b"".join(
        chain.from_iterable(
            (content[at * width : (at + 1) * width], data[start:end])
            for at, (start, end) in enumerate(pairwise(blobs.offsets.tolist()))
        )
    )


def _load() -> Any:
    from ledger.store import row_loops

    return row_loops


_PATIENCE: Final = Patience(_load)


def _digests(rows: NDArray[np.uint8]) -> NDArray[np.void]:
    """Rows of 32 bytes as one value each."""
    return np.ascontiguousarray(rows).view(f"V{DIGEST_BYTES}").reshape(len(rows))
