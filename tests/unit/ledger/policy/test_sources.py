"""Every parameter is listed once, with a source."""

from __future__ import annotations

from collections import Counter

from ledger.policy.releases import table_digests
from ledger.policy.sources import NOT_PARAMETERS, source_rows
from ledger.policy.tables import ParameterStatus, table

ROWS = {row.row: row for row in source_rows()}


class TestSources:
    def test_every_table_is_listed_or_left_out_with_a_reason(self):
        tables = {name.removesuffix(".csv") for name in table_digests()}
        assert {row.split(":")[0] for row in ROWS} == tables - NOT_PARAMETERS
        assert tables > NOT_PARAMETERS

    def test_no_two_rows_have_one_name(self):
        assert [
            name for name, count in Counter(row.row for row in source_rows()).items() if count > 1
        ] == []
        names = {row.split(":")[0] for row in ROWS}
        assert len(ROWS) == sum(len(table(name)) for name in names)

    def test_every_row_has_a_source_and_values_without_the_remarks(self):
        assert [row.row for row in ROWS.values() if not row.source] == []
        assert dict(ROWS["account_interest_rate: 2016"].values) == {
            "year": "2016",
            "rate_percent": "8.31",
        }

    def test_what_is_disputed_made_up_or_unverified_may_not_decide(self):
        assert ROWS["annuity_months: 47"].status is ParameterStatus.UNVERIFIED
        assert not ROWS["annuity_months: 47"].may_decide
        assert ROWS["minimum_months: 2031"].may_decide
        assert {
            row.may_decide for row in ROWS.values() if row.row.startswith("demo_parameters")
        } == {False}
