"""MerkleLog and Leaf against independent references."""

from __future__ import annotations

import hashlib
import random

import pytest
from eth_tester.exceptions import TransactionFailed
from pymerkle import InmemoryTree

from ledger.errors import VerificationError
from ledger.evidence.merkle import verify_consistency, verify_inclusion
from scripts.bench.evidence_gas import random_growth

HARNESS = "EvidenceHarness"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(leaf):
    return sha256(b"\x00", leaf)


def flip(value, at=0):
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


@pytest.fixture(scope="module")
def trees(reference_tree):
    """The recursive reference and pymerkle over the same 70 leaves."""
    source = random.Random(9162)
    leaves = [source.randbytes(64) for _ in range(70)]
    other = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        other.append_entry(leaf)
    return reference_tree(leaves), other


def included(network, tree, index, size, *, proof=None, root=None, leaf=None):
    network.read(
        HARNESS, "requireIncluded", index, size, leaf or leaf_hash(tree.leaves[index]),
        tree.inclusion(index, size) if proof is None else proof, root or tree.root(size),
    )  # fmt: skip


class TestReference:
    def test_two_independent_references_agree_on_every_root(self, trees):
        tree, other = trees
        assert all(tree.root(size) == other.get_root(size) for size in range(1, 71))

    def test_pymerkles_inclusion_path_is_the_references(self, trees):
        tree, other = trees
        for index, size in ((0, 1), (0, 70), (69, 70), (31, 33), (32, 33), (40, 64)):
            path = [
                bytes.fromhex(item)
                for item in other.prove_inclusion(index + 1, size).serialize()["path"]
            ]
            assert path[0] == leaf_hash(tree.leaves[index])
            assert path[1:] == tree.inclusion(index, size)


class TestInclusion:
    def test_every_leaf_of_small_trees_is_included(self, network, trees):
        tree, _ = trees
        for size in range(1, 18):
            for index in range(size):
                included(network, tree, index, size)

    def test_leaves_of_random_trees_are_included(self, network, trees):
        tree, _ = trees
        source = random.Random(1)
        for _ in range(40):
            size = source.randint(18, 70)
            included(network, tree, source.randrange(size), size)

    def test_pymerkles_own_root_is_accepted(self, network, trees):
        tree, other = trees
        included(network, tree, 44, 67, root=other.get_root(67))

    def test_any_changed_hash_is_refused(self, network, trees):
        tree, _ = trees
        index, size = 44, 67
        proof, leaf = tree.inclusion(index, size), leaf_hash(tree.leaves[index])
        for place in range(len(proof)):
            damaged = [*proof[:place], flip(proof[place]), *proof[place + 1 :]]
            refusal = network.refused(
                HARNESS, "requireIncluded", index, size, leaf, damaged, tree.root(size),
                sender=network.outsider,
            )  # fmt: skip
            assert refusal.name == "MerkleLogRootMismatch"
            assert refusal.values[0] == tree.root(size)

    def test_another_leaf_index_or_root_is_refused(self, network, trees):
        tree, _ = trees
        proof, leaf, root = tree.inclusion(44, 67), leaf_hash(tree.leaves[44]), tree.root(67)
        for arguments in (
            (44, 67, flip(leaf), proof, root),
            (45, 67, leaf, proof, root),
            (44, 67, leaf, proof, flip(root)),
        ):
            refusal = network.refused(
                HARNESS, "requireIncluded", *arguments, sender=network.outsider
            )
            assert refusal.name == "MerkleLogRootMismatch"

    def test_a_node_cannot_pass_for_a_leaf(self, network, trees):
        tree, _ = trees
        node = sha256(b"\x01", *map(leaf_hash, tree.leaves[:2]))
        refusal = network.refused(
            HARNESS, "requireIncluded", 0, 4, node, tree.inclusion(0, 4)[1:], tree.root(4),
            sender=network.outsider,
        )  # fmt: skip
        assert refusal == ("MerkleLogProofLength", 1)

    def test_an_index_outside_the_tree_is_refused(self, network, trees):
        tree, _ = trees
        for index, size in ((5, 5), (6, 5), (0, 0)):
            refusal = network.refused(
                HARNESS,
                "requireIncluded",
                index,
                size,
                bytes(32),
                [],
                tree.root(5),
                sender=network.outsider,
            )
            assert refusal == ("MerkleLogIndexOutOfRange", index, size)

    @pytest.mark.parametrize("change", [[bytes(32)] * 122, [bytes(32)], []])
    def test_a_proof_of_the_wrong_length_is_refused(self, network, trees, change):
        tree, _ = trees
        proof = [*tree.inclusion(44, 67), *change] if change else tree.inclusion(44, 67)[:-1]
        refusal = network.refused(
            HARNESS, "requireIncluded", 44, 67, leaf_hash(tree.leaves[44]), proof, tree.root(67),
            sender=network.outsider,
        )  # fmt: skip
        assert refusal == ("MerkleLogProofLength", len(proof))


