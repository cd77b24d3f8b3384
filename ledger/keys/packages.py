"""Packages between bureaus: sealed so that only the receiver reads, signed by the sender.

Sealing is HPKE (RFC 9180) in base mode with X25519, HKDF-SHA256 and AES-256-GCM. HPKE alone says
nothing about the sender, so a package travels with an Ed25519 signature over its context and its
sealed bytes. The context (purpose, sender, receiver, case, digest) enters HPKE's ``info``: a
package for one case does not open in another. Bytes: ``version u8 = 1 | encapsulated key 32 |
ciphertext and tag``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ledger.errors import (
    EncodingError,
    InvalidSignatureError,
    LengthError,
    SealedContentError,
)
from ledger.evidence.encoding import LogId
from ledger.keys.ports import Signer
from ledger.keys.signers import SealingKeyPair

TRANSFER = "transfer"
ALLIANCE_KEY = "alliance-key"
CASE_BYTES = 32
DIGEST_BYTES = 32
NO_CASE = bytes(CASE_BYTES)

_VERSION = b"\x01"
_INFO_LABEL = b"anxu-package/1|"
_SIGNATURE_LABEL = b"anxu-package-signature/1|"
_ENCAPSULATED_BYTES = 32
_AUTH_TAG_BYTES = 16
_PURPOSE = re.compile(r"[a-z]+(-[a-z]+)*")
_MAXIMUM_PURPOSE_BYTES = 40


@dataclass(frozen=True, slots=True)
class PackageContext:
    """What a package is for; it travels in clear beside the package and must match on both sides.

    ``case`` and ``digest`` are 32 bytes: the transfer case's id on chain and the digest both sides
    sign.
    """

    purpose: str
    sender: LogId
    receiver: LogId
    case: bytes
    digest: bytes

    def info(self) -> bytes:
        """The bytes that sealing and signature are bound to.

        Raises:
            LengthError: ``case`` or ``digest`` is not 32 bytes.
            EncodingError: the purpose is not lower-case words joined by hyphens, or too long.
        """
        if not _PURPOSE.fullmatch(self.purpose) or len(self.purpose) > _MAXIMUM_PURPOSE_BYTES:
            raise EncodingError(field="purpose", reason="use lower-case words joined by hyphens")
        _require_length("case", self.case, CASE_BYTES)
        _require_length("digest", self.digest, DIGEST_BYTES)
        logs = self.sender.to_bytes(4) + self.receiver.to_bytes(4)
        return _INFO_LABEL + self.purpose.encode() + b"|" + logs + self.case + self.digest


def seal_package(public_key: bytes, context: PackageContext, plaintext: bytes) -> bytes:
    """Seal ``plaintext`` to the receiver's 32-byte X25519 ``public_key``; 49 bytes longer.

    Raises:
        LengthError: the key is not 32 bytes.
        EncodingError: the key is of small order, or the context is malformed.
    """
    _require_length("sealing public key", public_key, _ENCAPSULATED_BYTES)
    receiver = X25519PublicKey.from_public_bytes(public_key)
    try:
        return _VERSION + _suite().encrypt(plaintext, receiver, info=context.info())
    except ValueError as error:
        raise EncodingError(field="sealing public key", reason="it cannot be sealed to") from error


def open_package(key: SealingKeyPair, context: PackageContext, sealed: bytes) -> bytes:
    """What was sealed to ``key`` for ``context``. Check the sender's signature first.

    Raises:
        SealedContentError: another key, another context, an unknown version, or changed bytes.
    """
    smallest = len(_VERSION) + _ENCAPSULATED_BYTES + _AUTH_TAG_BYTES
    if len(sealed) < smallest or sealed[:1] != _VERSION:
        raise SealedContentError(what="package")
    try:
        return _suite().decrypt(sealed[1:], key.private, info=context.info())
    except (InvalidTag, ValueError) as error:
        raise SealedContentError(what="package") from error


def sign_package(signer: Signer, context: PackageContext, sealed: bytes) -> bytes:
    """The sender's 64-byte signature over the context and the sealed bytes."""
    return signer.sign(_signed_bytes(context, sealed))


def verify_package(
    public_key: bytes, context: PackageContext, sealed: bytes, signature: bytes
) -> None:
    """Check that the holder of the Ed25519 ``public_key`` sent this package for this context.

    Raises:
        InvalidSignatureError: it did not.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signature, _signed_bytes(context, sealed))
    except (InvalidSignature, ValueError) as error:
        raise InvalidSignatureError(what="package") from error


def seal_alliance_key(
    public_key: bytes, sender: LogId, receiver: LogId, alliance_key: bytes
) -> tuple[PackageContext, bytes]:
    """Pass the alliance key from an enrolled bureau to a new one: the context and the package."""
    _require_length("alliance key", alliance_key, 32)
    context = _alliance_context(sender, receiver)
    return context, seal_package(public_key, context, alliance_key)


def open_alliance_key(key: SealingKeyPair, sender: LogId, receiver: LogId, sealed: bytes) -> bytes:
    """The alliance key that ``sender`` passed on. Raises SealedContentError, LengthError."""
    alliance_key = open_package(key, _alliance_context(sender, receiver), sealed)
    _require_length("alliance key", alliance_key, 32)
    return alliance_key


def _alliance_context(sender: LogId, receiver: LogId) -> PackageContext:
    return PackageContext(ALLIANCE_KEY, sender, receiver, NO_CASE, bytes(DIGEST_BYTES))


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _signed_bytes(context: PackageContext, sealed: bytes) -> bytes:
    return _SIGNATURE_LABEL + context.info() + hashlib.sha256(sealed).digest()


def _require_length(name: str, value: bytes, expected: int) -> None:
    if len(value) != expected:
        raise LengthError(field=name, expected=expected, actual=len(value))
