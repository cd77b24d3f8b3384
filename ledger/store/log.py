"""The node's own log in the database: appends that compare and swap the head, and reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, func, insert, select, update

from ledger.errors import HeadMovedError
from ledger.evidence.encoding import (
    Commitment,
    Entry,
    Head,
    Leaf,
    LeafIndex,
    LogId,
    Subject,
    TreeSize,
    leaf_hash,
    reversal_tag,
)
from ledger.evidence.merkle import CompactRange
from ledger.policy.kinds import Kind
from ledger.store.tables.log import checkpoints, cosignatures, entries, log_head
from ledger.store.times import from_micros, to_micros

_BATCH_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry ready to be appended, with its record under seal."""

    entry: Entry
    sealed_record: bytes


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry that stands in the log."""

    index: LeafIndex
    entry: Entry
    leaf: Leaf
    sealed_record: bytes
    source_key: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed head; ``number`` and what follows are there once it is final on chain."""

    size: TreeSize
    root: bytes
    note: str
    signed_at: datetime
    number: int | None
    block: int | None
    block_time: int | None
    transaction_hash: str | None


class LogRepository:
    """Appends to and reads from the log of the node, within the caller's transaction."""

    def __init__(self, connection: Connection, log_id: LogId) -> None:
        self._connection = connection
        self._log_id = log_id

    def head(self) -> CompactRange:
        """What has been accepted so far, as the compact range that the next append extends."""
        row = self._connection.execute(select(log_head.c.frontier)).scalar_one_or_none()
        return CompactRange.from_bytes(row) if row is not None else CompactRange.empty()

    def append(self, new: Sequence[NewEntry], *, source_key: str, recorded_at: datetime) -> range:
        """Put entries behind the last one and swap the head; they count once the caller commits.

        Args:
            new: entries in the order in which they shall stand.
            source_key: what they came from (an import, a command), so that it can be found again.
            recorded_at: when this node learned of them.

        Returns:
            The leaf indices they got.

        Raises:
            HeadMovedError: the head changed between our read and our write.
        """
        before = self.head()
        if not new:
            return range(before.size, before.size)
        at = to_micros(recorded_at)
        head = before
        for start in range(0, len(new), _BATCH_ROWS):
            rows, hashes = [], []
            for offset, item in enumerate(new[start : start + _BATCH_ROWS], start):
                leaf = item.entry.leaf(self._log_id)
                hashes.append(leaf_hash(leaf.pack()))
                rows.append(_row(before.size + offset, item, leaf, source_key, at))
            self._connection.execute(insert(entries), rows)
            head = head.extend(hashes)
        self._swap(before, head)
        return range(before.size, head.size)

    def _swap(self, before: CompactRange, after: CompactRange) -> None:
        values = {"size": after.size, "root": after.root(), "frontier": after.to_bytes()}
        if (
            before.size == 0
            and self._connection.execute(select(func.count()).select_from(log_head)).scalar_one()
            == 0
        ):
            self._connection.execute(insert(log_head).values(id=1, **values))
            return
        swapped = self._connection.execute(
            update(log_head)
            .where(and_(log_head.c.id == 1, log_head.c.size == before.size))
            .values(**values)
        )
        if swapped.rowcount != 1:
            raise HeadMovedError(log_id=self._log_id, expected_size=before.size)

    def entry(self, index: int) -> StoredEntry | None:
        """The entry at ``index``, or None beyond the end."""
        row = (
            self._connection.execute(select(entries).where(entries.c.leaf_index == index))
            .mappings()
            .one_or_none()
        )
        return _stored(row) if row is not None else None

    def entries(self, first: int, end: int) -> Iterator[StoredEntry]:
        """Entries with ``first <= index < end``, in order."""
        rows = self._connection.execute(
            select(entries)
            .where(and_(entries.c.leaf_index >= first, entries.c.leaf_index < end))
            .order_by(entries.c.leaf_index)
        ).mappings()
        return map(_stored, rows)

    def leaves(self, first: int, end: int) -> list[bytes]:
        """The 64-byte leaves with ``first <= index < end``, in order."""
        rows = self._connection.execute(
            select(entries.c.tag, entries.c.seal)
            .where(and_(entries.c.leaf_index >= first, entries.c.leaf_index < end))
            .order_by(entries.c.leaf_index)
        )
        return [bytes(tag) + bytes(seal) for tag, seal in rows]

    def of_subject(
        self, subject: Subject, kinds: Iterable[Kind] | None = None
    ) -> list[StoredEntry]:
        """All entries about one person, in order, optionally of some kinds only."""
        query = select(entries).where(entries.c.subject == subject)
        if kinds is not None:
            query = query.where(entries.c.kind.in_([int(kind) for kind in kinds]))
        rows = self._connection.execute(query.order_by(entries.c.leaf_index)).mappings()
        return [_stored(row) for row in rows]

    def of_source(self, source_key: str) -> list[StoredEntry]:
        """All entries of one import or command, in order."""
        rows = self._connection.execute(
            select(entries).where(entries.c.source_key == source_key).order_by(entries.c.leaf_index)
        ).mappings()
        return [_stored(row) for row in rows]

    def indices_of_tags(self, tags: Sequence[bytes]) -> dict[bytes, list[LeafIndex]]:
        """Where leaves with these tags stand; tags that are not there are left out."""
        found: dict[bytes, list[LeafIndex]] = {}
        for start in range(0, len(tags), 500):
            chunk = list(tags[start : start + 500])
            rows = self._connection.execute(
                select(entries.c.tag, entries.c.leaf_index)
                .where(entries.c.tag.in_(chunk))
                .order_by(entries.c.leaf_index)
            )
            for tag, index in rows:
                found.setdefault(bytes(tag), []).append(LeafIndex(index))
        return found

    def reversed_among(self, indices: Sequence[int]) -> set[LeafIndex]:
        """Which of these leaves of our own log a later reversal takes back."""
        by_tag = {reversal_tag(self._log_id, LeafIndex(index)): index for index in indices}
        return {LeafIndex(by_tag[tag]) for tag in self.indices_of_tags(list(by_tag))}

    def add_checkpoint(self, size: int, root: bytes, note: str, signed_at: datetime) -> None:
        """Keep a signed head; one root a size, ever (a second one of this size breaks the key)."""
        self._connection.execute(
            insert(checkpoints).values(
                size=size, root=root, note=note, signed_at=to_micros(signed_at)
            )
        )

    def checkpoint(self, size: int) -> StoredCheckpoint | None:
        """The signed head of exactly ``size`` leaves."""
        row = (
            self._connection.execute(select(checkpoints).where(checkpoints.c.size == size))
            .mappings()
            .one_or_none()
        )
        return _checkpoint(row) if row is not None else None

    def last_checkpoint(self, *, final: bool = False) -> StoredCheckpoint | None:
        """The newest signed head, or the newest that is final on chain."""
        query = select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)
        if final:
            query = query.where(checkpoints.c.number.is_not(None))
        row = self._connection.execute(query).mappings().one_or_none()
        return _checkpoint(row) if row is not None else None

    def covering_checkpoint(self, index: int) -> StoredCheckpoint | None:
        """The first final checkpoint that holds leaf ``index``: it gives the leaf its position."""
        row = (
            self._connection.execute(
                select(checkpoints)
                .where(and_(checkpoints.c.size > index, checkpoints.c.number.is_not(None)))
                .order_by(checkpoints.c.size)
                .limit(1)
            )
            .mappings()
            .one_or_none()
        )
        return _checkpoint(row) if row is not None else None

    def cosigned_checkpoint(self, index: int) -> StoredCheckpoint | None:
        """The newest final checkpoint that holds leaf ``index`` and that a cosigner signed."""
        row = (
            self._connection.execute(
                select(checkpoints)
                .where(
                    and_(
                        checkpoints.c.size > index,
                        checkpoints.c.number.is_not(None),
                        checkpoints.c.size.in_(select(cosignatures.c.size)),
                    )
                )
                .order_by(checkpoints.c.size.desc())
                .limit(1)
            )
            .mappings()
            .one_or_none()
        )
        return _checkpoint(row) if row is not None else None

    def checkpoints(self) -> list[StoredCheckpoint]:
        """All signed heads, oldest first."""
        rows = self._connection.execute(select(checkpoints).order_by(checkpoints.c.size)).mappings()
        return [_checkpoint(row) for row in rows]

    def mark_final(
        self,
        size: int,
        *,
        number: int,
        block: int,
        block_time: int,
        transaction_hash: str | None,
        at: datetime,
    ) -> None:
        """Note where on chain a checkpoint stands, once it is final there."""
        self._connection.execute(
            update(checkpoints)
            .where(checkpoints.c.size == size)
            .values(
                number=number,
                block=block,
                block_time=block_time,
                transaction_hash=transaction_hash,
                final_at=to_micros(at),
            )
        )

    def cosignatures(self, size: int) -> list[str]:
        """The cosigners' signature lines on the checkpoint of ``size``."""
        return list(
            self._connection.execute(
                select(cosignatures.c.line)
                .where(cosignatures.c.size == size)
                .order_by(cosignatures.c.cosigner)
            ).scalars()
        )

    def add_cosignature(self, size: int, cosigner: str, line: str, at: datetime) -> None:
        """Keep a cosigner's line; the first one of a cosigner for a size stays."""
        known = self._connection.execute(
            select(cosignatures.c.size).where(
                and_(cosignatures.c.size == size, cosignatures.c.cosigner == cosigner)
            )
        ).first()
        if known is None:
            self._connection.execute(
                insert(cosignatures).values(
                    size=size, cosigner=cosigner, line=line, received_at=to_micros(at)
                )
            )


