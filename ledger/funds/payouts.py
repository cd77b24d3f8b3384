"""Payments come in: those made are recorded and flagged, those to be made become a batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from ledger.errors import HeadMovedError, TooFewLinesError
from ledger.evidence.encoding import LeafIndex
from ledger.funds.checking import find_contradictions
from ledger.funds.lines import PreparedLines, append_lines, preparations, prepare_lines
from ledger.funds.model import (
    Account,
    BatchReport,
    BatchState,
    LineFinding,
    LineState,
    Movement,
)
from ledger.funds.queries import line_of
from ledger.funds.rules import batch_id_of, lines_root_of
from ledger.recording.context import NodeContext
from ledger.recording.routes import routed_account
from ledger.records.columns import PAYOUTS, TableSpec
from ledger.records.files import SourceTable, read_table
from ledger.records.importing import Progress, accept, import_row, silent
from ledger.records.model import PayoutRow
from ledger.records.validation import Checked, check_payouts
from ledger.store.journal import Posting
from ledger.store.unit_of_work import UnitOfWork

IMPORTED: Final = "IMPORTED"
PROPOSED: Final = "PROPOSED"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What tells payments already made from payments to be made; a file may come once as each."""

    spec: TableSpec
    origin: str
    batch_state: BatchState
    line_state: LineState


_ALREADY_MADE = _Kind(PAYOUTS, IMPORTED, BatchState.RECORDED, LineState.PAID)
_TO_BE_MADE = _Kind(
    replace(PAYOUTS, kind="payout-proposal"), PROPOSED, BatchState.PROPOSED, LineState.PROPOSED
)


def import_payouts(
    context: NodeContext,
    path: Path,
    mapping_path: Path | None = None,
    *,
    accept_valid: bool = False,
    progress: Progress = silent,
) -> BatchReport:
    """Record payments already made: all of them go in, contradictions are flagged, none is held.

    Only a line equal to another in every field is a bad line. The same file again changes nothing.

    Raises:
        ImportRefusedError: lines have errors; nothing was changed.
        TooFewLinesError: the batch's total would show single persons; nothing was changed.
        HeadMovedError: the log would not stand still; nothing was changed.
    """
    return _bring_in(
        context, path, mapping_path, _ALREADY_MADE, progress, accept_valid=accept_valid
    )


def propose_batch(
    context: NodeContext,
    path: Path,
    mapping_path: Path | None = None,
    *,
    accept_valid: bool = False,
    progress: Progress = silent,
) -> BatchReport:
    """Propose payments (maker): their intents become leaves, anchored before any money moves.

    Raises:
        ImportRefusedError: lines have errors; nothing was changed.
        TooFewLinesError: the batch's total would show single persons; nothing was changed.
        HeadMovedError: the log would not stand still; nothing was changed.
    """
    return _bring_in(context, path, mapping_path, _TO_BE_MADE, progress, accept_valid=accept_valid)


def _bring_in(
    context: NodeContext,
    path: Path,
    mapping_path: Path | None,
    kind: _Kind,
    progress: Progress,
    *,
    accept_valid: bool,
) -> BatchReport:
    table = read_table(path, mapping_path, kind.spec)
    progress("read", table.lines_read, table.lines_read)
    earlier = _earlier(context, table)
    if earlier is not None:
        return earlier
    checked = check_payouts(table, context.clock.today())
    progress("check", table.lines_read, table.lines_read)
    fewest = context.manifest.minimum_lines
    if (accept_valid or not checked.errors) and 0 < len(checked.rows) < fewest:
        raise TooFewLinesError(lines=len(checked.rows), minimum=fewest)
    left_out = accept(context, checked, accept_valid=accept_valid)
    for attempt in preparations():
        prepared = prepare_lines(context, checked.rows)
        progress("seal", len(prepared.entries), len(prepared.entries))
        try:
            with context.write(alone=True) as work:
                if work.imports.find(table.import_key) is None:
                    _record(context, work, checked, prepared, kind, left_out)
                    work.commit()
            break
        except HeadMovedError:
            if attempt == preparations()[-1]:
                raise
    progress("record", len(checked.rows), len(checked.rows))
    report = _earlier(context, table)
    assert report is not None
    return replace(report, already_known=False)


