"""Deadlines and identifiers as they are answered."""

from __future__ import annotations

from datetime import date

import pytest
from stdnum.cn import ric, uscc

from ledger.advice.deadlines import answer_deadline
from ledger.advice.identifiers import answer_credit_code, answer_identity_number
from ledger.advice.inputs import Inputs
from ledger.errors import CalendarYearMissingError, InputError

TODAY = date(2026, 9, 15)


class TestDeadline:
    def test_the_first_day_is_not_counted_and_holidays_are_not_either(self):
        # 2026-10-01 to 07 are holidays, 10-10 is worked instead (State Council notice for 2026).
        found = answer_deadline(Inputs({"start": "2026-09-30", "working_days": 3})).figures
        assert found == {"start": "2026-09-30", "working_days": 3, "deadline": "2026-10-10"}

    def test_a_year_that_is_not_published_is_refused_and_never_guessed(self):
        with pytest.raises(CalendarYearMissingError):
            answer_deadline(Inputs({"start": "2099-01-04", "working_days": 3}))

    @pytest.mark.parametrize("days", ["0", "-1", "1001", "three"])
    def test_an_impossible_term_is_refused(self, days):
        with pytest.raises(InputError) as caught:
            answer_deadline(Inputs({"start": "2026-09-30", "working_days": days}))
        assert (caught.value.field, caught.value.value) == ("working_days", days)


class TestIdentityNumber:
    def test_a_valid_number_tells_what_it_says(self):
        assert ric.is_valid("11010519491231002X")
        found = answer_identity_number(Inputs({"id": "11010519491231002x"}), TODAY).figures
        assert found == {
            "valid": True, "reasons": [], "normalised": "11010519491231002X",
            "born_on": "1949-12-31", "sex": "female",
        }  # fmt: skip

    @pytest.mark.parametrize(("number", "part"), [("110105194912310021", "check"), ("123", "length"),
                                                  ("11010520270101002X", "birth-date")])  # fmt: skip
    def test_a_wrong_number_says_which_part_and_why_without_repeating_it(self, number, part):
        answer = answer_identity_number(Inputs({"id": number}), TODAY)
        (reason,) = answer.figures["reasons"]
        assert answer.figures["valid"] is False
        assert reason["part"] == part
        assert reason["zh"] in answer.steps[-1].text("zh")
        assert number not in str(answer.document())


class TestCreditCode:
    def test_a_code_and_one_with_a_wrong_character(self):
        assert uscc.is_valid("91350100M000100Y43")
        assert answer_credit_code(Inputs({"code": "91350100M000100Y43"})).figures["valid"]
        wrong = answer_credit_code(Inputs({"code": "91350100M000100Y44"})).figures
        assert not wrong["valid"]
        assert wrong["reasons"][0]["position"] == 18
