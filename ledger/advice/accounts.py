"""What a personal account holds: deposits and the interest of each year."""

from __future__ import annotations

from ledger.advice.answers import Answer, month_text
from ledger.advice.inputs import Inputs, finish
from ledger.policy.accounts import account_statement
from ledger.policy.periods import month_range
from ledger.policy.profiles import province_profile
from ledger.policy.regions import NATION


def answer_account(inputs: Inputs) -> Answer:
    """Answer ``through`` and the deposits, listed or equal from month to month.

    Listed: ``deposits``, each with ``month`` and ``amount_fen``. Equal: ``monthly_fen`` from
    ``first`` to ``last``. ``opening_fen`` stood there before the first year; ``region`` names whose
    ways of crediting apply.

    Raises:
        InputError: a value is missing or impossible.
        PeriodError: a deposit lies after ``through``.
        ParameterMissingError: a year has no interest rate in any table.
    """
    through = inputs.month("through")
    opening = inputs.fen_or("opening", 0)
    region = inputs.optional_region("region") or NATION
    deposits = _listed(inputs) if inputs.has("deposits") else _equal(inputs)
    inputs.done()
    found = account_statement(
        deposits, through, opening_fen=opening, profile=province_profile(region, through)
    )
    return Answer(
        {
            "region": region,
            "through": month_text(through),
            "opening_fen": opening,
            "principal_fen": found.principal_fen,
            "interest_fen": found.interest_fen,
            "balance_fen": found.balance_fen,
            "years": [
                {
                    "year": year.year,
                    "opening_fen": year.opening_fen,
                    "deposits_fen": year.deposits_fen,
                    "rate_bps": year.rate_bps,
                    "rate_status": year.status.value,
                    "interest_on_opening_fen": year.interest_on_opening_fen,
                    "interest_on_deposits_fen": year.interest_on_deposits_fen,
                    "closing_fen": year.closing_fen,
                }
                for year in found.years
            ],
        },
        found.steps,
    )


def _listed(inputs: Inputs) -> dict[int, int]:
    rows = inputs.rows("deposits")
    deposits: dict[int, int] = {}
    for row in rows:
        month = row.month("month")
        if month in deposits:
            raise row.refused(
                "month", "it appears twice", "重复出现", "Give each month once", "每月只填一次"
            )
        deposits[month] = row.fen("amount")
    finish(rows)
    return deposits


def _equal(inputs: Inputs) -> dict[int, int]:
    """The same deposit each month; none when nothing of it was given."""
    if not any(inputs.has(name) for name in ("monthly_fen", "monthly_yuan", "first", "last")):
        return {}
    amount, first, last = inputs.fen("monthly"), inputs.month("first"), inputs.month("last")
    if last < first:
        raise inputs.refused(
            "last", "it is before the first month", "早于起始月份",
            f"Write a month from {month_text(first)} on", f"请填写{month_text(first)}或以后的年月",
        )  # fmt: skip
    return dict.fromkeys(month_range(first, last), amount)
