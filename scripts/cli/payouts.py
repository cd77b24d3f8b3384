"""``anxu payouts``: a batch from its proposal to the bank's answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import BatchStateError, ImportRefusedError
from scripts.cli.command import command, group
from scripts.cli.imports import bring_in_payouts, refuse_findings
from scripts.cli.nodes import opened, reading, say_what_waits, whole_number, work_until
from scripts.cli.options import (
    AcceptValidOption,
    BatchArgument,
    CheckerOption,
    FileArgument,
    MakerOption,
    MappingOption,
    NodeOption,
)
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.funds.model import Batch, CheckReport, PayoutLine
    from ledger.funds.queries import RecordedReturn
    from ledger.node import Node
    from ledger.recording.context import NodeContext


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "payouts", "Check benefit payments before they are made (待遇发放批次).")
    command(app, "propose")(propose)
    command(app, "check")(check)
    command(app, "decide")(decide)
    command(app, "approve")(approve)
    command(app, "bank-answer")(bank_answer)
    command(app, "list")(list_batches)
    command(app, "show")(show)


def propose(
    out: Output,
    *,
    file: FileArgument,
    node: NodeOption,
    mapping: MappingOption = None,
    accept_valid: AcceptValidOption = False,
) -> int:
    """Propose payments; no money moves before they are checked and approved (提交发放批次)."""
    from ledger.funds.payouts import propose_batch

    return bring_in_payouts(
        out, propose_batch, node=node, file=file, mapping=mapping, accept_valid=accept_valid
    )


def check(
    out: Output,
    *,
    batch: Annotated[
        str,
        typer.Argument(
            metavar="BATCH|FILE",
            show_default=False,
            help="The batch number or its first characters, or a file: it is proposed, and "
            "checked once anchored"
            " (批次号或文件).",
        ),
    ],
    node: NodeOption,
    mapping: MappingOption = None,
    wait: Annotated[
        float,
        typer.Option(
            help="How many seconds to wait until a batch is anchored (等待秒数).",
            min=0,
        ),
    ] = 60.0,
) -> int:
    """Compare a proposed batch with deaths, this log and every followed log (发放前核验).

    Suspected lines wait for two officers: 'anxu payouts decide'.
    """
    from ledger.funds.checking import check_batch

    with opened(node) as opened_node:
        context = opened_node.context
        try:
            batch_id = _proposed(out, context, batch, mapping)
        except ImportRefusedError as error:
            return refuse_findings(out, error)
        if not work_until(opened_node, lambda: _is_anchored(opened_node, batch_id), wait):
            say_what_waits(out, opened_node)
        report = check_batch(context, batch_id)
    out.result(_check_document(out, report), lambda: _show_check(out, report))
    return 0


def decide(
    out: Output,
    *,
    batch: BatchArgument,
    leaf: Annotated[
        int,
        typer.Argument(
            metavar="LEAF",
            help="The line's place in the log (日志位置).",
            min=0,
            show_default=False,
        ),
    ],
    node: NodeOption,
    hold: Annotated[
        bool,
        typer.Option(
            "--hold/--pay", help="Hold it back, or pay it (暂缓或发放).", show_default=False
        ),
    ],
    reason: Annotated[
        str,
        typer.Option(
            help="Why, in words that the person will read (理由，将告知本人).",
        ),
    ],
    maker: MakerOption,
    checker: CheckerOption,
) -> None:
    """Decide about one suspected line, with two officers and a reason (疑点处理)."""
    from ledger.funds.release import decide_line

    with reading(node) as context:
        batch_id = _batch_id(context, batch)
        state = decide_line(
            context, batch_id, leaf, hold=hold, reason=reason, maker=maker, checker=checker
        )
    out.result(
        {"batch": batch_id, "leaf": leaf, "state": state},
        lambda: out.facts(
            [
                (("日志位置", "leaf"), leaf),
                (("状态", "state"), state),
            ]
        ),
    )


def approve(
    out: Output,
    *,
    batch: BatchArgument,
    node: NodeOption,
    maker: MakerOption,
    checker: CheckerOption,
) -> None:
    """Sign a checked batch by two officers; held lines are reversed (批次复核签发).

    The pay file is written once the approval is final on chain.
    """
    from ledger.funds.release import approve_batch

    with reading(node) as context:
        approved = approve_batch(context, _batch_id(context, batch), maker=maker, checker=checker)
    out.result(_batch_document(approved), lambda: _show_batch(out, approved))


def bank_answer(out: Output, *, batch: BatchArgument, file: FileArgument, node: NodeOption) -> None:
    """Take in what the bank says of each line: paid or returned (导入银行回盘文件).

    The file is CSV (UTF-8 or GB18030) with the pay file's 序号 (leaf) and 结果 (result): 成功 or
    PAID, 退回 or
    RETURNED, 未知 or UNKNOWN. Unknown lines stay open for a later answer.
    """
    from ledger.funds.queries import returns_of
    from ledger.funds.release import import_bank_answer
    from scripts.cli.bank_answer import read_bank_answer

    answers = read_bank_answer(file)
    with reading(node) as context:
        settled = import_bank_answer(context, _batch_id(context, batch), answers)
        returns = returns_of(context, settled.batch_id)

    def show_answer() -> None:
        _show_batch(out, settled)
        _show_returns(out, returns)

    document = _batch_document(settled) | {"answered": len(answers)} | _returns_document(returns)
    out.result(document, show_answer)


def list_batches(out: Output, *, node: NodeOption) -> None:
    """List all batches, newest first (批次列表)."""
    from ledger.funds.queries import batches
    from ledger.policy.money import yuan_text

    with reading(node) as context:
        found = batches(context)
    out.result(
        [_batch_document(batch) for batch in found],
        lambda: out.table(
            [
                ("批次", "batch"),
                ("来源", "origin"),
                ("所属期", "month"),
                ("状态", "state"),
                ("笔数", "lines"),
                ("金额（元）", "amount (yuan)"),
            ],
            [
                [
                    batch.batch_id[:18],
                    batch.origin,
                    batch.period,
                    batch.state,
                    batch.lines,
                    yuan_text(batch.amount_fen),
                ]
                for batch in found
            ],
            right=(4, 5),
        ),
    )


def show(out: Output, *, batch: BatchArgument, node: NodeOption) -> None:
    """Show one batch: how its lines stand, which were stopped, which came back (批次详情)."""
    from ledger.funds.queries import batch_detail, returns_of
    from ledger.policy.money import yuan_text

    with reading(node) as context:
        detail = batch_detail(context, _batch_id(context, batch))
        returns = returns_of(context, detail.batch.batch_id)
    document = (
        _batch_document(detail.batch)
        | _returns_document(returns)
        | {
            "counts": {
                state: {"lines": lines, "amount_fen": amount_fen}
                for state, (lines, amount_fen) in detail.counts.items()
            },
            "stopped": [_line_document(out, line) for line in detail.stopped],
        }
    )

    def show_detail() -> None:
        _show_batch(out, detail.batch)
        out.line()
        out.table(
            [("状态", "state"), ("笔数", "lines"), ("金额（元）", "amount (yuan)")],
            [
                [state, lines, yuan_text(amount_fen)]
                for state, (lines, amount_fen) in detail.counts.items()
            ],
            right=(1, 2),
        )
        _show_lines(out, detail.stopped)
        _show_returns(out, returns)

    out.result(document, show_detail)


def _proposed(out: Output, context: NodeContext, given: str, mapping: Path | None) -> str:
    """The batch that is meant; a file is proposed first."""
    from ledger.funds.payouts import propose_batch

    path = Path(given)
    if not path.is_file():
        return _batch_id(context, given)
    with out.progress() as progress:
        report = propose_batch(context, path, mapping, progress=progress)
    out.note((f"批次 {report.batch_id}", f"Batch {report.batch_id}"))
    return report.batch_id


def _batch_id(context: NodeContext, given: str) -> str:
    from ledger.funds.queries import batches

    return whole_number((batch.batch_id for batch in batches(context)), given, "batch")


def _is_anchored(node: Node, batch_id: str) -> bool:
    with node.context.read() as view:
        row = view.payouts.batch(batch_id)
        if row is None:
            raise BatchStateError(
                what="batch", key=batch_id[:10], state="UNKNOWN", needed="PROPOSED"
            )
        return view.log.covering_checkpoint(row["end_index"] - 1) is not None


def _batch_document(batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch.batch_id,
        "origin": batch.origin,
        "period": batch.period,
        "state": batch.state,
        "lines": batch.lines,
        "amount_fen": batch.amount_fen,
        "first_index": batch.first_index,
        "end_index": batch.end_index,
        "pay_file": batch.details.get("pay_file"),
        "file": batch.details.get("file"),
    }


def _show_batch(out: Output, batch: Batch) -> None:
    from ledger.policy.money import yuan_text

    out.facts(
        [
            (("批次", "batch"), batch.batch_id),
            (("状态", "state"), batch.state),
            (("所属期", "month"), batch.period),
            (("笔数", "lines"), batch.lines),
            (("金额（元）", "amount (yuan)"), yuan_text(batch.amount_fen)),
            (("代发文件", "pay file"), batch.details.get("pay_file")),
        ]
    )


def _line_document(out: Output, line: PayoutLine) -> dict[str, Any]:
    finding, decision = line.finding, line.decision
    return {
        "leaf": int(line.leaf_index),
        "period": line.period,
        "amount_fen": line.amount_fen,
        "state": line.state,
        "finding": None
        if finding is None
        else {
            "suspicion": finding.suspicion.value,
            "other_log": int(finding.other_log),
            "other_leaf": int(finding.other_index),
            "earlier_elsewhere": finding.earlier_elsewhere,
            "first_payment": finding.first_payment,
            "default_hold": finding.default_hold,
            "reason": finding.sentence(out.language),
        },
        "decision": None
        if decision is None
        else {
            "hold": decision.hold,
            "reason": decision.reason,
            "maker": decision.maker,
            "checker": decision.checker,
        },
    }


def _returns_document(returns: Sequence[RecordedReturn]) -> dict[str, Any]:
    """What came back, each time with its lines, and all of it."""
    return {
        "returns": [
            {
                "reference": record.reference,
                "recorded_at": record.recorded_at,
                "correction": record.is_correction,
                "total_fen": record.total_fen,
                "lines": [
                    {"leaf": int(line.leaf_index), "amount_fen": line.amount_fen}
                    for line in record.lines
                ],
                "message": record.state,
            }
            for record in returns
        ],
        "returned_fen": sum(record.total_fen for record in returns),
    }


def _show_returns(out: Output, returns: Sequence[RecordedReturn]) -> None:
    from ledger.policy.money import yuan_text

    if not returns:
        return
    rows: list[list[Any]] = []
    for record in returns:
        lines = [[int(line.leaf_index), yuan_text(line.amount_fen)] for line in record.lines]
        total = out.word(("合计", "total"))
        rows += [[record.recorded_at, *line, None] for line in lines]
        rows.append([record.recorded_at, total, yuan_text(record.total_fen), record.state])
    out.line()
    out.table(
        [("入账", "recorded"), ("序号", "leaf"), ("退回（元）", "returned (yuan)"),
         ("上链", "on chain")],
        rows,
        right=(1, 2),
    )  # fmt: skip
    total_fen = sum(record.total_fen for record in returns)
    out.facts([(("退回合计（元）", "returned in all (yuan)"), yuan_text(total_fen))])


def _check_document(out: Output, report: CheckReport) -> dict[str, Any]:
    return {
        "batch": report.batch_id,
        "clear": report.clear,
        "suspected": [_line_document(out, line) for line in report.suspected],
        "logs_seen": report.logs_seen,
    }


def _show_check(out: Output, report: CheckReport) -> None:
    out.facts(
        [
            (("批次", "batch"), report.batch_id),
            (("无疑点", "clear"), report.clear),
            (("有疑点", "suspected"), len(report.suspected)),
            (
                ("比对日志", "logs compared"),
                ", ".join(f"{log_id} ({size})" for log_id, size in report.logs_seen.items()),
            ),
        ]
    )
    _show_lines(out, report.suspected)


def _show_lines(out: Output, lines: tuple[PayoutLine, ...]) -> None:
    from ledger.policy.money import yuan_text

    if not lines:
        return
    out.line()
    out.table(
        [
            ("日志位置", "leaf"),
            ("所属期", "month"),
            ("金额（元）", "amount (yuan)"),
            ("状态", "state"),
            ("疑点", "suspicion"),
            ("建议", "by default"),
            ("决定", "decision"),
        ],
        [
            [
                int(line.leaf_index),
                line.period,
                yuan_text(line.amount_fen),
                line.state,
                line.finding.sentence(out.language) if line.finding is not None else None,
                None
                if line.finding is None
                else out.word(("暂缓", "hold") if line.finding.default_hold else ("发放", "pay")),
                line.decision.reason if line.decision is not None else None,
            ]
            for line in lines
        ],
        right=(0, 2),
    )
