"""The tree against published roots, an independent implementation, the recursive definition, and damage."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from ledger.errors import (
    EncodingError,
    InconsistentCheckpointError,
    LengthError,
    ProofShapeError,
    RootMismatchError,
    VerificationError,
)
from ledger.evidence.encoding import leaf_hash
from ledger.evidence.merkle import (
    EMPTY_ROOT,
    CompactRange,
    MerkleTree,
    consistency_proof,
    inclusion_proof,
    leaf_hashes,
    root_from_nodes,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "merkle"
INCLUSION = sorted(str(p.relative_to(VECTORS)) for p in VECTORS.glob("inclusion/*/*.json"))
CONSISTENCY = sorted(str(p.relative_to(VECTORS)) for p in VECTORS.glob("consistency/*/*.json"))


def _leaves(count):
    return [hashlib.sha256(bytes([n % 256, n // 256])).digest() for n in range(count)]


def _definition(hashes):
    """MTH of RFC 9162, section 2.1.1, over leaf hashes."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + _definition(hashes[:k]) + _definition(hashes[k:])).digest()


class TestPublishedTree:
    def test_every_root_of_the_certificate_transparency_tree(self, vector):
        value = vector("merkle/ct-tree.json")
        leaves = leaf_hashes(bytes.fromhex(leaf) for leaf in value["leaves"])
        for size, root in enumerate(value["roots_by_size"]):
            assert CompactRange.empty().extend(leaves[:size]).root().hex() == root
            assert MerkleTree(leaves).root(size).hex() == root

    def test_the_empty_tree_has_the_hash_of_nothing(self):
        assert EMPTY_ROOT == hashlib.sha256(b"").digest() == CompactRange.empty().root()
        assert MerkleTree().root(0) == MerkleTree().root() == EMPTY_ROOT


class TestVectors:
    def test_there_are_vectors(self):
        assert len(INCLUSION) > 70
        assert len(CONSISTENCY) > 70

    @pytest.mark.parametrize("path", INCLUSION)
    def test_inclusion(self, vector, path):
        value = vector(f"merkle/{path}")
        proof = [bytes.fromhex(item) for item in value["proof"]]
        leaf, root = bytes.fromhex(value["leaf_hash"]), bytes.fromhex(value["root"])
        if value["valid"]:
            verify_inclusion(leaf, value["index"], value["size"], proof, root)
            return
        with pytest.raises((ProofShapeError, RootMismatchError)):
            verify_inclusion(leaf, value["index"], value["size"], proof, root)

    @pytest.mark.parametrize("path", CONSISTENCY)
    def test_consistency(self, vector, path):
        value = vector(f"merkle/{path}")
        old, new = bytes.fromhex(value["old_root"]), bytes.fromhex(value["new_root"])
        proof = [bytes.fromhex(item) for item in value["proof"]]
        sizes = value["old_size"], value["new_size"]
        if value["valid"]:
            verify_consistency(sizes[0], old, sizes[1], new, proof)
            return
        with pytest.raises((ProofShapeError, InconsistentCheckpointError)):
            verify_consistency(sizes[0], old, sizes[1], new, proof)

    def test_proofs_are_those_of_the_recursive_definition(self, vector):
        tree_vector = vector("merkle/ct-tree.json")
        leaves = leaf_hashes(bytes.fromhex(leaf) for leaf in tree_vector["leaves"])
        tree = MerkleTree(leaves)
        for path in INCLUSION:
            value = vector(f"merkle/{path}")
            if value["valid"]:
                proof = tree.inclusion_proof(value["index"], value["size"])
                assert [item.hex() for item in proof] == value["proof"]
        for path in CONSISTENCY:
            value = vector(f"merkle/{path}")
            if value["valid"]:
                proof = tree.consistency_proof(value["old_size"], value["new_size"])
                assert [item.hex() for item in proof] == value["proof"]


def _subproof(m, hashes, is_known):
    """SUBPROOF of RFC 9162, section 2.1.4.1, over leaf hashes."""
    if m == len(hashes):
        return [] if is_known else [_definition(hashes)]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    if m <= k:
        return [*_subproof(m, hashes[:k], is_known), _definition(hashes[k:])]
    return [*_subproof(m - k, hashes[k:], False), _definition(hashes[:k])]


@pytest.fixture(scope="module")
def both():
    """Our tree and pymerkle's, over the same 67 leaves."""
    data = [bytes([n]) * 3 for n in range(67)]
    theirs = InmemoryTree(algorithm="sha256")
    theirs.append_entries(data)
    return MerkleTree(leaf_hashes(data)), theirs


