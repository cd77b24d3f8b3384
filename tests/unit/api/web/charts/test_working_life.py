from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from api.web.charts.working_life import (
    Line,
    Span,
    draw_working_life,
    gaps_of,
    month_number,
    overlaps_of,
    period_of,
    spans_of,
)

SVG = "{http://www.w3.org/2000/svg}"
LINES = (Line("南京", (202311, 202312, 202401, 202404)), Line("合肥", (202404, 202405)))


class TestMonths:
    @pytest.mark.parametrize("period", [200001, 202312, 202401, 209912])
    def test_month_number_comes_back(self, period):
        assert period_of(month_number(period)) == period

    def test_december_and_january_are_neighbours(self):
        assert month_number(202401) - month_number(202312) == 1


class TestSpans:
    def test_neighbouring_months_are_joined_over_the_year(self):
        assert spans_of((202401, 202311, 202312, 202404)) == (
            Span(202311, 202401),
            Span(202404, 202404),
        )
        assert Span(202311, 202401).months == 3

    def test_gap_is_named_by_its_months(self):
        assert gaps_of(LINES) == (Span(202402, 202403),)

    def test_gap_filled_by_another_city_is_none(self):
        assert gaps_of((*LINES, Line("苏州", (202402, 202403)))) == ()

    def test_overlap_is_named_by_its_months(self):
        assert overlaps_of(LINES) == (Span(202404, 202404),)

    def test_month_twice_in_one_city_is_no_overlap(self):
        assert overlaps_of((Line("南京", (202404, 202404)),)) == ()


class TestDrawing:
    def test_filled_width_is_the_number_of_months(self):
        drawn = ET.fromstring(draw_working_life(LINES, "图", "空缺", "重叠"))
        widths = [
            float(r.get("width"))
            for r in drawn.iter(f"{SVG}rect")
            if r.get("class") == "paid-months"
        ]
        assert [round(width / widths[1]) for width in widths] == [3, 1, 2]

    def test_gap_and_overlap_are_marked_and_named(self):
        drawn = ET.fromstring(draw_working_life(LINES, "图", "空缺", "重叠"))
        titles = [title.text for title in drawn.iter(f"{SVG}title")]
        assert "空缺 2024-02 – 2024-03" in titles
        assert "重叠 2024-04 – 2024-04" in titles

    def test_forty_years_fit(self):
        months = tuple(year * 100 + month for year in range(1986, 2026) for month in range(1, 13))
        drawn = ET.fromstring(draw_working_life((Line("南京", months),), "图", "空缺", "重叠"))
        years = [t.text for t in drawn.iter(f"{SVG}text") if t.get("class") == "year"]
        assert years == ["1990", "1995", "2000", "2005", "2010", "2015", "2020", "2025"]

    def test_no_months_is_no_picture(self):
        assert not draw_working_life((), "图", "空缺", "重叠")
        assert not draw_working_life((Line("南京", ()),), "图", "空缺", "重叠")

    def test_city_is_escaped(self):
        drawn = draw_working_life((Line("<b>", (202401,)),), '"', "<", ">")
        assert "<b>" not in drawn
        ET.fromstring(drawn)
