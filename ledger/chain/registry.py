"""Typed reads with a short memory for what changes rarely: who takes part."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final, TypeVar

from ledger.chain.bindings import (
    Bindings,
    BureauOnChain,
    CosignerKeyOnChain,
    KeySetOnChain,
    SupervisorOnChain,
)
from ledger.chain.remembered import RememberedAnswers, ShownGateway

REMEMBERED_SECONDS: Final = 5
"""How old a list of participants may be; suspensions and new keys count after at most this long."""

_T = TypeVar("_T")


class Registry(Bindings):
    """The bindings, with participants remembered for some seconds; thread-safe.

    While the chain cannot be reached the participants, their keys and all of ``shown`` are what
    they were when it last could; every other read raises.
    """

    def __init__(self, bindings: Bindings, answers: RememberedAnswers | None = None) -> None:
        super().__init__(bindings.gateway)
        self.answers = answers if answers is not None else RememberedAnswers()
        self.shown = Bindings(ShownGateway(bindings.gateway, self.answers))
        """Reads for pages, which decide nothing."""
        self._lock = Lock()
        self._bureaus: tuple[float, list[BureauOnChain]] | None = None
        self._supervisors: tuple[float, list[SupervisorOnChain]] | None = None

    def bureaus(self) -> list[BureauOnChain]:
        """All enrolled bureaus by log id."""
        with self._lock:
            self._bureaus = _fresh(self._bureaus, self.shown.bureaus)
            return list(self._bureaus[1])

    def supervisors(self) -> list[SupervisorOnChain]:
        """All supervisors in order."""
        with self._lock:
            self._supervisors = _fresh(self._supervisors, self.shown.supervisors)
            return list(self._supervisors[1])

    def bureau(self, log_id: int) -> BureauOnChain | None:
        """The agency of a log; None when no log has that id."""
        return self.shown.bureau(log_id)

    def key_history(self, log_id: int) -> list[KeySetOnChain]:
        """All keys of a log in the order they came."""
        return self.shown.key_history(log_id)

    def all_supervisors(self) -> list[SupervisorOnChain]:
        """All supervisors there ever were, in the order they were named."""
        return self.shown.all_supervisors()

    def cosigner_history(self, account: str) -> list[CosignerKeyOnChain]:
        """All cosigner keys of a supervisor in the order they came."""
        return self.shown.cosigner_history(account)


def _fresh(
    known: tuple[float, list[_T]] | None, read: Callable[[], list[_T]]
) -> tuple[float, list[_T]]:
    now = time.monotonic()
    if known is not None and now - known[0] < REMEMBERED_SECONDS:
        return known
    return now, read()
