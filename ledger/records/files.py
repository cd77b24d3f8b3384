"""Reads a bureau's file into canonical columns of text, each line with its number in the file.

CSV in UTF-8 or GB18030 (found out strictly: a byte that does not fit is an error, never a guess)
and Parquet, in chunks, so that a file of any size is read in little memory. Nothing is judged here
but the shape of the file; ``validation`` judges the cells.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.errors import (
    ColumnsMissingError,
    DuplicateColumnError,
    FileUnreadableError,
    SourceChangedError,
    UnknownFileTypeError,
)
from ledger.records.columns import ColumnSpec, Content, TableSpec, plain_heading
from ledger.records.csv_stream import (
    CHUNK_LINES,
    CsvFile,
    RawChunk,
    encoding_of,
    unreadable,
)
from ledger.records.findings import FIELD_NAMES, RowFinding
from ledger.records.mapping import FEN, YUAN, Mapping, load_mapping

MAX_FILE_BYTES: Final = 1024 * 1024 * 1024
"""The largest file that is read as one table; what is read in chunks may be of any size."""

_CSV: Final = ".csv"
_PARQUET: Final = ".parquet"
_PARQUET_ROWS: Final = 4 * CHUNK_LINES
_LONG_NUMBER: Final = re.compile(r"\d{4}")
_SHOWN_HEADING_LENGTH: Final = 20
_FEN_SUFFIX: Final = "_fen"
_FEN_HEADING: Final = re.compile(r"[(（]\s*(?:分|fen)\s*[)）]\s*$")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file whose headings are known and whose bytes were looked at once.

    ``places``: where each canonical column stands; ``units``: of each money column; ``stamp``:
    what changes when somebody writes to the file; ``lines_expected``: how many lines it has below
    the headings, blank ones included.
    """

    spec: TableSpec
    path: Path
    digest: bytes
    mapping: Mapping
    encoding: str
    headings: tuple[str, ...]
    places: dict[str, int]
    units: dict[str, str]
    stamp: tuple[int, ...]
    lines_expected: int

    @property
    def file_name(self) -> str:
        """The name without its directory."""
        return self.path.name

    @property
    def import_key(self) -> str:
        """The same for the same bytes read through the same mapping: kind, dash, 64 hex digits."""
        digest = hashlib.sha256(self.digest + self.mapping.digest).hexdigest()
        return f"{self.spec.kind}-{digest}"

    def finding(self, line: int, field: str, code: str, **details: object) -> RowFinding:
        """A finding about this file."""
        return RowFinding(self.file_name, line, field, code, details)

    def chunks(self) -> Iterator[SourceChunk]:
        """The lines below the headings, in order.

        Raises:
            FileUnreadableError: a line does not end as one.
            SourceChangedError: the file is no longer what it was when it was opened.
        """
        row = 0
        with _raw_chunks(self.path, self.encoding, self.mapping) as (_, raw):
            for chunk in raw:
                self.require_unchanged()
                yield SourceChunk(
                    row,
                    chunk.lines,
                    self._canonical(chunk),
                    chunk.cells,
                    chunk.ragged,
                    chunk.plain and not self.mapping.constants,
                )
                row += len(chunk.lines)

    def require_unchanged(self) -> None:
        """Refuse to go on with a file that somebody wrote to. Raises SourceChangedError."""
        if _stamp(self.path) != self.stamp:
            raise SourceChangedError(file=self.file_name)

    def table(self, chunk: SourceChunk, keep: NDArray[np.bool_] | None = None) -> SourceTable:
        """Some rows of a chunk, or all of them with its ragged lines, as a table to be judged."""
        lines, frame, cells = chunk.lines, chunk.frame, chunk.cells
        if keep is not None:
            mask = pl.Series(keep)
            lines, frame, cells = lines[keep], frame.filter(mask), cells.filter(mask)
        return SourceTable(
            spec=self.spec,
            file_name=self.file_name,
            digest=self.digest,
            mapping=self.mapping,
            headings=self.headings,
            lines=tuple(lines.tolist()),
            frame=frame,
            cells=tuple(cells.iter_rows()),
            ragged=chunk.ragged if keep is None else (),
            units=self.units,
        )

    def _canonical(self, chunk: RawChunk) -> pl.DataFrame:
        series = []
        for column in self.spec.columns:
            place = self.places.get(column.name)
            if place is None:
                constant = self.mapping.constants.get(column.name, "")
                cells = pl.Series([constant], dtype=pl.String).new_from_index(0, len(chunk.lines))
            else:
                cells = chunk.cells.to_series(place)
            if place is None or not chunk.plain:
                cells = _trimmed(cells)
            series.append(cells.alias(column.name))
        return pl.DataFrame(series)


