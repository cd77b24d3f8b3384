"""Pure decisions: what a line contradicts, which batch may be approved, how money is posted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ledger.errors import (
    BatchStateError,
    DecisionMissingError,
    DecisionReasonError,
    SameOfficerError,
)
from ledger.evidence.encoding import LeafIndex, leaf_hash
from ledger.evidence.merkle import CompactRange
from ledger.funds.model import (
    Batch,
    BatchState,
    LineDecision,
    LineFinding,
    LineState,
    PayoutLine,
    Position,
)

MINIMUM_REASON_CHARACTERS = 4


def batch_id_of(log_id: int, first_index: int, end_index: int) -> str:
    """The number of a batch, made of public things only: its log and the range of its leaves."""
    content = f"anxu-batch/1|{log_id}|{first_index}|{end_index}"
    return "0x" + hashlib.sha256(content.encode()).hexdigest()


def lines_root_of(leaves: Iterable[bytes]) -> bytes:
    """What both officers sign for the lines: the RFC 9162 root over the batch's own leaves."""
    return CompactRange.empty().extend([leaf_hash(leaf) for leaf in leaves]).root()


def is_earlier(other: Position | None, ours: Position | None) -> bool:
    """Whether the other leaf was recorded before ours; an unanchored one comes after all others."""
    if other is None:
        return False
    if ours is None:
        return True
    return other < ours


def first_finding(findings: Sequence[LineFinding]) -> LineFinding | None:
    """The one that decides: a reported death before a duplicate elsewhere before one here."""
    order = {"after-death": 0, "same-month-elsewhere": 1, "same-month-here": 2}
    return min(findings, key=lambda item: order[item.suspicion], default=None)


def decide(line: PayoutLine, decision: LineDecision) -> LineState:
    """The state of a suspected line after two officers decided.

    Raises:
        BatchStateError: the line is not suspected.
        SameOfficerError: maker and checker are one person.
        DecisionReasonError: there is no reason in words that the person could be told.
    """
    if line.state is not LineState.SUSPECTED:
        raise BatchStateError(
            what="line", key=str(line.leaf_index), state=line.state, needed="SUSPECTED"
        )
    if decision.maker == decision.checker:
        raise SameOfficerError(action="deciding a held payment")
    if len(decision.reason.strip()) < MINIMUM_REASON_CHARACTERS:
        raise DecisionReasonError(minimum=MINIMUM_REASON_CHARACTERS)
    return LineState.HELD if decision.hold else LineState.PAYABLE


def require_approvable(
    batch: Batch, undecided: Sequence[LeafIndex], maker: str, checker: str
) -> None:
    """Refuse to approve a batch that was not checked, has open suspicions, or has one officer only.

    Raises:
        BatchStateError, DecisionMissingError, SameOfficerError.
    """
    if batch.state is not BatchState.CHECKED:
        raise BatchStateError(
            what="batch", key=batch.batch_id[:10], state=batch.state, needed=BatchState.CHECKED
        )
    if undecided:
        raise DecisionMissingError(batch=batch.batch_id[:10], lines=len(undecided))
    if maker == checker:
        raise SameOfficerError(action="approving a batch")
