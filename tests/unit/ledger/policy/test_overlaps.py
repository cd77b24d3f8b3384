from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, ImpossibleFactError, NotFoundError, PeriodError
from ledger.policy.insurance import InsuranceKind
from ledger.policy.overlaps import (
    Claim,
    Reason,
    RelationType,
    find_overlaps,
    resolve_overlaps,
)

HEFEI = Claim(202501, "340100", "2/10", 600_000, 48_000)
NANJING = Claim(202501, "320100", "1/20", 500_000, 40_000)
RESIDENT = Claim(
    202501,
    "320100",
    "1/30",
    0,
    20_000,
    kind=InsuranceKind.PENSION_RESIDENT,
    interest_fen=500,
    subsidy_fen=4_000,
)

claims = st.lists(
    st.builds(
        Claim,
        period=st.sampled_from([202501, 202502, 202503]),
        region=st.sampled_from(["320100", "320500", "340100"]),
        record_id=st.uuids().map(str),
        base_fen=st.integers(0, 100),
        account_fen=st.integers(0, 100),
        relation_type=st.sampled_from(RelationType),
        kind=st.sampled_from([InsuranceKind.PENSION_EMPLOYEE, InsuranceKind.PENSION_RESIDENT]),
        interest_fen=st.integers(0, 100),
    ),
    max_size=12,
)


class TestFind:
    def test_only_months_with_more_than_one_record_are_listed(self):
        alone = replace(HEFEI, period=202412)
        assert find_overlaps([HEFEI, NANJING, alone]) == {202501: (HEFEI, NANJING)}


