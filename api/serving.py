"""Runs a node's application and its worker in one process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from api.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.node import Node


def serve(node: Node, *, log_level: str = "warning") -> None:
    """Serve until the process is told to stop (SIGINT, SIGTERM); the worker ends with it."""
    stop = threading.Event()
    worker = threading.Thread(target=node.worker.run, args=(stop,), name="worker", daemon=True)
    worker.start()
    try:
        _server(node, log_level).run()
    finally:
        stop.set()
        worker.join(timeout=30)


@contextmanager
def serving(node: Node) -> Iterator[None]:
    """Serve a node from a thread of this process, without its worker; for tests and tools."""
    server = _server(node, "warning")
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        thread.join(timeout=0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def _server(node: Node, log_level: str) -> uvicorn.Server:
    settings = node.context.settings
    config = uvicorn.Config(
        create_app(node),
        host=settings.host,
        port=settings.port,
        log_level=log_level,
        access_log=False,
        server_header=False,
        date_header=False,
    )
    return uvicorn.Server(config)
