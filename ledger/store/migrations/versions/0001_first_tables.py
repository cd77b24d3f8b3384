"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A key that the database counts up by itself."""


def upgrade() -> None:
    """Create every table."""
    _create_entries()
    _create_log_head()
    _create_checkpoints()
    _create_cosignatures()
    _create_outbox()
    _create_anchored_messages()
    _create_chain_events()
    _create_chain_cursor()
    _create_leases()
    _create_commands()
    _create_imports()
    _create_payout_batches()
    _create_payout_lines()
    _create_journal_entries()
    _create_postings()
    _create_transfer_cases()
    _create_transfer_steps()
    _create_transfer_messages()
    _create_settlements()
    _create_decisions()
    _create_followed_logs()
    _create_followed_leaves()
    _create_followed_entries()
    _create_followed_checkpoints()
    _create_alerts()
    _create_rule_progress()


def _create_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("leaf_index", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("class", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_record", sa.LargeBinary(), nullable=False),
        sa.Column("source_key", sa.String(length=80), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_entries")),
    )
    op.create_index(op.f("ix_entries_source_key"), "entries", ["source_key"])
    op.create_index(op.f("ix_entries_subject_kind"), "entries", ["subject", "kind"])
    op.create_index(op.f("ix_entries_tag"), "entries", ["tag"])


def _create_log_head() -> None:
    op.create_table(
        "log_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )


def _create_checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger()),
        sa.Column("block", sa.BigInteger()),
        sa.Column("block_time", sa.BigInteger()),
        sa.Column("transaction_hash", sa.String(length=66)),
        sa.Column("final_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_checkpoints")),
    )


