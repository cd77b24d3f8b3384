"""Write docs/quality.md: what the last long test runs found, in numbers.

usage: python -m scripts.quality JUNIT_XML COVERAGE_JSON KILLS PYTEST_ARGUMENTS

Called by `scripts/test --long` after pytest; the numbers come from its own reports. Each part that
was asked for keeps a row, until it runs again or everything does. Suites, the slowest tests and
what is reached are those of the last run of whole folders. The section about rules that were
changed on purpose is written by `scripts.policy_mutation` and kept as it is.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from scripts.pytest_long import EXAMPLES

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "quality.md"
SLOWEST: Final = 10
RUNS: Final = "## Runs"
RUN_COLUMNS: Final = ("ran", "tests", "not passed", "test time", "kills a test", "day", "commit")
EVERYTHING: Final = "everything"
WIDE: Final = ("## Suites", "## The slowest", "## Reached by tests")
MUTATIONS: Final = "## Rules changed on purpose"
HEADING: Final = """\
Written by `scripts/test --long`; do not edit. Format, lint, types, the direction of imports, habits
and translations passed before (`scripts/check`)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: where it stands, how it ended and how long it took."""

    suite: str
    name: str
    result: str
    seconds: float


class Run(NamedTuple):
    """One row: the last run of a part, as it stands on the page."""

    ran: str
    tests: str
    not_passed: str
    test_time: str
    kills: str
    day: str
    commit: str

    @classmethod
    def of(cls, selection: str, outcomes: list[Outcome], kills: str, day: str, at: str) -> Run:
        """What came of a run of ``selection``, empty for everything."""
        return cls(
            f"`{selection}`" if selection else EVERYTHING,
            str(len(outcomes)),
            str(len(_bad(outcomes))),
            _span(sum(outcome.seconds for outcome in outcomes)),
            kills,
            day,
            at,
        )


@dataclass(slots=True)
class Measured:
    """Lines and branches of one room, and how many of them the tests reached."""

    lines: int = 0
    lines_reached: int = 0
    branches: int = 0
    branches_reached: int = 0

    def add(self, summary: Mapping[str, Any]) -> None:
        """Count one file."""
        self.lines += summary["num_statements"]
        self.lines_reached += summary["covered_lines"]
        self.branches += summary["num_branches"]
        self.branches_reached += summary["covered_branches"]


def read_outcomes(junit: Path) -> list[Outcome]:
    """Every test of a JUnit report; the suite is the folder one or two levels below tests/."""
    found = []
    for case in ET.parse(junit).iter("testcase"):  # noqa: S314 - written by pytest a moment ago
        parts = case.get("classname", "").split(".")
        depth = 3 if parts[1:2] == ["unit"] else 2
        results = [tag for tag in ("failure", "error", "skipped") if case.find(tag) is not None]
        found.append(
            Outcome(
                suite="/".join(parts[:depth]),
                name="::".join([*parts[depth:], case.get("name", "")]),
                result=results[0] if results else "passed",
                seconds=float(case.get("time", "0")),
            )
        )
    return found


def read_rooms(coverage: Path) -> dict[str, Measured]:
    """Coverage by room: ledger/<room>, api/<room>, and both as a whole."""
    rooms: dict[str, Measured] = defaultdict(Measured)
    for name, entry in json.loads(coverage.read_text(encoding="utf-8"))["files"].items():
        parts = Path(name).parts
        room = "/".join(parts[:2]) if len(parts) > 2 else parts[0] + "/*.py"  # noqa: PLR2004 - package, room, file
        for key in (room, parts[0]):
            rooms[key].add(entry["summary"])
    return dict(rooms)


def read_runs(text: str) -> list[Run]:
    """The runs that a page lists."""
    lines = [line for line in section_of(text, RUNS).splitlines() if line.startswith("| ")]
    return [Run(*line.strip("| ").split(" | ")) for line in lines[2:]]


def with_run(runs: Iterable[Run], new: Run) -> list[Run]:
    """The rows to show: the new one replaces what it repeats, and all when everything ran."""
    kept = [] if new.ran == EVERYTHING else [run for run in runs if run.ran != new.ran]
    return [*kept, new]


def is_narrow(selection: str) -> bool:
    """Whether single files or tests were asked for: what is reached by them says little."""
    words = selection.split()
    return "-k" in words or (bool(words) and all(".py" in word for word in words))


def wide_sections(outcomes: list[Outcome], rooms: Mapping[str, Measured]) -> list[str]:
    """Suites, the slowest tests and what is reached, of a run that was not narrowed."""
    slow = sorted(outcomes, key=lambda outcome: -outcome.seconds)[:SLOWEST]
    suites, slowest, reached = WIDE
    return [
        suites,
        "Of the last run of whole folders.",
        table(("suite", "tests", "not passed", "time"), _suites(outcomes)),
        slowest,
        table(
            ("test", "time"),
            ((f"`{item.suite}::{item.name}`", _span(item.seconds)) for item in slow),
        ),
        reached,
        "Processes that a test kills on purpose leave no measurement behind.",
        table(
            ("room", "lines", "reached", "branches", "reached"),
            (
                (
                    room,
                    str(measured.lines),
                    _percent(measured.lines_reached, measured.lines),
                    str(measured.branches),
                    _percent(measured.branches_reached, measured.branches),
                )
                for room, measured in sorted(rooms.items())
            ),
        ),
    ]


def page(
    runs: Iterable[Run], wide: Iterable[str], outcomes: list[Outcome], mutations: str = ""
) -> str:
    """The whole page; ``wide`` and ``mutations`` are sections, ``outcomes`` those of this run."""
    python, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    parts = [
        "# Quality, measured",
        HEADING,
        f"- Python {python}, {system}, {os.cpu_count()} processors",
        f"- {EXAMPLES:,} examples a property without a budget of its own",
        "- A test that was skipped counts as not passed",
        RUNS,
        table(RUN_COLUMNS, runs),
        *wide,
    ]
    if mutations:
        parts.append(mutations)
    if bad := _bad(outcomes):
        listed = "\n".join(f"- `{item.suite}::{item.name}`: {item.result}" for item in bad)
        parts += ["## Not passed", listed]
    return "\n\n".join(parts) + "\n"


def section_of(text: str, heading: str) -> str:
    """A section of a page from its heading to the next one; empty when it is not there."""
    start = text.find(heading)
    if start < 0:
        return ""
    end = text.find("\n## ", start)
    return text[start : end if end >= 0 else len(text)].strip()


def with_section(text: str, section: str) -> str:
    """The page with a section in place of the one under the same heading, or at its end."""
    old = section_of(text, section.splitlines()[0])
    if old:
        return text.replace(old, section)
    return f"{text.rstrip()}\n\n{section}\n"


def _bad(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.result != "passed"]


def _suites(outcomes: Iterable[Outcome]) -> Iterable[tuple[str, ...]]:
    suites: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        suites[outcome.suite].append(outcome)
    for suite, members in sorted(suites.items()):
        bad = sum(member.result != "passed" for member in members)
        yield suite, str(len(members)), str(bad), _span(sum(item.seconds for item in members))


def table(head: tuple[str, ...], rows: Iterable[Sequence[str]]) -> str:
    """A table as Markdown writes it."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def _span(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


def commit() -> str:
    """The commit that is measured, and whether files differ from it."""

    def git(*words: str) -> str:
        command = ["git", "-c", f"safe.directory={ROOT}", *words]
        return subprocess.run(
            command, cwd=ROOT, check=False, capture_output=True, text=True
        ).stdout.strip()

    changed = git("status", "--porcelain", "--", ".", ":!docs/quality.md")
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + (" with changes" * bool(changed))


def main() -> int:
    """Write the page from the two reports named on the command line."""
    junit, coverage = map(Path, sys.argv[1:3])
    kills, selection = sys.argv[3:5]
    outcomes = read_outcomes(junit)
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    day = datetime.now(UTC).date().isoformat()
    runs = with_run(read_runs(before), Run.of(selection, outcomes, kills, day, commit()))
    if is_narrow(selection):
        wide = [found for heading in WIDE if (found := section_of(before, heading))]
    else:
        wide = wide_sections(outcomes, read_rooms(coverage))
    text = page(runs, wide, outcomes, section_of(before, MUTATIONS))
    PAGE.write_text(text, encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
