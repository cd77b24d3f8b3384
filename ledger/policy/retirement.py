"""When a person reaches the pension age, from when benefits are paid, and how many months it takes.

Only year and month of birth count. The birth month and the category (for women a decision about the
post) are stored decisions, never read from the identity number alone (劳社部发〔1999〕8号).

Source: NPC Standing Committee decision 2024-09-13 (gradual delay); 人社部发〔2024〕94号 (flexible);
社会保险法 art. 16; rules c.1, c.2, c.3, c.5; tables retirement_categories, minimum_months.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from ledger.errors import ParameterMissingError
from ledger.policy.periods import (
    add_months,
    duration_text,
    months_between,
    period_text,
    year_of,
)
from ledger.policy.regions import NATION
from ledger.policy.tables import Explanation, Parameter, status_of, table

FLEXIBLE_MONTHS: Final = 36
NOTICE_MONTHS: Final = 3
REFORM_SOURCE: Final = "全国人大常委会关于实施渐进式延迟法定退休年龄的决定（2024-09-13）"
FLEXIBLE_SOURCE: Final = "人社部发〔2024〕94号"
MINIMUM_SOURCE: Final = "社会保险法第十六条；全国人大常委会决定（2024-09-13）"


class Category(StrEnum):
    """Which former pension age a person belongs to."""

    MALE = "male"
    FEMALE_55 = "female55"
    FEMALE_50 = "female50"


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """The rule of one category; ages and delays in months, ``first_birth_period`` yyyymm."""

    category: Category
    name_zh: str
    name_en: str
    old_age_months: int
    first_birth_period: int
    birth_months_per_step: int
    longest_delay_months: int


@dataclass(frozen=True, slots=True)
class Retirement:
    """A person's pension age and the months that follow from it; ages in months."""

    category: Category
    birth_period: int
    delay_months: int
    statutory_age_months: int
    statutory_period: int
    benefits_from_period: int
    earliest_period: int
    latest_period: int
    minimum_months: int
    explanation: Explanation


@cache
def category_row(category: Category) -> CategoryRow:
    """The rule of a category, from the table."""
    for row in table("retirement_categories"):
        if row["category"] == category:
            return CategoryRow(
                category=category,
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                old_age_months=int(row["old_age_months"]),
                first_birth_period=int(row["first_birth_period"]),
                birth_months_per_step=int(row["birth_months_per_step"]),
                longest_delay_months=int(row["longest_delay_months"]),
            )
    raise ParameterMissingError("retirement category", NATION, category)


def delay_months(category: Category, birth_period: int) -> int:
    """By how many months the reform delays this person's pension age; 0 for the earlier born."""
    row = category_row(category)
    since = months_between(row.first_birth_period, birth_period)
    if since < 0:
        return 0
    return min(row.longest_delay_months, since // row.birth_months_per_step + 1)


@cache
def minimum_months(year: int) -> Parameter:
    """The months of contributions needed when the pension age is reached in ``year`` (c.5)."""
    for row in table("minimum_months"):
        if int(row["from_year"] or year) <= year <= int(row["to_year"] or year):
            name = f"minimum_months: {row['from_year'] or '...'}"
            return Parameter(int(row["months"]), status_of(row["status"]), row["source"], name)
    raise ParameterMissingError("minimum months", NATION, str(year))


def retirement(category: Category, birth_period: int) -> Retirement:
    """Everything the birth month and the category decide.

    The month the age is reached is the retirement month; benefits are paid from the next one. Early
    retirement goes down to 36 months before, never below the former age; late retirement up to 36
    months after, by agreement with the employer.
    """
    row = category_row(category)
    delay = delay_months(category, birth_period)
    statutory_age = row.old_age_months + delay
    statutory = add_months(birth_period, statutory_age)
    earliest_age = max(row.old_age_months, statutory_age - FLEXIBLE_MONTHS)
    needed = minimum_months(year_of(statutory)).value
    return Retirement(
        category=category,
        birth_period=birth_period,
        delay_months=delay,
        statutory_age_months=statutory_age,
        statutory_period=statutory,
        benefits_from_period=add_months(statutory, 1),
        earliest_period=add_months(birth_period, earliest_age),
        latest_period=add_months(statutory, FLEXIBLE_MONTHS),
        minimum_months=needed,
        explanation=_explain(row, birth_period, delay, statutory),
    )


def _explain(row: CategoryRow, birth_period: int, delay: int, statutory: int) -> Explanation:
    age = row.old_age_months + delay
    delayed_zh = f"延迟{delay}个月" if delay else "不延迟"
    delayed_en = f"delayed by {duration_text(delay, 'en')}" if delay else "not delayed"
    return Explanation(
        zh=(
            f"{row.name_zh}，{period_text(birth_period)}出生，{delayed_zh}，"
            f"法定退休年龄{duration_text(age)}，{period_text(statutory)}到龄，次月起发放"
        ),
        en=(
            f"Born {period_text(birth_period, 'en')} ({row.name_en}): pension age "
            f"{duration_text(age, 'en')}, {delayed_en}, reached in "
            f"{period_text(statutory, 'en')}; benefits from the next month"
        ),
        source=REFORM_SOURCE,
    )
