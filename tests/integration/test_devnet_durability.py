"""The chain on disk: restarts, kill -9 in the middle of sending, two processes, growth."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from devnet.directory import running_endpoint
from devnet.errors import DirectoryInUseError, StartError
from devnet.process import DevnetProcess, stop_running
from devnet.settings import DevnetSettings, Fund
from eth_account import Account

ACCOUNT = Account.from_key(b"\x08" * 32)
FUND = Fund(bytes.fromhex(ACCOUNT.address[2:]), 10**24)
TARGET = "0x" + "11" * 20


class Client:
    """A raw JSON-RPC client with one kept connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def ask(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return self.session.post(self.url, json=body, timeout=30).json()

    def result(self, method: str, *params: Any) -> Any:
        answer = self.ask(method, *params)
        assert "error" not in answer, answer
        return answer["result"]

    def close(self) -> None:
        self.session.close()


@pytest.fixture
def settings(tmp_path: Path) -> DevnetSettings:
    return DevnetSettings(tmp_path, funds=(FUND,))


@pytest.fixture
def devnet(settings: DevnetSettings) -> Iterator[DevnetProcess]:
    with DevnetProcess(settings) as running:
        yield running


def transfer(nonce: int) -> str:
    fields = {
        "chainId": 31415, "nonce": nonce, "gas": 21_000, "gasPrice": 10**9,
        "to": TARGET, "value": 1,
    }  # fmt: skip
    return "0x" + bytes(ACCOUNT.sign_transaction(fields).raw_transaction).hex()


class TestRestart:
    def test_everything_is_there_after_a_restart(self, settings: DevnetSettings) -> None:
        dated = DevnetSettings(settings.directory, funds=(FUND,), as_of=date(2026, 9, 15))
        # init code that leaves the single byte 0x00 (STOP) as the contract
        fields = {"chainId": 31415, "nonce": 0, "gas": 100_000, "gasPrice": 10**9}
        creation = ACCOUNT.sign_transaction({**fields, "data": "0x60016000f3"})
        with DevnetProcess(dated) as first:
            client = Client(first.rpc_url)
            created = client.result(
                "eth_sendRawTransaction", "0x" + bytes(creation.raw_transaction).hex()
            )
            for nonce in range(1, 6):
                client.result("eth_sendRawTransaction", transfer(nonce))
            questions = self.questions(client, created)
            before = [client.result(*question) for question in questions]
            client.close()
            endpoint = first.endpoint
        with DevnetProcess(dated) as second:
            client = Client(second.rpc_url)
            assert [client.result(*question) for question in questions] == before
            client.close()
            assert second.endpoint.port == endpoint.port, "a restart keeps its address"
            assert second.endpoint.offset_seconds == endpoint.offset_seconds
            assert second.endpoint.genesis_hash == endpoint.genesis_hash
        born = datetime.fromtimestamp(int(before[0]["timestamp"], 16), UTC)
        assert born.date() == date(2026, 9, 15)
        assert before[3] == "0x00"
        assert before[2] == "0x5"

    def questions(self, client: Client, created: str) -> list[tuple[Any, ...]]:
        address = client.result("eth_getTransactionReceipt", created)["contractAddress"]
        return [
            ("eth_getBlockByNumber", "latest", True),
            ("eth_getBalance", ACCOUNT.address, "latest"),
            ("eth_getBalance", TARGET, "latest"),
            ("eth_getCode", address, "latest"),
            ("eth_getTransactionReceipt", created),
            ("eth_getTransactionCount", ACCOUNT.address, "latest"),
        ]

    def test_a_stopped_chain_leaves_one_file(self, settings: DevnetSettings) -> None:
        with DevnetProcess(settings):
            pass
        names = {each.name for each in settings.directory.iterdir()}
        assert names == {"chain.sqlite", "devnet.json", "devnet.lock", "devnet.log"}


class TestKill:
    ROUNDS = 4

    def test_no_acknowledged_transaction_is_lost(self, settings: DevnetSettings) -> None:
        chance = random.Random(20260915)
        acknowledged: list[str] = []
        for _ in range(self.ROUNDS):
            process = DevnetProcess(settings)
            process.start()
            client = Client(process.rpc_url)
            self.check(client, acknowledged)
            killer = threading.Timer(chance.uniform(0.15, 0.5), process.kill)
            killer.start()
            self.send_until_cut_off(client, acknowledged)
            killer.join()
        assert len(acknowledged) > 2 * self.ROUNDS, "the kills came before anything was sent"
        with DevnetProcess(settings) as last:
            self.check(Client(last.rpc_url), acknowledged)

    def send_until_cut_off(self, client: Client, acknowledged: list[str]) -> None:
        nonce = int(client.result("eth_getTransactionCount", ACCOUNT.address, "latest"), 16)
        while True:
            try:
                answer = client.ask("eth_sendRawTransaction", transfer(nonce))
            except (requests.RequestException, json.JSONDecodeError):
                client.close()
                return
            acknowledged.append(answer["result"])
            nonce += 1

    def check(self, client: Client, acknowledged: list[str]) -> None:
        """Each acknowledged transaction is mined once; at most the cut-off ones come on top."""
        height = int(client.result("eth_blockNumber"), 16)
        mined: list[str] = []
        parent = None
        for number in range(height + 1):
            block = client.result("eth_getBlockByNumber", hex(number), False)
            assert parent in (None, block["parentHash"])
            parent = block["hash"]
            mined += block["transactions"]
        assert len(set(mined)) == len(mined) == height
        assert set(acknowledged) <= set(mined)
        assert len(mined) - len(acknowledged) <= self.ROUNDS
        assert int(client.result("eth_getBalance", TARGET, "latest"), 16) == height
        for each in acknowledged[-3:]:
            assert client.result("eth_getTransactionReceipt", each)["status"] == "0x1"
        acknowledged[:] = mined


class TestTwoProcesses:
    def test_a_second_process_is_refused(self, devnet: DevnetProcess) -> None:
        directory = devnet.settings.directory
        with pytest.raises(DirectoryInUseError) as refused:
            DevnetProcess(devnet.settings).start()
        assert refused.value.pid == devnet.endpoint.pid
        command = [sys.executable, "-m", "devnet", "--directory", str(directory)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert second.returncode == 1
        assert json.loads(second.stderr)["event"] == "devnet-directory-in-use"
        assert running_endpoint(directory) == devnet.endpoint, "the first one is undisturbed"

    def test_many_senders_at_once_get_a_block_each(self, devnet: DevnetProcess) -> None:
        accounts = [Account.from_key(bytes([number]) * 32) for number in range(1, 5)]
        client = Client(devnet.rpc_url)
        for nonce, account in enumerate(accounts):
            fields = {
                "chainId": 31415, "nonce": nonce, "gas": 21_000, "gasPrice": 10**9,
                "to": account.address, "value": 10**18,
            }  # fmt: skip
            signed = ACCOUNT.sign_transaction(fields)
            client.result("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())

        def send_ten(account: Any) -> None:
            own = Client(devnet.rpc_url)
            for nonce in range(10):
                fields = {
                    "chainId": 31415, "nonce": nonce, "gas": 21_000, "gasPrice": 10**9,
                    "to": TARGET, "value": 1,
                }  # fmt: skip
                signed = account.sign_transaction(fields)
                own.result("eth_sendRawTransaction", "0x" + bytes(signed.raw_transaction).hex())
            own.close()

        threads = [threading.Thread(target=send_ten, args=(each,)) for each in accounts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.result("eth_blockNumber") == hex(4 + 40)
        assert client.result("eth_getBalance", TARGET, "latest") == hex(40)
        head = client.result("eth_getBlockByNumber", "latest", False)
        assert int(head["timestamp"], 16) <= time.time() + 1, "the chain does not run ahead"
        client.close()


class TestProcess:
    def test_a_failed_start_shows_why(self, tmp_path: Path) -> None:
        (tmp_path / "chain.sqlite").write_bytes(b"this is no database at all" * 100)
        with pytest.raises(StartError) as refused:
            DevnetProcess(DevnetSettings(tmp_path)).start()
        assert "devnet-corrupt" in refused.value.log_tail

    def test_a_detached_chain_is_found_and_stopped(self, settings: DevnetSettings) -> None:
        started = DevnetProcess(settings, detached=True).start()
        assert running_endpoint(settings.directory) == started
        assert stop_running(settings.directory)
        assert running_endpoint(settings.directory) is None
        assert not stop_running(settings.directory)

    def test_it_goes_when_its_parent_goes(self, settings: DevnetSettings) -> None:
        script = (
            "import os, sys, pathlib\n"
            "from devnet.process import DevnetProcess\n"
            "from devnet.settings import DevnetSettings\n"
            "DevnetProcess(DevnetSettings(pathlib.Path(sys.argv[1]))).start()\n"
            "os._exit(0)\n"
        )
        command = [sys.executable, "-c", script, str(settings.directory)]
        subprocess.run(command, timeout=30, check=True)
        deadline = time.monotonic() + 10
        while running_endpoint(settings.directory) is not None:
            assert time.monotonic() < deadline, "the chain outlived its parent"
            time.sleep(0.05)

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_stops_cleanly_when_asked(self, tmp_path: Path, number: signal.Signals) -> None:
        ready = tmp_path / "ready.json"
        command = [
            sys.executable, "-m", "devnet", "--directory", str(tmp_path / "chain"),
            "--chain-id", "5", "--fund", str(FUND), "--ready-file", str(ready),
        ]  # fmt: skip
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while not ready.exists():
            assert process.poll() is None
            time.sleep(0.02)
        assert json.loads(ready.read_text(encoding="utf-8"))["chain_id"] == 5
        process.send_signal(number)
        _, log = process.communicate(timeout=20)
        assert process.returncode == 0
        events = [json.loads(line)["event"] for line in log.splitlines()]
        assert events == ["ready", "stopping", "stopped"]

    @pytest.mark.parametrize("host", ["0.0.0.0", "::"])
    def test_it_listens_nowhere_but_on_loopback(self, tmp_path: Path, host: str) -> None:
        command = [sys.executable, "-m", "devnet", "--directory", str(tmp_path), "--host", host]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert refused.returncode == 1
        assert "loopback only" in json.loads(refused.stderr)["reason"]
