"""Assembles the command `anxu` and runs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from scripts.cli import (
    alerts,
    audit,
    bench,
    benefit,
    bureau,
    calendar,
    chain,
    checkpoint,
    council,
    devnet,
    eligibility,
    funds,
    imports,
    node,
    outbox,
    payouts,
    policy,
    proofs,
    records,
    status,
    transfer,
)
from scripts.cli.failures import INTERRUPTED, USAGE, guarded
from scripts.cli.output import Output, default_language

_ABOUT = """Anxu 安续: records and fund movements of social security, checkable (社保记录可核验).

A first network: devnet up, chain deploy, node init, bureau enrol, node serve. Then: import,
checkpoint, prove, verify.
'anxu COMMAND --help' explains each; docs/reference/cli.md shows all of them.
"""


def make_app() -> typer.Typer:
    """The whole command with its groups, in the order in which a newcomer meets them."""
    app = typer.Typer(
        name="anxu",
        help=_ABOUT,
        no_args_is_help=True,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    rooms = (
        devnet,
        chain,
        node,
        bureau,
        council,
        calendar,
        imports,
        checkpoint,
        outbox,
        payouts,
        funds,
        transfer,
        benefit,
        eligibility,
        policy,
        records,
        proofs,
        status,
        audit,
        alerts,
        bench,
    )
    for room in rooms:
        room.register(app)
    return app


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: without the program's name; None takes the process's own.

    Returns:
        The exit code: 0, 1, 64 or 70; ``anxu verify`` also 2.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    out = Output(_asks_json(given), default_language(os.environ), "--debug" in given)
    return guarded(out, lambda: _dispatch(out, given))


def _dispatch(out: Output, arguments: list[str]) -> int:
    command = typer.main.get_command(make_app())
    try:
        answer = command.main(args=arguments, prog_name="anxu", standalone_mode=False)
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as error:
        return _wrong_usage(out, error)
    return answer if isinstance(answer, int) else 0


def _asks_json(arguments: Sequence[str]) -> bool:
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return "--json" in arguments[:end]


def _wrong_usage(out: Output, error: typer.TyperException) -> int:
    """A command line that cannot be read: what is wrong, and where the help is."""
    message = error.format_message()
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "anxu"
    print(message, file=sys.stderr)
    if context is not None and "Usage:" not in message:
        print(context.get_usage(), file=sys.stderr)
    advice = out.word((f"帮助：{path} --help", f"Help: {path} --help"))
    print(advice, file=sys.stderr, flush=True)
    out.failed("usage", message, advice)
    return USAGE
