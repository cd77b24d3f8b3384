"""Goes over the rows of a log once, in batches: derives, opens, compares, grows the tree.

Nothing is hashed twice. Where a row and the files differ, the stored inner nodes lead the leaf of
the files to a signed root, or they do not: one proof's worth of hashes tells which was changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import numpy as np

from ledger.audit.files import LogFiles
from ledger.audit.leaves import (
    derive_leaves,
    is_in_bounds,
    names_a_leaf,
    parts_of,
    stored_leaves,
)
from ledger.audit.model import ENTRIES, MAX_FINDINGS, Finding, Findings, Part, Progress
from ledger.audit.records import Absence, KeyRing, OpenedRecord, RecordOpener, Vault
from ledger.audit.rows import Witnesses, agrees, diagnose, is_sound
from ledger.errors import EncodingError, LedgerError, LengthError
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    LEAF_BYTES,
    Subject,
    TreeSize,
    leaf_hash,
    reversed_leaf,
)
from ledger.evidence.growth import grow
from ledger.evidence.hashing import ByteRows, leaf_hashes
from ledger.evidence.lineage import Lineage
from ledger.evidence.merkle import CompactRange, NodeReader
from ledger.policy.kinds import Kind
from ledger.store.audit import AuditRepository, EntryRow

BATCH_ROWS: Final = 8_192
_REMEMBERED_PAIRS: Final = 1_000_000
"""How many persons are remembered as recomputed, about 70 bytes each."""

Record = OpenedRecord | Absence | None
"""What became of a row's sealed record; None: it was not to be opened."""


class Pseudonymiser(Protocol):
    """Gives the subjects of identity numbers."""

    def subjects_of(self, identity_numbers: Sequence[str]) -> Sequence[bytes]:
        """The subjects, in order; refuses a number that is not normalised."""
        ...


@dataclass(frozen=True, slots=True)
class WalkPlan:
    """What to go over.

    ``first`` is where to begin, a signed size or 0; ``size`` how many leaves there are; ``signed``
    the largest size and root that the log signed; ``sizes`` those whose tree is wanted, in order.
    Without ``open_records`` sealed records are passed over.
    """

    lineage: Lineage
    first: int
    size: int
    signed: tuple[int, bytes] | None
    sizes: tuple[int, ...]
    open_records: bool


@dataclass(slots=True)
class Walked:
    """What the walk found besides findings: trees by size, and how much it looked at.

    ``tree`` is None when a leaf was missing; ``first`` is where it began, ``stopped_at`` where it
    ended when there were too many findings to go on.
    """

    trees: dict[int, CompactRange] = field(default_factory=dict)
    tree: CompactRange | None = None
    first: int = 0
    stopped_at: int | None = None
    rows: int = 0
    opened: int = 0
    erased: int = 0


