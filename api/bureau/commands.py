"""What officers do on pages: each decision takes two of them, at two screens."""

from __future__ import annotations

from typing import Final

from api.auth.sessions import Persona
from api.bureau.payout_views import APPROVE, HOLD, PAY, Officers, approval_key, line_key, undecided
from ledger.errors import BatchStateError, DecisionMissingError, EncodingError
from ledger.funds.model import BatchState
from ledger.funds.queries import batch_detail
from ledger.funds.release import approve_batch, decide_line
from ledger.recording.context import NodeContext
from ledger.recording.seconding import second
from ledger.transfers.model import CaseId
from ledger.transfers.officers import Officers as SigningOfficers
from ledger.transfers.reasons import RefusalCode
from ledger.transfers.service import accept_transfer, refuse_transfer, release_transfer

ACCEPT: Final = "accept"
RELEASE: Final = "release"
REFUSE: Final = "refuse"
OFFERED_REFUSALS: Final = (
    RefusalCode.DRAWS_PENSION,
    RefusalCode.NO_PAID_MONTH,
    RefusalCode.KEEPS_RELATION,
    RefusalCode.NO_RECORDS,
    RefusalCode.PERSON_UNCLEAR,
    RefusalCode.OTHER,
)
"""The reasons an officer may give; the others are found by machine."""


def decide_suspected(
    context: NodeContext, batch_id: str, number: int, choice: str, officer: Persona, all_: Officers
) -> None:
    """One officer's word about a suspected line; the second one of the same decides it.

    Args:
        context: this bureau's node.
        batch_id: the batch.
        number: the line as the page counts it, from 1.
        choice: ``hold`` or ``pay``.
        officer: who says so.
        all_: the officers of this node.

    Raises:
        EncodingError: there is no such choice or line.
        SameOfficerError: this officer said so before.
        and what `decide_line` raises.
    """
    if choice not in {HOLD, PAY}:
        raise EncodingError(field="decision", reason="it is neither hold nor pay")
    detail = batch_detail(context, batch_id)
    index = detail.batch.first_index + number - 1
    line = next((each for each in detail.stopped if each.leaf_index == index), None)
    if line is None or line.finding is None:
        raise EncodingError(field="line", reason="no such line is suspected")
    if line.decision is not None:
        raise BatchStateError(what="line", key=str(number), state=line.state, needed="SUSPECTED")
    maker = second(context, line_key(batch_id, index), choice, officer.officer, all_.names)
    if maker is not None:
        decide_line(
            context, batch_id, index, hold=choice == HOLD, reason=line.finding.sentence("zh"),
            maker=maker, checker=officer.officer,
        )  # fmt: skip


def approve(context: NodeContext, batch_id: str, officer: Persona, all_: Officers) -> None:
    """One officer's signature under a batch; the second one lets it be paid.

    Raises:
        BatchStateError: it was not checked, or is approved already.
        DecisionMissingError: suspected lines are not decided.
        SameOfficerError: this officer signed before.
    """
    detail = batch_detail(context, batch_id)
    if detail.batch.state is not BatchState.CHECKED:
        raise BatchStateError(
            what="batch", key=batch_id[:10], state=detail.batch.state, needed=BatchState.CHECKED
        )
    if missing := undecided(detail):
        raise DecisionMissingError(batch=batch_id[:10], lines=missing)
    maker = second(context, approval_key(batch_id), APPROVE, officer.officer, all_.names)
    if maker is not None:
        approve_batch(context, batch_id, maker=maker, checker=officer.officer)


def transfer_key(case_id: str, action: str) -> str:
    """What two officers decide about a case."""
    return f"case/{case_id}/{action}"


def decide_transfer(
    context: NodeContext, case_id: str, action: str, choice: str, officer: Persona, all_: Officers
) -> None:
    """One officer's signature under a step of a case; the second one takes it.

    Args:
        context: this bureau's node.
        case_id: the case.
        action: ``accept``, ``release`` or ``refuse``.
        choice: for a refusal the reason's code, else the action itself.
        officer: who signs.
        all_: the officers of this node.

    Raises:
        EncodingError: there is no such reason.
        SameOfficerError: this officer signed before.
        and what the step raises.
    """
    code = _refusal_code(choice) if action == REFUSE else None
    key = transfer_key(case_id, action)
    maker = second(context, key, choice, officer.officer, all_.names)
    if maker is None:
        return
    officers = SigningOfficers(f"officer-{maker}", f"officer-{officer.officer}")
    case = CaseId(case_id)
    if action == ACCEPT:
        accept_transfer(context, case, officers)
    elif action == RELEASE:
        release_transfer(context, case, officers)
    else:
        assert code is not None, "a refusal has a reason"
        refuse_transfer(context, case, code, officers=officers)


def _refusal_code(text: str) -> RefusalCode:
    offered = {str(int(code)): code for code in OFFERED_REFUSALS}
    if text not in offered:
        raise EncodingError(field="reason", reason="it is none of those offered")
    return offered[text]
