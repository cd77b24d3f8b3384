"""Refusals of measures in words: known ones name what, until when and how to mend it."""

from __future__ import annotations

import pytest

from api.supervisor.measure_words import _REFUSALS, OUTCOMES, kept_refusal, refusal_words
from ledger.chain.artifacts import errors_by_selector
from ledger.chain.bindings import ConflictOutcome

UNTIL = 1_790_697_600  # 2026-09-30 00:00 in Beijing


def test_every_refusal_with_words_is_one_that_a_contract_has() -> None:
    assert set(_REFUSALS) <= {error["name"] for error in errors_by_selector().values()}


def test_every_finding_of_the_contract_can_be_chosen() -> None:
    names = {each.name.lower().replace("_", "-") for each in ConflictOutcome if each}
    assert set(OUTCOMES) == names


def test_a_freeze_that_stands_is_told_with_its_end() -> None:
    what, mend = refusal_words("FundRulesLogFrozen", {"log": 2, "until": UNTIL})
    assert "2026-09-30 00:00" in what.zh
    assert "2026-09-30 00:00" in what.en
    assert "共同决定" in mend.zh


@pytest.mark.parametrize(("suspended", "words"), [(True, "已经暂停"), (False, "没有被暂停")])
def test_a_suspension_that_changes_nothing_says_how_it_stands(suspended: bool, words: str) -> None:
    what, _ = refusal_words("BureausSuspensionUnchanged", {"log": 2, "suspended": suspended})
    assert words in what.zh


def test_a_refusal_nobody_expected_is_named() -> None:
    what, mend = refusal_words("SomethingElse", {})
    assert "SomethingElse" in what.zh
    assert "SomethingElse" in what.en
    assert mend.zh


def test_what_the_sender_kept_is_told_the_same_way() -> None:
    kept = kept_refusal(f'FundRules.FundRulesFreezeTooSoon {{"log": 2, "freezableFrom": {UNTIL}}}')
    assert kept == refusal_words("FundRulesFreezeTooSoon", {"log": 2, "freezableFrom": UNTIL})


@pytest.mark.parametrize(
    "kept", [None, "", "unknown-revert", "FundRules.FundRulesLogFrozen {broken", "A.B {}"]
)
def test_a_reason_that_cannot_be_read_is_still_told(kept: str | None) -> None:
    what, mend = kept_refusal(kept)
    assert what.zh
    assert mend.en
