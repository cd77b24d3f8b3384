"""One JSON-RPC endpoint as a part of several: how it stands, and when it may be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.chain.connection import REQUEST_TIMEOUT_SECONDS, Block, ChainConnection
from ledger.config import LAG_BLOCKS
from ledger.errors import (
    ChainUnavailableError,
    EndpointBehindError,
    EndpointLagsError,
    EndpointSyncingError,
    LedgerError,
    VerificationError,
)

LATE: Final = (EndpointLagsError, EndpointSyncingError, EndpointBehindError)
"""Why an endpoint that answers is too far behind to be used."""
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
    lag_blocks: int = LAG_BLOCKS
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
        self.error: LedgerError | None = None
        self.reason = ""
        self.since = now
        self.head: Block | None = None
        self.milliseconds: int | None = None
        self.admitted = False
        self.syncing: tuple[int, int] | None = None
        """Its block and the one it says it is catching up to, when it was last asked."""
        self.syncing_asked = 0.0
        self.quiet_until = 0.0

    def health(self) -> EndpointHealth:
        """As it was last found."""
        return EndpointHealth(
            endpoint=self.name,
            state=self.state,
            error=self.error,
            reason=self.reason,
            since=self.since,
            block=self.head.number if self.head is not None else None,
            block_time=self.head.time if self.head is not None else None,
            milliseconds=self.milliseconds,
        )


def why_too_few(endpoints: Sequence[Endpoint], quorum: int) -> LedgerError:
    """Why too few of some endpoints can be used, ready to be raised."""
    others = [each for each in endpoints if each.state is not EndpointState.USABLE]
    refused = [each.error for each in others if isinstance(each.error, VerificationError)]
    if refused and len(endpoints) - len(refused) < quorum:
        return refused[0]
    late = [each.error for each in others if isinstance(each.error, LATE)]
    if late and len(late) == len(others):
        return late[0]
    said = "; ".join(f"{each.name}: {each.reason or each.state.value}" for each in others)
    if len(endpoints) > 1:
        able = len(endpoints) - len(others)
        said = f"{able} of at least {quorum} endpoints can be used; {said}"
    names = ", ".join(each.name for each in endpoints)
    return ChainUnavailableError(endpoint=names, reason=said[:400])
