from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from devnet.chain import LocalChain
from devnet.errors import (
    BlockRangeError,
    ExecutionFailedError,
    ExecutionRevertedError,
    InvalidParamsError,
    InvalidRequestError,
    MethodNotFoundError,
    RpcError,
    StateNotFoundError,
)
from devnet.rpc import RpcMethods, error_of, request_parts

Ask = Callable[..., Any]
Sign = Callable[..., bytes]

NOBODY = "0x" + "99" * 20
EMPTY_BLOOM = "0x" + "00" * 256


@pytest.fixture
def ask(chain: LocalChain) -> Ask:
    methods = RpcMethods(chain)

    def answer(method: str, *params: Any) -> Any:
        return methods.answer(method, list(params))

    return answer


def send(ask: Ask, raw: bytes) -> str:
    return str(ask("eth_sendRawTransaction", "0x" + raw.hex()))


class TestIdentity:
    def test_the_chain_says_who_it_is(self, ask: Ask) -> None:
        assert ask("eth_chainId") == "0x7ab7"
        assert ask("net_version") == "31415"
        assert ask("web3_clientVersion").startswith("anxu-devnet/py-evm-")
        assert ask("eth_syncing") is False
        assert ask("eth_accounts") == []

    def test_keccak_is_keccak(self, ask: Ask) -> None:
        # the empty string's Keccak-256, as in the Ethereum yellow paper
        empty = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        assert ask("web3_sha3", "0x") == empty

    @pytest.mark.parametrize(
        "method",
        [
            "evm_snapshot", "evm_revert", "testing_timeTravel", "eth_sendTransaction",
            "anvil_reorg", "evm_increaseTime", "personal_unlockAccount", "debug_setHead", "nonsense", "",
        ],
    )  # fmt: skip
    def test_ways_around_the_disk_do_not_exist(self, ask: Ask, method: str) -> None:
        with pytest.raises(MethodNotFoundError) as refused:
            ask(method)
        assert refused.value.number == -32601


class TestState:
    def test_balances_and_nonces_follow_the_block_asked_for(
        self, ask: Ask, account: Any, signed: Sign
    ) -> None:
        target = "0x" + "11" * 20
        send(ask, signed(0, value=5))
        send(ask, signed(1, value=7))
        assert [ask("eth_getBalance", target, hex(n)) for n in range(3)] == ["0x0", "0x5", "0xc"]
        assert ask("eth_getBalance", target) == "0xc"
        assert ask("eth_getTransactionCount", account.address, "0x1") == "0x1"
        assert ask("eth_getTransactionCount", account.address, "latest") == "0x2"
        assert ask("eth_getTransactionCount", account.address, "pending") == "0x2"
        by_hash = {"blockHash": ask("eth_getBlockByNumber", "0x1", False)["hash"]}
        assert ask("eth_getBalance", target, by_hash) == "0x5"

    def test_a_block_that_does_not_exist_has_no_state(self, ask: Ask) -> None:
        for method in ("eth_getBalance", "eth_getCode", "eth_getTransactionCount"):
            with pytest.raises(StateNotFoundError, match="header not found"):
                ask(method, NOBODY, "0x63")
        with pytest.raises(StateNotFoundError):
            ask("eth_call", {"to": NOBODY}, "0x63")

    def test_storage_is_a_whole_word(self, ask: Ask) -> None:
        assert ask("eth_getStorageAt", NOBODY, "0x0", "latest") == "0x" + "00" * 32
        assert ask("eth_getStorageAt", NOBODY, "0x" + "00" * 32, "0x0") == "0x" + "00" * 32

    @pytest.mark.parametrize(
        ("method", "params"),
        [
            ("eth_getBalance", []), ("eth_getBalance", ["0x12"]), ("eth_getBalance", [NOBODY, "x"]),
            ("eth_getTransactionReceipt", ["0x12"]), ("eth_getTransactionReceipt", []),
            ("eth_getBlockByHash", ["0x12", False]), ("eth_call", []), ("eth_call", ["0x"]),
            ("eth_call", [{"to": "0x12"}]), ("eth_sendRawTransaction", []),
            ("eth_sendRawTransaction", ["12"]), ("eth_getLogs", ["0x"]), ("evm_mine", [1]),
        ],
    )  # fmt: skip
    def test_malformed_parameters_are_the_callers_fault(
        self, ask: Ask, method: str, params: list[Any]
    ) -> None:
        with pytest.raises(InvalidParamsError) as refused:
            ask(method, *params)
        assert refused.value.number == -32602


