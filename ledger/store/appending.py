"""Writes rows of the log by the thousand: binary COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

import struct
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
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
_WIDTHS: Final = tuple(width for _, _, width in _FIELDS)
_PLACES: Final = tuple(2 + sum(_WIDTHS[:at]) + 4 * (at + 1) for at in range(len(_WIDTHS)))
"""Where the value of each column stands in a row, behind the number of columns and its length."""
_HEAD_BYTES: Final = _PLACES[-1] + _WIDTHS[-1] + 4
"""A row without its sealed record."""
_HEAD: Final = np.frombuffer(
    struct.pack(">h", len(_COLUMNS))
    + b"".join(struct.pack(">i", width) + bytes(width) for width in _WIDTHS)
    + bytes(4),
    np.uint8,
)
_PERSON_PLACE: Final = _PLACES[1]
_PERSON_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class EntryRows:
    """Neighbouring rows of ``entries`` as columns, (n,) and (n, 32); their persons come last."""

    first_index: int
    batch: EntryBatch
    tags: NDArray[np.uint8]
    seals: NDArray[np.uint8]
    source: int
    sealed: Blobs

    def __len__(self) -> int:
        return len(self.batch)

    def columns(self, persons: NDArray[np.int64]) -> tuple[Any, ...]:
        """Every column but the sealed records, in the order of the table."""
        count = len(self)
        batch = self.batch
        return (
            np.arange(self.first_index, self.first_index + count),
            persons,
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

    def tuples(self, persons: NDArray[np.int64]) -> list[tuple[Any, ...]]:
        """The rows as SQLite's driver takes them."""
        ends = self.sealed.offsets.tolist()
        data = self.sealed.data.tobytes()
        blobs = [data[start:end] for start, end in pairwise(ends)]
        return list(zip(*(column.tolist() for column in self.columns(persons)), blobs, strict=True))


class CopiedRows:
    """Rows laid out as binary COPY takes them, before the numbers of their persons are known."""

    def __init__(self, rows: EntryRows) -> None:
        heads = np.tile(_HEAD, (len(rows), 1))
        nobody = np.zeros(len(rows), np.int64)
        columns = zip(_FIELDS, _PLACES, rows.columns(nobody), strict=True)
        for (_, kind, width), place, values in columns:
            heads[:, place : place + width] = _bytes_of(values.astype(kind, copy=False))
        heads[:, -4:] = _bytes_of(np.diff(rows.sealed.offsets).astype(">i4"))
        self._bytes = _interleaved(heads, rows.sealed)
        begins = np.arange(len(rows)) * _HEAD_BYTES + rows.sealed.offsets[:-1]
        self._numbers = begins + _PERSON_PLACE

    def of(self, persons: NDArray[np.int64]) -> memoryview:
        """The bytes, without header and trailer, with each row's person (n,) filled in."""
        numbers = persons.astype(">i8").view(np.uint8).reshape(-1, _PERSON_BYTES)
        self._bytes[self._numbers[:, None] + np.arange(_PERSON_BYTES)] = numbers
        return self._bytes.data


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

    From the first write to the end of the block the connection is the writer's.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._copies = connection.dialect.name == "postgresql"
        self._writer: ThreadPoolExecutor | None = None
        self._pending: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._writer is not None:
            self._writer.shutdown()

    def write(self, rows: EntryRows, *, is_last: bool) -> None:
        """Write rows behind those written before; the last ones are written at once.

        Raises:
            StorageUnavailableError: the database went away, now or under the rows before.
        """
        laid_out = CopiedRows(rows) if self._copies else None
        self._settle()
        persons = persons_of(self._connection, rows.batch)
        if laid_out is not None:
            write = partial(_copy, self._connection, laid_out.of(persons))
        else:
            write = partial(_insert, self._connection, rows, persons)
        if is_last:
            write()
            return
        if self._writer is None:
            self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="anxu-append")
        self._pending = self._writer.submit(write)

    def _settle(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()


def _insert(connection: Connection, rows: EntryRows, persons: NDArray[np.int64]) -> None:
    connection.exec_driver_sql(INSERT_ENTRIES, rows.tuples(persons))


def _copy(connection: Connection, rows: memoryview) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(COPY_ENTRIES) as copy:
            copy.write(COPY_HEADER)
            copy.write(rows)
            copy.write(COPY_TRAILER)
    except psycopg.OperationalError as error:
        raise StorageUnavailableError(reason=type(error).__name__) from error


def _interleaved(heads: NDArray[np.uint8], blobs: Blobs) -> NDArray[np.uint8]:
    """Each head with its blob behind it, all in one run of bytes."""
    loops = _PATIENCE.loops(len(heads))
    if loops is not None:
        rows = np.empty(heads.size + len(blobs.data), np.uint8)
        loops.interleave(heads, blobs.data, blobs.offsets, rows)
        return rows
    content, data = heads.tobytes(), blobs.data.tobytes()
    width = heads.shape[1]
    joined = bytearray().join(
        chain.from_iterable(
            (content[at * width : (at + 1) * width], data[start:end])
            for at, (start, end) in enumerate(pairwise(blobs.offsets.tolist()))
        )
    )
    return np.frombuffer(joined, np.uint8)


def _load() -> Any:
    from ledger.store import row_loops

    return row_loops


_PATIENCE: Final = Patience(_load)


def _bytes_of(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values as rows of their bytes."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.itemsize)


def _digests(rows: NDArray[np.uint8]) -> NDArray[np.void]:
    """Rows of 32 bytes as one value each."""
    return np.ascontiguousarray(rows).view(f"V{DIGEST_BYTES}").reshape(len(rows))
