from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree as Reference

from ledger.errors import LengthError
from ledger.evidence.growth import grow
from ledger.evidence.merkle import CompactRange, MerkleTree


def leaf_hashes(count: int) -> list[bytes]:
    return [hashlib.sha256(b"\0" + number.to_bytes(8)).digest() for number in range(count)]


def rows(hashes: list[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)


class TestGrow:
    @given(st.lists(st.integers(0, 70), min_size=1, max_size=6))
    def test_any_parts_give_the_tree_of_the_whole(self, parts):
        hashes = leaf_hashes(sum(parts))
        whole = MerkleTree(hashes)
        tree, first = CompactRange.empty(), 0
        for count in parts:
            growth = grow(tree, rows(hashes[first : first + count]))
            assert growth.before == tree
            for level, nodes in enumerate(growth.levels):
                start = tree.size >> level
                assert [node.tobytes() for node in nodes] == [
                    whole.node(level, start + place) for place in range(len(nodes))
                ]
            tree, first = growth.after, first + count
        assert tree == CompactRange.empty().extend(hashes)

    def test_the_root_is_that_of_another_implementation(self):
        reference = Reference(algorithm="sha256", disable_security=False)
        for number in range(1_000):
            reference.append_entry(number.to_bytes(8))
        grown = grow(CompactRange.empty(), rows(leaf_hashes(1_000))).after
        assert grown.root() == reference.get_root(1_000)

    def test_every_completed_node_is_told_once(self):
        growth = grow(CompactRange.empty(), rows(leaf_hashes(5)))
        assert [len(nodes) for nodes in growth.levels] == [5, 2, 1]

    def test_rows_of_another_width_are_refused(self):
        with pytest.raises(LengthError) as refusal:
            grow(CompactRange.empty(), np.zeros((2, 31), np.uint8))
        assert (refusal.value.expected, refusal.value.actual) == (32, 31)
