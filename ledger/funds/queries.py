"""Reads about batches, lines, accounts and the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.errors import NotFoundError
from ledger.evidence.encoding import LeafIndex, LogId, Subject
from ledger.funds.model import (
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


def balances(context: NodeContext) -> dict[Account, int]:
    """What the accounts of this bureau hold by the ``Funds`` contract, in fen."""
    return {
        account: context.chain.shown.fund_balance(context.log_id, account)
        for account in Account
        if account is not Account.OUTSIDE
    }
