from __future__ import annotations

import json

import pytest
import structlog

from scripts.cli.logs import log_to_stderr


@pytest.fixture(autouse=True)
def unconfigured():
    yield
    structlog.reset_defaults()


class TestLogToStderr:
    def test_a_line_has_listed_fields_only(self, capsys):
        log_to_stderr("info")
        structlog.get_logger("x").info("signed", size=3, name="张三", identity_number="1")
        captured = capsys.readouterr()
        assert captured.out == ""
        line = json.loads(captured.err)
        assert (line["event"], line["size"], line["level"]) == ("signed", 3, "info")
        assert set(line) == {"event", "size", "level", "at"}

    def test_lesser_lines_are_left_out(self, capsys):
        log_to_stderr("error")
        structlog.get_logger("x").warning("waiting", job="send")
        assert capsys.readouterr().err == ""
