"""The node's own log: entries in order, the head, signed checkpoints and their cosignatures."""

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

entries = Table(
    "entries",
    metadata,
    Column("leaf_index", BigId, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("class", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("subject", Digest, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("commitment", Digest, nullable=False),
    Column("tag", Digest, nullable=False),
    Column("seal", Digest, nullable=False),
    Column("sealed_record", LargeBinary, nullable=False),
    Column("source_key", String(80), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Index(None, "subject", "kind"),
    Index(None, "tag"),
    Index(None, "source_key"),
)
"""One row a leaf. ``sealed_record``: the record and its salt under the person's sealing key."""

log_head = Table(
    "log_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", Digest, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)
"""One row (id 1): what has been accepted, swapped in the transaction that adds the entries."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", Digest, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Column("number", BigInteger),
    Column("block", BigInteger),
    Column("block_time", BigInteger),
    Column("transaction_hash", String(66)),
    Column("final_at", BigInteger),
)
"""Signed heads: one root a size, ever. ``number`` and after it: read from the chain once final."""

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("cosigner", String(120), primary_key=True),
    Column("line", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
)
"""Signature lines of supervisors on our checkpoints, as C2SP tlog-cosignature writes them."""
