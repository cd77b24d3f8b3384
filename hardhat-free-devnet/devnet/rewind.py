"""Methods that a chain has only when it was started for tests: back in time, and on.

They break the promise that an acknowledged block stays, so they need ``--testing``, for each start
anew. Names and shapes are those of Hardhat, Ganache and anvil.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from devnet import wire
from devnet.errors import InvalidParamsError
from devnet.wire import hex_quantity

if TYPE_CHECKING:
    from devnet.chain import LocalChain
    from devnet.filters import Filters

MAX_BLOCKS_AT_ONCE: Final = 1_000
_PAIR: Final = 2


@dataclass(frozen=True, slots=True)
class _Moment:
    block: int
    block_hash: bytes
    shift_seconds: int


class TestingMethods:
    """Snapshots, reorganisations and a clock that can be moved; the caller holds the lock."""

    __test__ = False  # for pytest, which takes the name for one of its own

    def __init__(self, local: LocalChain, filters: Filters) -> None:
        self._local = local
        self._filters = filters
        self._moments: dict[int, _Moment] = {}
        self._branches = 0

    def methods(self) -> dict[str, Callable[[list[Any]], Any]]:
        """What is answered here, by its name."""
        return {
            "evm_snapshot": lambda _: self._snapshot(),
            "evm_revert": self._revert,
            "evm_increaseTime": self._increase_time,
            "evm_setNextBlockTimestamp": self._set_next_second,
            "evm_mine": self._mine,
            "anvil_mine": self._mine_several,
            "anvil_reorg": self._reorganise,
        }

    def _snapshot(self) -> str:
        head, number = self._local.head, len(self._moments) + 1
        self._moments[number] = _Moment(
            int(head.block_number), bytes(head.hash), self._local.shift_seconds
        )
        return hex_quantity(number)

    def _revert(self, params: list[Any]) -> bool:
        number = wire.quantity(wire.argument(params, 0, "snapshot"), "snapshot")
        moment = self._moments.get(number)
        if moment is None or moment.block > int(self._local.head.block_number):
            return False
        if bytes(self._local.block(moment.block).hash) != moment.block_hash:
            return False
        self._moments = {key: each for key, each in self._moments.items() if key < number}
        self._local.shift_seconds = moment.shift_seconds
        self._go_back(moment.block)
        return True

    def _go_back(self, number: int) -> None:
        self._branches += 1
        mark = f"anxu devnet branch {self._branches}".encode()
        self._local.go_back(number, mark)
        self._filters.went_back(number)

    def _increase_time(self, params: list[Any]) -> str:
        self._local.shift_seconds += _number(wire.argument(params, 0, "seconds"), "seconds")
        return hex_quantity(self._local.shift_seconds)

    def _set_next_second(self, params: list[Any]) -> None:
        second = _number(wire.argument(params, 0, "timestamp"), "timestamp")
        if second < self._local.head.timestamp:
            raise InvalidParamsError("timestamp: before the newest block")
        self._local.shift_seconds += second - self._local.seconds()

    def _mine(self, params: list[Any]) -> str:
        if params and params[0] is not None:
            self._set_next_second(params)
        self._local.mine_empty()
        return "0x0"

    def _mine_several(self, params: list[Any]) -> None:
        for _ in range(_number(params[0], "blocks") if params else 1):
            self._local.mine_empty()

    def _reorganise(self, params: list[Any]) -> None:
        """``[depth, [[signed bytes, place], …]]``, as anvil has it."""
        depth = _number(wire.argument(params, 0, "depth"), "depth")
        pairs = params[1] if len(params) > 1 else []
        newest = int(self._local.head.block_number)
        if not 0 < depth <= min(newest, MAX_BLOCKS_AT_ONCE):
            raise InvalidParamsError("depth: more blocks than there are")
        if not isinstance(pairs, list) or any(
            not isinstance(pair, list) or len(pair) != _PAIR for pair in pairs
        ):
            raise InvalidParamsError("transactions: expected pairs of bytes and place")
        placed = {_number(place, "place"): wire.data(raw, "transaction") for raw, place in pairs}
        if len(placed) != len(pairs) or any(place >= depth for place in placed):
            raise InvalidParamsError("transactions: one a new block, within the depth")
        self._go_back(newest - depth)
        for place in range(depth):
            if place in placed:
                self._local.send_raw(placed[place])
            else:
                self._local.mine_empty()


def _number(value: object, what: str) -> int:
    """A number as Hardhat's clients send it: bare, or as a hex quantity."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return wire.quantity(value, what)
