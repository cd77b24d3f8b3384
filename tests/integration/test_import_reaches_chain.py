"""A city's contribution file, from its bytes to the total that the chain holds, on a real chain."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings, Fund

from ledger.birth import NewNode, deploy_network, enrol_bureau, init_node, make_keys
from ledger.keys.key_store import PUBLISHER, SUPERVISOR
from ledger.node import Node, open_node
from ledger.records.deaths import import_deaths
from ledger.records.service import import_contributions
from scripts.demo_data.generation import generate

AS_OF = date(2026, 9, 15)
DEPLOYER = "deployer"
MINIMUM_LINES = 5


def new_node(role: str, region: str, pool: int) -> NewNode:
    return NewNode(
        role=role, name_zh="示范", name_en="Demo", region=region, pool=pool,
        host="127.0.0.1", port=1, demo_sessions=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    generate(folder, 5, as_of=AS_OF, scale="small")
    return folder


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Hefei's node, enrolled on a chain that stands on 2026-09-15."""
    home = tmp_path_factory.mktemp("network")
    supervisor, bureau = home / "supervisor", home / "hefei"
    signers = (
        make_keys(supervisor, "supervisor").secp256k1(SUPERVISOR),
        make_keys(supervisor, "supervisor").secp256k1(DEPLOYER),
        make_keys(bureau, "bureau").secp256k1(PUBLISHER),
    )
    settings = DevnetSettings(
        directory=home / "chain",
        as_of=AS_OF,
        funds=tuple(Fund(bytes.fromhex(each.address[2:]), 10**24) for each in signers),
    )
    with DevnetProcess(settings) as chain:
        manifest = deploy_network(
            home / "manifest.json", chain.rpc_url, supervisor, new_node("supervisor", "0", 0),
            minimum_lines=MINIMUM_LINES, as_of=AS_OF.isoformat(),
            offset_seconds=chain.endpoint.offset_seconds,
        )  # fmt: skip
        init_node(supervisor, manifest, new_node("supervisor", "0", 0))
        init_node(bureau, manifest, new_node("bureau", "340100", 34))
        enrol_bureau(bureau, supervisor, None)
        with open_node(bureau) as opened:
            yield opened


def lines_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_bytes().decode("gb18030").splitlines()))


class TestImportReachesChain:
    def test_the_chain_holds_the_total_of_the_file_and_no_line_of_it(
        self, node: Node, files: Path
    ) -> None:
        path = files / "hefei" / "contributions-2026.csv"
        lines = lines_of(path)
        total = sum(Decimal(line["单位缴费(元)"]) + Decimal(line["个人缴费(元)"]) for line in lines)
        report = import_contributions(node.context, path)
        assert (report.lines_accepted, report.amount_fen) == (len(lines), int(total * 100))

        node.worker.drain()

        with node.context.read() as view:
            message = view.outbox.find(report.collection)
            checkpoint = view.log.last_checkpoint(final=True)
            assert view.outbox.waiting_for_anchor() == 0
        assert message is not None
        assert message.state == "FINAL"
        assert checkpoint is not None
        assert checkpoint.size == report.end_index == len(lines)
        chain = node.context.chain
        assert chain.collected_up_to(1) == report.end_index
        assert chain.fund_totals(1).collected_fen == report.amount_fen
        with node.context.read() as view:
            (entry,) = view.journal.all()
        assert chain.reference_used(1, bytes.fromhex(entry.reference[2:]))

    def test_the_same_file_again_tells_the_chain_nothing(self, node: Node, files: Path) -> None:
        path = files / "hefei" / "contributions-2026.csv"
        before = node.context.chain.fund_totals(1)
        assert import_contributions(node.context, path).already_imported
        node.worker.drain()
        assert node.context.chain.fund_totals(1) == before

    def test_deaths_are_anchored_and_move_no_money(self, node: Node, files: Path) -> None:
        path = files / "hefei" / "deaths.csv"
        before = node.context.chain.fund_totals(1)
        report = import_deaths(node.context, path)
        assert report.lines_accepted == len(lines_of(path))
        node.worker.drain()
        with node.context.read() as view:
            checkpoint = view.log.last_checkpoint(final=True)
        assert checkpoint is not None
        assert checkpoint.size == report.end_index
        assert node.context.chain.fund_totals(1) == before
