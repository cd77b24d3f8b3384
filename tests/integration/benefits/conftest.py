"""Two bureaus of two provinces and a supervisor on an embedded chain that stands on 2026-09-15."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings
from stdnum.cn import ric

from api.app import create_app
from api.peer.routes import router as peer_router
from api.supervisor.standing import router as standing_router
from api.verifier.routes import verifier_routes
from ledger.birth import NewNode, deploy_network, enrol_bureau, init_node
from ledger.node import Node, open_node
from ledger.policy.kinds import Kind
from ledger.policy.periods import month_range
from ledger.recording.facts import Fact
from ledger.recording.releases import release_policy

AS_OF = date(2026, 9, 15)
NANJING, HEFEI = 1, 2


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses just now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def identity(sequence: int, born: str) -> str:
    """A valid number; the check character is python-stdnum's."""
    body = f"340103{born}{sequence:03d}"
    return body + ric.calc_check_digit(body + "0")


def contribution(person: tuple[str, str], region: str, period: int, base_fen: int) -> Fact:
    """One paid month at 16 % and 8 %."""
    unit, own = base_fen * 16 // 100, base_fen * 8 // 100
    return Fact(
        Kind.CONTRIBUTION, 1, period, unit + own,
        {
            "name": person[1], "scheme": "PENSION_EMPLOYEE", "contribution_type": "NORMAL",
            "base_fen": base_fen, "unit_fen": unit, "person_fen": own, "pool_fen": unit,
            "account_fen": own, "account_rate_bps": 800, "employer_code": "91340100MA2TXK3T0K",
            "employer_name": "示范公司", "region": region, "paid_on": "2026-01-15",
            "parameter_status": "demo",
        },
        person[0],
    )  # fmt: skip


@contextmanager
def served(node: Node) -> Iterator[None]:
    """Serve a node from a thread; its worker is driven by the test."""
    app = create_app(node)
    context = node.context
    paths = {getattr(route, "path", "") for route in app.routes}
    if "/api/verify" not in paths:
        app.include_router(verifier_routes(context))
    if context.settings.role == "bureau" and not any(path.startswith("/peer") for path in paths):
        app.include_router(peer_router(context))
    if context.settings.role == "supervisor" and not any("standing" in path for path in paths):
        app.include_router(standing_router(context))
    settings = context.settings
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        thread.join(timeout=0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@dataclass
class Alliance:
    """Open nodes; `settle` lets every worker work until nothing moves any more."""

    nodes: dict[int, Node]
    supervisor: Node
    people: int = 0

    def context(self, log_id: int) -> Any:
        return self.nodes[log_id].context

    def settle(self) -> None:
        everybody = [*self.nodes.values(), self.supervisor]
        for _ in range(12):
            if not sum(node.worker.drain() for node in everybody):
                return
        raise AssertionError("the nodes never came to rest")

    def woman(self, born: str = "19751108") -> tuple[str, str]:
        """A new person; the sequence of a woman's number is even."""
        self.people += 1
        return identity(2 * self.people, born), f"参保人{self.people}"

    def pay(
        self, log_id: int, person: tuple[str, str], first: int, last: int, base_fen: int = 800_000
    ) -> range:
        """Record contributions of a person at a bureau; not settled."""
        context = self.context(log_id)
        region = context.settings.region
        periods = month_range(first, last)
        facts = [contribution(person, region, period, base_fen) for period in periods]
        new = context.bureau.writer.prepare(facts)
        with context.write() as work:
            indices = work.log.append(new, source_key="test", recorded_at=context.clock.now())
            work.commit()
        return indices


@pytest.fixture(scope="session")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    root = Path(tmp_path_factory.mktemp("benefits"))
    ports = free_ports(3)
    bureaus = [("南京", "Nanjing", "320100", 32), ("合肥", "Hefei", "340100", 34)]
    with ExitStack() as stack:
        chain = stack.enter_context(
            DevnetProcess(DevnetSettings(directory=root / "chain", as_of=AS_OF, base_fee_wei=0))
        )
        supervisor = NewNode(
            "supervisor", "基金监管", "Supervisor", "100000", 0, "127.0.0.1", ports[2]
        )
        manifest = deploy_network(
            root / "manifest.json", chain.rpc_url, root / "supervisor", supervisor,
            minimum_lines=2, as_of=AS_OF.isoformat(), offset_seconds=chain.endpoint.offset_seconds,
        )  # fmt: skip
        init_node(root / "supervisor", manifest, supervisor)
        nodes: dict[int, Node] = {}
        sponsor = None
        for (zh, en, region, pool), port in zip(bureaus, ports, strict=False):
            directory = root / en.lower()
            init_node(
                directory, manifest, NewNode("bureau", zh, en, region, pool, "127.0.0.1", port)
            )
            log_id = enrol_bureau(directory, root / "supervisor", sponsor)
            sponsor = sponsor or directory
            nodes[log_id] = stack.enter_context(open_node(directory))
            release_policy(nodes[log_id].context, "officer-maker", "officer-checker")
        watcher = stack.enter_context(open_node(root / "supervisor"))
        for node in (*nodes.values(), watcher):
            stack.enter_context(served(node))
        yield Alliance(nodes, watcher)
