"""Opens sealed records and says what they repeat of their entry, with keys fetched by the batch."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

from ledger.errors import (
    EncodingError,
    KeyFileDamagedError,
    LedgerError,
    LengthError,
    NotFoundError,
    SealedContentError,
    SealingKeyDestroyedError,
)
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    Commitment,
    LogId,
    Subject,
    canonical_json,
)
from ledger.keys.sealing import RecordSealer, SealingKey, record_aad

_COMMITMENT_LABEL: Final = b"\x12"
_CACHED_PERSONS: Final = 32_768
"""Scheduled keys that are held at once, about 3.6 kB each."""
_LARGE_NUMBER: Final = re.compile(rb"[:,\[]-?[0-9]{16}")

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


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
    """Persons' keys, each fetched and scheduled once while it is remembered."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._known: dict[bytes, RecordSealer | Absence] = {}

    def load(self, subjects: Iterable[bytes]) -> None:
        """Fetch the keys of those persons that are not known yet."""
        wanted = {Subject(each) for each in subjects if each not in self._known}
        if not wanted:
            return
        if len(self._known) + len(wanted) > _CACHED_PERSONS:
            self._known.clear()
        try:
            self._take(self._vault.get_many(wanted))
        except LedgerError:
            erased = self._vault.destroyed_among(wanted)
            self._known.update(dict.fromkeys(erased, Absence.ERASED))
            for subject in wanted - erased:
                self._known[subject] = self._single(subject)

    def of(self, subject: bytes) -> RecordSealer | Absence:
        """The key of one person, or why there is none."""
        if len(subject) != DIGEST_BYTES:
            return Absence.NO_KEY
        if subject not in self._known:
            self.load([subject])
        return self._known[subject]

    def _take(self, keys: dict[Subject, SealingKey]) -> None:
        for subject, key in keys.items():
            self._known[subject] = RecordSealer(key)

    def _single(self, subject: Subject) -> RecordSealer | Absence:
        try:
            return RecordSealer(self._vault.get_many([subject])[subject])
        except NotFoundError:
            return Absence.NO_KEY
        except SealingKeyDestroyedError:
            return Absence.ERASED
        except (KeyFileDamagedError, LengthError):
            return Absence.DAMAGED_KEY


def open_record(
    key: RecordSealer | Absence, log_id: LogId, commitment: bytes, sealed: bytes
) -> OpenedRecord | Absence:
    """Open one sealed record under its row's commitment, or say why it cannot be."""
    if isinstance(key, Absence):
        return key
    try:
        content, salt = key.open(sealed, record_aad(log_id, Commitment(commitment)))
    except (SealedContentError, LengthError, TypeError):
        return Absence.CANNOT_OPEN
    commits = hashlib.sha256(_COMMITMENT_LABEL + salt + content).digest() == commitment
    record = _parsed(content)
    if record is None:
        return OpenedRecord(None, None, None, None, None, commits, is_canonical=False)
    said = record.get
    return OpenedRecord(
        kind=said("kind"),
        class_=said("class"),
        period=said("period"),
        amount_fen=said("amount_fen"),
        identity_number=said("identity_number"),
        commits=commits,
        is_canonical=is_canonical(content, record),
    )


def is_canonical(content: bytes, record: dict[str, Any]) -> bool:
    """Whether ``content``, which parses to ``record``, is its canonical form.

    Nearly all records are flat, with ASCII keys, and hold text and plain numbers: for those writing
    them again and comparing bytes is enough. All others go through the encoder of the ledger.
    """
    text = content.decode()
    plain = (
        _LARGE_NUMBER.search(content) is None
        and not any(type(value) is dict or type(value) is list for value in record.values())
        and "".join(record).isascii()
    )
    if plain:
        return text == _encode(record) and (
            text.isascii() or unicodedata.is_normalized("NFC", text)
        )
    try:
        return canonical_json(record) == content
    except EncodingError:
        return False


def _parsed(content: bytes) -> dict[str, Any] | None:
    """The object in these bytes; None for anything else, for floats and for doubtful constants."""
    try:
        value = _DECODER.decode(content.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(_text: str) -> Any:
    raise ValueError("a record holds no such number")


_DECODER: Final = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
