from __future__ import annotations

import random
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from api.web.charts.flow import PATTERN_TONES, Band, Bar, draw_flow, legend_mark
from api.web.parts import Language
from ledger.errors import FlowShapeError

COLUMNS = ("A", "B", "C")
BARS = (
    Bar("treasury", "国库", 0),
    Bar("fiscal", "专户", 1),
    Bar("one", "一", 2),
    Bar("two", "二", 2),
)
BANDS = (
    Band("treasury", "fiscal", 1_000_00, "collected", "/a", "国库到专户"),
    Band("fiscal", "one", 750_00, "paid", "/b", "专户到一"),
    Band("fiscal", "two", 250_00, "paid", "/c", "专户到二"),
)
SVG = "{http://www.w3.org/2000/svg}"


def picture(bands=BANDS, bars=BARS):
    return ET.fromstring(draw_flow(bars, bands, COLUMNS, "流向"))


class TestDrawing:
    def test_heights_are_proportional_to_money(self):
        heights = [float(rect.get("height")) for rect in picture().iter(f"{SVG}rect")]
        assert heights[0] == heights[1] == pytest.approx(heights[2] + heights[3], abs=0.02)
        assert heights[2] == pytest.approx(3 * heights[3], abs=0.02)

    def test_every_band_is_a_link_that_says_what_it_is(self):
        links = [(link.get("href"), link.get("aria-label")) for link in picture().iter(f"{SVG}a")]
        assert links == [("/a", "国库到专户"), ("/b", "专户到一"), ("/c", "专户到二")]

    def test_bars_of_a_column_do_not_overlap(self):
        rects = [
            (float(r.get("x")), float(r.get("y")), float(r.get("height")))
            for r in picture().iter(f"{SVG}rect")
        ]
        for x, y, height in rects:
            assert not [1 for ox, oy, _ in rects if ox == x and y < oy < y + height]

    def test_equal_input_gives_equal_text(self):
        assert draw_flow(BARS, BANDS, COLUMNS, "x") == draw_flow(BARS, BANDS, COLUMNS, "x")

    def test_words_are_escaped(self):
        bars = (replace(BARS[0], label="<b>&"), *BARS[1:])
        bands = (replace(BANDS[0], href='/a"><script>', label='"<i>'), *BANDS[1:])
        drawn = ET.fromstring(draw_flow(bars, bands, ("<", "B", "C"), '"'))
        assert "<b>&" in [text.text for text in drawn.iter(f"{SVG}text")]
        assert not list(drawn.iter(f"{SVG}script"))

    def test_looks_come_from_classes(self):
        assert "style=" not in draw_flow(BARS, BANDS, COLUMNS, "x")

    def test_account_without_money_is_left_out(self):
        assert "空" not in draw_flow((*BARS, Bar("none", "空", 1)), BANDS, COLUMNS, "x")

    def test_nothing_to_draw_is_an_empty_picture(self):
        assert not list(picture(bands=()).iter(f"{SVG}a"))

    @pytest.mark.parametrize("tone", PATTERN_TONES)
    def test_every_tone_has_a_legend_and_no_two_look_alike(self, tone):
        assert f"band-{tone}" in legend_mark(tone)
        shapes = {
            re.sub("|".join(PATTERN_TONES), "", legend_mark(other)) for other in PATTERN_TONES
        }
        assert len(shapes) == len(PATTERN_TONES)


BACK = Band("one", "treasury", 250_00, "returned", "/d", "一退回国库")
WITHIN = Band("one", "two", 100_00, "transferred", "/e", "一到二")
LOOP = re.compile(r"M([\d.]+) ([\d.]+)H[\d.]+Q.*H([\d.]+)$")


