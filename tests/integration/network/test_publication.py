"""From accepted to final and cosigned, on a real chain with real feeds."""

from __future__ import annotations

import base64
from dataclasses import replace

import httpx
import pytest

from ledger.chain.bindings import Bindings
from ledger.chain.event_index import EventIndex
from ledger.errors import (
    InvariantBrokenError,
    LogShrunkError,
    PeerUnavailableError,
    SplitViewError,
)
from ledger.evidence.checkpoint import (
    CheckpointBody,
    VerifierKey,
    cosign_checkpoint,
    parse_cosignature_line,
    sign_checkpoint,
)
from ledger.evidence.encoding import leaf_hash
from ledger.evidence.merkle import MerkleTree
from ledger.keys.signers import Ed25519Signer
from ledger.recording.context import cosigner_name
from ledger.recording.publication import Publisher
from ledger.store.outbox import FAILED, FINAL
from ledger.store.tables.log import checkpoints
from ledger.store.tiles import TileStore

pytestmark = pytest.mark.usefixtures("network")


def silent(_endpoint: str, _log_id: int, _size: int) -> str | None:
    return None


@pytest.fixture
def bureau(network):
    return network.context("hefei")


@pytest.fixture
def grow(network, bureau, make):
    """Appends payments of new people."""

    def append(count: int = 1) -> range:
        facts = [make.payment(network.identity(), 202608) for _ in range(count)]
        return make.record(bureau, *facts)

    return append


def send(network, name: str = "hefei") -> None:
    """What the worker's sender does, and nothing else."""
    job = network.nodes[name].worker._jobs["send"]
    while job():
        pass


class TestPublisher:
    def test_an_empty_log_publishes_nothing(self, bureau):
        assert not Publisher(bureau, silent).step()

    def test_what_is_accepted_becomes_final_and_cosigned(self, network, bureau, grow):
        grow(3)
        network.settle()
        with bureau.read() as view:
            last = view.log.last_checkpoint(final=True)
            head, leaves = view.log.head(), view.log.leaves(0, 9)
            (line,) = view.log.cosignatures(last.size)
            message = view.outbox.find(f"checkpoint/{last.size}")
        assert (last.size, last.root) == (head.size, MerkleTree(map(leaf_hash, leaves)).root())
        found = bureau.chain.checkpoint(bureau.log_id, last.size)
        assert (found.root, found.number, found.block, found.time) == (
            last.root, last.number, last.block, last.block_time,
        )  # fmt: skip
        assert message.state == FINAL
        assert message.transaction_hash == last.transaction_hash
        (supervisor,) = bureau.chain.supervisors()
        name = cosigner_name(bureau.manifest.chain_id, supervisor.account)
        key = VerifierKey.cosigner(name, supervisor.cosigner_key)
        parse_cosignature_line(line, key, CheckpointBody(bureau.origin, last.size, last.root))

    def test_one_checkpoint_under_way_holds_the_next_back(self, network, bureau, grow):
        network.settle()
        publisher = Publisher(bureau, silent)
        grow()
        assert publisher.step()
        grow(2)
        assert not publisher.step()
        with bureau.read() as view:
            under_way, head = view.log.last_checkpoint(), view.log.head()
        assert (under_way.number, under_way.size) == (None, head.size - 2)
        send(network)
        assert publisher.step()
        assert publisher.step()
        with bureau.read() as view:
            assert view.log.checkpoint(under_way.size).number is not None
            assert view.log.last_checkpoint().size == head.size
        network.settle()

    def test_there_is_one_root_a_size_however_often_it_runs(self, network, bureau, grow):
        grow()
        publishers = [Publisher(bureau, silent) for _ in range(3)]
        for publisher in publishers:
            publisher.sign_head()
        with bureau.read() as view:
            sizes = [item.size for item in view.log.checkpoints()]
            keys = [message.message_key for message in view.outbox.all()]
        assert len(sizes) == len(set(sizes))
        assert len(keys) == len(set(keys))
        network.settle()

    def test_messages_wait_for_their_leaves(self, network, bureau, grow):
        indices = grow(2)
        with bureau.write() as work:
            work.outbox.queue_once_anchored(
                "waits", indices.stop, "Bureaus", "setOfficer", [4, f"0x{1:040x}", True],
                at=bureau.clock.now(),
            )  # fmt: skip
            work.commit()
        publisher = Publisher(bureau, silent)
        publisher.step()
        with bureau.read() as view:
            assert view.outbox.find("waits") is None
        send(network)
        publisher.step()
        with bureau.read() as view:
            assert view.outbox.find("waits") is not None
        network.settle()
        with bureau.read() as view:
            assert view.outbox.find("waits").state == FAILED  # a bureau names no officers

    def test_files_that_do_not_equal_the_rows_stop_publication(self, network, bureau, grow):
        network.settle()
        grow()
        with bureau.read() as view:
            good = view.log.head()

        class Damaging(TileStore):
            """Its disk turns the hashes of leaves into zeros."""

            def integrate(self, size, leaves):
                super().integrate(size, leaves)
                for path in self.path("tree").iterdir():
                    path.write_bytes(bytes(path.stat().st_size))

        tools = replace(bureau.tools, tiles=Damaging(bureau.directory / "log"))
        with pytest.raises(InvariantBrokenError) as stop:
            Publisher(replace(bureau, tools=tools), silent).step()
        assert stop.value.expected == good.root().hex()
        (bureau.directory / "log" / "frontier").unlink()
        network.settle()  # the files are made again from the rows
        with bureau.read() as view:
            assert view.log.last_checkpoint(final=True).size == good.size


