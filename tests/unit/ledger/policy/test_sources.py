"""Every parameter is listed once, with a source."""

from __future__ import annotations

from collections import Counter

import pytest

from ledger.policy.accounts import account_statement
from ledger.policy.contributions import assess, assess_flexible
from ledger.policy.index import YearBase, contribution_index
from ledger.policy.pension import PensionQuestion, pension
from ledger.policy.releases import table_digests
from ledger.policy.retirement import Category
from ledger.policy.sources import NOT_PARAMETERS, source_rows
from ledger.policy.tables import ParameterStatus, table


@pytest.fixture
def rows():
    """Every row by its name; made in each test, so that a changed rule shows."""
    return {row.row: row for row in source_rows()}


class TestSources:
    def test_every_table_is_listed_or_left_out_with_a_reason(self, rows):
        tables = {name.removesuffix(".csv") for name in table_digests()}
        assert {row.split(":")[0] for row in rows} == tables - NOT_PARAMETERS
        assert tables > NOT_PARAMETERS

    def test_no_two_rows_have_one_name(self, rows):
        assert [
            name for name, count in Counter(row.row for row in source_rows()).items() if count > 1
        ] == []
        names = {row.split(":")[0] for row in rows}
        assert len(rows) == sum(len(table(name)) for name in names)

    def test_every_row_has_a_source_and_values_without_the_remarks(self, rows):
        assert [row.row for row in rows.values() if not row.source] == []
        assert dict(rows["account_interest_rate: 2016"].values) == {
            "year": "2016",
            "rate_percent": "8.31",
        }

    def test_results_name_their_rows_as_the_list_does(self, rows):
        asked = PensionQuestion(
            region="340100",
            category=Category.MALE,
            birth_period=196502,
            retirement_period=202504,
            paid_months=360,
            deemed_months=24,
            index_e4=10_000,
            account_fen=10_000_000,
        )
        results = (
            pension(asked),
            assess(800_000, 202405, "320100"),
            assess_flexible(800_000, 202405, "320100"),
            account_statement({201005: 1, 202605: 1}, 202605),
            contribution_index([YearBase(2020, 12, 1)], "340100", 202504, deemed_months=1),
        )
        named = {
            ground.row for result in results for step in result.steps for ground in step.grounds
        }
        assert len(named) > 30
        assert named - rows.keys() == set()

    def test_what_is_disputed_made_up_or_unverified_may_not_decide(self, rows):
        assert rows["annuity_months: 47"].status is ParameterStatus.UNVERIFIED
        assert not rows["annuity_months: 47"].may_decide
        assert rows["minimum_months: 2031"].may_decide
        assert {
            row.may_decide for row in rows.values() if row.row.startswith("demo_parameters")
        } == {False}

    def test_a_remark_is_the_status_and_a_tables_document_the_source_where_there_is_no_column(
        self, rows
    ):
        assert rows["annuity_months: 60"].source == "国发〔2005〕38号附件"
        assert rows["annuity_months: 60"].status is ParameterStatus.PUBLISHED
        assert rows["minimum_months: 2031"].source.startswith("NPC Standing Committee decision")
        assert rows["account_interest_rate: 2025"].status is ParameterStatus.UNVERIFIED
        assert "note" not in rows["annuity_months: 47"].values
