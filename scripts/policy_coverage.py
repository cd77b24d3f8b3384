"""Run the tests of ledger/policy and refuse any line or branch of it that they do not reach.

usage: python -m scripts.policy_coverage

Part of scripts/test. The rules of the law are few and pure: each of their branches has a test
beside it, and does not rely on tests of the services above.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import coverage
import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
TESTS: Final = "tests/unit/ledger/policy"
ROOM: Final = "ledger.policy"
WHOLE: Final = 100.0


def measure(tests: str, room: str, examples: list[str]) -> tuple[int, float]:
    """Run tests in this process; pytest's exit code, and percent of lines and branches reached.

    Prints what was missed, file by file.
    """
    measured = coverage.Coverage(
        data_file=None, branch=True, source=[room], config_file=False, messages=False
    )
    for pattern in ("if TYPE_CHECKING:", r"^\s*\.\.\.$"):  # nothing runs there
        measured.exclude(pattern)
    measured.start()
    try:
        code = pytest.main([tests, "--quiet", "--no-header", "-p", "no:cacheprovider", *examples])
    finally:
        measured.stop()
    reached = measured.report(show_missing=True, skip_covered=True, precision=2)
    return int(code), reached


def main() -> int:
    """Measure, and say what it comes to."""
    code, reached = measure(str(ROOT / TESTS), ROOM, sys.argv[1:])
    if code:
        return code
    if reached < WHOLE:
        print(f"{ROOM}: {reached:.2f} % of lines and branches; all of them are wanted, see above.")
        return 1
    print(f"{ROOM}: every line and branch is reached.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
