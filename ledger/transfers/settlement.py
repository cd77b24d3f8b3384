"""Money of several accepted cases in one payment between two pools.

Single amounts never reach the chain: fewer cases than the network's minimum wait. The sender books
the money out when it decides; whatever arrives is booked once that is final on chain.
Source: 国办发〔2009〕66号 art. 4; rules a.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from ledger.errors import (
    InsufficientFundsError,
    SettlementMismatchError,
    TooFewCasesError,
)
from ledger.evidence.encoding import LogId
from ledger.funds.model import ACCOUNT_NAMES, Movement
from ledger.policy.kinds import InsuranceClass, Kind
from ledger.policy.periods import period_of
from ledger.recording.context import NodeContext
from ledger.recording.facts import Fact
from ledger.recording.routes import routed_account
from ledger.store.journal import Posting
from ledger.store.log import NewEntry
from ledger.store.outbox import FAILED
from ledger.store.transfers import SettlementState, StoredSettlement
from ledger.store.unit_of_work import Rooms, UnitOfWork
from ledger.transfers.model import CaseId, CaseState, Side, TransferCase
from ledger.transfers.onchain import View
from ledger.transfers.rules import CaseEvent
from ledger.transfers.steps import Step, moved, note

MAXIMUM_CASES: Final = 200
"""Cases in one settlement at most; the contract takes no more."""

_ID_BYTES: Final = 32


class _Booking(NamedTuple):
    """A step of a settlement in the books: debit, credit, and what the entry is called."""

    debit: str
    credit: str
    occasion: str
    suffix: str = ""


_OWN: Final = "OWN"
"""The bureau's own account on the route of its pool; by default expenditure, or fiscal."""
_SENT: Final = _Booking("IN_TRANSIT", _OWN, "TRANSFER_MONEY_SENT")
_NOT_SENT: Final = _Booking(_OWN, "IN_TRANSIT", "TRANSFER_MONEY_NOT_SENT", "/failed")
_ARRIVED: Final = _Booking("OUTSIDE", "IN_TRANSIT", "TRANSFER_MONEY_ARRIVED", "/arrived")
_RECEIVED: Final = _Booking(_OWN, "OUTSIDE", "TRANSFER_MONEY_RECEIVED")


def settle_transfers(context: NodeContext, peer_log: LogId) -> StoredSettlement:
    """Send the money of every accepted case with ``peer_log`` that waits for it, in one payment.

    Raises:
        TooFewCasesError: so few that a person's amount could be told from the total.
        InsufficientFundsError: the expenditure account does not hold that much.
    """
    settlement_id = "0x" + context.random.bytes(_ID_BYTES).hex()
    now = context.clock.now()
    with context.write() as work:
        waiting = cases_to_settle(work, peer_log)[:MAXIMUM_CASES]
        minimum = context.manifest.minimum_lines
        if len(waiting) < minimum:
            raise TooFewCasesError(cases=len(waiting), minimum=minimum)
        settlement = StoredSettlement(
            settlement_id=settlement_id,
            side=Side.OLD,
            peer_log=peer_log,
            amount_fen=sum(case.amount_fen for case in waiting),
            cases=tuple(case.case_id for case in waiting),
            state=SettlementState.QUEUED,
            fault=None,
            at=now,
        )
        payer = routed_account(context, work, Movement.TRANSFER_OUT, now)
        available = work.journal.balances().get(payer.name, 0)
        if available < settlement.amount_fen:
            raise InsufficientFundsError(
                account=ACCOUNT_NAMES[payer][1],
                available_fen=available,
                wanted_fen=settlement.amount_fen,
            )
        work.transfers.put_settlement(settlement)
        _post(context, work, settlement, _SENT, now)
        for case in waiting:
            work.transfers.save_case(replace(case, settlement_id=settlement_id))
        work.outbox.queue(
            _send_key(settlement_id),
            "Funds",
            "sendSettlement",
            [
                settlement_id,
                context.log_id,
                peer_log,
                settlement.amount_fen,
                list(settlement.cases),
            ],
            at=now,
        )
        work.commit()
    return settlement


def cases_to_settle(view: View, peer_log: LogId) -> list[TransferCase]:
    """Accepted cases of ours whose money has not been sent, oldest first."""
    return [
        case
        for case in view.transfers.open_cases()
        if case.side is Side.OLD
        and case.peer_log == peer_log
        and case.state is CaseState.ACCEPTED
        and case.settlement_id is None
    ]


