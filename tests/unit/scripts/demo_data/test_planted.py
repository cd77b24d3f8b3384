from collections import Counter
from datetime import date

import pytest

from ledger.policy.eligibility import EligibilityQuestion, review
from ledger.policy.identifiers import birth_date_of, sex_of
from ledger.policy.kinds import SUPPLEMENT
from ledger.policy.overlaps import Claim, resolve_overlaps
from ledger.policy.periods import first_day, month_range, period_of
from ledger.policy.retirement import Category
from ledger.policy.transfer import TransferQuestion, Verdict, may_transfer
from scripts.demo_data import planted as cases
from scripts.demo_data.bureaus import BUREAUS, HEFEI, NANJING, SUZHOU

REGIONS = [bureau.region for bureau in BUREAUS]


def paid_lines(demo, number):
    return sorted(
        (row.period, region, row.scheme, str(row.line), row.amount_fen)
        for region in REGIONS
        for row in demo.payouts(region).rows
        if row.identity_number == number
    )


def described(case):
    return sorted(
        zip(case.periods, case.regions, case.schemes, case.lines, case.amounts_fen, strict=True)
    )


class TestPayments:
    def test_there_are_as_many_cases_as_promised(self, demo):
        assert Counter(case.case for case in demo.planted.must_find) == {
            cases.TWO_CITIES: 3,
            cases.EMPLOYEE_AND_RESIDENT: 1,
            cases.OLD_AND_NEW_NUMBER: 1,
            cases.PAID_AFTER_DEATH: 1,
        }
        assert Counter(case.case for case in demo.planted.must_not_flag) == {
            cases.ADJUSTMENT_BACK_PAY: 1,
            cases.RETURNED_REPAYMENT: 1,
            cases.LATE_CERTIFICATION: 1,
            cases.DEATH_MONTH: 2,
        }

    def test_the_files_hold_what_the_list_says(self, demo):
        for case in (*demo.planted.must_find, *demo.planted.must_not_flag):
            assert paid_lines(demo, case.identity_number) == described(case)

    def test_exactly_the_planted_people_are_paid_twice_for_a_month(self, demo):
        months = Counter(
            (row.identity_number, row.period)
            for region in REGIONS
            for row in demo.payouts(region).rows
            if not row.class_ & SUPPLEMENT
        )
        twice = {number for (number, _), count in months.items() if count > 1}
        assert twice == {
            case.identity_number
            for case in demo.planted.must_find
            if case.case != cases.PAID_AFTER_DEATH
        }

    def test_the_three_plain_doubles_are_in_three_pairs_of_cities(self, demo):
        pairs = {frozenset(case.regions) for case in demo.planted.cases(cases.TWO_CITIES)}
        assert pairs == {
            frozenset({NANJING, SUZHOU}), frozenset({SUZHOU, HEFEI}), frozenset({HEFEI, NANJING}),
        }  # fmt: skip

    def test_one_city_has_the_old_number_and_another_the_new_one(self, demo):
        (case,) = demo.planted.cases(cases.OLD_AND_NEW_NUMBER)
        assert sorted(map(len, case.number_as_filed)) == [15, 18]
        text = (demo.directory / "hefei/payouts-2026-08.csv").read_bytes().decode("gb18030")
        assert case.number_as_filed[0] in text
        assert case.identity_number not in text

    def test_exactly_one_payment_is_for_a_month_after_a_death(self, demo):
        died = {
            row.identity_number: row.died_on
            for region in REGIONS
            for row in demo.deaths(region).rows
        }
        late = [
            (row.identity_number, region)
            for region in REGIONS
            for row in demo.payouts(region).rows
            if row.identity_number in died and first_day(row.period) > died[row.identity_number]
        ]
        (case,) = demo.planted.cases(cases.PAID_AFTER_DEATH)
        assert late == [(case.identity_number, HEFEI)]
        assert case.death_region == NANJING

    def test_every_supplement_stands_beside_a_normal_line_of_its_month(self, demo):
        for region in REGIONS:
            rows = demo.payouts(region).rows
            normal = {
                (row.identity_number, row.period) for row in rows if not row.class_ & SUPPLEMENT
            }
            for row in rows:
                if row.class_ & SUPPLEMENT:
                    assert (row.identity_number, row.supplement_period) in normal
                    assert row.supplement_period == row.period


