"""A working life: one line a city, filled months, gaps and overlaps visible and named."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from api.web.charts.svg import Attribute, element, picture, text, title

WIDTH = 760.0
LABEL_WIDTH = 96.0
LINE_HEIGHT = 56.0
BAR_HEIGHT = 24.0
TOP = 16.0
AXIS_HEIGHT = 40.0
MONTHS = 12
MONTH_EDGES_FROM = 6.0
YEAR_LABEL_WIDTH = 48.0


@dataclass(frozen=True, slots=True)
class Line:
    """One city's months, as ``yyyymm`` in any order; ``city`` is in the reader's language."""

    city: str
    periods: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive months from ``first`` to ``last``, both ``yyyymm`` and both meant."""

    first: int
    last: int

    @property
    def months(self) -> int:
        """How many months."""
        return month_number(self.last) - month_number(self.first) + 1


def month_number(period: int) -> int:
    """Months since year 0, so that neighbours differ by one."""
    return period // 100 * MONTHS + period % 100 - 1


def period_of(month: int) -> int:
    """The ``yyyymm`` of a month number."""
    return month // MONTHS * 100 + month % MONTHS + 1


def spans_of(periods: tuple[int, ...]) -> tuple[Span, ...]:
    """Join consecutive months into spans, ascending."""
    spans: list[Span] = []
    for month in sorted({month_number(period) for period in periods}):
        if spans and month == month_number(spans[-1].last) + 1:
            spans[-1] = Span(spans[-1].first, period_of(month))
        else:
            spans.append(Span(period_of(month), period_of(month)))
    return tuple(spans)


def gaps_of(lines: tuple[Line, ...]) -> tuple[Span, ...]:
    """Months between the first and the last in which no city has a contribution."""
    spans = spans_of(tuple(period for line in lines for period in line.periods))
    return tuple(
        Span(period_of(month_number(before.last) + 1), period_of(month_number(after.first) - 1))
        for before, after in pairwise(spans)
    )


def overlaps_of(lines: tuple[Line, ...]) -> tuple[Span, ...]:
    """Months that more than one city has."""
    counted = Counter(period for line in lines for period in set(line.periods))
    return spans_of(tuple(period for period, cities in counted.items() if cities > 1))


def draw_working_life(lines: tuple[Line, ...], label: str, gap_word: str, overlap_word: str) -> str:
    """Draw one line a city over a common axis of years.

    Args:
        lines: at least one month in all; cities from the top in the caller's order.
        label: the name of the whole picture for screen readers.
        gap_word: what stands at a gap.
        overlap_word: what stands at an overlap.

    Returns:
        SVG; an empty text when there is no month at all.
    """
    months = [month_number(period) for line in lines for period in line.periods]
    if not months:
        return ""
    first = min(months) // MONTHS * MONTHS
    last = (max(months) // MONTHS + 1) * MONTHS
    wide = (WIDTH - LABEL_WIDTH - 8) / (last - first)
    bottom = TOP + LINE_HEIGHT * len(lines)
    drawn = _axis(first, last, wide, bottom)
    for row, line in enumerate(lines):
        drawn += _line(line, TOP + row * LINE_HEIGHT, first, wide)
    for span in gaps_of(lines):
        drawn += _mark(span, first, wide, bottom, "gap", gap_word)
    for span in overlaps_of(lines):
        drawn += _mark(span, first, wide, bottom, "overlap", overlap_word)
    return picture(WIDTH, bottom + AXIS_HEIGHT, "working-life", label, drawn)


def _left(period: int, first: int, wide: float) -> float:
    return LABEL_WIDTH + (month_number(period) - first) * wide


def _axis(first: int, last: int, wide: float, bottom: float) -> list[str]:
    years = (last - first) // MONTHS
    every = next(step for step in (1, 2, 5, 10, 20, 50) if step * MONTHS * wide >= YEAR_LABEL_WIDTH)
    drawn = [
        element("path", {"d": f"M{LABEL_WIDTH:.0f} {bottom:.0f}H{WIDTH - 8:.0f}", "cls": "axis"})
    ]
    for year in range(years + 1):
        x = LABEL_WIDTH + year * MONTHS * wide
        calendar_year = first // MONTHS + year
        named = calendar_year % every == 0
        top = TOP if named else bottom - 4
        drawn.append(element("path", {"d": f"M{x:.2f} {top:.0f}V{bottom + 6:.0f}", "cls": "tick"}))
        if named and year < years:
            drawn.append(text(x + 4, bottom + 24, str(calendar_year), "year"))
    return drawn


def _line(line: Line, top: float, first: int, wide: float) -> list[str]:
    y = top + (LINE_HEIGHT - BAR_HEIGHT) / 2
    drawn = [text(0, y + BAR_HEIGHT - 6, line.city, "city")]
    for span in spans_of(line.periods):
        left = _left(span.first, first, wide)
        place: dict[str, Attribute] = {
            "x": left,
            "y": y,
            "width": span.months * wide,
            "height": BAR_HEIGHT,
            "cls": "paid-months",
        }
        words = f"{line.city} {_dashed(span.first)} – {_dashed(span.last)}"
        drawn.append(element("rect", place, [title(words)]))
        if wide >= MONTH_EDGES_FROM:
            edges = "".join(
                f"M{left + month * wide:.2f} {y:.0f}v{BAR_HEIGHT:.0f}"
                for month in range(1, span.months)
            )
            if edges:
                drawn.append(element("path", {"d": edges, "cls": "month-edge"}))
    return drawn


def _mark(span: Span, first: int, wide: float, bottom: float, kind: str, word: str) -> list[str]:
    left = _left(span.first, first, wide)
    width = max(span.months * wide, 3.0)
    words = f"{word} {_dashed(span.first)} – {_dashed(span.last)}"
    place: dict[str, Attribute] = {
        "x": left,
        "y": TOP + 4,
        "width": width,
        "height": bottom - TOP - 8,
        "cls": f"span span-{kind}",
    }
    middle = min(max(left + width / 2, LABEL_WIDTH + 20), WIDTH - 28)
    return [
        element("rect", place, [title(words)]),
        text(middle, TOP - 4, word, f"span-word span-word-{kind}", "middle"),
    ]


def _dashed(period: int) -> str:
    return f"{period // 100:04d}-{period % 100:02d}"