def advance_settlements(context: NodeContext) -> int:
    """Follow every settlement as far as the chain is final; how many moved."""
    with context.read() as view:
        known = {item.settlement_id: item for item in view.transfers.settlements()}
        keys = [
            f"settlementId:{item.settlement_id}"
            for item in known.values()
            if item.state in (SettlementState.QUEUED, SettlementState.SENT)
        ]
        keys.append(f"toLog:{context.log_id}")
        events = view.events.about(keys, "Funds", "SettlementSent", "SettlementReceived")
        failed = {
            item.settlement_id
            for item in known.values()
            if item.state is SettlementState.QUEUED and _has_failed(view, item.settlement_id)
        }
    sent = {
        event.arguments["settlementId"]: event.arguments
        for event in events
        if event.name == "SettlementSent"
    }
    received = {
        event.arguments["settlementId"] for event in events if event.name == "SettlementReceived"
    }
    changed = sum(_fail(context, settlement_id) for settlement_id in sorted(failed))
    for settlement_id, arguments in sent.items():
        ours = known.get(settlement_id)
        if ours is None and arguments["toLog"] == context.log_id:
            changed += _expect(context, arguments)
        elif ours is not None and ours.state is SettlementState.QUEUED:
            changed += _confirm(context, ours, SettlementState.SENT)
    for item in known.values():
        if item.settlement_id in received and item.state is SettlementState.SENT:
            changed += _confirm(context, item, SettlementState.RECEIVED)
    return changed


# --- the receiving side ---------------------------------------------------------------------------


def _expect(context: NodeContext, arguments: dict[str, Any]) -> int:
    """Money is on its way to us: confirm its receipt when it is the sum of its cases."""
    settlement_id = str(arguments["settlementId"])
    peer_log = LogId(arguments["fromLog"])
    case_ids = tuple(CaseId(case_id) for case_id in arguments["caseIds"])
    now = context.clock.now()
    with context.write() as work:
        if work.transfers.settlement(settlement_id) is not None:
            return 0
        cases = [case for case_id in case_ids if (case := work.transfers.case(case_id))]
        if any(case.state in {CaseState.PACKAGE_SENT, CaseState.RELEASED} for case in cases):
            return 0  # our own acceptance is still being confirmed
        settlement = StoredSettlement(
            settlement_id=settlement_id,
            side=Side.NEW,
            peer_log=peer_log,
            amount_fen=arguments["amountFen"],
            cases=case_ids,
            state=SettlementState.SENT,
            fault=None,
            at=now,
        )
        try:
            require_sum(settlement, cases)
        except SettlementMismatchError as error:
            work.transfers.put_settlement(
                replace(settlement, state=SettlementState.DISPUTED, fault=error.part)
            )
            work.commit()
            return 1
        work.transfers.put_settlement(settlement)
        for case in cases:
            _move(work, replace(case, settlement_id=settlement_id), CaseEvent.MONEY_SENT, now)
        work.outbox.queue(
            f"settlement/{settlement_id}/receive",
            "Funds",
            "receiveSettlement",
            [settlement_id, settlement.amount_fen],
            at=now,
        )
        work.commit()
    return 1


def require_sum(settlement: StoredSettlement, cases: Sequence[TransferCase]) -> None:
    """Refuse money that is not exactly that of its cases. Raises SettlementMismatchError."""
    part = ""
    if {case.case_id for case in cases} != set(settlement.cases) or len(cases) != len(
        settlement.cases
    ):
        part = "a case is not known here"
    elif any(
        case.side is not Side.NEW
        or case.peer_log != settlement.peer_log
        or case.state is not CaseState.ACCEPTED
        for case in cases
    ):
        part = "a case does not wait for money"
    elif sum(case.amount_fen for case in cases) != settlement.amount_fen:
        part = "the sum differs"
    if part:
        raise SettlementMismatchError(settlement_id=settlement.settlement_id, part=part)


# --- both sides -----------------------------------------------------------------------------------


