"""Transfer cases between two bureaus, seen from this one, and the settlements of their money."""

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

transfer_cases = Table(
    "transfer_cases",
    metadata,
    Column("case_id", String(66), primary_key=True),
    Column("side", String(4), nullable=False),
    Column("state", String(24), nullable=False),
    Column("intent", String(12), nullable=False),
    Column("scope", String(24), nullable=False),
    Column("class", Integer, nullable=False),
    Column("peer_log", Integer, nullable=False),
    Column("subject", Digest, nullable=False),
    Column("segment_log", Integer, nullable=False),
    Column("stay", Integer, nullable=False),
    Column("segment_tag", Digest, nullable=False),
    Column("initiative", String(12), nullable=False),
    Column("figures_digest", LargeBinary(32)),
    Column("package_digest", LargeBinary(32)),
    Column("months", Integer, nullable=False, default=0),
    Column("amount_fen", BigInteger, nullable=False, default=0),
    Column("settlement_id", String(66)),
    Column("refusal_code", Integer, nullable=False, default=0),
    Column("sealed_content", LargeBinary, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("due_on", String(10)),
    Column("updated_at", BigInteger, nullable=False),
    Index(None, "subject"),
    Index(None, "state"),
    Index(None, "settlement_id"),
)
"""``side``: NEW or OLD city. ``sealed_content`` is the case's JSON (person, letter, sheet, records)
under the person's key. ``intent`` is what this side decided and the chain has not confirmed."""

transfer_steps = Table(
    "transfer_steps",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("case_id", String(66), nullable=False),
    Column("step", String(32), nullable=False),
    Column("actors", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "case_id"),
)
"""What happened to a case, in order, as officers and the person both see it: JSON of names and
of the sentence in both languages."""

transfer_messages = Table(
    "transfer_messages",
    metadata,
    Column("message_key", String(160), primary_key=True),
    Column("direction", String(3), nullable=False),
    Column("case_id", String(66), nullable=False),
    Column("peer_log", Integer, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("sealed_content", LargeBinary),
    Column("envelope", LargeBinary),
    Column("content_digest", LargeBinary(32)),
    Column("state", String(12), nullable=False),
    Column("attempts", SmallInteger, nullable=False, default=0),
    Column("last_error", Text),
    Column("answer", Text),
    Column("at", BigInteger, nullable=False),
    Index(None, "direction", "state"),
    Index(None, "case_id"),
)
"""Messages to and from other bureaus, kept before they are sent and after they are answered.
OUT: QUEUED, DELIVERED, REFUSED, CANCELLED; IN: TAKEN. An envelope is sealed to its receiver."""

settlements = Table(
    "settlements",
    metadata,
    Column("settlement_id", String(66), primary_key=True),
    Column("side", String(4), nullable=False),
    Column("peer_log", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("cases", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("fault", Text),
    Column("at", BigInteger, nullable=False),
)
"""One payment of money for several cases between two pools. States: QUEUED, SENT, RECEIVED, FAILED
(the contract did not take it), DISPUTED (what arrives is not the sum of its cases)."""
