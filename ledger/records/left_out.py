"""Lines that were kept out of an import, given back as a file that can be mended and imported.

It has the source's own headings and cells, so that the same mapping reads it, and three columns
more that say where the line stood, what is wrong and what to do.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as AnyMapping
from pathlib import Path
from typing import Any, Final

from ledger.files import write_atomically
from ledger.records.findings import RowFinding
from ledger.records.mapping import GB18030, Mapping
from ledger.records.validation import Checked

ADDED_HEADINGS: Final = ("行号 line", "原因 reason", "处理办法 remedy")
FILE_MODE: Final = 0o600
"""The file holds personal data."""


def left_out_path(node_directory: Path, import_key: str) -> Path:
    """Where the lines left out of an import lie."""
    return node_directory / "outgoing" / f"left-out-{import_key}.csv"


def write_left_out(node_directory: Path, checked: Checked[Any]) -> Path | None:
    """Write the lines that have errors, with their reasons; None when there are none."""
    table = checked.table
    whole = zip(table.lines, table.cells, strict=True)
    refused = checked.refused_lines
    cells = {line: row for part in (whole, table.ragged) for line, row in part if line in refused}
    path = left_out_path(node_directory, table.import_key)
    return write_lines(path, table.mapping, table.headings, cells, checked.errors)


def write_lines(
    path: Path,
    mapping: Mapping,
    headings: Sequence[str],
    cells: AnyMapping[int, Sequence[str]],
    errors: Sequence[RowFinding],
) -> Path | None:
    """Write lines by their numbers, with what is wrong with them; None when nothing is."""
    if not errors:
        return None
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=mapping.delimiter)
    writer.writerows(_rows(headings, cells, errors))
    encoding = GB18030 if mapping.encoding == GB18030 else "utf-8-sig"
    write_atomically(path, text.getvalue().encode(encoding), mode=FILE_MODE)
    return path


def _rows(
    headings: Sequence[str], cells: AnyMapping[int, Sequence[str]], errors: Sequence[RowFinding]
) -> Iterator[list[str]]:
    found: dict[int, list[RowFinding]] = {}
    for finding in errors:
        found.setdefault(finding.line, []).append(finding)
    width = len(headings)
    yield [*headings, *ADDED_HEADINGS]
    for line, findings in found.items():
        row = list(cells[line][:width])
        yield [*row, *[""] * (width - len(row)), str(line), _reasons(findings), _remedies(findings)]


def _reasons(findings: list[RowFinding]) -> str:
    return "; ".join(
        f"{finding.field_name('zh')}：{finding.reason('zh')} / "
        f"{finding.field_name('en')}: {finding.reason('en')}"
        for finding in findings
    )


def _remedies(findings: list[RowFinding]) -> str:
    remedies = dict.fromkeys(f"{item.remedy('zh')} / {item.remedy('en')}" for item in findings)
    return "; ".join(remedies)
