"""Transfers between real nodes over HTTP and an embedded chain, from the wish to the money."""

from __future__ import annotations

import pytest

from ledger.policy.transfer import Scope
from ledger.transfers.model import CaseState, TransferReason
from ledger.transfers.service import (
    Application,
    accept_transfer,
    release_transfer,
    request_transfer,
    settle_transfers,
)

NANJING, SUZHOU, HEFEI = 1, 2, 3
APPLICATION = Application(TransferReason.NON_HUKOU_UNDER_AGE)


def state_at(alliance, log_id, case_id):
    with alliance.context(log_id).read() as view:
        return view.transfers.case(case_id).state


def hand_over(alliance, person, old, new):
    """A whole case up to acceptance."""
    case = request_transfer(alliance.context(new), person[0], old, APPLICATION)
    alliance.settle()
    release_transfer(alliance.context(old), case.case_id)
    alliance.settle()
    accept_transfer(alliance.context(new), case.case_id)
    alliance.settle()
    return case.case_id


class TestAcrossProvinces:
    def test_records_and_money_arrive_and_the_case_closes(self, alliance):
        people = [alliance.somebody() for _ in range(2)]
        for person in people:
            alliance.pay(NANJING, person, 202307, 202402)
            alliance.pay(HEFEI, person, 202403, 202405)
        alliance.settle()
        cases = [hand_over(alliance, person, NANJING, HEFEI) for person in people]
        for case_id in cases:
            assert state_at(alliance, NANJING, case_id) is CaseState.ACCEPTED
        settlement = settle_transfers(alliance.context(NANJING), HEFEI)
        alliance.settle()
        for case_id in cases:
            assert state_at(alliance, NANJING, case_id) is CaseState.CLOSED
            assert state_at(alliance, HEFEI, case_id) is CaseState.CLOSED
        assert settlement.amount_fen > 0
