"""``anxu council``: what supervisors decide together, k of n, with a delay."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import NotPermittedError, SettingsError
from scripts.cli.acting import WAIT_SECONDS, WaitOption, carry_out, unreadable
from scripts.cli.command import command, group
from scripts.cli.failures import DONE
from scripts.cli.nodes import opened, reading, require_role, whole_number
from scripts.cli.options import NodeOption
from scripts.cli.output import Output, Words, chain_time

if TYPE_CHECKING:
    from ledger.chain.bindings import ProposalOnChain
    from ledger.chain.deciding import Call
    from ledger.governing import Act
    from ledger.node import Node
    from ledger.recording.context import NodeContext

_STATES: dict[str, Words] = {
    "OPEN": ("待表决", "open"),
    "SCHEDULED": ("已通过，等待期内", "approved, its delay runs"),
    "READY": ("可执行", "ready"),
    "EXECUTED": ("已执行", "carried out"),
    "CANCELLED": ("已否决", "cancelled"),
}
ProposalArgument = Annotated[
    str,
    typer.Argument(
        metavar="PROPOSAL",
        help="The proposal's number or its first characters (提案编号).",
        show_default=False,
    ),
]


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "council", "Decisions that take several supervisors (监管共同决定).")
    command(app, "list")(list_proposals)
    command(app, "show")(show)
    command(app, "propose")(propose)
    command(app, "approve")(approve)
    command(app, "object")(object_to)
    command(app, "execute")(execute)


def list_proposals(
    out: Output,
    *,
    node: NodeOption,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only what is not over (仅未了结).")
    ] = False,
) -> None:
    """List who decides and what was proposed (成员与提案)."""
    from ledger.governing import proposals

    with reading(node) as context:
        council = context.chain.council()
        now = context.chain.gateway.latest_block().time
        found = [_document(context, each, now) for each in proposals(context)]
    if open_only:
        found = [each for each in found if each["state"] not in ("EXECUTED", "CANCELLED")]
    document = {
        "council": council.address,
        "members": list(council.members),
        "threshold": council.threshold,
        "delay_seconds": council.delay_seconds,
        "proposals": found,
    }

    def tell() -> None:
        out.facts(
            [
                (("成员", "members"), len(council.members)),
                (("通过票数", "threshold"), council.threshold),
                (("等待期（秒）", "delay (s)"), council.delay_seconds),
            ]
        )
        out.line()
        out.table(
            [
                ("提案", "proposal"),
                ("状态", "state"),
                ("赞成", "approvals"),
                ("反对", "objections"),
                ("可执行时间", "ready at"),
                ("内容", "calls"),
            ],
            [
                [
                    each["proposal"][:12],
                    out.word(_STATES[each["state"]]),
                    each["approvals"],
                    each["objections"],
                    each["ready_at"],
                    ", ".join(f"{call['contract']}.{call['function']}" for call in each["calls"]),
                ]
                for each in found
            ],
            right=(2, 3),
        )

    out.result(document, tell)


def show(out: Output, *, proposal: ProposalArgument, node: NodeOption) -> None:
    """Show one proposal with all it calls (提案详情)."""
    with reading(node) as context:
        _tell(out, context, _found(context, proposal))


def propose(
    out: Output,
    *,
    calls: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help='A JSON list of calls: [{"contract": …, "function": …, "arguments": […]}] '
            "(提案文件).",
            show_default=False,
        ),
    ],
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Propose calls of this network's contracts; the proposer thereby approves (提出提案)."""
    ready = _read_calls(calls)
    with opened(node) as opened_node:
        return submit(out, opened_node, ready, wait)


def approve(
    out: Output, *, proposal: ProposalArgument, node: NodeOption, wait: WaitOption = WAIT_SECONDS
) -> int:
    """Approve a proposal with this supervisor's key (赞成)."""
    from ledger.governing import approving

    return _vote(out, node, proposal, approving, wait)


def object_to(
    out: Output, *, proposal: ProposalArgument, node: NodeOption, wait: WaitOption = WAIT_SECONDS
) -> int:
    """Object to a proposal; as many objections as approvals are needed end it (反对)."""
    from ledger.governing import objecting

    return _vote(out, node, proposal, objecting, wait)


def execute(
    out: Output, *, proposal: ProposalArgument, node: NodeOption, wait: WaitOption = WAIT_SECONDS
) -> int:
    """Carry out an approved proposal after its delay; any node may (执行提案)."""
    from ledger.governing import executing

    with opened(node) as opened_node:
        context = opened_node.context
        found = _found(context, proposal)
        _require_ready(context, found)
        return _step(out, opened_node, found, executing(context, found.proposal_id), wait)


