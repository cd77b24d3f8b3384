"""``anxu funds``: what supervisors decide about money: freezes, opening balances, routes."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import EncodingError
from ledger.ports import BEIJING
from scripts.cli.acting import (
    WAIT_SECONDS,
    LogArgument,
    ReasonOption,
    WaitOption,
    acted,
    carry_out,
    digest_of_file,
)
from scripts.cli.command import command
from scripts.cli.council import submit
from scripts.cli.nodes import opened, reading
from scripts.cli.options import NodeOption
from scripts.cli.output import Output, chain_time

if TYPE_CHECKING:
    from ledger.funds.model import Account
    from ledger.recording.context import NodeContext


class MovementName(StrEnum):
    """What a movement of money is for."""

    COLLECTION = "collection"
    ALLOCATION = "allocation"
    PAYMENT = "payment"
    RETURN = "return"
    TRANSFER_OUT = "transfer-out"
    TRANSFER_IN = "transfer-in"


class OwnAccount(StrEnum):
    """The accounts that a bureau really has."""

    TREASURY = "treasury"
    FISCAL = "fiscal"
    EXPENDITURE = "expenditure"
    LEGACY_INCOME = "legacy-income"


PoolArgument = Annotated[
    int,
    typer.Argument(
        metavar="POOL",
        min=1,
        max=65_535,
        help="The pool's number, such as 32 (统筹区).",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the group of fund accounts."""
    command(app, "freezes")(freezes)
    command(app, "freeze")(freeze)
    command(app, "unfreeze")(unfreeze)
    command(app, "renew-freeze")(renew_freeze)
    command(app, "open-balance")(open_balance)
    command(app, "routes")(routes)
    command(app, "set-routes")(set_routes)
    command(app, "take-over")(take_over)


def freezes(out: Output, *, node: NodeOption) -> None:
    """Show which bureaus are frozen until when, and who owes a shortfall (冻结与缺口)."""
    from ledger.funds.model import Account
    from ledger.policy.money import yuan_text

    with reading(node) as context:
        rows: list[dict[str, Any]] = []
        for bureau in context.chain.bureaus():
            ends = _frozen_until(context, bureau.log_id)
            rows.append(
                {
                    "log_id": bureau.log_id,
                    "name": bureau.name,
                    "frozen_until": ends,
                    "renewed": ends is not None
                    and context.chain.freeze_of(bureau.log_id).is_renewed,
                    "shortfall_fen": context.chain.fund_balance(bureau.log_id, Account.SHORTFALL),
                }
            )
    out.result(
        rows,
        lambda: out.table(
            [
                ("日志", "log"),
                ("机构", "bureau"),
                ("冻结至", "frozen until"),
                ("已续冻", "renewed"),
                ("缺口（元）", "shortfall (yuan)"),
            ],
            [
                [
                    row["log_id"],
                    row["name"],
                    row["frozen_until"],
                    row["renewed"],
                    yuan_text(row["shortfall_fen"]),
                ]
                for row in rows
            ],
            right=(0, 4),
        ),
    )


