"""Typed reads with a short memory for what changes rarely: who takes part."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final, TypeVar

from ledger.chain.bindings import Bindings, BureauOnChain, SupervisorOnChain

REMEMBERED_SECONDS: Final = 5
"""How old a list of participants may be; suspensions and new keys count after at most this long."""

_T = TypeVar("_T")


class Registry(Bindings):
    """The bindings, with participants remembered for some seconds; thread-safe."""

    def __init__(self, bindings: Bindings) -> None:
        super().__init__(bindings.gateway)
        self._lock = Lock()
        self._bureaus: tuple[float, list[BureauOnChain]] | None = None
        self._supervisors: tuple[float, list[SupervisorOnChain]] | None = None

    def bureaus(self) -> list[BureauOnChain]:
        """All enrolled bureaus by log id."""
        with self._lock:
            self._bureaus = _fresh(self._bureaus, super().bureaus)
            return list(self._bureaus[1])

    def supervisors(self) -> list[SupervisorOnChain]:
        """All supervisors in order."""
        with self._lock:
            self._supervisors = _fresh(self._supervisors, super().supervisors)
            return list(self._supervisors[1])


def _fresh(
    known: tuple[float, list[_T]] | None, read: Callable[[], list[_T]]
) -> tuple[float, list[_T]]:
    now = time.monotonic()
    if known is not None and now - known[0] < REMEMBERED_SECONDS:
        return known
    return now, read()
