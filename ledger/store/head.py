"""The head of the node's own log: what has been accepted, read and swapped within an append."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from ledger.errors import HeadMovedError
from ledger.evidence.encoding import LogId
from ledger.evidence.merkle import CompactRange
from ledger.store.driver import Driver
from ledger.store.times import to_micros

_FRONTIER: Final = "SELECT frontier FROM log_head"
_LAST_SOURCE: Final = "SELECT max(source) FROM sources"
_ADD_SOURCE: Final = (
    "INSERT INTO sources (source, source_key, first_index, end_index, recorded_at)"
    " VALUES (?, ?, ?, ?, ?)"
)
_SWAP: Final = "UPDATE log_head SET size = ?, root = ?, frontier = ? WHERE id = 1 AND size = ?"
_FIRST: Final = "INSERT INTO log_head (id, size, root, frontier) VALUES (1, ?, ?, ?)"


class LogHead:
    """The head, within the caller's transaction."""

    def __init__(self, connection: Connection, log_id: LogId) -> None:
        self._driver = Driver(connection)
        self._log_id = log_id

    def read(self) -> CompactRange:
        """What has been accepted so far, as the compact range that the next append extends."""
        rows = self._driver.rows(_FRONTIER)
        return CompactRange.from_bytes(bytes(rows[0][0])) if rows else CompactRange.empty()

    def next_source(self) -> int:
        """The number of the next append."""
        ((last,),) = self._driver.rows(_LAST_SOURCE)
        return (last or 0) + 1

    def advance(
        self, before: CompactRange, after: CompactRange, *, source: int, key: str, at: datetime
    ) -> None:
        """Swap the head, and note the append that grew it by its number and what it came from.

        Raises:
            HeadMovedError: the head is not what it was when it was read.
        """
        values = (after.size, after.root(), after.to_bytes())
        if not self._driver.change(_SWAP, (*values, before.size)):
            if before.size or self._driver.rows(_FRONTIER):
                raise HeadMovedError(log_id=self._log_id, expected_size=before.size)
            self._driver.change(_FIRST, values)
        row = (source, key, before.size, after.size, to_micros(at))
        self._driver.change(_ADD_SOURCE, row)
