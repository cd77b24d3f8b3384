"""The one module that builds bytes that are hashed or signed.

All integers are big-endian, all digests SHA-256. Every digest starts with a one-byte label, so that
a value of one kind can never pass for another. Source: docs/reference/evidence.md; vectors in
tests/vectors/encoding.

    head       8   version u8 = 1 | kind u8 | class u16 | period u32 (yyyymm; 0 = none)
    entry     80   head 8 | subject 32 | amount i64 (fen) | commitment 32
    leaf      64   tag 32 | seal 32
"""

from __future__ import annotations

import hashlib
import json
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NewType

import rfc8785

from ledger.errors import EncodingError, LengthError
from ledger.policy.kinds import Kind, is_exclusive

LogId = NewType("LogId", int)
LeafIndex = NewType("LeafIndex", int)
TreeSize = NewType("TreeSize", int)
Subject = NewType("Subject", bytes)
Commitment = NewType("Commitment", bytes)

VERSION: Final = 1
DIGEST_BYTES: Final = 32
SALT_BYTES: Final = 32
ENTRY_BYTES: Final = 80
LEAF_BYTES: Final = 64
NO_SUBJECT: Final = Subject(bytes(32))
MAX_JSON_INTEGER: Final = 2**53 - 1
MAX_JSON_DEPTH: Final = 16
MAX_CLASS: Final = 0xFFFF
FIRST_PERIOD: Final = 190001
LAST_PERIOD: Final = 999912

_MONTHS: Final = 12

_dumps = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode
_HEAD = struct.Struct(">BBHI")
_ENTRY = struct.Struct(">8s32sq32s")
_REVERSAL_SUBJECT = struct.Struct(">IQ20x")

LEAF_LABEL: Final = b"\x00"
NODE_LABEL: Final = b"\x01"
EXCLUSIVE_TAG_LABEL: Final = b"\x10"
SEAL_LABEL: Final = b"\x11"
COMMITMENT_LABEL: Final = b"\x12"
REVERSAL_TAG_LABEL: Final = b"\x13"
HANDLE_LABEL: Final = b"\x14"
OTHER_TAG_LABEL: Final = b"\x15"
_SEGMENT_LABEL: Final = b"\x16"
_FIGURES_LABEL: Final = b"\x17"
_BENEFIT_LABEL: Final = b"\x18"
_STANDING_LABEL: Final = b"\x19"


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _integers(layout: str, field: str, *values: int) -> bytes:
    """Pack integers big-endian; one that does not fit is refused by the name of the field."""
    try:
        return struct.pack(f">{layout}", *values)
    except struct.error as error:
        raise EncodingError(field=field, reason="a number is out of bounds") from error


def _require_length(field: str, value: bytes, expected: int) -> None:
    if len(value) != expected:
        raise LengthError(field=field, expected=expected, actual=len(value))


@dataclass(frozen=True, slots=True)
class Head:
    """What kind of fact, of which exclusion class, about which month.

    ``class_`` is the exclusion class with bit 15 set for lines that are not exclusive; ``period``
    is yyyymm or 0.
    """

    kind: Kind
    class_: int
    period: int

    def pack(self) -> bytes:
        """The 8 bytes of the head.

        Raises:
            EncodingError: the class or the period is out of bounds.
        """
        if not 0 <= self.class_ <= MAX_CLASS:
            raise EncodingError(field="class", reason="it must lie between 0 and 65535")
        in_bounds = FIRST_PERIOD <= self.period <= LAST_PERIOD
        if self.period and not (in_bounds and 1 <= self.period % 100 <= _MONTHS):
            raise EncodingError(field="period", reason="it must be a month as yyyymm, or 0")
        return _HEAD.pack(VERSION, self.kind, self.class_, self.period)

    @classmethod
    def parse(cls, data: bytes) -> Head:
        """The head that :meth:`pack` made these bytes from; anything else is refused."""
        _require_length("head", data, _HEAD.size)
        version, kind, class_, period = _HEAD.unpack(data)
        if version != VERSION:
            raise EncodingError(field="version", reason=f"version {version} is not known here")
        try:
            head = cls(Kind(kind), class_, period)
        except ValueError as error:
            raise EncodingError(field="kind", reason=f"kind {kind} is not known here") from error
        head.pack()
        return head

    @property
    def exclusive(self) -> bool:
        """Whether one person can have only one such fact in one month."""
        return is_exclusive(self.kind, self.class_)


