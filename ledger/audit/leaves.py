"""The leaves that rows must have, derived from their other columns, many at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from ledger.errors import EncodingError, LengthError
from ledger.evidence.batch import EntryBatch
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    LEAF_BYTES,
    MAX_CLASS,
    NO_SUBJECT,
    Head,
    LogId,
    Subject,
    reversed_leaf,
)
from ledger.evidence.hashing import ByteRows
from ledger.evidence.lineage import Lineage
from ledger.policy.kinds import Kind
from ledger.store.audit import EntryRow

_MAX_KIND: Final = 0xFF
_MAX_PERIOD: Final = 0xFFFFFFFF
_MAX_AMOUNT: Final = 2**63
_KINDS: Final = frozenset(int(kind) for kind in Kind)


def is_in_bounds(row: EntryRow) -> bool:
    """Whether every column that is hashed has the type, length and bounds that it is hashed in."""
    numbers = (row.kind, row.class_, row.period, row.amount_fen)
    return (
        all(type(number) is int for number in numbers)
        and row.kind in _KINDS
        and 0 <= row.class_ <= MAX_CLASS
        and -_MAX_AMOUNT <= row.amount_fen < _MAX_AMOUNT
        and all(is_digest(value) for value in (row.subject, row.commitment, row.tag, row.seal))
        and _is_month(row.period)
    )


def derive_leaves(lineage: Lineage, rows: Sequence[EntryRow]) -> ByteRows:
    """The 64-byte leaf of each row by its head, subject, amount and commitment; shape (n, 64).

    The rows are in order; the seal of each is that of the log it was first recorded in. The tag of
    a reversal whose subject names no leaf is zero.

    Raises:
        EncodingError, LengthError, TypeError, OverflowError: a row is not in bounds.
    """
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(EntryRow._fields)
    by_name = dict(zip(EntryRow._fields, columns, strict=True))
    kinds = _numbers(by_name["kind"], np.uint8)
    subjects = list(by_name["subject"])
    pointless = []
    for place in np.flatnonzero(kinds == Kind.REVERSAL).tolist():
        if not names_a_leaf(subjects[place]):
            pointless.append(place)
            subjects[place] = NO_SUBJECT
    batch = EntryBatch(
        kinds=kinds,
        classes=_numbers(by_name["class_"], np.uint16),
        periods=_numbers(by_name["period"], np.uint32),
        subjects=digests(subjects),
        amounts_fen=_numbers(by_name["amount_fen"], np.int64),
        commitments=digests(by_name["commitment"]),
    )
    leaves = batch.leaves(lineage.log_id)
    for origin, first, end in parts_of(lineage, rows):
        if origin != lineage.log_id:
            leaves[first:end, DIGEST_BYTES:] = batch.slice(first, end).seals(origin)
    leaves[pointless, :DIGEST_BYTES] = 0
    return leaves


def derive_leaf(log_id: LogId, row: EntryRow) -> bytes:
    """The leaf of one row that is in bounds, first recorded in ``log_id``."""
    return derive_leaves(Lineage(log_id), [row]).tobytes()


def parts_of(lineage: Lineage, rows: Sequence[EntryRow]) -> Iterator[tuple[LogId, int, int]]:
    """Rows in order, by the log they were first recorded in: the log, first place and end."""
    if not rows:
        return
    for origin, first, end in lineage.parts(rows[0].leaf_index, rows[-1].leaf_index + 1):
        low = bisect_left(rows, int(first), key=_index)
        high = bisect_left(rows, int(end), key=_index)
        if low < high:
            yield origin, low, high


def _index(row: EntryRow) -> int:
    return row.leaf_index


def stored_leaves(rows: Sequence[EntryRow]) -> ByteRows:
    """The leaves that stand in the rows; shape (n, 64).

    Raises:
        LengthError: a tag or a seal is not 32 bytes.
    """
    leaves = np.empty((len(rows), LEAF_BYTES), np.uint8)
    leaves[:, :DIGEST_BYTES] = digests([row.tag for row in rows])
    leaves[:, DIGEST_BYTES:] = digests([row.seal for row in rows])
    return leaves


def names_a_leaf(subject: bytes) -> bool:
    """Whether this is the subject field of a reversal."""
    try:
        reversed_leaf(Subject(subject))
    except EncodingError:
        return False
    return True


def is_digest(value: object) -> bool:
    """Whether a value is 32 bytes."""
    return isinstance(value, bytes) and len(value) == DIGEST_BYTES


def _is_month(period: int) -> bool:
    if not 0 <= period <= _MAX_PERIOD:
        return False
    try:
        Head(Kind.OPERATION, 0, period).pack()
    except EncodingError:
        return False
    return True


def _numbers(values: Sequence[int], type_: type[np.integer[Any]]) -> Any:
    column = np.array(values)
    if not len(column):
        return column.astype(type_)
    bounds = np.iinfo(type_)
    if column.dtype.kind != "i" or column.min() < bounds.min or column.max() > bounds.max:
        raise EncodingError(field="number", reason="a column holds one that is out of bounds")
    return column.astype(type_)


def digests(values: Sequence[bytes]) -> ByteRows:
    """Values of 32 bytes as rows of an array.

    Raises:
        LengthError: one of them has another length.
    """
    if not set(map(len, values)) <= {DIGEST_BYTES}:
        raise LengthError(field="digest", expected=DIGEST_BYTES, actual=0)
    return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), DIGEST_BYTES)
