"""Getting back what was paid too much: repaid, set off against the account, deducted by the month.

The agency orders repayment; who cannot repay at once agrees on instalments, or it is set off
against later benefits or the account's balance. Whoever obtained it by fraud is fined as well.

Source: 社会保险经办条例 art. 46, 55; 社会保险法 art. 88; rules a.7, e.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.errors import AmountError
from ledger.policy.periods import add_months, checked_period
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording

SOURCE: Final = "社会保险经办条例第四十六条"
LONGEST_DEDUCTIONS: Final = 600
"""Months: a deduction that would go on for longer than fifty years is no way of repaying."""


@dataclass(frozen=True, slots=True)
class Deductions:
    """Monthly deductions from a benefit: the last one may be smaller."""

    from_period: int
    months: int
    monthly_fen: int
    last_fen: int

    @property
    def to_period(self) -> int:
        """The month of the last deduction."""
        return add_months(self.from_period, self.months - 1)

    @property
    def total_fen(self) -> int:
        """All deductions together."""
        return (self.months - 1) * self.monthly_fen + self.last_fen


@dataclass(frozen=True, slots=True)
class Recovery(Reasoned):
    """From where an overpayment comes back: the parts add up to ``due_fen``."""

    due_fen: int
    repaid_fen: int
    from_account_fen: int
    deductions: Deductions | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Fine:
    """The range of the fine for benefits obtained by fraud, in fen, beside the repayment."""

    lowest_fen: int
    highest_fen: int
    steps: tuple[Step, ...]


def deductions_of(rest_fen: int, from_period: int, monthly_fen: int) -> Deductions | None:
    """Spread what is left over the months from one on; None when nothing is left.

    Raises:
        AmountError: the monthly deduction is not positive or too small to come to an end.
        PeriodError: the month is not one.
    """
    checked_period(from_period)
    if monthly_fen < 1:
        raise AmountError("monthly", "a deduction is at least one fen")
    if not rest_fen:
        return None
    whole, last = divmod(rest_fen - 1, monthly_fen)
    if whole >= LONGEST_DEDUCTIONS:
        raise AmountError("monthly", f"deductions would last over {LONGEST_DEDUCTIONS} months")
    return Deductions(from_period, whole + 1, monthly_fen, last + 1)


def recover(
    due_fen: int,
    from_period: int,
    monthly_fen: int,
    *,
    repaid_fen: int = 0,
    account_fen: int = 0,
) -> Recovery:
    """Plan the recovery of an overpayment: repaid, then the account, then month by month.

    Args:
        due_fen: what was paid too much.
        from_period: the month of the first deduction.
        monthly_fen: the most that is deducted in a month, as agreed.
        repaid_fen: what was repaid already.
        account_fen: what of the account may be set off; nothing unless agreed or decided.

    Raises:
        AmountError: an amount is negative, more was repaid than is due, or the deductions would not
            come to an end.
        PeriodError: the month is not one.
    """
    if due_fen < 0:
        raise AmountError("due", "it is negative")
    if not 0 <= repaid_fen <= due_fen:
        raise AmountError("repaid", "it is not between nothing and what is due")
    if account_fen < 0:
        raise AmountError("account", "it is negative")
    from_account = min(due_fen - repaid_fen, account_fen)
    rest = due_fen - repaid_fen - from_account
    deductions = deductions_of(rest, from_period, monthly_fen)
    figures: dict[str, Figure] = {
        "due_fen": due_fen,
        "repaid_fen": repaid_fen,
        "from_account_fen": from_account,
        "from_pension_fen": rest,
    }
    if deductions is None:
        return Recovery(due_fen, repaid_fen, from_account, None, (Step(_SETTLED, figures),))
    figures |= {
        "from_period": deductions.from_period,
        "to_period": deductions.to_period,
        "months": deductions.months,
        "monthly_fen": deductions.monthly_fen,
        "last_fen": deductions.last_fen,
    }
    return Recovery(due_fen, repaid_fen, from_account, deductions, (Step(_PLANNED, figures),))


def fraud_fine(amount_fen: int, period: int | None = None) -> Fine:
    """The fine for benefits obtained by fraud: two to five times the amount.

    Args:
        amount_fen: what was obtained.
        period: the month whose law applies; None for the newest.

    Raises:
        AmountError: the amount is negative.
        ParameterMissingError: there was no such rule yet in that month.
    """
    if amount_fen < 0:
        raise AmountError("amount", "it is negative")
    lowest = rule_parameter("fraud_fine_lowest", period)
    highest = rule_parameter("fraud_fine_highest", period)
    figures: dict[str, Figure] = {
        "amount_fen": amount_fen,
        "lowest": lowest.value,
        "highest": highest.value,
        "lowest_fen": amount_fen * lowest.value,
        "highest_fen": amount_fen * highest.value,
    }
    return Fine(
        lowest_fen=amount_fen * lowest.value,
        highest_fen=amount_fen * highest.value,
        steps=(Step(_FINED, figures, (lowest, highest)),),
    )


_SETTLED: Final = Wording(
    "recovery-settled",
    "应退{due_fen}元：已退{repaid_fen}元，个人账户抵扣{from_account_fen}元，已结清",
    "{due_fen} yuan due back: repaid {repaid_fen}, from the account {from_account_fen}; settled",
    SOURCE,
)
_PLANNED: Final = Wording(
    "recovery-planned",
    "应退{due_fen}元：已退{repaid_fen}元，个人账户抵扣{from_account_fen}元，余{from_pension_fen}元"
    "逐月抵扣：{from_period}至{to_period}共{months}个月，每月{monthly_fen}元，末月{last_fen}元",
    "{due_fen} yuan due back: repaid {repaid_fen}, from the account {from_account_fen}; the other "
    "{from_pension_fen} month by month: {from_period} to {to_period}, {months} months of "
    "{monthly_fen}, the last {last_fen}",
    SOURCE,
)
_FINED: Final = Wording(
    "fraud-fine",
    "骗取{amount_fen}元，除退回外处{lowest}倍至{highest}倍罚款：{lowest_fen}元至{highest_fen}元",
    "{amount_fen} yuan obtained by fraud: beside the repayment a fine of {lowest} to {highest} "
    "times, {lowest_fen} to {highest_fen} yuan",
    "社会保险法第八十八条",
)
