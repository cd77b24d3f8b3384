"""Reads a CSV file of any size in chunks of lines: strict about bytes, tolerant about blank lines.

A chunk whose lines all have as many cells as the headings, and no quotes, is cut into columns by
Polars; any other one goes through the standard library's reader, record by record. Both give the
same lines under the same numbers.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.errors import FileEncodingError, FileUnreadableError
from ledger.records.mapping import GB18030, UTF_8

CHUNK_LINES: Final = 65_536
"""Lines of a file that are held at a time."""

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_BOM: Final = "\ufeff"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_GOOD_A_BAD: Final = 9
_PIECE_BYTES: Final = 4 * 1024 * 1024
_HELD_BYTES: Final = 64 * 1024 * 1024
_LONGEST_LINE: Final = 64 * 1024 * 1024
"""A file without line breaks is not read into memory."""
_LONGEST_CELL: Final = 131_072
"""What the standard library's reader takes; longer lines are left to it to refuse."""
_NEWLINE: Final = 0x0A

RawLine = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class RawChunk:
    """Some lines of a file, in order, as many text columns as there are headings.

    ``lines``: the number of each row's line, from 1; ``ragged``: lines with another number of
    cells, not in ``cells``. ``plain``: no cell can need trimming or another normal form, and none
    holds a control character.
    """

    lines: NDArray[np.int64]
    cells: pl.DataFrame
    ragged: tuple[tuple[int, tuple[str, ...]], ...]
    plain: bool


def unreadable(
    file_name: str, line: int, expected: str, expected_zh: str, found: str, found_zh: str
) -> FileUnreadableError:
    """The error of a file that is not what it claims to be."""
    return FileUnreadableError(
        file=file_name, line=line, expected=expected, expected_zh=expected_zh, found=found,
        found_zh=found_zh,
    )  # fmt: skip


# --- which encoding ----------------------------------------------------------------------------


def encoding_of(path: Path, said: str | None) -> tuple[str, int]:
    """The encoding of a text file, every byte of which was looked at, and its lines but the first.

    Args:
        path: the file.
        said: ``utf-8`` or ``gb18030`` when the mapping says so; otherwise it is found out: UTF-8
            if all bytes fit, GB18030 if not. Text that is UTF-8 for the most part is damaged
            UTF-8, although its bytes may fit GB18030 too and give other characters there.

    Raises:
        FileEncodingError: names the first byte that does not fit.
        FileUnreadableError: there is a zero byte.
    """
    with path.open("rb") as file:
        start = file.read(len(_UTF8_BOM))
    if start.startswith(_UTF16_MARKS):
        raise FileEncodingError(file=path.name, expected="UTF-8 or GB18030", byte_offset=0, line=1)
    if said == GB18030:
        return _require_text(path, GB18030)
    try:
        return _require_text(path, UTF_8)
    except FileEncodingError:
        if said == UTF_8 or start == _UTF8_BOM or _mostly_utf8(path):
            raise
    return _require_text(path, GB18030)


def _require_text(path: Path, encoding: str) -> tuple[str, int]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    offset, line, zero, ends_open = 0, 1, None, False
    for piece in _pieces(path):
        pending = decoder.getstate()[0]
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            at = error.start - len(pending)
            raise FileEncodingError(
                file=path.name,
                expected=encoding.upper(),
                byte_offset=offset + at,
                line=line + piece.count(b"\n", 0, max(at, 0)),
            ) from error
        if zero is None and (at := piece.find(b"\x00")) >= 0:
            zero = line + piece.count(b"\n", 0, at)
        offset += len(piece)
        line += _line_ends(piece)
        ends_open = piece[-1:] != b"\n" if piece else ends_open
    if zero is not None:
        raise unreadable(path.name, zero, "text", "文本", "a zero byte", "空字节")
    return encoding, max(line - 2 + ends_open, 1)


def _line_ends(content: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(content, np.uint8) == _NEWLINE))


def _pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file, some at a time, and at last an empty piece."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
    yield b""


def _mostly_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder(UTF_8)("replace")
    good = bad = 0
    for piece in _pieces(path):
        text = decoder.decode(piece, final=not piece)
        wrong = text.count("\ufffd")
        bad += wrong
        good += sum(not character.isascii() for character in text) - wrong
    return good > _GOOD_A_BAD * bad


# --- lines ---------------------------------------------------------------------------------------


