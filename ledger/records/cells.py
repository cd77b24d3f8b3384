"""What one cell says: text in, a value out, or the reason why it cannot be one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from ledger.errors import IdentifierError, PeriodError
from ledger.policy.identifiers import normalise_credit_code, normalise_identity_number
from ledger.policy.money import FEN_PER_YUAN
from ledger.policy.periods import checked_period, period_of
from ledger.records.columns import ColumnSpec, Content
from ledger.records.mapping import FEN

Parser = Callable[[str], Any]

_AMOUNT: Final = re.compile(r"(?P<sign>[-−－+]?)(?P<whole>\d{1,13})(?:\.(?P<part>\d*))?", re.ASCII)
_YUAN_DECIMALS: Final = 2
_ACCOUNT: Final = re.compile(r"\d{8,32}", re.ASCII)
_PERIODS: Final = {
    "yyyymm": re.compile(r"(\d{4})(\d{2})", re.ASCII),
    "yyyy-mm": re.compile(r"(\d{4})-(\d{1,2})", re.ASCII),
    "yyyy/mm": re.compile(r"(\d{4})/(\d{1,2})", re.ASCII),
    "yyyy年m月": re.compile(r"(\d{4})年(\d{1,2})月", re.ASCII),
}
_DATES: Final = {
    "yyyymmdd": re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII),
    "yyyy-mm-dd": re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII),
    "yyyy/mm/dd": re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})", re.ASCII),
    "yyyy年m月d日": re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII),
}


class CellFault(Exception):  # noqa: N818  # never leaves this package: it becomes a finding
    """A cell cannot be read: the code of the finding and its details."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def parser_of(
    column: ColumnSpec, today: date, unit: str, form: str | None, values: Mapping[str, str]
) -> Parser:
    """How the cells of a column are read.

    Args:
        column: what the column holds.
        today: no month and no day may lie after it (unless the column says so).
        unit: ``yuan`` or ``fen``, for money.
        form: the one spelling of months or days that counts; None for any known one.
        values: the mapping's own codes.
    """
    latest_day = None if column.may_lie_ahead else today
    latest_month = period_of(today)
    parsers: dict[Content, Parser] = {
        Content.TEXT: plain_text,
        Content.ACCOUNT: account_number,
        Content.IDENTITY: lambda text: _identified(
            lambda: normalise_identity_number(text, today), "identity-number"
        ),
        Content.CREDIT_CODE: lambda text: _identified(
            lambda: normalise_credit_code(text), "credit-code"
        ),
        Content.CHOICE: lambda text: choice(text, column, values),
        Content.PERIOD: lambda text: month(text, latest_month, form),
        Content.DATE: lambda text: day(text, latest_day, form),
        Content.MONEY: lambda text: fen(text, unit),
    }
    return parsers[column.content]


def fen(text: str, unit: str) -> int:
    """An amount in fen from digits in yuan (two decimals at most) or in fen (none)."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise CellFault("amount")
    whole, part = int(found["whole"]), (found["part"] or "").rstrip("0")
    if found["sign"] not in {"", "+"} and (whole or part):
        raise CellFault("amount-negative")
    decimals = 0 if unit == FEN else _YUAN_DECIMALS
    if len(part) > decimals:
        raise CellFault("amount-decimals", decimals=decimals)
    if unit == FEN:
        return whole
    return whole * FEN_PER_YUAN + int(part.ljust(_YUAN_DECIMALS, "0"))


def month(text: str, latest: int, form: str | None = None) -> int:
    """A month as yyyymm, not after ``latest``."""
    for name, pattern in _PERIODS.items():
        found = pattern.fullmatch(text)
        if found is not None and form in {None, name}:
            try:
                period = checked_period(int(found[1]) * 100 + int(found[2]))
            except PeriodError as error:
                raise CellFault("month") from error
            if period > latest:
                raise CellFault("month-future", latest=latest)
            return period
    raise CellFault("month")


def day(text: str, latest: date | None, form: str | None = None) -> date:
    """A day of the calendar, not after ``latest``."""
    for name, pattern in _DATES.items():
        found = pattern.fullmatch(text)
        if found is not None and form in {None, name}:
            try:
                parsed = date(int(found[1]), int(found[2]), int(found[3]))
            except ValueError as error:
                raise CellFault("date") from error
            if latest is not None and parsed > latest:
                raise CellFault("date-future", latest=latest.isoformat())
            return parsed
    raise CellFault("date")


def choice(text: str, column: ColumnSpec, values: Mapping[str, str]) -> str:
    """The canonical value of a code or word."""
    spelling = unicodedata.normalize("NFKC", text).casefold()
    found = values.get(text.casefold()) or column.choices.get(spelling)
    if found is None:
        allowed = ", ".join(value for value in dict.fromkeys(column.choices.values()) if value)
        raise CellFault("choice", allowed=allowed, column=column.name)
    return found


def account_number(text: str) -> str:
    """A bank account: 8 to 32 digits, blanks between groups dropped."""
    digits = text.replace(" ", "")
    if not _ACCOUNT.fullmatch(digits):
        raise CellFault("account-number")
    return digits


def plain_text(text: str) -> str:
    """Text without control characters."""
    if not text.isprintable() and any(unicodedata.category(sign) == "Cc" for sign in text):
        raise CellFault("characters")
    return text


def _identified(normalise: Callable[[], str], code: str) -> str:
    try:
        return normalise()
    except IdentifierError as error:
        raise CellFault(code, reason_zh=error.reason_zh, reason_en=error.reason) from error
