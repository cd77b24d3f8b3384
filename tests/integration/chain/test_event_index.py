"""The event index over a real chain: complete or stopped by name, and the same after every accident."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from devnet.faults import FaultProxy, error, reorganise, stale, wrong_answer
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings, Fund

from ledger.chain.connection import ChainConnection
from ledger.chain.deployment import Governance, Manifest, SupervisorInput, deploy
from ledger.chain.event_index import EventIndex, trouble_of
from ledger.chain.finality import Finality
from ledger.chain.gateway import ChainGateway
from ledger.errors import DeepReorganisationError, EndpointBehindError, IndexIncompleteError
from ledger.evidence.encoding import LogId
from ledger.keys.signers import Secp256k1Signer
from ledger.store.database import Database
from ledger.store.unit_of_work import Reading, UnitOfWork

LOG = LogId(1)
NOW = datetime(2026, 9, 15, tzinfo=UTC)


def signer(number: int) -> Secp256k1Signer:
    return Secp256k1Signer.from_private(bytes([number]) * 32)


DEPLOYER, SUPERVISOR, FREEZER, ONE, TWO = (signer(number) for number in (1, 2, 3, 11, 12))


def word(number: int) -> bytes:
    return number.to_bytes(32)


def request(gateway: ChainGateway, case: int) -> None:
    """Log 2 asks log 1 for a stay."""
    gateway.transact(TWO, "Transfers", "request", [word(case), word(1_000 + case), 1, 2, word(7)])


def withdraw(gateway: ChainGateway, case: int) -> None:
    gateway.transact(TWO, "Transfers", "withdraw", [word(case)])


@pytest.fixture(scope="module")
def founded(tmp_path_factory) -> tuple[Path, Manifest]:
    """A closed chain with contracts, two bureaus and some facts."""
    directory = tmp_path_factory.mktemp("founded-chain")
    funds = tuple(
        Fund(bytes.fromhex(each.address[2:]), 10**24)
        for each in (DEPLOYER, SUPERVISOR, FREEZER, ONE, TWO)
    )
    settings = DevnetSettings(directory=directory, chain_id=31_415, funds=funds, testing=True)
    with DevnetProcess(settings) as chain:
        named = SupervisorInput(
            SUPERVISOR.address, b"\x07" * 32, "基金监管", "http://s.example", FREEZER.address
        )
        manifest = deploy(
            ChainConnection(chain.rpc_url), DEPLOYER, Governance((named,)),
            minimum_lines=3, rpc_url=chain.rpc_url,
        )  # fmt: skip
        gateway = ChainGateway(manifest)
        for number, publisher in ((1, ONE), (2, TWO)):
            bureau = (
                (320_100, 340_100)[number - 1], 1, (32, 34)[number - 1], publisher.address,
                bytes([number]) * 32, b"\x09" * 32, f"经办机构 {number}", f"http://b{number}.example",
            )  # fmt: skip
            gateway.transact(SUPERVISOR, "Bureaus", "enrol", [bureau])
            gateway.transact(publisher, "Checkpoints", "publish", [number, 5, word(number), []])
        gateway.transact(ONE, "Transfers", "claimBenefit", [word(40), 1])
        gateway.transact(ONE, "Statuses", "revoke", [1, [3, 300], word(8)])
        gateway.transact(ONE, "Statuses", "restore", [1, [3], word(8)])
        gateway.transact(FREEZER, "Bureaus", "suspend", [2, word(9)])
        gateway.transact(FREEZER, "Bureaus", "reinstate", [2, word(9)])
        for case in range(1, 6):
            request(gateway, case)
        withdraw(gateway, 2)
    return directory, manifest


class World:
    """A running copy of that chain and an index of it."""

    def __init__(self, stack: ExitStack, directory: Path, manifest: Manifest, root: Path) -> None:
        shutil.copytree(directory, root / "chain")
        settings = DevnetSettings(directory=root / "chain", testing=True)
        self.chain = stack.enter_context(DevnetProcess(settings))
        self.proxy = stack.enter_context(FaultProxy(self.chain.rpc_url))
        self.manifest = replace(manifest, rpc_urls=(self.proxy.rpc_url,))
        self.database = Database(f"sqlite:///{root / 'node.sqlite'}")
        self.database.migrate()
        stack.callback(self.database.close)
        self.direct = ChainGateway(self.manifest, self.chain.rpc_url)

    def index(self, finality: Finality | None = None, every: int = 1000) -> EventIndex:
        manifest = replace(self.manifest, finality=finality or Finality())
        return EventIndex(self.database, LOG, ChainGateway(manifest), every)

    def view(self) -> Reading:
        return Reading(self.database, LOG)

    def cursor(self):
        with self.view() as view:
            return view.events.cursor()

    def rows(self):
        """Everything the index holds but where the head was when it last looked."""
        with self.view() as view:
            return (
                list(view.events.all(*self.manifest.contracts)),
                [(total.name, total.value) for total in view.events.totals()],
                sorted(view.events._connection.exec_driver_sql("SELECT * FROM chain_event_keys")),
                view.events.cursor().block_hash,
            )


@pytest.fixture
def world(founded, tmp_path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(stack, *founded, tmp_path)


def run(index: EventIndex) -> int:
    steps = 0
    while index.step():
        steps += 1
        assert steps < 200
    return steps


class TestCompleteness:
    def test_what_events_add_up_to_is_what_storage_says(self, world):
        run(world.index())
        cursor = world.cursor()
        newest = world.direct.latest_block()
        assert (cursor.block, cursor.block_hash) == (newest.number, newest.hash)
        assert (cursor.checked_block, cursor.trouble) == (newest.number, None)
        assert (cursor.lag_blocks, cursor.lag_seconds) == (0, 0)
        with world.view() as view:
            totals = {total.name: total.value for total in view.events.totals()}
        assert totals["Bureaus.logCount"] == totals["Checkpoints.total"] == 2
        assert totals["Checkpoints.latestSize/2"] == 5
        assert totals["Bureaus.isSuspended/2"] == 0
        assert totals["Statuses.word/1,0"] == 0
        assert totals["Statuses.word/1,1"] == 1 << 44
        assert totals[f"Transfers.transferCase.state/0x{word(2).hex()}"] == 5
        assert totals[f"Transfers.claimOf.log/1,0x{word(40).hex()}"] == 1

    @pytest.mark.parametrize(
        "gone", ["CheckpointPublished", "CredentialsRestored", "TransferWithdrawn"]
    )
    def test_an_event_that_an_endpoint_leaves_out_is_found_and_named(self, world, gone):
        run(world.index())
        lines = {
            (event.block, event.transaction_hash)
            for event in self.events(world)
            if event.name == gone
        }
        world.proxy.inject(
            wrong_answer(
                "eth_getLogs",
                change=lambda _m, _p, result: [
                    line for line in result
                    if (int(line["blockNumber"], 16), line["transactionHash"]) not in lines
                ],
            )
        )  # fmt: skip
        index = world.index()
        with pytest.raises(IndexIncompleteError) as refusal:
            index.rebuild()
        totals = {
            "CheckpointPublished": "Checkpoints.count/1",
            "CredentialsRestored": "Statuses.word/1,0",
            "TransferWithdrawn": f"Transfers.transferCase.state/0x{word(2).hex()}",
        }
        assert refusal.value.total == totals[gone]
        assert refusal.value.indexed != refusal.value.stored
        assert refusal.value.block == world.cursor().block
        assert "rebuild-index" in refusal.value.advice()
        request(world.direct, 90)
        assert not index.step()  # it stands still, in this process and in the next
        assert not world.index().step()
        assert isinstance(trouble_of(world.cursor()), IndexIncompleteError)
        world.proxy.heal()
        assert world.index().rebuild() == len(self.events(world))
        assert world.cursor().trouble is None

    @pytest.mark.parametrize(
        ("contract", "gone"),
        [
            ("Transfers", "TransferRequested"),
            ("Transfers", "BenefitClaimed"),
            ("Transfers", "TermsSet"),
            ("Statuses", "CredentialsRevoked"),
            ("WorkCalendar", "YearPublished"),
            ("Council", "MembersChanged"),
        ],
    )
    def test_one_event_of_a_thing_that_no_other_event_speaks_of_is_missed(
        self, world, contract, gone
    ):
        """The last of its kind: nothing but the contract's count knows that it exists."""
        request(world.direct, 50)
        world.direct.transact(ONE, "Statuses", "revoke", [1, [9_000], word(8)])
        world.direct.transact(SUPERVISOR, "WorkCalendar", "publishYear", [2030, [6, 1]])
        run(world.index())
        before = world.rows()
        lost = [event for event in self.events(world) if event.name == gone][-1]
        place = (lost.block, lost.log_index)
        world.proxy.inject(
            wrong_answer(
                "eth_getLogs",
                change=lambda _m, _p, result: [
                    line for line in result
                    if (int(line["blockNumber"], 16), int(line["logIndex"], 16)) != place
                ],
            )
        )  # fmt: skip
        index = world.index()
        with pytest.raises(IndexIncompleteError) as refusal:
            index.rebuild()
        assert refusal.value.total == f"{contract}.eventCount"
        assert refusal.value.stored == refusal.value.indexed + 1
        assert len(self.events(world)) == len(before[0]) - 1
        world.proxy.heal()
        assert index.rebuild() == len(before[0])
        assert world.rows() == before
        assert world.cursor().trouble is None

    @staticmethod
    def events(world):
        with world.view() as view:
            return list(view.events.all(*world.manifest.contracts))

    def test_a_state_that_is_no_longer_kept_is_no_difference(self, world):
        world.direct.latest_block()
        index = world.index()
        index.step()
        world.proxy.inject(error("eth_call", number=-32000, message="missing trie node 12ab"))
        assert not index.check()
        assert world.cursor().trouble is None
        world.proxy.heal()
        assert index.check()

    def test_it_is_compared_every_so_many_blocks(self, world, monkeypatch):
        monkeypatch.setattr("ledger.chain.event_index.BLOCKS_A_STEP", 4)
        index = world.index(every=8)
        checked = []
        while index.step():
            checked.append(world.cursor().checked_block)
        assert checked[0] is None
        compared = [block for block in dict.fromkeys(checked) if block is not None]
        assert compared == list(range(8, world.cursor().block + 1, 8))


