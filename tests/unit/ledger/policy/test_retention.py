"""How long records are kept: whole years, from the year after they were recorded."""

from __future__ import annotations

from datetime import date

from ledger.policy.kinds import Kind
from ledger.policy.retention import (
    ERASURE_REASONS,
    ErasureReason,
    StandingFact,
    kept_until,
    last_needed,
    retention_years,
)
from ledger.policy.tables import ParameterStatus

CONTRIBUTION = StandingFact(Kind.CONTRIBUTION, date(2024, 3, 1))


class TestTerms:
    def test_every_kind_has_a_term_with_its_source(self):
        for kind in Kind:
            term = retention_years(kind)
            assert term.value > 0
            assert term.source
            assert term.status is ParameterStatus.UNVERIFIED
        assert retention_years(Kind.CONTRIBUTION).row == "record_retention: 1"

    def test_a_kind_without_a_row_has_the_term_of_other_kinds(self):
        assert retention_years(Kind.CREDENTIAL).row == "record_retention: other kinds"

    def test_a_term_begins_with_the_year_after_the_recording(self):
        # 100 years from 2025-01-01 end on 2124-12-31.
        assert retention_years(Kind.CONTRIBUTION).value == 100
        assert kept_until(CONTRIBUTION) == date(2124, 12, 31)
        assert kept_until(StandingFact(Kind.CONTRIBUTION, date(2024, 12, 31))) == date(2124, 12, 31)

    def test_the_end_of_the_calendar_is_not_passed(self):
        assert kept_until(StandingFact(Kind.CONTRIBUTION, date(9990, 1, 1))) == date(9999, 12, 31)


class TestLastNeeded:
    def test_it_is_the_latest_day_of_a_period_that_still_runs(self):
        earlier = StandingFact(Kind.CONTRIBUTION, date(2010, 1, 1))
        assert last_needed([earlier, CONTRIBUTION], date(2030, 1, 1)) == date(2124, 12, 31)
        assert last_needed([earlier], date(2110, 12, 31)) == date(2110, 12, 31)
        assert last_needed([earlier], date(2111, 1, 1)) is None
        assert last_needed([], date(2030, 1, 1)) is None


class TestReasons:
    def test_every_reason_has_words(self):
        assert set(ERASURE_REASONS) == set(ErasureReason)
        assert all(zh and en for zh, en in ERASURE_REASONS.values())
