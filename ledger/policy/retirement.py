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
from ledger.policy.periods import add_months, checked_period, months_between, year_of
from ledger.policy.regions import NATION
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import Parameter, ParameterStatus, row_name, status_of, table

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
    source: str
    status: ParameterStatus

    @property
    def row(self) -> str:
        """The row of the table."""
        return f"retirement_categories: {self.category}"


@dataclass(frozen=True, slots=True)
class Retirement(Reasoned):
    """A person's pension age and the months that follow from it; ages in months.

    ``minimum``: the contributions needed in months, those of the year the age is reached in.
    """

    rule: CategoryRow
    birth_period: int
    delay_months: int
    statutory_age_months: int
    statutory_period: int
    benefits_from_period: int
    earliest_period: int
    latest_period: int
    minimum: Parameter

    @property
    def category(self) -> Category:
        """The category asked for."""
        return self.rule.category

    @property
    def minimum_months(self) -> int:
        """The months of contributions needed."""
        return self.minimum.value

    @property
    def steps(self) -> tuple[Step, ...]:
        """How many months the law asks for, and when the age is reached."""
        year = year_of(self.statutory_period)
        months: dict[str, Figure] = {"year": year, "minimum_months": self.minimum_months}
        figures: dict[str, Figure] = {
            "category_zh": self.rule.name_zh,
            "category_en": self.rule.name_en,
            "birth_period": self.birth_period,
            "delay_age_months": self.delay_months,
            "statutory_age_months": self.statutory_age_months,
            "statutory_period": self.statutory_period,
        }
        return (
            Step(_MINIMUM, months, (self.minimum,)),
            Step(_DELAYED if self.delay_months else _NOT_DELAYED, figures, (self.rule,)),
        )


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
                source=row["source"],
                status=status_of(row["status"]),
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
            name = row_name("minimum_months", row)
            return Parameter(int(row["months"]), status_of(row["status"]), row["source"], name)
    raise ParameterMissingError("minimum months", NATION, str(year))


@cache
def retirement(category: Category, birth_period: int) -> Retirement:
    """Everything the birth month and the category decide; kept, since there are few birth months.

    The month the age is reached is the retirement month; benefits are paid from the next one. Early
    retirement goes down to 36 months before, never below the former age; late retirement up to 36
    months after, by agreement with the employer.

    Raises:
        PeriodError: the month of birth, or one that follows from it, is not in the calendar.
    """
    row = category_row(category)
    delay = delay_months(category, checked_period(birth_period))
    statutory_age = row.old_age_months + delay
    statutory = add_months(birth_period, statutory_age)
    earliest_age = max(row.old_age_months, statutory_age - FLEXIBLE_MONTHS)
    return Retirement(
        rule=row,
        birth_period=birth_period,
        delay_months=delay,
        statutory_age_months=statutory_age,
        statutory_period=statutory,
        benefits_from_period=add_months(statutory, 1),
        earliest_period=add_months(birth_period, earliest_age),
        latest_period=add_months(statutory, FLEXIBLE_MONTHS),
        minimum=minimum_months(year_of(statutory)),
    )


_MINIMUM: Final = Wording(
    "minimum-months",
    "{year}年到龄，最低缴费{minimum_months}个月",
    "The age is reached in {year}: {minimum_months} months of contributions are needed",
    MINIMUM_SOURCE,
)
_DELAYED: Final = Wording(
    "statutory-age",
    "{category_zh}，{birth_period}出生，延迟{delay_age_months}，"
    "法定退休年龄{statutory_age_months}，{statutory_period}到龄，次月起发放",
    "Born {birth_period} ({category_en}): pension age {statutory_age_months}, delayed by "
    "{delay_age_months}, reached in {statutory_period}; benefits from the next month",
    REFORM_SOURCE,
)
_NOT_DELAYED: Final = Wording(
    "statutory-age",
    "{category_zh}，{birth_period}出生，不延迟，"
    "法定退休年龄{statutory_age_months}，{statutory_period}到龄，次月起发放",
    "Born {birth_period} ({category_en}): pension age {statutory_age_months}, not delayed, "
    "reached in {statutory_period}; benefits from the next month",
    REFORM_SOURCE,
)
