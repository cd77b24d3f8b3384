"""The Merkle tree of a log (RFC 9162, section 2.1): growing it, proving with it, checking proofs.

Three ways to hold a tree, for three needs: `CompactRange` is enough to append and to know the root,
a `NodeReader` is enough to prove (stored tiles are one), `MerkleTree` keeps every node in memory.

An index is zero-based, a size is a count. Level 0 holds leaf hashes; the node (level, index) is the
root over the *complete* subtree of leaves index * 2^level to (index + 1) * 2^level.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import (
    EncodingError,
    InconsistentCheckpointError,
    LeafIndexOutOfRangeError,
    LengthError,
    ProofLengthError,
    ProofShapeError,
    RootMismatchError,
    SizesOutOfOrderError,
)
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    NODE_LABEL,
    TreeSize,
    leaf_hash,
    node_hash,
)

NodeReader = Callable[[int, int], bytes]
"""Given level and index: the hash of that complete subtree."""

NodeVisitor = Callable[[int, int, bytes], None]
"""Told level, index and hash of every subtree that an append completes."""

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""RFC 9162, section 2.1.1: the root of a tree without leaves."""

MAX_TREE_SIZE: Final = 2**63 - 1

_SIZE = struct.Struct(">Q")
_NO_LEAF: Final = "an index lies below the size"
_SHRUNK: Final = "a log only grows"
_ALL_LEFT: Final = -1
"""A bit for every sibling of a climb: all of them stand on the left."""
_NODE_BEGUN: Final = hashlib.sha256(NODE_LABEL).copy
"""Gives a digest that has seen the label of a node."""


@dataclass(frozen=True, slots=True)
class CompactRange:
    """The roots of the complete subtrees that make up a tree, the widest first."""

    size: TreeSize
    hashes: tuple[bytes, ...]

    @classmethod
    def empty(cls) -> CompactRange:
        """The tree without leaves."""
        return cls(TreeSize(0), ())

    def append(self, leaf: bytes, visit: NodeVisitor | None = None) -> CompactRange:
        """The tree with one more leaf hash."""
        return self.extend((leaf,), visit)

    def extend(self, leaves: Iterable[bytes], visit: NodeVisitor | None = None) -> CompactRange:
        """The tree with more leaf hashes behind its last one.

        Args:
            leaves: leaf *hashes*, 32 bytes each.
            visit: told every completed subtree, leaves included, in the order of completion.

        Raises:
            LengthError: a leaf hash is not 32 bytes.
        """
        hashes = list(self.hashes)
        size: int = self.size
        for leaf in leaves:
            if len(leaf) != DIGEST_BYTES:
                raise LengthError(field="leaf hash", expected=DIGEST_BYTES, actual=len(leaf))
            level, index, node = 0, size, leaf
            if visit is not None:
                visit(level, index, node)
            while index & 1:
                node = node_hash(hashes.pop(), node)
                level, index = level + 1, index >> 1
                if visit is not None:
                    visit(level, index, node)
            hashes.append(node)
            size += 1
        return CompactRange(TreeSize(size), tuple(hashes))

    def root(self) -> bytes:
        """The root over all leaves."""
        return _fold(self.hashes)

    def to_bytes(self) -> bytes:
        """Size u64, then the hashes: what is stored beside a head."""
        return _SIZE.pack(self.size) + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> CompactRange:
        """The range that :meth:`to_bytes` made these bytes from.

        Raises:
            LengthError: the number of hashes does not fit the size.
            EncodingError: the size is too large.
        """
        if len(data) < _SIZE.size:
            raise LengthError(field="compact range", expected=_SIZE.size, actual=len(data))
        (size,) = _SIZE.unpack_from(data)
        if size > MAX_TREE_SIZE:
            raise EncodingError(field="size", reason="no log is that large")
        expected = _SIZE.size + DIGEST_BYTES * size.bit_count()
        if len(data) != expected:
            raise LengthError(field="compact range", expected=expected, actual=len(data))
        places = range(_SIZE.size, expected, DIGEST_BYTES)
        return cls(TreeSize(size), tuple(data[at : at + DIGEST_BYTES] for at in places))


