"""Says how many retirement dates and pensions one process calculates in a second."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from ledger.policy.accounts import account_statement
from ledger.policy.index import YearBase, contribution_index
from ledger.policy.money import share_of
from ledger.policy.pension import Pension, PensionQuestion, pension
from ledger.policy.periods import add_months, month_range, year_of
from ledger.policy.retirement import Category, Retirement, retirement
from ledger.policy.tables import Parameter, ParameterStatus
from scripts.bench import Report, Row

RETIREMENTS: Final = 1_000_000
PENSIONS: Final = 100_000
_SEED: Final = 20260915
_PEOPLE: Final = 1_000
_MONTHS_PAID: Final = 360
_ACCOUNT_BPS: Final = 800
_REGIONS: Final = ("320100", "340100", "510100")
_YEARS: Final = range(1975, 2035)
_BIRTH_YEARS: Final = range(1960, 1970)
_WAGES: Final = {
    year: Parameter(200_000 + (year - 1975) * 13_000, ParameterStatus.DEMO, "made up", "given")
    for year in _YEARS
}
_RATES: Final = {year: Parameter(300, ParameterStatus.DEMO, "made up", "given") for year in _YEARS}


def measure(report: Report) -> Sequence[Row]:
    """Calculate as many dates and pensions as the issue of the law's rules asks of one process."""
    random_ = random.Random(_SEED)  # noqa: S311 - made-up people, nothing secret
    births = [_birth(random_) for _ in range(RETIREMENTS)]
    people = [_Person(random_) for _ in range(_PEOPLE)]
    crowd = [people[number % _PEOPLE] for number in range(PENSIONS)]
    report(f"{RETIREMENTS:,} retirement dates")
    kept = _rate(retirement, births)
    anew = _rate(_retirement_anew, births)
    report(f"{PENSIONS:,} pensions from {_MONTHS_PAID} paid months each")
    full = _rate(_Person.pension, [(person,) for person in crowd])
    known = _rate(pension, [(person.question,) for person in crowd])
    told = _rate(_told, [(person.question,) for person in people])
    return [
        Row.alone("retirement dates", "per second", kept),
        Row.alone("retirement dates, none kept from before", "per second", anew),
        Row.alone("pensions from records: index, account, pension", "per second", full),
        Row.alone("pensions from a known index and balance", "per second", known),
        Row.alone("pensions with all sentences in both languages", "per second", told),
    ]


class _Person:
    """Somebody who paid for 30 years without a gap and retires at the statutory age."""

    def __init__(self, random_: random.Random) -> None:
        facts = retirement(*_birth(random_))
        last = facts.statutory_period
        base_fen = random_.randrange(400_000, 2_000_000)
        months: defaultdict[int, int] = defaultdict(int)
        self._deposits: dict[int, int] = {}
        for period in month_range(add_months(last, 1 - _MONTHS_PAID), last):
            months[year_of(period)] += 1
            self._deposits[period] = share_of(base_fen, _ACCOUNT_BPS)
        self._years = [YearBase(year, count, base_fen * count) for year, count in months.items()]
        self.question = PensionQuestion(
            region=random_.choice(_REGIONS),
            category=facts.category,
            birth_period=facts.birth_period,
            retirement_period=last,
            paid_months=_MONTHS_PAID,
            index_e4=random_.randrange(6_000, 30_000),
            account_fen=20_000_000,
            deemed_months=random_.randrange(60),
            base=_WAGES[year_of(last)],
        )

    def pension(self) -> Pension:
        """The whole way from the records to the pension."""
        asked = self.question
        average = contribution_index(
            self._years,
            asked.region,
            asked.retirement_period,
            deemed_months=asked.deemed_months,
            wages=lambda _, year: _WAGES[year],
        )
        account = account_statement(
            self._deposits, asked.retirement_period, rates=_RATES.__getitem__
        )
        return pension(replace(asked, index_e4=average.index_e4, account_fen=account.balance_fen))


def _birth(random_: random.Random) -> tuple[Category, int]:
    category = random_.choice(tuple(Category))
    return category, random_.choice(_BIRTH_YEARS) * 100 + random_.randrange(1, 13)


def _retirement_anew(category: Category, birth_period: int) -> Retirement:
    return retirement.__wrapped__(category, birth_period)


def _told(question: PensionQuestion) -> list[dict[str, Any]]:
    return [step.document() for step in pension(question).steps]


def _rate(calculate: Callable[..., object], asked: Sequence[tuple[Any, ...]]) -> float:
    """How many of the questions are answered in a second, one after the other."""
    began = time.perf_counter()
    for question in asked:
        calculate(*question)
    return len(asked) / (time.perf_counter() - began)
