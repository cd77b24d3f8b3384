"""The monthly pension of the employee scheme, component by component, to the fen.

    basic      = (C + C x Z) / 2 x N x 1 %       C benefit base, Z average index, N years
    account    = balance / M                     M months table
    transition, addition                         by the province's form, see transitions
    total      = basic + account + transition + addition

Each component is rounded once, as the place rounds money. The base of the year of retirement
counts; until it is published the last one stands in and the pension is decided again later.
Source: 国发〔2005〕38号; 社会保险法 art. 15; rules d.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.errors import ImpossibleFactError
from ledger.policy import pension_words as words
from ledger.policy.annuity import TENTHS, AnnuityMonths, annuity_months
from ledger.policy.flexible import minimum_grounds
from ledger.policy.index import INDEX_UNIT
from ledger.policy.money import Rounding, decimal_text, rounded
from ledger.policy.periods import (
    MONTHS_PER_YEAR,
    add_months,
    months_between,
    year_of,
)
from ledger.policy.profiles import (
    Addition,
    ProvinceProfile,
    Transition,
    YearsRounding,
    option_step,
    province_profile,
)
from ledger.policy.rates import benefit_base
from ledger.policy.retirement import Category, Retirement, retirement
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step
from ledger.policy.tables import Parameter, ParameterStatus
from ledger.policy.transitions import ADDITIONS, TRANSITIONS, Form, FormFacts

_PERCENT: Final = 100
_HALF_PERCENT: Final = 200
_EARLY_AGES: Final = MappingProxyType(
    {
        Category.MALE: "earliest_age_by_decision_male",
        Category.FEMALE_55: "earliest_age_by_decision_female",
        Category.FEMALE_50: "earliest_age_by_decision_female",
    }
)


@dataclass(frozen=True, slots=True)
class PensionQuestion:
    """The facts a pension is calculated from.

    Attributes:
        region: the benefit place.
        category: a stored decision about the post.
        birth_period: the approved month of birth.
        retirement_period: the month of retirement; benefits are paid from the next one.
        paid_months: distinct paid months, overlaps counted once.
        index_e4: the average index Z in ten-thousandths, from ``contribution_index``.
        account_fen: the account's balance at the end of ``retirement_period``.
        deemed_months: months that count without payment, by an approved decision.
        early_paid_months: those of the paid months that lie before personal accounts were opened.
        base: the benefit base in fen, where it is not to be taken from the table.
        early_by_decision: special trades or disability, approved (rules c.4): the lowest age of
            those decisions counts, the trade and its years are the decision's own.
    """

    region: str
    category: Category
    birth_period: int
    retirement_period: int
    paid_months: int
    index_e4: int
    account_fen: int
    deemed_months: int = 0
    early_paid_months: int = 0
    base: Parameter | None = None
    early_by_decision: bool = False

    @property
    def months(self) -> int:
        """All months that count."""
        return self.paid_months + self.deemed_months


@dataclass(frozen=True, slots=True)
class Pension(Reasoned):
    """A monthly pension in fen with everything it rests on.

    ``minimum``: the months of contributions needed, then what says which year's minimum counts;
    ``early``: the lowest age by decision, where the month lies before what is open to everybody.
    """

    question: PensionQuestion
    facts: Retirement
    profile: ProvinceProfile
    base: Parameter
    minimum: tuple[Parameter, ...]
    early: Parameter | None
    annuity: AnnuityMonths
    basic_fen: int
    account_fen: int
    transition_fen: int
    addition_fen: int

    @property
    def total_fen(self) -> int:
        """The pension of a month."""
        return self.basic_fen + self.account_fen + self.transition_fen + self.addition_fen

    @property
    def benefits_from_period(self) -> int:
        """The first month that is paid."""
        return add_months(self.question.retirement_period, 1)

    @property
    def provisional(self) -> bool:
        """Whether the year's base is not yet published: paid on account, decided again later."""
        return self.base.status is ParameterStatus.PROVISIONAL

    @property
    def steps(self) -> tuple[Step, ...]:
        """The ways of the place, the conditions, each component, and the total."""
        return (*self._ways(), *self._conditions(), *self._components())

    def _ways(self) -> tuple[Step, ...]:
        profile = self.profile
        ways = [profile.years_rounding, profile.money_rounding, profile.addition]
        if profile.addition.value != Addition.NONE:
            ways.append(profile.addition_rate_percent)
        if self.question.deemed_months or self.question.early_paid_months:
            ways += [profile.transition, profile.transition_rate_percent]
        return tuple(option_step(way) for way in ways)

    def _conditions(self) -> tuple[Step, ...]:
        figures: dict[str, Figure] = {
            "months": self.question.months,
            "minimum_months": self.minimum[0].value,
        }
        enough = Step(words.ENOUGH, figures, self.minimum)
        if self.early is None:
            return self.facts.steps[-1], enough
        lowest: dict[str, Figure] = {"lowest_age_months": self.early.value}
        return self.facts.steps[-1], Step(words.EARLY_BY_DECISION, lowest, (self.early,)), enough

    def _components(self) -> tuple[Step, ...]:
        asked, profile = self.question, self.profile
        transition = TRANSITIONS[Transition(profile.transition.value)]
        addition = ADDITIONS[Addition(profile.addition.value)]
        figures: dict[str, Figure] = {
            "region": asked.region,
            "year": year_of(asked.retirement_period),
            "benefit_base_fen": self.base.value,
            "index_e4": asked.index_e4,
            "months": asked.months,
            "years": _years_text(asked.months, YearsRounding(profile.years_rounding.value)),
            "deemed_months": asked.deemed_months,
            "early_paid_months": asked.early_paid_months,
            "balance_fen": asked.account_fen,
            "retirement_age_months": self.annuity.age_months,
            "annuity_months_e1": self.annuity.tenths,
            "transition_zh": transition.zh,
            "transition_en": transition.en,
            "transition_rate": f"{profile.transition_rate_percent.value}%",
            "addition_zh": addition.zh,
            "addition_en": addition.en,
            "addition_rate": f"{profile.addition_rate_percent.value}%",
            "basic_fen": self.basic_fen,
            "account_fen": self.account_fen,
            "transition_fen": self.transition_fen,
            "addition_fen": self.addition_fen,
            "total_fen": self.total_fen,
            "benefits_from_period": self.benefits_from_period,
        }
        steps = [
            Step(words.PROVISIONAL_BASE if self.provisional else words.BASE, figures, (self.base,)),
            Step(words.BASIC, figures),
            Step(words.ACCOUNT, figures, self.annuity.grounds),
        ]
        if asked.deemed_months or asked.early_paid_months:
            steps.append(Step(words.TRANSITION, figures))
        if profile.addition.value != Addition.NONE:
            steps.append(Step(words.ADDITION, figures))
        return (*steps, Step(words.TOTAL, figures))


