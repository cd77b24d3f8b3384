from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, ImpossibleFactError, PeriodError
from ledger.policy.pension_conversion import ConversionQuestion, Direction, convert_pension
from ledger.policy.steps import may_decide

QUESTION = ConversionQuestion(
    statutory_period=202609,
    as_of_period=202609,
    employee_months=180,
    employee_account_fen=5_000_000,
    resident_months=24,
    resident_account_fen=300_000,
)


class TestConversion:
    def test_with_the_minimum_months_residents_join_the_employees(self):
        conversion = convert_pension(QUESTION)
        assert (conversion.direction, conversion.months) == (Direction.TO_EMPLOYEE, 180)
        assert (conversion.account_fen, conversion.pool_fen) == (5_300_000, 0)
        assert conversion.steps[-1].code == "conversion-to-employee"
        assert "居民缴费24个月不折算" in conversion.explanation.zh

    def test_without_them_only_the_account_joins_the_residents(self):
        conversion = convert_pension(replace(QUESTION, employee_months=179))
        assert (conversion.direction, conversion.months) == (Direction.TO_RESIDENT, 203)
        assert (conversion.account_fen, conversion.pool_fen) == (5_300_000, 0)
        assert conversion.steps[-1].code == "conversion-to-resident"
        assert "203 months in all" in conversion.explanation.en

    def test_the_minimum_is_that_of_the_year_of_the_age(self):
        later = replace(QUESTION, statutory_period=203001, as_of_period=203001)
        assert convert_pension(replace(later, employee_months=186)).direction == "TO_EMPLOYEE"
        assert convert_pension(replace(later, employee_months=185)).direction == "TO_RESIDENT"

    def test_before_the_age_nothing_converts(self):
        conversion = convert_pension(replace(QUESTION, as_of_period=202608))
        assert (conversion.direction, conversion.months, conversion.account_fen) == (
            Direction.NONE, 0, 0,
        )  # fmt: skip
        assert conversion.steps[-1].code == "conversion-too-early"
        assert "2026年9月到龄" in conversion.explanation.zh

    def test_once_a_pension_is_drawn_nothing_converts(self):
        conversion = convert_pension(replace(QUESTION, draws_pension=True))
        assert (conversion.direction, conversion.months, conversion.account_fen) == (
            Direction.NONE, 0, 0,
        )  # fmt: skip
        assert conversion.steps[-1].code == "conversion-pension-drawn"

    def test_it_was_remembered_not_found_so_it_estimates(self):
        conversion = convert_pension(QUESTION)
        assert not may_decide(conversion)
        assert conversion.steps[-1].figures == {
            "employee_months": 180,
            "resident_months": 24,
            "needed": 180,
            "statutory_period": 202609,
            "account_fen": 5_300_000,
            "months": 180,
        }

    @pytest.mark.parametrize(
        ("changes", "rows"),
        [
            ({}, ["minimum_months", "rule_parameters: conversion_of_schemes 201407"]),
            (
                {"employee_months": 1},
                ["minimum_months", "rule_parameters: conversion_of_schemes 201407"],
            ),
            ({"as_of_period": 202608}, ["rule_parameters: conversion_of_schemes 201407"]),
            ({"draws_pension": True}, ["rule_parameters: conversion_of_schemes 201407"]),
        ],
    )
    def test_every_answer_tells_its_figures_and_rows(self, changes, rows):
        (step,) = convert_pension(replace(QUESTION, **changes)).steps
        assert step.figures["resident_months"] == 24
        assert [ground.row.split(":")[0] for ground in step.grounds] == [
            row.split(":")[0] for row in rows
        ]
        assert step.grounds[-1].row == rows[-1]
        assert step.text("zh") != step.text("en")

    @given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 10**9), st.integers(0, 10**9))
    def test_no_money_is_lost_and_a_month_more_never_counts_less(self, own, other, account, extra):
        question = replace(
            QUESTION,
            employee_months=own,
            resident_months=other,
            employee_account_fen=account,
            resident_account_fen=extra,
        )
        conversion = convert_pension(question)
        assert conversion.account_fen == account + extra
        assert conversion.months >= own


class TestRefusals:
    def test_before_july_2014_there_was_no_such_measure(self):
        first = replace(QUESTION, statutory_period=201407, as_of_period=201407)
        assert convert_pension(first).direction is Direction.TO_EMPLOYEE
        with pytest.raises(ImpossibleFactError) as caught:
            convert_pension(replace(first, as_of_period=201406))
        assert (caught.value.field, caught.value.value) == ("as_of_period", 201406)

    @pytest.mark.parametrize("field", ["employee_months", "resident_months"])
    def test_negative_months_are_refused(self, field):
        assert convert_pension(replace(QUESTION, **{field: 0})).months >= 0
        with pytest.raises(ImpossibleFactError) as caught:
            convert_pension(replace(QUESTION, **{field: -1}))
        assert (caught.value.field, caught.value.value) == (field, -1)

    @pytest.mark.parametrize("field", ["employee_account", "resident_account"])
    def test_negative_accounts_are_refused(self, field):
        with pytest.raises(AmountError) as caught:
            convert_pension(replace(QUESTION, **{f"{field}_fen": -1}))
        assert caught.value.field == field

    @pytest.mark.parametrize("field", ["statutory_period", "as_of_period"])
    def test_a_month_that_is_none_is_refused(self, field):
        with pytest.raises(PeriodError):
            convert_pension(replace(QUESTION, **{field: 202613}))