class TestResolve:
    @pytest.mark.parametrize(
        ("one", "other", "choices", "reason"),
        [
            (HEFEI, replace(RESIDENT, base_fen=9_999_999), {}, Reason.EMPLOYEE_SCHEME),
            (replace(HEFEI, base_fen=0), RESIDENT, {202501: "2/10"}, Reason.EMPLOYEE_SCHEME),
            (
                replace(HEFEI, kind=InsuranceKind.PENSION_CIVIL),
                RESIDENT,
                {},
                Reason.EMPLOYEE_SCHEME,
            ),
            (HEFEI, NANJING, {202501: "2/10"}, Reason.PERSON_CHOICE),
            (
                HEFEI,
                replace(NANJING, relation_type=RelationType.TEMPORARY),
                {},
                Reason.NORMAL_RELATION,
            ),
            (NANJING, HEFEI, {}, Reason.RECEIVING_PLACE),
            (HEFEI, replace(HEFEI, record_id="2/11", base_fen=1), {}, Reason.HIGHER_BASE),
            (HEFEI, replace(HEFEI, record_id="2/11"), {}, Reason.EARLIER_RECORD),
        ],
    )
    def test_the_first_rule_that_tells_them_apart_keeps_one(self, one, other, choices, reason):
        for order in ([one, other], [other, one]):
            resolution = resolve_overlaps(order, "320100", choices)
            (overlap,) = resolution.overlaps
            assert (overlap.kept, overlap.cleared, overlap.reason) == (one, (other,), reason)

    @given(claims)
    def test_every_month_counts_once_and_no_record_is_lost(self, found):
        resolution = resolve_overlaps(found, "320100")
        employee = {claim.period for claim in found if claim.kind is InsuranceKind.PENSION_EMPLOYEE}
        assert resolution.months == len(employee)
        assert resolution.resident_months == len({claim.period for claim in found} - employee)
        cleared = [claim for overlap in resolution.overlaps for claim in overlap.cleared]
        assert sorted(claim.record_id for claim in [*resolution.kept, *cleared]) == sorted(
            claim.record_id for claim in found
        )
        assert resolution.refund_fen == sum(
            claim.account_fen + claim.interest_fen for claim in cleared
        )

    @given(claims, claims)
    def test_one_more_record_never_lowers_the_months(self, found, more):
        fewer, all_of_them = (
            resolve_overlaps(found, "320100"),
            resolve_overlaps([*found, *more], "320100"),
        )
        assert all_of_them.months >= fewer.months
        assert all_of_them.refund_fen >= 0

    def test_the_account_money_of_cleared_months_goes_back(self):
        assert resolve_overlaps([HEFEI, NANJING], "320100").refund_fen == 48_000

    def test_interest_goes_back_and_a_subsidy_does_not(self):
        (overlap,) = resolve_overlaps([HEFEI, RESIDENT], "320100").overlaps
        assert overlap.cleared == (RESIDENT,)
        assert overlap.refund_fen == 16_500
        paid = replace(HEFEI, interest_fen=7)
        assert resolve_overlaps([paid, NANJING], "320100").refund_fen == 48_007

    def test_residents_months_alone_count_for_themselves(self):
        resolution = resolve_overlaps([RESIDENT, replace(HEFEI, period=202502)], "320100")
        assert (resolution.months, resolution.resident_months) == (1, 1)
        assert resolution.total_months == 1

    def test_deemed_months_count_beside_paid_ones_and_once(self):
        resolution = resolve_overlaps(
            [HEFEI, replace(RESIDENT, period=202412)],
            "320100",
            deemed=[202501, 202412, 202411, 202411],
        )
        assert resolution.deemed == (202411, 202412)
        assert (resolution.months, resolution.total_months) == (1, 3)

    def test_three_records_of_a_month_leave_one(self):
        third = replace(HEFEI, record_id="3/1", region="510100", base_fen=1)
        (overlap,) = resolve_overlaps([third, HEFEI, NANJING], "320100").overlaps
        assert (overlap.kept, overlap.cleared) == (NANJING, (HEFEI, third))

    def test_a_residents_month_cannot_be_chosen_before_an_employees(self):
        with pytest.raises(ImpossibleFactError) as caught:
            resolve_overlaps([HEFEI, RESIDENT], "320100", {202501: "1/30"})
        assert (caught.value.field, caught.value.value) == ("choice", "1/30")
        other = replace(RESIDENT, record_id="1/31")
        chosen = resolve_overlaps([RESIDENT, other], "320100", {202501: "1/31"})
        assert chosen.overlaps[0].kept == other

    def test_a_record_claims_a_month_once(self):
        with pytest.raises(ImpossibleFactError) as caught:
            resolve_overlaps([HEFEI, HEFEI], "320100")
        assert (caught.value.field, caught.value.value) == ("record_id", "2/10")

    @pytest.mark.parametrize("field", ["base", "account", "interest", "subsidy"])
    def test_negative_amounts_are_refused(self, field):
        with pytest.raises(AmountError) as caught:
            resolve_overlaps([replace(HEFEI, **{f"{field}_fen": -1})], "320100")
        assert caught.value.field == field

    def test_a_subsidy_is_a_part_of_the_account_money(self):
        assert replace(RESIDENT, subsidy_fen=20_000).refund_fen == 500
        with pytest.raises(AmountError) as caught:
            find_overlaps([replace(RESIDENT, subsidy_fen=20_001)])
        assert caught.value.field == "subsidy"

    def test_a_month_that_is_none_is_refused(self):
        with pytest.raises(PeriodError):
            resolve_overlaps([replace(HEFEI, period=202513)], "320100")
        with pytest.raises(PeriodError):
            resolve_overlaps([], "320100", deemed=[202500])

    @pytest.mark.parametrize(
        ("found", "choices", "code"),
        [
            ([HEFEI, RESIDENT], {}, "overlap-employee-scheme"),
            ([HEFEI, NANJING], {202501: "2/10"}, "overlap-person-choice"),
            (
                [HEFEI, replace(NANJING, relation_type=RelationType.SEALED_TEMPORARY)],
                {},
                "overlap-normal-relation",
            ),
            ([HEFEI, NANJING], {}, "overlap-receiving-place"),
            ([HEFEI, replace(HEFEI, record_id="2/11", base_fen=1)], {}, "overlap-higher-base"),
            ([HEFEI, replace(HEFEI, record_id="2/11")], {}, "overlap-earlier-record"),
        ],
    )
    def test_each_month_says_what_stays_and_why(self, found, choices, code):
        step, conclusion = resolve_overlaps(found, "320100", choices).steps
        assert (step.code, conclusion.code) == (code, "overlap-resolved")
        assert step.figures["claims"] == 2
        assert step.figures["month_period"] == 202501
        assert step.figures["refund_fen"] == conclusion.figures["refund_fen"]
        assert "2025年1月有2条缴费" in step.text()
        assert step.text("en").startswith("2025-01 has 2 payments: that of ")
        residents = code == "overlap-employee-scheme"
        assert step.source == (
            "人社部发〔2014〕17号" if residents else "人社部规〔2016〕5号（先转后清）"
        )
        assert step.grounds[0].row == "rule_parameters: overlap_refund_of_account 201001"

    @pytest.mark.parametrize(
        ("count", "zh", "en"), [(6, "6月）", "2025-06)"), (7, "6月等）", "2025-06 and others)")]
    )
    def test_a_long_list_of_months_is_cut(self, count, zh, en):
        found = [
            replace(claim, period=202500 + month)
            for claim in (HEFEI, NANJING)
            for month in range(1, count + 1)
        ]
        explanation = resolve_overlaps(found, "320100").explanation
        assert f"重复缴费{count}个月（2025年1月、2025年2月" in explanation.zh
        assert zh in explanation.zh
        assert en in explanation.en

    def test_a_choice_of_a_record_that_is_not_there_is_refused(self):
        with pytest.raises(NotFoundError):
            resolve_overlaps([HEFEI, NANJING], "320100", {202501: "9/9"})
        with pytest.raises(NotFoundError) as caught:
            resolve_overlaps([HEFEI], "320100", {202412: "2/10"})
        assert (caught.value.what, caught.value.key) == ("record for the month", "202412")

    def test_the_result_reads_in_both_languages(self):
        resolution = resolve_overlaps([HEFEI, NANJING], "320100")
        assert "重复缴费1个月（2025年1月），每月只计一次，共计1个月" in resolution.explanation.zh
        assert "2025-01" in resolution.explanation.en
        assert "none insured twice" in resolve_overlaps([HEFEI], "320100").explanation.en
