"""Sealing of records: each record and its salt encrypted under its person's own key.

A sealed record is ``version u8 = 1 | nonce 12 | AES-256-GCM ciphertext and tag`` of ``salt 32 |
canonical record``, bound to the log and the commitment it belongs to. The nonce is derived from
everything that is sealed: the same content gives the same bytes, other content another nonce, and
no restart, restored backup or fixed seed can make one nonce serve two contents. It gives nothing
away, as the salt is unpredictable.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple, NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import LengthError, SealedContentError
from ledger.evidence.encoding import Commitment, LogId

SealingKey = NewType("SealingKey", bytes)

KEY_BYTES = 32
SALT_BYTES = 32
COMMITMENT_BYTES = 32
NONCE_BYTES = 12
AUTH_TAG_BYTES = 16
_VERSION = b"\x01"
_AAD_LABEL = b"anxu-record/1|"
NONCE_LABEL = b"anxu-record-nonce/1|"
_SMALLEST = len(_VERSION) + NONCE_BYTES + SALT_BYTES + AUTH_TAG_BYTES


class OpenedRecord(NamedTuple):
    """What was sealed: the canonical record and the salt of its commitment."""

    record: bytes
    salt: bytes


def record_aad(log_id: LogId, commitment: Commitment) -> bytes:
    """What a sealed record is bound to, so that it cannot be put in another one's place.

    Raises:
        LengthError: ``commitment`` is not 32 bytes.
    """
    _require_length("commitment", commitment, COMMITMENT_BYTES)
    return _AAD_LABEL + log_id.to_bytes(4) + commitment


class RecordSealer:
    """Seals and opens many records of one person: the key is scheduled once."""

    __slots__ = ("_cipher",)

    def __init__(self, key: SealingKey) -> None:
        """Take a person's 32-byte sealing key. Raises LengthError."""
        _require_length("sealing key", key, KEY_BYTES)
        self._cipher = AESGCM(key)

    def seal(self, record: bytes, salt: bytes, aad: bytes) -> bytes:
        """Seal ``record`` and its ``salt``, bound to ``aad`` (see :func:`record_aad`).

        Raises:
            LengthError: ``salt`` is not 32 bytes.
        """
        if len(salt) != SALT_BYTES:
            raise LengthError(field="salt", expected=SALT_BYTES, actual=len(salt))
        payload = salt + record
        size = len(aad).to_bytes(4)
        nonce = hashlib.sha256(NONCE_LABEL + size + aad + payload).digest()[:NONCE_BYTES]
        return _VERSION + nonce + self._cipher.encrypt(nonce, payload, aad)

    def open(self, blob: bytes, aad: bytes) -> OpenedRecord:
        """What was sealed under this key and ``aad``.

        Raises:
            SealedContentError: another key or place, an unknown version, or changed bytes.
        """
        if len(blob) < _SMALLEST or blob[:1] != _VERSION:
            raise SealedContentError(what="record")
        try:
            payload = self._cipher.decrypt(blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :], aad)
        except InvalidTag as error:
            raise SealedContentError(what="record") from error
        return OpenedRecord(payload[SALT_BYTES:], payload[:SALT_BYTES])


def seal_record(key: SealingKey, record: bytes, salt: bytes, aad: bytes) -> bytes:
    """Seal one record; for many of one person build a :class:`RecordSealer`."""
    return RecordSealer(key).seal(record, salt, aad)


def open_record(key: SealingKey, blob: bytes, aad: bytes) -> OpenedRecord:
    """Open one sealed record. Raises SealedContentError, LengthError."""
    return RecordSealer(key).open(blob, aad)


def _require_length(name: str, value: bytes, expected: int) -> None:
    if len(value) != expected:
        raise LengthError(field=name, expected=expected, actual=len(value))
