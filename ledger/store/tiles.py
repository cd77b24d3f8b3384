"""The log as C2SP tlog-tiles files: entry bundles and hash tiles, made from the rows.

Tiles are written after the rows are accepted and can be made again from them at any time. A full
tile never changes; a partial one is written under its width. Inner nodes are read back from the
tiles for proofs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final

from ledger.evidence.encoding import leaf_hash
from ledger.evidence.merkle import root_from_nodes, subtree_root
from ledger.evidence.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    entry_bundle_path,
    format_entry_bundle,
    hash_tile_path,
)
from ledger.files import sync_directory, write_atomically

LeafReader = Callable[[int, int], list[bytes]]
"""Given first and end: the 64-byte leaves in between."""

_CACHED_TILES: Final = 4096
_HASH: Final = 32


class TileStore:
    """Writes and reads the files of one log below ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._cache: dict[tuple[int, int], bytes] = {}
        self._lock = Lock()

    def integrate(self, size: int, leaves: LeafReader) -> None:
        """Make every missing tile of a tree of ``size`` leaves; durable when it returns."""
        touched: set[Path] = set()
        level_size = size
        for number in self._missing(0, size):
            self._write_lowest(number, size, leaves, touched)
        level = 1
        while (level_size := level_size // TILE_WIDTH) > 0:
            for number in self._missing(level, level_size):
                self._write_upper(level, number, level_size, touched)
            level += 1
        for directory in sorted(touched):
            sync_directory(directory)

    def path(self, relative: str) -> Path:
        """Where the file of a tile path stands."""
        return self._directory / relative

    def node(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree of ``2^level`` leaves that starts at ``index * 2^level``."""
        tile_level, rest = divmod(level, TILE_HEIGHT)
        first = index << rest
        number, position = divmod(first, TILE_WIDTH)
        count = 1 << rest
        tile = self._tile(tile_level, number, position + count)
        return _root_of(tile[position * _HASH : (position + count) * _HASH])

    def root(self, size: int) -> bytes:
        """The root of the first ``size`` leaves, from the tiles."""
        return root_from_nodes(size, self.node)

    def _missing(self, level: int, level_size: int) -> range:
        """Tiles of a level that are not complete on disk: from the last full one on."""
        last = (level_size - 1) // TILE_WIDTH
        low, high = 0, level_size // TILE_WIDTH
        while (
            low < high
        ):  # full tiles are written in order, so the first absent one is found by halving
            middle = (low + high) // 2
            if self.path(hash_tile_path(level, middle, TILE_WIDTH)).exists():
                low = middle + 1
            else:
                high = middle
        return range(low, last + 1)

    def _write_lowest(self, number: int, size: int, leaves: LeafReader, touched: set[Path]) -> None:
        width = min(TILE_WIDTH, size - number * TILE_WIDTH)
        first = number * TILE_WIDTH
        content = leaves(first, first + width)
        self._write(entry_bundle_path(number, width), format_entry_bundle(content), touched)
        hashes = b"".join(leaf_hash(leaf) for leaf in content)
        self._write(hash_tile_path(0, number, width), hashes, touched)
        self._remember(0, number, hashes)

    def _write_upper(self, level: int, number: int, level_size: int, touched: set[Path]) -> None:
        width = min(TILE_WIDTH, level_size - number * TILE_WIDTH)
        first = number * TILE_WIDTH
        below = [self._tile(level - 1, first + place, TILE_WIDTH) for place in range(width)]
        hashes = b"".join(_root_of(tile) for tile in below)
        self._write(hash_tile_path(level, number, width), hashes, touched)
        self._remember(level, number, hashes)

    def _write(self, relative: str, content: bytes, touched: set[Path]) -> None:
        path = self.path(relative)
        write_atomically(path, content)
        touched.add(path.parent)

    def _tile(self, level: int, number: int, wanted: int) -> bytes:
        """A tile with at least ``wanted`` hashes."""
        known = self._cache.get((level, number), b"")
        if len(known) >= wanted * _HASH:
            return known
        content = self._read(level, number, wanted)
        self._remember(level, number, content)
        return content

    def _read(self, level: int, number: int, wanted: int) -> bytes:
        full = self.path(hash_tile_path(level, number, TILE_WIDTH))
        if full.exists():
            return full.read_bytes()
        parts = self.path(hash_tile_path(level, number, 1)).parent
        widths = [int(part.name) for part in parts.glob("[0-9]*") if int(part.name) >= wanted]
        return self.path(hash_tile_path(level, number, min(widths))).read_bytes()

    def _remember(self, level: int, number: int, content: bytes) -> None:
        with self._lock:
            if len(self._cache) >= _CACHED_TILES:
                self._cache.pop(next(iter(self._cache)))
            self._cache[level, number] = content


def _root_of(hashes: bytes) -> bytes:
    """The root over a power of two of neighbouring hashes."""
    return subtree_root([hashes[at : at + _HASH] for at in range(0, len(hashes), _HASH)])
