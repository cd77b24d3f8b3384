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

persons = Table(
    "persons",
    metadata,
    Column("person", BigId, primary_key=True, autoincrement=False),
    Column("subject", Digest, nullable=False, unique=True),
)
"""A number for everybody the log has facts about, from 1 on, in the order of appearance."""

sources = Table(
    "sources",
    metadata,
    Column("source", BigId, primary_key=True, autoincrement=False),
    Column("source_key", String(80), nullable=False),
    Column("first_index", BigInteger, nullable=False),
    Column("end_index", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Index(None, "source_key"),
)
"""One row an append: the import or command that its leaves came from, and when."""

entries = Table(
    "entries",
    metadata,
    Column("leaf_index", BigId, primary_key=True, autoincrement=False),
    Column("person", BigInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("class", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("subject", Digest, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("commitment", Digest, nullable=False),
    Column("tag", Digest, nullable=False),
    Column("seal", Digest, nullable=False),
    Column("source", BigInteger, nullable=False),
    Column("sealed_record", LargeBinary, nullable=False),
    Index(None, "person", "period"),
)
"""One row a leaf. ``sealed_record``: the record and its salt under the person's sealing key.

``person`` is 0 where the subject is nobody's. The one index besides the key is on numbers that come
in the order of the files: an index on digests would make an append four times as slow.
"""

reversals = Table(
    "reversals",
    metadata,
    Column("leaf_index", BigId, primary_key=True, autoincrement=False),
    Column("log_id", BigInteger, nullable=False),
    Column("reversed_index", BigInteger, nullable=False),
    Index(None, "log_id", "reversed_index"),
)
"""Which leaf each entry of kind 3 takes back."""

successions = Table(
    "successions",
    metadata,
    Column("log_id", BigInteger, primary_key=True, autoincrement=False),
    Column("predecessor", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
)
"""One row a log that carries a closed one on, our own or a followed one: it begins with the first
``size`` leaves of ``predecessor``, which keep the log that recorded them in their seals."""

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
