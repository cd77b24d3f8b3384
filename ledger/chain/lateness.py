"""Which endpoints are provably behind: by the others, by themselves, by what was final already.

That a newest block is old proves nothing: a network may stand still for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.chain.connection import Block
from ledger.chain.endpoint import Endpoint, EndpointState
from ledger.errors import (
    EndpointBehindError,
    EndpointLagsError,
    EndpointSyncingError,
    LedgerError,
)

KnownFinal = Sequence[tuple[int, str]]
"""Blocks that counted as final, number and hash, newest first."""


OTHERS: Final = "others"
ITSELF: Final = "eth_syncing"
FINAL: Final = "final"


@dataclass(frozen=True, slots=True)
class Lateness:
    """An endpoint with its newest block, and the number that it should have reached.

    ``known_by``: the others, itself, or what this node has seen final.
    """

    endpoint: Endpoint
    head: Block
    wanted: int
    known_by: str

    def __str__(self) -> str:
        return f"{self.endpoint.name} (block {self.head.number} < {self.wanted}, {self.known_by})"

    def error(self, now: int) -> LedgerError:
        """The same as an error; ``now`` in seconds since 1970."""
        name, number = self.endpoint.name, self.head.number
        if self.known_by == ITSELF:
            return EndpointSyncingError(endpoint=name, block=number, highest=self.wanted)
        if self.known_by == FINAL:
            return EndpointBehindError(endpoint=name, number=number, seen=self.wanted)
        age = max(0, now - self.head.time)
        behind = self.wanted - number
        return EndpointLagsError(endpoint=name, block=number, behind_blocks=behind, age_seconds=age)


def measure(heads: Sequence[int], quorum: int) -> int:
    """The newest block by which endpoints are measured.

    One alone may claim any height; where there are enough others they are the measure.
    """
    ordered = sorted(heads, reverse=True)
    return ordered[quorum - 1 if len(ordered) > quorum else 0]


def late_ones(
    endpoints: Sequence[Endpoint],
    quorum: int,
    lag_blocks: int,
    final: KnownFinal,
    block_of: Callable[[Endpoint, int], Block | None],
) -> list[Lateness]:
    """The endpoints that are provably behind, by their newest blocks as they were last asked.

    Args:
        endpoints: all; those without a newest block are left out.
        quorum: how many must agree.
        lag_blocks: how many blocks one may be behind the others.
        final: what this node has seen final, newest first.
        block_of: asks an endpoint for a block by number.
    """
    reached = [
        (each, each.head)
        for each in endpoints
        if each.head is not None and each.state in (EndpointState.USABLE, EndpointState.LAGGING)
    ]
    if not reached:
        return []
    best = measure([head.number for _, head in reached], quorum)
    found = []
    for each, head in reached:
        if each.syncing is not None:
            found.append(Lateness(each, head, each.syncing[1], ITSELF))
        elif best - head.number > lag_blocks:
            found.append(Lateness(each, head, best, OTHERS))
        elif final and head.number < final[0][0] and _is_same_history(each, head, final, block_of):
            found.append(Lateness(each, head, final[0][0], FINAL))
    return found


def _is_same_history(
    each: Endpoint,
    head: Block,
    final: KnownFinal,
    block_of: Callable[[Endpoint, int], Block | None],
) -> bool:
    """Whether the endpoint has the blocks that were final, as far as it goes.

    One with other blocks is not behind: there the chain was replaced, and a person decides.
    """
    shared = next((known for known in final if known[0] <= head.number), None)
    if shared is None:
        return True
    block = block_of(each, shared[0])
    return block is not None and block.hash == shared[1]
