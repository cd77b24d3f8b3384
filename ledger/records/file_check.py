"""Pass 1 over a contribution file: everything that is wrong with it, in memory that hardly grows.

Held for each line: eight bytes by which lines about the same person and month find one another,
and whether the line is refused. What those eight bytes suspect is read again and compared in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.errors import ImportCancelledError
from ledger.pipelines import Behind, ahead
from ledger.recording.bulk import People
from ledger.recording.context import NodeContext
from ledger.records.files import SourceChunk, SourceFile
from ledger.records.findings import RowFinding, Severity
from ledger.records.importing import Progress
from ledger.records.kept_months import KeptMonths
from ledger.records.sieve import Sieve, months_of_rows
from ledger.records.standing import NO_LEAF, MonthsInLog, PersonNumbers
from ledger.records.validation import (
    CheckedPart,
    Rates,
    check_part,
    check_together,
    sorted_findings,
)

PLACE: Final = "place"
"""The column by which kept rows name their person among all of the import."""
HELD_FINDINGS: Final = 200_000
"""How many errors and how many warnings are held; all are counted."""
_COMPARED_AT_ONCE: Final = 500_000
_CELLS_SEED: Final = 0x616E7875

Stop = Callable[[], bool]
"""Asked between two chunks whether somebody wants the import to stop."""


@dataclass(frozen=True, slots=True)
class CheckedChunk:
    """What one chunk of a file says: ``months`` are its lines without faults of their own."""

    chunk: SourceChunk
    months: pl.DataFrame
    findings: tuple[RowFinding, ...]
    keys: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """A file that was checked from end to end.

    ``refused`` has a flag for each row; ``findings`` are the first ones, sorted by line.
    ``supplements`` says whether any row that is let in is a supplement; ``log_size`` is how large
    the log was when it was first asked; ``months`` are the rows without faults of their own, and
    ``numbers`` those by which the log knows their persons.
    """

    source: SourceFile
    rows: int
    ragged: int
    refused: NDArray[np.bool_]
    findings: tuple[RowFinding, ...]
    errors_count: int
    warnings_count: int
    supplements: bool
    log_size: int
    months: Iterable[pl.DataFrame]
    numbers: PersonNumbers

    @property
    def lines_read(self) -> int:
        """Lines with content, the heading line left out."""
        return self.rows + self.ragged

    @property
    def lines_refused(self) -> int:
        """Lines that are kept out."""
        return int(np.count_nonzero(self.refused)) + self.ragged

    @property
    def findings_count(self) -> int:
        """Errors, which keep lines out, and warnings."""
        return self.errors_count + self.warnings_count


class ChunkChecker:
    """Checks chunks of one file, each by itself."""

    def __init__(self, source: SourceFile, region: str, today: date) -> None:
        self.source = source
        self.rates = Rates(region)
        self._today = today
        self._sieve = Sieve(source, self.rates, today)

    def chunks(self) -> Iterator[CheckedChunk]:
        """The whole file: while the caller has a chunk the next is checked, and one more read."""
        return ahead(map(self.check, ahead(self.source.chunks())))

    def check(self, chunk: SourceChunk) -> CheckedChunk:
        """One chunk: by columns as far as lines are certainly good, the rest line by line."""
        good, months = self._sieve.passed(chunk)
        keys = np.zeros(len(good), np.uint64)
        keys[good] = month_keys(
            months["person"].to_numpy(), months["period"].to_numpy(), months["normal"].to_numpy()
        )
        findings = self.source.table(chunk.only_ragged()).ragged_findings() if chunk.ragged else []
        if good.all():
            return CheckedChunk(chunk, months, tuple(findings), keys)
        part = check_part(self.source.table(chunk, ~good), self.rates, self._today)
        keys[~good] = _keys_of_part(part, chunk.frame.filter(pl.Series(~good)))
        place = dict(zip(chunk.lines.tolist(), range(len(good)), strict=True))
        rows = [(chunk.first_row + place[row.source_line], row) for row in part.checked.rows]
        if rows:
            months = pl.concat([months, months_of_rows(rows)]).sort("row")
        return CheckedChunk(chunk, months, (*findings, *part.checked.findings), keys)

    def together(
        self, wanted: NDArray[np.bool_]
    ) -> tuple[tuple[RowFinding, ...], NDArray[np.int64]]:
        """What is wrong with some rows because of one another, and the lines of these rows.

        The file is read once more.
        """
        lines, frames, cells = [], [], []
        for chunk in self.source.chunks():
            keep = wanted[chunk.first_row : chunk.first_row + len(chunk.lines)]
            if keep.any():
                mask = pl.Series(keep)
                lines.append(chunk.lines[keep])
                frames.append(chunk.frame.filter(mask))
                cells.append(chunk.cells.filter(mask))
        some = SourceChunk(0, np.concatenate(lines), pl.concat(frames), pl.concat(cells), ())
        return check_together(self.source.table(some), self._today), some.lines


def month_keys(
    person: NDArray[np.int64], period: NDArray[np.int64], normal: NDArray[np.bool_]
) -> NDArray[np.uint64]:
    """Eight bytes for a person, a month and whether the line is its one normal line.

    Equal ones have equal bytes; different ones nearly always have not (the finalizer of
    splitmix64).
    """
    mixed = person.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed += (2 * period + normal).astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _keys_of_part(part: CheckedPart, frame: pl.DataFrame) -> NDArray[np.uint64]:
    """The same for lines read one by one; a line that names no month is known by its cells."""
    known = np.array([None not in month[:2] for month in part.months], np.bool_)
    person = np.array([int((month[0] or "0")[:17]) for month in part.months], np.int64)
    period = np.array([month[1] or 0 for month in part.months], np.int64)
    exclusive = np.array([month[2] for month in part.months], np.bool_)
    by_cells = frame.hash_rows(_CELLS_SEED).to_numpy()
    return np.where(known, month_keys(person, period, exclusive), by_cells)


# --- the whole file ------------------------------------------------------------------------------


@dataclass(slots=True)
class _Found:
    """Findings so far: the first errors and the first warnings, and how many there are."""

    errors: list[RowFinding] = field(default_factory=list)
    warnings: list[RowFinding] = field(default_factory=list)
    errors_count: int = 0
    warnings_count: int = 0

    def add(self, findings: Iterable[RowFinding]) -> None:
        for item in findings:
            if item.severity is Severity.WARNING:
                self.warnings_count += 1
                held = self.warnings
            else:
                self.errors_count += 1
                held = self.errors
            if len(held) < HELD_FINDINGS:
                held.append(item)


@dataclass(slots=True)
class _AgainstLog:
    """Rows of which the log holds the month already, and supplements; as they were met."""

    rows: list[NDArray[np.int64]] = field(default_factory=list)
    lines: list[NDArray[np.int64]] = field(default_factory=list)
    leaves: list[NDArray[np.int64]] = field(default_factory=list)
    keys: list[NDArray[np.uint64]] = field(default_factory=list)

    def add(self, some: pl.DataFrame, leaves: NDArray[np.int64]) -> None:
        normal = np.ones(len(some), np.bool_)
        self.rows.append(some["row"].to_numpy())
        self.lines.append(some["line"].to_numpy())
        self.leaves.append(leaves)
        people, periods = some["person"].to_numpy(), some["period"].to_numpy()
        self.keys.append(month_keys(people, periods, normal))

    def fill_in(self, rows: NDArray[np.int64], leaves: NDArray[np.int64]) -> None:
        """Note the leaves of rows that were met without one."""
        known, every = np.concatenate(self.rows), np.concatenate(self.leaves)
        every[np.searchsorted(known, rows)] = leaves
        self.leaves = [every]

    def __bool__(self) -> bool:
        return bool(self.rows)


class _Whole:
    """What is known of a file while it is read."""

    def __init__(
        self,
        context: NodeContext,
        checker: ChunkChecker,
        people: People,
        kept: KeptMonths,
        behind: Behind,
        rows_done: int,
    ) -> None:
        self._kept = kept
        self._behind = behind
        self._in_log = MonthsInLog(people)
        self._context = context
        self._checker = checker
        self._people = people
        self._rows_done = rows_done
        self._found = _Found()
        self._keys: list[NDArray[np.uint64]] = []
        self._refused: list[NDArray[np.bool_]] = []
        self._recorded, self._supplements = _AgainstLog(), _AgainstLog()
        self.rows = self.ragged = 0

    def take(self, part: CheckedChunk) -> None:
        """Note what one chunk says, and have it put aside and the log asked about it."""
        self._found.add(part.findings)
        self._keys.append(part.keys)
        refused = np.ones(len(part.keys), np.bool_)
        refused[part.months["row"].to_numpy() - self.rows] = False
        self._refused.append(refused)
        self.rows += len(part.keys)
        self.ragged += len(part.chunk.ragged)
        if len(part.months):
            months = part.months
            places = self._people.places(months["person"].to_numpy(), months["identity_number"])
            self._behind.do(partial(self._ask_log, months, places))

    def _ask_log(self, months: pl.DataFrame, places: NDArray[np.int64]) -> None:
        self._kept.add(months.with_columns(pl.Series(PLACE, places)))
        rows, leaves = months["row"].to_numpy(), np.full(len(months), NO_LEAF, np.int64)
        with self._context.read() as view:
            if view.log.head().size:
                leaves = self._in_log.at_once(view, places, rows, months["period"].to_numpy())
        self._note_recorded(months, leaves)
        normal = months["normal"].to_numpy()
        if not normal.all():
            self._supplements.add(months.filter(pl.Series(~normal)), leaves[~normal])

    def _note_recorded(self, months: pl.DataFrame, leaves: NDArray[np.int64]) -> None:
        taken = months["normal"].to_numpy() & (leaves != NO_LEAF)
        taken &= months["row"].to_numpy() >= self._rows_done
        if taken.any():
            self._recorded.add(months.filter(pl.Series(taken)), leaves[taken])

    def _ask_later(self, ordered: NDArray[np.uint64]) -> None:
        """Ask the log about the lines that were put off; ``ordered``: all keys of the file."""
        persons = self._people.persons()
        added = np.unique(np.concatenate([*self._supplements.keys, ordered[:0]]))

        def is_wanted(places: NDArray[np.int64], periods: NDArray[np.int64]) -> NDArray[np.bool_]:
            keys = month_keys(persons[places], periods, np.ones(len(places), np.bool_))
            wanted: NDArray[np.bool_] = _place_in(ordered, keys) != NO_LEAF
            return wanted | (_place_in(added, keys) != NO_LEAF) if len(added) else wanted

        with self._context.read() as view:
            found = self._in_log.later(view, is_wanted)
        if not len(found):
            return
        for months in self._kept:
            places, rows, periods = (months[name].to_numpy() for name in (PLACE, "row", "period"))
            leaves = self._in_log.late_leaves(found, places, rows, periods)
            self._note_recorded(months, leaves)
            added_to = ~months["normal"].to_numpy() & (leaves != NO_LEAF)
            if added_to.any():
                self._supplements.fill_in(rows[added_to], leaves[added_to])

    def done(self, log_size: int) -> FileCheck:
        """Compare lines that may stand in one another's way, and sum up."""
        refused = np.concatenate(self._refused)
        ordered = np.concatenate(self._keys)
        ordered.sort()
        if self._in_log.is_waiting:
            self._ask_later(ordered)
        shared = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        del ordered
        self._compare(refused, shared)
        self._refuse_recorded(refused)
        self._refuse_without_month(refused)
        found = self._found
        findings = sorted_findings(
            [*found.errors, *found.warnings], self._checker.source.spec.names
        )
        rows = np.concatenate(self._supplements.rows) if self._supplements else np.empty(0, int)
        return FileCheck(
            source=self._checker.source,
            rows=self.rows,
            ragged=self.ragged,
            refused=refused,
            findings=findings,
            errors_count=found.errors_count,
            warnings_count=found.warnings_count,
            supplements=bool((~refused[rows]).any()),
            log_size=log_size,
            months=self._kept,
            numbers=self._in_log.numbers,
        )

    def _compare(self, refused: NDArray[np.bool_], shared: NDArray[np.uint64]) -> None:
        """Equal lines, and different normal lines of one person's month, by keys they share."""
        if not len(shared):
            return
        group = np.concatenate([_place_in(shared, keys) for keys in self._keys])
        sizes = np.bincount(group[group >= 0], minlength=len(shared))
        portion = np.cumsum(sizes) // _COMPARED_AT_ONCE
        for number in np.unique(portion):
            wanted = (group >= 0) & (portion[group] == number)
            findings, known = self._checker.together(wanted)
            self._found.add(findings)
            lines = np.fromiter((item.line for item in findings), np.int64, len(findings))
            refused[np.flatnonzero(wanted)[np.searchsorted(known, lines)]] = True

    def _refuse_recorded(self, refused: NDArray[np.bool_]) -> None:
        if not self._recorded:
            return
        rows = np.concatenate(self._recorded.rows)
        good = ~refused[rows]
        lines = np.concatenate(self._recorded.lines)[good].tolist()
        leaves = np.concatenate(self._recorded.leaves)[good].tolist()
        source = self._checker.source
        self._found.add(
            source.finding(line, "period", "already-recorded", index=leaf)
            for line, leaf in zip(lines, leaves, strict=True)
        )
        refused[rows] = True

    def _refuse_without_month(self, refused: NDArray[np.bool_]) -> None:
        """Supplements to a month that neither the log nor a good line of the file has."""
        if not self._supplements:
            return
        rows, keys = np.concatenate(self._supplements.rows), np.concatenate(self._supplements.keys)
        leaves = np.concatenate(self._supplements.leaves)
        lines = np.concatenate(self._supplements.lines)
        asked = np.unique(keys)
        here = np.zeros(len(asked), np.bool_)
        first = 0
        for part in self._keys:
            place = _place_in(asked, part)
            place[refused[first : first + len(part)]] = NO_LEAF
            here[place[place >= 0]] = True
            first += len(part)
        waiting = rows + self.rows >= self._rows_done
        lost = waiting & ~refused[rows] & (leaves == NO_LEAF) & ~here[np.searchsorted(asked, keys)]
        source = self._checker.source
        self._found.add(
            source.finding(line, "period", "no-normal-line") for line in lines[lost].tolist()
        )
        refused[rows[lost]] = True


