"""Which months count and what a review of them says; pension ages from the annex of the 2024 decision."""

from __future__ import annotations

import pytest

from ledger.benefits.model import BirthSource, LifeSegment, MonthRecord, Outcome, RecordState
from ledger.benefits.rules import (
    birth_of,
    decision_body,
    gaps,
    make_review,
    parse_category,
    require_category,
    segments,
    tally,
)
from ledger.errors import CategoryMismatchError, NotFoundError
from ledger.evidence.encoding import LeafIndex, LogId, canonical_json
from ledger.policy.identifiers import IdentityNumber
from ledger.policy.periods import month_range
from ledger.policy.retirement import Category
from ledger.policy.steps import require_decisive

NANJING, HEFEI = "320100", "340100"
RELEASE = {"digest": "0x" + "ab" * 32, "log": 3, "index": 0}
WOMAN = IdentityNumber("11010519491231002X")
"""The number printed in GB 11643 as its own example."""


def months(
    first: int,
    last: int,
    region: str = HEFEI,
    *,
    log: int = 3,
    state: RecordState = RecordState.ANCHORED,
    kind: str = "NORMAL",
    case_id: str | None = None,
    start: int = 0,
    base_fen: int = 800_000,
) -> list[MonthRecord]:
    return [
        MonthRecord(
            period=period,
            region=region,
            log_id=LogId(log),
            leaf_index=LeafIndex(start + offset),
            base_fen=base_fen,
            amount_fen=192_000,
            account_fen=64_000,
            contribution_type=kind,
            state=state,
            case_id=case_id,
        )
        for offset, period in enumerate(month_range(first, last))
    ]


def review_of(records: list[MonthRecord], *, as_of: int = 202609, birth: int = 197511):
    counted = tally(records, HEFEI)
    return make_review(counted, Category.FEMALE_50, (birth, BirthSource.ARCHIVE), as_of)


class TestTally:
    def test_a_month_with_two_lines_in_one_city_counts_once_and_is_no_overlap(self) -> None:
        counted = tally(months(202601, 202603) + months(202602, 202602, start=50), HEFEI)
        assert counted.months == 3
        assert counted.overlaps == ()

    def test_a_month_in_two_cities_counts_once_and_is_named(self) -> None:
        here = months(202601, 202606)
        there = months(202605, 202608, NANJING, log=1, case_id="0x01")
        counted = tally(here + there, HEFEI)
        assert counted.paid == (202601, 202602, 202603, 202604, 202605, 202606, 202607, 202608)
        assert [overlap.period for overlap in counted.overlaps] == [202605, 202606]
        assert {overlap.kept.region for overlap in counted.overlaps} == {HEFEI}

    def test_a_record_that_is_not_final_does_not_count_yet(self) -> None:
        counted = tally(
            months(202601, 202602) + months(202603, 202604, state=RecordState.PENDING), HEFEI
        )
        assert counted.paid == (202601, 202602)
        assert counted.pending == (202603, 202604)

    def test_a_month_that_moved_away_counts_there(self) -> None:
        counted = tally(months(202601, 202604, state=RecordState.MOVED), HEFEI)
        assert counted.months == 0
        assert counted.moved == (202601, 202602, 202603, 202604)

    def test_deemed_months_count_beside_paid_ones_and_refunded_ones_do_not(self) -> None:
        counted = tally(
            months(199001, 199012, kind="DEEMED")
            + months(199012, 199102)
            + months(200001, 200012, kind="REFUNDED"),
            HEFEI,
        )
        assert len(counted.deemed) == 11
        assert counted.paid == (199012, 199101, 199102)
        assert counted.months == 14


