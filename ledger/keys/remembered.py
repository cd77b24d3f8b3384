"""Remembers persons' subjects beside their keys, so that each is evaluated once, ever.

One SQLite file maps a mark, HMAC-SHA-256 of the identity number under a secret of the key store, to
the subject: by itself it gives neither numbers nor a way to try them. It stands outside the
database and its backups; losing it costs time only.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from ledger.errors import StorageUnavailableError
from ledger.evidence.batch import Blobs
from ledger.evidence.encoding import DIGEST_BYTES, Subject
from ledger.evidence.hashing import row_bytes, sha256_blobs, sha256_rows
from ledger.keys import files

SUBJECTS_FILE = "subjects.sqlite"

_LABEL = b"anxu-remembered-subject/1"
_WHAT = "the file of remembered subjects"
_ASKED_AT_ONCE = 5_000
_COLUMNS_PAY = 64
"""From how many inputs on marking them as columns is quicker than one by one."""
_PAIR = 2 * DIGEST_BYTES
_PAIRS = "group_concat(hex(mark) || hex(subject), '')"
_BLOCK, _INNER, _OUTER = 64, 0x36, 0x5C
"""HMAC's block for SHA-256, and its two signs."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS subjects (
    mark BLOB PRIMARY KEY CHECK (length(mark) = 32),
    subject BLOB NOT NULL CHECK (length(subject) = 32)
) WITHOUT ROWID
"""


class RememberedSubjects:
    """Subjects by what the evaluator was asked for. Build it with :meth:`open`, and close it."""

    def __init__(self, connection: sqlite3.Connection, secret: bytes) -> None:
        self._connection = connection
        self._key = hmac.digest(secret, _LABEL, hashlib.sha256)
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, secret: bytes) -> RememberedSubjects:
        """Open the file at ``path``, or make it (mode 0600).

        Args:
            path: by habit ``keys/subjects.sqlite``.
            secret: of the key store; another one finds nothing again.

        Raises:
            FileModeError: the file is open to others.
            StorageUnavailableError: it is no such file, or cannot be used now.
        """
        connection = files.open_private_database(path, _SCHEMA, synchronous="NORMAL", what=_WHAT)
        return cls(connection, secret)

    def close(self) -> None:
        """Close the file; the object is of no use afterwards."""
        self._connection.close()

    def find_or_add(
        self, inputs: Sequence[bytes], evaluate: Callable[[Sequence[bytes]], Iterable[Subject]]
    ) -> dict[bytes, Subject]:
        """The subject of each input; those not remembered are evaluated, and remembered.

        What ``evaluate`` raises leaves nothing behind.
        """
        marks = dict(zip(self._marks(inputs), inputs, strict=True))
        found = {marks[mark]: subject for mark, subject in self._rows(list(marks))}
        missing = {mark: value for mark, value in marks.items() if value not in found}
        if missing:
            subjects = list(evaluate(list(missing.values())))
            self._write(
                "INSERT OR IGNORE INTO subjects (mark, subject) VALUES (?, ?)",
                sorted(zip(missing, subjects, strict=True)),
            )
            found.update(zip(missing.values(), subjects, strict=True))
        return found

    def forget(self, subjects: Collection[Subject]) -> None:
        """Remember nothing any more of persons who were erased; their rows are overwritten."""
        if not subjects:
            return
        self._write("DELETE FROM subjects WHERE subject = ?", [(item,) for item in subjects])
        with self._lock:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _rows(self, marks: Sequence[bytes]) -> list[tuple[bytes, Subject]]:
        rows: list[tuple[bytes, Subject]] = []
        try:
            with self._lock:
                for start in range(0, len(marks), _ASKED_AT_ONCE):
                    part = marks[start : start + _ASKED_AT_ONCE]
                    # Only question marks are put into the text. All pairs come as one row: between
                    # two rows the driver lets go of the interpreter, and other threads take it.
                    places = ",".join("?" * len(part))
                    query = f"SELECT {_PAIRS} FROM subjects WHERE mark IN ({places})"  # noqa: S608
                    rows += _pairs(self._connection.execute(query, part).fetchone()[0])
        except sqlite3.Error as error:
            raise _unavailable(error) from error
        return rows

    def _write(self, statement: str, rows: Sequence[tuple[bytes, ...]]) -> None:
        try:
            with self._lock:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    self._connection.executemany(statement, rows)
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
        except sqlite3.Error as error:
            raise _unavailable(error) from error

    def _marks(self, inputs: Sequence[bytes]) -> list[bytes]:
        if len(inputs) < _COLUMNS_PAY:
            return [hmac.digest(self._key, value, hashlib.sha256) for value in inputs]
        # RFC 2104, section 2: H(key ^ opad | H(key ^ ipad | text)), by whole columns.
        values = Blobs.of(inputs)
        inner = sha256_blobs(values.data, values.offsets, _padded(self._key, _INNER))
        return row_bytes(sha256_rows(inner, _padded(self._key, _OUTER)))


def _padded(key: bytes, sign: int) -> bytes:
    """A key of 32 bytes as one block of SHA-256, xored with a sign."""
    return bytes(byte ^ sign for byte in key.ljust(_BLOCK, b"\x00"))


def _pairs(joined: str | None) -> list[tuple[bytes, Subject]]:
    """Marks and subjects, 32 bytes each, out of the hex that SQLite made one text of."""
    content = bytes.fromhex(joined or "")
    return [
        (content[at : at + DIGEST_BYTES], Subject(content[at + DIGEST_BYTES : at + _PAIR]))
        for at in range(0, len(content), _PAIR)
    ]


def _unavailable(error: sqlite3.Error) -> StorageUnavailableError:
    return StorageUnavailableError(reason=f"{_WHAT}: {error}")
