"""Reads a bank's answer to a pay file (回盘): one line, one result."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ledger.errors import ColumnsMissingError, FileEncodingError, FileUnreadableError

LEAF_HEADINGS: Final = ("序号", "leaf")
RESULT_HEADINGS: Final = ("结果", "result")
_RESULTS: Final[Mapping[str, str]] = {
    "成功": "PAID",
    "已付": "PAID",
    "paid": "PAID",
    "退回": "RETURNED",
    "失败": "RETURNED",
    "returned": "RETURNED",
    "未知": "UNKNOWN",
    "处理中": "UNKNOWN",
    "unknown": "UNKNOWN",
}


def read_bank_answer(path: Path) -> dict[int, str]:
    """``PAID`` or ``RETURNED`` by leaf index; lines whose result is unknown are left out.

    Raises:
        FileUnreadableError: it is no such file, a leaf is no number or comes twice, a result is
            not known.
        FileEncodingError: it is neither UTF-8 nor GB18030.
        ColumnsMissingError: it lacks the leaf or the result.
    """
    rows = csv.reader(io.StringIO(_text(path), newline=""))
    headings = [cell.strip().casefold() for cell in next(rows, [])]
    leaf_at, result_at = (
        next((headings.index(name) for name in names if name in headings), None)
        for names in (LEAF_HEADINGS, RESULT_HEADINGS)
    )
    if leaf_at is None or result_at is None:
        raise ColumnsMissingError(
            file=path.name, expected="序号, 结果", found=f"{len(headings)} headings"
        )
    answers: dict[int, str] = {}
    for row in rows:
        line = rows.line_num
        if not any(cell.strip() for cell in row):
            continue
        cells = [*row, *[""] * len(headings)]
        leaf, result = cells[leaf_at].strip(), _RESULTS.get(cells[result_at].strip().casefold())
        if not (leaf.isascii() and leaf.isdigit()):
            raise _unreadable(path, line, "a leaf's number", "日志位置数字")
        if int(leaf) in answers:
            raise _unreadable(path, line, "each leaf once", "每笔仅一行")
        if result is None:
            raise _unreadable(path, line, "PAID, RETURNED or UNKNOWN", "成功、退回或未知")
        answers[int(leaf)] = result
    return {leaf: result for leaf, result in answers.items() if result != "UNKNOWN"}


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, 0, "a readable file", "可读取的文件") from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            start = error.start
    raise FileEncodingError(
        file=path.name,
        expected="UTF-8 or GB18030",
        byte_offset=start,
        line=content.count(b"\n", 0, start) + 1,
    )


def _unreadable(path: Path, line: int, expected: str, expected_zh: str) -> FileUnreadableError:
    return FileUnreadableError(
        file=path.name,
        line=line,
        expected=expected,
        expected_zh=expected_zh,
        found="something else",
        found_zh="其他内容",
    )
