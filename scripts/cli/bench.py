"""``anxu bench``: how fast it is, beside something else measured in the same run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scripts.cli.command import command
from scripts.cli.failures import REFUSED
from scripts.cli.output import Output


def register(parent: typer.Typer) -> None:
    """Add the command."""
    command(parent, "bench")(bench)


def bench(
    out: Output,
    *,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Which one; without it they are listed (基准名称).",
            show_default=False,
        ),
    ] = None,
    records: Annotated[
        int | None,
        typer.Option(
            min=1_000,
            metavar="N",
            help="With how many records, where it asks (记录数).",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Run a benchmark and print its table (性能基准).

    Exit 1 when a wanted ratio does not hold.
    """
    from scripts.bench import benchmarks, headings, run_benchmark

    if name is None:
        known = benchmarks()
        out.result(
            [{"name": item.name, "summary": item.summary} for item in known],
            lambda: out.table(
                [("基准", "benchmark"), ("内容", "what it measures")],
                [[item.name, item.summary] for item in known],
            ),
        )
        return 0
    rows = run_benchmark(name, lambda text: print(text, file=sys.stderr, flush=True), records)
    out.result(
        [row.to_json() for row in rows],
        lambda: out.table(headings(), [row.cells() for row in rows], right=(1, 4, 5)),
    )
    return REFUSED if any(row.holds is False for row in rows) else 0
