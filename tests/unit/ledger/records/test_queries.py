from __future__ import annotations

from datetime import date

import pytest

from ledger.records.corrections import reverse_entry
from ledger.records.deaths import import_deaths
from ledger.records.model import ContributionType, Scheme
from ledger.records.queries import (
    account_deposits,
    imports,
    monthly_bases,
    person_months,
    yearly_sums,
)
from ledger.records.rules import ReversalReason
from ledger.records.service import import_contributions


@pytest.fixture
def months(node, write_csv, contribution, identity):
    """December and January, a raised January, a July that was taken back; somebody else's July."""
    lines = [
        contribution(1, period="202601", paid_on="2026-01-10"),
        contribution(1, period="202512", paid_on="2025-12-10"),
        contribution(1),
        contribution(2),
        contribution(
            1,
            period="202601",
            contribution_type="补差",
            base="500",
            unit_amount="80",
            person_amount="40",
        ),
    ]
    import_contributions(node, write_csv(lines))
    reverse_entry(node, 2, ReversalReason.REFUNDED, "退费申请", "one", "two")
    subject = node.bureau.writer.subject_of(identity(1))
    with node.read() as view:
        return person_months(view, node.bureau.reader, subject)


class TestPersonMonths:
    def test_they_come_by_month_with_place_and_standing(self, months, employer):
        assert [(month.period, month.leaf_index, month.reversed) for month in months] == [
            (202512, 1, False),
            (202601, 0, False),
            (202601, 4, False),
            (202607, 2, True),
        ]
        first = months[0]
        assert (first.region, first.employer_code, first.scheme) == (
            "340100",
            employer,
            Scheme.PENSION_EMPLOYEE,
        )
        assert (first.base_fen, first.unit_fen, first.person_fen) == (800_000, 128_000, 64_000)
        assert (first.pool_fen, first.account_fen, first.account_rate_bps) == (128_000, 64_000, 800)
        assert first.paid_on == date(2025, 12, 10)
        assert months[2].contribution_type is ContributionType.SUPPLEMENT

    def test_a_stranger_has_none(self, node, identity):
        subject = node.bureau.writer.subject_of(identity(77))
        with node.read() as view:
            assert person_months(view, node.bureau.reader, subject) == ()


class TestSums:
    def test_years_add_up_what_stands_and_count_a_month_once(self, months):
        sums = yearly_sums(months)
        assert [(year.year, year.months, year.base_fen, year.account_fen) for year in sums] == [
            (2025, (202512,), 800_000, 64_000),
            (2026, (202601,), 850_000, 68_000),
        ]
        assert sums[1].pool_fen + sums[1].account_fen == sums[1].unit_fen + sums[1].person_fen
        assert sums[1].account_rates_bps == (800,)
        assert sums[1].regions == ("340100",)

    def test_bases_and_deposits_by_month(self, months):
        assert monthly_bases(months) == {202512: 800_000, 202601: 850_000}
        assert account_deposits(months) == {202512: 64_000, 202601: 68_000}


def test_imports_are_listed_oldest_first_and_by_kind(node, write_csv, contribution, death):
    import_contributions(node, write_csv([contribution(1)], name="months.csv"))
    import_deaths(node, write_csv([death(1)], name="deaths.csv"))
    assert [report.file_name for report in imports(node)] == ["months.csv", "deaths.csv"]
    assert [report.file_name for report in imports(node, "death")] == ["deaths.csv"]
