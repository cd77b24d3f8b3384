"""The rules of the embedded chain: London, with three liberties of permissioned networks.

1. Blocks are sealed by nobody (one process makes them), so their difficulty is always 1.
2. No block reward: nothing is minted after genesis.
3. A block may carry the *same* second as its parent, as clique with period 0 allows. Every
   transaction gets its block at once; with the strict rule a hundred of them in one second would
   push the chain's clock a hundred seconds into the future, and the nodes would then see heads
   "from tomorrow". To a contract this looks like several transactions in one block, which share a
   timestamp on any network.

Everything else (instructions, gas, base fee, code size, transaction types) is py-evm's London.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth.abc import AtomicDatabaseAPI, BlockHeaderAPI, SignedTransactionAPI
from eth.chains.base import MiningChain
from eth.consensus.noproof import NoProofConsensus
from eth.db.schema import SchemaV1
from eth.rlp.sedes import chain_gaps
from eth.vm.forks.london import LondonVM
from eth.vm.forks.london.headers import create_london_header_from_parent
from eth_typing import BlockNumber

BLOCK_DIFFICULTY = 1
EXTRA_DATA = b"anxu hardhat-free devnet".ljust(32, b"\x00")
MAX_TRANSACTION_BYTES = 131_072
"""geth's transaction pool refuses larger ones (core/txpool: txMaxSize)."""

ChainClock = Callable[[], int]
"""Seconds since 1970 as the chain counts them: real time plus the offset kept since its birth."""


def _always_one(_parent: BlockHeaderAPI, _timestamp: int) -> int:
    return BLOCK_DIFFICULTY


class EmbeddedLondonVM(LondonVM):
    """London rules without proof, reward or the one-second gap (see the module's text)."""

    consensus_class = NoProofConsensus
    create_header_from_parent = staticmethod(create_london_header_from_parent(_always_one))

    @staticmethod
    def get_block_reward() -> int:
        """Nothing is minted."""
        return 0

    @classmethod
    def validate_header(cls, header: BlockHeaderAPI, parent_header: BlockHeaderAPI) -> None:
        """London's checks; an equal timestamp passes, an earlier one does not."""
        if header.timestamp == parent_header.timestamp:
            header = header.copy(timestamp=parent_header.timestamp + 1)
        super().validate_header(header, parent_header)


class EmbeddedChain(MiningChain):
    """py-evm's mining chain with a constant gas limit and the chain's own clock."""

    vm_configuration = ((0, EmbeddedLondonVM),)  # type: ignore[assignment]
    clock: ChainClock

    def create_header_from_parent(
        self, parent_header: BlockHeaderAPI, **header_params: Any
    ) -> BlockHeaderAPI:
        """The next header: same gas limit, never earlier than its parent."""
        header_params.setdefault("gas_limit", parent_header.gas_limit)
        header_params.setdefault("timestamp", max(parent_header.timestamp, self.clock()))
        header_params.setdefault("extra_data", EXTRA_DATA)
        return super().create_header_from_parent(parent_header, **header_params)


def chain_class(number: int, clock: ChainClock) -> type[EmbeddedChain]:
    """A chain class for one chain id and clock (py-evm wants both on the class)."""
    attributes = {"chain_id": number, "clock": staticmethod(clock)}
    return type("EmbeddedChainWithId", (EmbeddedChain,), attributes)


def make_genesis(
    chain: type[EmbeddedChain],
    database: AtomicDatabaseAPI,
    balances_wei: dict[bytes, int],
    gas_limit: int,
    base_fee_wei: int,
) -> EmbeddedChain:
    """Write block 0 with its prefunded accounts and return the chain on top of it."""
    state = {
        address: {"balance": wei, "nonce": 0, "code": b"", "storage": {}}
        for address, wei in balances_wei.items()
    }
    header: dict[str, Any] = {
        "difficulty": BLOCK_DIFFICULTY,
        "gas_limit": gas_limit,
        "timestamp": chain.clock(),
        "extra_data": EXTRA_DATA,
        "base_fee_per_gas": base_fee_wei,
    }
    made = chain.from_genesis(database, header, state)  # type: ignore[arg-type]
    assert isinstance(made, EmbeddedChain)
    return made


def take_back(database: AtomicDatabaseAPI, newest: BlockHeaderAPI, last: int) -> None:
    """Make ``newest`` the end of the chain again; blocks up to ``last`` lose their numbers."""
    for number in range(newest.block_number + 1, last + 1):
        del database[SchemaV1.make_block_number_to_hash_lookup_key(BlockNumber(number))]
    without_gaps = rlp.encode(((), newest.block_number + 1), sedes=chain_gaps)
    database[SchemaV1.make_header_chain_gaps_lookup_key()] = without_gaps
    database[SchemaV1.make_chain_gaps_lookup_key()] = without_gaps
    database[SchemaV1.make_canonical_head_hash_lookup_key()] = newest.hash


def refusal_of(  # noqa: C901, PLR0911 - one return per rule, in geth's order
    transaction: SignedTransactionAPI,
    *,
    chain_id: int,
    gas_limit: int,
    base_fee_wei: int,
    nonce: int,
    balance_wei: int,
    has_code: bool,
) -> str | None:
    """Why a London network would not take this transaction, in geth's words; ``None`` if it would.

    Checked in geth's order (core/txpool/validation.go, then core/state_transition.go). A nonce gap
    is refused and not queued: this chain mines at once, so there is nothing to wait for.
    """
    if transaction.chain_id is None:
        return "only replay-protected (EIP-155) transactions allowed over RPC"
    if transaction.chain_id != chain_id:
        return f"invalid sender: signed for chain {transaction.chain_id}, this is {chain_id}"
    if transaction.gas > gas_limit:
        return "exceeds block gas limit"
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        return "max priority fee per gas higher than max fee per gas"
    if has_code:
        return "sender not an eoa"
    if transaction.nonce < nonce:
        return f"nonce too low: next nonce {nonce}, tx nonce {transaction.nonce}"
    if transaction.nonce > nonce:
        return (
            f"nonce too high: next nonce {nonce}, tx nonce {transaction.nonce}; "
            "this chain mines each transaction at once and queues none"
        )
    if transaction.max_fee_per_gas < base_fee_wei:
        return (
            "max fee per gas less than block base fee: "
            f"maxFeePerGas: {transaction.max_fee_per_gas}, baseFee: {base_fee_wei}"
        )
    cost_wei = transaction.gas * transaction.max_fee_per_gas + transaction.value
    if balance_wei < cost_wei:
        return (
            "insufficient funds for gas * price + value: "
            f"balance {balance_wei}, tx cost {cost_wei}, overshot {cost_wei - balance_wei}"
        )
    if transaction.gas < transaction.intrinsic_gas:
        return (
            f"intrinsic gas too low: gas {transaction.gas}, "
            f"minimum needed {transaction.intrinsic_gas}"
        )
    return None
