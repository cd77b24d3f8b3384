"""A call that may be right again later is queued once at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.evidence.encoding import LogId
from ledger.store.database import Database
from ledger.store.outbox import FAILED, FINAL, SIGNED
from ledger.store.unit_of_work import UnitOfWork
from ledger.transfers.acts import is_under_way, queue_act, trouble_of

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
ACT = "benefit/0xab/claim"


@pytest.fixture
def work(database_url):
    database = Database(database_url)
    database.migrate()
    with UnitOfWork(database, LogId(1)) as opened:
        yield opened
    database.close()


def queue(work):
    return queue_act(work, ACT, "claimBenefit", ["0xab", 1], at=AT)


def end(work, number, state, **more):
    work.outbox.update(work.outbox.find(f"{ACT}/{number}").id, state=state, **more)


class TestQueueAct:
    def test_nothing_is_queued_while_an_earlier_call_is_on_its_way(self, work):
        assert not is_under_way(work, ACT)
        assert queue(work)
        assert not queue(work)
        end(work, 0, SIGNED)
        assert is_under_way(work, ACT)
        assert not queue(work)

    @pytest.mark.parametrize("state", [FINAL, FAILED])
    def test_what_has_ended_can_be_asked_for_again(self, work, state):
        queue(work)
        end(work, 0, state)
        assert not is_under_way(work, ACT)
        assert queue(work)
        assert work.outbox.find(f"{ACT}/1").state == "QUEUED"

    def test_trouble_is_that_of_the_last_call(self, work):
        assert trouble_of(work, ACT) is None
        queue(work)
        end(work, 0, FAILED, last_error="TransfersBenefitClaimed")
        assert trouble_of(work, ACT) == "TransfersBenefitClaimed"
        queue(work)
        assert trouble_of(work, ACT) is None
        end(work, 1, FINAL)
        assert trouble_of(work, ACT) is None

    def test_the_signer_is_kept(self, work):
        queue_act(work, "transfer/0x1/overrule", "overrule", [], at=AT, signer="supervisor")
        assert work.outbox.find("transfer/0x1/overrule/0").signer == "supervisor"
