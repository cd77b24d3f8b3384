"""Each fault does exactly what its name says, in front of a real chain."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from devnet.faults import (
    Fault,
    FaultProxy,
    bent,
    error,
    garbage,
    held_back,
    late,
    lost_answer,
    lost_request,
    reorganise,
    stale,
    twice,
    wrong_answer,
    wrong_chain,
)
from devnet.node import DevnetNode
from devnet.settings import DevnetSettings, Fund

SEND = "eth_sendRawTransaction"


@pytest.fixture
def node(tmp_path: Any, account: Any) -> Iterator[DevnetNode]:
    fund = Fund(bytes.fromhex(account.address[2:]), 10**24)
    with DevnetNode(DevnetSettings(directory=tmp_path, funds=(fund,), testing=True)) as running:
        yield running


@pytest.fixture
def proxy(node: DevnetNode) -> Iterator[FaultProxy]:
    with FaultProxy(node.endpoint.rpc_url) as standing:
        yield standing


def post(url: str, body: Any) -> Any:
    return requests.post(url, json=body, timeout=10).json()


def ask(url: str, method: str, *params: Any) -> Any:
    return post(url, {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})


def height(node: DevnetNode) -> int:
    return int(node.chain.head.block_number)


def raw(signed: Callable[..., bytes], nonce: int) -> str:
    return "0x" + signed(nonce).hex()


class TestOnTheWay:
    def test_without_a_fault_it_only_forwards(self, proxy: FaultProxy, node: DevnetNode) -> None:
        assert ask(proxy.rpc_url, "eth_chainId")["result"] == "0x7ab7"
        assert ask(proxy.rpc_url, "eth_nothing")["error"]["code"] == -32601
        assert proxy.struck == []
        assert proxy.forwarded == ["eth_chainId", "eth_nothing"]

    def test_a_lost_request_never_arrives(
        self, proxy: FaultProxy, node: DevnetNode, signed: Callable[..., bytes]
    ) -> None:
        proxy.inject(lost_request(SEND))
        with pytest.raises(requests.ConnectionError):
            ask(proxy.rpc_url, SEND, raw(signed, 0))
        assert height(node) == 0
        assert ask(proxy.rpc_url, "eth_blockNumber")["result"] == "0x0"

    def test_a_lost_answer_hides_what_was_done(
        self, proxy: FaultProxy, node: DevnetNode, signed: Callable[..., bytes]
    ) -> None:
        proxy.inject(lost_answer(SEND, times=1))
        with pytest.raises(requests.ConnectionError):
            ask(proxy.rpc_url, SEND, raw(signed, 0))
        assert height(node) == 1
        again = ask(proxy.rpc_url, SEND, raw(signed, 0))
        assert again["error"]["message"].startswith("nonce too low")
        assert proxy.struck == [(SEND, "lost-answer")]

    def test_a_late_request_arrives_late(self, proxy: FaultProxy) -> None:
        proxy.inject(late(0.3, "eth_chainId", times=1))
        began = time.monotonic()
        ask(proxy.rpc_url, "eth_chainId")
        assert time.monotonic() - began >= 0.3

    def test_twice_shows_the_second_answer(
        self, proxy: FaultProxy, node: DevnetNode, signed: Callable[..., bytes]
    ) -> None:
        proxy.inject(twice(SEND, times=1))
        again = ask(proxy.rpc_url, SEND, raw(signed, 0))
        assert again["error"]["message"].startswith("nonce too low")
        assert height(node) == 1

    def test_what_is_held_back_is_overtaken(
        self, proxy: FaultProxy, node: DevnetNode, signed: Callable[..., bytes]
    ) -> None:
        proxy.inject(held_back(SEND, times=1))
        answers: list[Any] = []
        first = threading.Thread(
            target=lambda: answers.append(ask(proxy.rpc_url, SEND, raw(signed, 1)))
        )
        first.start()
        proxy.wait_for(SEND)
        assert "result" in ask(proxy.rpc_url, SEND, raw(signed, 0))
        first.join()
        assert "result" in answers[0]
        assert height(node) == 2

    def test_errors_and_garbage_come_instead_of_an_answer(self, proxy: FaultProxy) -> None:
        proxy.inject(error("eth_call", number=-32005, message="limit exceeded"))
        told = {"code": -32005, "message": "limit exceeded"}
        assert ask(proxy.rpc_url, "eth_call", {})["error"] == told
        proxy.inject(garbage("eth_chainId", times=1))
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
        answer = requests.post(proxy.rpc_url, json=body, timeout=10)
        assert answer.status_code == 502
        assert answer.content.startswith(b"<html>")
        assert ask(proxy.rpc_url, "eth_chainId")["result"] == "0x7ab7"

    def test_chance_is_the_seeds(self, node: DevnetNode) -> None:
        def struck(seed: int) -> int:
            with FaultProxy(node.endpoint.rpc_url, seed=seed) as proxy:
                proxy.inject(error("eth_chainId", probability=0.5))
                for _ in range(40):
                    ask(proxy.rpc_url, "eth_chainId")
                return len(proxy.struck)

        assert 5 < struck(1) < 35
        assert struck(1) == struck(1)

    def test_down_is_unreachable_and_up_is_the_same_address(self, proxy: FaultProxy) -> None:
        address = proxy.rpc_url
        session = requests.Session()
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
        assert session.post(address, json=body, timeout=10).ok
        proxy.down()
        with pytest.raises(requests.ConnectionError):
            session.post(address, json=body, timeout=10)
        proxy.up()
        assert proxy.rpc_url == address
        assert session.post(address, json=body, timeout=10).ok

    def test_an_endpoint_that_is_gone_breaks_the_connection(self, proxy: FaultProxy) -> None:
        with FaultProxy(proxy.rpc_url) as before:
            proxy.down()
            with pytest.raises(requests.ConnectionError):
                ask(before.rpc_url, "eth_chainId")


class TestFalseAnswers:
    def test_a_stale_endpoint_knows_nothing_later(
        self, proxy: FaultProxy, node: DevnetNode, signed: Callable[..., bytes]
    ) -> None:
        ask(proxy.rpc_url, SEND, raw(signed, 0))
        proxy.inject(stale())
        landed = ask(proxy.rpc_url, SEND, raw(signed, 1))["result"]
        assert height(node) == 2
        sender = node.chain.block(1).transactions[0].sender.hex()
        asked = {
            "eth_blockNumber": ([], "0x1"),
            "eth_getTransactionReceipt": ([landed], None),
            "eth_getTransactionCount": (["0x" + sender, "latest"], "0x1"),
            "eth_getBlockByNumber": (["0x2", False], None),
            "eth_getLogs": ([{"fromBlock": "0x2", "toBlock": "0x9"}], []),
        }
        for method, (params, expected) in asked.items():
            assert ask(proxy.rpc_url, method, *params)["result"] == expected, method
        newest = ask(proxy.rpc_url, "eth_getBlockByNumber", "latest", False)["result"]
        assert newest["number"] == "0x1"
        later = ask(proxy.rpc_url, "eth_getBalance", "0x" + sender, "0x2")
        assert later["error"]["message"] == "header not found"
        proxy.heal()
        assert ask(proxy.rpc_url, "eth_blockNumber")["result"] == "0x2"

    def test_another_chain_is_claimed(self, proxy: FaultProxy) -> None:
        proxy.inject(wrong_chain(1))
        assert ask(proxy.rpc_url, "eth_chainId")["result"] == "0x1"
        assert ask(proxy.rpc_url, "net_version")["result"] == "1"

    def test_wrong_answers_keep_their_shape(self, proxy: FaultProxy) -> None:
        proxy.inject(wrong_answer("eth_getBalance", times=1))
        nobody = "0x" + "99" * 20
        assert ask(proxy.rpc_url, "eth_getBalance", nobody, "latest")["result"] == "0x1"
        assert ask(proxy.rpc_url, "eth_getBalance", nobody, "latest")["result"] == "0x0"
        proxy.inject(wrong_answer("eth_chainId", change=lambda *_: "0x5"))
        assert ask(proxy.rpc_url, "eth_chainId")["result"] == "0x5"

    def test_each_answer_of_a_batch_is_falsified_by_itself(self, proxy: FaultProxy) -> None:
        fault: Fault = wrong_chain(2)
        proxy.inject(fault)
        both = [
            {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []},
            {"jsonrpc": "2.0", "id": 2, "method": "eth_blockNumber", "params": []},
        ]
        assert [each["result"] for each in post(proxy.rpc_url, both)] == ["0x2", "0x0"]
        proxy.heal(fault)
        assert [each["result"] for each in post(proxy.rpc_url, both)] == ["0x7ab7", "0x0"]

    def test_bent_values_differ_everywhere(self) -> None:
        assert bent({"a": ["0x0", True, None], "b": "0xff"}) == {
            "a": ["0x1", False, None],
            "b": "0xfe",
        }


class TestReorganise:
    def test_blocks_are_replaced_by_others_of_the_same_number(
        self, proxy: FaultProxy, node: DevnetNode, signed: Callable[..., bytes]
    ) -> None:
        first = ask(proxy.rpc_url, SEND, raw(signed, 0))["result"]
        second = ask(proxy.rpc_url, SEND, raw(signed, 1))["result"]
        before = bytes(node.chain.block(2).hash)
        reorganise(proxy.rpc_url, 1)
        assert height(node) == 2
        assert bytes(node.chain.block(2).hash) != before
        assert ask(proxy.rpc_url, "eth_getTransactionReceipt", second)["result"] is None
        assert ask(proxy.rpc_url, "eth_getTransactionReceipt", first)["result"]["status"] == "0x1"
        reorganise(proxy.rpc_url, 2, [(signed(0), 1)])
        assert ask(proxy.rpc_url, "eth_getTransactionReceipt", first)["result"][
            "blockNumber"
        ] == "0x2"  # fmt: skip

    def test_a_chain_that_is_not_for_tests_refuses(self, tmp_path: Any) -> None:
        with (
            DevnetNode(DevnetSettings(directory=tmp_path / "other")) as plain,
            pytest.raises(RuntimeError, match="does not exist"),
        ):
            reorganise(plain.endpoint.rpc_url, 1)
