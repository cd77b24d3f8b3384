"""The steps of the main job; each can be repeated: what was done is found and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from ledger.birth import deploy_network, enrol_bureau, init_node
from ledger.funds.accounts import move_funds
from ledger.funds.checking import check_batch
from ledger.funds.model import Account, Batch, BatchState, LineState
from ledger.funds.payouts import import_payouts, propose_batch
from ledger.funds.queries import batch_of
from ledger.funds.release import approve_batch, decide_line, import_bank_answer
from ledger.node import Node, open_node
from ledger.recording.context import NodeContext
from ledger.recording.releases import release_policy
from ledger.records.deaths import import_deaths
from ledger.records.service import import_contributions
from ledger.supervision.model import Alert, AlertState, Rule
from ledger.supervision.queries import alerts
from ledger.supervision.service import prove_conflict
from scripts.demo_data import Planted
from scripts.demo_data.planted import BureauFiles
from scripts.journey.chains import NETWORK
from scripts.journey.layout import (
    BUREAUS,
    HEFEI,
    MINIMUM_LINES,
    NANJING,
    SUPERVISOR,
    Layout,
    Plan,
    new_node,
)
from scripts.journey.processes import Processes

WAIT_SECONDS: Final = 120
NETWORK_WAIT_SECONDS: Final = 600
"""Where a block comes once a second and is final a few seconds later."""
MAKER, CHECKER = "maker", "checker"


class Observer(Protocol):
    """Is told what goes on."""

    def step(self, title_zh: str, title_en: str) -> None:
        """A step begins."""
        ...

    def progress(self, what: str, done: int, total: int) -> None:
        """How far a long piece of work is."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line."""
        ...


@dataclass
class Stage:
    """The open demonstration: processes, nodes, what was planted."""

    layout: Layout
    plan: Plan
    planted: Planted
    processes: Processes
    observer: Observer
    nodes: dict[str, Node] = field(default_factory=dict)

    def context(self, name: str) -> NodeContext:
        """The open node of a bureau or the supervisor."""
        return self.nodes[name].context

    def files(self, name: str) -> BureauFiles:
        """What a bureau's core system exported."""
        return next(item for item in self.planted.bureaus if item.slug == name)

    def path(self, relative: str | None) -> Path | None:
        """An exported file."""
        return self.layout.data / relative if relative is not None else None

    def wait(self, what: str, ready: Callable[[], bool]) -> None:
        """Wait until something that the nodes' workers do is done."""
        seconds = NETWORK_WAIT_SECONDS if self.plan.chain == NETWORK else WAIT_SECONDS
        deadline = time.monotonic() + seconds
        while not ready():
            self.processes.require_alive()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} took longer than {seconds} s; see {self.layout.logs}")
            time.sleep(0.05)


def found_network(stage: Stage, databases: Mapping[str, str]) -> None:
    """Chain, contracts, four nodes, three enrolments, in order of birth; then everybody serves."""
    chain = stage.processes.start_chain()
    supervisor = new_node(SUPERVISOR, stage.plan, databases.get(SUPERVISOR))
    manifest = deploy_network(
        stage.layout.manifest,
        chain.rpc_urls[0],
        stage.layout.node(SUPERVISOR),
        supervisor,
        minimum_lines=MINIMUM_LINES,
        network=stage.plan.chain,
        finality=chain.finality,
        offset_seconds=chain.offset_seconds,
        as_of=stage.plan.as_of,
        report=stage.observer.note,
    )
    # where the contracts stand was asked of one endpoint; the nodes ask all of them
    manifest = replace(
        manifest, rpc_urls=chain.rpc_urls, stale_after_seconds=chain.stale_after_seconds
    )
    manifest.save(stage.layout.manifest)
    init_node(stage.layout.node(SUPERVISOR), manifest, supervisor)
    sponsor = None
    for name in BUREAUS:
        directory = stage.layout.node(name)
        init_node(directory, manifest, new_node(name, stage.plan, databases.get(name)))
        log_id = enrol_bureau(directory, stage.layout.node(SUPERVISOR), sponsor)
        stage.observer.note(f"{name}: log {log_id}")
        sponsor = sponsor or directory
    for name in (SUPERVISOR, *BUREAUS):
        stage.nodes[name] = open_node(stage.layout.node(name))
        stage.processes.start_node(name)
    stage.processes.wait_for_nodes()
    for name in BUREAUS:
        release_policy(stage.context(name), MAKER, CHECKER)


def import_histories(stage: Stage) -> None:
    """Every bureau's contribution files, oldest first."""
    for name in BUREAUS:
        files = stage.files(name)
        for relative in (*files.baseline, *files.contributions):
            path = stage.layout.data / relative
            report = import_contributions(
                stage.context(name),
                path,
                stage.path(files.mapping),
                progress=lambda step, done, total, path=path: stage.observer.progress(  # type: ignore[misc]
                    f"{path.parent.name}/{path.name} {step}", done, total
                ),
            )
            stage.observer.note(f"{relative}: {report.lines_accepted} lines")


def wait_until_anchored(stage: Stage, *names: str) -> None:
    """Everything these bureaus have accepted is final on chain and cosigned."""
    for name in names or BUREAUS:
        stage.wait(f"anchoring {name}", lambda name=name: _anchored(stage.context(name)))  # type: ignore[misc]


def _anchored(context: NodeContext) -> bool:
    with context.read() as view:
        last = view.log.last_checkpoint(final=True)
        if last is None or last.size != view.log.head().size:
            return False
        if not view.log.cosignatures(last.size):
            return False
        return not view.outbox.pending() and view.outbox.waiting_for_anchor() == 0


