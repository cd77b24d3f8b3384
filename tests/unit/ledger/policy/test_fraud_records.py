"""Each pattern over records, at its boundary on both sides."""

from dataclasses import replace
from datetime import date

import pytest

from ledger.errors import ImpossibleFactError
from ledger.policy.fraud_records import (
    Archive,
    ChainLink,
    EmployerCase,
    EmploymentCase,
    OutboundTransfer,
    RetirementCase,
    SpecialTradeCase,
    broken_chain,
    contribution_beside_benefit,
    dormant_account,
    fictitious_employer,
    fictitious_employment,
    forged_archive,
    insured_twice,
    lump_sum_without_document,
    special_trade_fraud,
    transferred_twice,
    under_age,
    unmerged_account,
    unusual_special_trade_rate,
    wrong_amount,
)
from ledger.policy.lump_sums import LumpSum
from ledger.policy.overlaps import Claim, RelationType
from ledger.policy.retirement import Category, retirement
from ledger.policy.transfer import Scope
from ledger.policy.transfer_amount import AccountMoney, InsuredMonth, transfer_amount


def reasons(hits):
    return [item.reason for item in hits]


class TestF7:
    def test_every_month_with_two_records(self):
        claims = [Claim(202401, "320100", "1", 1, 1), Claim(202401, "340100", "2", 1, 1)]
        (seen,) = insured_twice([*claims, replace(claims[0], period=202402)])
        assert (seen.pattern, seen.figures) == ("F7", {"month_period": 202401, "claims": 2})


class TestF8:
    def test_contributions_from_the_first_benefit_on(self):
        paid = [
            (202607, RelationType.NORMAL),
            (202608, RelationType.NORMAL),
            (202609, RelationType.TEMPORARY),
        ]
        seen = contribution_beside_benefit(paid, 202608)
        assert reasons(seen) == ["contribution", "temporary-account"]
        assert [item.figures["month_period"] for item in seen] == [202608, 202609]
        assert {item.figures["benefits_period"] for item in seen} == {202608}
        assert {item.pattern for item in seen} == {"F8"}


class TestF9:
    # a man of 1976-09: 63 years, reached in 2039-09; 36 months before is the former age, 2036-09
    LATE = retirement(Category.MALE, 197609)
    # a man of 1965-01: 60 years 1 month, reached in 2025-02; the former age in 2025-01
    EARLY = retirement(Category.MALE, 196501)
    # a woman of 1984-11: 55 years, reached in 2039-11; flexible from 2036-11, former age 2034-11
    WORKER = retirement(Category.FEMALE_50, 198411)

    @pytest.mark.parametrize(
        ("facts", "retired", "reason"),
        [
            (LATE, 203609, None),
            (LATE, 203608, "below-former-age"),
            (EARLY, 202501, None),
            (EARLY, 202412, "below-former-age"),
            (WORKER, 203611, None),
            (WORKER, 203610, "too-early"),
            (WORKER, 203411, "too-early"),
            (WORKER, 203410, "below-former-age"),
        ],
    )
    def test_flexible_retirement_has_two_bounds(self, facts, retired, reason):
        seen = under_age(RetirementCase(facts, retired))
        assert (seen.reason if seen else None) == reason
        if seen:
            assert seen.pattern == "F9"
            assert seen.figures["retired_period"] == retired
            assert seen.figures["statutory_period"] == facts.statutory_period

    def test_an_approved_decision_explains_it(self):
        assert under_age(RetirementCase(self.EARLY, 202001, decision=True)) is None


class TestF10:
    FILE = Archive(197001, 197001, work_start_period=198601, retired_period=201001)

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, []),
            ({"number_birth_period": 197002}, ["births-differ"]),
            ({"work_start_period": 198512}, ["child-at-work"]),
            ({"retired_period": 200912}, ["young-retired"]),
            ({"changes": 1}, ["changed-later"]),
            ({"work_start_period": None, "retired_period": None}, []),
        ],
    )
    def test_each_sign_is_one_hit(self, changes, expected):
        seen = forged_archive(replace(self.FILE, **changes))
        assert reasons(seen) == expected
        assert all(item.pattern == "F10" for item in seen)

    def test_the_audited_file_of_fourteen_changes(self):
        seen = forged_archive(Archive(197001, 196901, 197001, 199201, changes=14))
        assert reasons(seen) == ["births-differ", "child-at-work", "young-retired", "changed-later"]


