"""The main job from beginning to end; run again, it goes on where it was to the same end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TypeVar

from scripts.demo_data import generate, load_planted
from scripts.demo_data.planted import FILE_NAME
from scripts.journey import steps
from scripts.journey.layout import NODES, Layout, Plan
from scripts.journey.personas import write_demo_personas
from scripts.journey.processes import Processes
from scripts.journey.proofs import prove_to_strangers
from scripts.journey.report import Report, make_report
from scripts.journey.steps import Observer, Stage
from scripts.journey.transfers import transfer_relations

_T = TypeVar("_T")


class Journey:
    """Runs the steps one after the other and says how long each took."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.seconds: dict[str, float] = {}

    def run(self, databases: Mapping[str, str]) -> Report:
        """All steps, then the report."""
        stage = self.stage
        self._step(
            "network",
            "建链、部署合约、机构入网",
            "chain, contracts, four nodes",
            lambda: steps.found_network(stage, databases),
        )
        self._step(
            "import",
            "导入历年缴费",
            "contribution files of several years",
            lambda: steps.import_histories(stage),
        )
        self._step(
            "anchoring",
            "封存、上链、监管联署",
            "sealed, anchored, cosigned",
            lambda: steps.wait_until_anchored(stage),
        )
        self._step(
            "funds", "基金归集与拨付", "money along its routes", lambda: steps.fund_accounts(stage)
        )
        self._step(
            "payouts",
            "登记已发待遇、查找重复领取",
            "a month already paid; duplicates found",
            lambda: steps.import_payments(stage),
        )
        self._step(
            "conflict",
            "链上证明一起重复领取",
            "one conflict proven on chain",
            lambda: steps.prove_one_conflict(stage),
        )
        batches = self._step(
            "next month",
            "次月发放：先核后付",
            "the next month, checked before it is paid",
            lambda: steps.pay_next_month(stage),
        )
        transfers = self._step(
            "transfers",
            "转移接续",
            "relations move between cities",
            lambda: transfer_relations(stage),
        )
        proofs = self._step(
            "proofs",
            "资格核定与证明",
            "eligibility, and proofs for strangers",
            lambda: prove_to_strangers(stage),
        )
        write_demo_personas(stage)
        return make_report(stage, batches, transfers, proofs, self.seconds)

    def _step(self, name: str, zh: str, en: str, work: Callable[[], _T]) -> _T:
        self.stage.observer.step(zh, en)
        started = time.monotonic()
        result = work()
        self.seconds[name] = round(time.monotonic() - started, 2)
        return result


def run(layout: Layout, plan: Plan, observer: Observer, stack: ExitStack) -> tuple[Stage, Report]:
    """Start everything, do the main job and leave it serving until ``stack`` is closed."""
    if not (layout.data / FILE_NAME).exists():
        generate(layout.data, plan.seed, as_of=plan.day, scale=plan.scale)
    planted = load_planted(layout.data)
    processes = stack.enter_context(Processes(layout, plan))
    databases = processes.start_postgresql() if plan.engine == "postgresql" else {}
    stage = Stage(layout, plan, planted, processes, observer)
    stack.callback(_close_nodes, stage)
    return stage, Journey(stage).run(databases)


def _close_nodes(stage: Stage) -> None:
    for name in NODES:
        if name in stage.nodes:
            stage.nodes[name].close()