@dataclass(frozen=True, slots=True)
class Leaf:
    """The public face of one fact: two digests that say nothing by themselves."""

    tag: bytes
    seal: bytes

    def pack(self) -> bytes:
        """The 64 bytes appended to the log."""
        return self.tag + self.seal

    @classmethod
    def parse(cls, data: bytes) -> Leaf:
        """The leaf in these 64 bytes."""
        _require_length("leaf", data, LEAF_BYTES)
        return cls(data[:32], data[32:])


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact as supervisors see it; 80 bytes, from which the leaf can be recomputed."""

    head: Head
    subject: Subject
    amount_fen: int
    commitment: Commitment

    def pack(self) -> bytes:
        """The 80 bytes of the entry."""
        _require_length("subject", self.subject, DIGEST_BYTES)
        _require_length("commitment", self.commitment, DIGEST_BYTES)
        if not -(2**63) <= self.amount_fen < 2**63:
            raise EncodingError(field="amount", reason="it does not fit 64 bits")
        return _ENTRY.pack(self.head.pack(), self.subject, self.amount_fen, self.commitment)

    @classmethod
    def parse(cls, data: bytes) -> Entry:
        """The entry that :meth:`pack` made these bytes from; anything else is refused."""
        _require_length("entry", data, ENTRY_BYTES)
        head, subject, amount_fen, commitment = _ENTRY.unpack(data)
        return cls(Head.parse(head), Subject(subject), amount_fen, Commitment(commitment))

    def leaf(self, log_id: LogId) -> Leaf:
        """The public leaf of this entry in log ``log_id``."""
        return Leaf(tag_of(self), seal_of(log_id, self.amount_fen, self.commitment))


@dataclass(frozen=True, slots=True)
class PlacedEntry:
    """An entry with where it stands: which log, which leaf."""

    log_id: LogId
    index: LeafIndex
    entry: Entry


def handle_of(head: Head, subject: Subject) -> bytes:
    """Open one fact without giving the subject away (32 bytes)."""
    _require_length("subject", subject, DIGEST_BYTES)
    return _sha256(HANDLE_LABEL, head.pack(), subject)


def exclusive_tag(head: Head, handle: bytes) -> bytes:
    """The tag that two cities' leaves share when both claim one person, class and month."""
    _require_length("handle", handle, DIGEST_BYTES)
    return _sha256(EXCLUSIVE_TAG_LABEL, head.pack(), handle)


def other_tag(head: Head, handle: bytes, commitment: Commitment) -> bytes:
    """The tag of a fact that may occur many times."""
    _require_length("handle", handle, DIGEST_BYTES)
    _require_length("commitment", commitment, DIGEST_BYTES)
    return _sha256(OTHER_TAG_LABEL, head.pack(), handle, commitment)


def reversal_tag(log_id: LogId, index: LeafIndex) -> bytes:
    """The tag that says leaf ``index`` of ``log_id`` no longer counts, for contracts too."""
    return _sha256(REVERSAL_TAG_LABEL, _integers("IQ", "reversal", log_id, index))


def reversal_subject(log_id: LogId, index: LeafIndex) -> Subject:
    """The subject field of a reversal entry: log u32 | index u64 | 20 zero bytes."""
    return Subject(_integers("IQ20x", "reversal", log_id, index))


def reversed_leaf(subject: Subject) -> tuple[LogId, LeafIndex]:
    """Which leaf a reversal entry's subject field names.

    Raises:
        EncodingError: the 20 trailing bytes are not zero.
    """
    _require_length("subject", subject, DIGEST_BYTES)
    log_id, index = _REVERSAL_SUBJECT.unpack(subject)
    if subject[12:] != bytes(20):
        raise EncodingError(field="subject", reason="a reversal's subject ends in 20 zero bytes")
    return LogId(log_id), LeafIndex(index)


def tag_from(head: Head, handle: bytes, commitment: Commitment) -> bytes:
    """The tag of a fact opened by its handle (not for reversals, whose tag names a leaf)."""
    if head.exclusive:
        return exclusive_tag(head, handle)
    return other_tag(head, handle, commitment)


def tag_of(entry: Entry) -> bytes:
    """The 32-byte tag of an entry: exclusive, reversal or other, as its head says."""
    if entry.head.kind is Kind.REVERSAL:
        return reversal_tag(*reversed_leaf(entry.subject))
    return tag_from(entry.head, handle_of(entry.head, entry.subject), entry.commitment)


