"""What a supervisor's node answers over JSON about suspicions and money."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from api.supervisor.flow import Leg
from ledger.supervision.model import Alert


class LeafAnswer(BaseModel):
    """One leaf of one log."""

    log_id: int
    index: int


class AlertAnswer(BaseModel):
    """A suspicion, never a finding; it names leaves and no person.

    ``risk`` is 3 (high) to 1 (low), ``amount_fen`` what was or would be paid without being due, at
    most. ``seconds_to_alert``: how long after its evidence was final it was found.
    """

    alert_id: str
    rule: str
    risk: int
    period: int
    leaves: list[LeafAnswer]
    amount_fen: int
    state: str
    evidence_final_at: datetime
    found_at: datetime
    seconds_to_alert: float
    conflict_id: int | None


class AlertsAnswer(BaseModel):
    """All suspicions, the gravest first."""

    alerts: list[AlertAnswer]


class FundEventAnswer(BaseModel):
    """One movement that the `Funds` contract announced; ``source`` and ``target`` are bar keys."""

    number: str
    kind: str
    log_id: int
    source: str
    target: str
    amount_fen: int
    lines: int
    first_leaf: int | None
    end_leaf: int | None
    at: datetime
    block: int
    transaction: str


class FundEventsAnswer(BaseModel):
    """Every movement of money, oldest first."""

    events: list[FundEventAnswer]


def alert_answer(alert: Alert) -> AlertAnswer:
    """An alert as it is answered; the pseudonym stays behind."""
    return AlertAnswer(
        alert_id=alert.alert_id,
        rule=alert.rule.value,
        risk=alert.risk,
        period=alert.period,
        leaves=[
            LeafAnswer(log_id=int(place.log_id), index=int(place.index)) for place in alert.leaves
        ],
        amount_fen=alert.amount_fen,
        state=alert.state.value,
        evidence_final_at=alert.evidence_final_at,
        found_at=alert.found_at,
        seconds_to_alert=alert.seconds_to_alert,
        conflict_id=alert.conflict_id,
    )


def event_answer(leg: Leg) -> FundEventAnswer:
    """A movement as it is answered."""
    source, target = leg.ends
    first, end = leg.leaves if leg.leaves is not None else (None, None)
    return FundEventAnswer(
        number=leg.number,
        kind=leg.kind.value,
        log_id=leg.log_id,
        source=source,
        target=target,
        amount_fen=leg.amount_fen,
        lines=leg.lines,
        first_leaf=first,
        end_leaf=end,
        at=leg.at,
        block=leg.event.block,
        transaction=leg.event.transaction_hash,
    )
