"""The page of measurements, from reports written by hand."""

from __future__ import annotations

import json

from scripts import quality
from scripts.quality import (
    Outcome,
    Run,
    page,
    read_outcomes,
    read_rooms,
    read_runs,
    section_of,
    wide_sections,
    with_run,
    with_section,
)

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.unit.ledger.policy.test_money.TestYuan" name="test_a" time="0.5"/>
<testcase classname="tests.contracts.test_funds" name="test_b" time="61.0"><failure/></testcase>
<testcase classname="tests.contracts.test_funds" name="test_c" time="0"><skipped/></testcase>
</testsuite></testsuites>"""


def counts(lines, reached, branches, branches_reached):
    return {
        "summary": {
            "num_statements": lines,
            "covered_lines": reached,
            "num_branches": branches,
            "covered_branches": branches_reached,
        }
    }


def test_outcomes_name_suite_result_and_time(tmp_path):
    (tmp_path / "junit.xml").write_text(JUNIT)
    assert read_outcomes(tmp_path / "junit.xml") == [
        Outcome("tests/unit/ledger", "policy::test_money::TestYuan::test_a", "passed", 0.5),
        Outcome("tests/contracts", "test_funds::test_b", "failure", 61.0),
        Outcome("tests/contracts", "test_funds::test_c", "skipped", 0.0),
    ]


def test_rooms_add_up_to_their_package(tmp_path):
    files = {
        "ledger/policy/money.py": counts(10, 9, 4, 3),
        "ledger/policy/rates.py": counts(20, 20, 0, 0),
        "ledger/errors.py": counts(5, 5, 2, 2),
    }
    (tmp_path / "coverage.json").write_text(json.dumps({"files": files}))
    rooms = read_rooms(tmp_path / "coverage.json")
    assert (rooms["ledger/policy"].lines, rooms["ledger/policy"].lines_reached) == (30, 29)
    assert (rooms["ledger/*.py"].lines, rooms["ledger/*.py"].branches) == (5, 2)
    assert (rooms["ledger"].lines, rooms["ledger"].branches_reached) == (35, 5)


FAILED = [Outcome("tests/unit/ledger", "test_b", "failure", 61.0)]
PASSED = [Outcome("tests/unit/api", "test_a", "passed", 1.25)]
PART = Run.of("tests/unit -k merkle", PASSED, "30", "2026-09-14", "abc")


def test_page_says_what_did_not_pass():
    run = Run.of("", FAILED, "30", "2026-09-15", "abc")
    text = page([run], wide_sections(FAILED, {}), FAILED)
    assert "| everything | 1 | 1 | 1 min 1 s | 30 | 2026-09-15 | abc |" in text
    assert "- `tests/unit/ledger::test_b`: failure" in text


def test_page_of_a_clean_run_lists_no_failures():
    text = page([PART], wide_sections(PASSED, {}), PASSED)
    assert "| `tests/unit -k merkle` | 1 | 0 | 1.2 s | 30 | 2026-09-14 | abc |" in text
    assert "Not passed" not in text


class TestRuns:
    def test_those_of_a_page_are_read_back(self):
        other = PART._replace(ran="`tests/api`", commit="abc with changes")
        assert read_runs(page([PART, other], [], [])) == [PART, other]
        assert read_runs("") == []

    def test_a_part_takes_the_place_of_its_last_run_only(self):
        again, other = PART._replace(commit="def"), PART._replace(ran="`tests/api`")
        assert with_run([PART, other], again) == [other, again]

    def test_everything_takes_the_place_of_every_part(self):
        whole = PART._replace(ran="everything")
        assert with_run([PART], whole) == [whole]

    def test_a_narrowed_run_leaves_what_is_reached(self, tmp_path, monkeypatch):
        monkeypatch.setattr(quality, "ROOT", tmp_path)
        monkeypatch.setattr(quality, "PAGE", tmp_path / "quality.md")
        (tmp_path / "junit.xml").write_text(JUNIT)
        for selection, reached in (("tests", 9), ("tests -k b", 1), ("tests/test_a.py", 2)):
            files = {"ledger/policy/money.py": counts(10, reached, 4, 3)}
            (tmp_path / "coverage.json").write_text(json.dumps({"files": files}))
            reports = [str(tmp_path / name) for name in ("junit.xml", "coverage.json")]
            monkeypatch.setattr("sys.argv", ["quality", *reports, "30", selection])
            assert quality.main() == 0
        text = (tmp_path / "quality.md").read_text()
        assert [run.ran for run in read_runs(text)] == [
            "`tests`",
            "`tests -k b`",
            "`tests/test_a.py`",
        ]
        assert "| ledger/policy | 10 | 90.0 % | 4 | 75.0 % |" in text


class TestSections:
    PAGE = "# Quality\n\n## One\n\nfirst\n\n## Two\n\nsecond\n"

    def test_a_section_ends_where_the_next_begins(self):
        assert section_of(self.PAGE, "## One") == "## One\n\nfirst"
        assert section_of(self.PAGE, "## Two") == "## Two\n\nsecond"
        assert section_of(self.PAGE, "## Three") == ""

    def test_a_section_takes_the_place_of_the_old_one_or_stands_at_the_end(self):
        assert with_section(self.PAGE, "## One\n\nnew") == self.PAGE.replace("first", "new")
        assert with_section(self.PAGE, "## Three\n\nnew").endswith("second\n\n## Three\n\nnew\n")
