from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ImpossibleFactError, ParameterMissingError, PeriodError
from ledger.policy.pension import PensionQuestion, pension
from ledger.policy.periods import month_range
from ledger.policy.retirement import Category
from ledger.policy.running_pension import (
    Adjustment,
    DecidedAmount,
    PensionHistory,
    PensionState,
    arrears,
    as_known_on,
    average_adjustment,
    month_due,
)
from ledger.policy.steps import may_decide
from ledger.policy.tables import Parameter, ParameterStatus

PUBLISHED = ParameterStatus.PUBLISHED
PROVISIONAL = ParameterStatus.PROVISIONAL

# Rules d: a provisional 3 916.03 was decided again as 3 929.92 in 2024-06.
FIRST = DecidedAmount(date(2024, 3, 20), 391_603, PROVISIONAL, "A-1")
FINAL = DecidedAmount(date(2024, 6, 15), 392_992, PUBLISHED, "A-2")
PENSION = PensionHistory(
    region="510100",
    benefits_from_period=202403,
    birth_period=197402,
    months=382,
    decisions=(FIRST,),
)
RAISE = Adjustment(
    effective_period=202501,
    retired_by_period=202412,
    source="notice of the province",
    status=PUBLISHED,
    announced_on=date(2025, 7, 20),
    fixed_fen=2_800,
    per_year_fen=100,
    rate_bps=120,
)


def with_events(**changes):
    return replace(PENSION, decisions=(FIRST, FINAL), **changes)


class TestMonthDue:
    def test_the_decided_amount_is_due_from_the_first_month_on(self):
        assert month_due(PENSION, 202402).amount_fen == 0
        assert month_due(PENSION, 202402).state is PensionState.BEFORE_START
        assert month_due(PENSION, 202403).amount_fen == 391_603
        assert month_due(PENSION, 202403).state is PensionState.RUNNING

    def test_a_later_decision_replaces_it_from_the_first_month_on(self):
        history = replace(PENSION, decisions=(FINAL, FIRST))
        assert month_due(history, 202403).amount_fen == 392_992
        assert month_due(history, 202403).decided is FINAL

    def test_the_month_of_death_is_paid_and_none_after_it(self):
        history = with_events(died_on=date(2025, 3, 1))
        assert month_due(history, 202503).amount_fen == 392_992
        assert month_due(history, 202504).amount_fen == 0
        after = month_due(history, 202504)
        assert (after.state, after.decided) == (PensionState.AFTER_DEATH, FINAL)
        assert (after.period, after.applied) == (202504, ())

    def test_somebody_who_died_before_the_start_is_paid_nothing(self):
        history = with_events(died_on=date(2024, 2, 29))
        assert {month_due(history, month).amount_fen for month in (202402, 202403)} == {0}
        assert month_due(history, 202403).state is PensionState.AFTER_DEATH

    def test_a_history_without_a_decision_or_below_zero_is_refused(self):
        with pytest.raises(ImpossibleFactError) as caught:
            month_due(replace(PENSION, decisions=()), 202403)
        assert (caught.value.field, caught.value.value) == ("decisions", 0)
        negative = replace(FIRST, amount_fen=-1)
        with pytest.raises(ImpossibleFactError) as caught:
            month_due(replace(PENSION, decisions=(negative,)), 202403)
        assert (caught.value.field, caught.value.value) == ("amount_fen", -1)
        with pytest.raises(ImpossibleFactError) as caught:
            month_due(replace(PENSION, months=-1), 202403)
        assert (caught.value.field, caught.value.value) == ("months", -1)
        assert month_due(replace(PENSION, months=0), 202403).amount_fen == 391_603

    def test_a_month_that_does_not_exist_is_refused(self):
        with pytest.raises(PeriodError):
            month_due(PENSION, 202413)
        with pytest.raises(PeriodError):
            month_due(replace(PENSION, benefits_from_period=202400), 202403)