class TestBlocks:
    def test_a_block_has_every_field_in_ethereums_spelling(self, ask: Ask, signed: Sign) -> None:
        transaction = send(ask, signed(0))
        block = ask("eth_getBlockByNumber", "latest", False)
        assert block["number"] == "0x1"
        assert block["transactions"] == [transaction]
        assert block["baseFeePerGas"] == hex(875_000_000)
        assert block["gasLimit"] == hex(30_000_000)
        assert block["gasUsed"] == hex(21_000)
        assert block["totalDifficulty"] == "0x2"
        assert block["logsBloom"] == EMPTY_BLOOM
        assert block["parentHash"] == ask("eth_getBlockByNumber", "0x0", False)["hash"]
        assert ask("eth_getBlockByHash", block["hash"], False) == block
        assert all(isinstance(value, list) or value.startswith("0x") for value in block.values())

    def test_full_transactions_are_those_asked_for_singly(self, ask: Ask, signed: Sign) -> None:
        listed = [{"address": NOBODY, "storageKeys": ["0x" + "01" * 32]}]
        fees = {"gasPrice": None, "maxFeePerGas": 2 * 10**9, "maxPriorityFeePerGas": 1}
        for raw in (signed(0), signed(1, **fees), signed(2, **fees, accessList=listed, gas=50_000)):
            single = ask("eth_getTransactionByHash", send(ask, raw))
            block = ask("eth_getBlockByNumber", "latest", True)
            assert block["transactions"] == [single]
            assert ask("eth_getTransactionByBlockNumberAndIndex", "latest", "0x0") == single
        assert single["accessList"] == listed
        assert single["type"] == "0x2"
        assert single["yParity"] == single["v"]

    def test_what_does_not_exist_is_null(self, ask: Ask) -> None:
        nothing = "0x" + "00" * 32
        assert ask("eth_getBlockByNumber", "0x5", False) is None
        assert ask("eth_getBlockByHash", nothing, False) is None
        assert ask("eth_getTransactionByHash", nothing) is None
        assert ask("eth_getTransactionReceipt", nothing) is None

    def test_a_block_can_be_mined_empty(self, ask: Ask) -> None:
        assert ask("evm_mine") == "0x0"
        assert ask("eth_blockNumber") == "0x1"
        assert ask("eth_getBlockByNumber", "latest", True)["transactions"] == []


class TestReceipts:
    # PUSH1 7 PUSH1 0 MSTORE, LOG1 of that word with topic 5, STOP: init code that logs once
    LOGGING = "0x6007600052600560206000a100"
    # PUSH1 0 PUSH1 0 REVERT
    REVERTING = "0x60006000fd"

    def test_a_reverting_transaction_is_mined_with_status_0(self, ask: Ask, signed: Sign) -> None:
        raw = signed(0, to=None, data=self.REVERTING, gas=100_000, value=0)
        receipt = ask("eth_getTransactionReceipt", send(ask, raw))
        assert receipt["status"] == "0x0"
        assert receipt["contractAddress"] is None
        assert receipt["blockNumber"] == "0x1"

    def test_the_logs_bloom_is_the_headers(self, ask: Ask, signed: Sign) -> None:
        raw = signed(0, to=None, data=self.LOGGING, gas=100_000, value=0)
        receipt = ask("eth_getTransactionReceipt", send(ask, raw))
        block = ask("eth_getBlockByNumber", "latest", False)
        assert receipt["status"] == "0x1"
        assert receipt["logsBloom"] == block["logsBloom"] != EMPTY_BLOOM
        assert receipt["effectiveGasPrice"] == hex(2 * 10**9)
        (log,) = receipt["logs"]
        assert log["data"] == "0x" + "00" * 31 + "07"
        assert log["topics"] == ["0x" + "00" * 31 + "05"]
        assert log["removed"] is False

    def test_logs_are_found_by_what_they_hold(self, ask: Ask, signed: Sign) -> None:
        hashes = [
            send(ask, signed(nonce, to=None, data=self.LOGGING, gas=100_000, value=0))
            for nonce in range(3)
        ]
        first = ask("eth_getTransactionReceipt", hashes[0])
        address = first["contractAddress"]
        topic = "0x" + "00" * 31 + "05"
        everything = ask("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
        assert [log["transactionHash"] for log in everything] == hashes
        by_address = ask("eth_getLogs", {"fromBlock": "earliest", "address": address})
        assert [log["transactionHash"] for log in by_address] == hashes[:1]
        by_topic = ask("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x63", "topics": [topic]})
        assert [log["transactionHash"] for log in by_topic] == hashes[1:]
        by_block = ask("eth_getLogs", {"blockHash": first["blockHash"]})
        assert by_block == by_address
        assert ask("eth_getLogs", {}) == everything[2:]
        with pytest.raises(BlockRangeError, match="range"):
            ask("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"})


