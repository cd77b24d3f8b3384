"""Each way in which a proof or a note can be bad has an error of its own; the contract's twin stands beside it."""

from __future__ import annotations

import base64

import pytest

from ledger.errors import (
    InconsistentCheckpointError,
    InvalidSignatureError,
    LeafIndexOutOfRangeError,
    MalformedNoteError,
    ProofLengthError,
    ProofShapeError,
    RootMismatchError,
    SizesOutOfOrderError,
    UnknownSignerError,
    WrongOriginError,
)
from ledger.evidence.checkpoint import VerifierKey, open_checkpoint, sign_checkpoint
from ledger.evidence.merkle import MerkleTree, verify_consistency, verify_inclusion

LEAVES = [bytes([number]) * 32 for number in range(21)]
TREE = MerkleTree(LEAVES)
INDEX, SIZE, OLD = 13, 21, 10

ONLY = TREE.inclusion_proof(INDEX)
GROWN = TREE.consistency_proof(OLD)

INCLUSION = {
    "truncated": (lambda proof: proof[:-1], ProofLengthError),
    "reordered": (lambda proof: proof[::-1], RootMismatchError),
    "padded": (lambda proof: (*proof, bytes(32)), ProofLengthError),
    "padded in front": (lambda proof: (bytes(32), *proof), ProofLengthError),
    "swapped for another leaf's": (lambda _: TREE.inclusion_proof(12), RootMismatchError),
    "two hashes swapped": (lambda proof: (proof[1], proof[0], *proof[2:]), RootMismatchError),
    "empty": (lambda _: (), ProofLengthError),
    "of halves of hashes": (lambda proof: tuple(item[:16] for item in proof), ProofShapeError),
}
CONSISTENCY = {
    "truncated": (lambda proof: proof[:-1], ProofLengthError),
    "reordered": (lambda proof: proof[::-1], InconsistentCheckpointError),
    "padded": (lambda proof: (*proof, bytes(32)), ProofLengthError),
    "swapped for another size's": (lambda _: TREE.consistency_proof(11), ProofLengthError),
    "two hashes swapped": (lambda proof: (proof[1], proof[0], *proof[2:]), InconsistentCheckpointError),
    "empty": (lambda _: (), ProofLengthError),
}  # fmt: skip


class TestInclusion:
    @pytest.mark.parametrize("damage", INCLUSION)
    def test_a_damaged_proof_is_refused_by_its_own_error(self, damage):
        change, error = INCLUSION[damage]
        with pytest.raises(error) as refused:
            verify_inclusion(LEAVES[INDEX], INDEX, SIZE, change(ONLY), TREE.root())
        assert type(refused.value) is error

    @pytest.mark.parametrize("index", [SIZE, SIZE + 1, 2**62, -1])
    def test_an_index_that_is_not_below_the_size_is_refused(self, index):
        with pytest.raises(LeafIndexOutOfRangeError) as refused:
            verify_inclusion(LEAVES[INDEX], index, SIZE, ONLY, TREE.root())
        assert (refused.value.index, refused.value.size) == (index, SIZE)

    def test_the_number_of_hashes_is_named(self):
        with pytest.raises(ProofLengthError) as refused:
            verify_inclusion(LEAVES[INDEX], INDEX, SIZE, ONLY[:-1], TREE.root())
        assert (refused.value.expected, refused.value.actual) == (len(ONLY), len(ONLY) - 1)


class TestConsistency:
    @pytest.mark.parametrize("damage", CONSISTENCY)
    def test_a_damaged_proof_is_refused_by_its_own_error(self, damage):
        change, error = CONSISTENCY[damage]
        with pytest.raises(error) as refused:
            verify_consistency(OLD, TREE.root(OLD), SIZE, TREE.root(), change(GROWN))
        assert type(refused.value) is error

    @pytest.mark.parametrize(("old", "new"), [(SIZE, OLD), (SIZE, SIZE - 1), (1, 0)])
    def test_sizes_that_shrink_are_refused(self, old, new):
        with pytest.raises(SizesOutOfOrderError) as refused:
            verify_consistency(old, TREE.root(old), new, TREE.root(new), GROWN)
        assert (refused.value.old_size, refused.value.new_size) == (old, new)

    def test_two_roots_of_one_size_are_inconsistent(self):
        with pytest.raises(InconsistentCheckpointError):
            verify_consistency(SIZE, TREE.root(), SIZE, bytes(32), ())


class TestNote:
    ORIGIN = "anxu/31415/3"

    @pytest.fixture
    def key(self, case):
        return VerifierKey.log(self.ORIGIN, case.log_key.public_key)

    @pytest.mark.parametrize(
        ("damage", "error"),
        [
            ("origin", WrongOriginError), ("key", UnknownSignerError), ("signature", InvalidSignatureError),
            ("tail", MalformedNoteError), ("tail line", MalformedNoteError), ("head", WrongOriginError),
            ("size", InvalidSignatureError), ("root", InvalidSignatureError), ("cut", MalformedNoteError),
        ],
    )  # fmt: skip
    def test_a_bad_note_is_refused_by_its_own_error(self, make_key, case, key, damage, error):
        note = sign_checkpoint(case.body, self.ORIGIN, case.log_key)
        root = base64.b64encode(case.body.root).decode()
        bad = {
            "origin": note.replace("anxu/31415/3\n", "anxu/31415/2\n"),
            "key": sign_checkpoint(case.body, self.ORIGIN, make_key("another")),
            "signature": note[:-6] + ("A" if note[-6] != "A" else "B") + note[-5:],
            "tail": note + "\n",
            "tail line": note + "trailing\n",
            "head": "x" + note,
            "size": note.replace("\n7\n", "\n8\n"),
            "root": note.replace(root, base64.b64encode(bytes(32)).decode()),
            "cut": note[:-1],
        }[damage]
        assert bad != note
        with pytest.raises(error) as refused:
            open_checkpoint(bad, self.ORIGIN, [key])
        assert type(refused.value) is error
