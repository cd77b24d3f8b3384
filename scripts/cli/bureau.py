"""``anxu bureau``: let a bureau take part, stop it, close it and name who carries it on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.cli.acting import (
    WAIT_SECONDS,
    LogArgument,
    ReasonOption,
    WaitOption,
    act_as,
    digest_of_file,
)
from scripts.cli.command import command, group
from scripts.cli.council import submit
from scripts.cli.nodes import opened
from scripts.cli.options import NodeArgument, NodeOption
from scripts.cli.output import Output

SupervisorOption = Annotated[
    Path,
    typer.Option(
        metavar="DIR",
        help="The supervisor's node directory, whose key enrols (监管节点目录).",
    ),
]
SponsorOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="An enrolled bureau's directory, which passes on the alliance key; every "
        "bureau after the first"
        " needs one (保荐机构节点目录).",
    ),
]


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "bureau", "Let a bureau take part, stop it, replace it (经办机构).")
    command(app, "enrol")(enrol)
    command(app, "rotate")(rotate)
    command(app, "officer")(officer)
    command(app, "endpoint")(endpoint)
    command(app, "suspend")(suspend)
    command(app, "reinstate")(reinstate)
    command(app, "close")(close)
    command(app, "succeed")(succeed)
    command(app, "carry-on")(carry_on)


def enrol(
    out: Output,
    *,
    directory: NodeArgument,
    supervisor: SupervisorOption,
    sponsor: SponsorOption = None,
) -> None:
    """Enrol a bureau with a supervisor's key; the contract gives its log number (经办机构入网)."""
    from ledger.birth import enrol_bureau

    log_id = enrol_bureau(directory, supervisor, sponsor)
    out.result({"log_id": log_id}, lambda: out.facts([(("日志编号", "log id"), log_id)]))


def carry_on(
    out: Output,
    *,
    directory: NodeArgument,
    old: Annotated[
        Path,
        typer.Option(
            "--from",
            metavar="DIR",
            help="The closed log's node directory or a copy of it, stopped; it is only read"
            " (原节点目录).",
        ),
    ],
    supervisor: SupervisorOption,
) -> None:
    """Open the node that the council named to carry a closed log on (承接日志).

    Its log begins with the closed log's records up to the size that the council named. What was
    recorded later is put into a file, to be recorded again. A run that broke off is finished by the
    same command.
    """
    from ledger.birth import succeed_bureau

    with out.progress() as told:
        done = succeed_bureau(directory, supervisor, old, told)
    document = {
        "log_id": int(done.log_id),
        "predecessor": int(done.predecessor),
        "inherited": done.inherited,
        "left_behind": done.left_behind,
        "left_behind_file": str(done.file) if done.file is not None else None,
        "unsettled_messages": done.unsettled,
        "already_done": done.already_done,
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("日志编号", "log id"), done.log_id),
                (("原日志", "closed log"), done.predecessor),
                (("承接记录", "inherited records"), done.inherited),
                (("未承接记录", "records left behind"), done.left_behind),
                (("待重新登记", "to be recorded again"), done.file or "—"),
                (("原节点未上链消息", "messages the chain never took"), done.unsettled),
            ]
        ),
    )


def rotate(out: Output, *, directory: NodeArgument, supervisor: SupervisorOption) -> None:
    """Give a bureau a new log key and a new publisher key; stop its node first (更换密钥).

    The old keys stay in the registry's history and in the key store: an old signature is judged by
    the keys of its own time.
    """
    from ledger.rotating import rotate_keys

    keys = rotate_keys(directory, supervisor)
    document = {
        "log_id": keys.log_id,
        "publisher": keys.publisher,
        "log_key": keys.log_key,
        "sealing_key_digest": keys.sealing_key_digest,
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("日志编号", "log id"), keys.log_id),
                (("发布账户", "publisher"), keys.publisher),
                (("日志公钥", "log key"), keys.log_key.hex()),
            ]
        ),
    )


def officer(
    out: Output,
    *,
    log: LogArgument,
    account: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS", help="The officer's address (经办人账户).", show_default=False
        ),
    ],
    node: NodeOption,
    remove: Annotated[
        bool, typer.Option("--remove", help="The officer may no longer approve (停用).")
    ] = False,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Let an officer approve payments of a bureau, or no longer (授权经办人)."""
    from ledger.governing import appointing

    act = appointing(log, account, active=not remove)
    document = {"log_id": log, "officer": account, "active": not remove}
    return act_as(out, node, "supervisor", act, document, wait)


def endpoint(
    out: Output,
    *,
    log: LogArgument,
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="Where it is found (地址).", show_default=False),
    ],
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Say where a bureau's node is found from now on (变更地址)."""
    from ledger.governing import moving

    document = {"log_id": log, "endpoint": url}
    return act_as(out, node, "supervisor", moving(log, url), document, wait)


def suspend(
    out: Output,
    *,
    log: LogArgument,
    reason: ReasonOption,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Suspend a bureau: it opens nothing new, what it owes others goes on (暂停)."""
    from ledger.governing import suspending

    digest = digest_of_file(reason)
    document = {"log_id": log, "suspended": True, "reason_digest": digest}
    return act_as(out, node, "supervisor", suspending(log, digest), document, wait)


def reinstate(
    out: Output,
    *,
    log: LogArgument,
    reason: ReasonOption,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """End a suspension (恢复)."""
    from ledger.governing import reinstating

    digest = digest_of_file(reason)
    document = {"log_id": log, "suspended": False, "reason_digest": digest}
    return act_as(out, node, "supervisor", reinstating(log, digest), document, wait)


def close(
    out: Output,
    *,
    log: LogArgument,
    reason: ReasonOption,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Propose to the council that a log be closed for good (关闭日志)."""
    from ledger.governing import closing_calls

    digest = digest_of_file(reason)
    with opened(node) as opened_node:
        return submit(out, opened_node, closing_calls(log, digest), wait)


def succeed(
    out: Output,
    *,
    log: LogArgument,
    directory: Annotated[
        Path,
        typer.Option(
            "--by",
            metavar="DIR",
            help="The successor's node directory, made by 'anxu node init' (继任节点目录).",
        ),
    ],
    size: Annotated[
        int,
        typer.Option(
            min=0,
            help="Size of the closed log's checkpoint that the successor extends; what came later "
            "is left behind (继承的检查点记录数).",
        ),
    ],
    reason: ReasonOption,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Propose to the council who carries a log on, and from which checkpoint (指定继任).

    The log is closed with it unless it is closed already.
    """
    from ledger.birth import enrolment_of
    from ledger.governing import succeeding_calls

    digest = digest_of_file(reason)
    bureau = enrolment_of(directory)
    with opened(node, "supervisor") as opened_node:
        calls = succeeding_calls(opened_node.context, log, size, bureau, digest)
        return submit(out, opened_node, calls, wait)
