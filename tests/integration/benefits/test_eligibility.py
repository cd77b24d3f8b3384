"""Reviews and decisions on a real node: months count once they are anchored, decisions stand in the log."""

from __future__ import annotations

import pytest
from eth_account import Account

from ledger.benefits.model import BirthSource, Outcome, RecordState
from ledger.benefits.queries import all_decisions, person_record
from ledger.benefits.service import decide_eligibility, decision_digest, review_eligibility
from ledger.errors import (
    CategoryMismatchError,
    NotFoundError,
    NotPermittedError,
    SameOfficerError,
)
from ledger.policy.kinds import Kind
from ledger.policy.retirement import Category
from ledger.records.corrections import reverse_entry
from ledger.records.rules import ReversalReason
from ledger.transfers.model import TransferReason
from ledger.transfers.service import (
    Application,
    accept_transfer,
    release_transfer,
    request_transfer,
)

NANJING, HEFEI = 1, 2
OFFICERS = ("officer-maker", "officer-checker")
FEMALE_50 = Category.FEMALE_50


def review(alliance, person, log_id=HEFEI):
    return review_eligibility(alliance.context(log_id), person[0], FEMALE_50)


def decide(alliance, person, log_id=HEFEI):
    return decide_eligibility(alliance.context(log_id), person[0], FEMALE_50, *OFFICERS)


def size_of(alliance, log_id=HEFEI):
    with alliance.context(log_id).read() as view:
        return view.log.head().size


def transfer(alliance, person):
    """Move a person's relation from Nanjing to Hefei, the household's city."""
    application = Application(TransferReason.RETURN_TO_HUKOU, hukou_region="340100")
    case = request_transfer(alliance.context(HEFEI), person[0], NANJING, application)
    alliance.settle()
    release_transfer(alliance.context(NANJING), case.case_id)
    alliance.settle()
    accept_transfer(alliance.context(HEFEI), case.case_id)
    alliance.settle()
    return case.case_id


class TestReview:
    def test_months_count_once_they_are_final_on_chain(self, alliance):
        person = alliance.woman()
        alliance.pay(HEFEI, person, 201109, 202608)
        waiting = review(alliance, person)
        assert waiting.tally.months == 0
        assert len(waiting.tally.pending) == 180
        assert waiting.outcome is Outcome.NOT_YET
        alliance.settle()
        made = review(alliance, person)
        assert made.tally.months == 180
        # Born 1975-11, former age 50: the pension age is reached in 2026-05 (annex of the decision).
        assert made.outcome is Outcome.ELIGIBLE
        assert made.result.retirement.statutory_period == 202605
        assert made.birth_source is BirthSource.IDENTITY_NUMBER

    def test_four_months_short_says_what_is_missing_and_when_it_is_reached(self, alliance):
        person = alliance.woman()
        alliance.pay(HEFEI, person, 201201, 202608)
        alliance.settle()
        made = review(alliance, person)
        assert made.outcome is Outcome.NOT_YET
        assert made.result.months_short == 4
        assert made.result.first_eligible_period == 202612
        assert "还差4个月" in made.result.explanation.zh

    def test_a_reversed_month_does_not_count(self, alliance):
        person = alliance.woman()
        indices = alliance.pay(HEFEI, person, 202601, 202606)
        reverse_entry(
            alliance.context(HEFEI), indices[2], ReversalReason.WRONG_PERIOD,
            "核对单位申报表", *OFFICERS,
        )  # fmt: skip
        alliance.settle()
        assert review(alliance, person).tally.paid == (202601, 202602, 202604, 202605, 202606)

    def test_the_archive_decides_the_birth_month(self, alliance):
        person = alliance.woman()
        alliance.pay(HEFEI, person, 202601, 202602)
        alliance.settle()
        made = review_eligibility(
            alliance.context(HEFEI), person[0], FEMALE_50, birth_period=197501
        )
        assert made.birth_source is BirthSource.ARCHIVE
        assert made.result.retirement.statutory_period == 202502

    def test_a_stranger_and_a_wrong_category_are_refused(self, alliance):
        stranger = alliance.woman()
        with pytest.raises(NotFoundError) as caught:
            review(alliance, stranger)
        assert stranger[0] not in str(caught.value)
        with pytest.raises(CategoryMismatchError):
            review_eligibility(alliance.context(HEFEI), stranger[0], Category.MALE)


