"""What a network is made of, against EIP-225."""

from __future__ import annotations

import json
from pathlib import Path

from devnet.clique import Validator, arguments, genesis, make_keys, peers_file, private_socket
from eth_account import Account

LOW, HIGH = "0x" + "0A" * 20, "0x" + "f0" * 20


def validator(directory: Path) -> Validator:
    return Validator(*make_keys(directory), 1, 2, 3)


class TestGenesis:
    def test_validators_stand_in_order_between_vanity_and_seal(self) -> None:
        made = genesis([HIGH, LOW], chain_id=5, period_seconds=2, balances_wei={HIGH: 16})
        extra = made["extradata"]
        assert extra == "0x" + "00" * 32 + "0a" * 20 + "f0" * 20 + "00" * 65
        assert made["config"]["clique"] == {"period": 2, "epoch": 30_000}
        assert made["config"]["chainId"] == 5
        assert made["alloc"] == {"f0" * 20: {"balance": "0x10"}}

    def test_rules_end_with_london_and_gas_is_free(self) -> None:
        made = genesis([LOW], chain_id=5, period_seconds=1, balances_wei={})
        assert made["config"]["londonBlock"] == 0
        assert not {"shanghaiTime", "terminalTotalDifficulty"} & made["config"].keys()
        assert made["baseFeePerGas"] == "0x0"


class TestKeys:
    def test_the_account_opens_with_the_password_beside_it(self, tmp_path: Path) -> None:
        address, peer_key = make_keys(tmp_path)
        (stored,) = (tmp_path / "keystore").iterdir()
        password = (tmp_path / "password").read_text()
        key = Account.decrypt(json.loads(stored.read_text()), password)
        assert Account.from_key(key).address == address
        assert len(bytes.fromhex(peer_key)) == 64

    def test_peers_know_each_other_by_key_and_port(self, tmp_path: Path) -> None:
        first, second = (validator(tmp_path / name) for name in "ab")
        text = peers_file([first, second])
        for each in (first, second):
            assert f'"enode://{each.peer_key}@127.0.0.1:1?discport=0"' in text


class TestArguments:
    def test_all_ports_are_its_own_and_all_is_on_loopback(self, tmp_path: Path) -> None:
        given = arguments(tmp_path, validator(tmp_path), chain_id=7)
        assert {"--port=1", "--authrpc.port=2", "--http.port=3", "--networkid=7"} <= set(given)
        assert {"--http.addr=127.0.0.1", "--nodiscover", "--nat=none"} <= set(given)
        assert "--mine" not in given  # it begins once it has met its peers

    def test_orders_go_through_a_private_socket_with_a_short_name(self, tmp_path: Path) -> None:
        deep = tmp_path / ("x" * 120)
        path = private_socket(deep)
        assert len(str(path)) < 104
        assert path.parent.stat().st_mode & 0o077 == 0
        assert path != private_socket(tmp_path)
