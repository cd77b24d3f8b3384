"""When somebody may retire: from category and birth month, at the statutory age or by choice."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ledger.advice.answers import Answer, month_text
from ledger.advice.inputs import Inputs
from ledger.policy.flexible import choose_month, shift_bounds
from ledger.policy.periods import add_months
from ledger.policy.retirement import Category, category_row, retirement

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
    category = inputs.choice("category", CATEGORIES)
    born = inputs.month("born")
    inputs.has("flexible")
    inputs.done()
    found = retirement(category, born)
    earliest, latest = shift_bounds(found)
    shift = inputs.whole_or("flexible", earliest, latest, 0)
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
