"""Reads a bureau's file into canonical columns of text, each line with its number in the file.

CSV in UTF-8 or GB18030 (found out strictly: a byte that does not fit is an error, never a guess)
and Parquet. Nothing is judged here but the shape of the file; ``validation`` judges the cells.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from ledger.errors import (
    ColumnsMissingError,
    DuplicateColumnError,
    FileEncodingError,
    FileUnreadableError,
    UnknownFileTypeError,
)
from ledger.records.columns import ColumnSpec, Content, TableSpec, plain_heading
from ledger.records.findings import FIELD_NAMES, RowFinding
from ledger.records.mapping import FEN, GB18030, UTF_8, YUAN, Mapping, load_mapping

MAX_FILE_BYTES: Final = 1024 * 1024 * 1024
"""The largest file that is read."""

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_GOOD_A_BAD: Final = 9
_LONG_NUMBER: Final = re.compile(r"\d{4}")
_SHOWN_HEADING_LENGTH: Final = 20
_FEN_SUFFIX: Final = "_fen"
_FEN_HEADING: Final = re.compile(r"[(（]\s*(?:分|fen)\s*[)）]\s*$")

RawLine = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One file, read. ``frame`` has a text column for each canonical name, in file order.

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


def read_table(path: Path, mapping_path: Path | None, spec: TableSpec) -> SourceTable:
    """Read a file and name its columns.

    Raises:
        FileUnreadableError: it cannot be opened, is too large, empty, or no such file inside.
        UnknownFileTypeError: its name ends in neither .csv nor .parquet.
        FileEncodingError: its bytes are no text of the encoding.
        MappingFileError: the mapping file is wrong.
        ColumnsMissingError: it lacks columns; DuplicateColumnError: it has one twice.
    """
    mapping = load_mapping(mapping_path)
    extension = path.suffix.casefold()
    if extension not in {".csv", ".parquet"}:
        raise UnknownFileTypeError(file=path.name, extension=path.suffix)
    content = _bytes_of(path)
    if extension == ".csv":
        text = decode(content, mapping.encoding, path.name)
        headings, raw = _csv_lines(text, mapping.delimiter, path.name)
    else:
        headings, raw = _parquet_lines(content, path.name)
    if not raw:
        raise _unreadable(
            path.name, 1, "lines below the heading line", "表头以下有数据行", "none", "没有数据行"
        )
    places, units = _places(headings, mapping, spec, path.name)
    whole = [(line, cells) for line, cells in raw if len(cells) == len(headings)]
    ragged = tuple((line, tuple(cells)) for line, cells in raw if len(cells) != len(headings))
    return SourceTable(
        spec=spec,
        file_name=path.name,
        digest=hashlib.sha256(content).digest(),
        mapping=mapping,
        headings=tuple(headings),
        lines=tuple(line for line, _ in whole),
        frame=_canonical_frame([cells for _, cells in whole], places, mapping, spec),
        cells=tuple(tuple(cells) for _, cells in whole),
        ragged=ragged,
        units=units,
    )


# --- bytes to text -----------------------------------------------------------------------------


def _bytes_of(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise _unreadable(
                path.name, 0, f"at most {MAX_FILE_BYTES} bytes", f"不超过{MAX_FILE_BYTES}字节",
                f"{size} bytes", f"{size}字节",
            )  # fmt: skip
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _unreadable(path.name, 0, "a file", "文件", reason, reason) from error


def decode(content: bytes, encoding: str | None, file_name: str) -> str:
    """The text of a file, without a byte-order mark.

    Args:
        content: all bytes.
        encoding: ``utf-8`` or ``gb18030`` when the mapping says so; otherwise it is found out:
            UTF-8 if all bytes fit, GB18030 if not. Text that is UTF-8 for the most part is damaged
            UTF-8, although its bytes may fit GB18030 too and give other characters there.
        file_name: for the error.

    Raises:
        FileEncodingError: names the first byte that does not fit.
    """
    if content.startswith(_UTF16_MARKS):
        raise FileEncodingError(file=file_name, expected="UTF-8 or GB18030", byte_offset=0, line=1)
    if encoding == GB18030:
        return _strictly(content, GB18030, file_name)
    try:
        return _strictly(content, UTF_8, file_name)
    except FileEncodingError:
        if encoding == UTF_8 or content.startswith(_UTF8_BOM) or _mostly_utf8(content):
            raise
    return _strictly(content, GB18030, file_name)


def _strictly(content: bytes, encoding: str, file_name: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise FileEncodingError(
            file=file_name,
            expected=encoding.upper(),
            byte_offset=error.start,
            line=content.count(b"\n", 0, error.start) + 1,
        ) from error


def _mostly_utf8(content: bytes) -> bool:
    text = content.decode(UTF_8, errors="replace")
    bad = text.count("\ufffd")
    good = sum(not character.isascii() for character in text) - bad
    return good > _GOOD_A_BAD * bad


# --- text to lines -----------------------------------------------------------------------------


def _csv_lines(text: str, delimiter: str, file_name: str) -> tuple[list[str], list[RawLine]]:
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise _unreadable(file_name, line, "text", "文本", "a zero byte", "空字节")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    headings: list[str] = []
    raw: list[RawLine] = []
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if headings:
                    raw.append((start, _without_empty_tail(cells, len(headings))))
                else:
                    headings = _without_empty_tail(cells, 0)
            start = reader.line_num + 1
    except csv.Error as error:
        raise _unreadable(
            file_name, start, "lines of separated values", "以分隔符分列的行",
            f"a line that does not end as one ({error})", f"不完整的行（{error}）",
        ) from error  # fmt: skip
    if not headings:
        raise _unreadable(file_name, 1, "a heading line", "表头", "an empty file", "空文件")
    return headings, raw


def _without_empty_tail(cells: list[str], wanted: int) -> list[str]:
    end = len(cells)
    while end > wanted and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _parquet_lines(content: bytes, file_name: str) -> tuple[list[str], list[RawLine]]:
    try:
        frame = pl.read_parquet(io.BytesIO(content))
        text = frame.select(_as_text(name, frame.schema[name]) for name in frame.columns)
    except (pl.exceptions.PolarsError, OSError, pl.exceptions.PanicException) as error:
        raise _unreadable(
            file_name, 0, "a Parquet file of plain columns", "由普通列组成的 Parquet 文件",
            "something else", "其他内容",
        ) from error  # fmt: skip
    return text.columns, [(number, list(row)) for number, row in enumerate(text.iter_rows(), 1)]


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.Date | pl.Datetime):
        column = column.dt.to_string("%Y-%m-%d")
    elif kind.is_nested() or kind == pl.Binary:
        raise pl.exceptions.SchemaError(name)
    return column.cast(pl.String).fill_null("").alias(name)


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


def _canonical_frame(
    rows: list[list[str]], places: dict[str, int], mapping: Mapping, spec: TableSpec
) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) if rows else []
    series = []
    for column in spec.columns:
        if column.name in places and columns:
            values = pl.Series(column.name, columns[places[column.name]], dtype=pl.String)
        else:
            constant = mapping.constants.get(column.name, "")
            values = pl.Series(column.name, [constant] * len(rows), dtype=pl.String)
        series.append(values.str.normalize("NFC").str.strip_chars())
    return pl.DataFrame(series)


def _unreadable(
    file_name: str, line: int, expected: str, expected_zh: str, found: str, found_zh: str
) -> FileUnreadableError:
    return FileUnreadableError(
        file=file_name, line=line, expected=expected, expected_zh=expected_zh, found=found,
        found_zh=found_zh,
    )  # fmt: skip
