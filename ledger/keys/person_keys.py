"""Each person's sealing key, kept apart from the database and from its backups.

One SQLite file maps a subject to a random AES-256 key, wrapped under the node's ``person-master``
key. Keys are durable before anything sealed with them can be committed elsewhere, so a crash may
leave a key that seals nothing yet, never a record without its key. Erasing a person overwrites the
wrapped key and leaves a tombstone: the person's records can no longer be read or added to, and the
log stays verifiable. No key is held in memory between calls, so that an erasure counts at once, in
every process; an import holds those of its persons while :meth:`PersonKeys.destroyed_count` stands
still.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import (
    KeyFileDamagedError,
    LengthError,
    NotFoundError,
    SealingKeyDestroyedError,
    StorageUnavailableError,
)
from ledger.evidence.encoding import Subject
from ledger.files import SqliteFile
from ledger.keys import files
from ledger.keys.sealing import KEY_BYTES, NONCE_BYTES, SealingKey
from ledger.ports import RandomSource, SystemRandom

PERSONS_FILE = "persons.sqlite"
SUBJECT_BYTES = 32

_AAD_LABEL = b"anxu-person-key/1|"
_NONCE_LABEL = b"anxu-person-key-nonce/1|"
_WHAT = "the file of person keys"
_QUERY_ROWS = 500
_SELECT = "SELECT subject, wrapped, destroyed_at FROM persons"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS persons (
    subject BLOB PRIMARY KEY CHECK (length(subject) = 32),
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 60),
    destroyed_at TEXT
) WITHOUT ROWID
"""
_INDEX = """
CREATE INDEX IF NOT EXISTS destroyed ON persons (destroyed_at) WHERE destroyed_at IS NOT NULL
"""


