"""Rows on one common scale: points in time, or parts that add up; readable on a narrow screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.web.charts.svg import Attribute, element, picture, text

WIDTH: Final = 360.0
ROW_HEIGHT: Final = 56.0
BAR_TOP: Final = 28.0
BAR_HEIGHT: Final = 12.0
POINT_RADIUS: Final = 7.0
TOP: Final = 4.0


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its name, its value as text, and where it lies on the scale from 0 to 1.

    A row that begins where it ends is a point. ``strong`` marks the answer among the rows;
    ``shade`` picks one of the four looks of parts.
    """

    name: str
    value: str
    start: float
    end: float
    strong: bool = False
    shade: int = 0


def draw_rows(rows: Sequence[Row], label: str) -> str:
    """Draw the rows from top to bottom.

    Args:
        rows: in the order in which they are read; ``0 <= start <= end <= 1``.
        label: what the picture says, for screen readers; the figures also stand on the page.

    Returns:
        SVG; an empty text when there is no row.
    """
    if not rows:
        return ""
    drawn: list[str] = []
    for number, row in enumerate(rows):
        drawn += _row(row, TOP + number * ROW_HEIGHT)
    return picture(WIDTH, TOP + ROW_HEIGHT * len(rows), "row-chart", label, drawn)


def _row(row: Row, top: float) -> list[str]:
    assert 0 <= row.start <= row.end <= 1, "a row lies on the scale"
    middle = top + BAR_TOP + BAR_HEIGHT / 2
    strong = " row-strong" if row.strong else ""
    drawn = [
        text(0, top + 18, row.name, f"row-name{strong}"),
        text(WIDTH, top + 18, row.value, f"row-value{strong}", "end"),
        element("path", {"d": f"M0 {middle:.0f}H{WIDTH:.0f}", "cls": "row-scale"}),
    ]
    inner = WIDTH - 2 * POINT_RADIUS
    if row.start == row.end:
        point: dict[str, Attribute] = {
            "cx": POINT_RADIUS + row.start * inner,
            "cy": middle,
            "r": POINT_RADIUS if row.strong else POINT_RADIUS - 2,
            "cls": f"row-point{strong}",
        }
        return [*drawn, element("circle", point)]
    bar: dict[str, Attribute] = {
        "x": row.start * WIDTH,
        "y": top + BAR_TOP,
        "width": max((row.end - row.start) * WIDTH, 1.0),
        "height": BAR_HEIGHT,
        "cls": f"row-bar row-shade-{row.shade}{strong}",
    }
    return [*drawn, element("rect", bar)]