class TestPasses:
    def test_in_steps_of_any_size_and_rebuilt_it_is_the_same(self, world, monkeypatch):
        run(world.index())
        before = world.rows()
        for blocks in (1, 3, 500):
            monkeypatch.setattr("ledger.chain.event_index.BLOCKS_A_STEP", blocks)
            index = world.index()
            assert index.rebuild() == len(before[0])
            assert world.rows() == before

    def test_it_goes_on_where_another_process_stopped(self, world, monkeypatch):
        monkeypatch.setattr("ledger.chain.event_index.BLOCKS_A_STEP", 3)
        while world.index().step():
            pass
        broken = world.rows()
        world.index().rebuild()
        assert world.rows() == broken

    def test_events_are_found_by_what_they_are_about(self, world):
        run(world.index())
        with world.view() as view:
            found = view.events.about([f"caseId:0x{word(2).hex()}"], "Transfers")
            assert [event.name for event in found] == ["TransferRequested", "TransferWithdrawn"]
            by_log = view.events.about(["toLog:2", "fromLog:1"], "Transfers", "TransferRequested")
            assert len(by_log) == 5
            assert view.events.about(["toLog:9"], "Transfers") == []
            again = view.events.about([f"transaction:{found[0].transaction_hash}"], "Transfers")
            assert again == [found[0]]

    def test_an_idle_step_asks_two_questions_at_most(self, world):
        index = world.index()
        run(index)
        before = len(world.proxy.forwarded)
        assert not index.step()
        assert len(world.proxy.forwarded) - before <= 2

    def test_an_endpoint_that_shows_less_than_was_final_is_not_believed(self, world):
        run(world.index())
        before = world.rows()
        world.proxy.inject(stale(world.cursor().block - 2))
        with pytest.raises(EndpointBehindError) as refusal:
            world.index().step()
        assert refusal.value.seen == world.cursor().final_block
        assert world.rows() == before


