"""What goes to the chain, what came from it, and who may run the node's worker (leases)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text, text

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
    Column("signed_block", BigInteger),
    Column("transaction_hash", String(66)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("fee_raises", Integer, nullable=False, server_default=text("0")),
    Column("refusals", Integer, nullable=False, server_default=text("0")),
    Column("resend_at", BigInteger),
    Column("last_error", Text),
    Column("block", BigInteger),
    Column("block_hash", String(66)),
    Column("gas_used", BigInteger),
    Column("queued_at", BigInteger, nullable=False),
    Column("final_at", BigInteger),
    Index(None, "state"),
    Index(None, "signer", "nonce"),
)
"""Chain messages, written in the transaction of the fact.

States: QUEUED, SIGNED, LANDED, FINAL, FAILED, STUCK. ``signed_block`` was the newest block when
the nonce was given, at which it was free.
"""

outbox_attempts = Table(
    "outbox_attempts",
    metadata,
    Column("transaction_hash", String(66), primary_key=True),
    Column("message_id", BigInteger, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("gas", BigInteger, nullable=False),
    Column("max_fee_wei", BigInteger, nullable=False),
    Column("priority_fee_wei", BigInteger, nullable=False),
    Column("signed_block", BigInteger, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Index(None, "message_id"),
)
"""Every signed version of a message, kept before it is first sent; any one's receipt settles it."""

final_blocks = Table(
    "final_blocks",
    metadata,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("block_hash", String(66), nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
"""The last blocks that counted as final here, to notice when the chain replaces one of them."""

reorganisations = Table(
    "reorganisations",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("fork_block", BigInteger, nullable=False),
    Column("block", BigInteger, nullable=False),
    Column("first_hash", String(66), nullable=False),
    Column("second_hash", String(66), nullable=False),
    Column("found_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    Column("decided_by", Text),
    Column("reason", Text),
)
"""Final blocks that the chain replaced; until one is decided on, nothing is published or paid."""

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
    Column("block_time", BigInteger, nullable=False),
    Column("final_block", BigInteger, nullable=False),
    Column("head_block", BigInteger, nullable=False),
    Column("head_time", BigInteger, nullable=False),
    Column("checked_block", BigInteger),
    Column("trouble", Text),
)
"""One row (id 1): the last block whose events are all in ``chain_events``.

Events after ``final_block`` may still be undone. ``head_block`` was the chain's newest when the
index last looked, ``checked_block`` the last at which totals equalled contract storage; ``trouble``
is why the index stands still, as JSON.
"""

chain_event_keys = Table(
    "chain_event_keys",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Index(None, "block"),
)
"""What events are about: each indexed argument as ``name:value``, to find them without a scan."""

chain_blocks = Table(
    "chain_blocks",
    metadata,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("block_hash", String(66), nullable=False),
)
"""Recent indexed blocks, to find where a reorganisation began."""

chain_totals = Table(
    "chain_totals",
    metadata,
    Column("name", String(160), primary_key=True),
    Column("value", String(80), nullable=False),
    Column("changed_block", BigInteger, nullable=False),
    Index(None, "changed_block"),
)
"""What contract storage must say if no event is missing: see ``ledger.chain.event_totals``."""

chain_contact = Table(
    "chain_contact",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("failing_since", BigInteger),
    Column("code", String(40), nullable=False),
    Column("sentence_zh", Text, nullable=False),
    Column("sentence_en", Text, nullable=False),
)
"""One row (id 1): since when the chain cannot be used and why; no time while it can."""

chain_memory = Table(
    "chain_memory",
    metadata,
    Column("key", Text, primary_key=True),
    Column("answer", LargeBinary, nullable=False),
)
"""What contracts answered last, shown while the chain cannot be reached."""

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
