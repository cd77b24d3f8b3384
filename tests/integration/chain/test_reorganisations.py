"""The chain goes back: a little, which undoes and does again; and too far, which stops and calls a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from devnet.client import ask
from devnet.faults import FaultProxy, error, lost_answer, reorganise, stale
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings

from ledger.chain.connection import Block, ChainConnection
from ledger.chain.deployment import Governance, Manifest, SupervisorInput, deploy
from ledger.chain.finality import Finality
from ledger.chain.gateway import ChainGateway
from ledger.chain.reorganisations import FinalityWatch, accept_chain, require_one_history
from ledger.errors import (
    ChainUnavailableError,
    DeepReorganisationError,
    EndpointBehindError,
    NotFoundError,
)
from ledger.keys.signers import Secp256k1Signer
from ledger.store.finality import KEPT_BLOCKS
from ledger.store.outbox import FINAL, LANDED, SIGNED
from ledger.store.unit_of_work import Reading, UnitOfWork

DEPTH = 3
SUPERVISOR = Secp256k1Signer.from_private(bytes([2]) * 32)


class TestFinalityWatch:
    @pytest.fixture
    def watch(self, outbox):
        def make(chain) -> FinalityWatch:
            return FinalityWatch(outbox.database, outbox.log_id, chain, outbox.clock)

        return make

    def recent(self, outbox) -> list[tuple[int, str]]:
        with Reading(outbox.database, outbox.log_id) as view:
            return view.finality.recent()

    def test_it_keeps_the_newest_final_blocks(self, fake_chain, outbox, watch):
        chain = fake_chain()
        chain.confirmations = DEPTH
        for _ in range(3):
            assert not watch(chain).step()
            assert not watch(chain).step()
            chain.mine(2)
        expected = [(number, chain.block_hash(number)) for number in (100, 98, 96)]
        assert self.recent(outbox) == expected

    def test_it_lets_old_ones_go(self, fake_chain, outbox, watch):
        chain = fake_chain()
        for _ in range(KEPT_BLOCKS + 10):
            watch(chain).step()
            chain.mine()
        kept = self.recent(outbox)
        assert len(kept) == KEPT_BLOCKS
        assert kept[0][0] == len(chain.blocks) - 2

    def test_a_replacement_above_the_final_block_is_nothing(self, fake_chain, watch):
        chain = fake_chain()
        chain.confirmations = DEPTH
        watch(chain).step()
        chain.replace(DEPTH)
        watch(chain).step()

    def test_a_replaced_final_block_stops_everything_until_somebody_decides(
        self, fake_chain, outbox, watch
    ):
        chain = fake_chain()
        chain.confirmations = DEPTH
        watch(chain).step()
        chain.mine(4)
        watch(chain).step()
        before = chain.block_hash(100)
        chain.replace(6)
        for _ in range(2):
            with pytest.raises(DeepReorganisationError) as stopped:
                watch(chain).step()
            assert (stopped.value.block, stopped.value.first_hash) == (100, before)
            assert stopped.value.second_hash == chain.block_hash(100)
        with Reading(outbox.database, outbox.log_id) as view:
            found = view.finality.open_reorganisation()
            assert found is not None
            assert (found.fork_block, found.block) == (96, 100)
            with pytest.raises(DeepReorganisationError):
                require_one_history(view)
        self.decide(outbox, chain)
        watch(chain).step()
        with Reading(outbox.database, outbox.log_id) as view:
            require_one_history(view)
            [kept] = view.finality.reorganisations()
            assert (kept.decided_by, kept.reason) == ("duty officer", "validators were restored")
            assert kept.decided_at == outbox.clock.now()
        with pytest.raises(NotFoundError) as refused:
            self.decide(outbox, chain)
        assert refused.value.what == "reorganisation"

    @staticmethod
    def decide(outbox, chain) -> None:
        accept_chain(
            outbox.database, outbox.log_id, chain.final(), outbox.clock,
            by="duty officer", reason="validators were restored",
        )  # fmt: skip

    def test_an_endpoint_that_is_behind_is_no_reorganisation(self, fake_chain, outbox, watch):
        chain = fake_chain()
        watch(chain).step()
        chain.mine(5)
        watch(chain).step()
        newest = chain.latest_block().number
        chain.blocks = chain.blocks[:-3]
        with pytest.raises(EndpointBehindError) as behind:
            watch(chain).step()
        assert (behind.value.number, behind.value.seen) == (newest - 3, newest)
        with Reading(outbox.database, outbox.log_id) as view:
            require_one_history(view)

    def test_a_shorter_chain_with_other_blocks_is_one(self, fake_chain, outbox, watch):
        chain = fake_chain()
        watch(chain).step()
        chain.mine(5)
        watch(chain).step()
        chain.replace(7)
        chain.blocks = chain.blocks[:-4]
        with pytest.raises(DeepReorganisationError) as stopped:
            watch(chain).step()
        assert stopped.value.block == 99

    def test_messages_judged_by_a_final_block_leave_its_mark(self, fake_chain, outbox, watch):
        """No watch ran between: what was final with a message is compared all the same."""
        chain = fake_chain()
        outbox.queue(901)
        outbox.run(chain)
        assert self.recent(outbox)[0] == (100, chain.block_hash(100))
        chain.replace(1)
        with pytest.raises(DeepReorganisationError):
            watch(chain).step()


class TestSignedAnewBefore:
    """A message under a second nonce, and a chain that forgot whose use of the first one that rested on."""

    @pytest.fixture
    def chain(self, fake_chain, outbox, signer):
        """The other's transaction was final, so was ours after it; then both are gone, and accepted."""
        chain = fake_chain()
        chain.confirmations, chain.forgets = DEPTH, True
        outbox.queue(41)
        outbox.run(chain)
        chain.forgets = False
        self.other = chain.sign_call(signer, "Bureaus", "setOfficer", "other", 0).raw
        chain.send_raw(self.other)
        chain.mine(DEPTH)
        outbox.later(60)
        outbox.run(chain)
        chain.mine(DEPTH)
        outbox.run(chain)
        assert outbox.states() == [FINAL]
        assert [nonce for _, nonce, _ in chain.landed] == [0, 1]
        FinalityWatch(outbox.database, outbox.log_id, chain, outbox.clock).step()
        chain.replace(3 * DEPTH, keep=False)
        chain.mine(DEPTH)
        assert chain.landed == []
        with pytest.raises(DeepReorganisationError):
            FinalityWatch(outbox.database, outbox.log_id, chain, outbox.clock).step()
        TestFinalityWatch.decide(outbox, chain)
        assert outbox.states() == [SIGNED]
        chain.given.clear()
        return chain

    def versions(self, outbox) -> list[bytes]:
        """What was signed, the older nonce first."""
        with Reading(outbox.database, outbox.log_id) as view:
            return [each.raw for each in view.outbox.attempts(outbox.find("m41").id)][::-1]

    def settle(self, outbox, chain) -> None:
        for _ in range(3):
            outbox.run(chain)
            chain.mine(DEPTH)
            outbox.later(20)

    def test_its_newer_version_waits_while_the_older_one_could_land(self, outbox, chain):
        self.settle(outbox, chain)
        assert chain.given == []
        assert "nonce 0" in outbox.find("m41").last_error
        chain.send_raw(self.other)
        self.settle(outbox, chain)
        _, second = self.versions(outbox)
        assert outbox.states() == [FINAL]
        assert [raw for _, _, raw in chain.landed] == [self.other, second]
        assert outbox.find("m41").attempts == 2

    def test_the_next_message_takes_the_nonce_that_nobody_uses_any_more(self, outbox, chain):
        """After a while: first comes whoever had it, whose transaction the nodes may still have."""
        outbox.queue(42)
        outbox.run(chain)
        assert chain.given == []
        for _ in range(3):
            self.settle(outbox, chain)
        assert outbox.states() == [FINAL, FINAL]
        _, second = self.versions(outbox)
        landed = [raw for _, _, raw in chain.landed]
        assert landed[1] == second
        assert [outbox.find(f"m{n}").nonce for n in (41, 42)] == [1, 0]
        assert len(landed) == 2

    def test_if_the_older_one_lands_the_newer_one_is_never_sent(self, outbox, chain):
        """A node still had it. The second nonce is the next message's, so it can never land."""
        first, second = self.versions(outbox)
        chain.send_raw(first)
        self.settle(outbox, chain)
        message = outbox.find("m41")
        assert (message.state, message.nonce) == (FINAL, 0)
        outbox.queue(42)
        self.settle(outbox, chain)
        assert outbox.states() == [FINAL, FINAL]
        landed = [raw for _, _, raw in chain.landed]
        assert landed[0] == first
        assert second not in landed + chain.given
        assert [nonce for _, nonce, _ in chain.landed] == [0, 1]


