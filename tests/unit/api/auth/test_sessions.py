"""The demonstration's personas in their file, and where a visitor lands."""

from __future__ import annotations

import json

import pytest

from api.auth.sessions import PERSONAS_FILE, Persona, landing, load_personas, write_personas
from api.web.parts import Role
from ledger.errors import FileModeError, SettingsError
from ledger.evidence.encoding import Subject

SUBJECT = Subject(bytes(range(32)))
OFFICER = Persona("officer-maker", Role.OFFICER, "周敏", "Zhou Min", "受理转移", "transfers")
RETIREE = Persona("person-1", Role.PERSON, "李秀英", "Li Xiuying", "退休", "retirement", SUBJECT)
SUPERVISOR = Persona("supervisor", Role.SUPERVISOR, "郑岩", "Zheng Yan", "疑点", "suspicions")


class TestFile:
    def test_what_is_written_is_read_back(self, tmp_path):
        write_personas(tmp_path, [OFFICER, RETIREE])
        assert load_personas(tmp_path) == (OFFICER, RETIREE)

    def test_file_is_its_owners_only_and_holds_no_identity_number(self, tmp_path):
        path = write_personas(tmp_path, [OFFICER, RETIREE])
        assert path.stat().st_mode & 0o777 == 0o600
        rows = json.loads(path.read_text())
        assert set(rows[0]) == {"key", "role", "name_zh", "name_en", "comes_to_zh", "comes_to_en"}
        assert set(rows[1]) - set(rows[0]) == {"subject"}

    def test_there_are_none_before_the_demonstration_wrote_them(self, tmp_path):
        assert load_personas(tmp_path) == ()

    def test_file_open_to_others_is_refused(self, tmp_path):
        path = write_personas(tmp_path, [OFFICER])
        path.chmod(0o644)
        with pytest.raises(FileModeError):
            load_personas(tmp_path)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[1]",
            '[{"key": "a"}]',
            '[{"key":"a","role":"king","name_zh":"甲","name_en":"","comes_to_zh":"","comes_to_en":""}]',
            '[{"key":"a","role":"person","name_zh":"甲","name_en":"","comes_to_zh":"","comes_to_en":""}]',
        ],
    )
    def test_anything_else_is_refused_without_repeating_it(self, tmp_path, text):
        (tmp_path / PERSONAS_FILE).write_text(text)
        (tmp_path / PERSONAS_FILE).chmod(0o600)
        with pytest.raises(SettingsError) as refused:
            load_personas(tmp_path)
        assert "甲" not in str(refused.value)

    def test_two_personas_cannot_share_a_key(self, tmp_path):
        write_personas(tmp_path, [OFFICER, OFFICER])
        with pytest.raises(SettingsError):
            load_personas(tmp_path)


class TestPersona:
    def test_person_needs_a_subject_and_nobody_else_has_one(self):
        with pytest.raises(SettingsError):
            Persona("person-2", Role.PERSON, "甲", "A", "", "")
        with pytest.raises(SettingsError):
            Persona("officer-x", Role.OFFICER, "甲", "A", "", "", SUBJECT)

    def test_verifier_needs_no_account_and_has_none(self):
        with pytest.raises(SettingsError):
            Persona("verifier", Role.VERIFIER, "甲", "A", "", "")

    def test_officer_is_named_as_services_name_them(self):
        assert OFFICER.officer == "maker"


class TestLanding:
    @pytest.mark.parametrize(
        ("persona", "wanted", "place"),
        [
            (OFFICER, "/bureau/log", "/bureau/log"),
            (OFFICER, "/bureau", "/bureau"),
            (OFFICER, "/", "/bureau"),
            (OFFICER, None, "/bureau"),
            (OFFICER, "/bureaucracy", "/bureau"),
            (OFFICER, "/me", "/bureau"),
            (RETIREE, "/bureau", "/me"),
            (RETIREE, "/me/entries/3", "/me/entries/3"),
            (SUPERVISOR, "//evil.example/supervisor", "/supervisor"),
            (SUPERVISOR, "https://evil.example", "/supervisor"),
            (SUPERVISOR, "/supervisor/\\evil", "/supervisor"),
        ],
    )
    def test_next_page_is_of_this_site_and_of_this_role(self, persona, wanted, place):
        assert landing(persona, wanted) == place
