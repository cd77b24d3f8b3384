from __future__ import annotations

import ast
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import ledger.store.migrations
from ledger.evidence.encoding import LeafIndex, LogId, Subject, reversal_subject
from ledger.store.database import Database
from ledger.store.tables import metadata
from ledger.store.times import from_micros
from ledger.store.unit_of_work import Reading

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


class TestNumbersForPersons:
    """The second revision makes ``entries`` anew: every row must come through it."""

    def test_rows_of_the_first_tables_come_through(self, database_url):
        database = Database(database_url)
        upgrade(database, "0001")
        with database.writing() as connection:
            connection.execute(text(OLD_ROW), old_rows())
            connection.commit()
        database.migrate()
        with Reading(database, LogId(7)) as view:
            stored = list(view.log.entries(0, 9))
            assert [item.index for item in stored] == [0, 1, 2, 3]
            assert [item.source_key for item in stored] == ["one", "one", "two", "two"]
            assert [item.recorded_at for item in stored] == [from_micros(5)] * 2 + [
                from_micros(6)
            ] * 2
            assert [item.sealed_record for item in stored] == [b"0", b"1", b"2", b"3"]
            assert [item.index for item in view.log.of_subject(Subject(b"a" * 32))] == [0, 2]
            assert [item.index for item in view.log.of_source("two")] == [2, 3]
            assert view.log.reversal_of(1) == 3
            assert view.log.reversed_among([0, 1, 2]) == {1}
        database.close()


OLD_ROW = (
    "INSERT INTO entries (leaf_index, kind, class, period, subject, amount_fen, commitment, tag,"
    " seal, sealed_record, source_key, recorded_at) VALUES (:index, :kind, 1, 202609, :subject, 3,"
    " :digest, :digest, :digest, :sealed, :source, :at)"
)


def old_rows() -> list[dict[str, object]]:
    """Two persons, one of them twice, and a reversal of the second one's entry."""
    subjects = [b"a" * 32, b"b" * 32, b"a" * 32, reversal_subject(LogId(7), LeafIndex(1))]
    return [
        {
            "index": index,
            "kind": 3 if index == 3 else 1,
            "subject": subject,
            "digest": bytes([index]) * 32,
            "sealed": str(index).encode(),
            "source": "one" if index < 2 else "two",
            "at": 5 if index < 2 else 6,
        }
        for index, subject in enumerate(subjects)
    ]


def upgrade(database: Database, revision: str) -> None:
    """Bring an empty database to an earlier revision."""
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


class TestChainService:
    """The fourth revision: signed bytes stand beside the message, all versions of them."""

    def test_a_message_under_way_keeps_its_bytes(self, database_url):
        database = Database(database_url)
        upgrade(database, "0003")
        with database.writing() as connection:
            connection.execute(
                text(
                    "INSERT INTO outbox (id, message_key, signer, contract, function, arguments,"
                    " state, nonce, transaction_hash, raw, attempts, queued_at) VALUES"
                    " (1, 'sent', 'publisher', 'C', 'f', '[]', 'SIGNED', 7, '0xab', :raw, 1, 5),"
                    " (2, 'new', 'publisher', 'C', 'f', '[]', 'QUEUED', NULL, NULL, NULL, 0, 6)"
                ),
                {"raw": b"signed"},
            )
            connection.commit()
        database.migrate()
        with Reading(database, LogId(7)) as view:
            [message] = view.outbox.under_way("publisher")
            assert (message.nonce, message.signed_block, message.refusals) == (7, None, 0)
            [attempt] = view.outbox.attempts(message.id, 7)
            assert (attempt.raw, attempt.transaction_hash, attempt.gas) == (b"signed", "0xab", 0)
            assert [each.message_key for each in view.outbox.queued("publisher", 9)] == ["new"]
        database.close()
