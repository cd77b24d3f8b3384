"""The plugin that forbids tests to be skipped, run on small test files in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scripts.tidy import ROOT

PASSES = "def test_it():\n    pass\n"
SKIPPED_MODULE = "import pytest\n\npytest.skip('no browser', allow_module_level=True)\n"
UNRUN = """
import pytest


def test_skipped():
    pytest.skip('no compiler')


@pytest.mark.xfail(reason='known to fail')
def test_failed_as_expected():
    assert 0


@pytest.mark.xfail(reason='believed to fail')
def test_passed_unexpectedly():
    pass
"""


@pytest.fixture
def run(tmp_path):
    """Runs pytest on test files and gives its exit code and output."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    def run(*options: str, **files: str) -> tuple[int, str]:
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-p", "scripts.pytest_no_skips"]
        command += ["--rootdir", str(tmp_path), "-p", "no:hypothesispytest", *options]
        answer = subprocess.run(
            [*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return answer.returncode, answer.stdout

    return run


def test_passing_tests_stay_green(run):
    status, output = run("--fail-on-skip", test_one=PASSES)
    assert status == 0, output


@pytest.mark.parametrize("workers", ["0", "2"])
def test_whatever_did_not_run_is_a_failure(run, workers):
    status, output = run(
        "--fail-on-skip", "-n", workers, test_one=PASSES, test_two=SKIPPED_MODULE, test_three=UNRUN
    )
    assert status == 1, output
    assert "4 did not run, and --fail-on-skip forbids it" in output
    for reason in ("no browser", "no compiler", "known to fail", "believed to fail"):
        assert reason in output


def test_without_the_option_skips_are_allowed(run):
    status, output = run(test_one=PASSES, test_three=UNRUN)
    assert status == 0, output
    assert "1 skipped" in output
