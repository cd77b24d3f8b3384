"""What the chain holds of a log beside the rows that say where it was anchored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.audit.checkpoints import ReadCheckpoint, judge_key_time
from ledger.audit.model import CHECKPOINTS, Finding
from ledger.chain.anchors import announcing_transaction
from ledger.chain.bindings import Bindings, CheckpointOnChain


@dataclass(frozen=True, slots=True)
class Anchored:
    """A checkpoint that is final on chain, and the transaction that brought it."""

    on_chain: CheckpointOnChain
    transaction_hash: str | None

    @property
    def at(self) -> datetime:
        """When its block was made."""
        return datetime.fromtimestamp(self.on_chain.time, UTC)


def final_anchors(
    chain: Bindings, log_id: int, told: Callable[[int, int], None]
) -> Iterator[Anchored]:
    """Every checkpoint of a log that is final on chain, oldest first; ``told`` how far it is.

    Raises:
        ChainUnavailableError: no endpoint answers.
        WrongChainError, ContractCodeError: it serves another network.
    """
    final = chain.gateway.final_block()
    count = chain.checkpoint_count(log_id)
    for index in range(count):
        found = chain.checkpoint_by_index(log_id, index)
        if found.block > final:
            break
        transaction = announcing_transaction(chain.gateway, found.log_id, found.size, found.block)
        yield Anchored(found, transaction)
        told(index + 1, count)


def judge_anchor(
    anchored: Anchored,
    read: ReadCheckpoint | None,
    computed: bytes | None,
    previous_size: int,
    *,
    is_last: bool,
) -> Iterator[Finding]:
    """What our row of one checkpoint on chain says otherwise; the chain is right.

    Args:
        anchored: as the chain holds it.
        read: our row of that size.
        computed: the root of our rows at that size, where the tree reaches.
        previous_size: the size of the checkpoint before it on chain.
        is_last: whether it is the chain's newest: its row may still wait for its finality.
    """
    found = anchored.on_chain
    name = f"{found.size}"
    if read is None:
        yield Finding(CHECKPOINTS, name, "size", f"a row with root {found.root.hex()}", "no row")
        return
    row = read.row
    name = f"{row.size}"
    ours = computed if computed is not None else row.root
    if ours != found.root:
        where = f"on chain, among leaves {previous_size} to {found.size - 1}"
        yield Finding(CHECKPOINTS, name, "root", found.root.hex(), ours.hex(), where)
    late = judge_key_time(read, anchored.at)
    if late is not None:
        yield late
    stands: Mapping[str, int | str | None] = {
        "number": row.number,
        "block": row.block,
        "block_time": row.block_time,
        "transaction_hash": row.transaction_hash,
    }
    if is_last and all(value is None for value in stands.values()):
        return
    expected: Mapping[str, int | str | None] = {
        "number": found.number,
        "block": found.block,
        "block_time": found.time,
        "transaction_hash": anchored.transaction_hash,
    }
    for field, value in stands.items():
        if value != expected[field] and expected[field] is not None:
            yield Finding(CHECKPOINTS, name, field, f"{expected[field]}", f"{value}")


def judge_unanchored(read: ReadCheckpoint) -> Iterator[Finding]:
    """A row that says where on chain it stands, when nothing of its size is final there."""
    row = read.row
    for field in ("number", "block", "block_time", "transaction_hash"):
        value = getattr(row, field)
        if value is not None:
            yield Finding(CHECKPOINTS, f"{row.size}", field, "none on chain", f"{value}")
            return
