"""SHA-256 over many rows at once, in arrays: compiled when that is possible, plainly otherwise.

Both ways give the same bytes (see `ledger.evidence.native`). Rows of an array are whole items; the
results stand in the same order.
"""

from __future__ import annotations

import hashlib
import itertools
from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ledger.errors import LengthError
from ledger.evidence import native
from ledger.evidence.encoding import DIGEST_BYTES, LEAF_BYTES, LEAF_LABEL, NODE_LABEL

_CALL_PAYS: Final = 16
"""From how many items on calling a compiled loop takes less than hashing them plainly."""

ByteRows: TypeAlias = NDArray[np.uint8]
"""Bytes in one or two dimensions; in two, a row is an item."""
Offsets: TypeAlias = NDArray[np.int64]
"""Where items begin in a run of bytes, and behind the last where it ends: one more than items."""


def sha256_rows(rows: ByteRows, prefix: bytes = b"") -> ByteRows:
    """SHA-256(prefix | row) for every row.

    Args:
        rows: (n, w) bytes.
        prefix: stands before each row.

    Returns:
        (n, 32) bytes.

    Raises:
        ValueError: they are not rows of bytes.
    """
    rows = _bytes(rows, 2)
    count, width = rows.shape
    loops = loops_for(count)
    if loops is None:
        return _plain(row_bytes(rows), prefix)
    digests = np.empty((count, DIGEST_BYTES), np.uint8)
    start, _ = _prefix(prefix)
    loops.hash_rows(start, len(prefix), rows.ctypes.data, count, width, digests.ctypes.data)
    return digests


def sha256_blobs(
    data: ByteRows, offsets: Offsets, prefix: bytes = b"", heads: ByteRows | None = None
) -> ByteRows:
    """SHA-256(prefix | head | blob) for every blob.

    Args:
        data: all blobs, one behind the other.
        offsets: (n + 1) places, not falling, within ``data``.
        prefix: stands before each.
        heads: (n, h) bytes that stand between prefix and blob.

    Returns:
        (n, 32) bytes.

    Raises:
        ValueError: the offsets fall or leave ``data``, there is not one head a blob, or an array
            does not hold bytes.
    """
    data, count = _bytes(data, 1), len(offsets) - 1
    require_offsets(data, offsets)
    heads = None if heads is None else _bytes(heads, 2)
    if heads is not None and len(heads) != count:
        raise ValueError("there is not one head a blob")
    loops = loops_for(count)
    if loops is None:
        return _plain_blobs(data, offsets, prefix, heads)
    digests = np.empty((count, DIGEST_BYTES), np.uint8)
    start, _ = _prefix(prefix)
    tops = np.empty((0, 0), np.uint8) if heads is None else heads
    places = np.require(offsets, np.int64, ["C", "W"])
    loops.hash_blobs(
        start, len(prefix), tops.ctypes.data, tops.shape[1],
        data.ctypes.data, places, digests.ctypes.data,
    )  # fmt: skip
    return digests


def leaf_hashes(leaves: ByteRows) -> ByteRows:
    """RFC 9162 leaf hashes of (n, 64) leaves."""
    if leaves.ndim != 2 or leaves.shape[1] != LEAF_BYTES:  # noqa: PLR2004 - rows of bytes
        raise LengthError(field="leaf", expected=LEAF_BYTES, actual=leaves.shape[-1])
    return sha256_rows(leaves, LEAF_LABEL)


def hash_pairs(level: ByteRows) -> ByteRows:
    """RFC 9162 node hashes of neighbours: (2m, 32) hashes give (m, 32)."""
    pairs = np.ascontiguousarray(level).reshape(len(level) // 2, 2 * DIGEST_BYTES)
    return sha256_rows(pairs, NODE_LABEL)


def row_bytes(rows: ByteRows) -> list[bytes]:
    """Each row of a table of bytes, in order."""
    content, (count, width) = rows.tobytes(), rows.shape
    return [content[row * width : (row + 1) * width] for row in range(count)]


def loops_for(count: int) -> Any:
    """The compiled loops for so many items; None when the plain way is as quick, or the only."""
    return _PATIENCE.loops(count) if count >= _CALL_PAYS else None


def load_compiled() -> bool:
    """Load the compiled loops now, not when they begin to pay; whether there are any."""
    return _PATIENCE.loaded() is not None


def require_offsets(data: ByteRows, offsets: Offsets) -> None:
    """Refuse offsets that fall, or that lie outside ``data``: compiled loops trust them.

    Raises:
        ValueError: they do, or ``data`` is not one run of bytes.
    """
    if data.dtype != np.uint8 or data.ndim != 1:
        raise ValueError("the data is not one run of bytes")
    inside = len(offsets) > 0 and offsets[0] >= 0 and offsets[-1] <= len(data)
    if not inside or bool((offsets[1:] < offsets[:-1]).any()):
        raise ValueError("the offsets fall, or leave the data")


def _bytes(array: ByteRows, dimensions: int) -> ByteRows:
    """The same bytes one behind the other, as an address is enough to read them by."""
    if array.dtype != np.uint8 or array.ndim != dimensions:
        raise ValueError(f"an array of bytes in {dimensions} dimensions is wanted")
    return np.ascontiguousarray(array)


def _prefix(prefix: bytes) -> tuple[int, ByteRows]:
    """Where the bytes of a prefix stand, and what keeps them there."""
    if len(prefix) <= 1:  # a label; anything longer may be a secret, and is not held
        return _label(prefix)
    held = np.frombuffer(prefix, np.uint8)
    return held.ctypes.data, held


@cache
def _label(label: bytes) -> tuple[int, ByteRows]:
    held = np.frombuffer(label or b"\x00", np.uint8)
    return held.ctypes.data, held


def _plain_blobs(
    data: ByteRows, offsets: Offsets, prefix: bytes, heads: ByteRows | None
) -> ByteRows:
    content, places = data.tobytes(), offsets.tolist()
    items = [content[start:end] for start, end in itertools.pairwise(places)]
    if heads is not None:
        items = [head + item for head, item in zip(row_bytes(heads), items, strict=True)]
    return _plain(items, prefix)


def _plain(items: list[bytes], prefix: bytes) -> ByteRows:
    sha256 = hashlib.sha256
    joined = b"".join([sha256(prefix + item).digest() for item in items])
    return np.frombuffer(joined, np.uint8).reshape(len(items), DIGEST_BYTES)


def _load() -> Any:
    """The compiled loops once they have hashed a row as hashlib does, else None."""
    from ledger.evidence import hash_loops

    if not native.register(hash_loops.FUNCTIONS):
        return None
    row = np.arange(LEAF_BYTES, dtype=np.uint8)
    digest = np.empty(DIGEST_BYTES, np.uint8)
    hash_loops.hash_rows(row.ctypes.data, 1, row.ctypes.data, 1, LEAF_BYTES, digest.ctypes.data)
    expected = hashlib.sha256(b"\x00" + row.tobytes()).digest()
    return hash_loops if digest.tobytes() == expected else None


_PATIENCE: Final = native.Patience(_load)
