"""Reads about batches, lines, accounts and the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.errors import NotFoundError
from ledger.evidence.encoding import LeafIndex, LogId, Subject
from ledger.funds.model import (
    PAYOUTS_CORRECTED,
    PAYOUTS_RETURNED,
    Account,
    Batch,
    BatchState,
    LineDecision,
    LineFinding,
    LineState,
    PayoutLine,
    Suspicion,
)
from ledger.recording.context import NodeContext


@dataclass(frozen=True, slots=True)
class BatchDetail:
    """A batch with its lines that were stopped, and how many are in each state."""

    batch: Batch
    stopped: tuple[PayoutLine, ...]
    counts: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """One line of which money came back, and how much."""

    leaf_index: LeafIndex
    amount_fen: int


@dataclass(frozen=True, slots=True)
class RecordedReturn:
    """What came back of a batch at once: one total for the contract, and the lines it is made of.

    ``lines`` is empty where the books kept the total alone. ``state`` is that of the message to
    the contract, None while its leaves are not anchored; ``is_correction``: nothing came back, a
    payment had been recorded with too much.
    """

    reference: str
    recorded_at: datetime
    total_fen: int
    lines: tuple[ReturnedLine, ...]
    is_correction: bool
    state: str | None
    last_error: str | None = None


def batch_of(row: Mapping[str, Any]) -> Batch:
    """The batch in a stored row."""
    return Batch(
        batch_id=row["batch_id"],
        origin=row["origin"],
        period=row["period"],
        state=BatchState(row["state"]),
        lines=row["lines"],
        amount_fen=row["amount_fen"],
        first_index=row["first_index"],
        end_index=row["end_index"],
        lines_root=row["lines_root"],
        details=row["details"],
    )


def line_of(row: Mapping[str, Any]) -> PayoutLine:
    """The line in a stored row."""
    finding, decision = row["finding"], row["decision"]
    return PayoutLine(
        leaf_index=LeafIndex(row["leaf_index"]),
        subject=Subject(row["subject"]),
        class_=row["class"],
        period=row["period"],
        amount_fen=row["amount_fen"],
        state=LineState(row["state"]),
        finding=None
        if finding is None
        else LineFinding(
            suspicion=Suspicion(finding["suspicion"]),
            other_log=LogId(finding["other_log"]),
            other_index=LeafIndex(finding["other_index"]),
            other_name_zh=finding["other_name_zh"],
            other_name_en=finding["other_name_en"],
            earlier_elsewhere=finding["earlier_elsewhere"],
            first_payment=finding["first_payment"],
        ),
        decision=None if decision is None else LineDecision(**decision),
    )


def batches(context: NodeContext) -> list[Batch]:
    """All batches, newest first."""
    with context.read() as view:
        return [batch_of(row) for row in view.payouts.batches()]


def batch_detail(context: NodeContext, batch_id: str) -> BatchDetail:
    """One batch with what was stopped and why.

    Raises:
        NotFoundError: there is no such batch.
    """
    with context.read() as view:
        row = view.payouts.batch(batch_id)
        if row is None:
            raise NotFoundError(what="batch", key=batch_id[:10])
        lines = [line_of(line) for line in view.payouts.lines(batch_id)]
    counts: dict[str, tuple[int, int]] = {}
    for line in lines:
        number, total = counts.get(line.state, (0, 0))
        counts[line.state] = (number + 1, total + line.amount_fen)
    stopped = tuple(line for line in lines if line.finding is not None)
    return BatchDetail(batch_of(row), stopped, counts)


def returns_of(context: NodeContext, batch_id: str) -> list[RecordedReturn]:
    """Everything that came back of a batch, oldest first, each with its lines."""
    with context.read() as view:
        entries = view.journal.of_occasions(PAYOUTS_RETURNED, PAYOUTS_CORRECTED)
        found = []
        for entry in entries:
            if entry.details.get("batch") != batch_id:
                continue
            message = view.outbox.find(f"return/{entry.reference}")
            total_fen = sum(line.amount_fen for line in entry.postings if line.amount_fen > 0)
            found.append(
                RecordedReturn(
                    reference=entry.reference,
                    recorded_at=entry.posted_at,
                    total_fen=total_fen,
                    lines=_returned_lines(entry.details, total_fen),
                    is_correction=entry.occasion == PAYOUTS_CORRECTED,
                    state=message.state if message is not None else None,
                    last_error=message.last_error if message is not None else None,
                )
            )
    return found


def _returned_lines(details: Mapping[str, Any], total_fen: int) -> tuple[ReturnedLine, ...]:
    if "leaf" in details:
        return (ReturnedLine(LeafIndex(details["leaf"]), total_fen),)
    return tuple(
        ReturnedLine(LeafIndex(index), amount_fen) for index, amount_fen in details.get("lines", ())
    )


def balances(context: NodeContext) -> dict[Account, int]:
    """What the accounts of this bureau hold by the ``Funds`` contract, in fen."""
    return {
        account: context.chain.shown.fund_balance(context.log_id, account)
        for account in Account
        if account is not Account.OUTSIDE
    }
