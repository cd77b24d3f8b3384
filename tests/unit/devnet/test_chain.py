from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import rlp
from devnet.chain import LocalChain
from devnet.errors import BirthMismatchError, CorruptChainError, TransactionRefusedError
from devnet.settings import DevnetSettings, Fund

Sign = Callable[..., bytes]


def refusal(chain: LocalChain, raw: bytes) -> str:
    head = chain.head.hash
    with pytest.raises(TransactionRefusedError) as refused:
        chain.send_raw(raw)
    assert chain.head.hash == head, "a refused transaction must leave the chain as it was"
    assert refused.value.number == -32000
    return refused.value.message


class TestMining:
    def test_each_transaction_gets_a_block_of_its_own(
        self, chain: LocalChain, signed: Sign
    ) -> None:
        hashes = [chain.send_raw(signed(nonce)) for nonce in range(3)]
        assert chain.head.block_number == 3
        for number, each in enumerate(hashes, start=1):
            block = chain.evm.get_canonical_block_by_number(number)
            assert [transaction.hash for transaction in block.transactions] == [each]

    def test_typed_and_legacy_transactions_are_both_taken(
        self, chain: LocalChain, signed: Sign
    ) -> None:
        chain.send_raw(signed(0))
        fees = {"gasPrice": None, "maxFeePerGas": 2 * 10**9, "maxPriorityFeePerGas": 1}
        chain.send_raw(signed(1, **fees))
        chain.send_raw(signed(2, accessList=[], gasPrice=2 * 10**9))
        assert chain.head.block_number == 3

    def test_nothing_is_minted(self, chain: LocalChain, signed: Sign) -> None:
        chain.send_raw(signed(0))
        chain.mine_empty()
        assert chain.evm.get_vm().state.get_balance(bytes(20)) == 2 * 10**9 * 21_000 - _burnt(chain)

    def test_a_failed_block_can_be_sent_again(
        self, chain: LocalChain, signed: Sign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(chain.store.node_data, "flush", _disk_full)
            with pytest.raises(sqlite3.OperationalError):
                chain.send_raw(signed(0))
        assert chain.head.block_number == 0
        chain.send_raw(signed(0))
        assert chain.head.block_number == 1


def _burnt(chain: LocalChain) -> int:
    header = chain.evm.get_canonical_block_header_by_number(1)
    assert header.base_fee_per_gas == 875_000_000  # EIP-1559: 1 gwei less an eighth
    return int(header.base_fee_per_gas) * 21_000


def _disk_full() -> None:
    raise sqlite3.OperationalError("database or disk is full")


class TestRefusals:
    def test_the_same_transaction_is_never_mined_twice(
        self, chain: LocalChain, signed: Sign
    ) -> None:
        chain.send_raw(signed(0))
        assert refusal(chain, signed(0)) == "nonce too low: next nonce 1, tx nonce 0"
        assert refusal(chain, signed(0, value=2)).startswith("nonce too low")

    def test_a_gap_in_the_nonces_is_not_queued(self, chain: LocalChain, signed: Sign) -> None:
        assert refusal(chain, signed(1)).startswith("nonce too high: next nonce 0, tx nonce 1")

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"chainId": 1}, "invalid sender: signed for chain 1, this is 31415"),
            ({"chainId": None}, "only replay-protected (EIP-155) transactions allowed over RPC"),
            ({"gas": 30_000_001}, "exceeds block gas limit"),
            ({"gas": 20_999}, "intrinsic gas too low: gas 20999, minimum needed 21000"),
            ({"gasPrice": 0}, "max fee per gas less than block base fee: maxFeePerGas: 0, baseFee: 875000000"),
            ({"value": 10**24}, "insufficient funds for gas * price + value: balance 1000000000000000000000000, tx cost 1000000000042000000000000, overshot 42000000000000"),
            ({"gasPrice": None, "maxFeePerGas": 10**9, "maxPriorityFeePerGas": 10**9 + 1},
             "max priority fee per gas higher than max fee per gas"),
            ({"data": "0x" + "00" * 131_072, "gas": 10**6},
             "oversized data: transaction size 131181, limit 131072"),
        ],
    )  # fmt: skip
    def test_what_a_network_refuses_is_refused_in_its_words(
        self, chain: LocalChain, signed: Sign, fields: dict[str, Any], message: str
    ) -> None:
        assert refusal(chain, signed(0, **fields)) == message

    @pytest.mark.parametrize("raw", [b"", b"\xc0", b"\x80", b"\x02", b"\x02\xc0", b"\xf8\x01"])
    def test_unreadable_bytes_are_refused(self, chain: LocalChain, raw: bytes) -> None:
        assert refusal(chain, raw) == "rlp: not a signed transaction"

    @pytest.mark.parametrize("kind", [3, 4])
    def test_transaction_types_after_london_are_refused(self, chain: LocalChain, kind: int) -> None:
        assert refusal(chain, bytes([kind]) + b"\xc0") == "transaction type not supported"

    def test_a_broken_signature_is_refused(self, chain: LocalChain, signed: Sign) -> None:
        raw = bytearray(signed(0))
        raw[-65:-33] = b"\xff" * 32
        assert refusal(chain, bytes(raw)) == "invalid sender"

    def test_the_mirror_image_of_a_signature_is_refused(
        self, chain: LocalChain, signed: Sign
    ) -> None:
        order = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
        *fields, v, r, s = rlp.decode(signed(0))
        other_v = ((int.from_bytes(v, "big") - 35) ^ 1) + 35
        other_s = order - int.from_bytes(s, "big")  # EIP-2 allows the lower half only
        mirrored = [*fields, other_v.to_bytes(2, "big"), r, other_s.to_bytes(32, "big")]
        assert refusal(chain, rlp.encode(mirrored)) == "invalid transaction"


