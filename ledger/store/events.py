"""Events of the contracts as this node has indexed them, and how far it got."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ledger.store.tables.chain import chain_cursor, chain_events


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """One decoded event; ``arguments`` holds JSON values (bytes as 0x-hex)."""

    block: int
    log_index: int
    contract: str
    name: str
    arguments: dict[str, Any]
    transaction_hash: str
    block_time: int


class EventRepository:
    """The event index of the node."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def cursor(self) -> tuple[int, str] | None:
        """The last indexed block and its hash; None before the first."""
        row = self._connection.execute(
            select(chain_cursor.c.block, chain_cursor.c.block_hash)
        ).one_or_none()
        return (row[0], row[1]) if row is not None else None

    def advance(self, block: int, block_hash: str, events: Sequence[ChainEvent]) -> None:
        """Add the events up to ``block`` and move the cursor there."""
        if events:
            self._connection.execute(
                insert(chain_events),
                [
                    {
                        "block": event.block,
                        "log_index": event.log_index,
                        "contract": event.contract,
                        "name": event.name,
                        "arguments": json.dumps(event.arguments),
                        "transaction_hash": event.transaction_hash,
                        "block_time": event.block_time,
                    }
                    for event in events
                ],
            )
        if self.cursor() is None:
            self._connection.execute(
                insert(chain_cursor).values(id=1, block=block, block_hash=block_hash)
            )
        else:
            self._connection.execute(
                update(chain_cursor).values(block=block, block_hash=block_hash)
            )

    def forget(self) -> None:
        """Drop the whole index, to be rebuilt from the chain."""
        self._connection.execute(delete(chain_events))
        self._connection.execute(delete(chain_cursor))

    def named(self, contract: str, *names: str) -> list[ChainEvent]:
        """All events of a contract, optionally only some names, in chain order."""
        query = select(chain_events).where(chain_events.c.contract == contract)
        if names:
            query = query.where(chain_events.c.name.in_(names))
        rows = self._connection.execute(
            query.order_by(chain_events.c.block, chain_events.c.log_index)
        ).mappings()
        return [
            ChainEvent(
                block=row["block"],
                log_index=row["log_index"],
                contract=row["contract"],
                name=row["name"],
                arguments=json.loads(row["arguments"]),
                transaction_hash=row["transaction_hash"],
                block_time=row["block_time"],
            )
            for row in rows
        ]
