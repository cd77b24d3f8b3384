from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.errors import IdempotencyConflictError, UnbalancedEntryError
from ledger.evidence.encoding import LogId
from ledger.store.database import Database
from ledger.store.journal import Posting
from ledger.store.unit_of_work import Reading, UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'data.sqlite'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def work(database):
    with UnitOfWork(database, LogId(1)) as work:
        yield work


def lines(amount_fen: int) -> list[Posting]:
    return [Posting("TREASURY", amount_fen), Posting("OUTSIDE", -amount_fen)]


class TestJournal:
    def test_an_entry_is_kept_as_it_was_posted(self, work):
        assert work.journal.post("0x01", "COLLECTED", lines(500), {"import": "k"}, at=AT)
        entry = work.journal.find("0x01")
        assert (
            entry.reference,
            entry.occasion,
            entry.postings,
            entry.details,
            entry.posted_at,
        ) == (
            "0x01",
            "COLLECTED",
            tuple(lines(500)),
            {"import": "k"},
            AT,
        )
        assert work.journal.find("0x02") is None

    @pytest.mark.parametrize(
        ("postings", "difference"),
        [
            ([Posting("TREASURY", 500), Posting("OUTSIDE", -499)], 1),
            ([Posting("TREASURY", 500)], 500),
            ([], 0),
            ([Posting("TREASURY", 0)], 0),
        ],
    )
    def test_an_entry_off_balance_is_refused(self, work, postings, difference):
        with pytest.raises(UnbalancedEntryError) as refused:
            work.journal.post("0x01", "COLLECTED", postings, {}, at=AT)
        assert refused.value.fields() == {
            "reference": "0x01",
            "difference_fen": difference,
            "lines": len(postings),
        }
        assert work.journal.all() == []

    def test_the_same_entry_again_changes_nothing(self, work):
        assert work.journal.post("0x01", "COLLECTED", lines(500), {}, at=AT)
        assert not work.journal.post("0x01", "COLLECTED", lines(500), {}, at=AT)
        assert work.journal.balances() == {"OUTSIDE": -500, "TREASURY": 500}

    @pytest.mark.parametrize(("occasion", "amount_fen"), [("COLLECTED", 501), ("MOVED", 500)])
    def test_another_entry_under_the_same_reference_is_refused(self, work, occasion, amount_fen):
        work.journal.post("0x01", "COLLECTED", lines(500), {}, at=AT)
        with pytest.raises(IdempotencyConflictError):
            work.journal.post("0x01", occasion, lines(amount_fen), {}, at=AT)

    def test_balances_add_up_to_zero(self, work):
        work.journal.post("0x01", "COLLECTED", lines(500), {}, at=AT)
        work.journal.post(
            "0x02", "MOVED", [Posting("FISCAL", 300), Posting("TREASURY", -300)], {}, at=AT
        )
        assert work.journal.balances() == {"FISCAL": 300, "OUTSIDE": -500, "TREASURY": 200}
        assert [entry.reference for entry in work.journal.all()] == ["0x01", "0x02"]

    def test_what_is_not_committed_does_not_count(self, database):
        with UnitOfWork(database, LogId(1)) as work:
            work.journal.post("0x01", "COLLECTED", lines(500), {}, at=AT)
        with Reading(database, LogId(1)) as view:
            assert view.journal.all() == []


class TestAnchoredMessages:
    def queue(self, work, key: str, end_index: int) -> bool:
        return work.outbox.queue_once_anchored(
            key, end_index, "Funds", "recordCollection", [1, "0x02"], at=AT
        )

    def test_messages_join_the_outbox_in_the_order_of_their_leaves(self, work):
        assert self.queue(work, "late", 20)
        assert self.queue(work, "early", 10)
        assert self.queue(work, "later", 30)
        assert work.outbox.waiting_for_anchor() == 3
        assert work.outbox.release_anchored(20, at=AT) == 2
        assert [message.message_key for message in work.outbox.pending()] == ["early", "late"]
        assert work.outbox.pending()[0].arguments == [1, "0x02"]
        assert work.outbox.waiting_for_anchor() == 1

    def test_a_key_is_taken_once_before_and_after_its_release(self, work):
        assert self.queue(work, "one", 10)
        assert not self.queue(work, "one", 10)
        assert work.outbox.release_anchored(10, at=AT) == 1
        assert not self.queue(work, "one", 10)
        assert work.outbox.release_anchored(10, at=AT) == 0
        assert len(work.outbox.all()) == 1

    def test_nothing_is_released_before_its_last_leaf_is_anchored(self, work):
        self.queue(work, "one", 10)
        assert work.outbox.release_anchored(9, at=AT) == 0
        assert work.outbox.pending() == []
