"""Many entries at once, in arrays: the same bytes as the scalar functions of `encoding`, in bulk.

A column has one item a row. Numbers stand in the machine's own order until their bytes are built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ledger.errors import EncodingError, LengthError
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    EXCLUSIVE_TAG_LABEL,
    FIRST_PERIOD,
    HANDLE_LABEL,
    LAST_PERIOD,
    LEAF_BYTES,
    OTHER_TAG_LABEL,
    REVERSAL_TAG_LABEL,
    SEAL_LABEL,
    VERSION,
    Commitment,
    Entry,
    Head,
    LogId,
    Subject,
)
from ledger.evidence.hashing import ByteRows, Offsets, require_offsets, sha256_rows
from ledger.policy.kinds import KINDS, Kind, is_exclusive

_HEAD_FIELDS: Final = [("version", "u1"), ("kind", "u1"), ("class", ">u2"), ("period", ">u4")]
_HEAD: Final = np.dtype(_HEAD_FIELDS)
_REVERSED_BYTES: Final = 12
"""A reversal's subject: log u32 | index u64, then zeros."""
_MONTHS: Final = 12
_SUPPLEMENT: Final = 0x8000

_KNOWN: Final = np.zeros(256, bool)
_KNOWN[[int(kind) for kind in KINDS]] = True
_EXCLUSIVE: Final = np.array([is_exclusive(kind, 0) for kind in range(256)], bool)


