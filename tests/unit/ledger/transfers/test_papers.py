"""Papers read back as they were written; what does not follow its schema is refused by the part."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import date

import pytest

from ledger.errors import PackageShapeError
from ledger.evidence.encoding import LogId
from ledger.transfers.figures import figures_json
from ledger.transfers.model import (
    Approval,
    CaseId,
    Initiative,
    Letter,
    Person,
    Refusal,
    TransferReason,
)
from ledger.transfers.papers import (
    letter_digest,
    letter_json,
    package_json,
    parse_case_id,
    parse_figures,
    parse_letter,
    parse_package,
    parse_refusal,
    refusal_digest,
    refusal_json,
)

CASE = CaseId("0x" + "ab" * 32)
LETTER = Letter(
    case_id=CASE, from_log=LogId(1), to_log=LogId(3), class_=1, stay=1,
    person=Person("11010519491231002X", "示例人"), reason=TransferReason.RETURN_TO_HUKOU,
    initiative=Initiative.PERSON, first_paid_period=202405, issued_on=date(2026, 9, 15),
    sealing_key=bytes(range(32)), salt=bytes([7]) * 32,
    approvals=(Approval("officer-maker", "0x" + "11" * 20, bytes(65)),),
)  # fmt: skip


def through_json(value):
    return json.loads(json.dumps(value))


class TestRoundTrips:
    def test_letter(self):
        assert parse_letter(through_json(letter_json(LETTER))) == LETTER

    def test_package(self, scene):
        package = scene.package()
        assert parse_package(through_json(package_json(package))) == package

    def test_figures(self, scene):
        figures = scene.package().sheet.figures
        assert parse_figures(through_json(figures_json(figures))) == figures

    def test_refusal(self):
        refusal = Refusal(5, "姓名不符", "the name differs", bytes([1]) * 32)
        assert parse_refusal(through_json(refusal_json(CASE, refusal))) == (CASE, refusal)


class TestDigests:
    def test_a_letter_cannot_be_guessed_without_its_salt(self):
        other = replace(LETTER, salt=bytes(32))
        assert letter_digest(other) != letter_digest(LETTER)

    def test_signatures_do_not_change_what_they_sign(self):
        assert letter_digest(replace(LETTER, approvals=())) == letter_digest(LETTER)

    def test_a_refusals_digest_binds_case_code_and_words(self):
        refusal = Refusal(5, "姓名不符", "the name differs", bytes(32))
        digests = {
            refusal_digest(CASE, refusal),
            refusal_digest(CaseId("0x" + "cd" * 32), refusal),
            refusal_digest(CASE, Refusal(6, "姓名不符", "the name differs", bytes(32))),
            refusal_digest(CASE, Refusal(5, "姓名不一", "the name differs", bytes(32))),
        }
        assert len(digests) == 4


class TestMalformed:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            (field, value)
            for field in sorted(letter_json(LETTER))
            for value in (None, [], {}, 1.5, "zz", -1, True)
            # any text may be a name; the person is checked against the pseudonym
            if not (field in {"identity_number", "name"} and value == "zz")
            and not (field == "approvals" and value == [])
        ],
        ids=str,
    )
    def test_each_letter_field_of_another_type_is_refused(self, field, value):
        with pytest.raises(PackageShapeError):
            parse_letter(letter_json(LETTER) | {field: value})

    @pytest.mark.parametrize("field", sorted(letter_json(LETTER)))
    def test_each_letter_field_is_needed(self, field):
        content = letter_json(LETTER)
        del content[field]
        with pytest.raises(PackageShapeError):
            parse_letter(content)

    def test_each_package_part_is_needed(self, scene):
        content = through_json(package_json(scene.package()))
        for path in (("records", 0, "head"), ("records", 0, "proof"), ("records", 0, "record"),
                     ("sheet", "figures"), ("sheet", "figures_salt"), ("size",), ("root",),
                     ("moved_before",), ("sheet", "figures", "years", 0, "pool_fen")):  # fmt: skip
            damaged = copy.deepcopy(content)
            place = damaged
            for key in path[:-1]:
                place = place[key]
            del place[path[-1]]
            with pytest.raises(PackageShapeError):
                parse_package(damaged)

    @pytest.mark.parametrize("text", ["", "0x", "ab" * 32, "0x" + "AB" * 32, "0x" + "zz" * 32])
    def test_a_case_number_has_one_spelling(self, text):
        with pytest.raises(PackageShapeError):
            parse_case_id(text)

    @pytest.mark.parametrize("value", [None, 3, "x", []])
    def test_what_is_no_object_is_refused(self, value):
        with pytest.raises(PackageShapeError):
            parse_package(value)