@dataclass
class Testing:
    """A chain that can be taken back, contracts on it, and a node that waits for three blocks."""

    __test__ = False

    chain: DevnetProcess
    manifest: Manifest

    def gateway(self, rpc_url: str | None = None) -> ChainGateway:
        return ChainGateway(self.manifest, rpc_url or self.chain.rpc_url)

    def mine(self, blocks: int) -> None:
        for _ in range(blocks):
            ask(self.chain.rpc_url, "evm_mine")

    def officers(self) -> list[int]:
        """Which officers the chain as it is now has announced, in order."""
        gateway = self.gateway()
        events = gateway.events(0, gateway.latest_block().number, "Bureaus")
        return [
            int(event.arguments["officer"], 16)
            for event in events
            if event.name.startswith("Officer")
        ]


@pytest.fixture(scope="module")
def testing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testing]:
    directory = Path(tmp_path_factory.mktemp("testing"))
    settings = DevnetSettings(directory=directory, base_fee_wei=0, testing=True)
    with DevnetProcess(settings) as chain:
        named = SupervisorInput(SUPERVISOR.address, b"\x07" * 32, "基金监管", "http://s.example")
        connection = ChainConnection(chain.rpc_url)
        manifest = deploy(
            connection,
            Secp256k1Signer.from_private(bytes([1]) * 32),
            Governance((named,)),
            minimum_lines=3,
            rpc_url=chain.rpc_url,
            finality=Finality.after(DEPTH),
        )
        bureau = (
            320100, 1, 32, Secp256k1Signer.from_private(bytes([11]) * 32).address, b"\x01" * 32,
            b"\x09" * 32, "经办机构", "http://b.example",
        )  # fmt: skip
        ChainGateway(manifest).transact(SUPERVISOR, "Bureaus", "enrol", [bureau])
        yield Testing(chain, manifest)


