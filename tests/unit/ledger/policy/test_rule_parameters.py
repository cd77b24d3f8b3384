import pytest

from ledger.errors import ParameterMissingError, PeriodError
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.tables import ParameterStatus, table


class TestRuleParameter:
    def test_a_number_comes_with_row_source_and_status(self):
        found = rule_parameter("benefit_place_months")
        assert (found.value, found.status) == (120, ParameterStatus.PUBLISHED)
        assert found.row == "rule_parameters: benefit_place_months 201001"
        assert "人社部规〔2016〕5号" in found.source

    @pytest.mark.parametrize(
        ("period", "value"), [(199801, 1100), (200512, 1100), (200601, 800), (None, 800)]
    )
    def test_the_version_of_the_month_counts(self, period, value):
        assert rule_parameter("account_share_limit", period).value == value

    def test_a_rule_without_a_beginning_always_applies(self):
        assert rule_parameter("death_month_is_due", 199001).row.endswith("death_month_is_due")

    @pytest.mark.parametrize(
        ("name", "period", "key"),
        [("benefit_place_months", 200912, "200912"), ("no_such", None, "-")],
    )
    def test_what_no_row_says_is_refused(self, name, period, key):
        with pytest.raises(ParameterMissingError) as caught:
            rule_parameter(name, period)
        assert (caught.value.parameter, caught.value.region, caught.value.key) == (
            name, "100000", key,
        )  # fmt: skip

    def test_a_month_that_is_none_is_refused(self):
        with pytest.raises(PeriodError):
            rule_parameter("benefit_place_months", 202613)

    def test_versions_of_one_number_never_overlap_and_the_newest_comes_last(self):
        rows = [
            row for row in table("rule_parameters") if row["parameter"] == "account_share_limit"
        ]
        assert [(row["from_period"], row["to_period"]) for row in rows] == [
            ("199801", "200512"), ("200601", ""),
        ]  # fmt: skip
        names = [row["parameter"] for row in table("rule_parameters")]
        assert len(set(names)) == len(names) - 1

    def test_what_was_only_remembered_is_not_published(self):
        for row in table("rule_parameters"):
            found = rule_parameter(row["parameter"])
            remembered = "memory-" in found.source.replace("first notice memory-M", "")
            assert not remembered or found.status is ParameterStatus.UNVERIFIED, row["parameter"]
