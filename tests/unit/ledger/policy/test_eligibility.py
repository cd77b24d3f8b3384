from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError, PeriodError
from ledger.policy.eligibility import ConditionCode, EligibilityQuestion, review
from ledger.policy.retirement import Category

QUESTION = EligibilityQuestion(
    birth_period=197104,
    category=Category.FEMALE_55,
    months_contributed=199,
    deemed_months=0,
    as_of_period=202609,
)


class TestReview:
    def test_a_woman_past_55_and_4_months_with_199_months_is_entitled(self):
        result = review(QUESTION)
        assert result.eligible
        assert result.months_short == 0
        assert result.benefits_from_period == 202609
        assert [condition.remedies for condition in result.conditions] == [(), ()]
        assert result.explanation.zh == "符合按月领取基本养老金的条件，自2026年9月起"

    def test_four_months_short_says_what_to_do_and_until_when(self):
        result = review(replace(QUESTION, months_contributed=176))
        age, months = result.conditions
        assert age.met
        assert not months.met
        assert not result.eligible
        assert (months.required, months.actual, months.missing) == (180, 176, 4)
        assert (
            months.explanation.zh
            == "累计缴费176个月（实际缴费176个月，视同缴费0个月），最低需180个月，还差4个月"
        )
        assert months.remedies[0].zh == "逐月继续缴费4个月，至2027年1月缴满（到龄后可延长缴费）"
        assert "for 4 more months: complete in 2027-01" in months.remedies[0].en
        assert (result.first_eligible_period, result.benefits_from_period) == (202701, 202702)
        assert "最早2027年2月起领取" in result.explanation.zh

    def test_deemed_months_count(self):
        assert review(replace(QUESTION, months_contributed=176, deemed_months=4)).eligible

    def test_too_young_names_the_month_and_the_way_to_go_early(self):
        result = review(replace(QUESTION, birth_period=197312, as_of_period=202609))
        age, months = result.conditions
        # born 1973-12: 12 months of delay, 56 years, reached in 2029-12
        assert (age.met, months.met) == (False, True)
        assert age.missing == 39
        assert age.required == 56 * 12
        assert "还差3年3个月" in age.explanation.zh
        assert len(age.remedies) == 2
        assert "2028-12" in age.remedies[1].en  # not below the former age of 55
        assert result.benefits_from_period == 203001

    def test_early_retirement_is_not_offered_where_the_notice_no_longer_fits(self):
        result = review(replace(QUESTION, as_of_period=202606))
        assert [remedy.source for remedy in result.conditions[0].remedies] == [
            "全国人大常委会关于实施渐进式延迟法定退休年龄的决定（2024-09-13）"
        ]

    def test_short_and_young_can_be_complete_before_the_age(self):
        result = review(replace(QUESTION, birth_period=197312, months_contributed=176))
        assert result.first_eligible_period == 202912
        assert len(result.conditions[1].remedies) == 2

    def test_months_completed_after_the_age_start_the_pension_later(self):
        result = review(replace(QUESTION, birth_period=197001, completed_period=202605))
        assert result.benefits_from_period == 202606

    @given(
        st.integers(0, 400),
        st.integers(0, 100),
        st.sampled_from(Category),
        st.sampled_from([196501, 197001, 197506, 198001]),
    )
    def test_the_first_month_named_is_the_first_in_which_a_review_is_passed(
        self, paid, deemed, category, birth
    ):
        question = replace(
            QUESTION,
            birth_period=birth,
            category=category,
            months_contributed=paid,
            deemed_months=deemed,
        )
        result = review(question)
        if result.eligible:
            return
        wait = (
            12 * (result.first_eligible_period // 100 - 2026)
            + result.first_eligible_period % 100
            - 9
        )
        later = replace(
            question, months_contributed=paid + wait, as_of_period=result.first_eligible_period
        )
        assert review(later).eligible

    def test_every_sentence_has_both_languages_and_a_source(self):
        result = review(replace(QUESTION, birth_period=197312, months_contributed=20))
        sentences = [result.explanation, result.retirement.explanation]
        for condition in result.conditions:
            sentences += [condition.explanation, *condition.remedies]
        assert all(item.zh and item.en and item.source for item in sentences)
        assert [condition.code for condition in result.conditions] == list(ConditionCode)


class TestRefusals:
    @pytest.mark.parametrize("field", ["months_contributed", "deemed_months"])
    def test_a_negative_number_of_months_is_refused(self, field):
        with pytest.raises(AmountError) as caught:
            review(replace(QUESTION, **{field: -1}))
        assert caught.value.field == field

    @pytest.mark.parametrize("field", ["birth_period", "as_of_period"])
    def test_what_is_no_month_is_refused(self, field):
        with pytest.raises(PeriodError):
            review(replace(QUESTION, **{field: 202613}))


class TestSteps:
    def test_a_review_tells_age_minimum_conditions_and_verdict(self):
        result = review(replace(QUESTION, months_contributed=176, as_of_period=202601))
        assert [step.code for step in result.steps] == [
            "minimum-months",
            "statutory-age",
            "condition-age",
            "condition-months",
            "eligibility",
        ]
        age, months, verdict = result.steps[2:]
        assert age.explanation == result.conditions[0].explanation
        assert age.figures == {
            "required_age_months": 664,
            "actual_age_months": 657,
            "missing_age_months": 7,
            "statutory_period": 202608,
        }
        assert age.grounds[0].row == "retirement_categories: female55"
        assert months.figures == {
            "required_months": 180,
            "actual_months": 176,
            "missing_months": 4,
            "paid_months": 176,
            "deemed_months": 0,
        }
        assert months.grounds[0].row == "minimum_months: ..."
        assert verdict.explanation == result.explanation
        assert verdict.figures == {
            "missing_months": 4,
            "statutory_period": 202608,
            "benefits_from_period": 202609,
        }

    def test_conditions_that_are_met_name_their_rows_too(self):
        steps = review(QUESTION).steps
        assert [step.grounds[0].row for step in steps[2:4]] == [
            "retirement_categories: female55",
            "minimum_months: ...",
        ]


def english(**changes):
    """Verdict and conditions in English, then the remedies."""
    result = review(replace(QUESTION, **changes))
    return (
        [result.explanation.en, *(condition.explanation.en for condition in result.conditions)],
        [remedy.en for condition in result.conditions for remedy in condition.remedies],
    )


class TestSentences:
    def test_who_is_entitled(self):
        assert english() == (
            [
                "Entitled to a monthly basic pension, from 2026-09 on",
                "The pension age of 55 years 4 months was reached in 2026-08",
                "199 months count (199 paid, 0 deemed), at least 180 are needed",
            ],
            [],
        )

    def test_who_has_too_few_months_after_the_age(self):
        verdict, remedies = english(months_contributed=170, deemed_months=9)
        assert verdict[0] == (
            "Not yet entitled: 1 months of contributions are missing; paying on every month, "
            "benefits start in 2026-11"
        )
        assert verdict[2] == "179 months count (170 paid, 9 deemed), 180 are needed: 1 short"
        assert remedies == [
            (
                "Keep paying for 1 more months: complete in 2026-10 "
                "(paying on after the pension age is allowed)"
            ),
            "Months paid in other cities count once they are consolidated or transferred",
            "Or ask in writing to move to the residents pension instead of paying on",
        ]

    def test_who_is_too_young(self):
        verdict, remedies = english(as_of_period=202601)
        assert verdict[:2] == [
            "Not yet entitled: the pension age is reached in 2026-08; benefits start in 2026-09",
            "The pension age of 55 years 4 months is reached in 2026-08, in 7 months",
        ]
        assert remedies == [
            "Keep paying until 2026-08; benefits start the month after",
            (
                "With the minimum months, early retirement is possible from 2026-04, "
                "by written notice three months before"
            ),
        ]

    def test_months_complete_in_the_month_of_the_age_are_no_reason_to_wait(self):
        at_age = {"as_of_period": 202604, "months_contributed": 176}
        verdict, remedies = english(**at_age)  # four more months: until 2026-08
        assert verdict[0].startswith("Not yet entitled: the pension age is reached in 2026-08")
        assert remedies[-2].endswith("complete in 2026-08")
        verdict, _ = english(**(at_age | {"months_contributed": 175}))
        assert verdict[0].startswith("Not yet entitled: 5 months of contributions are missing")

    @pytest.mark.parametrize(("as_of", "offers"), [(202604, 2), (202605, 1)])
    def test_going_early_is_offered_while_the_notice_ends_before_the_age(self, as_of, offers):
        result = review(replace(QUESTION, as_of_period=as_of))
        assert len(result.conditions[0].remedies) == offers

    def test_somebody_born_later_than_the_month_reviewed_has_no_age(self):
        assert review(replace(QUESTION, birth_period=202612)).conditions[0].actual == 0
        assert review(replace(QUESTION, birth_period=202609)).conditions[0].actual == 0

    def test_the_review_keeps_its_question(self):
        assert review(QUESTION).question is QUESTION
        age = review(QUESTION).conditions[0]
        assert (age.required, age.actual, age.missing) == (664, 665, 0)
        months = review(QUESTION).conditions[1]
        assert (months.required, months.actual, months.missing) == (180, 199, 0)
