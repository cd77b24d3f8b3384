"""The log's own files, made from the rows: one file of leaves and one for each level of the tree.

    leaves      66 bytes a leaf: u16 = 64 | leaf, so that an entry bundle is a range of bytes
    tree/LL     32 bytes a node: every complete subtree of 2^LL leaves, in order
    frontier    the compact range up to which all that is durable

They are written after the rows are accepted and can be made again from them at any time. The
frontier is replaced in one step once everything up to it is synced; what stands behind it, torn or
surplus, is written over by the next append. Any tile of C2SP tlog-tiles is a range of one file.
"""

from __future__ import annotations

import fcntl
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import numpy as np

from ledger.errors import EncodingError, InvariantBrokenError, LengthError, ProofShapeError
from ledger.evidence.encoding import DIGEST_BYTES, LEAF_BYTES
from ledger.evidence.growth import Growth, grow
from ledger.evidence.hashing import ByteRows, leaf_hashes
from ledger.evidence.merkle import CompactRange, root_from_nodes
from ledger.evidence.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from ledger.files import sync_directory, write_atomically

LeafReader = Callable[[int, int], ByteRows]
"""Given first and end: the leaves in between, (end - first, 64)."""

LEAVES: Final = "leaves"
FRONTIER: Final = "frontier"
TREE: Final = "tree"
BUNDLED_LEAF_BYTES: Final = 2 + LEAF_BYTES
"""A leaf behind its length, as C2SP entry bundles hold it."""
CHUNK_LEAVES: Final = 65_536
"""How many leaves are hashed and written at once."""
SYNCED_LEAVES: Final = 16 * CHUNK_LEAVES
"""How many leaves a crash can undo at most: then files are synced and the frontier moves."""

_LOCK: Final = "lock"
_KEPT_FROM: Final = 10
"""From this level on nodes are kept in memory: every proof needs some of the few that there are."""
_KEPT_NODES: Final = 65_536


def level_name(level: int) -> str:
    """The file of a level, below the directory of the log: ``tree/07``."""
    return f"{TREE}/{level:02d}"


_NAMES: Final = tuple(level_name(level) for level in range(64))