class TestOneHistory:
    """Two roots for one size, or fewer leaves than were published: publication stops, a person is called."""

    @pytest.fixture(autouse=True)
    def _settled(self, network, grow):
        grow()
        network.settle()

    @pytest.fixture
    def change(self, bureau):
        """Damages the newest checkpoint's row; puts it back afterwards."""
        with bureau.read() as view:
            last = view.log.last_checkpoint()

        def write(**values):
            with bureau.write() as work:
                size = values.get("size", last.size)
                table = checkpoints.update().where(checkpoints.c.size.in_([last.size, size]))
                work._connection.execute(table.values(**values))
                work.commit()

        yield write, last
        with bureau.write() as work:
            table = checkpoints.update().where(checkpoints.c.size >= last.size)
            values = {"size": last.size, "root": last.root, "note": last.note}
            work._connection.execute(table.values(**values))
            work.commit()

    def test_rows_that_differ_from_the_signed_note_stop_it(self, bureau, change):
        write, last = change
        write(root=bytes(32))
        with pytest.raises(SplitViewError) as stop:
            Publisher(bureau, silent).step()
        assert (stop.value.origin, stop.value.size) == (bureau.origin, last.size)
        assert (stop.value.first_root, stop.value.second_root) == (last.root.hex(), "00" * 32)

    def test_a_note_that_differs_from_the_rows_stops_it(self, bureau, change):
        write, last = change
        body = CheckpointBody(bureau.origin, last.size, b"\x01" * 32)
        write(note=sign_checkpoint(body, bureau.origin, bureau.keys.ed25519("log")))
        with pytest.raises(SplitViewError):
            Publisher(bureau, silent).step()

    def test_rows_with_fewer_leaves_than_were_signed_stop_it(self, bureau, change):
        write, last = change
        write(size=last.size + 1)
        with pytest.raises(LogShrunkError) as stop:
            Publisher(bureau, silent).step()
        assert (stop.value.published_size, stop.value.size) == (last.size + 1, last.size)

    @pytest.mark.parametrize(
        ("change", "error"),
        [({"root": bytes(32)}, SplitViewError), ({"size": 10**6}, LogShrunkError)],
    )
    def test_a_chain_that_holds_another_history_stops_it_before_it_signs(
        self, bureau, grow, change, error
    ):
        class OtherChain(Bindings):
            def latest_checkpoint(self, log_id):
                return replace(super().latest_checkpoint(log_id), **change)

        with bureau.read() as view:
            before = view.log.last_checkpoint()
        grow()
        other = replace(bureau, chain=OtherChain(bureau.chain.gateway))
        with pytest.raises(error) as stop:
            Publisher(other, silent).step()
        assert stop.value.origin == bureau.origin
        with bureau.read() as view:
            assert view.log.last_checkpoint() == before

    def test_a_final_checkpoint_with_another_root_stops_it(self, network, bureau, grow):
        class OtherChain(Bindings):
            def checkpoint(self, log_id, size):
                found = super().checkpoint(log_id, size)
                return found and replace(found, root=b"\x02" * 32)

        grow()
        Publisher(bureau, silent).step()
        send(network)
        other = replace(bureau, chain=OtherChain(bureau.chain.gateway))
        with pytest.raises(SplitViewError):
            Publisher(other, silent).step()
        network.settle()

    def test_the_job_stops_and_the_health_page_says_why(self, network, bureau, change):
        write, _ = change
        write(root=bytes(32))
        worker = network.nodes["hefei"].worker
        worker.drain()
        try:
            assert worker.stopped["publish"] == "split-view"
            answer = httpx.get(f"{bureau.settings.endpoint}/ready", trust_env=False)
            assert answer.status_code == 503
            assert answer.json()["stopped"] == {"publish": "split-view"}
        finally:
            worker.stopped.clear()


