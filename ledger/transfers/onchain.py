"""What the chain says: final steps of each case, stays and their holders, other bureaus' roots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.chain.bindings import BureauOnChain
from ledger.errors import NotFoundError, TransferNotAllowedError
from ledger.evidence.encoding import Leaf, LeafIndex, LogId, Subject, segment_tag
from ledger.recording.context import NodeContext
from ledger.store.unit_of_work import Reading, UnitOfWork
from ledger.transfers.model import CaseId, Segment

View = Reading | UnitOfWork

MAX_STAYS: Final = 100
"""How often one person can come back to one bureau before a person has to look."""


@dataclass(slots=True)
class ChainFacts:
    """The final events of one case, each as the arguments it was announced with, or None."""

    requested: dict[str, Any] | None = None
    released: dict[str, Any] | None = None
    accepted: dict[str, Any] | None = None
    refused: dict[str, Any] | None = None
    withdrawn: dict[str, Any] | None = None
    moved: dict[str, Any] | None = None
    cancelled: dict[str, Any] | None = None


_SLOTS: Final = {
    "TransferRequested": "requested",
    "TransferReleased": "released",
    "TransferAccepted": "accepted",
    "TransferRefused": "refused",
    "TransferWithdrawn": "withdrawn",
    "TransferMoved": "moved",
    "TransferCancelled": "cancelled",
}


def facts_of_cases(view: View, case_ids: set[CaseId]) -> dict[CaseId, ChainFacts]:
    """What is final on chain about these cases; a case of which nothing is final is empty."""
    facts = {case_id: ChainFacts() for case_id in case_ids}
    if not facts:
        return facts
    keys = [f"caseId:{case_id}" for case_id in case_ids]
    for event in view.events.about(keys, "Transfers", *_SLOTS):
        found = facts[CaseId(event.arguments["caseId"])]
        setattr(found, _SLOTS[event.name], event.arguments)
    return facts


def bureau_of(context: NodeContext, log_id: int) -> BureauOnChain:
    """The agency of a log. Raises NotFoundError."""
    bureau = context.chain.bureau(log_id)
    if bureau is None:
        raise NotFoundError(what="log", key=str(log_id))
    return bureau


def first_log_of(context: NodeContext, log_id: LogId) -> LogId:
    """The log under which a bureau's stays are counted: its first one, however many succeeded."""
    while (found := context.chain.predecessor_of(log_id)) is not None:
        log_id = LogId(found[0])
    return log_id


def current_stay(context: NodeContext, class_: int, log_id: LogId, subject: Subject) -> Segment:
    """The stay that a bureau still holds itself: the first one that has not moved away.

    Raises:
        TransferNotAllowedError: every stay moved away.
    """
    first = first_log_of(context, log_id)
    for stay in range(1, MAX_STAYS + 1):
        tag = segment_tag(class_, first, stay, subject)
        holder = context.chain.holder_of(tag)
        if holder is None or holder == log_id:
            return Segment(first, stay, tag)
    raise TransferNotAllowedError(
        rule="NO_STAY", reason="every stay there has moved", reason_zh="该地各段关系均已转出"
    )


class FollowedAnchoredLog:
    """Another bureau's log: leaves as this node followed them, roots as the chain has them."""

    def __init__(self, context: NodeContext, view: View, log_id: LogId) -> None:
        self._context = context
        self._view = view
        self._log_id = log_id

    @property
    def log_id(self) -> LogId:
        """Which log."""
        return self._log_id

    @property
    def followed_size(self) -> int:
        """The size of the newest checkpoint of it that was final and came out right."""
        last = self._view.following.last_checkpoint(self._log_id)
        return last.size if last is not None else 0

    def root(self, size: int) -> bytes | None:
        """The chain's root, which our own followed leaves gave too."""
        followed = self._view.following.checkpoint(self._log_id, size)
        if followed is None:
            return None
        anchored = self._context.chain.checkpoint(self._log_id, size)
        return followed.root if anchored is not None and anchored.root == followed.root else None

    def origin_of(self, index: int) -> LogId:
        """The log that recorded one of its leaves."""
        return self._view.successions.of(self._log_id).origin_of(index)

    def leaf(self, index: int) -> Leaf | None:
        """One followed leaf."""
        return self._view.following.leaf(self._log_id, index)

    def places_of_tags(self, tags: Sequence[bytes]) -> dict[bytes, list[LeafIndex]]:
        """Where leaves of this log with these tags stand."""
        places = self._view.following.places_of_tags(tags)
        lineage = self._view.successions.of(self._log_id)
        here = {
            tag: [index for log_id, index in found if lineage.holds(log_id, index)]
            for tag, found in places.items()
        }
        return {tag: indices for tag, indices in here.items() if indices}
