"""Builds and signs EIP-1559 transactions with keys that this package never sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from ledger.chain.connection import CallRevertedError, ChainConnection
from ledger.errors import InvalidSignatureError, TransactionRefusedError
from ledger.keys.ports import AccountSigner

FEE_HEADROOM: Final = 8
"""How many times today's gas price a transaction may pay; a price can double in six blocks."""
GAS_MARGIN_PERCENT: Final = 30
"""How much more gas than estimated a call may use, for state that changes until it lands."""


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A signed transaction: the bytes to send, and the hash (0x-hex) under which it lands."""

    raw: bytes
    hash: str


def sign_transaction(
    connection: ChainConnection,
    signer: AccountSigner,
    *,
    to: str | None,
    data: bytes = b"",
    wei: int = 0,
    nonce: int,
    gas: int | None = None,
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

    Raises:
        TransactionRefusedError: it would revert.
        InvalidSignatureError: the signer signed with another key than its address says.
    """
    if gas is None:
        try:
            needed = connection.estimate_gas(to, data, signer.address)
        except CallRevertedError as error:
            raise TransactionRefusedError(reason="it would revert") from error
        gas = needed * (100 + GAS_MARGIN_PERCENT) // 100
    transaction: dict[str, Any] = {
        "type": 2,
        "chainId": connection.chain_id,
        "nonce": nonce,
        "to": to_checksum_address(to) if to is not None else b"",
        "value": wei,
        "data": data,
        "gas": gas,
        "maxFeePerGas": connection.gas_price() * FEE_HEADROOM,
        "maxPriorityFeePerGas": 0,
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
    return SignedCall(raw=raw, hash="0x" + keccak(raw).hex())
