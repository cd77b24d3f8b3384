"""What this node holds of other nodes' logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, select, update

from ledger.evidence.encoding import (
    Commitment,
    Entry,
    Head,
    Leaf,
    LeafIndex,
    LogId,
    PlacedEntry,
    Subject,
    reversal_tag,
)
from ledger.evidence.merkle import CompactRange
from ledger.policy.kinds import Kind
from ledger.store.successions import SuccessionRepository
from ledger.store.tables.following import (
    followed_checkpoints,
    followed_entries,
    followed_leaves,
    followed_logs,
    followed_notes,
)
from ledger.store.times import from_micros, to_micros

_IN_CHUNK = 500

Place = tuple[LogId, LeafIndex]
"""Which leaf of which log."""


@dataclass(frozen=True, slots=True)
class FollowedLog:
    """How far a log is followed; ``number`` is the chain's, of the last checkpoint checked."""

    log_id: LogId
    endpoint: str
    head: CompactRange
    number: int
    state: str
    last_error: str | None
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class FollowedCheckpoint:
    """A final and consistent checkpoint of another log; ``cosignature`` is ours, if any."""

    log_id: LogId
    size: int
    root: bytes
    number: int
    block: int
    block_time: int
    cosignature: str | None


@dataclass(frozen=True, slots=True)
class SeenNote:
    """A checkpoint that a log showed: its signed note, or without signature the chain's text."""

    log_id: LogId
    size: int
    root: bytes
    note: str
    seen_at: datetime