class Walk:
    """One pass over the rows."""

    def __init__(
        self,
        repository: AuditRepository,
        files: LogFiles,
        vault: Vault,
        pseudonyms: Pseudonymiser | None,
        plan: WalkPlan,
        findings: Findings,
    ) -> None:
        self._repository = repository
        self._files = files
        self._ring = KeyRing(vault)
        self._openers = {origin: RecordOpener(origin) for origin in plan.lineage.log_ids}
        self._pseudonyms = pseudonyms
        self._plan = plan
        self._findings = findings
        self._signed_size = plan.signed[0] if plan.signed is not None else 0
        self._recomputed: set[int] = set()
        self._faulty: set[int] = set()
        self._short: set[str] = set()
        self._gap: range | None = None
        self._gaps: list[range] = []
        self._tree: CompactRange | None = CompactRange.empty()
        self._sizes = frozenset(plan.sizes)
        self.result = Walked()

    def run(self, told: Progress) -> Iterator[Sequence[EntryRow]]:
        """Go over the rows; gives each batch on, for whoever looks at other columns."""
        plan = self._plan
        first = self.result.first = self._resume(plan.first)
        for start in range(first, plan.size, BATCH_ROWS):
            end = min(start + BATCH_ROWS, plan.size)
            yield self._batch(start, end)
            told("rows", end - first, plan.size - first)
            if self.result.stopped_at is None and end < plan.size and self._has_enough():
                self.result.stopped_at = end
            if self.result.stopped_at is not None:
                self._tree = None
                break
        self._name_gap()
        self.result.tree = self._tree

    def _resume(self, first: int) -> int:
        """Take the tree below ``first`` from the files; begin at the start when they lack it."""
        if first:
            try:
                self._tree = _stored_tree(first, self._files.node)
            except (LedgerError, OSError):
                return 0
            self._note(self._tree)
        return first

    def _has_enough(self) -> bool:
        return self._findings.count(Part.ENTRIES) >= MAX_FINDINGS

    def is_faulty(self, index: int) -> bool:
        """Whether something was said about a row, or there is none."""
        return index in self._faulty or any(index in gap for gap in self._gaps)

    # --- one batch --------------------------------------------------------------------------------

    def _batch(self, start: int, end: int) -> Sequence[EntryRow]:
        rows = self._repository.entries(start, end)
        batch = _Batch(start, end, rows)
        suspects = self._derive(batch)
        if self._plan.open_records:
            suspects |= self._open(batch)
        self.result.rows += len(rows)
        self._missing(batch)
        batch.hashes = np.array(leaf_hashes(batch.leaves))
        suspects |= self._unlike_files(batch)
        for index in sorted(suspects):
            if self._has_enough():
                self.result.stopped_at = index
                break
            self._judge(batch, index)
        if self.result.stopped_at is None:
            self._compare(batch)
            self._grow(batch)
        return rows

    def _derive(self, batch: _Batch) -> set[int]:
        """Put the rows' own leaves into the batch; gives the rows whose columns disagree."""
        rows = batch.rows
        places = np.array([row.leaf_index - batch.start for row in rows], np.int64)
        try:
            stored = stored_leaves(rows)
            derived = derive_leaves(self._plan.lineage, rows)
        except (EncodingError, LengthError, TypeError, OverflowError, ValueError):
            return self._derive_singly(batch)
        batch.leaves[places] = stored
        unlike = (stored != derived).any(axis=1)
        return set((places[unlike] + batch.start).tolist())

    def _derive_singly(self, batch: _Batch) -> set[int]:
        """The same where a value does not even fit into its bytes."""
        suspects = set()
        for row in batch.rows:
            if not is_in_bounds(row):
                suspects.add(row.leaf_index)
                batch.beyond_bounds.add(row.leaf_index)
                continue
            leaf = np.frombuffer(row.tag + row.seal, np.uint8)
            batch.leaves[row.leaf_index - batch.start] = leaf
            if (derive_leaves(self._plan.lineage, [row])[0] != leaf).any():
                suspects.add(row.leaf_index)
        return suspects

    def _open(self, batch: _Batch) -> set[int]:
        """Open the records; gives the rows that do not agree with theirs."""
        rows: Sequence[EntryRow] = batch.rows
        if batch.beyond_bounds:
            rows = [row for row in rows if row.leaf_index not in batch.beyond_bounds]
        owners = [
            self._owner(row, reverses=True) if row.kind == Kind.REVERSAL else row.subject
            for row in rows
        ]
        self._ring.load(owner for owner in owners if len(owner) == DIGEST_BYTES)
        records: list[OpenedRecord | Absence] = []
        for origin, first, end in parts_of(self._plan.lineage, rows):
            keys = [self._ring.of(owner) for owner in owners[first:end]]
            records += self._openers[origin].open_many(keys, rows[first:end])
        suspects = set()
        persons: dict[int, tuple[bytes, str]] = {}
        for row, owner, record in zip(rows, owners, records, strict=True):
            batch.records[row.leaf_index] = record
            if record is Absence.ERASED:
                self.result.erased += 1
            elif isinstance(record, Absence) or not agrees(record, row):
                suspects.add(row.leaf_index)
            else:
                self.result.opened += 1
                number = record.identity_number
                if number is not None and hash((owner, number)) not in self._recomputed:
                    persons[row.leaf_index] = (owner, number)
        if self._pseudonyms is not None and persons:
            self._recompute(persons, self._pseudonyms)
        return suspects

    def _owner(self, row: EntryRow, *, reverses: bool) -> bytes:
        """Whose key seals a row's record; of a reversal that of the person it is about."""
        if not reverses:
            return row.subject
        if not names_a_leaf(row.subject):
            return b""
        log_id, index = reversed_leaf(Subject(row.subject))
        if index >= row.leaf_index or not self._plan.lineage.holds(log_id, index):
            return b""
        target = self._repository.entry(index)
        return target.subject if target is not None else b""

    def _recompute(self, persons: dict[int, tuple[bytes, str]], source: Pseudonymiser) -> None:
        """Compare the pseudonym of each person named for the first time with the row's."""
        numbers = list(dict.fromkeys(number for _, number in persons.values()))
        try:
            subjects: dict[str, bytes | None] = dict(
                zip(numbers, source.subjects_of(numbers), strict=True)
            )
        except (LedgerError, TypeError, AttributeError):
            subjects = {number: _single_subject(source, number) for number in numbers}
        if len(self._recomputed) + len(persons) > _REMEMBERED_PAIRS:
            self._recomputed.clear()
        for index, (owner, number) in persons.items():
            if subjects[number] == owner:
                self._recomputed.add(hash((owner, number)))
            else:
                self._add(
                    index, 0, "sealed_record", "the person of the row", "another person",
                    "identity_number in the record",
                )  # fmt: skip

    def _missing(self, batch: _Batch) -> None:
        """Note rows that are not there; their leaves come from the files, if these prove them."""
        for index in sorted(batch.absent()):
            if self._gap is not None and self._gap.stop == index:
                self._gap = range(self._gap.start, index + 1)
            else:
                self._name_gap()
                self._gap = range(index, index + 1)
            # Where nothing at all is left there is no row either whose leaf would follow.
            leaf = self._proven(index) if batch.rows else None
            if leaf is None:
                self._tree = None
                batch.unknown.add(index)
            else:
                batch.leaves[index - batch.start] = np.frombuffer(leaf, np.uint8)

    def _name_gap(self) -> None:
        """Name the neighbouring rows that were missing, together."""
        if self._gap is None:
            return
        first, last = self._gap.start, self._gap.stop - 1
        where = f"leaves {first} to {last}" if last > first else ""
        self._add(first, 0, "leaf_index", "a row", "no row", where)
        self._gaps.append(self._gap)
        self._gap = None

    def _unlike_files(self, batch: _Batch) -> set[int]:
        """Rows whose leaf the files hold otherwise, as a leaf or as its hash."""
        nodes = batch.hashes.tobytes()
        found = {index for index, _ in self._stored_leaves(batch)}
        found |= {index for index, _ in self._files.compare_nodes(0, batch.start, nodes)}
        return found - batch.absent()

    def _judge(self, batch: _Batch, index: int) -> None:
        """Say what is wrong with a suspicious row, and mend its leaf for all that follows."""
        row = batch.row(index)
        record = batch.records.get(index)
        proven = self._proven(index)
        if index not in batch.beyond_bounds:
            derived = derive_leaves(self._plan.lineage, [row]).tobytes()
            if is_sound(row, derived, record) and proven in {None, derived}:
                return  # it is the file that differs
        if record is None:
            record = self._read(row, reverses=row.kind == Kind.REVERSAL)
        if isinstance(record, Absence) and self._reverses_a_faulty_row(row):
            return
        other = partial(self._read, row, reverses=row.kind != Kind.REVERSAL)
        origin = self._plan.lineage.origin_of(index)
        diagnosis = diagnose(origin, row, Witnesses(record, other, proven))
        for place, finding in enumerate(diagnosis.findings):
            self._findings.add(Part.ENTRIES, (index, place), finding)
            self._faulty.add(index)
        place = index - batch.start
        batch.leaves[place] = np.frombuffer(diagnosis.leaf, np.uint8)
        batch.hashes[place] = np.frombuffer(leaf_hash(diagnosis.leaf), np.uint8)

    def _read(self, row: EntryRow, *, reverses: bool) -> OpenedRecord | Absence:
        try:
            owner = self._owner(row, reverses=reverses)
            key = self._ring.of(owner)
            opener = self._openers[self._plan.lineage.origin_of(row.leaf_index)]
            return opener.open(key, row.kind, row.commitment, row.sealed_record)
        except (TypeError, LengthError):
            return Absence.CANNOT_OPEN

    def _reverses_a_faulty_row(self, row: EntryRow) -> bool:
        """Whether a record stays closed only because the row that names its person was changed."""
        if row.kind != Kind.REVERSAL or not names_a_leaf(row.subject):
            return False
        target = reversed_leaf(Subject(row.subject))[1]
        return self.is_faulty(target) or (self._gap is not None and target in self._gap)

    def _proven(self, index: int) -> bytes | None:
        if self._plan.signed is None or index >= self._signed_size:
            return None
        return self._files.proven_leaf(index, *self._plan.signed)

    # --- files and tree ---------------------------------------------------------------------------

    def _stored_leaves(self, batch: _Batch) -> Iterator[tuple[int, Finding]]:
        yield from self._files.compare_leaves(batch.start, batch.leaves.tobytes())

    def _compare(self, batch: _Batch) -> None:
        """Compare the leaves, mended where a row was changed, with the file of leaves."""
        for index, finding in self._stored_leaves(batch):
            if index not in batch.unknown:
                self._add_file(None, index, finding)

    def _grow(self, batch: _Batch) -> None:
        """Grow the tree over the batch, and compare every inner node that became complete."""
        if self._tree is None:
            return
        tree = self._tree
        grown: dict[int, list[bytes]] = {}
        first = tree.size
        for size in [*self._wanted(batch.start, batch.end), batch.end]:
            part = batch.hashes[tree.size - batch.start : size - batch.start]
            growth = grow(tree, part)
            for level, nodes in enumerate(growth.levels):
                grown.setdefault(level, []).append(nodes.tobytes())
            tree = growth.after
            self._note(tree)
        for level, parts in grown.items():
            joined = b"".join(parts)
            for index, finding in self._files.compare_nodes(level, first >> level, joined):
                self._add_file(level, index, finding)
        self._tree = tree

    def _wanted(self, start: int, end: int) -> list[int]:
        low = bisect_right(self._plan.sizes, start)
        return list(self._plan.sizes[low : bisect_left(self._plan.sizes, end)])

    def _note(self, tree: CompactRange) -> None:
        if tree.size in self._sizes:
            self.result.trees[tree.size] = tree

    def _add_file(self, level: int | None, index: int, finding: Finding) -> None:
        if finding.field == "length":  # everything behind it is missing too
            if finding.place in self._short:
                return
            self._short.add(finding.place)
        self._findings.add(Part.FILES, (0 if level is None else level + 1, index), finding)

    def _add(
        self, index: int, place: int, field: str, expected: str, found: str, position: str = ""
    ) -> None:
        finding = Finding(ENTRIES, f"{index}", field, expected, found, position)
        self._findings.add(Part.ENTRIES, (index, place), finding)
        self._faulty.add(index)


