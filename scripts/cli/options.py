"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ledger.chain.finality import Finality

NodeOption = Annotated[
    Path,
    typer.Option(
        "--node",
        metavar="DIR",
        help="The node's directory, made by 'anxu node init' (节点目录).",
    ),
]
NodeArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="The node's directory (节点目录).",
        show_default=False,
    ),
]
FileArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="The file to read (要读取的文件).",
        show_default=False,
    ),
]
MappingOption = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="A TOML file that says what this file's headings, units and codes mean (映射文件).",
    ),
]
AcceptValidOption = Annotated[
    bool,
    typer.Option(
        "--accept-valid",
        help="Take the valid lines, write the others with their reasons to a file "
        "(仅导入无误的行).",
    ),
]
OutOption = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="Where to write (输出文件).")
]
MakerOption = Annotated[
    str,
    typer.Option(
        "--maker",
        metavar="OFFICER",
        help="The officer who makes, by the name of the key; a new bureau has 'maker' (经办人).",
    ),
]
CheckerOption = Annotated[
    str,
    typer.Option(
        "--checker",
        metavar="OFFICER",
        help="The other officer, who checks; a new bureau has 'checker' (复核人).",
    ),
]
IdentityFileOption = Annotated[
    Path | None,
    typer.Option(
        "--identity-file",
        metavar="FILE",
        help="A file whose first line is the identity number, '-' for standard input; without "
        "it you are"
        " asked for it. It is never given on the command line, where others could read it "
        "(证件号码文件).",
    ),
]
BatchArgument = Annotated[
    str,
    typer.Argument(
        metavar="BATCH",
        help="The batch number or its first characters (批次号).",
        show_default=False,
    ),
]
CaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="The case number or its first characters (转移业务编号).",
        show_default=False,
    ),
]
AlertArgument = Annotated[
    str,
    typer.Argument(
        metavar="ALERT",
        help="The alert's number or its first characters (疑点编号).",
        show_default=False,
    ),
]


def finality_of(
    confirmations: int,
    validators: int = 0,
    signers: Sequence[str] = (),
    reorg_depth: int = 0,
) -> Finality:
    """The finality rule that options name: by validators, by blocks, or at once.

    Raises:
        SettingsError: they contradict one another.
    """
    from ledger.chain.finality import DEPTH, IMMEDIATE, SIGNERS, Finality

    validators = validators or len(signers)
    rule = SIGNERS if validators else DEPTH if confirmations else IMMEDIATE
    return Finality.from_json(
        {
            "rule": rule,
            "blocks": confirmations,
            "validators": validators,
            "signers": signers,
            "reorg_depth": reorg_depth,
        }
    )
