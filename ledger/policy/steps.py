"""How a result of the law explains itself: steps with figures, articles, table rows and statuses.

A rule hands out figures, never sentences: a step is a wording with gaps, the figures that fill
them and the values of the tables it rests on. The sentences are made when somebody reads them. The
status of a result is that of its weakest step, and only a result that rests on published values
alone may decide; every other one is an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from ledger.errors import EstimateOnlyError
from ledger.policy.money import decimal_text, percent_text, yuan_text
from ledger.policy.periods import duration_text, period_text
from ledger.policy.regions import region_name
from ledger.policy.tables import Explanation, Grounds, ParameterStatus, weakest

Figure = int | str
"""A figure of a step. The end of its name says the unit, see :func:`figure_text`."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence with gaps for figures, in both languages, under a code that never changes.

    ``code``: kebab, for programs; ``source``: the article behind it.
    """

    code: str
    zh: str
    en: str
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a reasoning: what was said, with which figures, on what grounds."""

    wording: Wording
    figures: Mapping[str, Figure]
    grounds: tuple[Grounds, ...] = ()

    @property
    def code(self) -> str:
        """The stable name of the step."""
        return self.wording.code

    @property
    def source(self) -> str:
        """The article the step applies."""
        return self.wording.source

    @property
    def status(self) -> ParameterStatus:
        """The status of the weakest value the step rests on."""
        return weakest(*(ground.status for ground in self.grounds))

    def text(self, language: str = "zh") -> str:
        """The sentence in ``zh`` or ``en``, with its figures."""
        template = self.wording.en if language == "en" else self.wording.zh
        return template.format_map(
            {name: figure_text(name, value, language) for name, value in self.figures.items()}
        )

    @property
    def explanation(self) -> Explanation:
        """The sentence in both languages with its article."""
        return Explanation(self.text("zh"), self.text("en"), self.source)

    def document(self) -> dict[str, Any]:
        """The step for JSON: code, both sentences, figures, article, rows and status."""
        return {
            "code": self.code,
            "zh": self.text("zh"),
            "en": self.text("en"),
            "figures": dict(self.figures),
            "source": self.source,
            "rows": [
                {"row": ground.row, "status": ground.status.value, "source": ground.source}
                for ground in self.grounds
            ],
            "status": self.status.value,
        }


class Explained(Protocol):
    """A result that can say how it came about; the last step is the conclusion."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps in the order of the reasoning, never empty."""


class Reasoned:
    """What follows from the steps of a result; the result itself has them, see `Explained`."""

    __slots__ = ()

    @property
    def status(self: Explained) -> ParameterStatus:
        """The status of the weakest value behind the result."""
        return steps_status(self.steps)

    @property
    def explanation(self: Explained) -> Explanation:
        """The conclusion in one sentence."""
        return self.steps[-1].explanation


def steps_status(steps: Iterable[Step]) -> ParameterStatus:
    """The status of the weakest step."""
    return weakest(*(step.status for step in steps))


def may_decide(result: Explained) -> bool:
    """Whether a decision may rest on a result: only when every value behind it is published."""
    return steps_status(result.steps) is ParameterStatus.PUBLISHED


def require_decisive(result: Explained, *, demonstration: bool = False) -> None:
    """Let a result pass that may decide; in a demonstration also one from made-up values.

    Raises:
        EstimateOnlyError: a value behind it may estimate only; the first such row is named.
    """
    allowed = {ParameterStatus.PUBLISHED}
    if demonstration:
        allowed.add(ParameterStatus.DEMO)
    for step in result.steps:
        for ground in step.grounds:
            if ground.status not in allowed:
                raise EstimateOnlyError(step.code, ground.row, ground.status.value)


def figure_text(name: str, value: Figure, language: str = "zh") -> str:
    """A figure as people read it, by the unit at the end of its name.

    ``_fen``: yuan; ``_bps``: percent; ``_e4``, ``_e2``, ``_e1``: decimal numbers; ``period``: a
    month; ``_age_months``: years and months; ``region``: a place by its code. Everything else is
    shown as it is.
    """
    if isinstance(value, str):
        return region_name(value, language) if name.endswith("region") else value
    for unit, write in _UNITS.items():
        if name.endswith(unit):
            return write(value, language)
    return str(value)


_UNITS: Final[Mapping[str, Callable[[int, str], str]]] = MappingProxyType(
    {
        "_fen": lambda value, _: yuan_text(value),
        "_bps": lambda value, _: percent_text(value),
        "_e4": lambda value, _: decimal_text(value, 4),
        "_e2": lambda value, _: decimal_text(value, 2),
        "_e1": lambda value, _: decimal_text(value, 1),
        "period": period_text,
        "_age_months": duration_text,
    }
)
