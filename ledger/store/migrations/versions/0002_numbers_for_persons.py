"""Number persons and appends, so that the rows of the log need no index on digests."""

from __future__ import annotations

import struct

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REVERSAL = 3
_NOBODY = bytes(32)
_LOG_AND_INDEX = struct.Struct(">IQ20x")


def upgrade() -> None:
    """Make the tables of numbers, and ``entries`` anew on top of them with every row it has."""
    _create_persons()
    _create_sources()
    _create_reversals()
    _create_unfinished_imports()
    _number_what_there_is()
    _replace_entries()


def _create_persons() -> None:
    op.create_table(
        "persons",
        sa.Column("person", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_persons")),
        sa.UniqueConstraint("subject", name=op.f("uq_persons_subject")),
    )


def _create_sources() -> None:
    op.create_table(
        "sources",
        sa.Column("source", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("source_key", sa.String(length=80), nullable=False),
        sa.Column("first_index", sa.BigInteger(), nullable=False),
        sa.Column("end_index", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_sources")),
    )
    op.create_index(op.f("ix_sources_source_key"), "sources", ["source_key"])


def _create_reversals() -> None:
    op.create_table(
        "reversals",
        sa.Column("leaf_index", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("log_id", sa.BigInteger(), nullable=False),
        sa.Column("reversed_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_reversals")),
    )
    op.create_index(
        op.f("ix_reversals_log_id_reversed_index"), "reversals", ["log_id", "reversed_index"]
    )


def _create_unfinished_imports() -> None:
    op.create_table(
        "unfinished_imports",
        sa.Column("import_key", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("rows_accepted", sa.BigInteger(), nullable=False),
        sa.Column("first_index", sa.BigInteger(), nullable=False),
        sa.Column("end_index", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("period_from", sa.Integer(), nullable=False),
        sa.Column("period_to", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("import_key", name=op.f("pk_unfinished_imports")),
    )


def _number_what_there_is() -> None:
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "INSERT INTO persons (person, subject)"
            " SELECT row_number() OVER (ORDER BY min(leaf_index)), subject FROM entries"
            " WHERE kind <> :reversal AND subject <> :nobody GROUP BY subject"
        ),
        {"reversal": _REVERSAL, "nobody": _NOBODY},
    )
    connection.execute(
        sa.text(
            "INSERT INTO sources (source, source_key, first_index, end_index, recorded_at)"
            " SELECT row_number() OVER (ORDER BY min(leaf_index)), source_key, min(leaf_index),"
            " max(leaf_index) + 1, recorded_at FROM entries GROUP BY source_key, recorded_at"
        )
    )
    taken_back = connection.execute(
        sa.text("SELECT leaf_index, subject FROM entries WHERE kind = :reversal"),
        {"reversal": _REVERSAL},
    )
    rows = []
    for leaf_index, subject in taken_back:
        log_id, reversed_index = _LOG_AND_INDEX.unpack(bytes(subject))
        rows.append({"leaf": leaf_index, "log": log_id, "reversed": reversed_index})
    if rows:
        connection.execute(
            sa.text(
                "INSERT INTO reversals (leaf_index, log_id, reversed_index)"
                " VALUES (:leaf, :log, :reversed)"
            ),
            rows,
        )


def _replace_entries() -> None:
    connection = op.get_bind()
    for index in ("ix_entries_source_key", "ix_entries_subject_kind", "ix_entries_tag"):
        op.drop_index(op.f(index), "entries")
    op.rename_table("entries", "entries_before")
    if connection.dialect.name == "postgresql":
        op.execute("ALTER TABLE entries_before RENAME CONSTRAINT pk_entries TO pk_entries_before")
    op.create_table(
        "entries",
        sa.Column("leaf_index", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("person", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("class", sa.Integer(), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.Column("source", sa.BigInteger(), nullable=False),
        sa.Column("sealed_record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_entries")),
    )
    connection.execute(
        sa.text(
            "INSERT INTO entries (leaf_index, person, kind, class, period, subject, amount_fen,"
            " commitment, tag, seal, source, sealed_record)"
            " SELECT b.leaf_index, coalesce(p.person, 0), b.kind, b.class, b.period, b.subject,"
            " b.amount_fen, b.commitment, b.tag, b.seal, s.source, b.sealed_record"
            " FROM entries_before b JOIN sources s"
            " ON s.source_key = b.source_key AND s.recorded_at = b.recorded_at"
            " LEFT JOIN persons p ON p.subject = b.subject AND b.kind <> :reversal"
            " ORDER BY b.leaf_index"
        ),
        {"reversal": _REVERSAL},
    )
    op.create_index(op.f("ix_entries_person_period"), "entries", ["person", "period"])
    op.drop_table("entries_before")
