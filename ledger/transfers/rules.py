"""Pure decisions about a case: which step follows which, and who may take it.

APPLIED -> LETTER_SENT -> PACKAGE_SENT -> RELEASED -> ACCEPTED -> SETTLED -> CLOSED, without the
last two where no money moves; refusal, withdrawal and a cancellation by two supervisors lead out of
every state before ACCEPTED. Two supervisors may also move what was released and is overdue.
Nothing is written to a log before ACCEPTED, so that leaving earlier restores both sides exactly.
Source: 国办发〔2009〕66号 art. 8; rules a.4.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ledger.errors import TransferStepError
from ledger.transfers.model import UNDECIDED, CaseId, CaseState, Intent, Side


class CaseEvent(StrEnum):
    """Something that is known to have happened; ``_FINAL`` means final on chain."""

    LETTER_DELIVERED = "LETTER_DELIVERED"
    PACKAGE_DELIVERED = "PACKAGE_DELIVERED"
    RELEASE_FINAL = "RELEASE_FINAL"
    ACCEPTANCE_FINAL = "ACCEPTANCE_FINAL"
    MONEY_SENT = "MONEY_SENT"
    MONEY_ARRIVED = "MONEY_ARRIVED"
    REFUSAL_FINAL = "REFUSAL_FINAL"
    WITHDRAWAL_FINAL = "WITHDRAWAL_FINAL"
    MOVE_FINAL = "MOVE_FINAL"
    CANCELLATION_FINAL = "CANCELLATION_FINAL"


_NEXT: Final = MappingProxyType(
    {
        (CaseState.APPLIED, CaseEvent.LETTER_DELIVERED): CaseState.LETTER_SENT,
        (CaseState.LETTER_SENT, CaseEvent.PACKAGE_DELIVERED): CaseState.PACKAGE_SENT,
        (CaseState.PACKAGE_SENT, CaseEvent.RELEASE_FINAL): CaseState.RELEASED,
        (CaseState.RELEASED, CaseEvent.ACCEPTANCE_FINAL): CaseState.ACCEPTED,
        (CaseState.RELEASED, CaseEvent.MOVE_FINAL): CaseState.ACCEPTED,
        (CaseState.ACCEPTED, CaseEvent.MONEY_SENT): CaseState.SETTLED,
        (CaseState.SETTLED, CaseEvent.MONEY_ARRIVED): CaseState.CLOSED,
    }
)

_MAY_FOLLOW: Final = MappingProxyType(
    {
        (Side.OLD, Intent.RELEASE): frozenset({CaseState.LETTER_SENT}),
        (Side.NEW, Intent.ACCEPT): frozenset({CaseState.RELEASED}),
        (Side.NEW, Intent.REFUSE): UNDECIDED,
        (Side.OLD, Intent.REFUSE): UNDECIDED,
        (Side.NEW, Intent.WITHDRAW): UNDECIDED,
    }
)

_ENDS: Final = MappingProxyType(
    {
        CaseEvent.REFUSAL_FINAL: CaseState.REFUSED,
        CaseEvent.WITHDRAWAL_FINAL: CaseState.WITHDRAWN,
        CaseEvent.CANCELLATION_FINAL: CaseState.CANCELLED,
    }
)

_OVERRIDES: Final = MappingProxyType({Intent.REFUSE: frozenset({Intent.NONE, Intent.RELEASE})})
"""A refusal may follow a release of the own side that is still under way: the chain keeps order."""


def next_state(
    case_id: CaseId, state: CaseState, event: CaseEvent, *, money_moves: bool
) -> CaseState:
    """The state that follows.

    Args:
        case_id: named in the refusal.
        state: where the case stands.
        event: what happened.
        money_moves: whether the case ends with a settlement or with the acceptance.

    Raises:
        TransferStepError: the event is no step from this state.
    """
    if event in _ENDS and state in UNDECIDED:
        return _ENDS[event]
    following = _NEXT.get((state, event))
    if following is None:
        raise TransferStepError(case_id=case_id, state=state, event=event)
    if following is CaseState.ACCEPTED and not money_moves:
        return CaseState.CLOSED
    return following


def require_may_decide(
    case_id: CaseId, side: Side, state: CaseState, standing: Intent, wanted: Intent
) -> None:
    """Refuse a decision that this side may not take now.

    Raises:
        TransferStepError: it is the other side's decision, the state has passed or is not reached,
            or an earlier decision of this side is on its way to the chain.
    """
    allowed = _MAY_FOLLOW.get((side, wanted), frozenset())
    free = _OVERRIDES.get(wanted, frozenset({Intent.NONE}))
    if state not in allowed or standing not in free:
        raise TransferStepError(case_id=case_id, state=state, event=wanted)
