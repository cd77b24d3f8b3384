"""Imports a contribution file: all its good lines in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ledger.errors import HeadMovedError
from ledger.evidence.encoding import LeafIndex, Subject
from ledger.funds.model import Account
from ledger.policy.kinds import InsuranceClass, Kind
from ledger.recording.context import NodeContext
from ledger.records.columns import CONTRIBUTIONS
from ledger.records.corrections import waiting_corrections
from ledger.records.files import read_table
from ledger.records.findings import RowFinding
from ledger.records.importing import (
    Progress,
    accept,
    earlier_report,
    import_row,
    prepare_entries,
    report_of,
    silent,
)
from ledger.records.model import CONTRIBUTION_IMPORT, ContributionRow, ImportReport
from ledger.records.rules import (
    Collected,
    collection_arguments,
    collection_reference,
    contribution_fact,
    merged,
)
from ledger.records.validation import Checked, check_contributions
from ledger.store.commands import ImportRow
from ledger.store.journal import Posting
from ledger.store.log import FactKey, NewEntry
from ledger.store.unit_of_work import UnitOfWork

COLLECTED: Final = "CONTRIBUTIONS_COLLECTED"
"""The occasion of the journal entry that an import posts."""

Standing = dict[FactKey, LeafIndex]
"""Persons and months whose normal line stands in the log, with its leaf."""


def import_contributions(
    context: NodeContext,
    path: Path,
    mapping_path: Path | None = None,
    *,
    accept_valid: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Record every paid month of a file, in file order, and book its money into the treasury.

    The same bytes read through the same mapping change nothing the second time: the first report
    comes again, marked ``already_imported``. The money is told to the chain once the leaves are
    anchored; fewer lines than may be shown as one total wait for the next file.

    Args:
        context: an open bureau's node.
        path: a .csv or .parquet file.
        mapping_path: what its headings, units and codes mean; None for the default headings.
        accept_valid: leave bad lines out (``left_out_path`` has them, with reasons), take the rest.
        progress: told how far it is.

    Raises:
        ImportRefusedError: lines have errors; its ``findings`` say which. Nothing was changed.
        HeadMovedError: somebody recorded the same months meanwhile. Nothing was changed.
        FileUnreadableError, UnknownFileTypeError, FileEncodingError, MappingFileError,
        ColumnsMissingError, DuplicateColumnError: the file cannot be read, see ``read_table``.
    """
    table = read_table(path, mapping_path, CONTRIBUTIONS)
    progress("read", table.lines_read, table.lines_read)
    earlier = earlier_report(context, table.import_key)
    if earlier is not None:
        return earlier
    checked = check_contributions(table, context.settings.region, context.clock.today())
    months = _months(context, checked.rows)
    month_of_line = {
        row.source_line: month for row, month in zip(checked.rows, months, strict=True)
    }
    with context.read() as view:
        size = view.log.head().size
        standing = view.log.standing_facts(Kind.CONTRIBUTION, InsuranceClass.PENSION, months)
    checked = checked.with_findings(_against_log(checked, months, standing))
    progress("check", table.lines_read, table.lines_read)
    left_out = accept(context, checked, accept_valid=accept_valid)
    months = [month_of_line[row.source_line] for row in checked.rows]
    entries = _entries(context, checked.rows, months, standing, size, progress)
    with context.write() as work:
        again = work.imports.find(table.import_key)
        if again is not None:
            return replace(report_of(again, context), already_imported=True)
        if work.log.head().size != size:
            _require_unmoved(context, work, checked, months, standing, size)
        row = _record(context, work, checked, entries, left_out)
        work.commit()
    progress("record", len(entries), len(entries))
    return replace(report_of(row, context), findings=checked.findings)


def _months(context: NodeContext, rows: Sequence[ContributionRow]) -> list[FactKey]:
    """For each row its person and month."""
    numbers = list({row.identity_number for row in rows})
    subjects: dict[str, Subject] = dict(
        zip(numbers, context.bureau.pseudonyms.subjects_of(numbers), strict=True)
    )
    return [(subjects[row.identity_number], row.period) for row in rows]


