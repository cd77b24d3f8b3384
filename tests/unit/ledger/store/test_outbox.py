from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ledger.evidence.encoding import LogId
from ledger.store.outbox import FAILED, FINAL, LANDED, QUEUED, SIGNED, STUCK, Attempt
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
        assert (message.nonce, message.block_hash, message.attempts) == (None, None, 0)
        assert (message.queued_at, message.final_at) == (AT, None)

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

    def test_those_that_landed_or_are_stuck_are_pending_and_alarms_are_those_of_a_person(
        self, outbox
    ):
        for key, state in (("a", LANDED), ("b", STUCK), ("c", FAILED), ("d", FINAL)):
            queue(outbox, key)
            outbox.update(outbox.find(key).id, state=state)
        assert [message.message_key for message in outbox.pending()] == ["a", "b"]
        assert [message.message_key for message in outbox.alarms()] == ["b", "c"]
        assert outbox.numbered(outbox.find("c").id) == outbox.find("c")
        assert outbox.numbered(99) is None

    def test_each_signer_has_its_own(self, outbox):
        for number, signer in enumerate(("x", "y", "x", "x", "z")):
            queue(outbox, str(number), signer=signer)
        outbox.update(outbox.find("3").id, state=SIGNED, nonce=4)
        outbox.update(outbox.find("2").id, state=LANDED, nonce=5)
        outbox.update(outbox.find("4").id, state=FINAL, nonce=1, block=20)
        assert outbox.open_signers() == ["x", "y"]
        assert [each.message_key for each in outbox.under_way("x")] == ["3", "2"]
        assert [each.message_key for each in outbox.queued("x", 5)] == ["0"]
        assert outbox.queued("y", 0) == []
        assert [each.message_key for each in outbox.settled_above(19)] == ["4"]
        assert outbox.settled_above(20) == []


class TestAttempts:
    def test_versions_are_kept_newest_first(self, outbox):
        queue(outbox, "a")
        number = outbox.find("a").id
        for name, nonce, fee in (("0x1", 4, 100), ("0x2", 4, 126), ("0x3", 5, 90)):
            outbox.add_attempt(attempt(number, name, nonce, fee))
        assert [each.transaction_hash for each in outbox.attempts(number)] == ["0x3", "0x2", "0x1"]
        assert outbox.attempts(number, 4) == [
            attempt(number, "0x2", 4, 126), attempt(number, "0x1", 4, 100),
        ]  # fmt: skip
        assert outbox.attempts(number + 1) == []

    def test_the_same_bytes_again_wait_from_now_on(self, outbox):
        queue(outbox, "a")
        number = outbox.find("a").id
        outbox.add_attempt(attempt(number, "0x1", 4, 0))
        later = replace(
            attempt(number, "0x1", 4, 0), signed_block=30, signed_at=AT + timedelta(minutes=1)
        )
        outbox.add_attempt(later)
        assert outbox.attempts(number) == [later]


class TestRetry:
    def test_a_failed_message_is_signed_anew(self, outbox):
        queue(outbox, "a")
        outbox.update(
            outbox.find("a").id, state=FAILED, nonce=4, signed_block=3, transaction_hash="0x",
            last_error="e", refusals=3, block=9, block_hash="0x9",
        )  # fmt: skip
        assert outbox.retry("a")
        message = outbox.find("a")
        assert (message.state, message.nonce, message.transaction_hash) == (QUEUED, None, None)
        assert (message.last_error, message.refusals, message.block) == (None, 0, None)

    @pytest.mark.parametrize("state", [SIGNED, STUCK])
    def test_one_on_its_way_goes_on_under_its_nonce(self, outbox, state):
        queue(outbox, "a")
        outbox.update(
            outbox.find("a").id, state=state, nonce=4, transaction_hash="0x", resend_at=9,
            fee_raises=6, refusals=12, last_error="e",
        )  # fmt: skip
        assert outbox.retry("a")
        message = outbox.find("a")
        assert (message.state, message.nonce, message.transaction_hash) == (SIGNED, 4, "0x")
        assert (message.fee_raises, message.refusals, message.resend_at) == (0, 0, None)

    @pytest.mark.parametrize("state", [QUEUED, LANDED, FINAL])
    def test_no_other_message_is_touched(self, outbox, state):
        queue(outbox, "a")
        outbox.update(outbox.find("a").id, state=state, nonce=4)
        assert not outbox.retry("a")
        assert not outbox.retry("nobody")
        assert (outbox.find("a").state, outbox.find("a").nonce) == (state, 4)


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


def attempt(message_id: int, name: str, nonce: int, fee: int) -> Attempt:
    return Attempt(
        message_id=message_id, nonce=nonce, transaction_hash=name, raw=name.encode(), gas=21_000,
        max_fee_wei=fee, priority_fee_wei=1, signed_block=20, signed_at=AT,
    )  # fmt: skip
