from datetime import date

import pytest

from ledger.errors import ImpossibleFactError
from ledger.policy.lump_sums import LumpSum, review_lump_sum
from ledger.policy.steps import may_decide

SINCE, BEFORE = date(2016, 11, 28), date(2016, 11, 27)


class TestReview:
    @pytest.mark.parametrize(
        ("payment", "counts", "code"),
        [
            (LumpSum(35, SINCE), True, "lump-sum-short"),
            (LumpSum(36, SINCE), False, "lump-sum-no-document"),
            (LumpSum(36, SINCE, commitment=True), False, "lump-sum-no-document"),
            (LumpSum(36, SINCE, date(2016, 11, 27)), True, "lump-sum-documented"),
            (LumpSum(36, SINCE, SINCE), False, "lump-sum-late-document"),
            (LumpSum(36, SINCE, date(2016, 11, 29)), False, "lump-sum-late-document"),
            (LumpSum(36, BEFORE, commitment=True), True, "lump-sum-committed"),
            (LumpSum(36, BEFORE, date(2016, 1, 1)), False, "lump-sum-no-commitment"),
            (LumpSum(1, BEFORE), True, "lump-sum-short"),
        ],
    )
    def test_three_years_or_more_need_their_paper(self, payment, counts, code):
        review = review_lump_sum(payment)
        assert (review.counts, review.steps[-1].code) == (counts, code)
        assert review.steps[-1].figures == {"months": payment.months, "limit": 36}
        assert f"{payment.months}个月" in review.explanation.zh
        assert review.explanation.en != review.explanation.zh
        assert may_decide(review)
        assert [ground.row for ground in review.steps[-1].grounds] == [
            "rule_parameters: lump_sum_document_months 201611"
        ]

    def test_a_lump_sum_for_no_month_is_refused(self):
        with pytest.raises(ImpossibleFactError) as caught:
            review_lump_sum(LumpSum(0, SINCE))
        assert (caught.value.field, caught.value.value) == ("months", 0)
