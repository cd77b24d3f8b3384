"""How much money moves with a relation to another place."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ledger.advice.answers import Answer, month_text
from ledger.advice.inputs import Inputs, finish
from ledger.policy.periods import month_range
from ledger.policy.transfer import scope_of
from ledger.policy.transfer_amount import (
    AccountMoney,
    InsuredMonth,
    MonthStatus,
    transfer_amount,
)

STATUSES: Final = MappingProxyType(
    {status.value.lower().replace("_", "-"): status for status in MonthStatus}
)


def answer_transfer_amount(inputs: Inputs) -> Answer:
    """Answer ``from_region``, ``to_region``, ``balance_fen`` and the months.

    Months: ``first``, ``last`` and ``base_fen`` (the monthly base), or a list ``periods`` of such,
    each with a ``status`` if it is not paid: arrears-paid, lump-sum, deemed, unpaid, refunded. Of
    the balance, ``person_before_1998_fen``, ``unit_before_1998_fen`` and ``excess_fen`` (above the
    national share) are named apart; ``as_of`` is the month whose law applies.

    Raises:
        InputError: a value is missing or impossible.
        PeriodError: a month appears twice.
        AmountError: the parts of the account do not go together.
        ParameterMissingError: the rule did not exist yet in ``as_of``.
    """
    scope = scope_of(inputs.region("from_region"), inputs.region("to_region"))
    account = AccountMoney(
        since_1998_fen=inputs.fen("balance"),
        person_before_1998_fen=inputs.fen_or("person_before_1998", 0),
        unit_before_1998_fen=inputs.fen_or("unit_before_1998", 0),
        excess_fen=inputs.fen_or("excess", 0),
    )
    as_of = inputs.optional_month("as_of")
    months = _months(inputs)
    inputs.done()
    found = transfer_amount(months, account, scope, as_of)
    return Answer(
        {
            "scope": scope.value,
            "months": found.months,
            "account_fen": found.account_fen,
            "pool_fen": found.pool_fen,
            "fund_fen": found.fund_fen,
            "years": [
                {
                    "year": row.year,
                    "months": row.months_paid,
                    "from": month_text(row.from_period),
                    "to": month_text(row.to_period),
                    "base_total_fen": row.base_total_fen,
                    "pool_fen": row.pool_transfer_fen,
                }
                for row in found.years
            ],
            "excluded": [
                {"reason": item.reason.value, "months": item.months, "amount_fen": item.amount_fen}
                for item in found.excluded
            ],
        },
        found.steps,
    )


def _months(inputs: Inputs) -> list[InsuredMonth]:
    if not inputs.has("periods"):
        return _stretch(inputs)
    rows = inputs.rows("periods")
    months = [month for row in rows for month in _stretch(row)]
    finish(rows)
    return months


def _stretch(row: Inputs) -> list[InsuredMonth]:
    """The months of one stretch, all with one base."""
    first, last = row.month("first"), row.month("last")
    if last < first:
        raise row.refused(
            "last", "it is before the first month", "早于起始月份",
            f"Write a month from {month_text(first)} on", f"请填写{month_text(first)}或以后的年月",
        )  # fmt: skip
    status = row.choice("status", STATUSES) if row.has("status") else MonthStatus.PAID
    base = row.fen("base", minimum=1)
    return [InsuredMonth(period, base, status) for period in month_range(first, last)]
