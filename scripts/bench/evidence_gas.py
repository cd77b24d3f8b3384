"""Gas of publishing a checkpoint with its consistency proof, at several batches and log sizes.

The contracts run on the embedded EVM under London rules, as they are checked in. A log of 10^9
leaves is not built: the older tree and its growth are made of random hashes from the bottom of a
consistency proof upwards, which a verifier cannot tell from a real one. Each figure is what the
transaction costs all in all, proof, number over all logs and registry look-up included, for a log
that has published before.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from devnet.scratch import ScratchChain

from ledger.chain.codec import call_data, creation_data
from ledger.evidence.encoding import node_hash
from scripts.bench import Report, Row

LARGE_LOG: Final = 10**9
LOG_SIZES: Final = (10**3, 10**6, LARGE_LOG)
BATCHES: Final = (1, 100, 10_000, 1_000_000)
SHAPES: Final = 12
"""How many random trees each batch is measured on, beside the ones with the longest proofs."""
GAS_LIMIT_AT_LARGE_LOG: Final = 140_000
GAS_A_RECORD_LIMIT: Final = 0.13

_SEED: Final = 9162


@dataclass(frozen=True, slots=True)
class Growth:
    """A log's step from one size to the next, with roots and proof that fit each other."""

    older_size: int
    older_root: bytes
    newer_size: int
    newer_root: bytes
    proof: tuple[bytes, ...]


def random_growth(older_size: int, newer_size: int, source: random.Random) -> Growth:
    """A step of a log whose hashes are random: RFC 9162 section 2.1.4.2, read from below."""
    node, last = older_size - 1, newer_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = source.randbytes(32)
    # A complete older tree is its own first hash, and the proof leaves it out.
    proof = [] if older_size & (older_size - 1) == 0 else [older]
    while last:
        sibling = source.randbytes(32)
        proof.append(sibling)
        if node & 1 or node == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        node, last = node >> 1, last >> 1
    return Growth(older_size, older, newer_size, newer, tuple(proof))


def measure(report: Report) -> Sequence[Row]:
    """Publish at every size and batch; worst and median over the shapes of a tree."""
    chain = GasChain()
    rows: list[Row] = []
    for size in LOG_SIZES:
        for batch in (item for item in BATCHES if item <= size):
            report(f"gas: {batch:,} leaves onto {size:,}")
            rows += _rows(chain, size, batch)
    return rows


def _rows(chain: GasChain, size: int, batch: int) -> Iterator[Row]:
    source = random.Random(f"{_SEED}/{size}/{batch}")  # noqa: S311 - shapes, no secrets
    used = [
        chain.gas_of(random_growth(older, older + batch, source))
        for older in _older_sizes(size, source)
    ]
    worst, median = max(used), statistics.median(used)
    what = f"checkpoint, {batch:,} leaves onto {size:,}"
    if size == LARGE_LOG:
        yield Row.compared(
            f"{what}: worst of {len(used)}", "gas", worst, "limit", GAS_LIMIT_AT_LARGE_LOG, "< 1"
        )
    else:
        yield Row.alone(f"{what}: worst of {len(used)}", "gas", worst)
    yield Row.alone(f"{what}: median", "gas", median)
    if batch == max(BATCHES):
        yield Row.compared(
            f"{what}: a record, worst", "gas", worst / batch, "limit", GAS_A_RECORD_LIMIT, "< 1"
        )
    else:
        yield Row.alone(f"{what}: a record, worst", "gas", worst / batch)


def _older_sizes(size: int, source: random.Random) -> list[int]:
    """Sizes around ``size``; among them those that cost most: many ones in binary."""
    dense = (1 << (size - 1).bit_length()) - 1
    drawn = [source.randrange(size, size + size // 8) for _ in range(SHAPES)]
    return [size, dense, dense - 1, *drawn]


class GasChain:
    """Bureaus and Checkpoints on a chain in memory, with one enrolled log."""

    def __init__(self) -> None:
        self._chain = ScratchChain()
        self._deployer, self._supervisor, self._publisher = self._chain.accounts[:3]
        council = self._deploy("Council", [[self._supervisor], 1, 0])
        supervisors = [(self._supervisor, b"\x01" * 32, "supervisor", "")]
        bureaus = self._deploy("Bureaus", [council, supervisors, ([self._supervisor], [], [])])
        self._checkpoints = self._deploy("Checkpoints", [bureaus])
        enrolment = [320100, 1, 32, self._publisher, b"\x02" * 32, b"\x03" * 32, "bureau", ""]
        other = [320500, 1, 32, self._deployer, b"\x04" * 32, b"\x05" * 32, "bureau", ""]
        for bureau in (enrolment, other):
            enrol = call_data("Bureaus", "enrol", [bureau])
            self._chain.send(self._supervisor, bureaus, enrol)
        # Another log published before: the number over all logs is not written for the first time.
        first = call_data("Checkpoints", "publish", [2, 1, b"\x06" * 32, []])
        self._chain.send(self._deployer, self._checkpoints, first)

    def gas_of(self, growth: Growth) -> int:
        """What the second of two checkpoints costs; the chain is as before afterwards."""
        before = self._chain.snapshot()
        self._publish(growth.older_size, growth.older_root, ())
        used = self._publish(growth.newer_size, growth.newer_root, growth.proof)
        self._chain.go_back(before)
        return used

    def _publish(self, size: int, root: bytes, proof: Sequence[bytes]) -> int:
        data = call_data("Checkpoints", "publish", [1, size, root, list(proof)])
        return self._chain.send(self._publisher, self._checkpoints, data).gas

    def _deploy(self, contract: str, arguments: list[Any]) -> str:
        data = creation_data(contract, arguments)
        created = self._chain.send(self._deployer, None, data).contract
        assert created is not None, "a creation that landed has an address"
        return created
