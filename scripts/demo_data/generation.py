"""Puts a whole demonstration together: insured people, retirees, planted cases, files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from ledger.policy.identifiers import Sex
from ledger.policy.periods import add_months, month_range, months_between, year_of
from ledger.policy.retirement import Category, minimum_months, retirement
from scripts.demo_data import planted
from scripts.demo_data.bureaus import (
    BUREAUS,
    DEMO_AS_OF,
    HEFEI,
    NANJING,
    SCALES,
    SUZHOU,
    Bureau,
    Calendar,
    Scale,
)
from scripts.demo_data.contributions import Stay, draw_wage, lines_of, ordinary_stay
from scripts.demo_data.lines import ContributionLine
from scripts.demo_data.payouts import Payments, Pensions
from scripts.demo_data.people import Employer, People, Person, birth_reaching
from scripts.demo_data.planted import (
    BureauFiles,
    Planted,
    PlantedProof,
    PlantedTransfer,
)
from scripts.demo_data.writing import MAPPING_NAME, NANJING_MAPPING, write_lines

WORKERS_BORN: Final = (197201, 200312)
MOVERS_BORN: Final = (198801, 199912)
LONG_INSURED_BORN: Final = (197201, 198012)
ELIGIBLE_MONTHS: Final = 199
SHORT_BY: Final = 4
OVERLAP_MONTHS: Final = 3


@dataclass(frozen=True, slots=True)
class Insured:
    """Everybody who contributes, and which of them were planted."""

    stays: tuple[Stay, ...]
    transfers: tuple[PlantedTransfer, ...]
    proofs: tuple[PlantedProof, ...]
    held: Person


class Workforce:
    """Makes up people who contribute."""

    def __init__(self, random: Random, people: People, calendar: Calendar, scale: Scale) -> None:
        """Draw from ``random``, take persons from ``people``."""
        self._random = random
        self._people = people
        self._calendar = calendar
        self._scale = scale
        self._employers: dict[str, list[Employer]] = {
            bureau.region: [people.employer(bureau.city) for _ in range(scale.employers)]
            for bureau in BUREAUS
        }
        self._stays: list[Stay] = []

    def build(self) -> Insured:
        """Everybody, in a fixed order."""
        for bureau in BUREAUS:
            for _ in range(self._scale.contributors[bureau.region]):
                person = self._people.anybody(*WORKERS_BORN)
                employer = self._random.choice(self._employers[bureau.region])
                self._stays.append(
                    ordinary_stay(self._random, person, bureau.region, employer, self._calendar)
                )
        transfers = self._movers()
        proofs = self._proofs()
        held = self._long_insured()
        return Insured(tuple(self._stays), transfers, proofs, held)

    def _stay(self, person: Person, region: str, first: int, last: int) -> None:
        employer = self._random.choice(self._employers[region])
        self._stays.append(Stay(person, region, employer, first, last, draw_wage(self._random)))

    def _movers(self) -> tuple[PlantedTransfer, ...]:
        """Five across provinces (one insured twice for three months), one inside, two to refuse."""
        cases = [(planted.TRANSFER, HEFEI, 0)] * 4
        cases += [
            (planted.TRANSFER, HEFEI, OVERLAP_MONTHS),
            (planted.TRANSFER, SUZHOU, 0),
            (planted.REFUSED_ALTERED_RECORD, HEFEI, 0),
            (planted.REFUSED_LEFT_OUT_MONTH, HEFEI, 0),
        ]
        return tuple(self._mover(*case) for case in cases)

    def _mover(self, case: str, origin: str, overlap: int) -> PlantedTransfer:
        person = self._people.anybody(*MOVERS_BORN)
        first, end = self._calendar.first_period, self._calendar.last_period
        last = add_months(first, self._random.randrange(18, 30))
        begins = add_months(last, 1 - overlap)
        self._stay(person, origin, first, last)
        self._stay(person, NANJING, begins, end)
        left_out = add_months(first, 7) if case == planted.REFUSED_LEFT_OUT_MONTH else None
        return PlantedTransfer(
            case=case,
            identity_number=person.identity_number,
            name=person.name,
            birth_on=person.birth_on.isoformat(),
            from_region=origin,
            to_region=NANJING,
            first_period=first,
            last_period=last,
            months=months_between(first, last) + 1,
            first_period_at_destination=begins,
            last_period_at_destination=end,
            months_at_destination=months_between(begins, end) + 1,
            overlapping=tuple(month_range(begins, last)),
            left_out_period=left_out,
        )

    def _proofs(self) -> tuple[PlantedProof, ...]:
        """One who may retire and one who is exactly four months short."""
        birth = birth_reaching(Category.FEMALE_55, self._calendar.last_period)
        statutory = retirement(Category.FEMALE_55, birth).statutory_period
        needed = minimum_months(year_of(statutory)).value
        return (
            self._proof(planted.ELIGIBLE, birth, ELIGIBLE_MONTHS, 0),
            self._proof(planted.FOUR_MONTHS_SHORT, birth, needed - SHORT_BY, SHORT_BY),
        )

    def _proof(self, case: str, birth: int, months: int, missing: int) -> PlantedProof:
        person = self._people.person(Sex.FEMALE, birth, birth)
        last = self._calendar.last_period
        self._stay(person, NANJING, add_months(last, 1 - months), last)
        return PlantedProof(
            case=case,
            identity_number=person.identity_number,
            name=person.name,
            region=NANJING,
            category=Category.FEMALE_55,
            birth_period=birth,
            statutory_period=retirement(Category.FEMALE_55, birth).statutory_period,
            months=months,
            missing=missing,
        )

    def _long_insured(self) -> Person:
        """Some more with long histories, and the man whose pension both cities begin to pay."""
        last = self._calendar.last_period
        for _ in range(self._scale.long_histories):
            person = self._people.anybody(*LONG_INSURED_BORN)
            first = add_months(last, -self._random.randrange(120, 210))
            self._stay(person, NANJING, first, last)
        birth = birth_reaching(Category.MALE, last)
        held = self._people.person(Sex.MALE, birth, birth)
        self._stay(held, NANJING, add_months(last, -205), last)
        return held


def generate(
    directory: Path, seed: int, *, as_of: date = DEMO_AS_OF, scale: str = "demo"
) -> Planted:
    """Write every file of a demonstration below ``directory``; the same seed gives the same files.

    Args:
        directory: made if missing; files of the same names are replaced.
        seed: any integer.
        as_of: the Beijing day the demonstration stands on.
        scale: ``demo`` (about 2,200 insured, 80,000 lines) or ``small`` (for tests).

    Returns:
        What was planted; also written to ``planted.json``.
    """
    calendar = Calendar(as_of)
    size = SCALES[scale]
    people = People(_stream(seed, "people"))
    insured = Workforce(_stream(seed, "work"), people, calendar, size).build()
    pensions = Pensions(_stream(seed, "pensions"), people, calendar)
    pensions.fill(size)
    pensions.plant_double_pensions()
    pensions.plant_paid_after_death()
    pensions.plant_supplements()
    pensions.plant_death_months()
    held = pensions.plant_held(insured.held)
    payments = pensions.payments
    contributions = _contributions(insured.stays, _stream(seed, "days"))
    files = tuple(
        _write_bureau(directory, bureau, calendar, contributions[bureau.region], payments)
        for bureau in BUREAUS
    )
    result = Planted(
        seed=seed,
        scale=size.name,
        as_of=as_of.isoformat(),
        bureaus=files,
        must_find=tuple(payments.must_find),
        must_not_flag=tuple(payments.must_not_flag),
        held=held,
        transfers=insured.transfers,
        proofs=insured.proofs,
    )
    result.write(directory)
    return result


def _stream(seed: int, purpose: str) -> Random:
    """One stream for each purpose, so that a change of one leaves the others alone."""
    return Random(f"{seed}/{purpose}")  # noqa: S311  # made-up data, to be repeated


def _contributions(stays: Sequence[Stay], random: Random) -> dict[str, list[ContributionLine]]:
    lines: dict[str, list[ContributionLine]] = {bureau.region: [] for bureau in BUREAUS}
    for stay in stays:
        lines[stay.region].extend(lines_of(stay, random))
    for of_region in lines.values():
        of_region.sort(key=lambda line: (line.period, line.employer_code, line.identity_number))
    return lines


def _write_bureau(
    directory: Path,
    bureau: Bureau,
    calendar: Calendar,
    contributions: Sequence[ContributionLine],
    payments: Payments,
) -> BureauFiles:
    folder = directory / bureau.slug
    folder.mkdir(parents=True, exist_ok=True)
    mapping = folder / MAPPING_NAME
    if bureau.region == NANJING:
        mapping.write_text(NANJING_MAPPING, encoding="utf-8")
    years, baseline = _by_file(contributions, calendar)
    paid = sorted(payments.paid[bureau.region], key=lambda line: line.identity_number)
    proposed = sorted(
        payments.proposed.get(bureau.region, ()), key=lambda line: line.identity_number
    )
    deaths = sorted(payments.deaths[bureau.region], key=lambda line: line.reported_on)

    def write(stem: str, lines: Sequence[object]) -> str:
        return write_lines(folder, bureau.region, stem, lines).relative_to(directory).as_posix()  # type: ignore[type-var]

    return BureauFiles(
        region=bureau.region,
        slug=bureau.slug,
        mapping=mapping.relative_to(directory).as_posix() if mapping.exists() else None,
        baseline=(write("contributions-baseline", baseline),) if baseline else (),
        contributions=tuple(write(f"contributions-{year}", years[year]) for year in sorted(years)),
        deaths=write("deaths", deaths),
        payouts_paid=write(_payout_stem(calendar.last_period), paid),
        payouts_next=write(_payout_stem(calendar.this_period), proposed) if proposed else None,
        contributors=len({line.identity_number for line in contributions}),
        contribution_lines=len(contributions),
        contribution_total_fen=sum(line.unit_fen + line.person_fen for line in contributions),
        payout_lines=len(paid),
        payout_total_fen=sum(line.amount_fen for line in paid),
        next_lines=len(proposed),
        next_total_fen=sum(line.amount_fen for line in proposed),
        death_lines=len(deaths),
    )


def _by_file(
    contributions: Sequence[ContributionLine], calendar: Calendar
) -> tuple[dict[int, list[ContributionLine]], list[ContributionLine]]:
    """The lines of each calendar year's file, and those of before the first."""
    years: dict[int, list[ContributionLine]] = {}
    baseline: list[ContributionLine] = []
    for line in contributions:
        if line.period < calendar.first_period:
            baseline.append(line)
        else:
            years.setdefault(year_of(line.period), []).append(line)
    return years, baseline


def _payout_stem(period: int) -> str:
    return f"payouts-{period // 100}-{period % 100:02d}"
