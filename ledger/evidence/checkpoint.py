"""Signed checkpoints: what a log says of itself, and what its cosigners say of that.

A checkpoint is a C2SP signed note (c2sp.org/signed-note) whose text has exactly three lines:
origin, size, root in base64 (c2sp.org/tlog-checkpoint). The log signs it with Ed25519 under its
origin as key name; supervisors add cosignature/v1 lines with their time
(c2sp.org/tlog-cosignature). Stricter than the specifications: no extension lines, no key twice in
one note, base64 in its one spelling. Whatever parses formats back to the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.errors import (
    InvalidSignatureError,
    LengthError,
    MalformedKeyError,
    MalformedNoteError,
    UnknownSignerError,
    WrongOriginError,
)
from ledger.evidence.encoding import DIGEST_BYTES, TreeSize
from ledger.evidence.merkle import MAX_TREE_SIZE

ED25519: Final = 0x01
COSIGNATURE_V1: Final = 0x04
SIGNATURE_BYTES: Final = 64
PUBLIC_KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 4
MAX_NOTE_BYTES: Final = 65_536
MAX_SIGNATURES: Final = 64
MAX_TIME: Final = 2**63 - 1

_TIME: Final = struct.Struct(">Q")
_BODY_LINES: Final = 3
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_VKEY: Final = re.compile(
    r"(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+=*)", re.ASCII
)
_LINE: Final = re.compile(r"— (?P<name>\S+) (?P<signature>\S+)")


class Signer(Protocol):
    """Signs with one Ed25519 key (RFC 8032)."""

    @property
    def public_key(self) -> bytes:
        """The 32 bytes others check the signature with."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of ``message``."""
        ...


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under and the type of its signatures (a *vkey*)."""

    name: str
    algorithm: int
    public_key: bytes

    @classmethod
    def log(cls, origin: str, public_key: bytes) -> VerifierKey:
        """The key a log signs its checkpoints with; its name is the origin."""
        return cls._checked(origin, ED25519, public_key)

    @classmethod
    def cosigner(cls, name: str, public_key: bytes) -> VerifierKey:
        """The key a supervisor cosigns with."""
        return cls._checked(name, COSIGNATURE_V1, public_key)

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand before each signature (signed-note, section *Signatures*)."""
        head = self.name.encode() + b"\n" + bytes([self.algorithm])
        return hashlib.sha256(head + self.public_key).digest()[:KEY_ID_BYTES]

    def format(self) -> str:
        """``name+hex(key id)+base64(algorithm | public key)``."""
        material = base64.b64encode(bytes([self.algorithm]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that :meth:`format` made this text from.

        Raises:
            MalformedKeyError: form, name, type, length or key id is wrong.
        """
        found = _VKEY.fullmatch(text)
        if found is None:
            raise MalformedKeyError(reason="it is not name+id+key")
        material = _decode(found["key"])
        if material is None or len(material) != 1 + PUBLIC_KEY_BYTES:
            raise MalformedKeyError(reason="the key is not one byte of type and 32 bytes of key")
        key = cls._checked(found["name"], material[0], material[1:])
        if key.key_id.hex() != found["id"]:
            raise MalformedKeyError(reason="the key id does not belong to name and key")
        return key

    @classmethod
    def _checked(cls, name: str, algorithm: int, public_key: bytes) -> VerifierKey:
        if not is_key_name(name):
            raise MalformedKeyError(reason="a key name has no spaces and no plus sign")
        if algorithm not in {ED25519, COSIGNATURE_V1}:
            raise MalformedKeyError(reason=f"signature type {algorithm} is not known here")
        if len(public_key) != PUBLIC_KEY_BYTES:
            raise MalformedKeyError(reason="an Ed25519 key is 32 bytes long")
        return cls(name, algorithm, public_key)


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature under a note: whose it says it is, and its bytes. Nothing is checked yet."""

    name: str
    key_id: bytes
    signature: bytes

    def format(self) -> str:
        """The line, without its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}"

    @classmethod
    def parse(cls, line: str) -> SignatureLine:
        """The signature that :meth:`format` made this line from.

        Raises:
            MalformedNoteError: it is no signature line.
        """
        found = _LINE.fullmatch(line)
        if found is None or not is_key_name(found["name"]):
            raise MalformedNoteError(reason="a signature line is not: dash, name, base64")
        blob = _decode(found["signature"])
        if blob is None or len(blob) <= KEY_ID_BYTES:
            raise MalformedNoteError(reason="a signature is not base64 of key id and signature")
        return cls(found["name"], blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])

    def is_by(self, key: VerifierKey) -> bool:
        """Whether it claims to be by ``key``."""
        return (self.name, self.key_id) == (key.name, key.key_id)


@dataclass(frozen=True, slots=True)
class Note:
    """A text with signatures. Trust nothing in it before a signature was checked."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def format(self) -> str:
        """Text, empty line, signature lines."""
        return self.text + "\n" + "".join(line.format() + "\n" for line in self.signatures)

    @classmethod
    def parse(cls, note: str) -> Note:
        """The note that :meth:`format` made this text from.

        Raises:
            MalformedNoteError: size, characters, the empty line or a signature line is not as it
                must be.
        """
        if _encoded_length(note) > MAX_NOTE_BYTES:
            raise MalformedNoteError(reason=f"it is longer than {MAX_NOTE_BYTES} bytes")
        if any(character < " " and character != "\n" for character in note):
            raise MalformedNoteError(reason="it holds control characters")
        if not note.endswith("\n"):
            raise MalformedNoteError(reason="it does not end in a newline")
        text, gap, tail = note.rpartition("\n\n")
        if not gap or not text:
            raise MalformedNoteError(reason="no empty line stands before the signatures")
        lines = tail.removesuffix("\n").split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise MalformedNoteError(reason=f"it has over {MAX_SIGNATURES} signatures")
        signatures = tuple(SignatureLine.parse(line) for line in lines)
        if len({(line.name, line.key_id) for line in signatures}) != len(signatures):
            raise MalformedNoteError(reason="one key signs it twice")
        return cls(text + "\n", signatures)

    def by(self, key: VerifierKey) -> SignatureLine | None:
        """The signature that claims to be by ``key``, if there is one."""
        return next((line for line in self.signatures if line.is_by(key)), None)


@dataclass(frozen=True, slots=True)
class CheckpointBody:
    """A log's own view of itself: so many leaves, this root."""

    origin: str
    size: TreeSize | int
    root: bytes

    def format(self) -> str:
        """The three lines that are signed.

        Raises:
            MalformedNoteError: the origin is not a key name, or the size is out of bounds.
            LengthError: the root is not 32 bytes.
        """
        if not is_key_name(self.origin):
            raise MalformedNoteError(reason="an origin has no spaces and no plus sign")
        if not 0 <= self.size <= MAX_TREE_SIZE:
            raise MalformedNoteError(reason="no log has that size")
        if len(self.root) != DIGEST_BYTES:
            raise LengthError(field="root", expected=DIGEST_BYTES, actual=len(self.root))
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> CheckpointBody:
        """The body that :meth:`format` made this text from.

        Raises:
            MalformedNoteError: it is anything else.
        """
        lines = text.split("\n")
        if len(lines) != _BODY_LINES + 1 or lines.pop():
            raise MalformedNoteError(reason="it does not have the three lines of a checkpoint")
        origin, size, root = lines
        if not is_key_name(origin):
            raise MalformedNoteError(reason="an origin has no spaces and no plus sign")
        if _SIZE.fullmatch(size) is None or int(size) > MAX_TREE_SIZE:
            raise MalformedNoteError(reason="the size is not a plain decimal number")
        digest = _decode(root)
        if digest is None or len(digest) != DIGEST_BYTES:
            raise MalformedNoteError(reason="the root is not base64 of 32 bytes")
        return cls(origin, TreeSize(int(size)), digest)


def sign_checkpoint(body: CheckpointBody, name: str, signer: Signer) -> str:
    """The signed note of a checkpoint, with the log's own line only.

    Args:
        body: what is signed.
        name: the key name; a log signs under its origin.
        signer: the log key.
    """
    text = body.format()
    key = VerifierKey.log(name, signer.public_key)
    line = SignatureLine(name, key.key_id, signer.sign(text.encode()))
    return Note(text, (line,)).format()


def cosign_checkpoint(body: CheckpointBody, name: str, signer: Signer, *, time: int) -> str:
    """The signature line (without newline) by which a supervisor says: consistent, at this time.

    Args:
        body: the checkpoint whose consistency the cosigner has checked.
        name: its key name.
        signer: its cosigning key, used for no other protocol.
        time: Unix seconds.
    """
    message = _cosigned_message(body.format(), time)
    key = VerifierKey.cosigner(name, signer.public_key)
    return SignatureLine(name, key.key_id, _TIME.pack(time) + signer.sign(message)).format()


def add_signature_lines(note: str, lines: Iterable[str]) -> str:
    """A note with more signature lines behind its own; a line of a key replaces an older one of it.

    Raises:
        MalformedNoteError: the note or a line cannot be parsed.
    """
    parsed = Note.parse(note)
    kept = {(line.name, line.key_id): line for line in parsed.signatures}
    for text in lines:
        line = SignatureLine.parse(text)
        kept[line.name, line.key_id] = line
    result = Note(parsed.text, tuple(kept.values())).format()
    Note.parse(result)
    return result


def open_checkpoint(note: str, origin: str, keys: Iterable[VerifierKey]) -> CheckpointBody:
    """What a log signed, once it is certain that the log did.

    1. The note has the one accepted form. 2. Its origin is the expected one. 3. At least one of
    ``keys`` signed it. 4. No signature that claims to be by one of ``keys`` is false. Signatures by
    other keys are passed over.

    Raises:
        MalformedNoteError: step 1.
        WrongOriginError: step 2.
        UnknownSignerError: step 3.
        InvalidSignatureError: step 4.
    """
    parsed = Note.parse(note)
    body = CheckpointBody.parse(parsed.text)
    if body.origin != origin:
        raise WrongOriginError(expected=origin, actual=body.origin)
    found = [(key, line) for key in keys if (line := parsed.by(key)) is not None]
    if not found:
        raise UnknownSignerError(key_id=parsed.signatures[0].key_id.hex())
    for key, line in found:
        verify_log_signature(parsed.text, line, key)
    return body


def verify_log_signature(text: str, line: SignatureLine, key: VerifierKey) -> None:
    """Refuse unless ``line`` is the log key's signature of the note text."""
    if key.algorithm != ED25519 or not line.is_by(key):
        raise UnknownSignerError(key_id=line.key_id.hex())
    verify_ed25519(key.public_key, line.signature, text.encode(), what="the checkpoint")


def verify_cosignature(text: str, line: SignatureLine, key: VerifierKey) -> int:
    """Refuse unless ``line`` is the cosigner's signature of the text; returns its Unix time."""
    if key.algorithm != COSIGNATURE_V1 or not line.is_by(key):
        raise UnknownSignerError(key_id=line.key_id.hex())
    if len(line.signature) != _TIME.size + SIGNATURE_BYTES:
        raise InvalidSignatureError(what="the cosigned checkpoint")
    (time,) = _TIME.unpack_from(line.signature)
    if time > MAX_TIME:
        raise InvalidSignatureError(what="the cosigned checkpoint")
    message = _cosigned_message(text, time)
    signature = line.signature[_TIME.size :]
    verify_ed25519(key.public_key, signature, message, what="the cosigned checkpoint")
    return int(time)


def parse_cosignature_line(line: str, key: VerifierKey, body: CheckpointBody) -> int:
    """Refuse unless a :func:`cosign_checkpoint` line holds for ``body``; returns its time.

    Raises:
        MalformedNoteError: it is no signature line.
        UnknownSignerError: it is by another key.
        InvalidSignatureError: it does not hold.
    """
    return verify_cosignature(body.format(), SignatureLine.parse(line), key)


def verify_ed25519(public_key: bytes, signature: bytes | str, message: bytes, *, what: str) -> None:
    """Refuse unless an Ed25519 signature (raw, or base64 as headers carry it) holds.

    Args:
        public_key: 32 bytes.
        signature: 64 bytes, or their base64.
        message: what was signed.
        what: what was signed, in words, for the error.

    Raises:
        InvalidSignatureError: key, signature and message do not belong together.
    """
    raw = _decode(signature) if isinstance(signature, str) else signature
    if raw is None or len(raw) != SIGNATURE_BYTES:
        raise InvalidSignatureError(what=what)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(raw, message)
    except (InvalidSignature, ValueError) as error:
        raise InvalidSignatureError(what=what) from error


def is_key_name(name: str) -> bool:
    """Whether a text may be a key name: printable, not empty, no spaces, no plus sign."""
    return bool(name) and name.isprintable() and not any(c.isspace() or c == "+" for c in name)


def _cosigned_message(text: str, time: int) -> bytes:
    if not 0 <= time <= MAX_TIME:
        raise MalformedNoteError(reason="the time is out of bounds")
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _encoded_length(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise MalformedNoteError(reason="it is not UTF-8") from error


def _decode(text: str) -> bytes | None:
    """The bytes of standard base64 in its one spelling, else None."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None
