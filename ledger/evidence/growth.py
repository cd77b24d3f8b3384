"""Grows a tree by many leaves at once: whole levels are hashed as arrays, not node by node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ledger.errors import LengthError
from ledger.evidence.encoding import DIGEST_BYTES, TreeSize
from ledger.evidence.hashing import hash_pairs
from ledger.evidence.merkle import CompactRange


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


def _open_nodes(tree: CompactRange) -> dict[int, bytes]:
    """The roots that make up a tree, by level."""
    levels = [level for level in range(tree.size.bit_length()) if tree.size >> level & 1]
    return dict(zip(reversed(levels), tree.hashes, strict=True))
