"""A fact before it is an entry: what it is about and all its fields in clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.evidence.encoding import LeafIndex
from ledger.policy.kinds import Kind


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement to be recorded.

    ``identity_number`` (18 characters, normalised) says whom it is about; None for facts about no
    person. ``body`` holds the record's own fields; kind, class, period, amount, schema, identity
    number are added. ``reverses`` is set for reversals only: the leaf of this log that no longer
    counts.
    """

    kind: Kind
    class_: int
    period: int
    amount_fen: int
    body: Mapping[str, Any]
    identity_number: str | None = None
    reverses: LeafIndex | None = None

    def record(self) -> dict[str, Any]:
        """All fields in clear, as they are canonicalised and committed to."""
        record: dict[str, Any] = {
            "schema": SCHEMAS[self.kind],
            "kind": int(self.kind),
            "class": self.class_,
            "period": self.period,
            "amount_fen": self.amount_fen,
        }
        if self.identity_number is not None:
            record["identity_number"] = self.identity_number
        record.update(self.body)
        return record


SCHEMAS = {
    Kind.CONTRIBUTION: "anxu-contribution/1",
    Kind.PAYOUT: "anxu-payout/1",
    Kind.REVERSAL: "anxu-reversal/1",
    Kind.LIFE_CERTIFICATION: "anxu-life-certification/1",
    Kind.DECISION: "anxu-decision/1",
    Kind.TRANSFER_OUT: "anxu-transfer-out/1",
    Kind.TRANSFER_IN: "anxu-transfer-in/1",
    Kind.CREDENTIAL: "anxu-credential/1",
    Kind.OPERATION: "anxu-operation/1",
    Kind.DEATH_REPORT: "anxu-death/1",
    Kind.EVIDENCE: "anxu-evidence/1",
    Kind.FUND_MOVEMENT: "anxu-fund-movement/1",
}
"""The schema of each kind's record, with its version."""