def _earlier(context: NodeContext, table: SourceTable) -> BatchReport | None:
    with context.read() as view:
        row = view.imports.find(table.import_key)
        if row is None:
            return None
        origin = context.lineage.origin_of(row.first_index)
        batch_id = batch_id_of(origin, row.first_index, row.end_index)
        batch = view.payouts.batch(batch_id)
        assert batch is not None, "an imported payout file is a batch"
        flagged = tuple(
            (LeafIndex(line["leaf_index"]), finding)
            for line in view.payouts.lines(batch_id)
            if (finding := line_of(line).finding) is not None
        )
    return BatchReport(
        batch_id=batch_id,
        origin=batch["origin"],
        period=batch["period"],
        lines=batch["lines"],
        amount_fen=batch["amount_fen"],
        flagged=flagged,
        already_known=True,
    )


def _record(
    context: NodeContext,
    work: UnitOfWork,
    checked: Checked[PayoutRow],
    prepared: PreparedLines,
    kind: _Kind,
    left_out: Path | None,
) -> None:
    """Entries, batch, lines, books and the chain message, in the caller's transaction."""
    now = context.clock.now()
    leaves = append_lines(context, work, prepared, source_key=checked.table.import_key)
    batch_id = batch_id_of(context.log_id, leaves.start, leaves.stop)
    root = lines_root_of(new.entry.leaf(context.log_id).pack() for new in prepared.entries)
    amount_fen = sum(row.amount_fen for row in checked.rows)
    period = max(row.period for row in checked.rows)
    work.payouts.add_batch(
        {
            "batch_id": batch_id,
            "origin": kind.origin,
            "period": period,
            "state": kind.batch_state,
            "lines": len(checked.rows),
            "amount_fen": amount_fen,
            "first_index": leaves.start,
            "end_index": leaves.stop,
            "lines_root": root,
            "details": {"file": checked.table.file_name},
        },
        now,
    )
    findings = _flags(context, work, leaves) if kind is _ALREADY_MADE else {}
    work.payouts.add_lines(
        batch_id,
        [
            {
                "leaf_index": index,
                "subject": new.entry.subject,
                "class": new.entry.head.class_,
                "period": new.entry.head.period,
                "amount_fen": new.entry.amount_fen,
                "state": kind.line_state,
                "sealed_payee": payee,
                "finding": _as_json(findings.get(LeafIndex(index))),
                "decision": None,
            }
            for index, new, payee in zip(
                leaves, prepared.entries, prepared.sealed_payees, strict=True
            )
        ],
    )
    work.imports.add(
        import_row(
            checked,
            leaves,
            amount_fen=amount_fen,
            periods=[row.period for row in checked.rows],
            persons=len({row.identity_number for row in checked.rows}),
            left_out=left_out,
            collection=None,
            at=now,
        )
    )
    _announce(context, work, kind, batch_id, leaves, amount_fen, period, root)


def _announce(
    context: NodeContext,
    work: UnitOfWork,
    kind: _Kind,
    batch_id: str,
    leaves: range,
    amount_fen: int,
    period: int,
    root: bytes,
) -> None:
    """Leave the message for the ``Funds`` contract, and book money that has left already."""
    now = context.clock.now()
    head: list[Any] = [
        int(context.log_id),
        batch_id,
        leaves.start,
        leaves.stop,
        len(leaves),
        amount_fen,
    ]
    if kind is _ALREADY_MADE:
        payer = routed_account(context, work, Movement.PAYMENT)
        available = work.journal.balances().get(payer.name, 0)
        work.journal.post(
            batch_id,
            "PAYOUTS_RECORDED",
            _paid_from(payer, available, amount_fen),
            {"lines": len(leaves)},
            at=now,
        )
        work.outbox.queue_once_anchored(
            f"paid/{batch_id}", leaves.stop, "Funds", "recordPaid", [*head, period], at=now
        )
    else:
        work.outbox.queue_once_anchored(
            f"proposal/{batch_id}",
            leaves.stop,
            "Funds",
            "proposeDisbursement",
            [*head, "0x" + root.hex(), period],
            at=now,
        )


def _paid_from(payer: Account, available_fen: int, amount_fen: int) -> list[Posting]:
    """Money that has left is booked as the contract does: what the account lacked is shortfall."""
    covered = max(0, min(available_fen, amount_fen))
    sides = {
        Account.OUTSIDE: amount_fen,
        payer: -covered,
        Account.SHORTFALL: covered - amount_fen,
    }
    return [Posting(account.name, fen) for account, fen in sides.items() if fen]


def _flags(
    context: NodeContext, work: UnitOfWork, leaves: range
) -> Mapping[LeafIndex, LineFinding]:
    """What payments already made contradict in our own log and in followed ones."""
    entries = list(work.log.entries(leaves.start, leaves.stop))
    return find_contradictions(context, work, entries)


def _as_json(finding: LineFinding | None) -> str | None:
    return None if finding is None else json.dumps(asdict(finding), ensure_ascii=False)
