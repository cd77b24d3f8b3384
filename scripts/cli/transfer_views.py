"""Transfer cases as commands show them: to people, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.transfers.model import TransferCase
    from ledger.transfers.queries import CaseDetail, CaseRow


def tell_case(out: Output, case: TransferCase) -> None:
    """Say where a case stands after a command."""
    document = {
        "case": case.case_id,
        "side": case.side,
        "state": case.state,
        "intent": case.intent,
        "scope": case.scope,
        "peer_log": int(case.peer_log),
        "due_on": case.due_on,
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("编号", "case"), case.case_id),
                (("状态", "state"), case.state),
                (("待上链确认", "waits for the chain"), case.intent),
                (("期限", "due on"), case.due_on),
            ]
        ),
    )


def row_document(row: CaseRow) -> dict[str, Any]:
    """A case without its person."""
    return {
        "case": row.case_id,
        "side": row.side,
        "state": row.state,
        "intent": row.intent,
        "scope": row.scope,
        "initiative": row.initiative,
        "from": {"log_id": int(row.old.log_id), "region": row.old.region, "name": row.old.name},
        "to": {"log_id": int(row.new.log_id), "region": row.new.region, "name": row.new.name},
        "months": row.months,
        "amount_fen": row.amount_fen,
        "waits_for_us": row.waits_for_us,
        "due_on": row.clock.due_on if row.clock is not None else None,
        "overdue": row.clock.overdue if row.clock is not None else False,
        "opened_at": row.opened_at,
    }


def detail_document(out: Output, detail: CaseDetail) -> dict[str, Any]:
    """A case in full; of the person the name and the last digits."""
    figures = detail.figures
    return row_document(detail.row) | {
        "person": {"name": detail.row.person_name, "identity_tail": detail.row.identity_tail},
        "reason": detail.reason,
        "figures": None
        if figures is None
        else {
            "months": figures.months,
            "records": figures.records,
            "base_fen": figures.base_fen,
            "account_fen": figures.account_fen,
            "pool_fen": figures.pool_fen,
            "fund_fen": figures.fund_fen,
            "interest_through": figures.interest_through,
        },
        "figures_digest": detail.figures_digest,
        "overlaps": detail.overlaps,
        "old_signed": detail.old_signed,
        "new_signed": detail.new_signed,
        "refusal": detail.refusal.text(out.language) if detail.refusal is not None else None,
        "settlement": detail.settlement.settlement_id if detail.settlement is not None else None,
        "steps": [
            {
                "step": step.step,
                "at": step.at,
                "actors": step.actors,
                "text": step.zh if out.language == "zh" else step.en,
            }
            for step in detail.steps
        ],
        "troubles": [
            {
                "kind": item.kind,
                "state": item.state,
                "attempts": item.attempts,
                "reason": item.reason,
            }
            for item in detail.troubles
        ],
    }


def show_detail(out: Output, detail: CaseDetail) -> None:
    """The same for people."""
    from ledger.policy.money import yuan_text

    row = detail.row
    out.facts(
        [
            (("编号", "case"), row.case_id),
            (("参保人", "person"), f"{row.person_name} (…{row.identity_tail})"),
            (("转出地", "from"), row.old.name),
            (("转入地", "to"), row.new.name),
            (("状态", "state"), row.state),
            (("待上链确认", "waits for the chain"), row.intent),
            (("月数", "months"), row.months),
            (("转移金额（元）", "money that moves (yuan)"), yuan_text(row.amount_fen)),
            (("重复月份", "months insured twice"), ", ".join(map(str, detail.overlaps))),
            (("期限", "due on"), row.clock.due_on if row.clock is not None else None),
            (("逾期", "overdue"), row.clock.overdue if row.clock is not None else None),
            (
                ("拒绝原因", "refused because"),
                detail.refusal.text(out.language) if detail.refusal is not None else None,
            ),
        ]
    )
    out.line()
    out.table(
        [("时间", "at"), ("经办", "by"), ("事项", "what happened")],
        [
            [step.at, ", ".join(step.actors), step.zh if out.language == "zh" else step.en]
            for step in detail.steps
        ],
    )
    for item in detail.troubles:
        out.note((f"{item.kind}：{item.reason}", f"{item.kind}: {item.reason}"))