def wait_until_followed(stage: Stage, follower: str, followed: str) -> None:
    """One node has checked everything that another has anchored."""
    with stage.context(followed).read() as view:
        last = view.log.last_checkpoint(final=True)
    assert last is not None
    log_id = stage.context(followed).log_id

    def caught_up() -> bool:
        with stage.context(follower).read() as view:
            checked = view.following.last_checkpoint(log_id)
        return checked is not None and checked.size >= last.size

    stage.wait(f"{follower} following {followed}", caught_up)


def fund_accounts(stage: Stage) -> None:
    """Move what was collected along the pool's routes: treasury, fiscal, expenditure account."""
    for name in BUREAUS:
        context = stage.context(name)
        collected = stage.files(name).contribution_total_fen
        move_funds(
            context,
            "history/fiscal",
            Account.TREASURY,
            Account.FISCAL,
            collected,
            "历年基金收入划转财政专户",
        )
        move_funds(
            context,
            "history/expenditure",
            Account.FISCAL,
            Account.EXPENDITURE,
            collected // 2,
            "用款计划拨付支出户",
        )
    wait_until_anchored(stage)


def import_payments(stage: Stage) -> None:
    """Reported deaths and the month already paid: recorded and flagged, never held."""
    for name in BUREAUS:
        files = stage.files(name)
        context, mapping = stage.context(name), stage.path(files.mapping)
        import_deaths(context, stage.layout.data / files.deaths, mapping)
        report = import_payouts(context, stage.layout.data / files.payouts_paid, mapping)
        stage.observer.note(
            f"{files.payouts_paid}: {report.lines} lines, {len(report.flagged)} flagged"
        )
    wait_until_anchored(stage)
    wait_until_examined(stage)


def wait_until_examined(stage: Stage) -> None:
    """The supervisor's rules have looked at every anchored leaf."""
    supervisor = stage.context(SUPERVISOR)

    def examined() -> bool:
        with supervisor.read() as view:
            seen = view.alerts.examined()
        return all(
            seen.get(int(stage.context(name).log_id), 0) >= _final_size(stage.context(name))
            for name in BUREAUS
        )

    stage.wait("the supervisor's examination", examined)


def _final_size(context: NodeContext) -> int:
    with context.read() as view:
        last = view.log.last_checkpoint(final=True)
    return last.size if last is not None else 0


def prove_one_conflict(stage: Stage) -> Alert:
    """Have the contract confirm one duplicate payout from public leaves."""
    supervisor = stage.context(SUPERVISOR)
    found = [item for item in alerts(supervisor) if item.rule is Rule.DUPLICATE_PAYOUT]
    proven = [item for item in found if item.state is AlertState.PROVEN]
    if not proven:
        first = min(
            (item for item in found if item.state is AlertState.OPEN),
            key=lambda item: item.alert_id,
        )
        prove_conflict(supervisor, first.alert_id)

    def done() -> bool:
        return any(item.state is AlertState.PROVEN for item in alerts(supervisor))

    stage.wait("the proof of a conflict", done)
    return next(item for item in alerts(supervisor) if item.state is AlertState.PROVEN)


def pay_next_month(stage: Stage) -> dict[str, Batch]:
    """Next month's batches: Hefei's, then Nanjing's, checked before its pay file is written."""
    batches = {}
    for name in (HEFEI, NANJING):
        if name == NANJING:
            wait_until_followed(stage, NANJING, HEFEI)
        batches[name] = _pay(stage, name)
    wait_until_examined(stage)
    return batches


def _pay(stage: Stage, name: str) -> Batch:
    context, files = stage.context(name), stage.files(name)
    assert files.payouts_next is not None
    proposal = propose_batch(
        context, stage.layout.data / files.payouts_next, stage.path(files.mapping)
    )
    stage.wait(f"anchoring the batch of {name}", lambda: _covered(context, proposal.batch_id))
    batch = _stored(context, proposal.batch_id)
    if batch.state in {BatchState.PROPOSED, BatchState.CHECKED}:
        report = check_batch(context, proposal.batch_id)
        for line in report.suspected:
            if line.state is LineState.SUSPECTED and line.finding is not None:
                decide_line(
                    context,
                    proposal.batch_id,
                    line.leaf_index,
                    hold=line.finding.default_hold,
                    reason=line.finding.sentence("zh"),
                    maker=MAKER,
                    checker=CHECKER,
                )
        approve_batch(context, proposal.batch_id, maker=MAKER, checker=CHECKER)
    stage.wait(
        f"releasing the batch of {name}",
        lambda: (
            _stored(context, proposal.batch_id).state in {BatchState.RELEASED, BatchState.SETTLED}
        ),
    )
    with context.read() as view:
        answers = {
            line["leaf_index"]: "PAID"
            for line in view.payouts.lines(proposal.batch_id, LineState.CLEAR, LineState.PAYABLE)
        }
    import_bank_answer(context, proposal.batch_id, answers)
    wait_until_anchored(stage, name)
    return _stored(context, proposal.batch_id)


def _covered(context: NodeContext, batch_id: str) -> bool:
    with context.read() as view:
        row = view.payouts.batch(batch_id)
        return row is not None and view.log.covering_checkpoint(row["end_index"] - 1) is not None


def _stored(context: NodeContext, batch_id: str) -> Batch:
    with context.read() as view:
        row = view.payouts.batch(batch_id)
    assert row is not None
    return batch_of(row)
