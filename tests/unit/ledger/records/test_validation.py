from __future__ import annotations

import pytest

from ledger.records.columns import CONTRIBUTIONS, DEATHS, PAYOUTS
from ledger.records.files import read_table
from ledger.records.findings import FINDINGS, Severity
from ledger.records.model import PayoutLine, PayoutReason
from ledger.records.validation import check_contributions, check_deaths, check_payouts


@pytest.fixture
def check(write_csv, today):
    def run(lines, region="340100", **options):
        table = read_table(write_csv(lines, **options), None, CONTRIBUTIONS)
        return check_contributions(table, region, today)

    return run


def found(checked) -> list[tuple[int, str, str]]:
    return [(item.line, item.field, item.code) for item in checked.findings]


class TestGoodLines:
    def test_every_field_is_read(self, check, contribution, identity, employer):
        checked = check([contribution(1)])
        assert found(checked) == []
        (row,) = checked.rows
        assert (row.source_line, row.identity_number, row.name) == (2, identity(1), "参保人1")
        assert (row.employer_code, row.employer_name) == (employer, "合肥示范制造有限公司")
        assert (row.period, row.base_fen, row.unit_fen, row.person_fen) == (
            202607,
            800_000,
            128_000,
            64_000,
        )
        assert (row.amount_fen, row.class_, row.normal) == (192_000, 1, True)
        assert row.paid_on.isoformat() == "2026-07-15"

    def test_an_old_number_is_one_with_the_new(self, check, contribution):
        lines = [contribution(1, identity_number="110105491231002")]
        assert check(lines).rows[0].identity_number == "11010519491231002X"  # rules f.1, S19

    def test_the_self_employed_have_no_employer(self, check, contribution):
        line = contribution(
            1, employer_code="", employer_name="", unit_amount="0", person_amount="1600.00"
        )
        checked = check([line])
        assert found(checked) == []
        assert checked.rows[0].employer_code is None

    def test_one_month_may_have_a_normal_line_and_supplements(self, check, contribution):
        lines = [
            contribution(1),
            contribution(
                1, contribution_type="补差", base="500", unit_amount="80", person_amount="40"
            ),
        ]
        checked = check(lines)
        assert found(checked) == []
        assert [row.class_ for row in checked.rows] == [1, 0x8001]


