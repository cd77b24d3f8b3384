from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path

import pytest
from pymerkle import InmemoryTree as Reference
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ledger.errors import HeadMovedError
from ledger.evidence.batch import Blobs, EntryBatch
from ledger.evidence.encoding import (
    NO_SUBJECT,
    Commitment,
    Entry,
    Head,
    LeafIndex,
    LogId,
    Subject,
    TreeSize,
    reversal_subject,
)
from ledger.policy.kinds import Kind
from ledger.store.log import NewEntry
from ledger.store.tables import log
from ledger.store.unit_of_work import Reading, UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
LOG = LogId(1)
APPENDER = Path(__file__).parent / "appender.py"


def append(database, new, source="s"):
    with UnitOfWork(database, LOG) as work:
        indices = work.log.append(new, source_key=source, recorded_at=AT)
        work.commit()
    return indices


def reversal(index: LeafIndex) -> NewEntry:
    subject = reversal_subject(LOG, index)
    return NewEntry(Entry(Head(Kind.REVERSAL, 1, 202301), subject, 0, Commitment(bytes(32))), b"")


def rfc_root(leaves: list[bytes]) -> bytes:
    """The root by another implementation of RFC 9162."""
    tree = Reference(algorithm="sha256", disable_security=False)
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree.get_root(len(leaves))


class TestAppend:
    def test_entries_come_back_as_they_were_put(self, database, entries):
        new = entries(3)
        assert append(database, new) == range(3)
        with Reading(database, LOG) as view:
            stored = list(view.log.entries(0, 3))
        assert [(item.entry, item.sealed_record) for item in stored] == [
            (item.entry, item.sealed_record) for item in new
        ]
        assert [item.index for item in stored] == [0, 1, 2]
        assert {(item.source_key, item.recorded_at) for item in stored} == {("s", AT)}

    @pytest.mark.parametrize("parts", [[1], [2, 1], [3, 4, 6], [255, 1, 1], [256, 257]])
    def test_the_head_is_the_root_of_all_leaves_however_they_came(self, database, entries, parts):
        first = 0
        for count in parts:
            append(database, entries(count, first))
            first += count
        with Reading(database, LOG) as view:
            head, leaves = view.log.head(), view.log.leaves(0, first)
        assert head.size == first == len(leaves)
        assert head.root() == rfc_root(leaves)

    def test_nothing_appended_leaves_the_head(self, database, entries):
        append(database, entries(2))
        assert append(database, []) == range(2, 2)

    def test_a_head_that_moved_is_refused_and_nothing_is_written(self, database, entries):
        append(database, entries(1))
        with UnitOfWork(database, LOG) as work:
            before = work.log.head()
            work.log.append(entries(1, 1), source_key="s", recorded_at=AT)
            with pytest.raises(HeadMovedError) as refusal:
                work.log._head.advance(before, before, source=9, key="s", at=AT)
        assert (refusal.value.log_id, refusal.value.expected_size) == (1, 1)
        with Reading(database, LOG) as view:
            assert view.log.head().size == 1

    def test_threads_never_fork_the_log(self, database, entries):
        def work(number: int) -> None:
            for step in range(5):
                append(database, entries(3, 1000 * number + 3 * step), f"t{number}")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._require_one_log(database, 60)

    def test_processes_never_fork_the_log(self, database, database_url):
        command = [sys.executable, str(APPENDER), database_url]
        started = [subprocess.Popen([*command, str(number), "20"]) for number in range(2)]
        assert [process.wait(60) for process in started] == [0, 0]
        self._require_one_log(database, 80)

    @staticmethod
    def _require_one_log(database, size: int) -> None:
        with Reading(database, LOG) as view:
            stored, head = list(view.log.entries(0, size + 1)), view.log.head()
            leaves = view.log.leaves(0, size + 1)
        assert [item.index for item in stored] == list(range(size))
        assert len({item.leaf.tag for item in stored}) == size
        assert head.size == size
        assert head.root() == rfc_root(leaves)


class TestAppendBatches:
    def test_several_batches_are_one_append(self, database, entries):
        new = entries(700)
        parts = [new[:300], [], new[300:]]
        with UnitOfWork(database, LOG) as work:
            indices = work.log.append_batches(
                (
                    (
                        EntryBatch.of([item.entry for item in part]),
                        Blobs.of([item.sealed_record for item in part]),
                    )
                    for part in parts
                ),
                source_key="s",
                at=AT,
            )
            work.commit()
        assert indices == range(700)
        with Reading(database, LOG) as view:
            stored = list(view.log.entries(0, 700))
            assert view.log.head().root() == rfc_root(view.log.leaves(0, 700))
            assert [item.index for item in view.log.of_source("s")] == list(range(700))
        assert [(item.entry, item.sealed_record) for item in stored] == [
            (item.entry, item.sealed_record) for item in new
        ]

    def test_each_row_is_what_the_entry_says(self, database, entries):
        new = [*entries(2), reversal(LeafIndex(0))]
        append(database, new)
        with Reading(database, LOG) as view:
            for item, given in zip(view.log.entries(0, 3), new, strict=True):
                assert item.leaf == given.entry.leaf(LOG)

    def test_a_person_keeps_the_number(self, database, entries):
        new = entries(3)
        append(database, new)
        append(database, [new[2], new[0], reversal(LeafIndex(1))])
        with database.reading() as connection:
            rows = connection.execute(select(log.entries.c.person, log.entries.c.leaf_index))
            assert [person for person, _ in sorted(rows, key=itemgetter(1))] == [1, 2, 3, 3, 1, 0]


