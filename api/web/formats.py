"""How numbers, months, times and digests are written on a page.

Everything here is pure and returns plain text or escaped markup; amounts come as integer fen,
times as aware datetimes.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from markupsafe import Markup, escape

from api.web.parts import Language

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
MINUS = "\N{MINUS SIGN}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
NOTHING = "—"
FEN_A_YUAN = 100
DIGEST_HEAD = 6
DIGEST_TAIL = 6
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def yuan(fen: int | None) -> str:
    """Integer fen as yuan with two places and thousands separators; a dash for None."""
    if fen is None:
        return NOTHING
    whole, part = divmod(abs(fen), FEN_A_YUAN)
    return f"{MINUS if fen < 0 else ''}{whole:,}.{part:02d}"


def count(number: int | None) -> str:
    """A count with thousands separators; a dash for None."""
    if number is None:
        return NOTHING
    return f"{MINUS if number < 0 else ''}{abs(number):,}"


def month(period: int) -> str:
    """``202508`` as ``2025-08``; a dash for 0, which means no month."""
    return f"{period // 100:04d}-{period % 100:02d}" if period else NOTHING


def month_words(period: int, language: Language) -> str:
    """``202508`` as ``2025 年 8 月`` or ``August 2025``, held together by no-break spaces.

    A dash for 0.
    """
    if not period:
        return NOTHING
    year, number = divmod(period, 100)
    words = (
        f"{MONTH_NAMES[number - 1]} {year}" if language is Language.EN else f"{year} 年 {number} 月"
    )
    return words.replace(" ", NO_BREAK_SPACE)


def beijing(at: datetime | None) -> Markup:
    """A time in Beijing to the minute, with the exact one for machines; a dash for None."""
    if at is None:
        return escape(NOTHING)
    assert at.tzinfo is not None, "a time without a zone is no time"
    local = at.astimezone(BEIJING)
    return Markup('<time datetime="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), f"{local:%Y-%m-%d %H:%M}"
    )


def day(on: date | None) -> Markup:
    """A calendar day; a dash for None."""
    if on is None:
        return escape(NOTHING)
    assert not isinstance(on, datetime), "a day has no time of day"
    return Markup('<time datetime="{0}">{0}</time>').format(on.isoformat())


def digest(value: str) -> Markup:
    """A digest shortened in the middle, whole in its title and whole when it is copied.

    The middle stays in the text under a class that hides it, so that a copied selection holds
    every digit.
    """
    if not value:
        return escape(NOTHING)
    if len(value) <= DIGEST_HEAD + DIGEST_TAIL + 4:
        return Markup('<code class="digest">{}</code>').format(value)
    head = 2 + DIGEST_HEAD if value.startswith("0x") else DIGEST_HEAD
    return Markup(
        '<code class="digest" title="{0}">{1}<span class="digest-middle">{2}</span>{3}</code>'
    ).format(value, value[:head], value[head:-DIGEST_TAIL], value[-DIGEST_TAIL:])