@dataclass(frozen=True, slots=True)
class _Ways:
    """The options of a place that a pension needs, read once."""

    profile: ProvinceProfile
    years: YearsRounding
    money: Rounding
    transition: Form
    transition_rate: Fraction
    addition: Form
    addition_rate: Fraction


def pension(question: PensionQuestion) -> Pension:
    """Calculate the monthly pension.

    Raises:
        ImpossibleFactError: a figure cannot be: birth not before retirement, a month of retirement
            before the earliest legal one, too few months, an index or a base not above zero, a
            negative balance or number of months, more early paid months than paid months.
        PeriodError: a month is not one.
        ParameterMissingError: the age or the year is in no table.
    """
    asked = question
    age_months = _checked_age(asked)
    facts = retirement(asked.category, asked.birth_period)
    early = _checked_month(asked, facts)
    minimum = _checked_months(asked, facts)
    year = year_of(asked.retirement_period)
    base = asked.base or benefit_base(asked.region, year)
    if base.value <= 0:
        raise ImpossibleFactError(
            "base", base.value, "a benefit base is above zero", "计发基数应大于零"
        )
    ways = _ways(asked.region, asked.retirement_period)
    annuity = annuity_months(age_months)
    form = FormFacts(
        base_fen=base.value,
        index=Fraction(asked.index_e4, INDEX_UNIT),
        deemed_years=counted_years(asked.deemed_months, ways.years),
        early_paid_years=counted_years(asked.early_paid_months, ways.years),
        before_account_years=counted_years(
            asked.deemed_months + asked.early_paid_months, ways.years
        ),
        total_years=counted_years(asked.months, ways.years),
    )
    return Pension(
        question=asked,
        facts=facts,
        profile=ways.profile,
        base=base,
        minimum=minimum,
        early=early,
        annuity=annuity,
        basic_fen=_amount(
            form.base_fen * (1 + form.index) * form.total_years / _HALF_PERCENT, ways
        ),
        account_fen=rounded(asked.account_fen * TENTHS, annuity.tenths, ways.money),
        transition_fen=_amount(ways.transition.amount(form, ways.transition_rate), ways),
        addition_fen=_amount(ways.addition.amount(form, ways.addition_rate), ways),
    )


