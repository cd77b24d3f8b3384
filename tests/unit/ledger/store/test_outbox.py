from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.evidence.encoding import LogId
from ledger.store.outbox import FAILED, FINAL, QUEUED, SIGNED
from ledger.store.unit_of_work import UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)


@pytest.fixture
def outbox(database):
    with UnitOfWork(database, LogId(1)) as work:
        yield work.outbox


def queue(outbox, key, **more):
    return outbox.queue(key, "Checkpoints", "publish", [1, "0x00"], at=AT, **more)


class TestQueue:
    def test_a_message_is_queued_once(self, outbox):
        assert queue(outbox, "a")
        assert not queue(outbox, "a", signer="another")
        (message,) = outbox.all()
        assert (message.signer, message.arguments, message.state) == (
            "publisher",
            [1, "0x00"],
            QUEUED,
        )
        assert (message.nonce, message.raw, message.attempts) == (None, None, 0)

    def test_final_and_failed_messages_are_not_pending(self, outbox):
        for key in ("a", "b", "c", "d"):
            queue(outbox, key)
        outbox.update(outbox.find("b").id, state=FINAL, gas_used=7)
        outbox.update(outbox.find("c").id, state=FAILED)
        outbox.update(outbox.find("d").id, state=SIGNED, nonce=3)
        assert [message.message_key for message in outbox.pending()] == ["a", "d"]
        assert outbox.counts() == {QUEUED: 1, FINAL: 1, FAILED: 1, SIGNED: 1}
        assert (outbox.highest_nonce("publisher"), outbox.highest_nonce("x")) == (3, None)
        assert outbox.gas_total() == 7


class TestRetry:
    def test_a_failed_message_is_signed_anew(self, outbox):
        queue(outbox, "a")
        outbox.update(
            outbox.find("a").id, state=FAILED, nonce=4, raw=b"r", transaction_hash="0x", last_error="e"
        )  # fmt: skip
        assert outbox.retry("a")
        message = outbox.find("a")
        assert (message.state, message.nonce, message.raw, message.last_error) == (
            QUEUED, None, None, None,
        )  # fmt: skip

    @pytest.mark.parametrize("state", [QUEUED, SIGNED, FINAL])
    def test_no_other_message_is_touched(self, outbox, state):
        queue(outbox, "a")
        outbox.update(outbox.find("a").id, state=state, nonce=4)
        assert not outbox.retry("a")
        assert outbox.find("a").nonce == 4
        assert not outbox.retry("nobody knows")


class TestOnceAnchored:
    @staticmethod
    def keep(outbox, key, end_index):
        return outbox.queue_once_anchored(key, end_index, "Funds", "move", [key], at=AT)

    def test_it_waits_until_its_leaves_are_anchored(self, outbox):
        assert self.keep(outbox, "a", 10)
        assert outbox.waiting_for_anchor() == 1
        assert outbox.waiting_for_anchor(9) == 0
        assert outbox.release_anchored(9, at=AT) == 0
        assert outbox.all() == []
        assert outbox.release_anchored(10, at=AT) == 1
        assert [message.arguments for message in outbox.pending()] == [["a"]]
        assert outbox.release_anchored(10, at=AT) == 0

    def test_it_is_kept_once_also_when_it_has_left(self, outbox):
        self.keep(outbox, "a", 10)
        assert not self.keep(outbox, "a", 11)
        outbox.release_anchored(10, at=AT)
        assert not self.keep(outbox, "a", 10)
        assert len(outbox.all()) == 1

    def test_messages_of_one_leaf_leave_in_the_order_they_came(self, outbox):
        for key in ("z", "b", "y", "a"):
            self.keep(outbox, key, 10)
        self.keep(outbox, "earlier leaf", 5)
        outbox.release_anchored(10, at=AT)
        keys = [message.message_key for message in outbox.pending()]
        assert keys == ["earlier leaf", "z", "b", "y", "a"]