class FollowingRepository:
    """Other nodes' logs, within the caller's transaction.

    A leaf that a log carries on from a closed one is kept once, under the log that recorded it, and
    is found under either. Leaves of a closed log that nobody carries on are no facts any more: they
    are found by their place only.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._successions = SuccessionRepository(connection)

    def log(self, log_id: int) -> FollowedLog | None:
        """How far log ``log_id`` is followed."""
        row = (
            self._connection.execute(select(followed_logs).where(followed_logs.c.log_id == log_id))
            .mappings()
            .one_or_none()
        )
        return _followed(row) if row is not None else None

    def logs(self) -> list[FollowedLog]:
        """All followed logs by id."""
        rows = self._connection.execute(
            select(followed_logs).order_by(followed_logs.c.log_id)
        ).mappings()
        return [_followed(row) for row in rows]

    def set_log(self, log: FollowedLog) -> None:
        """Record how far a log is followed."""
        values = {
            "endpoint": log.endpoint,
            "size": log.head.size,
            "root": log.head.root(),
            "frontier": log.head.to_bytes(),
            "number": log.number,
            "state": log.state,
            "last_error": log.last_error,
            "checked_at": to_micros(log.checked_at),
        }
        changed = self._connection.execute(
            update(followed_logs).where(followed_logs.c.log_id == log.log_id).values(**values)
        )
        if changed.rowcount == 0:
            self._connection.execute(insert(followed_logs).values(log_id=log.log_id, **values))

    def cut(self, log_id: int, size: int) -> None:
        """Forget the leaves from ``size`` on with their entries, and the checkpoints above it."""
        for table in (followed_leaves, followed_entries):
            beyond = and_(table.c.log_id == log_id, table.c.leaf_index >= size)
            self._connection.execute(delete(table).where(beyond))
        column = followed_checkpoints.c
        above = and_(column.log_id == log_id, column.size > size)
        self._connection.execute(delete(followed_checkpoints).where(above))

    def add_leaves(self, log_id: int, first: int, leaves: Sequence[bytes]) -> None:
        """Add public leaves from index ``first`` on."""
        if leaves:
            self._connection.execute(
                insert(followed_leaves),
                [
                    {
                        "log_id": log_id,
                        "leaf_index": first + offset,
                        "tag": leaf[:32],
                        "seal": leaf[32:],
                    }
                    for offset, leaf in enumerate(leaves)
                ],
            )

    def add_entries(self, log_id: int, first: int, new: Sequence[Entry]) -> None:
        """Add entries (already checked against their leaves) from index ``first`` on."""
        if new:
            self._connection.execute(
                insert(followed_entries),
                [
                    {
                        "log_id": log_id,
                        "leaf_index": first + offset,
                        "kind": int(entry.head.kind),
                        "class": entry.head.class_,
                        "period": entry.head.period,
                        "subject": entry.subject,
                        "amount_fen": entry.amount_fen,
                        "commitment": entry.commitment,
                    }
                    for offset, entry in enumerate(new)
                ],
            )

    def add_checkpoint(self, checkpoint: FollowedCheckpoint, at: datetime) -> None:
        """Keep a checkpoint that was checked."""
        if self.checkpoint(checkpoint.log_id, checkpoint.size) is None:
            self._connection.execute(
                insert(followed_checkpoints).values(
                    log_id=checkpoint.log_id,
                    size=checkpoint.size,
                    root=checkpoint.root,
                    number=checkpoint.number,
                    block=checkpoint.block,
                    block_time=checkpoint.block_time,
                    cosignature=checkpoint.cosignature,
                    checked_at=to_micros(at),
                )
            )

    def forget_checkpoints_above(self, block: int) -> None:
        """Forget the checkpoints above a block, not their leaves: they are checked again."""
        self._connection.execute(
            delete(followed_checkpoints).where(followed_checkpoints.c.block > block)
        )

    def checkpoint(self, log_id: int, size: int) -> FollowedCheckpoint | None:
        """A checked checkpoint of exactly this size."""
        row = (
            self._connection.execute(
                select(followed_checkpoints).where(
                    and_(
                        followed_checkpoints.c.log_id == log_id, followed_checkpoints.c.size == size
                    )
                )
            )
            .mappings()
            .one_or_none()
        )
        return _followed_checkpoint(row) if row is not None else None

    def notes(self, log_id: int, size: int) -> list[SeenNote]:
        """The notes a log showed of this size, in the order they were seen."""
        rows = self._connection.execute(
            select(followed_notes)
            .where(and_(followed_notes.c.log_id == log_id, followed_notes.c.size == size))
            .order_by(followed_notes.c.seen_at, followed_notes.c.root)
        ).mappings()
        return [
            SeenNote(
                log_id=LogId(row["log_id"]),
                size=row["size"],
                root=bytes(row["root"]),
                note=row["note"],
                seen_at=from_micros(row["seen_at"]),
            )
            for row in rows
        ]

    def add_note(self, note: SeenNote) -> None:
        """Keep a note; one of the same size and root is there already, or its root is new."""
        if all(known.root != note.root for known in self.notes(note.log_id, note.size)):
            self._connection.execute(
                insert(followed_notes).values(
                    log_id=note.log_id,
                    size=note.size,
                    root=note.root,
                    note=note.note,
                    seen_at=to_micros(note.seen_at),
                )
            )

    def checkpoint_count(self, log_id: int) -> int:
        """How many checkpoints of a log were checked; they are the first ones the chain has."""
        return self._connection.execute(
            select(func.count())
            .select_from(followed_checkpoints)
            .where(followed_checkpoints.c.log_id == log_id)
        ).scalar_one()

    def last_checkpoint(self, log_id: int) -> FollowedCheckpoint | None:
        """The newest checked checkpoint of a log."""
        row = (
            self._connection.execute(
                select(followed_checkpoints)
                .where(followed_checkpoints.c.log_id == log_id)
                .order_by(followed_checkpoints.c.size.desc())
                .limit(1)
            )
            .mappings()
            .one_or_none()
        )
        return _followed_checkpoint(row) if row is not None else None

    def confirmed_size(self, log_id: int, limit: int) -> int:
        """The largest size of a checked checkpoint that is not above ``limit``; 0 for none."""
        column = followed_checkpoints.c
        query = select(func.coalesce(func.max(column.size), 0)).where(
            and_(column.log_id == log_id, column.size <= limit)
        )
        return int(self._connection.execute(query).scalar_one())

    def covering_checkpoint(self, log_id: int, index: int) -> FollowedCheckpoint | None:
        """The first checked checkpoint that holds leaf ``index``."""
        row = (
            self._connection.execute(
                select(followed_checkpoints)
                .where(
                    and_(
                        followed_checkpoints.c.log_id == log_id, followed_checkpoints.c.size > index
                    )
                )
                .order_by(followed_checkpoints.c.size)
                .limit(1)
            )
            .mappings()
            .one_or_none()
        )
        return _followed_checkpoint(row) if row is not None else None

    def leaf(self, log_id: int, index: int) -> Leaf | None:
        """One public leaf."""
        log_id = self._successions.of(log_id).origin_of(index)
        row = self._connection.execute(
            select(followed_leaves.c.tag, followed_leaves.c.seal).where(
                and_(followed_leaves.c.log_id == log_id, followed_leaves.c.leaf_index == index)
            )
        ).one_or_none()
        return Leaf(bytes(row[0]), bytes(row[1])) if row is not None else None

    def leaves(self, log_id: int, first: int, end: int) -> list[bytes]:
        """Public leaves of a followed log with ``first <= index < end``."""
        return [
            leaf
            for origin, start, stop in self._successions.of(log_id).parts(first, end)
            for leaf in self._own_leaves(origin, start, stop)
        ]

    def _own_leaves(self, log_id: int, first: int, end: int) -> list[bytes]:
        rows = self._connection.execute(
            select(followed_leaves.c.tag, followed_leaves.c.seal)
            .where(
                and_(
                    followed_leaves.c.log_id == log_id,
                    followed_leaves.c.leaf_index >= first,
                    followed_leaves.c.leaf_index < end,
                )
            )
            .order_by(followed_leaves.c.leaf_index)
        )
        return [bytes(tag) + bytes(seal) for tag, seal in rows]

    def places_of_tags(self, tags: Sequence[bytes]) -> dict[bytes, list[tuple[LogId, LeafIndex]]]:
        """Where followed leaves with these tags stand, over all logs; absent tags are left out."""
        found: dict[bytes, list[tuple[LogId, LeafIndex]]] = {}
        for start in range(0, len(tags), _IN_CHUNK):
            rows = self._connection.execute(
                select(
                    followed_leaves.c.tag, followed_leaves.c.log_id, followed_leaves.c.leaf_index
                )
                .where(followed_leaves.c.tag.in_(list(tags[start : start + _IN_CHUNK])))
                .order_by(followed_leaves.c.log_id, followed_leaves.c.leaf_index)
            )
            for tag, log_id, index in rows:
                if self._successions.is_carried_on(log_id, index):
                    found.setdefault(bytes(tag), []).append((LogId(log_id), LeafIndex(index)))
        return found

    def reversals_of(self, places: Iterable[Place]) -> dict[Place, list[Place]]:
        """Where followed leaves take back these ones, in the same log or in one that carries it on.

        Leaves that nothing takes back are left out. Whether a reversal stands under a checked
        checkpoint is for the caller to ask, in the log that it stands in.
        """
        tags: dict[bytes, list[Place]] = {}
        for log_id, index in places:
            origin = self._successions.of(log_id).origin_of(index)
            tags.setdefault(reversal_tag(origin, index), []).append((log_id, index))
        found: dict[Place, list[Place]] = {}
        for tag, where in self.places_of_tags(list(tags)).items():
            for place in tags[tag]:
                heir = self._successions.acting_for(place[0])
                takers = [
                    (log_id, index)
                    for log_id, index in where
                    if index > place[1] and self._successions.acting_for(log_id) == heir
                ]
                if takers:
                    found[place] = takers
        return found

    def entry(self, log_id: int, index: int) -> PlacedEntry | None:
        """One entry of a followed log."""
        found = self.entries(log_id, index, index + 1)
        return found[0] if found else None

    def entries(self, log_id: int, first: int, end: int) -> list[PlacedEntry]:
        """Entries of a followed log with ``first <= index < end``."""
        return [
            entry
            for origin, start, stop in self._successions.of(log_id).parts(first, end)
            for entry in self._own_entries(origin, start, stop)
        ]

    def _own_entries(self, log_id: int, first: int, end: int) -> list[PlacedEntry]:
        rows = self._connection.execute(
            select(followed_entries)
            .where(
                and_(
                    followed_entries.c.log_id == log_id,
                    followed_entries.c.leaf_index >= first,
                    followed_entries.c.leaf_index < end,
                )
            )
            .order_by(followed_entries.c.leaf_index)
        ).mappings()
        return [_entry(row) for row in rows]

    def entries_of_subjects(
        self, subjects: Sequence[bytes], kinds: Iterable[Kind]
    ) -> list[PlacedEntry]:
        """Entries of these kinds about these persons over all followed logs."""
        wanted = [int(kind) for kind in kinds]
        result: list[PlacedEntry] = []
        for start in range(0, len(subjects), _IN_CHUNK):
            rows = self._connection.execute(
                select(followed_entries)
                .where(
                    and_(
                        followed_entries.c.subject.in_(list(subjects[start : start + _IN_CHUNK])),
                        followed_entries.c.kind.in_(wanted),
                    )
                )
                .order_by(followed_entries.c.log_id, followed_entries.c.leaf_index)
            ).mappings()
            result.extend(
                _entry(row)
                for row in rows
                if self._successions.is_carried_on(row["log_id"], row["leaf_index"])
            )
        return result


def _followed(row: RowMapping) -> FollowedLog:
    return FollowedLog(
        log_id=LogId(row["log_id"]),
        endpoint=row["endpoint"],
        head=CompactRange.from_bytes(bytes(row["frontier"])),
        number=row["number"],
        state=row["state"],
        last_error=row["last_error"],
        checked_at=from_micros(row["checked_at"]),
    )


def _followed_checkpoint(row: RowMapping) -> FollowedCheckpoint:
    return FollowedCheckpoint(
        log_id=LogId(row["log_id"]),
        size=row["size"],
        root=bytes(row["root"]),
        number=row["number"],
        block=row["block"],
        block_time=row["block_time"],
        cosignature=row["cosignature"],
    )


def _entry(row: RowMapping) -> PlacedEntry:
    head = Head(Kind(row["kind"]), row["class"], row["period"])
    return PlacedEntry(
        LogId(row["log_id"]),
        LeafIndex(row["leaf_index"]),
        Entry(
            head,
            Subject(bytes(row["subject"])),
            row["amount_fen"],
            Commitment(bytes(row["commitment"])),
        ),
    )
