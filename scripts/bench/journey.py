"""Says where the time of the main job goes, step by step; the import stands beside plain SQLite."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from scripts.bench import Report, Row
from scripts.demo_data.bureaus import DEMO_AS_OF
from scripts.journey.layout import BUREAUS, Layout
from scripts.journey.report import Report as JourneyReport
from scripts.journey.run import run
from scripts.journey.steps import Stage

LIMIT_SECONDS: Final = 180.0
"""How long the main job may take once everything is set up."""
_SEED: Final = 20260915
_COPIED: Final = (
    "leaf_index, kind, class, period, subject, amount_fen, commitment, tag, seal, sealed_record"
)


class _Lines:
    """Passes the steps on as lines."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def step(self, title_zh: str, title_en: str) -> None:
        """A step begins."""
        self._report(f"{title_zh} {title_en}")

    def progress(self, what: str, done: int, total: int) -> None:
        """Progress inside a step is not shown."""

    def note(self, text: str) -> None:
        """Notes are not shown."""


def measure(report: Report) -> Sequence[Row]:
    """Run the main job once in a fresh directory at the demonstration's full scale."""
    with tempfile.TemporaryDirectory(prefix="anxu-bench-") as directory, ExitStack() as stack:
        layout = Layout(Path(directory))
        plan = layout.plan(seed=_SEED, scale="demo", as_of=DEMO_AS_OF, engine="sqlite")
        stage, journey = run(layout, plan, _Lines(report), stack)
        copied, copy_seconds = _plain_insert(stage, Path(directory))
    return [*_steps(journey), *_rates(journey, copied, copy_seconds)]


def _steps(journey: JourneyReport) -> list[Row]:
    whole = sum(journey.seconds.values())
    rows = [
        Row.compared(f"step: {name}", "s", seconds, "the whole job", whole)
        for name, seconds in journey.seconds.items()
    ]
    rows.append(Row.compared("the whole job", "s", whole, "limit", LIMIT_SECONDS, wanted="<= 1"))
    return rows


def _rates(journey: JourneyReport, copied: int, copy_seconds: float) -> list[Row]:
    contributions = sum(item["contributions"] for item in journey.counts.values())
    return [
        Row.compared(
            "contributions from file to accepted entry",
            "records/s",
            contributions / journey.seconds["import"],
            "the same rows by plain sqlite3 executemany",
            copied / copy_seconds,
        ),
        Row.alone("chain transactions", "count", journey.transactions),
        Row.alone(
            "gas a contribution record, everything included", "gas", journey.gas / contributions
        ),
        Row.alone("slowest alert after finality", "s", journey.comparison.slowest_alert_seconds),
        Row.compared(
            "planted cases found",
            "count",
            journey.comparison.found,
            "planted",
            journey.comparison.planted,
            wanted=">= 1",
        ),
    ]


def _plain_insert(stage: Stage, directory: Path) -> tuple[int, float]:
    """How long the rows alone take: put into a bare table with the same key, durably."""
    rows = []
    for name in BUREAUS:
        with sqlite3.connect(stage.layout.node(name) / "data" / "anxu.sqlite") as source:
            rows.append(source.execute(f"SELECT {_COPIED} FROM entries").fetchall())  # noqa: S608 - constants
    seconds = 0.0
    for number, content in enumerate(rows):
        target = sqlite3.connect(directory / f"plain-{number}.sqlite")
        target.execute("PRAGMA journal_mode=WAL")
        target.execute("PRAGMA synchronous=FULL")
        target.execute(f"CREATE TABLE entries ({_COPIED}, PRIMARY KEY (leaf_index))")
        places = ",".join("?" * len(_COPIED.split(",")))
        started = time.perf_counter()
        with target:
            target.executemany(f"INSERT INTO entries VALUES ({places})", content)  # noqa: S608 - constants
        seconds += time.perf_counter() - started
        target.close()
    return sum(len(content) for content in rows), seconds
