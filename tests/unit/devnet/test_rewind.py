"""Back in time, on a chain that was started for tests; what is on disk stays whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from devnet.chain import LocalChain
from devnet.errors import InvalidParamsError
from devnet.rpc import RpcMethods
from devnet.settings import DevnetSettings

Ask = Callable[..., Any]


@pytest.fixture
def ask(chain: LocalChain) -> Ask:
    methods = RpcMethods(chain, testing=True)
    return lambda method, *params: methods.answer(method, list(params))


def send(ask: Ask, raw: bytes) -> Any:
    return ask("eth_sendRawTransaction", "0x" + raw.hex())


class TestSnapshots:
    def test_going_back_undoes_blocks_balances_and_look_ups(
        self, ask: Ask, chain: LocalChain, signed: Callable[..., bytes], account: Any
    ) -> None:
        send(ask, signed(0))
        before = ask("eth_getBlockByNumber", "latest", False)
        moment = ask("evm_snapshot")
        gone = send(ask, signed(1))
        assert ask("evm_revert", moment) is True
        assert ask("eth_getBlockByNumber", "latest", False) == before
        assert ask("eth_getTransactionReceipt", gone) is None
        assert ask("eth_getTransactionCount", account.address, "latest") == "0x1"
        assert ask("eth_getBlockByNumber", "0x2", False) is None
        again = send(ask, signed(1))
        assert again == gone
        assert ask("eth_getTransactionReceipt", again)["blockNumber"] == "0x2"

    def test_a_moment_serves_once_and_later_ones_go_with_it(
        self, ask: Ask, signed: Callable[..., bytes]
    ) -> None:
        first = ask("evm_snapshot")
        send(ask, signed(0))
        second = ask("evm_snapshot")
        assert ask("evm_revert", first) is True
        assert ask("evm_revert", second) is False
        assert ask("evm_revert", first) is False

    def test_the_chain_opens_again_where_it_went_back_to(
        self, settings: DevnetSettings, clock: Any, signed: Callable[..., bytes]
    ) -> None:
        chain = LocalChain.open(settings, clock)
        for nonce in range(3):
            chain.send_raw(signed(nonce))
        kept = bytes(chain.block(1).hash)
        chain.go_back(1, b"other")
        chain.close()
        chain = LocalChain.open(settings, clock)
        assert bytes(chain.head.hash) == kept
        chain.send_raw(signed(1))
        assert int(chain.head.block_number) == 2
        chain.close()


class TestClock:
    def test_time_moves_on_when_told_and_contracts_see_it(
        self, ask: Ask, chain: LocalChain
    ) -> None:
        now = chain.seconds()
        assert ask("evm_increaseTime", 86_400) == "0x15180"
        ask("evm_mine")
        assert chain.head.timestamp == now + 86_400
        ask("evm_setNextBlockTimestamp", now + 100_000)
        ask("evm_mine")
        assert chain.head.timestamp == now + 100_000
        ask("evm_mine", now + 200_000)
        assert chain.head.timestamp == now + 200_000

    def test_it_never_moves_before_the_newest_block(self, ask: Ask, chain: LocalChain) -> None:
        ask("evm_mine")
        with pytest.raises(InvalidParamsError, match="before the newest block"):
            ask("evm_setNextBlockTimestamp", chain.head.timestamp - 1)

    def test_several_blocks_are_made_at_once(self, ask: Ask) -> None:
        ask("anvil_mine", "0x5")
        assert ask("eth_blockNumber") == "0x5"


class TestReorganisation:
    @pytest.mark.parametrize(
        "params",
        [
            [0], [3], ["0x"], [1, {}], [1, [["0x00"]]], [1, [["0x00", 1]]],
            [2, [["0x00", 0], ["0x01", 0]]],
        ],
    )  # fmt: skip
    def test_nonsense_is_refused_and_changes_nothing(
        self, ask: Ask, chain: LocalChain, params: list[Any]
    ) -> None:
        ask("anvil_mine", 2)
        before = bytes(chain.head.hash)
        with pytest.raises(InvalidParamsError):
            ask("anvil_reorg", *params)
        assert bytes(chain.head.hash) == before
