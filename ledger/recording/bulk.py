"""Facts by the hundred thousand: persons looked up once, records sealed by whole columns.

The entries are those that ``EntryWriter.prepare`` makes one by one, salts apart.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.errors import SealingKeyDestroyedError
from ledger.evidence.batch import Blobs, EntryBatch
from ledger.evidence.encoding import COMMITMENT_LABEL, DIGEST_BYTES, SALT_BYTES, LogId, Subject
from ledger.evidence.hashing import ByteRows, sha256_blobs
from ledger.keys.bulk_sealing import seal_batch
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import Pseudonyms
from ledger.keys.sealing import KEY_BYTES
from ledger.policy.kinds import Kind
from ledger.ports import RandomSource

_FIRST_CAPACITY = 65_536


class _Rows:
    """Rows of bytes that grow."""

    def __init__(self, width: int) -> None:
        self.rows = np.zeros((_FIRST_CAPACITY, width), np.uint8)
        self.count = 0

    def add(self, rows: ByteRows) -> None:
        end = self.count + len(rows)
        if end > len(self.rows):
            grown = np.zeros((max(end, 2 * len(self.rows)), self.rows.shape[1]), np.uint8)
            grown[: self.count] = self.rows[: self.count]
            self.rows = grown
        self.rows[self.count : end] = rows
        self.count = end


class People:
    """The persons of one import: each is asked for once, whatever the number of lines.

    A person is known by the first 17 digits of the identity number, from which the eighteenth
    follows. Sealing keys are held while nobody is erased; drop this with the import.
    """

    def __init__(self, pseudonyms: Pseudonyms, person_keys: PersonKeys) -> None:
        self._pseudonyms = pseudonyms
        self._person_keys = person_keys
        self._known = np.empty(0, np.int64)
        self._places = np.empty(0, np.int64)
        self._subjects = _Rows(DIGEST_BYTES)
        self._keys = _Rows(KEY_BYTES)
        self._has_key = np.zeros(_FIRST_CAPACITY, np.bool_)
        self._erased = person_keys.destroyed_count()

    def __len__(self) -> int:
        return self._subjects.count

    def places(self, persons: NDArray[np.int64], numbers: pl.Series) -> NDArray[np.int64]:
        """Each row's person as a place among all persons met so far; shape (n,).

        Args:
            persons: (n,) the first 17 digits.
            numbers: the identity numbers, normalised.
        """
        begins, runs = _runs(persons)
        asked, first, inverse = np.unique(persons[begins], return_index=True, return_inverse=True)
        first, inverse = begins[first], np.repeat(inverse, runs)
        at = np.searchsorted(self._known, asked)
        found = np.zeros(len(asked), np.bool_)
        inside = at < len(self._known)
        found[inside] = self._known[at[inside]] == asked[inside]
        if not found.all():
            self._meet(asked[~found], numbers.gather(first[~found]).to_list())
            at = np.searchsorted(self._known, asked)
        places: NDArray[np.int64] = self._places[at][inverse]
        return places

    def subjects(self, places: NDArray[np.int64]) -> ByteRows:
        """The subjects of persons; shape (n, 32)."""
        return self._subjects.rows[places]

    def subject_list(self, places: NDArray[np.int64]) -> list[Subject]:
        """The same as separate values."""
        packed = self.subjects(places).tobytes()
        return [
            Subject(packed[at : at + DIGEST_BYTES]) for at in range(0, len(packed), DIGEST_BYTES)
        ]

    def persons(self) -> NDArray[np.int64]:
        """The first 17 digits of everybody met so far, by place."""
        persons = np.empty(len(self), np.int64)
        persons[self._places] = self._known
        return persons

    def keys(self, places: NDArray[np.int64]) -> tuple[ByteRows, NDArray[np.int64]]:
        """The sealing keys of rows: one row a person, and which of them each row needs.

        Keys that there were not are made, and durable when this returns.

        Raises:
            SealingKeyDestroyedError: some of the persons were erased.
        """
        erased = self._person_keys.destroyed_count()
        if erased != self._erased:
            self._has_key[:] = False
            self._keys.rows[:] = 0
            self._erased = erased
        begins, runs = _runs(places)
        asked, key_of = np.unique(places[begins], return_inverse=True)
        key_of = np.repeat(key_of, runs)
        missing = asked[~self._has_key[asked]]
        if len(missing):
            subjects = self.subject_list(missing)
            keys = self._person_keys.get_or_create_many(subjects)
            packed = b"".join(keys[subject] for subject in subjects)
            self._keys.rows[missing] = np.frombuffer(packed, np.uint8).reshape(-1, KEY_BYTES)
            self._has_key[missing] = True
        return self._keys.rows[asked], key_of.astype(np.int64, copy=False)

    def require_alive(self) -> None:
        """Refuse to go on when somebody among them was erased. Raises SealingKeyDestroyedError."""
        if not self._person_keys.destroyed_count():
            return
        everybody = np.arange(len(self), dtype=np.int64)
        gone = self._person_keys.destroyed_among(self.subject_list(everybody))
        if gone:
            raise SealingKeyDestroyedError(persons=len(gone))

    def _meet(self, persons: NDArray[np.int64], numbers: list[str]) -> None:
        subjects = b"".join(self._pseudonyms.subjects_in_bulk(numbers))
        first = self._subjects.count
        self._subjects.add(np.frombuffer(subjects, np.uint8).reshape(-1, DIGEST_BYTES))
        self._keys.add(np.zeros((len(persons), KEY_BYTES), np.uint8))
        if len(self._has_key) < len(self._keys.rows):
            self._has_key = np.pad(self._has_key, (0, len(self._keys.rows) - len(self._has_key)))
        at = np.searchsorted(self._known, persons)
        self._known = np.insert(self._known, at, persons)
        new = np.arange(first, first + len(persons), dtype=np.int64)
        self._places = np.insert(self._places, at, new)


def _runs(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where runs of equal values begin, and their lengths: a person's rows are often neighbours."""
    begins = np.flatnonzero(np.append(True, values[1:] != values[:-1]))[: len(values)]
    return begins, np.diff(begins, append=len(values))


def seal_rows(
    log_id: LogId,
    kind: Kind,
    columns: tuple[NDArray[np.uint16], NDArray[np.uint32], NDArray[np.int64]],
    records: Blobs,
    people: People,
    places: NDArray[np.int64],
    random: RandomSource,
) -> tuple[EntryBatch, Blobs]:
    """Entries of one kind with their records under seal.

    Args:
        log_id: the log they will be appended to.
        kind: of all of them; not a reversal.
        columns: classes, months and amounts in fen; (n,) each.
        records: n canonical records.
        people: whom they are about, with
        places: each row's person among them; (n,).
        random: where the salts come from.

    Raises:
        SealingKeyDestroyedError: some of the persons were erased.
    """
    count = len(records)
    classes, periods, amounts_fen = columns
    keys, key_of = people.keys(places)
    salts = np.frombuffer(random.bytes(SALT_BYTES * count), np.uint8).reshape(count, SALT_BYTES)
    commitments = sha256_blobs(records.data, records.offsets, COMMITMENT_LABEL, salts)
    sealed = seal_batch(keys, key_of, log_id, commitments, salts, records)
    batch = EntryBatch(
        kinds=np.full(count, int(kind), np.uint8),
        classes=classes,
        periods=periods,
        subjects=people.subjects(places),
        amounts_fen=amounts_fen,
        commitments=commitments,
    )
    return batch, sealed
