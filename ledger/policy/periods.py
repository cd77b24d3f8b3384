"""Arithmetic on months written as ints yyyymm, the way pension records name them (费款所属期).

A period is a month of the Beijing calendar. Intervals are closed: 202307 to 202308 is two months.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import Final

from ledger.errors import PeriodError

MONTHS_PER_YEAR: Final = 12
EARLIEST_YEAR: Final = 1900
LATEST_YEAR: Final = 2199


def checked_period(value: int) -> int:
    """Give ``value`` back if it is a month from 1900-01 to 2199-12.

    Raises:
        PeriodError: the month is not 1..12 or the year is out of range.
    """
    year, month = divmod(value, 100)
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise PeriodError(value, f"the year must be {EARLIEST_YEAR} to {LATEST_YEAR}")
    if not 1 <= month <= MONTHS_PER_YEAR:
        raise PeriodError(value, "the month must be 01 to 12")
    return value


def period_of(day: date) -> int:
    """The month a day lies in."""
    return day.year * 100 + day.month


def year_of(period: int) -> int:
    """The calendar year of a month."""
    return period // 100


def month_of(period: int) -> int:
    """The month in the year, 1..12."""
    return period % 100


def serial_of(period: int) -> int:
    """Months since year 0, for differences."""
    year, month = divmod(checked_period(period), 100)
    return year * MONTHS_PER_YEAR + month - 1


def period_of_serial(serial: int) -> int:
    """The month with this serial; the inverse of :func:`serial_of`."""
    year, month = divmod(serial, MONTHS_PER_YEAR)
    return checked_period(year * 100 + month + 1)


def add_months(period: int, months: int) -> int:
    """The month ``months`` later (earlier when negative)."""
    return period_of_serial(serial_of(period) + months)


def months_between(start: int, end: int) -> int:
    """How many months ``end`` comes after ``start``; 0 for the same month, negative before it."""
    return serial_of(end) - serial_of(start)


def month_range(first: int, last: int) -> Iterator[int]:
    """Every month from ``first`` to ``last``, both included; nothing when ``last`` is earlier."""
    return (period_of_serial(serial) for serial in range(serial_of(first), serial_of(last) + 1))


def first_day(period: int) -> date:
    """The first day of the month."""
    return date(year_of(checked_period(period)), month_of(period), 1)


def last_day(period: int) -> date:
    """The last day of the month."""
    year, month = divmod(checked_period(period), 100)
    return date(year, month, monthrange(year, month)[1])


def period_text(period: int, language: str = "zh") -> str:
    """A month as people read it: ``2026年8月`` in zh, ``2026-08`` in en."""
    year, month = divmod(period, 100)
    return f"{year}-{month:02d}" if language == "en" else f"{year}年{month}月"


def duration_text(months: int, language: str = "zh") -> str:
    """A number of months as years and months: ``14年8个月`` or ``14 years 8 months``."""
    years, rest = divmod(months, MONTHS_PER_YEAR)
    if language == "en":
        parts = [_counted(years, "year")] if years else []
        parts += [_counted(rest, "month")] if rest or not years else []
        return " ".join(parts)
    text = f"{years}年" if years else ""
    return text + (f"{rest}个月" if rest or not years else "")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
