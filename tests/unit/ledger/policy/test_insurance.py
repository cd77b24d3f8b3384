import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, ImpossibleFactError, NotFoundError
from ledger.policy.insurance import (
    InsuranceKind,
    Moving,
    PaidTwice,
    insurance_kinds,
    kind_of_code,
    medical_waiting_months,
    unemployment_benefit_months,
    what_moves,
)
from ledger.policy.kinds import InsuranceClass
from ledger.policy.steps import may_decide
from ledger.policy.tables import ParameterStatus
from ledger.policy.transfer import Scope

KINDS = list(InsuranceKind)
MONEY = {"months": 30, "account_fen": 500, "pool_fen": 700}


def moving(kind, scope=Scope.CROSS_PROVINCE, **facts):
    return what_moves(Moving(kind, scope, **(MONEY | facts)))


class TestKinds:
    def test_every_kind_has_its_flags(self):
        assert list(insurance_kinds()) == KINDS

    @pytest.mark.parametrize(
        ("kind", "class_", "transferable", "has_account", "account", "pool", "years", "twice"),
        [
            ("PENSION_EMPLOYEE", 1, True, True, True, True, True, PaidTwice.ACCOUNT_REFUNDED),
            ("PENSION_CIVIL", 1, True, True, True, True, True, PaidTwice.ACCOUNT_REFUNDED),
            (
                "PENSION_RESIDENT", 1, True, True, True, False, True,
                PaidTwice.PAYMENTS_REFUNDED_WITHOUT_SUBSIDY,
            ),
            ("MEDICAL_EMPLOYEE", 2, True, True, True, False, True, PaidTwice.ONE_SCHEME),
            ("MEDICAL_RESIDENT", 2, True, False, False, False, False, PaidTwice.ONE_SCHEME),
            ("UNEMPLOYMENT", 3, True, False, False, False, True, PaidTwice.ONE_BENEFIT),
            ("INJURY", 4, False, False, False, False, False, PaidTwice.STARTS_ANEW),
            ("MATERNITY", 5, False, False, False, False, False, PaidTwice.STARTS_ANEW),
        ],
    )  # fmt: skip
    def test_what_is_different_about_each(
        self, kind, class_, transferable, has_account, account, pool, years, twice
    ):
        flags = insurance_kinds()[InsuranceKind(kind)]
        assert flags.class_ is InsuranceClass(class_)
        assert (flags.transferable, flags.has_account, flags.account_moves) == (
            transferable, has_account, account,
        )  # fmt: skip
        assert (flags.pool_moves, flags.years_accumulate, flags.paid_twice) == (pool, years, twice)
        assert flags.row == f"insurance_kinds: {kind}"

    def test_medical_insurance_is_another_agencys(self):
        families = {flags.kind: flags.agency_family for flags in insurance_kinds().values()}
        assert {kind for kind, family in families.items() if family != "hrss"} == {
            InsuranceKind.MEDICAL_EMPLOYEE,
            InsuranceKind.MEDICAL_RESIDENT,
            InsuranceKind.MATERNITY,
        }

    def test_names_stand_in_both_languages(self):
        flags = insurance_kinds()[InsuranceKind.INJURY]
        assert (flags.name(), flags.name("en")) == ("工伤保险", "Work-injury insurance")

    def test_usual_codes_lead_to_the_kind(self):
        assert kind_of_code("110") is InsuranceKind.PENSION_EMPLOYEE
        assert kind_of_code("510") is InsuranceKind.MATERNITY
        assert [kind_of_code(flags.code) for flags in insurance_kinds().values()] == KINDS
        with pytest.raises(NotFoundError) as caught:
            kind_of_code("2")
        assert caught.value.key == "2"

    def test_only_what_was_found_is_published(self):
        published = [
            flags.kind
            for flags in insurance_kinds().values()
            if flags.status is ParameterStatus.PUBLISHED
        ]
        assert published == ["PENSION_EMPLOYEE", "UNEMPLOYMENT", "INJURY", "MATERNITY"]


