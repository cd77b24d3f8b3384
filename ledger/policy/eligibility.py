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

from ledger.errors import AmountError
from ledger.policy.periods import (
    add_months,
    checked_period,
    duration_text,
    months_between,
    period_text,
)
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
from ledger.policy.tables import Explanation, Grounds


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
    """One condition: what is needed, what there is, the sentence, and what to do when short.

    ``required`` and ``actual`` are months (for AGE: months of age); ``missing`` is 0 when met.
    ``remedies`` is empty when met; the first is the one advised. ``ground``: the row behind it.
    """

    code: ConditionCode
    met: bool
    required: int
    actual: int
    missing: int
    explanation: Explanation
    remedies: tuple[Explanation, ...]
    ground: Grounds

    @property
    def step(self) -> Step:
        """The condition as a step, with its figures and the row it rests on."""
        figures: dict[str, Figure] = {
            "required": self.required,
            "actual": self.actual,
            "missing": self.missing,
        }
        return _sentence_step(
            f"condition-{self.code.lower()}", self.explanation, figures, self.ground
        )


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
    explanation: Explanation

    @property
    def eligible(self) -> bool:
        """Whether every condition is met in the month reviewed."""
        return all(condition.met for condition in self.conditions)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The pension age, the minimum, each condition, and the verdict."""
        figures: dict[str, Figure] = {"benefits_from_period": self.benefits_from_period}
        return (
            *self.retirement.steps,
            *(condition.step for condition in self.conditions),
            _sentence_step("eligibility", self.explanation, figures),
        )

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
    eligible = age.met and months.met
    return EligibilityReview(
        question=question,
        retirement=facts,
        conditions=(age, months),
        first_eligible_period=first,
        benefits_from_period=add_months(first, 1),
        explanation=_verdict(eligible=eligible, facts=facts, months=months, first=first),
    )


def _sentence_step(
    code: str, sentence: Explanation, figures: Mapping[str, Figure], *grounds: Grounds
) -> Step:
    return Step(Wording(code, sentence.zh, sentence.en, sentence.source), figures, grounds)


def _met(
    code: ConditionCode, required: int, actual: int, sentence: Explanation, ground: Grounds
) -> Condition:
    return Condition(
        code=code,
        met=True,
        required=required,
        actual=actual,
        missing=0,
        explanation=sentence,
        remedies=(),
        ground=ground,
    )


def _age_condition(question: EligibilityQuestion, facts: Retirement) -> Condition:
    age = max(0, months_between(question.birth_period, question.as_of_period))
    missing = max(0, months_between(question.as_of_period, facts.statutory_period))
    reached = period_text(facts.statutory_period), period_text(facts.statutory_period, "en")
    needed = facts.statutory_age_months
    if not missing:
        sentence = Explanation(
            f"已达到法定退休年龄{duration_text(needed)}（{reached[0]}到龄）",
            f"The pension age of {duration_text(needed, 'en')} was reached in {reached[1]}",
            REFORM_SOURCE,
        )
        return _met(ConditionCode.AGE, needed, age, sentence, facts.rule)
    sentence = Explanation(
        f"未达到法定退休年龄{duration_text(needed)}：{reached[0]}到龄，还差{duration_text(missing)}",
        f"The pension age of {duration_text(needed, 'en')} is reached in {reached[1]}, "
        f"in {duration_text(missing, 'en')}",
        REFORM_SOURCE,
    )
    return Condition(
        code=ConditionCode.AGE,
        met=False,
        required=needed,
        actual=age,
        missing=missing,
        explanation=sentence,
        remedies=_age_remedies(question, facts),
        ground=facts.rule,
    )


def _age_remedies(question: EligibilityQuestion, facts: Retirement) -> tuple[Explanation, ...]:
    remedies = [
        Explanation(
            f"继续缴费至{period_text(facts.statutory_period)}，次月起可领取",
            f"Keep paying until {period_text(facts.statutory_period, 'en')}; benefits start the "
            "month after",
            REFORM_SOURCE,
        )
    ]
    start = max(facts.earliest_period, add_months(question.as_of_period, NOTICE_MONTHS))
    if start < facts.statutory_period:
        remedies.append(
            Explanation(
                f"满最低缴费年限者可自愿弹性提前退休，最早{period_text(start)}，须提前三个月书面告知",
                f"With the minimum months, early retirement is possible from "
                f"{period_text(start, 'en')}, by written notice three months before",
                FLEXIBLE_SOURCE,
            )
        )
    return tuple(remedies)


def _months_condition(question: EligibilityQuestion, facts: Retirement) -> Condition:
    total = question.months_contributed + question.deemed_months
    needed = facts.minimum_months
    missing = max(0, needed - total)
    parts_zh = f"实际缴费{question.months_contributed}个月，视同缴费{question.deemed_months}个月"
    parts_en = f"{question.months_contributed} paid, {question.deemed_months} deemed"
    if not missing:
        sentence = Explanation(
            f"累计缴费{total}个月（{parts_zh}），满足最低{needed}个月",
            f"{total} months count ({parts_en}), at least {needed} are needed",
            MINIMUM_SOURCE,
        )
        return _met(ConditionCode.MONTHS, needed, total, sentence, facts.minimum)
    sentence = Explanation(
        f"累计缴费{total}个月（{parts_zh}），最低需{needed}个月，还差{missing}个月",
        f"{total} months count ({parts_en}), {needed} are needed: {missing} short",
        MINIMUM_SOURCE,
    )
    return Condition(
        code=ConditionCode.MONTHS,
        met=False,
        required=needed,
        actual=total,
        missing=missing,
        explanation=sentence,
        remedies=_months_remedies(question, facts, missing),
        ground=facts.minimum,
    )


def _months_remedies(
    question: EligibilityQuestion, facts: Retirement, missing: int
) -> tuple[Explanation, ...]:
    until = question.paid_up_in(missing)
    after_age = until > facts.statutory_period
    remedies = [
        Explanation(
            f"逐月继续缴费{missing}个月，至{period_text(until)}缴满"
            + ("（到龄后可延长缴费）" if after_age else ""),
            f"Keep paying for {missing} more months: complete in {period_text(until, 'en')}"
            + (" (paying on after the pension age is allowed)" if after_age else ""),
            "社会保险法第十六条第二款",
        ),
        Explanation(
            "如在其他城市有缴费记录，先办理归集或转移，月数合并计算",
            "Months paid in other cities count once they are consolidated or transferred",
            "社会保险法第十九条",
        ),
    ]
    if after_age:
        remedies.append(
            Explanation(
                "不愿延长缴费的，可书面申请转入城乡居民基本养老保险",
                "Or ask in writing to move to the residents pension instead of paying on",
                "社会保险法第十六条第二款",
            )
        )
    return tuple(remedies)


def _verdict(*, eligible: bool, facts: Retirement, months: Condition, first: int) -> Explanation:
    start_zh, start_en = period_text(add_months(first, 1)), period_text(add_months(first, 1), "en")
    if eligible:
        return Explanation(
            f"符合按月领取基本养老金的条件，自{start_zh}起",
            f"Entitled to a monthly basic pension, from {start_en} on",
            MINIMUM_SOURCE,
        )
    if months.missing and first > facts.statutory_period:
        return Explanation(
            f"暂不符合条件：缴费还差{months.missing}个月；逐月缴满后最早{start_zh}起领取",
            f"Not yet entitled: {months.missing} months of contributions are missing; paying on "
            f"every month, benefits start in {start_en}",
            MINIMUM_SOURCE,
        )
    return Explanation(
        f"暂不符合条件：{period_text(facts.statutory_period)}到龄；继续缴费最早{start_zh}起领取",
        f"Not yet entitled: the pension age is reached in "
        f"{period_text(facts.statutory_period, 'en')}; benefits start in {start_en}",
        MINIMUM_SOURCE,
    )