class _Text:
    """The text of a file as UTF-8 bytes without a byte-order mark, taken by whole lines."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._decoder = None if encoding == UTF_8 else codecs.getincrementaldecoder(encoding)()
        self.ended = False
        self._rest = self._read().removeprefix(_BOM.encode())

    def take(self, lines: int) -> bytes:
        """At most so many lines; they end with a newline unless the file ends without one.

        Fewer come when the file ends, or when they are very long.
        """
        pieces, held = [self._rest], len(self._rest)
        found = last = _line_ends(self._rest)
        while found < lines and not self.ended and held < (_HELD_BYTES if found else _LONGEST_LINE):
            pieces.append(self._read())
            held += len(pieces[-1])
            last = _line_ends(pieces[-1])
            found += last
        if found >= lines:
            end = _end_of_line(pieces[-1], lines - (found - last))
        else:
            pieces = [b"".join(pieces)]
            end = len(pieces[0]) if self.ended else pieces[0].rfind(b"\n") + 1
        self._rest = pieces[-1][end:]
        pieces[-1] = pieces[-1][:end]
        return b"".join(pieces)

    def put_back(self, content: bytes) -> None:
        """Give this again before what follows."""
        self._rest = content + self._rest

    def _read(self) -> bytes:
        piece = self._file.read(_PIECE_BYTES)
        self.ended = not piece
        if self._decoder is None:
            return piece
        return self._decoder.decode(piece, final=self.ended).encode()


def _end_of_line(content: bytes, lines: int) -> int:
    """Where the line with this number, from 1, ends."""
    if lines == 1:
        return content.index(b"\n") + 1
    newlines = np.flatnonzero(np.frombuffer(content, np.uint8) == _NEWLINE)
    return int(newlines[lines - 1]) + 1


class _Feed:
    """Gives the lines of a block to a CSV reader, and further lines to a record that needs them."""

    def __init__(self, block: bytes, text: _Text) -> None:
        self._lines = io.StringIO(block.decode(), newline="")
        self._text = text
        self.begins = True

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._lines.readline()
        if not line:
            if self.begins:
                raise StopIteration
            self._lines = io.StringIO(self._text.take(1).decode(), newline="")
            line = self._lines.readline()
            if not line:
                raise StopIteration
        self.begins = False
        return line

    def rest(self) -> bytes:
        """The lines of the block that nobody asked for."""
        return self._lines.read().encode()


class CsvFile:
    """A CSV file that was opened: its headings, then its lines."""

    def __init__(self, file: BinaryIO, encoding: str, delimiter: str, file_name: str) -> None:
        """Read up to the heading line, the first one with content.

        Raises:
            FileUnreadableError: there is none.
        """
        self._text = _Text(file, encoding)
        self._delimiter = delimiter
        self._file_name = file_name
        self._line = 1
        self.headings: list[str] = []
        while not self.headings:
            block = self._take(1)
            if not block:
                raise unreadable(file_name, 1, "a heading line", "表头", "an empty file", "空文件")
            feed = _Feed(block, self._text)
            for _, cells in self._records(feed):
                self.headings = without_empty_tail(cells, 0)
                break
            self._text.put_back(feed.rest())

    def chunks(self) -> Iterator[RawChunk]:
        """The lines below the headings.

        Raises:
            FileUnreadableError: a line does not end as one.
        """
        while block := self._take(CHUNK_LINES):
            first = self._line
            frame = _columns(block, self._delimiter, len(self.headings))
            if frame is None:
                yield self._by_records(block)
                continue
            self._line += frame.height
            lines = np.arange(first, first + frame.height, dtype=np.int64)
            yield RawChunk(lines, frame, (), _is_plain(block))

    def _take(self, lines: int) -> bytes:
        block = self._text.take(lines)
        if not block and not self._text.ended:
            raise unreadable(
                self._file_name, self._line, "lines of separated values", "以分隔符分列的行",
                "a line without an end", "没有结尾的行",
            )  # fmt: skip
        return block

    def _by_records(self, block: bytes) -> RawChunk:
        width = len(self.headings)
        whole: list[RawLine] = []
        ragged = []
        for line, cells in self._records(_Feed(block, self._text)):
            row = without_empty_tail(cells, width)
            if len(row) == width:
                whole.append((line, row))
            else:
                ragged.append((line, tuple(row)))
        columns = list(zip(*(cells for _, cells in whole), strict=True)) or [()] * width
        frame = pl.DataFrame(
            [pl.Series(str(at), column, dtype=pl.String) for at, column in enumerate(columns)]
        )
        lines = np.fromiter((line for line, _ in whole), np.int64, len(whole))
        return RawChunk(lines, frame, tuple(ragged), plain=False)

    def _records(self, feed: _Feed) -> Iterator[RawLine]:
        """The records with content that begin in a block, each with the line it begins in."""
        reader = csv.reader(feed, delimiter=self._delimiter, strict=True)
        before = self._line
        while True:
            start = before + reader.line_num
            feed.begins = True
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise unreadable(
                    self._file_name, start, "lines of separated values", "以分隔符分列的行",
                    f"a line that does not end as one ({error})", f"不完整的行（{error}）",
                ) from error  # fmt: skip
            self._line = before + reader.line_num
            if any(cell.strip() for cell in cells):
                yield start, cells


def without_empty_tail(cells: list[str], wanted: int) -> list[str]:
    """The cells without empty ones behind the first ``wanted``."""
    end = len(cells)
    while end > wanted and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


# --- whole columns at once -----------------------------------------------------------------------


_BLANK_TO_PYTHON_ALONE: Final = (b"\x1c", b"\x1d", b"\x1e", b"\x1f")
"""What ``str.strip`` takes for a blank and columns do not: which lines are empty depends on it."""


def _columns(block: bytes, delimiter: str, width: int) -> pl.DataFrame | None:
    """The cells of a block as text columns; None when it must be read record by record."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if b'"' in block or b"\r" in block or not delimiter.isascii():
        return None
    if any(sign in block for sign in _BLANK_TO_PYTHON_ALONE):
        return None
    if not block.endswith(b"\n"):
        block += b"\n"
    ends = _even_ends(block, delimiter, width)
    if ends is None:
        return None
    frame = pl.read_csv(
        block, has_header=False, separator=delimiter, quote_char=None, infer_schema=False,
        empty_string_is_null=False, new_columns=[str(at) for at in range(width)],
    )  # fmt: skip
    if (frame["0"].str.strip_chars() == "").any():
        blank = pl.all_horizontal(pl.all().str.strip_chars() == "")
        if frame.select(blank.any()).item():
            return None
    return frame if frame.height == len(ends) else None