class TestConsistency:
    def test_every_prefix_of_small_trees_is_consistent(self, network, trees):
        tree, _ = trees
        for newer in range(2, 18):
            for older in range(1, newer):
                network.read(
                    HARNESS, "requireConsistent", older, tree.root(older), newer, tree.root(newer),
                    tree.consistency(older, newer),
                )  # fmt: skip

    def test_prefixes_of_random_trees_are_consistent(self, network, trees):
        tree, _ = trees
        source = random.Random(2)
        for _ in range(40):
            newer = source.randint(18, 70)
            older = source.randrange(1, newer)
            network.read(
                HARNESS, "requireConsistent", older, tree.root(older), newer, tree.root(newer),
                tree.consistency(older, newer),
            )  # fmt: skip

    def test_the_empty_tree_is_a_prefix_of_every_tree_without_proof(self, network, trees):
        tree, _ = trees
        network.read(HARNESS, "requireConsistent", 0, bytes(32), 7, tree.root(7), [])
        refusal = network.refused(
            HARNESS,
            "requireConsistent",
            0,
            bytes(32),
            7,
            tree.root(7),
            [bytes(32)],
            sender=network.outsider,
        )
        assert refusal == ("MerkleLogProofLength", 1)

    @pytest.mark.parametrize(("older", "newer"), [(33, 67), (32, 67), (1, 2), (64, 70), (66, 67)])
    def test_any_changed_hash_is_refused(self, network, trees, older, newer):
        tree, _ = trees
        proof = tree.consistency(older, newer)
        for place in range(len(proof)):
            damaged = [*proof[:place], flip(proof[place]), *proof[place + 1 :]]
            refusal = network.refused(
                HARNESS, "requireConsistent", older, tree.root(older), newer, tree.root(newer), damaged,
                sender=network.outsider,
            )  # fmt: skip
            assert refusal.name in {"MerkleLogRootMismatch", "MerkleLogHistoryMismatch"}

    def test_a_changed_history_is_refused(self, network, trees, reference_tree):
        tree, _ = trees
        changed = reference_tree([flip(tree.leaves[0]), *tree.leaves[1:]])
        refusal = network.refused(
            HARNESS, "requireConsistent", 33, tree.root(33), 67, changed.root(67), changed.consistency(33, 67),
            sender=network.outsider,
        )  # fmt: skip
        assert refusal == ("MerkleLogHistoryMismatch", tree.root(33), changed.root(33))

    def test_another_newer_root_is_refused(self, network, trees):
        tree, _ = trees
        refusal = network.refused(
            HARNESS, "requireConsistent", 33, tree.root(33), 67, flip(tree.root(67)), tree.consistency(33, 67),
            sender=network.outsider,
        )  # fmt: skip
        assert refusal == ("MerkleLogRootMismatch", flip(tree.root(67)), tree.root(67))

    @pytest.mark.parametrize(("older", "newer"), [(7, 7), (8, 7), (0, 0)])
    def test_a_tree_that_does_not_grow_is_refused(self, network, trees, older, newer):
        refusal = network.refused(
            HARNESS,
            "requireConsistent",
            older,
            bytes(32),
            newer,
            bytes(32),
            [],
            sender=network.outsider,
        )
        assert refusal == ("MerkleLogSizesOutOfOrder", older, newer)

    def test_a_proof_of_the_wrong_length_is_refused(self, network, trees):
        tree, _ = trees
        right = tree.consistency(33, 67)
        for proof in ([], right[:-1], [*right, bytes(32)], [bytes(32)] * 129):
            refusal = network.refused(
                HARNESS, "requireConsistent", 33, tree.root(33), 67, tree.root(67), proof,
                sender=network.outsider,
            )  # fmt: skip
            assert refusal == ("MerkleLogProofLength", len(proof))


