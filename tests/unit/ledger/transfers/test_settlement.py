"""Money is confirmed only when it is exactly that of its cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ledger.errors import SettlementMismatchError
from ledger.evidence.encoding import LogId, Subject
from ledger.policy.transfer import Scope
from ledger.store.transfers import SettlementState, StoredSettlement
from ledger.transfers.model import (
    CaseId,
    CaseState,
    Initiative,
    Intent,
    Segment,
    Side,
    TransferCase,
)
from ledger.transfers.settlement import require_sum

NOW = datetime(2026, 9, 15, tzinfo=UTC)


def case(number: int, amount_fen: int) -> TransferCase:
    return TransferCase(
        case_id=CaseId(f"0x{number:064x}"), side=Side.NEW, state=CaseState.ACCEPTED,
        intent=Intent.NONE, scope=Scope.CROSS_PROVINCE, class_=1, peer_log=LogId(1),
        subject=Subject(bytes(32)), segment=Segment(LogId(1), 1, bytes(32)),
        initiative=Initiative.PERSON, figures_digest=bytes(32), package_digest=bytes(32),
        months=4, amount_fen=amount_fen, settlement_id=None, refusal_code=0, opened_at=NOW,
        due_on=None, updated_at=NOW,
    )  # fmt: skip


CASES = [case(1, 100), case(2, 250)]
SETTLEMENT = StoredSettlement(
    settlement_id="0x" + "ee" * 32, side=Side.NEW, peer_log=LogId(1), amount_fen=350,
    cases=tuple(each.case_id for each in CASES), state=SettlementState.SENT, fault=None, at=NOW,
)  # fmt: skip


class TestRequireSum:
    def test_the_exact_sum_of_known_waiting_cases_passes(self):
        require_sum(SETTLEMENT, CASES)

    @pytest.mark.parametrize(
        ("settlement", "cases", "part"),
        [(replace(SETTLEMENT, amount_fen=349), CASES, "the sum differs"),
         (SETTLEMENT, CASES[:1], "a case is not known here"),
         (replace(SETTLEMENT, cases=SETTLEMENT.cases * 2), CASES, "a case is not known here"),
         (SETTLEMENT, [CASES[0], replace(CASES[1], peer_log=LogId(2))], "does not wait"),
         (SETTLEMENT, [CASES[0], replace(CASES[1], state=CaseState.CLOSED)], "does not wait"),
         (SETTLEMENT, [CASES[0], replace(CASES[1], side=Side.OLD)], "does not wait")],
        ids=["short by a fen", "unknown case", "a case twice", "another sender", "closed", "old"],
    )  # fmt: skip
    def test_anything_else_is_disputed(self, settlement, cases, part):
        with pytest.raises(SettlementMismatchError, match=part) as caught:
            require_sum(settlement, cases)
        assert caught.value.settlement_id == SETTLEMENT.settlement_id
