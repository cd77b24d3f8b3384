"""Is a person entitled to an employee pension, condition by condition, in words a person reads.

Two conditions: the pension age is reached, and enough months are paid (deemed months count). Each
is stated with its figures and its article; one that is not met says what is missing and how to mend
it. Months are compared, never years.

Source: 社会保险法 art. 16; NPC Standing Committee decision 2024-09-13; rules c.2, c.3, c.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.errors import AmountError
from ledger.policy.periods import add_months, checked_period, months_between
from ledger.policy.retirement import (
    FLEXIBLE_SOURCE,
    MINIMUM_SOURCE,
    NOTICE_MONTHS,
    REFORM_SOURCE,
    Category,
    Retirement,
    retirement,
)
from ledger.policy.steps import Figure, Step, Wording
from ledger.policy.tables import Explanation

PAY_ON_SOURCE: Final = "社会保险法第十六条第二款"


class ConditionCode(StrEnum):
    """The conditions in the order they are shown."""

    AGE = "AGE"
    MONTHS = "MONTHS"


@dataclass(frozen=True, slots=True)
class EligibilityQuestion:
    """The facts a review rests on.

    ``months_contributed``: distinct paid months, overlaps counted once. ``deemed_months``: months
    that count without payment (视同缴费年限), by an approved decision. ``as_of_period``: the month
    reviewed. ``completed_period``: the month in which the minimum was reached, where known.
    ``next_unpaid_period``: the first month that can still be paid; the month after the one
    reviewed unless it is given (the month reviewed itself is often not paid yet).
    """

    birth_period: int
    category: Category
    months_contributed: int
    deemed_months: int
    as_of_period: int
    completed_period: int | None = None
    next_unpaid_period: int | None = None

    def paid_up_in(self, missing: int) -> int:
        """The month in which ``missing`` more months are complete if every month is paid."""
        first = self.next_unpaid_period or add_months(self.as_of_period, 1)
        return add_months(first, missing - 1)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: what is needed, what there is, the step that says so, what to do when short.

    ``required`` and ``actual`` are months (for AGE: months of age); ``missing`` is 0 when met.
    ``remedies`` is empty when met; the first is the one advised.
    """

    code: ConditionCode
    required: int
    actual: int
    missing: int
    step: Step
    remedies: tuple[Explanation, ...]

    @property
    def met(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    @property
    def explanation(self) -> Explanation:
        """The condition in one sentence."""
        return self.step.explanation


@dataclass(frozen=True, slots=True)
class EligibilityReview:
    """The result of a review: every condition, the verdict, and the month benefits can start.

    ``first_eligible_period`` is the first month in which every condition is met if the person pays
    every month from the next one on; benefits start the month after it.
    """

    question: EligibilityQuestion
    retirement: Retirement
    conditions: tuple[Condition, ...]
    first_eligible_period: int
    benefits_from_period: int

    @property
    def eligible(self) -> bool:
        """Whether every condition is met in the month reviewed."""
        return all(condition.met for condition in self.conditions)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The pension age, the minimum, each condition, and the verdict."""
        conditions = (condition.step for condition in self.conditions)
        return *self.retirement.steps, *conditions, self._verdict()

    @property
    def explanation(self) -> Explanation:
        """The verdict in one sentence."""
        return self._verdict().explanation

    def _verdict(self) -> Step:
        facts = self.retirement
        figures: dict[str, Figure] = {
            "missing_months": self.months_short,
            "statutory_period": facts.statutory_period,
            "benefits_from_period": self.benefits_from_period,
        }
        if self.eligible:
            return Step(_ENTITLED, figures)
        if self.months_short and self.first_eligible_period > facts.statutory_period:
            return Step(_MONTHS_MISSING, figures)
        return Step(_AGE_MISSING, figures)

    @property
    def months_short(self) -> int:
        """Contribution months missing."""
        return next(c.missing for c in self.conditions if c.code is ConditionCode.MONTHS)


def review(question: EligibilityQuestion) -> EligibilityReview:
    """Review every condition of the employee pension.

    The minimum is that of the year in which the statutory age is reached, also for somebody who
    pays on after it (rules c.3, to be confirmed).

    Raises:
        AmountError: a number of months is negative.
        PeriodError: a month is not one.
    """
    checked_period(question.as_of_period)
    if question.months_contributed < 0:
        raise AmountError("months_contributed", "it is negative")
    if question.deemed_months < 0:
        raise AmountError("deemed_months", "it is negative")
    facts = retirement(question.category, checked_period(question.birth_period))
    age = _age_condition(question, facts)
    months = _months_condition(question, facts)
    if months.missing:
        paid_up = question.paid_up_in(months.missing)
    else:
        paid_up = question.completed_period or facts.statutory_period
    first = max(facts.statutory_period, paid_up)
    return EligibilityReview(
        question=question,
        retirement=facts,
        conditions=(age, months),
        first_eligible_period=first,
        benefits_from_period=add_months(first, 1),
    )


def _age_condition(question: EligibilityQuestion, facts: Retirement) -> Condition:
    age = max(0, months_between(question.birth_period, question.as_of_period))
    missing = max(0, months_between(question.as_of_period, facts.statutory_period))
    figures: dict[str, Figure] = {
        "required_age_months": facts.statutory_age_months,
        "actual_age_months": age,
        "missing_age_months": missing,
        "statutory_period": facts.statutory_period,
    }
    return Condition(
        code=ConditionCode.AGE,
        required=facts.statutory_age_months,
        actual=age,
        missing=missing,
        step=Step(_TOO_YOUNG if missing else _OLD_ENOUGH, figures, (facts.rule,)),
        remedies=_age_remedies(question, facts, figures) if missing else (),
    )


def _age_remedies(
    question: EligibilityQuestion, facts: Retirement, figures: Mapping[str, Figure]
) -> tuple[Explanation, ...]:
    pay_on = Step(_PAY_UNTIL, figures).explanation
    early = max(facts.earliest_period, add_months(question.as_of_period, NOTICE_MONTHS))
    if early >= facts.statutory_period:
        return (pay_on,)
    return pay_on, Step(_GO_EARLY, {"early_period": early}).explanation


def _months_condition(question: EligibilityQuestion, facts: Retirement) -> Condition:
    total = question.months_contributed + question.deemed_months
    missing = max(0, facts.minimum_months - total)
    figures: dict[str, Figure] = {
        "required_months": facts.minimum_months,
        "actual_months": total,
        "missing_months": missing,
        "paid_months": question.months_contributed,
        "deemed_months": question.deemed_months,
    }
    return Condition(
        code=ConditionCode.MONTHS,
        required=facts.minimum_months,
        actual=total,
        missing=missing,
        step=Step(_TOO_FEW if missing else _ENOUGH, figures, (facts.minimum,)),
        remedies=_months_remedies(question, facts, missing) if missing else (),
    )


def _months_remedies(
    question: EligibilityQuestion, facts: Retirement, missing: int
) -> tuple[Explanation, ...]:
    until = question.paid_up_in(missing)
    figures: dict[str, Figure] = {"missing_months": missing, "until_period": until}
    collect = Step(_COLLECT, {}).explanation
    if until <= facts.statutory_period:
        return Step(_PAY_MONTHS, figures).explanation, collect
    beyond = Step(_PAY_BEYOND_AGE, figures).explanation
    return beyond, collect, Step(_CONVERT, {}).explanation


_OLD_ENOUGH: Final = Wording(
    "condition-age",
    "已达到法定退休年龄{required_age_months}（{statutory_period}到龄）",
    "The pension age of {required_age_months} was reached in {statutory_period}",
    REFORM_SOURCE,
)
_TOO_YOUNG: Final = Wording(
    "condition-age",
    "未达到法定退休年龄{required_age_months}：{statutory_period}到龄，还差{missing_age_months}",
    "The pension age of {required_age_months} is reached in {statutory_period}, "
    "in {missing_age_months}",
    REFORM_SOURCE,
)
_PAY_UNTIL: Final = Wording(
    "remedy-pay-until-age",
    "继续缴费至{statutory_period}，次月起可领取",
    "Keep paying until {statutory_period}; benefits start the month after",
    REFORM_SOURCE,
)
_GO_EARLY: Final = Wording(
    "remedy-go-early",
    "满最低缴费年限者可自愿弹性提前退休，最早{early_period}，须提前三个月书面告知",
    "With the minimum months, early retirement is possible from {early_period}, by written "
    "notice three months before",
    FLEXIBLE_SOURCE,
)
_ENOUGH: Final = Wording(
    "condition-months",
    "累计缴费{actual_months}个月（实际缴费{paid_months}个月，视同缴费{deemed_months}个月），"
    "满足最低{required_months}个月",
    "{actual_months} months count ({paid_months} paid, {deemed_months} deemed), at least "
    "{required_months} are needed",
    MINIMUM_SOURCE,
)
_TOO_FEW: Final = Wording(
    "condition-months",
    "累计缴费{actual_months}个月（实际缴费{paid_months}个月，视同缴费{deemed_months}个月），"
    "最低需{required_months}个月，还差{missing_months}个月",
    "{actual_months} months count ({paid_months} paid, {deemed_months} deemed), "
    "{required_months} are needed: {missing_months} short",
    MINIMUM_SOURCE,
)
_PAY_MONTHS: Final = Wording(
    "remedy-pay-months",
    "逐月继续缴费{missing_months}个月，至{until_period}缴满",
    "Keep paying for {missing_months} more months: complete in {until_period}",
    PAY_ON_SOURCE,
)
_PAY_BEYOND_AGE: Final = Wording(
    "remedy-pay-beyond-age",
    _PAY_MONTHS.zh + "（到龄后可延长缴费）",
    _PAY_MONTHS.en + " (paying on after the pension age is allowed)",
    PAY_ON_SOURCE,
)
_COLLECT: Final = Wording(
    "remedy-collect",
    "如在其他城市有缴费记录，先办理归集或转移，月数合并计算",
    "Months paid in other cities count once they are consolidated or transferred",
    "社会保险法第十九条",
)
_CONVERT: Final = Wording(
    "remedy-convert",
    "不愿延长缴费的，可书面申请转入城乡居民基本养老保险",
    "Or ask in writing to move to the residents pension instead of paying on",
    PAY_ON_SOURCE,
)
_ENTITLED: Final = Wording(
    "eligibility",
    "符合按月领取基本养老金的条件，自{benefits_from_period}起",
    "Entitled to a monthly basic pension, from {benefits_from_period} on",
    MINIMUM_SOURCE,
)
_MONTHS_MISSING: Final = Wording(
    "eligibility",
    "暂不符合条件：缴费还差{missing_months}个月；逐月缴满后最早{benefits_from_period}起领取",
    "Not yet entitled: {missing_months} months of contributions are missing; paying on every "
    "month, benefits start in {benefits_from_period}",
    MINIMUM_SOURCE,
)
_AGE_MISSING: Final = Wording(
    "eligibility",
    "暂不符合条件：{statutory_period}到龄；继续缴费最早{benefits_from_period}起领取",
    "Not yet entitled: the pension age is reached in {statutory_period}; benefits start in "
    "{benefits_from_period}",
    MINIMUM_SOURCE,
)
