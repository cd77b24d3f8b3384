"""``anxu transfer overdue|overrule``: what supervisors see and decide about missed deadlines."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli.acting import WAIT_SECONDS, DocumentOption, WaitOption, digest_of_file
from scripts.cli.failures import REFUSED
from scripts.cli.nodes import opened, reading, say_what_waits, whole_number, work_until
from scripts.cli.options import CaseArgument, NodeOption
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.recording.context import NodeContext
    from ledger.transfers.model import CaseId
    from ledger.transfers.overruling import CaseOnChain


class OutcomeOption(StrEnum):
    """What shall become of the case."""

    MOVE = "move"
    CANCEL = "cancel"


def overdue(
    out: Output,
    *,
    node: NodeOption,
    all_open: Annotated[
        bool, typer.Option("--all", help="Also those whose term runs (含未逾期).")
    ] = False,
) -> None:
    """List cases whose term has passed, of all bureaus, without persons (逾期业务)."""
    from ledger.transfers.overruling import undecided_cases

    with reading(node) as context:
        found = undecided_cases(context, overdue_only=not all_open)
    out.result(
        [_document(case) for case in found],
        lambda: out.table(
            [
                ("编号", "case"),
                ("转出日志", "from log"),
                ("转入日志", "to log"),
                ("环节", "step"),
                ("起算", "began on"),
                ("期限", "due on"),
                ("逾期", "overdue"),
                ("已投移交", "vote to move"),
                ("已投终止", "vote to cancel"),
            ],
            [
                [
                    case.case_id[:14],
                    case.from_log,
                    case.to_log,
                    case.state.name,
                    case.began_on,
                    case.due_on,
                    case.overdue,
                    _short(case.move_vote),
                    _short(case.cancel_vote),
                ]
                for case in found
            ],
        ),
    )


def overrule(
    out: Output,
    *,
    case: CaseArgument,
    node: NodeOption,
    outcome: Annotated[
        OutcomeOption, typer.Option(help="Move what was released, or end the case (移交或终止).")
    ],
    document: DocumentOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Vote on an overdue case; a second supervisor's like vote carries it out (逾期处置).

    Only what the old city released can be moved. The file is the signed decision; its digest goes
    on chain.
    """
    from ledger.chain.bindings import Overruling
    from ledger.transfers.overruling import Outcome, case_on_chain, overrule_transfer

    digest = digest_of_file(document)
    with opened(node) as opened_node:
        context = opened_node.context
        case_id = _undecided_id(context, case)
        wanted = Outcome[outcome.name]
        overrule_transfer(context, case_id, wanted, digest)
        signer = context.keys.secp256k1("supervisor").address

        def landed() -> bool:
            number = bytes.fromhex(case_id[2:])
            vote = context.chain.overruling_vote(number, Overruling[outcome.name])
            return vote == signer or case_on_chain(context, case_id) is None

        done = work_until(opened_node, landed, wait)
        if not done:
            say_what_waits(out, opened_node)
        standing = context.chain.transfer_case(bytes.fromhex(case_id[2:]))
    assert standing is not None, "a case never disappears"
    document_of_case = {"case": case_id, "state": standing.state.name, "voted": done}
    out.result(
        document_of_case,
        lambda: out.facts(
            [
                (("编号", "case"), case_id),
                (("链上状态", "state on chain"), standing.state.name),
                (("已投票", "voted"), done),
            ]
        ),
    )
    return 0 if done or wait == 0 else REFUSED


def _undecided_id(context: NodeContext, given: str) -> CaseId:
    from ledger.transfers.model import CaseId
    from ledger.transfers.overruling import undecided_cases

    known = [case.case_id for case in undecided_cases(context)]
    return CaseId(whole_number(known, given, "undecided transfer case"))


def _document(case: CaseOnChain) -> dict[str, Any]:
    return {
        "case": case.case_id,
        "from_log": case.from_log,
        "to_log": case.to_log,
        "state": case.state.name,
        "began_on": case.began_on,
        "working_days": case.working_days,
        "due_on": case.due_on,
        "overdue": case.overdue,
        "move_vote": case.move_vote,
        "cancel_vote": case.cancel_vote,
    }


def _short(account: str | None) -> str | None:
    return account[:10] if account is not None else None
