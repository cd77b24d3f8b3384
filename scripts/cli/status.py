"""``anxu status``: whether credentials (凭证) of a bureau still count, by their numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.cli.acting import (
    WAIT_SECONDS,
    LogArgument,
    ReasonOption,
    WaitOption,
    acted,
    carry_out,
    digest_of_file,
)
from scripts.cli.command import command, group
from scripts.cli.nodes import opened, reading
from scripts.cli.options import NodeOption
from scripts.cli.output import Output

CredentialsArgument = Annotated[
    list[int],
    typer.Argument(
        metavar="NUMBER…",
        min=0,
        help="The credentials' numbers (凭证序号).",
        show_default=False,
    ),
]


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "status", "Whether credentials still count, by number (凭证状态).")
    command(app, "show")(show)
    command(app, "revoke")(revoke)
    command(app, "restore")(restore)


def show(out: Output, *, log: LogArgument, numbers: CredentialsArgument, node: NodeOption) -> None:
    """Show whether credentials of a bureau are revoked (查询凭证状态)."""
    with reading(node) as context:
        found = {number: context.chain.is_revoked(log, number) for number in numbers}
    out.result(
        [{"credential": number, "revoked": revoked} for number, revoked in found.items()],
        lambda: out.table(
            [("凭证", "credential"), ("已撤销", "revoked")],
            [[number, revoked] for number, revoked in found.items()],
            right=(0,),
        ),
    )


def revoke(
    out: Output,
    *,
    numbers: CredentialsArgument,
    reason: ReasonOption,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Revoke credentials of this bureau; a suspended bureau may too (撤销凭证)."""
    return _change(out, numbers, reason, node, wait, revoked=True)


def restore(
    out: Output,
    *,
    numbers: CredentialsArgument,
    reason: ReasonOption,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Take revocations back; never while the bureau is suspended (恢复凭证)."""
    return _change(out, numbers, reason, node, wait, revoked=False)


def _change(
    out: Output,
    numbers: list[int],
    reason: ReasonOption,
    node: NodeOption,
    wait: float,
    *,
    revoked: bool,
) -> int:
    from ledger.governing import restoring, revoking

    digest = digest_of_file(reason)
    with opened(node, "bureau") as opened_node:
        log = int(opened_node.context.log_id)
        make = revoking if revoked else restoring
        code = carry_out(out, opened_node, [make(log, numbers, digest)], wait)
    return acted(out, {"log_id": log, "credentials": numbers, "revoked": revoked}, code)
