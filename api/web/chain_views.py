"""What the page about the chain shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from api.web.parts import Words
    from ledger.chain.endpoint import EndpointState


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One endpoint as it was last found; ``reason`` says why it is not used."""

    name: str
    state: EndpointState
    block: int | None
    block_at: datetime | None
    milliseconds: int | None
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class IndexRow:
    """How far the event index is; ``trouble`` and ``advice`` are there when it stands still."""

    block: int
    final_block: int
    lag_blocks: int
    lag_seconds: int
    checked_block: int | None
    trouble: Words | None
    advice: Words | None


@dataclass(frozen=True, slots=True)
class ChainView:
    """Whether anchoring works.

    ``endpoints`` is empty for readers who do not run the node. ``waiting`` is how many messages are
    queued.
    """

    answer: Words
    reason: Words
    is_reachable: bool
    waiting: int
    quorum: int
    index: IndexRow | None
    endpoints: tuple[EndpointRow, ...]
    shows_endpoints: bool
