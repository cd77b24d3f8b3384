"""Money between accounts as bars and bands (a Sankey picture).

Columns run from left to right and money never runs backwards: settlement between cities is
drawn as a transferred-out
bar and a transferred-in bar. Heights are proportional to fen, one scale for the whole picture.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from api.web.charts.svg import element, number, picture, text, title
from ledger.errors import FlowRunsBackwardError, FlowShapeError

WIDTH = 1080.0
BAR_WIDTH = 12.0
HEAD_HEIGHT = 40.0
LABEL_HEIGHT = 44.0
MONEY_HEIGHT = 300.0
LAST_LABEL_WIDTH = 168.0
BAND_MINIMUM = 1.5
PATTERN_TONES = ("collected", "allocated", "paid", "transferred", "returned")


@dataclass(frozen=True, slots=True)
class Bar:
    """An account: its words are already in the reader's language."""

    key: str
    label: str
    column: int


@dataclass(frozen=True, slots=True)
class Band:
    """Money from bar to bar.

    ``tone`` is one of ``PATTERN_TONES``, ``label`` is the link's whole sentence.
    """

    source: str
    target: str
    amount_fen: int
    tone: str
    href: str
    label: str


@dataclass(frozen=True, slots=True)
class _Placed:
    bar: Bar
    x: float
    y: float
    height: float
    amount_fen: int


def draw_flow(
    bars: tuple[Bar, ...], bands: tuple[Band, ...], columns: tuple[str, ...], label: str
) -> str:
    """Draw the picture.

    Args:
        bars: accounts; those that no band touches are left out.
        bands: each amount positive, each from a lower to a higher column.
        columns: the heading of every column from the left.
        label: the name of the whole picture for screen readers.

    Returns:
        SVG with one link per band.

    Raises:
        FlowRunsBackwardError: a band stays in its column or runs back, so money could go in a
            circle.
        FlowShapeError: an amount is not positive, a tone is unknown, or a band names a bar
            that is not there.
    """
    check_flow(bars, bands)
    placed, height = _place(bars, bands, len(columns))
    drawn = [_patterns()]
    drawn += [
        text(_column_x(index, len(columns)), 16, words, "flow-column")
        for index, words in enumerate(columns)
    ]
    drawn += _draw_bands(bands, placed)
    for place in placed.values():
        drawn += _draw_bar(place)
    return picture(WIDTH, height, "flow", label, drawn, links=True)


def check_flow(bars: tuple[Bar, ...], bands: tuple[Band, ...]) -> None:
    """Refuse what cannot be drawn truthfully; see `draw_flow` for the errors."""
    columns = {bar.key: bar.column for bar in bars}
    if len(columns) != len(bars):
        raise FlowShapeError(reason="two accounts share a key")
    for band in bands:
        if band.source not in columns or band.target not in columns:
            raise FlowShapeError(reason="a band names an account that is not in the picture")
        if band.amount_fen <= 0:
            raise FlowShapeError(reason="an amount is not positive")
        if band.tone not in PATTERN_TONES:
            raise FlowShapeError(reason="a band has no known kind")
        if columns[band.target] <= columns[band.source]:
            raise FlowRunsBackwardError(source=band.source, target=band.target)


def _column_x(column: int, columns: int) -> float:
    room = WIDTH - LAST_LABEL_WIDTH
    return column * room / max(columns - 1, 1)


def _place(
    bars: tuple[Bar, ...], bands: tuple[Band, ...], columns: int
) -> tuple[dict[str, _Placed], float]:
    """Stack the bars of each column in the caller's order, spread over the height."""
    coming: dict[str, int] = defaultdict(int)
    going: dict[str, int] = defaultdict(int)
    for band in bands:
        going[band.source] += band.amount_fen
        coming[band.target] += band.amount_fen
    amounts = {bar.key: max(coming[bar.key], going[bar.key]) for bar in bars}
    stacks: dict[int, list[Bar]] = defaultdict(list)
    for bar in bars:
        if amounts[bar.key]:
            stacks[bar.column].append(bar)
    if not stacks:
        return {}, HEAD_HEIGHT + LABEL_HEIGHT
    fullest = max(sum(amounts[bar.key] for bar in stack) for stack in stacks.values())
    most = max(len(stack) for stack in stacks.values())
    height = HEAD_HEIGHT + MONEY_HEIGHT + most * (LABEL_HEIGHT + 8)
    placed: dict[str, _Placed] = {}
    for column, stack in stacks.items():
        filled = sum(amounts[bar.key] for bar in stack) * MONEY_HEIGHT / fullest
        spare = height - HEAD_HEIGHT - filled - len(stack) * LABEL_HEIGHT
        step = spare / (len(stack) + 1)
        y = HEAD_HEIGHT + (step if len(stack) < most else 0)
        for bar in stack:
            y += LABEL_HEIGHT
            tall = amounts[bar.key] * MONEY_HEIGHT / fullest
            placed[bar.key] = _Placed(
                bar, _column_x(column, columns), y, max(tall, 1.0), amounts[bar.key]
            )
            y += tall + (step if len(stack) < most else spare / max(len(stack), 1))
    return placed, height