class TestClock:
    def test_many_blocks_in_a_second_do_not_run_ahead(
        self, chain: LocalChain, signed: Sign, clock: Any
    ) -> None:
        for nonce in range(5):
            chain.send_raw(signed(nonce))
        assert chain.head.timestamp == int(clock().timestamp())
        clock.advance(60)
        chain.mine_empty()
        assert chain.head.timestamp == int(clock().timestamp())

    def test_time_never_goes_back(self, chain: LocalChain, signed: Sign, clock: Any) -> None:
        chain.send_raw(signed(0))
        before = chain.head.timestamp
        clock.advance(-3600)
        chain.send_raw(signed(1))
        assert chain.head.timestamp == before

    def test_the_offset_of_birth_is_kept(
        self, settings: DevnetSettings, clock: Any, signed: Sign
    ) -> None:
        dated = replace(settings, as_of=date(2026, 9, 15))
        born = LocalChain.open(dated, clock)
        assert born.head.timestamp == 1789434000  # 2026-09-15T01:00:00Z
        born.close()
        clock.advance(86_400)
        again = LocalChain.open(dated, clock)
        again.send_raw(signed(0))
        assert again.head.timestamp == 1789434000 + 86_400
        again.close()


class TestOpening:
    def test_the_chain_comes_back_as_it_was(
        self, settings: DevnetSettings, clock: Any, signed: Sign
    ) -> None:
        first = LocalChain.open(settings, clock)
        for nonce in range(4):
            first.send_raw(signed(nonce))
        head, genesis = first.head.hash, first.genesis_hash
        first.close()
        second = LocalChain.open(DevnetSettings(settings.directory), clock)
        assert (second.head.hash, second.genesis_hash) == (head, genesis)
        second.send_raw(signed(4))
        assert second.head.parent_hash == head
        second.close()

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("chain_id", 1), ("as_of", date(2026, 9, 15)), ("gas_limit", 10**7),
            ("base_fee_wei", 0), ("funds", (Fund(b"\x02" * 20, 5),)),
        ],
    )  # fmt: skip
    def test_other_settings_of_birth_are_refused(
        self, settings: DevnetSettings, clock: Any, setting: str, value: Any
    ) -> None:
        LocalChain.open(settings, clock).close()
        changed: dict[str, Any] = {setting: value}
        with pytest.raises(BirthMismatchError) as refused:
            LocalChain.open(replace(settings, **changed), clock)
        assert refused.value.setting == setting

    def test_an_index_behind_its_blocks_is_found(
        self, settings: DevnetSettings, clock: Any, signed: Sign, tmp_path: Path
    ) -> None:
        chain = LocalChain.open(settings, clock)
        chain.send_raw(signed(0))
        chain.close()
        tampered = sqlite3.connect(tmp_path / "chain.sqlite")
        tampered.execute("DELETE FROM block WHERE number = 1")
        tampered.commit()
        tampered.close()
        with pytest.raises(CorruptChainError):
            LocalChain.open(settings, clock)

    def test_a_free_network_takes_senders_without_money(
        self, tmp_path: Path, clock: Any, signed: Sign
    ) -> None:
        chain = LocalChain.open(DevnetSettings(tmp_path, base_fee_wei=0), clock)
        chain.send_raw(signed(0, gasPrice=0, value=0))
        assert chain.head.base_fee_per_gas == 0
        chain.close()
