from dataclasses import replace
from datetime import date

import pytest

from ledger.errors import ImpossibleFactError, NotFoundError, ParameterMissingError
from ledger.policy.identifiers import Sex
from ledger.policy.steps import may_decide
from ledger.policy.transfer import (
    Scope,
    TransferQuestion,
    Verdict,
    full_years,
    may_transfer,
    scope_of,
)

QUESTION = TransferQuestion(
    from_region="340100",
    to_region="320100",
    sex=Sex.MALE,
    birth_on=date(1990, 5, 20),
    first_insured_on=date(2025, 4, 1),
    paid_months_at_destination=3,
    draws_pension=False,
)


class TestScope:
    def test_the_province_is_the_pool(self):
        assert scope_of("320500", "320100") is Scope.INTRA_POOL
        assert scope_of("340100", "320100") is Scope.CROSS_PROVINCE

    def test_a_place_in_no_province_is_refused(self):
        with pytest.raises(NotFoundError):
            scope_of("990101", "320100")


class TestMayTransfer:
    @pytest.mark.parametrize(
        ("changes", "verdict", "code", "article"),
        [
            ({}, Verdict.TRANSFER, "transfer-under-age-limit", "第四条"),
            (
                {"draws_pension": True, "from_region": "320500"},
                Verdict.REFUSE,
                "transfer-pension-drawn",
                "第二条",
            ),
            ({"paid_months_at_destination": 0}, Verdict.REFUSE, "transfer-nothing-paid", "第三条"),
            (
                {"paid_months_at_destination": 0, "from_region": "320500"},
                Verdict.REFUSE,
                "transfer-nothing-paid",
                "第三条",
            ),
            (
                {"paid_months_at_destination": 1, "from_region": "320500"},
                Verdict.CONSOLIDATE,
                "transfer-consolidates",
                "省级统筹",
            ),
            (
                {"birth_on": date(1975, 4, 1)},
                Verdict.KEEP_WITH_TEMPORARY_ACCOUNT,
                "transfer-over-age-limit",
                "第四条",
            ),
            (
                {"birth_on": date(1975, 4, 2)},
                Verdict.TRANSFER,
                "transfer-under-age-limit",
                "第四条",
            ),
            (
                {"sex": Sex.FEMALE, "birth_on": date(1985, 4, 1)},
                Verdict.KEEP_WITH_TEMPORARY_ACCOUNT,
                "transfer-over-age-limit",
                "第四条",
            ),
            (
                {"sex": Sex.FEMALE, "birth_on": date(1985, 4, 2)},
                Verdict.TRANSFER,
                "transfer-under-age-limit",
                "第四条",
            ),
            (
                {"birth_on": date(1970, 1, 1), "hukou_region": "320583"},
                Verdict.TRANSFER,
                "transfer-to-hukou",
                "第四条",
            ),
            (
                {"birth_on": date(1970, 1, 1), "hukou_region": "340100"},
                Verdict.KEEP_WITH_TEMPORARY_ACCOUNT,
                "transfer-over-age-limit",
                "第四条",
            ),
            (
                {"birth_on": date(1970, 1, 1), "official_posting": True},
                Verdict.TRANSFER,
                "transfer-by-posting",
                "第四条",
            ),
        ],
    )
    def test_the_first_rule_that_applies_decides(self, changes, verdict, code, article):
        decision = may_transfer(replace(QUESTION, **changes))
        assert decision.verdict is verdict
        assert decision.steps[-1].code == code
        assert decision.relation_moves is (verdict in {Verdict.TRANSFER, Verdict.CONSOLIDATE})
        assert decision.explanation.zh != decision.explanation.en
        assert decision.explanation.source.endswith(article)
        assert may_decide(decision)

    def test_the_first_step_says_whether_pools_are_crossed(self):
        crossed, inside = (
            may_transfer(replace(QUESTION, from_region=region)).steps[0]
            for region in ("340100", "320500")
        )
        assert (crossed.code, inside.code) == ("transfer-scope-between", "transfer-scope-inside")
        assert crossed.figures == {"from_region": "340100", "to_region": "320100"}
        assert "合肥市与南京市" in crossed.text()

    def test_the_age_limit_names_its_row(self):
        for birth_on in (date(1990, 5, 20), date(1970, 1, 1)):
            step = may_transfer(replace(QUESTION, birth_on=birth_on)).steps[-1]
            assert step.figures == {"to_region": "320100", "limit": 50}
            assert [ground.row for ground in step.grounds] == [
                "rule_parameters: transfer_age_limit_male 201001"
            ]

    def test_before_2010_there_was_no_age_limit_to_apply(self):
        applied = replace(QUESTION, applied_on=date(2010, 1, 1))
        assert may_transfer(applied).verdict is Verdict.TRANSFER
        with pytest.raises(ParameterMissingError):
            may_transfer(replace(QUESTION, applied_on=date(2009, 12, 31)))

    def test_nobody_is_insured_before_the_birth(self):
        born = QUESTION.first_insured_on
        assert may_transfer(replace(QUESTION, birth_on=born)).verdict is Verdict.TRANSFER
        with pytest.raises(ImpossibleFactError) as caught:
            may_transfer(replace(QUESTION, birth_on=date(2025, 4, 2)))
        assert (caught.value.field, caught.value.value) == ("first_insured_on", "2025-04-01")

    def test_a_negative_number_of_months_is_refused(self):
        with pytest.raises(ImpossibleFactError) as caught:
            may_transfer(replace(QUESTION, paid_months_at_destination=-1))
        assert (caught.value.field, caught.value.value) == ("paid_months_at_destination", -1)

    @pytest.mark.parametrize(
        ("birth", "day", "years"),
        [
            (date(1975, 4, 1), date(2025, 3, 31), 49),
            (date(1975, 4, 1), date(2025, 4, 1), 50),
            (date(2000, 2, 29), date(2025, 2, 28), 24),
            (date(2000, 2, 29), date(2025, 3, 1), 25),
        ],
    )
    def test_age_is_counted_in_full_years(self, birth, day, years):
        assert full_years(birth, day) == years
