"""Events of the contracts as this node has indexed them, and how far it got."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from ledger.store.tables.chain import (
    chain_blocks,
    chain_cursor,
    chain_event_keys,
    chain_events,
    chain_totals,
)

KEPT_BLOCKS: Final = 256
"""How many final blocks stay known by hash below the ones that may still be replaced."""
_KEYS_AT_ONCE: Final = 500
_ROWS_AT_ONCE: Final = 2000


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


@dataclass(frozen=True, slots=True)
class IndexedBlock:
    """A block's number, hash (0x-hex) and time (seconds since 1970)."""

    number: int
    hash: str
    time: int = 0


@dataclass(frozen=True, slots=True)
class IndexCursor:
    """How far the index is. Events after ``final_block`` may still be undone.

    ``head`` was the chain's newest block when the index last looked. ``checked_block`` is the last
    at which what the events add up to equalled contract storage. ``trouble`` says why the index
    stands still: the ``code`` of an error and its fields.
    """

    block: int
    block_hash: str
    block_time: int
    final_block: int
    head_block: int
    head_time: int
    checked_block: int | None
    trouble: Mapping[str, Any] | None

    @property
    def lag_blocks(self) -> int:
        """How many blocks of the chain are not indexed yet."""
        return max(0, self.head_block - self.block)

    @property
    def lag_seconds(self) -> int:
        """How much older the last indexed block is than the chain's newest."""
        return max(0, self.head_time - self.block_time)


@dataclass(frozen=True, slots=True)
class Total:
    """What contract storage must say, and the block whose event changed it last."""

    name: str
    value: int
    changed_block: int


