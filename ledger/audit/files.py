"""The files of a log beside what the rows say they hold, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ledger.audit.model import Finding
from ledger.errors import LedgerError, ProofShapeError
from ledger.evidence.encoding import DIGEST_BYTES, LEAF_BYTES, leaf_hash
from ledger.evidence.merkle import (
    CompactRange,
    inclusion_proof,
    root_from_nodes,
    verify_inclusion,
)
from ledger.evidence.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from ledger.store.tiles import BUNDLED_LEAF_BYTES, FRONTIER, LEAVES, level_name

LOG_FOLDER: Final = "log"
_PREFIX: Final = LEAF_BYTES.to_bytes(2)
_SIZE_BYTES: Final = 8


class LogFiles:
    """Reads and compares the files below a node's ``log`` directory; writes nothing.

    ``reach`` says up to which size they must be there; behind it may stand what a crash left.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.reach = 0
        self.compared_bytes = 0

    # --- how far they reach -----------------------------------------------------------------------

    def read_frontier(self) -> bytes | None:
        """The stored frontier; None when there is no such file."""
        try:
            return (self._directory / FRONTIER).read_bytes()
        except FileNotFoundError:
            return None

    def must_reach(self, signed_size: int, size: int, frontier: bytes | None) -> None:
        """Set ``reach``: all that is signed, and what the frontier covers if it can be believed.

        Args:
            signed_size: of the largest signed checkpoint.
            size: how many rows the log has.
            frontier: as it was read before the rows were.
        """
        self.reach = signed_size
        try:
            stored = CompactRange.from_bytes(frontier or b"")
            covered = root_from_nodes(stored.size, self.node) == stored.root()
        except (LedgerError, OSError):
            return
        if covered and signed_size < stored.size <= size:
            self.reach = stored.size

    def judge_frontier(
        self, frontier: bytes | None, signed_size: int, trees: Mapping[int, CompactRange]
    ) -> Finding | None:
        """What of the stored frontier differs from the tree of the rows.

        Args:
            frontier: as it was read before the rows were.
            signed_size: it must cover this.
            trees: of the rows, by size.
        """
        place = f"{LOG_FOLDER}/{FRONTIER}"
        if frontier is None:
            expected = f"a frontier of at least {signed_size} leaves"
            return Finding(place, "", "file", expected, "no such file") if signed_size else None
        candidates = [tree.to_bytes() for size, tree in trees.items() if size >= signed_size]
        if frontier in candidates or not candidates:
            return None
        nearest = max(candidates, key=lambda each: _likeness(each, frontier))
        if len(nearest) != len(frontier):
            expected, found = f"{len(nearest)} bytes", f"{len(frontier)} bytes"
            return Finding(place, "", "length", expected, found)
        byte = first_difference(nearest, frontier)
        field, start, end = "size", 0, _SIZE_BYTES
        if byte >= _SIZE_BYTES:
            field, start = "hash", byte - (byte - _SIZE_BYTES) % DIGEST_BYTES
            end = start + DIGEST_BYTES
        return Finding(
            place, "", field, nearest[start:end].hex(), frontier[start:end].hex(), f"byte {byte}"
        )

    # --- what stands there ------------------------------------------------------------------------

    def node(self, level: int, index: int) -> bytes:
        """The stored hash of a complete subtree.

        Raises:
            ProofShapeError: the file does not hold it.
        """
        content = self._range(level_name(level), index * DIGEST_BYTES, DIGEST_BYTES)
        if len(content) != DIGEST_BYTES:
            raise ProofShapeError(reason="the files have no such subtree")
        return content

    def proven_leaf(self, index: int, size: int, root: bytes) -> bytes | None:
        """The stored leaf at ``index``, if the stored inner nodes lead it to this root."""
        try:
            content = self._range(LEAVES, index * BUNDLED_LEAF_BYTES, BUNDLED_LEAF_BYTES)
            leaf = content.removeprefix(_PREFIX)
            if len(content) != BUNDLED_LEAF_BYTES or len(leaf) != LEAF_BYTES:
                return None
            proof = inclusion_proof(index, size, self.node)
            verify_inclusion(leaf_hash(leaf), index, size, proof, root)
        except (LedgerError, OSError):
            return None
        return leaf

    # --- comparing --------------------------------------------------------------------------------

    def compare_leaves(self, first: int, leaves: bytes) -> Iterator[tuple[int, Finding]]:
        """Compare stored leaves with those of the rows from ``first`` on, 64 bytes each.

        Yields:
            The index of each leaf that differs, and the finding.
        """
        count = max(0, min(len(leaves) // LEAF_BYTES, self.reach - first))
        places = range(0, count * LEAF_BYTES, LEAF_BYTES)
        bundled = b"".join([_PREFIX + leaves[at : at + LEAF_BYTES] for at in places])
        yield from self._compare(None, first, bundled)

    def compare_nodes(self, level: int, first: int, nodes: bytes) -> Iterator[tuple[int, Finding]]:
        """Compare stored inner nodes of a level with those of the rows, 32 bytes each.

        Yields:
            The index of each node that differs, and the finding.
        """
        count = max(0, min(len(nodes) // DIGEST_BYTES, (self.reach >> level) - first))
        yield from self._compare(level, first, nodes[: count * DIGEST_BYTES])

    def _compare(
        self, level: int | None, first: int, expected: bytes
    ) -> Iterator[tuple[int, Finding]]:
        name, step, field = LEAVES, BUNDLED_LEAF_BYTES, "leaf"
        if level is not None:
            name, step, field = level_name(level), DIGEST_BYTES, "node"
        if not expected:
            return
        start = first * step
        stored = self._range(name, start, len(expected))
        self.compared_bytes += len(stored)
        if stored == expected:
            return
        place = f"{LOG_FOLDER}/{name}"
        for at in range(0, len(expected), step):
            item, wanted = stored[at : at + step], expected[at : at + step]
            index = first + at // step
            if item == wanted:
                continue
            if len(item) < step and wanted.startswith(item):
                yield index, Finding(place, f"{index}", "length", *self._lengths(name, step, level))
                return
            byte = start + at + first_difference(item, wanted)
            where = f"byte {byte}{_tile(level, index)}"
            yield index, Finding(place, f"{index}", field, wanted.hex(), item.hex(), where)

    def _lengths(self, name: str, step: int, level: int | None) -> tuple[str, str]:
        wanted = f"at least {(self.reach >> (level or 0)) * step} bytes"
        try:
            return wanted, f"{(self._directory / name).stat().st_size} bytes"
        except FileNotFoundError:
            return wanted, "no such file"

    def _range(self, name: str, start: int, length: int) -> bytes:
        """Bytes of a file; fewer where it ends, none where it is not there."""
        try:
            with (self._directory / name).open("rb", buffering=0) as file:
                return os.pread(file.fileno(), length, start)
        except FileNotFoundError:
            return b""


def first_difference(one: bytes, other: bytes) -> int:
    """The first place at which two byte strings differ; the shorter length when one begins so."""
    pairs = enumerate(zip(one, other, strict=False))
    shorter = min(len(one), len(other))
    return next((place for place, (left, right) in pairs if left != right), shorter)


def _likeness(one: bytes, other: bytes) -> tuple[bool, int]:
    return len(one) == len(other), sum(a == b for a, b in zip(one, other, strict=False))


def _tile(level: int | None, index: int) -> str:
    """The tile that is served from this place, for those who look at the log from outside."""
    if level is not None and level % TILE_HEIGHT:
        return ""
    served = level // TILE_HEIGHT if level is not None else None
    return f", {Tile(served, index // TILE_WIDTH).path}"
