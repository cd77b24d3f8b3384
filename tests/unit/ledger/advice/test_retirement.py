"""Retirement as it is answered: the published table row by row, and the bounds of choice."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import ledger.policy
from ledger.advice.inputs import Inputs
from ledger.advice.retirement import answer_retirement
from ledger.errors import InputError

TABLE = Path(ledger.policy.__file__).parent / "tables" / "retirement_age_reform.csv"
ROWS = list(csv.DictReader(TABLE.open(encoding="utf-8")))


def ask(**values):
    return answer_retirement(Inputs(values)).figures


class TestPublishedTable:
    def test_it_has_every_covered_birth_month(self):
        assert len(ROWS) == 408

    @pytest.mark.parametrize(
        "row", ROWS, ids=lambda row: f"{row['sex_category']}-{row['birth_year_month']}"
    )
    def test_every_row_is_answered(self, row):
        found = ask(category=row["sex_category"], born=row["birth_year_month"])
        age = int(row["retire_age_years"]) * 12 + int(row["retire_age_months"])
        assert found["delay_months"] == int(row["delay_months"])
        assert found["retirement_age_months"] == age
        assert found["retirement_month"] == row["retire_year_month"]


class TestChoice:
    def test_the_oldest_who_may_choose_can_go_one_month_early(self):
        # rules c.3: a man born 1965-01 (60 years 1 month) may go early by at most 1 month.
        found = ask(category="male", born="1965-01", flexible=-1)
        assert found["retirement_month"] == found["earliest_month"] == "2025-01"
        assert found["notice_by"] == "2024-10"
        with pytest.raises(InputError) as caught:
            ask(category="male", born="1965-01", flexible=-2)
        assert (caught.value.field, caught.value.value) == ("flexible", "-2")
        assert "from -1 to 36" in caught.value.hint

    def test_nobody_goes_more_than_three_years_late(self):
        found = ask(category="female-50", born="1980-03", flexible="36")
        assert found["retirement_month"] == found["latest_month"] == "2035-11"
        assert found["benefits_from"] == "2035-12"
        with pytest.raises(InputError):
            ask(category="female-50", born="1980-03", flexible="37")

    def test_early_takes_the_minimum_of_the_chosen_year_and_late_that_of_the_statutory_year(self):
        # statutory month 2032-11: 198 months; 2030: 186 (rules c.5, c.3).
        assert ask(category="female-50", born="1980-03")["minimum_months"] == 198
        assert ask(category="female-50", born="1980-03", flexible=-24)["minimum_months"] == 186
        assert ask(category="female-50", born="1980-03", flexible=36)["minimum_months"] == 198

    def test_delay_and_age_stay_those_of_the_law_whatever_is_chosen(self):
        plain, chosen = (
            ask(category="male", born="1970-05"),
            ask(category="male", born="1970-05", flexible=-3),
        )
        for name in (
            "delay_months",
            "retirement_age_months",
            "statutory_month",
            "earliest_month",
            "latest_month",
        ):
            assert plain[name] == chosen[name]
        assert chosen["chosen_age_months"] == plain["retirement_age_months"] - 3

    def test_the_statutory_month_needs_no_notice(self):
        assert ask(category="male", born="1970-05")["notice_by"] is None


class TestNames:
    @pytest.mark.parametrize("written", ["female-55", "female55", "FEMALE-55"])
    def test_categories_are_answered_by_one_name(self, written):
        assert ask(category=written, born="1975-01")["category"] == "female-55"

    def test_an_unknown_category_names_the_choices(self):
        with pytest.raises(InputError) as caught:
            ask(category="women", born="1975-01")
        assert "female-50" in caught.value.hint

    def test_an_unknown_name_is_refused(self):
        with pytest.raises(InputError) as caught:
            ask(category="male", born="1975-01", flexibel=3)
        assert caught.value.field == "flexibel"

    @pytest.mark.parametrize("born", ["2100-01", "2199-12"])
    def test_a_birth_too_far_ahead_is_refused_by_its_own_name(self, born):
        with pytest.raises(InputError) as caught:
            ask(category="male", born=born)
        assert (caught.value.field, caught.value.value) == ("born", born)
        assert ask(category="male", born="2099-12")["retirement_month"] == "2162-12"
