"""``anxu checkpoint``: from accepted to anchored."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.cli.command import command
from scripts.cli.failures import REFUSED
from scripts.cli.nodes import answering, opened, say_what_waits, work_until
from scripts.cli.options import NodeOption
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.recording.context import NodeContext


def register(parent: typer.Typer) -> None:
    """Add the command."""
    command(parent, "checkpoint")(checkpoint)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far the log's head is: accepted, final, cosigned by how many of the supervisors."""

    size: int
    final_size: int
    number: int | None
    block: int | None
    cosignatures: int

    def is_done(self, wanted_size: int, cosigners: int) -> bool:
        return self.final_size >= wanted_size and self.cosignatures >= cosigners


def checkpoint(
    out: Output,
    *,
    node: NodeOption,
    wait: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            help="How long to wait until it is final on chain and cosigned; 0 does not wait "
            "(等待秒数).",
        ),
    ] = 30.0,
) -> int:
    """Sign the log's head, publish it, wait until it is final and cosigned (签发检查点).

    Does the worker's part itself, and answers supervisors, when no 'anxu node serve' does. Exit 1
    when the time was too short; what was begun
    goes on with the next call.
    """
    with opened(node, "bureau") as opened_node:
        context = opened_node.context
        wanted = _standing(context).size
        cosigners = len(context.chain.supervisors()) if wanted else 0
        with answering(opened_node) if wait else nullcontext():
            done = wanted == 0 or work_until(
                opened_node, lambda: _standing(context).is_done(wanted, cosigners), wait
            )
        if not done:
            say_what_waits(out, opened_node)
        standing = _standing(context)
    final = standing.final_size >= wanted
    document = {
        "size": wanted,
        "final": final,
        "final_size": standing.final_size,
        "number": standing.number,
        "block": standing.block,
        "cosignatures": standing.cosignatures,
        "cosigners": cosigners,
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("记录数", "leaves"), wanted),
                (("已上链", "final on chain"), standing.final_size),
                (("检查点编号", "checkpoint number"), standing.number),
                (("区块", "block"), standing.block),
                (("监管联署", "cosignatures"), f"{standing.cosignatures}/{cosigners}"),
            ]
        ),
    )
    if wanted == 0:
        out.note(("日志为空，无需签发。", "The log is empty; there is nothing to sign."))
    elif not final:
        out.note(("尚未在链上确认。", "It is not final on chain yet."))
    elif standing.cosignatures < cosigners:
        out.note(("监管节点尚未联署。", "Supervisors have not cosigned it yet."))
    return 0 if done or wait == 0 else REFUSED


def _standing(context: NodeContext) -> _Standing:
    with context.read() as view:
        size = view.log.head().size
        last = view.log.last_checkpoint(final=True)
        if last is None:
            return _Standing(size, 0, None, None, 0)
        cosignatures = len(view.log.cosignatures(last.size))
    return _Standing(size, last.size, last.number, last.block, cosignatures)
