"""The files a log is served as: hash tiles and entry bundles in the layout of c2sp.org/tlog-tiles.

A hash tile of level L holds up to 256 neighbouring hashes of tree level 8 * L; an entry bundle
holds up to 256 leaves of 64 bytes, each behind its length as u16. Full ones never change; the last
one of a level is *partial* and served under its width. Supervisors' entries have the same numbers:
80 bytes each, without lengths, signed per bundle.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ledger.errors import ProofShapeError, TilePathError
from ledger.evidence.encoding import DIGEST_BYTES, LEAF_BYTES
from ledger.evidence.merkle import NodeReader, subtree_root

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
MAX_TILE_LEVEL: Final = 7
"""The highest level that a log of fewer than 2^63 leaves has."""

CHECKPOINT_PATH: Final = "checkpoint"

_MAX_NUMBER: Final = 2**55
_GROUP: Final = 1000
_LENGTH: Final = struct.Struct(">H")
_PATH: Final = re.compile(
    r"tile/(?P<level>[0-9]|entries)"
    r"/(?P<number>(?:x[0-9]{3}/){0,5}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A hash tile (``level`` 0 to 7) or an entry bundle (``level`` None).

    ``number`` counts from zero within the level; ``width`` is 1 to 256.
    """

    level: int | None
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is served, below the address of the log."""
        level = "entries" if self.level is None else f"{self.level}"
        return f"tile/{level}/{number_path(self.number, self.width)}"

    @property
    def is_full(self) -> bool:
        """Whether it will never change."""
        return self.width == TILE_WIDTH

    @classmethod
    def parse(cls, path: str) -> Tile:
        """The tile whose :attr:`path` this is, in exactly this spelling.

        Raises:
            TilePathError: it is no such path.
        """
        found = _PATH.fullmatch(path)
        if found is None:
            raise TilePathError(reason="it is not tile/<level>/<number>[.p/<width>]")
        number = int(found["number"].replace("x", "").replace("/", ""))
        width = int(found["width"]) if found["width"] else TILE_WIDTH
        level = None if found["level"] == "entries" else int(found["level"])
        if number > _MAX_NUMBER or (level or 0) > MAX_TILE_LEVEL or width > TILE_WIDTH:
            raise TilePathError(reason="level, number or width is too large")
        tile = cls(level, number, width)
        if tile.path != path:
            raise TilePathError(reason="it is not spelled in its one way")
        return tile


def number_path(number: int, width: int = TILE_WIDTH) -> str:
    """A number as path elements of three digits, partial with its width: ``x001/067.p/5``.

    Raises:
        TilePathError: number or width is out of bounds.
    """
    if not 0 <= number <= _MAX_NUMBER:
        raise TilePathError(reason="the number is out of bounds")
    if not 1 <= width <= TILE_WIDTH:
        raise TilePathError(reason="a width lies between 1 and 256")
    elements = [f"{number % _GROUP:03d}"]
    while number := number // _GROUP:
        elements.insert(0, f"x{number % _GROUP:03d}")
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return "/".join(elements) + suffix


def hash_tile_path(level: int, number: int, width: int = TILE_WIDTH) -> str:
    """Where a hash tile is served: ``tile/0/x001/067``."""
    if not 0 <= level <= MAX_TILE_LEVEL:
        raise TilePathError(reason="the level is out of bounds")
    return Tile(level, number, width).path


def entry_bundle_path(number: int, width: int = TILE_WIDTH) -> str:
    """Where a bundle of public leaves is served: ``tile/entries/x001/067``."""
    return Tile(None, number, width).path


def supervision_bundle_path(number: int, width: int = TILE_WIDTH) -> str:
    """Where a bundle of entries is served to supervisors: ``entries/x001/067``."""
    return f"entries/{number_path(number, width)}"


def parse_supervision_bundle_path(path: str) -> tuple[int, int]:
    """Number and width of the bundle whose :func:`supervision_bundle_path` this is."""
    tile = Tile.parse(f"tile/{path}")
    if tile.level is not None:
        raise TilePathError(reason="it does not name a bundle of entries")
    return tile.number, tile.width


def supervision_bundle_text(origin: str, number: int, width: int, content: bytes) -> bytes:
    """What the log signs for a bundle of entries: lines with log, number, width and digest."""
    digest = hashlib.sha256(content).hexdigest()
    return f"anxu-entries/1\n{origin}\n{number} {width}\n{digest}\n".encode()


def tile_of(level: int, index: int) -> tuple[Tile, int, int]:
    """Where a node of the tree is found.

    Returns:
        The narrowest tile that is enough, and the place and number of the hashes in it whose
        `subtree_root` the node is.
    """
    tile_level, rest = divmod(level, TILE_HEIGHT)
    number, first = divmod(index << rest, TILE_WIDTH)
    count = 1 << rest
    return Tile(tile_level, number, first + count), first, count


def tile_width(level: int | None, number: int, size: int) -> int:
    """How many hashes (or leaves) a tile has in a tree of ``size`` leaves; 0 for none."""
    hashes = size >> (TILE_HEIGHT * (level or 0))
    return max(0, min(TILE_WIDTH, hashes - number * TILE_WIDTH))


def tiles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """Every hash tile that is new or wider once ``old_size`` leaves became ``new_size``.

    From the lowest level upwards, from left to right: each can be made from those before it.
    """
    for level in range(MAX_TILE_LEVEL + 1):
        bits = TILE_HEIGHT * level
        yield from _grown(level, old_size >> bits, new_size >> bits)


def bundles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """Every entry bundle that is new or wider once ``old_size`` leaves became ``new_size``."""
    return _grown(None, old_size, new_size)


def _grown(level: int | None, old: int, new: int) -> Iterator[Tile]:
    if new <= old:
        return
    for number in range(old // TILE_WIDTH, (new - 1) // TILE_WIDTH + 1):
        yield Tile(level, number, min(TILE_WIDTH, new - number * TILE_WIDTH))


def format_hash_tile(hashes: Iterable[bytes]) -> bytes:
    """The file of a hash tile: 1 to 256 hashes, one behind the other."""
    content = b"".join(hashes)
    _require_content(content, len(content) // DIGEST_BYTES, DIGEST_BYTES)
    return content


def parse_hash_tile(content: bytes, width: int) -> tuple[bytes, ...]:
    """The ``width`` hashes of a tile.

    Raises:
        ProofShapeError: the file has another length.
    """
    _require_content(content, width, DIGEST_BYTES)
    return tuple(content[at : at + DIGEST_BYTES] for at in range(0, len(content), DIGEST_BYTES))


def format_entry_bundle(leaves: Iterable[bytes]) -> bytes:
    """The file of an entry bundle: 1 to 256 leaves of 64 bytes, each behind its length."""
    prefix = _LENGTH.pack(LEAF_BYTES)
    packed = [prefix + leaf for leaf in leaves if _is_leaf(leaf)]
    _require_content(b"".join(packed), len(packed), _LENGTH.size + LEAF_BYTES)
    return b"".join(packed)


def parse_entry_bundle(content: bytes, width: int) -> tuple[bytes, ...]:
    """The ``width`` leaves of a bundle, 64 bytes each.

    Raises:
        ProofShapeError: the file has another length, or a leaf claims one.
    """
    step = _LENGTH.size + LEAF_BYTES
    _require_content(content, width, step)
    prefix = _LENGTH.pack(LEAF_BYTES)
    places = range(0, len(content), step)
    if any(content[at : at + _LENGTH.size] != prefix for at in places):
        raise ProofShapeError(reason=f"a leaf of this log is {LEAF_BYTES} bytes long")
    return tuple(content[at + _LENGTH.size : at + step] for at in places)


def reader_of_tiles(size: int, fetch: Callable[[Tile], bytes]) -> NodeReader:
    """Read nodes of a tree of ``size`` leaves from its tiles, so that they can be proven with.

    Args:
        size: which partial tiles exist; ``fetch`` is asked for no others.
        fetch: the file of a tile. What it gives is not trusted: check the root that comes out.

    Raises:
        ProofShapeError: by the reader, when a tile has the wrong length or the tree no such node.
    """
    known: dict[Tile, tuple[bytes, ...]] = {}

    def read(level: int, index: int) -> bytes:
        narrow, first, count = tile_of(level, index)
        width = tile_width(narrow.level, narrow.number, size)
        if width < narrow.width:
            raise ProofShapeError(reason=f"a tree of {size} has no such subtree")
        tile = Tile(narrow.level, narrow.number, width)
        if tile not in known:
            known[tile] = parse_hash_tile(fetch(tile), width)
        return subtree_root(known[tile][first : first + count])

    return read


def _is_leaf(leaf: bytes) -> bool:
    if len(leaf) != LEAF_BYTES:
        raise ProofShapeError(reason=f"a leaf is {LEAF_BYTES} bytes long")
    return True


def _require_content(content: bytes, width: int, step: int) -> None:
    if not 1 <= width <= TILE_WIDTH or len(content) != width * step:
        raise ProofShapeError(reason="a tile does not have the length that its width asks for")
