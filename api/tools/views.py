"""What somebody sees who asks what the law says about entered values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.web.parts import Fact, Link, Words


class FieldKind(StrEnum):
    """How a field is entered."""

    MONTH = "month"
    WHOLE = "whole"
    DECIMAL = "decimal"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to choose from."""

    value: str
    label: Words


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a form with what was entered; ``problem`` says why that cannot be used."""

    name: str
    label: Words
    kind: FieldKind
    value: str = ""
    hint: Words | None = None
    choices: tuple[Choice, ...] = ()
    is_needed: bool = True
    problem: Words | None = None


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields that are one thing together; without a heading they stand by themselves."""

    fields: tuple[Field, ...]
    heading: Words | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of the explanation, the article behind it, and how far its values can be relied on.

    ``is_weak``: a value is not published, so the step cannot decide anything.
    """

    text: Words
    source: str
    status: Words | None
    is_weak: bool


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A row of the small chart, named in both languages; the scale goes from 0 to 1."""

    name: Words
    value: Words
    start: float
    end: float
    strong: bool = False
    shade: int = 0


@dataclass(frozen=True, slots=True)
class ToolResult:
    """An estimate: the answer as a title, its figures, the chart and the reasoning.

    ``weak_rows`` names the parameters behind it that are not published.
    """

    answer: Words
    facts: tuple[Fact, ...]
    chart: tuple[ChartRow, ...]
    reasons: tuple[Reason, ...]
    weak_rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToolView:
    """``tools/tool.html``: one question, its form, and the answer once it was asked."""

    question: Words
    lead: Words
    action: str
    groups: tuple[FieldGroup, ...]
    others: tuple[Link, ...]
    result: ToolResult | None = None
    problem: Words | None = None
    remedy: Words | None = None


@dataclass(frozen=True, slots=True)
class ToolsView:
    """``tools/index.html``: which questions can be asked; ``leads`` says of each what it takes."""

    tools: tuple[tuple[Link, Words], ...]
