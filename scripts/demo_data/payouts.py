"""Pensions paid and to be paid, the deaths the cities were told of, and the planted cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Final

from ledger.policy.identifiers import Sex
from ledger.policy.money import FEN_PER_YUAN
from ledger.policy.periods import add_months, first_day
from ledger.policy.retirement import Category
from scripts.demo_data import lines, planted
from scripts.demo_data.bureaus import BUREAUS, HEFEI, NANJING, Bureau, Calendar, Scale
from scripts.demo_data.lines import EMPLOYEE, RESIDENT, DeathLine, PayoutLine
from scripts.demo_data.people import People, Person, birth_reaching
from scripts.demo_data.planted import PlantedPayout

RESIDENT_SHARE: Final = 0.2
EMPLOYEE_PENSION_YUAN: Final = (2_400, 6_800)
RESIDENT_PENSION_YUAN: Final = (210, 420)
MEN_BORN: Final = (194001, 196312)
WOMEN_BORN: Final = (194001, 196812)
PAY_DAY: Final = 15
NEXT_PAY_DAYS: Final = {HEFEI: 10, NANJING: 18}
REPORT_DELAY_DAYS: Final = range(2, 9)
SOURCES: Final = ("公安机关", "民政部门（殡葬）", "卫生健康部门", "家属申报")


@dataclass(slots=True)
class Payments:
    """Everything paid, proposed and notified, by region, and what of it was planted."""

    paid: dict[str, list[PayoutLine]] = field(
        default_factory=lambda: {bureau.region: [] for bureau in BUREAUS}
    )
    proposed: dict[str, list[PayoutLine]] = field(default_factory=lambda: {HEFEI: [], NANJING: []})
    deaths: dict[str, list[DeathLine]] = field(
        default_factory=lambda: {bureau.region: [] for bureau in BUREAUS}
    )
    must_find: list[PlantedPayout] = field(default_factory=list)
    must_not_flag: list[PlantedPayout] = field(default_factory=list)


class Pensions:
    """Makes up pensions; every draw is from one stream, in the order of the calls."""

    def __init__(self, random: Random, people: People, calendar: Calendar) -> None:
        """Draw from ``random``, take persons from ``people``."""
        self._random = random
        self._people = people
        self._calendar = calendar
        self.payments = Payments()

    # --- the ordinary ones -----------------------------------------------------------------

    def fill(self, scale: Scale) -> None:
        """Ordinary retirees of every city, paid last month and due again this month."""
        for bureau in BUREAUS:
            for _ in range(scale.retirees[bureau.region]):
                resident = self._random.random() < RESIDENT_SHARE
                line = self.pension(self.retiree(), bureau, RESIDENT if resident else EMPLOYEE)
                self.payments.paid[bureau.region].append(line)
                self._propose(bureau.region, line)
            for _ in range(scale.deaths):
                self._long_dead(bureau.region)

    def retiree(self) -> Person:
        """Somebody past every pension age, old and new."""
        if self._random.random() < 0.5:  # noqa: PLR2004
            return self._people.person(Sex.MALE, *MEN_BORN)
        return self._people.person(Sex.FEMALE, *WOMEN_BORN)

    def pension(self, person: Person, bureau: Bureau, scheme: str = EMPLOYEE) -> PayoutLine:
        """A normal line of last month."""
        low, high = EMPLOYEE_PENSION_YUAN if scheme == EMPLOYEE else RESIDENT_PENSION_YUAN
        account = self._people.account(bureau.city)
        return PayoutLine(
            identity_number=person.identity_number,
            name=person.name,
            scheme=scheme,
            period=self._calendar.last_period,
            amount_fen=self._random.randrange(low * FEN_PER_YUAN, high * FEN_PER_YUAN),
            decision_reference=self._decision(bureau, person),
            paid_on=first_day(self._calendar.last_period).replace(day=PAY_DAY),
            payee_bank=account.bank,
            payee_account=account.number,
        )

    def _propose(self, region: str, line: PayoutLine, reason: str = "") -> None:
        if region not in self.payments.proposed:
            return
        pay_day = first_day(self._calendar.this_period).replace(day=NEXT_PAY_DAYS[region])
        self.payments.proposed[region].append(
            replace(line, period=self._calendar.this_period, paid_on=pay_day, reason=reason)
        )

    def _decision(self, bureau: Bureau, person: Person) -> str:
        earliest = person.birth_on.year + 61
        year = min(max(earliest, 2000), self._calendar.as_of.year)
        return f"DEMO-{bureau.region}-{year}-{self._random.randrange(100_000):05d}"

    def _long_dead(self, region: str) -> None:
        """A death whose pension was stopped in time: nothing was paid after it."""
        month = add_months(self._calendar.last_period, -self._random.randrange(1, 5))
        died = first_day(month) + timedelta(days=self._random.randrange(27))
        self._report(self.retiree(), died, region)

    def _report(self, person: Person, died_on: date, region: str) -> None:
        delay = timedelta(days=self._random.choice(REPORT_DELAY_DAYS))
        self.payments.deaths[region].append(
            DeathLine(
                identity_number=person.identity_number,
                name=person.name,
                died_on=died_on,
                reported_on=died_on + delay,
                source=self._random.choice(SOURCES),
            )
        )

    # --- what must be found ----------------------------------------------------------------

    def plant_double_pensions(self) -> None:
        """Five people paid twice for one month: three plain, one by two schemes, one by number."""
        nanjing, suzhou, hefei = BUREAUS
        for first, second in pairwise((nanjing, suzhou, hefei, nanjing)):
            person = self.retiree()
            pair = [self.pension(person, first), self.pension(person, second)]
            self._found(planted.TWO_CITIES, person, [first, second], pair)
        person = self.retiree()
        pair = [self.pension(person, hefei), self.pension(person, nanjing, RESIDENT)]
        self._found(planted.EMPLOYEE_AND_RESIDENT, person, [hefei, nanjing], pair)
        person = self.retiree()
        old = replace(self.pension(person, hefei), identity_number=person.old_number)
        pair = [old, self.pension(person, suzhou)]
        self._found(planted.OLD_AND_NEW_NUMBER, person, [hefei, suzhou], pair)

    def plant_paid_after_death(self) -> None:
        """Hefei paid a month that began weeks after the death Nanjing was told of."""
        person = self.retiree()
        died = first_day(add_months(self._calendar.last_period, -2)).replace(day=11)
        self._report(person, died, NANJING)
        hefei = BUREAUS[2]
        case = self._found(planted.PAID_AFTER_DEATH, person, [hefei], [self.pension(person, hefei)])
        dead = replace(case, died_on=died.isoformat(), death_region=NANJING)
        self.payments.must_find[self.payments.must_find.index(case)] = dead

    # --- what must not be flagged ----------------------------------------------------------

    def plant_supplements(self) -> None:
        """Back pay in Nanjing, a payment made again in Suzhou, late certification in Hefei."""
        nanjing, suzhou, hefei = BUREAUS
        last = self._calendar.last_period
        birth = birth_reaching(Category.MALE, add_months(last, -2))
        person = self._people.person(Sex.MALE, birth, birth)
        line = self.pension(person, nanjing)
        group = [
            replace(line, period=add_months(last, -1), reason=lines.FIRST_PAYMENT),
            line,
            *(
                replace(
                    line,
                    period=period,
                    line=lines.SUPPLEMENT,
                    reason=lines.ADJUSTMENT,
                    supplement_period=period,
                    amount_fen=line.amount_fen * 4 // 100,
                )
                for period in (add_months(last, -1), last)
            ),
        ]
        self._innocent(planted.ADJUSTMENT_BACK_PAY, person, nanjing, group)
        person = self.retiree()
        line = self.pension(person, suzhou)
        again = replace(
            line,
            line=lines.SUPPLEMENT,
            reason=lines.RETURNED,
            supplement_period=last,
            paid_on=line.paid_on + timedelta(days=9),
            payee_account=self._people.account(suzhou.city).number,
        )
        self._innocent(planted.RETURNED_REPAYMENT, person, suzhou, [line, again])
        person = self.retiree()
        line = self.pension(person, hefei)
        late = [
            replace(line, period=add_months(last, -back), reason=lines.LATE_CERTIFICATION)
            for back in (2, 1)
        ]
        self._innocent(planted.LATE_CERTIFICATION, person, hefei, [*late, line])

    def plant_death_months(self) -> None:
        """The month of the death is due: once told to the payer itself, once to another city."""
        nanjing, suzhou, _ = BUREAUS
        for payer, told in ((nanjing, NANJING), (suzhou, HEFEI)):
            person = self.retiree()
            died = first_day(self._calendar.last_period).replace(day=6)
            self._report(person, died, told)
            line = self.pension(person, payer)
            self.payments.paid[payer.region].append(line)
            case = planted_payout(planted.DEATH_MONTH, person, [payer], [line])
            self.payments.must_not_flag.append(
                replace(case, died_on=died.isoformat(), death_region=told)
            )

    # --- what must be held -----------------------------------------------------------------

    def plant_held(self, person: Person) -> PlantedPayout:
        """A pension that both Hefei and Nanjing begin to pay this month."""
        nanjing, _, hefei = BUREAUS
        pair = []
        for bureau in (hefei, nanjing):
            line = self.pension(person, bureau)
            self._propose(bureau.region, line, lines.FIRST_PAYMENT)
            pair.append(self.payments.proposed[bureau.region][-1])
        return planted_payout(planted.HELD, person, [hefei, nanjing], pair)

    def _found(
        self, case: str, person: Person, bureaus: Sequence[Bureau], pair: Sequence[PayoutLine]
    ) -> PlantedPayout:
        for bureau, line in zip(bureaus, pair, strict=True):
            self.payments.paid[bureau.region].append(line)
        found = planted_payout(case, person, bureaus, pair)
        self.payments.must_find.append(found)
        return found

    def _innocent(
        self, case: str, person: Person, bureau: Bureau, group: Sequence[PayoutLine]
    ) -> None:
        self.payments.paid[bureau.region].extend(group)
        self._propose(bureau.region, replace(group[0], line=lines.NORMAL))
        self.payments.must_not_flag.append(
            planted_payout(case, person, [bureau] * len(group), group)
        )


def planted_payout(
    case: str, person: Person, bureaus: Sequence[Bureau], group: Sequence[PayoutLine]
) -> PlantedPayout:
    """The entry of planted.json for some lines."""
    return PlantedPayout(
        case=case,
        identity_number=person.identity_number,
        name=person.name,
        periods=tuple(line.period for line in group),
        regions=tuple(bureau.region for bureau in bureaus),
        schemes=tuple(line.scheme for line in group),
        lines=tuple(line.line for line in group),
        amounts_fen=tuple(line.amount_fen for line in group),
        number_as_filed=tuple(line.identity_number for line in group),
    )
