from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree as Reference

from ledger.errors import EncodingError, LengthError
from ledger.evidence import hashing, native
from ledger.evidence.encoding import (
    NO_SUBJECT,
    Commitment,
    Entry,
    Head,
    LeafIndex,
    LogId,
    Subject,
    leaf_hash,
    reversal_subject,
)
from ledger.evidence.growth import grow, grow_by_entries
from ledger.evidence.merkle import CompactRange, MerkleTree
from ledger.policy.kinds import Kind


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


LOG = LogId(0x01020304)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def entries(count: int) -> list[Entry]:
    """Of every sort: exclusive tags, other tags by kind and by supplement, reversals, nobody."""
    made = []
    for at in range(count):
        head, subject = [
            (Head(Kind.PAYOUT, 1, 202608), Subject(digest(f"person {at}"))),
            (Head(Kind.PAYOUT, 0x8001, 202608), Subject(digest(f"person {at}"))),
            (Head(Kind.REVERSAL, 1, 202608), reversal_subject(LOG, LeafIndex(2**33 + at))),
            (Head(Kind.OPERATION, 0, 0), NO_SUBJECT),
            (Head(Kind.CONTRIBUTION, 2, 199512), Subject(digest(f"person {at}"))),
        ][at % 5]
        amount = (-1) ** at * (2**62 + at)
        made.append(Entry(head, subject, amount, Commitment(digest(f"record {at}"))))
    return made


class TestGrowByEntries:
    @pytest.fixture(params=["compiled", "plain"], autouse=True)
    def way(self, request, monkeypatch):
        patience = native.Patience(hashing._load, -1)
        monkeypatch.setattr(hashing, "_PATIENCE", patience)
        monkeypatch.setattr(hashing, "_CALL_PAYS", 0)
        monkeypatch.setenv(native.VARIABLE, "on" if request.param == "compiled" else native.OFF)
        assert (patience.loops(1) is not None) == (request.param == "compiled")

    @pytest.mark.parametrize("size", [0, 1, 2, 63, 64, 1_000])
    @pytest.mark.parametrize("count", [0, 1, 5, 64, 101])
    def test_leaves_and_tree_are_those_of_one_after_the_other(self, size, count):
        before = CompactRange.empty().extend(leaf_hashes(size))
        given_entries = entries(count)
        expected = [entry.leaf(LOG).pack() for entry in given_entries]
        leaves, after = grow_by_entries(before, given_entries, LOG)
        assert leaves == expected
        assert after == before.extend(map(leaf_hash, expected))

    def test_a_reversal_that_names_no_leaf_is_refused(self):
        head = Head(Kind.REVERSAL, 1, 202608)
        wrong = Entry(head, Subject(bytes(31) + b"x"), 0, Commitment(bytes(32)))
        with pytest.raises(EncodingError, match="20 zero bytes"):
            grow_by_entries(CompactRange.empty(), [*entries(5), wrong], LOG)

    def test_what_no_row_holds_is_refused(self):
        short = Entry(Head(Kind.PAYOUT, 1, 202608), Subject(bytes(31)), 0, Commitment(bytes(32)))
        with pytest.raises(LengthError):
            grow_by_entries(CompactRange.empty(), [*entries(5), short], LOG)
        with pytest.raises(EncodingError):
            grow_by_entries(CompactRange.empty(), entries(5), LogId(2**32))