class TileStore:
    """Writes and reads the files of one log below ``directory``.

    One process writes at a time, any number read meanwhile, each up to the frontier that it saw.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._size = 0
        self._kept: dict[tuple[int, int], bytes] = {}
        self._opened: dict[str, int] = {}
        self._lock = threading.Lock()
        self._closing = weakref.finalize(self, _close_all, self._opened)

    def close(self) -> None:
        """Give the open files back; a later call opens them again."""
        with self._lock:
            _close_all(self._opened)

    def path(self, relative: str) -> Path:
        """Where a file of the log stands."""
        return self._directory / relative

    # --- what is there ----------------------------------------------------------------------------

    def frontier(self) -> CompactRange:
        """The tree that is durable; empty where there are no files yet.

        Raises:
            InvariantBrokenError: the file is damaged.
        """
        try:
            content = self.path(FRONTIER).read_bytes()
        except FileNotFoundError:
            return CompactRange.empty()
        try:
            found = CompactRange.from_bytes(content)
        except (LengthError, EncodingError) as error:
            raise InvariantBrokenError(
                invariant="the log's frontier is readable", expected="size and hashes",
                actual=f"{len(content)} bytes",
            ) from error  # fmt: skip
        self._size = found.size
        return found

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree of ``2^level`` leaves that starts at ``index * 2^level``.

        Raises:
            ProofShapeError: the log is not that long.
            InvariantBrokenError: the file ends before it should.
        """
        if level < _KEPT_FROM:
            return self._read_node(level, index)
        known = self._kept.get((level, index))
        if known is None:
            known = self._read_node(level, index)
            if len(self._kept) >= _KEPT_NODES:
                self._kept.clear()
            self._kept[level, index] = known
        return known

    def root(self, size: int) -> bytes:
        """The root of the first ``size`` leaves, from the files as they are now."""
        return root_from_nodes(size, self._read_node)

    def tile_bytes(self, tile: Tile) -> bytes | None:
        """A hash tile or an entry bundle as it is served; None while the log does not reach it.

        Any width is served that the log has reached: a tile of a width never changes.
        """
        first, end = tile.number * TILE_WIDTH, tile.number * TILE_WIDTH + tile.width
        level = TILE_HEIGHT * (tile.level or 0)
        if end << level > self._size and end << level > self.frontier().size:
            return None
        if tile.level is None:
            width, name = BUNDLED_LEAF_BYTES, LEAVES
        else:
            width, name = DIGEST_BYTES, level_name(level)
        return self._range(name, first * width, (end - first) * width)

    # --- growing ----------------------------------------------------------------------------------

    def integrate(self, size: int, leaves: LeafReader) -> None:
        """Bring the files to at least ``size`` leaves; durable when it returns.

        What a crash left half done is done again by the next call. Memory does not grow with the
        number of leaves: they are asked for in chunks.
        """
        if self.frontier().size >= size:
            return
        with self._writing() as before:
            appended = (
                leaves(first, min(first + CHUNK_LEAVES, size))
                for first in range(before.size, size, CHUNK_LEAVES)
            )
            self._append(before, _grown(before, appended))

    def extend(self, leaves: ByteRows) -> CompactRange:
        """Put (n, 64) leaves behind the last one; durable when it returns, as the new frontier."""
        with self._writing() as before:
            chunks = range(0, len(leaves), CHUNK_LEAVES)
            parts = (leaves[at : at + CHUNK_LEAVES] for at in chunks)
            return self._append(before, _grown(before, parts))

    def follow(self, grown: Sequence[tuple[ByteRows, Growth]]) -> bool:
        """Put leaves that were just accepted behind the last one, if they come next there.

        It spares `integrate` the way through the rows, and the hashing. Where other leaves are
        missing before them, nothing is written and `integrate` brings them all.

        Args:
            grown: (n, 64) leaves and what the tree grew by with them; each behind the one before.

        Returns:
            Whether they were put there.
        """
        with self._writing() as before:
            if not grown or grown[0][1].before != before:
                return False
            self._append(before, grown)
            return True

    def _append(
        self, before: CompactRange, grown: Iterable[tuple[ByteRows, Growth]]
    ) -> CompactRange:
        tree, durable = before, before.size
        with _Writer(self._directory) as writer:
            for leaves, growth in grown:
                writer.write(LEAVES, tree.size * BUNDLED_LEAF_BYTES, _bundled(leaves))
                for level, nodes in enumerate(growth.levels):
                    writer.write(_NAMES[level], (tree.size >> level) * DIGEST_BYTES, nodes)
                tree = growth.after
                if tree.size - durable >= SYNCED_LEAVES:
                    self._settle(tree, writer)
                    durable = tree.size
            if tree.size > durable:
                self._settle(tree, writer)
        return tree

    def _settle(self, tree: CompactRange, writer: _Writer) -> None:
        """Make everything written so far durable, and only then the frontier."""
        writer.sync()
        write_atomically(self.path(FRONTIER), tree.to_bytes())
        self._size = tree.size

    @contextmanager
    def _writing(self) -> Iterator[CompactRange]:
        """Keep other writers of this log out, in this process and in others."""
        self.path(TREE).mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path(_LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self._directory.glob(f".{FRONTIER}.*"):  # by a writer that crashed
                left.unlink()
            yield self.frontier()
        finally:
            os.close(lock)

    # --- reading ----------------------------------------------------------------------------------

    def _read_node(self, level: int, index: int) -> bytes:
        if (index + 1) << level > self._size and (index + 1) << level > self.frontier().size:
            raise ProofShapeError(reason="the log has no such subtree")
        return self._range(_NAMES[level], index * DIGEST_BYTES, DIGEST_BYTES)

    def _range(self, name: str, place: int, count: int) -> bytes:
        opened = self._opened.get(name)
        content = os.pread(opened, count, place) if opened is not None else b""
        if len(content) != count:
            # Not open yet, or the files were made again beside those that are open.
            content = os.pread(self._open(name), count, place)
        if len(content) != count:
            raise InvariantBrokenError(
                invariant=f"log/{name} reaches the frontier",
                expected=f"{place + count} bytes", actual=f"{place + len(content)} bytes",
            )  # fmt: skip
        return content

    def _open(self, name: str) -> int:
        with self._lock:
            try:
                opened = os.open(self.path(name), os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError as error:
                raise InvariantBrokenError(
                    invariant=f"log/{name} reaches the frontier", expected="a file", actual="none"
                ) from error
            # Another thread may be reading the older one: it is kept until all are closed.
            self._retire(name)
            self._opened[name] = opened
            return opened

    def _retire(self, name: str) -> None:
        if name in self._opened:
            self._opened[f"{name} {len(self._opened)}"] = self._opened.pop(name)


class _Writer:
    """The files of one append, opened anew for it, so that they are those that stand there now."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._opened: dict[str, int] = {}
        self._unsynced: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _close_all(self._opened)

    def write(self, name: str, place: int, content: ByteRows) -> None:
        """Put bytes at a place of a file, over whatever stands there."""
        file = self._file(name)
        self._unsynced.add(name)
        rest = np.ascontiguousarray(content).data.cast("B")
        while rest:
            count = os.pwrite(file, rest, place)
            rest, place = rest[count:], place + count

    def sync(self) -> None:
        """Make what was written durable."""
        for name in sorted(self._unsynced):
            os.fdatasync(self._opened[name])
        self._unsynced.clear()

    def _file(self, name: str) -> int:
        opened = self._opened.get(name)
        if opened is None:
            path = self._directory / name
            is_new = not path.exists()
            opened = self._opened[name] = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
            )
            if is_new:
                sync_directory(path.parent)
                sync_directory(self._directory)
        return opened


def _grown(before: CompactRange, chunks: Iterator[ByteRows]) -> Iterator[tuple[ByteRows, Growth]]:
    """Leaves, and what a tree grows by with them."""
    for leaves in chunks:
        growth = grow(before, leaf_hashes(leaves))
        yield leaves, growth
        before = growth.after


def _bundled(leaves: ByteRows) -> ByteRows:
    """Leaves behind their length, one after the other, as bundles hold them."""
    rows = np.empty((len(leaves), BUNDLED_LEAF_BYTES), np.uint8)
    rows[:, 0], rows[:, 1] = divmod(LEAF_BYTES, 256)
    rows[:, 2:] = leaves
    return rows


def _close_all(opened: dict[str, int]) -> None:
    while opened:
        os.close(opened.popitem()[1])
