"""Money in integer fen, rates in basis points (1 bps = 0.01 %), and the one way of rounding.

Rounding is half up, away from zero for negatives, to whole fen, once per stated line (rules a.5:
the national texts leave it open, so it is stated here and nowhere else).
"""

from __future__ import annotations

import re
from enum import StrEnum
from fractions import Fraction
from typing import Final

from ledger.errors import AmountError

FEN_PER_YUAN: Final = 100
BPS_PER_WHOLE: Final = 10_000

FEN_PER_JIAO: Final = 10

_YUAN_FORM: Final = re.compile(r"(?P<yuan>\d{1,13})(?:\.(?P<fen>\d{1,2}))?", re.ASCII)


class Rounding(StrEnum):
    """How a place rounds an amount; the profile of the province says which."""

    HALF_UP_FEN = "half-up-fen"
    UP_TO_JIAO = "up-to-jiao"


def round_half_up(value: Fraction) -> int:
    """The nearest integer, halves away from zero."""
    if value < 0:
        return -round_half_up(-value)
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """An amount of fen as a place rounds it: to the nearest fen, or up to the next 0.1 yuan.

    The amount is ``numerator / denominator``, at least 0, both whole numbers: exact, and quicker
    than a fraction where thousands of years of accounts are credited.
    """
    if rounding is Rounding.HALF_UP_FEN:
        return (2 * numerator + denominator) // (2 * denominator)
    return -(-numerator // (denominator * FEN_PER_JIAO)) * FEN_PER_JIAO


def share_of(amount_fen: int, rate_bps: int) -> int:
    """``rate_bps`` of an amount, in fen, rounded half up."""
    return round_half_up(Fraction(amount_fen * rate_bps, BPS_PER_WHOLE))


def fen_of_yuan(text: str, field: str = "amount") -> int:
    """Fen from a decimal number of yuan such as ``8132.00``; no sign, no thousands marks, no float.

    Raises:
        AmountError: the text is not such a number; the text itself is not repeated.
    """
    match = _YUAN_FORM.fullmatch(text.strip())
    if match is None:
        raise AmountError(field, "not a number of yuan with at most two decimals and no sign")
    return int(match["yuan"]) * FEN_PER_YUAN + int((match["fen"] or "").ljust(2, "0"))


def yuan_text(amount_fen: int) -> str:
    """An amount as people read it: ``-12,345.60``."""
    sign = "-" if amount_fen < 0 else ""
    yuan, fen = divmod(abs(amount_fen), FEN_PER_YUAN)
    return f"{sign}{yuan:,}.{fen:02d}"


def percent_text(rate_bps: int) -> str:
    """A rate as people read it: ``16%``, ``8.31%``."""
    whole, rest = divmod(rate_bps, 100)
    return f"{whole}%" if not rest else f"{whole}.{rest:02d}".rstrip("0") + "%"


def decimal_text(value: int, decimals: int) -> str:
    """A count of ``10**-decimals`` as a decimal number: 9350 at four decimals is 0.9350."""
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), 10**decimals)
    return f"{sign}{whole}.{rest:0{decimals}d}"
