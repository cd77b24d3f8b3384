"""Every parameter is listed once, with a source."""

from __future__ import annotations

from collections import Counter

from ledger.policy.accounts import account_statement
from ledger.policy.contributions import assess, assess_flexible
from ledger.policy.index import YearBase, contribution_index
from ledger.policy.pension import PensionQuestion, pension
from ledger.policy.releases import table_digests
from ledger.policy.retirement import Category
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

    def test_results_name_their_rows_as_the_list_does(self):
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
        rows = {
            ground.row for result in results for step in result.steps for ground in step.grounds
        }
        assert len(rows) > 30
        assert rows - set(ROWS) == set()

    def test_what_is_disputed_made_up_or_unverified_may_not_decide(self):
        assert ROWS["annuity_months: 47"].status is ParameterStatus.UNVERIFIED
        assert not ROWS["annuity_months: 47"].may_decide
        assert ROWS["minimum_months: 2031"].may_decide
        assert {
            row.may_decide for row in ROWS.values() if row.row.startswith("demo_parameters")
        } == {False}
