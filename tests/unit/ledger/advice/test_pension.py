"""The published Sichuan notice to the fen, and what cannot be answered."""

from __future__ import annotations

import pytest

from ledger.advice.inputs import Inputs
from ledger.advice.pension import answer_pension
from ledger.errors import ImpossibleFactError, InputError

# rules d, transcribed from an official result notice of 2024-06, re-decided (source S12).
SICHUAN = {
    "category": "female-50", "born": "1974-06", "region": "510000", "paid_months": 342,
    "deemed_months": 40, "index": "0.935", "balance_fen": 15039722, "base_fen": 832100,
}  # fmt: skip
NANJING = {
    "category": "male", "born": "1966-06", "region": "320100", "paid_months": 382, "index": "1.2",
    "balance_yuan": "150397.22",
}  # fmt: skip


def ask(values, **changed):
    return answer_pension(Inputs(values | changed))


def refusal(values, **changed) -> InputError:
    with pytest.raises(InputError) as caught:
        ask(values, **changed)
    return caught.value


class TestPublishedExample:
    def test_every_part_is_reproduced_to_the_fen(self):
        found = ask(SICHUAN).figures
        parts = ("basic_fen", "account_fen", "transition_fen", "addition_fen", "total_fen")
        assert [found[name] for name in parts] == [256250, 77127, 34851, 24764, 392992]
        assert (found["months"], found["annuity_months_e1"]) == (382, 1950)
        assert (found["retirement_month"], found["benefits_from"]) == ("2024-06", "2024-07")

    def test_a_base_that_was_entered_makes_it_an_estimate(self):
        answer = ask(SICHUAN)
        assert answer.figures["base_status"] == "unverified"
        assert answer.document()["status"] == "unverified"
        assert "3,929.92" in answer.document()["explanation"]["zh"]


class TestMonthOfRetirement:
    def test_it_follows_from_the_law_and_flexible_moves_it(self):
        assert ask(NANJING).figures["retirement_month"] == "2026-11"
        assert ask(NANJING, flexible=-5).figures["retirement_month"] == "2026-06"
        assert refusal(NANJING, flexible=-6).field == "flexible"

    def test_a_decision_may_name_another_month(self):
        earlier = ask(NANJING, retirement_month="2024-06", early_by_decision="yes")
        assert earlier.figures["retirement_month"] == "2024-06"
        with pytest.raises(ImpossibleFactError):
            ask(NANJING, retirement_month="2024-06")

    def test_the_month_is_named_once(self):
        assert refusal(NANJING, retirement_month="2026-11", flexible=1).field == "flexible"


class TestIndex:
    def test_it_is_a_decimal_number_or_ten_thousandths(self):
        spelt = {name: value for name, value in NANJING.items() if name != "index"}
        assert ask(spelt, index_e4=12000).figures == ask(NANJING).figures

    def test_it_can_be_worked_out_from_the_years(self):
        spelt = {name: value for name, value in NANJING.items() if name != "index"}
        years = [{"year": 2024, "months": 12, "base_total_fen": 9_600_000}]
        answer = ask(spelt, years=years)
        assert answer.figures["index_e4"] > 0
        assert any(step.code == "average-index" for step in answer.steps)
        assert (
            refusal(spelt, years=[{"year": 2024, "months": 13, "base_total_fen": 1}]).field
            == "years[0].months"
        )

    @pytest.mark.parametrize("index", ["0", "11", "1.00001", "-1", "one"])
    def test_an_impossible_one_is_refused(self, index):
        assert refusal(NANJING, index=index).field == "index"

    def test_one_is_needed(self):
        spelt = {name: value for name, value in NANJING.items() if name != "index"}
        assert refusal(spelt).field == "index_e4"


class TestImpossible:
    @pytest.mark.parametrize(("name", "value"), [
        ("paid_months", 0), ("paid_months", 721), ("deemed_months", -1), ("region", "990000"),
        ("base_fen", 0), ("born", "1966-13"), ("colour", "red"),
    ])  # fmt: skip
    def test_a_value_is_refused_by_its_name(self, name, value):
        assert refusal(NANJING, **{name: value}).field == name

    def test_too_few_months_give_no_pension_yet(self):
        with pytest.raises(ImpossibleFactError) as caught:
            ask(NANJING, paid_months=100)
        assert (caught.value.field, caught.value.value) == ("months", 100)
