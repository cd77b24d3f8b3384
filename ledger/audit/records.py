"""Opens sealed records and says what they repeat of their entry, with keys fetched by the batch."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from ledger.audit.leaves import digests
from ledger.errors import (
    EncodingError,
    KeyFileDamagedError,
    LedgerError,
    LengthError,
    NotFoundError,
    SealedContentError,
    SealingKeyDestroyedError,
)
from ledger.evidence.batch import Blobs
from ledger.evidence.encoding import (
    COMMITMENT_LABEL,
    DIGEST_BYTES,
    Commitment,
    LogId,
    Subject,
    canonical_json,
)
from ledger.evidence.hashing import sha256_blobs
from ledger.keys.bulk_sealing import open_batch
from ledger.keys.sealing import KEY_BYTES, RecordSealer, SealingKey, record_aad
from ledger.store.audit import EntryRow

_CACHED_PERSONS: Final = 500_000
"""Keys that are held at once, about 200 bytes each."""
_KNOWN_SHAPES: Final = 256
_NUMBERS: Final = frozenset({"kind", "class", "period", "amount_fen"})
_USUAL: Final = ("amount_fen", "class", "identity_number", "kind", "period")
_INTEGER: Final = rb"(?:0|-?[1-9][0-9]{0,14})"
_TEXT: Final = rb'[^"\\\x00-\x1f]*'


class Absence(StrEnum):
    """Why a record was not opened."""

    ERASED = "erased"
    NO_KEY = "no-key"
    DAMAGED_KEY = "damaged-key"
    CANNOT_OPEN = "cannot-open"


class Vault(Protocol):
    """Where persons' sealing keys are."""

    def get_many(self, subjects: Iterable[Subject]) -> dict[Subject, SealingKey]:
        """The keys of several persons; refuses when one of them has none."""
        ...

    def destroyed_among(self, subjects: Iterable[Subject]) -> frozenset[Subject]:
        """Those of ``subjects`` who were erased."""
        ...


class OpenedRecord(NamedTuple):
    """What a record says of its own entry; a value that it does not repeat is None.

    ``commits``: salt and record give the commitment of the row. ``is_canonical``: it is written in
    the one way that is hashed.
    """

    kind: Any
    class_: Any
    period: Any
    amount_fen: Any
    identity_number: Any
    commits: bool
    is_canonical: bool


