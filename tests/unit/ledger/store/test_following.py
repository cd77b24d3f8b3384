from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.evidence.encoding import LogId
from ledger.evidence.merkle import CompactRange
from ledger.policy.kinds import Kind
from ledger.store.following import FollowedCheckpoint, FollowedLog, SeenNote
from ledger.store.unit_of_work import UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)


@pytest.fixture
def work(database):
    with UnitOfWork(database, LogId(0)) as work:
        yield work


def checkpoint(log: int, size: int, number: int) -> FollowedCheckpoint:
    return FollowedCheckpoint(LogId(log), size, bytes([size]) * 32, number, number, 1, None)


class TestFollowing:
    def test_a_log_is_kept_as_far_as_it_was_followed(self, work):
        head = CompactRange.empty().extend([bytes(32)] * 5)
        log = FollowedLog(LogId(2), "http://b", head, 7, "BEHIND", None, AT)
        work.following.set_log(log)
        assert work.following.log(2) == log
        assert work.following.log(3) is None
        changed = FollowedLog(LogId(2), "http://c", head, 7, "UNREACHABLE", "peer", AT)
        work.following.set_log(changed)
        assert work.following.logs() == [changed]

    def test_leaves_and_entries_of_each_log_stand_apart(self, work, entries):
        for log in (2, 3):
            made = [item.entry for item in entries(4, log * 10)]
            work.following.add_leaves(log, 0, [entry.leaf(LogId(log)).pack() for entry in made])
            work.following.add_entries(log, 0, made)
        made = [item.entry for item in entries(4, 20)]
        found = work.following.entries(2, 1, 3)
        assert [(item.log_id, item.index, item.entry) for item in found] == [
            (2, 1, made[1]), (2, 2, made[2]),
        ]  # fmt: skip
        assert work.following.entry(2, 9) is None
        leaves = work.following.leaves(2, 0, 9)
        assert leaves == [entry.leaf(LogId(2)).pack() for entry in made]
        tag = leaves[3][:32]
        assert work.following.places_of_tags([tag, bytes(32)]) == {tag: [(2, 3)]}
        people = [made[0].subject]
        by_kind = work.following.entries_of_subjects
        assert [item.index for item in by_kind(people, [Kind.CONTRIBUTION])] == [0]
        assert by_kind(people, [Kind.PAYOUT]) == []

    def test_each_root_that_a_log_showed_of_a_size_is_kept_once(self, work):
        later = AT.replace(hour=2)
        first = SeenNote(LogId(2), 7, b"\x02" * 32, "first note\n", AT)
        second = SeenNote(LogId(2), 7, b"\x01" * 32, "second note\n", later)
        again = SeenNote(LogId(2), 7, b"\x02" * 32, "with a cosignature\n", later)
        for note in (first, second, again):
            work.following.add_note(note)
        assert work.following.notes(2, 7) == [first, second]
        assert work.following.notes(2, 8) == work.following.notes(3, 7) == []

    def test_the_first_checkpoint_that_holds_a_leaf_covers_it(self, work):
        for size, number in ((9, 5), (3, 2), (6, 4)):
            work.following.add_checkpoint(checkpoint(2, size, number), AT)
        work.following.add_checkpoint(checkpoint(3, 99, 1), AT)
        covering = work.following.covering_checkpoint
        assert [covering(2, index).number for index in (0, 2, 3, 8)] == [2, 2, 4, 5]
        assert covering(2, 9) is None
        assert work.following.last_checkpoint(2).size == 9
        assert work.following.checkpoint_count(2) == 3


class TestAlerts:
    def test_how_far_was_looked_is_kept_by_log(self, work):
        assert work.alerts.examined() == {}
        work.alerts.set_examined(2, 5)
        work.alerts.set_examined(3, 7)
        work.alerts.set_examined(2, 9)
        assert work.alerts.examined() == {2: 9, 3: 7}
