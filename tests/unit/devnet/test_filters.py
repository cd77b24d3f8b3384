"""Filters tell each piece of news once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from devnet.chain import LocalChain
from devnet.errors import FilterNotFoundError, InvalidParamsError
from devnet.filters import MAX_FILTERS, UNUSED_SECONDS, Filters
from devnet.rpc import RpcMethods

Ask = Callable[..., Any]
# init code that runs: LOG1 with topic 1 and no data; then returns an empty contract
SPEAKS = "0x" + "6001" + "6000" + "6000" + "a1" + "60006000f3"
TOPIC = "0x" + "00" * 31 + "01"


@pytest.fixture
def ask(chain: LocalChain) -> Ask:
    methods = RpcMethods(chain, testing=True)
    return lambda method, *params: methods.answer(method, list(params))


def send(ask: Ask, raw: bytes) -> Any:
    return ask("eth_sendRawTransaction", "0x" + raw.hex())


def speak(ask: Ask, signed: Callable[..., bytes], nonce: int) -> Any:
    return send(ask, signed(nonce, to=None, value=0, data=SPEAKS, gas=100_000))


class TestNews:
    def test_logs_are_told_once(self, ask: Ask, signed: Callable[..., bytes]) -> None:
        speak(ask, signed, 0)
        name = ask("eth_newFilter", {"topics": [TOPIC]})
        other = ask("eth_newFilter", {"topics": ["0x" + "00" * 32]})
        assert ask("eth_getFilterChanges", name) == []
        landed = speak(ask, signed, 1)
        (log,) = ask("eth_getFilterChanges", name)
        assert log["transactionHash"] == landed
        assert ask("eth_getFilterChanges", name) == []
        assert ask("eth_getFilterChanges", other) == []

    def test_all_logs_of_a_filter_are_those_of_its_range(
        self, ask: Ask, signed: Callable[..., bytes]
    ) -> None:
        name = ask("eth_newFilter", {"fromBlock": "0x1", "toBlock": "0x2", "topics": [TOPIC]})
        for nonce in range(3):
            speak(ask, signed, nonce)
        assert [each["blockNumber"] for each in ask("eth_getFilterLogs", name)] == ["0x1", "0x2"]
        assert [each["blockNumber"] for each in ask("eth_getFilterChanges", name)] == ["0x1", "0x2"]

    def test_blocks_and_transactions_are_told_by_hash(
        self, ask: Ask, signed: Callable[..., bytes]
    ) -> None:
        blocks, mined = ask("eth_newBlockFilter"), ask("eth_newPendingTransactionFilter")
        landed = send(ask, signed(0))
        ask("evm_mine")
        hashes = [ask("eth_getBlockByNumber", hex(each), False)["hash"] for each in (1, 2)]
        assert ask("eth_getFilterChanges", blocks) == hashes
        assert ask("eth_getFilterChanges", mined) == [landed]
        assert ask("eth_getFilterChanges", blocks) == []

    def test_blocks_of_another_branch_are_news(self, ask: Ask) -> None:
        ask("anvil_mine", 2)
        name = ask("eth_newBlockFilter")
        ask("anvil_reorg", 2)
        assert len(ask("eth_getFilterChanges", name)) == 2


class TestEnds:
    def test_an_uninstalled_filter_is_gone(self, ask: Ask) -> None:
        name = ask("eth_newBlockFilter")
        assert ask("eth_uninstallFilter", name) is True
        assert ask("eth_uninstallFilter", name) is False
        with pytest.raises(FilterNotFoundError, match="filter not found"):
            ask("eth_getFilterChanges", name)

    def test_an_unused_filter_is_gone_after_five_minutes(self, chain: LocalChain) -> None:
        seconds = [0.0]
        methods = Filters(chain, lambda: seconds[0]).methods()
        kept, lost = methods["eth_newBlockFilter"]([]), methods["eth_newBlockFilter"]([])
        seconds[0] = UNUSED_SECONDS - 1
        assert methods["eth_getFilterChanges"]([kept]) == []
        seconds[0] = UNUSED_SECONDS
        assert methods["eth_getFilterChanges"]([kept]) == []
        with pytest.raises(FilterNotFoundError):
            methods["eth_getFilterChanges"]([lost])

    def test_their_number_is_bounded(self, chain: LocalChain) -> None:
        methods = Filters(chain).methods()
        for _ in range(MAX_FILTERS):
            methods["eth_newBlockFilter"]([])
        with pytest.raises(InvalidParamsError, match="filters are open"):
            methods["eth_newBlockFilter"]([])

    @pytest.mark.parametrize(
        "wanted", ["latest", {"address": "0x1"}, {"topics": ["0x"]}, {"fromBlock": "x"}]
    )
    def test_what_cannot_be_read_is_refused_at_once(self, ask: Ask, wanted: Any) -> None:
        with pytest.raises(InvalidParamsError):
            ask("eth_newFilter", wanted)

    def test_only_log_filters_have_logs(self, ask: Ask) -> None:
        with pytest.raises(FilterNotFoundError):
            ask("eth_getFilterLogs", ask("eth_newBlockFilter"))
