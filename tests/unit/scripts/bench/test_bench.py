from __future__ import annotations

import json
import sys

import pytest

import scripts.bench
from ledger.errors import SettingsError
from scripts.bench import Row, benchmarks, judge, run_benchmark
from scripts.cli.main import run

MODULE = '''"""Sorts a list beside itself."""

from scripts.bench import Row


def measure(report):
    report("sorting")
    return [Row.alone("lists", "count", 1), Row.compared("sort", "s", 2.0, "peer", 1.0, "{wanted}")]
'''
FIELDS = {"name", "unit", "value", "beside", "beside_value", "ratio", "wanted", "holds"}


@pytest.fixture
def sorting(tmp_path, monkeypatch):
    """A benchmark that is there for this test only."""

    def make(wanted):
        (tmp_path / "sort_twice.py").write_text(MODULE.format(wanted=wanted))
        monkeypatch.setattr(scripts.bench, "__path__", [*scripts.bench.__path__, str(tmp_path)])

    yield make
    sys.modules.pop("scripts.bench.sort_twice", None)


class TestRow:
    def test_the_ratio_is_value_over_beside(self):
        row = Row.compared("a", "s", 3.0, "peer", 2.0, ">= 1.5")
        assert (row.ratio, row.holds) == (1.5, True)

    def test_nothing_wanted_holds_nothing(self):
        assert Row.compared("a", "s", 3.0, "peer", 2.0).holds is None

    def test_a_row_has_the_agreed_names(self):
        assert set(Row.alone("a", "s", 1.0).to_json()) == FIELDS

    def test_beside_zero_there_is_no_ratio(self):
        with pytest.raises(ValueError, match="ratio"):
            Row.compared("a", "s", 1.0, "peer", 0.0)


class TestJudge:
    @pytest.mark.parametrize(
        ("ratio", "wanted", "holds"),
        [
            (2.0, ">= 2", True),
            (1.9, ">= 2", False),
            (2.0, "> 2", False),
            (0.5, "<= 0.5", True),
            (0.5, "< 0.5", False),
        ],
    )
    def test_the_comparison_decides(self, ratio, wanted, holds):
        assert judge(ratio, wanted) is holds

    @pytest.mark.parametrize("wanted", ["2", "= 2", ">=2", ""])
    def test_something_else_is_a_mistake(self, wanted):
        with pytest.raises(ValueError, match="wanted"):
            judge(1.0, wanted)


class TestRegistry:
    def test_a_module_is_found_by_its_name_with_its_first_line(self, sorting):
        sorting(">= 2")
        found = {item.name: item.summary for item in benchmarks()}
        assert found["sort-twice"] == "Sorts a list beside itself."

    def test_an_unknown_name_is_refused(self):
        with pytest.raises(SettingsError):
            run_benchmark("no-such", print)


class TestCommand:
    def test_rows_come_as_a_list_and_a_ratio_that_holds_is_fine(self, sorting, capsys):
        sorting(">= 2")
        assert run(["bench", "sort-twice", "--json"]) == 0
        captured = capsys.readouterr()
        rows = json.loads(captured.out)
        assert [set(row) for row in rows] == [FIELDS, FIELDS]
        assert rows[1]["holds"] is True
        assert captured.err == "sorting\n"

    def test_a_ratio_that_does_not_hold_is_exit_one(self, sorting, capsys):
        sorting(">= 3")
        assert run(["bench", "sort-twice", "--language", "en"]) == 1
        assert "peer" in capsys.readouterr().out

    def test_without_a_name_they_are_listed(self, sorting, capsys):
        sorting(">= 2")
        assert run(["bench", "--json"]) == 0
        assert "sort-twice" in {row["name"] for row in json.loads(capsys.readouterr().out)}

    def test_an_unknown_name_is_wrong_usage(self):
        assert run(["bench", "no-such"]) == 64