class TestReads:
    def test_entries_are_found_by_person_kind_source_and_tag(self, database, entries):
        new = entries(4)
        append(database, new[:2], "first")
        append(database, new[2:], "second")
        with Reading(database, LOG) as view:
            person = new[1].entry.subject
            assert [item.index for item in view.log.of_subject(person)] == [1]
            assert view.log.of_subject(person, [Kind.PAYOUT]) == []
            assert [item.index for item in view.log.of_source("second")] == [2, 3]
            assert view.log.of_source("third") == []
            assert view.log.of_subject(Subject(b"?" * 32)) == []

    def test_facts_are_found_by_person_and_month(self, database, entries):
        new = entries(4)
        append(database, new)
        append(database, new[3:])
        subject, period = new[3].entry.subject, new[3].entry.head.period
        with Reading(database, LOG) as view:
            find = view.log.indices_of_facts
            assert find(Kind.CONTRIBUTION, 1, [(subject, period)]) == {(subject, period): [3, 4]}
            assert find(Kind.CONTRIBUTION, 1, [(subject, period + 1)]) == {}
            assert find(Kind.CONTRIBUTION, 2, [(subject, period)]) == {}
            assert find(Kind.PAYOUT, 1, [(subject, period)]) == {}
            assert find(Kind.CONTRIBUTION, 1, [(Subject(b"?" * 32), period)]) == {}
            assert find(Kind.CONTRIBUTION, 1, []) == {}

    def test_more_facts_than_one_question_takes(self, database, entries):
        new = entries(5_203)
        append(database, new)
        keys = [(item.entry.subject, item.entry.head.period) for item in new]
        with Reading(database, LOG) as view:
            found = view.log.indices_of_facts(Kind.CONTRIBUTION, 1, [*keys, *keys])
        assert found == {key: [index] for index, key in enumerate(keys)}

    def test_a_fact_that_was_reversed_does_not_stand(self, database, entries):
        new = entries(2)
        append(database, new)
        keys = [(item.entry.subject, item.entry.head.period) for item in new]
        append(database, [reversal(LeafIndex(0))])
        with Reading(database, LOG) as view:
            assert view.log.standing_facts(Kind.CONTRIBUTION, 1, keys) == {keys[1]: 1}
            assert view.log.reversal_of(0) == 2
            assert view.log.reversal_of(1) is None

    def test_the_first_of_two_reversals_counts(self, database, entries):
        append(database, entries(1))
        append(database, [reversal(LeafIndex(0)), reversal(LeafIndex(0))])
        with Reading(database, LOG) as view:
            assert view.log.reversal_of(0) == 1

    def test_leaves_come_as_rows(self, database, entries):
        append(database, entries(3))
        with Reading(database, LOG) as view:
            rows = view.log.leaf_rows(1, 3)
            assert rows.shape == (2, 64)
            assert [row.tobytes() for row in rows] == view.log.leaves(1, 3)
            assert view.log.leaf_rows(3, 3).shape == (0, 64)

    def test_a_reversal_takes_back_the_leaf_it_names_and_no_other(self, database, entries):
        append(database, entries(3))
        append(database, [reversal(LeafIndex(1))])
        with Reading(database, LOG) as view:
            assert view.log.reversed_among([0, 1, 2, 3]) == {1}
            assert view.log.reversed_among([]) == set()

    def test_a_fact_about_nobody_has_no_person(self, database):
        entry = Entry(Head(Kind.FUND_MOVEMENT, 0, 202609), NO_SUBJECT, -5, Commitment(bytes(32)))
        append(database, [NewEntry(entry, b"sealed")])
        with Reading(database, LOG) as view:
            assert view.log.entry(0).entry == entry


class TestCheckpoints:
    def test_one_root_a_size_ever(self, database):
        with UnitOfWork(database, LOG) as work:
            work.log.add_checkpoint(5, b"a" * 32, "note", AT)
            work.commit()
        with pytest.raises(IntegrityError), UnitOfWork(database, LOG) as work:
            work.log.add_checkpoint(5, b"b" * 32, "other", AT)
        with Reading(database, LOG) as view:
            assert view.log.checkpoint(5).root == b"a" * 32

    def test_the_first_final_checkpoint_that_holds_a_leaf_gives_its_position(self, database):
        with UnitOfWork(database, LOG) as work:
            for size in (3, 7, 9):
                work.log.add_checkpoint(size, bytes([size]) * 32, "note", AT)
            assert work.log.last_checkpoint().size == 9
            assert work.log.last_checkpoint(final=True) is None
            assert work.log.covering_checkpoint(0) is None
            for size, number in ((7, 4), (3, 2)):
                work.log.mark_final(
                    size, number=number, block=number, block_time=1, transaction_hash=None, at=AT
                )
            covering = work.log.covering_checkpoint
            assert [covering(index).number for index in (0, 2, 3, 6)] == [2, 2, 4, 4]
            assert covering(7) is None
            assert work.log.last_checkpoint(final=True).size == 7
            assert [item.size for item in work.log.checkpoints()] == [3, 7, 9]

    def test_the_first_line_of_a_cosigner_stays(self, database):
        with UnitOfWork(database, LOG) as work:
            work.log.add_checkpoint(TreeSize(3), bytes(32), "note", AT)
            work.log.add_cosignature(3, "b", "line b", AT)
            work.log.add_cosignature(3, "a", "line a", AT)
            work.log.add_cosignature(3, "a", "another", AT + timedelta(seconds=1))
            assert work.log.cosignatures(3) == ["line a", "line b"]
            assert work.log.cosigned_checkpoint(0) is None
            work.log.mark_final(3, number=1, block=1, block_time=1, transaction_hash=None, at=AT)
            assert work.log.cosigned_checkpoint(2).size == 3
            assert work.log.cosigned_checkpoint(3) is None