def freeze(
    out: Output,
    *,
    log: LogArgument,
    reason: ReasonOption,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Stop a bureau's outgoing money for ten working days; it ends by itself (冻结拨付)."""
    from ledger.governing import freezing

    with opened(node, "supervisor") as opened_node:
        context = opened_node.context
        code = carry_out(out, opened_node, [freezing(log, digest_of_file(reason))], wait)
        until = _frozen_until(context, log)
    return acted(out, {"log_id": log, "frozen_until": until}, code)


def unfreeze(
    out: Output,
    *,
    log: LogArgument,
    reason: ReasonOption,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """End a freeze early; what the council renewed, only the council ends (解除冻结)."""
    from ledger.governing import lifting

    with opened(node, "supervisor") as opened_node:
        context = opened_node.context
        act = lifting(log, digest_of_file(reason))
        if context.chain.freeze_of(log).is_renewed:
            return submit(out, opened_node, [act.call], wait)
        code = carry_out(out, opened_node, [act], wait)
    return acted(out, {"log_id": log, "lifted": True}, code)


def renew_freeze(
    out: Output,
    *,
    log: LogArgument,
    reason: ReasonOption,
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Propose to the council that a freeze goes on for ten working days (续冻)."""
    from ledger.governing import renewing_calls

    with opened(node) as opened_node:
        return submit(out, opened_node, renewing_calls(log, digest_of_file(reason)), wait)


def open_balance(
    out: Output,
    *,
    log: LogArgument,
    account: Annotated[OwnAccount, typer.Option(help="Which account (账户).")],
    amount: Annotated[
        str, typer.Option(metavar="YUAN", help="What it held, in yuan (期初余额，元).")
    ],
    document: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="The bank's statement; only its SHA-256 goes on chain (依据)."
        ),
    ],
    node: NodeOption,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Propose to the council what an account held before the books began (期初余额)."""
    from ledger.governing import opening_calls
    from ledger.policy.money import fen_of_yuan

    fen = fen_of_yuan(amount)
    with opened(node) as opened_node:
        calls = opening_calls(log, _account(account), fen, digest_of_file(document))
        return submit(out, opened_node, calls, wait)


def routes(out: Output, *, pool: PoolArgument, node: NodeOption) -> None:
    """Show which ways a pool's money may go now (统筹区资金路径)."""
    from ledger.funds.model import ACCOUNT_NAMES, MOVEMENT_NAMES, Movement

    with reading(node) as context:
        now = int(context.clock.now().timestamp())
        found = [
            (movement, context.chain.route_profile_at(pool, movement, now)) for movement in Movement
        ]
    out.result(
        [
            {
                "movement": movement.name,
                "routes": [[source.name, target.name] for source, target in profile.routes],
                "effective_at": chain_time(profile.effective_at),
            }
            for movement, profile in found
        ],
        lambda: out.table(
            [("用途", "for"), ("路径", "ways"), ("自", "from")],
            [
                [
                    out.word(MOVEMENT_NAMES[movement]),
                    ", ".join(
                        f"{out.word(ACCOUNT_NAMES[source])} → {out.word(ACCOUNT_NAMES[target])}"
                        for source, target in profile.routes
                    ),
                    chain_time(profile.effective_at),
                ]
                for movement, profile in found
            ],
        ),
    )


def set_routes(
    out: Output,
    *,
    pool: PoolArgument,
    movement: Annotated[
        MovementName, typer.Option("--for", help="What the money moves for (用途).")
    ],
    way: Annotated[
        list[str],
        typer.Option(
            metavar="FROM:TO",
            help="A way, such as fiscal:expenditure or outside:legacy-income; again for more "
            "(路径).",
        ),
    ],
    document: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The decision; only its SHA-256 goes on chain (依据)."),
    ],
    node: NodeOption,
    begins: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="From the start of this day; else at once (起始日)."
        ),
    ] = None,
    wait: WaitOption = WAIT_SECONDS,
) -> int:
    """Propose to the council which ways a pool's money goes from a day on (设定资金路径)."""
    from ledger.funds.model import Movement
    from ledger.governing import routing_calls

    effective_at = 0
    if begins is not None:
        start = datetime.combine(_day(begins), time(), BEIJING)
        effective_at = int(start.timestamp())
    calls = routing_calls(
        pool, Movement[movement.name], [_way(each) for each in way], effective_at,
        digest_of_file(document),
    )  # fmt: skip
    with opened(node) as opened_node:
        return submit(out, opened_node, calls, wait)


def take_over(out: Output, *, node: NodeOption, wait: WaitOption = WAIT_SECONDS) -> int:
    """Move the books of the closed log that this bureau carries on to its own (承接账务)."""
    from ledger.governing import taking_over

    with opened(node, "bureau") as opened_node:
        context = opened_node.context
        code = carry_out(out, opened_node, [taking_over(context.log_id)], wait)
        taken = int(context.log_id)
    return acted(out, {"log_id": taken, "taken_over": True}, code)


def _frozen_until(context: NodeContext, log_id: int) -> datetime | None:
    """When a freeze that holds now ends."""
    ends = chain_time(context.chain.frozen_until(log_id))
    return ends if ends is not None and ends > context.clock.now() else None


def _account(name: OwnAccount) -> Account:
    from ledger.funds.model import Account

    return Account[name.name]


def _way(text: str) -> tuple[Account, Account]:
    from ledger.funds.model import Account

    source, _, target = text.replace("-", "_").upper().partition(":")
    if source not in Account.__members__ or target not in Account.__members__:
        raise EncodingError(field="way", reason="it must be FROM:TO, such as fiscal:expenditure")
    return Account[source], Account[target]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise EncodingError(field="from", reason="it must be a day such as 2027-01-01") from error
