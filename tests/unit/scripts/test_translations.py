from __future__ import annotations

import shutil

import pytest

from scripts import translations


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The catalogue in a folder of its own, to be damaged."""
    for name, path in (("CATALOGUE", translations.CATALOGUE), ("COMPILED", translations.COMPILED)):
        monkeypatch.setattr(translations, name, shutil.copy(path, tmp_path / path.name))
    return tmp_path / translations.CATALOGUE.name


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_english_is_complete_and_compiled():
    assert translations.problems() == []


def test_empty_entry_is_found(copy):
    edit(copy, 'msgstr "Sign out"', 'msgstr ""')
    assert any(line.startswith("not translated: 退出") for line in translations.problems())


def test_left_over_entry_is_found(copy):
    edit(copy, 'msgid "退出"', 'msgid "不再使用"')
    found = translations.problems()
    assert "missing: 退出" in found
    assert "left over: 不再使用" in found


def test_lost_placeholder_is_found(copy):
    edit(copy, 'msgstr "Pension for %(month)s"', 'msgstr "Pension for %(moon)s"')
    assert any("%(month)s 养老金" in line for line in translations.problems())


def test_stale_compiled_file_is_found(copy):
    edit(copy, 'msgstr "Sign out"', 'msgstr "Leave"')
    assert [line for line in translations.problems() if "stale" in line]


def test_update_changes_nothing_when_all_is_fresh(copy):
    before = copy.read_bytes()
    translations.update()
    assert copy.read_bytes() == before
