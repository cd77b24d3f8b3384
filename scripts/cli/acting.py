"""Acts of a node on chain that a person waits for: queued, landed by the worker, told."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import SettingsError
from scripts.cli.failures import DONE, REFUSED
from scripts.cli.nodes import opened, say_what_waits, work_until
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.governing import Act
    from ledger.node import Node

WaitOption = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0,
        help="How long to wait until the chain has it; 0 does not (等待秒数).",
    ),
]
ReasonOption = Annotated[
    Path,
    typer.Option(
        "--reason",
        metavar="FILE",
        help="The written decision; only its SHA-256 goes on the chain (决定文件).",
    ),
]
DocumentOption = Annotated[
    Path,
    typer.Option(
        "--document",
        metavar="FILE",
        help="The signed paper that gives the reason; only its SHA-256 goes on chain (决定书文件).",
    ),
]
LogArgument = Annotated[
    int,
    typer.Argument(
        metavar="LOG",
        min=1,
        help="The bureau's log number (日志编号).",
        show_default=False,
    ),
]
WAIT_SECONDS = 30.0


def digest_of_file(path: Path) -> bytes:
    """SHA-256 of a document.

    Raises:
        SettingsError: it cannot be read, or nothing is in it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path) from error
    if not content:
        raise SettingsError(setting=path.name, reason="the file is empty")
    return hashlib.sha256(content).digest()


def unreadable(path: Path) -> SettingsError:
    """The refusal of a file that cannot be read."""
    return SettingsError(setting=path.name, reason="the file cannot be read")


def carry_out(out: Output, node: Node, acts: Sequence[Act], wait: float) -> int:
    """Queue acts and do the worker's part until they landed for good; the exit code.

    Raises:
        BehindAtStartError: too few endpoints are up to date; nothing was queued.
    """
    from ledger.governing import send
    from ledger.store.outbox import ALARMING, FINAL

    node.context.chain.gateway.require_current()
    keys = send(node.context, acts)

    def states() -> list[str]:
        with node.context.read() as view:
            found = [view.outbox.find(key) for key in keys]
        return [each.state for each in found if each is not None]

    done = work_until(node, lambda: all(state in (FINAL, *ALARMING) for state in states()), wait)
    if done and all(state == FINAL for state in states()):
        return DONE
    say_what_waits(out, node)
    out.note(("尚未最终上链，见 anxu outbox list", "Not final yet, see 'anxu outbox list'"))
    return DONE if wait == 0 else REFUSED


def act_as(
    out: Output, directory: Path, role: str, act: Act, document: dict[str, Any], wait: float
) -> int:
    """Carry out one act of a node that has a role, and tell what was done; the exit code.

    Raises:
        NotPermittedError: the node has the other role.
    """
    with opened(directory, role) as node:
        code = carry_out(out, node, [act], wait)
    return acted(out, document, code)


def acted(out: Output, document: dict[str, Any], code: int) -> int:
    """Tell what was done; the exit code."""
    answer = document | {"final": code == DONE}
    out.result(answer, lambda: out.facts([((name, name), value) for name, value in answer.items()]))
    return code
