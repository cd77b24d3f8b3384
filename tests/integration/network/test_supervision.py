"""What a supervisor finds in all logs together, and what it must leave alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ledger.errors import AlreadyResolvedError, NotFoundError
from ledger.evidence.encoding import handle_of
from ledger.policy.kinds import SUPPLEMENT
from ledger.records.corrections import reverse_entry
from ledger.records.rules import ReversalReason
from ledger.store.outbox import FINAL
from ledger.supervision.model import AlertState, LeafPlace, Rule
from ledger.supervision.queries import alert_detail, alerts
from ledger.supervision.service import prove_conflict

AUGUST, SEPTEMBER = 202608, 202609


@pytest.fixture
def supervisor(network):
    return network.context("supervisor")


@pytest.fixture
def pay(network, make):
    """Record a payment in a city, anchored and examined; where its leaf stands."""

    def record(city: str, identity: str, period: int = AUGUST, amount_fen: int = 300_000, **more):
        context = network.context(city)
        (index,) = make.record(context, make.payment(identity, period, amount_fen, **more))
        network.settle(city, "supervisor")
        return LeafPlace(context.log_id, index)

    return record


@pytest.fixture
def report_death(network, make):
    def record(city: str, identity: str, period: int):
        context = network.context(city)
        (index,) = make.record(context, make.death(identity, period))
        network.settle(city, "supervisor")
        return LeafPlace(context.log_id, index)

    return record


@pytest.fixture
def take_back(network):
    """Reverse a leaf, as its bureau does."""

    def reverse(city: str, place: LeafPlace) -> None:
        reverse_entry(
            network.context(city), place.index, next(iter(ReversalReason)), "条例第三十七条", "maker", "checker"
        )  # fmt: skip
        network.settle(city, "supervisor")

    return reverse


@pytest.fixture
def found(network, supervisor):
    """The alerts about one person."""

    def of(identity: str):
        subject = network.context("nanjing").bureau.writer.subject_of(identity)
        return [item for item in alerts(supervisor) if item.subject == subject]

    return of


class TestDuplicatePayouts:
    @pytest.mark.parametrize(
        ("cities", "schemes"),
        [
            (("nanjing", "hefei"), ("PENSION_EMPLOYEE", "PENSION_EMPLOYEE")),
            (("nanjing", "suzhou"), ("PENSION_EMPLOYEE", "PENSION_RESIDENT")),
            (("suzhou", "suzhou"), ("PENSION_EMPLOYEE", "PENSION_RESIDENT")),
        ],
    )
    def test_a_month_paid_twice_is_one_alert(self, network, pay, found, cities, schemes):
        person = network.identity()
        places = [
            pay(city, person, amount_fen=amount, scheme=scheme)
            for city, scheme, amount in zip(cities, schemes, (300_000, 120_000), strict=True)
        ]
        (alert,) = found(person)
        assert (alert.rule, alert.state, alert.period) == (
            Rule.DUPLICATE_PAYOUT, AlertState.OPEN, AUGUST,
        )  # fmt: skip
        assert alert.leaves == tuple(sorted(places))
        assert alert.amount_fen == 120_000
        network.settle()
        assert found(person) == [alert]

    def test_a_second_class_is_another_benefit(self, network, pay, found):
        person = network.identity()
        pay("nanjing", person, class_=1)
        pay("hefei", person, class_=3)
        assert found(person) == []

    def test_supplements_and_other_months_are_not_flagged(self, network, pay, found):
        person = network.identity()
        pay("nanjing", person)
        for reason in ("ADJUSTMENT_BACK_PAY", "RETURNED_REPAYMENT"):
            pay("nanjing", person, class_=1 | SUPPLEMENT, line="SUPPLEMENT", reason=reason)
        for period in (202606, 202607):
            pay("nanjing", person, period, reason="LATE_CERTIFICATION_BACK_PAY")
        assert found(person) == []

    def test_a_payment_taken_back_before_the_other_came_is_none(
        self, network, pay, take_back, found
    ):
        person = network.identity()
        take_back("nanjing", pay("nanjing", person))
        pay("hefei", person)
        assert found(person) == []

    def test_taking_the_second_back_prevents_the_loss(self, network, pay, take_back, found):
        person = network.identity()
        pay("nanjing", person)
        second = pay("hefei", person)
        take_back("hefei", second)
        (alert,) = found(person)
        assert alert.state is AlertState.PREVENTED

    def test_a_third_leaf_widens_the_alert(self, network, pay, found):
        person = network.identity()
        places = [pay("nanjing", person, amount_fen=300), pay("hefei", person, amount_fen=200)]
        places.append(pay("suzhou", person, amount_fen=100))
        (alert,) = found(person)
        assert alert.leaves == tuple(sorted(places))
        assert alert.amount_fen == 300

    def test_one_of_three_taken_back_leaves_the_other_two(self, network, pay, take_back, found):
        person = network.identity()
        first = pay("nanjing", person, amount_fen=300)
        others = [pay("hefei", person, amount_fen=200), pay("suzhou", person, amount_fen=100)]
        take_back("nanjing", first)
        (alert,) = found(person)
        assert alert.state is AlertState.OPEN
        assert alert.leaves == tuple(sorted(others))
        assert alert.amount_fen == 100

    def test_a_prevented_alert_opens_again_when_it_is_paid_twice_after_all(
        self, network, pay, take_back, found
    ):
        person = network.identity()
        first, second = pay("nanjing", person), pay("hefei", person)
        take_back("hefei", second)
        third = pay("suzhou", person)
        (alert,) = found(person)
        assert alert.state is AlertState.OPEN
        assert alert.leaves == tuple(sorted([first, third]))


class TestPaidAfterDeath:
    def test_the_month_of_death_is_due_and_the_next_is_not(self, network, pay, report_death, found):
        person = network.identity()
        report_death("nanjing", person, AUGUST)
        pay("hefei", person, AUGUST)
        assert found(person) == []
        place = pay("hefei", person, SEPTEMBER)
        (alert,) = found(person)
        assert (alert.rule, alert.period) == (Rule.PAID_AFTER_DEATH, SEPTEMBER)
        assert place in alert.leaves

    def test_it_does_not_matter_which_is_known_first(self, network, pay, report_death, found):
        person = network.identity()
        payment = pay("hefei", person, SEPTEMBER)
        assert found(person) == []
        death = report_death("nanjing", person, AUGUST)
        (alert,) = found(person)
        assert set(alert.leaves) == {payment, death}
        assert alert.amount_fen == 300_000

    def test_each_payment_is_an_alert_supplements_too(self, network, pay, report_death, found):
        person = network.identity()
        report_death("nanjing", person, 202606)
        pay("nanjing", person, 202607)
        pay("nanjing", person, AUGUST)
        pay("nanjing", person, AUGUST, class_=1 | SUPPLEMENT, line="SUPPLEMENT")
        assert len(found(person)) == 3

    def test_a_report_taken_back_prevents_and_a_new_one_opens_again(
        self, network, pay, report_death, take_back, found
    ):
        person = network.identity()
        pay("hefei", person, SEPTEMBER)
        take_back("nanjing", report_death("nanjing", person, AUGUST))
        (alert,) = found(person)
        assert alert.state is AlertState.PREVENTED
        report_death("suzhou", person, AUGUST)
        (alert,) = found(person)
        assert alert.state is AlertState.OPEN

    def test_an_earlier_report_from_another_city_flags_more(
        self, network, pay, report_death, found
    ):
        person = network.identity()
        pay("hefei", person, AUGUST)
        report_death("nanjing", person, AUGUST)
        assert found(person) == []
        report_death("suzhou", person, 202607)
        assert len(found(person)) == 1


class TestAlerts:
    def test_an_alert_shows_its_entries_and_when_they_were_final(
        self, network, supervisor, pay, found
    ):
        person = network.identity()
        pay("nanjing", person)
        pay("hefei", person)
        (alert,) = found(person)
        detail = alert_detail(supervisor, alert.alert_id)
        assert [(item.log_id, item.index) for item in detail.entries] == [
            (place.log_id, place.index) for place in alert.leaves
        ]
        final_at = max(item.block_time for item in detail.checkpoints)
        assert alert.evidence_final_at == datetime.fromtimestamp(final_at, UTC)
        assert 0 <= alert.seconds_to_alert < 60

    def test_there_is_no_alert_nobody_raised(self, supervisor):
        with pytest.raises(NotFoundError):
            alert_detail(supervisor, "0" * 32)
        with pytest.raises(NotFoundError):
            prove_conflict(supervisor, "0" * 32)


class TestProveConflict:
    @pytest.fixture
    def doubled(self, network, pay, found):
        person = network.identity()
        pay("nanjing", person, amount_fen=345_678)
        pay("hefei", person, amount_fen=234_567)
        return person, found(person)[0]

    def test_the_contract_confirms_it_and_learns_nothing_personal(
        self, network, supervisor, doubled, found
    ):
        person, alert = doubled
        prove_conflict(supervisor, alert.alert_id)
        network.settle()
        (proven,) = found(person)
        assert proven.state is AlertState.PROVEN
        conflict = supervisor.chain.conflict(proven.conflict_id)
        assert {
            (conflict.first_log, conflict.first_index),
            (conflict.second_log, conflict.second_index),
        } == {(place.log_id, place.index) for place in alert.leaves}
        with supervisor.read() as view:
            message = view.outbox.find(f"conflict/{alert.alert_id}")
            entry = view.following.entry(*_pair(alert.leaves[0])).entry
        assert message.state == FINAL
        told = json.dumps(message.arguments)
        subject = bytes(entry.subject)
        assert handle_of(entry.head, entry.subject).hex() in told
        assert subject.hex() not in told
        assert not {"345678", "234567", person} & {str(item) for item in _flat(message.arguments)}

    def test_it_is_proven_once(self, network, supervisor, doubled):
        _, alert = doubled
        prove_conflict(supervisor, alert.alert_id)
        prove_conflict(supervisor, alert.alert_id)
        before = supervisor.chain.conflict_count()
        network.settle()
        assert supervisor.chain.conflict_count() == before + 1
        with pytest.raises(AlreadyResolvedError) as refusal:
            prove_conflict(supervisor, alert.alert_id)
        assert refusal.value.state == AlertState.PROVEN

    def test_another_leaf_of_a_proven_conflict_joins_it(
        self, network, supervisor, doubled, pay, found
    ):
        person, alert = doubled
        prove_conflict(supervisor, alert.alert_id)
        network.settle()
        third = pay("suzhou", person)
        (proven,) = found(person)
        assert proven.state is AlertState.PROVEN
        assert third in proven.leaves

    def test_a_death_is_no_conflict(self, network, supervisor, pay, report_death, found):
        person = network.identity()
        report_death("nanjing", person, AUGUST)
        pay("hefei", person, SEPTEMBER)
        with pytest.raises(AlreadyResolvedError):
            prove_conflict(supervisor, found(person)[0].alert_id)

    def test_a_payment_that_was_taken_back_is_not_proven(
        self, network, supervisor, doubled, make, found
    ):
        """Two of three still stand: the conflict is theirs."""
        person, alert = doubled
        make.record(network.context("suzhou"), make.payment(person, AUGUST))
        reverse_entry(
            network.context("nanjing"), alert.leaves[0].index, next(iter(ReversalReason)), "条例", "maker", "checker"
        )  # fmt: skip
        network.settle()
        prove_conflict(supervisor, alert.alert_id)
        network.settle()
        (proven,) = found(person)
        conflict = supervisor.chain.conflict(proven.conflict_id)
        assert {conflict.first_log, conflict.second_log} == {2, 3}


def _pair(place: LeafPlace) -> tuple[int, int]:
    return place.log_id, place.index


def _flat(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [item for part in value for item in _flat(part)]
    return [value]
