"""Notices when the chain goes out of reach and when it is back, for pages and for the log."""

from __future__ import annotations

import structlog

from ledger.chain.gateway import ChainGateway
from ledger.chain.remembered import RememberedAnswers
from ledger.errors import LedgerError, UnavailableError, VerificationError
from ledger.evidence.encoding import LogId
from ledger.ports import Clock
from ledger.store.contact import ChainOutage
from ledger.store.database import Database
from ledger.store.unit_of_work import Reading, UnitOfWork

_log = structlog.get_logger("anxu.chain")


class ChainContact:
    """A job of the worker: looks at every endpoint and keeps since when too few can be used."""

    def __init__(
        self,
        database: Database,
        log_id: LogId,
        gateway: ChainGateway,
        clock: Clock,
        answers: RememberedAnswers | None = None,
    ) -> None:
        self._database = database
        self._log_id = log_id
        self._gateway = gateway
        self._clock = clock
        self._answers = answers

    def step(self) -> bool:
        """Look once; whether the chain went out of use or came back."""
        error: LedgerError | None = None
        try:
            self._gateway.examine()
        except (UnavailableError, VerificationError) as found:
            error = found
        with Reading(self._database, self._log_id) as view:
            known = view.contact.outage()
        self._keep_answers()
        if error is None:
            if known is None:
                return False
            self._note(None)
            _log.info("chain-back", since=known.since.isoformat())
            return True
        since = known.since if known is not None else self._clock.now()
        outage = ChainOutage(since, error.code, error.sentence("zh"), error.sentence("en"))
        if known is not None and known.code == outage.code:
            return False  # the sentence may have changed: how old the newest block is, say
        self._note(outage)
        if known is None:
            _log.warning("chain-out", code=error.code)
        return known is None

    def _keep_answers(self) -> None:
        """What contracts answered since the last look outlives this process."""
        changes = self._answers.take_changes() if self._answers is not None else {}
        if changes:
            with UnitOfWork(self._database, self._log_id) as work:
                work.contact.remember(changes)
                work.commit()

    def _note(self, outage: ChainOutage | None) -> None:
        with UnitOfWork(self._database, self._log_id) as work:
            work.contact.note(outage)
            work.commit()
