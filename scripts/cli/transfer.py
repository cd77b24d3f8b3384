"""``anxu transfer``: a relation moves from one city to another."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.cli.command import command, group
from scripts.cli.identity import read_identity
from scripts.cli.nodes import reading, whole_number
from scripts.cli.options import (
    CaseArgument,
    CheckerOption,
    IdentityFileOption,
    MakerOption,
    NodeOption,
)
from scripts.cli.output import Output
from scripts.cli.transfer_oversight import overdue, overrule
from scripts.cli.transfer_views import detail_document, row_document, show_detail, tell_case

if TYPE_CHECKING:
    from ledger.recording.context import NodeContext
    from ledger.transfers.model import CaseId


class Reason(StrEnum):
    """Why the relation moves, as the application form lists it."""

    RETURN_TO_HUKOU = "return-to-hukou"
    NON_HUKOU_UNDER_AGE = "non-hukou-under-age"
    OFFICIAL_POSTING = "official-posting"
    COLLECT_TO_BENEFIT_PLACE = "collect-to-benefit-place"
    CONSOLIDATION = "consolidation"


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "transfer", "Move a relation between two cities (关系转移接续).")
    command(app, "request")(request)
    command(app, "list")(list_cases)
    command(app, "show")(show)
    command(app, "release")(release)
    command(app, "review")(review)
    command(app, "accept")(accept)
    command(app, "refuse")(refuse)
    command(app, "withdraw")(withdraw)
    command(app, "settle")(settle)
    command(app, "settlements")(settlements)
    command(app, "overdue")(overdue)
    command(app, "overrule")(overrule)


def request(
    out: Output,
    *,
    node: NodeOption,
    from_log: Annotated[
        int,
        typer.Option(
            "--from",
            metavar="LOG",
            min=1,
            help="The old city's log number (转出地日志编号).",
        ),
    ],
    reason: Annotated[Reason, typer.Option(help="Why, by the application form (转移原因).")],
    maker: MakerOption,
    checker: CheckerOption,
    hukou_region: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="The six-digit code of the person's registered home, if known (户籍地代码).",
        ),
    ] = None,
    official_posting: Annotated[
        bool,
        typer.Option(
            "--official-posting",
            help="The person was posted by the organisation (组织调动).",
        ),
    ] = False,
    identity_file: IdentityFileOption = None,
) -> None:
    """Open a case in the new city: the contact letter goes to the old one (申请转入).

    The identity number is asked for, or read from a file or standard input.
    """
    from ledger.evidence.encoding import LogId
    from ledger.transfers.model import TransferReason
    from ledger.transfers.service import Application, Officers, request_transfer

    number = read_identity(out, identity_file)
    application = Application(TransferReason[reason.name], hukou_region, official_posting)
    with reading(node) as context:
        case = request_transfer(
            context, number, LogId(from_log), application, Officers(maker, checker)
        )
    tell_case(out, case)


def list_cases(
    out: Output,
    *,
    node: NodeOption,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only unfinished ones (仅在办).")
    ] = False,
) -> None:
    """List the cases of this bureau, open ones first, without names (业务列表)."""
    from ledger.policy.money import yuan_text
    from ledger.transfers.queries import list_cases as cases_of

    with reading(node) as context:
        rows = [row for row in cases_of(context) if not open_only or row.clock is not None]
    out.result(
        [row_document(row) for row in rows],
        lambda: out.table(
            [
                ("编号", "case"),
                ("本方", "we are"),
                ("状态", "state"),
                ("转出地", "from"),
                ("转入地", "to"),
                ("月数", "months"),
                ("金额（元）", "amount (yuan)"),
                ("待我办理", "our turn"),
                ("期限", "due on"),
                ("逾期", "overdue"),
            ],
            [
                [
                    row.case_id[:14],
                    row.side,
                    row.state,
                    row.old.name,
                    row.new.name,
                    row.months,
                    yuan_text(row.amount_fen),
                    row.waits_for_us,
                    row.clock.due_on if row.clock is not None else None,
                    row.clock.overdue if row.clock is not None else None,
                ]
                for row in rows
            ],
            right=(5, 6),
        ),
    )


def show(out: Output, *, case: CaseArgument, node: NodeOption) -> None:
    """Show one case: person, figures, steps, overlaps, troubles (业务详情)."""
    from ledger.transfers.queries import case_detail

    with reading(node) as context:
        detail = case_detail(context, _case_id(context, case))
    out.result(detail_document(out, detail), lambda: show_detail(out, detail))


def release(
    out: Output, *, case: CaseArgument, node: NodeOption, maker: MakerOption, checker: CheckerOption
) -> None:
    """Sign the information sheet in the old city and send the records (转出地签发信息表)."""
    from ledger.transfers.service import Officers, release_transfer

    with reading(node) as context:
        moved = release_transfer(context, _case_id(context, case), Officers(maker, checker))
    tell_case(out, moved)


def review(out: Output, *, case: CaseArgument, node: NodeOption) -> None:
    """Check a package in the new city once more and show what would be signed (核验转入数据)."""
    from ledger.policy.money import yuan_text
    from ledger.transfers.service import review_package

    with reading(node) as context:
        found = review_package(context, _case_id(context, case))
    figures = found.figures
    document = {
        "records": found.records,
        "months": figures.months,
        "fund_fen": figures.fund_fen,
        "account_fen": figures.account_fen,
        "pool_fen": figures.pool_fen,
        "figures_digest": found.figures_digest,
        "overlaps": list(found.resolution.overlaps),
        "explanation": found.resolution.explanation.text(out.language),
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("记录数", "records"), found.records),
                (("月数", "months"), figures.months),
                (("个人账户（元）", "personal account (yuan)"), yuan_text(figures.account_fen)),
                (("统筹部分（元）", "pooled part (yuan)"), yuan_text(figures.pool_fen)),
                (("转移金额（元）", "money that moves (yuan)"), yuan_text(figures.fund_fen)),
                (("重复月份", "months insured twice"), len(found.resolution.overlaps)),
                (("说明", "explanation"), found.resolution.explanation.text(out.language)),
            ]
        ),
    )


def accept(
    out: Output, *, case: CaseArgument, node: NodeOption, maker: MakerOption, checker: CheckerOption
) -> None:
    """Sign the released figures in the new city; the relation moves once both stand (接收)."""
    from ledger.transfers.service import Officers, accept_transfer

    with reading(node) as context:
        moved = accept_transfer(context, _case_id(context, case), Officers(maker, checker))
    tell_case(out, moved)


def refuse(
    out: Output,
    *,
    case: CaseArgument,
    node: NodeOption,
    code: Annotated[
        str,
        typer.Option(
            metavar="CODE",
            help="Why, by name: DRAWS_PENSION, NO_PAID_MONTH, KEEPS_RELATION, NO_RECORDS, "
            "PERSON_UNCLEAR,"
            " FIGURES_DIFFER, OTHER and the others of docs/reference/cli.md (拒绝原因).",
        ),
    ],
    maker: MakerOption,
    checker: CheckerOption,
    remark_zh: Annotated[
        str, typer.Option(help="What to add in Chinese; nothing personal (中文说明).")
    ] = "",
    remark_en: Annotated[
        str, typer.Option(help="What to add in English; nothing personal (英文说明).")
    ] = "",
) -> None:
    """End a case with a reason that the person can read; both sides are as before (拒绝)."""
    from ledger.errors import SettingsError
    from ledger.transfers.reasons import RefusalCode
    from ledger.transfers.service import Officers, refuse_transfer

    name = code.strip().upper().replace("-", "_")
    if name not in RefusalCode.__members__:
        known = ", ".join(RefusalCode.__members__)
        raise SettingsError(setting="--code", reason=f"it must be one of {known}")
    with reading(node) as context:
        ended = refuse_transfer(
            context,
            _case_id(context, case),
            RefusalCode[name],
            (remark_zh, remark_en),
            Officers(maker, checker),
        )
    tell_case(out, ended)


def withdraw(
    out: Output, *, case: CaseArgument, node: NodeOption, maker: MakerOption, checker: CheckerOption
) -> None:
    """Take a request back in the new city; both sides are as before (撤回)."""
    from ledger.transfers.service import Officers, withdraw_transfer

    with reading(node) as context:
        ended = withdraw_transfer(context, _case_id(context, case), Officers(maker, checker))
    tell_case(out, ended)


def settle(
    out: Output,
    *,
    node: NodeOption,
    to_log: Annotated[
        int,
        typer.Option(
            "--to",
            metavar="LOG",
            min=1,
            help="The new city's log number (转入地日志编号).",
        ),
    ],
) -> None:
    """Send the money of all accepted cases with one city in one payment (批量结算).

    Too few cases wait for others, because a total of few would give a person's amount away.
    """
    from ledger.evidence.encoding import LogId
    from ledger.policy.money import yuan_text
    from ledger.transfers.service import settle_transfers

    with reading(node) as context:
        sent = settle_transfers(context, LogId(to_log))
    document = {
        "settlement": sent.settlement_id,
        "cases": list(sent.cases),
        "amount_fen": sent.amount_fen,
        "state": sent.state,
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("结算编号", "settlement"), sent.settlement_id),
                (("业务笔数", "cases"), len(sent.cases)),
                (("金额（元）", "amount (yuan)"), yuan_text(sent.amount_fen)),
                (("状态", "state"), sent.state),
            ]
        ),
    )


def settlements(out: Output, *, node: NodeOption) -> None:
    """List payments between cities, sent and received (结算列表)."""
    from ledger.policy.money import yuan_text
    from ledger.transfers.queries import list_settlements

    with reading(node) as context:
        found = list_settlements(context)
    out.result(
        [
            {
                "settlement": item.settlement_id,
                "side": item.side,
                "peer_log": int(item.peer_log),
                "cases": len(item.cases),
                "amount_fen": item.amount_fen,
                "state": item.state,
                "fault": item.fault,
                "at": item.at,
            }
            for item in found
        ],
        lambda: out.table(
            [
                ("编号", "settlement"),
                ("本方", "we are"),
                ("对方日志", "other log"),
                ("笔数", "cases"),
                ("金额（元）", "amount (yuan)"),
                ("状态", "state"),
            ],
            [
                [
                    item.settlement_id[:14],
                    item.side,
                    int(item.peer_log),
                    len(item.cases),
                    yuan_text(item.amount_fen),
                    item.state,
                ]
                for item in found
            ],
            right=(2, 3, 4),
        ),
    )


def _case_id(context: NodeContext, given: str) -> CaseId:
    from ledger.transfers.model import CaseId

    with context.read() as view:
        known = [case.case_id for case in view.transfers.cases()]
    return CaseId(whole_number(known, given, "transfer case"))