class EventRepository:
    """The event index of the node. Readers see final events only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- reading ---

    def cursor(self) -> IndexCursor | None:
        """How far the index is; None before the first block."""
        row = self._connection.execute(select(chain_cursor)).mappings().one_or_none()
        if row is None:
            return None
        return IndexCursor(
            block=row["block"],
            block_hash=row["block_hash"],
            block_time=row["block_time"],
            final_block=row["final_block"],
            head_block=row["head_block"],
            head_time=row["head_time"],
            checked_block=row["checked_block"],
            trouble=json.loads(row["trouble"]) if row["trouble"] is not None else None,
        )

    def named(self, contract: str, *names: str) -> list[ChainEvent]:
        """All final events of a contract, optionally only some names, in chain order."""
        return [_event(row) for row in self._rows(self._final(contract, names))]

    def about(self, keys: Iterable[str], contract: str, *names: str) -> list[ChainEvent]:
        """The final events that carry one of these keys, in chain order.

        Args:
            keys: an indexed argument as ``name:value`` (``caseId:0x…``, ``toLog:3``), or the
                transaction as ``transaction:0x…``.
            contract: whose events.
            names: which of them; none for all.
        """
        wanted = sorted(set(keys))
        found: dict[tuple[int, int], ChainEvent] = {}
        for first in range(0, len(wanted), _KEYS_AT_ONCE):
            some = wanted[first : first + _KEYS_AT_ONCE]
            query = self._final(contract, names).join(
                chain_event_keys,
                and_(
                    chain_event_keys.c.block == chain_events.c.block,
                    chain_event_keys.c.log_index == chain_events.c.log_index,
                ),
            )
            for row in self._rows(query.where(chain_event_keys.c.key.in_(some))):
                found[row["block"], row["log_index"]] = _event(row)
        return [found[place] for place in sorted(found)]

    def count(self) -> int:
        """How many events are indexed, those that may still be undone included."""
        return int(
            self._connection.execute(select(func.count()).select_from(chain_events)).scalar_one()
        )

    def all(self, *contracts: str) -> Iterator[ChainEvent]:
        """Every indexed event of some contracts, in chain order, final or not."""
        query = select(chain_events).where(chain_events.c.contract.in_(contracts))
        for row in self._rows(query):
            yield _event(row)

    def after(self, block: int) -> list[ChainEvent]:
        """Every indexed event of later blocks, in chain order, final or not."""
        return [
            _event(row)
            for row in self._rows(select(chain_events).where(chain_events.c.block > block))
        ]

    def blocks(self) -> list[IndexedBlock]:
        """The blocks that are known by their hash, newest first."""
        rows = self._connection.execute(
            select(chain_blocks.c.block, chain_blocks.c.block_hash).order_by(
                chain_blocks.c.block.desc()
            )
        )
        return [IndexedBlock(row[0], row[1]) for row in rows]

    def totals(
        self, names: Sequence[str] | None = None, *, changed_after: int | None = None
    ) -> list[Total]:
        """Totals by name: some, those that changed after a block, or all."""
        if names is not None:
            found: list[Total] = []
            for first in range(0, len(names), _KEYS_AT_ONCE):
                some = names[first : first + _KEYS_AT_ONCE]
                found += self._totals(select(chain_totals).where(chain_totals.c.name.in_(some)))
            return sorted(found, key=lambda total: total.name)
        query = select(chain_totals)
        if changed_after is not None:
            query = query.where(chain_totals.c.changed_block > changed_after)
        return self._totals(query)

    def _totals(self, query: Select[Any]) -> list[Total]:
        rows = self._connection.execute(query.order_by(chain_totals.c.name)).mappings()
        return [Total(row["name"], int(row["value"]), row["changed_block"]) for row in rows]

    def _final(self, contract: str, names: Sequence[str]) -> Select[Any]:
        limit = select(chain_cursor.c.final_block).scalar_subquery()
        query = select(chain_events).where(
            chain_events.c.contract == contract, chain_events.c.block <= limit
        )
        return query.where(chain_events.c.name.in_(names)) if names else query

    def _rows(self, query: Select[Any]) -> Iterable[RowMapping]:
        ordered = query.order_by(chain_events.c.block, chain_events.c.log_index)
        return self._connection.execute(
            ordered.execution_options(yield_per=_ROWS_AT_ONCE)
        ).mappings()

    # --- writing ---

    def advance(
        self,
        last: IndexedBlock,
        events: Sequence[tuple[ChainEvent, Sequence[str]]],
        *,
        final_block: int,
        head: IndexedBlock,
        blocks: Sequence[IndexedBlock] = (),
    ) -> None:
        """Add the events up to ``last``, each with its keys, and move the cursor there.

        Args:
            last: the last block whose events are among them.
            events: of the blocks after the cursor.
            final_block: the newest block that counts as final.
            head: the chain's newest block.
            blocks: those of the new ones that are to be known by their hash.
        """
        self._insert(events)
        known = [{"block": each.number, "block_hash": each.hash} for each in blocks]
        if known:
            self._connection.execute(insert(chain_blocks), known)
        self._connection.execute(
            delete(chain_blocks).where(chain_blocks.c.block < final_block - KEPT_BLOCKS)
        )
        self._place(last, final_block, head)

    def _insert(self, events: Sequence[tuple[ChainEvent, Sequence[str]]]) -> None:
        if not events:
            return
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
                for event, _ in events
            ],
        )
        keys = [
            {"key": key, "block": event.block, "log_index": event.log_index}
            for event, named in events
            for key in sorted(set(named))
        ]
        if keys:
            self._connection.execute(insert(chain_event_keys), keys)

    def _place(self, last: IndexedBlock, final_block: int, head: IndexedBlock) -> None:
        values = {
            "block": last.number,
            "block_hash": last.hash,
            "block_time": last.time,
            "final_block": min(final_block, last.number),
            "head_block": head.number,
            "head_time": head.time,
        }
        if self.cursor() is None:
            self._connection.execute(insert(chain_cursor).values(id=1, **values))
        else:
            self._connection.execute(update(chain_cursor).values(**values))

    def set_totals(self, totals: Mapping[str, int], block: int) -> None:
        """Keep new values of totals, changed by events up to ``block``."""
        names = sorted(totals)
        for first in range(0, len(names), _KEYS_AT_ONCE):
            some = names[first : first + _KEYS_AT_ONCE]
            self._connection.execute(delete(chain_totals).where(chain_totals.c.name.in_(some)))
        rows = [
            {"name": name, "value": str(totals[name]), "changed_block": block} for name in names
        ]
        if rows:
            self._connection.execute(insert(chain_totals), rows)

    def drop_totals(self, contracts: Sequence[str]) -> None:
        """Drop the totals of some contracts, to be added up anew."""
        for contract in contracts:
            self._connection.execute(
                delete(chain_totals).where(
                    chain_totals.c.name.startswith(f"{contract}.", autoescape=True)
                )
            )

    def undo_after(self, last: IndexedBlock) -> None:
        """Drop what later blocks brought; the cursor stands at ``last`` again."""
        for table in (chain_events, chain_event_keys, chain_blocks):
            self._connection.execute(delete(table).where(table.c.block > last.number))
        self._connection.execute(
            update(chain_cursor).values(
                block=last.number,
                block_hash=last.hash,
                block_time=last.time,
                final_block=func.min(chain_cursor.c.final_block, last.number)
                if self._connection.dialect.name == "sqlite"
                else func.least(chain_cursor.c.final_block, last.number),
                checked_block=None,
            )
        )

    def note_checked(self, block: int) -> None:
        """The totals at this block equal contract storage."""
        self._connection.execute(update(chain_cursor).values(checked_block=block))

    def set_trouble(self, trouble: Mapping[str, Any] | None) -> None:
        """Why the index stands still; None: it goes on."""
        text = json.dumps(trouble, ensure_ascii=False) if trouble is not None else None
        self._connection.execute(update(chain_cursor).values(trouble=text))

    def forget(self) -> None:
        """Drop the whole index, to be rebuilt from the chain."""
        for table in (chain_events, chain_event_keys, chain_blocks, chain_totals, chain_cursor):
            self._connection.execute(delete(table))


def _event(row: RowMapping) -> ChainEvent:
    return ChainEvent(
        block=row["block"],
        log_index=row["log_index"],
        contract=row["contract"],
        name=row["name"],
        arguments=json.loads(row["arguments"]),
        transaction_hash=row["transaction_hash"],
        block_time=row["block_time"],
    )
