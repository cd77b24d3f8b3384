"""The shared network with money in its expenditure accounts and people who moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ledger.chain.bindings import Account
from ledger.chain.deciding import Call, decide
from ledger.evidence.encoding import LogId
from ledger.policy.kinds import Kind
from ledger.policy.periods import month_range
from ledger.recording.facts import Fact

NODES = {LogId(1): "nanjing", LogId(2): "suzhou", LogId(3): "hefei"}
OPENING_FEN = 10_000_000_00


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


@dataclass
class Alliance:
    """The bureaus of the shared network by log id."""

    network: Any
    people: int = 0

    @property
    def minimum(self) -> int:
        """Fewest cases in one settlement."""
        return self.network.manifest.minimum_lines

    def context(self, log_id: LogId) -> Any:
        return self.network.context(NODES[log_id])

    def settle(self) -> None:
        """Let every bureau work until nothing moves any more."""
        self.network.settle(*NODES.values())

    def somebody(self) -> tuple[str, str]:
        """A new person: number and name."""
        self.people += 1
        return self.network.identity("19880815"), f"参保人{self.people}"

    def record(self, log_id: LogId, facts: list[Fact]) -> None:
        context = self.context(log_id)
        new = context.bureau.writer.prepare(facts)
        with context.write() as work:
            work.log.append(new, source_key="test", recorded_at=context.clock.now())
            work.commit()

    def pay(
        self, log_id: LogId, person: tuple[str, str], first: int, last: int, **more: int
    ) -> None:
        """Record contributions of a person at a bureau."""
        region = self.context(log_id).settings.region
        facts = [month(*person, region, period, **more) for period in month_range(first, last)]
        self.record(log_id, facts)


@pytest.fixture(scope="module")
def alliance(network) -> Alliance:
    supervisor = network.context("supervisor")
    signer = supervisor.keys.secp256k1("supervisor")
    for log_id, name in NODES.items():
        context = network.context(name)
        opening = [log_id, int(Account.EXPENDITURE), OPENING_FEN, bytes([1]) * 32]
        decide(context.chain, signer, [Call("Funds", "openBalance", opening)])
        network.settle(name)  # its books follow
    return Alliance(network)