@dataclass(frozen=True, slots=True, eq=False)
class Blobs:
    """Byte strings of any length in one run of bytes.

    ``data`` holds (total,) bytes; blob ``i`` stands between ``offsets[i]`` and ``offsets[i + 1]``.

    Raises:
        ValueError: the offsets fall, or leave ``data``.
    """

    data: ByteRows
    offsets: Offsets

    def __post_init__(self) -> None:
        require_offsets(self.data, self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, blobs: Sequence[bytes]) -> Blobs:
        """The same byte strings, in order."""
        offsets = np.zeros(len(blobs) + 1, np.int64)
        np.cumsum([len(blob) for blob in blobs], out=offsets[1:])
        return cls(np.frombuffer(b"".join(blobs), np.uint8), offsets)

    def blob(self, index: int) -> bytes:
        """One of them."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()

    def slice(self, first: int, end: int) -> Blobs:
        """Those with ``first <= index < end``, over the same bytes."""
        places = self.offsets[first : end + 1]
        return Blobs(self.data[places[0] : places[-1]], places - places[0])

    def to_list(self) -> list[bytes]:
        """All of them, in order."""
        content, first = self.data[self.offsets[0] : self.offsets[-1]].tobytes(), self.offsets[0]
        places = (self.offsets - first).tolist()
        return [content[places[at] : places[at + 1]] for at in range(len(self))]


@dataclass(frozen=True, slots=True, eq=False)
class EntryBatch:
    """Entries as columns, in the order in which they shall stand in the log.

    ``kinds`` (n,) u8, ``classes`` (n,) u16, ``periods`` (n,) u32 yyyymm or 0, ``subjects``
    (n, 32) u8, ``amounts_fen`` (n,) i64, ``commitments`` (n, 32) u8.

    Raises:
        EncodingError: a period is out of bounds, or a kind is not known.
        LengthError: a subject or commitment is not 32 bytes.
        ValueError: the columns are not of one length, or have other types.
    """

    kinds: NDArray[np.uint8]
    classes: NDArray[np.uint16]
    periods: NDArray[np.uint32]
    subjects: ByteRows
    amounts_fen: NDArray[np.int64]
    commitments: ByteRows

    def __post_init__(self) -> None:
        numbers: dict[str, tuple[NDArray[Any], type]] = {
            "kinds": (self.kinds, np.uint8),
            "classes": (self.classes, np.uint16),
            "periods": (self.periods, np.uint32),
            "amounts": (self.amounts_fen, np.int64),
        }
        digests = {"subjects": self.subjects, "commitments": self.commitments}
        for name, (column, type_) in numbers.items():
            if column.dtype != type_:
                raise ValueError(f"the column of {name} is not {type_.__name__}")
        columns = [*(column for column, _ in numbers.values()), *digests.values()]
        if any(len(column) != len(self.kinds) for column in columns):
            raise ValueError("the columns are not of one length")
        for name, column in digests.items():
            if column.dtype != np.uint8 or column.shape[1:] != (DIGEST_BYTES,):
                raise LengthError(field=name, expected=DIGEST_BYTES, actual=column[0:1].nbytes)
        if not _KNOWN[self.kinds].all():
            raise EncodingError(field="kind", reason="a kind is not known here")
        months = self.periods % 100
        in_bounds = (self.periods >= FIRST_PERIOD) & (self.periods <= LAST_PERIOD)
        is_month = in_bounds & (months >= 1) & (months <= _MONTHS)
        if not (is_month | (self.periods == 0)).all():
            raise EncodingError(field="period", reason="it must be a month as yyyymm, or 0")

    def __len__(self) -> int:
        return len(self.kinds)

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> EntryBatch:
        """The same entries, in order."""
        heads = [entry.head for entry in entries]
        subjects = [entry.subject for entry in entries]
        commitments = [entry.commitment for entry in entries]
        try:
            return cls(
                kinds=np.frombuffer(bytes([head.kind for head in heads]), np.uint8),
                classes=np.array([head.class_ for head in heads], np.uint16),
                periods=np.array([head.period for head in heads], np.uint32),
                subjects=_digest_rows(subjects),
                amounts_fen=np.array([entry.amount_fen for entry in entries], np.int64),
                commitments=_digest_rows(commitments),
            )
        except (OverflowError, ValueError):
            for entry in entries:
                entry.pack()  # names what no column can hold
            raise

    def entry(self, index: int) -> Entry:
        """One of them."""
        head = Head(Kind(self.kinds[index]), int(self.classes[index]), int(self.periods[index]))
        subject = Subject(self.subjects[index].tobytes())
        commitment = Commitment(self.commitments[index].tobytes())
        return Entry(head, subject, int(self.amounts_fen[index]), commitment)

    def slice(self, first: int, end: int) -> EntryBatch:
        """Those with ``first <= index < end``, over the same memory."""
        part = np.s_[first:end]
        return EntryBatch(
            self.kinds[part], self.classes[part], self.periods[part],
            self.subjects[part], self.amounts_fen[part], self.commitments[part],
        )  # fmt: skip

    def heads(self) -> ByteRows:
        """(n, 8): the bytes of each head."""
        heads = np.empty(len(self), _HEAD)
        heads["version"] = VERSION
        heads["kind"] = self.kinds
        heads["class"] = self.classes
        heads["period"] = self.periods
        return heads.view(np.uint8).reshape(len(self), _HEAD.itemsize)

    def tags(self) -> ByteRows:
        """(n, 32): the tag of each entry.

        Raises:
            EncodingError: a reversal's subject does not end in zeros.
        """
        is_reversal = self.kinds == Kind.REVERSAL
        is_exclusive_ = _EXCLUSIVE[self.kinds] & (self.classes & _SUPPLEMENT == 0)
        tags = np.empty((len(self), DIGEST_BYTES), np.uint8)
        heads = self.heads()
        for chosen, tags_of in (
            (is_exclusive_, self._exclusive_tags),
            (is_reversal, self._reversal_tags),
            (~(is_exclusive_ | is_reversal), self._other_tags),
        ):
            if chosen.all():  # nearly every batch is of one sort: no copies
                return tags_of(heads, np.s_[:])
            if chosen.any():
                tags[chosen] = tags_of(heads[chosen], chosen)
        return tags

    def seals(self, log_id: LogId) -> ByteRows:
        """(n, 32): what fixes amount and record of each entry for one log."""
        log = np.frombuffer(log_bytes(log_id), np.uint8)
        amounts = self.amounts_fen.astype(">i8").view(np.uint8).reshape(len(self), 8)
        rows = _joined(np.broadcast_to(log, (len(self), len(log))), amounts, self.commitments)
        return sha256_rows(rows, SEAL_LABEL)

    def leaves(self, log_id: LogId) -> ByteRows:
        """(n, 64): the public leaf of each entry."""
        leaves = np.empty((len(self), LEAF_BYTES), np.uint8)
        leaves[:, :DIGEST_BYTES] = self.tags()
        leaves[:, DIGEST_BYTES:] = self.seals(log_id)
        return leaves

    def _handles(self, heads: ByteRows, chosen: Any) -> ByteRows:
        return sha256_rows(_joined(heads, self.subjects[chosen]), HANDLE_LABEL)

    def _exclusive_tags(self, heads: ByteRows, chosen: Any) -> ByteRows:
        return sha256_rows(_joined(heads, self._handles(heads, chosen)), EXCLUSIVE_TAG_LABEL)

    def _other_tags(self, heads: ByteRows, chosen: Any) -> ByteRows:
        handles = self._handles(heads, chosen)
        return sha256_rows(_joined(heads, handles, self.commitments[chosen]), OTHER_TAG_LABEL)

    def _reversal_tags(self, _heads: ByteRows, chosen: Any) -> ByteRows:
        subjects = self.subjects[chosen]
        if subjects[:, _REVERSED_BYTES:].any():
            reason = "a reversal's subject ends in 20 zero bytes"
            raise EncodingError(field="subject", reason=reason)
        return sha256_rows(subjects[:, :_REVERSED_BYTES], REVERSAL_TAG_LABEL)


def _digest_rows(digests: Sequence[bytes]) -> ByteRows:
    """Digests as rows. Raises ValueError when one of them is not 32 bytes."""
    if any(len(digest) != DIGEST_BYTES for digest in digests):
        raise ValueError("a digest is not 32 bytes")
    return np.frombuffer(b"".join(digests), np.uint8).reshape(len(digests), DIGEST_BYTES)


def _joined(*columns: ByteRows) -> ByteRows:
    return np.concatenate(columns, axis=1)


def log_bytes(log_id: LogId) -> bytes:
    """The four bytes of a log's number, as seals have them.

    Raises:
        EncodingError: it does not fit.
    """
    try:
        return int(log_id).to_bytes(4)
    except OverflowError as error:
        raise EncodingError(field="seal", reason="a number is out of bounds") from error