def seal_of(log_id: LogId, amount_fen: int, commitment: Commitment) -> bytes:
    """Fix amount and record for one log; a leaf copied into another log cannot be opened there."""
    _require_length("commitment", commitment, DIGEST_BYTES)
    return _sha256(SEAL_LABEL, _integers("Iq", "seal", log_id, amount_fen), commitment)


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 9162 section 2.1.1: the hash of a leaf."""
    return _sha256(LEAF_LABEL, leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 section 2.1.1: the hash of an inner node."""
    return _sha256(NODE_LABEL, left, right)


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """The one spelling of a record: RFC 8785, strings in NFC, integers within ±(2^53-1), no floats.

    Raises:
        EncodingError: a string is not NFC, a number is a float or too large, or a type is not JSON.
    """
    try:
        if _is_simple(dict(value)):
            # With ASCII keys, and neither floats nor foreign types, any sorting agrees: these are
            # the bytes of RFC 8785, several times as fast (decision 0011).
            return _dumps(dict(value)).encode()
        _require_canonical(value, "record")
        return rfc8785.dumps(dict(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        reason = "it holds a value that JSON cannot carry"
        raise EncodingError(field="record", reason=reason) from error


def _is_simple(value: Any, depth: int = 0) -> bool:
    """Whether a value is what nearly all are: ASCII keys, plain values, nothing to refuse."""
    if isinstance(value, dict):
        return depth <= MAX_JSON_DEPTH and all(
            isinstance(key, str) and key.isascii() and _is_simple(inner, depth + 1)
            for key, inner in value.items()
        )
    if isinstance(value, list | tuple):
        return depth <= MAX_JSON_DEPTH and all(_is_simple(inner, depth + 1) for inner in value)
    if isinstance(value, str):
        return value.isascii() or unicodedata.is_normalized("NFC", value)
    if isinstance(value, int):
        return -MAX_JSON_INTEGER <= value <= MAX_JSON_INTEGER
    return value is None or value is True or value is False


def _require_canonical(value: Any, path: str, depth: int = 0) -> None:
    if depth > MAX_JSON_DEPTH and isinstance(value, Mapping | list | tuple):
        raise EncodingError(field="record", reason=f"it is nested over {MAX_JSON_DEPTH} deep")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise EncodingError(field=path, reason="a key is not text")
            _require_plain(key, f"a key of {path}")
            _require_canonical(inner, f"{path}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            _require_canonical(inner, f"{path}[{position}]", depth + 1)
    else:
        _require_plain(value, path)


def _require_plain(value: Any, path: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        if not unicodedata.is_normalized("NFC", value):
            raise EncodingError(field=path, reason="the text is not in Unicode NFC")
    elif isinstance(value, int):
        if abs(value) > MAX_JSON_INTEGER:
            raise EncodingError(field=path, reason="the integer is beyond 2^53-1")
    else:
        raise EncodingError(field=path, reason=f"{type(value).__name__} is not allowed in a record")


def commitment_of(record: bytes, salt: bytes) -> Commitment:
    """Fix a canonical record for good and hide it: SHA-256(0x12 | salt | record)."""
    _require_length("salt", salt, SALT_BYTES)
    return Commitment(_sha256(COMMITMENT_LABEL, salt, record))


def figures_digest(figures: bytes, salt: bytes) -> bytes:
    """What two bureaus sign in a transfer: SHA-256(0x17 | salt | canonical figures)."""
    _require_length("salt", salt, SALT_BYTES)
    return _sha256(_FIGURES_LABEL, salt, figures)


def segment_tag(class_: int, log_id: LogId, stay: int, subject: Subject) -> bytes:
    """One stay of one person in one class at one bureau."""
    _require_length("subject", subject, DIGEST_BYTES)
    return _sha256(_SEGMENT_LABEL, _integers("HIH", "segment", class_, log_id, stay), subject)


def benefit_tag(class_: int, subject: Subject) -> bytes:
    """Who pays this person's benefit of this class is kept under this tag."""
    _require_length("subject", subject, DIGEST_BYTES)
    return _sha256(_BENEFIT_LABEL, _integers("H", "benefit", class_), subject)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a cosigner says of one leaf as of one checkpoint; ``time`` is Unix seconds."""

    log_id: LogId
    index: LeafIndex
    size: TreeSize
    root: bytes
    reversed: bool
    revoked: bool
    time: int

    def digest(self) -> bytes:
        """The 32 bytes a cosigner signs."""
        _require_length("root", self.root, DIGEST_BYTES)
        numbers = _integers("IQQ", "standing", self.log_id, self.index, self.size)
        flags = _integers("BBQ", "standing", self.reversed, self.revoked, self.time)
        return _sha256(_STANDING_LABEL, numbers, self.root, flags)
