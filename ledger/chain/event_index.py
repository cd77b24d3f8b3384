"""Indexes the events of Anxu's contracts in one resumable pass over final blocks."""

from __future__ import annotations

from typing import Final

from ledger.chain.gateway import ChainGateway
from ledger.evidence.encoding import LogId
from ledger.store.database import Database
from ledger.store.events import ChainEvent
from ledger.store.unit_of_work import Reading, UnitOfWork

BLOCKS_A_STEP: Final = 500
"""How many blocks one step asks for at most."""


class EventIndex:
    """Keeps ``chain_events`` equal to what the contracts have announced in final blocks."""

    def __init__(self, database: Database, log_id: LogId, gateway: ChainGateway) -> None:
        self._database = database
        self._log_id = log_id
        self._gateway = gateway

    def step(self) -> bool:
        """Take in the next final blocks; returns whether there were any.

        A block that was indexed and is no longer the chain's makes the index start again from zero.
        """
        final = self._gateway.final_block()
        with Reading(self._database, self._log_id) as view:
            cursor = view.events.cursor()
        if cursor is not None and (
            cursor[0] > final or self._gateway.block_hash(cursor[0]) != cursor[1]
        ):
            with UnitOfWork(self._database, self._log_id) as work:
                work.events.forget()
                work.commit()
            cursor = None
        first = cursor[0] + 1 if cursor is not None else 0
        if first > final:
            return False
        last = min(final, first + BLOCKS_A_STEP - 1)
        events = [
            ChainEvent(
                block=event.block,
                log_index=event.log_index,
                contract=event.contract,
                name=event.name,
                arguments=event.arguments,
                transaction_hash=event.transaction_hash,
                block_time=event.block_time,
            )
            for event in self._gateway.events(first, last)
        ]
        with UnitOfWork(self._database, self._log_id) as work:
            known = work.events.cursor()
            if known == cursor:
                work.events.advance(last, self._gateway.block_hash(last), events)
                work.commit()
        return True
