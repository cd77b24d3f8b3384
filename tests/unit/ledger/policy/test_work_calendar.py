"""Official working days, against the notices and against another transcription of them."""

from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import CalendarYearMissingError, ImpossibleFactError
from ledger.policy.steps import may_decide
from ledger.policy.tables import table
from ledger.policy.work_calendar import (
    deadline,
    is_working_day,
    known_deadline,
    published_years,
    work_year,
    working_days_between,
)

# 国办发明电〔2023〕7号, 〔2024〕12号, 〔2025〕7号: days off on weekdays, and weekend days worked.
NOTICES = {
    2024: (
        (
            "01-01 02-12 02-13 02-14 02-15 02-16 04-04 04-05 05-01 05-02 05-03 06-10 09-16 09-17 "
            "10-01 10-02 10-03 10-04 10-07"
        ),
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    2025: (
        (
            "01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 10-01 10-02 "
            "10-03 10-06 10-07 10-08"
        ),
        "01-26 02-08 04-27 09-28 10-11",
    ),
    2026: (
        (
            "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 "
            "10-01 10-02 10-05 10-06 10-07"
        ),
        "01-04 02-14 02-28 05-09 09-20 10-10",
    ),
}
days = st.dates(date(2004, 1, 1), date(2026, 12, 31))


class TestDays:
    @pytest.mark.parametrize("year", NOTICES)
    def test_a_year_is_what_its_notice_says(self, year):
        off, worked = (
            {date.fromisoformat(f"{year}-{day}") for day in text.split()} for text in NOTICES[year]
        )
        day = date(year, 1, 1)
        while day.year == year:
            expected = (day.weekday() < 5 and day not in off) or day in worked
            assert is_working_day(day) is expected, day
            day += timedelta(days=1)

    @given(days)
    def test_a_day_is_what_another_transcription_says(self, day):
        assert is_working_day(day) is chinese_calendar.is_workday(day)

    def test_every_year_from_2004_to_2026_is_published(self):
        assert published_years() == tuple(range(2004, 2027))

    @pytest.mark.parametrize("year", [2003, 2027])
    def test_another_year_is_an_error_with_a_remedy_and_no_guess(self, year):
        with pytest.raises(CalendarYearMissingError) as caught:
            is_working_day(date(year, 6, 1))
        assert caught.value.year == year
        assert str(year) in caught.value.advice("zh")
        assert "work_calendar.csv" in caught.value.advice("en")

    def test_no_row_repeats_what_the_weekday_says(self):
        for row in table("work_calendar"):
            weekday = date.fromisoformat(row["date"]).weekday()
            assert (row["works"] == "1") is (weekday >= 5)


class TestMap:
    @given(days)
    def test_bit_of_the_day_before_counts_from_the_first_of_january(self, day):
        number = (day - date(day.year, 1, 1)).days
        assert bool(work_year(day.year).working_days & (1 << number)) is is_working_day(day)

    def test_the_last_bit_of_a_leap_year_is_the_366th(self):
        assert work_year(2024).working_days.bit_length() == 366  # Tuesday, 31 December
        assert work_year(2025).working_days.bit_length() == 365
        assert work_year(2024).working_days & 0b11 == 0b10  # New Year's Day, then a Tuesday

    def test_a_year_has_as_many_working_days_as_its_notice_leaves(self):
        assert {year: work_year(year).working_days.bit_count() for year in NOTICES} == {
            2024: 262 - 19 + 8,
            2025: 261 - 18 + 5,
            2026: 261 - 19 + 6,
        }

    def test_a_year_names_its_notice(self):
        year = work_year(2025)
        assert year.row == "work_calendar 2025"
        assert year.source.startswith("国办发明电〔2024〕12号")
        assert year.status == "published"


class TestDeadline:
    @pytest.mark.parametrize(
        ("start", "working_days", "due"),
        [
            (date(2026, 9, 15), 1, date(2026, 9, 16)),
            (date(2026, 9, 15), 15, date(2026, 10, 12)),
            (date(2026, 9, 24), 1, date(2026, 9, 28)),
            (date(2026, 9, 18), 1, date(2026, 9, 20)),
            (date(2026, 9, 30), 1, date(2026, 10, 8)),
            (date(2026, 10, 3), 1, date(2026, 10, 8)),
            (date(2025, 12, 31), 1, date(2026, 1, 4)),
            (date(2024, 2, 9), 3, date(2024, 2, 20)),
        ],
    )
    def test_the_day_it_begins_is_not_counted(self, start, working_days, due):
        answer = deadline(start, working_days)
        assert (answer.start_on, answer.working_days, answer.due_on) == (start, working_days, due)

    @given(st.dates(date(2004, 1, 1), date(2025, 12, 31)), st.integers(1, 100))
    def test_it_ends_on_a_working_day_after_so_many_of_them(self, start, working_days):
        due = deadline(start, working_days).due_on
        assert is_working_day(due)
        assert working_days_between(start, due) == working_days
        assert working_days_between(start, due - timedelta(days=1)) == working_days - 1

    def test_it_says_how_it_was_counted(self):
        (step,) = deadline(date(2025, 12, 31), 2).steps
        assert step.code == "deadline"
        assert step.figures == {
            "start_on": "2025-12-31",
            "working_days": 2,
            "due_on": "2026-01-05",
            "rest_days": 3,
        }
        assert [ground.row for ground in step.grounds] == [
            "work_calendar 2025",
            "work_calendar 2026",
        ]
        assert "第2个工作日为2026-01-05" in step.text()
        assert "working day 2 is 2026-01-05" in step.text("en")
        assert may_decide(deadline(date(2025, 12, 31), 2))

    def test_a_term_into_an_unpublished_year_is_refused(self):
        assert deadline(date(2026, 12, 30), 1).due_on == date(2026, 12, 31)
        with pytest.raises(CalendarYearMissingError) as caught:
            deadline(date(2026, 12, 30), 2)
        assert caught.value.year == 2027
        with pytest.raises(CalendarYearMissingError):
            deadline(date(2003, 12, 31), 1)

    def test_a_page_that_goes_on_without_a_date_gets_none(self):
        assert known_deadline(date(2026, 12, 30), 1) == date(2026, 12, 31)
        assert known_deadline(date(2026, 12, 30), 2) is None
        with pytest.raises(ImpossibleFactError):
            known_deadline(date(2026, 12, 30), 0)

    @pytest.mark.parametrize("term", [-1, 0, 1_001])
    def test_a_term_that_cannot_be_is_refused(self, term):
        with pytest.raises(ImpossibleFactError) as caught:
            deadline(date(2025, 1, 1), term)
        assert (caught.value.field, caught.value.value) == ("working_days", term)

    def test_the_longest_term_is_counted(self):
        assert deadline(date(2004, 1, 1), 1_000).due_on.year == 2007


class TestBetween:
    def test_nothing_has_passed_on_the_day_it_begins(self):
        assert working_days_between(date(2026, 9, 15), date(2026, 9, 15)) == 0
        assert working_days_between(date(2026, 9, 15), date(2026, 9, 16)) == 1

    def test_a_day_before_is_refused(self):
        with pytest.raises(ImpossibleFactError) as caught:
            working_days_between(date(2026, 9, 15), date(2026, 9, 14))
        assert (caught.value.field, caught.value.value) == ("day", "2026-09-14")
