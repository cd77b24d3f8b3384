"""The driver's own statements on both engines: one transaction with SQLAlchemy's, the same faults."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from ledger.errors import StorageUnavailableError
from ledger.store.driver import Driver, marks

SECRET = "34010419600101001X"
INSERT = "INSERT INTO persons (person, subject) VALUES (?, ?)"


class TestStatements:
    def test_they_are_part_of_the_transaction(self, database):
        with database.writing() as connection:
            driver = Driver(connection)
            assert driver.change(INSERT, (1, b"a")) == 1
            driver.change_each(INSERT, [(2, b"b"), (3, b"c")])
            assert connection.execute(text("SELECT count(*) FROM persons")).scalar_one() == 3
        with database.reading() as connection:
            assert Driver(connection).rows("SELECT person FROM persons") == []

    def test_values_come_back_as_they_were_put(self, database):
        with database.writing() as connection:
            driver = Driver(connection)
            driver.change_each(INSERT, [(2**62, bytes(range(256))), (1, b"")])
            question = f"SELECT person, subject FROM persons WHERE person IN ({marks(2)})"
            found = driver.rows(f"{question} ORDER BY person", (1, 2**62))
        assert found == [(1, b""), (2**62, bytes(range(256)))]

    def test_nothing_changed_is_told(self, database):
        with database.writing() as connection:
            driver = Driver(connection)
            assert driver.change("UPDATE persons SET subject = ? WHERE person = ?", (b"", 7)) == 0


class TestFaults:
    @pytest.mark.parametrize("way", ["change", "change_each"])
    def test_a_refused_row_is_said_without_its_values(self, database, way):
        with database.writing() as connection:
            driver, row = Driver(connection), (1, SECRET.encode())
            driver.change(INSERT, row)
            with pytest.raises(IntegrityError) as refused:
                getattr(driver, way)(INSERT, row if way == "change" else [row])
        assert SECRET not in str(refused.value)
        assert refused.value.params is None

    def test_a_wrong_statement_is_said(self, database):
        with database.writing() as connection, pytest.raises((OperationalError, ProgrammingError)):
            Driver(connection).rows("SELECT nothing FROM nowhere")

    def test_a_database_that_went_away_is_said_by_the_transaction(self, database):
        def lose(connection):
            connection.connection.driver_connection.close()
            Driver(connection).rows("SELECT 1")

        # SQLite's own word for a closed connection is a wrong use of it.
        kinds = (StorageUnavailableError, ProgrammingError)
        with pytest.raises(kinds), database.writing() as connection:
            lose(connection)
        with database.writing() as connection:
            assert Driver(connection).rows("SELECT 1") == [(1,)]
