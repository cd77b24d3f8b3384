"""Opens nodes for commands, and does the worker's part when nobody else does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ledger.errors import NotFoundError, NotPermittedError
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.node import Node
    from ledger.recording.context import NodeContext

_PAUSE_SECONDS: Final = 0.2
_HEALTH_SECONDS: Final = 1.0
_MINIMUM_PREFIX: Final = 4


@contextmanager
def opened(directory: Path, role: str | None = None) -> Iterator[Node]:
    """An open node; closed again whatever happens.

    Raises:
        NotPermittedError: the command is for nodes of a role, and this one has the other.
    """
    from ledger.node import open_node

    with open_node(directory) as node:
        if role is not None:
            require_role(node.context, role)
        yield node


@contextmanager
def reading(directory: Path, role: str | None = None) -> Iterator[NodeContext]:
    """The context of an open node. Raises as :func:`opened`."""
    with opened(directory, role) as node:
        yield node.context


def require_role(context: NodeContext, role: str) -> None:
    """Refuse a command on the other kind of node.

    Raises:
        NotPermittedError: it is the other kind.
    """
    if context.settings.role != role:
        needed = "a bureau's node" if role == "bureau" else "a supervisor's node"
        raise NotPermittedError(action="this command", needed=needed)


def work_until(node: Node, done: Callable[[], bool], seconds: float) -> bool:
    """Do the worker's part, or wait for the process that does, until ``done`` or time is over."""
    deadline = time.monotonic() + seconds
    while True:
        node.worker.drain()
        if done():
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def answering(node: Node) -> Iterator[None]:
    """Let others read this node's log for a while: serves it here when no process does.

    Supervisors cosign what they can read. An address that something else has taken is left alone.
    """
    if is_answering(node.context.settings.endpoint):
        yield
        return
    from api.serving import serving

    with ExitStack() as stack:
        with suppress(RuntimeError):
            stack.enter_context(serving(node))
        yield


def is_answering(endpoint: str) -> bool:
    """Whether a node answers there."""
    import httpx

    try:
        answer = httpx.get(f"{endpoint}/health", timeout=_HEALTH_SECONDS, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def say_what_waits(out: Output, node: Node) -> None:
    """Name the jobs that could not go on, with the code of their trouble."""
    for job, code in {**node.worker.waiting, **node.worker.stopped}.items():
        out.note((f"任务 {job} 未完成：{code}", f"job {job} could not go on: {code}"))


def whole_number(known: Iterable[str], given: str, what: str) -> str:
    """The one number that begins with what was given.

    Raises:
        NotFoundError: none does, or several do.
    """
    wanted = given.strip().lower()
    if len(wanted.removeprefix("0x")) < _MINIMUM_PREFIX:
        raise NotFoundError(what=what, key=wanted)
    found = [number for number in known if number.lower().startswith(wanted)]
    if not found:
        found = [number for number in known if number.lower().startswith("0x" + wanted)]
    if len(found) != 1:
        raise NotFoundError(what=what, key=wanted)
    return found[0]
