"""From log, checkpoints and imports to what the pages home, log and imports show."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from api.bureau import views
from api.bureau.payout_views import batches_due, final_size
from api.bureau.transfer_views import transfers_due
from api.web.parts import LogState, Pages, Seal, SealState
from api.web.proof_pages import seal_state
from ledger.recording.context import NodeContext
from ledger.records.model import ImportReport
from ledger.records.queries import imports
from ledger.store.log import StoredCheckpoint
from ledger.store.unit_of_work import Rooms

ENTRIES_A_PAGE: Final = 50
CHECKPOINTS_SHOWN: Final = 12
IMPORTS_AT_HOME: Final = 5


def home_view(context: NodeContext) -> views.HomeView:
    """``bureau/home.html``."""
    with context.read() as view:
        log = log_state(view)
        size = final_size(view)
    return views.HomeView(
        transfers=transfers_due(context),
        batches=batches_due(context),
        suspicions=(),
        log=log,
        imports=_rows(context, size)[:IMPORTS_AT_HOME],
    )


def log_view(context: NodeContext, before: int | None) -> views.LogView:
    """``bureau/log.html``: entries below ``before``, newest first; None for the newest."""
    with context.read() as view:
        size = view.log.head().size
        end = size if before is None else max(0, min(before, size))
        first = max(0, end - ENTRIES_A_PAGE)
        anchored = final_size(view)
        entries = tuple(
            views.EntryRow(
                index=item.index,
                href=f"/bureau/entries/{item.index}",
                kind=int(item.entry.head.kind),
                exclusion_class=item.entry.head.class_,
                period=item.entry.head.period,
                amount_fen=item.entry.amount_fen,
                recorded_at=item.recorded_at,
                seal=_seal(item.index, anchored),
            )
            for item in reversed(list(view.log.entries(first, end)))
        )
        state = log_state(view)
        checkpoints = checkpoint_rows(view)
    pages = Pages(
        first=first,
        last=max(first, end - 1),
        total=size,
        previous_href=f"/bureau/log?before={end + ENTRIES_A_PAGE}" if end < size else "",
        next_href=f"/bureau/log?before={first}" if first > 0 else "",
    )
    return views.LogView(state, checkpoints, entries, pages)


def imports_view(context: NodeContext) -> views.ImportsView:
    """``bureau/imports.html``; files are brought in at the command line."""
    with context.read() as view:
        size = final_size(view)
    return views.ImportsView(_rows(context, size))


def log_state(view: Rooms) -> LogState:
    """How far the own log is accepted, anchored and cosigned."""
    size = view.log.head().size
    last = view.log.last_checkpoint(final=True)
    if last is None:
        href = f"/bureau/entries/{size - 1}" if size else "/bureau/log"
        return LogState(size, Seal(SealState.PENDING, href))
    seal = _seal(size - 1, last.size)
    return LogState(
        size=size,
        seal=seal,
        checkpoint_size=last.size,
        number=last.number,
        root=last.root.hex(),
        published_at=_published(last),
        is_final=True,
        is_cosigned=bool(view.log.cosignatures(last.size)),
    )


def checkpoint_rows(view: Rooms) -> tuple[views.CheckpointRow, ...]:
    """The newest final checkpoints, each with how many entries it added."""
    final = [item for item in view.log.checkpoints() if item.number is not None]
    sizes = [0, *(item.size for item in final)]
    rows = [
        views.CheckpointRow(
            number=item.number or 0,
            size=item.size,
            added=size - before,
            root=item.root.hex(),
            published_at=_published(item),
            is_final=True,
            is_cosigned=bool(view.log.cosignatures(item.size)),
        )
        for item, (before, size) in zip(final, pairwise(sizes), strict=True)
    ]
    return tuple(reversed(rows))[:CHECKPOINTS_SHOWN]


def import_row(report: ImportReport, final: int) -> views.ImportRow:
    """One imported file; its link opens its entries in the log."""
    return views.ImportRow(
        href=f"/bureau/log?before={report.end_index}",
        file_name=report.file_name,
        imported_at=report.imported_at,
        rows=report.lines_accepted,
        refused_rows=report.lines_left_out,
        seal=_seal(max(report.end_index - 1, 0), final),
    )


def _rows(context: NodeContext, final: int) -> tuple[views.ImportRow, ...]:
    """Every import, newest first."""
    return tuple(import_row(report, final) for report in reversed(imports(context)))


def _published(checkpoint: StoredCheckpoint) -> datetime:
    return datetime.fromtimestamp(checkpoint.block_time or 0, UTC)


def _seal(index: int, final: int) -> Seal:
    return Seal(seal_state(index, final), f"/bureau/entries/{index}")