class _Batch:
    """Neighbouring rows with the leaves that they should have."""

    def __init__(self, start: int, end: int, rows: Sequence[EntryRow]) -> None:
        self.start = start
        self.end = end
        self.rows = rows
        self.leaves: ByteRows = np.zeros((end - start, LEAF_BYTES), np.uint8)
        self.hashes: ByteRows = np.zeros((end - start, DIGEST_BYTES), np.uint8)
        self.records: dict[int, OpenedRecord | Absence] = {}
        self.beyond_bounds: set[int] = set()
        self.unknown: set[int] = set()

    def row(self, index: int) -> EntryRow:
        return next(row for row in self.rows if row.leaf_index == index)

    def absent(self) -> set[int]:
        """Places without a row."""
        if len(self.rows) == self.end - self.start:
            return set()
        return set(range(self.start, self.end)) - {row.leaf_index for row in self.rows}


def _stored_tree(size: int, node: NodeReader) -> CompactRange:
    """The tree of the first ``size`` leaves from stored nodes, to be proven by a signed root."""
    levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
    return CompactRange(TreeSize(size), tuple(node(level, (size >> level) - 1) for level in levels))


def _single_subject(source: Pseudonymiser, number: str) -> bytes | None:
    try:
        return bytes(source.subjects_of([number])[0])
    except (LedgerError, TypeError, AttributeError):
        return None
