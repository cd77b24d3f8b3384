"""A small alliance on an embedded chain: two bureaus of one province, one of another, a supervisor."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings
from stdnum.cn import ric

from api.app import create_app
from api.peer.routes import router as peer_router
from ledger.birth import NewNode, deploy_network, enrol_bureau, init_node
from ledger.chain.bindings import Account
from ledger.evidence.encoding import LogId
from ledger.node import Node, open_node
from ledger.policy.kinds import Kind
from ledger.policy.periods import month_range
from ledger.recording.facts import Fact
from ledger.store.journal import Posting

MINIMUM_LINES = 2
NANJING, SUZHOU, HEFEI = LogId(1), LogId(2), LogId(3)


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses just now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def identity(sequence: int, born: str = "19880815") -> str:
    """A valid number; the check character is python-stdnum's."""
    body = f"320106{born}{sequence:03d}"
    return body + ric.calc_check_digit(body + "0")


def month(number: str, name: str, region: str, period: int, base_fen: int = 800_000) -> Fact:
    """One contribution, at 16 % and 8 %."""
    unit, person = base_fen * 16 // 100, base_fen * 8 // 100
    return Fact(
        Kind.CONTRIBUTION, 1, period, unit + person,
        {
            "name": name, "scheme": "PENSION_EMPLOYEE", "contribution_type": "NORMAL",
            "base_fen": base_fen, "unit_fen": unit, "person_fen": person, "pool_fen": unit,
            "account_fen": person, "account_rate_bps": 800, "employer_code": "91340100MA2TXK3T0K",
            "employer_name": "示范公司", "region": region, "paid_on": "2026-01-15",
            "parameter_status": "demo",
        },
        number,
    )  # fmt: skip


@contextmanager
def served(node: Node) -> Iterator[None]:
    """Serve a node's feeds and messages from a thread; its worker is driven by the test."""
    app = create_app(node)
    if not any(getattr(route, "path", "").startswith("/peer") for route in app.routes):
        app.include_router(peer_router(node.context))
    settings = node.context.settings
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
    """Open nodes by log id; `settle` lets every worker work until nothing moves any more."""

    nodes: dict[LogId, Node]
    people: int = 0

    def context(self, log_id: LogId) -> Any:
        return self.nodes[log_id].context

    def settle(self, *log_ids: LogId) -> None:
        chosen = [self.nodes[log_id] for log_id in log_ids] or list(self.nodes.values())
        for _ in range(12):
            if not sum(node.worker.drain() for node in chosen):
                return
        raise AssertionError("the nodes never came to rest")

    def somebody(self) -> tuple[str, str]:
        """A new person."""
        self.people += 1
        return identity(self.people), f"参保人{self.people}"

    def pay(
        self, log_id: LogId, person: tuple[str, str], first: int, last: int, **more: int
    ) -> None:
        """Record contributions of a person at a bureau."""
        context = self.context(log_id)
        region = context.settings.region
        facts = [month(*person, region, period, **more) for period in month_range(first, last)]
        new = context.bureau.writer.prepare(facts)
        with context.write() as work:
            work.log.append(
                new, source_key=f"test/{person[0][-4:]}", recorded_at=context.clock.now()
            )
            work.commit()


@pytest.fixture(scope="session")
def alliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alliance]:
    root = Path(tmp_path_factory.mktemp("alliance"))
    ports = free_ports(4)
    bureaus = [("南京", "Nanjing", "320100", 32), ("苏州", "Suzhou", "320500", 32),
               ("合肥", "Hefei", "340100", 34)]  # fmt: skip
    with ExitStack() as stack:
        chain = stack.enter_context(
            DevnetProcess(DevnetSettings(directory=root / "chain", chain_id=31415, base_fee_wei=0))
        )
        supervisor = NewNode(
            "supervisor", "基金监管", "Supervisor", "100000", 0, "127.0.0.1", ports[3]
        )
        manifest = deploy_network(
            root / "manifest.json", chain.rpc_url, root / "supervisor", supervisor,
            minimum_lines=MINIMUM_LINES, as_of="2026-09-15",
        )  # fmt: skip
        init_node(root / "supervisor", manifest, supervisor)
        nodes: dict[LogId, Node] = {}
        sponsor = None
        for (zh, en, region, pool), port in zip(bureaus, ports, strict=False):
            directory = root / en.lower()
            init_node(
                directory, manifest, NewNode("bureau", zh, en, region, pool, "127.0.0.1", port)
            )
            log_id = LogId(enrol_bureau(directory, root / "supervisor", sponsor))
            sponsor = sponsor or directory
            nodes[log_id] = stack.enter_context(open_node(directory))
        for node in nodes.values():
            stack.enter_context(served(node))
        watcher = stack.enter_context(open_node(root / "supervisor"))
        for log_id, node in nodes.items():
            _endow(watcher, node, log_id)
        yield Alliance(nodes)


def _endow(supervisor: Node, node: Node, log_id: LogId) -> None:
    """Give a bureau's expenditure account an opening balance, on chain and in its books."""
    context = node.context
    signer = supervisor.context.keys.secp256k1("supervisor")
    amount = 10_000_000_00
    context.chain.gateway.transact(
        signer, "Funds", "openBalance", [log_id, int(Account.EXPENDITURE), amount, bytes([1]) * 32]
    )
    with context.write() as work:
        work.journal.post(
            "opening", "BALANCE_OPENED", [Posting("EXPENDITURE", amount), Posting("OUTSIDE", -amount)],
            {}, at=context.clock.now(),
        )  # fmt: skip
        work.commit()