class TestLoops:
    def test_money_that_runs_back_or_stays_in_its_column_is_a_loop_below(self):
        plain = float(picture().get("viewBox").split()[3])
        drawn = picture((*BANDS, BACK, WITHIN))
        assert float(drawn.get("viewBox").split()[3]) > plain
        links = [link.get("href") for link in drawn.iter(f"{SVG}a")]
        assert links == ["/a", "/b", "/c", "/d", "/e"]
        loops = [p for p in drawn.iter(f"{SVG}path") if p.get("class", "").startswith("band loop")]
        assert [loop.get("class") for loop in loops] == [
            "band loop loop-returned", "band loop loop-transferred",
        ]  # fmt: skip

    def test_loop_leaves_its_bar_to_the_right_and_enters_the_other_from_the_left(self):
        drawn = picture((*BANDS, BACK))
        bars = [(float(r.get("x")), float(r.get("y")), float(r.get("height")))
                for r in drawn.iter(f"{SVG}rect") if r.get("class") == "bar"]  # fmt: skip
        (loop,) = (p for p in drawn.iter(f"{SVG}path") if "band loop" in p.get("class", ""))
        x0, y0, x1 = (float(value) for value in LOOP.match(loop.get("d")).groups())
        treasury, one = bars[0], bars[2]
        assert x0 == one[0] + 12
        assert one[1] < y0 < one[1] + one[2]
        assert x1 == treasury[0]
        assert all(float(v) >= 0 for v in re.findall(r"-?[\d.]+", loop.get("d")))

    def test_loop_is_as_thick_as_its_money(self):
        drawn = picture((*BANDS, BACK))
        (loop,) = (p for p in drawn.iter(f"{SVG}path") if "band loop" in p.get("class", ""))
        heights = [
            float(r.get("height")) for r in drawn.iter(f"{SVG}rect") if r.get("class") == "bar"
        ]
        assert float(loop.get("stroke-width")) == pytest.approx(heights[0] / 4, abs=0.02)

    @pytest.mark.parametrize("seed", range(20))
    def test_nothing_is_left_out_whatever_the_circles(self, seed):
        chance = random.Random(seed)
        for _ in range(50):
            bars = tuple(Bar(f"b{n}", f"B{n}", chance.randrange(5)) for n in range(9))
            pairs = [(a.key, b.key) for a in bars for b in bars if a is not b]
            bands = tuple(
                Band(a, b, chance.randrange(1, 10**12), chance.choice(PATTERN_TONES), f"/{a}{b}", a)
                for a, b in chance.sample(pairs, chance.randrange(1, 40))
            )
            drawn = ET.fromstring(draw_flow(bars, bands, ("",) * 5, "x"))
            assert [a.get("href") for a in drawn.iter(f"{SVG}a")] == [band.href for band in bands]
            _, _, width, height = (float(value) for value in drawn.get("viewBox").split())
            for path in drawn.iter(f"{SVG}path"):
                if "band loop" in path.get("class", ""):
                    thick = float(path.get("stroke-width"))
                    values = [float(v) for v in re.findall(r"-?[\d.]+", path.get("d"))]
                    assert min(values) >= 0
                    assert max(values) <= max(width, height)
                    lane = float(re.findall(r"H[\d.]+Q[\d.]+ ([\d.]+)", path.get("d"))[1])
                    assert lane + thick / 2 < height


class TestRefusals:
    def test_band_from_an_account_to_itself_is_refused(self):
        with pytest.raises(FlowShapeError, match="itself"):
            draw_flow(BARS, (replace(BANDS[0], target="treasury"),), COLUMNS, "x")

    @pytest.mark.parametrize(
        "band",
        [
            replace(BANDS[0], amount_fen=0),
            replace(BANDS[0], amount_fen=-1),
            replace(BANDS[0], target="gone"),
            replace(BANDS[0], tone="pink"),
        ],
    )
    def test_band_that_cannot_be_drawn_truthfully_is_refused(self, band):
        with pytest.raises(FlowShapeError):
            draw_flow(BARS, (band,), COLUMNS, "x")

    def test_accounts_with_one_key_are_refused(self):
        with pytest.raises(FlowShapeError, match="share a key"):
            draw_flow((*BARS, BARS[0]), BANDS, COLUMNS, "x")


class TestTable:
    def test_table_and_picture_show_equal_totals(self, render_sample):
        page = render_sample("supervisor-home", Language.EN)
        svg = re.search(r'<svg [^>]*class="flow".*?</svg>', page, re.DOTALL).group(0)
        table = re.search(r"<caption>The same figures.*?</table>", page, re.DOTALL).group(0)
        in_picture = [fen(text) for text in re.findall(r'aria-label="[^"]*, ([\d,.]+) yuan"', svg)]
        in_table = [
            fen(text)
            for text in re.findall(r'<a href="/supervisor/funds[^>]*>([\d,.]+)</a>', table)
        ]
        total = fen(re.search(r'<tfoot>.*class="number">([\d,.]+)<', table, re.DOTALL).group(1))
        assert in_picture == in_table
        assert len(in_table) == 15
        assert sum(in_picture) == total == 4_986_343_505


def fen(text):
    return int(text.replace(",", "").replace(".", ""))