class TestAgainstPymerkle:
    """pymerkle 7 has the tree of RFC 9162; its inclusion paths start with the leaf itself."""

    def test_roots(self, both):
        ours, theirs = both
        assert all(ours.root(size) == theirs.get_root(size) for size in range(68))

    def test_inclusion_proofs(self, both):
        ours, theirs = both
        for size in range(1, 68, 3):
            for index in range(0, size, 2):
                path = theirs.prove_inclusion(index + 1, size).serialize()["path"]
                expected = [bytes.fromhex(item) for item in path[1:]]
                assert list(ours.inclusion_proof(index, size)) == expected

    def test_consistency_between_its_roots(self, both):
        """Its consistency paths go down to leaves where the RFC stops at a subtree, so roots are compared."""
        ours, theirs = both
        for new in range(2, 68, 3):
            for old in range(1, new, 2):
                proof = ours.consistency_proof(old, new)
                verify_consistency(old, theirs.get_root(old), new, theirs.get_root(new), proof)


def test_consistency_proofs_are_those_of_the_recursive_definition():
    leaves = _leaves(40)
    tree = MerkleTree(leaves)
    for new in range(1, 41):
        for old in range(1, new + 1):
            assert list(tree.consistency_proof(old, new)) == _subproof(old, leaves[:new], True)


class TestCompactRange:
    @given(st.integers(0, 200), st.integers(0, 100))
    def test_growing_in_steps_gives_the_root_of_the_definition(self, first, more):
        leaves = _leaves(first + more)
        grown = CompactRange.empty().extend(leaves[:first]).extend(leaves[first:])
        assert grown.size == first + more
        assert len(grown.hashes) == grown.size.bit_count()
        assert grown.root() == _definition(leaves)

    @given(st.integers(0, 300))
    def test_bytes_round_trip(self, size):
        before = CompactRange.empty().extend(_leaves(size))
        assert CompactRange.from_bytes(before.to_bytes()) == before

    def test_append_leaves_the_older_range_as_it_was(self):
        before = CompactRange.empty().extend(_leaves(3))
        after = before.append(_leaves(4)[3])
        assert (before.size, after.size) == (3, 4)
        assert after.root() == _definition(_leaves(4))

    def test_tells_each_completed_subtree_once(self):
        seen = {}
        CompactRange.empty().extend(_leaves(13), lambda level, at, h: seen.update({(level, at): h}))
        tree = MerkleTree(_leaves(13))
        places = {(level, at) for level in range(4) for at in range(13 >> level)}
        assert set(seen) == places
        assert all(seen[place] == tree.node(*place) for place in places)

    def test_refuses_a_leaf_that_is_no_hash(self):
        with pytest.raises(LengthError) as refused:
            CompactRange.empty().append(bytes(64))
        assert refused.value.fields() == {"field": "leaf hash", "expected": 32, "actual": 64}

    @pytest.mark.parametrize("data", [b"", bytes(7), bytes(7) + b"\x03" + bytes(32), bytes(40)])
    def test_refuses_bytes_of_another_length(self, data):
        with pytest.raises(LengthError) as refused:
            CompactRange.from_bytes(data)
        assert refused.value.field == "compact range"

    def test_refuses_an_impossible_size(self):
        with pytest.raises(EncodingError):
            CompactRange.from_bytes(b"\xff" * 8 + bytes(64 * 32))


