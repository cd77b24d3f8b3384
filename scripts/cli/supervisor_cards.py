"""``anxu chain card``: what a supervisor's node gives others to deploy with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.errors import SettingsError
from scripts.cli.acting import unreadable
from scripts.cli.options import NodeArgument, OutOption
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.chain.deployment import SupervisorInput

CARD_SCHEMA = "anxu-supervisor/1"
CardsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--supervisor",
        metavar="CARD",
        help="Another supervisor's card, from 'anxu chain card' on its machine; once for each "
        "(其他监管机构名片).",
    ),
]
ThresholdOption = Annotated[
    int,
    typer.Option(
        help="How many supervisors must approve what the council decides (通过票数).",
        min=1,
    ),
]
DelayOption = Annotated[
    int,
    typer.Option(
        help="How long an approved decision waits, in everybody's sight (等待期，秒).",
        min=0,
    ),
]


def card(
    out: Output,
    *,
    directory: NodeArgument,
    name_zh: Annotated[str, typer.Option(help="The supervisor's name in Chinese (名称).")],
    name_en: Annotated[str, typer.Option(help="The supervisor's name in English (英文名称).")],
    to: OutOption,
    host: Annotated[
        str, typer.Option(help="Where other nodes find the supervisor (监管节点主机).")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The supervisor's port (监管节点端口).")] = 8400,
) -> None:
    """Make a supervisor's keys and write its card: addresses and public keys only (监管名片)."""
    from ledger.birth import NewNode, supervisor_card

    made = supervisor_card(
        directory, NewNode("supervisor", name_zh, name_en, "", 0, host, port)
    ).to_json()
    document = {"schema": CARD_SCHEMA, **made}
    to.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")
    out.result(
        document | {"card": to},
        lambda: out.facts([(("账户", "account"), made["account"]), (("名片", "card"), to)]),
    )


def read_cards(paths: Sequence[Path]) -> list[SupervisorInput]:
    """The supervisors whose cards were given.

    Raises:
        SettingsError: a file is no card.
    """
    from ledger.chain.deployment import SupervisorInput

    found = []
    for path in paths:
        try:
            content = json.loads(path.read_text("utf-8"))
        except OSError as error:
            raise unreadable(path) from error
        except ValueError as error:
            raise SettingsError(setting=path.name, reason="the file is not JSON") from error
        if not isinstance(content, dict) or content.get("schema") != CARD_SCHEMA:
            raise SettingsError(setting=path.name, reason=f"its schema must be {CARD_SCHEMA}")
        found.append(SupervisorInput.from_json(content))
    return found