class TestNextMonth:
    def test_only_the_planted_pension_begins_in_two_cities(self, demo):
        hefei, nanjing = (
            {row.identity_number for row in demo.payouts(region, coming=True).rows}
            for region in (HEFEI, NANJING)
        )
        assert hefei & nanjing == {demo.planted.held.identity_number}

    def test_nobody_else_in_the_batch_was_paid_elsewhere_or_died(self, demo):
        trouble = {case.identity_number for case in demo.planted.must_find}
        trouble |= {row.identity_number for region in REGIONS for row in demo.deaths(region).rows}
        elsewhere = {
            row.identity_number for region in (SUZHOU, HEFEI) for row in demo.payouts(region).rows
        }
        for row in demo.payouts(NANJING, coming=True).rows:
            assert row.identity_number not in trouble | elsewhere
            assert row.period == 202609

    def test_the_held_man_reached_his_age_and_paid_long_enough_in_nanjing(self, demo):
        number = demo.planted.held.identity_number
        months = demo.months(NANJING)[number]
        birth = period_of(birth_date_of(number))
        result = review(EligibilityQuestion(birth, Category.MALE, len(months), 0, 202609))
        assert result.eligible
        assert result.benefits_from_period == 202609


class TestTransfers:
    def test_five_move_across_provinces_one_inside_and_two_are_to_be_refused(self, demo):
        assert Counter((case.case, case.from_region) for case in demo.planted.transfers) == {
            (cases.TRANSFER, HEFEI): 5,
            (cases.TRANSFER, SUZHOU): 1,
            (cases.REFUSED_ALTERED_RECORD, HEFEI): 1,
            (cases.REFUSED_LEFT_OUT_MONTH, HEFEI): 1,
        }
        assert {case.to_region for case in demo.planted.transfers} == {NANJING}

    def test_the_files_hold_what_the_list_says(self, demo):
        for case in demo.planted.transfers:
            there = sorted(demo.months(case.from_region)[case.identity_number])
            here = sorted(demo.months(NANJING)[case.identity_number])
            assert there == list(month_range(case.first_period, case.last_period))
            assert here == list(
                month_range(case.first_period_at_destination, case.last_period_at_destination)
            )
            assert (len(there), len(here)) == (case.months, case.months_at_destination)
            assert tuple(sorted({*there} & {*here})) == case.overlapping

    def test_one_is_insured_twice_for_three_months_that_count_once(self, demo):
        (case,) = [case for case in demo.planted.transfers if case.overlapping]
        assert len(case.overlapping) == 3
        claims = [
            Claim(period, region, f"{region}/{period}", 0, 0)
            for region in (case.from_region, NANJING)
            for period in demo.months(region)[case.identity_number]
        ]
        resolution = resolve_overlaps(claims, NANJING)
        assert resolution.months == 38
        assert len(resolution.overlaps) == 3

    def test_the_law_lets_every_one_of_them_move(self, demo):
        for case in demo.planted.transfers:
            question = TransferQuestion(
                from_region=case.from_region,
                to_region=case.to_region,
                sex=sex_of(case.identity_number),
                birth_on=date.fromisoformat(case.birth_on),
                first_insured_on=first_day(case.first_period_at_destination),
                paid_months_at_destination=case.months_at_destination,
                draws_pension=False,
            )
            inside = case.from_region == SUZHOU
            assert may_transfer(question).verdict is (
                Verdict.CONSOLIDATE if inside else Verdict.TRANSFER
            )

    def test_the_month_to_leave_out_is_one_that_was_paid(self, demo):
        (case,) = [c for c in demo.planted.transfers if c.case == cases.REFUSED_LEFT_OUT_MONTH]
        assert case.left_out_period in demo.months(HEFEI)[case.identity_number]


class TestProofs:
    @pytest.mark.parametrize(("case", "eligible", "missing"), [(0, True, 0), (1, False, 4)])
    def test_a_review_of_the_files_comes_to_the_planted_result(self, demo, case, eligible, missing):
        proof = demo.planted.proofs[case]
        months = demo.months(NANJING)[proof.identity_number]
        assert len(set(months)) == len(months) == proof.months
        result = review(
            EligibilityQuestion(
                proof.birth_period, Category(proof.category), len(months), 0, 202609
            )
        )
        assert (result.eligible, result.months_short, proof.missing) == (eligible, missing, missing)
        assert period_of(birth_date_of(proof.identity_number)) == proof.birth_period

    def test_others_have_long_histories_too(self, demo):
        (baseline, *_) = demo.contributions(NANJING)
        people = {row.identity_number for row in baseline.rows}
        assert len(people) == 7
        assert {proof.identity_number for proof in demo.planted.proofs} < people
