from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ImpossibleFactError, ParameterMissingError
from ledger.policy.death_benefits import DeathQuestion, death_benefits
from ledger.policy.steps import may_decide
from ledger.policy.tables import Parameter, ParameterStatus

INCOME = Parameter(400_000, ParameterStatus.PUBLISHED, "statistics of the province", "given")
WORKING = DeathQuestion(
    died_on=date(2025, 3, 10), contribution_months=180, monthly_income=INCOME, account_fen=5_000_000
)
RETIRED = replace(
    WORKING, contribution_months=360, account_pension_fen=50_000, benefits_from_period=202001
)


class TestFuneral:
    def test_it_is_two_months_of_income(self):
        assert death_benefits(WORKING).funeral_fen == 800_000


class TestSurvivor:
    """人社部发〔2021〕18号, known from memory."""

    @pytest.mark.parametrize(
        ("contributed", "months"),
        [
            (0, 3),
            (59, 3),
            (60, 6),
            (119, 6),
            (120, 9),
            (180, 9),
            (191, 9),
            (192, 10),
            (204, 11),
            (359, 23),
            (360, 24),
            (480, 24),
        ],
    )
    def test_it_grows_with_the_years_of_contributions_up_to_24_months(self, contributed, months):
        found = death_benefits(replace(WORKING, contribution_months=contributed))
        assert (found.survivor_months, found.survivor_fen) == (months, months * 400_000)

    @pytest.mark.parametrize(
        ("first", "drawn", "months"),
        [
            (202503, 1, 24),
            (202405, 11, 24),
            (202404, 12, 23),
            (202001, 63, 19),
            (200904, 192, 9),
            (201004, 180, 9),
            (201104, 168, 10),
        ],
    )
    def test_each_year_drawn_takes_a_month_but_nine_remain(self, first, drawn, months):
        found = death_benefits(replace(RETIRED, benefits_from_period=first))
        assert (found.question.drawn_months, found.survivor_months) == (drawn, months)

    def test_the_rows_used_are_named(self):
        assert [row.row for row in death_benefits(WORKING).survivor_rows] == [
            "death_benefits: survivor 120"
        ]
        assert [row.row for row in death_benefits(RETIRED).survivor_rows] == [
            "death_benefits: survivor 120",
            "death_benefits: survivor_further_year 180",
            "death_benefits: survivor_most",
            "death_benefits: survivor_retired_year",
            "death_benefits: survivor_retired_least",
        ]


class TestInheritance:
    """社会保险法 art. 14."""

    def test_before_retirement_the_whole_account_is_inherited(self):
        assert death_benefits(WORKING).inheritance_fen == 5_000_000
        assert (WORKING.drawn_months, WORKING.account_pension_fen) == (0, 0)

    def test_after_it_what_was_not_drawn(self):
        assert death_benefits(RETIRED).inheritance_fen == 5_000_000 - 63 * 50_000

    @pytest.mark.parametrize(("balance", "left"), [(3_150_001, 1), (3_150_000, 0), (0, 0)])
    def test_an_account_drawn_empty_leaves_nothing(self, balance, left):
        assert death_benefits(replace(RETIRED, account_fen=balance)).inheritance_fen == left

    def test_who_died_before_the_first_month_drew_nothing(self):
        found = death_benefits(replace(RETIRED, benefits_from_period=202506))
        assert found.question.drawn_months == 0
        assert found.inheritance_fen == 5_000_000


class TestSteps:
    def test_each_payment_is_told_and_only_estimated(self):
        found = death_benefits(RETIRED)
        assert [step.code for step in found.steps] == [
            "funeral-grant",
            "survivor-grant",
            "account-inheritance",
            "death-total",
        ]
        assert found.total_fen == 800_000 + 19 * 400_000 + 1_850_000
        assert found.explanation.zh == "一次性支付合计102,500.00元"
        assert found.steps[1].text("en") == (
            "Survivor grant = 4,000.00 x 19 = 76,000.00 yuan "
            "(360 months of contributions, pension drawn for 63)"
        )
        assert found.steps[2].text("en").endswith("50,000.00 - 500.00 x 63 = 18,500.00 yuan")
        assert found.steps[0].text().startswith("丧葬补助金 = 4,000.00 × 2 = 8,000.00元")
        assert found.status is ParameterStatus.UNVERIFIED
        assert not may_decide(found)

    @given(st.integers(0, 600), st.integers(0, 10**8), st.integers(0, 10**5), st.integers(1, 10**6))
    def test_amounts_are_integers_never_negative_and_add_up(self, months, balance, part, income):
        found = death_benefits(
            replace(
                RETIRED,
                contribution_months=months,
                account_fen=balance,
                account_pension_fen=part,
                monthly_income=replace(INCOME, value=income),
            )
        )
        parts = [found.funeral_fen, found.survivor_fen, found.inheritance_fen]
        assert all(type(part) is int and part >= 0 for part in parts)
        assert found.total_fen == sum(parts)
        assert 9 <= found.survivor_months <= 24


class TestImpossible:
    @pytest.mark.parametrize(
        ("change", "field", "value"),
        [
            ({"contribution_months": -1}, "contribution_months", -1),
            ({"account_fen": -1}, "account_fen", -1),
            ({"account_pension_fen": -1}, "account_pension_fen", -1),
            ({"monthly_income": replace(INCOME, value=0)}, "monthly_income", 0),
        ],
    )
    def test_a_figure_that_cannot_be_is_refused(self, change, field, value):
        with pytest.raises(ImpossibleFactError) as caught:
            death_benefits(replace(RETIRED, **change))
        assert (caught.value.field, caught.value.value) == (field, value)

    def test_a_death_before_the_national_rule_is_refused(self):
        assert death_benefits(replace(WORKING, died_on=date(2021, 9, 1))).funeral_fen == 800_000
        with pytest.raises(ParameterMissingError) as caught:
            death_benefits(replace(WORKING, died_on=date(2021, 8, 31)))
        assert caught.value.fields() == {
            "parameter": "death benefits",
            "region": "100000",
            "key": "202108",
        }
