"""The questions of ``anxu policy`` about a working life: retirement, pension, account, moving."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

import typer

from scripts.cli.command import Work
from scripts.cli.output import Output
from scripts.cli.policy_answers import FileOption, gather, tell

CategoryOption = Annotated[
    str | None, typer.Option(help="male, female-55 or female-50, by the post (退休类别).")
]
BornOption = Annotated[
    str | None, typer.Option(metavar="YYYY-MM", help="The birth month (出生年月).")
]
FlexibleOption = Annotated[
    str | None,
    typer.Option(
        metavar="MONTHS",
        help="So many months later than the statutory month, or earlier if negative "
        "(弹性退休月数).",
    ),
]


def retirement(
    out: Output,
    *,
    category: CategoryOption = None,
    born: BornOption = None,
    flexible: FlexibleOption = None,
    file: FileOption = None,
) -> None:
    """Say when somebody reaches the pension age and which months may be chosen (退休时间)."""
    from ledger.advice.retirement import answer_retirement

    tell(out, answer_retirement(gather(file, category=category, born=born, flexible=flexible)))


def pension(
    out: Output,
    *,
    category: CategoryOption = None,
    born: BornOption = None,
    flexible: FlexibleOption = None,
    retirement_month: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM", help="The month of retirement, where a decision names it (退休年月)."
        ),
    ] = None,
    early_by_decision: Annotated[
        bool,
        typer.Option(
            "--early-by-decision",
            help="Special trades or disability, approved: no earliest month (经批准提前退休).",
        ),
    ] = False,
    region: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="The place that pays, six digits (待遇领取地)."),
    ] = None,
    paid_months: Annotated[
        str | None, typer.Option(metavar="N", help="Months paid, each once (实际缴费月数).")
    ] = None,
    deemed_months: Annotated[
        str | None, typer.Option(metavar="N", help="Months that count unpaid (视同缴费月数).")
    ] = None,
    early_paid_months: Annotated[
        str | None,
        typer.Option(
            metavar="N", help="Those of the paid months before accounts were opened (建账前月数)."
        ),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(metavar="Z", help="The average contribution index, such as 0.935 (缴费指数)."),
    ] = None,
    balance_fen: Annotated[
        str | None, typer.Option(metavar="FEN", help="The personal account (个人账户储存额).")
    ] = None,
    base_fen: Annotated[
        str | None,
        typer.Option(metavar="FEN", help="The benefit base, instead of the table's (计发基数)."),
    ] = None,
    file: FileOption = None,
) -> None:
    """Estimate a monthly pension, part by part (养老金测算).

    A file may give 'years' (year, months, base_total_fen) instead of the index.
    """
    from ledger.advice.pension import answer_pension

    given = gather(
        file,
        category=category,
        born=born,
        flexible=flexible,
        retirement_month=retirement_month,
        early_by_decision=early_by_decision or None,
        region=region,
        paid_months=paid_months,
        deemed_months=deemed_months,
        early_paid_months=early_paid_months,
        index=index,
        balance_fen=balance_fen,
        base_fen=base_fen,
    )
    tell(out, answer_pension(given))


def transfer_amount(
    out: Output,
    *,
    from_region: Annotated[
        str | None, typer.Option(metavar="CODE", help="The old place, six digits (转出地).")
    ] = None,
    to_region: Annotated[
        str | None, typer.Option(metavar="CODE", help="The new place, six digits (转入地).")
    ] = None,
    balance_fen: Annotated[
        str | None, typer.Option(metavar="FEN", help="The personal account (个人账户储存额).")
    ] = None,
    first: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The first month paid (起始年月).")
    ] = None,
    last: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The last month paid (截止年月).")
    ] = None,
    base_fen: Annotated[
        str | None, typer.Option(metavar="FEN", help="The monthly wage base (月缴费基数).")
    ] = None,
    file: FileOption = None,
) -> None:
    """Estimate the money that moves with a relation to another place (转移金额).

    A file may list 'periods' (first, last, base_fen) instead of one.
    """
    from ledger.advice.transfers import answer_transfer_amount

    given = gather(
        file,
        from_region=from_region,
        to_region=to_region,
        balance_fen=balance_fen,
        first=first,
        last=last,
        base_fen=base_fen,
    )
    tell(out, answer_transfer_amount(given))


def benefit_place(
    out: Output,
    *,
    hukou: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Where the household is registered (户籍地)."),
    ] = None,
    stay: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE:YYYY-MM:MONTHS",
            help="A place of insurance, since when, and how many months were paid; once for each "
            "(参保地:起始年月:月数).",
        ),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The month whose law applies (适用月份).")
    ] = None,
    file: FileOption = None,
) -> None:
    """Say which province pays the pension of somebody insured in several (待遇领取地).

    A file may give each of 'stays' also deemed_months and relation (normal or temporary).
    """
    from ledger.advice.places import answer_benefit_place, stays_of

    stays = stays_of(stay) if stay else None
    tell(out, answer_benefit_place(gather(file, hukou=hukou, stays=stays, as_of=as_of)))


def account(
    out: Output,
    *,
    through: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM", help="The last month that earns interest (计息截止年月)."),
    ] = None,
    opening_fen: Annotated[
        str | None, typer.Option(metavar="FEN", help="The balance before (期初余额).")
    ] = None,
    monthly_fen: Annotated[
        str | None, typer.Option(metavar="FEN", help="Recorded in each month (每月记账额).")
    ] = None,
    first: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The first month of that (起始年月).")
    ] = None,
    last: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The last month of that (截止年月).")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Whose ways of crediting apply (所在地区)."),
    ] = None,
    file: FileOption = None,
) -> None:
    """Credit a personal account year by year (个人账户计息).

    A file may list 'deposits' (month, amount_fen) instead of equal ones.
    """
    from ledger.advice.accounts import answer_account

    given = gather(
        file,
        through=through,
        opening_fen=opening_fen,
        monthly_fen=monthly_fen,
        first=first,
        last=last,
        region=region,
    )
    tell(out, answer_account(given))


QUESTIONS: Final[Mapping[str, Work]] = MappingProxyType(
    {
        "retirement": retirement,
        "pension": pension,
        "transfer-amount": transfer_amount,
        "benefit-place": benefit_place,
        "account": account,
    }
)
"""The questions by the names of their commands."""