class TestReorganisations:
    def test_readers_see_what_is_final(self, world):
        run(world.index(Finality.after(4)))
        cursor = world.cursor()
        assert cursor.final_block == cursor.block - 4
        with world.view() as view:
            shown = view.events.named("Transfers")
            indexed = list(view.events.all("Transfers"))
        assert [event for event in indexed if event.block <= cursor.final_block] == shown
        assert len(indexed) > len(shown)

    def test_only_the_replaced_blocks_are_undone_and_done_again(self, world):
        index = world.index(Finality.after(4))
        run(index)
        request(world.direct, 20)
        withdraw(world.direct, 20)
        request(world.direct, 21)
        run(index)
        reorganise(world.chain.rpc_url, 3)
        request(world.direct, 22)
        with structlog.testing.capture_logs() as logs:
            run(index)
        undone = [log for log in logs if log["event"] == "undone"]
        assert [log["count"] for log in undone] == [3]
        with world.view() as view:
            names = {
                event.arguments["caseId"]
                for event in view.events.all("Transfers")
                if event.name == "TransferRequested"
            }
            totals = {total.name: total.value for total in view.events.totals()}
        assert "0x" + word(22).hex() in names
        assert not names & {"0x" + word(20).hex(), "0x" + word(21).hex()}
        assert f"Transfers.transferCase.state/0x{word(20).hex()}" not in totals
        assert index.check()
        after = world.rows()
        world.index(Finality.after(4)).rebuild()
        assert world.rows() == after

    def test_a_replacement_that_is_shorter_is_noticed(self, world):
        index = world.index(Finality.after(6))
        run(index)
        request(world.direct, 20)
        request(world.direct, 21)
        run(index)
        number = world.direct.latest_block().number
        reorganise(world.chain.rpc_url, 3)
        world.proxy.inject(stale(number - 1))
        run(index)
        assert world.cursor().block == number - 1
        world.proxy.heal()
        run(index)
        assert world.cursor().trouble is None
        assert world.cursor().block_hash == world.direct.latest_block().hash

    def test_a_deeper_one_stands_still_until_a_person_has_decided(self, world):
        index = world.index(Finality.after(1))
        run(index)
        for case in (20, 21, 22):
            request(world.direct, case)
            run(index)
        before = world.rows()
        reorganise(world.chain.rpc_url, 3)
        request(world.direct, 23)
        assert not index.step()
        trouble = trouble_of(world.cursor())
        assert isinstance(trouble, DeepReorganisationError)
        assert trouble.first_hash != trouble.second_hash
        assert not world.index(Finality.after(1)).step()
        assert world.rows() == before
        replaced = world.direct.block(trouble.block)
        with UnitOfWork(world.database, LOG) as work:
            work.finality.add_reorganisation(
                trouble.block - 2, trouble.block, trouble.first_hash, replaced.hash, NOW
            )
            (found,) = work.finality.reorganisations()
            work.commit()
        assert not index.step()
        with UnitOfWork(world.database, LOG) as work:
            work.finality.decide(found.id, "officer", "checked with the operators", NOW)
            work.commit()
        run(index)
        assert world.cursor().trouble is None
        after = world.rows()
        world.index(Finality.after(1)).rebuild()
        assert world.rows() == after