class MerkleTree:
    """A whole tree in memory, every complete subtree kept; its `node` is a `NodeReader`."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        self._range = CompactRange.empty()
        self.extend(leaves)

    @property
    def size(self) -> TreeSize:
        """How many leaves it has."""
        return self._range.size

    def append(self, leaf: bytes) -> None:
        """Put one leaf *hash* behind the last one."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Put leaf *hashes* behind the last one."""
        self._range = self._range.extend(leaves, self._keep)

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree."""
        return self._levels[level][index]

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` leaves, over all of them by default."""
        return self._range.root() if size is None else root_from_nodes(size, self.node)

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Proof that leaf ``index`` is under the root of the first ``size`` leaves."""
        return inclusion_proof(index, self.size if size is None else size, self.node)

    def consistency_proof(self, old_size: int, new_size: int | None = None) -> tuple[bytes, ...]:
        """Proof that the tree of ``old_size`` is a prefix of the tree of ``new_size``."""
        return consistency_proof(old_size, self.size if new_size is None else new_size, self.node)

    def _keep(self, level: int, index: int, node: bytes) -> None:
        if level == len(self._levels):
            self._levels.append([])
        assert index == len(self._levels[level]), "subtrees are completed from left to right"
        self._levels[level].append(node)


def subtree_root(nodes: Sequence[bytes]) -> bytes:
    """The root over neighbouring hashes whose number is a power of two."""
    assert len(nodes).bit_count() == 1, "only complete subtrees are folded so"
    level = list(nodes)
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def root_from_nodes(size: int, reader: NodeReader) -> bytes:
    """The root over the first ``size`` leaves, from complete subtrees."""
    _require_size(size)
    return _range_root(0, size, reader) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, reader: NodeReader) -> tuple[bytes, ...]:
    """Prove leaf ``index`` in the tree of the first ``size`` leaves (RFC 9162, section 2.1.3.1).

    Returns:
        The sibling hashes from the leaf upwards.

    Raises:
        ProofShapeError: the leaf is not in that tree.
    """
    _require_size(size)
    if not 0 <= index < size:
        raise LeafIndexOutOfRangeError(reason=_NO_LEAF, index=index, size=size)
    below, above = _way_up(index, size)
    # Below the top of the way only subtrees left of the last leaf are met: each is one node.
    proof = [reader(level, index >> level ^ 1) for level in range(below - 1)]
    if below:  # there the last leaf is in the sibling, which may be incomplete
        proof.append(_range_root((index >> (below - 1) ^ 1) << (below - 1), size, reader))
    proof.extend(reader(level, (index >> level) - 1) for level in above)
    return tuple(proof)


def consistency_proof(old_size: int, new_size: int, reader: NodeReader) -> tuple[bytes, ...]:
    """Prove the tree of ``old_size`` a prefix of ``new_size`` (RFC 9162, section 2.1.4.1).

    Returns:
        The hashes in the order of the RFC; none when the sizes are equal or the older tree is
        empty.

    Raises:
        ProofShapeError: the older tree is the larger one.
    """
    _require_size(new_size)
    if not 0 <= old_size <= new_size:
        raise SizesOutOfOrderError(reason=_SHRUNK, old_size=old_size, new_size=new_size)
    if old_size == 0:
        return ()
    proof = []
    start, end = 0, new_size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(_range_root(middle, end, reader))
            end = middle
        else:
            proof.append(_range_root(start, middle, reader))
            start = middle
    if start:
        proof.append(_range_root(start, end, reader))
    return tuple(reversed(proof))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Refuse unless a leaf hash is at ``index`` under ``root`` (RFC 9162, section 2.1.3.2).

    Args:
        leaf: the leaf *hash*.
        index: zero-based.
        size: leaves under ``root``.
        proof: sibling hashes from the leaf upwards.
        root: the root of a checkpoint that is trusted for other reasons.

    Raises:
        ProofShapeError: index, size and length of the proof cannot belong together, or a hash is
            not 32 bytes.
        RootMismatchError: the proof leads elsewhere.
    """
    # 1. Compare index and size.
    if not 0 <= index < size <= MAX_TREE_SIZE:
        _require_size(size)
        raise LeafIndexOutOfRangeError(reason=_NO_LEAF, index=index, size=size)
    below = (index ^ (size - 1)).bit_length()
    expected = below + (index >> below).bit_count()
    _require_shape(leaf, root, proof, expected)
    # 2. and 3. Start at the leaf. 4. Climb: past siblings on both sides, then on the left only.
    computed = _climb(leaf, index | _ALL_LEFT << below, proof)
    # 5. The climb must end at the right root.
    if computed != root:
        raise RootMismatchError(expected=root.hex(), actual=computed.hex())


