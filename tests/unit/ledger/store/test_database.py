"""What a connection leaves behind when the database refuses at the last moment."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ledger.store.database import Database

TABLES = (
    "CREATE TABLE answers (key VARCHAR(40) PRIMARY KEY)",
    "CREATE TABLE notes (key VARCHAR(40) REFERENCES answers (key) DEFERRABLE INITIALLY DEFERRED)",
)


class TestWriting:
    def test_a_commit_that_fails_leaves_no_transaction_behind(self, database_url):
        database = Database(database_url)
        with database.writing() as connection:
            for table in TABLES:
                connection.execute(text(table))
            connection.get_transaction().commit()

        def write_what_is_refused_at_the_end():
            with database.writing() as connection:
                connection.execute(text("INSERT INTO notes (key) VALUES ('nobody')"))
                connection.get_transaction().commit()

        for _ in range(3):
            with pytest.raises(IntegrityError):
                write_what_is_refused_at_the_end()
            with database.reading() as connection:
                assert connection.execute(text("SELECT count(*) FROM notes")).scalar_one() == 0
        with database.writing() as connection:
            connection.execute(text("INSERT INTO answers (key) VALUES ('one')"))
            connection.get_transaction().commit()
        database.close()
