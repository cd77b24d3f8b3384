"""What goes to the chain, what came from it, and who may run the node's worker (leases)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from ledger.store.tables.base import BigId, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("message_key", String(160), nullable=False, unique=True),
    Column("signer", String(40), nullable=False),
    Column("contract", String(40), nullable=False),
    Column("function", String(60), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("nonce", BigInteger),
    Column("transaction_hash", String(66)),
    Column("raw", LargeBinary),
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", Text),
    Column("block", BigInteger),
    Column("gas_used", BigInteger),
    Column("queued_at", BigInteger, nullable=False),
    Column("final_at", BigInteger),
    Index(None, "state"),
)
"""Chain messages, written in the transaction of the fact. States: QUEUED, SIGNED, FINAL, FAILED."""

anchored_messages = Table(
    "anchored_messages",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("message_key", String(160), nullable=False, unique=True),
    Column("end_index", BigInteger, nullable=False),
    Column("contract", String(40), nullable=False),
    Column("function", String(60), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "end_index"),
)
"""Messages that wait until leaves up to ``end_index`` are anchored, then join the outbox."""

chain_events = Table(
    "chain_events",
    metadata,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("contract", String(40), nullable=False),
    Column("name", String(60), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("transaction_hash", String(66), nullable=False),
    Column("block_time", BigInteger, nullable=False),
    Index(None, "contract", "name"),
)
"""Decoded events of Anxu's contracts, in chain order."""

chain_cursor = Table(
    "chain_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("block", BigInteger, nullable=False),
    Column("block_hash", String(66), nullable=False),
)
"""One row (id 1): the last block whose events are all in ``chain_events``."""

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
"""Who runs the worker; real time, not the demonstration's clock."""

commands = Table(
    "commands",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("input_digest", LargeBinary(32), nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_at", BigInteger, nullable=False),
)
"""Idempotency: same key and input give the first answer again; with other input, a refusal."""