def _even_ends(block: bytes, delimiter: str, width: int) -> NDArray[np.int64] | None:
    """Where the lines end; None unless each has ``width`` cells and content."""
    content = np.frombuffer(block, np.uint8)
    is_end = content == _NEWLINE
    marks = np.flatnonzero((content == ord(delimiter)) | is_end)
    ends = marks[width - 1 :: width]
    if len(marks) != len(ends) * width or not is_end[ends].all():
        return None
    lengths = np.diff(ends, prepend=-1) - width
    if np.count_nonzero(is_end) != len(ends) or lengths.min() <= 0:
        return None
    return None if lengths.max() > _LONGEST_CELL else ends


_HARMLESS: Final = (
    bytes(
        byte
        for first, end in ((0x21, 0x7F), (0x80, 0xC0), (0xC3, 0xCC), (0xE4, 0xEA))
        for byte in range(first, end)
    )
    + b"\n"
)
"""Bytes of UTF-8 text that are no part of blanks, of control characters or of what may not be in
the normal form C: printing ASCII, U+00C0 to U+02FF (lead bytes C3 to CB), the ideographs and signs
U+4000 to U+9FFF (E4 to E9), and the bytes that follow any lead byte."""
_IN_CONTEXT: Final = {0x0D: (0x0A,), 0xC2: (0xB7,), 0xEF: (0xBC, 0xBD)}
"""Harmless before certain bytes: ends of lines, the dot in a name, full-width forms U+FF00 to
U+FF7F."""


def _is_plain(block: bytes) -> bool:
    rest = block.translate(None, _HARMLESS)
    if not rest:
        return True
    if rest.translate(None, bytes(_IN_CONTEXT)):
        return False
    content = np.frombuffer(block + b"\n", np.uint8)
    for lead, followers in _IN_CONTEXT.items():
        if lead not in rest:
            continue
        after = content[np.flatnonzero(content[:-1] == lead) + 1]
        if not np.isin(after, followers).all():
            return False
    return True
