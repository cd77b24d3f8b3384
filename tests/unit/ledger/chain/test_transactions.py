"""What a transaction offers for gas, and what another version of it offers."""

from __future__ import annotations

import pytest
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from ledger.chain.connection import CallRevertedError
from ledger.chain.transactions import FEE_HEADROOM, Prices, sign_transaction
from ledger.errors import TransactionRefusedError
from ledger.keys.signers import Secp256k1Signer

SIGNER = Secp256k1Signer.from_private(bytes([5]) * 32)
TO = "0x" + "22" * 20


class Chain:
    """Says what gas costs."""

    chain_id = 31415

    def __init__(self, price: int, priority: int = 0) -> None:
        self.price, self.priority = price, priority
        self.asked = 0
        self.reverts = False

    def gas_price(self) -> int:
        self.asked += 1
        return self.price

    def priority_fee(self) -> int:
        return self.priority

    def estimate_gas(self, to: str | None, data: bytes, sender: str) -> int:
        if self.reverts:
            raise CallRevertedError(b"")
        return 100_000


def offers(signed) -> tuple[int, int, int]:
    fields = TypedTransaction.from_bytes(HexBytes(signed.raw)).as_dict()
    return fields["gas"], fields["maxFeePerGas"], fields["maxPriorityFeePerGas"]


class TestOffers:
    def test_a_call_offers_room_for_a_rising_price(self):
        signed = sign_transaction(Chain(1000, 3), SIGNER, to=TO, nonce=4)
        assert offers(signed) == (130_000, 1000 * FEE_HEADROOM, 3)
        assert (signed.gas, signed.max_fee_wei, signed.priority_fee_wei) == offers(signed)

    def test_a_validator_is_offered_something_where_gas_costs(self):
        assert offers(sign_transaction(Chain(1000, 0), SIGNER, to=TO, nonce=4))[2] == 1

    def test_where_gas_is_free_nothing_is_offered(self):
        assert offers(sign_transaction(Chain(0, 5), SIGNER, to=TO, nonce=4))[1:] == (0, 0)

    def test_one_that_would_revert_is_not_signed(self):
        chain = Chain(1)
        chain.reverts = True
        with pytest.raises(TransactionRefusedError) as refused:
            sign_transaction(chain, SIGNER, to=TO, nonce=4)
        assert refused.value.reason == "it would revert"


class TestReplacing:
    def test_it_pays_a_quarter_more_under_the_same_nonce_and_gas(self):
        first = sign_transaction(Chain(1000, 8), SIGNER, to=TO, nonce=4)
        chain = Chain(900, 2)
        chain.reverts = True
        second = sign_transaction(chain, SIGNER, to=TO, nonce=4, replaces=first)
        assert offers(second) == (130_000, 10_001, 11)
        assert second.hash != first.hash
        nonces = {
            TypedTransaction.from_bytes(HexBytes(each.raw)).as_dict()["nonce"]
            for each in (first, second)
        }
        assert nonces == {4}

    def test_it_pays_what_the_chain_asks_by_then_when_that_is_more(self):
        first = sign_transaction(Chain(1000, 8), SIGNER, to=TO, nonce=4)
        second = sign_transaction(Chain(5000, 90), SIGNER, to=TO, nonce=4, replaces=first)
        assert offers(second)[1:] == (40_000, 90)

    def test_where_gas_is_free_it_is_the_same_bytes(self):
        first = sign_transaction(Chain(0), SIGNER, to=TO, nonce=4)
        assert sign_transaction(Chain(0), SIGNER, to=TO, nonce=4, replaces=first) == first

    def test_a_raise_never_stands_still(self):
        first = sign_transaction(Chain(1, 1), SIGNER, to=TO, nonce=4, gas=21_000)
        second = sign_transaction(Chain(1, 1), SIGNER, to=TO, nonce=4, replaces=first)
        assert (second.max_fee_wei, second.priority_fee_wei) == (11, 2)


class TestPrices:
    def test_they_are_asked_for_once_a_moment(self):
        chain, prices = Chain(1000, 3), Prices()
        for nonce in range(3):
            sign_transaction(chain, SIGNER, to=TO, nonce=nonce, gas=21_000, prices=prices)
        assert chain.asked == 1
        assert prices.ask(chain) == (1000, 3)
