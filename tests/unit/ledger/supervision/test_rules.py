from __future__ import annotations

import hashlib

import pytest

from ledger.evidence.encoding import (
    Commitment,
    Entry,
    Head,
    LeafIndex,
    LogId,
    PlacedEntry,
    Subject,
    tag_of,
)
from ledger.policy.kinds import SUPPLEMENT, Kind
from ledger.supervision.model import RISK_HIGH, LeafPlace, Rule
from ledger.supervision.rules import (
    duplicate_payouts,
    group_by_tag,
    is_normal_payout,
    paid_after_death,
)

NOTHING = frozenset()


def placed(
    log: int, index: int, person: int = 1, *, kind: Kind = Kind.PAYOUT, class_: int = 1,
    period: int = 202608, amount_fen: int = 300,
) -> PlacedEntry:  # fmt: skip
    commitment = hashlib.sha256(f"{log}/{index}".encode()).digest()
    entry = Entry(
        Head(kind, class_, period),
        Subject(bytes([person]) * 32),
        amount_fen,
        Commitment(commitment),
    )
    return PlacedEntry(LogId(log), LeafIndex(index), entry)


def death(log: int, index: int, period: int, person: int = 1) -> PlacedEntry:
    return placed(log, index, person, kind=Kind.DEATH_REPORT, class_=0, period=period, amount_fen=0)


def place(item: PlacedEntry) -> LeafPlace:
    return LeafPlace(item.log_id, item.index)


class TestDuplicatePayouts:
    def test_two_live_leaves_with_one_tag_are_one_finding(self):
        items = [placed(2, 5, amount_fen=200), placed(1, 9, amount_fen=300)]
        (found,) = duplicate_payouts(group_by_tag(items), NOTHING)
        assert (found.rule, found.risk, found.period) == (Rule.DUPLICATE_PAYOUT, RISK_HIGH, 202608)
        assert found.key == tag_of(items[0].entry) == tag_of(items[1].entry)
        assert found.leaves == (
            LeafPlace(LogId(1), LeafIndex(9)),
            LeafPlace(LogId(2), LeafIndex(5)),
        )
        assert found.amount_fen == 200

    @pytest.mark.parametrize(
        "other",
        [
            placed(2, 5, period=202607), placed(2, 5, class_=3), placed(2, 5, person=2),
            placed(2, 5, class_=1 | SUPPLEMENT), placed(2, 5, kind=Kind.CONTRIBUTION),
        ],
        ids=["another month", "another class", "another person", "a supplement", "a contribution"],
    )  # fmt: skip
    def test_anything_else_is_another_fact(self, other):
        assert duplicate_payouts(group_by_tag([placed(1, 9), other]), NOTHING) == []

    def test_a_leaf_taken_back_does_not_count(self):
        items = [placed(1, 9), placed(2, 5), placed(3, 1)]
        (found,) = duplicate_payouts(group_by_tag(items), frozenset([place(items[0])]))
        assert found.leaves == (place(items[1]), place(items[2]))
        assert duplicate_payouts(group_by_tag(items[:2]), frozenset([place(items[1])])) == []

    def test_the_highest_payment_is_the_one_that_was_due_at_most(self):
        items = [
            placed(1, 1, amount_fen=100),
            placed(2, 1, amount_fen=500),
            placed(3, 1, amount_fen=300),
        ]
        (found,) = duplicate_payouts(group_by_tag(items), NOTHING)
        assert found.amount_fen == 400

    def test_a_finding_is_one_alert_whatever_joins_it(self):
        two = [placed(1, 9), placed(2, 5)]
        three = [*two, placed(3, 1)]
        ids = {
            duplicate_payouts(group_by_tag(items), NOTHING)[0].alert_id for items in (two, three)
        }
        assert len(ids) == 1
        assert len(ids.pop()) == 32


class TestPaidAfterDeath:
    @pytest.mark.parametrize(("period", "due"), [(202607, True), (202608, True), (202609, False), (202701, False)])  # fmt: skip
    def test_the_month_of_death_is_the_last_that_is_due(self, period, due):
        payout = placed(1, 9, period=period)
        found = paid_after_death([death(2, 1, 202608)], [payout], NOTHING)
        assert (found == []) is due

    def test_the_earliest_standing_report_counts(self):
        early, late = death(2, 1, 202606), death(3, 4, 202608)
        payout = placed(1, 9, period=202607)
        (found,) = paid_after_death([late, early], [payout], NOTHING)
        assert found.leaves == (place(payout), place(early))
        assert paid_after_death([late, early], [payout], frozenset([place(early)])) == []

    def test_each_payment_is_a_finding_of_its_own(self):
        payouts = [placed(1, 9), placed(1, 10, class_=1 | SUPPLEMENT), placed(2, 3)]
        found = paid_after_death([death(2, 1, 202601)], payouts, NOTHING)
        assert len({item.alert_id for item in found}) == 3
        assert (
            paid_after_death([death(2, 1, 202601)], payouts, frozenset(map(place, payouts))) == []
        )

    def test_the_living_are_left_alone(self):
        assert paid_after_death([death(2, 1, 202601, person=2)], [placed(1, 9)], NOTHING) == []


class TestPatterns:
    def test_each_check_names_the_audit_patterns_it_looks_for(self):
        assert {rule: [pattern.value for pattern in rule.patterns] for rule in Rule} == {
            Rule.DUPLICATE_PAYOUT: ["F3", "F4"],
            Rule.PAID_AFTER_DEATH: ["F1"],
            Rule.LOG_INCONSISTENT: [],
        }


class TestGroups:
    def test_only_normal_payouts_are_grouped(self):
        items = [placed(1, 1), placed(1, 2, class_=1 | SUPPLEMENT), death(1, 3, 202608)]
        assert [is_normal_payout(item) for item in items] == [True, False, False]
        assert list(group_by_tag(items).values()) == [[items[0]]]
