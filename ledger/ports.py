"""Clock and randomness: what the pure core is handed instead of reaching for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

BEIJING = timezone(timedelta(hours=8), "Beijing")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    def today(self) -> date:
        """The current day of the Beijing calendar, by which deadlines run."""
        ...


class RandomSource(Protocol):
    """Gives unpredictable bytes."""

    def bytes(self, length: int) -> bytes:
        """``length`` fresh random bytes."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock, shifted by a fixed offset: a demonstration stands on a fixed day.

    ``offset_seconds`` is zero everywhere but in a demonstration, where the chain has the same
    shift.
    """

    offset_seconds: int = 0

    def now(self) -> datetime:
        """The current instant plus the offset, aware, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)

    def today(self) -> date:
        """The Beijing day of :meth:`now`."""
        return self.now().astimezone(BEIJING).date()


class SystemRandom:
    """The operating system's randomness."""

    def bytes(self, length: int) -> bytes:
        """``length`` bytes from the kernel's generator."""
        return os.urandom(length)