class TestAdjustment:
    def test_it_adds_fixed_by_years_and_by_the_pension_from_its_month_on(self):
        history = with_events(adjustments=(RAISE,))
        assert month_due(history, 202412).amount_fen == 392_992
        # 28.00 + 32 x 1.00 (31 years 10 months) + 1.2 % of 3 929.92 = 47.16 (47.15904)
        assert month_due(history, 202501).amount_fen == 392_992 + 2_800 + 3_200 + 4_716

    def test_a_begun_year_may_not_count(self):
        whole = replace(RAISE, partial_year_counts=False)
        applied = month_due(with_events(adjustments=(whole,)), 202501).applied[0]
        assert applied.years_fen == 3_100

    @pytest.mark.parametrize(
        ("months", "begun", "whole"), [(360, 30, 30), (361, 31, 30), (371, 31, 30), (383, 32, 31)]
    )
    def test_years_are_counted_to_the_month(self, months, begun, whole):
        for partial, years in ((True, begun), (False, whole)):
            rule = replace(RAISE, partial_year_counts=partial)
            history = replace(with_events(adjustments=(rule,)), months=months)
            assert month_due(history, 202501).applied[0].years_fen == years * 100

    def test_a_later_one_counts_from_the_pension_before_it(self):
        later = replace(
            RAISE, effective_period=202601, retired_by_period=202512, fixed_fen=0, per_year_fen=0
        )
        history = with_events(adjustments=(later, RAISE))
        before = 403_708
        assert month_due(history, 202512).amount_fen == before
        assert month_due(history, 202601).amount_fen == before + 4_844  # 1.2 % of 4 037.08
        assert [item.adjustment for item in month_due(history, 202601).applied] == [RAISE, later]

    @pytest.mark.parametrize(("first", "covered"), [(202501, True), (202502, False)])
    def test_it_covers_who_had_retired_by_its_date(self, first, covered):
        history = with_events(adjustments=(RAISE,), benefits_from_period=first)
        assert bool(month_due(history, 202506).applied) is covered

    @pytest.mark.parametrize(
        ("birth", "added"),
        [(195501, 0), (195412, 2_000), (195001, 2_000), (194412, 6_000), (193001, 6_000)],
    )
    def test_the_oldest_age_reached_by_the_end_of_the_year_before_counts(self, birth, added):
        aged = replace(RAISE, ages=((70, 2_000), (80, 6_000)))
        history = with_events(adjustments=(aged,), birth_period=birth)
        assert month_due(history, 202501).applied[0].age_fen == added

    def test_the_month_by_which_an_age_is_reached_may_be_another(self):
        aged = replace(RAISE, ages=((70, 2_000),), age_period=202506)
        for birth, added in ((195506, 2_000), (195507, 0)):
            history = with_events(adjustments=(aged,), birth_period=birth)
            assert month_due(history, 202501).applied[0].age_fen == added

    @pytest.mark.parametrize(
        "change",
        [{"fixed_fen": -1}, {"per_year_fen": -1}, {"rate_bps": -1}, {"ages": ((99, -1),)}],
    )
    def test_it_never_lowers_a_pension(self, change):
        with pytest.raises(ImpossibleFactError) as caught:
            month_due(with_events(adjustments=(replace(RAISE, **change),)), 202501)
        assert (caught.value.field, caught.value.value) == ("adjustment", -1)

    def test_the_nations_average_is_an_estimate(self):
        average = average_adjustment(2024)
        assert (average.effective_period, average.retired_by_period) == (202401, 202312)
        assert (average.rate_bps, average.fixed_fen) == (300, 0)
        assert average.status is ParameterStatus.UNVERIFIED
        assert average.row == "adjustment_averages: 2024"
        assert average.source.startswith("memory-H")
        assert average_adjustment(2023).rate_bps == 380
        with pytest.raises(ParameterMissingError) as caught:
            average_adjustment(2015)
        assert caught.value.fields() == {
            "parameter": "average adjustment",
            "region": "100000",
            "key": "2015",
        }

    @given(
        st.integers(0, 10**6),
        st.lists(
            st.builds(
                Adjustment,
                effective_period=st.integers(2020, 2030).map(lambda year: year * 100 + 1),
                retired_by_period=st.just(203012),
                source=st.just("notice"),
                status=st.just(PUBLISHED),
                fixed_fen=st.integers(0, 10**4),
                per_year_fen=st.integers(0, 1_000),
                rate_bps=st.integers(0, 1_000),
                ages=st.just(((70, 500),)),
            ),
            max_size=4,
        ),
    )
    def test_a_running_pension_never_falls(self, amount, adjustments):
        history = replace(
            PENSION,
            benefits_from_period=201901,
            decisions=(replace(FINAL, amount_fen=amount),),
            adjustments=tuple(adjustments),
        )
        due = [month_due(history, month).amount_fen for month in month_range(201901, 203101)]
        assert due == sorted(due)
        assert due[0] == amount


class TestSteps:
    def test_a_running_month_tells_decision_adjustments_and_amount(self):
        due = month_due(with_events(adjustments=(RAISE,)), 202501)
        assert [step.code for step in due.steps] == [
            "province-option",
            "decided-amount",
            "adjustment",
            "month-due",
        ]
        assert due.steps[1].grounds[0].row == "decision: A-2"
        assert due.steps[1].grounds[0].source == "A-2"
        assert due.steps[2].grounds[0].row == "given"
        assert "3,929.92 before, fixed 28.00, for years 32.00, 1.2%" in due.steps[2].text("en")
        assert due.explanation.zh == "2025年1月应发4,037.08元"
        assert may_decide(due)

    def test_a_provisional_decision_stays_provisional(self):
        assert month_due(PENSION, 202403).status is PROVISIONAL

    def test_rounding_is_shown_only_where_something_was_rounded(self):
        plain = replace(RAISE, rate_bps=0)
        steps = month_due(with_events(adjustments=(plain,)), 202501).steps
        assert [step.code for step in steps] == ["decided-amount", "adjustment", "month-due"]

    def test_a_month_without_pension_says_why(self):
        history = with_events(died_on=date(2025, 3, 1))
        before, after = month_due(history, 202402), month_due(history, 202504)
        assert [step.code for step in before.steps] == ["month-before-start"]
        assert [step.code for step in after.steps] == ["month-after-death"]
        assert (before.status, after.status) == (PUBLISHED, ParameterStatus.UNVERIFIED)
        assert after.steps[0].grounds[0].row == "rule_parameters: death_month_is_due"
        assert before.explanation.zh == "2024年2月尚未开始发放，应发0.00元"
        assert after.explanation.en.endswith("0.00 yuan are due for 2025-04")