class TestMoves:
    @pytest.mark.parametrize(
        ("kind", "months", "account", "pool"),
        [
            ("PENSION_EMPLOYEE", 30, 500, 700),
            ("PENSION_CIVIL", 30, 500, 700),
            ("PENSION_RESIDENT", 30, 500, 0),
            ("MEDICAL_EMPLOYEE", 30, 500, 0),
            ("MEDICAL_RESIDENT", 0, 0, 0),
            ("UNEMPLOYMENT", 30, 0, 0),
        ],
    )
    def test_what_goes_along(self, kind, months, account, pool):
        moved = moving(InsuranceKind(kind))
        assert moved.relation_moves
        assert (moved.months, moved.account_fen, moved.pool_fen) == (months, account, pool)
        assert (moved.benefit_fen, moved.fund_fen) == (0, account + pool)
        assert moved.steps[-1].code == "insurance-moves"

    @pytest.mark.parametrize("kind", ["INJURY", "MATERNITY"])
    def test_what_does_not_move_starts_anew(self, kind):
        moved = moving(InsuranceKind(kind))
        assert (moved.relation_moves, moved.months, moved.fund_fen) == (False, 0, 0)
        assert moved.steps[-1].code == "insurance-starts-anew"
        assert [ground.row for ground in moved.steps[-1].grounds] == [f"insurance_kinds: {kind}"]
        assert "在新地重新参保" in moved.explanation.zh
        assert may_decide(moved)

    def test_inside_one_pool_months_add_up_and_no_money_moves(self):
        moved = moving(InsuranceKind.PENSION_EMPLOYEE, Scope.INTRA_POOL)
        assert (moved.relation_moves, moved.months, moved.fund_fen) == (True, 30, 0)

    @pytest.mark.parametrize("kind", ["PENSION_EMPLOYEE", "PENSION_CIVIL", "PENSION_RESIDENT"])
    def test_a_pension_that_is_drawn_does_not_move(self, kind):
        moved = moving(InsuranceKind(kind), draws_benefit=True)
        assert (moved.relation_moves, moved.fund_fen) == (False, 0)
        (step,) = moved.steps
        assert step.code == "insurance-benefit-drawn"
        assert [ground.row for ground in step.grounds] == [f"insurance_kinds: {kind}"]
        assert insurance_kinds()[InsuranceKind(kind)].name_zh in step.text()

    def test_a_hospital_stay_holds_nothing_up(self):
        assert moving(InsuranceKind.MEDICAL_EMPLOYEE, draws_benefit=True).account_fen == 500

    def test_unemployment_benefit_goes_along_with_half_of_it_again(self):
        moved = moving(InsuranceKind.UNEMPLOYMENT, draws_benefit=True, benefit_due_fen=100_001)
        assert (moved.benefit_fen, moved.fund_fen, moved.months) == (150_002, 150_002, 30)
        assert (moved.relation_moves, moved.account_fen, moved.pool_fen) == (True, 0, 0)
        assert moved.steps[-1].code == "insurance-unemployment-benefit"
        assert moved.steps[-1].figures == {
            "benefit_due_fen": 100_001,
            "extra_bps": 5_000,
            "extra_fen": 50_001,
            "benefit_fen": 150_002,
            "months": 30,
        }
        assert not may_decide(moved)

    def test_nobody_in_work_takes_unemployment_money_along(self):
        assert moving(InsuranceKind.UNEMPLOYMENT, benefit_due_fen=100).fund_fen == 0

    def test_figures_are_told(self):
        step = moving(InsuranceKind.MEDICAL_EMPLOYEE).steps[-1]
        assert step.figures == {
            "name_zh": "职工基本医疗保险",
            "name_en": "Employee medical insurance",
            "months": 30,
            "account_fen": 500,
            "pool_fen": 0,
        }
        assert step.grounds[0].row == "insurance_kinds: MEDICAL_EMPLOYEE"

    @given(
        st.sampled_from(KINDS),
        st.sampled_from(Scope),
        st.booleans(),
        *[st.integers(0, 10**9)] * 3,
    )
    def test_money_is_never_negative_nor_more_than_there_is(
        self, kind, scope, draws, account, pool, due
    ):
        moved = what_moves(Moving(kind, scope, 1, account, pool, draws, due))
        assert 0 <= moved.account_fen <= account
        assert 0 <= moved.pool_fen <= pool
        assert 0 <= moved.benefit_fen <= due * 2

    @pytest.mark.parametrize("field", ["account", "pool", "benefit_due"])
    def test_negative_amounts_are_refused(self, field):
        with pytest.raises(AmountError) as caught:
            moving(InsuranceKind.INJURY, **{f"{field}_fen": -1})
        assert caught.value.field == field

    def test_negative_months_are_refused(self):
        assert moving(InsuranceKind.UNEMPLOYMENT, months=0).relation_moves
        with pytest.raises(ImpossibleFactError) as caught:
            moving(InsuranceKind.INJURY, months=-1)
        assert (caught.value.field, caught.value.value) == ("months", -1)


class TestUnemploymentBenefit:
    @pytest.mark.parametrize(
        ("months", "benefit"), [(12, 12), (59, 12), (60, 18), (119, 18), (120, 24), (400, 24)]
    )
    def test_it_lasts_longer_the_more_was_paid(self, months, benefit):
        assert unemployment_benefit_months(months).value == benefit

    def test_less_than_a_year_gives_none(self):
        assert unemployment_benefit_months(11) is None

    def test_negative_months_are_refused(self):
        assert unemployment_benefit_months(0) is None
        with pytest.raises(ImpossibleFactError) as caught:
            unemployment_benefit_months(-1)
        assert (caught.value.field, caught.value.value) == ("months", -1)


class TestMedicalGap:
    @pytest.mark.parametrize(("gap", "waiting"), [(0, 0), (3, 0), (4, 6)])
    def test_a_short_gap_costs_no_waiting(self, gap, waiting):
        found = medical_waiting_months(gap)
        assert found.value == waiting
        assert found.status is ParameterStatus.UNVERIFIED
        assert found.row.startswith("rule_parameters: medical_")
        assert "医保办发〔2021〕43号" in found.source

    def test_a_negative_gap_is_refused(self):
        with pytest.raises(ImpossibleFactError) as caught:
            medical_waiting_months(-1)
        assert (caught.value.field, caught.value.value) == ("gap_months", -1)