def submit(out: Output, node: Node, calls: Sequence[Call], wait: float) -> int:
    """Propose calls with this supervisor's key, and carry them out when nobody else must agree.

    Also what commands of other groups do with decisions that the council takes.
    """
    from ledger.governing import executing, proposing

    context = node.context
    require_role(context, "supervisor")
    act, proposal_id = proposing(context, calls)
    code = carry_out(out, node, [act], wait) if act is not None else DONE
    found = context.chain.proposal(proposal_id)
    if found is None:  # not landed yet; the outbox goes on
        out.result({"proposal": "0x" + proposal_id.hex(), "state": "QUEUED"})
        return code
    if _state(found, context.chain.gateway.latest_block().time) == "READY":
        code = carry_out(out, node, [executing(context, proposal_id)], wait)
        found = context.chain.proposal(proposal_id) or found
    _tell(out, context, found)
    return code


def _vote(
    out: Output, directory: Path, proposal: str, voting: Callable[[bytes], Act], wait: float
) -> int:
    with opened(directory, "supervisor") as node:
        found = _found(node.context, proposal)
        return _step(out, node, found, voting(found.proposal_id), wait)


def _step(out: Output, node: Node, found: ProposalOnChain, act: Act, wait: float) -> int:
    code = carry_out(out, node, [act], wait)
    context = node.context
    _tell(out, context, context.chain.proposal(found.proposal_id) or found)
    return code


def _found(context: NodeContext, given: str) -> ProposalOnChain:
    from ledger.chain.deciding import require_proposal

    known = ["0x" + each.hex() for each in context.chain.proposal_ids()]
    number = whole_number(known, given, "proposal")
    return require_proposal(context.chain, bytes.fromhex(number[2:]))


def _require_ready(context: NodeContext, found: ProposalOnChain) -> None:
    now = context.chain.gateway.latest_block().time
    ready = chain_time(found.ready_at)
    if ready is not None and _state(found, now) == "SCHEDULED":
        needed = f"its delay to end, at {ready.isoformat()}"
        raise NotPermittedError(action="carrying it out", needed=needed)


def _state(proposal: ProposalOnChain, now: int) -> str:
    if proposal.state.name == "SCHEDULED" and proposal.ready_at <= now:
        return "READY"
    return proposal.state.name


def _document(context: NodeContext, proposal: ProposalOnChain, now: int) -> dict[str, Any]:
    from ledger.chain.deciding import named_calls

    return {
        "proposal": "0x" + proposal.proposal_id.hex(),
        "state": _state(proposal, now),
        "proposer": proposal.proposer,
        "proposed_at": chain_time(proposal.proposed_at),
        "ready_at": chain_time(proposal.ready_at),
        "approvals": proposal.approvals,
        "approved_by": list(proposal.approved_by),
        "objections": proposal.objections,
        "calls": [
            {"contract": call.contract, "function": call.function, "arguments": call.arguments}
            for call in named_calls(context.chain, proposal)
        ],
    }


def _tell(out: Output, context: NodeContext, proposal: ProposalOnChain) -> None:
    document = _document(context, proposal, context.chain.gateway.latest_block().time)

    def tell() -> None:
        out.facts(
            [
                (("提案", "proposal"), document["proposal"]),
                (("状态", "state"), out.word(_STATES[document["state"]])),
                (("提出者", "proposer"), document["proposer"]),
                (("赞成", "approvals"), document["approvals"]),
                (("反对", "objections"), document["objections"]),
                (("可执行时间", "ready at"), document["ready_at"]),
            ]
        )
        for call in document["calls"]:
            out.line(
                f"  {call['contract']}.{call['function']} "
                + json.dumps(call["arguments"], ensure_ascii=False)
            )

    out.result(document, tell)


def _read_calls(path: Path) -> list[Call]:
    from ledger.chain.bindings import decode_args
    from ledger.chain.deciding import Call

    try:
        content = json.loads(path.read_text("utf-8"))
        return [
            Call(
                each["contract"],
                each["function"],
                decode_args(each["contract"], each["function"], each["arguments"]),
            )
            for each in content
        ]
    except OSError as error:
        raise unreadable(path) from error
    except (ValueError, KeyError, TypeError) as error:
        reason = f"it must be a list of calls of this network's contracts: {error}"
        raise SettingsError(setting=path.name, reason=reason) from error
