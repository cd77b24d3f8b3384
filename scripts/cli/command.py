"""Registers a function as a command: adds the options every command has, and guards its run."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, Final

import typer

from scripts.cli.failures import guarded
from scripts.cli.logs import log_to_stderr
from scripts.cli.output import Output, default_language

Work = Callable[..., int | None]
"""A command: takes an `Output` and its own parameters, returns its exit code (None: 0)."""


class Language(StrEnum):
    """The languages that Anxu speaks."""

    ZH = "zh"
    EN = "en"


def _common(
    *,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print exactly one JSON document on standard output (以 JSON 输出).",
        ),
    ] = False,
    language: Annotated[
        Language | None,
        typer.Option(
            help="zh or en; without it the language of LANG counts (语言).",
            show_default=False,
        ),
    ] = None,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            help="Show where in the program a failure happened (显示出错位置).",
        ),
    ] = False,
) -> None:
    """The options of every command."""


_COMMON: Final = tuple(inspect.signature(_common, eval_str=True).parameters.values())
_COMMON_NAMES: Final = tuple(parameter.name for parameter in _COMMON)


def command(app: typer.Typer, name: str) -> Callable[[Work], Work]:
    """Make a function the command ``name`` of ``app``; its docstring is the help.

    The function's first parameter is the `Output`; the others are options and arguments as Typer
    reads them.
    """

    def register(work: Work) -> Work:
        own = list(inspect.signature(work, eval_str=True).parameters.values())[1:]
        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]

        @wraps(work)
        def run(**given: Any) -> int:
            common = {key: given.pop(key) for key in _COMMON_NAMES}
            chosen = common["language"] or default_language(os.environ)
            out = Output(common["as_json"], str(chosen), common["debug"])
            log_to_stderr("debug" if common["debug"] else "error")
            return guarded(out, lambda: work(out, **given))

        parameters = [*own, *_COMMON]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {item.name: item.annotation for item in parameters}
        del run.__wrapped__
        app.command(name, help=inspect.getdoc(work))(run)
        return work

    return register


def group(parent: typer.Typer, name: str, summary: str) -> typer.Typer:
    """A named group of commands."""
    app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    parent.add_typer(app, name=name, help=summary)
    return app