class TestDecision:
    def test_a_decision_stands_in_the_log_with_two_enrolled_officers_signatures(self, alliance):
        person = alliance.woman()
        alliance.pay(HEFEI, person, 201109, 202608)
        alliance.settle()
        context = alliance.context(HEFEI)
        made = decide(alliance, person)
        assert made.outcome is Outcome.ELIGIBLE
        assert not made.already_decided
        with context.read() as view:
            stored = view.log.entry(made.leaf_index)
            opened = context.bureau.reader.open(stored, view.log)
        assert stored.entry.head.kind is Kind.DECISION
        assert (stored.entry.head.class_, stored.entry.head.period) == (1, 202609)
        assert opened.record == made.content
        assert opened.record["schema"] == "anxu-decision/1"
        assert opened.record["months"] == 180
        assert opened.record["retirement_month"] == 202605
        added = {"schema", "kind", "class", "period", "amount_fen", "identity_number"}
        signed = added | {"maker", "checker", "approval_salt"}
        body = {key: value for key, value in opened.record.items() if key not in signed}
        digest = decision_digest(person[0], body, bytes.fromhex(opened.record["approval_salt"]))
        for role in ("maker", "checker"):
            approval = opened.record[role]
            signer = Account._recover_hash(digest, signature=bytes.fromhex(approval["signature"]))
            assert signer == approval["address"]
            assert context.chain.is_officer(HEFEI, signer)
        assert opened.record["maker"]["address"] != opened.record["checker"]["address"]

    def test_the_same_facts_are_decided_once(self, alliance):
        person = alliance.woman()
        alliance.pay(HEFEI, person, 202601, 202603)
        alliance.settle()
        first = decide(alliance, person)
        before = size_of(alliance)
        again = decide(alliance, person)
        assert again.already_decided
        assert (again.leaf_index, again.content) == (first.leaf_index, first.content)
        assert size_of(alliance) == before

    def test_a_decision_that_was_taken_back_can_be_made_anew(self, alliance):
        person = alliance.woman()
        alliance.pay(HEFEI, person, 202601, 202603)
        alliance.settle()
        first = decide(alliance, person)
        reverse_entry(
            alliance.context(HEFEI), first.leaf_index, ReversalReason.DECISION_REVOKED,
            "复核更正", *OFFICERS,
        )  # fmt: skip
        assert person_record(alliance.context(HEFEI), person[0]).decision is None
        second = decide(alliance, person)
        assert not second.already_decided
        assert second.leaf_index > first.leaf_index
        assert second.content["supersedes"] is None

    def test_one_officer_cannot_be_both(self, alliance):
        person = alliance.woman()
        alliance.pay(HEFEI, person, 202601, 202603)
        alliance.settle()
        before = size_of(alliance)
        with pytest.raises(SameOfficerError):
            decide_eligibility(
                alliance.context(HEFEI), person[0], FEMALE_50, "officer-maker", "Maker"
            )
        with pytest.raises(NotPermittedError):
            decide_eligibility(
                alliance.context(HEFEI), person[0], FEMALE_50, "officer-maker", "officer-stranger"
            )
        assert size_of(alliance) == before


class TestAfterTransfer:
    def test_transferred_months_complete_the_years_and_a_new_decision_supersedes(self, alliance):
        person = alliance.woman()
        alliance.pay(NANJING, person, 201109, 202408)
        alliance.pay(HEFEI, person, 202409, 202608)
        alliance.settle()
        early = decide(alliance, person)
        assert early.outcome is Outcome.NOT_YET
        assert early.content["months"] == 24
        case_id = transfer(alliance, person)
        made = review(alliance, person)
        assert made.tally.months == 180
        assert made.outcome is Outcome.ELIGIBLE
        final = decide(alliance, person)
        assert final.outcome is Outcome.ELIGIBLE
        assert final.content["supersedes"] == {"log": HEFEI, "index": early.leaf_index}
        page = person_record(alliance.context(HEFEI), person[0])
        assert page.decision.leaf_index == final.leaf_index
        assert [decision.outcome for decision in page.decisions] == [
            Outcome.ELIGIBLE, Outcome.NOT_YET,
        ]  # fmt: skip
        assert [(item.region, item.months, item.transferred) for item in page.segments] == [
            ("320100", 156, True), ("340100", 24, False),
        ]  # fmt: skip
        moved_in = page.years[0].rows[0]
        assert (moved_in.case_id, moved_in.log_id) == (case_id, NANJING)
        assert moved_in.state is RecordState.ANCHORED

    def test_the_old_city_no_longer_counts_what_moved(self, alliance):
        person = alliance.woman()
        alliance.pay(NANJING, person, 201109, 202408)
        alliance.pay(HEFEI, person, 202409, 202608)
        alliance.settle()
        transfer(alliance, person)
        there = review(alliance, person, NANJING)
        assert there.tally.months == 0
        assert len(there.tally.moved) == 156
        assert any("receiving city" in remark.en for remark in there.remarks)


class TestPersonRecord:
    def test_it_shows_the_answer_and_the_years_it_rests_on(self, alliance):
        person = alliance.woman()
        alliance.pay(HEFEI, person, 202401, 202412)
        alliance.pay(HEFEI, person, 202503, 202504)
        alliance.settle()
        page = person_record(alliance.context(HEFEI), person[0], FEMALE_50)
        assert page.name == person[1]
        assert page.review.result.months_short == 180 - 14
        assert [(year.year, year.months, year.counted) for year in page.years] == [
            (2024, 12, 12), (2025, 2, 2),
        ]  # fmt: skip
        assert [(gap.first_period, gap.last_period) for gap in page.gaps] == [(202501, 202502)]
        assert {row.state for year in page.years for row in year.rows} == {RecordState.ANCHORED}

    def test_without_a_category_a_womans_answer_stays_open(self, alliance):
        person = alliance.woman()
        alliance.pay(HEFEI, person, 202401, 202412)
        alliance.settle()
        assert person_record(alliance.context(HEFEI), person[0]).review is None
        decide(alliance, person)
        assert person_record(alliance.context(HEFEI), person[0]).review is not None

    def test_months_paid_in_two_cities_are_named(self, alliance):
        person = alliance.woman()
        alliance.pay(NANJING, person, 202401, 202406)
        alliance.pay(HEFEI, person, 202406, 202408)
        alliance.settle()
        transfer(alliance, person)
        page = person_record(alliance.context(HEFEI), person[0], FEMALE_50)
        assert page.overlap_periods == {202406}
        assert page.review.tally.months == 8

    def test_officers_see_all_decisions_newest_first(self, alliance):
        decisions = all_decisions(alliance.context(HEFEI))
        indices = [decision.leaf_index for decision in decisions]
        assert indices == sorted(indices, reverse=True)
