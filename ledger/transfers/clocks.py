"""When a step is due by the contract: what supervisors act by.

The terms between the two bureaus stand on chain: the old city's runs from the request, the new
city's from the release. The contract counts by the same working days as the table of the policy;
until a year stands there, and for the steps that only the papers know (the letter, the money), the
table answers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Final

import structlog

from ledger.chain import bindings as chain
from ledger.recording.context import NodeContext
from ledger.store.events import EventRepository
from ledger.transfers.deadlines import day_of, deadline, last_day
from ledger.transfers.model import STEP_WORKING_DAYS, CaseState, TransferCase

_ON_CHAIN: Final = {
    CaseState.LETTER_SENT: chain.CaseState.REQUESTED,
    CaseState.PACKAGE_SENT: chain.CaseState.REQUESTED,
    CaseState.RELEASED: chain.CaseState.RELEASED,
}
"""Which step on chain the clock of a state belongs to."""
_log = structlog.get_logger("anxu.transfers")


def chain_due_on(context: NodeContext, case: TransferCase) -> date | None:
    """When the step under way is due by the contract; None for steps that it does not know.

    While the contract lacks a year that the table here has, the table answers for the same start
    and the same count. Where both answer and differ, the contract's answer counts and the
    difference is logged.

    Raises:
        ChainUnavailableError: no endpoint answers.
    """
    number = bytes.fromhex(case.case_id.removeprefix("0x"))
    standing = context.chain.transfer_case(number)
    if standing is None or _ON_CHAIN.get(case.state) is not standing.state:
        return None
    requested = standing.state is chain.CaseState.REQUESTED
    start = standing.requested_at if requested else standing.released_at
    ours = deadline(day_of(start), standing.term_days)
    end = context.chain.transfer_due(number)
    if end is None:
        return ours
    theirs = last_day(end)
    if ours is not None and ours != theirs:
        _log.warning("calendars differ", case=case.case_id, chain=theirs, table=ours)
    return theirs


def with_due_date(context: NodeContext, case: TransferCase) -> TransferCase:
    """The case with the due date that the contract gives its step, if it gives one.

    Raises:
        ChainUnavailableError: no endpoint answers.
    """
    found = chain_due_on(context, case)
    return case if found is None else replace(case, due_on=found)


def term_days(events: EventRepository, state: CaseState, began_at: datetime) -> int:
    """Working days that a step which began then may take, by the terms that the council set.

    Steps of the papers have the statutory term.
    """
    if state not in _ON_CHAIN:
        return STEP_WORKING_DAYS
    field = "acceptDays" if state is CaseState.RELEASED else "releaseDays"
    return term_from(events, field, int(began_at.timestamp()), STEP_WORKING_DAYS)


def term_from(events: EventRepository, field: str, began: int, statutory: int) -> int:
    """The term that the council had set for what began at a time on chain.

    Terms that were replaced before they applied never did.

    Args:
        events: the node's index.
        field: which term: ``releaseDays``, ``acceptDays`` or ``contestDays``.
        began: seconds since 1970.
        statutory: what counts while the council has set none.
    """
    days = statutory
    announced = events.named("Transfers", "TermsSet")
    for place, event in enumerate(announced):
        valid_from = int(event.arguments["validFrom"])
        following = announced[place + 1 : place + 2]
        if valid_from <= began and not (following and following[0].block_time < valid_from):
            days = int(event.arguments[field])
    return days
