"""Several endpoints of real chains, with faults in front of them and copies that went their own way."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog
from devnet.faults import (
    FaultProxy,
    error,
    late,
    lost_answer,
    lost_request,
    reorganise,
    stale,
    wrong_answer,
    wrong_chain,
)
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings, Fund

from ledger.chain import endpoints as module
from ledger.chain.connection import BlockMissingError, CallRevertedError, ChainConnection
from ledger.chain.endpoint import EndpointRules, EndpointState
from ledger.chain.endpoints import Endpoints
from ledger.chain.transactions import sign_transaction
from ledger.errors import (
    BehindAtStartError,
    ChainUnavailableError,
    EndpointBehindError,
    EndpointLagsError,
    EndpointsDisagreeError,
    EndpointSyncingError,
    SettingsError,
    TransactionRefusedError,
    WrongChainError,
)
from ledger.keys.signers import Secp256k1Signer

CHAIN_ID = 31_415
PAYER = Secp256k1Signer.from_private(b"\x01" * 32)
POOR = Secp256k1Signer.from_private(b"\x02" * 32)
RECEIVER = "0x" + "9a" * 20
ANSWERS_42 = bytes.fromhex("602a60005260206000f3")
REVERTS = bytes.fromhex("60006000fd")
NOBODY = "http://127.0.0.1:9"


def settings(directory: Path, **more) -> DevnetSettings:
    fund = Fund(bytes.fromhex(PAYER.address[2:]), 10**24)
    return DevnetSettings(
        directory=directory, chain_id=CHAIN_ID, funds=(fund,), testing=True, **more
    )


def send(rpc_url: str, *, to: str | None = RECEIVER, data: bytes = b"", wei: int = 1):
    """One transaction that lands; its receipt."""
    connection = ChainConnection(rpc_url)
    nonce = connection.nonce(PAYER.address)
    signed = sign_transaction(connection, PAYER, to=to, data=data, wei=wei, nonce=nonce)
    connection.send_raw(signed.raw)
    receipt = connection.receipt(signed.hash)
    assert receipt is not None
    return receipt


def put(rpc_url: str, code: bytes) -> str:
    """A contract with this code; its address."""
    start = bytes([0x60, len(code), 0x60, 12, 0x60, 0, 0x39, 0x60, len(code), 0x60, 0, 0xF3])
    return send(rpc_url, to=None, data=start + code, wei=0).contract_address


@pytest.fixture(scope="module")
def chain(tmp_path_factory) -> Iterator[DevnetProcess]:
    with DevnetProcess(settings(tmp_path_factory.mktemp("endpoints"))) as process:
        for _ in range(3):
            send(process.rpc_url)
        yield process


@pytest.fixture
def proxies(chain) -> Iterator[list[FaultProxy]]:
    """Three addresses of one chain."""
    with ExitStack() as stack:
        yield [stack.enter_context(FaultProxy(chain.rpc_url, seed=n)) for n in range(3)]


def admit(connection: ChainConnection) -> None:
    if connection.chain_id != CHAIN_ID:
        raise WrongChainError(expected=CHAIN_ID, actual=connection.chain_id)


def several(*urls: str, **rules) -> Endpoints:
    return Endpoints(urls, EndpointRules(timeout_seconds=3, **rules), admit)


def of(proxies: list[FaultProxy], **rules) -> Endpoints:
    return several(*(proxy.rpc_url for proxy in proxies), **rules)


def states(endpoints: Endpoints) -> list[EndpointState]:
    return [each.state for each in endpoints.health()]


class TestSettings:
    def test_no_endpoint_is_refused(self):
        with pytest.raises(SettingsError) as refusal:
            several()
        assert refusal.value.setting == "rpc_urls"

    def test_an_endpoint_named_twice_would_agree_with_itself(self):
        with pytest.raises(SettingsError) as refusal:
            several(NOBODY, NOBODY)
        assert refusal.value.setting == "rpc_urls"

    @pytest.mark.parametrize("quorum", [-1, 3])
    def test_a_quorum_that_cannot_be_reached_is_refused(self, quorum):
        with pytest.raises(SettingsError) as refusal:
            several(NOBODY, "http://127.0.0.1:10", quorum=quorum)
        assert refusal.value.setting == "rpc_quorum"

    def test_two_must_agree_where_there_are_two(self):
        assert several(NOBODY).quorum == 1
        assert several(NOBODY, "http://127.0.0.1:10").quorum == 2
        assert several(NOBODY, "http://127.0.0.1:10", quorum=1).quorum == 1

    def test_names_carry_no_credentials(self):
        assert several("http://user:secret@127.0.0.1:9/key").endpoint == "http://127.0.0.1:9"


class TestOne:
    def test_it_is_asked_what_is_asked_and_nothing_else(self, chain, proxies):
        one = several(proxies[0].rpc_url)
        one.balance(RECEIVER)
        before = len(proxies[0].forwarded)
        assert one.block().number == ChainConnection(chain.rpc_url).block().number
        assert len(proxies[0].forwarded) == before + 1
        assert states(one) == [EndpointState.USABLE]

    def test_out_of_reach_it_says_so_and_comes_back(self, proxies):
        one = several(proxies[0].rpc_url)
        proxies[0].down()
        with pytest.raises(ChainUnavailableError):
            one.block()
        assert states(one) == [EndpointState.UNREACHABLE]
        proxies[0].up()
        assert one.block().number >= 3
        assert states(one) == [EndpointState.USABLE]

    def test_another_chain_is_refused(self, proxies):
        proxies[0].inject(wrong_chain(1))
        one = several(proxies[0].rpc_url)
        with pytest.raises(WrongChainError) as refusal:
            one.block()
        assert (refusal.value.expected, refusal.value.actual) == (CHAIN_ID, 1)
        with pytest.raises(WrongChainError):
            one.examine()
        assert states(one) == [EndpointState.REFUSED]

    def test_a_newest_block_that_is_too_old_is_refused_by_name(self, chain):
        newest = ChainConnection(chain.rpc_url).block()
        rules = EndpointRules(stale_after_seconds=60)
        later = Endpoints((chain.rpc_url,), rules, admit, lambda: newest.time + 61)
        with pytest.raises(EndpointLagsError) as refusal:
            later.balance(RECEIVER)
        assert (refusal.value.endpoint, refusal.value.block) == (chain.rpc_url, newest.number)
        assert (refusal.value.behind_blocks, refusal.value.age_seconds) == (0, 61)
        assert "rpc_urls" in refusal.value.advice()
        assert "rpc_urls" in refusal.value.advice("zh")
        assert states(later) == [EndpointState.LAGGING]
        in_time = Endpoints((chain.rpc_url,), rules, admit, lambda: newest.time + 60)
        assert in_time.balance(RECEIVER) >= 3


class TestFailover:
    def test_what_matters_is_read_while_two_of_three_answer(self, proxies):
        three = of(proxies)
        for number, proxy in enumerate(proxies):
            proxy.down()
            assert three.examine().number >= 3
            assert states(three)[number] is EndpointState.UNREACHABLE
            proxy.up()
            three.examine()
            assert states(three) == [EndpointState.USABLE] * 3

    def test_one_of_two_is_not_believed(self, proxies):
        two = of(proxies[:2])
        proxies[1].down()
        with pytest.raises(ChainUnavailableError) as refusal:
            two.block()
        assert "1 of at least 2" in refusal.value.reason
        assert proxies[1].rpc_url in refusal.value.reason

    def test_with_a_quorum_of_one_the_other_is_enough(self, proxies):
        two = of(proxies[:2], quorum=1)
        proxies[0].down()
        assert two.block().number >= 3
        assert two.receipt("0x" + "00" * 32) is None

    def test_one_breaks_in_the_middle_of_a_question(self, proxies):
        three = of(proxies)
        three.examine()
        proxies[0].inject(lost_answer("eth_getTransactionCount", times=1))
        assert three.nonce(PAYER.address) == ChainConnection(proxies[1].rpc_url).nonce(
            PAYER.address
        )

    def test_who_lets_us_wait_is_left_alone_for_a_while(self, proxies, monkeypatch):
        monkeypatch.setattr(module, "SLOW_SECONDS", 0.2)
        three = Endpoints(
            [proxy.rpc_url for proxy in proxies], EndpointRules(timeout_seconds=0.3), admit
        )
        three.examine()
        slow = late(2, "eth_getBlockByNumber")
        proxies[0].inject(slow)
        assert three.examine().number >= 3
        assert states(three)[0] is EndpointState.UNREACHABLE
        began = time.monotonic()
        three.examine()
        assert time.monotonic() - began < 0.25  # the slow one was not asked again

    def test_a_transaction_goes_to_all(self, proxies):
        three = of(proxies)
        three.examine()
        proxies[0].inject(lost_request("eth_sendRawTransaction"))
        proxies[1].inject(error("eth_sendRawTransaction", message="pool is full"))
        signed = sign_transaction(
            three, PAYER, to=RECEIVER, wei=1, nonce=three.nonce(PAYER.address)
        )
        assert three.send_raw(signed.raw) == signed.hash
        proxies[0].heal()
        receipt = three.receipt(signed.hash)
        assert receipt is not None
        assert receipt.succeeded
        assert three.nonce(PAYER.address) == three.nonce(PAYER.address, "pending")

    def test_a_transaction_that_none_takes_is_refused(self, proxies):
        three = of(proxies)
        nonce = three.nonce(POOR.address)
        signed = sign_transaction(three, POOR, to=RECEIVER, wei=1, nonce=nonce, gas=21_000)
        with pytest.raises(TransactionRefusedError):
            three.send_raw(signed.raw)

    def test_many_threads_may_ask_at_once(self, proxies):
        three = of(proxies)
        found = []
        threads = [
            threading.Thread(target=lambda: found.append(three.balance(RECEIVER))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        proxies[2].down()
        for thread in threads:
            thread.join()
        assert len(found) == 8


class TestAgreement:
    def test_who_alone_says_something_else_is_put_aside_and_named(self, chain, proxies):
        contract = put(chain.rpc_url, ANSWERS_42)
        for place in range(3):
            three = of(proxies)
            proxies[place].inject(wrong_answer("eth_call"))
            with structlog.testing.capture_logs() as logs:
                answers = [three.call(contract, b"") for _ in range(2)]
            assert answers == [(42).to_bytes(32)] * 2
            if place < 2:  # the third is not asked when the first two agree
                assert states(three)[place] is EndpointState.DISAGREES
                assert [log["endpoint"] for log in logs] == [proxies[place].rpc_url]
            proxies[place].heal()

    def test_two_that_differ_are_both_named_and_none_is_believed(self, chain, proxies):
        contract = put(chain.rpc_url, ANSWERS_42)
        two = of(proxies[:2])
        proxies[1].inject(wrong_answer("eth_call"))
        with pytest.raises(EndpointsDisagreeError) as refusal:
            two.call(contract, b"")
        for proxy in proxies[:2]:
            assert proxy.rpc_url in refusal.value.endpoints
        assert contract in refusal.value.what
        assert states(two) == [EndpointState.DISAGREES] * 2
        proxies[1].heal()
        assert two.call(contract, b"") == (42).to_bytes(32)

    def test_code_and_receipts_are_compared_too(self, chain, proxies):
        contract = put(chain.rpc_url, ANSWERS_42)
        landed = send(chain.rpc_url)
        three = of(proxies)
        proxies[0].inject(wrong_answer("eth_getCode"))
        assert three.code(contract) == ANSWERS_42
        two = of(proxies[1:])
        assert two.receipt(landed.transaction_hash) == landed
        proxies[1].inject(
            wrong_answer("eth_getTransactionReceipt", change=lambda *a: a[2] | {"status": "0x0"})
        )
        assert two.receipt(landed.transaction_hash) is None

    def test_a_revert_is_an_answer(self, chain, proxies):
        contract = put(chain.rpc_url, REVERTS)
        with pytest.raises(CallRevertedError):
            of(proxies).call(contract, b"")

    def test_lag_does_not_look_like_disagreement(self, chain, proxies):
        three = of(proxies)
        three.examine()
        proxies[0].inject(stale())
        send(chain.rpc_url)
        newest = ChainConnection(chain.rpc_url).block()
        assert three.examine() == newest
        assert three.balance(RECEIVER) > 0
        assert three.nonce(PAYER.address) == ChainConnection(chain.rpc_url).nonce(PAYER.address)
        assert states(three) == [EndpointState.USABLE] * 3

    def test_two_at_different_heights_are_read_where_both_are(self, chain, proxies):
        two = of(proxies[:2])
        proxies[0].inject(stale())
        shared = ChainConnection(chain.rpc_url).block()
        landed = send(chain.rpc_url)
        assert two.examine() == shared
        assert two.receipt(landed.transaction_hash) is None
        with pytest.raises(BlockMissingError):
            two.logs([RECEIVER], 0, landed.block)
        proxies[0].heal()
        assert two.examine().number == landed.block
        assert two.logs([RECEIVER], 0, landed.block) == []

    def test_an_endpoint_far_behind_is_not_used(self, chain, proxies):
        proxies[0].inject(stale())
        behind = ChainConnection(chain.rpc_url).block().number
        for _ in range(6):
            send(chain.rpc_url)
        three = of(proxies)
        assert three.block().number == behind + 6
        assert states(three)[0] is EndpointState.LAGGING
        with pytest.raises(EndpointLagsError) as refusal:
            of(proxies[:2]).block()
        assert (refusal.value.behind_blocks, refusal.value.block) == (6, behind)

    def test_who_claims_to_be_far_ahead_does_not_make_the_others_late(self, proxies):
        def ahead(_method, params, result):
            return result | {"number": "0xfffff"} if params[0] == "latest" else result

        proxies[0].inject(wrong_answer("eth_getBlockByNumber", change=ahead))
        three = of(proxies)
        assert three.block().number < 0xFFFFF
        assert states(three)[1:] == [EndpointState.USABLE] * 2


def says_it_syncs(block: int, highest: int):
    told = {"startingBlock": "0x0", "currentBlock": hex(block), "highestBlock": hex(highest)}
    return wrong_answer("eth_syncing", change=lambda _m, _p, _r: told)


class TestBeginning:
    """Before a process begins: endpoints that are provably behind must leave enough others."""

    def test_up_to_date_there_is_nothing_to_say(self, proxies):
        assert of(proxies).require_current() is None
        assert several(proxies[0].rpc_url).require_current() is None

    def test_behind_the_other_one_is_refused_with_both_blocks(self, chain, proxies):
        proxies[0].inject(stale())
        behind = ChainConnection(chain.rpc_url).block().number
        for _ in range(6):
            send(chain.rpc_url)
        two = of(proxies[:2])
        with pytest.raises(BehindAtStartError) as refusal:
            two.require_current()
        assert (refusal.value.able, refusal.value.needed) == (1, 2)
        told = f"{proxies[0].rpc_url} (block {behind} < {behind + 6}, others)"
        assert refusal.value.behind == told
        assert "rpc_urls" in refusal.value.advice()
        assert "rpc_urls" in refusal.value.advice("zh")
        assert of(proxies).require_current() is None  # two of three are enough
        assert of(proxies[:2], lag_blocks=6).require_current() is None

    def test_who_says_that_it_is_syncing_is_behind(self, chain, proxies):
        newest = ChainConnection(chain.rpc_url).block().number
        proxies[0].inject(says_it_syncs(newest, newest + 40))
        one = several(proxies[0].rpc_url)
        with pytest.raises(BehindAtStartError) as refusal:
            one.require_current()
        told = f"{proxies[0].rpc_url} (block {newest} < {newest + 40}, eth_syncing)"
        assert (refusal.value.able, refusal.value.needed) == (0, 1)
        assert refusal.value.behind == told
        with pytest.raises(EndpointSyncingError) as unused:
            one.balance(RECEIVER)
        assert (unused.value.endpoint, unused.value.block) == (proxies[0].rpc_url, newest)
        assert unused.value.highest == newest + 40
        assert states(one) == [EndpointState.LAGGING]
        proxies[0].heal()
        assert one.balance(RECEIVER) > 0
        assert one.require_current() is None

    def test_one_of_three_that_syncs_is_not_used_and_named(self, proxies):
        proxies[1].inject(says_it_syncs(1, 9_999))
        three = of(proxies)
        assert three.require_current() is None
        assert states(three)[1] is EndpointState.LAGGING
        assert isinstance(three.health()[1].error, EndpointSyncingError)
        assert three.balance(RECEIVER) > 0

    def test_an_index_of_transactions_in_the_making_is_no_lag(self, proxies):
        """Geth says so with all blocks there; and some endpoints do not know the question."""
        proxies[0].inject(says_it_syncs(9, 9))
        proxies[1].inject(error("eth_syncing", message="the method eth_syncing does not exist"))
        assert of(proxies[:2]).require_current() is None

    def test_below_what_was_final_it_is_behind_whoever_agrees(self, chain, proxies):
        """All endpoints were restored from one old copy: none of them is ahead of another."""
        seen = [ChainConnection(chain.rpc_url).block()]
        for proxy in proxies:
            proxy.inject(stale())
        send(chain.rpc_url)
        seen.insert(0, ChainConnection(chain.rpc_url).block())
        final = [(block.number, block.hash) for block in seen]
        assert of(proxies).require_current() is None
        three = of(proxies)
        with pytest.raises(BehindAtStartError) as refusal:
            three.require_current(final)
        last, newest = seen[1].number, seen[0].number
        assert refusal.value.behind == ", ".join(
            f"{proxy.rpc_url} (block {last} < {newest}, final)" for proxy in proxies
        )
        assert refusal.value.able == 0
        assert all(isinstance(each.error, EndpointBehindError) for each in three.health())
        one = several(proxies[0].rpc_url)
        with pytest.raises(BehindAtStartError):
            one.require_current(final[:1])
        proxies[0].heal()
        proxies[1].heal()
        assert of(proxies).require_current(final) is None

    def test_another_history_is_no_lag(self, chain, proxies):
        """A final block was replaced: that is for the watch on finality, and for a person."""
        last = ChainConnection(chain.rpc_url).block()
        final = [(last.number + 4, "0x" + "11" * 32), (last.number, "0x" + "22" * 32)]
        assert of(proxies).require_current(final) is None

    def test_a_network_that_stands_still_is_a_reason_but_no_refusal(self, chain, proxies):
        newest = ChainConnection(chain.rpc_url).block()
        rules = EndpointRules(stale_after_seconds=60, timeout_seconds=3)
        urls = [proxy.rpc_url for proxy in proxies]
        for some in (urls, urls[:1]):
            later = Endpoints(some, rules, admit, lambda: newest.time + 3_600)
            reason = later.require_current([(newest.number, newest.hash)])
            assert isinstance(reason, EndpointLagsError)
            assert (reason.behind_blocks, reason.age_seconds) == (0, 3_600)

    def test_out_of_reach_is_a_reason_but_no_refusal(self, chain, proxies):
        proxies[0].inject(stale())
        for _ in range(6):
            send(chain.rpc_url)
        proxies[1].down()
        reason = of(proxies).require_current()  # with the lost one back, two would be enough
        assert isinstance(reason, ChainUnavailableError)
        proxies[0].down()
        proxies[2].down()
        assert isinstance(of(proxies).require_current(), ChainUnavailableError)

    def test_one_that_lags_and_one_of_another_chain_leave_too_few(self, chain, proxies):
        proxies[0].inject(stale())
        proxies[1].inject(wrong_chain(1))
        for _ in range(6):
            send(chain.rpc_url)
        with pytest.raises(BehindAtStartError) as refusal:
            of(proxies).require_current()
        assert (refusal.value.able, refusal.value.needed) == (1, 2)


class TestOtherChains:
    """A copy of a chain has its id, its contracts and its past; then it goes its own way."""

    @pytest.fixture
    def fork(self, tmp_path) -> Iterator[tuple[str, str]]:
        """Two chains that part after block 3 and stand at block 9."""
        with ExitStack() as stack:
            with DevnetProcess(settings(tmp_path / "one")) as first:
                for _ in range(3):
                    send(first.rpc_url)
            shutil.copytree(tmp_path / "one", tmp_path / "two")
            chains = []
            for number, name in enumerate(("one", "two"), start=1):
                born = DevnetSettings(directory=tmp_path / name, testing=True)
                chains.append(stack.enter_context(DevnetProcess(born)))
                for _ in range(6):
                    send(chains[-1].rpc_url, wei=number)
            yield chains[0].rpc_url, chains[1].rpc_url

    def test_two_chains_are_told_apart_and_none_is_believed(self, fork):
        with pytest.raises(EndpointsDisagreeError) as refusal:
            several(*fork, reorg_depth=2).block()
        assert all(url in refusal.value.endpoints for url in fork)

    def test_the_odd_one_of_three_is_put_aside(self, fork):
        with FaultProxy(fork[0]) as second:
            three = several(fork[1], fork[0], second.rpc_url, reorg_depth=2)
            assert three.block() == ChainConnection(fork[0]).block()
            assert states(three) == [
                EndpointState.DISAGREES, EndpointState.USABLE, EndpointState.USABLE,
            ]  # fmt: skip
            assert three.block(5) == ChainConnection(fork[0]).block(5)

    def test_a_short_fork_is_no_disagreement(self, fork):
        two = several(*fork, reorg_depth=8)
        assert two.block().number == 3
        assert states(two) == [EndpointState.USABLE] * 2

    def test_a_chain_in_place_of_the_other_is_looked_at_again(self, tmp_path, chain):
        with FaultProxy(chain.rpc_url) as proxy:
            one = several(proxy.rpc_url)
            one.block()
            proxy.down()
            with pytest.raises(ChainUnavailableError):
                one.block()
            proxy.up()
            proxy.inject(wrong_chain(7))
            with pytest.raises(WrongChainError):
                one.block()

    def test_a_reorganisation_between_two_questions_condemns_nobody(self, tmp_path):
        with DevnetProcess(settings(tmp_path / "moving")) as chain, ExitStack() as stack:
            for _ in range(4):
                send(chain.rpc_url)
            proxies = [stack.enter_context(FaultProxy(chain.rpc_url)) for _ in range(2)]
            two = of(proxies)
            before = two.block()
            reorganise(chain.rpc_url, 2)
            after = two.examine()
            assert after.hash != before.hash
            assert two.nonce(PAYER.address) == 2
            assert states(two) == [EndpointState.USABLE] * 2
