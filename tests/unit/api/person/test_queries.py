"""What a person reads about conditions and payments."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from api.person.queries import condition_of, payout_of
from api.person.views import PayoutState
from api.web.parts import SealState, Words
from ledger.benefits.model import RecordState
from ledger.benefits.queries import PayoutOfPerson
from ledger.evidence.encoding import LeafIndex
from ledger.policy.eligibility import EligibilityQuestion, review
from ledger.policy.retirement import Category

PAID = PayoutOfPerson(
    period=202608, amount_fen=318_540, region="320100", scheme="PENSION_EMPLOYEE", reason="",
    is_supplement=False, paid_on=date(2026, 8, 18), leaf_index=LeafIndex(7),
    state=RecordState.ANCHORED, line_state="PAID", is_reversed=False,
)  # fmt: skip


class TestPayouts:
    @pytest.mark.parametrize(
        ("line_state", "shown"),
        [
            ("PAID", PayoutState.PAID),
            ("HELD", PayoutState.HELD),
            ("RETURNED", PayoutState.RETURNED),
            ("CLEAR", PayoutState.COMING),
            ("PAYABLE", PayoutState.COMING),
            ("SUSPECTED", PayoutState.COMING),
            ("PROPOSED", PayoutState.COMING),
        ],
    )
    def test_every_state_of_a_line_has_a_word_for_the_person(self, line_state, shown):
        assert payout_of(replace(PAID, line_state=line_state), {}).state is shown

    def test_held_line_says_why(self):
        held = replace(PAID, line_state="HELD", is_reversed=True)
        row = payout_of(held, {7: Words("合肥已登记同月。", "Hefei has the same month.")})
        assert row.state is PayoutState.HELD
        assert "合肥已登记同月。" in row.note.zh
        assert "Hefei has the same month." in row.note.en
        assert row.paid_on is None

    def test_line_that_was_taken_back_is_not_called_paid(self):
        row = payout_of(replace(PAID, is_reversed=True), {})
        assert row.state is PayoutState.HELD
        assert row.paid_on is None

    def test_seal_waits_for_the_anchor(self):
        assert payout_of(PAID, {}).seal.state is SealState.STANDING
        waiting = payout_of(replace(PAID, state=RecordState.PENDING), {})
        assert waiting.seal.state is SealState.PENDING
        assert waiting.seal.href == "/me/entries/7"


class TestConditions:
    def test_condition_not_met_says_how_to_mend_it(self):
        result = review(
            EligibilityQuestion(
                birth_period=196408, category=Category.MALE, months_contributed=176,
                deemed_months=0, as_of_period=202609,
            )
        )  # fmt: skip
        shown = {item.text.en: item for item in map(condition_of, result.conditions)}
        months = shown["The minimum months are paid"]
        assert months.met is False
        assert months.mend.zh.endswith("。")
        assert "社会保险法" in months.detail.zh
        assert shown["The pension age is reached"].met is True
        assert shown["The pension age is reached"].mend is None
