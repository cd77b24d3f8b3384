"""Group commit: commands of many threads share one transaction, and one wait for the disk.

Commands run one after another on one connection, each inside a savepoint of its own. Whoever ends
while others wait hands the connection on; the last one, or the one that fills the group, commits
for all. Nobody is answered before that commit: `SharedCommand.commit` returns once it is durable. A
command that fails takes back its own savepoint only; a commit that fails, fails all its commands.
"""

from __future__ import annotations

import contextlib
import threading
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from ledger.errors import StorageUnavailableError
from ledger.store.database import Database, reason_of
from ledger.store.driver import Driver

MOST_COMMANDS: Final = 256
"""How many commands share one transaction at most."""
LONGEST_SECONDS: Final = 0.05
"""For how long a transaction takes in further commands."""


class _Transaction:
    """One shared transaction: how many commands it holds, and how it ended."""

    def __init__(self, scope: AbstractContextManager[Connection]) -> None:
        self.scope = scope
        self.connection = scope.__enter__()
        self.driver = Driver(self.connection)
        self.began = time.monotonic()
        self.commands = 0
        self.ended = threading.Event()
        self.error: BaseException | None = None

    def close(self) -> None:
        """Give the connection back, as it was or, when something failed, not at all."""
        with contextlib.suppress(SQLAlchemyError, StorageUnavailableError):
            if self.error is not None:
                # A commit that failed may have left the driver inside the transaction.
                self.connection.invalidate()
            self.scope.__exit__(None, None, None)


class GroupCommit:
    """Lets the writing commands of one process share transactions."""

    def __init__(
        self,
        database: Database,
        *,
        most_commands: int = MOST_COMMANDS,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._database = database
        self._most_commands = most_commands
        self._longest_seconds = longest_seconds
        self._turn = threading.Lock()  # whoever holds it uses the connection
        self._counting = threading.Lock()  # held for moments, while `_waiting` and `_turn` change
        self._waiting = 0
        self._owner: int | None = None
        self._open: _Transaction | None = None

    def command(self, *, alone: bool = False) -> SharedCommand:
        """A place in the next transaction, to be used in a ``with`` block.

        Args:
            alone: in a transaction of its own, so that nobody else's answer waits for a long one.
        """
        return SharedCommand(self, alone=alone)

    # --- the steps of a command, in this order ----------------------------------------------------

    def _join(self, *, alone: bool) -> _Transaction:
        """Wait for the turn; returns the open transaction with a fresh savepoint."""
        if self._owner == threading.get_ident():
            raise RuntimeError("a command cannot run inside another one of the same thread")
        self._take_turn()
        try:
            if alone and self._open is not None:
                self._end()
            if self._open is None:
                self._open = _Transaction(self._database.writing())
            self._open.driver.change("SAVEPOINT command")
        except BaseException as error:
            if self._open is not None:
                self._open.error = self._open.error or error
            self._hand_on(at_once=True)
            raise
        self._owner = threading.get_ident()
        return self._open

    def _keep(self, transaction: _Transaction, *, alone: bool) -> None:
        """Count what the command wrote to the transaction, and wait until that is durable."""
        try:
            transaction.driver.change("RELEASE SAVEPOINT command")
            transaction.commands += 1
        except BaseException as error:
            transaction.error = error
            raise
        finally:
            self._hand_on(at_once=alone or transaction.error is not None)
        transaction.ended.wait()
        if transaction.error is not None:
            raise StorageUnavailableError(
                reason=f"the shared transaction failed ({type(transaction.error).__name__})"
            ) from transaction.error

    def _take_back(self, transaction: _Transaction) -> None:
        """Undo what the command wrote; the others' part stays."""
        try:
            transaction.driver.change("ROLLBACK TO SAVEPOINT command")
            transaction.driver.change("RELEASE SAVEPOINT command")
        except SQLAlchemyError as error:
            transaction.error = error  # the transaction is gone, and with it the others' part
        except BaseException as error:
            transaction.error = error  # what should be taken back may still be there
            raise
        finally:
            self._hand_on(at_once=transaction.error is not None)

    # --- the turn ---------------------------------------------------------------------------------

    def _take_turn(self) -> None:
        with self._counting:
            self._waiting += 1
        try:
            self._turn.acquire()
        except BaseException:
            # Who counted on us to commit has handed the turn on: commit for them, if it is free.
            with self._counting:
                self._waiting -= 1
                free = self._turn.acquire(blocking=False)
            if free:
                self._hand_on(at_once=False)
            raise
        with self._counting:
            self._waiting -= 1

    def _hand_on(self, *, at_once: bool) -> None:
        """Give the turn to the next who waits, or end the transaction when there is nobody."""
        self._owner = None
        with self._counting:
            if self._waiting and not at_once and self._has_room():
                self._turn.release()
                return
        try:
            self._end()
        finally:
            self._turn.release()

    def _has_room(self) -> bool:
        transaction = self._open
        if transaction is None:
            return True
        age = time.monotonic() - transaction.began
        return transaction.commands < self._most_commands and age < self._longest_seconds

    def _end(self) -> None:
        """Commit for all, or take all back when the transaction is lost; then answer."""
        transaction, self._open = self._open, None
        if transaction is None:
            return
        try:
            if transaction.error is None and transaction.commands:
                under_way = transaction.connection.get_transaction()
                assert under_way is not None, "the scope began it"
                under_way.commit()
        except SQLAlchemyError as error:
            transaction.error = error
        except BaseException as error:
            transaction.error = error
            raise
        finally:
            transaction.ended.set()
            transaction.close()


class SharedCommand:
    """One command's part of a shared transaction; taken back unless :meth:`commit` ran."""

    def __init__(self, group: GroupCommit, *, alone: bool) -> None:
        self._group = group
        self._alone = alone
        self._joined: _Transaction | None = None

    def __enter__(self) -> Connection:
        try:
            self._joined = self._group._join(alone=self._alone)  # noqa: SLF001 - two halves of one
        except OperationalError as error:
            raise StorageUnavailableError(reason=reason_of(error)) from error
        return self._joined.connection

    def commit(self) -> None:
        """Wait until what was written is durable; the connection is no longer ours afterwards.

        Raises:
            StorageUnavailableError: it was not committed, and neither was what others wrote.
        """
        assert self._joined is not None, "a command is committed once, inside its with block"
        transaction, self._joined = self._joined, None
        try:
            self._group._keep(transaction, alone=self._alone)  # noqa: SLF001
        except SQLAlchemyError as error:
            raise StorageUnavailableError(reason=reason_of(error)) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        transaction, self._joined = self._joined, None
        if transaction is not None:
            self._group._take_back(transaction)  # noqa: SLF001
        if isinstance(error, OperationalError):
            raise StorageUnavailableError(reason=reason_of(error)) from error
