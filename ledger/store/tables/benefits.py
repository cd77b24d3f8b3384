"""Decisions on eligibility."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from ledger.store.tables.base import Digest, metadata

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", String(66), primary_key=True),
    Column("subject", Digest, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
    Column("sealed_content", LargeBinary, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Index(None, "subject"),
)
"""One row a decision; its words and figures lie under the person's sealing key."""
