"""One JSON-RPC endpoint as a part of several: how it stands, and when it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.chain.connection import REQUEST_TIMEOUT_SECONDS, Block, ChainConnection
from ledger.errors import (
    ChainUnavailableError,
    EndpointLagsError,
    LedgerError,
    VerificationError,
)

PROBE_TIMEOUT_SECONDS: Final = 5
"""How long an endpoint may take to say which block is its newest."""


class EndpointState(StrEnum):
    """How one endpoint stands."""

    UNTRIED = "untried"
    USABLE = "usable"
    UNREACHABLE = "unreachable"
    LAGGING = "lagging"
    REFUSED = "refused"
    DISAGREES = "disagrees"


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """When an endpoint may be used.

    ``quorum``: how many must agree; 0 stands for two where there are several endpoints, else one.
    ``lag_blocks``: how many blocks it may be behind the others.
    ``stale_after_seconds``: how old its newest block may be; 0 for a chain that makes blocks only
    on demand. ``reorg_depth``: how deep endpoints may differ near the head without being wrong.
    """

    quorum: int = 0
    lag_blocks: int = 5
    stale_after_seconds: int = 0
    reorg_depth: int = 16
    timeout_seconds: float = REQUEST_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """One endpoint as it was last found; ``since`` is when this state began (seconds since 1970).

    ``reason`` says why it is not used, in English; ``error`` says it in both languages, and what
    to do, unless others contradict it.
    """

    endpoint: str
    state: EndpointState
    error: LedgerError | None
    reason: str
    since: float
    block: int | None
    block_time: int | None
    milliseconds: int | None


class Endpoint:
    """One endpoint and what we know about it."""

    def __init__(self, rpc_url: str, timeout_seconds: float, now: float) -> None:
        self.connection = ChainConnection(rpc_url, timeout_seconds)
        self.probe = ChainConnection(rpc_url, min(PROBE_TIMEOUT_SECONDS, timeout_seconds))
        self.name = self.connection.endpoint
        self.state = EndpointState.UNTRIED
        self.error: ChainUnavailableError | EndpointLagsError | VerificationError | None = None
        self.reason = ""
        self.since = now
        self.head: Block | None = None
        self.milliseconds: int | None = None
        self.admitted = False
        self.quiet_until = 0.0
