"""WorkCalendar: terms of working days on chain end when the policy tables say."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone

import chinese_calendar
import pytest

BEIJING = timezone(timedelta(hours=8))
MASK = (1 << 256) - 1
YEARS = (2024, 2025, 2026)


def days_of(year: int) -> int:
    """A year's working days by chinese_calendar, an independent source."""
    first, bits = date(year, 1, 1), 0
    for place in range((date(year + 1, 1, 1) - first).days):
        bits |= chinese_calendar.is_workday(first + timedelta(days=place)) << place
    return bits


def words(bits: int) -> list[int]:
    return [bits & MASK, bits >> 256]


def due(start: int, working_days: int) -> int:
    """The first second after a term, counted day by day."""
    day, left = datetime.fromtimestamp(start, BEIJING).date(), working_days
    while left:
        day += timedelta(days=1)
        left -= chinese_calendar.is_workday(day)
    after = day + timedelta(days=1)
    return int(datetime(after.year, after.month, after.day, tzinfo=BEIJING).timestamp())


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=BEIJING).timestamp())


@pytest.fixture
def published(network):
    for year in YEARS:
        network.send(
            "WorkCalendar", "publishYear", year, words(days_of(year)), sender=network.supervisor
        )
    return network


class TestPublish:
    def test_a_year_is_kept_as_it_was_published(self, network):
        days = words(days_of(2026))
        ((name, values),) = network.send(
            "WorkCalendar", "publishYear", 2026, days, sender=network.supervisor
        )
        assert (name, values["year"], list(values["workingDays"])) == ("YearPublished", 2026, days)
        assert network.read("WorkCalendar", "yearOf", 2026) == days
        assert network.read("WorkCalendar", "isPublished", 2026)
        assert network.read("WorkCalendar", "yearOf", 2025) == [0, 0]
        assert not network.read("WorkCalendar", "isPublished", 2025)

    def test_only_who_enrols_publishes(self, network):
        for sender in (network.freezer, network.closer, network.publishers[1], network.outsider):
            refusal = network.refused(
                "WorkCalendar", "publishYear", 2026, words(days_of(2026)), sender=sender
            )
            assert refusal == ("WorkCalendarNotEnroller", sender)

    def test_a_published_year_is_corrected_by_the_council_only(self, published):
        days = words(days_of(2026) ^ 1)
        sender = published.supervisor
        refusal = published.refused("WorkCalendar", "publishYear", 2026, days, sender=sender)
        assert refusal == ("WorkCalendarYearKnown", 2026)
        for other in (sender, published.freezer, published.outsider):
            refusal = published.refused("WorkCalendar", "correctYear", 2026, days, sender=other)
            assert refusal == ("WorkCalendarNotGovernor", other)
        ((name, values),) = published.decide(("WorkCalendar", "correctYear", 2026, days))
        assert (name, values["year"]) == ("YearCorrected", 2026)
        assert published.read("WorkCalendar", "yearOf", 2026) == days

    def test_a_year_nobody_published_is_not_corrected(self, network):
        refusal = network.refused_council("WorkCalendar", "correctYear", 2030, [1, 0])
        assert refusal == ("WorkCalendarYearUnknown", 2030)

    def test_days_that_the_year_does_not_have_are_refused(self, network):
        sender = network.supervisor
        for year, bits, length in ((2026, 1 << 365, 365), (2028, 1 << 366, 366), (2026, 0, 365)):
            days = words(bits)
            refusal = network.refused("WorkCalendar", "publishYear", year, days, sender=sender)
            assert refusal == ("WorkCalendarDaysInvalid", year, tuple(days)), length
        last_days = {2026: 364, 2028: 365, 2100: 364, 2000: 365}
        for year, place in last_days.items():
            network.send("WorkCalendar", "publishYear", year, words(1 << place), sender=sender)
        refusal = network.refused("WorkCalendar", "publishYear", 1969, [1, 0], sender=sender)
        assert refusal == ("WorkCalendarYearInvalid", 1969)
        refusal = network.refused_council("WorkCalendar", "correctYear", 2026, [0, 0])
        assert refusal == ("WorkCalendarDaysInvalid", 2026, (0, 0))


