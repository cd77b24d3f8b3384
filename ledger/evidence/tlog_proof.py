"""The public part of a proof as text (c2sp.org/tlog-proof), for verifiers written by others.

It holds the leaf, which says nothing by itself, where it stands, and the signed checkpoint; record
and entry stay out. Stricter than the specification: the extra data is there and is the 64 bytes of
the leaf, base64 has its one spelling, and the checkpoint is a note as `ledger.evidence.checkpoint`
reads it. Whatever parses formats back to the same bytes. Source: docs/reference/evidence.md.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from ledger.errors import MalformedBundleError, MalformedNoteError
from ledger.evidence.bundle import MAX_BUNDLE_BYTES, MAX_PROOF_HASHES, ProofBundle
from ledger.evidence.checkpoint import CheckpointBody, Note
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    LEAF_BYTES,
    MAX_JSON_INTEGER,
    Leaf,
    LeafIndex,
    leaf_hash,
)
from ledger.evidence.merkle import verify_inclusion

HEADER: Final = "c2sp.org/tlog-proof@v1"
FILE_SUFFIX: Final = ".tlog-proof"

_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,15})", re.ASCII)
_EXTRA: Final = "extra "
_HEAD_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A leaf, where it stands, and the checkpoint it stands under. Nothing is checked yet."""

    leaf: Leaf
    index: LeafIndex
    inclusion: tuple[bytes, ...]
    note: Note

    @classmethod
    def of(cls, bundle: ProofBundle) -> TlogProof:
        """The public part of a bundle."""
        return cls(bundle.leaf, bundle.index, bundle.inclusion, bundle.note)

    def format(self) -> str:
        """The file."""
        lines = [
            HEADER,
            f"{_EXTRA}{base64.b64encode(self.leaf.pack()).decode()}",
            f"index {self.index}",
            *(base64.b64encode(item).decode() for item in self.inclusion),
        ]
        return "\n".join(lines) + "\n\n" + self.note.format()

    @classmethod
    def parse(cls, data: bytes | str) -> TlogProof:
        """The proof that :meth:`format` made this text from.

        Raises:
            MalformedBundleError: it is anything else; names the first part that is wrong.
        """
        head, gap, note = _text(data).partition("\n\n")
        lines = head.split("\n")
        if not gap:
            raise _refusal("checkpoint", "no empty line stands before it")
        if lines[0] != HEADER or len(lines) < _HEAD_LINES:
            raise _refusal("header", f"it does not begin with {HEADER}, extra and index")
        if not lines[1].startswith(_EXTRA):
            raise _refusal("extra", "the leaf is not there")
        leaf = _bytes("extra", lines[1].removeprefix(_EXTRA), LEAF_BYTES)
        index = _INDEX.fullmatch(lines[2])
        if index is None or int(index[1]) > MAX_JSON_INTEGER:
            raise _refusal("index", "it is not a plain decimal number")
        path = lines[_HEAD_LINES:]
        if len(path) > MAX_PROOF_HASHES:
            raise _refusal("inclusion", f"it has over {MAX_PROOF_HASHES} hashes")
        inclusion = tuple(_bytes("inclusion", line, DIGEST_BYTES) for line in path)
        try:
            signed = Note.parse(note)
            CheckpointBody.parse(signed.text)
        except MalformedNoteError as error:
            raise _refusal("checkpoint", error.reason) from error
        return cls(Leaf.parse(leaf), LeafIndex(int(index[1])), inclusion, signed)

    def verify_inclusion(self) -> CheckpointBody:
        """Refuse unless the leaf is under the root that the checkpoint names.

        Who signed the checkpoint is not looked at here: open it with the log's key.

        Raises:
            ProofShapeError: index, size and number of hashes cannot belong together.
            RootMismatchError: the proof leads to another root.
        """
        body = CheckpointBody.parse(self.note.text)
        leaf = leaf_hash(self.leaf.pack())
        verify_inclusion(leaf, self.index, body.size, self.inclusion, body.root)
        return body


def _refusal(field: str, reason: str) -> MalformedBundleError:
    return MalformedBundleError(field=field, reason=reason)


def _text(data: bytes | str) -> str:
    try:
        length = len(data.encode() if isinstance(data, str) else data)
        text = data if isinstance(data, str) else data.decode()
    except UnicodeError as error:
        raise _refusal("file", "it is not UTF-8") from error
    if length > MAX_BUNDLE_BYTES:
        raise _refusal("file", f"it is longer than {MAX_BUNDLE_BYTES} bytes")
    return text


def _bytes(field: str, text: str, length: int) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refusal(field, "it is not base64") from error
    if len(data) != length or base64.b64encode(data).decode() != text:
        raise _refusal(field, f"it is not {length} bytes of base64 in its one spelling")
    return data
