"""What a running pension is in a month, recomputed from its decisions and what happened since.

A pension is decided, perhaps provisionally, and decided again from its first month; it is adjusted
every year for those already retired; it ends with the month of death, which is still paid. From
these dated events the amount of any month follows, and what was paid too little or too much.
Source: 社会保险法 art. 14, 15, 18; 社会保险经办条例 art. 46; rules d.1, e.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Final

from ledger.errors import ImpossibleFactError, ParameterMissingError
from ledger.policy.money import BPS_PER_WHOLE, Rounding, fen_of_yuan, rounded
from ledger.policy.periods import (
    MONTHS_PER_YEAR,
    add_months,
    checked_period,
    month_range,
    months_between,
    period_of,
)
from ledger.policy.profiles import Option, option_step, province_profile
from ledger.policy.rates import JANUARY
from ledger.policy.regions import NATION
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import ParameterStatus, row_name, status_of, table

DEATH_MONTH_IS_DUE: Final = "death_month_is_due"
ADJUSTMENT_SOURCE: Final = "社会保险法第十八条（基本养老金正常调整机制）"


class PensionState(StrEnum):
    """Where a month lies in the life of a pension."""

    BEFORE_START = "before-start"
    RUNNING = "running"
    AFTER_DEATH = "after-death"


@dataclass(frozen=True, slots=True)
class DecidedAmount:
    """An amount decided for a pension from its first month on; a later decision replaces it.

    ``status``: that of the calculation; ``reference``: the number of the decision.
    """

    decided_on: date
    amount_fen: int
    status: ParameterStatus
    reference: str

    @property
    def row(self) -> str:
        """The decision, as grounds of what rests on it."""
        return f"decision: {self.reference}"

    @property
    def source(self) -> str:
        """The number of the decision."""
        return self.reference


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One yearly adjustment as a province announced it (定额调整、挂钩调整、倾斜调整).

    Attributes:
        effective_period: the first month at the new amount.
        retired_by_period: it covers who retired in this month or before.
        announced_on: when it became known; None where that does not matter.
        source: the document.
        status: how far its figures may be relied on.
        fixed_fen: the same for everybody.
        per_year_fen: for each year of contributions.
        partial_year_counts: whether a begun year of contributions counts as a whole one.
        rate_bps: of the pension of the month before.
        ages: from which age in years how much in fen; the oldest age reached counts.
        age_period: the month by which an age must be reached; ``retired_by_period`` unless given.
        row: the row of the table it comes from, or that it was given.
    """

    effective_period: int
    retired_by_period: int
    source: str
    status: ParameterStatus
    announced_on: date | None = None
    fixed_fen: int = 0
    per_year_fen: int = 0
    partial_year_counts: bool = True
    rate_bps: int = 0
    ages: tuple[tuple[int, int], ...] = ()
    age_period: int | None = None
    row: str = "given"


@dataclass(frozen=True, slots=True)
class PensionHistory:
    """A pension with its events.

    ``months``: contributions that counted at its decision; ``death_known_on``: when the death was
    reported, the day itself unless given.
    """

    region: str
    benefits_from_period: int
    birth_period: int
    months: int
    decisions: tuple[DecidedAmount, ...]
    adjustments: tuple[Adjustment, ...] = ()
    died_on: date | None = None
    death_known_on: date | None = None


@dataclass(frozen=True, slots=True)
class AppliedAdjustment:
    """What an adjustment added, in fen, part by part."""

    adjustment: Adjustment
    before_fen: int
    fixed_fen: int
    years_fen: int
    rate_fen: int
    age_fen: int
    rounding: Option

    @property
    def after_fen(self) -> int:
        """The pension from the effective month on."""
        return self.before_fen + self.fixed_fen + self.years_fen + self.rate_fen + self.age_fen

    @property
    def step(self) -> Step:
        """The adjustment in one sentence."""
        figures: dict[str, Figure] = {
            "effective_period": self.adjustment.effective_period,
            "before_fen": self.before_fen,
            "fixed_fen": self.fixed_fen,
            "years_fen": self.years_fen,
            "rate_bps": self.adjustment.rate_bps,
            "rate_fen": self.rate_fen,
            "age_fen": self.age_fen,
            "after_fen": self.after_fen,
        }
        return Step(_ADJUSTED, figures, (self.adjustment,))