def _draw_bands(bands: tuple[Band, ...], placed: dict[str, _Placed]) -> list[str]:
    """Bands leave and arrive in the order of the bars at their other ends: they cross least."""
    leaves = {key: place.y for key, place in placed.items()}
    arrives = dict(leaves)
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    by_target = sorted(range(len(bands)), key=lambda i: (placed[bands[i].target].y, i))
    by_source = sorted(range(len(bands)), key=lambda i: (placed[bands[i].source].y, i))
    for index in by_target:
        starts[index] = leaves[bands[index].source]
        leaves[bands[index].source] += _thickness(bands[index], placed)
    for index in by_source:
        ends[index] = arrives[bands[index].target]
        arrives[bands[index].target] += _thickness(bands[index], placed)
    return [_band(band, placed, starts[index], ends[index]) for index, band in enumerate(bands)]


def _thickness(band: Band, placed: dict[str, _Placed]) -> float:
    place = placed[band.source]
    return place.height * band.amount_fen / place.amount_fen


def _band(band: Band, placed: dict[str, _Placed], start: float, end: float) -> str:
    left = placed[band.source].x + BAR_WIDTH
    right = placed[band.target].x
    middle = (left + right) / 2
    thick = max(_thickness(band, placed), BAND_MINIMUM)
    points = [
        number(value) for value in (left, start, middle, end, right, end + thick, start + thick)
    ]
    x0, y0, xm, y1, x1, y1b, y0b = points
    path = f"M{x0} {y0}C{xm} {y0} {xm} {y1} {x1} {y1}V{y1b}C{xm} {y1b} {xm} {y0b} {x0} {y0b}Z"
    shapes = [
        title(band.label),
        element("path", {"d": path, "cls": f"band band-{band.tone}"}),
        element("path", {"d": path, "cls": "band-pattern", "fill": f"url(#pattern-{band.tone})"}),
    ]
    return element("a", {"href": band.href, "cls": "band-link", "aria-label": band.label}, shapes)


def _draw_bar(place: _Placed) -> list[str]:
    shape = element(
        "rect",
        {"x": place.x, "y": place.y, "width": BAR_WIDTH, "height": place.height, "cls": "bar"},
    )
    whole, part = divmod(place.amount_fen, 100)
    return [
        shape,
        text(place.x, place.y - 24, place.bar.label, "flow-name"),
        text(place.x, place.y - 7, f"{whole:,}.{part:02d}", "flow-amount"),
    ]


def _patterns() -> str:
    """A texture for every tone: told apart without colour, on a screen and on a grey print."""
    lines = {
        "allocated": "M0 8L8 0",
        "paid": "M0 4H8",
        "transferred": "M0 0L8 8M0 8L8 0",
        "returned": "M4 0V8",
    }
    drawn = [
        element(
            "pattern",
            {"id": f"pattern-{tone}", "width": 8, "height": 8, "patternUnits": "userSpaceOnUse"},
            [element("path", {"d": path, "cls": f"texture texture-{tone}"})],
        )
        for tone, path in lines.items()
    ]
    drawn.append(element("pattern", {"id": "pattern-collected", "width": 8, "height": 8}, []))
    return element("defs", {}, drawn)


def legend_mark(tone: str) -> str:
    """A small swatch with the tone's texture, for the words beside the picture."""
    assert tone in PATTERN_TONES, "the legend names known tones"
    lines = {
        "collected": "",
        "allocated": "M-2 14L14 -2M6 22L30 -2M22 22L38 6",
        "paid": "M0 5H32M0 11H32",
        "transferred": "M0 0L16 16M16 0L32 16M0 16L16 0M16 16L32 0",
        "returned": "M4 0V16M12 0V16M20 0V16M28 0V16",
    }
    shapes = [element("rect", {"width": 32, "height": 16, "cls": f"band band-{tone}"})]
    if lines[tone]:
        shapes.append(element("path", {"d": lines[tone], "cls": f"texture texture-{tone}"}))
    attributes: dict[str, str | int | float] = {
        "viewBox": "0 0 32 16",
        "cls": "swatch",
        "aria-hidden": "true",
    }
    return element("svg", attributes, shapes)
