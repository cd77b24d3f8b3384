"""anvil in the embedded chain's place: started, found, stopped alike; its clock and state go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from devnet import programs
from devnet.client import ask
from devnet.directory import running_endpoint
from devnet.errors import BirthMismatchError, SettingsError, StartError
from devnet.faults import reorganise
from devnet.process import DevnetProcess, stop_running
from devnet.settings import ANVIL, EMBEDDED, DevnetSettings
from devnet.traffic import Client, fund, signed

pytestmark = pytest.mark.timeout(300)  # the first run on a machine fetches anvil

CHAIN_ID = 31_415
NINE_IN_BEIJING = 1_789_434_000  # 2026-09-15T01:00:00Z
HASHES_ONLY = False


def block(url: str, number: str = "latest") -> dict[str, Any]:
    return dict(ask(url, "eth_getBlockByNumber", number, HASHES_ONLY))


class TestOneDirectory:
    def test_state_clock_and_address_go_on(self, tmp_path: Path) -> None:
        born = DevnetSettings(
            tmp_path, engine=ANVIL, as_of=date(2026, 9, 15), base_fee_wei=0, funds=(fund(),)
        )
        with DevnetProcess(born) as process:
            first = process.endpoint
            client = Client(first.rpc_url)
            receipt = client.wait(client.send(signed(CHAIN_ID, 0, 1)[0]))
            shown = int(block(first.rpc_url)["timestamp"], 16)
            assert NINE_IN_BEIJING <= shown < NINE_IN_BEIJING + 60
            assert block(first.rpc_url)["baseFeePerGas"] == "0x0"
        time.sleep(3)
        with DevnetProcess(DevnetSettings(tmp_path)) as process:  # what the directory holds decides
            assert process.rpc_url == first.rpc_url
            found = ask(process.rpc_url, "eth_getTransactionReceipt", receipt["transactionHash"])
            assert found["blockHash"] == receipt["blockHash"]
            height = int(block(process.rpc_url)["number"], 16)
            while int(block(process.rpc_url)["number"], 16) == height:
                time.sleep(0.1)
            behind = (
                time.time() + first.offset_seconds - int(block(process.rpc_url)["timestamp"], 16)
            )
            assert abs(behind) < 2.5  # the seconds while it was stopped have passed

    def test_it_is_found_and_stopped_like_the_embedded_chain(self, tmp_path: Path) -> None:
        settings = DevnetSettings(tmp_path, engine=ANVIL, block_seconds=0)
        DevnetProcess(settings, detached=True).start()
        endpoint = running_endpoint(tmp_path)
        assert endpoint is not None
        assert "anvil" in ask(endpoint.rpc_url, "web3_clientVersion")
        assert stop_running(tmp_path)
        assert running_endpoint(tmp_path) is None

    @pytest.mark.parametrize(("first", "second"), [(EMBEDDED, ANVIL), (ANVIL, EMBEDDED)])
    def test_a_directory_keeps_its_engine(self, tmp_path: Path, first: str, second: str) -> None:
        with DevnetProcess(DevnetSettings(tmp_path, engine=first)):
            pass
        with pytest.raises(StartError, match=f"born with engine {first}, not {second}"):
            DevnetProcess(DevnetSettings(tmp_path, engine=second)).start()

    def test_birth_settings_cannot_change(self, tmp_path: Path) -> None:
        with DevnetProcess(DevnetSettings(tmp_path, engine=ANVIL, base_fee_wei=0)):
            pass
        with pytest.raises(StartError, match="born with base_fee_wei 0, not 7"):
            DevnetProcess(DevnetSettings(tmp_path, engine=ANVIL, base_fee_wei=7)).start()
        assert BirthMismatchError("engine", "a", "b").kept == "a"

    def test_block_time_belongs_to_anvil(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="block_seconds"):
            DevnetSettings(tmp_path, block_seconds=1)
        with pytest.raises(SettingsError, match="engine"):
            DevnetSettings(tmp_path, engine="hardhat")


class TestReorganisation:
    def test_it_replaces_blocks_as_the_embedded_chain_does(self, tmp_path: Path) -> None:
        settings = DevnetSettings(
            tmp_path, engine=ANVIL, block_seconds=0, base_fee_wei=0, funds=(fund(),)
        )
        with DevnetProcess(settings) as process:
            client = Client(process.rpc_url)
            raws = signed(CHAIN_ID, 0, 2)
            first, second = (client.wait(client.send(raw)) for raw in raws)
            reorganise(process.rpc_url, 1)
            assert client.ask("eth_blockNumber") == second["blockNumber"]
            assert block(process.rpc_url, second["blockNumber"])["hash"] != second["blockHash"]
            assert block(process.rpc_url, first["blockNumber"])["hash"] == first["blockHash"]
            with pytest.raises(RuntimeError):
                reorganise(process.rpc_url, 1_000)


class TestPrograms:
    def test_a_program_of_ones_own_is_used(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        named: dict[str, Callable[[], Path]] = {
            "ANVIL_BINARY": programs.anvil, "CAST_BINARY": programs.cast, "GETH_BINARY": programs.geth,
        }  # fmt: skip
        for variable, find in named.items():
            monkeypatch.setenv(variable, str(tmp_path / "mine"))
            assert find() == tmp_path / "mine"

    def test_what_was_fetched_is_found_again(self) -> None:
        assert programs.anvil() == programs.anvil()
        assert programs.cast().name == "cast"
