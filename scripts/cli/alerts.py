"""``anxu alerts``: what a supervisor's node found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli.command import command, group
from scripts.cli.failures import REFUSED
from scripts.cli.nodes import (
    opened,
    reading,
    require_role,
    say_what_waits,
    whole_number,
    work_until,
)
from scripts.cli.options import AlertArgument, NodeOption
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.recording.context import NodeContext
    from ledger.supervision.model import Alert

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


def list_alerts(
    out: Output,
    *,
    node: NodeOption,
    open_only: Annotated[bool, typer.Option("--open", help="Only open ones (仅未办结).")] = False,
) -> None:
    """List alerts, the gravest first (疑点列表). An alert is a suspicion, never a finding."""
    from ledger.policy.money import yuan_text
    from ledger.supervision.queries import alerts

    with reading(node) as context:
        require_role(context, "supervisor")
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

    with reading(node) as context:
        require_role(context, "supervisor")
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
    wait: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            help="How long to wait until the chain has it; 0 does not (等待秒数).",
        ),
    ] = 30.0,
) -> int:
    """Have the contract confirm a duplicate payout; nobody is named (链上证明冲突)."""
    from ledger.supervision.queries import alert_detail
    from ledger.supervision.service import prove_conflict

    with opened(node) as opened_node:
        context = opened_node.context
        require_role(context, "supervisor")
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
