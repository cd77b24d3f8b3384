from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from scripts.cli.main import make_app

WANTED = {
    "devnet up", "devnet down", "devnet status", "chain deploy", "chain status", "node init",
    "node serve", "node status", "bureau enrol", "import contributions", "import payouts",
    "import deaths", "payouts propose", "payouts check", "payouts decide", "payouts approve",
    "payouts list", "payouts show", "payouts bank-answer", "funds move", "funds balances",
    "checkpoint", "transfer request", "transfer list", "transfer show", "transfer accept",
    "transfer refuse", "transfer withdraw", "transfer settle", "eligibility review",
    "eligibility decide", "prove", "trust export", "verify", "alerts list", "alerts show",
    "alerts prove", "outbox list", "outbox show", "outbox retry",
    "outbox accept-chain", "bench",
}  # fmt: skip


def commands() -> dict[str, object]:
    found: dict[str, object] = {}

    def walk(command: object, path: tuple[str, ...]) -> None:
        children = getattr(command, "commands", None)
        if children is None:
            found[" ".join(path)] = command
            return
        for name, child in children.items():
            walk(child, (*path, name))

    walk(typer.main.get_command(make_app()), ())
    return found


COMMANDS = commands()


class TestCommands:
    def test_every_promised_command_is_there(self):
        assert set(COMMANDS) >= WANTED

    @pytest.mark.parametrize("path", sorted(COMMANDS))
    def test_help_says_what_a_command_does_in_english_beside_the_chinese_term(self, anxu, path):
        answer = anxu(*path.split(), "--help")
        assert answer.code == 0
        first = answer.out.split("\n\n")[1]
        assert len(first.split()) >= 4
        assert any("\u4e00" <= character <= "\u9fff" for character in answer.out)
        assert "--json" in answer.out

    @pytest.mark.parametrize("path", sorted(COMMANDS))
    def test_every_option_is_explained(self, path):
        unexplained = [item.name for item in COMMANDS[path].params if not getattr(item, "help", "")]
        assert unexplained == []

    @pytest.mark.parametrize("path", sorted(COMMANDS))
    def test_unknown_option_is_wrong_usage(self, anxu, path):
        answer = anxu(*path.split(), "--no-such-option")
        assert answer.code == 64
        assert answer.out == ""
        assert "--no-such-option" in answer.err
        assert f"anxu {path} --help" in answer.err

    def test_no_command_takes_an_identity_number_as_a_value(self):
        names = {
            option
            for command in COMMANDS.values()
            for item in command.params
            for option in getattr(item, "opts", [])
        }
        assert "--identity-file" in names
        assert not {"--identity", "--identity-number", "--id"} & names


class TestUsage:
    def test_nothing_given_shows_the_help_and_is_wrong_usage(self, anxu):
        answer = anxu()
        assert answer.code == 64
        assert "devnet" in answer.err

    def test_unknown_command_is_wrong_usage(self, anxu):
        assert anxu("frobnicate").code == 64

    def test_missing_argument_is_wrong_usage(self, anxu):
        answer = anxu("prove")
        assert answer.code == 64
        assert "INDEX" in answer.err

    def test_value_out_of_bounds_is_wrong_usage(self, anxu):
        assert anxu("prove", "-1", "--node", "n", "--out", "o").code == 64

    def test_wrong_usage_with_json_is_one_document(self, anxu):
        answer = anxu("devnet", "up", "--nope", "--json")
        assert answer.code == 64
        assert answer.document["error"]["code"] == "usage"

    def test_json_behind_the_end_of_options_is_an_argument(self, anxu):
        answer = anxu("bench", "--", "--json")
        assert answer.code == 64
        assert answer.out == ""

    def test_a_directory_that_is_no_node_is_wrong_usage(self, anxu, tmp_path):
        answer = anxu("outbox", "list", "--node", str(tmp_path), "--json")
        assert answer.code == 64
        assert answer.document["error"]["code"] == "settings"
        assert "anxu node init" in answer.err


class TestLanguage:
    def test_chinese_locale_is_answered_in_chinese(self, anxu, monkeypatch, tmp_path):
        monkeypatch.setenv("LANG", "zh_CN.UTF-8")
        assert "未运行" in anxu("devnet", "status", "--directory", str(tmp_path)).out

    def test_the_option_overrides_the_locale(self, anxu, monkeypatch, tmp_path):
        monkeypatch.setenv("LANG", "zh_CN.UTF-8")
        answer = anxu("devnet", "status", "--directory", str(tmp_path), "--language", "en")
        assert "not running" in answer.out


class TestCost:
    def test_help_is_quick_because_nothing_heavy_is_imported(self):
        code = (
            "import sys, contextlib, io\n"
            "from scripts.cli.main import run\n"
            "with contextlib.redirect_stdout(io.StringIO()):\n    assert run(['--help']) == 0\n"
            "print(sorted({'web3', 'polars', 'sqlalchemy', 'fastapi', 'eth', 'numpy', 'cryptography'}"
            " & set(sys.modules)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"
