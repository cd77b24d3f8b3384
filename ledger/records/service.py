"""Imports a contribution file of any size: checked as a whole, then recorded part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from ledger.errors import ImportRefusedError
from ledger.funds.model import Account, Movement
from ledger.recording.bulk import People
from ledger.recording.context import NodeContext
from ledger.recording.routes import routed_account
from ledger.records.columns import CONTRIBUTIONS
from ledger.records.corrections import enter_corrections, waiting_corrections
from ledger.records.file_check import HELD_FINDINGS, ChunkChecker, FileCheck, Stop, check_file
from ledger.records.file_recording import Recorder
from ledger.records.files import SourceFile, open_source
from ledger.records.findings import errors_among
from ledger.records.importing import Progress, earlier_report, report_of, silent, summary_of
from ledger.records.kept_months import KeptMonths
from ledger.records.left_out import left_out_path, write_lines
from ledger.records.model import CONTRIBUTION_IMPORT, ImportReport
from ledger.records.rules import (
    Collected,
    collection_arguments,
    collection_reference,
    merged,
)
from ledger.store.commands import ImportRow, UnfinishedImport
from ledger.store.journal import Posting
from ledger.store.unit_of_work import UnitOfWork

COLLECTED: Final = "CONTRIBUTIONS_COLLECTED"
"""The occasion of the journal entry that an import posts."""


def never() -> bool:
    """Nobody wants to stop."""
    return False


def import_contributions(
    context: NodeContext,
    path: Path,
    mapping_path: Path | None = None,
    *,
    accept_valid: bool = False,
    progress: Progress = silent,
    stop: Stop = never,
) -> ImportReport:
    """Record every paid month of a file, in file order, and book its money into the treasury.

    The whole file is checked before anything of it is recorded. A file of up to 262,144 lines is
    recorded in one transaction; a larger one in several (see ``file_recording``), its money with
    the last: what stopped in between goes on with the same command. The same bytes read through
    the same mapping change nothing the second time: the first report comes again, marked
    ``already_imported``. The money is told to the chain once the leaves are anchored; fewer lines
    than may be shown as one total wait for the next file.

    Args:
        context: an open bureau's node.
        path: a .csv or .parquet file.
        mapping_path: what its headings, units and codes mean; None for the default headings.
        accept_valid: leave bad lines out (``left_out_path`` has them, with reasons), take the rest.
        progress: told how far it is.
        stop: asked between chunks of the file whether to stop.

    Raises:
        ImportRefusedError: lines have errors; its ``findings`` say which. Nothing was changed.
        HeadMovedError: somebody recorded the same months meanwhile; the same command again says
            which. No line was recorded twice.
        ImportCancelledError: ``stop`` said so; what is recorded are whole parts.
        SourceChangedError: somebody wrote to the file meanwhile.
        SealingKeyDestroyedError: persons of the file were erased.
        FileUnreadableError, UnknownFileTypeError, FileEncodingError, MappingFileError,
        ColumnsMissingError, DuplicateColumnError: the file cannot be read, see ``read_table``.
    """
    source = open_source(path, mapping_path, CONTRIBUTIONS)
    progress("read", source.lines_expected, source.lines_expected)
    earlier = earlier_report(context, source.import_key)
    if earlier is not None:
        return earlier
    with context.read() as view:
        done = view.imports.unfinished(source.import_key) or _nothing_done(context, source)
    tools = context.bureau
    people = People(tools.pseudonyms, tools.person_keys)
    checker = ChunkChecker(source, context.settings.region, context.clock.today())
    with KeptMonths(context.directory, context.random) as kept:
        checked = check_file(context, checker, people, kept, progress, stop, done.rows_done)
        left_out = _accept(context, checked, done, accept_valid=accept_valid)

        def finish(work: UnitOfWork, sums: UnfinishedImport, persons: int) -> ImportRow:
            return _finish(context, work, checked, sums, persons, left_out)

        row = Recorder(context, checker, people, checked, progress, stop).record(done, finish)
    if row is None:
        again = earlier_report(context, source.import_key)
        assert again is not None, "somebody else finished the same import"
        return again
    return replace(report_of(row, context), findings=checked.findings)


def _nothing_done(context: NodeContext, source: SourceFile) -> UnfinishedImport:
    now = context.clock.now()
    return UnfinishedImport(
        import_key=source.import_key,
        kind=source.spec.kind,
        file_name=source.file_name,
        rows_read=source.lines_expected,
        rows_done=0,
        rows_accepted=0,
        first_index=0,
        end_index=0,
        amount_fen=0,
        period_from=0,
        period_to=0,
        started_at=now,
        updated_at=now,
    )


def _accept(
    context: NodeContext, checked: FileCheck, done: UnfinishedImport, *, accept_valid: bool
) -> Path | None:
    """Let a file in, whole or without its bad lines; where the lines left out were written.

    Raises:
        ImportRefusedError: there are bad lines and nobody said to leave them out, more of them
            than can be listed, or no good ones.
    """
    if not checked.errors_count:
        return None
    none_good = checked.lines_refused == checked.lines_read and not done.rows_accepted
    if not accept_valid or none_good or checked.errors_count > HELD_FINDINGS:
        raise ImportRefusedError(
            file=checked.source.file_name,
            lines_read=checked.lines_read,
            lines_refused=checked.lines_refused,
            findings_count=checked.errors_count,
        ).with_findings(checked.findings)
    source = checked.source
    errors = errors_among(checked.findings)
    path = left_out_path(context.directory, source.import_key)
    return write_lines(path, source.mapping, source.headings, _cells_of(checked), errors)


def _cells_of(checked: FileCheck) -> dict[int, Sequence[str]]:
    """The lines that are left out, as they stand in the file."""
    cells: dict[int, Sequence[str]] = {}
    for chunk in checked.source.chunks():
        cells.update(chunk.ragged)
        refused = checked.refused[chunk.first_row : chunk.first_row + len(chunk.lines)]
        if refused.any():
            rows = chunk.cells.filter(pl.Series(refused)).iter_rows()
            cells.update(zip(chunk.lines[refused].tolist(), rows, strict=True))
    return cells


def _finish(
    context: NodeContext,
    work: UnitOfWork,
    checked: FileCheck,
    sums: UnfinishedImport,
    persons: int,
    left_out: Path | None,
) -> ImportRow:
    """Book the money, leave the chain message to be sent once anchored, keep what was done."""
    now = context.clock.now()
    own = Collected(
        imports=(sums.import_key,),
        first_index=sums.first_index,
        end_index=sums.end_index,
        lines=sums.rows_accepted,
        amount_fen=sums.amount_fen,
        period_from=sums.period_from,
        period_to=sums.period_to,
    )
    collection = _collect(context, work, own)
    account = routed_account(context, work, Movement.COLLECTION)
    work.journal.post(
        collection_reference(context.log_id, own.first_index, own.end_index),
        COLLECTED,
        [
            Posting(account.name, own.amount_fen),
            Posting(Account.OUTSIDE.name, -own.amount_fen),
        ],
        {"import": sums.import_key, "lines": own.lines},
        at=now,
    )
    row = ImportRow(
        import_key=sums.import_key,
        kind=sums.kind,
        file_name=sums.file_name,
        file_digest=checked.source.digest,
        rows_read=checked.lines_read,
        rows_accepted=sums.rows_accepted,
        rows_left_out=checked.lines_read - sums.rows_accepted,
        first_index=sums.first_index,
        end_index=sums.end_index,
        amount_fen=sums.amount_fen,
        summary=summary_of(
            checked.findings,
            findings_count=checked.findings_count,
            warnings_count=checked.warnings_count,
            persons=persons,
            periods=(sums.period_from, sums.period_to),
            left_out=left_out,
            collection=collection,
        ),
        imported_at=now,
    )
    work.imports.add(row)
    return row


def _collect(context: NodeContext, work: UnitOfWork, own: Collected) -> dict[str, Any] | None:
    """Leave the message that enters this file's money, with what waited for its total."""
    told = [*_waiting(work), own]
    collected = merged(told)
    if collected.lines < context.manifest.minimum_lines or collected.amount_fen == 0:
        return None
    message_key = f"collection/{own.imports[0]}"
    arguments = collection_arguments(context.log_id, collected)
    work.outbox.queue_once_anchored(
        message_key,
        collected.end_index,
        "Funds",
        "recordCollection" if collected.amount_fen > 0 else "correctCollection",
        arguments,
        at=context.clock.now(),
    )
    enter_corrections(context, work, arguments[1], told)
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
