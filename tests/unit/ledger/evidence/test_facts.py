"""What a bundle discloses, in words: everything, labelled, and nothing more."""

from dataclasses import replace

import pytest

from ledger.evidence.facts import LABELS, disclosed_facts, format_yuan


def _values(bundle):
    return {fact.key: fact.value for fact in disclosed_facts(bundle)}


def test_an_owner_bundle_discloses_every_field_of_the_record(case):
    facts = disclosed_facts(case.bundle())
    assert {fact.key for fact in facts} == set(case.record)
    assert [fact.label_zh for fact in facts[:3]] == ["姓名", "公民身份号码", "记录类别"]
    assert [fact.label_en for fact in facts[:3]] == ["Name", "Identity number", "Kind of record"]


def test_values_are_written_for_people(case):
    values = _values(case.bundle())
    assert values["name"] == "张三"
    assert values["kind"] == "待遇发放 Payout"
    assert values["class"] == "基本养老保险 Basic pension insurance"
    assert values["period"] == "2026-08"
    assert values["amount_fen"] == "¥3,120.50"
    assert values["supplement_of"] == "—"


def test_a_supervision_bundle_discloses_the_entry_only(case):
    values = _values(case.bundle(level="supervision"))
    assert values == {
        "kind": "待遇发放 Payout",
        "class": "基本养老保险 Basic pension insurance",
        "period": "2026-08",
        "amount_fen": "¥3,120.50",
    }


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("account_rate_bps", 805, "8.05%"),
        ("period", 0, "—"),
        ("supplement_of", {"log": 3, "index": 7}, "log 3; index 7"),
        ("cases", ["a", "b"], "a, b"),
        ("is_final", True, "是 Yes"),
        ("is_final", False, "否 No"),
        ("count", 12, "12"),
        ("insured_from", 202301, "2023-01"),
    ],
)
def test_each_kind_of_value_has_its_form(case, key, value, shown):
    bundle = case.bundle()
    opening = replace(bundle.opening, record={key: value})
    assert _values(replace(bundle, opening=opening)) == {key: shown}


def test_a_field_nobody_knows_is_shown_under_its_own_name(case):
    bundle = case.bundle()
    opening = replace(bundle.opening, record={"unheard_of": "x"})
    (fact,) = disclosed_facts(replace(bundle, opening=opening))
    assert (fact.label_zh, fact.label_en, fact.value) == ("unheard_of", "unheard_of", "x")


@pytest.mark.parametrize(
    ("fen", "shown"), [(0, "¥0.00"), (5, "¥0.05"), (-12_345, "-¥123.45"), (10**9, "¥10,000,000.00")]
)
def test_money(fen, shown):
    assert format_yuan(fen) == shown


def test_every_label_is_bilingual():
    assert all(zh and en and zh != en for zh, en in LABELS.values())
