"""What every refusal of the tree has in common, and what its roots mean to who must act."""

from __future__ import annotations

import re
import string
import typing
from dataclasses import fields
from typing import Any

import pytest

from ledger import errors
from ledger.errors import (
    ConflictError,
    CorruptionError,
    LedgerError,
    RefusedError,
    UnavailableError,
    UsageError,
    VerificationError,
)

ROOTS = {
    LedgerError, RefusedError, ConflictError, VerificationError, UnavailableError,
    CorruptionError, UsageError,
}  # fmt: skip
CLASSES = [
    item
    for item in vars(errors).values()
    if isinstance(item, type) and issubclass(item, LedgerError)
]
LEAVES = [item for item in CLASSES if item not in ROOTS]
SAMPLES = {str: "sample", int: 7, int | str: 7, dict[str, Any]: {"log": 7}}
PERSONAL = {"identity", "identity_number", "person", "person_name", "subject", "pseudonym", "salt"}


def sample(leaf: type[LedgerError]) -> LedgerError:
    kinds = typing.get_type_hints(leaf)
    return leaf(
        **{
            field.name: "样例" if field.name.endswith("_zh") else SAMPLES[kinds[field.name]]
            for field in fields(leaf)
        }
    )


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
class TestEveryLeaf:
    def test_it_stands_under_exactly_one_root(self, leaf):
        roots = (RefusedError, VerificationError, UnavailableError, CorruptionError, UsageError)
        assert sum(issubclass(leaf, root) for root in roots) == 1

    def test_its_name_and_code_are_well_formed(self, leaf):
        assert leaf.__name__.endswith("Error")
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", leaf.code)

    def test_it_speaks_both_languages_about_its_fields(self, leaf):
        error = sample(leaf)
        for language in ("zh", "en"):
            assert error.sentence(language)
            assert error.advice(language)
        assert error.sentence("en") in str(error)
        assert re.search(r"[\u4e00-\u9fff]", error.sentence("zh"))
        assert re.search(r"[\u4e00-\u9fff]", error.advice("zh"))
        assert not re.search(r"[\u4e00-\u9fff]", str(error))

    def test_chinese_tells_nothing_that_english_hides(self, leaf):
        chinese = {name.removesuffix("_zh") for name in placeholders(leaf.message_zh)}
        assert chinese <= placeholders(leaf.message)

    def test_it_has_words_of_its_own(self, leaf):
        assert "message" in vars(leaf)
        assert "message_zh" in vars(leaf)

    def test_no_field_is_personal(self, leaf):
        assert not {field.name for field in fields(leaf)} & PERSONAL


def test_codes_are_unique():
    codes = [item.code for item in CLASSES]
    assert sorted(codes) == sorted(set(codes))


def test_what_is_unavailable_and_lost_races_may_be_tried_again():
    unavailable = {item for item in CLASSES if issubclass(item, UnavailableError)}
    races = {errors.ActUnderWayError, errors.CaseMovedError, errors.HeadMovedError}
    assert {item for item in CLASSES if item.retryable} == unavailable | races


def test_fields_are_what_was_given():
    error = errors.LengthError(field="salt", expected=32, actual=31)
    assert error.fields() == {"field": "salt", "expected": 32, "actual": 31}