class PersonKeys:
    """The sealing keys of persons. Build it with :meth:`open`; close it, or use ``with``."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, master: bytes, randomness: RandomSource
    ) -> None:
        self._path = path
        self._connection = connection
        self._cipher = AESGCM(master)
        self._randomness = randomness
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, master: bytes, randomness: RandomSource) -> PersonKeys:
        """Open the file at ``path``, or make it (mode 0600).

        Args:
            path: by habit ``keys/persons.sqlite``.
            master: the 32 bytes of the key ``person-master``.
            randomness: where new sealing keys come from.

        Raises:
            LengthError: ``master`` is not 32 bytes.
            FileModeError: the file is open to others.
            StorageUnavailableError: it is no key file, or cannot be used now.
        """
        if len(master) != KEY_BYTES:
            raise LengthError(field="person-master key", expected=KEY_BYTES, actual=len(master))
        connection = files.open_private_database(
            path, _SCHEMA, _INDEX, synchronous="FULL", what=_WHAT
        )
        return cls(path, connection, master, randomness)

    @classmethod
    def open_read_only(cls, path: Path, master: bytes) -> PersonKeys:
        """Open the file at ``path`` so that nothing can be written to it, nor beside it.

        Raises:
            LengthError: ``master`` is not 32 bytes.
            FileModeError: the file is open to others.
            StorageUnavailableError: there is none.
        """
        if len(master) != KEY_BYTES:
            raise LengthError(field="person-master key", expected=KEY_BYTES, actual=len(master))
        still = SqliteFile.at(path)
        files.require_private(path, files.FILE_MODE)
        try:
            return cls(path, still.connect(), master, SystemRandom())
        except sqlite3.Error as error:
            raise StorageUnavailableError(reason=f"{_WHAT}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the object is of no use afterwards."""
        self._connection.close()

    def get_or_create_many(self, subjects: Iterable[Subject]) -> dict[Subject, SealingKey]:
        """The key of each subject, made where there is none; durable when this returns.

        Call it before the transaction that writes anything sealed. All or nothing: if one person
        was erased, no key is made for the others either.

        Raises:
            SealingKeyDestroyedError: that many of the persons were erased.
            LengthError: a subject is not 32 bytes.
        """
        wanted = list(dict.fromkeys(subjects))
        for subject in wanted:
            if len(subject) != SUBJECT_BYTES:
                raise LengthError(field="subject", expected=SUBJECT_BYTES, actual=len(subject))
        known = self._select(wanted)
        if len(known) == len(wanted):
            return self._opened(wanted, known)
        with self._transaction() as connection:
            known = self._rows(connection, wanted)
            _require_alive(known)
            fresh: dict[Subject, SealingKey] = {}
            for subject in wanted:
                if subject not in known:
                    fresh[subject] = SealingKey(self._randomness.bytes(KEY_BYTES))
            connection.executemany(
                "INSERT INTO persons (subject, wrapped) VALUES (?, ?)",
                [(subject, self._wrap(subject, key)) for subject, key in fresh.items()],
            )
        opened = self._opened([subject for subject in wanted if subject in known], known)
        return {subject: fresh.get(subject) or opened[subject] for subject in wanted}

    def get(self, subject: Subject) -> SealingKey:
        """The key of one person.

        Raises:
            SealingKeyDestroyedError: the person was erased.
            NotFoundError: nothing was ever sealed for this person here.
        """
        return self.get_many([subject])[subject]

    def get_many(self, subjects: Iterable[Subject]) -> dict[Subject, SealingKey]:
        """The keys of several persons. Raises as :meth:`get` when any one of them has none."""
        wanted = list(dict.fromkeys(subjects))
        known = self._select(wanted)
        _require_alive(known)
        if len(known) < len(wanted):
            raise NotFoundError(what="sealing key", key="of this person")
        return self._opened(wanted, known)

    def destroyed_among(self, subjects: Iterable[Subject]) -> frozenset[Subject]:
        """Those of ``subjects`` who were erased."""
        known = self._select(list(dict.fromkeys(subjects)))
        return frozenset(subject for subject, (_, gone) in known.items() if gone is not None)

    def destroyed_count(self) -> int:
        """How many persons were erased; whoever holds keys asks for them again when it grows."""
        query = "SELECT count(*) FROM persons WHERE destroyed_at IS NOT NULL"
        try:
            with self._lock:
                return int(self._connection.execute(query).fetchone()[0])
        except sqlite3.Error as error:
            raise StorageUnavailableError(reason=f"{_WHAT}: {error}") from error

    def destroyed_at(self, subject: Subject) -> datetime | None:
        """When the person was erased, or nothing if it did not happen."""
        row = self._select([subject]).get(subject)
        return datetime.fromisoformat(row[1]) if row and row[1] else None

    def destroy(self, subject: Subject, at: datetime) -> None:
        """Erase a person's key for good; a person without a key is erased too, ahead of time.

        The wrapped key is overwritten in the file and in its write-ahead log. Repeating it is
        harmless and keeps the first date. Copies of the file made earlier must be destroyed by
        whoever made them.

        Raises:
            StorageUnavailableError: the key is destroyed, but a reader keeps old pages alive:
            repeat.
        """
        self.mark_destroyed(subject, at)
        self.scrub()

    def mark_destroyed(self, subject: Subject, at: datetime) -> None:
        """The first half of :meth:`destroy`: overwrite the key, leave the mark.

        From here on nobody opens or seals with it; old pages may still lie in the write-ahead log.
        """
        if len(subject) != SUBJECT_BYTES:
            raise LengthError(field="subject", expected=SUBJECT_BYTES, actual=len(subject))
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO persons (subject, wrapped, destroyed_at) VALUES (?, zeroblob(60), ?) "
                "ON CONFLICT (subject) DO UPDATE SET wrapped = zeroblob(60), "
                "destroyed_at = coalesce(destroyed_at, excluded.destroyed_at)",
                (subject, at.astimezone(UTC).isoformat()),
            )

    def scrub(self) -> None:
        """The second half: empty the write-ahead log of pages that still have destroyed keys.

        Raises:
            StorageUnavailableError: a reader keeps them alive: repeat.
        """
        with self._lock:
            busy = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StorageUnavailableError(
                reason="a reader keeps pages with the destroyed key alive"
            )

    # --- rows -------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise StorageUnavailableError(reason=f"{_WHAT}: {error}") from error

    def _select(self, subjects: list[Subject]) -> dict[Subject, tuple[bytes, str | None]]:
        with self._lock:
            try:
                return self._rows(self._connection, subjects)
            except sqlite3.Error as error:
                raise StorageUnavailableError(reason=f"{_WHAT}: {error}") from error

    @staticmethod
    def _rows(
        connection: sqlite3.Connection, subjects: list[Subject]
    ) -> dict[Subject, tuple[bytes, str | None]]:
        found: dict[Subject, tuple[bytes, str | None]] = {}
        for start in range(0, len(subjects), _QUERY_ROWS):
            part = subjects[start : start + _QUERY_ROWS]
            marks = ",".join("?" * len(part))
            # Only question marks are put into the text.
            query = f"{_SELECT} WHERE subject IN ({marks})"
            rows = connection.execute(query, part)
            found.update((Subject(subject), (wrapped, gone)) for subject, wrapped, gone in rows)
        return found

    def _opened(
        self, subjects: list[Subject], known: dict[Subject, tuple[bytes, str | None]]
    ) -> dict[Subject, SealingKey]:
        _require_alive(known)
        return {subject: self._unwrap(subject, known[subject][0]) for subject in subjects}

    def _wrap(self, subject: Subject, key: SealingKey) -> bytes:
        # The nonce follows from what is wrapped: a repeated stream of randomness cannot repeat it.
        nonce = hashlib.sha256(_NONCE_LABEL + subject + key).digest()[:NONCE_BYTES]
        return nonce + self._cipher.encrypt(nonce, key, _AAD_LABEL + subject)

    def _unwrap(self, subject: Subject, wrapped: bytes) -> SealingKey:
        nonce, ciphertext = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return SealingKey(self._cipher.decrypt(nonce, ciphertext, _AAD_LABEL + subject))
        except InvalidTag as error:
            raise KeyFileDamagedError(path=str(self._path)) from error


def _require_alive(known: dict[Subject, tuple[bytes, str | None]]) -> None:
    destroyed = sum(gone is not None for _, gone in known.values())
    if destroyed:
        raise SealingKeyDestroyedError(persons=destroyed)