class TestF11:
    CASE = SpecialTradeCase(months=108, needed_months=108, employer_listed=True)

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, []),
            ({"months": 107}, ["too-few-years"]),
            ({"employer_listed": False}, ["employer-not-listed"]),
            ({"entered_after_registration": True}, ["entered-later"]),
        ],
    )
    def test_each_sign_is_one_hit(self, changes, expected):
        seen = special_trade_fraud(replace(self.CASE, **changes))
        assert reasons(seen) == expected
        assert all(item.pattern == "F11" for item in seen)

    @pytest.mark.parametrize(
        ("special", "total", "met"),
        [(10, 33, True), (10, 34, False), (30, 100, False), (31, 100, True), (9, 9, False)],
    )
    def test_an_employer_with_an_unusual_rate(self, special, total, met):
        case = EmployerCase(100, True, special_trade_retirements=special, retirements=total)
        seen = unusual_special_trade_rate(case)
        assert (seen is not None) is met
        if seen:
            assert (seen.pattern, seen.reason) == ("F11", "unusual-rate")

    def test_more_special_retirements_than_retirements_are_refused(self):
        with pytest.raises(ImpossibleFactError) as caught:
            unusual_special_trade_rate(EmployerCase(1, True, 0, 11, 10))
        assert (caught.value.field, caught.value.value) == ("special_trade_retirements", 11)


class TestF12:
    @pytest.mark.parametrize(
        ("case", "expected"),
        [
            (EmployerCase(20, has_tax_or_wage_data=False), ["no-wages"]),
            (EmployerCase(19, has_tax_or_wage_data=False), []),
            (EmployerCase(20, has_tax_or_wage_data=True), []),
            (EmployerCase(1, True, same_contact_employers=5), ["shared-contact"]),
            (EmployerCase(1, True, same_contact_employers=4), []),
        ],
    )
    def test_an_employer_that_may_not_exist(self, case, expected):
        seen = fictitious_employer(case)
        assert reasons(seen) == expected
        assert all(item.pattern == "F12" for item in seen)

    @pytest.mark.parametrize(
        ("first", "lump", "expected"),
        [
            (202309, None, ["shortly-before"]),
            (202308, None, []),
            (202001, LumpSum(37, date(2020, 1, 1)), ["long-lump-sum"]),
            (202001, LumpSum(36, date(2020, 1, 1)), []),
            (202001, LumpSum(37, date(2020, 1, 1), date(2019, 1, 1)), []),
        ],
    )
    def test_an_employment_that_may_not_exist(self, first, lump, expected):
        assert reasons(fictitious_employment(EmploymentCase(first, 202609, lump))) == expected


class TestF13:
    def test_three_years_without_a_document(self):
        seen = lump_sum_without_document(LumpSum(36, date(2020, 1, 1)))
        assert (seen.pattern, seen.reason) == ("F13", "lump-sum-no-document")
        assert seen.figures["months"] == 36
        assert "法院、审计" in seen.explanation.zh
        assert seen.explanation.en.startswith("A lump sum for 36 months, at least 36, without")

    def test_a_document_of_the_day_of_payment_is_late(self):
        day = date(2020, 1, 1)
        assert lump_sum_without_document(LumpSum(36, day, day)).reason == "lump-sum-late-document"

    @pytest.mark.parametrize(
        "payment",
        [LumpSum(35, date(2020, 1, 1)), LumpSum(36, date(2020, 1, 1), date(2019, 12, 31))],
    )
    def test_a_short_one_or_a_documented_one_is_left_alone(self, payment):
        assert lump_sum_without_document(payment) is None


