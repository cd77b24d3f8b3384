"""A database that is opened to be looked at cannot be written, and stays what it was."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from ledger.errors import SettingsError, StorageUnavailableError
from ledger.files import SqliteFile
from ledger.store.database import Database
from ledger.store.tables.log import checkpoints


@pytest.fixture
def made(database_url: str) -> str:
    """The URL of a database with tables."""
    with_tables = Database(database_url)
    with_tables.migrate()
    with_tables.close()
    return database_url


class TestReadOnly:
    def test_what_is_read_is_there_and_nothing_can_be_written(self, made):
        database = Database(made, read_only=True)
        with database.reading() as connection:
            assert connection.execute(text("SELECT count(*) FROM entries")).scalar_one() == 0
        row = {"size": 1, "root": bytes(32), "note": "", "signed_at": 0}
        with (
            pytest.raises((StorageUnavailableError, DBAPIError)),
            database.writing() as connection,
        ):
            connection.execute(insert(checkpoints).values(**row))
        database.close()

    def test_tables_of_this_version_are_taken(self, made):
        database = Database(made, read_only=True)
        database.require_current()
        database.close()

    def test_tables_of_another_version_are_refused(self, made):
        older = Database(made)
        with older.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
            connection.get_transaction().commit()
        with pytest.raises(SettingsError):
            older.require_current()
        older.close()


class TestSqliteFile:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "file ?#%.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE t (x)")
        connection.close()
        return path

    def test_reading_alone_leaves_nothing_beside_it(self, path):
        before = path.read_bytes()
        still = SqliteFile.at(path)
        connection = still.connect()
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
        connection.close()
        still.require_undisturbed()
        assert [item.name for item in path.parent.iterdir()] == [path.name]
        assert path.read_bytes() == before

    def test_what_a_writer_has_not_moved_into_the_file_yet_is_read(self, path):
        writer = sqlite3.connect(path)
        writer.execute("INSERT INTO t VALUES (1)")
        writer.commit()
        still = SqliteFile.at(path)
        connection = still.connect()
        assert connection.execute("SELECT x FROM t").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError):
            connection.execute("INSERT INTO t VALUES (2)")
        still.require_undisturbed()
        connection.close()
        writer.close()

    def test_somebody_who_begins_to_write_meanwhile_is_noticed(self, path):
        still = SqliteFile.at(path)
        connection = still.connect()
        writer = sqlite3.connect(path)
        writer.execute("INSERT INTO t VALUES (1)")
        writer.commit()
        with pytest.raises(StorageUnavailableError):
            still.require_undisturbed()
        connection.close()
        writer.close()
        with pytest.raises(StorageUnavailableError):
            still.require_undisturbed()

    def test_a_file_that_is_not_there_is_not_made(self, tmp_path):
        with pytest.raises(StorageUnavailableError):
            Database(f"sqlite:///{tmp_path / 'none.sqlite'}", read_only=True)
        assert list(tmp_path.iterdir()) == []
