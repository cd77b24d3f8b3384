import pytest

from ledger.policy.tables import Explanation, ParameterStatus, status_of, table, weakest

TABLES = (
    "account_interest_rate",
    "adjustment_averages",
    "annuity_months",
    "average_wages",
    "contribution_rates",
    "death_benefits",
    "demo_parameters",
    "divisions",
    "fraud_patterns",
    "insurance_kinds",
    "minimum_months",
    "province_profiles",
    "retirement_age_reform",
    "retirement_categories",
    "rule_parameters",
    "work_calendar",
)


class TestTables:
    @pytest.mark.parametrize("name", TABLES)
    def test_every_row_fills_every_column(self, name):
        rows = table(name)
        assert rows
        assert all(None not in row and None not in row.values() for row in rows)

    @pytest.mark.parametrize(
        "name", sorted({*TABLES} - {"annuity_months", "retirement_age_reform"})
    )
    def test_every_value_names_its_source_and_status(self, name):
        assert all(row["source"] and row["status"] for row in table(name))

    def test_rows_cannot_be_changed(self):
        with pytest.raises(TypeError):
            table("divisions")[0]["code"] = "1"


class TestStatus:
    @pytest.mark.parametrize(
        ("text", "status"),
        [
            ("demo", ParameterStatus.DEMO),
            ("DERIVED = ceiling/3; UNVERIFIED", ParameterStatus.UNVERIFIED),
            ("DISPUTED: 208", ParameterStatus.UNVERIFIED),
            ("confirmed by >=3 sources", ParameterStatus.PUBLISHED),
            ("single source", ParameterStatus.PUBLISHED),
        ],
    )
    def test_a_remark_amounts_to_a_status(self, text, status):
        assert status_of(text) is status

    def test_a_figure_is_as_reliable_as_its_weakest_value(self):
        published, demo = ParameterStatus.PUBLISHED, ParameterStatus.DEMO
        assert weakest(published, demo, ParameterStatus.UNVERIFIED) is demo
        assert weakest() is published


class TestExplanation:
    def test_it_reads_in_both_languages(self):
        sentence = Explanation("中文", "English", "source")
        assert (sentence.text(), sentence.text("en")) == ("中文", "English")
