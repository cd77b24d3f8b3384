"""Alerts: suspicions (疑点) that open a case, never findings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ledger.evidence.encoding import LeafIndex, LogId, Subject
from ledger.policy.fraud import FraudPattern


class Rule(StrEnum):
    """Which check raised an alert; docs/reference/alerts.md explains each."""

    DUPLICATE_PAYOUT = "duplicate-payout"
    PAID_AFTER_DEATH = "paid-after-death"
    LOG_INCONSISTENT = "log-inconsistent"

    @property
    def patterns(self) -> tuple[FraudPattern, ...]:
        """The audit patterns that this check looks for (rules e.4)."""
        return _PATTERNS.get(self, ())


_PATTERNS: Final = MappingProxyType(
    {
        Rule.DUPLICATE_PAYOUT: (FraudPattern.TWO_PLACES, FraudPattern.TWO_SCHEMES),
        Rule.PAID_AFTER_DEATH: (FraudPattern.PAID_AFTER_DEATH,),
    }
)


RISK_HIGH: Final = 3
RISK_MEDIUM: Final = 2
RISK_LOW: Final = 1


class AlertState(StrEnum):
    """Where an alert stands. PREVENTED: the second payment was taken back before it was made."""

    OPEN = "OPEN"
    PROVEN = "PROVEN"
    PREVENTED = "PREVENTED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, order=True)
class LeafPlace:
    """One leaf of one log."""

    log_id: LogId
    index: LeafIndex


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: the leaves it rests on and the money at stake.

    ``key`` names the fact (a tag, or a death and a payment), so that the same finding is one alert,
    ever. ``amount_fen`` is what was or would be paid without being due, at most.
    """

    rule: Rule
    risk: int
    key: bytes
    period: int
    subject: Subject
    leaves: tuple[LeafPlace, ...]
    amount_fen: int

    @property
    def alert_id(self) -> str:
        """The alert's number: a digest of rule and key (32 hexadecimal characters)."""
        return hashlib.sha256(self.rule.encode() + b"|" + self.key).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding as it is kept, with when the evidence became final and when it was found."""

    alert_id: str
    rule: Rule
    risk: int
    period: int
    subject: Subject
    leaves: tuple[LeafPlace, ...]
    amount_fen: int
    state: AlertState
    evidence_final_at: datetime
    found_at: datetime
    conflict_id: int | None

    @property
    def seconds_to_alert(self) -> float:
        """How long after the finality of its evidence the alert was there."""
        return max(0.0, (self.found_at - self.evidence_final_at).total_seconds())
