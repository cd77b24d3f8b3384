"""What every import shares: the first report again, the refusal of bad lines, the kept row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ledger.errors import ImportRefusedError
from ledger.recording.context import NodeContext
from ledger.recording.facts import Fact
from ledger.records.findings import RowFinding, Severity
from ledger.records.left_out import write_left_out
from ledger.records.model import ImportReport
from ledger.records.validation import Checked, RowT
from ledger.store.commands import ImportRow
from ledger.store.log import NewEntry

Progress = Callable[[str, int, int], None]
"""Told the step (``read``, ``check``, ``seal``, ``record``), how much is done, and of how much."""

KEPT_FINDINGS: Final = 500
"""How many findings an import's row keeps; the file of lines left out has all of them."""
_SEAL_STEP: Final = 5_000


def silent(_step: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


def earlier_report(context: NodeContext, import_key: str) -> ImportReport | None:
    """What the same file did when it came first; None when it is new."""
    with context.read() as view:
        row = view.imports.find(import_key)
    return None if row is None else replace(report_of(row, context), already_imported=True)


def accept(context: NodeContext, checked: Checked[Any], *, accept_valid: bool) -> Path | None:
    """Let a file in, whole or without its bad lines.

    Returns:
        Where the lines left out were written; None when there are none.

    Raises:
        ImportRefusedError: there are bad lines and nobody said to leave them out, or no good ones.
    """
    if not accept_valid or not checked.rows:
        require_good(checked)
    return write_left_out(context.directory, checked)


def require_good(checked: Checked[RowT]) -> tuple[RowT, ...]:
    """The rows of a file none of whose lines is bad.

    Raises:
        ImportRefusedError: there are bad lines.
    """
    if checked.errors:
        raise ImportRefusedError(
            file=checked.table.file_name,
            lines_read=checked.table.lines_read,
            lines_refused=len(checked.refused_lines),
            findings_count=len(checked.errors),
        ).with_findings(checked.findings)
    return checked.rows


def prepare_entries(
    context: NodeContext, facts: Sequence[Fact], progress: Progress
) -> list[NewEntry]:
    """Entries under seal, some thousands at a time; persons' keys are durable when this returns."""
    entries: list[NewEntry] = []
    for start in range(0, len(facts), _SEAL_STEP):
        entries += context.bureau.writer.prepare(facts[start : start + _SEAL_STEP])
        progress("seal", len(entries), len(facts))
    return entries


def import_row(
    checked: Checked[Any],
    leaves: range,
    *,
    amount_fen: int,
    periods: Sequence[int],
    persons: int,
    left_out: Path | None,
    collection: dict[str, Any] | None,
    at: datetime,
) -> ImportRow:
    """The row that says what an import did; its summary holds nothing personal."""
    table = checked.table
    return ImportRow(
        import_key=table.import_key,
        kind=table.spec.kind,
        file_name=table.file_name,
        file_digest=table.digest,
        rows_read=table.lines_read,
        rows_accepted=len(checked.rows),
        rows_left_out=len(checked.refused_lines),
        first_index=leaves.start,
        end_index=leaves.stop,
        amount_fen=amount_fen,
        summary=summary_of(
            checked.findings,
            findings_count=len(checked.findings),
            warnings_count=sum(item.severity is Severity.WARNING for item in checked.findings),
            persons=persons,
            periods=(min(periods), max(periods)),
            left_out=left_out,
            collection=collection,
        ),
        imported_at=at,
    )


def summary_of(
    findings: Sequence[RowFinding],
    *,
    findings_count: int,
    warnings_count: int,
    persons: int,
    periods: tuple[int, int],
    left_out: Path | None,
    collection: dict[str, Any] | None,
) -> dict[str, Any]:
    """What an import's row keeps beside its numbers: nothing personal."""
    return {
        "persons": persons,
        "period_from": periods[0],
        "period_to": periods[1],
        "findings": [
            [item.line, item.field, item.code, dict(item.details)]
            for item in findings[:KEPT_FINDINGS]
        ],
        "findings_count": findings_count,
        "warnings_count": warnings_count,
        "left_out": left_out.name if left_out is not None else None,
        "collection": collection,
    }


def report_of(row: ImportRow, context: NodeContext) -> ImportReport:
    """The report that an import's row gives."""
    summary = row.summary
    collection, left_out = summary["collection"], summary["left_out"]
    return ImportReport(
        import_key=row.import_key,
        kind=row.kind,
        file_name=row.file_name,
        already_imported=False,
        lines_read=row.rows_read,
        lines_accepted=row.rows_accepted,
        lines_left_out=row.rows_left_out,
        persons=summary["persons"],
        amount_fen=row.amount_fen,
        period_from=summary["period_from"],
        period_to=summary["period_to"],
        first_index=row.first_index,
        end_index=row.end_index,
        findings=tuple(
            RowFinding(row.file_name, line, field, code, details)
            for line, field, code, details in summary["findings"]
        ),
        findings_count=summary["findings_count"],
        warnings_count=summary["warnings_count"],
        left_out_path=context.directory / "outgoing" / left_out if left_out else None,
        collection=collection["message_key"] if collection else None,
        imported_at=row.imported_at,
    )
