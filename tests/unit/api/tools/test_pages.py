"""What the pages of ``/tools/`` answer, and what they say when they cannot."""

from __future__ import annotations

import pytest

from api.tools.pages import answered, form_names
from api.tools.questions import QUESTIONS, STRETCHES, provinces

RETIREMENT, PENSION, TRANSFER = QUESTIONS
SICHUAN = {
    "category": "female-50", "born": "1974-06", "flexible": "", "region": "510000",
    "paid_months": "342", "deemed_months": "40", "index": "0.935", "balance_yuan": "150397.22",
    "base_yuan": "8321",
}  # fmt: skip
MOVE = {
    "from_region": "320000", "to_region": "340000", "balance_yuan": "15360", "first_1": "2022-01",
    "last_1": "2023-12", "base_yuan_1": "8000",
}  # fmt: skip


def field(view, name):
    return next(item for group in view.groups for item in group.fields if item.name == name)


class TestAnswers:
    def test_retirement_at_the_statutory_age_and_by_choice(self):
        plain = answered(RETIREMENT, {"category": "male", "born": "1965-01"}).result
        assert plain.answer.zh.replace("\xa0", " ") == "您在 2025 年 2 月到达法定退休年龄"
        assert [row.name.zh for row in plain.chart if row.strong] == ["法定退休年龄"]
        chosen = answered(
            RETIREMENT, {"category": "male", "born": "1965-01", "flexible": "-1"}
        ).result
        assert chosen.answer.en.replace("\xa0", " ") == "You choose to retire in January 2025"
        assert [row.name.zh for row in chosen.chart if row.strong] == ["您的选择"]

    def test_somebody_of_before_the_reform_has_a_chart_too(self):
        chart = answered(RETIREMENT, {"category": "male", "born": "1950-01"}).result.chart
        assert all(0 <= row.start == row.end <= 1 for row in chart)

    def test_the_published_pension_and_its_parts(self):
        result = answered(PENSION, SICHUAN).result
        assert result.answer.zh == "每月约 3,929.92 元"
        assert [row.value.zh for row in result.chart] == [
            "2,562.50 元", "771.27 元", "348.51 元", "247.64 元", "3,929.92 元",
        ]  # fmt: skip
        assert result.chart[3].end == pytest.approx(1)
        assert any("given" in row for row in result.weak_rows)

    def test_ways_of_the_place_are_listed_with_the_parameters_and_not_as_reasons(self):
        result = answered(PENSION, SICHUAN | {"region": "320000"}).result
        assert not any("years_rounding" in reason.text.zh for reason in result.reasons)
        assert any("years_rounding" in row for row in result.weak_rows)

    def test_the_money_of_a_transfer(self):
        result = answered(TRANSFER, MOVE).result
        assert result.answer.en == "About 38,400.00 yuan move along"
        two = answered(
            TRANSFER, MOVE | {"first_3": "2024-01", "last_3": "2024-12", "base_yuan_3": "8000"}
        )
        assert two.result.answer.en == "About 49,920.00 yuan move along"

    def test_inside_a_province_no_money_moves_and_there_is_no_chart(self):
        result = answered(TRANSFER, MOVE | {"to_region": "320000"}).result
        assert result.answer.zh == "省内转移只转记录，不转资金"
        assert result.chart == ()


class TestRefusals:
    def test_the_field_keeps_its_value_and_says_what_is_wrong(self):
        view = answered(RETIREMENT, {"category": "male", "born": "1980-13"})
        assert view.result is None
        assert field(view, "born").value == "1980-13"
        assert "1972-06" in field(view, "born").problem.zh
        assert view.problem.zh == "还不能测算：出生年月（档案记载）"
        assert field(view, "category").problem is None

    @pytest.mark.parametrize(("tool", "values", "name"), [
        (PENSION, SICHUAN | {"index": "x"}, "index"),
        (PENSION, SICHUAN | {"index": ""}, "index"),
        (PENSION, SICHUAN | {"balance_yuan": "-5"}, "balance_yuan"),
        (PENSION, SICHUAN | {"balance_yuan": ""}, "balance_yuan"),
        (TRANSFER, MOVE | {"base_yuan_1": ""}, "base_yuan_1"),
        (TRANSFER, MOVE | {"first_2": "2024-01"}, "last_2"),
        (TRANSFER, MOVE | {"balance_yuan": ""}, "balance_yuan"),
    ])  # fmt: skip
    def test_it_stands_at_the_field_that_was_entered(self, tool, values, name):
        assert field(answered(tool, values), name).problem is not None

    def test_values_that_do_not_go_together_are_refused_in_words(self):
        view = answered(PENSION, SICHUAN | {"paid_months": "100"})
        assert view.result is None
        assert view.problem.zh == "累计缴费月数：至少需要180个月。"
        assert view.problem.en.startswith("Months in all: ")
        assert view.remedy.en

    def test_what_no_table_has_is_told_without_the_names_of_our_files(self):
        view = answered(PENSION, SICHUAN | {"born": "1920-01", "base_yuan": ""})
        assert view.result is None
        assert (
            "ledger/policy"
            not in view.problem.zh + view.remedy.zh + view.problem.en + view.remedy.en
        )
        assert "计发基数" in view.remedy.zh

    def test_a_month_given_twice_is_refused(self):
        twice = MOVE | {"first_2": "2022-01", "last_2": "2022-01", "base_yuan_2": "8000"}
        assert answered(TRANSFER, twice).problem is not None

    def test_a_field_that_the_form_does_not_have_is_refused(self):
        view = answered(RETIREMENT, {"category": "male", "born": "1980-01", "name": "x"})
        assert view.result is None
        assert view.problem is not None


class TestForms:
    def test_form_names(self):
        assert form_names("periods[1].base_fen") == ("base_fen_2", "base_yuan_2")
        assert form_names("index_e4") == ("index_e4", "index")
        assert form_names("born") == ("born",)

    def test_every_field_is_asked_once(self):
        for tool in QUESTIONS:
            names = [item.name for group in tool.fields() for item in group.fields]
            assert len(names) == len(set(names))
        assert len(TRANSFER.fields()) == 1 + STRETCHES

    def test_an_estimate_can_be_made_in_every_province_that_is_offered(self):
        assert {"110000", "320000", "340000", "510000"} <= {choice.value for choice in provinces()}
        for choice in provinces():
            assert answered(PENSION, SICHUAN | {"region": choice.value, "base_yuan": "",
                                                "born": "1975-06"}).result is not None  # fmt: skip
