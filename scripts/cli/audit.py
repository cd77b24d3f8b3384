"""``anxu audit``: a log beside its rows, its files, its signatures and the chain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scripts.cli.command import command
from scripts.cli.failures import DONE, REFUSED
from scripts.cli.options import NodeOption
from scripts.cli.output import Output, Words
from scripts.cli.proofs import read_trust_file

if TYPE_CHECKING:
    from ledger.audit.model import AuditReport, Finding

INCOMPLETE: Final = 2
"""The exit code when nothing differs in what could be looked at, and not all could."""
_SHOWN: Final = 20

_WHY: Final[dict[str, Words]] = {
    "offline": ("按要求未连接链", "no chain was asked, as you wished"),
    "chain-unavailable": ("链不可用", "no chain answers"),
    "wrong-chain": ("连接的是另一条链", "another chain answers"),
    "contract-code": ("链上代码与清单不符", "the code on chain is not that of the manifest"),
    "key-unknown": ("未知密钥；请用 --trust", "the key is not known here; use --trust"),
    "quick": ("--quick 未打开记录", "--quick opens no record"),
    "before-the-checkpoint": ("在起始检查点之前", "before the checkpoint begun from"),
    "too-many-findings": ("差异过多", "there were too many findings to go on"),
}
_WHAT: Final[dict[str, Words]] = {
    "rows": ("记录行", "rows"),
    "records": ("密封记录", "sealed records"),
    "checkpoints": ("检查点", "checkpoints"),
    "cosignatures": ("联署", "cosignatures"),
    "anchors": ("链上锚定", "anchors on chain"),
}
_PHRASES: Final[dict[str, str]] = {
    "a row": "应有一行",
    "no row": "没有该行",
    "no such row": "不应有该行",
    "no such file": "没有该文件",
    "another": "不同",
    "another value": "另一个值",
    "another form": "另一种写法",
    "another name": "另一个名称",
    "another person": "另一人",
    "another text": "另一段文字",
    "as the row": "与该行一致",
    "canonical form": "规范形式",
    "none on chain": "链上没有",
    "none": "没有",
    "a number in its bounds": "取值范围内的数",
    "the person of the row": "该行所属的人",
    "a signature of the log": "本日志的签名",
    "a signature that holds": "有效的签名",
    "one that does not hold": "无效的签名",
}


def register(parent: typer.Typer) -> None:
    """Add the command."""
    command(parent, "audit")(audit)


def audit(
    out: Output,
    *,
    node: NodeOption,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Open no sealed record; tags, seals, files, signatures and anchors only "
            "(不打开密封记录).",
        ),
    ] = False,
    from_checkpoint: Annotated[
        int,
        typer.Option(
            metavar="SIZE",
            min=0,
            help="Begin behind the signed checkpoint of this size (从该检查点之后开始).",
        ),
    ] = 0,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help="Ask no chain; anchors are then told as not checked (不连接链).",
        ),
    ] = False,
    trust: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Whose signatures count when no chain answers (信任文件).",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Recompute a bureau's whole log and name the first thing that differs (审计日志).

    Compares rows, sealed records, files, signatures and the chain with one another and writes
    nothing; the node may be at work meanwhile. Exit 0 when all agrees, 1 when something differs, 2
    when nothing differs and something could not be checked.
    """
    from ledger.audit.service import AuditOptions, audit_log
    from ledger.node import open_audited

    options = AuditOptions(open_records=not quick, from_checkpoint=from_checkpoint)
    believed = read_trust_file(trust) if trust is not None else None
    with open_audited(node, offline=offline, trust=believed) as log, out.progress() as told:
        report = audit_log(log, options, told)
    out.result(_document(report), lambda: _show(out, report))
    if not report.is_clean:
        return REFUSED
    return INCOMPLETE if report.not_checked else DONE


def _document(report: AuditReport) -> dict[str, Any]:
    return {
        "origin": report.origin,
        "first": report.first,
        "size": report.size,
        "root": report.root,
        "clean": report.is_clean,
        "complete": not report.not_checked,
        "checked": report.checked,
        "findings": report.findings,
        "more_findings": report.more,
        "not_checked": report.not_checked,
    }


def _show(out: Output, report: AuditReport) -> None:
    checked = report.checked
    out.facts(
        [
            (("日志", "log"), report.origin),
            (("记录数", "leaves"), report.size),
            (("已核对的行", "rows compared"), checked.rows),
            (("已打开的记录", "records opened"), checked.records_opened),
            (("已销毁密钥的记录", "records of erased persons"), checked.records_erased),
            (("文件字节", "bytes of files"), checked.file_bytes),
            (("检查点", "checkpoints"), checked.checkpoints),
            (("联署", "cosignatures"), checked.cosignatures),
            (("链上锚定", "anchors on chain"), checked.anchors),
        ]
    )
    if report.findings:
        out.line()
        out.line(out.word(("差异，第一处在前：", "What differs, the first thing first:")))
        _table(out, report.findings[:_SHOWN])
        left = len(report.findings) - _SHOWN + report.more
        if left > 0:
            out.line(out.word((f"另有 {left} 处。", f"And {left} more.")))
    for missed in report.not_checked:
        what = out.word(_WHAT.get(missed.what, (missed.what, missed.what)))
        why = out.word(_WHY.get(missed.reason, (missed.reason, missed.reason)))
        out.line(
            out.word(
                (
                    f"未核对：{what} {missed.count}（{why}）",
                    f"Not checked: {what}, {missed.count} ({why})",
                )
            )
        )
    if report.is_clean:
        out.line(out.word(("已核对的全部一致。", "Everything that was compared agrees.")))


def _table(out: Output, findings: tuple[Finding, ...]) -> None:
    out.table(
        [
            ("表或文件", "table or file"),
            ("行", "row"),
            ("字段", "field"),
            ("位置", "position"),
            ("应为", "expected"),
            ("实为", "found"),
        ],
        [
            [
                item.place,
                item.row,
                item.field,
                item.position,
                _words(out, item.expected),
                _words(out, item.found),
            ]
            for item in findings
        ],
    )


def _words(out: Output, text: str) -> str:
    return out.word((_PHRASES.get(text, text), text))
