"""What is paid once when an insured person dies: funeral and survivor grants, and the account.

The grants are multiples of the monthly disposable income of a town resident of the province in the
year before (the caller brings it with its document); of several funeral grants one is paid.
Of a pensioner's account what was not yet drawn is inherited: the balance at retirement less the
account part of each month paid; adjustments are not taken from it, and no interest is added.
Source: 社会保险法 art. 14, 17, 49; 人社部发〔2021〕18号; rules d.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from ledger.errors import ImpossibleFactError, ParameterMissingError
from ledger.policy.periods import MONTHS_PER_YEAR, months_between, period_of
from ledger.policy.regions import NATION
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import Parameter, row_name, status_of, table

TABLE: Final = "death_benefits"
GRANTS_SOURCE: Final = "人社部发〔2021〕18号；社会保险法第十七条"
INHERITANCE_SOURCE: Final = "社会保险法第十四条"


@dataclass(frozen=True, slots=True)
class DeathQuestion:
    """The facts that decide what is paid after a death.

    Attributes:
        died_on: the day of death.
        contribution_months: paid and deemed months.
        monthly_income: disposable income of a town resident of the province a month, in fen, of
            the year before the death.
        account_fen: the account's balance; for a pensioner that at retirement.
        account_pension_fen: a pensioner's monthly account part; nothing before retirement.
        benefits_from_period: a pensioner's first month; None for somebody still working.
    """

    died_on: date
    contribution_months: int
    monthly_income: Parameter
    account_fen: int
    account_pension_fen: int = 0
    benefits_from_period: int | None = None

    @property
    def drawn_months(self) -> int:
        """The months a pension was due for, that of the death included."""
        if self.benefits_from_period is None:
            return 0
        return max(0, months_between(self.benefits_from_period, period_of(self.died_on)) + 1)


@dataclass(frozen=True, slots=True)
class DeathBenefits(Reasoned):
    """What is paid once, in fen, and what it rests on."""

    question: DeathQuestion
    funeral_months: Parameter
    survivor_months: int
    survivor_rows: tuple[Parameter, ...]
    inheritance_fen: int

    @property
    def funeral_fen(self) -> int:
        """The funeral grant (丧葬补助金)."""
        return self.question.monthly_income.value * self.funeral_months.value

    @property
    def survivor_fen(self) -> int:
        """The survivor grant (抚恤金)."""
        return self.question.monthly_income.value * self.survivor_months

    @property
    def total_fen(self) -> int:
        """Everything together."""
        return self.funeral_fen + self.survivor_fen + self.inheritance_fen

    @property
    def steps(self) -> tuple[Step, ...]:
        """Each payment, then the sum."""
        asked = self.question
        income = asked.monthly_income
        figures: dict[str, Figure] = {
            "income_fen": income.value,
            "contribution_months": asked.contribution_months,
            "drawn_months": asked.drawn_months,
            "funeral_months": self.funeral_months.value,
            "funeral_fen": self.funeral_fen,
            "survivor_months": self.survivor_months,
            "survivor_fen": self.survivor_fen,
            "balance_fen": asked.account_fen,
            "account_pension_fen": asked.account_pension_fen,
            "inheritance_fen": self.inheritance_fen,
            "total_fen": self.total_fen,
        }
        return (
            Step(_FUNERAL, figures, (self.funeral_months, income)),
            Step(_SURVIVOR, figures, (*self.survivor_rows, income)),
            Step(_INHERITANCE, figures),
            Step(_TOTAL, figures),
        )


def death_benefits(question: DeathQuestion) -> DeathBenefits:
    """What is paid once after a death.

    Raises:
        ImpossibleFactError: an amount or a number of months is negative, or the income not above 0.
        ParameterMissingError: the death lies before the first national rule.
    """
    asked = question
    for field in ("contribution_months", "account_fen", "account_pension_fen"):
        value = getattr(asked, field)
        if value < 0:
            raise ImpossibleFactError(field, value, "it is negative", "不能为负数")
    if asked.monthly_income.value <= 0:
        raise ImpossibleFactError(
            "monthly_income", asked.monthly_income.value, "it is not above zero", "应大于零"
        )
    died = period_of(asked.died_on)
    months, rows = _survivor(asked, died)
    drawn = asked.account_pension_fen * asked.drawn_months
    return DeathBenefits(
        question=asked,
        funeral_months=_items("funeral", died)[0][1],
        survivor_months=months,
        survivor_rows=rows,
        inheritance_fen=max(0, asked.account_fen - drawn),
    )


def _survivor(asked: DeathQuestion, died: int) -> tuple[int, tuple[Parameter, ...]]:
    contributed = asked.contribution_months
    tier = max(
        (item for item in _items("survivor", died) if item[0] <= contributed),
        key=lambda item: item[0],
    )[1]
    months = tier.value
    rows: tuple[Parameter, ...] = (tier,)
    beyond, further = _items("survivor_further_year", died)[0]
    if contributed > beyond:
        most = _items("survivor_most", died)[0][1]
        years = (contributed - beyond) // MONTHS_PER_YEAR
        months = min(most.value, months + years * further.value)
        rows = (*rows, further, most)
    if asked.benefits_from_period is None:
        return months, rows
    less = _items("survivor_retired_year", died)[0][1]
    least = _items("survivor_retired_least", died)[0][1]
    years_drawn = asked.drawn_months // MONTHS_PER_YEAR
    return max(least.value, months - years_drawn * less.value), (*rows, less, least)


@cache
def _items(item: str, period: int) -> tuple[tuple[int, Parameter], ...]:
    found = tuple(
        (
            int(row["from_contribution_months"] or 0),
            Parameter(
                int(row["value"]),
                status_of(row["status"]),
                row["source"],
                row_name(TABLE, row),
            ),
        )
        for row in table(TABLE)
        if row["item"] == item and int(row["from_period"]) <= period
    )
    if not found:
        raise ParameterMissingError("death benefits", NATION, str(period))
    return found


_FUNERAL: Final = Wording(
    "funeral-grant",
    "丧葬补助金 = {income_fen} × {funeral_months} = {funeral_fen}元（符合多项条件的只领一份）",
    "Funeral grant = {income_fen} x {funeral_months} = {funeral_fen} yuan (one only, where several "
    "schemes would pay it)",
    "人社部发〔2021〕18号；社会保险法第四十九条",
)
_SURVIVOR: Final = Wording(
    "survivor-grant",
    "抚恤金 = {income_fen} × {survivor_months} = {survivor_fen}元（缴费{contribution_months}个月，"
    "已领取{drawn_months}个月）",
    "Survivor grant = {income_fen} x {survivor_months} = {survivor_fen} yuan "
    "({contribution_months} months of contributions, pension drawn for {drawn_months})",
    GRANTS_SOURCE,
)
_INHERITANCE: Final = Wording(
    "account-inheritance",
    "个人账户余额可继承：{balance_fen} − {account_pension_fen} × {drawn_months} = "
    "{inheritance_fen}元",
    "What is left in the account is inherited: {balance_fen} - {account_pension_fen} x "
    "{drawn_months} = {inheritance_fen} yuan",
    INHERITANCE_SOURCE,
)
_TOTAL: Final = Wording(
    "death-total",
    "一次性支付合计{total_fen}元",
    "Paid once in all: {total_fen} yuan",
    GRANTS_SOURCE,
)