def _create_cosignatures() -> None:
    op.create_table(
        "cosignatures",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cosigner", sa.String(length=120), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size", "cosigner", name=op.f("pk_cosignatures")),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("message_key", sa.String(length=160), nullable=False),
        sa.Column("signer", sa.String(length=40), nullable=False),
        sa.Column("contract", sa.String(length=40), nullable=False),
        sa.Column("function", sa.String(length=60), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("nonce", sa.BigInteger()),
        sa.Column("transaction_hash", sa.String(length=66)),
        sa.Column("raw", sa.LargeBinary()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("block", sa.BigInteger()),
        sa.Column("gas_used", sa.BigInteger()),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("final_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_key", name=op.f("uq_outbox_message_key")),
    )
    op.create_index(op.f("ix_outbox_state"), "outbox", ["state"])


def _create_anchored_messages() -> None:
    op.create_table(
        "anchored_messages",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("message_key", sa.String(length=160), nullable=False),
        sa.Column("end_index", sa.BigInteger(), nullable=False),
        sa.Column("contract", sa.String(length=40), nullable=False),
        sa.Column("function", sa.String(length=60), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchored_messages")),
        sa.UniqueConstraint("message_key", name=op.f("uq_anchored_messages_message_key")),
    )
    op.create_index(op.f("ix_anchored_messages_end_index"), "anchored_messages", ["end_index"])


def _create_chain_events() -> None:
    op.create_table(
        "chain_events",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("contract", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("transaction_hash", sa.String(length=66), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block", "log_index", name=op.f("pk_chain_events")),
    )
    op.create_index(op.f("ix_chain_events_contract_name"), "chain_events", ["contract", "name"])


def _create_chain_cursor() -> None:
    op.create_table(
        "chain_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_cursor")),
    )


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _create_commands() -> None:
    op.create_table(
        "commands",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("input_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_commands")),
    )


def _create_imports() -> None:
    op.create_table(
        "imports",
        sa.Column("import_key", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_accepted", sa.Integer(), nullable=False),
        sa.Column("rows_left_out", sa.Integer(), nullable=False),
        sa.Column("first_index", sa.BigInteger(), nullable=False),
        sa.Column("end_index", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("import_key", name=op.f("pk_imports")),
    )


def _create_payout_batches() -> None:
    op.create_table(
        "payout_batches",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("first_index", sa.BigInteger(), nullable=False),
        sa.Column("end_index", sa.BigInteger(), nullable=False),
        sa.Column("lines_root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_payout_batches")),
    )


def _create_payout_lines() -> None:
    op.create_table(
        "payout_lines",
        sa.Column("batch_id", sa.String(length=66), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("class", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("sealed_payee", sa.LargeBinary()),
        sa.Column("finding", sa.Text()),
        sa.Column("decision", sa.Text()),
        sa.PrimaryKeyConstraint("batch_id", "leaf_index", name=op.f("pk_payout_lines")),
    )
    op.create_index(op.f("ix_payout_lines_state"), "payout_lines", ["state"])
    op.create_index(op.f("ix_payout_lines_subject"), "payout_lines", ["subject"])


def _create_journal_entries() -> None:
    op.create_table(
        "journal_entries",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("occasion", sa.String(length=40), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
        sa.UniqueConstraint("reference", name=op.f("uq_journal_entries_reference")),
    )


def _create_postings() -> None:
    op.create_table(
        "postings",
        sa.Column("journal_entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=24), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("journal_entry", "line", name=op.f("pk_postings")),
    )
    op.create_index(op.f("ix_postings_account"), "postings", ["account"])


def _create_transfer_cases() -> None:
    op.create_table(
        "transfer_cases",
        sa.Column("case_id", sa.String(length=66), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("intent", sa.String(length=12), nullable=False),
        sa.Column("scope", sa.String(length=24), nullable=False),
        sa.Column("class", sa.Integer(), nullable=False),
        sa.Column("peer_log", sa.Integer(), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("segment_log", sa.Integer(), nullable=False),
        sa.Column("stay", sa.Integer(), nullable=False),
        sa.Column("segment_tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("initiative", sa.String(length=12), nullable=False),
        sa.Column("figures_digest", sa.LargeBinary(length=32)),
        sa.Column("package_digest", sa.LargeBinary(length=32)),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("settlement_id", sa.String(length=66)),
        sa.Column("refusal_code", sa.Integer(), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.String(length=10)),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_transfer_cases")),
    )
    op.create_index(op.f("ix_transfer_cases_settlement_id"), "transfer_cases", ["settlement_id"])
    op.create_index(op.f("ix_transfer_cases_state"), "transfer_cases", ["state"])
    op.create_index(op.f("ix_transfer_cases_subject"), "transfer_cases", ["subject"])


def _create_transfer_steps() -> None:
    op.create_table(
        "transfer_steps",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("case_id", sa.String(length=66), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("actors", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_steps")),
    )
    op.create_index(op.f("ix_transfer_steps_case_id"), "transfer_steps", ["case_id"])


def _create_transfer_messages() -> None:
    op.create_table(
        "transfer_messages",
        sa.Column("message_key", sa.String(length=160), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("case_id", sa.String(length=66), nullable=False),
        sa.Column("peer_log", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary()),
        sa.Column("envelope", sa.LargeBinary()),
        sa.Column("content_digest", sa.LargeBinary(length=32)),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("answer", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_key", name=op.f("pk_transfer_messages")),
    )
    op.create_index(op.f("ix_transfer_messages_case_id"), "transfer_messages", ["case_id"])
    op.create_index(
        op.f("ix_transfer_messages_direction_state"), "transfer_messages", ["direction", "state"]
    )


def _create_settlements() -> None:
    op.create_table(
        "settlements",
        sa.Column("settlement_id", sa.String(length=66), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("peer_log", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("cases", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("fault", sa.Text()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("pk_settlements")),
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.String(length=66), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_subject"), "decisions", ["subject"])


def _create_followed_logs() -> None:
    op.create_table(
        "followed_logs",
        sa.Column("log_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_followed_logs")),
    )


def _create_followed_leaves() -> None:
    op.create_table(
        "followed_leaves",
        sa.Column("log_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "leaf_index", name=op.f("pk_followed_leaves")),
    )
    op.create_index(op.f("ix_followed_leaves_tag"), "followed_leaves", ["tag"])


def _create_followed_entries() -> None:
    op.create_table(
        "followed_entries",
        sa.Column("log_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("class", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "leaf_index", name=op.f("pk_followed_entries")),
    )
    op.create_index(
        op.f("ix_followed_entries_subject_kind"), "followed_entries", ["subject", "kind"]
    )


def _create_followed_checkpoints() -> None:
    op.create_table(
        "followed_checkpoints",
        sa.Column("log_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("cosignature", sa.Text()),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", name=op.f("pk_followed_checkpoints")),
    )


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(length=66), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("risk", sa.SmallInteger(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32)),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("evidence_final_at", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("conflict_id", sa.Integer()),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_state"), "alerts", ["state"])


def _create_rule_progress() -> None:
    op.create_table(
        "rule_progress",
        sa.Column("log_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("examined_size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_rule_progress")),
    )