class TestArrears:
    def test_a_re_decision_pays_the_difference_back_to_the_first_month(self):
        paid = dict.fromkeys(month_range(202403, 202405), 391_603)
        found = arrears(with_events(), paid, 202403, 202405)
        assert found.owed_fen == 3 * 1_389
        assert found.overpaid_fen == 0
        assert [month.due.period for month in found.months] == [202403, 202404, 202405]
        assert found.steps[-1].figures["owed_fen"] == 4_167
        assert [step.code for step in found.steps] == ["decided-amount", "month-due", "arrears"]

    def test_once_the_base_is_published_what_was_paid_on_last_years_is_made_up(self):
        asked = PensionQuestion(
            region="320100",
            category=Category.MALE,
            birth_period=196412,
            retirement_period=202412,
            paid_months=361,
            index_e4=10_000,
            account_fen=13_900_000,
            base=Parameter(1_000_000, PROVISIONAL, "last year's notice", "given"),
        )
        published = Parameter(1_010_000, PUBLISHED, "this year's notice", "given")
        first, final = pension(asked), pension(replace(asked, base=published))
        assert (first.provisional, final.provisional) == (True, False)
        history = PensionHistory(
            region=asked.region,
            benefits_from_period=first.benefits_from_period,
            birth_period=asked.birth_period,
            months=asked.months,
            decisions=(
                DecidedAmount(date(2024, 12, 20), first.total_fen, first.status, "B-1"),
                DecidedAmount(date(2025, 8, 1), final.total_fen, final.status, "B-2"),
            ),
        )
        paid = dict.fromkeys(month_range(202501, 202507), first.total_fen)
        # 10 000 and 10 100 x 361/12 x 1 %: 3 008.33 and 3 038.42
        assert arrears(history, paid, 202501, 202507).owed_fen == 7 * 3_009

    def test_what_was_paid_after_the_death_is_too_much(self):
        paid = dict.fromkeys(month_range(202403, 202506), 392_992)
        found = arrears(with_events(died_on=date(2025, 3, 31)), paid, 202403, 202506)
        assert (found.owed_fen, found.overpaid_fen) == (0, 3 * 392_992)
        assert [month.difference_fen for month in found.months] == [-392_992] * 3
        assert found.steps[0].code == "month-after-death"

    def test_both_may_stand_side_by_side(self):
        paid = {202403: 400_000}
        found = arrears(with_events(), paid, 202403, 202404)
        assert (found.owed_fen, found.overpaid_fen) == (392_992, 7_008)

    def test_when_everything_agrees_nothing_is_owed(self):
        paid = {202403: 392_992}
        found = arrears(with_events(), paid, 202402, 202403)
        assert found.months == ()
        assert [step.code for step in found.steps] == ["arrears"]
        assert (found.owed_fen, found.overpaid_fen) == (0, 0)
        assert (found.first_period, found.last_period) == (202402, 202403)


class TestAsKnown:
    def test_what_was_decided_or_announced_later_is_left_out(self):
        history = with_events(adjustments=(RAISE,))
        early = as_known_on(history, date(2024, 6, 14))
        assert month_due(early, 202403).amount_fen == 391_603
        assert month_due(as_known_on(history, date(2024, 6, 15)), 202403).amount_fen == 392_992
        before = as_known_on(history, date(2025, 7, 19))
        after = as_known_on(history, date(2025, 7, 20))
        assert month_due(before, 202501).amount_fen == 392_992
        assert month_due(after, 202501).amount_fen == 403_708

    def test_an_adjustment_without_a_date_is_always_known(self):
        history = with_events(adjustments=(replace(RAISE, announced_on=None),))
        assert as_known_on(history, date(2024, 6, 15)).adjustments == history.adjustments

    @pytest.mark.parametrize(
        ("known_on", "day", "known"),
        [
            (None, date(2025, 3, 1), True),
            (None, date(2025, 2, 28), False),
            (date(2025, 5, 2), date(2025, 5, 1), False),
            (date(2025, 5, 2), date(2025, 5, 2), True),
        ],
    )
    def test_a_death_is_known_when_it_is_reported(self, known_on, day, known):
        history = with_events(died_on=date(2025, 3, 1), death_known_on=known_on)
        assert (as_known_on(history, day).died_on is not None) is known

    def test_before_the_first_decision_nothing_is_known(self):
        with pytest.raises(ImpossibleFactError):
            as_known_on(PENSION, date(2024, 3, 19))
