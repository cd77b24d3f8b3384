"""eth-tester's backend on a chain that is already there, with look-ups that do not walk back.

eth-tester finds a transaction by reading every block from the newest down; here the index answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from eth_tester.backends.pyevm.main import PyEVMBackend
from eth_tester.backends.pyevm.serializers import (
    serialize_transaction,
    serialize_transaction_receipt,
)
from eth_tester.exceptions import TransactionNotFound
from eth_typing import BlockNumber

if TYPE_CHECKING:
    from eth.abc import BlockAPI, SignedTransactionAPI

    from devnet.chain import LocalChain


class StoredBackend(PyEVMBackend):  # type: ignore[misc] # eth-tester is untyped
    """Reads for eth-tester. Writes go through ``LocalChain``, so those of eth-tester are closed."""

    def __init__(self, local: LocalChain) -> None:
        # The parent's constructor would make a new chain in memory.
        self.account_keys = ()
        self.chain = local.evm
        self._store = local.store

    def _find(self, transaction_hash: bytes) -> tuple[BlockAPI, SignedTransactionAPI, int]:
        place = self._store.find_mined(transaction_hash)
        if place is None:
            raise TransactionNotFound("no transaction has this hash")
        block = self.chain.get_canonical_block_by_number(BlockNumber(place.block_number))
        return block, block.transactions[place.position], place.position

    def get_transaction_by_hash(self, transaction_hash: bytes) -> Any:
        """The mined transaction, as eth-tester writes it."""
        return serialize_transaction(*self._find(transaction_hash), is_pending=False)

    def get_transaction_receipt(self, transaction_hash: bytes) -> Any:
        """Its receipt, as eth-tester writes it."""
        block, transaction, position = self._find(transaction_hash)
        receipts = block.get_receipts(self.chain.chaindb)
        return serialize_transaction_receipt(
            block, receipts, transaction, position, is_pending=False, vm=None
        )

    def get_block_by_number(self, block_number: Any, full: bool = True) -> Any:  # noqa: FBT001, FBT002
        """The block, with its real total difficulty."""
        return self._with_total(super().get_block_by_number(block_number, full))

    def get_block_by_hash(self, block_hash: bytes, full: bool = True) -> Any:  # noqa: FBT001, FBT002
        """The block, with its real total difficulty."""
        return self._with_total(super().get_block_by_hash(block_hash, full))

    def _with_total(self, block: dict[str, Any]) -> dict[str, Any]:
        # Genesis scores 1 and every block adds its difficulty, which is 1 here.
        return {**block, "total_difficulty": block["number"] + 1}

    def reset_to_genesis(self, *_: object, **__: object) -> NoReturn:
        """Closed: blocks that were acknowledged are never taken back."""
        raise NotImplementedError

    def revert_to_snapshot(self, snapshot: object) -> NoReturn:
        """Closed: blocks that were acknowledged are never taken back."""
        raise NotImplementedError

    def mine_blocks(self, num_blocks: int = 1, coinbase: bytes = b"") -> NoReturn:
        """Closed: blocks are made and stored by ``LocalChain`` alone."""
        raise NotImplementedError

    def send_raw_transaction(self, raw_transaction: bytes) -> NoReturn:
        """Closed: blocks are made and stored by ``LocalChain`` alone."""
        raise NotImplementedError

    def send_transaction(self, transaction: object) -> NoReturn:
        """Closed: the chain holds no keys."""
        raise NotImplementedError

    def time_travel(self, to_timestamp: int) -> NoReturn:
        """Closed: the clock is set at birth."""
        raise NotImplementedError
