"""Write SVG elements with every value escaped.

Looks come from classes in the style sheet, never from attributes.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Attribute = str | int | float


def number(value: Attribute) -> str:
    """A coordinate with at most two places, so that equal pictures are equal text."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


def element(name: str, attributes: dict[str, Attribute], children: Iterable[str] = ()) -> str:
    """One element; ``children`` are finished SVG, attribute values are escaped here.

    ``cls`` is written ``class``.
    """
    written = "".join(
        f' {"class" if key == "cls" else key}="{escape(number(value), quote=True)}"'
        for key, value in attributes.items()
    )
    inside = "".join(children)
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def text(x: float, y: float, words: str, cls: str, anchor: str = "start") -> str:
    """A line of escaped text with its baseline at ``y``."""
    attributes: dict[str, Attribute] = {"x": x, "y": y, "cls": cls}
    if anchor != "start":
        attributes["text-anchor"] = anchor
    return element("text", attributes, [escape(words)])


def title(words: str) -> str:
    """What a pointer's tip and a screen reader say."""
    return element("title", {}, [escape(words)])


def picture(
    width: float,
    height: float,
    cls: str,
    label: str,
    children: Iterable[str],
    *,
    links: bool = False,
) -> str:
    """The outer ``svg``: an image under one name, or a group when there are links inside."""
    attributes: dict[str, Attribute] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {number(width)} {number(height)}",
        "cls": cls,
        "role": "group" if links else "img",
        "aria-label": label,
    }
    return element("svg", attributes, children)