class TestCalls:
    def test_revert_bytes_come_through(self, ask: Ask) -> None:
        # PUSH4 590a5151 PUSH1 0 MSTORE, revert the last four bytes of the word
        with pytest.raises(ExecutionRevertedError) as refused:
            ask("eth_call", {"data": "0x63590a51516000526004601cfd"}, "latest")
        assert refused.value.as_object() == {
            "code": 3, "message": "execution reverted", "data": "0x590a5151",
        }  # fmt: skip

    def test_a_reason_is_read_out(self, ask: Ask) -> None:
        # Error("no"): selector, offset 32, length 2, text; written by CODECOPY from behind the code
        reason = "08c379a0" + "00" * 31 + "20" + "00" * 31 + "02" + "6e6f" + "00" * 30
        code = "0x6064600c60003960646000fd" + reason
        for method in ("eth_call", "eth_estimateGas"):
            with pytest.raises(ExecutionRevertedError) as refused:
                ask(method, {"data": code})
            assert refused.value.message == "execution reverted: no"
            assert refused.value.data == "0x" + reason

    @pytest.mark.parametrize(
        ("code", "message"),
        [("0xfe", "invalid instruction"), ("0x5b600056", "out of gas"), ("0x5f", "invalid ins")],
    )
    def test_other_failures_have_no_data(self, ask: Ask, code: str, message: str) -> None:
        # 0x5f is PUSH0, which London does not know
        with pytest.raises(ExecutionFailedError, match=message) as refused:
            ask("eth_call", {"data": code, "gas": "0x186a0"})
        assert refused.value.data is None

    def test_anybody_may_call_without_money(self, ask: Ask) -> None:
        assert ask("eth_call", {"from": NOBODY, "to": NOBODY}) == "0x"
        assert ask("eth_estimateGas", {"from": NOBODY, "to": NOBODY}) == hex(21_000)
        with pytest.raises(ExecutionFailedError, match="insufficient funds"):
            ask("eth_call", {"from": NOBODY, "to": NOBODY, "value": "0x1"})

    def test_too_little_gas_is_said_so(self, ask: Ask) -> None:
        with pytest.raises(ExecutionFailedError, match="intrinsic gas too low"):
            ask("eth_call", {"to": NOBODY, "gas": "0x1"})
        with pytest.raises(ExecutionFailedError, match="allowance"):
            ask("eth_estimateGas", {"data": "0x5b600056", "gas": "0x186a0"})

    def test_the_newest_state_is_read_at_the_present_second(self, ask: Ask, clock: Any) -> None:
        # TIMESTAMP PUSH1 0 MSTORE, return the word (as init code: the "deployed" code is the answer)
        code = {"data": "0x4260005260206000f3"}
        before = int(ask("eth_call", code, "latest"), 16)
        assert before == int(clock().timestamp())
        clock.advance(3600)
        assert int(ask("eth_call", code, "latest"), 16) == before + 3600
        assert int(ask("eth_call", code, "0x0"), 16) == before

    def test_an_estimate_is_enough_and_hardly_more(self, ask: Ask, signed: Sign) -> None:
        # init code that stores 1 and frees it again: gas is refunded, so more is needed than used
        data = "0x600160005560006000556000600055"
        estimate = int(ask("eth_estimateGas", {"data": data}), 16)
        raw = signed(0, to=None, data=data, gas=estimate, value=0)
        receipt = ask("eth_getTransactionReceipt", send(ask, raw))
        assert receipt["status"] == "0x1"
        with pytest.raises(ExecutionFailedError):
            ask("eth_call", {"data": data, "gas": hex(int(estimate / 1.016))}, "0x0")


class TestFees:
    def test_prices_cover_the_next_block(self, ask: Ask, signed: Sign) -> None:
        price = int(ask("eth_gasPrice"), 16)
        send(ask, signed(0, gasPrice=price))
        assert ask("eth_maxPriorityFeePerGas") == "0x0"

    def test_history_names_its_blocks(self, ask: Ask) -> None:
        for _ in range(3):
            ask("evm_mine")
        history = ask("eth_feeHistory", "0x2", "latest", [50])
        assert history["oldestBlock"] == "0x2"
        assert len(history["baseFeePerGas"]) == 3
        assert history["gasUsedRatio"] == [0.0, 0.0]
        assert history["reward"] == [["0x0"], ["0x0"]]
        assert ask("eth_feeHistory", 10, "0x1")["oldestBlock"] == "0x0"


class TestRequests:
    def test_parts_are_taken_out(self) -> None:
        assert request_parts({"method": "m", "params": [1]}) == ("m", [1])
        assert request_parts({"method": "m"}) == ("m", [])

    @pytest.mark.parametrize(
        "request_", [None, [], "m", {}, {"method": 1}, {"method": "m", "params": {}}]
    )
    def test_anything_else_is_no_request(self, request_: Any) -> None:
        with pytest.raises(InvalidRequestError):
            request_parts(request_)

    def test_unforeseen_errors_keep_their_text(self) -> None:
        shown = error_of(ValueError("secret"))
        assert type(shown) is RpcError
        assert shown.as_object() == {"code": -32603, "message": "internal error"}
