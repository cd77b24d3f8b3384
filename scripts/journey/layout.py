"""Where a demonstration keeps everything, and what its nodes are called."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

from ledger.birth import NewNode
from ledger.files import write_atomically
from scripts.journey.chains import EMBEDDED

CHAIN_ID: Final = 31415
MINIMUM_LINES: Final = 5
HOST: Final = "127.0.0.1"
SUPERVISOR: Final = "supervisor"
NANJING: Final = "nanjing"
SUZHOU: Final = "suzhou"
HEFEI: Final = "hefei"
BUREAUS: Final = (NANJING, SUZHOU, HEFEI)
NODES: Final = (SUPERVISOR, *BUREAUS)

_NAMES: Final = {
    SUPERVISOR: ("社会保险基金监管局（演示）", "Fund Supervision (demo)", "000000", 0),
    NANJING: ("南京市社会保险管理中心", "Nanjing", "320100", 32),
    SUZHOU: ("苏州市社会保险基金管理中心", "Suzhou", "320500", 32),
    HEFEI: ("合肥市社会保险中心", "Hefei", "340100", 34),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a demonstration directory was begun with; it stays so, also when the run is repeated."""

    seed: int
    scale: str
    as_of: str
    engine: str
    ports: dict[str, int]
    chain: str = EMBEDDED

    @property
    def day(self) -> date:
        """The Beijing day the demonstration stands on."""
        return date.fromisoformat(self.as_of)


class Layout:
    """The files and folders of one demonstration."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.data = self.root / "data"
        self.chain = self.root / "chain"
        self.logs = self.root / "logs"
        self.proofs = self.root / "proofs"
        self.manifest = self.root / "manifest.json"
        self.report = self.root / "report.json"
        self.postgres = self.root / "postgres"

    def node(self, name: str) -> Path:
        """The directory of a node."""
        return self.root / "nodes" / name

    def plan(
        self, *, seed: int, scale: str, as_of: date, engine: str, chain: str = EMBEDDED
    ) -> Plan:
        """The plan this directory was begun with; a new directory takes the given one."""
        path = self.root / "plan.json"
        if path.exists():
            return Plan(**json.loads(path.read_text()))
        plan = Plan(seed, scale, as_of.isoformat(), engine, _free_ports((*NODES, "chain")), chain)
        self.root.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(plan), indent=2).encode())
        return plan


def new_node(name: str, plan: Plan, database_url: str | None) -> NewNode:
    """How a node of the demonstration is made."""
    zh, en, region, pool = _NAMES[name]
    return NewNode(
        role="supervisor" if name == SUPERVISOR else "bureau",
        name_zh=zh,
        name_en=en,
        region=region,
        pool=pool,
        host=HOST,
        port=plan.ports[name],
        database_url=database_url,
        demo_sessions=True,
    )


def _free_ports(names: tuple[str, ...]) -> dict[str, int]:
    """One free port a name; all are held open while the others are chosen."""
    sockets = [socket.socket() for _ in names]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return {name: each.getsockname()[1] for name, each in zip(names, sockets, strict=True)}
    finally:
        for each in sockets:
            each.close()
