"""``anxu policy``: what the law says about given values; needs no node and decides nothing.

Every question takes its values as options, or as a JSON object by `--file`; an option wins over
the file. Names in the file are those of the options with underscores.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.cli import policy_questions, policy_release
from scripts.cli.command import command, group
from scripts.cli.failures import REFUSED
from scripts.cli.output import Output
from scripts.cli.policy_answers import STATUSES, FileOption, gather, tell

if TYPE_CHECKING:
    from ledger.advice.answers import Answer


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "policy", "What the law says about given values (政策测算).")
    for name, work in policy_questions.QUESTIONS.items():
        command(app, name)(work)
    command(app, "deadline")(deadline)
    command(app, "check-id")(check_id)
    command(app, "check-uscc")(check_uscc)
    command(app, "sources")(sources)
    policy_release.register(app)


def deadline(
    out: Output,
    *,
    start: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The day the term begins; not counted (起算日)."),
    ] = None,
    working_days: Annotated[
        str | None, typer.Option(metavar="N", help="The term in working days (工作日数).")
    ] = None,
    file: FileOption = None,
) -> None:
    """Say on which day a term of official working days ends (办理期限)."""
    from ledger.advice.deadlines import answer_deadline

    tell(out, answer_deadline(gather(file, start=start, working_days=working_days)))


def check_id(
    out: Output,
    *,
    number: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="15 or 18 characters; '-' reads a line of standard input, where no history keeps "
            "it (公民身份号码).",
            show_default=False,
        ),
    ],
) -> int:
    """Check a resident identity number; exit 1 when it cannot be one (校验公民身份号码)."""
    from ledger.advice.identifiers import answer_identity_number
    from ledger.ports import SystemClock

    given = gather(None, id=sys.stdin.readline() if number == "-" else number)
    return _tell_check(out, answer_identity_number(given, SystemClock().today()))


def check_uscc(
    out: Output,
    *,
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE", help="18 characters (统一社会信用代码).", show_default=False
        ),
    ],
) -> int:
    """Check a unified social credit code; exit 1 when it cannot be one (校验社会信用代码)."""
    from ledger.advice.identifiers import answer_credit_code

    return _tell_check(out, answer_credit_code(gather(None, code=code)))


def sources(
    out: Output,
    *,
    unverified: Annotated[
        bool,
        typer.Option(
            "--unverified",
            help="Only parameters that may estimate but not decide (仅列未核实、暂定和演示参数).",
        ),
    ] = False,
) -> None:
    """List every parameter with its source and how far it may be relied on (参数来源)."""
    from ledger.policy.sources import source_rows

    rows = [row for row in source_rows() if not (unverified and row.may_decide)]
    out.result(
        {
            "parameters": [
                {
                    "row": row.row,
                    "values": dict(row.values),
                    "status": row.status,
                    "source": row.source,
                }
                for row in rows
            ],
            "count": len(rows),
        },
        lambda: out.table(
            [("参数", "parameter"), ("状态", "status"), ("来源", "source")],
            [[row.row, out.word(STATUSES[row.status]), row.source] for row in rows],
        ),
    )


def _tell_check(out: Output, answer: Answer) -> int:
    valid = bool(answer.figures["valid"])
    out.result(answer.document(), lambda: out.line(answer.steps[-1].text(out.language)))
    return 0 if valid else REFUSED