class TestBalances:
    def test_f16_an_account_a_year_after_the_death(self):
        seen = dormant_account(date(2025, 8, 31), 1, date(2026, 9, 1))
        assert (seen.pattern, seen.figures) == ("F16", {"months": 13, "balance_fen": 1})
        assert dormant_account(date(2025, 9, 1), 1, date(2026, 9, 30)) is None
        assert dormant_account(date(2020, 1, 1), 0, date(2026, 9, 1)) is None

    def test_f17_a_residents_account_a_year_after_the_pension(self):
        seen = unmerged_account(202508, 5, 202609)
        assert (seen.pattern, seen.figures) == ("F17", {"months": 13, "balance_fen": 5})
        assert unmerged_account(202509, 5, 202609) is None
        assert unmerged_account(202001, 0, 202609) is None


class TestF18:
    FIRST = OutboundTransfer(date(2025, 1, 1), frozenset({202401, 202402}))
    SECOND = OutboundTransfer(date(2026, 1, 1), frozenset({202402, 202403}))
    LATER = OutboundTransfer(date(2026, 1, 1), frozenset({202403}))

    @pytest.mark.parametrize(
        ("transfers", "benefits", "expected"),
        [
            ([FIRST, SECOND], None, ["common-months"]),
            ([LATER, FIRST, SECOND], None, ["common-months"]),
            ([FIRST, LATER], None, []),
            ([FIRST], None, []),
            ([FIRST], date(2025, 1, 1), ["after-benefit"]),
            ([FIRST], date(2025, 1, 2), []),
            ([FIRST, SECOND], date(2025, 12, 1), ["common-months", "after-benefit"]),
        ],
    )
    def test_months_move_once_and_not_beside_a_benefit(self, transfers, benefits, expected):
        seen = transferred_twice(transfers, benefits)
        assert reasons(seen) == expected
        assert all(item.pattern == "F18" for item in seen)


class TestF19:
    COMPUTED = transfer_amount(
        [InsuredMonth(202301, 100_000), InsuredMonth(202401, 100_000)],
        AccountMoney(500),
        Scope.CROSS_PROVINCE,
    )

    @pytest.mark.parametrize(
        ("pool", "account", "expected"),
        [
            (24_000, 500, []),
            (24_002, 500, []),
            (23_998, 500, []),
            (24_003, 500, ["pool"]),
            (23_997, 500, ["pool"]),
            (24_000, 501, ["account"]),
            (0, 0, ["pool", "account"]),
        ],
    )
    def test_a_fen_a_row_is_tolerated_in_the_pool_part_alone(self, pool, account, expected):
        seen = wrong_amount(pool, account, self.COMPUTED)
        assert reasons(seen) == expected
        assert all(item.pattern == "F19" for item in seen)

    def test_both_amounts_are_told(self):
        pool, account = wrong_amount(1, 2, self.COMPUTED)
        assert (pool.figures["expected_fen"], pool.figures["actual_fen"]) == (24_000, 1)
        assert (account.figures["expected_fen"], account.figures["actual_fen"]) == (500, 2)


class TestF21:
    FIRST = ChainLink(b"1", b"1", None, date(2026, 1, 1), date(2026, 12, 31), date(2026, 5, 1))
    SECOND = replace(FIRST, stated=b"2", recomputed=b"2", previous=b"1")

    @pytest.mark.parametrize(
        ("links", "expected"),
        [
            ([], []),
            ([FIRST, SECOND], []),
            ([replace(FIRST, recomputed=b"x")], ["digest"]),
            ([FIRST, replace(SECOND, previous=None)], ["link"]),
            ([FIRST, replace(SECOND, previous=b"2")], ["link"]),
            ([SECOND], ["link"]),
            ([replace(FIRST, signed_on=date(2025, 12, 31))], ["key"]),
            ([replace(FIRST, signed_on=date(2026, 1, 1))], []),
            ([replace(FIRST, signed_on=date(2026, 12, 31))], []),
            ([replace(FIRST, signed_on=date(2027, 1, 1))], ["key"]),
            ([replace(FIRST, signed_on=date(2030, 1, 1), signer_valid_to=None)], []),
        ],
    )
    def test_each_break_is_one_hit(self, links, expected):
        seen = broken_chain(links)
        assert reasons(seen) == expected
        assert all(item.pattern == "F21" for item in seen)
