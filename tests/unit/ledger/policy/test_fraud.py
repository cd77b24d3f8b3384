from datetime import date

import pytest

from ledger.errors import ParameterMissingError
from ledger.policy.fraud import FraudPattern, HitReason, fraud_patterns, hit
from ledger.policy.tables import ParameterStatus


class TestPatterns:
    def test_the_table_has_f1_to_f22_in_order(self):
        assert [pattern.value for pattern in fraud_patterns()] == [f"F{n}" for n in range(1, 23)]
        assert list(FraudPattern) == list(fraud_patterns())

    def test_each_has_names_in_both_languages_and_a_source_in_rules_e4(self):
        for row in fraud_patterns().values():
            assert (row.name(), row.name("en")) == (row.name_zh, row.name_en)
            assert row.name_zh != row.name_en
            assert f"e.4 {row.pattern.value}" in row.source
            assert row.row == f"fraud_patterns: {row.pattern.value}"

    @pytest.mark.parametrize(
        ("pattern", "parameters"),
        [
            ("F1", {}),
            ("F9", {"earliest_months": 36}),
            ("F10", {"work_age_years": 16, "retirement_age_years": 40}),
            ("F14", {"payees": 1}),
            ("F15", {"days_after_account_change": 3}),
            ("F16", {"months": 12}),
            ("F17", {"months": 12}),
            ("F19", {"fen_per_row": 1}),
            ("F20", {"grace_months": 1}),
        ],
    )
    def test_parameters_are_data(self, pattern, parameters):
        row = fraud_patterns()[FraudPattern(pattern)]
        assert dict(row.parameters) == parameters
        for name, value in parameters.items():
            assert row.parameter(name) == value

    def test_a_parameter_that_is_not_there_is_refused(self):
        with pytest.raises(ParameterMissingError) as caught:
            fraud_patterns()[FraudPattern.PAID_AFTER_DEATH].parameter("limit")
        assert (caught.value.parameter, caught.value.region, caught.value.key) == (
            "limit", "100000", "F1",
        )  # fmt: skip

    def test_what_is_design_is_not_published(self):
        for row in fraud_patterns().values():
            if "design" in row.source and "found: S4" not in row.source:
                assert row.status is ParameterStatus.UNVERIFIED, row.pattern


class TestHit:
    def test_it_says_what_was_seen_and_on_which_grounds(self):
        seen = hit(
            FraudPattern.PAID_AFTER_DEATH,
            {"died_on": date(2026, 7, 31).isoformat(), "month_period": 202608, "amount_fen": 5},
        )
        assert (seen.pattern, seen.reason) == (FraudPattern.PAID_AFTER_DEATH, "")
        assert seen.figures["month_period"] == 202608
        assert seen.explanation.zh == "2026-07-31死亡，仍发放2026年8月待遇0.05元"
        assert "2026-08" in seen.explanation.en
        (step,) = seen.steps
        assert step.source == "rules e.4 F1 (found: S14)"
        assert step.text("en").startswith("0.05 yuan were paid for 2026-08")
        assert (step.code, step.grounds) == (
            "fraud-f1", (fraud_patterns()[FraudPattern.PAID_AFTER_DEATH],),
        )  # fmt: skip

    def test_a_reason_fills_the_sentence(self):
        seen = hit(FraudPattern.BROKEN_CHAIN, {}, HitReason("digest", "摘要不符", "differs"))
        assert (seen.reason, seen.explanation.zh, seen.explanation.en) == (
            "digest", "摘要不符", "differs",
        )  # fmt: skip
        assert seen.figures == {"reason_zh": "摘要不符", "reason_en": "differs"}
