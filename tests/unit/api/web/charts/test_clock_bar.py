from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from api.web.charts.clock_bar import draw_clock_bar

SVG = "{http://www.w3.org/2000/svg}"


def days(total, used, **rest):
    drawn = ET.fromstring(draw_clock_bar(total, used, "<法定>", **rest))
    assert drawn.get("aria-label") == "<法定>"
    return Counter(rect.get("class").removeprefix("day day-") for rect in drawn.iter(f"{SVG}rect"))


def test_every_working_day_is_drawn_once():
    assert days(15, 9) == {"passed": 9, "left": 6}
    assert days(15, 0) == {"left": 15}
    assert days(15, 15) == {"passed": 15}


def test_overdue_days_stand_beyond_the_limit_and_are_crossed():
    assert days(15, 17) == {"passed": 15, "overdue": 2}
    assert draw_clock_bar(15, 17, "").count("day-cross") == 2


def test_long_overdue_stays_readable():
    assert days(10, 400) == {"passed": 10, "overdue": 5}


def test_stopped_clock_looks_different():
    assert days(15, 4, stopped=True) == {"stopped": 4, "left": 11}


def test_clock_without_days_is_our_mistake():
    with pytest.raises(AssertionError):
        draw_clock_bar(0, 0, "")
