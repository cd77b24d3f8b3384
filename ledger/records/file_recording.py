"""Pass 2 over a contribution file: its good lines into the log, part by part.

A part is one transaction: rows, leaves, head, and how far the file has come. With the last part
come the import's row and its money. What a crash or a cancellation leaves is therefore a number of
whole parts, and the same command goes on behind them. In a file of several parts the normal lines
come first and the supplements after all of them, so that each supplement finds its normal line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.errors import HeadMovedError, ImportCancelledError
from ledger.evidence.batch import Blobs, EntryBatch
from ledger.evidence.growth import Growth
from ledger.evidence.hashing import ByteRows
from ledger.pipelines import ahead, with_last
from ledger.policy.kinds import Kind
from ledger.recording.bulk import People, seal_rows
from ledger.recording.context import NodeContext
from ledger.records import csv_stream
from ledger.records.file_check import PLACE, ChunkChecker, FileCheck, Stop
from ledger.records.importing import Progress
from ledger.records.month_records import MonthRecords, month_records
from ledger.records.standing import NO_LEAF, standing_leaves
from ledger.store.commands import ImportRow, UnfinishedImport
from ledger.store.unit_of_work import UnitOfWork

PART_CHUNKS: Final = 4
"""Chunks of a file that are recorded in one transaction."""
SEALED_ROWS: Final = 16_384
"""Rows that are sealed at once, while those before them are put into the log."""
_NOBODY: Final = np.empty(0, np.int64)
_FIRST_SEALED: Final = 2_048
"""Fewer at the start of a part: until they are sealed, the database has nothing to do."""

Finish = Callable[[UnitOfWork, UnfinishedImport, int], ImportRow]
"""Given the sums of a whole file and the number of its persons: books it and keeps its row."""


@dataclass(frozen=True, slots=True)
class _Portion:
    """Good rows of one chunk.

    ``places``: their persons among all of the import; ``end``: the place in the file's order of
    recording behind them.
    """

    months: pl.DataFrame
    places: NDArray[np.int64]
    end: int


class Recorder:
    """Records the good lines of a checked file."""

    def __init__(
        self,
        context: NodeContext,
        checker: ChunkChecker,
        people: People,
        checked: FileCheck,
        progress: Progress,
        stop: Stop,
    ) -> None:
        self._context = context
        self._checker = checker
        self._people = people
        self._checked = checked
        self._progress = progress
        self._stop = stop
        self._met = np.zeros(len(people), np.bool_)
        self._sealed = 0
        self._good = checked.rows - int(np.count_nonzero(checked.refused))
        # What pass 1 saw of the log counts as long as only our own parts were added to it.
        self._expected_size = checked.log_size

    def record(self, done: UnfinishedImport, finish: Finish) -> ImportRow | None:
        """Record what is not recorded yet.

        Args:
            done: how far the import has come; a new one is at row 0.
            finish: called in the last part's transaction.

        Returns:
            The import's row; None when somebody else recorded the same file meanwhile.

        Raises:
            ImportCancelledError: ``stop`` said so; whole parts are recorded.
            HeadMovedError: somebody recorded the same months meanwhile; what was recorded stays.
            SealingKeyDestroyedError: persons of the file were erased.
        """
        self._sealed = done.rows_accepted
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="anxu-log") as files:
            return self._record_parts(done, finish, files)

    def _record_parts(
        self, done: UnfinishedImport, finish: Finish, files: ThreadPoolExecutor
    ) -> ImportRow | None:
        for part, is_last in with_last(ahead(self._parts(done.rows_done))):
            grown: list[tuple[ByteRows, Growth]] = []
            with self._context.write(alone=True) as work:
                if work.imports.find(done.import_key) is not None:
                    return None
                standing = work.imports.unfinished(done.import_key)
                if (standing.rows_done if standing is not None else 0) != done.rows_done:
                    raise HeadMovedError(
                        log_id=self._context.log_id, expected_size=self._expected_size
                    )
                try:
                    done = self._record_part(work, part, done, grown)
                except ImportCancelledError as error:
                    raise self._cancelled(done) from error
                row = None
                if is_last:
                    work.imports.drop_unfinished(done.import_key)
                    row = finish(work, done, int(np.count_nonzero(self._met)))
                else:
                    work.imports.keep_unfinished(done)
                work.commit()
            if grown:
                # The log's files go on beside the next part; the rows can always make them again.
                files.submit(self._context.bureau.tiles.follow, grown)
            self._progress("record", done.rows_accepted, self._good)
            if row is not None:
                return row
        raise AssertionError("a file has a last part")

    # --- which rows, in which order --------------------------------------------------------------

    def _parts(self, rows_done: int) -> Iterator[list[_Portion]]:
        """Parts of the file behind the rows that are done; one without rows when there are none."""
        portions: list[_Portion] = []
        is_first = True
        for portion in self._portions(rows_done):
            portions.append(portion)
            if len(portions) == PART_CHUNKS:
                yield portions
                portions, is_first = [], False
        if portions or is_first:
            yield portions

    def _portions(self, rows_done: int) -> Iterator[_Portion]:
        rows = self._checked.rows
        part_lines = PART_CHUNKS * csv_stream.CHUNK_LINES
        apart = self._checked.supplements and self._checked.lines_read > part_lines
        for supplements in (False, True) if apart else (None,):
            before = rows if supplements else 0
            for months in ahead(iter(self._checked.months)):
                places = months[PLACE].to_numpy()
                row = months["row"].to_numpy()
                wanted = ~self._checked.refused[row]
                self._met[places[wanted]] = True
                wanted &= row >= rows_done - before
                if supplements is not None:
                    wanted &= months["normal"].to_numpy() != supplements
                if wanted.all():
                    yield _Portion(months, places, before + int(row[-1]) + 1)
                elif wanted.any():
                    end = before + int(row[wanted][-1]) + 1
                    yield _Portion(months.filter(pl.Series(wanted)), places[wanted], end)

    # --- one part --------------------------------------------------------------------------------

    def _record_part(
        self,
        work: UnitOfWork,
        part: list[_Portion],
        done: UnfinishedImport,
        grown: list[tuple[ByteRows, Growth]],
    ) -> UnfinishedImport:
        size = work.log.head().size
        places = [portion.places for portion in part]
        persons = self._checked.numbers.given(work, np.concatenate([*places, _NOBODY]))
        adds_to = self._adds_to(work, part, persons, size)
        now = self._context.clock.now()
        leaves = work.log.append_batches(
            ahead(self._sealed_rows(ahead(self._records(part, adds_to)))),
            source_key=done.import_key,
            at=now,
            told=lambda leaves, growth: grown.append((leaves, growth)),
            persons=persons,
        )
        self._expected_size = leaves.stop
        return _sums(done, part, leaves, now)

    def _adds_to(
        self, work: UnitOfWork, part: list[_Portion], persons: NDArray[np.int64], size: int
    ) -> list[NDArray[np.int64] | None]:
        """For each portion the leaves that its supplements add to, None without supplements.

        Raises:
            HeadMovedError: the log holds normal lines of these months by now, or no longer holds
                those that supplements add to.
        """
        moved = size != self._expected_size
        answers: list[NDArray[np.int64] | None] = []
        end = 0
        for portion in part:
            months = portion.months
            first, end = end, end + len(months)
            normal = months["normal"].to_numpy()
            if normal.all() and not moved:
                answers.append(None)
                continue
            periods = months["period"].to_numpy()
            leaves = standing_leaves(work, persons[first:end], periods)
            if (leaves[normal] != NO_LEAF).any():
                raise HeadMovedError(log_id=self._context.log_id, expected_size=size)
            answers.append(None if normal.all() else leaves)
        if any(answer is not None for answer in answers):
            self._find_in_part(part, answers, size)
        return answers

    def _find_in_part(
        self, part: list[_Portion], answers: list[NDArray[np.int64] | None], size: int
    ) -> None:
        """Fill in the leaves that this part is about to make."""
        lines = pl.concat([each.months.select("person", "period", "normal") for each in part])
        lines = lines.with_row_index("leaf", offset=size)
        month = ["person", "period"]
        normal = lines.filter("normal").select(*month, here="leaf")
        here = lines.join(normal, on=month, how="left", maintain_order="left")["here"]
        found = here.cast(pl.Int64).fill_null(NO_LEAF).to_numpy()
        first = 0
        for portion, answer in zip(part, answers, strict=True):
            end = first + len(portion.months)
            if answer is not None:
                np.copyto(answer, found[first:end], where=answer == NO_LEAF)
                if (answer == NO_LEAF).any():
                    raise HeadMovedError(log_id=self._context.log_id, expected_size=size)
            first = end

    def _records(
        self, part: list[_Portion], adds_to: list[NDArray[np.int64] | None]
    ) -> Iterator[tuple[MonthRecords, NDArray[np.int64]]]:
        """The part's canonical records, some at a time, with the places of their persons."""
        context, rows = self._context, _FIRST_SEALED
        for portion, leaves in zip(part, adds_to, strict=True):
            if self._stop():
                raise ImportCancelledError(file="", rows_done=0, rows_read=0)
            end = 0
            while end < len(portion.months):
                first, end = end, end + rows
                months = portion.months.slice(first, rows)
                added = None if leaves is None else leaves[first:end]
                yield (
                    month_records(
                        months, self._checker.rates, context.settings.region, context.log_id, added
                    ),
                    portion.places[first:end],
                )
                rows = min(2 * rows, SEALED_ROWS)

    def _sealed_rows(
        self, records: Iterator[tuple[MonthRecords, NDArray[np.int64]]]
    ) -> Iterator[tuple[EntryBatch, Blobs]]:
        for made, places in records:
            yield seal_rows(
                self._context.log_id,
                Kind.CONTRIBUTION,
                (made.classes, made.periods, made.amounts_fen),
                made.records,
                self._people,
                places,
                self._context.random,
            )
            self._sealed += len(places)
            self._progress("seal", self._sealed, self._good)

    def _cancelled(self, done: UnfinishedImport) -> ImportCancelledError:
        return ImportCancelledError(
            file=done.file_name, rows_done=done.rows_accepted, rows_read=self._checked.lines_read
        )


def _sums(
    done: UnfinishedImport, part: list[_Portion], leaves: range, now: datetime
) -> UnfinishedImport:
    """How far the import has come with one part more."""
    if not part:
        return replace(done, updated_at=now)
    periods = np.concatenate([portion.months["period"].to_numpy() for portion in part])
    amount = sum(
        int(portion.months["unit_fen"].sum()) + int(portion.months["person_fen"].sum())
        for portion in part
    )
    first = done.rows_accepted == 0
    return replace(
        done,
        rows_done=part[-1].end,
        rows_accepted=done.rows_accepted + len(leaves),
        first_index=leaves.start if first else done.first_index,
        end_index=leaves.stop,
        amount_fen=done.amount_fen + amount,
        period_from=int(periods.min()) if first else min(done.period_from, int(periods.min())),
        period_to=max(done.period_to, int(periods.max())),
        updated_at=now,
    )
