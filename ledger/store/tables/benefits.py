"""Decisions on eligibility."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from ledger.store.tables.base import Digest, metadata

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", String(66), primary_key=True),
    Column("subject", Digest, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("as_of", Integer, nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Index(None, "subject"),
)
"""One row a decision; its words and figures lie in the sealed record of its leaf."""
