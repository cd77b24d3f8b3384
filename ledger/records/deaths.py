"""Imports notified deaths; each becomes an entry that supervisors join with payouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ledger.errors import HeadMovedError
from ledger.evidence.encoding import LeafIndex
from ledger.policy.kinds import Kind
from ledger.policy.periods import period_of
from ledger.recording.context import NodeContext
from ledger.records.columns import DEATHS
from ledger.records.files import read_table
from ledger.records.importing import (
    Progress,
    accept,
    earlier_report,
    import_row,
    prepare_entries,
    report_of,
    silent,
)
from ledger.records.model import DeathRow, ImportReport
from ledger.records.rules import death_fact
from ledger.records.validation import check_deaths
from ledger.store.log import LogRepository


def import_deaths(
    context: NodeContext,
    path: Path,
    mapping_path: Path | None = None,
    *,
    accept_valid: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Record every death of a file, in file order.

    Bad lines, repeated files and left-out lines are treated as in ``import_contributions``. A
    person whose death stands already is a bad line, whichever day it gives: the earlier one is
    reversed first.

    Raises:
        ImportRefusedError: lines have errors; its ``findings`` say which. Nothing was changed.
        HeadMovedError: somebody recorded meanwhile. Nothing was changed.
        and what ``read_table`` raises.
    """
    table = read_table(path, mapping_path, DEATHS)
    progress("read", table.lines_read, table.lines_read)
    earlier = earlier_report(context, table.import_key)
    if earlier is not None:
        return earlier
    checked = check_deaths(table, context.clock.today())
    with context.read() as view:
        size = view.log.head().size
        known = recorded_deaths(context, view.log, checked.rows)
    checked = checked.with_findings(
        [
            table.finding(row.source_line, "identity_number", "death-recorded", index=index)
            for row in checked.rows
            if (index := known.get(row.identity_number)) is not None
        ]
    )
    progress("check", table.lines_read, table.lines_read)
    left_out = accept(context, checked, accept_valid=accept_valid)
    entries = prepare_entries(context, [death_fact(row) for row in checked.rows], progress)
    with context.write() as work:
        again = work.imports.find(table.import_key)
        if again is not None:
            return replace(report_of(again, context), already_imported=True)
        if work.log.head().size != size and recorded_deaths(context, work.log, checked.rows):
            raise HeadMovedError(log_id=context.log_id, expected_size=size)
        now = context.clock.now()
        leaves = work.log.append(entries, source_key=table.import_key, recorded_at=now)
        row = import_row(
            checked,
            leaves,
            amount_fen=0,
            periods=[period_of(row.died_on) for row in checked.rows],
            persons=len(checked.rows),
            left_out=left_out,
            collection=None,
            at=now,
        )
        work.imports.add(row)
        work.commit()
    progress("record", len(entries), len(entries))
    return replace(report_of(row, context), findings=checked.findings)


def recorded_deaths(
    context: NodeContext, log: LogRepository, rows: Sequence[DeathRow]
) -> dict[str, LeafIndex]:
    """Which of these persons have a death that stands in our log, and at which leaf."""
    numbers = [row.identity_number for row in rows]
    found: dict[str, LeafIndex] = {}
    for number, subject in zip(
        numbers, context.bureau.pseudonyms.subjects_of(numbers), strict=True
    ):
        indices = [stored.index for stored in log.of_subject(subject, [Kind.DEATH_REPORT])]
        live = set(indices) - log.reversed_among(indices)
        if live:
            found[number] = min(live)
    return found
