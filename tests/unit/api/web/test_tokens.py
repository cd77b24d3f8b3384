"""Contrast by WCAG 2.2: relative luminance of sRGB, ratio (L1 + 0.05) / (L2 + 0.05)."""

from __future__ import annotations

import re

import pytest

from api.web.rendering import STATIC_FOLDER

TEXTS = ("ink", "quiet", "action", "seal", "verified", "pending", "held")
BACKGROUNDS = ("paper", "surface")
INVERSE = (("on-action", "action"), ("on-seal", "seal"), ("paper", "ink"))
CHARTS = ("chart-blue", "chart-teal", "chart-ochre", "chart-violet", "chart-grey")


def themes():
    text = (STATIC_FOLDER / "tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    light, dark, print_ = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks
    )
    return {"light": light, "dark": dark, "print": print_}


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_standard_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_text_reaches_four_and_a_half_to_one(theme):
    tokens = themes()[theme]
    pairs = [(text, ground) for text in TEXTS for ground in BACKGROUNDS] + list(INVERSE)
    weak = {pair: contrast(tokens[pair[0]], tokens[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_chart_strokes_reach_three_to_one(theme):
    tokens = themes()[theme]
    assert all(contrast(tokens[name], tokens["paper"]) >= 3 for name in CHARTS)


def test_light_theme_is_the_agreed_one():
    assert {name: themes()["light"][name] for name in ("paper", "ink", "quiet", "hairline", "action", "seal", "verified", "pending", "held")} == {
        "paper": "#fbfaf6", "ink": "#1d2430", "quiet": "#5a6372", "hairline": "#d9d5ca", "action": "#1f4e79",
        "seal": "#9e2b25", "verified": "#2f6b3a", "pending": "#8a6100", "held": "#5b3f8c",
    }  # fmt: skip


def test_every_theme_names_the_same_colours():
    light, dark, print_ = themes().values()
    assert light.keys() == dark.keys() == print_.keys()


def test_styles_name_colours_by_token_only():
    for name in ("page.css", "charts.css"):
        assert not re.search(
            r"#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", (STATIC_FOLDER / name).read_text(encoding="utf-8")
        )


def test_styles_use_known_tokens():
    known = set(
        re.findall(r"--([a-z-]+):", (STATIC_FOLDER / "tokens.css").read_text(encoding="utf-8"))
    )
    for path in STATIC_FOLDER.glob("*.css"):
        assert set(re.findall(r"var\(--([a-z-]+)\)", path.read_text(encoding="utf-8"))) <= known
