from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.evidence.encoding import LogId, Subject, reversal_subject
from ledger.evidence.merkle import CompactRange
from ledger.policy.kinds import Kind
from ledger.store.following import FollowedLog
from ledger.store.log import NewEntry
from ledger.store.unit_of_work import UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
KNOWN = {4: (1, 3), 7: (4, 5)}
"""Log 4 carries log 1 on from three leaves, log 7 log 4 from five."""


@pytest.fixture
def work(database):
    with UnitOfWork(database, LogId(0)) as work:
        yield work


@pytest.fixture
def entry_of(entries):
    def made(log: int, index: int):
        return entries(1, 100 * log + index)[0].entry

    return made


class TestSuccessions:
    def test_a_chain_of_successors_is_kept_whole_and_once(self, work):
        work.successions.keep(7, KNOWN.get)
        work.successions.keep(7, KNOWN.get)
        work.successions.keep(2, KNOWN.get)
        assert {log: work.successions.predecessor_of(log) for log in (1, 2, 4, 7)} == {
            1: None, 2: None, 4: (1, 3), 7: (4, 5),
        }  # fmt: skip
        assert work.successions.ancestors_of(7) == [4, 1]
        assert work.successions.ancestors_of(1) == []
        assert [work.successions.acting_for(log) for log in (1, 4, 7, 2)] == [7, 7, 7, 2]
        assert work.successions.of(7).log_ids == (1, 4, 7)

    def test_leaves_that_no_heir_carries_on_count_no_more(self, work):
        work.successions.keep(7, KNOWN.get)
        counts = work.successions.is_carried_on
        assert [counts(1, index) for index in (2, 3)] == [True, False]
        assert [counts(4, index) for index in (3, 4, 5)] == [True, True, False]
        assert counts(7, 99)
        assert counts(2, 99)


class TestFollowing:
    def test_an_inherited_leaf_is_kept_once_and_found_under_every_heir(self, work, entry_of):
        following = work.following
        for log, first, end in ((1, 0, 4), (4, 3, 6), (7, 5, 7)):
            made = [entry_of(log, index) for index in range(first, end)]
            following.add_leaves(log, first, [each.leaf(LogId(log)).pack() for each in made])
            following.add_entries(log, first, made)
        work.successions.keep(7, KNOWN.get)
        following = UnitOfWork.following.func(work)  # a room that has not looked yet
        origins = [1, 1, 1, 4, 4, 7, 7]
        leaves = following.leaves(7, 0, 7)
        assert leaves == [
            entry_of(log, index).leaf(LogId(log)).pack() for index, log in enumerate(origins)
        ]
        assert [item.log_id for item in following.entries(7, 1, 7)] == origins[1:]
        assert following.entry(4, 0) == following.entry(1, 0)
        assert following.leaf(7, 4) == following.leaf(4, 4)
        abandoned = following.leaf(1, 3)  # by its place it is still there
        assert abandoned is not None
        assert following.places_of_tags([abandoned.tag, leaves[0][:32]]) == {
            leaves[0][:32]: [(1, 0)]
        }
        people = [entry_of(1, 3).subject, entry_of(4, 3).subject]
        found = following.entries_of_subjects(people, [Kind.CONTRIBUTION])
        assert [(item.log_id, item.index) for item in found] == [(4, 3)]

    def test_an_heir_takes_an_inherited_leaf_back(self, work, entry_of):
        following = work.following
        for log, index, target in ((4, 3, (1, 0)), (2, 9, (1, 1)), (1, 2, (1, 1))):
            entry = entry_of(log, index)
            tag_of = reversal_subject(LogId(target[0]), target[1])
            head = type(entry.head)(Kind.REVERSAL, 0, 0)
            taken = type(entry)(head, Subject(tag_of), 0, entry.commitment)
            following.add_leaves(log, index, [taken.leaf(LogId(log)).pack()])
        work.successions.keep(4, KNOWN.get)
        following = UnitOfWork.following.func(work)
        assert following.reversals_of([(1, 0), (4, 0), (1, 1), (4, 2)]) == {
            (1, 0): [(4, 3)], (4, 0): [(4, 3)],
            (1, 1): [(1, 2)],  # a stranger's reversal says nothing
        }  # fmt: skip

    def test_leaves_that_nobody_confirmed_are_cut_off(self, work, entry_of):
        made = [entry_of(1, index) for index in range(4)]
        leaves = [each.leaf(LogId(1)).pack() for each in made]
        work.following.add_leaves(1, 0, leaves)
        work.following.add_entries(1, 0, made)
        work.following.set_log(
            FollowedLog(LogId(1), "http://a", CompactRange.empty(), 0, "INCONSISTENT", None, AT)
        )
        work.following.cut(1, 2)
        assert work.following.leaves(1, 0, 4) == leaves[:2]
        assert len(work.following.entries(1, 0, 4)) == 2
        assert work.following.confirmed_size(1, 9) == 0


class TestOwnLog:
    def test_reversals_of_inherited_leaves_name_the_log_that_recorded_them(self, database, entries):
        known = {4: (1, 3)}
        with UnitOfWork(database, LogId(4)) as work:
            work.successions.keep(4, known.get)
            work.log.append(entries(5), source_key="a", recorded_at=AT)
            plain = entries(2, 50)
            taken = [
                NewEntry(
                    type(item.entry)(
                        type(item.entry.head)(Kind.REVERSAL, 0, 0),
                        reversal_subject(LogId(log), index),
                        0,
                        item.entry.commitment,
                    ),
                    item.sealed_record,
                )
                for item, (log, index) in zip(plain, ((1, 1), (4, 4)), strict=True)
            ]
            work.log.append(taken, source_key="b", recorded_at=AT)
            assert work.log.reversal_of(1) == 5
            assert work.log.reversal_of(4) == 6
            assert work.log.reversal_of(2) is None
            assert work.log.reversed_among(range(5)) == {1, 4}