@dataclass(frozen=True, slots=True)
class SourceChunk:
    """Some lines of a file. ``frame`` has a text column for each canonical name.

    ``first_row``: how many rows stand before it; ``lines``: the line of each row; ``cells``: the
    rows as they stand in the file; ``ragged``: lines whose number of cells differs from the
    headings', not in ``frame``. ``plain``: no cell can hold a control character.
    """

    first_row: int
    lines: NDArray[np.int64]
    frame: pl.DataFrame
    cells: pl.DataFrame
    ragged: tuple[tuple[int, tuple[str, ...]], ...]
    plain: bool = False

    def only_ragged(self) -> SourceChunk:
        """The chunk without its rows."""
        none = slice(0, 0)
        return SourceChunk(
            self.first_row, self.lines[none], self.frame[none], self.cells[none], self.ragged
        )


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A file, or some lines of it. ``frame`` has a text column for each canonical name.

    ``lines``: the line of each row of ``frame``; ``cells``: the row as it stands in the file.
    ``ragged``: lines whose number of cells differs from the headings', not in ``frame``.
    """

    spec: TableSpec
    file_name: str
    digest: bytes
    mapping: Mapping
    headings: tuple[str, ...]
    lines: tuple[int, ...]
    frame: pl.DataFrame
    cells: tuple[tuple[str, ...], ...]
    ragged: tuple[tuple[int, tuple[str, ...]], ...]
    units: dict[str, str]

    @property
    def import_key(self) -> str:
        """The same for the same bytes read through the same mapping: kind, dash, 64 hex digits."""
        digest = hashlib.sha256(self.digest + self.mapping.digest).hexdigest()
        return f"{self.spec.kind}-{digest}"

    @property
    def lines_read(self) -> int:
        """Lines with content, the heading line left out."""
        return len(self.lines) + len(self.ragged)

    def finding(self, line: int, field: str, code: str, **details: object) -> RowFinding:
        """A finding about this file."""
        return RowFinding(self.file_name, line, field, code, details)

    def ragged_findings(self) -> list[RowFinding]:
        """One finding for each ragged line."""
        expected = len(self.headings)
        return [
            self.finding(line, "", "cells", found=len(cells), expected=expected)
            for line, cells in self.ragged
        ]


def open_source(path: Path, mapping_path: Path | None, spec: TableSpec) -> SourceFile:
    """Look at every byte of a file and name its columns; its lines are read afterwards.

    Raises:
        FileUnreadableError: it cannot be opened, is empty, or no such file inside.
        UnknownFileTypeError: its name ends in neither .csv nor .parquet.
        FileEncodingError: its bytes are no text of the encoding.
        MappingFileError: the mapping file is wrong.
        ColumnsMissingError: it lacks columns; DuplicateColumnError: it has one twice.
    """
    mapping = load_mapping(mapping_path)
    if path.suffix.casefold() not in {_CSV, _PARQUET}:
        raise UnknownFileTypeError(file=path.name, extension=path.suffix)
    with _readable(path):
        stamp = _stamp(path)
        is_csv = path.suffix.casefold() == _CSV
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="anxu-digest") as hasher:
            digested = hasher.submit(_digest, path)
            encoding, lines = encoding_of(path, mapping.encoding) if is_csv else ("", 0)
            digest = digested.result()
        with _raw_chunks(path, encoding, mapping) as (headings, raw):
            first = next((chunk for chunk in raw if len(chunk.lines) or chunk.ragged), None)
    if first is None:
        raise unreadable(
            path.name, 1, "lines below the heading line", "表头以下有数据行", "none", "没有数据行"
        )
    places, units = _places(headings, mapping, spec, path.name)
    lines = lines or _parquet_height(path)
    return SourceFile(
        spec, path, digest, mapping, encoding, tuple(headings), places, units, stamp, lines
    )


def read_table(path: Path, mapping_path: Path | None, spec: TableSpec) -> SourceTable:
    """Read a whole file that is not too large.

    Raises:
        FileUnreadableError: it is too large, or as for :func:`open_source`.
        UnknownFileTypeError, FileEncodingError, MappingFileError, ColumnsMissingError,
        DuplicateColumnError: as for :func:`open_source`.
    """
    with _readable(path):
        size = path.stat().st_size if path.suffix.casefold() in {_CSV, _PARQUET} else 0
    if size > MAX_FILE_BYTES:
        raise unreadable(
            path.name, 0, f"at most {MAX_FILE_BYTES} bytes", f"不超过{MAX_FILE_BYTES}字节",
            f"{size} bytes", f"{size}字节",
        )  # fmt: skip
    source = open_source(path, mapping_path, spec)
    chunks = list(source.chunks())
    whole = SourceChunk(
        first_row=0,
        lines=np.concatenate([chunk.lines for chunk in chunks]),
        frame=pl.concat([chunk.frame for chunk in chunks]),
        cells=pl.concat([chunk.cells for chunk in chunks]),
        ragged=tuple(line for chunk in chunks for line in chunk.ragged),
    )
    return source.table(whole)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise unreadable(path.name, 0, "a file", "文件", reason, reason) from error


def _stamp(path: Path) -> tuple[int, ...]:
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


@contextmanager
def _raw_chunks(
    path: Path, encoding: str, mapping: Mapping
) -> Iterator[tuple[list[str], Iterator[RawChunk]]]:
    """The headings of a file and its lines as they stand in it."""
    if not encoding:
        yield _parquet_chunks(path)
        return
    with path.open("rb") as file:
        opened = CsvFile(file, encoding, mapping.delimiter, path.name)
        yield opened.headings, opened.chunks()


def _parquet_chunks(path: Path) -> tuple[list[str], Iterator[RawChunk]]:
    try:
        lazy = pl.scan_parquet(path, glob=False)
        schema = lazy.collect_schema()
        columns = [_as_text(name, kind) for name, kind in schema.items()]
        rows = lazy.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError, pl.exceptions.PanicException) as error:
        raise _no_parquet(path) from error
    return schema.names(), _parquet_slices(path, lazy.select(columns), rows)


def _parquet_height(path: Path) -> int:
    return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())


def _parquet_slices(path: Path, lazy: pl.LazyFrame, rows: int) -> Iterator[RawChunk]:
    for start in range(0, rows, _PARQUET_ROWS):
        try:
            part = lazy.slice(start, _PARQUET_ROWS).collect()
        except (pl.exceptions.PolarsError, OSError, pl.exceptions.PanicException) as error:
            raise _no_parquet(path) from error
        for begin in range(0, part.height, CHUNK_LINES):
            frame = part.slice(begin, CHUNK_LINES)
            first = start + begin + 1
            lines = np.arange(first, first + frame.height, dtype=np.int64)
            yield RawChunk(lines, frame, (), plain=False)


def _no_parquet(path: Path) -> FileUnreadableError:
    return unreadable(
        path.name, 0, "a Parquet file of plain columns", "由普通列组成的 Parquet 文件",
        "something else", "其他内容",
    )  # fmt: skip


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.Date | pl.Datetime):
        column = column.dt.to_string("%Y-%m-%d")
    elif kind.is_nested() or kind == pl.Binary:
        raise pl.exceptions.SchemaError(name)
    return column.cast(pl.String).fill_null("").alias(name)


def _trimmed(cells: pl.Series) -> pl.Series:
    """Cells in the normal form C without blanks around them."""
    if (cells.str.len_bytes() != cells.str.len_chars()).any():
        cells = cells.str.normalize("NFC")
    return cells.str.strip_chars()


# --- headings to canonical columns -------------------------------------------------------------


def _places(
    headings: Sequence[str], mapping: Mapping, spec: TableSpec, file_name: str
) -> tuple[dict[str, int], dict[str, str]]:
    """Where each canonical column stands, and the unit of each money column."""
    plain = [plain_heading(heading) for heading in headings]
    places: dict[str, int] = {}
    units: dict[str, str] = {}
    missing = []
    for column in spec.columns:
        wanted = _spellings(column, mapping)
        found = [place for place, heading in enumerate(plain) if heading in wanted]
        if len(found) > 1:
            raise DuplicateColumnError(file=file_name, column=column.name)
        if found:
            places[column.name] = found[0]
            if column.content is Content.MONEY:
                units[column.name] = _unit(column, headings[found[0]], mapping)
        elif column.name in mapping.columns or (
            column.required and column.name not in mapping.constants
        ):
            missing.append(column)
    if missing:
        expected = ", ".join(_spoken(column, mapping) for column in missing)
        found_text = _shown_headings(headings, set(places.values()))
        raise ColumnsMissingError(file=file_name, expected=expected, found=found_text)
    return places, units


def _spellings(column: ColumnSpec, mapping: Mapping) -> set[str]:
    own = mapping.columns.get(column.name)
    if own is not None:
        return {plain_heading(own)}
    known = {column.name, *column.headings}
    if column.content is Content.MONEY:
        known.add(column.name + _FEN_SUFFIX)
    return {plain_heading(heading) for heading in known}


def _unit(column: ColumnSpec, heading: str, mapping: Mapping) -> str:
    said = mapping.unit_of(column.name)
    if said is not None:
        return said
    in_fen = plain_heading(heading) == column.name + _FEN_SUFFIX or _FEN_HEADING.search(heading)
    return FEN if in_fen else YUAN


def _spoken(column: ColumnSpec, mapping: Mapping) -> str:
    own = mapping.columns.get(column.name)
    return f"{own or column.headings[0]} ({FIELD_NAMES[column.name][1]})"


def _shown_headings(headings: Sequence[str], recognised: set[int]) -> str:
    """Headings as an error may repeat them: none when the first line may hold a person's data."""
    if not recognised:
        return f"{len(headings)} columns, none of whose headings is known"
    shown = [
        heading.strip()
        for heading in headings
        if len(heading) <= _SHOWN_HEADING_LENGTH and not _LONG_NUMBER.search(heading)
    ]
    return ", ".join(shown)
