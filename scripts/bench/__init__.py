"""Benchmarks: each a module here that measures something beside a peer or a limit, in the same run.

A benchmark is a module ``scripts/bench/<name>.py`` with a docstring, whose first line says what
it measures, and a function
``measure(report) -> Sequence[Row]``; ``report`` takes a line of progress. ``anxu bench NAME``
finds it by its name
(hyphens for underscores), runs it and prints the rows.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import operator
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ledger.errors import SettingsError

Report = Callable[[str], None]
"""Takes a line about how far a benchmark is."""

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value.

    ``beside`` names the peer or limit measured in the same run, ``beside_value`` is in the same
    ``unit``; ``ratio`` is
    ``value / beside_value``. ``wanted`` is what the ratio must be, such as ``>= 2.0`` or ``<=
    1``; ``holds`` is None
    where nothing is wanted.
    """

    name: str
    unit: str
    value: float
    beside: str | None = None
    beside_value: float | None = None
    ratio: float | None = None
    wanted: str | None = None
    holds: bool | None = None

    @classmethod
    def alone(cls, name: str, unit: str, value: float) -> Row:
        """A value that stands beside nothing."""
        return cls(name, unit, value)

    @classmethod
    def compared(
        cls,
        name: str,
        unit: str,
        value: float,
        beside: str,
        beside_value: float,
        wanted: str | None = None,
    ) -> Row:
        """A value beside another one of the same run; ``wanted`` judges the ratio.

        Raises:
            ValueError: ``wanted`` is no comparison with a number, or the other value is zero.
        """
        if beside_value == 0:
            raise ValueError("the value beside is zero: there is no ratio")
        ratio = value / beside_value
        holds = None if wanted is None else judge(ratio, wanted)
        return cls(name, unit, value, beside, beside_value, ratio, wanted, holds)

    def to_json(self) -> dict[str, Any]:
        """The row with the names that every benchmark's document has."""
        return asdict(self)

    def cells(self) -> list[Any]:
        """The row as a table shows it."""
        return [
            self.name,
            number_text(self.value),
            self.unit,
            self.beside,
            None if self.beside_value is None else number_text(self.beside_value),
            None if self.ratio is None else f"{self.ratio:.2f}",
            self.wanted,
            self.holds,
        ]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark by its name, and what it measures in one sentence."""

    name: str
    summary: str


def judge(ratio: float, wanted: str) -> bool:
    """Whether a ratio is as wanted.

    Raises:
        ValueError: ``wanted`` is not one of ``>= <= > <`` and a number.
    """
    sign, _, limit = wanted.strip().partition(" ")
    if sign not in _COMPARISONS:
        raise ValueError(f"a wanted ratio reads like '>= 2.0', not {wanted!r}")
    return _COMPARISONS[sign](ratio, float(limit))


def number_text(value: float) -> str:
    """A number with as many decimals as its size makes sense of."""
    if value == int(value) or abs(value) >= 1000:  # noqa: PLR2004 - from here on decimals are noise
        return f"{value:,.0f}"
    return f"{value:.3g}"


def headings() -> list[tuple[str, str]]:
    """The headings over :meth:`Row.cells`, in Chinese and English."""
    return [
        ("项目", "name"),
        ("数值", "value"),
        ("单位", "unit"),
        ("对照", "beside"),
        ("对照值", "beside value"),
        ("比值", "ratio"),
        ("要求", "wanted"),
        ("达到", "holds"),
    ]


def benchmarks() -> list[Benchmark]:
    """All benchmarks that there are, by name; none is imported for it."""
    names = sorted(item.name for item in pkgutil.iter_modules(__path__) if item.name[0] != "_")
    return [Benchmark(name.replace("_", "-"), _summary(name)) for name in names]


def run_benchmark(name: str, report: Report, records: int | None = None) -> Sequence[Row]:
    """Run the benchmark with this name.

    Args:
        name: as `benchmarks` gives it.
        report: takes lines of progress.
        records: how many records to measure with, for the benchmarks that ask; None for the usual.

    Raises:
        SettingsError: there is none, or it does not measure with a number of records.
    """
    known = [item.name for item in benchmarks()]
    if name not in known:
        raise SettingsError(
            setting="NAME", reason=f"it must be one of {', '.join(known) or 'none yet'}"
        )
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    rows: Sequence[Row]
    if records is None:
        rows = module.measure(report)
        return rows
    if "records" not in inspect.signature(module.measure).parameters:
        raise SettingsError(setting="--records", reason=f"{name} is of one size")
    rows = module.measure(report, records=records)
    return list(rows)


def _summary(module: str) -> str:
    spec = find_spec(f"{__name__}.{module}")
    assert spec is not None
    assert spec.origin is not None
    text = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]
