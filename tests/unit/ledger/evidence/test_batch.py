"""Entries in columns: each result equals the scalar function's, and each refusal is the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import EncodingError, LengthError
from ledger.evidence.batch import Blobs, EntryBatch
from ledger.evidence.encoding import (
    Commitment,
    Entry,
    Head,
    LeafIndex,
    LogId,
    Subject,
    reversal_subject,
    seal_of,
    tag_of,
)
from ledger.policy.kinds import Kind

_digests = st.binary(min_size=32, max_size=32)
_periods = st.just(0) | st.builds(
    lambda year, month: year * 100 + month, st.integers(1901, 9999), st.integers(1, 12)
)


@st.composite
def _entries(draw):
    kind = draw(st.sampled_from(Kind))
    head = Head(kind, draw(st.integers(0, 0xFFFF)), draw(_periods))
    if kind is Kind.REVERSAL:
        log_id, index = draw(st.integers(0, 2**32 - 1)), draw(st.integers(0, 2**64 - 1))
        subject = reversal_subject(LogId(log_id), LeafIndex(index))
    else:
        subject = Subject(draw(_digests))
    amount = draw(st.integers(-(2**63), 2**63 - 1))
    return Entry(head, subject, amount, Commitment(draw(_digests)))


def _one(**changed):
    columns = {
        "kinds": np.array([1], np.uint8),
        "classes": np.array([1], np.uint16),
        "periods": np.array([202609], np.uint32),
        "subjects": np.zeros((1, 32), np.uint8),
        "amounts_fen": np.array([96_000], np.int64),
        "commitments": np.zeros((1, 32), np.uint8),
    }
    return EntryBatch(**columns | changed)


class TestEntryBatch:
    @given(entries=st.lists(_entries(), max_size=12), log_id=st.integers(0, 2**32 - 1))
    def test_equals_the_scalar_functions(self, entries, log_id):
        batch = EntryBatch.of(entries)
        assert len(batch) == len(entries)
        assert [batch.entry(at) for at in range(len(batch))] == entries
        assert [row.tobytes() for row in batch.heads()] == [item.head.pack() for item in entries]
        assert [row.tobytes() for row in batch.tags()] == [tag_of(item) for item in entries]
        seals = [seal_of(LogId(log_id), item.amount_fen, item.commitment) for item in entries]
        assert [row.tobytes() for row in batch.seals(LogId(log_id))] == seals
        leaves = [item.leaf(LogId(log_id)).pack() for item in entries]
        assert [row.tobytes() for row in batch.leaves(LogId(log_id))] == leaves

    @given(entries=st.lists(_entries(), min_size=3, max_size=12))
    def test_a_part_is_a_batch_of_its_own(self, entries):
        part = EntryBatch.of(entries).slice(1, len(entries) - 1)
        assert [part.entry(at) for at in range(len(part))] == entries[1:-1]
        assert [row.tobytes() for row in part.tags()] == [tag_of(item) for item in entries[1:-1]]

    def test_refuses_an_entry_that_no_column_holds(self):
        with pytest.raises(EncodingError):
            EntryBatch.of([Entry(Head(Kind.PAYOUT, 1, 0), Subject(bytes(32)), 2**63, bytes(32))])
        with pytest.raises(LengthError):
            EntryBatch.of([Entry(Head(Kind.PAYOUT, 1, 0), Subject(bytes(31)), 0, bytes(32))])

    @pytest.mark.parametrize(
        "entry",
        [
            Entry(Head(Kind.PAYOUT, 1, 0), Subject(bytes(32)), -(2**63) - 1, Commitment(bytes(32))),
            Entry(Head(Kind.PAYOUT, -1, 0), Subject(bytes(32)), 0, Commitment(bytes(32))),
            Entry(Head(Kind.PAYOUT, 2**16, 0), Subject(bytes(32)), 0, Commitment(bytes(32))),
            Entry(Head(Kind.PAYOUT, 1, -1), Subject(bytes(32)), 0, Commitment(bytes(32))),
            Entry(Head(Kind.PAYOUT, 1, 2**32), Subject(bytes(32)), 0, Commitment(bytes(32))),
            Entry(Head(Kind.PAYOUT, 1, 202613), Subject(bytes(32)), 0, Commitment(bytes(32))),
            Entry(Head(Kind.PAYOUT, 1, 0), Subject(bytes(33)), 0, Commitment(bytes(31))),
            Entry(Head(Kind.PAYOUT, 1, 0), Subject(bytes(32)), 0, Commitment(bytes(31))),
        ],
    )
    def test_refuses_in_the_words_of_the_entry_itself(self, entry):
        with pytest.raises((EncodingError, LengthError)) as alone:
            entry.pack()
        good = Entry(Head(Kind.PAYOUT, 1, 0), Subject(bytes(32)), 0, Commitment(bytes(32)))
        with pytest.raises(type(alone.value)) as among:
            EntryBatch.of([good, entry, good])
        assert among.value.fields() == alone.value.fields()

    @pytest.mark.parametrize("kind", [0, 13, 255])
    def test_refuses_an_unknown_kind(self, kind):
        with pytest.raises(EncodingError) as refused:
            _one(kinds=np.array([kind], np.uint8))
        assert refused.value.field == "kind"

    @pytest.mark.parametrize("period", [1, 202600, 202613, 189912, 1000001])
    def test_refuses_what_is_no_month(self, period):
        with pytest.raises(EncodingError) as refused:
            _one(periods=np.array([period], np.uint32))
        assert refused.value.field == "period"

    @pytest.mark.parametrize("column", ["subjects", "commitments"])
    def test_refuses_digests_of_another_length(self, column):
        with pytest.raises(LengthError) as refused:
            _one(**{column: np.zeros((1, 31), np.uint8)})
        assert refused.value.fields() == {"field": column, "expected": 32, "actual": 31}

    def test_refuses_columns_of_unequal_length_or_another_type(self):
        with pytest.raises(ValueError, match="length"):
            _one(classes=np.array([1, 1], np.uint16))
        with pytest.raises(ValueError, match="amounts"):
            _one(amounts_fen=np.array([1], np.int32))

    def test_refuses_a_reversal_whose_subject_does_not_end_in_zeros(self):
        subjects = np.ones((1, 32), np.uint8)
        with pytest.raises(EncodingError) as refused:
            _one(kinds=np.array([3], np.uint8), subjects=subjects).tags()
        assert refused.value.field == "subject"

    def test_refuses_a_log_number_that_does_not_fit(self):
        with pytest.raises(EncodingError):
            _one().seals(LogId(2**32))


class TestBlobs:
    @given(blobs=st.lists(st.binary(max_size=40), max_size=10), cut=st.integers(0, 10))
    def test_come_back(self, blobs, cut):
        whole = Blobs.of(blobs)
        assert whole.to_list() == blobs
        assert [whole.blob(at) for at in range(len(whole))] == blobs
        first = min(cut, len(blobs))
        part = whole.slice(first, len(blobs))
        assert part.to_list() == blobs[first:]
        assert part.slice(0, len(part)).to_list() == blobs[first:]

    def test_refuse_offsets_that_leave_the_data(self):
        with pytest.raises(ValueError, match="offsets"):
            Blobs(np.zeros(3, np.uint8), np.array([0, 4], np.int64))
