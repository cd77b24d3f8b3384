"""One unit of work per command: all of it counts when its owner commits, or nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from ledger.evidence.encoding import LogId
from ledger.store.alerts import AlertRepository
from ledger.store.audit import AuditRepository
from ledger.store.commands import CommandRepository, ImportRepository, LeaseRepository
from ledger.store.contact import ContactRepository
from ledger.store.database import Database
from ledger.store.decisions import DecisionRepository
from ledger.store.events import EventRepository
from ledger.store.finality import FinalityRepository
from ledger.store.following import FollowingRepository
from ledger.store.group import GroupCommit
from ledger.store.history import HistoryRepository
from ledger.store.inheriting import InheritanceRepository
from ledger.store.journal import JournalRepository
from ledger.store.log import LogRepository
from ledger.store.outbox import OutboxRepository
from ledger.store.payouts import PayoutRepository
from ledger.store.successions import SuccessionRepository
from ledger.store.transfers import TransferRepository


class Rooms:
    """The rooms of the store over one connection, open inside a with block."""

    def __init__(self, scope: AbstractContextManager[Connection], log_id: LogId) -> None:
        self._scope = scope
        self._log_id = log_id
        self._open: Connection | None = None

    def __enter__(self) -> Self:
        self._open = self._scope.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open = None
        self._scope.__exit__(kind, error, traceback)

    @property
    def _connection(self) -> Connection:
        assert self._open is not None, "the store is used inside a with block"
        return self._open

    @cached_property
    def log(self) -> LogRepository:
        """The node's own log."""
        return LogRepository(self._connection, self._log_id)

    @cached_property
    def audit(self) -> AuditRepository:
        """The rows of the node's own log as they stand, believed by nobody."""
        return AuditRepository(self._connection)

    @cached_property
    def successions(self) -> SuccessionRepository:
        """Which logs carry on a closed one."""
        return SuccessionRepository(self._connection)

    @cached_property
    def inheritance(self) -> InheritanceRepository:
        """What a closed log leaves to its successor."""
        return InheritanceRepository(self._connection)

    @cached_property
    def history(self) -> HistoryRepository:
        """The node's own log as it was at earlier times."""
        return HistoryRepository(self._connection, self._log_id)

    @cached_property
    def outbox(self) -> OutboxRepository:
        """Messages to the chain."""
        return OutboxRepository(self._connection)

    @cached_property
    def finality(self) -> FinalityRepository:
        """Which blocks counted as final."""
        return FinalityRepository(self._connection)

    @cached_property
    def commands(self) -> CommandRepository:
        """Answers given before."""
        return CommandRepository(self._connection)

    @cached_property
    def imports(self) -> ImportRepository:
        """Imported files."""
        return ImportRepository(self._connection)

    @cached_property
    def journal(self) -> JournalRepository:
        """The bureau's books."""
        return JournalRepository(self._connection)

    @cached_property
    def leases(self) -> LeaseRepository:
        """Who runs the worker."""
        return LeaseRepository(self._connection)

    @cached_property
    def following(self) -> FollowingRepository:
        """Other nodes' logs."""
        return FollowingRepository(self._connection)

    @cached_property
    def alerts(self) -> AlertRepository:
        """Alerts of a supervisor's node."""
        return AlertRepository(self._connection)

    @cached_property
    def payouts(self) -> PayoutRepository:
        """Payout batches and their lines."""
        return PayoutRepository(self._connection)

    @cached_property
    def decisions(self) -> DecisionRepository:
        """Decisions on eligibility."""
        return DecisionRepository(self._connection)

    @cached_property
    def events(self) -> EventRepository:
        """Indexed chain events."""
        return EventRepository(self._connection)

    @cached_property
    def contact(self) -> ContactRepository:
        """Since when the chain cannot be used."""
        return ContactRepository(self._connection)

    @cached_property
    def transfers(self) -> TransferRepository:
        """Transfer cases, their steps, messages and settlements."""
        return TransferRepository(self._connection)


class UnitOfWork(Rooms):
    """A write transaction.

    ``with UnitOfWork(database, log_id) as work:`` rolls everything back unless ``work.commit()``
    ran.
    """

    def __init__(
        self,
        database: Database,
        log_id: LogId,
        group: GroupCommit | None = None,
        *,
        alone: bool = False,
    ) -> None:
        """A transaction of its own, or by way of ``group`` one that other commands share."""
        self._command = group.command(alone=alone) if group is not None else None
        super().__init__(self._command or database.writing(), log_id)

    def commit(self) -> None:
        """The one commit point: after it, everything written here is accepted.

        Raises:
            StorageUnavailableError: it was not.
        """
        if self._command is not None:
            self._command.commit()
            self._open = None  # the connection is another command's now
            return
        transaction = self._connection.get_transaction()
        assert transaction is not None
        transaction.commit()


class Reading(Rooms):
    """A consistent view for pages and proofs: ``with Reading(database, log_id) as view:``."""

    def __init__(self, database: Database, log_id: LogId) -> None:
        super().__init__(database.reading(), log_id)
