"""From the residents pension to the employee pension and back (城乡养老保险制度衔接).

Only at the statutory age or later, and not once a pension is drawn. First the employee relation is
unified at the place that pays (see ``benefit_place``), then it is converted:

* with the minimum months of the employee pension: residents to employee. The accounts merge; the
  residents' months do not count.
* without: employee to residents. Only the account moves, no pooled money; the employee's months
  count as residents' months.

Source: 人社部发〔2014〕17号 (from 2014-07-01); rules a.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.errors import AmountError, ImpossibleFactError
from ledger.policy.periods import checked_period, year_of
from ledger.policy.retirement import minimum_months
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording

SOURCE: Final = "人社部发〔2014〕17号"
FIRST_PERIOD: Final = 201407


class Direction(StrEnum):
    """Which way a conversion goes, or that there is none."""

    TO_EMPLOYEE = "TO_EMPLOYEE"
    TO_RESIDENT = "TO_RESIDENT"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class ConversionQuestion:
    """The facts; months insured twice are already counted once, amounts are fen.

    ``statutory_period``: the month the statutory age is reached; ``as_of_period``: the month of the
    application; ``draws_pension``: whether any pension is drawn already.
    """

    statutory_period: int
    as_of_period: int
    employee_months: int
    employee_account_fen: int
    resident_months: int
    resident_account_fen: int
    draws_pension: bool = False


@dataclass(frozen=True, slots=True)
class Conversion(Reasoned):
    """What comes of it: the months and the account of the scheme that goes on.

    ``pool_fen`` is always nothing: no pooled money moves between the schemes.
    """

    direction: Direction
    months: int
    account_fen: int
    steps: tuple[Step, ...]
    pool_fen: int = 0


def convert_pension(question: ConversionQuestion) -> Conversion:
    """Decide which way a relation converts, and what it then holds.

    Raises:
        AmountError: an account is negative.
        ImpossibleFactError: a number of months is negative, or the month is before the measure.
        PeriodError: a month is not one.
    """
    _check(question)
    needed = minimum_months(year_of(question.statutory_period))
    rule = rule_parameter("conversion_of_schemes", question.as_of_period)
    figures: dict[str, Figure] = {
        "employee_months": question.employee_months,
        "resident_months": question.resident_months,
        "needed": needed.value,
        "statutory_period": question.statutory_period,
    }
    if question.draws_pension:
        return Conversion(Direction.NONE, 0, 0, (Step(_DRAWN, figures, (rule,)),))
    if question.as_of_period < question.statutory_period:
        return Conversion(Direction.NONE, 0, 0, (Step(_TOO_EARLY, figures, (rule,)),))
    account = question.employee_account_fen + question.resident_account_fen
    figures["account_fen"] = account
    if question.employee_months >= needed.value:
        figures["months"] = question.employee_months
        return Conversion(
            Direction.TO_EMPLOYEE,
            question.employee_months,
            account,
            (Step(_TO_EMPLOYEE, figures, (needed, rule)),),
        )
    months = question.employee_months + question.resident_months
    figures["months"] = months
    return Conversion(
        Direction.TO_RESIDENT, months, account, (Step(_TO_RESIDENT, figures, (needed, rule)),)
    )


def _check(question: ConversionQuestion) -> None:
    checked_period(question.statutory_period)
    if checked_period(question.as_of_period) < FIRST_PERIOD:
        raise ImpossibleFactError(
            "as_of_period",
            question.as_of_period,
            f"schemes convert from {FIRST_PERIOD} on",
            f"制度衔接自{FIRST_PERIOD}起施行",
        )
    for field in ("employee_months", "resident_months"):
        value = getattr(question, field)
        if value < 0:
            raise ImpossibleFactError(field, value, "it is negative", "为负数")
    for field in ("employee_account", "resident_account"):
        if getattr(question, f"{field}_fen") < 0:
            raise AmountError(field, "it is negative")


_DRAWN: Final = Wording(
    "conversion-pension-drawn",
    "已领取养老待遇，不再办理制度衔接",
    "A pension is drawn already: schemes no longer convert",
    SOURCE,
)
_TOO_EARLY: Final = Wording(
    "conversion-too-early",
    "未达到法定退休年龄（{statutory_period}到龄），到龄后方可办理制度衔接",
    "The statutory age is reached in {statutory_period} only: schemes convert from then on",
    SOURCE,
)
_TO_EMPLOYEE: Final = Wording(
    "conversion-to-employee",
    "职工养老保险{employee_months}个月，满{needed}个月：居民养老保险转入职工养老保险，"
    "个人账户合并为{account_fen}元；居民缴费{resident_months}个月不折算为职工缴费年限",
    "{employee_months} months of the employee pension, at least {needed}: the residents pension "
    "joins it, the accounts merge to {account_fen} yuan; the {resident_months} residents' months "
    "do not count",
    SOURCE,
)
_TO_RESIDENT: Final = Wording(
    "conversion-to-resident",
    "职工养老保险{employee_months}个月，不满{needed}个月：转入居民养老保险，只转个人账户（合并为"
    "{account_fen}元），不转统筹基金；缴费年限合计{months}个月",
    "{employee_months} months of the employee pension, fewer than {needed}: it joins the residents "
    "pension; only the account moves ({account_fen} yuan together), no pooled money; {months} "
    "months in all",
    SOURCE,
)
