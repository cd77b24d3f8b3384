"""Alerts: suspicions that open a case."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)

from ledger.store.tables.base import metadata

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String(66), primary_key=True),
    Column("rule", String(40), nullable=False),
    Column("risk", SmallInteger, nullable=False),
    Column("period", Integer, nullable=False),
    Column("subject", LargeBinary(32)),
    Column("evidence", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("evidence_final_at", BigInteger, nullable=False),
    Column("found_at", BigInteger, nullable=False),
    Column("conflict_id", Integer),
    Index(None, "state"),
)
"""``evidence``: JSON of leaves (log, index) and sizes seen. Risk: 3 high, 2 medium, 1 low."""

rule_progress = Table(
    "rule_progress",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("examined_size", BigInteger, nullable=False),
)
"""How many leaves of each log the rules have looked at."""
