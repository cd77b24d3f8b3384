"""Contribution histories: who worked where, from when to when, on which wage."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from ledger.policy.contributions import Assessment, assess
from ledger.policy.money import FEN_PER_YUAN
from ledger.policy.periods import add_months, month_range, year_of
from scripts.demo_data.bureaus import Calendar
from scripts.demo_data.lines import ContributionLine
from scripts.demo_data.people import Employer, Person

WAGE_YEAR: Final = 2025
MEDIAN_WAGE_YUAN: Final = 8_000
WAGE_SPREAD: Final = 0.5
YEARLY_RISE: Final = 1.04
JOIN_LATE: Final = 0.12
LEAVE_EARLY: Final = 0.06
PAYMENT_DAYS: Final = range(8, 26)


@dataclass(frozen=True, slots=True)
class Stay:
    """A person's time at one city: closed interval of months, one employer."""

    person: Person
    region: str
    employer: Employer
    first_period: int
    last_period: int
    wage_fen: int


def draw_wage(random: Random) -> int:
    """A monthly wage of ``WAGE_YEAR`` in fen, whole yuan."""
    wage = random.lognormvariate(math.log(MEDIAN_WAGE_YUAN), WAGE_SPREAD)
    return int(wage) * FEN_PER_YUAN


def ordinary_stay(
    random: Random, person: Person, region: str, employer: Employer, calendar: Calendar
) -> Stay:
    """Somebody who stays in one city; a few join later or leave earlier than the files."""
    first, last = calendar.first_period, calendar.last_period
    if random.random() < JOIN_LATE:
        first = add_months(first, random.randrange(1, 30))
    elif random.random() < LEAVE_EARLY:
        last = add_months(last, -random.randrange(1, 24))
    return Stay(person, region, employer, first, last, draw_wage(random))


def lines_of(stay: Stay, random: Random) -> Iterable[ContributionLine]:
    """Every paid month of a stay, with the base of its year."""
    yearly: dict[int, Assessment] = {}
    for period in month_range(stay.first_period, stay.last_period):
        year = year_of(period)
        rates = _rate_key(period)
        due = yearly.get(rates)
        if due is None:
            due = yearly[rates] = assess(_wage_of(stay.wage_fen, year - 1), period, stay.region)
        yield ContributionLine(
            identity_number=stay.person.identity_number,
            name=stay.person.name,
            employer_code=stay.employer.code,
            employer_name=stay.employer.name,
            period=period,
            base_fen=due.base_fen,
            unit_fen=due.unit_fen,
            person_fen=due.person_fen,
            paid_on=date(year, period % 100, random.choice(PAYMENT_DAYS)),
        )


def _wage_of(wage_fen: int, year: int) -> int:
    """The wage of another year; wages rise by the same rate every year."""
    yuan = wage_fen / FEN_PER_YUAN * YEARLY_RISE ** (year - WAGE_YEAR)
    return int(yuan) * FEN_PER_YUAN


def _rate_key(period: int) -> int:
    """Months that share base and rates; rates changed in May of 2016 and of 2019."""
    later_half = period % 100 >= 5  # noqa: PLR2004
    return year_of(period) * 10 + later_half
