"""When somebody may retire: from category and birth month, at the statutory age or by choice."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ledger.advice.answers import Answer, month_text
from ledger.advice.inputs import Inputs
from ledger.policy.flexible import choose_month, shift_bounds
from ledger.policy.periods import add_months
from ledger.policy.retirement import Category, Retirement, category_row, retirement

CATEGORIES: Final = MappingProxyType(
    {
        "male": Category.MALE,
        "female-55": Category.FEMALE_55,
        "female-50": Category.FEMALE_50,
        "female55": Category.FEMALE_55,
        "female50": Category.FEMALE_50,
    }
)
"""What a category may be called; the first three are its names in answers."""

LATEST_BIRTH: Final = 209912
LONGEST_SHIFT: Final = 120
"""Months beyond which a number is no wish to retire earlier or later."""
NAMES: Final = MappingProxyType(
    {
        Category.MALE: "male",
        Category.FEMALE_55: "female-55",
        Category.FEMALE_50: "female-50",
    }
)


def answer_retirement(inputs: Inputs) -> Answer:
    """Answer ``category``, ``born`` and, if wanted, ``flexible``: months late, early if negative.

    Raises:
        InputError: a value is missing or impossible; ``flexible`` is out of the bounds of the law.
    """
    category, born = inputs.choice("category", CATEGORIES), birth_month(inputs)
    found = retirement(category, born)
    shift = chosen_shift(inputs, found)
    inputs.done()
    chosen = choose_month(found, shift)
    return Answer(
        {
            "category": NAMES[category],
            "born": month_text(born),
            "old_age_months": category_row(category).old_age_months,
            "delay_months": found.delay_months,
            "retirement_age_months": found.statutory_age_months,
            "statutory_month": month_text(found.statutory_period),
            "flexible_months": shift,
            "chosen_age_months": chosen.age_months,
            "retirement_month": month_text(chosen.period),
            "benefits_from": month_text(chosen.benefits_from_period),
            "earliest_month": month_text(found.earliest_period),
            "latest_month": month_text(found.latest_period),
            "minimum_months": chosen.minimum_months,
            "notice_by": month_text(chosen.notice_by_period) if shift else None,
            "old_age_month": month_text(add_months(born, category_row(category).old_age_months)),
        },
        chosen.steps,
    )


def birth_month(inputs: Inputs) -> int:
    """The month of ``born``.

    Raises:
        InputError: it is missing, no month, or lies too far ahead for the calendar kept here.
    """
    born = inputs.month("born")
    if born > LATEST_BIRTH:
        raise inputs.refused(
            "born",
            "it lies too far ahead",
            "年份过晚",
            f"Write a month up to {month_text(LATEST_BIRTH)}",
            f"请填写{month_text(LATEST_BIRTH)}以前的年月",
        )
    return born


def chosen_shift(inputs: Inputs, found: Retirement) -> int:
    """The months of ``flexible``, 0 when it was left out.

    Raises:
        InputError: it is no number, or out of the bounds of the law, which are named.
    """
    shift = inputs.whole_or("flexible", -LONGEST_SHIFT, LONGEST_SHIFT, 0)
    earliest, latest = shift_bounds(found)
    if not earliest <= shift <= latest:
        months = f"{month_text(found.earliest_period)} - {month_text(found.latest_period)}"
        raise inputs.refused(
            "flexible",
            f"the law allows {earliest} to {latest} months ({months})",
            f"法定范围为{earliest}至{latest}个月（{months}）",
            f"Write a whole number from {earliest} to {latest}",
            f"请填写{earliest}至{latest}之间的整数",
        )
    return shift