def _row(index: int, item: NewEntry, leaf: Leaf, source_key: str, at: int) -> dict[str, object]:
    entry = item.entry
    return {
        "leaf_index": index,
        "kind": int(entry.head.kind),
        "class": entry.head.class_,
        "period": entry.head.period,
        "subject": entry.subject,
        "amount_fen": entry.amount_fen,
        "commitment": entry.commitment,
        "tag": leaf.tag,
        "seal": leaf.seal,
        "sealed_record": item.sealed_record,
        "source_key": source_key,
        "recorded_at": at,
    }


def _stored(row: RowMapping) -> StoredEntry:
    entry = Entry(
        Head(Kind(row["kind"]), row["class"], row["period"]),
        Subject(bytes(row["subject"])),
        row["amount_fen"],
        Commitment(bytes(row["commitment"])),
    )
    return StoredEntry(
        index=LeafIndex(row["leaf_index"]),
        entry=entry,
        leaf=Leaf(bytes(row["tag"]), bytes(row["seal"])),
        sealed_record=bytes(row["sealed_record"]),
        source_key=row["source_key"],
        recorded_at=from_micros(row["recorded_at"]),
    )


def _checkpoint(row: RowMapping) -> StoredCheckpoint:
    return StoredCheckpoint(
        size=TreeSize(row["size"]),
        root=bytes(row["root"]),
        note=row["note"],
        signed_at=from_micros(row["signed_at"]),
        number=row["number"],
        block=row["block"],
        block_time=row["block_time"],
        transaction_hash=row["transaction_hash"],
    )
