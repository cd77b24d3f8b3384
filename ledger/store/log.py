"""The node's own log in the database: appends that compare and swap the head, and reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    and_,
    func,
    insert,
    select,
    update,
)

from ledger.errors import SealingKeyDestroyedError
from ledger.evidence.batch import Blobs, EntryBatch
from ledger.evidence.encoding import (
    Commitment,
    Entry,
    Head,
    Leaf,
    LeafIndex,
    LogId,
    Subject,
    TreeSize,
    reversed_leaf,
)
from ledger.evidence.growth import Growth, grow
from ledger.evidence.hashing import leaf_hashes
from ledger.evidence.lineage import Lineage
from ledger.evidence.merkle import CompactRange
from ledger.pipelines import with_last
from ledger.policy.kinds import Kind
from ledger.store.appending import EntryRows, WriteBehind
from ledger.store.commands import ERASURE_KEY
from ledger.store.head import LogHead
from ledger.store.leaf_reading import read_leaf_rows
from ledger.store.persons import known_numbers
from ledger.store.small_appends import MOST_ENTRIES, FewEntries
from ledger.store.successions import SuccessionRepository
from ledger.store.tables.chain import commands
from ledger.store.tables.log import (
    checkpoints,
    cosignatures,
    entries,
    reversals,
    sources,
)
from ledger.store.times import from_micros, to_micros

_ASKED_AT_ONCE: Final = 5_000

FactKey = tuple[Subject, int]
"""Whose fact, and of which month."""


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


_ERASED: Final = select(commands.c.key).where(commands.c.key.startswith(ERASURE_KEY))


class LogRepository:
    """Appends to and reads from the log of the node, within the caller's transaction."""

    def __init__(self, connection: Connection, log_id: LogId) -> None:
        self._connection = connection
        self._log_id = log_id
        self._head = LogHead(connection, log_id)

    @cached_property
    def _lineage(self) -> Lineage:
        return SuccessionRepository(self._connection).of(self._log_id)

    def head(self) -> CompactRange:
        """What has been accepted so far, as the compact range that the next append extends."""
        return self._head.read()

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
            SealingKeyDestroyedError: a person's erasure was decided after the record was sealed.
        """
        entries, sealed = [item.entry for item in new], [item.sealed_record for item in new]
        if len(new) > MOST_ENTRIES[self._connection.dialect.name]:
            batch = EntryBatch.of(entries)
            return self.append_batches(
                [(batch, Blobs.of(sealed))], source_key=source_key, at=recorded_at
            )
        few = FewEntries(entries, sealed)
        few.require_alive(self._connection)
        before = self.head()
        leaves, after = few.extend(before, self._log_id)
        if new:
            source = self._head.next_source()
            few.write(self._connection, leaves, first_index=before.size, source=source)
            self._head.advance(before, after, source=source, key=source_key, at=recorded_at)
        return range(before.size, after.size)

    def append_batches(
        self,
        batches: Iterable[tuple[EntryBatch, Blobs]],
        *,
        source_key: str,
        at: datetime,
        told: Callable[[NDArray[np.uint8], Growth], None] | None = None,
        persons: NDArray[np.int64] | None = None,
    ) -> range:
        """Put columns of entries with their sealed records behind the last one, as `append` does.

        One batch is written while the next one is made: what gives the batches must not use this
        unit of work meanwhile.

        Args:
            batches: in the order in which they shall stand.
            source_key: what they came from.
            at: when this node learned of them.
            told: gets the leaves of each batch, (n, 64), and what the tree grows by with them; they
                count once the caller commits.
            persons: (n,) the number of each entry's person over all batches, as this transaction
                has them; None: looked up batch by batch.

        Raises:
            HeadMovedError: the head changed between our read and our write.
            SealingKeyDestroyedError: a person's erasure was decided after the record was sealed.
        """
        before = head = self.head()
        taken_back: list[dict[str, int]] = []
        erased = self._erased()
        source = self._head.next_source()
        with WriteBehind(self._connection) as writer:
            for (batch, sealed), is_last in with_last(each for each in batches if len(each[0])):
                _require_alive(batch, erased)
                tags, seals = batch.tags(), batch.seals(self._log_id)
                rows = EntryRows(head.size, batch, tags, seals, source, sealed)
                first = head.size - before.size
                numbers = None if persons is None else persons[first : first + len(batch)]
                writer.write(rows, numbers, is_last=is_last)
                taken_back += _reversals_in(batch, head.size)
                leaves = np.concatenate([tags, seals], axis=1)
                growth = grow(head, leaf_hashes(leaves))
                if told is not None:
                    told(leaves, growth)
                head = growth.after
        if taken_back:
            self._connection.execute(insert(reversals), taken_back)
        if head.size > before.size:
            self._head.advance(before, head, source=source, key=source_key, at=at)
        return range(before.size, head.size)

    def _erased(self) -> list[bytes]:
        """Pseudonyms of persons whose erasure was decided; their decisions moved the head too."""
        keys = self._connection.execute(_ERASED).scalars()
        return [bytes.fromhex(key.removeprefix(ERASURE_KEY)) for key in keys]

    def entry(self, index: int) -> StoredEntry | None:
        """The entry at ``index``, or None beyond the end."""
        row = (
            self._connection.execute(_with_source().where(entries.c.leaf_index == index))
            .mappings()
            .one_or_none()
        )
        return _stored(row) if row is not None else None

    def entries(self, first: int, end: int) -> Iterator[StoredEntry]:
        """Entries with ``first <= index < end``, in order."""
        rows = self._connection.execute(
            _with_source()
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

    def leaf_rows(self, first: int, end: int) -> NDArray[np.uint8]:
        """The leaves with ``first <= index < end`` as rows; shape (n, 64)."""
        return read_leaf_rows(self._connection, first, end)

    def of_subject(
        self, subject: Subject, kinds: Iterable[Kind] | None = None
    ) -> list[StoredEntry]:
        """All entries about one person, in order, optionally of some kinds only."""
        person = known_numbers(self._connection, [subject]).get(subject)
        if person is None:
            return []
        query = _with_source().where(and_(entries.c.person == person, entries.c.subject == subject))
        if kinds is not None:
            query = query.where(entries.c.kind.in_([int(kind) for kind in kinds]))
        rows = self._connection.execute(query.order_by(entries.c.leaf_index)).mappings()
        return [_stored(row) for row in rows]

    def of_source(self, source_key: str) -> list[StoredEntry]:
        """All entries of one import or command, in order."""
        rows = self._connection.execute(
            select(sources.c.first_index, sources.c.end_index)
            .where(sources.c.source_key == source_key)
            .order_by(sources.c.first_index)
        )
        return [item for first, end in rows.all() for item in self.entries(first, end)]

    def indices_of_facts(
        self, kind: Kind, class_: int, keys: Iterable[FactKey]
    ) -> dict[FactKey, list[LeafIndex]]:
        """Where facts of this kind and class stand, for persons and months; in order.

        Months of which nothing stands are left out; what was reversed is not.
        """
        wanted = list(dict.fromkeys(keys))
        numbers = known_numbers(self._connection, (subject for subject, _ in wanted))
        subjects = {number: subject for subject, number in numbers.items()}
        pairs = [(numbers[subject], period) for subject, period in wanted if subject in numbers]
        found: dict[FactKey, list[LeafIndex]] = {}
        for start in range(0, len(pairs), _ASKED_AT_ONCE):
            rows = self._of_months(kind, class_, pairs[start : start + _ASKED_AT_ONCE])
            for person, period, index in rows:
                key = (Subject(subjects[person]), period)
                found.setdefault(key, []).append(LeafIndex(index))
        for indices in found.values():
            indices.sort()
        return found

    def standing_facts(
        self, kind: Kind, class_: int, keys: Iterable[FactKey]
    ) -> dict[FactKey, LeafIndex]:
        """The fact that stands, recorded and not reversed, for persons and months."""
        found = self.indices_of_facts(kind, class_, keys)
        gone = self.reversed_among([index for indices in found.values() for index in indices])
        return {
            key: index for key, indices in found.items() for index in indices if index not in gone
        }

    def _of_months(
        self, kind: Kind, class_: int, pairs: Sequence[tuple[int, int]]
    ) -> list[tuple[int, int, int]]:
        """Person, month and leaf index of each fact of these persons and months."""
        columns = "SELECT e.person, e.period, e.leaf_index"
        if self._connection.dialect.name == "postgresql":
            query = (
                f"{columns} FROM unnest(%s::bigint[], %s::int[]) AS w(person, period)"
                " JOIN entries e ON e.person = w.person AND e.period = w.period"
                " WHERE e.kind = %s AND e.class = %s"
            )
            people, periods = ([pair[place] for pair in pairs] for place in (0, 1))
            arguments: tuple[object, ...] = (people, periods, int(kind), class_)
        else:
            values = ", ".join(["(?, ?)"] * len(pairs))
            query = (
                f"WITH w(person, period) AS (VALUES {values}) {columns} FROM w CROSS JOIN entries e"
                " ON e.person = w.person AND e.period = w.period"
                " WHERE e.kind = ? AND e.class = ?"
            )
            arguments = (*(value for pair in pairs for value in pair), int(kind), class_)
        rows = self._connection.exec_driver_sql(query, arguments)
        return [(person, period, index) for person, period, index in rows]

    def reversal_of(self, index: int) -> LeafIndex | None:
        """The entry that takes back leaf ``index`` of our own log, the first if there are more."""
        found = self._connection.execute(
            select(func.min(reversals.c.leaf_index)).where(
                and_(
                    reversals.c.log_id == self._lineage.origin_of(index),
                    reversals.c.reversed_index == index,
                )
            )
        ).scalar_one()
        return LeafIndex(found) if found is not None else None

    def reversed_among(self, indices: Sequence[int]) -> set[LeafIndex]:
        """Which of these leaves of our own log a later reversal takes back."""
        found: set[LeafIndex] = set()
        for start in range(0, len(indices), _ASKED_AT_ONCE):
            chunk = [int(index) for index in indices[start : start + _ASKED_AT_ONCE]]
            rows = self._connection.execute(
                select(reversals.c.reversed_index).where(
                    and_(
                        reversals.c.log_id.in_(self._lineage.log_ids),
                        reversals.c.reversed_index.in_(chunk),
                    )
                )
            ).scalars()
            found.update(LeafIndex(index) for index in rows)
        return found

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

    def unfinal_checkpoints(self) -> list[StoredCheckpoint]:
        """Checkpoints that are not final on chain, smallest first; usually at most one."""
        rows = self._connection.execute(
            select(checkpoints).where(checkpoints.c.number.is_(None)).order_by(checkpoints.c.size)
        ).mappings()
        return [_checkpoint(row) for row in rows]

    def unmark_final_above(self, block: int) -> None:
        """Forget where checkpoints above a block stand: the chain has other blocks there now."""
        self._connection.execute(
            update(checkpoints)
            .where(checkpoints.c.block > block)
            .values(number=None, block=None, block_time=None, transaction_hash=None, final_at=None)
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


_Batch = tuple[EntryBatch, Blobs]


def _reversals_in(batch: EntryBatch, first_index: int) -> list[dict[str, int]]:
    """Rows of ``reversals`` for a batch whose first entry stands at ``first_index``."""
    rows = []
    for place in np.flatnonzero(batch.kinds == Kind.REVERSAL).tolist():
        log_id, index = reversed_leaf(Subject(batch.subjects[place].tobytes()))
        rows.append({"leaf_index": first_index + place, "log_id": log_id, "reversed_index": index})
    return rows


def _require_alive(batch: EntryBatch, erased: Sequence[bytes]) -> None:
    """Refuse a record that was sealed before its key went: nobody could ever read it."""
    found = sum(
        bool((batch.subjects == np.frombuffer(subject, np.uint8)).all(axis=1).any())
        for subject in erased
    )
    if found:
        raise SealingKeyDestroyedError(persons=found)


def _with_source() -> Select[tuple[object, ...]]:
    """Entries with the append that brought them."""
    return select(entries, sources.c.source_key, sources.c.recorded_at).join(
        sources, entries.c.source == sources.c.source
    )


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