class TestBadLines:
    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("identity_number", "340102197001010018", "identity-number"),
            ("identity_number", "11010520491231002X", "identity-number"),
            ("identity_number", "12345", "identity-number"),
            ("identity_number", "", "missing"),
            ("name", "", "missing"),
            ("name", "张\t三", "characters"),
            ("employer_code", "91340100MA2TXK3T00", "credit-code"),
            ("employer_code", "", "employer-missing"),
            ("scheme", "商业保险", "choice"),
            ("scheme", "", "missing"),
            ("scheme", "城乡居民基本养老保险", "scheme-elsewhere"),
            ("contribution_type", "99", "choice"),
            ("period", "202613", "month"),
            ("period", "202610", "month-future"),
            ("period", "", "missing"),
            ("base", "-8000.00", "amount-negative"),
            ("base", "8,000.00", "amount"),
            ("unit_amount", "1280.005", "amount-decimals"),
            ("person_amount", "六百四十", "amount"),
            ("person_amount", "", "missing"),
            ("paid_on", "2026-02-30", "date"),
            ("paid_on", "2026-09-16", "date-future"),
        ],
    )
    def test_each_fault_is_found_with_line_field_reason_and_remedy(
        self, check, contribution, field, value, code
    ):
        checked = check([contribution(1), contribution(2, **{field: value}), contribution(3)])
        assert found(checked) == [(3, field, code)]
        (finding,) = checked.findings
        assert finding.file == "file.csv"
        assert finding.severity is Severity.ERROR
        for language in ("zh", "en"):
            assert finding.reason(language)
            assert finding.remedy(language)
            assert not value or value not in finding.reason(language) + finding.remedy(language)
        assert [row.source_line for row in checked.rows] == [2, 4]
        assert checked.refused_lines == {3}

    def test_every_fault_of_a_line_and_every_bad_line_is_found_in_order(self, check, contribution):
        lines = [
            contribution(1, period="x", base="y"),
            contribution(2),
            contribution(3, name="", paid_on=""),
        ]
        assert found(check(lines)) == [
            (2, "period", "month"),
            (2, "base", "amount"),
            (4, "name", "missing"),
            (4, "paid_on", "missing"),
        ]

    def test_nothing_paid(self, check, contribution):
        lines = [contribution(1, unit_amount="0", person_amount="0.00")]
        assert found(check(lines)) == [(2, "person_amount", "amount-zero")]

    def test_less_than_the_personal_account_must_receive(self, check, contribution):
        lines = [contribution(1, unit_amount="0", person_amount="639.99", employer_code="")]
        checked = check(lines)
        assert found(checked) == [(2, "person_amount", "account-share")]
        assert "8%" in checked.findings[0].reason("en")

    def test_a_month_before_the_personal_accounts(self, check, contribution):
        assert found(check([contribution(1, period="199201")])) == [(2, "period", "parameter")]

    def test_a_line_repeated_in_every_field_names_the_first(self, check, contribution):
        checked = check([contribution(1), contribution(2), contribution(1)])
        assert found(checked) == [(4, "", "duplicate-line")]
        assert checked.findings[0].reason("en") == "it equals line 2 in every field"
        assert [row.source_line for row in checked.rows] == [2, 3]

    def test_two_different_normal_lines_of_one_month_are_both_kept_out(self, check, contribution):
        checked = check([contribution(1), contribution(1, paid_on="2026-07-16"), contribution(2)])
        assert found(checked) == [(2, "period", "second-line"), (3, "period", "second-line")]
        assert [item.details["other"] for item in checked.findings] == [3, 2]
        assert [row.source_line for row in checked.rows] == [4]

    def test_arrears_and_normal_of_one_month_collide(self, check, contribution):
        checked = check([contribution(1), contribution(1, contribution_type="补缴")])
        assert [item.code for item in checked.findings] == ["second-line", "second-line"]

    def test_a_line_with_missing_cells_is_reported_too(self, write_csv, contribution, today):
        path = write_csv([contribution(1)])
        path.write_text(path.read_text(encoding="utf-8") + "a,b\n", encoding="utf-8")
        checked = check_contributions(read_table(path, None, CONTRIBUTIONS), "340100", today)
        assert found(checked) == [(3, "", "cells")]


class TestWarnings:
    def test_amounts_off_the_rates_are_shown_and_let_through(self, check, contribution):
        checked = check([contribution(1, unit_amount="1200.00", person_amount="700.00")])
        assert found(checked) == [
            (2, "unit_amount", "unit-rate"),
            (2, "person_amount", "person-rate"),
        ]
        assert [item.severity for item in checked.findings] == [Severity.WARNING] * 2
        assert "16%" in checked.findings[0].reason("en")
        assert checked.errors == ()
        assert len(checked.rows) == 1

    def test_rounding_to_the_jiao_is_nothing_to_speak_of(self, check, contribution):
        assert found(check([contribution(1, unit_amount="1280.10", person_amount="639.90")])) == []

    @pytest.mark.parametrize(
        ("base", "unit", "person", "code"),
        [("100.00", "16.00", "8.00", "base-floor"), ("90000", "14400", "7200", "base-ceiling")],
    )
    def test_a_base_beyond_its_bounds_is_shown(self, check, contribution, base, unit, person, code):
        checked = check([contribution(1, base=base, unit_amount=unit, person_amount=person)])
        assert found(checked) == [(2, "base", code)]
        assert "demo" in checked.findings[0].remedy("en")
        assert len(checked.rows) == 1


