"""One embedded chain: born once, mined block by block, always as the disk says.

All methods take the chain's own lock: one writer, and readers never see half a block.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import rlp  # type: ignore[import-untyped]
from eth.constants import BLANK_ROOT_HASH
from eth.exceptions import UnrecognizedTransactionType
from eth_keys.exceptions import BadSignature
from eth_typing import BlockNumber
from eth_utils.exceptions import ValidationError

from devnet.directory import CHAIN_FILE
from devnet.errors import BirthMismatchError, CorruptChainError, TransactionRefusedError
from devnet.rules import (
    MAX_TRANSACTION_BYTES,
    EmbeddedChain,
    EmbeddedLondonVM,
    chain_class,
    make_genesis,
    refusal_of,
    take_back,
)
from devnet.settings import (
    DEFAULT_BASE_FEE_WEI,
    DEFAULT_CHAIN_ID,
    DEFAULT_GAS_LIMIT,
    DevnetSettings,
    offset_seconds_for,
)
from devnet.store import ChainStore, LogRow

if TYPE_CHECKING:
    from eth.abc import (
        BlockAPI,
        BlockHeaderAPI,
        ReceiptAPI,
        SignedTransactionAPI,
        VirtualMachineAPI,
    )

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """Real time."""
    return datetime.now(UTC)


class LocalChain:
    """The chain of one directory, open in this process (which must hold the directory's lock)."""

    def __init__(self, store: ChainStore, birth: dict[str, str], now: Now) -> None:
        """Take up the chain in ``store`` where its last block left it.

        Raises:
            CorruptChainError: blocks and indexes disagree.
        """
        self.store = store
        self.lock = threading.RLock()
        self.chain_id = int(birth["chain_id"])
        self.offset_seconds = int(birth["offset_seconds"])
        self.as_of = birth["as_of"] or None
        self.genesis_hash = bytes.fromhex(birth["genesis_hash"])
        self.shift_seconds = 0
        """How far a test has moved the clock; gone when the process ends."""
        self._mark: bytes | None = None
        self._now = now
        self.evm: EmbeddedChain = chain_class(self.chain_id, self.seconds)(store.node_data)
        self._check_head()

    @classmethod
    def open(cls, settings: DevnetSettings, now: Now = utc_now) -> LocalChain:
        """Open the directory's chain, or give birth to it.

        Raises:
            BirthMismatchError: it was born with other settings.
            CorruptChainError: its data disagrees.
        """
        store = ChainStore(settings.directory / CHAIN_FILE)
        try:
            birth = store.birth()
            if birth:
                _refuse_other_birth(settings, birth)
            else:
                birth = _give_birth(store, settings, now)
            return cls(store, birth, now)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """Wait for the block being written, then let go of the file."""
        with self.lock:
            self.store.close()

    def seconds(self) -> int:
        """The chain's clock: seconds since 1970, the offset of its birth included."""
        return int(self._now().timestamp()) + self.offset_seconds + self.shift_seconds

    @property
    def head(self) -> BlockHeaderAPI:
        """Header of the newest block."""
        return self.evm.get_canonical_head()

    def send_raw(self, raw: bytes) -> bytes:
        """Mine one signed transaction in a block of its own and return its hash once it is on disk.

        A transaction whose execution reverts is mined with status 0, as on any network.

        Raises:
            TransactionRefusedError: it is not valid now, or was mined already; nothing changed.
        """
        with self.lock:
            transaction = decode_transaction(raw)
            self._mine(transaction)
            return bytes(transaction.hash)

    def mine_empty(self, second: int | None = None) -> bytes:
        """Add a block without transactions (time passes, confirmations grow); returns its hash.

        Args:
            second: its time, not before its parent's; None for now.
        """
        with self.lock:
            return self._mine(None, {} if second is None else {"timestamp": second})

    def block(self, number: int) -> BlockAPI:
        """A block of the chain as it is now."""
        return self.evm.get_canonical_block_by_number(BlockNumber(number))

    def go_back(self, number: int, mark: bytes) -> None:
        """Take back every block after ``number``; for tests of reorganisations only.

        Args:
            number: the block that is the newest one again.
            mark: at most 32 bytes that the next block carries, so that it is not one of the old.
        """
        with self.lock:
            newest = self.block(number).header
            with self.store.one_block():
                take_back(self.store.node_data, newest, int(self.head.block_number))
                self.store.drop_after(number)
            self._mark = mark
            self.evm.header = self.evm.create_header_from_parent(newest)

    def _mine(
        self, transaction: SignedTransactionAPI | None, fields: dict[str, Any] | None = None
    ) -> bytes:
        if self._mark is not None:
            fields = {"extra_data": self._mark, **(fields or {})}
        header = self.evm.create_header_from_parent(self.head, **(fields or {}))
        vm = self.evm.get_vm(header)
        receipts: tuple[ReceiptAPI, ...] = ()
        with self.store.one_block():
            block = vm.get_block()
            if transaction is not None:
                self._refuse_unless_valid(transaction, vm, header)
                try:
                    receipt, _ = vm.apply_transaction(header, transaction)
                except ValidationError as error:
                    raise TransactionRefusedError("invalid transaction") from error
                receipts = (receipt,)
                filled = vm.add_receipt_to_header(header, receipt)
                block = vm.set_block_transactions_and_withdrawals(
                    block, filled, (transaction,), receipts
                )
            mined = vm.mine_block(block).block
            self.evm.chaindb.persist_block(mined)
            hashes = [bytes(each.hash) for each in mined.transactions]
            self.store.add_block(mined.number, mined.hash, hashes, _log_rows(mined, receipts))
            self._mark = None
        self.evm.header = self.evm.create_header_from_parent(mined.header)
        return bytes(mined.hash)

    def _refuse_unless_valid(
        self, transaction: SignedTransactionAPI, vm: VirtualMachineAPI, header: BlockHeaderAPI
    ) -> None:
        try:
            sender = transaction.sender
        except (ValidationError, BadSignature) as error:
            raise TransactionRefusedError("invalid sender") from error
        reason = refusal_of(
            transaction,
            chain_id=self.chain_id,
            gas_limit=header.gas_limit,
            base_fee_wei=header.base_fee_per_gas or 0,
            nonce=vm.state.get_nonce(sender),
            balance_wei=vm.state.get_balance(sender),
            has_code=bool(vm.state.get_code(sender)),
        )
        if reason is not None:
            raise TransactionRefusedError(reason)

    def _check_head(self) -> None:
        head = self.head
        if self.store.newest_indexed_block() != (head.block_number, head.hash):
            raise CorruptChainError("the newest block is not the newest one in the index")
        is_kept = head.state_root == BLANK_ROOT_HASH or self.store.node_data.exists(head.state_root)
        if not is_kept:
            raise CorruptChainError("the newest block's state is missing")


def decode_transaction(raw: bytes) -> SignedTransactionAPI:
    """Read a signed transaction of a type that London knows.

    Raises:
        TransactionRefusedError: unreadable, of a later type, or above 131,072 bytes.
    """
    if len(raw) > MAX_TRANSACTION_BYTES:
        raise TransactionRefusedError(
            f"oversized data: transaction size {len(raw)}, limit {MAX_TRANSACTION_BYTES}"
        )
    try:
        return EmbeddedLondonVM.get_transaction_builder().decode(raw)
    except UnrecognizedTransactionType as error:
        raise TransactionRefusedError("transaction type not supported") from error
    except (rlp.exceptions.RLPException, ValidationError, IndexError, TypeError) as error:
        raise TransactionRefusedError("rlp: not a signed transaction") from error


def _log_rows(block: BlockAPI, receipts: tuple[ReceiptAPI, ...]) -> list[LogRow]:
    rows: list[LogRow] = []
    for position, (transaction, receipt) in enumerate(
        zip(block.transactions, receipts, strict=True)
    ):
        for log in receipt.logs:
            topics = tuple(topic.to_bytes(32, "big") for topic in log.topics)
            place = (block.number, block.hash, len(rows), position, transaction.hash)
            rows.append(LogRow(*place, log.address, topics, log.data))
    return rows


def _funds_text(settings: DevnetSettings) -> str:
    return " ".join(sorted(str(fund) for fund in settings.funds))


def _give_birth(store: ChainStore, settings: DevnetSettings, now: Now) -> dict[str, str]:
    moment = now()
    chain_id = settings.chain_id or DEFAULT_CHAIN_ID
    gas_limit = settings.gas_limit or DEFAULT_GAS_LIMIT
    base_fee = DEFAULT_BASE_FEE_WEI if settings.base_fee_wei is None else settings.base_fee_wei
    offset = offset_seconds_for(settings.as_of, moment)
    birth_second = int(moment.timestamp()) + offset
    balances = {fund.address: fund.wei for fund in settings.funds}
    with store.one_block():
        made = make_genesis(
            chain_class(chain_id, lambda: birth_second),
            store.node_data,
            balances,
            gas_limit,
            base_fee,
        )
        genesis = made.get_canonical_head()
        birth = {
            "chain_id": str(chain_id),
            "offset_seconds": str(offset),
            "as_of": _date_text(settings.as_of),
            "gas_limit": str(gas_limit),
            "base_fee_wei": str(base_fee),
            "funds": _funds_text(settings),
            "genesis_hash": genesis.hash.hex(),
        }
        store.add_birth(birth)
        store.add_block(0, genesis.hash, [], [])
    return birth


def _date_text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _refuse_other_birth(settings: DevnetSettings, birth: dict[str, str]) -> None:
    asked = {
        "chain_id": None if settings.chain_id is None else str(settings.chain_id),
        "as_of": None if settings.as_of is None else _date_text(settings.as_of),
        "gas_limit": None if settings.gas_limit is None else str(settings.gas_limit),
        "base_fee_wei": None if settings.base_fee_wei is None else str(settings.base_fee_wei),
        "funds": _funds_text(settings) or None,
    }
    for setting, value in asked.items():
        if value is not None and value != birth[setting]:
            raise BirthMismatchError(setting, birth[setting] or "(none)", value)
