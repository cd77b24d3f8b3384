"""Every refusal names the field, the value and what to write instead."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import pytest

from ledger.advice.inputs import MAX_FEN, Inputs, finish
from ledger.errors import InputError


class Fruit(StrEnum):
    APPLE = "apple"


def refusal(call, *arguments, **named) -> InputError:
    with pytest.raises(InputError) as caught:
        call(*arguments, **named)
    return caught.value


class TestMonth:
    @pytest.mark.parametrize(
        "written", ["1972-06", "197206", 197206, "1972年6月", "1972/6", " 1972-06 "]
    )
    def test_months_are_read_as_people_write_them(self, written):
        assert Inputs({"born": written}).month("born") == 197206

    @pytest.mark.parametrize("written", ["1972-13", "1972-00", "1899-12", "2200-01"])
    def test_a_month_outside_the_calendar_is_refused_with_field_and_value(self, written):
        error = refusal(Inputs({"born": written}).month, "born")
        assert (error.field, error.value) == ("born", written)
        assert "YYYY-MM" in error.advice("en")
        assert "年-月" in error.advice("zh")

    @pytest.mark.parametrize(
        "written", ["June 1972", "72-06", True, 1972.06, "1972-06-01", "19726", "１９７２-06"]
    )
    def test_what_is_no_month_is_refused(self, written):
        assert refusal(Inputs({"born": written}).month, "born").reason == "it is not a month"

    @pytest.mark.parametrize("missing", [{}, {"born": None}, {"born": "  "}])
    def test_a_missing_month_is_refused_and_an_optional_one_is_none(self, missing):
        assert refusal(Inputs(missing).month, "born").reason == "it is missing"
        assert Inputs(missing).optional_month("born") is None


class TestDay:
    def test_a_day_of_the_calendar_is_read(self):
        assert Inputs({"start": "2024-02-29"}).day("start") == date(2024, 2, 29)

    @pytest.mark.parametrize("written", ["2025-02-29", "20250228", "2025-W09-5", "tomorrow", ""])
    def test_another_day_is_refused(self, written):
        error = refusal(Inputs({"start": written}).day, "start")
        assert error.field == "start"
        assert "2026-08-31" in error.hint


class TestNumbers:
    @pytest.mark.parametrize(("written", "value"), [("12", 12), ("-3", -3), ("+4", 4), (0, 0)])
    def test_whole_numbers_are_read_with_their_sign(self, written, value):
        assert Inputs({"n": written}).whole("n", -3, 12) == value

    @pytest.mark.parametrize("written", ["1.5", "--1", "1e3", True, 1.0, "٣", "one", "-"])
    def test_what_is_no_whole_number_is_refused(self, written):
        assert (
            refusal(Inputs({"n": written}).whole, "n", -3, 12).reason == "it is not a whole number"
        )

    @pytest.mark.parametrize("written", [-4, 13])
    def test_a_number_out_of_its_bounds_is_refused_with_the_bounds(self, written):
        error = refusal(Inputs({"n": written}).whole, "n", -3, 12)
        assert error.value == str(written)
        assert "from -3 to 12" in error.hint

    def test_a_number_left_out_has_its_default(self):
        assert Inputs({}).whole_or("n", 1, 2, 7) == 7
        assert refusal(Inputs({}).whole, "n", 1, 2).reason == "it is missing"

    def test_amounts_are_integer_fen_or_decimal_yuan(self):
        assert Inputs({"account_fen": 15039722}).fen("account") == 15039722
        assert Inputs({"account_yuan": "150,397.22"}).fen("account") == 15039722
        assert Inputs({"account_yuan": "8"}).fen_or("account", 1) == 800
        assert Inputs({}).fen_or("account", 1) == 1

    @pytest.mark.parametrize("given", [{"base_fen": 0}, {"base_fen": MAX_FEN + 1}, {"base_yuan": "0"},
                                       {"base_yuan": "-1"}, {"base_yuan": "1.005"},
                                       {"base_yuan": "999999999999"}, {"base_fen": 1.5}])  # fmt: skip
    def test_an_impossible_amount_is_refused_under_the_name_it_was_given(self, given):
        error = refusal(Inputs(given).fen, "base", minimum=1)
        assert error.field in given


class TestWords:
    def test_a_choice_is_one_of_those_named(self):
        choices = {"apple": Fruit.APPLE}
        assert Inputs({"fruit": " Apple "}).choice("fruit", choices) is Fruit.APPLE
        assert refusal(Inputs({"fruit": "pear"}).choice, "fruit", choices).hint.endswith("apple")
        assert refusal(Inputs({}).choice, "fruit", choices).value == ""

    @pytest.mark.parametrize(("written", "value"), [("yes", True), ("是", True), (True, True),
                                                    ("no", False), ("0", False), (None, False)])  # fmt: skip
    def test_yes_and_no_are_read_and_left_out_is_no(self, written, value):
        assert Inputs({"drawn": written}).flag("drawn") is value

    def test_anything_else_is_neither(self):
        assert refusal(Inputs({"drawn": "perhaps"}).flag, "drawn").value == "perhaps"

    def test_a_region_lies_in_a_province(self):
        assert Inputs({"region": "340100"}).region("region") == "340100"
        assert Inputs({}).optional_region("region") is None
        for given in ({"region": "990000"}, {"region": "34"}, {}):
            assert "340100" in refusal(Inputs(given).region, "region").hint

    def test_a_long_value_is_shown_shortened(self):
        assert len(refusal(Inputs({"fruit": "x" * 500}).choice, "fruit", {}).value) == 40

    def test_text_is_needed(self):
        assert Inputs({"id": " a "}).text("id") == "a"
        assert refusal(Inputs({}).text, "id").reason == "it is missing"


class TestNames:
    def test_a_name_nobody_asked_for_is_refused_with_those_that_are_known(self):
        inputs = Inputs({"born": "1970-01", "borm": "1970-01"})
        inputs.month("born")
        error = refusal(inputs.done)
        assert error.field == "borm"
        assert "born" in error.hint

    def test_all_known_names_pass(self):
        inputs = Inputs({"born": "1970-01"})
        inputs.month("born")
        inputs.done()


class TestRows:
    def test_each_row_is_read_like_a_question_and_named_by_its_number(self):
        rows = Inputs({"years": [{"year": 2024}, {"year": "x"}]}).rows("years")
        assert rows[0].whole("year", 1990, 2100) == 2024
        assert refusal(rows[1].whole, "year", 1990, 2100).field == "years[1].year"
        assert Inputs({}).rows("years") == ()

    @pytest.mark.parametrize("given", ["2024", 5, {"year": 2024}, ["2024"]])
    def test_what_is_no_list_of_objects_is_refused(self, given):
        assert refusal(Inputs({"years": given}).rows, "years").field == "years"

    def test_unknown_names_in_a_row_are_refused(self):
        rows = Inputs({"years": [{"yaer": 2024}]}).rows("years")
        assert refusal(finish, rows).field == "years[0].yaer"
