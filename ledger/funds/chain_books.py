"""Keeps a bureau's books equal to what the ``Funds`` contract decided by itself.

Most entries are booked with the message that tells the contract. Three things only the contract
says: what the council opened an account with, what a successor took over, and how much of a payment
or correction it posted to shortfall (a freeze, or a movement that landed in between, changes that).
"""

from __future__ import annotations

from typing import Final

from ledger.funds.model import Account, Movement
from ledger.recording.context import NodeContext
from ledger.store.events import ChainEvent
from ledger.store.journal import Posting
from ledger.store.unit_of_work import Rooms, UnitOfWork

OPENED: Final = "BALANCE_OPENED"
"""The occasion in the books of what an account held before they began."""
TAKEN_OVER: Final = "BOOKS_TAKEN_OVER"
"""The occasion in the books of what a closed log held that this one carries on."""
SHORTFALL_POSTED: Final = "SHORTFALL_POSTED"
"""The occasion in the books of a shortfall that the contract found otherwise than we did."""

_EXPLAINING: Final = (
    "BalanceOpened", "LogTakenOver", "PaidRecorded", "CollectionCorrected", "ShortfallPosted",
)  # fmt: skip


class ChainBooks:
    """Books what final events say and nobody booked yet; a job of the worker."""

    def __init__(self, context: NodeContext) -> None:
        self._context = context
        self._seen = -1

    def step(self) -> bool:
        """Whether anything was booked. Running it again books nothing twice."""
        context = self._context
        keys = [f"log:{context.log_id}", f"successor:{context.log_id}"]
        with context.read() as view:
            events = view.events.about(keys, "Funds", *_EXPLAINING)
            if len(events) == self._seen:
                return False
            waiting = any(_is_due(context, view, event, events) for event in events)
        changed = waiting and self._book(events)
        self._seen = len(events)
        return changed

    def _book(self, events: list[ChainEvent]) -> bool:
        context, changed = self._context, False
        with context.write() as work:
            for event in events:
                changed |= _book(context, work, event, events)
            work.commit()
        return changed


def _is_due(context: NodeContext, view: Rooms, event: ChainEvent, events: list[ChainEvent]) -> bool:
    reference, _, lines = _entry(context, view, event, events)
    return bool(lines) and view.journal.find(reference) is None


def _book(
    context: NodeContext, work: UnitOfWork, event: ChainEvent, events: list[ChainEvent]
) -> bool:
    reference, occasion, lines = _entry(context, work, event, events)
    if not lines or work.journal.find(reference) is not None:
        return False
    details = {"transaction": event.transaction_hash}
    return work.journal.post(reference, occasion, lines, details, at=context.clock.now())


def _entry(
    context: NodeContext, view: Rooms, event: ChainEvent, events: list[ChainEvent]
) -> tuple[str, str, list[Posting]]:
    """What an event means for the books: reference, occasion and postings, none if nothing."""
    given = event.arguments
    if event.name == "BalanceOpened":
        account = Account(given["account"])
        lines = _against_outside({account: given["amountFen"]})
        return f"opened/{account.name}", OPENED, lines
    if event.name == "LogTakenOver":
        held = {Account(number): fen for number, fen in enumerate(given["amountsFen"])}
        held[Account.SHORTFALL] = -held[Account.SHORTFALL]
        return f"taken-over/{given['predecessor']}", TAKEN_OVER, _against_outside(held)
    if event.name in {"PaidRecorded", "CollectionCorrected"}:
        return _shortfall_entry(context, view, event, events)
    return "", "", []


def _shortfall_entry(
    context: NodeContext, view: Rooms, event: ChainEvent, events: list[ChainEvent]
) -> tuple[str, str, list[Posting]]:
    """The difference between the shortfall that the contract posted and the one in the books."""
    given = event.arguments
    is_payment = event.name == "PaidRecorded"
    reference = str(given["batchId"] if is_payment else given["referenceId"])
    posted_fen = sum(
        each.arguments["amountFen"]
        for each in events
        if each.name == "ShortfallPosted" and each.arguments["referenceId"] == reference
    )
    booked_fen = 0
    if view.journal.find(f"{reference}/shortfall") is not None:
        return "", "", []
    booked = view.journal.find(reference)
    if booked is not None:
        booked_fen = -sum(
            line.amount_fen for line in booked.postings if line.account == Account.SHORTFALL.name
        )
    difference_fen = posted_fen - booked_fen
    if difference_fen == 0:
        return "", "", []
    movement = Movement.PAYMENT if is_payment else Movement.COLLECTION
    account = context.chain.route_account_at(context.settings.pool, movement, event.block_time)
    lines = [
        Posting(account.name, difference_fen),
        Posting(Account.SHORTFALL.name, -difference_fen),
    ]
    return f"{reference}/shortfall", SHORTFALL_POSTED, lines


def _against_outside(held: dict[Account, int]) -> list[Posting]:
    lines = [Posting(account.name, fen) for account, fen in held.items() if fen]
    total_fen = sum(line.amount_fen for line in lines)
    if total_fen:
        lines.append(Posting(Account.OUTSIDE.name, -total_fen))
    return lines