class TestCosignatures:
    @pytest.fixture
    def final(self, network, bureau, grow):
        """A final checkpoint that nobody cosigned yet."""
        network.settle()
        grow()
        publisher = Publisher(bureau, silent)
        publisher.step()
        send(network)
        publisher.step()
        with bureau.read() as view:
            return view.log.last_checkpoint(final=True)

    @pytest.fixture
    def cosign(self, network, bureau, final):
        """A line on the checkpoint, or on something else."""
        context = network.context("supervisor")
        account = context.keys.secp256k1("supervisor").address
        name = cosigner_name(bureau.manifest.chain_id, account)

        def line(*, origin=bureau.origin, size=final.size, root=final.root, name=name, signer=None):
            key = signer or context.keys.ed25519("cosigner")
            return cosign_checkpoint(
                CheckpointBody(origin, size, root), name, key, time=1_789_434_000
            )

        return line

    def collect(self, bureau, line) -> list[str]:
        Publisher(bureau, lambda *_: line).step()
        with bureau.read() as view:
            return view.log.cosignatures(view.log.last_checkpoint(final=True).size)

    def test_a_line_that_holds_is_kept_once(self, bureau, cosign):
        line = cosign()
        assert self.collect(bureau, line) == [line]
        assert not Publisher(bureau, lambda *_: line).step()

    def test_a_line_that_does_not_hold_is_refused(self, bureau, cosign, final):
        damaged = bytearray(base64.b64decode(cosign().split()[-1]))
        damaged[-1] ^= 1
        lines = {
            "another log's": cosign(origin="anxu/31415/1"),
            "another size's": cosign(size=final.size + 1),
            "another root's": cosign(root=bytes(32)),
            "another key's": cosign(signer=Ed25519Signer.from_private(bytes(32))),
            "another name's": cosign(name="somebody"),
            "one changed bit": " ".join([*cosign().split()[:-1], base64.b64encode(damaged).decode()]),
            "no line": "<html>",
            "nothing": "",
        }  # fmt: skip
        for what, line in lines.items():
            assert self.collect(bureau, line) == [], what

    def test_a_cosigner_out_of_reach_is_asked_again(self, network, bureau, final):
        def unreachable(*_: object) -> str | None:
            raise PeerUnavailableError(peer="p", reason="r")

        assert not Publisher(bureau, unreachable).step()
        network.settle()
        with bureau.read() as view:
            assert len(view.log.cosignatures(final.size)) == 1


class TestEventIndex:
    @pytest.fixture
    def index(self, network):
        context = network.context("supervisor")
        return EventIndex(context.database, context.log_id, context.chain.gateway), context

    @staticmethod
    def all_events(context):
        with context.read() as view:
            return [
                (event.block, event.log_index, event.contract, event.name, event.transaction_hash)
                for contract in context.manifest.contracts
                for event in view.events.named(contract)
            ]

    def test_it_holds_what_the_contracts_announced(self, network, index):
        network.settle()
        _, context = index
        events = self.all_events(context)
        published = [event for event in events if event[3] == "CheckpointPublished"]
        chain = Bindings(context.chain.gateway)
        assert len(published) == sum(chain.checkpoint_count(log) for log in (1, 2, 3))
        assert sum(event[3] == "BureauEnrolled" for event in events) == 3

    def test_what_it_holds_adds_up_to_what_the_contracts_store(self, network, index):
        network.settle()
        indexer, context = index
        assert indexer.check()
        with context.read() as view:
            cursor = view.events.cursor()
        assert (cursor.checked_block, cursor.trouble) == (cursor.block, None)

    def test_rebuilt_it_is_the_same_in_steps_of_any_size(self, network, index, monkeypatch):
        network.settle()
        indexer, context = index
        before = self.all_events(context)
        for blocks in (1, 3, 500):
            monkeypatch.setattr("ledger.chain.event_index.BLOCKS_A_STEP", blocks)
            indexer.rebuild()
            assert self.all_events(context) == before