@cache
def counted_years(months: int, rounding: YearsRounding) -> Fraction:
    """Months as years in the formula, the way of the place (rules d)."""
    if rounding is YearsRounding.TWO_DECIMALS:
        hundredths = rounded(months * _PERCENT, MONTHS_PER_YEAR, Rounding.HALF_UP_FEN)
        return Fraction(hundredths, _PERCENT)
    if rounding is YearsRounding.UP_TO_TENTH:
        return Fraction(-(-months * TENTHS // MONTHS_PER_YEAR), TENTHS)
    return Fraction(months, MONTHS_PER_YEAR)


def _years_text(months: int, rounding: YearsRounding) -> str:
    if rounding is YearsRounding.UNROUNDED:
        return f"{months}/{MONTHS_PER_YEAR}"
    decimals = 1 if rounding is YearsRounding.UP_TO_TENTH else 2
    return decimal_text(int(counted_years(months, rounding) * 10**decimals), decimals)


def _amount(exact: Fraction, ways: _Ways) -> int:
    return rounded(exact.numerator, exact.denominator, ways.money)


@cache
def _ways(region: str, period: int) -> _Ways:
    profile = province_profile(region, period)
    return _Ways(
        profile=profile,
        years=YearsRounding(profile.years_rounding.value),
        money=Rounding(profile.money_rounding.value),
        transition=TRANSITIONS[Transition(profile.transition.value)],
        transition_rate=profile.transition_rate_percent.number / _PERCENT,
        addition=ADDITIONS[Addition(profile.addition.value)],
        addition_rate=profile.addition_rate_percent.number / _PERCENT,
    )


def _checked_age(asked: PensionQuestion) -> int:
    for field in ("paid_months", "deemed_months", "early_paid_months", "account_fen"):
        value = getattr(asked, field)
        if value < 0:
            raise ImpossibleFactError(field, value, "it is negative", "不能为负数")
    if asked.early_paid_months > asked.paid_months:
        raise ImpossibleFactError(
            "early_paid_months",
            asked.early_paid_months,
            f"only {asked.paid_months} months were paid",
            f"实际缴费仅{asked.paid_months}个月",
        )
    if asked.index_e4 <= 0:
        raise ImpossibleFactError("index_e4", asked.index_e4, "it is not above zero", "应大于零")
    age_months = months_between(asked.birth_period, asked.retirement_period)
    if age_months <= 0:
        raise ImpossibleFactError(
            "birth_period",
            asked.birth_period,
            f"it is not before the retirement in {asked.retirement_period}",
            f"应早于退休年月{asked.retirement_period}",
        )
    return age_months


def _checked_month(asked: PensionQuestion, facts: Retirement) -> Parameter | None:
    """The lowest age by decision, where the month rests on it."""
    period, earliest = asked.retirement_period, facts.earliest_period
    if period >= earliest:
        return None
    early = None
    if asked.early_by_decision:
        early = rule_parameter(_EARLY_AGES[asked.category])
        earliest = add_months(asked.birth_period, early.value)
    if period < earliest:
        raise ImpossibleFactError(
            "retirement_period",
            period,
            f"the earliest legal month is {earliest}",
            f"最早可退休年月为{earliest}",
        )
    return early


def _checked_months(asked: PensionQuestion, facts: Retirement) -> tuple[Parameter, ...]:
    grounds = minimum_grounds(facts, asked.retirement_period)
    needed = grounds[0].value
    if asked.months < needed:
        raise ImpossibleFactError(
            "months",
            asked.months,
            f"at least {needed} are needed",
            f"至少需要{needed}个月",
        )
    return grounds
