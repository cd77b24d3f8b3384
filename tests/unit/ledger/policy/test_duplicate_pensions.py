"""Pensions drawn twice: what goes on, what is due back, and the order of setting it off."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, ImpossibleFactError, NotFoundError, PeriodError
from ledger.policy.duplicate_pensions import DrawnPension, settle_duplicates
from ledger.policy.insurance import InsuranceKind
from ledger.policy.steps import may_decide

NANJING = DrawnPension(
    "1",
    "320100",
    InsuranceKind.PENSION_EMPLOYEE,
    {202601: 300_000, 202602: 300_000, 202603: 300_000},
    account_fen=9_000,
)
HEFEI = DrawnPension(
    "2",
    "340100",
    InsuranceKind.PENSION_EMPLOYEE,
    {202602: 250_000, 202603: 250_000, 202604: 250_000},
    account_fen=120_000,
)
RESIDENT = DrawnPension(
    "3",
    "340100",
    InsuranceKind.PENSION_RESIDENT,
    {202602: 20_000, 202603: 20_000},
    account_fen=60_000,
    subsidy_fen=10_000,
)


def settle(*pensions, monthly=100_000, **facts):
    return settle_duplicates(pensions, 202610, monthly, **facts)


class TestKept:
    def test_an_employees_pension_goes_on_before_a_residents(self):
        for order in ((NANJING, RESIDENT), (RESIDENT, NANJING)):
            settlement = settle(*order)
            assert settlement.kept == NANJING
            assert settlement.steps[0].code == "duplicate-kept-by-law"
            assert settlement.steps[0].figures == {"region": "320100", "kind": "PENSION_EMPLOYEE"}

    def test_a_civil_servants_as_well(self):
        civil = replace(NANJING, kind=InsuranceKind.PENSION_CIVIL)
        assert settle(civil, RESIDENT).kept == civil

    @pytest.mark.parametrize(("keep", "kept"), [("1", NANJING), ("2", HEFEI)])
    def test_between_two_employees_it_is_agreed(self, keep, kept):
        settlement = settle(NANJING, HEFEI, keep=keep)
        assert settlement.kept == kept
        assert settlement.steps[0].code == "duplicate-kept-by-agreement"

    @pytest.mark.parametrize(
        "pensions",
        [
            (NANJING, HEFEI),
            (NANJING, HEFEI, RESIDENT),
            (RESIDENT, replace(RESIDENT, pension_id="4")),
        ],
    )
    def test_without_agreement_nothing_is_settled(self, pensions):
        with pytest.raises(ImpossibleFactError) as caught:
            settle(*pensions)
        assert (caught.value.field, caught.value.value) == ("keep", "-")

    def test_a_residents_cannot_be_agreed_on_beside_an_employees(self):
        with pytest.raises(ImpossibleFactError) as caught:
            settle(NANJING, RESIDENT, keep="3")
        assert (caught.value.field, caught.value.value) == ("keep", "3")
        other = replace(RESIDENT, pension_id="4")
        assert settle(RESIDENT, other, keep="4").kept == other


class TestDue:
    def test_only_months_drawn_twice_are_due_back(self):
        (stopped,) = settle(NANJING, HEFEI, keep="1").stopped
        assert (stopped.months, stopped.due_fen) == ((202602, 202603), 500_000)

    def test_of_a_residents_pension_the_basic_part_is(self):
        settlement = settle(NANJING, RESIDENT)
        (stopped,) = settlement.stopped
        assert (stopped.due_fen, stopped.from_account_fen, stopped.from_pension_fen) == (
            40_000, 40_000, 0,
        )  # fmt: skip
        assert stopped.refund_fen == settlement.refund_fen == 10_000
        assert settlement.deductions is None
        assert settlement.steps[1].code == "duplicate-stopped-resident"
        (kept, resident, settled) = settlement.steps
        assert settled.code == "duplicate-settled"
        assert settled.figures == {
            "due_fen": 40_000, "repaid_fen": 0, "from_account_fen": 40_000, "refund_fen": 10_000,
        }  # fmt: skip
        assert [ground.row for step in (kept, resident, settled) for ground in step.grounds] == [
            "insurance_kinds: PENSION_EMPLOYEE",
            "rule_parameters: resident_repays_basic_pension 201407",
            "rule_parameters: duplicate_pension_order 201001",
        ]
        assert "应退基础养老金400.00元" in resident.text()

    def test_of_three_in_one_month_one_stays_paid(self):
        third = replace(
            HEFEI, pension_id="5", region="510100", drawn={202604: 1, 202601: 2, 202512: 4}
        )
        settlement = settle(NANJING, HEFEI, third, keep="1")
        assert [item.months for item in settlement.stopped] == [(202602, 202603), (202601, 202604)]
        assert settlement.due_fen == 500_003


class TestOffset:
    def test_first_the_account_then_the_pension_that_goes_on(self):
        settlement = settle(NANJING, HEFEI, keep="1", repaid={"2": 30_000})
        (stopped,) = settlement.stopped
        assert (
            stopped.due_fen,
            stopped.repaid_fen,
            stopped.from_account_fen,
            stopped.from_pension_fen,
            stopped.refund_fen,
        ) == (500_000, 30_000, 120_000, 350_000, 0)
        deductions = settlement.deductions
        assert (deductions.from_period, deductions.to_period, deductions.months) == (
            202610, 202701, 4,
        )  # fmt: skip
        assert (deductions.monthly_fen, deductions.last_fen) == (100_000, 50_000)
        assert deductions.total_fen == 350_000

    @pytest.mark.parametrize(
        ("monthly", "months", "last"),
        [(190_000, 2, 190_000), (379_999, 2, 1), (380_000, 1, 380_000), (380_001, 1, 380_000)],
    )
    def test_the_last_deduction_is_what_is_left(self, monthly, months, last):
        deductions = settle(NANJING, HEFEI, keep="1", monthly=monthly).deductions
        assert (deductions.months, deductions.last_fen) == (months, last)
        assert deductions.total_fen == 380_000

    def test_what_is_repaid_in_full_leaves_the_account_to_the_person(self):
        settlement = settle(NANJING, HEFEI, keep="1", repaid={"2": 500_000})
        assert settlement.deductions is None
        assert settlement.refund_fen == 120_000

    @given(
        st.dictionaries(st.integers(202601, 202612), st.integers(0, 10**6)),
        st.dictionaries(st.integers(202601, 202612), st.integers(0, 10**6)),
        st.integers(0, 10**6),
        st.integers(50_000, 10**6),
    )
    def test_every_fen_due_comes_from_somewhere(self, first, second, account, monthly):
        kept = replace(NANJING, drawn=first)
        other = replace(HEFEI, drawn=second, account_fen=account)
        settlement = settle(kept, other, keep="1", monthly=monthly)
        (stopped,) = settlement.stopped
        assert stopped.due_fen == sum(second[period] for period in first.keys() & second.keys())
        deducted = settlement.deductions.total_fen if settlement.deductions else 0
        assert stopped.due_fen == stopped.from_account_fen + deducted
        assert account == stopped.from_account_fen + stopped.refund_fen
        assert min(stopped.from_account_fen, deducted, stopped.refund_fen) >= 0
        if settlement.deductions:
            assert 1 <= settlement.deductions.last_fen <= monthly


class TestSteps:
    def test_the_figures_are_told_in_the_order_of_the_law(self):
        settlement = settle(NANJING, HEFEI, keep="1", repaid={"2": 30_000})
        _, stopped, conclusion = settlement.steps
        assert stopped.code == "duplicate-stopped"
        assert stopped.figures == {
            "region": "340100",
            "months": 2,
            "due_fen": 500_000,
            "repaid_fen": 30_000,
            "from_account_fen": 120_000,
            "from_pension_fen": 350_000,
            "refund_fen": 0,
        }
        assert conclusion.code == "duplicate-deducted"
        assert conclusion.figures == {
            "due_fen": 500_000,
            "repaid_fen": 30_000,
            "from_account_fen": 120_000,
            "refund_fen": 0,
            "from_pension_fen": 350_000,
            "from_period": 202610,
            "to_period": 202701,
            "months": 4,
            "monthly_fen": 100_000,
            "last_fen": 50_000,
        }
        assert "2026年10月至2027年1月共4个月" in settlement.explanation.zh
        order = "rule_parameters: duplicate_pension_order 201001"
        assert [ground.row for ground in stopped.grounds] == [order]
        assert [ground.row for ground in conclusion.grounds] == [order]
        assert not may_decide(settlement)


class TestRefusals:
    def test_one_pension_is_not_drawn_twice(self):
        with pytest.raises(ImpossibleFactError) as caught:
            settle(NANJING)
        assert (caught.value.field, caught.value.value) == ("pensions", 1)

    def test_one_pension_is_not_named_twice(self):
        with pytest.raises(ImpossibleFactError) as caught:
            settle(NANJING, NANJING, keep="1")
        assert (caught.value.field, caught.value.value) == ("pension_id", "1")

    def test_what_is_no_pension_is_refused(self):
        with pytest.raises(ImpossibleFactError) as caught:
            settle(NANJING, replace(HEFEI, kind=InsuranceKind.UNEMPLOYMENT))
        assert (caught.value.field, caught.value.value) == ("kind", "UNEMPLOYMENT")

    @pytest.mark.parametrize("facts", [{"keep": "9"}, {"keep": "1", "repaid": {"9": 1}}])
    def test_an_unknown_pension_is_refused(self, facts):
        with pytest.raises(NotFoundError) as caught:
            settle(NANJING, HEFEI, **facts)
        assert (caught.value.what, caught.value.key) == ("pension", "9")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"drawn": {202601: -1}}, "drawn"),
            ({"account_fen": -1}, "account"),
            ({"subsidy_fen": -1}, "subsidy"),
            ({"subsidy_fen": 120_001}, "subsidy"),
        ],
    )
    def test_impossible_amounts_are_refused(self, changes, field):
        with pytest.raises(AmountError) as caught:
            settle(NANJING, replace(HEFEI, **changes), keep="1")
        assert caught.value.field == field

    @pytest.mark.parametrize("repaid", [-1, 500_001])
    def test_nobody_repays_less_than_nothing_or_more_than_due(self, repaid):
        with pytest.raises(AmountError) as caught:
            settle(NANJING, HEFEI, keep="1", repaid={"2": repaid})
        assert caught.value.field == "repaid"

    def test_a_deduction_is_at_least_a_fen(self):
        with pytest.raises(AmountError) as caught:
            settle(NANJING, HEFEI, keep="1", monthly=0)
        assert (caught.value.field, caught.value.reason) == (
            "monthly", "a deduction is at least one fen",
        )  # fmt: skip
        little = replace(HEFEI, drawn={202602: 7}, account_fen=0)
        assert settle(NANJING, little, keep="1", monthly=1).deductions.months == 7

    def test_a_deduction_comes_to_an_end(self):
        small = replace(HEFEI, drawn={202602: 6_000}, account_fen=0)
        assert settle(NANJING, small, keep="1", monthly=10).deductions.months == 600
        more = replace(small, drawn={202602: 6_001})
        with pytest.raises(AmountError) as caught:
            settle(NANJING, more, keep="1", monthly=10)
        assert "600 months" in caught.value.reason

    def test_a_month_that_is_none_is_refused(self):
        with pytest.raises(PeriodError):
            settle(NANJING, replace(HEFEI, drawn={202613: 1}), keep="1")
        with pytest.raises(PeriodError):
            settle_duplicates([NANJING, HEFEI], 202600, 1, keep="1")
