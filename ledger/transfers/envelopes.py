"""Messages between bureaus: sealed so that only the receiver reads, signed by the sender's log.

Inside is JSON in clear; outside is what anyone on the way may see: who, to whom, which case, and a
salted digest. Source: RFC 9180 (sealing).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ledger.errors import PackageMismatchError, PackageShapeError, SealedContentError
from ledger.evidence.encoding import LogId
from ledger.keys.packages import (
    PackageContext,
    open_package,
    seal_package,
    sign_package,
    verify_package,
)
from ledger.keys.ports import Signer
from ledger.keys.signers import SealingKeyPair
from ledger.transfers.model import CaseId
from ledger.transfers.papers import Reader, parse_case_id

SCHEMA: Final = "anxu-peer-message/1"
SEALING_KEY_BYTES: Final = 32
_DIGEST_BYTES: Final = 32


class MessageKind(StrEnum):
    """What a message brings."""

    LETTER = "letter"
    PACKAGE = "package"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message as it travels; ``digest`` is what stands, or will stand, on chain for it."""

    message_key: str
    kind: MessageKind
    sender: LogId
    receiver: LogId
    case_id: CaseId
    digest: bytes
    sealed: bytes
    signature: bytes

    def context(self) -> PackageContext:
        """What seal and signature are bound to."""
        return PackageContext(
            purpose=f"transfer-{self.kind}",
            sender=self.sender,
            receiver=self.receiver,
            case=bytes.fromhex(self.case_id.removeprefix("0x")),
            digest=self.digest,
        )

    @property
    def content_digest(self) -> bytes:
        """SHA-256 of the sealed bytes: for a package, the package digest on chain."""
        return hashlib.sha256(self.sealed).digest()


def message_key_of(kind: MessageKind, case_id: CaseId) -> str:
    """The key of a case's message: there is one of each kind."""
    return f"{kind}/{case_id}"


def seal_envelope(
    kind: MessageKind,
    sender: LogId,
    receiver: LogId,
    case_id: CaseId,
    digest: bytes,
    content: dict[str, Any],
    *,
    sealing_key: bytes,
    signer: Signer,
) -> Envelope:
    """Seal a message to its receiver's key and sign it with the sender's log key."""
    envelope = Envelope(
        message_key_of(kind, case_id), kind, sender, receiver, case_id, digest, b"", b""
    )
    context = envelope.context()
    plaintext = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    sealed = seal_package(sealing_key, context, plaintext)
    signature = sign_package(signer, context, sealed)
    return Envelope(
        envelope.message_key, kind, sender, receiver, case_id, digest, sealed, signature
    )


def open_envelope(envelope: Envelope, log_key: bytes, key: SealingKeyPair) -> Any:
    """The JSON inside, once the sender's signature holds.

    Raises:
        InvalidSignatureError: the sender's log did not sign it.
        SealedContentError: it is not sealed to us for this case.
        PackageShapeError: what is inside is not JSON.
    """
    context = envelope.context()
    verify_package(log_key, context, envelope.sealed, envelope.signature)
    plaintext = open_package(key, context, envelope.sealed)
    try:
        return json.loads(plaintext)
    except ValueError as error:
        raise PackageShapeError(part="content", reason="it is not JSON") from error


def require_sealing_key(key: bytes, enrolled_digest: bytes) -> None:
    """Refuse a sealing key that is not the enrolled one. Raises PackageMismatchError."""
    if len(key) != SEALING_KEY_BYTES or hashlib.sha256(key).digest() != enrolled_digest:
        raise PackageMismatchError(part="sealing key")


def envelope_json(envelope: Envelope) -> dict[str, Any]:
    """The envelope as it is posted."""
    return {
        "schema": SCHEMA,
        "message_key": envelope.message_key,
        "kind": envelope.kind.value,
        "from_log": envelope.sender,
        "to_log": envelope.receiver,
        "case_id": envelope.case_id,
        "digest": envelope.digest.hex(),
        "sealed": base64.b64encode(envelope.sealed).decode(),
        "signature": envelope.signature.hex(),
    }


def parse_envelope(value: Any) -> Envelope:
    """The envelope in this JSON. Raises PackageShapeError, SealedContentError."""
    reader = Reader(value, "message")
    reader.require_schema(SCHEMA)
    kind = reader.word("kind", MessageKind)
    case_id = parse_case_id(reader.text("case_id"))
    if reader.text("message_key") != message_key_of(kind, case_id):
        raise PackageShapeError(part="message", reason="its key is not that of its kind and case")
    try:
        sealed = base64.b64decode(reader.text("sealed"), validate=True)
    except binascii.Error as error:
        raise SealedContentError(what="message") from error
    return Envelope(
        message_key=reader.text("message_key"),
        kind=kind,
        sender=LogId(reader.integer("from_log", least=1)),
        receiver=LogId(reader.integer("to_log", least=1)),
        case_id=case_id,
        digest=reader.data("digest", _DIGEST_BYTES),
        sealed=sealed,
        signature=reader.data("signature"),
    )
