"""What counts as final, told from headers that py-evm's own clique code signed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth.consensus.clique._utils import get_block_signer, sign_block_header
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth_keys.datatypes import PrivateKey

from ledger.chain.connection import Block
from ledger.chain.finality import Finality, SealMemory, open_header
from ledger.errors import BlockSignerError, ChainUnavailableError, SettingsError

KEYS = [PrivateKey(bytes([number]) * 32) for number in range(1, 6)]
NAMES = [key.public_key.to_checksum_address() for key in KEYS]
VANITY = bytes(32)
SEAL = bytes(65)


def as_json(header: Any) -> dict[str, Any]:
    """A header as JSON-RPC spells it (execution-apis, Block)."""

    def data(value: bytes) -> str:
        return "0x" + value.hex()

    return {
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "sha3Uncles": data(header.uncles_hash),
        "miner": data(header.coinbase),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
        "difficulty": hex(header.difficulty),
        "number": hex(header.block_number),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "timestamp": hex(header.timestamp),
        "extraData": data(header.extra_data),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "baseFeePerGas": hex(header.base_fee_per_gas),
    }


class Clique:
    """A chain of headers, each signed by the validator that is named; answers like an endpoint."""

    endpoint = "http://clique.example"

    def __init__(self, signers: list[int], *, salt: int = 0) -> None:
        first = LondonBlockHeader(
            difficulty=1, block_number=0, gas_limit=30_000_000, timestamp=1_700_000_000,
            extra_data=VANITY + b"".join(key.public_key.to_canonical_address() for key in KEYS) + SEAL,
            base_fee_per_gas=7,
        )  # fmt: skip
        self.headers = [first]
        self.asked = 0
        for signer in signers:
            self.add(signer, salt)

    def add(self, signer: int, salt: int = 0) -> None:
        parent = self.headers[-1]
        number = parent.block_number + 1
        bare = LondonBlockHeader(
            difficulty=2 if number % len(KEYS) == signer else 1, block_number=number,
            gas_limit=30_000_000, timestamp=parent.timestamp + 1, parent_hash=parent.hash,
            gas_used=salt, extra_data=VANITY + SEAL, base_fee_per_gas=7,
        )  # fmt: skip
        signed = sign_block_header(bare, KEYS[signer])
        assert get_block_signer(signed) == KEYS[signer].public_key.to_canonical_address()
        self.headers.append(signed)

    def block(self, at: int | str | None = None) -> Block:
        header = self.headers[-1 if at is None else int(at)]
        parent = "0x" + header.parent_hash.hex()
        return Block(header.block_number, "0x" + header.hash.hex(), header.timestamp, parent)

    def header(self, number: int) -> dict[str, Any]:
        self.asked += 1
        return as_json(self.headers[number])


def signers(count: int = 5, **more: Any) -> Finality:
    return Finality("signers", validators=count, **more)


class TestRules:
    def test_immediate_takes_the_newest_block(self):
        assert Finality().final_block(Clique([0, 1, 2])).number == 3

    @pytest.mark.parametrize(("blocks", "final"), [(1, 4), (3, 2), (5, 0), (99, 0)])
    def test_depth_leaves_so_many_blocks_above(self, blocks, final):
        chain = Clique([0, 1, 2, 3, 4])
        assert Finality.after(blocks).final_block(chain) == chain.block(final)

    @pytest.mark.parametrize(
        ("order", "final"),
        [
            ([0, 1, 2], 0),  # of five, three others must have built on it: nobody's yet
            ([0, 1, 2, 3], 1),
            ([0, 1, 2, 3, 4], 2),
            ([0, 1, 2, 1, 2, 1, 2], 0),  # two validators alone never make it
            ([0, 1, 2, 1, 2, 1, 2, 4], 5),  # one more does, for what all three stand on
            ([0, 1, 2, 3, 3, 3], 1),
        ],
    )
    def test_signers_wants_different_validators_above(self, order, final):
        chain = Clique(order)
        assert signers().final_block(chain) == chain.block(final)

    @pytest.mark.parametrize(("validators", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
    def test_more_than_half_is_needed(self, validators, needed):
        rule = signers(validators)
        assert rule.signers_needed == needed
        chain = Clique([number % validators for number in range(12)])
        assert rule.final_block(chain).number == 12 - needed

    def test_reorg_depth_holds_back_what_the_rule_would_take(self):
        chain = Clique([number % 5 for number in range(12)])
        assert signers(reorg_depth=7).final_block(chain) == chain.block(5)
        assert Finality("depth", blocks=2, reorg_depth=7).final_block(chain) == chain.block(5)

    def test_an_empty_chain_has_its_first_block(self):
        chain = Clique([])
        for rule in (Finality(), Finality.after(3), signers()):
            assert rule.final_block(chain) == chain.block(0)


class TestHeaders:
    def test_the_signer_is_recovered(self):
        chain = Clique([2, 4])
        assert [open_header(chain.header(number)).signer for number in (1, 2)] == [
            NAMES[2],
            NAMES[4],
        ]

    @pytest.mark.parametrize(
        "field", ["parentHash", "stateRoot", "number", "extraData", "gasUsed", "baseFeePerGas"]
    )
    def test_a_changed_field_does_not_give_the_hash(self, field):
        header = Clique([2]).header(1)
        last = "1" if header[field][-1] == "0" else "0"
        header[field] = header[field][:-1] + last
        with pytest.raises(BlockSignerError) as refused:
            open_header(header)
        assert refused.value.reason == "its fields do not give its hash"

    def test_a_header_without_a_seal_is_refused(self):
        chain = Clique([])
        short = chain.headers[0].copy(extra_data=b"short", block_number=9)
        with pytest.raises(BlockSignerError) as refused:
            open_header(as_json(short))
        assert (refused.value.block, refused.value.reason) == (9, "it carries no signature")

    def test_a_seal_that_is_no_signature_is_refused(self):
        broken = Clique([1]).headers[1].copy(extra_data=VANITY + b"\xff" * 65)
        with pytest.raises(BlockSignerError) as refused:
            open_header(as_json(broken))
        assert refused.value.reason == "its signature is none"

    def test_a_signer_who_is_no_validator_is_refused(self):
        chain = Clique([0, 1, 2, 4, 0, 1])
        rule = signers(4, signers=tuple(NAMES[:4]))
        with pytest.raises(BlockSignerError) as refused:
            rule.final_block(chain)
        assert (refused.value.block, refused.value.reason) == (4, "its signer is no validator")
        assert replace(rule, validators=5, signers=tuple(NAMES)).final_block(chain).number == 3


class TestWalk:
    def test_headers_are_asked_for_once(self):
        chain, memory = Clique([0, 1, 2, 3, 4]), SealMemory()
        signers().final_block(chain, memory)
        before = chain.asked
        assert signers().final_block(chain, memory).number == 2
        assert chain.asked == before
        chain.add(0)
        assert signers().final_block(chain, memory).number == 3
        assert chain.asked == before + 1

    def test_the_memory_lets_the_oldest_go(self):
        memory = SealMemory(capacity=2)
        headers = [open_header(Clique([0, 1, 2]).header(number)) for number in (1, 2, 3)]
        for header in headers:
            memory.keep(header)
        assert [memory.find(each.block.hash) for each in headers] == [None, *headers[1:]]

    def test_a_chain_that_is_replaced_meanwhile_is_walked_anew(self):
        chain, other = Clique([0, 1, 2, 3, 4]), Clique([0, 1, 2, 3, 4, 0], salt=1)

        class Replaced(Clique):
            def header(self, number: int) -> dict[str, Any]:
                self.headers = other.headers
                return super().header(number)

        moving = Replaced([])
        moving.headers = chain.headers
        assert signers().final_block(moving) == other.block(3)

    def test_one_that_never_stands_still_is_out_of_reach(self):
        class Restless(Clique):
            def header(self, number: int) -> dict[str, Any]:
                return super().header(number) | {"hash": "0x" + "00" * 32}

        with pytest.raises(ChainUnavailableError) as refused:
            signers().final_block(Restless([0, 1, 2, 3]))
        assert refused.value.reason == "the chain is being reorganised"


class TestManifestPart:
    @pytest.mark.parametrize(
        "rule",
        [
            Finality(),
            Finality.after(12),
            signers(4),
            signers(5, signers=tuple(NAMES), reorg_depth=8),
        ],
    )
    def test_what_is_written_is_read(self, rule):
        assert Finality.from_json(rule.to_json()) == rule

    def test_an_older_manifest_names_confirmations(self):
        assert Finality.from_json({"confirmations": 0}) == Finality()
        assert Finality.from_json({"confirmations": 6}) == Finality("depth", blocks=6)

    @pytest.mark.parametrize(
        "parts",
        [
            {"rule": "hope"},
            {"rule": "depth"},
            {"rule": "depth", "blocks": -1},
            {"rule": "immediate", "blocks": 2},
            {"rule": "immediate", "reorg_depth": 2},
            {"rule": "signers"},
            {"rule": "signers", "validators": 4, "blocks": 1},
            {"rule": "signers", "validators": 2, "signers": [NAMES[0], NAMES[0]]},
            {"rule": "signers", "validators": 1, "signers": ["0x12"]},
        ],
    )
    def test_parts_that_do_not_fit_are_refused(self, parts):
        with pytest.raises(SettingsError) as refused:
            Finality.from_json(parts)
        assert refused.value.setting == "finality"


class TestHeadersOfGeth:
    """Blocks that four geth validators made."""

    @pytest.fixture
    def vector(self) -> dict[str, Any]:
        path = Path(__file__).parents[3] / "vectors" / "finality" / "geth_clique.json"
        return dict(json.loads(path.read_text("utf-8")))

    def test_each_is_signed_by_one_of_its_validators(self, vector):
        opened = [open_header(header) for header in vector["headers"][1:]]
        assert {each.signer for each in opened} <= set(vector["validators"])
        parents = [each.block.parent_hash for each in opened[1:]]
        assert parents == [each.block.hash for each in opened[:-1]]

    def test_the_first_block_carries_no_signature_of_anybody(self, vector):
        header = vector["headers"][0]
        assert header["extraData"].endswith("00" * 65)
        with pytest.raises(BlockSignerError) as refused:
            open_header(header)
        assert refused.value.reason == "its signature is none"

    def test_three_of_four_must_have_built_on_the_final_one(self, vector):
        class Recorded:
            endpoint = "http://recorded.example"

            def block(self, at: int | str | None = None) -> Block:
                header = vector["headers"][-1 if at is None else int(at)]
                time = int(header["timestamp"], 16)
                return Block(int(header["number"], 16), header["hash"], time, header["parentHash"])

            def header(self, number: int) -> dict[str, Any]:
                return dict(vector["headers"][number])

        rule = signers(4, signers=tuple(vector["validators"]))
        final = rule.final_block(Recorded()).number
        by_hand = [open_header(header).signer for header in vector["headers"][1:]]
        above = by_hand[final:]  # block n stands at place n - 1
        assert len(set(above)) == 3
        assert len(set(above[1:])) < 3
