from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from api.web.charts.row_chart import WIDTH, Row, draw_rows

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*rows: Row) -> ET.Element:
    return ET.fromstring(draw_rows(rows, "label"))


class TestRows:
    def test_parts_begin_where_the_one_before_ends(self):
        bars = drawn(Row("a", "1", 0, 0.25), Row("b", "3", 0.25, 1, shade=1)).findall(f"{SVG}rect")
        assert [(float(bar.get("x")), float(bar.get("width"))) for bar in bars] == [
            (0, WIDTH / 4), (WIDTH / 4, WIDTH * 3 / 4),
        ]  # fmt: skip
        assert "row-shade-1" in bars[1].get("class")

    def test_a_row_that_begins_where_it_ends_is_a_point_inside_the_picture(self):
        points = drawn(Row("a", "x", 0, 0), Row("b", "y", 1, 1, strong=True)).findall(
            f"{SVG}circle"
        )
        for point in points:
            assert float(point.get("r")) <= float(point.get("cx")) <= WIDTH - float(point.get("r"))
        assert "row-strong" in points[1].get("class")

    def test_names_and_values_are_escaped_text(self):
        picture = draw_rows([Row("<b>", "&", 0, 1)], "label")
        assert "<b>" not in picture
        assert "&lt;b&gt;" in picture
        assert [item.text for item in ET.fromstring(picture).findall(f"{SVG}text")] == ["<b>", "&"]

    def test_a_tiny_part_can_be_seen(self):
        assert float(drawn(Row("a", "1", 0.5, 0.50001)).find(f"{SVG}rect").get("width")) >= 1

    def test_no_rows_draw_nothing_and_a_row_off_the_scale_is_our_mistake(self):
        assert draw_rows((), "label") == ""
        with pytest.raises(AssertionError):
            draw_rows([Row("a", "1", 0.5, 1.5)], "label")
