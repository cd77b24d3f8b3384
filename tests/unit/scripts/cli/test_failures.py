from __future__ import annotations

import json

import pytest
from devnet.errors import CorruptChainError, DirectoryInUseError
from devnet.errors import SettingsError as DevnetSettingsError

from ledger.errors import (
    ChainUnavailableError,
    InvariantBrokenError,
    LedgerError,
    NotFoundError,
    RootMismatchError,
    SettingsError,
)
from scripts.cli.failures import guarded
from scripts.cli.output import Output


def raising(error):
    def work():
        raise error

    return work


class TestExitCodes:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (NotFoundError(what="entry", key="1"), 1),
            (RootMismatchError(expected="a", actual="b"), 1),
            (ChainUnavailableError(endpoint="http://127.0.0.1:1", reason="x"), 1),
            (SettingsError(setting="port", reason="x"), 64),
            (InvariantBrokenError(invariant="i", expected="a", actual="b"), 70),
            (LedgerError(), 70),
            (DirectoryInUseError("d", 1), 1),
            (DevnetSettingsError("port", "x"), 64),
            (CorruptChainError("x"), 70),
            (ValueError("x"), 70),
        ],
    )
    def test_each_kind_of_failure_has_its_exit_code(self, monkeypatch, tmp_path, error, code):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        assert guarded(Output(), raising(error)) == code

    def test_work_that_ends_well_is_zero(self):
        assert guarded(Output(), lambda: None) == 0

    def test_work_says_its_own_code(self):
        assert guarded(Output(), lambda: 2) == 2


class TestWords:
    def test_a_refusal_gives_sentence_and_advice_on_standard_error(self, capsys):
        error = NotFoundError(what="entry", key="7")
        guarded(Output(language="zh"), raising(error))
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.splitlines() == [error.sentence("zh"), error.advice("zh")]

    def test_with_json_the_refusal_is_the_one_document(self, capsys):
        guarded(Output(as_json=True), raising(NotFoundError(what="entry", key="7")))
        document = json.loads(capsys.readouterr().out)
        assert document["error"]["code"] == "not-found"

    def test_a_failure_after_the_answer_adds_no_second_document(self, capsys):
        out = Output(as_json=True)

        def work():
            out.result({"done": True})
            raise NotFoundError(what="entry", key="7")

        assert guarded(out, work) == 1
        assert json.loads(capsys.readouterr().out) == {"done": True}


class TestFaults:
    SECRET = "110101199003070000 张三"

    def test_our_own_fault_is_short_and_keeps_what_was_read_to_itself(
        self, capsys, monkeypatch, tmp_path
    ):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        guarded(Output(), raising(ValueError(self.SECRET)))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert self.SECRET not in captured.err
        (kept,) = (tmp_path / "anxu" / "faults").iterdir()
        assert kept.stem in captured.err
        text = kept.read_text()
        assert "ValueError" in text
        assert "test_failures.py" in text
        assert self.SECRET not in text
        assert kept.stat().st_mode & 0o077 == 0

    def test_debug_shows_the_traceback(self, capsys):
        guarded(Output(debug=True), raising(ValueError("x")))
        assert "Traceback" in capsys.readouterr().err
