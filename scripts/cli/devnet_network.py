"""``anxu devnet network``: a network of several validators on one machine."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.cli.command import command, group
from scripts.cli.failures import REFUSED
from scripts.cli.output import Output

if TYPE_CHECKING:
    from devnet.network import PoaNetwork

_MORE_THAN_HALF = 2

DirectoryOption = Annotated[
    Path,
    typer.Option("--directory", metavar="DIR", help="Where the network is kept (网络数据目录)."),
]
ValidatorArgument = Annotated[
    int,
    typer.Argument(min=1, metavar="N", help="The validator's number, from 1 (验证节点序号)."),
]
_USUAL = Path("network")


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "network", "Several geth validators on this machine (本机多验证节点网络).")
    command(app, "up")(up)
    command(app, "status")(status)
    command(app, "down")(down)
    command(app, "reset")(reset)
    command(app, "kill")(kill)
    command(app, "start")(start)
    command(app, "logs")(logs)


def up(
    out: Output,
    *,
    directory: DirectoryOption = _USUAL,
    validators: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many validators; a new network has 4 (验证节点数).",
            show_default=False,
        ),
    ] = None,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach",
            help="Start them and return; 'anxu devnet network down' ends them (后台运行).",
        ),
    ] = False,
) -> int:
    """Start the network, or go on with the one in the directory (启动多验证节点网络).

    A real proof-of-authority network of geth: one process a validator, London rules, free gas, a
    block a second. The first time geth is built, which takes about two minutes. Without --detach it
    runs until Ctrl-C or SIGTERM.
    """
    from devnet.network import PoaNetwork

    def report(text: str) -> None:
        out.note((text, text))

    network = PoaNetwork.open(directory, validators=validators, report=report)
    stop = threading.Event()
    if not detach:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    try:
        network.start(detached=detach, report=report)
        _tell(out, network)
        if detach:
            return 0
        out.note(("按 Ctrl-C 停止。", "Ctrl-C stops it."))
        stop.wait()
    finally:
        if not detach:
            network.stop()
    return 0


def status(out: Output, *, directory: DirectoryOption = _USUAL) -> int:
    """Say how each validator is; exit 1 when too few run to make blocks (查看各节点状态)."""
    network = _load(directory)
    _tell(out, network)
    running = sum(each.block is not None for each in network.status())
    return 0 if running * _MORE_THAN_HALF > len(network.validators) else REFUSED


def down(out: Output, *, directory: DirectoryOption = _USUAL) -> None:
    """Stop all validators, whoever started them (停止网络)."""
    stopped = _load(directory).stop()
    words = (f"已停止 {stopped} 个验证节点。", f"Stopped {stopped} validators.")
    out.result({"stopped": stopped}, lambda: out.line(out.word(words)))


def reset(out: Output, *, directory: DirectoryOption = _USUAL) -> None:
    """Stop the network and delete it, with all that was recorded on it (清除网络数据)."""
    _load(directory).reset()
    words = ("网络已清除。", "The network is deleted.")
    out.result({"deleted": True}, lambda: out.line(out.word(words)))


def kill(out: Output, *, validator: ValidatorArgument, directory: DirectoryOption = _USUAL) -> int:
    """End one validator as a power cut would (强制终止一个验证节点)."""
    killed = _load(directory).kill(validator)
    words = (
        (f"验证节点 {validator} 已终止。", f"Validator {validator} is killed.")
        if killed
        else (f"验证节点 {validator} 未在运行。", f"Validator {validator} was not running.")
    )
    out.result({"killed": killed}, lambda: out.line(out.word(words)))
    return 0 if killed else REFUSED


def start(
    out: Output, *, validator: ValidatorArgument, directory: DirectoryOption = _USUAL
) -> None:
    """Start one validator again; it catches up by itself (重新启动一个验证节点)."""
    _load(directory).start_validator(validator)
    words = (f"验证节点 {validator} 已启动。", f"Validator {validator} is started.")
    out.result({"started": True}, lambda: out.line(out.word(words)))


def logs(
    out: Output,
    *,
    validator: ValidatorArgument,
    directory: DirectoryOption = _USUAL,
    lines: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many of its last lines (行数).")
    ] = 50,
) -> None:
    """Show the end of a validator's log (查看节点日志)."""
    path = _load(directory).log(validator)
    text = path.read_text("utf-8", "replace").splitlines()[-lines:] if path.exists() else []
    out.result({"path": path, "lines": text}, lambda: out.line("\n".join(text)))


def _load(directory: Path) -> PoaNetwork:
    from devnet.network import PoaNetwork

    return PoaNetwork.load(directory)


def _tell(out: Output, network: PoaNetwork) -> None:
    found = network.status()
    document = {
        "chain_id": network.chain_id,
        "rpc_urls": network.rpc_urls,
        "common_block": network.common_block(),
        "validators": [asdict(each) for each in found],
    }
    headings = [
        ("序号", "no."),
        ("接口地址", "endpoint"),
        ("进程", "process"),
        ("区块", "block"),
        ("区块哈希", "hash"),
        ("对等节点", "peers"),
    ]
    rows = [
        [each.number, each.rpc_url, each.pid, each.block, (each.block_hash or "")[:10], each.peers]
        for each in found
    ]
    out.result(document, lambda: out.table(headings, rows, right=(0, 2, 3, 5)))
