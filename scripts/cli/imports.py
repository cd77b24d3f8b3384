"""``anxu import``: a bureau's files in, with everything that is wrong with them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from ledger.errors import ImportRefusedError
from scripts.cli.command import command, group
from scripts.cli.failures import REFUSED
from scripts.cli.nodes import reading
from scripts.cli.options import AcceptValidOption, FileArgument, MappingOption, NodeOption
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.funds.model import BatchReport
    from ledger.records.findings import RowFinding
    from ledger.records.model import ImportReport

_SHOWN_FINDINGS: Final = 200
"""How many findings a terminal is shown; --json has all of them."""


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "import", "Bring files of the core system in (导入业务文件).")
    command(app, "contributions")(contributions)
    command(app, "payouts")(payouts)
    command(app, "deaths")(deaths)


def contributions(
    out: Output,
    *,
    file: FileArgument,
    node: NodeOption,
    mapping: MappingOption = None,
    accept_valid: AcceptValidOption = False,
) -> int:
    """Record every paid month of a contribution file: .csv or .parquet (导入缴费文件).

    Nothing is changed when a line has an error, unless --accept-valid. The same file again
    changes nothing. Ctrl-C or SIGTERM stops between two parts of a large file; the same command
    goes on.
    """
    from functools import partial

    from ledger.records.service import import_contributions

    with stopping() as stop:
        return _import_records(
            out,
            partial(import_contributions, stop=stop),
            node=node,
            file=file,
            mapping=mapping,
            accept_valid=accept_valid,
        )


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Says whether Ctrl-C or SIGTERM came; the second Ctrl-C ends at once, as usual."""
    asked = threading.Event()

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, ask)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def deaths(
    out: Output,
    *,
    file: FileArgument,
    node: NodeOption,
    mapping: MappingOption = None,
    accept_valid: AcceptValidOption = False,
) -> int:
    """Record notified deaths, which supervisors join with payouts (导入死亡登记文件)."""
    from ledger.records.deaths import import_deaths

    return _import_records(
        out, import_deaths, node=node, file=file, mapping=mapping, accept_valid=accept_valid
    )


def payouts(
    out: Output,
    *,
    file: FileArgument,
    node: NodeOption,
    mapping: MappingOption = None,
    accept_valid: AcceptValidOption = False,
) -> int:
    """Record payments already made; suspicions are flagged, nothing is held (导入已发放待遇)."""
    from ledger.funds.payouts import import_payouts

    return bring_in_payouts(
        out, import_payouts, node=node, file=file, mapping=mapping, accept_valid=accept_valid
    )


def _import_records(
    out: Output,
    service: Callable[..., ImportReport],
    *,
    node: Path,
    file: Path,
    mapping: Path | None,
    accept_valid: bool,
) -> int:
    try:
        with reading(node) as context, out.progress() as progress:
            report = service(context, file, mapping, accept_valid=accept_valid, progress=progress)
    except ImportRefusedError as error:
        return refuse_findings(out, error)
    out.result(_record_document(out, report), lambda: _show_report(out, report))
    if report.lines_left_out and report.left_out_path is not None:
        out.note(
            (
                f"未导入的行及原因：{report.left_out_path}",
                f"The lines left out, with reasons: {report.left_out_path}",
            )
        )
    return 0


def bring_in_payouts(
    out: Output,
    service: Callable[..., BatchReport],
    *,
    node: Path,
    file: Path,
    mapping: Path | None,
    accept_valid: bool,
) -> int:
    """Run an import or proposal of payments and tell its batch."""
    try:
        with reading(node) as context, out.progress() as progress:
            report = service(context, file, mapping, accept_valid=accept_valid, progress=progress)
    except ImportRefusedError as error:
        return refuse_findings(out, error)
    out.result(batch_report_document(out, report), lambda: show_batch_report(out, report))
    return 0


def refuse_findings(out: Output, error: ImportRefusedError) -> int:
    """Print what is wrong with a file, line by line; the exit code of a refusal."""
    findings: Sequence[RowFinding] = error.findings
    if out.as_json:
        out.failed(
            error.code,
            error.sentence(out.language),
            error.advice(out.language),
            file=error.file,
            lines_read=error.lines_read,
            lines_refused=error.lines_refused,
            findings_count=error.findings_count,
            findings=[_finding_document(out, item) for item in findings],
        )
        return REFUSED
    show_findings(out, findings)
    out.refusal(error)
    return REFUSED


