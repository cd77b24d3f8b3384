"""``anxu devnet``: a chain for one machine, embedded or anvil, and a network of validators."""

from __future__ import annotations

import signal
import threading
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli import devnet_network
from scripts.cli.command import command, group
from scripts.cli.failures import REFUSED
from scripts.cli.output import Output

if TYPE_CHECKING:
    from devnet.directory import Endpoint

DirectoryOption = Annotated[
    Path,
    typer.Option(
        "--directory",
        metavar="DIR",
        help="Where the chain is kept (链数据目录).",
    ),
]


AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="Begin at nine in the morning of this day in Beijing, for a demonstration (演示日期).",
    ),
]
BaseFeeOption = Annotated[
    int | None,
    typer.Option(
        help="Base fee of the first block; 0 makes gas free, which is the default of a new "
        "chain (基础费).",
        show_default=False,
    ),
]


class Engine(StrEnum):
    """What makes the blocks."""

    EMBEDDED = "embedded"
    ANVIL = "anvil"


EngineOption = Annotated[
    Engine | None,
    typer.Option(
        help="What makes the blocks: embedded keeps every block on disk at once; anvil, fetched "
        "from npm, is faster. Without it: what made this directory's chain, or embedded (链引擎).",
        show_default=False,
    ),
]
BlockSecondsOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=60,
        metavar="N",
        help="With anvil: seconds between blocks, 1 for a new chain; 0 makes a block for each "
        "transaction (出块间隔秒数).",
        show_default=False,
    ),
]
TestingOption = Annotated[
    bool,
    typer.Option(
        "--testing",
        help="Embedded: also answer evm_snapshot, evm_revert, evm_increaseTime and the like, which "
        "take back blocks that were acknowledged (测试用方法).",
    ),
]


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "devnet", "Run a chain on this machine, kept on disk (本机内嵌链).")
    command(app, "up")(up)
    command(app, "down")(down)
    command(app, "status")(status)
    devnet_network.register(app)


def up(
    out: Output,
    *,
    directory: DirectoryOption = Path("chain"),
    port: Annotated[
        int,
        typer.Option(
            help="Port on loopback; 0 takes last time's, or any free one (端口).",
        ),
    ] = 0,
    as_of: AsOfOption = None,
    base_fee_wei: BaseFeeOption = None,
    engine: EngineOption = None,
    block_seconds: BlockSecondsOption = None,
    testing: TestingOption = False,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach",
            help="Start it and return; 'anxu devnet down' ends it (后台运行).",
        ),
    ] = False,
) -> int:
    """Start a chain, or go on with the one in the directory (启动本机链).

    Without --detach it runs until Ctrl-C or SIGTERM; nothing is lost if it is killed. With
    --detach a chain
    that runs already is simply reported.
    """
    from devnet.anvil import engine_of
    from devnet.directory import running_endpoint
    from devnet.process import DevnetProcess
    from devnet.settings import DevnetSettings

    running = running_endpoint(directory)
    if detach and running is not None:
        out.note(("该链已在运行。", "This chain is running already."))
        _tell(out, running)
        return 0
    is_new = engine_of(directory) is None
    fee = 0 if base_fee_wei is None and is_new else base_fee_wei
    settings = DevnetSettings(
        directory=directory,
        port=port,
        base_fee_wei=fee,
        as_of=as_of.date() if as_of is not None else None,
        engine=str(engine) if engine is not None else None,
        block_seconds=block_seconds,
        testing=testing,
    )
    process = DevnetProcess(settings, detached=detach)
    stop = threading.Event()
    if not detach:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    endpoint = process.start()
    _tell(out, endpoint)
    if detach:
        return 0
    out.note(("按 Ctrl-C 停止。", "Ctrl-C stops it."))
    try:
        while running_endpoint(directory) is not None:
            if stop.wait(0.5):
                return 0
    finally:
        process.stop()
    out.note(
        ("链进程已终止，原因见 devnet.log。", "The chain's process ended; devnet.log says why.")
    )
    return REFUSED


def down(out: Output, *, directory: DirectoryOption = Path("chain")) -> None:
    """Stop the chain of a directory, whoever started it (停止内嵌链)."""
    from devnet.process import stop_running

    stopped = stop_running(directory)
    out.result(
        {"stopped": stopped},
        lambda: out.line(
            out.word(
                ("已停止。", "Stopped.")
                if stopped
                else ("没有正在运行的链。", "No chain was running there.")
            )
        ),
    )


def status(out: Output, *, directory: DirectoryOption = Path("chain")) -> int:
    """Say where the chain of a directory answers; exit 1 when it does not run (查看运行状态)."""
    from devnet.directory import running_endpoint

    endpoint = running_endpoint(directory)
    if endpoint is None:
        out.result(
            {"running": False}, lambda: out.line(out.word(("未运行。", "It is not running.")))
        )
        return REFUSED
    _tell(out, endpoint)
    return 0


def _tell(out: Output, endpoint: Endpoint) -> None:
    document: dict[str, Any] = {
        "running": True,
        "rpc_url": endpoint.rpc_url,
        "chain_id": endpoint.chain_id,
        "pid": endpoint.pid,
        "as_of": endpoint.as_of,
        "offset_seconds": endpoint.offset_seconds,
        "genesis_hash": endpoint.genesis_hash,
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("接口地址", "endpoint"), endpoint.rpc_url),
                (("链编号", "chain id"), endpoint.chain_id),
                (("演示日期", "as of"), endpoint.as_of),
                (("进程", "process"), endpoint.pid),
            ]
        ),
    )