def _against_log(
    checked: Checked[ContributionRow], months: Sequence[FactKey], standing: Standing
) -> list[RowFinding]:
    """Normal lines of months that are recorded already, and supplements with nothing to add to."""
    table = checked.table
    here = {month for row, month in zip(checked.rows, months, strict=True) if row.normal}
    findings = []
    for row, month in zip(checked.rows, months, strict=True):
        if row.normal and month in standing:
            findings.append(
                table.finding(row.source_line, "period", "already-recorded", index=standing[month])
            )
        elif not row.normal and month not in standing and month not in here:
            findings.append(table.finding(row.source_line, "period", "no-normal-line"))
    return findings


def _entries(
    context: NodeContext,
    rows: Sequence[ContributionRow],
    months: Sequence[FactKey],
    standing: Standing,
    size: int,
    progress: Progress,
) -> list[NewEntry]:
    """Entries for the end of the log as it was at ``size``; supplements name their normal line."""
    places = standing | {
        month: LeafIndex(size + offset)
        for offset, (row, month) in enumerate(zip(rows, months, strict=True))
        if row.normal
    }
    region = context.settings.region
    facts = [
        contribution_fact(row, region, None if row.normal else (context.log_id, places[month]))
        for row, month in zip(rows, months, strict=True)
    ]
    return prepare_entries(context, facts, progress)


def _require_unmoved(
    context: NodeContext,
    work: UnitOfWork,
    checked: Checked[ContributionRow],
    months: Sequence[FactKey],
    standing: Standing,
    size: int,
) -> None:
    """The log grew since the lines were checked: go on only if that changes nothing about them."""
    names_leaves = any(not row.normal for row in checked.rows)
    now = work.log.standing_facts(Kind.CONTRIBUTION, InsuranceClass.PENSION, months)
    if names_leaves or now != {month: standing[month] for month in months if month in standing}:
        raise HeadMovedError(log_id=context.log_id, expected_size=size)


def _record(
    context: NodeContext,
    work: UnitOfWork,
    checked: Checked[ContributionRow],
    entries: Sequence[NewEntry],
    left_out: Path | None,
) -> ImportRow:
    """Append the entries, book the money, leave the chain message to be sent once anchored."""
    now = context.clock.now()
    key = checked.table.import_key
    leaves = work.log.append(entries, source_key=key, recorded_at=now)
    periods = [row.period for row in checked.rows]
    own = Collected(
        imports=(key,),
        first_index=leaves.start,
        end_index=leaves.stop,
        lines=len(checked.rows),
        amount_fen=sum(row.amount_fen for row in checked.rows),
        period_from=min(periods),
        period_to=max(periods),
    )
    collection = _collect(context, work, own)
    work.journal.post(
        collection_reference(context.log_id, own.first_index, own.end_index),
        COLLECTED,
        [
            Posting(Account.TREASURY.name, own.amount_fen),
            Posting(Account.OUTSIDE.name, -own.amount_fen),
        ],
        {"import": key, "lines": own.lines},
        at=now,
    )
    row = import_row(
        checked,
        leaves,
        amount_fen=own.amount_fen,
        periods=periods,
        persons=len({row.identity_number for row in checked.rows}),
        left_out=left_out,
        collection=collection,
        at=now,
    )
    work.imports.add(row)
    return row


def _collect(context: NodeContext, work: UnitOfWork, own: Collected) -> dict[str, Any] | None:
    """Leave the message that enters this file's money, with what waited for its total."""
    collected = merged([*_waiting(work), own])
    if collected.lines < context.manifest.minimum_lines or collected.amount_fen <= 0:
        return None
    message_key = f"collection/{own.imports[0]}"
    arguments = collection_arguments(context.log_id, collected)
    work.outbox.queue_once_anchored(
        message_key,
        collected.end_index,
        "Funds",
        "recordCollection",
        arguments,
        at=context.clock.now(),
    )
    return {
        "message_key": message_key,
        "reference": arguments[1],
        "imports": list(collected.imports),
    }


def _waiting(work: UnitOfWork) -> list[Collected]:
    """What no message enters yet: files with too few lines for a total, and corrections."""
    imports = [row for row in work.imports.all() if row.kind == CONTRIBUTION_IMPORT]
    told = {
        key
        for row in imports
        if row.summary["collection"] is not None
        for key in row.summary["collection"]["imports"]
    }
    files = [
        Collected(
            imports=(row.import_key,),
            first_index=row.first_index,
            end_index=row.end_index,
            lines=row.rows_accepted,
            amount_fen=row.amount_fen,
            period_from=row.summary["period_from"],
            period_to=row.summary["period_to"],
        )
        for row in imports
        if row.import_key not in told
    ]
    return [*files, *waiting_corrections(work, told)]