class TestProofs:
    @settings(deadline=None)
    @given(st.data(), st.integers(1, 300))
    def test_every_leaf_can_be_proven(self, data, size):
        index = data.draw(st.integers(0, size - 1))
        tree = MerkleTree(_leaves(size))
        proof = tree.inclusion_proof(index)
        verify_inclusion(tree.node(0, index), index, size, proof, tree.root())

    @settings(deadline=None)
    @given(st.data(), st.integers(0, 300))
    def test_every_prefix_is_consistent_with_the_whole(self, data, size):
        old = data.draw(st.integers(0, size))
        tree = MerkleTree(_leaves(size))
        proof = tree.consistency_proof(old)
        verify_consistency(old, tree.root(old), size, tree.root(), proof)

    @settings(deadline=None)
    @given(st.data(), st.integers(2, 120))
    def test_a_rewritten_leaf_is_never_consistent(self, data, size):
        old = data.draw(st.integers(1, size - 1))
        changed = data.draw(st.integers(0, old - 1))
        honest, leaves = MerkleTree(_leaves(size)), _leaves(size)
        leaves[changed] = bytes(32)
        forged = MerkleTree(leaves)
        with pytest.raises(InconsistentCheckpointError):
            verify_consistency(
                old, honest.root(old), size, forged.root(), forged.consistency_proof(old)
            )

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9])
    def test_every_changed_byte_is_refused(self, size):
        tree = MerkleTree(_leaves(size))
        index = size // 2
        leaf, root, proof = tree.node(0, index), tree.root(), tree.inclusion_proof(index)
        parts = [leaf, root, *proof]
        for at, part in enumerate(parts):
            for position in range(32):
                flipped = bytearray(part)
                flipped[position] ^= 1
                damaged = [*parts[:at], bytes(flipped), *parts[at + 1 :]]
                with pytest.raises(RootMismatchError):
                    verify_inclusion(damaged[0], index, size, damaged[2:], damaged[1])

    @pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0), (0, -1), (0, 2**63)])
    def test_no_proof_of_a_leaf_that_is_not_there(self, index, size):
        tree = MerkleTree(_leaves(4))
        with pytest.raises(ProofShapeError):
            inclusion_proof(index, size, tree.node)
        with pytest.raises(ProofShapeError):
            verify_inclusion(bytes(32), index, size, [], bytes(32))

    @pytest.mark.parametrize(("old", "new"), [(-1, 4), (5, 4)])
    def test_no_proof_that_a_larger_tree_is_a_prefix(self, old, new):
        tree = MerkleTree(_leaves(6))
        with pytest.raises(ProofShapeError):
            consistency_proof(old, new, tree.node)
        with pytest.raises(ProofShapeError):
            verify_consistency(old, bytes(32), new, bytes(32), [])

    def test_hashes_of_another_length_are_refused(self):
        tree = MerkleTree(_leaves(4))
        proof = [tree.inclusion_proof(0)[0][:31], tree.inclusion_proof(0)[1]]
        for call in (
            lambda: verify_inclusion(tree.node(0, 0), 0, 4, proof, tree.root()),
            lambda: verify_inclusion(b"", 0, 1, [], b""),
            lambda: verify_consistency(1, b"", 1, b"", []),
        ):
            with pytest.raises(ProofShapeError) as refused:
                call()
            assert "32 bytes" in refused.value.reason

    @pytest.mark.parametrize("place", range(4))
    def test_lengths_are_not_made_up_for_by_one_another(self, place):
        tree = MerkleTree(_leaves(4))
        hashes = [tree.node(0, 0), tree.root(), *tree.inclusion_proof(0)]
        hashes[place], hashes[place - 1] = hashes[place][:31], hashes[place - 1] + b"\x00"
        leaf, root, *proof = hashes
        with pytest.raises(ProofShapeError) as refused:
            verify_inclusion(leaf, 0, 4, proof, root)
        assert "32 bytes" in refused.value.reason

    @pytest.mark.parametrize(("size", "wrong"), [(2**63, "size"), (-1, "size"), (4, "index")])
    def test_what_no_log_has_is_named(self, size, wrong):
        with pytest.raises(ProofShapeError) as refused:
            verify_inclusion(bytes(32), 7, size, [], bytes(32))
        assert wrong in refused.value.reason

    def test_the_mismatch_names_both_roots(self):
        tree = MerkleTree(_leaves(2))
        with pytest.raises(RootMismatchError) as refused:
            verify_inclusion(tree.node(0, 0), 0, 2, tree.inclusion_proof(0), bytes(32))
        assert refused.value.fields() == {"expected": "00" * 32, "actual": tree.root().hex()}

    def test_a_tree_grows_leaf_by_leaf_as_by_many(self):
        tree = MerkleTree()
        for leaf in _leaves(11):
            tree.append(leaf)
        assert (tree.size, tree.root()) == (11, _definition(_leaves(11)))

    def test_root_from_nodes_is_the_root(self):
        tree = MerkleTree(_leaves(77))
        assert all(root_from_nodes(n, tree.node) == _definition(_leaves(n)) for n in range(78))


class TestTrivialConsistency:
    def test_a_tree_is_consistent_with_itself_by_nothing(self):
        verify_consistency(3, bytes(32), 3, bytes(32), [])
        with pytest.raises(InconsistentCheckpointError) as refused:
            verify_consistency(3, bytes(32), 3, EMPTY_ROOT, [], origin="anxu/1/2")
        assert refused.value.fields() == {"origin": "anxu/1/2", "old_size": 3, "new_size": 3}

    def test_the_empty_tree_is_a_prefix_of_all(self):
        verify_consistency(0, EMPTY_ROOT, 5, bytes(32), [])
        verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])

    @pytest.mark.parametrize(
        ("old", "old_root", "new", "new_root"),
        [(0, bytes(32), 5, bytes(32)), (0, EMPTY_ROOT, 0, bytes(32)), (0, bytes(32), 0, bytes(32))],
    )
    def test_an_empty_tree_with_another_root_is_refused(self, old, old_root, new, new_root):
        with pytest.raises(InconsistentCheckpointError):
            verify_consistency(old, old_root, new, new_root, [])

    @pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 3), (3, 3)])
    def test_a_proof_where_none_is_needed_is_refused(self, old, new):
        root = EMPTY_ROOT if not old else bytes(32)
        with pytest.raises(VerificationError):
            verify_consistency(old, root, new, root, [bytes(32)])


def test_leaf_hashes_keep_their_order():
    assert leaf_hashes([b"a", b"b"]) == [leaf_hash(b"a"), leaf_hash(b"b")]
