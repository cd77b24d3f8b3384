"""Retiring earlier or later than the statutory month, by choice and within the bounds of the law.

Early: at most 36 months before, never below the former age, and with the minimum months of the
year chosen. Late: at most 36 months after, agreed with the employer, with the minimum months of the
year in which the statutory age is reached.

Source: 人社部发〔2024〕94号; rules c.3 (which year's minimum counts: memory-L, to be verified).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.errors import PeriodError
from ledger.policy.periods import add_months, months_between, year_of
from ledger.policy.retirement import FLEXIBLE_SOURCE, Retirement, minimum_months
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Step, Wording
from ledger.policy.tables import Parameter

EARLY_NOTICE_MONTHS: Final = 3
LATE_NOTICE_MONTHS: Final = 1
MINIMUM_YEAR: Final = "minimum_of_the_year_chosen"

_STATUTORY: Final = Wording(
    "retire-at-statutory-age",
    "按法定退休年龄于{chosen_period}退休，最低缴费{minimum_months}个月",
    "Retirement at the statutory age, in {chosen_period}; {minimum_months} months of contributions "
    "are needed",
    FLEXIBLE_SOURCE,
)
_EARLY: Final = Wording(
    "retire-early",
    "自愿提前{shift_age_months}，于{chosen_period}退休；须提前{notice_age_months}书面告知单位，最低缴费"
    "{minimum_months}个月（所选月份当年的标准）",
    "By choice {shift_age_months} early, in {chosen_period}: written notice to the employer "
    "{notice_age_months} before, and {minimum_months} months of contributions (the minimum of "
    "the year chosen)",
    FLEXIBLE_SOURCE,
)
_LATE: Final = Wording(
    "retire-late",
    "经与单位协商一致延迟{shift_age_months}，于{chosen_period}退休；须在到达法定年龄前{notice_age_months}书面约定，"
    "最低缴费{minimum_months}个月（法定年龄当年的标准）",
    "By agreement with the employer {shift_age_months} late, in {chosen_period}: agreed in writing "
    "{notice_age_months} before the statutory age; {minimum_months} months of contributions (the "
    "minimum of the year of that age)",
    FLEXIBLE_SOURCE,
)


@dataclass(frozen=True, slots=True)
class ChosenMonth:
    """A month of retirement that was chosen; ``shift_months`` is negative when it is early.

    ``notice_by_period``: the month by which the notice or the agreement must be made.
    """

    shift_months: int
    period: int
    age_months: int
    benefits_from_period: int
    notice_by_period: int
    minimum_months: int
    steps: tuple[Step, ...]


def shift_bounds(found: Retirement) -> tuple[int, int]:
    """By how many months one may go early (0 or less) and late (0 or more)."""
    return (
        months_between(found.statutory_period, found.earliest_period),
        months_between(found.statutory_period, found.latest_period),
    )


def minimum_grounds(found: Retirement, period: int) -> tuple[Parameter, ...]:
    """The minimum months for retiring in a month, then what says which year's minimum counts.

    Early it is that of the year chosen, late that of the year in which the statutory age is
    reached; in the statutory month itself nothing has to say so.
    """
    if period == found.statutory_period:
        return (found.minimum,)
    early = period < found.statutory_period
    needed = minimum_months(year_of(period)) if early else found.minimum
    return needed, rule_parameter(MINIMUM_YEAR)


def choose_month(found: Retirement, shift_months: int) -> ChosenMonth:
    """What follows from retiring ``shift_months`` after the statutory month (negative: before it).

    Raises:
        PeriodError: the month chosen is out of the bounds of the law.
    """
    earliest, latest = shift_bounds(found)
    period = add_months(found.statutory_period, shift_months)
    if not earliest <= shift_months <= latest:
        raise PeriodError(
            period, f"it must be from {found.earliest_period} to {found.latest_period}"
        )
    early = shift_months < 0
    grounds = minimum_grounds(found, period)
    needed = grounds[0]
    notice = EARLY_NOTICE_MONTHS if early else LATE_NOTICE_MONTHS
    wording = _EARLY if early else _LATE if shift_months else _STATUTORY
    figures: dict[str, Figure] = {
        "chosen_period": period,
        "shift_age_months": abs(shift_months),
        "notice_age_months": notice,
        "minimum_months": needed.value,
    }
    return ChosenMonth(
        shift_months=shift_months,
        period=period,
        age_months=found.statutory_age_months + shift_months,
        benefits_from_period=add_months(period, 1),
        notice_by_period=add_months(period if early else found.statutory_period, -notice),
        minimum_months=needed.value,
        steps=(found.steps[-1], Step(wording, figures, grounds)),
    )
