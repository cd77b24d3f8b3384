"""The node's own log as it was at an earlier time: how far it went, and what stood in it then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, exists, func, not_, select

from ledger.evidence.encoding import LeafIndex, LogId, TreeSize
from ledger.policy.kinds import SUPPLEMENT, Kind
from ledger.store.successions import SuccessionRepository
from ledger.store.tables.log import checkpoints, entries, log_head, reversals, sources
from ledger.store.times import to_micros

_ASKED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class KindTotal:
    """How many entries of a kind stood at a size, and their sum in fen."""

    kind: Kind
    entries: int
    amount_fen: int


class HistoryRepository:
    """Reads the past of the node's own log within the caller's transaction."""

    def __init__(self, connection: Connection, log_id: LogId) -> None:
        self._connection = connection
        self._lineage = SuccessionRepository(connection).of(log_id)

    def size_at(self, at: datetime) -> TreeSize:
        """How many entries had been recorded by then, by our own clock."""
        later = self._connection.execute(
            select(func.min(sources.c.first_index)).where(sources.c.recorded_at > to_micros(at))
        ).scalar_one()
        if later is not None:
            return TreeSize(later)
        now = self._connection.execute(select(log_head.c.size)).scalar_one_or_none()
        return TreeSize(now or 0)

    def signed_size_at(self, at: datetime) -> TreeSize | None:
        """The size of the last checkpoint signed by then, by our own clock."""
        size = self._connection.execute(
            select(func.max(checkpoints.c.size)).where(checkpoints.c.signed_at <= to_micros(at))
        ).scalar_one()
        return TreeSize(size) if size is not None else None

    def anchored_size_at(self, at: datetime) -> TreeSize | None:
        """The size of the last checkpoint that a block of the chain held by then, by its clock."""
        size = self._connection.execute(
            select(func.max(checkpoints.c.size)).where(
                checkpoints.c.block_time <= int(at.timestamp())
            )
        ).scalar_one()
        return TreeSize(size) if size is not None else None

    def reversals_of(self, indices: Sequence[int]) -> dict[LeafIndex, LeafIndex]:
        """The reversal of each of these leaves of our own log that has one, whenever it came."""
        found: dict[LeafIndex, LeafIndex] = {}
        for start in range(0, len(indices), _ASKED_AT_ONCE):
            chunk = [int(index) for index in indices[start : start + _ASKED_AT_ONCE]]
            rows = self._connection.execute(
                select(reversals.c.reversed_index, func.min(reversals.c.leaf_index))
                .where(
                    and_(
                        reversals.c.log_id.in_(self._lineage.log_ids),
                        reversals.c.reversed_index.in_(chunk),
                    )
                )
                .group_by(reversals.c.reversed_index)
            )
            found.update((LeafIndex(index), LeafIndex(by)) for index, by in rows)
        return found

    def totals_at(self, size: int, class_: int | None = None) -> list[KindTotal]:
        """What stood among the first ``size`` entries, by kind; reversals after them do not count.

        Args:
            size: how many entries are looked at.
            class_: only this class with its supplements; None for all.
        """
        taken_back = exists().where(
            and_(
                reversals.c.log_id.in_(self._lineage.log_ids),
                reversals.c.reversed_index == entries.c.leaf_index,
                reversals.c.leaf_index < size,
            )
        )
        wanted = [
            entries.c.leaf_index < size,
            entries.c.kind != int(Kind.REVERSAL),
            not_(taken_back),
        ]
        if class_ is not None:
            wanted.append(entries.c["class"].in_([class_, class_ | SUPPLEMENT]))
        rows = self._connection.execute(
            select(entries.c.kind, func.count(), func.sum(entries.c.amount_fen))
            .where(and_(*wanted))
            .group_by(entries.c.kind)
            .order_by(entries.c.kind)
        )
        return [KindTotal(Kind(kind), int(number), int(total)) for kind, number, total in rows]
