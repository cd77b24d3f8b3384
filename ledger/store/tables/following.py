"""Other nodes' logs as this node has pulled and checked them."""

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

from ledger.store.tables.base import Digest, metadata

followed_logs = Table(
    "followed_logs",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("endpoint", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", Digest, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("last_error", Text),
    Column("checked_at", BigInteger, nullable=False),
)
"""How far each log is followed. State: CURRENT, BEHIND, UNREACHABLE, INCONSISTENT."""

followed_notes = Table(
    "followed_notes",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", Digest, primary_key=True),
    Column("note", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
"""Signed checkpoints that a log showed us. Two roots for one size are a split view: the evidence.
Without a signature the text is what the chain holds."""

followed_leaves = Table(
    "followed_leaves",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("tag", Digest, nullable=False),
    Column("seal", Digest, nullable=False),
    Index(None, "tag"),
)
"""Public leaves of other bureaus' logs."""

followed_entries = Table(
    "followed_entries",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("class", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("subject", Digest, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("commitment", Digest, nullable=False),
    Index(None, "subject", "kind"),
)
"""Entries as supervisors see them; every leaf was recomputed from its entry before it came in."""

followed_checkpoints = Table(
    "followed_checkpoints",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", Digest, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("block", BigInteger, nullable=False),
    Column("block_time", BigInteger, nullable=False),
    Column("cosignature", Text),
    Column("checked_at", BigInteger, nullable=False),
)
"""Final and consistent checkpoints of other logs; ``cosignature`` is our line when we cosign."""
