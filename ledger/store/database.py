"""Opens the node's database: SQLite by default, PostgreSQL by URL; the same tables on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ledger.errors import SettingsError, StorageUnavailableError
from ledger.files import SqliteFile
from ledger.store.driver import Driver

BUSY_TIMEOUT_SECONDS: Final = 60
_MIGRATIONS = Path(__file__).parent / "migrations"
_WRITER_LOCK: Final = 0x616E7875
"""The key of PostgreSQL's advisory lock: one writing transaction at a time on one node."""


class Database:
    """One node's database.

    Writers run one at a time (SQLite: BEGIN IMMEDIATE, PostgreSQL: a transaction-long advisory
    lock), so that appenders in several processes never prepare against the same head; readers are
    never blocked.

    Opened ``read_only`` it cannot be written at all, and a SQLite file and its folder stay byte for
    byte what they were.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise SettingsError(setting="database", reason="use a sqlite: or postgresql: URL")
        if parsed.get_backend_name() == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self._is_sqlite = parsed.get_backend_name() == "sqlite"
        self._read_only = read_only
        self._still: SqliteFile | None = None
        if self._is_sqlite and read_only:
            self._still = SqliteFile.at(_sqlite_path(url))
        self._engine = (
            _sqlite_engine(url, self._still)
            if self._is_sqlite
            else create_engine(parsed, pool_pre_ping=True, pool_size=10, hide_parameters=True)
        )

    def migrate(self) -> None:
        """Bring the tables to this version's shape; harmless when they are."""
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        try:
            with self._engine.connect() as connection:
                if self._is_sqlite:
                    connection = connection.execution_options(anxu_write=True)  # noqa: PLW2901
                with connection.begin():
                    self._take_writer_lock(connection)
                    config.attributes["connection"] = connection
                    command.upgrade(config, "head")
        except OperationalError as error:
            raise StorageUnavailableError(reason=reason_of(error)) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection inside a write transaction; rolled back unless the caller commits it."""
        try:
            with self._engine.connect() as plain:
                connection = plain.execution_options(anxu_write=True)
                if self._read_only and not self._is_sqlite:
                    connection = connection.execution_options(postgresql_readonly=True)
                transaction = connection.begin()
                try:
                    self._take_writer_lock(connection)
                    yield connection
                except BaseException:
                    if not transaction.is_active:
                        # A commit that failed may have left the driver inside the transaction.
                        connection.invalidate()
                    raise
                finally:
                    if transaction.is_active:
                        transaction.rollback()
        except OperationalError as error:
            raise StorageUnavailableError(reason=reason_of(error)) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database and writes nothing."""
        try:
            with self._engine.connect() as plain:
                connection = plain.execution_options(anxu_write=False)
                if not self._is_sqlite:
                    connection = connection.execution_options(
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                with connection.begin() as transaction:
                    yield connection
                    transaction.rollback()
        except OperationalError as error:
            raise StorageUnavailableError(reason=reason_of(error)) from error
        if self._still is not None:
            self._still.require_undisturbed()

    def require_current(self) -> None:
        """Refuse tables of another version: :meth:`migrate` would change them.

        Raises:
            SettingsError: they have another shape than this version's.
        """
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        wanted = ScriptDirectory.from_config(config).get_current_head()
        with self.reading() as connection:
            if MigrationContext.configure(connection).get_current_revision() != wanted:
                reason = "its tables are of another version; 'anxu node status' brings them up"
                raise SettingsError(setting="database", reason=reason)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def _take_writer_lock(self, connection: Connection) -> None:
        if not self._is_sqlite:
            Driver(connection).rows("SELECT pg_advisory_xact_lock(?)", (_WRITER_LOCK,))


def _sqlite_path(url: str) -> Path:
    path = make_url(url).database
    if not path:
        raise SettingsError(setting="database", reason="name a file: sqlite:///path/to/file.sqlite")
    return Path(path)


def _sqlite_engine(url: str, still: SqliteFile | None) -> Engine:
    # Parameters may be personal: what a fault says never shows them.
    if still is not None:
        engine = create_engine(
            "sqlite://", creator=still.connect, poolclass=QueuePool, hide_parameters=True
        )
    else:
        _sqlite_path(url).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, hide_parameters=True
        )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event below starts transactions
        if still is not None:
            return
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("anxu_write", True)
        Driver(connection).change("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def reason_of(error: SQLAlchemyError) -> str:
    """The driver's word for it, without statement or parameters (they may hold personal data)."""
    original = getattr(error, "orig", None)
    return type(original).__name__ if original is not None else "no answer"
