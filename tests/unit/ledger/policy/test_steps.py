import pytest

from ledger.errors import EstimateOnlyError
from ledger.policy.steps import (
    Step,
    Wording,
    figure_text,
    may_decide,
    require_decisive,
    steps_status,
)
from ledger.policy.tables import Explanation, Parameter, ParameterStatus

WORDS = Wording("basic", "基数{base_fen}元，{region}", "base {base_fen} yuan, {region}", "第一条")
PUBLISHED = Parameter(832_100, ParameterStatus.PUBLISHED, "a notice", "table: 1")
PROVISIONAL = Parameter(807_900, ParameterStatus.PROVISIONAL, "last year's notice", "table: 2")
DEMO = Parameter(1, ParameterStatus.DEMO, "made up", "table: 3")


class Result:
    def __init__(self, *steps):
        self.steps = steps


def step(*grounds):
    return Step(WORDS, {"base_fen": 832_100, "region": "320100"}, grounds)


class TestStep:
    def test_it_reads_in_both_languages_with_its_figures(self):
        assert step().text() == "基数8,321.00元，南京市"
        assert step().text("en") == "base 8,321.00 yuan, Nanjing"
        assert step().explanation == Explanation(
            "基数8,321.00元，南京市", "base 8,321.00 yuan, Nanjing", "第一条"
        )

    def test_its_status_is_that_of_its_weakest_ground(self):
        assert step().status is ParameterStatus.PUBLISHED
        assert step(PUBLISHED, PROVISIONAL).status is ParameterStatus.PROVISIONAL

    def test_its_document_names_everything(self):
        assert step(PROVISIONAL).document() == {
            "code": "basic",
            "zh": "基数8,321.00元，南京市",
            "en": "base 8,321.00 yuan, Nanjing",
            "figures": {"base_fen": 832_100, "region": "320100"},
            "source": "第一条",
            "rows": [{"row": "table: 2", "status": "provisional", "source": "last year's notice"}],
            "status": "provisional",
        }


class TestDecision:
    def test_a_result_is_as_reliable_as_its_weakest_step(self):
        steps = (step(PUBLISHED), step(DEMO), step(PROVISIONAL))
        assert steps_status(steps) is ParameterStatus.DEMO

    def test_only_published_values_may_decide(self):
        assert may_decide(Result(step(PUBLISHED), step()))
        assert not may_decide(Result(step(PUBLISHED), step(PROVISIONAL)))
        require_decisive(Result(step(PUBLISHED), step()))

    def test_made_up_values_decide_in_a_demonstration_only(self):
        require_decisive(Result(step(PUBLISHED, DEMO)), demonstration=True)
        with pytest.raises(EstimateOnlyError) as caught:
            require_decisive(Result(step(PUBLISHED, DEMO)))
        assert caught.value.status == "demo"

    @pytest.mark.parametrize("status", [ParameterStatus.UNVERIFIED, ParameterStatus.PROVISIONAL])
    @pytest.mark.parametrize("demonstration", [True, False])
    def test_other_values_decide_nowhere(self, status, demonstration):
        weak = Parameter(1, status, "a file", "table: 4")
        with pytest.raises(EstimateOnlyError):
            require_decisive(Result(step(weak)), demonstration=demonstration)

    def test_a_refusal_names_the_first_row_that_is_not_published(self):
        with pytest.raises(EstimateOnlyError) as caught:
            require_decisive(Result(step(PUBLISHED, PROVISIONAL), step(DEMO)))
        assert caught.value.fields() == {
            "step": "basic",
            "row": "table: 2",
            "status": "provisional",
        }
        assert "estimate" in str(caught.value)


class TestFigures:
    @pytest.mark.parametrize(
        ("name", "value", "zh", "en"),
        [
            ("amount_fen", 123_456, "1,234.56", "1,234.56"),
            ("rate_bps", 831, "8.31%", "8.31%"),
            ("index_e4", 9_350, "0.9350", "0.9350"),
            ("years_e2", 3_183, "31.83", "31.83"),
            ("months_e1", 1_384, "138.4", "138.4"),
            ("from_period", 202608, "2026年8月", "2026-08"),
            ("period", 202608, "2026年8月", "2026-08"),
            ("pension_age_months", 721, "60年1个月", "60 years 1 month"),
            ("paid_months", 382, "382", "382"),
            ("region", "510000", "四川省", "Sichuan"),
            ("from_region", "340100", "合肥市", "Hefei"),
            ("method", "monthly-product", "monthly-product", "monthly-product"),
            ("reference", "320100", "320100", "320100"),
        ],
    )
    def test_the_end_of_the_name_says_the_unit(self, name, value, zh, en):
        assert (figure_text(name, value), figure_text(name, value, "en")) == (zh, en)
