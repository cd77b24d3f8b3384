"""The gate sees a branch that no test reaches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
RULE = "def rule(a):\n    if a:\n        return 1\n    return 2\n"
PROGRAM = """\
import sys
sys.path[:0] = {paths!r}
from scripts.policy_coverage import measure
code, reached = measure("test_small.py", "small_room", ["-p", "no:randomly"])
print(code, reached)
"""


def reached(tmp_path, *calls):
    (tmp_path / "small_room").mkdir()
    (tmp_path / "small_room" / "__init__.py").write_text("")
    (tmp_path / "small_room" / "rules.py").write_text(RULE)
    tests = "".join(f"\n\ndef test_{number}():\n    {call}\n" for number, call in enumerate(calls))
    (tmp_path / "test_small.py").write_text("from small_room.rules import rule\n" + tests)
    program = PROGRAM.format(paths=[str(ROOT), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    code, share = done.stdout.strip().splitlines()[-1].split()
    return int(code), float(share)


class TestMeasure:
    def test_everything_reached_is_a_hundred_percent(self, tmp_path):
        assert reached(tmp_path, "assert rule(1) == 1", "assert rule(0) == 2") == (0, 100.0)

    def test_a_branch_that_was_not_taken_is_less(self, tmp_path):
        code, share = reached(tmp_path, "assert rule(1) == 1")
        assert code == 0
        assert share < 100

    def test_a_test_that_fails_is_told(self, tmp_path):
        assert reached(tmp_path, "assert rule(1) == 2")[0] == 1