def _place_in(ordered: NDArray[np.uint64], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where each key stands among ordered ones; -1 where it does not."""
    at = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return np.where(ordered[at] == keys, at, NO_LEAF)


def check_file(
    context: NodeContext,
    checker: ChunkChecker,
    people: People,
    kept: KeptMonths,
    progress: Progress,
    stop: Stop,
    rows_done: int = 0,
) -> FileCheck:
    """Check every line of a file; nothing is changed.

    Args:
        context: an open bureau's node.
        checker: of the file.
        people: gets to know the file's persons.
        kept: gets the rows without faults of their own.
        progress: told how many lines are checked, and of about how many.
        stop: whether to stop.
        rows_done: how far an unfinished import of the file has come (``UnfinishedImport``): what
            the log says counts for the others.

    Raises:
        ImportCancelledError: ``stop`` said so.
        FileUnreadableError, SourceChangedError: the file cannot be read to its end.
        SealingKeyDestroyedError: persons of the file were erased.
    """
    with context.read() as view:
        log_size = view.log.head().size
    lines = checker.source.lines_expected
    with Behind("anxu-ask") as behind:
        whole = _Whole(context, checker, people, kept, behind, rows_done)
        for part in checker.chunks():
            if stop():
                done = min(rows_done, lines)
                raise ImportCancelledError(
                    file=checker.source.file_name, rows_done=done, rows_read=lines
                )
            whole.take(part)
            progress("check", min(whole.rows + whole.ragged, lines - 1), lines)
        behind.settle()
    people.require_alive()
    checked = whole.done(log_size)
    progress("check", checked.lines_read, checked.lines_read)
    return checked
