"""Months and money of a stay, against sums done by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.errors import PackageShapeError, PeriodError
from ledger.evidence.encoding import LogId
from ledger.policy.transfer import Scope
from ledger.transfers.figures import compute_figures, digest_of_figures, records_root
from ledger.transfers.model import CaseId

CASE = CaseId("0x" + "ab" * 32)


def record(month, base_fen=1_000_000, **changes):
    return {
        "period": month, "base_fen": base_fen, "account_fen": base_fen * 8 // 100,
        "scheme": "PENSION_EMPLOYEE", "contribution_type": "NORMAL",
    } | changes  # fmt: skip


def figures(records, through=202401, scope=Scope.CROSS_PROVINCE):
    logs = (LogId(1), LogId(3))
    return compute_figures(CASE, 1, logs, 1, scope, records, [bytes(64)] * len(records), through)


class TestFigures:
    def test_a_month_with_two_lines_counts_once_with_both_bases(self):
        found = figures([record(202312), record(202312, 500_000)])
        assert (found.months, found.base_fen, found.pool_fen) == (1, 1_500_000, 180_000)

    @pytest.mark.parametrize(
        "changes",
        [{"scheme": "PENSION_RESIDENT"}, {"contribution_type": "DEEMED"},
         {"contribution_type": "REFUNDED"}],
        ids=["residents", "deemed", "refunded"],
    )  # fmt: skip
    def test_what_is_no_paid_month_travels_but_does_not_count(self, changes):
        found = figures([record(202312), record(202311, **changes)])
        assert (found.months, found.records) == (1, 2)
        assert found.base_fen == 1_000_000

    def test_years_before_1998_add_nothing_to_the_pool_part(self):
        years = figures([record(199712), record(199801)], through=199812).years
        assert [(row.year, row.pool_fen) for row in years] == [(1997, 0), (1998, 120_000)]

    def test_account_earns_interest_by_the_monthly_product_method(self):
        # 2023 at 3.97 %: December's 800 yuan earn one month, then January 2024 earns one at 2.62 %
        found = figures([record(202312)])
        december = 80_000 + round(80_000 * 0.0397 / 12)
        assert found.account_fen == december + round(december * 0.0262 / 12)
        assert found.principal_fen == 80_000

    def test_years_without_a_published_rate_move_and_stay_open(self):
        found = figures([record(199712), record(202312)], through=202601)
        assert 1997 in found.interest_open_years
        assert 2023 not in found.interest_open_years
        assert 2026 in found.interest_open_years, "this year's rate is published next year"
        assert found.account_fen > 2 * 80_000

    def test_before_any_known_rate_the_principal_moves_alone(self):
        found = figures([record(199712), record(199801)], through=199812)
        assert (found.account_fen, found.interest_open_years) == (160_000, (1997, 1998))

    @pytest.mark.parametrize("through", [199812, 202311])
    def test_no_month_lies_after_the_month_interest_runs_to(self, through):
        with pytest.raises(PeriodError):
            figures([record(202312)], through=through)

    def test_inside_one_pool_nothing_moves(self):
        found = figures([record(202312)], scope=Scope.INTRA_POOL)
        assert (found.fund_fen, found.pool_fen) == (0, 120_000)

    @pytest.mark.parametrize("field", ["period", "base_fen", "account_fen"])
    @pytest.mark.parametrize("value", [None, "1", 1.0, True], ids=repr)
    def test_a_field_that_is_no_whole_number_is_refused(self, field, value):
        with pytest.raises(PackageShapeError, match="record 1"):
            figures([record(202312) | {field: value}])


class TestDigest:
    def test_every_figure_is_bound(self):
        found = figures([record(202312)])
        salt = bytes(32)
        changed = [replace(found, **change) for change in (
            {"account_fen": 1}, {"pool_fen": 1}, {"fund_fen": 1}, {"years": ()}, {"stay": 2},
            {"to_log": LogId(2)}, {"records": 2}, {"records_root": bytes(32)},
            {"case_id": CaseId("0x" + "cd" * 32)}, {"interest_through": 202402},
            {"interest_open_years": (1997,)})]  # fmt: skip
        digests = {digest_of_figures(each, salt) for each in [found, *changed]}
        assert len(digests) == len(changed) + 1

    def test_the_salt_hides_the_figures(self):
        found = figures([record(202312)])
        assert digest_of_figures(found, bytes(32)) != digest_of_figures(found, bytes([1]) * 32)

    def test_the_records_root_depends_on_their_order(self):
        one, two = bytes(64), bytes([1]) * 64
        assert records_root([one, two]) != records_root([two, one])
