"""Keeps a clique network going: validators begin together, and a split that cannot end is ended.

Clique has no protocol for agreement. When validators seal without having met, or when blocks
travel slower than turns change, two branches of the same weight can arise on which each validator
has signed too recently to go on, and nobody may sign any more, for ever (a known fault of clique,
EIP-225). Networks for real work use QBFT, which cannot come to this. Here the lighter branches are
taken back to where they began; their validators then follow the others.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from devnet.client import Unreachable, ask, order
from devnet.errors import RpcError

MEETING_SECONDS: Final = 12.0
"""How long a validator waits for its peers before it begins all the same."""
STILL_SECONDS: Final = 6.0
"""Longer than any turn takes: heads that differ and have not moved for so long will not move."""
_POLL_SECONDS: Final = 0.1
_TURN_WEIGHT: Final = 2
"""The difficulty of a block by the validator whose turn it is."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A running validator: where it answers, and where it takes orders."""

    rpc_url: str
    private_socket: Path

    def block(self, at: str = "latest") -> dict[str, Any]:
        """One of its blocks."""
        found = ask(self.rpc_url, "eth_getBlockByNumber", at, False)  # noqa: FBT003
        if found is None:
            raise Unreachable("no such block")
        return dict(found)


def begin(seats: Sequence[Seat], running: Sequence[Seat]) -> None:
    """Have these validators begin to make blocks, once they have met those that run.

    Args:
        seats: who begins.
        running: all that run, the beginners included.
    """
    deadline = time.monotonic() + MEETING_SECONDS
    while seats and time.monotonic() < deadline:
        try:
            peers = min(int(ask(each.rpc_url, "net_peerCount"), 16) for each in seats)
            weights = [int(each.block()["totalDifficulty"], 16) for each in (*running, *seats)]
            # the newest may move on meanwhile: a turn behind is no fork to speak of
            level = max(weights) - min(weights[len(running) :]) <= _TURN_WEIGHT
            if peers >= len(running) - 1 and level:
                break
        except Unreachable:
            pass
        time.sleep(_POLL_SECONDS)
    for each in seats:
        try:
            # the command line cannot say so: what offers no tip is passed on, and put into blocks
            order(each.private_socket, "miner_setGasPrice", "0x0")
            order(each.private_socket, "miner_start")
        except (Unreachable, RpcError):
            continue  # it has ended meanwhile; whoever waits for it will see


class Watch:
    """Looks at the validators' heads again and again, and mends what has stood still for long."""

    def __init__(self) -> None:
        self._heads: tuple[str, ...] = ()
        self._since = time.monotonic()

    def look(self, seats: Sequence[Seat]) -> bool:
        """Take one look; whether a split was mended."""
        try:
            blocks = [each.block() for each in seats]
        except Unreachable:
            self._heads = ()
            return False
        heads = tuple(str(each["hash"]) for each in blocks)
        if heads != self._heads:
            self._heads, self._since = heads, time.monotonic()
            return False
        if len(set(heads)) < 2 or time.monotonic() - self._since < STILL_SECONDS:  # noqa: PLR2004
            return False
        self._since = time.monotonic()
        return mend(seats, blocks)


def mend(seats: Sequence[Seat], heads: Sequence[dict[str, Any]]) -> bool:
    """Have every validator that is not on the heaviest branch follow it; whether any was not."""
    behind = take_back(seats, heads)
    if behind:
        begin(behind, seats)
    return bool(behind)


def take_back(seats: Sequence[Seat], heads: Sequence[dict[str, Any]]) -> list[Seat]:
    """Take every validator that is not on the heaviest branch back to where its own began.

    Returns:
        Those that were taken back; they make no blocks until they `begin` again.
    """
    followed = [str(each["hash"]) for each in heads]

    def weight(place: int) -> tuple[int, int, str]:
        head = heads[place]
        return int(head["totalDifficulty"], 16), followed.count(followed[place]), followed[place]

    best = max(range(len(heads)), key=weight)
    moved = []
    for place, seat in enumerate(seats):
        if followed[place] == followed[best]:
            continue
        try:
            number = min(int(heads[place]["number"], 16), int(heads[best]["number"], 16))
            while seat.block(hex(number))["hash"] != seats[best].block(hex(number))["hash"]:
                number -= 1
            if number < int(heads[place]["number"], 16):
                order(seat.private_socket, "miner_stop")  # or it would begin its branch anew
                moved.append(seat)
                order(seat.private_socket, "debug_setHead", hex(number))
        except (Unreachable, RpcError):
            continue  # the next look sees to it
    return moved
