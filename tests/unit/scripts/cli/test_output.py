from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest

from scripts.cli.output import Output, chain_time, default_language, plain


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


@dataclass(frozen=True)
class Pair:
    left: bytes
    right: tuple[int, ...]


class TestDefaultLanguage:
    @pytest.mark.parametrize(
        ("environment", "language"),
        [
            ({"LANG": "zh_CN.UTF-8"}, "zh"),
            ({"LANG": "en_GB.UTF-8"}, "en"),
            ({}, "en"),
            ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
            ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh"),
        ],
    )
    def test_the_locale_decides(self, environment, language):
        assert default_language(environment) == language


class TestChainTime:
    def test_seconds_since_1970_in_utc(self):
        assert chain_time(1_789_430_400) == datetime(2026, 9, 15, tzinfo=UTC)

    @pytest.mark.parametrize("none", [0, None])
    def test_nought_is_no_time(self, none):
        assert chain_time(none) is None


class TestPlain:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (Colour.RED, "red"),
            (Number.ONE, "ONE"),
            (b"\x01\xff", "0x01ff"),
            (datetime(2026, 9, 15, 9, tzinfo=timezone(timedelta(hours=8))), "2026-09-15T01:00:00Z"),
            (date(2026, 9, 15), "2026-09-15"),
            (Path("a/b"), "a/b"),
            (Pair(b"\x00", (1, 2)), {"left": "0x00", "right": [1, 2]}),
            ({1: None}, {"1": None}),
        ],
    )
    def test_values_become_json(self, value, expected):
        assert plain(value) == expected
        json.dumps(plain(value))


class TestOutput:
    def test_json_leaves_nothing_else_on_standard_output(self, capsys):
        out = Output(as_json=True)
        out.line("x")
        out.facts([(("甲", "a"), 1)])
        out.table([("甲", "a")], [[1]])
        out.note(("注", "note"))
        out.result({"a": 1}, lambda: out.line("x"))
        captured = capsys.readouterr()
        assert json.loads(captured.out) == {"a": 1}
        assert captured.err == "note\n"

    def test_a_command_answers_once(self):
        out = Output(as_json=True)
        out.result({})
        with pytest.raises(AssertionError):
            out.result({})

    def test_facts_stand_in_line_also_in_chinese(self, capsys):
        Output(language="zh").facts([(("批次", "b"), 1), (("代发文件", "p"), None)])
        assert capsys.readouterr().out == "批次      1\n代发文件  —\n"

    def test_times_are_shown_as_beijing_has_them(self):
        assert Output().cell(datetime(2026, 9, 15, 1, tzinfo=UTC)) == "2026-09-15 09:00:00"

    def test_a_table_that_goes_into_a_file_is_not_cut(self, capsys):
        long = "0x" + "ab" * 32
        Output().table([("编号", "number"), ("说明", "remark")], [[long, "[bold]x"]])
        text = capsys.readouterr().out
        assert long in text
        assert "[bold]x" in text