def verify_consistency(
    old_size: int,
    old_root: bytes,
    new_size: int,
    new_root: bytes,
    proof: Sequence[bytes],
    *,
    origin: str = "log",
) -> None:
    """Refuse unless the older tree is a prefix of the newer one (RFC 9162, section 2.1.4.2).

    The empty tree is a prefix of every tree and takes an empty proof; its root is that of section
    2.1.1. A tree is consistent with itself by an empty proof.

    Raises:
        ProofShapeError: sizes and length of the proof cannot belong together, or a hash is not 32
            bytes.
        InconsistentCheckpointError: the newer tree does not contain the older one; ``origin`` names
            the log.
    """
    if not 0 <= old_size <= new_size <= MAX_TREE_SIZE:
        _require_size(new_size)
        raise SizesOutOfOrderError(reason=_SHRUNK, old_size=old_size, new_size=new_size)
    if old_size in {0, new_size}:
        _require_shape(old_root, new_root, proof, 0)
        if not _is_trivially_consistent(old_size, old_root, new_size, new_root):
            raise InconsistentCheckpointError(origin=origin, old_size=old_size, new_size=new_size)
        return
    # 1. An empty proof proves nothing. 2. A complete older tree is its own first hash.
    is_complete = old_size & (old_size - 1) == 0
    # 3. and 4. Start at the lowest node that both trees share.
    start = (old_size & -old_size).bit_length() - 1
    below, above = _way_up(old_size - 1, new_size)
    below -= start
    _require_shape(old_root, new_root, proof, below + len(above) + (not is_complete))
    seed, rest = (old_root, proof) if is_complete else (proof[0], proof[1:])
    # 5. Climb twice: to the newer root, and past the siblings on the left to the older one.
    lefts = (old_size - 1) >> start | _ALL_LEFT << below
    newer = _climb(seed, lefts, rest)
    older = _climb(seed, _ALL_LEFT, [each for at, each in enumerate(rest) if lefts >> at & 1])
    # 6. Both climbs must end where they should.
    if older != old_root or newer != new_root:
        raise InconsistentCheckpointError(origin=origin, old_size=old_size, new_size=new_size)


def _is_trivially_consistent(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes
) -> bool:
    """Whether two trees, equal in size or the older one empty, are consistent."""
    if old_size == new_size and old_root != new_root:
        return False
    return old_size > 0 or old_root == EMPTY_ROOT


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """The hash of each leaf, in order."""
    return [leaf_hash(leaf) for leaf in leaves]


def _way_up(index: int, size: int) -> tuple[int, list[int]]:
    """How the way from a leaf to the root runs.

    Returns:
        Up to which level it runs apart from the last leaf's, every sibling on its way counting; and
        the levels above, at which it meets siblings, all of them on the left.
    """
    below = (index ^ (size - 1)).bit_length()
    shared = index >> below
    return below, [below + level for level in range(shared.bit_length()) if shared >> level & 1]


def _climb(node: bytes, lefts: int, proof: Iterable[bytes]) -> bytes:
    """The hash that a node leads to, past siblings, one after the other.

    Args:
        node: where the climb starts.
        lefts: bit i is set where sibling i stands on the left.
        proof: the siblings.
    """
    # This loop is what verifying costs: a copied digest that has seen the label is the quickest.
    begun, bit = _NODE_BEGUN, 1
    for sibling in proof:
        digest = begun()
        digest.update(sibling + node if lefts & bit else node + sibling)
        node = digest.digest()
        bit += bit
    return node


def _split(width: int) -> int:
    """The largest power of two below ``width``."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_root(start: int, end: int, reader: NodeReader) -> bytes:
    """The root over leaves ``start`` to ``end``, for which the tree of ``end`` has a node."""
    hashes = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(reader(level, start >> level))
        start += 1 << level
    return _fold(hashes)


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, the widest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def _require_size(size: int) -> None:
    if not 0 <= size <= MAX_TREE_SIZE:
        raise ProofShapeError(reason="no log has that size")


def _require_shape(first: bytes, last: bytes, proof: Sequence[bytes], expected: int) -> None:
    """Refuse unless the proof has ``expected`` hashes, and these and its two ends 32 bytes each."""
    if len(first) == len(last) == DIGEST_BYTES and [*map(len, proof)] == [DIGEST_BYTES] * expected:
        return
    if len(proof) == expected:
        raise ProofShapeError(reason="a hash is not 32 bytes long")
    reason = "it has too many" if len(proof) > expected else "it has too few"
    raise ProofLengthError(reason=reason, expected=expected, actual=len(proof))
