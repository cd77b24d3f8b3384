"""Builds and signs EIP-1559 transactions with keys that this package never sees."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ledger.chain.connection import CallRevertedError, ChainReader
from ledger.errors import InvalidSignatureError, TransactionRefusedError
from ledger.keys.ports import AccountSigner

FEE_HEADROOM: Final = 8
"""How many times today's gas price a transaction may pay; a price can double in six blocks."""
FEE_RAISE_PERCENT: Final = 25
"""How much more a version pays that replaces another; nodes ask for at least 10 %."""
PRICE_SECONDS: Final = 1.0
"""How long the price of gas is remembered; it changes from block to block."""
GAS_MARGIN_PERCENT: Final = 30
"""How much more gas than estimated a call may use, for state that changes until it lands."""


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A signed transaction: the bytes to send, and the hash (0x-hex) under which it lands.

    ``gas`` is the most it may use, ``max_fee_wei`` and ``priority_fee_wei`` what it pays for one.
    """

    raw: bytes
    hash: str
    gas: int = 0
    max_fee_wei: int = 0
    priority_fee_wei: int = 0


class Prices:
    """What gas costs, remembered for a moment: many messages are signed one after the other."""

    def __init__(self) -> None:
        self._known: tuple[float, int, int] | None = None

    def ask(self, connection: ChainReader) -> tuple[int, int]:
        """Price of gas, and what of it a validator wants on top of the base fee, in wei."""
        now = time.monotonic()
        if self._known is None or now - self._known[0] > PRICE_SECONDS:
            price = connection.gas_price()
            self._known = now, price, connection.priority_fee() if price else 0
        return self._known[1], self._known[2]


def sign_transaction(
    connection: ChainReader,
    signer: AccountSigner,
    *,
    to: str | None,
    data: bytes = b"",
    wei: int = 0,
    nonce: int,
    gas: int | None = None,
    replaces: SignedCall | None = None,
    prices: Prices | None = None,
) -> SignedCall:
    """Sign one transaction for the connection's chain; nothing is sent.

    Args:
        connection: tells chain id, gas price and, without ``gas``, the gas needed.
        signer: holds the sender's key.
        to: the contract or account; None creates a contract from ``data``.
        data: what is called, or created.
        wei: what is sent along.
        nonce: how many transactions the sender sent before this one.
        gas: the most it may use.
        replaces: an earlier version under this nonce; this one uses its gas and pays more, unless
            gas costs nothing on this chain.
        prices: remembers for a moment what gas costs.

    Raises:
        TransactionRefusedError: it would revert.
        InvalidSignatureError: the signer signed with another key than its address says.
    """
    if gas is None and replaces is not None:
        gas = replaces.gas or None
    if gas is None:
        try:
            needed = connection.estimate_gas(to, data, signer.address)
        except CallRevertedError as error:
            raise TransactionRefusedError(reason="it would revert") from error
        gas = needed * (100 + GAS_MARGIN_PERCENT) // 100
    max_fee_wei, priority_fee_wei = _fees(connection, replaces, prices or Prices())
    transaction: dict[str, Any] = {
        "type": 2,
        "chainId": connection.chain_id,
        "nonce": nonce,
        "to": to_checksum_address(to) if to is not None else b"",
        "value": wei,
        "data": data,
        "gas": gas,
        "maxFeePerGas": max_fee_wei,
        "maxPriorityFeePerGas": priority_fee_wei,
        "accessList": [],
    }
    digest = bytes(TypedTransaction.from_dict(transaction).hash())
    signature = signer.sign_digest(digest)
    transaction |= {
        "v": signature[64] - 27,
        "r": int.from_bytes(signature[:32]),
        "s": int.from_bytes(signature[32:64]),
    }
    raw = bytes(TypedTransaction.from_dict(transaction).encode())
    if str(Account.recover_transaction(raw)) != to_checksum_address(signer.address):
        raise InvalidSignatureError(what="a chain transaction")
    return SignedCall(raw, "0x" + keccak(raw).hex(), gas, max_fee_wei, priority_fee_wei)


def _fees(connection: ChainReader, replaces: SignedCall | None, prices: Prices) -> tuple[int, int]:
    """What to pay for gas at most, and to the validator, in wei; nothing where gas is free."""
    price, priority = prices.ask(connection)
    if price == 0:
        return 0, 0
    # Validators pass on what offers them at least one wei; by default none asks for more.
    priority = max(1, priority)
    highest = price * FEE_HEADROOM
    if replaces is not None:
        highest = max(highest, _raised(replaces.max_fee_wei))
        priority = max(priority, _raised(replaces.priority_fee_wei))
    return max(highest, priority), priority


def _raised(wei: int) -> int:
    return wei * (100 + FEE_RAISE_PERCENT) // 100 + 1
