from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, NotFoundError, PeriodError
from ledger.policy.identifiers import Sex
from ledger.policy.periods import month_range
from ledger.policy.transfer import (
    PaidMonth,
    Scope,
    TransferQuestion,
    Verdict,
    full_years,
    may_transfer,
    scope_of,
    transfer_amount,
)

QUESTION = TransferQuestion(
    from_region="340100",
    to_region="320100",
    sex=Sex.MALE,
    birth_on=date(1990, 5, 20),
    first_insured_on=date(2025, 4, 1),
    paid_months_at_destination=3,
    draws_pension=False,
)


class TestScope:
    def test_the_province_is_the_pool(self):
        assert scope_of("320500", "320100") is Scope.INTRA_POOL
        assert scope_of("340100", "320100") is Scope.CROSS_PROVINCE

    def test_a_place_in_no_province_is_refused(self):
        with pytest.raises(NotFoundError):
            scope_of("990101", "320100")


class TestMayTransfer:
    @pytest.mark.parametrize(
        ("changes", "verdict", "moves"),
        [
            ({}, Verdict.TRANSFER, True),
            ({"draws_pension": True, "from_region": "320500"}, Verdict.REFUSE, False),
            ({"paid_months_at_destination": 0}, Verdict.REFUSE, False),
            ({"from_region": "320500"}, Verdict.CONSOLIDATE, True),
            ({"birth_on": date(1975, 4, 1)}, Verdict.KEEP_WITH_TEMPORARY_ACCOUNT, False),
            ({"birth_on": date(1975, 4, 2)}, Verdict.TRANSFER, True),
            (
                {"sex": Sex.FEMALE, "birth_on": date(1985, 4, 1)},
                Verdict.KEEP_WITH_TEMPORARY_ACCOUNT,
                False,
            ),
            ({"birth_on": date(1970, 1, 1), "hukou_region": "320583"}, Verdict.TRANSFER, True),
            (
                {"birth_on": date(1970, 1, 1), "hukou_region": "340100"},
                Verdict.KEEP_WITH_TEMPORARY_ACCOUNT,
                False,
            ),
            ({"birth_on": date(1970, 1, 1), "official_posting": True}, Verdict.TRANSFER, True),
        ],
    )
    def test_the_first_rule_that_applies_decides(self, changes, verdict, moves):
        decision = may_transfer(replace(QUESTION, **changes))
        assert decision.verdict is verdict
        assert decision.relation_moves is moves
        assert decision.explanation.zh
        assert decision.explanation.en
        assert decision.explanation.source

    @pytest.mark.parametrize(
        ("birth", "day", "years"),
        [
            (date(1975, 4, 1), date(2025, 3, 31), 49),
            (date(1975, 4, 1), date(2025, 4, 1), 50),
            (date(2000, 2, 29), date(2025, 2, 28), 24),
            (date(2000, 2, 29), date(2025, 3, 1), 25),
        ],
    )
    def test_age_is_counted_in_full_years(self, birth, day, years):
        assert full_years(birth, day) == years


class TestAmount:
    def test_account_and_twelve_percent_of_each_years_base(self):
        months = [PaidMonth(period, 600_000) for period in month_range(202307, 202402)]
        amount = transfer_amount(months, 400_000, Scope.CROSS_PROVINCE)
        assert [
            (row.year, row.months_paid, row.base_total_fen, row.pool_transfer_fen)
            for row in amount.years
        ] == [
            (2023, 6, 3_600_000, 432_000),
            (2024, 2, 1_200_000, 144_000),
        ]
        assert (amount.pool_fen, amount.account_fen, amount.fund_fen) == (576_000, 400_000, 976_000)
        assert amount.months == 8
        assert (
            "4,000.00元 + 1998年以来各年缴费基数的12% 5,760.00元（8个月）= 9,760.00元"
            in amount.explanation.zh
        )

    def test_rounding_is_half_up_a_year_row_and_then_summed(self):
        # 12 % of 4 fen is 0.48, of 5 is 0.60, of 21 is 2.52
        months = [
            PaidMonth(202212, 4),
            PaidMonth(202312, 5),
            PaidMonth(202401, 10),
            PaidMonth(202402, 11),
        ]
        amount = transfer_amount(months, 0, Scope.CROSS_PROVINCE)
        assert [row.pool_transfer_fen for row in amount.years] == [0, 1, 3]

    def test_years_before_1998_add_nothing_to_the_pool_part(self):
        amount = transfer_amount(
            [PaidMonth(199712, 100_000), PaidMonth(199801, 100_000)], 0, Scope.CROSS_PROVINCE
        )
        assert [row.pool_transfer_fen for row in amount.years] == [0, 12_000]

    def test_inside_one_pool_no_money_moves(self):
        amount = transfer_amount([PaidMonth(202401, 600_000)], 48_000, Scope.INTRA_POOL)
        assert (amount.pool_fen, amount.account_fen, amount.fund_fen) == (72_000, 48_000, 0)
        assert "no money moves" in amount.explanation.en

    @given(
        st.dictionaries(
            st.sampled_from(list(month_range(202001, 202608))), st.integers(0, 3_000_000)
        )
    )
    def test_the_pool_part_is_within_half_a_fen_a_year_of_twelve_percent(self, bases):
        months = [PaidMonth(period, base) for period, base in bases.items()]
        amount = transfer_amount(months, 0, Scope.CROSS_PROVINCE)
        assert abs(amount.pool_fen * 100 - sum(bases.values()) * 12) <= 50 * len(amount.years)
        assert amount.months == len(bases)

    def test_a_month_counts_once(self):
        with pytest.raises(PeriodError):
            transfer_amount([PaidMonth(202401, 1), PaidMonth(202401, 1)], 0, Scope.CROSS_PROVINCE)

    @pytest.mark.parametrize(("base", "account"), [(-1, 0), (0, -1)])
    def test_negative_amounts_are_refused(self, base, account):
        with pytest.raises(AmountError):
            transfer_amount([PaidMonth(202401, base)], account, Scope.CROSS_PROVINCE)
