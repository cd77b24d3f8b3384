"""``anxu outbox``: messages to the chain, seen and helped on, also when the chain went back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import NotFoundError
from scripts.cli.command import command, group
from scripts.cli.failures import REFUSED
from scripts.cli.nodes import reading
from scripts.cli.options import NodeOption
from scripts.cli.output import Output, Words

if TYPE_CHECKING:
    from ledger.store.finality import Reorganisation
    from ledger.store.outbox import Attempt, Message
    from ledger.store.unit_of_work import Rooms

_STATES: dict[str, Words] = {
    "QUEUED": ("待签名", "queued"),
    "SIGNED": ("已发送", "sent"),
    "LANDED": ("已入块，待最终确认", "in a block, not final"),
    "FINAL": ("已最终确认", "final"),
    "FAILED": ("被拒，待处理", "refused, waits for you"),
    "STUCK": ("滞留，待处理", "stuck, waits for you"),
}
MessageArgument = Annotated[
    str,
    typer.Argument(
        metavar="MESSAGE",
        help="A message's number or key, see 'anxu outbox list' (消息编号).",
        show_default=False,
    ),
]


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "outbox", "Messages to the chain: which land when, and help (链上消息).")
    command(app, "list")(list_messages)
    command(app, "show")(show)
    command(app, "retry")(retry)
    command(app, "accept-chain")(accept)


def list_messages(
    out: Output,
    *,
    node: NodeOption,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also messages that have landed (包括已确认的消息)."),
    ] = False,
) -> int:
    """List chain messages that are under way or wait for a person (链上消息).

    Exit 1 when one waits for a person, or when the chain replaced what counted as final.
    """
    from ledger.store.outbox import ALARMING, FINAL

    with reading(node) as context, context.read() as view:
        messages = [item for item in view.outbox.all() if everything or item.state != FINAL]
        waiting = view.outbox.waiting_for_anchor()
        gas = view.outbox.gas_total()
        replaced = view.finality.open_reorganisation()
    document = {
        "messages": [_message(item) for item in messages],
        "waiting_for_anchor": waiting,
        "gas_total": gas,
        "reorganisation": _reorganisation(replaced) if replaced is not None else None,
    }

    def print_all() -> None:
        headings = (
            ("编号", "id"), ("合约", "contract"), ("方法", "function"), ("状态", "state"),
            ("次数", "attempts"), ("说明", "remark"),
        )  # fmt: skip
        rows = [
            [
                item.id, item.contract, item.function, out.word(_STATES[item.state]), item.attempts,
                item.last_error,
            ]
            for item in messages
        ]  # fmt: skip
        out.table(list(headings), rows, right=(0, 4))
        out.facts([(("等待锚定", "waiting for their leaves to be anchored"), waiting)])

    out.result(document, print_all)
    _say_replaced(out, replaced)
    alarming = replaced is not None or any(item.state in ALARMING for item in messages)
    return REFUSED if alarming else 0


def show(out: Output, *, message: MessageArgument, node: NodeOption) -> None:
    """Show one message with every signed version of it (消息详情)."""
    with reading(node) as context, context.read() as view:
        found = _find(view, message)
        versions = view.outbox.attempts(found.id)
    document = _message(found) | {"versions": [_version(each) for each in versions]}

    def print_all() -> None:
        out.facts(
            [
                (("编号", "id"), found.id),
                (("标识", "key"), found.message_key),
                (("调用", "call"), f"{found.contract}.{found.function}"),
                (("状态", "state"), out.word(_STATES[found.state])),
                (("签名账户", "signer"), found.signer),
                (("序号", "nonce"), found.nonce),
                (("区块", "block"), found.block),
                (("下次发送", "sent again at"), found.resend_at),
                (("说明", "remark"), found.last_error),
            ]
        )
        out.line()
        out.table(
            [
                ("交易", "transaction"), ("序号", "nonce"), ("最高单价", "at most (wei)"),
                ("签名时间", "signed at"),
            ],
            [
                [each.transaction_hash, each.nonce, each.max_fee_wei, each.signed_at]
                for each in versions
            ],
            right=(1, 2),
        )  # fmt: skip

    out.result(document, print_all)


def retry(
    out: Output,
    *,
    message: Annotated[
        str | None,
        typer.Argument(
            metavar="[MESSAGE]",
            help="A message's number or key; none with --all (消息编号).",
            show_default=False,
        ),
    ] = None,
    node: NodeOption,
    everything: Annotated[
        bool, typer.Option("--all", help="Every message that waits for a person (全部).")
    ] = False,
) -> int:
    """Let messages go on after the cause was mended (重试链上消息).

    A refused one is tried and signed anew; a stuck one goes on under its nonce, and its fee may be
    raised again. Neither can land twice. Exit 1 when there was nothing to go on with.
    """
    if (message is None) != everything:
        raise typer.BadParameter("give a message, or --all")
    with reading(node) as context, context.write() as work:
        chosen = work.outbox.alarms() if message is None else [_find(work, message)]
        keys = [item.message_key for item in chosen if work.outbox.retry(item.message_key)]
        work.commit()
    out.result(
        {"retried": keys},
        lambda: out.facts([(("已重新排队", "messages that go on"), len(keys))]),
    )
    return 0 if keys else REFUSED


def accept(
    out: Output,
    *,
    node: NodeOption,
    by: Annotated[
        str, typer.Option(metavar="WHO", help="Who decides: an officer's role (决定人).")
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What was found out (理由).")],
) -> None:
    """Go on with the chain as it is now, after it replaced final blocks (认可当前链).

    First find out with the network's operators which history holds, and that this endpoint shows
    it. Messages whose blocks are gone are sent again as they were signed; checkpoints are final
    again once the chain shows them; pay files that left are not called back.
    """
    from ledger.chain.reorganisations import accept_chain

    with reading(node) as context:
        found = accept_chain(
            context.database, context.log_id, context.chain.gateway.final(), context.clock,
            by=by, reason=reason,
        )  # fmt: skip
        with context.read() as view:
            under_way = len(view.outbox.pending())
    out.result(
        _reorganisation(found) | {"messages_under_way": under_way},
        lambda: out.facts(
            [
                (("分叉点", "histories part after block"), found.fork_block),
                (("待确认消息", "messages under way"), under_way),
            ]
        ),
    )


def _find(view: Rooms, given: str) -> Message:
    """The message with this number or key.

    Raises:
        NotFoundError: there is none.
    """
    found = view.outbox.find(given)
    if found is None and given.isdecimal():
        found = view.outbox.numbered(int(given))
    if found is None:
        raise NotFoundError(what="chain message", key=given)
    return found


def _say_replaced(out: Output, found: Reorganisation | None) -> None:
    if found is not None:
        fork = found.fork_block
        zh = f"链自区块 {fork} 之后被改写，上链与支付已暂停；"
        en = f"The chain was rewritten after block {fork}; publication and payments stand still. "
        zh_next = "查明后执行 anxu outbox accept-chain。"
        out.note((zh + zh_next, en + "Once it is clear why: anxu outbox accept-chain."))


def _message(item: Message) -> dict[str, Any]:
    return {
        "id": item.id,
        "key": item.message_key,
        "contract": item.contract,
        "function": item.function,
        "state": item.state,
        "signer": item.signer,
        "nonce": item.nonce,
        "transaction": item.transaction_hash,
        "attempts": item.attempts,
        "fee_raises": item.fee_raises,
        "refusals": item.refusals,
        "resend_at": item.resend_at,
        "error": item.last_error,
        "block": item.block,
        "gas_used": item.gas_used,
        "queued_at": item.queued_at,
        "final_at": item.final_at,
    }


def _version(item: Attempt) -> dict[str, Any]:
    return {
        "transaction": item.transaction_hash,
        "nonce": item.nonce,
        "gas": item.gas,
        "max_fee_wei": item.max_fee_wei,
        "priority_fee_wei": item.priority_fee_wei,
        "signed_at": item.signed_at,
    }


def _reorganisation(item: Reorganisation) -> dict[str, Any]:
    return {
        "fork_block": item.fork_block,
        "block": item.block,
        "first_hash": item.first_hash,
        "second_hash": item.second_hash,
        "found_at": item.found_at,
    }
