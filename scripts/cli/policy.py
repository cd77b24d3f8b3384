"""``anxu policy``: what the law says about given values; needs no node and decides nothing.

Every question takes its values as options, or as a JSON object by `--file`; an option wins over
the file. Names in the file are those of the options with underscores.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scripts.cli.command import command, group
from scripts.cli.failures import REFUSED
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
_STATUSES: Final[Mapping[str, Words]] = {
    "published": ("已公布", "published"),
    "provisional": ("暂定", "provisional"),
    "unverified": ("未核实", "unverified"),
    "demo": ("演示数值", "made up for the demonstration"),
}
_NO_DECISION: Final = (
    "以上为测算，不是核定，也不具法律效力。",
    "This is an estimate, not a decision, and binds nobody.",
)


def register(parent: typer.Typer) -> None:
    """Add the group."""
    from scripts.cli import policy_release

    app = group(parent, "policy", "What the law says about given values (政策测算).")
    command(app, "retirement")(retirement)
    command(app, "deadline")(deadline)
    command(app, "check-id")(check_id)
    command(app, "check-uscc")(check_uscc)
    command(app, "sources")(sources)
    policy_release.register(app)


def retirement(
    out: Output,
    *,
    category: Annotated[
        str | None,
        typer.Option(help="male, female-55 or female-50, by the post (退休类别)."),
    ] = None,
    born: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The birth month (出生年月).")
    ] = None,
    flexible: Annotated[
        str | None,
        typer.Option(
            metavar="MONTHS",
            help="So many months later than the statutory month, or earlier if negative "
            "(弹性退休月数).",
        ),
    ] = None,
    file: FileOption = None,
) -> None:
    """Say when somebody reaches the pension age and which months may be chosen (退休时间)."""
    from ledger.advice.retirement import answer_retirement

    given = gather(file, category=category, born=born, flexible=flexible)
    tell(out, answer_retirement(given))


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
            [[row.row, out.word(_STATUSES[row.status]), row.source] for row in rows],
        ),
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
            f" [{out.word(_STATUSES[step.status.value])}]" if step.grounds else ""
        )
        out.line(f"    {origin}")
    out.line()
    out.facts([((name, name), value) for name, value in answer.figures.items() if _plain(value)])
    out.line()
    out.line(out.word(_NO_DECISION))


def _plain(value: object) -> bool:
    return not isinstance(value, dict | list)


def _tell_check(out: Output, answer: Answer) -> int:
    valid = bool(answer.figures["valid"])
    out.result(answer.document(), lambda: out.line(answer.steps[-1].text(out.language)))
    return 0 if valid else REFUSED
