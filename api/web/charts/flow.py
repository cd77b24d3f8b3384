"""Money between accounts as bars and bands (a Sankey picture that may have circles).

Columns run from left to right. Money that runs back, or stays in its column, is drawn as a loop
below the picture: out of its bar to the right, back under everything, and into the other bar from
the left. Nothing is left out. Heights and loops are as thick as their money, on one scale.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from api.web.charts.svg import element, number, picture, text, title
from ledger.errors import FlowShapeError

WIDTH = 1080.0
BAR_WIDTH = 12.0
HEAD_HEIGHT = 40.0
LABEL_HEIGHT = 44.0
MONEY_HEIGHT = 300.0
LAST_LABEL_WIDTH = 168.0
BAND_MINIMUM = 1.5
LOOP_GAP = 10.0
LOOP_CORNER = 16.0
LOOP_ROOM = 72.0
PATTERN_TONES = ("collected", "allocated", "paid", "transferred", "returned", "shortfall")


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
        bands: each amount positive; one that does not lead to a higher column is a loop.
        columns: the heading of every column from the left.
        label: the name of the whole picture for screen readers.

    Returns:
        SVG with one link per band.

    Raises:
        FlowShapeError: an amount is not positive, a tone is unknown, a band leads from a bar to
            itself, or names one that is not there.
    """
    check_flow(bars, bands)
    column = {bar.key: bar.column for bar in bars}
    left = max((LOOP_ROOM for band in bands if _is_loop(band, column) and not column[band.target]),
               default=0.0)  # fmt: skip
    placed, height = _place(bars, bands, len(columns), left)
    drawn = [_patterns()]
    drawn += [
        text(_column_x(index, len(columns), left), 16, words, "flow-column")
        for index, words in enumerate(columns)
    ]
    lines, height = _draw_bands(bands, placed, column, height)
    drawn += lines
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
        if band.target == band.source:
            raise FlowShapeError(reason="a band leads from an account to itself")


def _is_loop(band: Band, column: dict[str, int]) -> bool:
    return column[band.target] <= column[band.source]


def _column_x(column: int, columns: int, left: float) -> float:
    room = WIDTH - LAST_LABEL_WIDTH - left
    return left + column * room / max(columns - 1, 1)


def _place(
    bars: tuple[Bar, ...], bands: tuple[Band, ...], columns: int, left: float
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
                bar, _column_x(column, columns, left), y, max(tall, 1.0), amounts[bar.key]
            )
            y += tall + (step if len(stack) < most else spare / max(len(stack), 1))
    return placed, height


def _draw_bands(
    bands: tuple[Band, ...], placed: dict[str, _Placed], column: dict[str, int], height: float
) -> tuple[list[str], float]:
    """Bands leave and arrive in the order of the bars at their other ends: they cross least.

    Loops leave and arrive below the others, the shortest one nearest to the picture.

    Returns:
        The bands in the caller's order, and the height with the loops.
    """
    leaves = {key: place.y for key, place in placed.items()}
    arrives = dict(leaves)
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    loops = [index for index, band in enumerate(bands) if _is_loop(band, column)]
    inner = sorted(loops, key=lambda i: (column[bands[i].source] - column[bands[i].target], i))
    direct = [index for index in range(len(bands)) if index not in set(loops)]
    by_target = sorted(direct, key=lambda i: (placed[bands[i].target].y, i))
    by_source = sorted(direct, key=lambda i: (placed[bands[i].source].y, i))
    for index in by_target + inner:
        starts[index] = leaves[bands[index].source]
        leaves[bands[index].source] += _thickness(bands[index], placed)
    for index in by_source + inner:
        ends[index] = arrives[bands[index].target]
        arrives[bands[index].target] += _thickness(bands[index], placed)
    lanes, bottom = _lanes(inner, bands, placed, height)
    drawn = [
        _loop(band, placed, starts[index], ends[index], lanes[index])
        if index in lanes
        else _band(band, placed, starts[index], ends[index])
        for index, band in enumerate(bands)
    ]
    return drawn, bottom


def _lanes(
    inner: list[int], bands: tuple[Band, ...], placed: dict[str, _Placed], height: float
) -> tuple[dict[int, tuple[float, float]], float]:
    """Where each loop runs below the picture, and how far out at its sides; and where they end."""
    lanes: dict[int, tuple[float, float]] = {}
    bottom = height
    for rank, index in enumerate(inner):
        thick = max(_thickness(bands[index], placed), BAND_MINIMUM)
        lanes[index] = (bottom + LOOP_GAP + thick / 2, _side(rank, len(inner)))
        bottom += LOOP_GAP + thick
    return lanes, bottom + LOOP_GAP if inner else height


def _side(rank: int, loops: int) -> float:
    """How far from its bars a loop turns: outer ones further, all within the room there is."""
    step = min(LOOP_GAP, (LOOP_ROOM - LOOP_CORNER - 8) / max(loops, 1))
    return LOOP_CORNER + step * rank


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


def _loop(
    band: Band, placed: dict[str, _Placed], start: float, end: float, lane: tuple[float, float]
) -> str:
    """Out to the right, down, back below everything, up, and in from the left."""
    thick = max(_thickness(band, placed), BAND_MINIMUM)
    low, side = lane
    out, home = placed[band.source].x + BAR_WIDTH, placed[band.target].x
    right, left = out + side, home - side
    y0, y1 = start + thick / 2, end + thick / 2
    r = min(LOOP_CORNER, side)
    x0, x1, xr, xl = (number(value) for value in (out, home, right, left))
    ins = [number(value) for value in (right - r, y0 + r, low - r, left + r, y1 + r)]
    a, b, c, d, e = ins
    yl, ys, ye = number(low), number(y0), number(y1)
    path = (
        f"M{x0} {ys}H{a}Q{xr} {ys} {xr} {b}V{c}Q{xr} {yl} {a} {yl}"
        f"H{d}Q{xl} {yl} {xl} {c}V{e}Q{xl} {ye} {d} {ye}H{x1}"
    )
    middle = (right + left) / 2
    tip, tail = number(middle - 5), number(middle + 4)
    arrow = f"M{tail} {number(low - 5)}L{tip} {yl}L{tail} {number(low + 5)}Z"
    line = {"d": path, "stroke-width": number(thick)}
    shapes = [
        title(band.label),
        element("path", {**line, "cls": f"band loop loop-{band.tone}"}),
        element("path", {**line, "cls": "loop", "stroke": f"url(#pattern-{band.tone})"}),
        element("path", {"d": arrow, "cls": f"loop-head band-{band.tone}"}),
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
        "shortfall": "M0 0L4 4L8 0",
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
        "shortfall": "M0 4L8 12L16 4L24 12L32 4",
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
