"""Which logs carry on a closed one: our own, and those that are followed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from sqlalchemy import Connection, insert, select

from ledger.evidence.encoding import LogId
from ledger.evidence.lineage import Lineage
from ledger.store.tables.log import successions

PredecessorReader = Callable[[int], tuple[int, int] | None]
"""Given a log: the closed log that it carries on and from which size, as the chain says."""


class SuccessionRepository:
    """Who carries on whom, within the caller's transaction. What is kept never changes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def _known(self) -> dict[int, tuple[int, int]]:
        columns = (successions.c.log_id, successions.c.predecessor, successions.c.size)
        return {heir: (log, size) for heir, log, size in self._connection.execute(select(*columns))}

    def predecessor_of(self, log_id: int) -> tuple[int, int] | None:
        """The log that this one carries on, and from which size; None when it is not known."""
        return self._known.get(log_id)

    def of(self, log_id: int) -> Lineage:
        """The lineage of a log; of one that carries no other on, itself alone."""
        return Lineage.of(log_id, self.predecessor_of)

    def ancestors_of(self, log_id: int) -> list[LogId]:
        """The closed logs that a log carries on, the newest first."""
        found: list[LogId] = []
        while (known := self.predecessor_of(log_id)) is not None:
            log_id = known[0]
            found.append(LogId(log_id))
        return found

    def acting_for(self, log_id: int) -> LogId:
        """Who carries a log on in the end, as far as it is known; itself when nobody does."""
        heirs = {log: heir for heir, (log, _) in self._known.items()}
        while log_id in heirs:
            log_id = heirs[log_id]
        return LogId(log_id)

    def is_carried_on(self, log_id: int, index: int) -> bool:
        """Whether leaf ``index``, recorded in ``log_id``, counts: every heir carries it on."""
        return not self._known or self.of(self.acting_for(log_id)).holds(log_id, index)

    def keep(self, log_id: int, predecessor_of: PredecessorReader) -> None:
        """Keep whom a log carries on, back to the first of them."""
        while (found := predecessor_of(log_id)) is not None:
            if log_id not in self._known:
                row = {"log_id": log_id, "predecessor": found[0], "size": found[1]}
                self._connection.execute(insert(successions), [row])
                self._known[log_id] = found
            log_id = found[0]