def show_findings(out: Output, findings: Sequence[RowFinding]) -> None:
    """The table of findings; a terminal gets the first of them."""
    if not findings:
        return
    out.table(
        [
            ("文件", "file"),
            ("行", "line"),
            ("字段", "field"),
            ("级别", "grade"),
            ("原因", "reason"),
            ("处理办法", "remedy"),
        ],
        [
            [
                item.file,
                item.line,
                item.field_name(out.language),
                out.word(
                    ("错误", "error") if item.severity.value == "error" else ("提示", "warning")
                ),
                item.reason(out.language),
                item.remedy(out.language),
            ]
            for item in findings[:_SHOWN_FINDINGS]
        ],
        right=(1,),
    )
    if len(findings) > _SHOWN_FINDINGS:
        left = len(findings) - _SHOWN_FINDINGS
        out.note((f"另有 {left} 处，加 --json 查看全部。", f"{left} more; --json lists them all."))


def _finding_document(out: Output, item: RowFinding) -> dict[str, Any]:
    return {
        "file": item.file,
        "line": item.line,
        "field": item.field,
        "code": item.code,
        "severity": item.severity.value,
        "reason": item.reason(out.language),
        "remedy": item.remedy(out.language),
    }


def _record_document(out: Output, report: ImportReport) -> dict[str, Any]:
    return {
        "import_key": report.import_key,
        "kind": report.kind,
        "file": report.file_name,
        "already_imported": report.already_imported,
        "lines_read": report.lines_read,
        "lines_accepted": report.lines_accepted,
        "lines_left_out": report.lines_left_out,
        "persons": report.persons,
        "amount_fen": report.amount_fen,
        "period_from": report.period_from,
        "period_to": report.period_to,
        "first_index": report.first_index,
        "end_index": report.end_index,
        "findings_count": report.findings_count,
        "warnings_count": report.warnings_count,
        "findings": [_finding_document(out, item) for item in report.findings],
        "left_out_file": report.left_out_path,
    }


def _show_report(out: Output, report: ImportReport) -> None:
    from ledger.policy.money import yuan_text

    if report.already_imported:
        out.line(
            out.word(
                (
                    "该文件此前已导入，未作更改。",
                    "This file was imported before; nothing was changed.",
                )
            )
        )
    out.facts(
        [
            (("文件", "file"), report.file_name),
            (("读取行数", "lines read"), report.lines_read),
            (("已入账", "recorded"), report.lines_accepted),
            (("未导入", "left out"), report.lines_left_out),
            (("人数", "persons"), report.persons),
            (("金额（元）", "amount (yuan)"), yuan_text(report.amount_fen)),
            (("所属期", "months"), f"{report.period_from}–{report.period_to}"),
            (("日志位置", "leaves"), f"{report.first_index}–{report.end_index - 1}"),
        ]
    )
    show_findings(out, report.findings)


def batch_report_document(out: Output, report: BatchReport) -> dict[str, Any]:
    """What an import or proposal of payments did."""
    return {
        "batch": report.batch_id,
        "origin": report.origin,
        "period": report.period,
        "lines": report.lines,
        "amount_fen": report.amount_fen,
        "already_imported": report.already_known,
        "flagged": [
            {
                "leaf": int(index),
                "suspicion": finding.suspicion.value,
                "other_log": int(finding.other_log),
                "other_leaf": int(finding.other_index),
                "reason": finding.sentence(out.language),
            }
            for index, finding in report.flagged
        ],
    }


def show_batch_report(out: Output, report: BatchReport) -> None:
    """The same for people."""
    from ledger.policy.money import yuan_text

    if report.already_known:
        out.line(
            out.word(
                (
                    "该文件此前已导入，未作更改。",
                    "This file was imported before; nothing was changed.",
                )
            )
        )
    out.facts(
        [
            (("批次", "batch"), report.batch_id),
            (("所属期", "month"), report.period),
            (("笔数", "lines"), report.lines),
            (("金额（元）", "amount (yuan)"), yuan_text(report.amount_fen)),
            (("疑点", "flagged"), len(report.flagged)),
        ]
    )
    if report.flagged:
        out.table(
            [("日志位置", "leaf"), ("疑点", "suspicion")],
            [[int(index), finding.sentence(out.language)] for index, finding in report.flagged],
            right=(0,),
        )
