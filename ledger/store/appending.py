"""Writes rows of the log by the thousand: binary COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

import os
import struct
import threading
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
from ledger.pipelines import Behind
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
_LENGTH_BYTES: Final = 4
_HEAD_BYTES: Final = _PLACES[-1] + _WIDTHS[-1] + _LENGTH_BYTES
"""A row without its sealed record."""
_HEAD: Final = np.array(
    bytearray(
        struct.pack(">h", len(_COLUMNS))
        + b"".join(struct.pack(">i", width) + bytes(width) for width in _WIDTHS)
        + bytes(_LENGTH_BYTES)
    ),
    np.uint8,
)
_NUMBERS: Final = tuple(at for at, (_, kind, _) in enumerate(_FIELDS) if kind != "V32")
_DIGESTS: Final = tuple(at for at, (_, kind, _) in enumerate(_FIELDS) if kind == "V32")
_NUMBER_PLACES: Final = np.array(
    [*(_PLACES[at] for at in _NUMBERS), _HEAD_BYTES - _LENGTH_BYTES], np.uint64
)
_NUMBER_WIDTHS: Final = np.array([*(_WIDTHS[at] for at in _NUMBERS), _LENGTH_BYTES], np.uint64)
_DIGEST_PLACES: Final = np.array([_PLACES[at] for at in _DIGESTS], np.uint64)
_MESSAGE_BYTES: Final = 128 * 1024
_PIECES_AT_ONCE: Final = 512
"""The least that systems take in one call is 1,024 (IOV_MAX)."""


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

    def copy_bytes(self, persons: NDArray[np.int64]) -> memoryview:
        """The rows as binary COPY takes them, without header and trailer."""
        loops = _PATIENCE.loops(len(self))
        if loops is None:
            return memoryview(self._laid_out_plainly(persons))
        columns = self.columns(persons)
        batch, sealed = self.batch, self.sealed
        numbers = np.empty((len(_NUMBERS) + 1, len(self)), np.int64)
        for at, place in enumerate(_NUMBERS):
            numbers[at] = columns[place]
        numbers[-1] = np.diff(sealed.offsets)
        blobs_bytes = int(sealed.offsets[-1] - sealed.offsets[0])
        rows = np.empty(len(self) * _HEAD_BYTES + blobs_bytes, np.uint8)
        places = np.require(sealed.offsets, np.int64, ["C"]).view(np.uint64)
        loops.lay_out(
            _HEAD, _NUMBER_PLACES, _NUMBER_WIDTHS, numbers, _DIGEST_PLACES,
            *map(_for_loops, (batch.subjects, batch.commitments, self.tags, self.seals)),
            _for_loops(sealed.data), np.require(places, requirements=["W"]), rows,
        )  # fmt: skip
        return rows.data

    def _laid_out_plainly(self, persons: NDArray[np.int64]) -> bytes:
        heads = np.tile(_HEAD, (len(self), 1))
        columns = zip(_FIELDS, _PLACES, self.columns(persons), strict=True)
        for (_, kind, width), place, values in columns:
            heads[:, place : place + width] = _bytes_of(values.astype(kind, copy=False))
        heads[:, -_LENGTH_BYTES:] = _bytes_of(np.diff(self.sealed.offsets).astype(">i4"))
        content, blobs = heads.tobytes(), self.sealed.to_list()
        return b"".join(
            chain.from_iterable(
                (content[at * _HEAD_BYTES : (at + 1) * _HEAD_BYTES], blob)
                for at, blob in enumerate(blobs)
            )
        )


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
    """Writes batches of rows while further ones are made; use it in a ``with`` block.

    From the first write to the end of the block the connection is the writer's.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._copies = connection.dialect.name == "postgresql"
        self._writer = Behind("anxu-append")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._writer.__exit__(*error)

    def write(
        self, rows: EntryRows, persons: NDArray[np.int64] | None = None, *, is_last: bool
    ) -> None:
        """Write rows behind those written before; when the last ones are written, all are.

        Args:
            rows: what to write.
            persons: (n,) the number of each row's person (``persons_of``); None: looked up here,
                once everything before is written.
            is_last: nothing comes behind them.

        Raises:
            StorageUnavailableError: the database went away, now or under the rows before.
        """
        if persons is None:
            self._writer.settle()
            persons = persons_of(self._connection, rows.batch)
        if self._copies:
            write = partial(_copy, self._connection, rows.copy_bytes(persons))
        else:
            write = partial(_insert, self._connection, rows, persons)
        if is_last and not self._writer.has_begun:
            write()
            return
        self._writer.do(write)
        if is_last:
            self._writer.settle()


def _insert(connection: Connection, rows: EntryRows, persons: NDArray[np.int64]) -> None:
    connection.exec_driver_sql(INSERT_ENTRIES, rows.tuples(persons))


def _copy(connection: Connection, rows: memoryview) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(COPY_ENTRIES) as copy:
            copy.write(COPY_HEADER)
            if not _sent_at_once(driver.pgconn, rows):
                copy.write(rows)
            copy.write(COPY_TRAILER)
    except (psycopg.OperationalError, OSError) as error:
        raise StorageUnavailableError(reason=type(error).__name__) from error


def _sent_at_once(session: Any, rows: memoryview) -> bool:
    """Send rows of a COPY to a server on this machine without a step of Python's in between.

    The driver sends as much as the socket takes and then waits, thousands of times a second, and
    each time it must get hold of the interpreter that other threads use meanwhile. On a local
    socket, where nothing is encrypted, the messages of the protocol (CopyData: ``d``, i32 length,
    data) can go out in one call instead. Only threads that no signal interrupts do that: half a
    message would leave the server waiting for the rest.

    Returns:
        Whether they were sent; False where the driver must do it.
    """
    if threading.current_thread() is threading.main_thread():
        return False
    if not session.host.startswith(b"/") or session.flush():
        return False
    pieces: list[bytes | memoryview] = []
    for start in range(0, len(rows), _MESSAGE_BYTES):
        piece = rows[start : start + _MESSAGE_BYTES]
        pieces += (b"d" + (len(piece) + 4).to_bytes(4), piece)
    os.set_blocking(session.socket, True)
    try:
        while pieces:
            sent = os.writev(session.socket, pieces[:_PIECES_AT_ONCE])
            while pieces and sent >= len(pieces[0]):
                sent -= len(pieces.pop(0))
            if sent:
                pieces[0] = memoryview(pieces[0])[sent:]
    finally:
        os.set_blocking(session.socket, False)
    return True


def _load() -> Any:
    from ledger.store import row_loops

    return row_loops


_PATIENCE: Final = Patience(_load)


def _for_loops(column: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same bytes in the one form that the compiled loop is compiled for."""
    return np.require(column, np.uint8, ["C", "W"])


def _bytes_of(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values as rows of their bytes."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.itemsize)


def _digests(rows: NDArray[np.uint8]) -> NDArray[np.void]:
    """Rows of 32 bytes as one value each."""
    return np.ascontiguousarray(rows).view(f"V{DIGEST_BYTES}").reshape(len(rows))