@pytest.fixture
def signer() -> Secp256k1Signer:
    return SUPERVISOR


@pytest.fixture
def watch(outbox, testing) -> FinalityWatch:
    return FinalityWatch(outbox.database, outbox.log_id, testing.gateway(), outbox.clock)


class TestOnTheEmbeddedChain:
    def test_what_a_short_reorganisation_took_out_lands_again(self, testing, outbox, watch):
        testing.mine(DEPTH)
        outbox.queue(1001, 1002)
        outbox.run(testing.gateway())
        assert outbox.states() == [LANDED, LANDED]
        watch.step()
        reorganise(testing.chain.rpc_url, 2)
        assert testing.officers()[-2:] != [1001, 1002]
        outbox.run(testing.gateway())
        assert outbox.states() == [LANDED, LANDED]
        testing.mine(DEPTH)
        outbox.run(testing.gateway())
        watch.step()
        assert outbox.states() == [FINAL, FINAL]
        assert testing.officers().count(1001) == testing.officers().count(1002) == 1
        assert [outbox.find(f"m{n}").attempts for n in (1001, 1002)] == [1, 1]

    def test_in_another_order_of_blocks_they_are_followed(self, testing, outbox):
        outbox.queue(1011)
        outbox.run(testing.gateway())
        message = outbox.find("m1011")
        with Reading(outbox.database, outbox.log_id) as view:
            [attempt] = view.outbox.attempts(message.id)
        testing.mine(1)
        reorganise(testing.chain.rpc_url, 2, [(attempt.raw, 1)])
        outbox.run(testing.gateway())
        assert outbox.find("m1011").block == message.block + 1
        testing.mine(DEPTH)
        outbox.run(testing.gateway())
        assert outbox.states() == [FINAL]
        assert testing.officers().count(1011) == 1

    def test_after_a_deep_one_nothing_goes_on_until_it_is_decided(self, testing, outbox, watch):
        outbox.queue(1021)
        outbox.run(testing.gateway())
        testing.mine(DEPTH + 1)
        outbox.run(testing.gateway())
        watch.step()
        assert outbox.states() == [FINAL]
        reorganise(testing.chain.rpc_url, DEPTH + 3)
        with pytest.raises(DeepReorganisationError):
            watch.step()
        accept_chain(
            outbox.database, outbox.log_id, testing.gateway().final(), outbox.clock,
            by="duty officer", reason="a validator was restored from a backup",
        )  # fmt: skip
        assert outbox.states() == [SIGNED]
        outbox.run(testing.gateway())
        testing.mine(DEPTH)
        outbox.run(testing.gateway())
        watch.step()
        assert outbox.states() == [FINAL]
        assert testing.officers().count(1021) == 1

    def test_a_stranger_who_took_the_nonce_is_waited_for(self, testing, outbox):
        """The supervisor's own command used the nonce; ours is signed anew once that is final."""
        gateway = testing.gateway()
        with FaultProxy(testing.chain.rpc_url) as proxy:
            refused = error("eth_sendRawTransaction", message="no money for gas")
            proxy.inject(refused)
            outbox.queue(1031)
            outbox.run(testing.gateway(proxy.rpc_url))
        nonce = outbox.find("m1031").nonce
        bureau_officer = Secp256k1Signer.from_private(bytes([77]) * 32).address
        gateway.transact(SUPERVISOR, "Bureaus", "setOfficer", [1, bureau_officer, True])
        outbox.later(60)
        outbox.run(gateway)
        assert outbox.states() == [SIGNED]
        testing.mine(DEPTH)
        outbox.run(gateway)
        assert outbox.states() == [LANDED]
        assert outbox.find("m1031").nonce == nonce + 1
        reorganise(testing.chain.rpc_url, 1)
        outbox.run(gateway)
        testing.mine(DEPTH)
        outbox.run(gateway)
        assert outbox.states() == [FINAL]
        assert testing.officers().count(1031) == 1