class TestMakeReview:
    def test_fifteen_years_and_the_age_make_eligible(self) -> None:
        # Born 1975-11, former age 50: 50 years 6 months, reached in 2026-05 (annex 3).
        made = review_of(months(200706, 202209) + months(202501, 202608, NANJING, case_id="0x01"))
        assert made.outcome is Outcome.ELIGIBLE
        assert made.result.retirement.statutory_period == 202605
        assert made.result.benefits_from_period == 202606
        assert made.result.months_short == 0

    def test_four_months_short_says_when_they_are_complete_if_paid_from_this_month_on(self) -> None:
        made = review_of(months(201201, 202608))
        assert made.tally.months == 176
        assert made.outcome is Outcome.NOT_YET
        assert made.result.months_short == 4
        # September to December 2026 are still to be paid.
        assert made.result.first_eligible_period == 202612
        assert made.result.benefits_from_period == 202701
        short = next(c for c in made.result.conditions if c.code == "MONTHS")
        assert "还差4个月" in short.explanation.zh
        assert "4 short" in short.explanation.en
        assert "2026年12月" in short.remedies[0].zh
        assert "2026-12" in short.remedies[0].en

    def test_a_month_under_review_that_is_paid_is_not_paid_again(self) -> None:
        made = review_of(months(201202, 202609))
        assert made.tally.months == 176
        assert made.result.first_eligible_period == 202701

    def test_reaching_the_minimum_after_the_age_is_what_starts_the_benefit(self) -> None:
        made = review_of(months(201108, 202608) + months(201001, 201001))
        assert made.result.first_eligible_period == 202606

    def test_a_review_says_what_does_not_count_and_why(self) -> None:
        made = review_of(
            months(201201, 202607)
            + months(202608, 202608, state=RecordState.PENDING)
            + months(201001, 201003, state=RecordState.MOVED)
        )
        remarks = " ".join(remark.en for remark in made.remarks)
        assert "1 more months count as soon as" in remarks
        assert "3 months moved with the relation" in remarks

    def test_a_guessed_birth_month_is_said_to_be_one(self) -> None:
        counted = tally(months(201201, 202608), HEFEI)
        made = make_review(
            counted, Category.FEMALE_50, (197511, BirthSource.IDENTITY_NUMBER), 202609
        )
        assert any("archive record" in remark.en for remark in made.remarks)


class TestBirthOf:
    @pytest.mark.parametrize(
        ("archive", "decided", "expected"),
        [
            (194911, 194912, (194911, BirthSource.ARCHIVE)),
            (None, 194911, (194911, BirthSource.DECISION)),
            (None, None, (194912, BirthSource.IDENTITY_NUMBER)),
        ],
    )
    def test_the_archive_goes_before_a_decision_before_the_number(
        self, archive, decided, expected
    ) -> None:
        assert birth_of(WOMAN, archive, decided) == expected


class TestCategory:
    @pytest.mark.parametrize("text", ["male", "female-55", "female-50"])
    def test_a_category_is_read_as_officers_write_it(self, text: str) -> None:
        assert parse_category(text).value == text.replace("-", "")

    def test_an_unknown_category_is_refused(self) -> None:
        with pytest.raises(NotFoundError):
            parse_category("female-60")

    def test_a_category_of_the_other_sex_is_refused_without_repeating_anything(self) -> None:
        require_category(Category.FEMALE_50, WOMAN)
        with pytest.raises(CategoryMismatchError) as caught:
            require_category(Category.MALE, WOMAN)
        assert caught.value.fields() == {}
        assert WOMAN not in str(caught.value)


class TestSegments:
    def test_runs_by_city_in_order_with_their_length(self) -> None:
        found = segments(
            months(202001, 202012, NANJING, log=1, case_id="0x01") + months(202103, 202203)
        )
        assert found == (
            LifeSegment(NANJING, 202001, 202012, transferred=True),
            LifeSegment(HEFEI, 202103, 202203, transferred=False),
        )
        assert [segment.months for segment in found] == [12, 13]

    def test_gaps_are_the_months_between_first_and_last_that_nobody_paid(self) -> None:
        (gap,) = gaps([202011, 202012, 202103, 202104])
        assert (gap.first_period, gap.last_period, gap.months) == (202101, 202102, 2)
        assert gaps([]) == ()


class TestDecisionBody:
    def test_it_states_figures_articles_and_sentences_and_can_be_canonicalised(self) -> None:
        body = decision_body(review_of(months(201201, 202608)), None, RELEASE)
        assert body["outcome"] == "NOT_YET"
        assert (body["months"], body["months_needed"], body["months_short"]) == (176, 180, 4)
        assert body["retirement_month"] == 202605
        assert body["eligible_month"] == 202612
        assert body["as_of"] == 202609
        assert body["category"] == "female50"
        assert [condition["met"] for condition in body["conditions"]] == [True, False]
        assert any("第十六条" in article for article in body["articles"])
        assert canonical_json(body)

    def test_it_names_the_decision_it_supersedes(self) -> None:
        body = decision_body(review_of(months(201201, 202608)), {"log": 3, "index": 7}, RELEASE)
        assert body["supersedes"] == {"log": 3, "index": 7}

    def test_it_names_the_release_of_the_tables(self) -> None:
        body = decision_body(review_of(months(201201, 202608)), None, RELEASE)
        assert body["policy_release"] == RELEASE


class TestDecidable:
    def test_a_review_of_eligibility_rests_on_published_values(self) -> None:
        result = review_of(months(201201, 202608)).result
        assert {ground.row for step in result.steps for ground in step.grounds} == {
            "minimum_months: ...",
            "retirement_categories: female50",
        }
        require_decisive(result)
