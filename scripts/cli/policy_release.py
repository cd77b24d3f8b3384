"""``anxu policy release``: which tables a bureau decides by, and who put them in force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli.command import command, group
from scripts.cli.nodes import reading
from scripts.cli.options import CheckerOption, MakerOption, NodeOption
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.recording.releases import Release

MaybeNodeOption = Annotated[
    Path | None,
    typer.Option(
        "--node",
        metavar="DIR",
        help="A bureau's directory: says what is in force there (节点目录).",
    ),
]


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "release", "Which tables decisions rest on (参数发布).")
    command(app, "show")(show)
    command(app, "sign")(sign)


def show(out: Output, *, node: MaybeNodeOption = None) -> None:
    """Show the digest of this program's tables, and the release in force at a bureau (现行发布)."""
    from ledger.policy.releases import carried_release, table_digests

    found = None
    if node is not None:
        from ledger.recording.releases import release_in_force

        with reading(node) as context, context.read() as view:
            found = release_in_force(context, view)
    document: dict[str, Any] = {
        "carried": carried_release(),
        "tables": dict(table_digests()),
        "in_force": _document(found) if found is not None else None,
        "may_decide": found is not None and found.digest == carried_release(),
    }

    def tell() -> None:
        out.facts(
            [
                (("本程序所载参数表", "this program's tables"), carried_release()),
                (("现行发布", "release in force"), found.digest if found is not None else None),
                (("可据以核定", "decisions may rest on them"), document["may_decide"]),
            ]
        )
        out.line()
        out.table([("参数表", "table"), ("SHA-256", "SHA-256")], list(table_digests().items()))

    out.result(document, tell)


def sign(out: Output, *, node: NodeOption, maker: MakerOption, checker: CheckerOption) -> None:
    """Release this program's tables under two officers' signatures; the log keeps it (发布参数).

    Compare the tables with their documents first: 'anxu policy sources'. What is in force already
    is not released again.
    """
    from ledger.recording.releases import release_policy

    with reading(node) as context:
        made = release_policy(context, maker, checker)
    out.result(
        _document(made) | {"already_released": made.already_released},
        lambda: out.facts(
            [
                (("参数发布", "release"), made.digest),
                (("日志位置", "leaf"), int(made.leaf_index)),
                (("发布时间", "released at"), made.released_at),
                (("此前已发布", "released before"), made.already_released),
            ]
        ),
    )


def _document(release: Release) -> dict[str, Any]:
    return {
        "release": release.digest,
        "leaf": int(release.leaf_index),
        "released_at": release.released_at,
        "maker": release.maker,
        "checker": release.checker,
    }
