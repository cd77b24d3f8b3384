"""What supervisors do about a case whose term has passed: two of them move or cancel it.

The term is that of the contract, which refuses a vote before; moving needs the figures that the old
city released. The first vote is kept on chain, the like vote of a second supervisor carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from ledger.chain import bindings as chain
from ledger.errors import NotFoundError, NotPermittedError, TransferNotOverdueError
from ledger.recording.context import NodeContext
from ledger.store.events import ChainEvent
from ledger.store.unit_of_work import UnitOfWork
from ledger.transfers.acts import queue_act
from ledger.transfers.clocks import term_from
from ledger.transfers.deadlines import day_of, deadline, last_day
from ledger.transfers.model import STEP_WORKING_DAYS, CaseId
from ledger.transfers.onchain import View

SUPERVISOR: Final = "supervisor"
"""The key of a supervisor's node that votes."""
_RELEASED: Final = "TransferReleased"
_BEGUN: Final = ("TransferRequested", _RELEASED)
_ENDED: Final = (
    "TransferAccepted",
    "TransferRefused",
    "TransferWithdrawn",
    "TransferMoved",
    "TransferCancelled",
)


class Outcome(Enum):
    """What two supervisors decide."""

    MOVE = chain.Overruling.MOVE
    CANCEL = chain.Overruling.CANCEL


@dataclass(frozen=True, slots=True)
class CaseOnChain:
    """An undecided case as anyone can see it: bureaus, step, term and votes; no person.

    ``due_on`` is None while a year's working days are not published; ``move_vote`` and
    ``cancel_vote`` are addresses of supervisors.
    """

    case_id: CaseId
    state: chain.CaseState
    from_log: int
    to_log: int
    began_on: date
    working_days: int
    due_on: date | None
    overdue: bool
    move_vote: str | None
    cancel_vote: str | None


def undecided_cases(context: NodeContext, *, overdue_only: bool = False) -> tuple[CaseOnChain, ...]:
    """Every case that waits for one of its bureaus, the longest waiting first.

    Which cases there are comes from the node's index of final events, where each stands from the
    contract's storage.

    Args:
        context: any node.
        overdue_only: only those whose term has passed; the contract is asked about those that the
            table of working days gives no more time.

    Raises:
        ChainUnavailableError: no endpoint answers.
    """
    with context.read() as view:
        begun = _undecided(view)
        asked = [
            case_id
            for case_id, event in begun.items()
            if not overdue_only or _may_be_overdue(context, view, event)
        ]
    found = []
    for case_id in asked:
        case = case_on_chain(context, case_id)
        if case is not None and (case.overdue or not overdue_only):
            found.append(case)
    return tuple(found)


def count_undecided(context: NodeContext) -> int:
    """How many cases wait for one of their bureaus, by the node's index of final events."""
    with context.read() as view:
        return len(_undecided(view))


def case_on_chain(context: NodeContext, case_id: CaseId) -> CaseOnChain | None:
    """Where an undecided case stands; None for a decided one and for none."""
    number = bytes.fromhex(case_id.removeprefix("0x"))
    standing = context.chain.transfer_case(number)
    undecided = {chain.CaseState.REQUESTED, chain.CaseState.RELEASED}
    if standing is None or standing.state not in undecided:
        return None
    requested = standing.state is chain.CaseState.REQUESTED
    began_on = day_of(standing.requested_at if requested else standing.released_at)
    end = context.chain.transfer_due(number)
    return CaseOnChain(
        case_id=case_id,
        state=standing.state,
        from_log=standing.from_log,
        to_log=standing.to_log,
        began_on=began_on,
        working_days=standing.term_days,
        due_on=last_day(end) if end is not None else deadline(began_on, standing.term_days),
        overdue=context.chain.transfer_overdue(number),
        move_vote=context.chain.overruling_vote(number, chain.Overruling.MOVE),
        cancel_vote=context.chain.overruling_vote(number, chain.Overruling.CANCEL),
    )


def overrule_transfer(
    context: NodeContext, case_id: CaseId, outcome: Outcome, document_digest: bytes
) -> CaseOnChain:
    """Vote on an overdue case; asking again while the vote stands or is under way changes nothing.

    Args:
        context: a supervisor's node.
        case_id: the case, as the chain knows it.
        outcome: what shall become of it.
        document_digest: SHA-256 of the signed decision.

    Returns:
        The case as it stood before the vote.

    Raises:
        NotPermittedError: this is no supervisor's node, or the old city released nothing to move.
        NotFoundError: no undecided case has that number.
        TransferNotOverdueError: its term has not passed, or nobody can say.
    """
    if context.settings.role != SUPERVISOR:
        raise NotPermittedError(action="this decision", needed="a supervisor's node")
    case = case_on_chain(context, case_id)
    if case is None:
        raise NotFoundError(what="undecided transfer case", key=case_id)
    if outcome is Outcome.MOVE and case.state is not chain.CaseState.RELEASED:
        needed = "figures that the old city released; two supervisors can cancel"
        raise NotPermittedError(action="moving this case", needed=needed)
    if not case.overdue:
        due = case.due_on.isoformat() if case.due_on is not None else "not known yet"
        raise TransferNotOverdueError(case_id=case_id, due_on=due)
    vote = case.move_vote if outcome is Outcome.MOVE else case.cancel_vote
    if vote == context.keys.secp256k1(SUPERVISOR).address:
        return case
    with context.write() as work:
        _queue(work, context, case, outcome, document_digest)
        work.commit()
    return case


def _queue(
    work: UnitOfWork,
    context: NodeContext,
    case: CaseOnChain,
    outcome: Outcome,
    document_digest: bytes,
) -> None:
    queue_act(
        work,
        f"transfer/{case.case_id}/overrule/{case.state.name}/{outcome.name}",
        "overrule",
        [case.case_id, int(outcome.value), "0x" + document_digest.hex()],
        at=context.clock.now(),
        signer=SUPERVISOR,
    )


def _may_be_overdue(context: NodeContext, view: View, event: ChainEvent) -> bool:
    """Whether a step's term can have passed, by the table and the later of both clocks."""
    cursor = view.events.cursor()
    field = "acceptDays" if event.name == _RELEASED else "releaseDays"
    days = term_from(view.events, field, event.block_time, STEP_WORKING_DAYS)
    due = deadline(day_of(event.block_time), days)
    now = day_of(cursor.head_time) if cursor is not None else context.clock.today()
    return due is None or due < max(now, context.clock.today())


def _undecided(view: View) -> dict[CaseId, ChainEvent]:
    """The last beginning of every undecided case, by when it began."""
    begun: dict[CaseId, ChainEvent] = {}
    for event in view.events.named("Transfers", *_BEGUN, *_ENDED):
        case_id = CaseId(event.arguments["caseId"])
        begun.pop(case_id, None)
        if event.name in _BEGUN:
            begun[case_id] = event
    return begun
