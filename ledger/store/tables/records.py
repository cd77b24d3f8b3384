"""Files that were imported."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from ledger.store.tables.base import metadata

imports = Table(
    "imports",
    metadata,
    Column("import_key", String(80), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_digest", LargeBinary(32), nullable=False),
    Column("rows_read", Integer, nullable=False),
    Column("rows_accepted", Integer, nullable=False),
    Column("rows_left_out", Integer, nullable=False),
    Column("first_index", BigInteger, nullable=False),
    Column("end_index", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("summary", Text, nullable=False),
    Column("imported_at", BigInteger, nullable=False),
)
"""One row a file and mapping; the same file again finds its row and changes nothing."""
