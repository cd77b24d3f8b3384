from __future__ import annotations

import io
from pathlib import Path

import pytest

from ledger.errors import SettingsError
from scripts.cli.identity import read_identity
from scripts.cli.output import Output


class TestReadIdentity:
    def test_the_first_line_of_a_private_file_counts(self, tmp_path, capsys):
        path = tmp_path / "id"
        path.write_text("\ufeff 11010519491231002X \nmore\n")
        path.chmod(0o600)
        assert read_identity(Output(), path) == "11010519491231002X"
        assert capsys.readouterr().err == ""

    def test_a_file_that_others_can_read_is_remarked(self, tmp_path, capsys):
        path = tmp_path / "id"
        path.write_text("11010519491231002X\n")
        path.chmod(0o644)
        read_identity(Output(), path)
        message = capsys.readouterr().err
        assert "chmod 600" in message
        assert "11010519491231002X" not in message

    @pytest.mark.parametrize("path", [None, Path("-")])
    def test_standard_input_is_read(self, monkeypatch, path):
        monkeypatch.setattr("sys.stdin", io.StringIO("11010519491231002X\n"))
        assert read_identity(Output(), path) == "11010519491231002X"

    def test_nothing_given_is_refused(self, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
        with pytest.raises(SettingsError) as caught:
            read_identity(Output(), None)
        assert caught.value.setting == "identity number"

    def test_a_missing_file_is_refused(self, tmp_path):
        with pytest.raises(SettingsError) as caught:
            read_identity(Output(), tmp_path / "none")
        assert caught.value.setting == "--identity-file"
