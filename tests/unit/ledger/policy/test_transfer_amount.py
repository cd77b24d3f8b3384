"""What moves with a relation, to the fen: 66号 article 4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, ParameterMissingError, PeriodError
from ledger.policy.periods import month_range
from ledger.policy.steps import may_decide
from ledger.policy.transfer import Scope
from ledger.policy.transfer_amount import (
    AccountMoney,
    Excluded,
    Exclusion,
    InsuredMonth,
    MonthStatus,
    account_share_excess,
    transfer_amount,
)

NOTHING = AccountMoney(0)
bases = st.dictionaries(
    st.sampled_from(list(month_range(199701, 202608))), st.integers(0, 3_000_000)
)


def crossing(months, account=NOTHING):
    return transfer_amount(months, account, Scope.CROSS_PROVINCE)


class TestPool:
    def test_account_and_twelve_percent_of_each_years_base(self):
        months = [InsuredMonth(period, 600_000) for period in month_range(202307, 202402)]
        amount = crossing(months, AccountMoney(400_000))
        assert [
            (
                row.year,
                row.months_paid,
                row.from_period,
                row.to_period,
                row.base_total_fen,
                row.pool_transfer_fen,
            )
            for row in amount.years
        ] == [
            (2023, 6, 202307, 202312, 3_600_000, 432_000),
            (2024, 2, 202401, 202402, 1_200_000, 144_000),
        ]
        assert (amount.pool_fen, amount.account_fen, amount.fund_fen) == (576_000, 400_000, 976_000)
        assert amount.months == 8
        assert (
            "4,000.00元 + 1998年以来各年缴费基数的12% 5,760.00元（8个月）= 9,760.00元"
            in amount.explanation.zh
        )

    def test_it_is_twelve_percent_whatever_was_paid(self):
        # 16 % unit rate: 4 points stay; 20 %: 8 points stay; a flexible worker's 20 % move whole
        assert crossing([InsuredMonth(202401, 1_000_000)]).pool_fen == 120_000

    def test_rounding_is_half_up_a_year_row_and_then_summed(self):
        # 12 % of 4 fen is 0.48, of 5 is 0.60, of 21 is 2.52
        months = [
            InsuredMonth(202212, 4),
            InsuredMonth(202312, 5),
            InsuredMonth(202401, 10),
            InsuredMonth(202402, 11),
        ]
        assert [row.pool_transfer_fen for row in crossing(months).years] == [0, 1, 3]

    def test_years_before_1998_add_nothing_to_the_pool_part(self):
        amount = crossing([InsuredMonth(199712, 100_000), InsuredMonth(199801, 100_000)])
        assert [row.pool_transfer_fen for row in amount.years] == [0, 12_000]
        assert amount.months == 2
        assert [step.code for step in amount.steps] == [
            "transfer-year-before-1998", "transfer-year", "transfer-amount",
        ]  # fmt: skip

    def test_inside_one_pool_no_money_moves(self):
        months = [InsuredMonth(202401, 600_000)]
        amount = transfer_amount(months, AccountMoney(48_000), Scope.INTRA_POOL)
        assert (amount.pool_fen, amount.account_fen, amount.fund_fen) == (72_000, 48_000, 0)
        assert amount.steps[-1].figures["fund_fen"] == 0
        assert amount.steps[-1].code == "transfer-amount-inside-pool"
        assert "no money moves" in amount.explanation.en

    @given(bases)
    def test_the_pool_part_is_within_half_a_fen_a_year_of_twelve_percent(self, found):
        amount = crossing([InsuredMonth(period, base) for period, base in found.items()])
        counted = sum(base for period, base in found.items() if period >= 199801)
        assert abs(amount.pool_fen * 100 - counted * 12) <= 50 * len(amount.years)
        assert amount.months == len(found)

    @given(bases, st.sampled_from(list(month_range(199701, 202608))), st.integers(0, 3_000_000))
    def test_one_more_month_never_lowers_months_or_money(self, found, period, base):
        before = crossing([InsuredMonth(month, fen) for month, fen in found.items()])
        more = {period: base} | found
        after = crossing([InsuredMonth(month, fen) for month, fen in more.items()])
        assert after.months >= before.months
        assert after.fund_fen >= before.fund_fen
        assert isinstance(after.fund_fen, int)
        assert min(after.pool_fen, after.account_fen, after.fund_fen) >= 0

    @given(bases, bases)
    def test_two_hops_move_what_one_hop_moved_and_the_months_since(self, first, second):
        there = [InsuredMonth(period, base, region="340000") for period, base in first.items()]
        here = [
            InsuredMonth(period, base, region="320000")
            for period, base in second.items()
            if period not in first
        ]
        hop = crossing(there)
        onward = crossing([*there, *here])
        assert onward.pool_fen == hop.pool_fen + crossing(here).pool_fen
        assert [row for row in onward.years if row.region == "340000"] == list(hop.years)

    def test_rows_of_two_places_in_one_year_stand_apart(self):
        months = [
            InsuredMonth(202401, 5, region="340000"),
            InsuredMonth(202402, 5, region="320000"),
        ]
        amount = crossing(months)
        assert [(row.region, row.pool_transfer_fen) for row in amount.years] == [
            ("320000", 1), ("340000", 1),
        ]  # fmt: skip
        assert amount.steps[0].figures["region"] == "320000"


class TestExclusions:
    def test_what_was_never_paid_or_was_paid_back_is_left_out(self):
        months = [
            InsuredMonth(202401, 100_000, MonthStatus.PAID),
            InsuredMonth(202402, 100_000, MonthStatus.ARREARS_PAID),
            InsuredMonth(202403, 100_000, MonthStatus.LUMP_SUM),
            InsuredMonth(202404, 100_000, MonthStatus.DEEMED),
            InsuredMonth(202405, 100_000, MonthStatus.UNPAID),
            InsuredMonth(202406, 100_000, MonthStatus.REFUNDED),
            InsuredMonth(202407, 100_000, MonthStatus.REFUNDED),
        ]
        amount = crossing(months)
        assert (amount.months, amount.pool_fen) == (3, 36_000)
        assert amount.excluded == (
            Excluded(Exclusion.DEEMED, 1, 0),
            Excluded(Exclusion.UNPAID, 1, 0),
            Excluded(Exclusion.REFUNDED, 2, 0),
        )
        assert [step.code for step in amount.steps][1:-1] == [
            "transfer-excludes-deemed", "transfer-excludes-unpaid", "transfer-excludes-refunded",
        ]  # fmt: skip
        assert "2个月" in amount.steps[-2].text()
        assert [step.grounds for step in amount.steps[1:-1]] == [(), (), ()]

    def test_of_the_years_before_1998_only_the_persons_part_moves(self):
        account = AccountMoney(1_000, person_before_1998_fen=200, unit_before_1998_fen=300)
        amount = crossing([], account)
        assert (amount.account_fen, amount.fund_fen) == (1_200, 1_200)
        assert amount.excluded == (Excluded(Exclusion.UNIT_BEFORE_1998, 0, 300),)
        assert "3.00元" in amount.steps[0].text()

    def test_what_was_recorded_above_the_national_share_stays(self):
        amount = crossing([], AccountMoney(1_000, excess_fen=1_000))
        assert amount.account_fen == 0
        assert amount.excluded == (Excluded(Exclusion.ABOVE_ACCOUNT_SHARE, 0, 1_000),)
        assert amount.steps[0].grounds[0].row == "rule_parameters: account_share_limit 200601"

    def test_the_share_of_the_month_asked_about_is_named(self):
        amount = transfer_amount([], AccountMoney(5, excess_fen=5), Scope.CROSS_PROVINCE, 201001)
        assert amount.steps[0].grounds[0].value == 800

    @pytest.mark.parametrize(
        ("period", "recorded", "excess"),
        [(200512, 1_100, 0), (200512, 1_101, 1), (200601, 801, 1), (200601, 799, 0)],
    )
    def test_the_share_is_eleven_percent_until_2005_and_eight_since(self, period, recorded, excess):
        assert account_share_excess(period, 10_000, recorded) == excess

    @pytest.mark.parametrize(("base", "recorded", "field"), [(-1, 0, "base"), (0, -1, "recorded")])
    def test_negative_shares_are_refused(self, base, recorded, field):
        with pytest.raises(AmountError) as caught:
            account_share_excess(202401, base, recorded)
        assert caught.value.field == field

    def test_before_1998_there_is_no_share(self):
        with pytest.raises(ParameterMissingError):
            account_share_excess(199712, 1, 1)


class TestSteps:
    def test_each_year_is_told_with_its_figures_and_rows(self):
        amount = crossing([InsuredMonth(202401, 600_000)], AccountMoney(5))
        year, conclusion = amount.steps
        assert year.figures == {
            "year": 2024,
            "months": 1,
            "base_total_fen": 600_000,
            "share_bps": 1_200,
            "pool_transfer_fen": 72_000,
        }
        assert [ground.row for ground in year.grounds] == [
            "rule_parameters: transfer_pool_share 201001",
            "rule_parameters: transfer_first_pool_year 201001",
        ]
        assert "6,000.00元 × 12% = 720.00元" in year.text()
        assert conclusion.figures == {
            "months": 1,
            "account_fen": 5,
            "pool_fen": 72_000,
            "share_bps": 1_200,
            "fund_fen": 72_005,
        }

    def test_the_share_was_remembered_not_found_so_it_estimates(self):
        assert not may_decide(crossing([InsuredMonth(202401, 1)]))

    def test_the_law_of_the_month_applies(self):
        with pytest.raises(ParameterMissingError):
            transfer_amount([], NOTHING, Scope.CROSS_PROVINCE, 200912)
        assert transfer_amount([], NOTHING, Scope.CROSS_PROVINCE, 201001).fund_fen == 0


class TestRefusals:
    def test_a_month_counts_once_wherever_it_was_paid(self):
        months = [
            InsuredMonth(202401, 1, region="340000"),
            InsuredMonth(202401, 1, region="320000"),
        ]
        with pytest.raises(PeriodError) as caught:
            crossing(months)
        assert (caught.value.value, caught.value.reason) == (202401, "it appears twice")

    def test_a_thirteenth_month_is_refused(self):
        with pytest.raises(PeriodError):
            crossing([InsuredMonth(202413, 1)])

    @pytest.mark.parametrize(
        ("account", "field"),
        [
            (AccountMoney(-1), "account"),
            (AccountMoney(0, person_before_1998_fen=-1), "person_before_1998"),
            (AccountMoney(0, unit_before_1998_fen=-1), "unit_before_1998"),
            (AccountMoney(0, excess_fen=-1), "excess"),
            (AccountMoney(5, excess_fen=6), "excess"),
        ],
    )
    def test_impossible_accounts_are_refused(self, account, field):
        with pytest.raises(AmountError) as caught:
            crossing([], account)
        assert caught.value.field == field

    def test_a_negative_base_is_refused(self):
        with pytest.raises(AmountError) as caught:
            crossing([InsuredMonth(202401, -1)])
        assert caught.value.field == "base"
