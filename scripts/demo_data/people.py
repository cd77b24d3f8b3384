"""Persons, employers and bank accounts that do not exist, with check characters that hold.

Every identity number bears the division code 990101. No province has ever had the digits 99 (they
run from 11 to 65, then 71, 81, 82), so no such number was ever given to anybody, while its length,
birth date and check character are as they must be. Credit codes bear the same code; account numbers
begin with 9901, which no bank issues.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from ledger.policy.identifiers import (
    CreditCode,
    IdentityNumber,
    Sex,
    credit_code_check_character,
    identity_check_character,
    luhn_digit,
    organisation_check_character,
)
from ledger.policy.periods import add_months, first_day, last_day
from ledger.policy.retirement import Category, category_row, retirement

DIVISION: Final = "990101"
CARD_PREFIX: Final = "9901"
CARD_BODY_LENGTH: Final = 18

_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙朱马胡郭林何高梁郑谢宋唐许邓冯韩曹曾"
_GIVEN: Final = "安和明远思文清嘉宁书雅诚信怡立新海云秋春月兰山川石松柏竹青禾一帆晓晴若木子"
_PLACES: Final = "青禾云帆长风明川远山松石晨光秋实海棠银杏新柳白鹭春江"
_TRADES: Final = ("精密制造", "软件", "物流", "餐饮", "建筑工程", "生物科技", "纺织", "商贸")
_CODE_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SHORT_NAMES: Final = 0.3


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody made up."""

    identity_number: IdentityNumber
    name: str
    sex: Sex
    birth_on: date

    @property
    def old_number(self) -> str:
        """The 15-digit number of before 1999; only for somebody born in the 1900s."""
        assert self.birth_on.year // 100 == 19  # noqa: PLR2004
        return self.identity_number[:6] + self.identity_number[8:17]


@dataclass(frozen=True, slots=True)
class Employer:
    """A made-up employer."""

    code: CreditCode
    name: str


@dataclass(frozen=True, slots=True)
class Account:
    """Where a pension is paid."""

    bank: str
    number: str


def birth_reaching(category: Category, period: int) -> int:
    """The latest birth month whose pension age is reached in ``period`` or before."""
    row = category_row(category)
    birth = add_months(period, -row.old_age_months - row.longest_delay_months)
    while retirement(category, add_months(birth, 1)).statutory_period <= period:
        birth = add_months(birth, 1)
    return birth


class People:
    """Makes up persons, employers and accounts; no number twice."""

    def __init__(self, random: Random) -> None:
        """Draw everything from ``random``, in the order of the calls."""
        self._random = random
        self._taken: set[str] = set()

    def person(self, sex: Sex, born_from: int, born_to: int) -> Person:
        """Somebody born in the months ``born_from`` to ``born_to`` (yyyymm, both included)."""
        first, last = first_day(born_from), last_day(born_to)
        while True:
            born = first + timedelta(days=self._random.randrange((last - first).days + 1))
            sequence = 2 * self._random.randrange(1, 500) - (sex is Sex.MALE)
            body = f"{DIVISION}{born:%Y%m%d}{sequence:03d}"
            if body not in self._taken:
                self._taken.add(body)
                number = IdentityNumber(body + identity_check_character(body))
                return Person(number, self._name(), sex, born)

    def anybody(self, born_from: int, born_to: int) -> Person:
        """Somebody of either sex."""
        sex = Sex.MALE if self._random.random() < 0.5 else Sex.FEMALE  # noqa: PLR2004
        return self.person(sex, born_from, born_to)

    def employer(self, city: str) -> Employer:
        """An employer of a city, named so that nobody takes it for a real one."""
        while True:
            mark = "".join(self._random.choices(_CODE_LETTERS, k=6))
            organisation = f"MA{mark}"
            first17 = f"91{DIVISION}{organisation}{organisation_check_character(organisation)}"
            if first17 not in self._taken:
                break
        self._taken.add(first17)
        place = self._random.randrange(len(_PLACES) // 2) * 2
        name = f"{city}{_PLACES[place : place + 2]}演示{self._random.choice(_TRADES)}有限公司"
        return Employer(CreditCode(first17 + credit_code_check_character(first17)), name)

    def account(self, city: str) -> Account:
        """A bank account nobody else has."""
        while True:
            rest = CARD_BODY_LENGTH - len(CARD_PREFIX)
            body = CARD_PREFIX + f"{self._random.randrange(10**rest):0{rest}d}"
            if body not in self._taken:
                self._taken.add(body)
                return Account(f"演示银行{city}分行", body + luhn_digit(body))

    def _name(self) -> str:
        given = 1 if self._random.random() < _SHORT_NAMES else 2
        first = self._random.choice(_SURNAMES)
        return first + "".join(self._random.choices(_GIVEN, k=given))
