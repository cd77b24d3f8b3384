"""A statutory clock as a row of working days: passed, left, overdue."""

from __future__ import annotations

from api.web.charts.svg import Attribute, element, picture

DAYS_DRAWN_SINGLY = 45
BAR_WIDTH = 240.0
BAR_HEIGHT = 12.0
DAY_GAP = 2.0
OVERDUE_DRAWN_AT_MOST = 5


def draw_clock_bar(total_days: int, used_days: int, label: str, *, stopped: bool = False) -> str:
    """Draw one clock.

    Args:
        total_days: the limit in working days, at least 1.
        used_days: working days that have passed; more than ``total_days`` when overdue.
        label: what the bar says, in words; the words also stand beside it on the page.
        stopped: the clock does not run; the passed days are drawn as an outline.

    Returns:
        An SVG of fixed proportions. Passed days are filled, days left are outlined, overdue
        days are crossed.
    """
    assert total_days > 0, "a clock has at least one day"
    overdue = min(max(used_days - total_days, 0), OVERDUE_DRAWN_AT_MOST)
    cells = total_days + overdue
    gap = DAY_GAP if cells <= DAYS_DRAWN_SINGLY else 0.0
    width = BAR_WIDTH / cells
    drawn: list[str] = []
    for day in range(cells):
        state = "overdue" if day >= total_days else "passed" if day < used_days else "left"
        if stopped and state == "passed":
            state = "stopped"
        place: dict[str, Attribute] = {
            "x": day * width + 0.5,
            "y": 0.5,
            "width": max(width - gap - 1, 0.5),
            "height": BAR_HEIGHT - 1,
            "cls": f"day day-{state}",
        }
        drawn.append(element("rect", place))
        if state == "overdue":
            drawn.append(_cross(day * width, width - gap))
    return picture(BAR_WIDTH, BAR_HEIGHT, "clock-bar", label, drawn)


def _cross(left: float, width: float) -> str:
    path = f"M{left + 2:.2f} 2.5L{left + width - 2:.2f} {BAR_HEIGHT - 2.5:.2f}"
    path += f"M{left + width - 2:.2f} 2.5L{left + 2:.2f} {BAR_HEIGHT - 2.5:.2f}"
    return element("path", {"d": path, "cls": "day-cross"})
