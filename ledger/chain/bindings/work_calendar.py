"""Typed reads of `WorkCalendar`."""

from __future__ import annotations

from typing import Final

from ledger.chain.bindings.base import ContractReads

_WORD_BITS: Final = 256
_WORD_MASK: Final = (1 << _WORD_BITS) - 1


def day_words(working_days: int) -> list[int]:
    """A year's map of working days as the contract takes it: two words, the low one first."""
    return [working_days & _WORD_MASK, working_days >> _WORD_BITS]


class WorkCalendarReads(ContractReads):
    """Official working days and the ends of terms."""

    def working_days_of(self, year: int) -> int | None:
        """A year's map of working days, as `ledger.policy.work_calendar` has it; None: unknown."""
        low, high = self.one("WorkCalendar", "yearOf", year)
        return int(low) | int(high) << _WORD_BITS or None

    def due_at(self, start: int, working_days: int) -> int | None:
        """The first second after a term that began at ``start``; None when it is not known."""
        return self.moment_or_none("WorkCalendar", "dueAt", start, working_days)

    def is_overdue(self, start: int, working_days: int) -> bool:
        """Whether a term is certainly over at the newest block."""
        return bool(self.one("WorkCalendar", "isOverdue", start, working_days))
