"""Checks and verdicts as they are told to people."""

from ledger.evidence.verdicts import (
    NAMES_EN,
    NAMES_ZH,
    Check,
    CheckName,
    Outcome,
    Verdict,
)

GOOD = Check(CheckName.TAG, Outcome.VALID, "好", "good")
WRONG = Check(CheckName.SEAL, Outcome.INVALID, "错", "wrong")
UNKNOWN = Check(CheckName.ANCHOR, Outcome.UNDETERMINED, "未知", "unknown")


def test_every_check_has_a_name_in_both_languages():
    assert set(NAMES_ZH) == set(NAMES_EN) == set(CheckName)
    assert GOOD.title("zh") == "事实标签"
    assert GOOD.title() == "Tag of the fact"
    assert (GOOD.sentence("zh"), GOOD.sentence()) == ("好", "good")


def test_a_contradiction_is_the_reason_before_what_is_missing():
    missing = (CheckName.ANCHOR,)
    open_ = Outcome.UNDETERMINED
    both = Verdict(Outcome.INVALID, Outcome.INVALID, (GOOD, WRONG, UNKNOWN), missing)
    assert both.reasons() == ("wrong",)
    assert Verdict(open_, open_, (GOOD, UNKNOWN), missing).reasons("zh") == ("未知",)
    assert Verdict(Outcome.VALID, open_, (GOOD, UNKNOWN)).reasons() == ()


def test_a_check_is_found_by_its_name():
    verdict = Verdict(Outcome.VALID, Outcome.VALID, (GOOD,))
    assert verdict.check(CheckName.TAG) is GOOD
    assert verdict.check(CheckName.SEAL) is None
