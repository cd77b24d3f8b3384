"""``anxu policy`` as people and scripts use it."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest


class TestRetirement:
    def test_the_fixed_names(self, anxu):
        answer = anxu("policy", "retirement", "--category", "male", "--born", "1965-01", "--json")
        assert answer.code == 0
        wanted = {
            "delay_months": 1, "retirement_age_months": 721, "retirement_month": "2025-02",
            "benefits_from": "2025-03", "earliest_month": "2025-01", "latest_month": "2028-02",
            "minimum_months": 180,
        }  # fmt: skip
        assert {name: answer.document[name] for name in wanted} == wanted
        assert answer.document["explanation"].keys() == {"zh", "en"}

    def test_a_negative_number_of_months_is_read_as_early(self, anxu):
        answer = anxu("policy", "retirement", "--category", "female-50", "--born", "1980-03",
                      "--flexible", "-12", "--json")  # fmt: skip
        assert answer.document["retirement_month"] == "2031-11"

    def test_people_read_the_reasons_the_source_and_that_it_decides_nothing(self, anxu):
        answer = anxu(
            "policy", "retirement", "--category", "male", "--born", "1965-01", "--language", "zh"
        )
        assert "2025年2月" in answer.out
        assert "全国人大常委会" in answer.out
        assert "不是核定" in answer.out

    def test_an_impossible_value_names_field_value_and_remedy(self, anxu):
        answer = anxu("policy", "retirement", "--category", "male", "--born", "1965-13", "--json")
        assert answer.code == 1
        error = answer.document["error"]
        assert (error["code"], error["field"], error["value"]) == ("input", "born", "1965-13")
        assert "YYYY-MM" in error["advice"]


class TestOtherQuestions:
    def test_pension(self, anxu):
        answer = anxu(
            "policy", "pension", "--category", "female-50", "--born", "1974-06", "--region", "510000",
            "--paid-months", "342", "--deemed-months", "40", "--index", "0.935",
            "--balance-fen", "15039722", "--base-fen", "832100", "--json",
        )  # fmt: skip
        assert answer.document["total_fen"] == 392992

    def test_transfer_amount(self, anxu):
        answer = anxu(
            "policy", "transfer-amount", "--from-region", "320100", "--to-region", "340100",
            "--balance-fen", "1536000", "--first", "2022-01", "--last", "2023-12",
            "--base-fen", "800000", "--json",
        )  # fmt: skip
        assert answer.document["fund_fen"] == 3840000

    def test_benefit_place(self, anxu):
        answer = anxu("policy", "benefit-place", "--hukou", "340100", "--stay", "320100:2010-01:130",
                      "--stay", "110000:2021-01:30", "--json")  # fmt: skip
        assert answer.document["benefit_province"] == "320000"

    def test_account(self, anxu):
        answer = anxu(
            "policy", "account", "--through", "2024-12", "--opening-fen", "1000000", "--json"
        )
        assert answer.document["interest_fen"] == 26200


class TestFile:
    def test_values_come_from_a_file_and_options_win(self, anxu, tmp_path):
        path = tmp_path / "question.json"
        path.write_text(json.dumps({"category": "male", "born": "1965-01"}))
        answer = anxu("policy", "retirement", "--file", str(path), "--born", "1970-05", "--json")
        assert (answer.document["category"], answer.document["born"]) == ("male", "1970-05")

    def test_values_come_from_standard_input(self, anxu, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO('{"start": "2026-09-30", "working_days": 3}'))
        assert (
            anxu("policy", "deadline", "--file", "-", "--json").document["deadline"] == "2026-10-10"
        )

    @pytest.mark.parametrize("content", ["", "[]", "{", '"born"'])
    def test_what_is_no_json_object_is_refused(self, anxu, tmp_path, content):
        path = tmp_path / "question.json"
        path.write_text(content)
        answer = anxu("policy", "retirement", "--file", str(path), "--json")
        assert answer.code == 1
        assert answer.document["error"]["field"] == "file"

    def test_a_missing_file_is_wrong_settings(self, anxu, tmp_path):
        assert anxu("policy", "retirement", "--file", str(tmp_path / "none.json")).code == 64


class TestChecks:
    def test_a_valid_number_exits_0_and_an_invalid_one_1_with_its_reasons(self, anxu):
        valid = anxu("policy", "check-id", "11010519491231002X", "--json")
        assert (valid.code, valid.document["valid"], valid.document["reasons"]) == (0, True, [])
        invalid = anxu("policy", "check-id", "110105194912310021", "--json")
        assert (invalid.code, invalid.document["valid"]) == (1, False)
        assert invalid.document["reasons"][0]["position"] == 18

    def test_a_number_can_come_by_standard_input(self, anxu, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO("11010519491231002X\n"))
        assert anxu("policy", "check-id", "-").code == 0

    def test_credit_codes(self, anxu):
        assert anxu("policy", "check-uscc", "91350100M000100Y43").code == 0
        assert anxu("policy", "check-uscc", "91350100M000100Y44").code == 1


class TestSources:
    def test_unverified_ones_are_fewer_and_none_of_them_may_decide(self, anxu):
        everything = anxu("policy", "sources", "--json").document
        weak = anxu("policy", "sources", "--unverified", "--json").document
        assert 0 < weak["count"] == len(weak["parameters"]) < everything["count"]
        assert {row["status"] for row in weak["parameters"]} <= {
            "unverified",
            "provisional",
            "demo",
        }
        assert "annuity_months" in anxu("policy", "sources", "--unverified").out


class TestRelease:
    def test_the_digest_is_shown_without_a_node(self, anxu):
        shown = anxu("policy", "release", "show", "--json").document
        assert shown["in_force"] is None
        assert shown["may_decide"] is False
        assert "minimum_months.csv" in shown["tables"]
        assert shown["carried"] in anxu("policy", "release", "show").out


class TestStart:
    def test_a_question_loads_neither_the_chain_nor_the_database_nor_the_network(self):
        program = (
            "import sys\n"
            "from scripts.cli.main import run\n"
            "run(['policy', 'retirement', '--category', 'male', '--born', '1970-05', '--json'])\n"
            "heavy = {'web3', 'sqlalchemy', 'fastapi', 'cryptography', 'pyarrow', 'httpx'} & set(sys.modules)\n"
            "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
