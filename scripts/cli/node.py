"""``anxu node``: make a node, run it, look at it."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from scripts.cli.chain_checks import check_at_start
from scripts.cli.command import command, group
from scripts.cli.logs import log_to_stderr
from scripts.cli.nodes import is_answering, opened
from scripts.cli.options import NodeArgument
from scripts.cli.output import Output, Words

if TYPE_CHECKING:
    from ledger.config import NodeSettings
    from ledger.node import Node

_PARENT_POLL_SECONDS: Final = 0.5


class Role(StrEnum):
    """What a node is for."""

    BUREAU = "bureau"
    SUPERVISOR = "supervisor"


class LogLevel(StrEnum):
    """The least grave log line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "node", "Make a node, run it, look at it (节点).")
    command(app, "init")(init)
    command(app, "serve")(serve)
    command(app, "status")(status)


def init(
    out: Output,
    *,
    directory: NodeArgument,
    manifest: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="The deployment manifest from 'anxu chain deploy' (部署清单).",
        ),
    ],
    role: Annotated[Role, typer.Option(help="What the node is for (节点角色).")],
    name_zh: Annotated[str, typer.Option(help="The agency's name in Chinese (机构名称).")],
    name_en: Annotated[str, typer.Option(help="The agency's name in English (机构英文名称).")],
    port: Annotated[int, typer.Option(help="Where it answers (端口).", min=1, max=65535)],
    host: Annotated[str, typer.Option(help="The address it listens on (主机).")] = "127.0.0.1",
    region: Annotated[
        str,
        typer.Option(
            help="The city's six-digit GB/T 2260 code; a bureau needs it (行政区划代码).",
        ),
    ] = "",
    pool: Annotated[
        int,
        typer.Option(
            help="The pool its fund belongs to: the province's two digits (统筹区).",
        ),
    ] = 0,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A PostgreSQL database as postgresql+psycopg://…; without it SQLite in DIR "
            "(数据库).",
        ),
    ] = None,
    demo_sessions: Annotated[
        bool,
        typer.Option(
            "--demo-sessions",
            help="Let anybody sign in as a made-up person; demonstration networks only (演示登录).",
        ),
    ] = False,
) -> None:
    """Make a node's directory with its keys and settings (初始化节点).

    Keys are readable by the owner only. A node that is there already keeps its keys and settings.
    """
    from ledger.birth import NewNode, init_node
    from ledger.chain.deployment import Manifest

    settings = init_node(
        directory,
        Manifest.load(manifest),
        NewNode(
            role=role.value,
            name_zh=name_zh,
            name_en=name_en,
            region=region,
            pool=pool,
            host=host,
            port=port,
            database_url=database,
            demo_sessions=demo_sessions,
        ),
    )
    document = _settings_document(directory, settings)
    out.result(document, lambda: _show_settings(out, settings))
    if role is Role.BUREAU and settings.log_id == 0:
        out.note(("下一步：anxu bureau enrol", "Next: anxu bureau enrol"))


def serve(
    out: Output,
    *,
    directory: NodeArgument,
    log_level: Annotated[
        LogLevel,
        typer.Option(
            help="The least grave log line that is written to standard error (日志级别).",
        ),
    ] = LogLevel.INFO,
    exit_with_parent: Annotated[
        int | None,
        typer.Option(
            "--exit-with-parent",
            metavar="PID",
            help="End when this process, which started it, ends (随父进程退出).",
        ),
    ] = None,
) -> None:
    """Run a node: its pages, its API and its worker in one process (运行节点).

    Endpoints of another chain, with other code or provably behind are refused; without any chain it
    starts all the same. It ends cleanly on SIGTERM or Ctrl-C. One process works for a node at a
    time; a second one serves and waits.
    """
    from api.serving import serve as serve_node

    log_to_stderr(log_level.value)
    with opened(directory) as node:
        check_at_start(out, node.context.chain.gateway)
        settings = node.context.settings
        document = _settings_document(directory, settings)
        out.result(document, lambda: out.line(settings.endpoint))
        import structlog

        log = structlog.get_logger("anxu.node")
        log.info("serving", role=settings.role, log_id=settings.log_id, endpoint=settings.endpoint)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _end)
        if exit_with_parent is not None:
            watched = (exit_with_parent,)
            threading.Thread(target=_end_with_parent, args=watched, daemon=True).start()
        with suppress(_Ended):
            serve_node(node, log_level="error")
        log.info("ended", role=settings.role, log_id=settings.log_id)


class _Ended(BaseException):
    """We were told to end; not an error, so that nobody catches it on its way."""


def _end(*_: Any) -> NoReturn:
    raise _Ended


def _end_with_parent(parent: int) -> None:
    # The number comes from outside: asked here, an orphan would take its new parent for the old.
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def status(out: Output, *, directory: NodeArgument) -> None:
    """Show how far a node is: its log, the chain, its outbox, followed logs (查看节点状态)."""
    from ledger.config import NodeSettings

    settings = NodeSettings.load(directory)
    document = _settings_document(directory, settings)
    if settings.role == "bureau" and settings.log_id == 0:
        out.result(document | {"enrolled": False}, lambda: _show_settings(out, settings))
        out.note(("尚未入网：anxu bureau enrol", "Not enrolled yet: anxu bureau enrol"))
        return
    with opened(directory) as node:
        document |= {"enrolled": True, **_state(node), "answers": is_answering(settings.endpoint)}

    out.result(document, lambda: _show_state(out, settings, document))


