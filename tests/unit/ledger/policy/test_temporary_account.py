from dataclasses import replace

import pytest

from ledger.errors import AmountError, NotFoundError
from ledger.policy.steps import may_decide
from ledger.policy.temporary_account import Fate, TemporaryAccount, temporary_account_fate

ACCOUNT = TemporaryAccount("320100", unit_fen=160_000, person_fen=80_000, interest_fen=1_234)


class TestFate:
    def test_it_goes_on_while_the_person_is_insured_there(self):
        decision = temporary_account_fate(ACCOUNT, "340100", "320500")
        assert (decision.fate, decision.to_province, decision.fund_fen) == (Fate.KEEP, None, 0)
        assert decision.steps[-1].code == "temporary-account-kept"
        assert "补缴以前月份不改变其性质" in decision.explanation.zh

    def test_it_is_sealed_when_the_person_moves_on(self):
        decision = temporary_account_fate(ACCOUNT, "340100", "510100")
        assert (decision.fate, decision.to_province, decision.fund_fen) == (Fate.SEAL, None, 0)
        assert decision.steps[-1].code == "temporary-account-sealed"

    def test_all_of_it_goes_back_with_the_person(self):
        decision = temporary_account_fate(ACCOUNT, "340100", "340500")
        assert (decision.fate, decision.to_province) == (Fate.COLLECT, "340000")
        assert decision.fund_fen == 241_234
        assert decision.steps[-1].code == "temporary-account-back"

    def test_all_of_it_goes_to_the_place_that_pays(self):
        decision = temporary_account_fate(ACCOUNT, "340100", "320100", "510000")
        assert (decision.fate, decision.to_province, decision.fund_fen) == (
            Fate.COLLECT, "510000", 241_234,
        )  # fmt: skip
        assert decision.steps[-1].code == "temporary-account-for-benefit"
        assert "2,412.34元" in decision.explanation.zh

    def test_no_money_moves_inside_the_place_that_pays(self):
        decision = temporary_account_fate(ACCOUNT, "340100", "320100", "320000")
        assert (decision.fate, decision.to_province, decision.fund_fen) == (
            Fate.COLLECT, "320000", 0,
        )  # fmt: skip

    def test_an_account_in_the_province_of_the_normal_relation_stays(self):
        assert temporary_account_fate(ACCOUNT, "320500", "320100").fate is Fate.KEEP

    def test_the_figures_are_told_and_rest_on_a_remembered_rule(self):
        decision = temporary_account_fate(ACCOUNT, "340100", "340100")
        assert decision.steps[-1].figures == {
            "region": "320100",
            "unit_fen": 160_000,
            "person_fen": 80_000,
            "interest_fen": 1_234,
            "to_region": "340000",
            "fund_fen": 241_234,
        }
        assert not may_decide(decision)

    @pytest.mark.parametrize("field", ["unit_fen", "person_fen", "interest_fen"])
    def test_negative_amounts_are_refused(self, field):
        with pytest.raises(AmountError) as caught:
            temporary_account_fate(replace(ACCOUNT, **{field: -1}), "340100", "320100")
        assert caught.value.field == field.removesuffix("_fen")

    def test_a_place_in_no_province_is_refused(self):
        with pytest.raises(NotFoundError):
            temporary_account_fate(ACCOUNT, "340100", "320100", "990000")