@dataclass(frozen=True, slots=True)
class MonthDue(Reasoned):
    """What is due for one month, in fen, and why."""

    period: int
    amount_fen: int
    state: PensionState
    decided: DecidedAmount
    applied: tuple[AppliedAdjustment, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The decision, each adjustment, and the amount."""
        end: dict[str, Figure] = {"period": self.period, "amount_fen": self.amount_fen}
        if self.state is PensionState.BEFORE_START:
            return (Step(_BEFORE_START, end),)
        if self.state is PensionState.AFTER_DEATH:
            return (Step(_AFTER_DEATH, end, (rule_parameter(DEATH_MONTH_IS_DUE),)),)
        decided: dict[str, Figure] = {
            "reference": self.decided.reference,
            "amount_fen": self.decided.amount_fen,
        }
        ways = {item.rounding for item in self.applied if item.adjustment.rate_bps}
        return (
            *(option_step(way) for way in sorted(ways, key=lambda way: way.row)),
            Step(_DECIDED, decided, (self.decided,)),
            *(item.step for item in self.applied),
            Step(_DUE, end),
        )


@dataclass(frozen=True, slots=True)
class MonthDifference:
    """One month beside what was paid for it, in fen."""

    due: MonthDue
    paid_fen: int

    @property
    def difference_fen(self) -> int:
        """What is still owed; negative when too much was paid."""
        return self.due.amount_fen - self.paid_fen


@dataclass(frozen=True, slots=True)
class Arrears:
    """What is to be paid later for past months, or to be given back; differing months only."""

    first_period: int
    last_period: int
    months: tuple[MonthDifference, ...]

    @property
    def owed_fen(self) -> int:
        """What was paid too little."""
        return sum(max(0, month.difference_fen) for month in self.months)

    @property
    def overpaid_fen(self) -> int:
        """What was paid too much."""
        return sum(max(0, -month.difference_fen) for month in self.months)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The reasons of the last differing month, then the sums."""
        figures: dict[str, Figure] = {
            "first_period": self.first_period,
            "last_period": self.last_period,
            "months": len(self.months),
            "owed_fen": self.owed_fen,
            "overpaid_fen": self.overpaid_fen,
        }
        reasons = self.months[-1].due.steps if self.months else ()
        return (*reasons, Step(_ARREARS, figures))


def month_due(history: PensionHistory, period: int) -> MonthDue:
    """What is due for a month, from every event of the history.

    Nothing is due before the first month or after the month of death (rules e.2).

    Raises:
        ImpossibleFactError: the history has no decision, or an amount or a number of months is
            negative.
        PeriodError: a month is not one.
    """
    decided = _decision(history)
    state = _state(history, checked_period(period))
    if state is not PensionState.RUNNING:
        return MonthDue(period, 0, state, decided, ())
    amount = decided.amount_fen
    applied: list[AppliedAdjustment] = []
    for adjustment in sorted(history.adjustments, key=lambda item: item.effective_period):
        if adjustment.effective_period <= period and _covers(adjustment, history):
            applied.append(_apply(adjustment, amount, history))
            amount = applied[-1].after_fen
    return MonthDue(period, amount, state, decided, tuple(applied))


def as_known_on(history: PensionHistory, day: date) -> PensionHistory:
    """The history without what was decided, announced or reported after ``day``.

    Raises:
        ImpossibleFactError: nothing was decided by then.
    """
    reported = history.death_known_on or history.died_on
    known = replace(
        history,
        decisions=tuple(item for item in history.decisions if item.decided_on <= day),
        adjustments=tuple(
            item
            for item in history.adjustments
            if item.announced_on is None or item.announced_on <= day
        ),
        died_on=history.died_on if reported is not None and reported <= day else None,
    )
    _decision(known)
    return known


def arrears(
    history: PensionHistory, paid: Mapping[int, int], first_period: int, last_period: int
) -> Arrears:
    """What past months lack or have too much, after a re-decision, an adjustment or a death.

    Args:
        history: every event known now.
        paid: fen paid for each month, recovered money taken off; a month left out was not paid.
        first_period: the first month compared.
        last_period: the last month compared.
    """
    months = (
        MonthDifference(month_due(history, period), paid.get(period, 0))
        for period in month_range(first_period, last_period)
    )
    differing = tuple(month for month in months if month.difference_fen)
    return Arrears(first_period, last_period, differing)


@cache
def average_adjustment(year: int) -> Adjustment:
    """The nation's average adjustment of a year, as an estimate where a province's is not known.

    Raises:
        ParameterMissingError: no average of this year is in the table.
    """
    for row in table("adjustment_averages"):
        if row["year"] == str(year):
            return Adjustment(
                effective_period=year * 100 + JANUARY,
                retired_by_period=(year - 1) * 100 + MONTHS_PER_YEAR,
                source=row["source"],
                status=status_of(row["status"]),
                rate_bps=fen_of_yuan(row["rate_percent"]),
                row=row_name("adjustment_averages", row),
            )
    raise ParameterMissingError("average adjustment", NATION, str(year))


def _decision(history: PensionHistory) -> DecidedAmount:
    if not history.decisions:
        raise ImpossibleFactError("decisions", 0, "nothing was decided", "尚无核定决定")
    decided = max(history.decisions, key=lambda item: item.decided_on)
    if decided.amount_fen < 0:
        raise ImpossibleFactError("amount_fen", decided.amount_fen, "it is negative", "不能为负数")
    if history.months < 0:
        raise ImpossibleFactError("months", history.months, "it is negative", "不能为负数")
    return decided


def _state(history: PensionHistory, period: int) -> PensionState:
    if history.died_on is not None:
        due = rule_parameter(DEATH_MONTH_IS_DUE).value
        if period >= add_months(period_of(history.died_on), due):
            return PensionState.AFTER_DEATH
    if period < checked_period(history.benefits_from_period):
        return PensionState.BEFORE_START
    return PensionState.RUNNING


def _covers(adjustment: Adjustment, history: PensionHistory) -> bool:
    retirement_period = add_months(history.benefits_from_period, -1)
    return retirement_period <= adjustment.retired_by_period


def _apply(adjustment: Adjustment, before_fen: int, history: PensionHistory) -> AppliedAdjustment:
    parts = (adjustment.fixed_fen, adjustment.per_year_fen, adjustment.rate_bps)
    for part in (*parts, *(amount for _, amount in adjustment.ages)):
        if part < 0:
            raise ImpossibleFactError("adjustment", part, "it is negative", "不能为负数")
    begun = MONTHS_PER_YEAR - 1 if adjustment.partial_year_counts else 0
    years = (history.months + begun) // MONTHS_PER_YEAR
    rounding = province_profile(history.region, adjustment.effective_period).money_rounding
    return AppliedAdjustment(
        adjustment=adjustment,
        before_fen=before_fen,
        fixed_fen=adjustment.fixed_fen,
        years_fen=adjustment.per_year_fen * years,
        rate_fen=rounded(before_fen * adjustment.rate_bps, BPS_PER_WHOLE, Rounding(rounding.value)),
        age_fen=_age_part(adjustment, history.birth_period),
        rounding=rounding,
    )


def _age_part(adjustment: Adjustment, birth_period: int) -> int:
    if adjustment.age_period is None:
        reached_in = adjustment.retired_by_period
    else:
        reached_in = adjustment.age_period
    age = months_between(birth_period, reached_in) // MONTHS_PER_YEAR
    reached = [step for step in adjustment.ages if step[0] <= age]
    return max(reached)[1] if reached else 0


_DECIDED: Final = Wording(
    "decided-amount",
    "核定基本养老金{amount_fen}元（{reference}）",
    "Decided: {amount_fen} yuan a month ({reference})",
    "社会保险法第十五条",
)
_ADJUSTED: Final = Wording(
    "adjustment",
    "{effective_period}起调整：原{before_fen}元，定额{fixed_fen}元，按缴费年限{years_fen}元，"
    "按养老金水平{rate_bps}计{rate_fen}元，高龄倾斜{age_fen}元，调整后{after_fen}元",
    "Adjusted from {effective_period}: {before_fen} before, fixed {fixed_fen}, for years "
    "{years_fen}, {rate_bps} of the pension {rate_fen}, for age {age_fen}; {after_fen} yuan now",
    ADJUSTMENT_SOURCE,
)
_DUE: Final = Wording(
    "month-due",
    "{period}应发{amount_fen}元",
    "Due for {period}: {amount_fen} yuan",
    "社会保险法第十五条、第十八条",
)
_BEFORE_START: Final = Wording(
    "month-before-start",
    "{period}尚未开始发放，应发{amount_fen}元",
    "The pension has not started in {period}: {amount_fen} yuan are due",
    "社会保险法第十六条",
)
_AFTER_DEATH: Final = Wording(
    "month-after-death",
    "养老金发至死亡当月，{period}应发{amount_fen}元",
    "The pension ends with the month of death: {amount_fen} yuan are due for {period}",
    "社会保险法第十四条；社会保险经办条例第四十六条",
)
_ARREARS: Final = Wording(
    "arrears",
    "{first_period}至{last_period}有{months}个月实发与应发不符：应补发{owed_fen}元，"
    "多发{overpaid_fen}元",
    "From {first_period} to {last_period}, {months} months differ: {owed_fen} yuan are owed, "
    "{overpaid_fen} yuan were paid too much",
    "社会保险经办条例第四十六条",
)
