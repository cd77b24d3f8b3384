"""Moves money between the accounts of a bureau, and makes good what it owes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from ledger.chain.bindings import Account as ChainAccount
from ledger.errors import (
    AmountError,
    FundsFrozenError,
    InsufficientFundsError,
    NoShortfallError,
    NotPermittedError,
)
from ledger.funds.model import ACCOUNT_NAMES, Account, Movement
from ledger.ports import BEIJING
from ledger.recording.context import NodeContext
from ledger.store.journal import Posting


def move_funds(
    context: NodeContext, key: str, source: Account, target: Account, amount_fen: int, document: str
) -> bool:
    """Book a movement along a route that supervisors opened, and tell the contract.

    Args:
        context: an open bureau's node.
        key: the caller's key; the same key again changes nothing.
        source: the account that pays.
        target: the account that receives.
        amount_fen: positive.
        document: what the movement rests on, in words; its digest goes on chain.

    Returns:
        False when the same movement was booked before.

    Raises:
        AmountError: it is not positive.
        NotPermittedError: supervisors opened no such route for this bureau's pool.
        FundsFrozenError: a supervisor stopped this bureau's money.
        InsufficientFundsError: the books do not have that much in ``source``.
        IdempotencyConflictError: the key was used for another movement.
    """
    if amount_fen <= 0:
        raise AmountError(field="amount_fen", reason="a movement is more than nothing")
    _require_not_frozen(context)
    _require_route(context, source, target)
    reference = "0x" + hashlib.sha256(f"move|{context.log_id}|{key}".encode()).hexdigest()
    digest = "0x" + hashlib.sha256(document.encode()).hexdigest()
    with context.write() as work:
        available = work.journal.balances().get(source.name, 0)
        if available < amount_fen and work.journal.find(reference) is None:
            raise InsufficientFundsError(
                account=ACCOUNT_NAMES[source][1], available_fen=available, wanted_fen=amount_fen
            )
        now = context.clock.now()
        if not work.journal.post(
            reference,
            "FUNDS_MOVED",
            [Posting(target.name, amount_fen), Posting(source.name, -amount_fen)],
            {"document": document},
            at=now,
        ):
            return False
        work.outbox.queue_once_anchored(
            f"move/{reference}",
            work.log.head().size,
            "Funds",
            "move",
            [int(context.log_id), reference, int(source), int(target), amount_fen, digest],
            at=now,
        )
        work.commit()
    return True


def clear_shortfall(context: NodeContext, key: str, amount_fen: int, document: str) -> bool:
    """Make a shortfall good out of the account that payments come from, and tell the contract.

    Args:
        context: an open bureau's node.
        key: the caller's key; the same key again changes nothing.
        amount_fen: positive, at most what is owed.
        document: what it rests on, in words; its digest goes on chain.

    Returns:
        False when the same was booked before.

    Raises:
        AmountError: it is not positive.
        FundsFrozenError: a supervisor stopped this bureau's money.
        NoShortfallError: the books owe less.
        InsufficientFundsError: the account does not have that much.
        IdempotencyConflictError: the key was used for another amount.
    """
    if amount_fen <= 0:
        raise AmountError(field="amount_fen", reason="clearing takes more than nothing")
    _require_not_frozen(context)
    now = context.clock.now()
    payer = context.chain.route_account_at(
        context.settings.pool, Movement.PAYMENT, int(now.timestamp())
    )
    reference = "0x" + hashlib.sha256(f"clear|{context.log_id}|{key}".encode()).hexdigest()
    digest = "0x" + hashlib.sha256(document.encode()).hexdigest()
    with context.write() as work:
        books = work.journal.balances()
        if work.journal.find(reference) is None:
            owed_fen = -books.get(Account.SHORTFALL.name, 0)
            if amount_fen > owed_fen:
                raise NoShortfallError(owed_fen=owed_fen, wanted_fen=amount_fen)
            available = books.get(payer.name, 0)
            if available < amount_fen:
                raise InsufficientFundsError(
                    account=ACCOUNT_NAMES[payer][1], available_fen=available, wanted_fen=amount_fen
                )
        if not work.journal.post(
            reference,
            "SHORTFALL_CLEARED",
            [Posting(Account.SHORTFALL.name, amount_fen), Posting(payer.name, -amount_fen)],
            {"document": document},
            at=now,
        ):
            return False
        work.outbox.queue_once_anchored(
            f"clear/{reference}",
            work.log.head().size,
            "Funds",
            "clearShortfall",
            [int(context.log_id), reference, amount_fen, digest],
            at=now,
        )
        work.commit()
    return True


def _require_not_frozen(context: NodeContext) -> None:
    """Money that the contract would not let go must not be booked as gone."""
    until = datetime.fromtimestamp(context.chain.frozen_until(context.log_id), UTC)
    if until > context.clock.now():
        raise FundsFrozenError(until=f"{until.astimezone(BEIJING):%Y-%m-%d %H:%M}")


def _require_route(context: NodeContext, source: Account, target: Account) -> None:
    """Money that the contract would refuse to move must not be booked as moved."""
    at = int(context.clock.now().timestamp())
    if not context.chain.route_allowed_at(
        context.settings.pool, ChainAccount(source), ChainAccount(target), at
    ):
        names = f"{ACCOUNT_NAMES[source][1]} to {ACCOUNT_NAMES[target][1]}"
        raise NotPermittedError(
            action=f"moving money from {names}", needed="a route that supervisors opened"
        )