class TestTerms:
    def test_a_term_ends_at_midnight_in_beijing(self, published):
        # Friday 2026-09-25 is Mid-Autumn; Sunday the 20th is worked instead.
        friday = at(2026, 9, 18, 16, 30)
        assert published.read("WorkCalendar", "dueAt", friday, 1) == [at(2026, 9, 21), True]
        assert published.read("WorkCalendar", "dueAt", friday, 0) == [at(2026, 9, 19), True]

    def test_the_day_is_beijings(self, published):
        """23:59:59 of the 14th and 0:00 of the 15th in Beijing are both the 14th in UTC."""
        late, early = at(2026, 9, 14, 23, 59, 59), at(2026, 9, 15)
        assert datetime.fromtimestamp(early, UTC).day == 14
        assert published.read("WorkCalendar", "dueAt", late, 1)[0] == at(2026, 9, 16)
        assert published.read("WorkCalendar", "dueAt", early, 1)[0] == at(2026, 9, 17)

    def test_terms_are_counted_as_day_by_day(self, published):
        source = random.Random(8)
        starts = [source.randrange(at(2024, 1, 1), at(2026, 9, 1)) for _ in range(60)]
        edges = [at(2024, 12, 31, 23, 59, 59), at(2025, 1, 1), at(2024, 2, 29), at(2025, 12, 31)]
        for start in starts + edges:
            for working_days in (1, 3, 10, 15, 60):
                found = published.read("WorkCalendar", "dueAt", start, working_days)
                assert found == [due(start, working_days), True]

    def test_every_day_of_a_year_is_told(self, published):
        day = date(2024, 1, 1)
        while day.year < 2027:
            works = published.read("WorkCalendar", "isWorkingDay", at(day.year, day.month, day.day))
            assert works == [chinese_calendar.is_workday(day), True]
            day += timedelta(days=3)

    def test_what_is_not_published_is_unknown_and_never_refused(self, published):
        unknown = (
            (at(2027, 1, 1), 1), (at(2026, 12, 31, 23, 59, 59), 1), (at(2023, 12, 31), 1),
            (at(2026, 9, 1), 65_535), (0, 1), (2**64 - 1, 65_535), (2**64 - 1, 0), (2**63, 10),
        )  # fmt: skip
        for start, working_days in unknown:
            assert published.read("WorkCalendar", "dueAt", start, working_days) == [0, False]
            assert not published.read("WorkCalendar", "isOverdue", start, working_days)
        assert published.read("WorkCalendar", "isWorkingDay", at(2027, 1, 4)) == [False, False]

    def test_a_term_is_over_with_its_last_second(self, network):
        """With every day a working day, a term of a day ends a day later, whatever day it is."""
        year = network.year
        for each in (year, year + 1):
            days = words((1 << 365) - 1)
            network.send("WorkCalendar", "publishYear", each, days, sender=network.supervisor)
        start = network.now
        due_at, known = network.read("WorkCalendar", "dueAt", start, 2)
        assert known
        network.tester.time_travel(due_at - 1)
        network.tester.mine_block()
        assert network.last_time <= due_at
        if network.last_time < due_at:
            assert not network.read("WorkCalendar", "isOverdue", start, 2)
        network.tester.time_travel(due_at + 1)
        network.tester.mine_block()
        assert network.read("WorkCalendar", "isOverdue", start, 2)

    def test_a_year_that_comes_late_counts_for_terms_that_run(self, network):
        start = network.now - 40 * 86_400
        assert not network.read("WorkCalendar", "isOverdue", start, 5)
        years = {
            datetime.fromtimestamp(start, BEIJING).year,
            network.year,
        }
        for year in years:
            days = words((1 << 365) - 1)
            network.send("WorkCalendar", "publishYear", year, days, sender=network.supervisor)
        assert network.read("WorkCalendar", "isOverdue", start, 5)

    def test_the_policy_tables_say_the_same(self, published):
        from ledger.policy.work_calendar import published_years, work_year

        for year in set(published_years()) & set(YEARS):
            assert work_year(year).working_days == days_of(year)
