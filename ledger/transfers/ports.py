"""What transfers need from outside, in their own words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from ledger.evidence.encoding import Leaf, LeafIndex, LogId


class AnchoredLog(Protocol):
    """Another bureau's log as the chain fixes it and this node has followed it."""

    @property
    def log_id(self) -> LogId:
        """Which log."""
        ...

    @property
    def followed_size(self) -> int:
        """How many of its leaves this node holds; all of them are under a final checkpoint."""
        ...

    def root(self, size: int) -> bytes | None:
        """The root that the chain has for exactly this size, once it is final; None for none."""
        ...

    def origin_of(self, index: int) -> LogId:
        """The log that recorded leaf ``index``, when this one carries a closed one on."""
        ...

    def leaf(self, index: int) -> Leaf | None:
        """One followed leaf."""
        ...

    def places_of_tags(self, tags: Sequence[bytes]) -> dict[bytes, list[LeafIndex]]:
        """Where followed leaves of this log with these tags stand; absent tags are left out."""
        ...


class Peers(Protocol):
    """Other bureaus' nodes, reached over the network."""

    def sealing_key(self, log_id: LogId) -> bytes:
        """The 32-byte X25519 key of a bureau, checked against its digest on chain.

        Raises:
            PeerUnavailableError: the node does not answer.
            PackageMismatchError: it shows another key than the enrolled one.
        """
        ...

    def send(self, log_id: LogId, message: dict[str, Any]) -> dict[str, Any]:
        """Deliver one message and give back the answer; the same message may be sent again.

        Raises:
            PeerUnavailableError: the node does not answer, or cannot judge the message yet.
            PeerRefusedError: it refuses the message, by name.
        """
        ...


class WorkCalendar(Protocol):
    """The official working days."""

    def add_working_days(self, start: date, days: int) -> date | None:
        """The day ``days`` working days after ``start``; None for a year not published yet."""
        ...

    def working_days_between(self, start: date, day: date) -> int | None:
        """Working days after ``start`` up to and with ``day``; None for a year not published."""
        ...
