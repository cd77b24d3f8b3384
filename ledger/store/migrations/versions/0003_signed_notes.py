"""Keep the signed notes that other logs show, so that two roots for one size are evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of notes, empty: what was shown before is not known any more."""
    op.create_table(
        "followed_notes",
        sa.Column("log_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size", "root", name=op.f("pk_followed_notes")),
    )


def downgrade() -> None:
    """Take the table away."""
    op.drop_table("followed_notes")
