"""What counts as a change of a rule, and what as one of wording."""

from __future__ import annotations

import ast
import json

import pytest

from scripts import policy_mutation
from scripts.policy_mutation import (
    Found,
    changed_line,
    is_wording,
    percent,
    read_module,
    section,
    uncached,
)


def function(body: str) -> ast.AST:
    return ast.parse(f"def f(a, b):\n    {body}\n").body[0]


class TestWording:
    @pytest.mark.parametrize(("before", "after"), [
        ("raise E('it is negative')", "raise E('XXit is negativeXX')"),
        ("raise E('为负数')", "raise E('XX为负数XX')"),
        ("raise E(a, 'it is negative')", "raise E(a, None)"),
        ("raise E(a, 'it is negative', '为负数')", "raise E(a, '为负数')"),
        ("raise E(f'only {a} months')", "raise E(f'XXonly {a} monthsXX')"),
    ])  # fmt: skip
    def test_a_sentence_that_changed_is_wording(self, before, after):
        assert is_wording(function(before), function(after))

    @pytest.mark.parametrize(("before", "after"), [
        ("return a + b", "return a - b"),
        ("return a < b", "return a <= b"),
        ("raise E('field', 'it is negative')", "raise E('XXfieldXX', 'it is negative')"),
        ("raise E(a, 'it is negative')", "raise E(None, 'it is negative')"),
        ("raise E(a, 'it is negative')", "raise E('it is negative')"),
        ("x = 1", "x = 2"),
        ("return f(a)", "return f(None)"),
    ])  # fmt: skip
    def test_anything_else_is_a_change_of_the_rule(self, before, after):
        assert not is_wording(function(before), function(after))

    def test_a_function_that_only_makes_a_sentence_is_wording(self):
        before = ast.parse("def f(a) -> Wording:\n    return Wording(a, 1)").body[0]
        after = ast.parse("def f(a) -> Wording:\n    return Wording(None, 1)").body[0]
        assert is_wording(before, after)

    def test_the_line_that_changed_is_shown(self):
        shown = changed_line(
            function("x = 1\n    return x + a"), function("x = 1\n    return x - a")
        )
        assert shown == ("return x + a", "return x - a")


class TestUncached:
    def test_a_cached_function_is_plain_and_cached_again_at_the_end(self):
        text = "from functools import cache\n\n\n@cache\ndef rate(a):\n    return a\n\n\ndef other():\n    pass\n"
        made = uncached(text)
        assert "@cache" not in made
        assert made.endswith("\nrate = cache(rate)\n")
        names: dict[str, object] = {}
        exec(made, names)
        assert names["rate"].cache_info().hits == 0

    def test_a_module_without_caches_stays_as_it_is(self):
        assert uncached("x = 1\n") == "x = 1\n"


class TestResults:
    def test_what_was_noticed_survived_or_never_ran_is_told_apart(self, tmp_path):
        code = [
            "def x_f__mutmut_orig(a):\n    return a + 1",
            "def x_f__mutmut_1(a):\n    return a - 1",
            "def x_f__mutmut_2(a):\n    return a + 2",
            "def x_f__mutmut_3(a):\n    return None",
            "def x_f__mutmut_4(a):\n    return a * 1",
        ]
        (tmp_path / "rates.py").write_text("\n\n\n".join(code))
        results = {
            "p.x_f__mutmut_1": 1,
            "p.x_f__mutmut_2": 0,
            "p.x_f__mutmut_3": 33,
            "p.x_f__mutmut_4": None,
        }
        meta = tmp_path / "rates.py.meta"
        meta.write_text(json.dumps({"exit_code_by_key": results}))
        found = read_module(meta, "0123456789ab")
        assert (found.module, found.commit) == ("rates", "0123456789ab")
        assert (found.changes, found.noticed, found.untested, found.untried) == (3, 1, 1, 1)
        assert found.survivors[0] == "x_f__mutmut_2: return a + 1 -> return a + 2"

    def test_the_share_is_of_all_modules_together(self):
        found = [
            Found("a", "c1", changes=10, noticed=9),
            Found("b", "c2", changes=30, noticed=27, untried=5),
        ]
        assert percent(found) == 90
        assert percent([]) == 0
        text = section(found, "2026-01-01")
        assert "| a | 10 | 9 | 90.0 % | c1 |" in text
        assert "| all | 40 | 36 | 90.0 % |  |" in text
        assert "- 5 further changes were not tried" in text

    def test_modules_run_again_take_the_place_of_what_was_known_of_them(
        self, tmp_path, monkeypatch
    ):
        page = tmp_path / "quality.md"
        page.write_text("# Quality\n")
        monkeypatch.setattr(policy_mutation, "PAGE", page)
        monkeypatch.setattr(policy_mutation, "FOUND", tmp_path / "found.json")
        first = [
            Found("rates", "c1", changes=10, noticed=5),
            Found("money", "c1", changes=10, noticed=10),
        ]
        policy_mutation.keep([*first, Found("gone", "c1", changes=1)], "2026-01-01", {})
        before = policy_mutation.known(tmp_path / "found.json")
        everything = policy_mutation.keep(
            [Found("rates", "c2", changes=10, noticed=9)], "2026-01-02", before
        )
        assert [(item.module, item.commit, item.noticed) for item in everything] == [
            ("money", "c1", 10), ("rates", "c2", 9),
        ]  # fmt: skip
        assert page.read_text().count("## Rules changed on purpose") == 1
        assert "2026-01-02" in page.read_text()
        assert policy_mutation.known(tmp_path / "none.json") == {}
