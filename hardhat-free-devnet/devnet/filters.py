"""Logs and filters: ``eth_getLogs``, and what web3.py polls for news of logs and blocks.

A filter lives in memory, as in geth: it is gone when the process ends or when nobody has asked for
five minutes; clients make another one and read what they missed with ``eth_getLogs``.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from devnet import wire
from devnet.errors import (
    BlockRangeError,
    FilterNotFoundError,
    InvalidParamsError,
    StateNotFoundError,
)
from devnet.store import LogFilter
from devnet.wire import hex_data

if TYPE_CHECKING:
    from devnet.chain import LocalChain

MAX_LOG_ROWS: Final = 100_000
MAX_FILTERS: Final = 1_000
UNUSED_SECONDS: Final = 300.0
_RANGE: Final = ("fromBlock", "toBlock")

Method = Callable[[list[Any]], Any]


@dataclass(slots=True)
class _Filter:
    """``wanted`` is empty for blocks and transactions; ``following`` is the next unseen block."""

    kind: str
    wanted: dict[str, Any]
    following: int
    asked_at: float


class Filters:
    """The log methods of one chain; the caller holds the chain's lock."""

    def __init__(self, local: LocalChain, seconds: Callable[[], float] = time.monotonic) -> None:
        self._local = local
        self._seconds = seconds
        self._open: dict[str, _Filter] = {}

    def methods(self) -> dict[str, Method]:
        """What is answered here, by its name."""
        return {
            "eth_getLogs": lambda params: self.logs(_wanted(params)),
            "eth_newFilter": lambda params: self._begin("logs", _checked(_wanted(params))),
            "eth_newBlockFilter": lambda _: self._begin("blocks", {}),
            "eth_newPendingTransactionFilter": lambda _: self._begin("transactions", {}),
            "eth_getFilterChanges": self._changes,
            "eth_getFilterLogs": self._all,
            "eth_uninstallFilter": lambda params: (
                self._open.pop(str(wire.argument(params, 0, "filter id")), None) is not None
            ),
        }

    def went_back(self, newest: int) -> None:
        """Blocks after ``newest`` were taken back: their successors are news again."""
        for each in self._open.values():
            each.following = min(each.following, newest + 1)

    def logs(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """The logs that match, in the order of the chain.

        Raises:
            InvalidParamsError: malformed, or more than can be answered.
            BlockRangeError: the range ends before it begins.
            StateNotFoundError: no block has that hash.
        """
        newest = int(self._local.head.block_number)
        if wanted.get("blockHash") is not None:
            found = self._local.store.block_number_of(
                wire.data(wanted["blockHash"], "blockHash", 32)
            )
            if found is None:
                raise StateNotFoundError("unknown block")
            return self._between(wanted, found, found)
        first, last = (
            newest if each.number is None and each.name != "earliest" else each.number or 0
            for each in (wire.block_reference(wanted.get(key)) for key in _RANGE)
        )
        if first > last:
            raise BlockRangeError("invalid block range params")
        return self._between(wanted, first, min(last, newest))

    def _between(self, wanted: dict[str, Any], first: int, last: int) -> list[dict[str, Any]]:
        found = self._local.store.find_logs(
            LogFilter(
                from_block=first,
                to_block=last,
                addresses=wire.filter_addresses(wanted),
                topics=wire.filter_topics(wanted),
            ),
            limit=MAX_LOG_ROWS + 1,
        )
        if len(found) > MAX_LOG_ROWS:
            raise InvalidParamsError(
                f"query returned more than {MAX_LOG_ROWS} results; narrow the block range"
            )
        return [wire.log_object(row) for row in found]

    def _begin(self, kind: str, wanted: dict[str, Any]) -> str:
        now = self._seconds()
        self._open = {
            name: each for name, each in self._open.items() if now - each.asked_at < UNUSED_SECONDS
        }
        if len(self._open) >= MAX_FILTERS:
            raise InvalidParamsError(f"more than {MAX_FILTERS} filters are open")
        name = "0x" + secrets.token_hex(16)
        following = int(self._local.head.block_number) + 1
        self._open[name] = _Filter(kind, wanted, following, now)
        return name

    def _found(self, params: list[Any]) -> _Filter:
        name = str(wire.argument(params, 0, "filter id"))
        found, now = self._open.get(name), self._seconds()
        if found is None or now - found.asked_at >= UNUSED_SECONDS:
            self._open.pop(name, None)
            raise FilterNotFoundError("filter not found")
        found.asked_at = now
        return found

    def _changes(self, params: list[Any]) -> list[Any]:
        found, newest = self._found(params), int(self._local.head.block_number)
        first, found.following = found.following, newest + 1
        if first > newest:
            return []
        if found.kind == "blocks":
            return [hex_data(each) for each in self._local.store.block_hashes(first, newest)]
        if found.kind == "transactions":
            blocks = (self._local.block(number) for number in range(first, newest + 1))
            return [hex_data(bytes(each.hash)) for block in blocks for each in block.transactions]
        return self._between(found.wanted, *_within(found.wanted, first, newest))

    def _all(self, params: list[Any]) -> list[dict[str, Any]]:
        found = self._found(params)
        if found.kind != "logs":
            raise FilterNotFoundError("filter not found")
        return self.logs(found.wanted)


def _wanted(params: list[Any]) -> dict[str, Any]:
    wanted = wire.argument(params, 0, "filter")
    if not isinstance(wanted, dict):
        raise InvalidParamsError("filter: expected an object")
    return wanted


def _checked(wanted: dict[str, Any]) -> dict[str, Any]:
    """A filter that cannot be read is refused when it is made, not when it is asked."""
    wire.filter_addresses(wanted)
    wire.filter_topics(wanted)
    for key in _RANGE:
        wire.block_reference(wanted.get(key))
    return wanted


def _within(wanted: dict[str, Any], first: int, last: int) -> tuple[int, int]:
    """The part of the news that the filter's own range, where it has one, allows."""
    least, most = (wire.block_reference(wanted.get(key)).number for key in _RANGE)
    return max(first, least or 0), last if most is None else min(last, most)
