"""Reads for the supervisor's pages: alerts, flows of money, how far each log is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.errors import NotFoundError
from ledger.evidence.encoding import LeafIndex, LogId, PlacedEntry, Subject
from ledger.recording.context import NodeContext
from ledger.store.events import ChainEvent
from ledger.store.following import FollowedCheckpoint
from ledger.supervision.model import Alert, AlertState, LeafPlace, Rule


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """An alert with the entries it rests on and the checkpoints that hold them."""

    alert: Alert
    entries: tuple[PlacedEntry, ...]
    checkpoints: tuple[FollowedCheckpoint, ...]


def alert_of(row: Mapping[str, Any]) -> Alert:
    """The alert in a stored row."""
    return Alert(
        alert_id=row["alert_id"],
        rule=Rule(row["rule"]),
        risk=row["risk"],
        period=row["period"],
        subject=Subject(row["subject"]),
        leaves=tuple(
            LeafPlace(LogId(log_id), LeafIndex(index))
            for log_id, index in row["evidence"]["leaves"]
        ),
        amount_fen=row["amount_fen"],
        state=AlertState(row["state"]),
        evidence_final_at=row["evidence_final_at"],
        found_at=row["found_at"],
        conflict_id=row["conflict_id"],
    )


def alerts(context: NodeContext) -> list[Alert]:
    """All alerts, the gravest first."""
    with context.read() as view:
        return [alert_of(row) for row in view.alerts.all()]


def alert_detail(context: NodeContext, alert_id: str) -> AlertDetail:
    """One alert with what it rests on.

    Raises:
        NotFoundError: there is no such alert.
    """
    with context.read() as view:
        row = view.alerts.find(alert_id)
        if row is None:
            raise NotFoundError(what="alert", key=alert_id)
        alert = alert_of(row)
        entries = [view.following.entry(place.log_id, place.index) for place in alert.leaves]
        checkpoints = [
            view.following.covering_checkpoint(place.log_id, place.index) for place in alert.leaves
        ]
    return AlertDetail(
        alert,
        tuple(item for item in entries if item is not None),
        tuple(item for item in checkpoints if item is not None),
    )


def fund_events(context: NodeContext) -> list[ChainEvent]:
    """Every movement of money, freeze and change of routes that was announced, oldest first."""
    with context.read() as view:
        found = [*view.events.named("Funds"), *view.events.named("FundRules")]
    return sorted(found, key=lambda event: (event.block, event.log_index))