class TestAgainstPython:
    """The contract's own loops say, hash for hash, what the Python verifier says."""

    def test_random_growth_and_random_damage_are_judged_alike(self, network):
        source = random.Random(6962)
        accepted = 0
        for case in range(300):
            older, newer = sorted(source.sample(range(1, 2 ** source.choice((3, 8, 31, 63))), 2))
            growth = random_growth(older, newer, source)
            proof, roots = list(growth.proof), [growth.older_root, growth.newer_root]
            match case % 6:
                case 1 if proof:
                    place = source.randrange(len(proof))
                    proof[place] = flip(proof[place], source.randrange(32))
                case 2:
                    proof = proof[:-1] if source.random() < 0.5 else [*proof, source.randbytes(32)]
                case 3:
                    older = source.randrange(1, newer)
                case 4:
                    newer = source.randrange(older + 1, 2**63)
                case 5:
                    roots[source.randrange(2)] = source.randbytes(32)
            arguments = (older, roots[0], newer, roots[1], proof)
            expected = "accepted"
            try:
                verify_consistency(older, roots[0], newer, roots[1], proof)
            except VerificationError as error:
                expected = type(error).__name__
            if expected == "accepted":
                network.read(HARNESS, "requireConsistent", *arguments)
                accepted += 1
                continue
            refusal = network.refused(
                HARNESS, "requireConsistent", *arguments, sender=network.outsider
            )
            names = {
                "ProofLengthError": {"MerkleLogProofLength"},
                "InconsistentCheckpointError": {
                    "MerkleLogHistoryMismatch",
                    "MerkleLogRootMismatch",
                },
            }
            assert refusal.name in names[expected]
        assert accepted >= 50

    def test_random_inclusion_and_random_damage_are_judged_alike(self, network, trees):
        tree, _ = trees
        source = random.Random(9162)
        accepted = 0
        for case in range(150):
            size = source.randint(1, 70)
            index = source.randrange(size)
            proof, root = tree.inclusion(index, size), tree.root(size)
            leaf = leaf_hash(tree.leaves[index])
            match case % 4:
                case 1:
                    index = source.randrange(80)
                case 2:
                    proof = source.sample(proof, len(proof))
                case 3:
                    size = source.randint(1, 70)
            try:
                verify_inclusion(leaf, index, size, proof, root)
            except VerificationError:
                network.refused(
                    HARNESS, "requireIncluded", index, size, leaf, proof, root,
                    sender=network.outsider,
                )  # fmt: skip
                continue
            network.read(HARNESS, "requireIncluded", index, size, leaf, proof, root)
            accepted += 1
        assert accepted >= 40

    def test_too_little_gas_never_makes_a_false_proof_true(self, network, trees):
        tree, _ = trees
        target = network.contracts[HARNESS]
        damaged = [flip(item) for item in tree.consistency(33, 67)]
        data = target.encode_abi(
            "requireConsistent", [33, tree.root(33), 67, tree.root(67), damaged]
        )
        for gas in range(29_000, 42_000, 250):
            with pytest.raises(TransactionFailed):
                network.tester.call(
                    {"from": network.outsider, "to": target.address, "data": data, "gas": gas}
                )


class TestLeaf:
    def test_tags_and_hashes_are_those_of_the_byte_table(self, network, make_head, make_digest):
        head, handle, seal = make_head(), make_digest("handle"), make_digest("seal")
        tag = sha256(b"\x10", head, handle)
        assert network.read(HARNESS, "exclusiveTag", head, handle) == tag
        assert network.read(HARNESS, "hashOf", tag, seal) == sha256(b"\x00", tag, seal)
        expected = sha256(b"\x13", (7).to_bytes(4, "big"), (2**40 + 5).to_bytes(8, "big"))
        assert network.read(HARNESS, "reversalTag", 7, 2**40 + 5) == expected

    def test_only_version_1_payouts_without_the_supplement_bit_exclude(self, network, make_head):
        accepted = [make_head(), make_head(class_=0x7FFF), make_head(class_=0, period=0)]
        others = [
            make_head(class_=0x8001),
            make_head(kind=1),
            make_head(kind=3),
            make_head(version=2),
            bytes(8),
        ]
        answers = [network.read(HARNESS, "isExclusivePayout", head) for head in accepted + others]
        assert answers == [True] * 3 + [False] * 5
