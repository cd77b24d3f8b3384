"""Grows a tree by leaves: by many as whole levels of arrays, by a few entries in one loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ledger.errors import LengthError
from ledger.evidence.batch import log_bytes
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    ENTRY_BYTES,
    LEAF_BYTES,
    Entry,
    LogId,
    TreeSize,
    leaf_hash,
    reversed_leaf,
)
from ledger.evidence.hashing import hash_pairs, loops_for, row_bytes
from ledger.evidence.merkle import CompactRange
from ledger.policy.kinds import Kind

_MOST_HASHES: Final = 64
"""No compact range has more: one a level."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A tree that grew. ``levels[L]``: the subtrees of 2^L leaves that became complete, in order.

    Each is an array of shape (n, 32); the first of level L has the index ``before.size >> L``.
    """

    before: CompactRange
    after: CompactRange
    levels: tuple[NDArray[np.uint8], ...]


def grow(before: CompactRange, leaf_hashes: NDArray[np.uint8]) -> Growth:
    """Put leaf *hashes*, shape (n, 32), behind the last leaf; the same as `CompactRange.extend`.

    Raises:
        LengthError: a row is not 32 bytes long.
    """
    if leaf_hashes.ndim != 2 or leaf_hashes.shape[1] != DIGEST_BYTES:  # noqa: PLR2004 - a table
        raise LengthError(field="leaf hash", expected=DIGEST_BYTES, actual=leaf_hashes.shape[-1])
    open_nodes = _open_nodes(before)
    after: dict[int, bytes] = {}
    levels: list[NDArray[np.uint8]] = []
    nodes = leaf_hashes
    level = 0
    while len(nodes):
        levels.append(nodes)
        left = open_nodes.pop(level, None)
        if left is not None:
            nodes = np.concatenate([np.frombuffer(left, np.uint8)[np.newaxis], nodes])
        if len(nodes) % 2:
            after[level] = nodes[-1].tobytes()
        nodes = hash_pairs(nodes[: len(nodes) // 2 * 2])
        level += 1
    after |= open_nodes  # above them nothing changed
    hashes = tuple(after[level] for level in sorted(after, reverse=True))
    size = TreeSize(before.size + len(leaf_hashes))
    return Growth(before, CompactRange(size, hashes), tuple(levels))


def grow_by_entries(
    before: CompactRange, entries: Sequence[Entry], log_id: LogId
) -> tuple[list[bytes], CompactRange]:
    """Put a few entries behind the last leaf of a log; their leaves, and the tree with them.

    Raises:
        EncodingError: a number of an entry is out of bounds, or a reversal names no leaf.
        LengthError: a subject or a commitment is not 32 bytes.
    """
    packed = [entry.pack() for entry in entries]  # refuses what no row can hold
    for entry in entries:
        if entry.head.kind is Kind.REVERSAL:
            reversed_leaf(entry.subject)
    loops = loops_for(len(entries))
    if loops is None:
        leaves = [entry.leaf(log_id).pack() for entry in entries]
        return leaves, before.extend(map(leaf_hash, leaves))
    hashes = np.empty((_MOST_HASHES, DIGEST_BYTES), np.uint8)
    for at, known in enumerate(before.hashes):
        hashes[at] = np.frombuffer(known, np.uint8)
    rows = np.empty((len(entries), LEAF_BYTES), np.uint8)
    count = loops.grow_by_entries(
        np.frombuffer(b"".join(packed), np.uint8).reshape(-1, ENTRY_BYTES),
        np.array([entry.head.exclusive for entry in entries], np.bool_),
        np.frombuffer(log_bytes(log_id), np.uint8),
        int(before.size), hashes, rows,
    )  # fmt: skip
    size = TreeSize(before.size + len(entries))
    return row_bytes(rows), CompactRange(size, tuple(row_bytes(hashes[:count])))


def _open_nodes(tree: CompactRange) -> dict[int, bytes]:
    """The roots that make up a tree, by level."""
    levels = [level for level in range(tree.size.bit_length()) if tree.size >> level & 1]
    return dict(zip(reversed(levels), tree.hashes, strict=True))
