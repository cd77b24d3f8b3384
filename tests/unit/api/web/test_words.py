from __future__ import annotations

from enum import Enum

import pytest

from api.bureau import views as bureau
from api.person import views as person
from api.supervisor import measures
from api.supervisor import views as supervisor
from api.web import parts, words
from api.web.charts.flow import PATTERN_TONES
from ledger.policy.kinds import Kind

WITHOUT_WORDS = {
    parts.Language,
    parts.FactForm,
    person.Answer,
}  # shown by the templates in other ways


def code_classes():
    found = {}
    for module in (parts, bureau, person, supervisor, measures):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Enum) and len(value):
                found[value.__qualname__] = value
    return [value for value in found.values() if value not in WITHOUT_WORDS]


@pytest.mark.parametrize("codes", code_classes(), ids=lambda codes: codes.__qualname__)
def test_every_code_has_its_own_word(codes):
    shown = [words.word_for(code) for code in codes]
    assert len(set(shown)) == len(shown)


def test_codes_of_equal_value_keep_their_own_words():
    assert words.word_for(parts.ChainState.CURRENT) == "存证正常"
    assert words.word_for(parts.StepState.CURRENT) == "办理中"


def test_every_rule_has_a_text():
    assert set(words.RULE_TEXTS) == set(parts.AlertRule)


def test_every_kind_of_the_law_has_a_word():
    assert set(words.KINDS) == {int(kind) for kind in Kind}


def test_supplement_is_said_beside_its_class():
    assert words.class_words(1) == ("养老保险",)
    assert words.class_words(0x8001) == ("养老保险", "补发")


def test_every_flow_kind_has_a_pattern():
    assert {kind.value for kind in supervisor.FlowKind} == set(PATTERN_TONES)


def test_risk_is_a_word_at_its_limits():
    bands = [supervisor.risk_band(risk).value for risk in (0, 39, 40, 69, 70, 100)]
    assert bands == ["low", "low", "medium", "medium", "high", "high"]
