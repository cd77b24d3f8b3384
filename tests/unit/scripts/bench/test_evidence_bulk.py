from __future__ import annotations

from datetime import date

import pytest
from stdnum.cn import ric, uscc

from ledger.records.columns import CONTRIBUTIONS
from ledger.records.files import read_table
from ledger.records.validation import check_contributions
from scripts.bench import evidence_bulk
from scripts.bench._contribution_files import write_contributions


@pytest.fixture(scope="module")
def rows():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence_bulk, "WARM", 240)
        patch.setattr(evidence_bulk, "SMALL", 240)
        return evidence_bulk.measure(lambda _: None, 600)


class TestFiles:
    def test_made_up_lines_are_good_and_each_month_comes_once(self, tmp_path):
        path = tmp_path / "months.csv"
        write_contributions(path, 1_000, first_person=11_999_950, year=2024)
        table = read_table(path, None, CONTRIBUTIONS)
        checked = check_contributions(table, "340100", date(2026, 9, 15))
        assert checked.findings == ()
        assert len(checked.rows) == 1_000
        assert {row.period // 100 for row in checked.rows} == {2024}
        for row in checked.rows[::50]:
            assert ric.calc_check_digit(row.identity_number) == row.identity_number[-1]
            assert uscc.is_valid(row.employer_code)


class TestMeasure:
    def test_both_engines_stand_beside_their_limits(self, rows):
        compared = {row.name: row for row in rows if row.beside and "rows" in row.beside}
        assert len(compared) == 8
        for engine in ("PostgreSQL", "SQLite"):
            name = f"{engine}, 600 records of known persons: file to signed checkpoint"
            assert compared[name].unit == "records/s"
            assert compared[name].value > 0
            assert compared[name].beside_value > 0

    def test_memory_and_growth_are_judged(self, rows):
        assert sum(row.unit == "bytes" and row.wanted == "< 1" for row in rows) == 4
        assert sum(row.wanted == "<= 1.25" for row in rows) == 2

    def test_every_step_has_its_time(self, rows):
        for step in ("open", "check", "record", "sign"):
            assert sum(row.name.endswith(f", {step}") for row in rows) == 8