class TestFaultyEndpoints:
    def test_lost_answers_make_no_second_one(self, testing, outbox):
        with FaultProxy(testing.chain.rpc_url) as proxy:
            proxy.inject(lost_answer("eth_sendRawTransaction", times=3))
            outbox.queue(1101, 1102, 1103)
            gateway = testing.gateway(proxy.rpc_url)
            for _ in range(3):
                with pytest.raises(ChainUnavailableError):
                    outbox.sender(gateway).step()
            outbox.run(gateway)
        testing.mine(DEPTH)
        outbox.run(testing.gateway())
        assert outbox.states() == [FINAL] * 3
        assert [testing.officers().count(n) for n in (1101, 1102, 1103)] == [1, 1, 1]

    def test_an_endpoint_that_fell_behind_makes_no_second_one(self, testing, outbox):
        """It knows neither block nor receipt of what has landed; asked later it does."""
        with FaultProxy(testing.chain.rpc_url) as proxy:
            gateway = testing.gateway(proxy.rpc_url)
            outbox.queue(1111)
            outbox.run(gateway)
            landed = gateway.latest_block().number
            proxy.inject(stale(landed - 1))
            outbox.later(60)
            outbox.run(gateway)
            assert outbox.find("m1111").attempts == 1
            proxy.heal()
            testing.mine(DEPTH)
            outbox.run(gateway)
        assert outbox.states() == [FINAL]
        assert testing.officers().count(1111) == 1

    def test_an_endpoint_that_fell_behind_what_was_final_signs_nothing(self, testing, outbox):
        with FaultProxy(testing.chain.rpc_url) as proxy:
            gateway = testing.gateway(proxy.rpc_url)
            outbox.queue(1121)
            outbox.run(gateway)
            before = gateway.latest_block().number - 1
            testing.mine(DEPTH)
            outbox.run(gateway)
            assert outbox.states() == [FINAL]
            proxy.inject(stale(before))
            outbox.queue(1122)
            with pytest.raises(EndpointBehindError):
                outbox.sender(testing.gateway(proxy.rpc_url)).step()
            proxy.heal()
            outbox.run(gateway)
        testing.mine(DEPTH)
        outbox.run(testing.gateway())
        assert outbox.states() == [FINAL, FINAL]


class TestAccepting:
    def test_checkpoints_above_the_fork_are_not_final_any_more(self, outbox):
        """Own ones lose their place, followed ones are checked again; older ones stay."""
        now = datetime(2026, 9, 15, tzinfo=UTC)
        with UnitOfWork(outbox.database, outbox.log_id) as work:
            for size, block in ((3, 50), (5, 80)):
                work.log.add_checkpoint(size, bytes([size]) * 32, "note", now)
                work.log.mark_final(
                    size, number=size, block=block, block_time=block, transaction_hash="0x", at=now
                )
            work.finality.add_reorganisation(60, 70, "0xa", "0xb", now)
            work.commit()
        block = Block(75, "0xc", 1_700_000_000)
        accept_chain(
            outbox.database, outbox.log_id, block, outbox.clock, by="officer", reason="found out"
        )
        with Reading(outbox.database, outbox.log_id) as view:
            assert [each.size for each in view.log.unfinal_checkpoints()] == [5]
            last = view.log.last_checkpoint(final=True)
            assert last is not None
            assert last.size == 3
