"""``anxu alerts``: what a supervisor's node found."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli.acting import WAIT_SECONDS, WaitOption, acted, carry_out, digest_of_file
from scripts.cli.command import command, group
from scripts.cli.failures import REFUSED
from scripts.cli.nodes import opened, reading, say_what_waits, whole_number, work_until
from scripts.cli.options import AlertArgument, NodeOption
from scripts.cli.output import Output, chain_time

if TYPE_CHECKING:
    from ledger.recording.context import NodeContext
    from ledger.supervision.model import Alert


class Outcome(StrEnum):
    """What became of money that may have been paid twice."""

    REPAID = "repaid"
    RECEIVABLE = "receivable"
    NOT_PAID_TWICE = "not-paid-twice"


_RULES = {
    "duplicate-payout": ("重复领取", "paid twice"),
    "paid-after-death": ("死亡后发放", "paid after death"),
    "log-inconsistent": ("日志不一致", "log not consistent"),
}
_RISKS = {3: ("高", "high"), 2: ("中", "medium"), 1: ("低", "low")}


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "alerts", "Suspicions that a supervisor's node found (疑点).")
    command(app, "list")(list_alerts)
    command(app, "show")(show)
    command(app, "prove")(prove)
    command(app, "answer")(answer)
    command(app, "show-reversal")(show_reversal)
    command(app, "close")(close)


def list_alerts(
    out: Output,
    *,
    node: NodeOption,
    open_only: Annotated[bool, typer.Option("--open", help="Only open ones (仅未办结).")] = False,
) -> None:
    """List alerts, the gravest first (疑点列表). An alert is a suspicion, never a finding."""
    from ledger.policy.money import yuan_text
    from ledger.supervision.queries import alerts

    with reading(node, "supervisor") as context:
        found = [item for item in alerts(context) if not open_only or item.state == "OPEN"]
    out.result(
        [_document(item) for item in found],
        lambda: out.table(
            [
                ("编号", "alert"),
                ("规则", "rule"),
                ("风险", "risk"),
                ("所属期", "month"),
                ("涉及金额（元）", "at stake (yuan)"),
                ("日志位置", "leaves"),
                ("状态", "state"),
            ],
            [
                [
                    item.alert_id[:12],
                    out.word(_RULES[item.rule]),
                    out.word(_RISKS[item.risk]),
                    item.period,
                    yuan_text(item.amount_fen),
                    _places(item),
                    item.state,
                ]
                for item in found
            ],
            right=(4,),
        ),
    )


def show(out: Output, *, alert: AlertArgument, node: NodeOption) -> None:
    """Show one alert with the entries it rests on and the checkpoints that hold them (疑点详情)."""
    from ledger.policy.money import yuan_text
    from ledger.supervision.queries import alert_detail

    with reading(node, "supervisor") as context:
        detail = alert_detail(context, _alert_id(context, alert))
    entries: list[dict[str, Any]] = [
        {
            "log_id": int(item.log_id),
            "leaf": int(item.index),
            "kind": item.entry.head.kind.name,
            "class": item.entry.head.class_,
            "period": item.entry.head.period,
            "amount_fen": item.entry.amount_fen,
            "checkpoint": cover.number,
            "block": cover.block,
        }
        for item, cover in zip(detail.entries, detail.checkpoints, strict=True)
    ]

    def show_detail() -> None:
        item = detail.alert
        out.facts(
            [
                (("编号", "alert"), item.alert_id),
                (("规则", "rule"), out.word(_RULES[item.rule])),
                (("风险", "risk"), out.word(_RISKS[item.risk])),
                (("状态", "state"), item.state),
                (("涉及金额（元）", "at stake (yuan)"), yuan_text(item.amount_fen)),
                (("证据上链", "evidence final at"), item.evidence_final_at),
                (("发现时间", "found at"), item.found_at),
                (("链上冲突编号", "conflict on chain"), item.conflict_id),
            ]
        )
        out.line()
        out.table(
            [
                ("日志", "log"),
                ("位置", "leaf"),
                ("类别", "kind"),
                ("所属期", "month"),
                ("金额（元）", "amount (yuan)"),
                ("检查点", "checkpoint"),
            ],
            [
                [
                    row["log_id"],
                    row["leaf"],
                    row["kind"],
                    row["period"],
                    yuan_text(row["amount_fen"]),
                    row["checkpoint"],
                ]
                for row in entries
            ],
            right=(0, 1, 4, 5),
        )

    out.result(_document(detail.alert) | {"entries": entries}, show_detail)


def prove(
    out: Output,
    *,
    alert: AlertArgument,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Have the contract confirm a duplicate payout; nobody is named (链上证明冲突)."""
    from ledger.supervision.queries import alert_detail
    from ledger.supervision.service import prove_conflict

    with opened(node, "supervisor") as opened_node:
        context = opened_node.context
        alert_id = _alert_id(context, alert)
        prove_conflict(context, alert_id)
        done = work_until(
            opened_node,
            lambda: alert_detail(context, alert_id).alert.conflict_id is not None,
            wait,
        )
        if not done:
            say_what_waits(out, opened_node)
        proven = alert_detail(context, alert_id).alert
    out.result(
        _document(proven),
        lambda: out.facts(
            [
                (("编号", "alert"), proven.alert_id),
                (("状态", "state"), proven.state),
                (("链上冲突编号", "conflict on chain"), proven.conflict_id),
            ]
        ),
    )
    return 0 if done or wait == 0 else REFUSED


