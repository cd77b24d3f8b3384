"""Statements for the database's driver itself, within the transaction that SQLAlchemy began.

What SQLAlchemy does around a small statement takes ten times as long as the statement. Those that
every command of an officer runs go this way; all others are written with SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


class Driver:
    """The driver's connection below one of SQLAlchemy's; its faults are raised as SQLAlchemy's.

    In a statement a question mark is a parameter, on both engines, and there are no other marks.
    """

    __slots__ = ("_connection", "_dialect", "is_postgresql")

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection.connection.driver_connection
        self._dialect = connection.dialect
        self.is_postgresql = connection.dialect.name == "postgresql"

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows that a question brings.

        Raises:
            DBAPIError: the database refused it.
        """
        try:
            found = self._connection.execute(self._spelt(statement), values)
            return found.fetchall()  # type: ignore[no-any-return]
        except self._dialect.loaded_dbapi.Error as error:
            raise self._fault(error, statement) from error

    def change(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run a statement that brings nothing; how many rows it changed.

        Raises:
            DBAPIError: the database refused it.
        """
        try:
            return int(self._connection.execute(self._spelt(statement), values).rowcount)
        except self._dialect.loaded_dbapi.Error as error:
            raise self._fault(error, statement) from error

    def change_each(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement once for each row of parameters.

        Raises:
            DBAPIError: the database refused one of them.
        """
        try:
            self._connection.cursor().executemany(self._spelt(statement), rows)
        except self._dialect.loaded_dbapi.Error as error:
            raise self._fault(error, statement) from error

    def _spelt(self, statement: str) -> str:
        return _for_psycopg(statement) if self.is_postgresql else statement

    def _fault(self, error: Exception, statement: str) -> BaseException:
        # Parameters may be personal: what the fault says never shows them.
        return DBAPIError.instance(
            statement, None, error, self._dialect.loaded_dbapi.Error,
            hide_parameters=True, dialect=self._dialect,
        )  # fmt: skip


def marks(count: int) -> str:
    """As many parameters, with commas between them."""
    return ",".join("?" * count)


@lru_cache(maxsize=1024)
def _for_psycopg(statement: str) -> str:
    return statement.replace("?", "%s")
