"""Files that were imported, and files that are on their way in."""

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

unfinished_imports = Table(
    "unfinished_imports",
    metadata,
    Column("import_key", String(80), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("rows_read", BigInteger, nullable=False),
    Column("rows_done", BigInteger, nullable=False),
    Column("rows_accepted", BigInteger, nullable=False),
    Column("first_index", BigInteger, nullable=False),
    Column("end_index", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("period_from", Integer, nullable=False),
    Column("period_to", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)
"""One row a large file of which some parts are recorded; it goes with the last part, in the same
transaction in which the row of ``imports`` comes. ``rows_done``: rows of the file, counted from its
beginning, that are recorded or left out; supplements of a file of several parts come behind them,
counted from its beginning again. The sums are of what is recorded."""
