"""Cards with which several supervisors deploy one network."""

from __future__ import annotations

import json

import pytest

from ledger.errors import SettingsError
from scripts.cli.supervisor_cards import read_cards


def test_a_card_is_written_and_read_and_holds_no_secret(anxu, tmp_path):
    card = tmp_path / "card.json"
    arguments = ("--name-zh", "监管", "--name-en", "Supervision", "--port", "8401")
    answer = anxu("chain", "card", str(tmp_path / "node"), *arguments, "--out", str(card), "--json")
    assert answer.code == 0
    (read,) = read_cards([card])
    content = json.loads(card.read_text("utf-8"))
    assert (read.name, read.endpoint) == ("监管 / Supervision", "http://127.0.0.1:8401")
    assert len({read.account, read.freezer, read.closer}) == 3
    assert set(content) == {
        "schema", "account", "cosigner_key", "name", "endpoint", "freezer", "closer",
    }  # fmt: skip
    again = anxu("chain", "card", str(tmp_path / "node"), *arguments, "--out", str(card), "--json")
    assert again.code == 0
    assert read_cards([card]) == [read]


@pytest.mark.parametrize("text", ["x", "[]", "{}", '{"schema": "anxu-supervisor/1"}'])
def test_what_is_no_card_is_refused(tmp_path, text):
    card = tmp_path / "card.json"
    card.write_text(text)
    with pytest.raises(SettingsError):
        read_cards([card])
    with pytest.raises(SettingsError):
        read_cards([tmp_path / "missing.json"])
