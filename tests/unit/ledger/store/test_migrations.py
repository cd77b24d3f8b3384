from __future__ import annotations

import ast
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

import ledger.store.migrations
from ledger.store.tables import metadata

VERSIONS = Path(ledger.store.migrations.__file__).parent / "versions"


class TestMigrations:
    def test_migrated_tables_are_those_of_the_metadata(self, database):
        with database.reading() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, metadata) == []

    def test_keys_and_indices_have_the_names_of_the_metadata(self, database):
        with database.reading() as connection:
            found = inspect(connection)
            for name, table in metadata.tables.items():
                key = found.get_pk_constraint(name)
                assert key["constrained_columns"] == [each.name for each in table.primary_key]
                if connection.dialect.name == "postgresql":
                    assert key["name"] == f"pk_{name}"
                indices = {
                    each["name"]: each["column_names"]
                    for each in found.get_indexes(name)
                    if not each.get("duplicates_constraint")
                }
                assert indices == {
                    str(each.name): [column.name for column in each.columns]
                    for each in table.indexes
                }

    def test_a_revision_stands_by_itself(self):
        """Tables change; what a revision once did must not change with them."""
        for path in VERSIONS.glob("*.py"):
            imported = {
                node.module if isinstance(node, ast.ImportFrom) else alias.name
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
            }
            assert not [name for name in imported if str(name).startswith("ledger")], path.name
