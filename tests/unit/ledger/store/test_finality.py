"""Which blocks counted as final, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.evidence.encoding import LogId
from ledger.store.finality import KEPT_BLOCKS
from ledger.store.unit_of_work import UnitOfWork

AT = datetime(2026, 9, 15, 1, 2, 3, 456789, tzinfo=UTC)


@pytest.fixture
def work(database):
    with UnitOfWork(database, LogId(1)) as opened:
        yield opened


class TestFinalBlocks:
    def test_only_newer_ones_are_kept(self, work):
        assert work.finality.newest() is None
        for block, name in ((5, "0x5"), (9, "0x9"), (7, "0x7"), (9, "0xother")):
            work.finality.note(block, name, AT)
        assert work.finality.recent() == [(9, "0x9"), (5, "0x5")]
        assert work.finality.newest() == (9, "0x9")

    def test_the_last_ones_stay(self, work):
        for block in range(KEPT_BLOCKS + 3):
            work.finality.note(block, hex(block), AT)
        kept = [block for block, _ in work.finality.recent()]
        assert kept == list(range(KEPT_BLOCKS + 2, 2, -1))

    def test_those_above_a_fork_are_forgotten(self, work):
        for block in (5, 9, 12):
            work.finality.note(block, hex(block), AT)
        work.finality.forget_above(8)
        assert work.finality.recent() == [(5, "0x5")]


class TestReorganisations:
    def test_one_stands_until_it_is_decided(self, work):
        assert work.finality.open_reorganisation() is None
        work.finality.add_reorganisation(3, 9, "0xa", "0xb", AT)
        work.finality.add_reorganisation(1, 9, "0xa", "0xc", AT)
        found = work.finality.open_reorganisation()
        assert found is not None
        assert (found.fork_block, found.block, found.first_hash, found.second_hash) == (
            3, 9, "0xa", "0xb",
        )  # fmt: skip
        assert (found.found_at, found.decided_at) == (AT, None)
        later = AT + timedelta(hours=1)
        work.finality.decide(found.id, "duty officer", "restored", later)
        assert work.finality.open_reorganisation() is None
        work.finality.decide(found.id, "another", "again", later + timedelta(hours=1))
        [kept] = work.finality.reorganisations()
        assert (kept.decided_by, kept.reason, kept.decided_at) == (
            "duty officer",
            "restored",
            later,
        )
