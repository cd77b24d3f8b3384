"""Payout batches and their lines, fund accounts' journal entries and postings."""

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

from ledger.store.tables.base import BigId, Digest, metadata

payout_batches = Table(
    "payout_batches",
    metadata,
    Column("batch_id", String(66), primary_key=True),
    Column("origin", String(12), nullable=False),
    Column("period", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("first_index", BigInteger, nullable=False),
    Column("end_index", BigInteger, nullable=False),
    Column("lines_root", Digest, nullable=False),
    Column("details", Text, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
"""``origin``: IMPORTED (was paid) or PROPOSED; ``details``: JSON of officers, signatures, files."""

payout_lines = Table(
    "payout_lines",
    metadata,
    Column("batch_id", String(66), primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Digest, nullable=False),
    Column("class", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sealed_payee", LargeBinary),
    Column("finding", Text),
    Column("decision", Text),
    Index(None, "state"),
    Index(None, "subject"),
)
"""States: `ledger.funds.model.LineState`. ``finding``, ``decision`` are JSON."""

journal_entries = Table(
    "journal_entries",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("reference", String(120), nullable=False, unique=True),
    Column("occasion", String(40), nullable=False),
    Column("details", Text, nullable=False),
    Column("posted_at", BigInteger, nullable=False),
)
"""A balanced set of postings; ``reference`` is the same that its chain message carries."""

postings = Table(
    "postings",
    metadata,
    Column("journal_entry", BigInteger, primary_key=True, autoincrement=False),
    Column("line", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", String(24), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Index(None, "account"),
)
"""Signed amounts (debit positive); the lines of one journal entry sum to zero."""
