from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import PeriodError
from ledger.policy.periods import (
    add_months,
    checked_period,
    duration_text,
    first_day,
    last_day,
    month_range,
    months_between,
    period_of,
    period_text,
)

days = st.dates(date(1950, 1, 1), date(2150, 12, 31))


class TestArithmetic:
    @given(days, st.integers(-500, 500))
    def test_going_and_coming_back_is_no_journey(self, day, months):
        period = period_of(day)
        assert add_months(add_months(period, months), -months) == period
        assert months_between(period, add_months(period, months)) == months

    @given(days)
    def test_the_first_day_follows_the_last_of_the_month_before(self, day):
        period = period_of(day)
        assert (first_day(period) - last_day(add_months(period, -1))).days == 1

    def test_a_range_holds_both_its_ends(self):
        assert list(month_range(202311, 202402)) == [202311, 202312, 202401, 202402]
        assert list(month_range(202402, 202401)) == []

    def test_the_files_of_the_demonstration_hold_38_months(self):
        assert months_between(202307, 202608) + 1 == 38


class TestCheck:
    @pytest.mark.parametrize("value", [0, 202600, 202613, 2026, 20260801, -202601, 220001])
    def test_what_is_no_month_is_refused(self, value):
        with pytest.raises(PeriodError) as caught:
            checked_period(value)
        assert caught.value.value == value
        assert "month" in caught.value.reason or "year" in caught.value.reason

    def test_a_month_comes_back_unchanged(self):
        assert checked_period(202608) == 202608


class TestTexts:
    def test_months_read_in_both_languages(self):
        assert (period_text(202608), period_text(202608, "en")) == ("2026年8月", "2026-08")

    @pytest.mark.parametrize(
        ("months", "zh", "en"),
        [
            (176, "14年8个月", "14 years 8 months"),
            (180, "15年", "15 years"),
            (13, "1年1个月", "1 year 1 month"),
            (4, "4个月", "4 months"),
            (0, "0个月", "0 months"),
        ],
    )
    def test_durations_read_in_both_languages(self, months, zh, en):
        assert (duration_text(months), duration_text(months, "en")) == (zh, en)
