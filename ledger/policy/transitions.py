"""The transitional pension (过渡性养老金) and local additions: one plug-in for each form.

There is no national form: rules d names the forms that were found. A form takes the facts below and
gives an exact amount; a province's profile names its form and its coefficient. To add a form, name
it in :class:`~ledger.policy.profiles.Transition` or ``Addition`` and give its function here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from ledger.policy.profiles import Addition, Transition


@dataclass(frozen=True, slots=True)
class FormFacts:
    """What a form may use.

    ``base_fen``: the benefit base C; ``index``: Z; years as the place rounds them:
    ``deemed_years`` (视同缴费年限), ``early_paid_years`` (paid before personal accounts were
    opened), ``before_account_years`` both together, ``total_years`` all.
    """

    base_fen: int
    index: Fraction
    deemed_years: Fraction
    early_paid_years: Fraction
    before_account_years: Fraction
    total_years: Fraction


@dataclass(frozen=True, slots=True)
class Form:
    """One form: ``amount`` gives fen a month, exact, from the facts and the place's coefficient.

    ``zh`` and ``en`` say the same as a formula.
    """

    amount: Callable[[FormFacts, Fraction], Fraction]
    zh: str
    en: str


def index_wage(facts: FormFacts, rate: Fraction) -> Fraction:
    """C x Z x deemed years x k: the frame of rules d."""
    return facts.base_fen * facts.index * facts.deemed_years * rate


def average_of_base_and_index_wage(facts: FormFacts, rate: Fraction) -> Fraction:
    """(C + C x Z) / 2 x years before the account x k: Sichuan, k = 1.3 %."""
    return facts.base_fen * (1 + facts.index) / 2 * facts.before_account_years * rate


def deemed_at_one_and_paid_at_index(facts: FormFacts, rate: Fraction) -> Fraction:
    """C x deemed years x k + C x Z x early paid years x k: Beijing, k = 1 %."""
    years = facts.deemed_years + facts.index * facts.early_paid_years
    return facts.base_fen * years * rate


def no_addition(_facts: FormFacts, _rate: Fraction) -> Fraction:
    """Nothing."""
    return Fraction(0)


def index_wage_by_years(facts: FormFacts, rate: Fraction) -> Fraction:
    """C x Z x rate x years: Sichuan, 0.1 %."""
    return facts.base_fen * facts.index * rate * facts.total_years


TRANSITIONS: Final[Mapping[Transition, Form]] = MappingProxyType(
    {
        Transition.INDEX_WAGE: Form(
            index_wage,
            "计发基数 × 指数 × 视同年限 × 系数",
            "base x index x deemed years x coefficient",
        ),
        Transition.AVERAGE_OF_BASE_AND_INDEX_WAGE: Form(
            average_of_base_and_index_wage,
            "计发基数 × (1 + 指数) ÷ 2 × 建账前年限 × 系数",
            "base x (1 + index) / 2 x years before the account x coefficient",
        ),
        Transition.DEEMED_AT_ONE_AND_PAID_AT_INDEX: Form(
            deemed_at_one_and_paid_at_index,
            "计发基数 × (视同年限 + 指数 × 建账前缴费年限) × 系数",
            "base x (deemed years + index x early paid years) x coefficient",
        ),
    }
)
ADDITIONS: Final[Mapping[Addition, Form]] = MappingProxyType(
    {
        Addition.NONE: Form(no_addition, "无", "none"),
        Addition.INDEX_WAGE_BY_YEARS: Form(
            index_wage_by_years,
            "计发基数 × 指数 × 系数 × 年限",
            "base x index x coefficient x years",
        ),
    }
)
