"""A pytest plugin: with --fail-on-skip, a test that did not run is a failure.

usage: pytest -p scripts.pytest_no_skips --fail-on-skip

A test that is skipped, or allowed to fail, because something is missing hides what it was
written for. Works under pytest-xdist too, where the workers' reports arrive here.
"""

from __future__ import annotations

from typing import Final

import pytest

OPTION: Final = "--fail-on-skip"


class NoSkips:
    """Gathers the tests that did not run and turns a green session red when there are any."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test, one that failed as allowed, and one that passed unexpectedly."""
        if report.skipped or hasattr(report, "wasxfail"):
            self.found[report.nodeid] = _reason(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module or class that was skipped as a whole."""
        if report.skipped:
            self.found[report.nodeid] = _reason(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the session."""
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which tests did not run, and why."""
        if self.found:
            terminalreporter.section(f"{len(self.found)} did not run, and {OPTION} forbids it")
            for name, reason in sorted(self.found.items()):
                terminalreporter.write_line(f"{name}: {reason}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if hasattr(report, "wasxfail"):
        return f"expected to fail: {report.wasxfail}"
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    return str(report.longrepr)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        OPTION, action="store_true", help="fail when a test was skipped or allowed to fail"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start gathering, in the process that gives the verdict."""
    if config.getoption(OPTION) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(NoSkips(), "no-skips")
