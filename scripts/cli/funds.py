"""``anxu funds``: money between the accounts of a bureau."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.errors import AmountError
from scripts.cli import fund_rules
from scripts.cli.command import command, group
from scripts.cli.nodes import reading
from scripts.cli.options import NodeOption
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.funds.model import Account


class AccountName(StrEnum):
    """The accounts that money can be moved between."""

    TREASURY = "treasury"
    FISCAL = "fiscal"
    EXPENDITURE = "expenditure"
    LEGACY_INCOME = "legacy-income"
    IN_TRANSIT = "in-transit"
    SHORTFALL = "shortfall"


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "funds", "Fund accounts and money between them (基金账户).")
    command(app, "move")(move)
    command(app, "balances")(balances)
    command(app, "clear-shortfall")(clear_shortfall)
    fund_rules.register(app)


def move(
    out: Output,
    *,
    node: NodeOption,
    source: Annotated[
        AccountName, typer.Option("--from", help="The account it leaves (转出账户).")
    ],
    target: Annotated[AccountName, typer.Option("--to", help="The account it goes to (转入账户).")],
    amount: Annotated[
        str,
        typer.Option(
            metavar="YUAN",
            help="How much, in yuan, such as 1500000.00 (金额，元).",
        ),
    ],
    document: Annotated[
        str,
        typer.Option(
            help="What it rests on, in words; its digest goes on chain (依据).",
        ),
    ],
    key: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Your own number for this movement; the same again changes nothing (业务流水号).",
        ),
    ],
) -> None:
    """Move money between two accounts, along a route that supervisors opened (基金划转)."""
    from ledger.funds.accounts import move_funds
    from ledger.policy.money import fen_of_yuan, yuan_text

    amount_fen = fen_of_yuan(amount)
    if amount_fen == 0:
        raise AmountError("amount", "nothing would be moved")
    with reading(node) as context:
        moved = move_funds(context, key, _account(source), _account(target), amount_fen, document)
    result = {"moved": moved, "from": source, "to": target, "amount_fen": amount_fen, "key": key}
    out.result(
        result,
        lambda: out.line(
            out.word(
                (
                    f"已记账 {yuan_text(amount_fen)} 元，待上链确认。",
                    f"Booked {yuan_text(amount_fen)} yuan; the chain confirms it.",
                )
                if moved
                else (
                    "该流水号此前已办理，未作更改。",
                    "This key was booked before; nothing was changed.",
                )
            )
        ),
    )


def clear_shortfall(
    out: Output,
    *,
    node: NodeOption,
    amount: Annotated[
        str,
        typer.Option(metavar="YUAN", help="How much, in yuan; at most what is owed (金额，元)."),
    ],
    document: Annotated[
        str, typer.Option(help="What it rests on, in words; its digest goes on chain (依据).")
    ],
    key: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Your own number for this; the same again changes nothing (业务流水号).",
        ),
    ],
) -> None:
    """Make a shortfall good out of the account that pensions are paid from (补足缺口)."""
    from ledger.funds.accounts import clear_shortfall as clear
    from ledger.policy.money import fen_of_yuan, yuan_text

    amount_fen = fen_of_yuan(amount)
    with reading(node, "bureau") as context:
        cleared = clear(context, key, amount_fen, document)
    text = yuan_text(amount_fen)
    out.result(
        {"cleared": cleared, "amount_fen": amount_fen, "key": key},
        lambda: out.line(
            out.word(
                (f"已记账 {text} 元，待上链确认。", f"Booked {text} yuan; the chain confirms it.")
                if cleared
                else (
                    "该流水号此前已办理，未作更改。",
                    "This key was booked before; nothing was changed.",
                )
            )
        ),
    )


def balances(out: Output, *, node: NodeOption) -> None:
    """Show each account by the contract and by this bureau's books (账户余额)."""
    from ledger.funds.model import ACCOUNT_NAMES
    from ledger.funds.queries import balances as chain_balances
    from ledger.policy.money import yuan_text
    from ledger.records.corrections import WAITING

    with reading(node, "bureau") as context:
        on_chain = chain_balances(context)
        with context.read() as view:
            books = view.journal.balances()
    rows = [
        {
            "account": account.name,
            "on_chain_fen": amount_fen,
            "books_fen": books.get(account.name, 0),
        }
        for account, amount_fen in on_chain.items()
    ]
    out.result(
        rows,
        lambda: out.table(
            [
                ("账户", "account"),
                ("链上（元）", "on chain (yuan)"),
                ("账簿（元）", "books (yuan)"),
            ],
            [
                [
                    out.word(ACCOUNT_NAMES[account]),
                    yuan_text(amount_fen),
                    yuan_text(books.get(account.name, 0)),
                ]
                for account, amount_fen in on_chain.items()
            ],
            right=(1, 2),
        ),
    )
    if waiting_fen := books.get(WAITING, 0):
        amount = yuan_text(waiting_fen)
        out.note(
            (
                f"另有更正差额 {amount} 元，随下一份缴费文件的合计上链入账。",
                f"Beside these, corrections of {amount} yuan wait for the next file's total.",
            )
        )


def _account(name: AccountName) -> Account:
    from ledger.funds.model import Account

    return Account[name.name]