class TestPayouts:
    @pytest.fixture
    def check_payout(self, write_csv, today):
        return lambda lines: check_payouts(read_table(write_csv(lines), None, PAYOUTS), today)

    def test_every_field_is_read(self, check_payout, payout, identity):
        (row,) = check_payout([payout(1)]).rows
        assert (row.identity_number, row.amount_fen, row.period) == (
            identity(1, "19600101"),
            321_540,
            202608,
        )
        assert (row.line, row.reason, row.supplement_period) == (
            PayoutLine.NORMAL,
            PayoutReason.NONE,
            None,
        )
        assert (row.class_, row.payee_account) == (1, "6217000012345678")

    def test_a_month_may_have_several_lines_and_only_equal_ones_are_refused(
        self, check_payout, payout
    ):
        supplement = payout(
            1, line="补发", reason="待遇调整补发", supplement_period="202601", amount="86.00"
        )
        checked = check_payout([payout(1), supplement, payout(1, amount="1.00"), payout(1)])
        assert found(checked) == [(5, "", "duplicate-line")]
        assert [row.class_ for row in checked.rows] == [1, 0x8001, 1]
        assert checked.rows[1].reason is PayoutReason.ADJUSTMENT_BACK_PAY
        assert checked.rows[1].supplement_period == 202601

    def test_residents_and_civil_servants_share_the_class(self, check_payout, payout):
        checked = check_payout(
            [payout(1, scheme="城乡居民基本养老保险"), payout(2, scheme="PENSION_CIVIL")]
        )
        assert [row.class_ for row in checked.rows] == [1, 1]

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("amount", "0.00", "amount-zero"),
            ("amount", "-1", "amount-negative"),
            ("period", "202610", "month-future"),
            ("payee_account", "12-34", "account-number"),
            ("payee_account", "", "missing"),
            ("reason", "别的", "choice"),
        ],
    )
    def test_faults(self, check_payout, payout, field, value, code):
        assert found(check_payout([payout(1), payout(2, **{field: value})])) == [(3, field, code)]

    def test_a_supplement_says_why(self, check_payout, payout):
        assert found(check_payout([payout(1, line="SUPPLEMENT")])) == [
            (2, "reason", "supplement-reason")
        ]

    def test_the_day_of_payment_may_lie_ahead(self, check_payout, payout):
        assert found(check_payout([payout(1, paid_on="2026-09-20")])) == []


class TestDeaths:
    @pytest.fixture
    def check_death(self, write_csv, today):
        return lambda lines: check_deaths(read_table(write_csv(lines), None, DEATHS), today)

    def test_every_field_is_read(self, check_death, death):
        (row,) = check_death([death(1)]).rows
        assert (row.died_on.isoformat(), row.reported_on.isoformat(), row.source) == (
            "2026-06-30",
            "2026-07-20",
            "民政",
        )

    @pytest.mark.parametrize(
        ("changes", "field", "code"),
        [
            ({"died_on": "1939-12-31"}, "died_on", "born-later"),
            ({"reported_on": "2026-06-29"}, "reported_on", "reported-before"),
            ({"died_on": "2026-09-16", "reported_on": ""}, "died_on", "date-future"),
            ({"source": ""}, "source", "missing"),
        ],
    )
    def test_faults(self, check_death, death, changes, field, code):
        assert (3, field, code) in found(check_death([death(1), death(2, **changes)]))

    def test_two_different_deaths_of_one_person_are_both_kept_out(self, check_death, death):
        checked = check_death([death(1), death(2), death(1, died_on="2026-06-29")])
        assert found(checked) == [
            (2, "identity_number", "second-death"),
            (4, "identity_number", "second-death"),
        ]

    def test_an_equal_line_is_a_duplicate(self, check_death, death):
        assert found(check_death([death(1), death(1)])) == [(3, "", "duplicate-line")]


def test_every_kind_of_finding_speaks_both_languages():
    for code, kind in FINDINGS.items():
        for text in (kind.reason_zh, kind.reason_en, kind.remedy_zh, kind.remedy_en):
            assert text, code