def _confirm(context: NodeContext, settlement: StoredSettlement, state: SettlementState) -> int:
    """A step of a settlement is final: record it, book what arrived, move its cases."""
    now = context.clock.now()
    event = CaseEvent.MONEY_SENT if state is SettlementState.SENT else CaseEvent.MONEY_ARRIVED
    booking = _ARRIVED if settlement.side is Side.OLD else _RECEIVED
    entries = _movement_entries(context, settlement, state)
    with context.write() as work:
        standing = work.transfers.settlement(settlement.settlement_id)
        if standing is None or standing.state is not settlement.state:
            return 0
        work.transfers.put_settlement(replace(settlement, state=state))
        if state is SettlementState.RECEIVED:
            _post(context, work, settlement, booking, now)
        for case in work.transfers.cases_of_settlement(settlement.settlement_id):
            _move(work, case, event, now)
        work.log.append(
            entries, source_key=f"settlement/{settlement.settlement_id}", recorded_at=now
        )
        work.commit()
    return 1


def _post(
    context: NodeContext,
    work: UnitOfWork,
    settlement: StoredSettlement,
    booking: _Booking,
    at: datetime,
) -> None:
    """Book a step; what did not leave goes back to where it was taken from."""
    amount = settlement.amount_fen
    debit, credit = _sides(context, work, settlement, booking)
    work.journal.post(
        settlement.settlement_id + booking.suffix,
        booking.occasion,
        [Posting(debit, amount), Posting(credit, -amount)],
        {"peer_log": settlement.peer_log, "cases": len(settlement.cases)},
        at=at,
    )


def _sides(
    context: NodeContext, view: Rooms, settlement: StoredSettlement, booking: _Booking
) -> tuple[str, str]:
    """The accounts of a step, debit and credit, by the routes of the bureau's pool."""
    if booking is _RECEIVED:
        own = routed_account(context, view, Movement.TRANSFER_IN)
    else:
        own = routed_account(context, view, Movement.TRANSFER_OUT, settlement.at)
    debit, credit = (own.name if each == _OWN else each for each in (booking.debit, booking.credit))
    return debit, credit


def _movement_entries(
    context: NodeContext, settlement: StoredSettlement, state: SettlementState
) -> list[NewEntry]:
    """One fund-movement entry on each side: when the money left, and when it arrived."""
    steps = {
        (Side.OLD, SettlementState.SENT): _SENT,
        (Side.NEW, SettlementState.RECEIVED): _RECEIVED,
    }
    booking = steps.get((settlement.side, state))
    if booking is None:
        return []
    with context.read() as view:
        debit, credit = _sides(context, view, settlement, booking)
    fact = Fact(
        kind=Kind.FUND_MOVEMENT,
        class_=int(InsuranceClass.PENSION),
        period=period_of(context.clock.today()),
        amount_fen=settlement.amount_fen,
        body={
            "movement": booking.occasion,
            "settlement_id": settlement.settlement_id,
            "peer_log": settlement.peer_log,
            "from_account": credit,
            "to_account": debit,
            "cases": list(settlement.cases),
        },
    )
    return context.bureau.writer.prepare([fact])


def _move(work: UnitOfWork, case: TransferCase, event: CaseEvent, at: datetime) -> None:
    after = moved(case, event, at)
    work.transfers.save_case(after)
    note(work, after, Step.MONEY_SENT if event is CaseEvent.MONEY_SENT else Step.MONEY_ARRIVED, at)


def _has_failed(view: View, settlement_id: str) -> bool:
    message = view.outbox.find(_send_key(settlement_id))
    return message is not None and message.state == FAILED


def _fail(context: NodeContext, settlement_id: str) -> int:
    """The contract did not take it: the cases wait again, the reason stays visible."""
    with context.write() as work:
        settlement = work.transfers.settlement(settlement_id)
        message = work.outbox.find(_send_key(settlement_id))
        assert settlement is not None
        assert message is not None
        if settlement.state is not SettlementState.QUEUED:
            return 0
        work.transfers.put_settlement(
            replace(settlement, state=SettlementState.FAILED, fault=message.last_error)
        )
        _post(context, work, settlement, _NOT_SENT, context.clock.now())
        for case in work.transfers.cases_of_settlement(settlement_id):
            work.transfers.save_case(replace(case, settlement_id=None))
        work.commit()
    return 1


def _send_key(settlement_id: str) -> str:
    return f"settlement/{settlement_id}/send"
