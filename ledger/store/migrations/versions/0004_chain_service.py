"""Keep every signed version of a chain message, and what counted as final."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables; signed bytes move from the outbox to the table of attempts."""
    _create_attempts()
    _change_outbox()
    _create_final_blocks()
    _create_reorganisations()
    _create_index()


def _create_attempts() -> None:
    op.create_table(
        "outbox_attempts",
        sa.Column("transaction_hash", sa.String(length=66), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=False),
        sa.Column("max_fee_wei", sa.BigInteger(), nullable=False),
        sa.Column("priority_fee_wei", sa.BigInteger(), nullable=False),
        sa.Column("signed_block", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_hash", name=op.f("pk_outbox_attempts")),
    )
    op.create_index(op.f("ix_outbox_attempts_message_id"), "outbox_attempts", ["message_id"])
    # Gas and fees of these are not known any more; a raise then asks the chain.
    op.execute(
        "INSERT INTO outbox_attempts (transaction_hash, message_id, nonce, raw, gas, max_fee_wei, "
        "priority_fee_wei, signed_block, signed_at) "
        "SELECT transaction_hash, id, nonce, raw, 0, 0, 0, 0, queued_at FROM outbox "
        "WHERE raw IS NOT NULL AND transaction_hash IS NOT NULL AND nonce IS NOT NULL"
    )


def _change_outbox() -> None:
    op.drop_column("outbox", "raw")
    op.add_column("outbox", sa.Column("signed_block", sa.BigInteger()))
    for name in ("fee_raises", "refusals"):
        counter = sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
        op.add_column("outbox", counter)
    op.add_column("outbox", sa.Column("resend_at", sa.BigInteger()))
    op.add_column("outbox", sa.Column("block_hash", sa.String(length=66)))
    op.create_index(op.f("ix_outbox_signer_nonce"), "outbox", ["signer", "nonce"])


def _create_final_blocks() -> None:
    op.create_table(
        "final_blocks",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("block", name=op.f("pk_final_blocks")),
    )


def _create_reorganisations() -> None:
    op.create_table(
        "reorganisations",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("fork_block", sa.BigInteger(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("first_hash", sa.String(length=66), nullable=False),
        sa.Column("second_hash", sa.String(length=66), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorganisations")),
    )


def _create_index() -> None:
    """Recreate the event index, empty: it is made again from the chain."""
    op.execute("DELETE FROM chain_events")
    op.drop_table("chain_cursor")
    op.create_table(
        "chain_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.Column("final_block", sa.BigInteger(), nullable=False),
        sa.Column("head_block", sa.BigInteger(), nullable=False),
        sa.Column("head_time", sa.BigInteger(), nullable=False),
        sa.Column("checked_block", sa.BigInteger()),
        sa.Column("trouble", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_cursor")),
    )
    op.create_table(
        "chain_event_keys",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "block", "log_index", name=op.f("pk_chain_event_keys")),
    )
    op.create_index(op.f("ix_chain_event_keys_block"), "chain_event_keys", ["block"])
    op.create_table(
        "chain_blocks",
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("block", name=op.f("pk_chain_blocks")),
    )
    op.create_table(
        "chain_totals",
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("changed_block", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chain_totals")),
    )
    op.create_index(op.f("ix_chain_totals_changed_block"), "chain_totals", ["changed_block"])
    op.create_table(
        "chain_contact",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("sentence_zh", sa.Text(), nullable=False),
        sa.Column("sentence_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_contact")),
    )
    op.create_table(
        "chain_memory",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_chain_memory")),
    )


def _drop_index() -> None:
    tables = ("chain_memory", "chain_contact", "chain_totals", "chain_blocks", "chain_event_keys")
    for table in tables:
        op.drop_table(table)
    op.execute("DELETE FROM chain_events")
    op.drop_table("chain_cursor")
    op.create_table(
        "chain_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_cursor")),
    )


def downgrade() -> None:
    """Take the tables away; the newest signed bytes of a message go back to the outbox."""
    _drop_index()
    op.add_column("outbox", sa.Column("raw", sa.LargeBinary()))
    op.execute(
        "UPDATE outbox SET raw = (SELECT raw FROM outbox_attempts "
        "WHERE outbox_attempts.transaction_hash = outbox.transaction_hash)"
    )
    op.drop_index(op.f("ix_outbox_signer_nonce"), "outbox")
    for name in ("block_hash", "resend_at", "refusals", "fee_raises", "signed_block"):
        op.drop_column("outbox", name)
    for table in ("reorganisations", "final_blocks", "outbox_attempts"):
        op.drop_table(table)