def _show_state(out: Output, settings: NodeSettings, document: dict[str, Any]) -> None:
    outbox, log = document["outbox"], document["log"]
    under_way = sum(outbox.get(state, 0) for state in ("QUEUED", "SIGNED", "LANDED"))
    facts: list[tuple[Words, Any]] = [
        *_settings_facts(out, settings),
        (
            ("节点进程", "process"),
            out.word(("在线", "answers") if document["answers"] else ("离线", "does not answer")),
        ),
        (("链", "chain"), document["chain"]),
        (("最终块高", "final block"), document["final_block"]),
        (("待发链上消息", "messages under way"), under_way + document["waiting_for_anchor"]),
        (
            ("待处理消息", "messages that wait for you"),
            outbox.get("FAILED", 0) + outbox.get("STUCK", 0),
        ),
    ]
    if log is not None:
        facts += [
            (("记录数", "leaves"), log["size"]),
            (("已上链", "final on chain"), log["final_size"]),
            (("检查点", "checkpoint"), log["checkpoint"]),
            (("监管联署", "cosignatures"), log["cosignatures"]),
        ]
    out.facts(facts)
    for item in document["unfinished_imports"]:
        file, done = item["file"], item["rows_accepted"]
        again_zh = "重新执行同一导入命令即可继续。"
        again_en = "run the same import again to go on."
        out.note(
            (
                f"文件 {file} 尚未导入完毕（已入账 {done} 行）：{again_zh}",
                f"The import of {file} is unfinished ({done} lines are recorded): {again_en}",
            )
        )
    if document["follows"]:
        out.line()
        out.table(
            [
                ("日志", "log"),
                ("已核验记录", "leaves checked"),
                ("检查点", "checkpoint"),
                ("状态", "state"),
                ("核验时间", "checked at"),
            ],
            [
                [
                    item["log_id"],
                    item["size"],
                    item["checkpoint"],
                    item["state"],
                    item["checked_at"],
                ]
                for item in document["follows"]
            ],
            right=(0, 1, 2),
        )


def _settings_document(directory: Path, settings: NodeSettings) -> dict[str, Any]:
    """The settings that may be shown; of a database the kind: its URL may hold a password."""
    return {
        "directory": directory,
        "role": settings.role,
        "name_zh": settings.name_zh,
        "name_en": settings.name_en,
        "region": settings.region,
        "pool": settings.pool,
        "log_id": settings.log_id,
        "endpoint": settings.endpoint,
        "database": settings.database_url.partition(":")[0],
        "rpc_urls": list(settings.rpc_urls),
        "demo_sessions": settings.demo_sessions,
    }


def _show_settings(out: Output, settings: NodeSettings) -> None:
    out.facts(_settings_facts(out, settings))


def _settings_facts(out: Output, settings: NodeSettings) -> list[tuple[Words, Any]]:
    return [
        (("机构", "agency"), out.word((settings.name_zh, settings.name_en))),
        (("角色", "role"), settings.role),
        (("日志编号", "log id"), settings.log_id or None),
        (("区划", "region"), settings.region),
        (("地址", "endpoint"), settings.endpoint),
        (("数据库", "database"), settings.database_url.partition(":")[0]),
    ]


def _state(node: Node) -> dict[str, Any]:
    """What the database and the chain say; a chain that does not answer is said, not raised."""
    from ledger.errors import UnavailableError

    context = node.context
    with context.read() as view:
        unfinished = [
            {
                "import_key": row.import_key,
                "file": row.file_name,
                "rows_read": row.rows_read,
                "rows_accepted": row.rows_accepted,
                "updated_at": row.updated_at,
            }
            for row in view.imports.all_unfinished()
        ]
        outbox, waiting = dict(view.outbox.counts()), view.outbox.waiting_for_anchor()
        follows = [
            {
                "log_id": int(log.log_id),
                "size": log.head.size,
                "checkpoint": log.number or None,
                "state": log.state,
                "checked_at": log.checked_at,
            }
            for log in view.following.logs()
        ]
        log = None
        if context.settings.role == "bureau":
            final = view.log.last_checkpoint(final=True)
            log = {
                "origin": context.origin,
                "size": view.log.head().size,
                "final_size": final.size if final is not None else 0,
                "checkpoint": final.number if final is not None else None,
                "cosignatures": len(view.log.cosignatures(final.size)) if final is not None else 0,
            }
    try:
        final_block: int | None = context.chain.gateway.final_block()
        chain = "ok"
    except UnavailableError as error:
        final_block, chain = None, error.code
    return {
        "log": log,
        "outbox": outbox,
        "waiting_for_anchor": waiting,
        "unfinished_imports": unfinished,
        "follows": follows,
        "chain": chain,
        "final_block": final_block,
    }