class KeyRing:
    """Persons' keys, each fetched once while it is remembered."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._known: dict[Subject, SealingKey | Absence] = {}

    def load(self, subjects: Iterable[bytes]) -> None:
        """Fetch the keys of those persons that are not known yet."""
        wanted = {Subject(each) for each in subjects} - self._known.keys()
        if not wanted:
            return
        if len(self._known) + len(wanted) > _CACHED_PERSONS:
            self._known.clear()
        try:
            self._known.update(self._vault.get_many(wanted))
        except LedgerError:
            erased = self._vault.destroyed_among(wanted)
            self._known.update(dict.fromkeys(erased, Absence.ERASED))
            self._load_living(wanted - erased)

    def _load_living(self, wanted: set[Subject]) -> None:
        try:
            self._known.update(self._vault.get_many(wanted))
        except LedgerError:
            for subject in wanted:
                self._known[subject] = self._single(subject)

    def of(self, subject: bytes) -> SealingKey | Absence:
        """The key of one person, or why there is none."""
        if len(subject) != DIGEST_BYTES:
            return Absence.NO_KEY
        person = Subject(subject)
        if person not in self._known:
            self.load([person])
        return self._known[person]

    def _single(self, subject: Subject) -> SealingKey | Absence:
        try:
            return self._vault.get_many([subject])[subject]
        except NotFoundError:
            return Absence.NO_KEY
        except SealingKeyDestroyedError:
            return Absence.ERASED
        except (KeyFileDamagedError, LengthError):
            return Absence.DAMAGED_KEY


class RecordOpener:
    """Opens sealed records of one log and reads what they repeat of their entries.

    Parsing a record and writing it again takes most of an audit's time. A record of a shape that
    was seen before, the same keys with the same types, is canonical if it matches that shape as a
    pattern: nearly all records need no more.
    """

    def __init__(self, log_id: LogId) -> None:
        self._log_id = log_id
        self._shapes: dict[tuple[tuple[str, bool], ...], _Shape] = {}
        self._last: dict[int, _Shape] = {}

    def open(
        self, key: SealingKey | Absence, kind: int, commitment: bytes, sealed: bytes
    ) -> OpenedRecord | Absence:
        """Open one sealed record under its row's commitment, or say why it cannot be.

        ``kind`` is that of the row: records of one kind mostly have one shape.
        """
        if isinstance(key, Absence):
            return key
        try:
            aad = record_aad(self._log_id, Commitment(commitment))
            content, salt = RecordSealer(key).open(sealed, aad)
        except (SealedContentError, LengthError, TypeError):
            return Absence.CANNOT_OPEN
        commits = hashlib.sha256(COMMITMENT_LABEL + salt + content).digest() == commitment
        return self._read(kind, content, commits=commits, is_normal=_is_normal(content))

    def open_many(
        self, keys: Sequence[SealingKey | Absence], rows: Sequence[EntryRow]
    ) -> list[OpenedRecord | Absence]:
        """Open the records of many rows at once, in order; one that does not open hides no other.

        Raises:
            LengthError: a row's commitment is not 32 bytes.
        """
        found: list[OpenedRecord | Absence] = [
            key if isinstance(key, Absence) else Absence.CANNOT_OPEN for key in keys
        ]
        places = [place for place, key in enumerate(keys) if not isinstance(key, Absence)]
        commitments = digests([rows[place].commitment for place in places])
        try:
            sealed = Blobs.of([rows[place].sealed_record for place in places])
            usable = [key for key in keys if not isinstance(key, Absence)]
            number = {key: row for row, key in enumerate(dict.fromkeys(usable))}
            key_of = np.fromiter((number[key] for key in usable), np.int64, len(usable))
            packed = np.frombuffer(b"".join(number), np.uint8).reshape(-1, KEY_BYTES)
            opened = open_batch(packed, key_of, self._log_id, commitments, sealed)
        except (SealedContentError, TypeError):
            for place in places:
                row = rows[place]
                found[place] = self.open(keys[place], row.kind, row.commitment, row.sealed_record)
            return found
        records = opened.records
        derived = sha256_blobs(records.data, records.offsets, COMMITMENT_LABEL, opened.salts)
        commits = (derived == commitments).all(axis=1).tolist()
        contents = records.to_list()
        # What is joined is normal where all of it is: each record begins and ends in ASCII.
        joined = _is_normal(b"\n".join(contents))
        for place, content, holds in zip(places, contents, commits, strict=True):
            is_normal = joined or _is_normal(content)
            kind = rows[place].kind
            found[place] = self._read(kind, content, commits=holds, is_normal=is_normal)
        return found

    def _read(self, kind: int, content: bytes, *, commits: bool, is_normal: bool) -> OpenedRecord:
        shape = self._last.get(kind) if is_normal else None
        read = shape.read(content, commits=commits) if shape is not None else None
        return read if read is not None else self._parsed(kind, content, commits=commits)

    def _parsed(self, kind: int, content: bytes, *, commits: bool) -> OpenedRecord:
        record = _object_in(content)
        if record is None:
            return OpenedRecord(None, None, None, None, None, commits, is_canonical=False)
        try:
            canonical = canonical_json(record) == content
        except EncodingError:
            canonical = False
        if canonical and _is_plain(record):
            self._learn(kind, record)
        said = record.get
        return OpenedRecord(
            kind=said("kind"),
            class_=said("class"),
            period=said("period"),
            amount_fen=said("amount_fen"),
            identity_number=said("identity_number"),
            commits=commits,
            is_canonical=canonical,
        )

    def _learn(self, kind: int, record: dict[str, Any]) -> None:
        """Remember the shape of a canonical record."""
        keys = tuple((key, type(value) is int) for key, value in record.items())
        if keys not in self._shapes:
            if len(self._shapes) >= _KNOWN_SHAPES:
                self._shapes.clear()
            self._shapes[keys] = _shape(keys)
        self._last[kind] = self._shapes[keys]


class _Shape(NamedTuple):
    """Canonical records with certain keys and types, as a pattern; its groups by name."""

    pattern: re.Pattern[bytes]
    names: tuple[str, ...]

    def read(self, content: bytes, *, commits: bool) -> OpenedRecord | None:
        """What a record of this shape repeats, if its text is normal; None for another one."""
        found = self.pattern.fullmatch(content)
        if found is None:
            return None
        said = found.groups()
        if self.names == _USUAL:
            amount, class_, number, kind, period = said
            return OpenedRecord(
                int(kind), int(class_), int(period), int(amount), number.decode(),
                commits, is_canonical=True,
            )  # fmt: skip
        by_name = dict(zip(self.names, said, strict=True))
        number = by_name.get("identity_number")
        return OpenedRecord(
            kind=_integer(by_name.get("kind")),
            class_=_integer(by_name.get("class")),
            period=_integer(by_name.get("period")),
            amount_fen=_integer(by_name.get("amount_fen")),
            identity_number=number.decode() if number is not None else None,
            commits=commits,
            is_canonical=True,
        )


def _is_normal(content: bytes) -> bool:
    """Whether all text is UTF-8 in Unicode NFC: so is every part of it between quotes."""
    if content.isascii():
        return True
    try:
        return unicodedata.is_normalized("NFC", content.decode())
    except UnicodeDecodeError:
        return False


def _is_plain(record: dict[str, Any]) -> bool:
    """Whether a shape can stand for a record: flat, of text and numbers, each where it belongs."""
    return all(
        type(value) is (int if key in _NUMBERS else str)
        if key in _USUAL
        else type(value) in {int, str}
        for key, value in record.items()
    )


def _shape(keys: tuple[tuple[str, bool], ...]) -> _Shape:
    """The shape of records with these keys; True: an integer, False: a text.

    Texts with escapes and integers of more than 15 digits are left to the parser.
    """
    parts, names = [], []
    for key, is_integer in keys:
        value = _INTEGER if is_integer else b'"' + _TEXT + b'"'
        if key in _NUMBERS:
            value = b"(" + _INTEGER + b")"
            names.append(key)
        elif key in _USUAL:
            value = b'"(' + _TEXT + b')"'
            names.append(key)
        parts.append(re.escape(json.dumps(key, ensure_ascii=False).encode()) + b":" + value)
    return _Shape(re.compile(rb"\{" + b",".join(parts) + rb"\}"), tuple(names))


def _integer(said: bytes | None) -> int | None:
    return int(said) if said is not None else None


def _object_in(content: bytes) -> dict[str, Any] | None:
    """The object in these bytes; None for anything else, for floats and for doubtful constants."""
    try:
        value = _DECODER.decode(content.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(_text: str) -> Any:
    raise ValueError("a record holds no such number")


_DECODER: Final = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
