"""Which blocks counted as final, and what became of it when the chain replaced one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from ledger.store.tables.chain import final_blocks, reorganisations
from ledger.store.times import from_micros, to_micros

KEPT_BLOCKS: Final = 256
"""How many of the blocks that counted as final are kept, to find where a replacement began."""


@dataclass(frozen=True, slots=True)
class Reorganisation:
    """A block that counted as final and was replaced.

    ``fork_block`` is the newest known block that both histories have. Until a person has decided
    (``decided_at``), nothing is published or paid on what the chain says.
    """

    id: int
    fork_block: int
    block: int
    first_hash: str
    second_hash: str
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


class FinalityRepository:
    """What this node took for final."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def recent(self) -> list[tuple[int, str]]:
        """Blocks that counted as final, number and hash, newest first."""
        rows = self._connection.execute(
            select(final_blocks.c.block, final_blocks.c.block_hash).order_by(
                final_blocks.c.block.desc()
            )
        )
        return [(row[0], row[1]) for row in rows]

    def newest(self) -> tuple[int, str] | None:
        """The highest block that counted as final."""
        row = self._connection.execute(
            select(final_blocks.c.block, final_blocks.c.block_hash)
            .order_by(final_blocks.c.block.desc())
            .limit(1)
        ).one_or_none()
        return (row[0], row[1]) if row is not None else None

    def note(self, block: int, block_hash: str, at: datetime) -> None:
        """Keep that a block counts as final; one that is not newer than the newest known is not."""
        known = self.newest()
        if known is not None and known[0] >= block:
            return
        self._connection.execute(
            insert(final_blocks).values(block=block, block_hash=block_hash, seen_at=to_micros(at))
        )
        oldest = (
            select(final_blocks.c.block)
            .order_by(final_blocks.c.block.desc())
            .offset(KEPT_BLOCKS - 1)
            .limit(1)
            .scalar_subquery()
        )
        self._connection.execute(delete(final_blocks).where(final_blocks.c.block < oldest))

    def forget_above(self, block: int) -> None:
        """Drop the blocks above this one: they are not the chain's any more."""
        self._connection.execute(delete(final_blocks).where(final_blocks.c.block > block))

    def open_reorganisation(self) -> Reorganisation | None:
        """The oldest that nobody has decided on."""
        row = (
            self._connection.execute(
                select(reorganisations)
                .where(reorganisations.c.decided_at.is_(None))
                .order_by(reorganisations.c.id)
                .limit(1)
            )
            .mappings()
            .one_or_none()
        )
        return _reorganisation(row) if row is not None else None

    def reorganisations(self) -> list[Reorganisation]:
        """All, oldest first."""
        rows = self._connection.execute(select(reorganisations).order_by(reorganisations.c.id))
        return [_reorganisation(row) for row in rows.mappings()]

    def add_reorganisation(
        self, fork_block: int, block: int, first_hash: str, second_hash: str, at: datetime
    ) -> None:
        """Keep that a final block was replaced, unless one stands that nobody has decided on."""
        if self.open_reorganisation() is None:
            self._connection.execute(
                insert(reorganisations).values(
                    fork_block=fork_block,
                    block=block,
                    first_hash=first_hash,
                    second_hash=second_hash,
                    found_at=to_micros(at),
                )
            )

    def decide(self, number: int, by: str, reason: str, at: datetime) -> None:
        """Keep who decided that the chain as it is now counts, and why."""
        self._connection.execute(
            update(reorganisations)
            .where(reorganisations.c.id == number, reorganisations.c.decided_at.is_(None))
            .values(decided_at=to_micros(at), decided_by=by, reason=reason)
        )


def _reorganisation(row: RowMapping) -> Reorganisation:
    decided = row["decided_at"]
    return Reorganisation(
        id=row["id"],
        fork_block=row["fork_block"],
        block=row["block"],
        first_hash=row["first_hash"],
        second_hash=row["second_hash"],
        found_at=from_micros(row["found_at"]),
        decided_at=from_micros(decided) if decided is not None else None,
        decided_by=row["decided_by"],
        reason=row["reason"],
    )