def answer(
    out: Output,
    *,
    conflict: Annotated[
        int,
        typer.Argument(
            metavar="CONFLICT",
            min=1,
            help="The conflict's number on chain (链上冲突编号).",
            show_default=False,
        ),
    ],
    document: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="The answer; only its SHA-256 goes on the chain (答复文件)."
        ),
    ],
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Answer a proven conflict, as one of its two bureaus, in ten working days (答复冲突)."""
    from ledger.governing import answering

    with opened(node, "bureau") as opened_node:
        context = opened_node.context
        act = answering(conflict, digest_of_file(document))
        code = carry_out(out, opened_node, [act], wait)
        due_at = context.chain.answer_due_at(conflict)
    result = {"conflict_id": conflict, "answered": True, "due_at": chain_time(due_at)}
    return acted(out, result, code)


def show_reversal(
    out: Output, *, alert: AlertArgument, node: NodeOption, wait: WaitOption = WAIT_SECONDS
) -> int:
    """Show the contract that a payment was reversed (提交冲销证明).

    Before its money left, that settles the conflict; later it is an answer.
    """
    from ledger.governing import showing_reversal
    from ledger.supervision.service import shown_reversal

    with opened(node, "supervisor") as opened_node:
        context = opened_node.context
        alert_id = _alert_id(context, alert)
        conflict_id, which, proof = shown_reversal(context, alert_id)
        act = showing_reversal(context, conflict_id, which, proof)
        code = carry_out(out, opened_node, [act], wait)
        state = context.chain.conflict(conflict_id).state.name
    in_time = act.call.function == "closeByReversal"
    result = {"alert": alert_id, "conflict_id": conflict_id, "in_time": in_time, "state": state}
    return acted(out, result, code)


def close(
    out: Output,
    *,
    alert: AlertArgument,
    outcome: Annotated[
        Outcome,
        typer.Option(help="The money is back, is owed, or never left twice (处理结果)."),
    ],
    document: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="The finding; only its SHA-256 goes on the chain (结论文件)."
        ),
    ],
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Close a proven conflict once the money is back or receivable (办结冲突)."""
    from ledger.chain.bindings import ConflictOutcome
    from ledger.governing import closing_conflict
    from ledger.supervision.queries import alert_detail
    from ledger.supervision.service import require_proven

    with opened(node, "supervisor") as opened_node:
        context = opened_node.context
        alert_id = _alert_id(context, alert)
        conflict_id = require_proven(context, alert_id)
        found = ConflictOutcome[outcome.name]
        act = closing_conflict(conflict_id, int(found), digest_of_file(document))
        code = carry_out(out, opened_node, [act], wait)
        if wait:
            work_until(
                opened_node,
                lambda: alert_detail(context, alert_id).alert.state == "CLOSED",
                wait,
            )
        state = alert_detail(context, alert_id).alert.state
    result = {"alert": alert_id, "conflict_id": conflict_id, "outcome": outcome, "state": state}
    return acted(out, result, code)


def _alert_id(context: NodeContext, given: str) -> str:
    from ledger.supervision.queries import alerts

    return whole_number((item.alert_id for item in alerts(context)), given, "alert")


def _places(alert: Alert) -> str:
    return ", ".join(f"{place.log_id}:{place.index}" for place in alert.leaves)


def _document(alert: Alert) -> dict[str, Any]:
    """Everything but the person's pseudonym."""
    return {
        "alert": alert.alert_id,
        "rule": alert.rule.value,
        "patterns": [pattern.value for pattern in alert.rule.patterns],
        "risk": alert.risk,
        "period": alert.period,
        "amount_fen": alert.amount_fen,
        "state": alert.state,
        "leaves": [
            {"log_id": int(place.log_id), "leaf": int(place.index)} for place in alert.leaves
        ],
        "evidence_final_at": alert.evidence_final_at,
        "found_at": alert.found_at,
        "conflict_id": alert.conflict_id,
    }
