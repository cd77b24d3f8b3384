"""Gathers the values of a policy question, and tells its answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scripts.cli.output import Output, Words

if TYPE_CHECKING:
    from ledger.advice.answers import Answer
    from ledger.advice.inputs import Inputs

FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="A JSON object with the values, '-' for standard input (以 JSON 文件给出).",
    ),
]
STATUSES: Final[Mapping[str, Words]] = {
    "published": ("已公布", "published"),
    "provisional": ("暂定", "provisional"),
    "unverified": ("未核实", "unverified"),
    "demo": ("演示数值", "made up for the demonstration"),
}
_NO_DECISION: Final = (
    "以上为测算，不是核定，也不具法律效力。",
    "This is an estimate, not a decision, and binds nobody.",
)


def gather(file: Path | None, **options: Any) -> Inputs:
    """The values of a question: the options over the file.

    Raises:
        SettingsError: the file cannot be read.
        InputError: it holds no JSON object.
    """
    from ledger.advice.inputs import Inputs

    given = {} if file is None else _read(file)
    return Inputs(given | {name: value for name, value in options.items() if value is not None})


def _read(file: Path) -> dict[str, Any]:
    from ledger.errors import InputError, SettingsError

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingsError(setting="--file", reason="the file cannot be read") from error
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InputError(
            "file",
            file.name,
            "it holds no JSON object",
            "内容不是 JSON 对象",
            "Write one object with the names that docs/reference/policy.md lists",
            "请按 docs/reference/policy.md 所列名称写成一个 JSON 对象",
        )
    return given


def tell(out: Output, answer: Answer) -> None:
    """Give an answer: its document, or its conclusion and how it came about."""
    document = answer.document()
    out.result(document, lambda: _show(out, answer))


def _show(out: Output, answer: Answer) -> None:
    for step in answer.steps:
        out.line(step.text(out.language))
        origin = f"{step.source}" + (
            f" [{out.word(STATUSES[step.status.value])}]" if step.grounds else ""
        )
        out.line(f"    {origin}")
    out.line()
    out.facts([((name, name), value) for name, value in answer.figures.items() if _plain(value)])
    out.line()
    out.line(out.word(_NO_DECISION))


def _plain(value: object) -> bool:
    return not isinstance(value, dict | list)
