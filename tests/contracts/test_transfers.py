"""Transfers: one holder per stay, one open case, one payer per benefit."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from ledger.policy import work_calendar

NONE, REQUESTED, RELEASED, ACCEPTED, REFUSED, WITHDRAWN, MOVED, CANCELLED = range(8)
MOVE, CANCEL = range(2)
STAY, BENEFIT = range(2)
NO_CLAIM, OPEN, CONTESTED, SETTLED = range(4)
CONFIRM, GIVE = range(2)
OLD, NEW, THIRD, SUCCESSOR = 1, 3, 2, 4
NOBODY = "0x" + "00" * 20
BEIJING = timezone(timedelta(hours=8))


@pytest.fixture
def calendar(network):
    """This year and the next two are published, without holidays."""
    network.publish_weekdays(3)


@pytest.fixture
def ids(make_digest):
    words = (
        "case", "segment", "letter", "figures", "package", "reason", "other case", "benefit",
        "decision", "other decision",
    )  # fmt: skip
    return {word: make_digest(word) for word in words}


def request(network, ids, *, case="case", old=OLD, new=NEW):
    arguments = (ids[case], ids["segment"], old, new, ids["letter"])
    return network.send("Transfers", "request", *arguments, sender=network.publishers[new])


def release(network, ids, *, case="case", old=OLD):
    arguments = (ids[case], ids["figures"], ids["package"])
    return network.send("Transfers", "release", *arguments, sender=network.publishers[old])


def accept(network, ids, *, case="case", new=NEW):
    arguments = (ids[case], ids["figures"])
    return network.send("Transfers", "accept", *arguments, sender=network.publishers[new])


def moved(network, ids):
    for step in (request, release, accept):
        step(network, ids)


def pass_term(network, working_days):
    """Let a term that begins in the last block pass, to the second."""
    network.travel(network.end_of_term(network.last_time, working_days))


def close(network, log, *, successor=None):
    """Have the council close a log, and name the successor that a new publisher stands for."""
    network.decide(("Bureaus", "closeLog", log, bytes([1]) * 32))
    if successor is not None:
        regions = {1: 320100, 2: 320500, 3: 340100}
        pools = {1: 32, 2: 32, 3: 34}
        following = network.bureau(successor, region=regions[log], pool=pools[log])
        network.decide(("Bureaus", "nameSuccessor", log, 0, following))


def suspend(network, log):
    network.send("Bureaus", "suspend", log, bytes(32), sender=network.freezer)


def state(network, ids, case="case"):
    return network.named("Transfers", "transferCase", ids[case])["state"]


class TestHandOver:
    def test_a_stay_moves_when_both_sides_sign_the_same_figures(self, network, ids):
        assert network.read("Transfers", "holderOf", ids["segment"]) == 0
        ((asked, values),) = request(network, ids)
        assert (asked, values["fromLog"], values["toLog"]) == ("TransferRequested", OLD, NEW)
        requested_at = network.last_time
        assert network.read("Transfers", "openCaseOf", ids["segment"]) == ids["case"]
        network.wait(60)
        ((name, values),) = release(network, ids)
        assert (name, values["figuresDigest"]) == ("TransferReleased", ids["figures"])
        released_at = network.last_time
        network.wait(60)
        ((name, values),) = accept(network, ids)
        assert (name, values["segmentTag"]) == ("TransferAccepted", ids["segment"])
        assert network.read("Transfers", "holderOf", ids["segment"]) == NEW
        assert network.read("Transfers", "openCaseOf", ids["segment"]) == bytes(32)
        assert network.named("Transfers", "transferCase", ids["case"]) == {
            "state": ACCEPTED, "fromLog": OLD, "toLog": NEW, "reasonCode": 0, "termDays": 15,
            "requestedAt": requested_at, "releasedAt": released_at, "decidedAt": network.last_time,
            "segmentTag": ids["segment"], "requestDigest": ids["letter"],
            "figuresDigest": ids["figures"], "packageDigest": ids["package"], "reasonDigest": bytes(32),
        }  # fmt: skip

    def test_other_figures_are_not_accepted(self, network, ids):
        request(network, ids)
        release(network, ids)
        refusal = network.refused(
            "Transfers", "accept", ids["case"], ids["letter"], sender=network.publishers[NEW]
        )
        assert refusal == ("TransfersFiguresMismatch", ids["case"], ids["figures"], ids["letter"])

    def test_a_moved_stay_can_only_be_asked_of_its_holder(self, network, ids, calendar):
        moved(network, ids)
        arguments = (ids["other case"], ids["segment"], OLD, THIRD, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[THIRD]
        )
        assert refusal == ("TransfersSegmentHeldElsewhere", ids["segment"], NEW, OLD)
        pass_term(network, 10)
        request(network, ids, case="other case", old=NEW, new=THIRD)
        release(network, ids, case="other case", old=NEW)
        accept(network, ids, case="other case", new=THIRD)
        assert network.read("Transfers", "holderOf", ids["segment"]) == THIRD

    def test_a_stay_has_one_open_case(self, network, ids):
        request(network, ids)
        arguments = (ids["other case"], ids["segment"], OLD, THIRD, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[THIRD]
        )
        assert refusal == ("TransfersSegmentInCase", ids["segment"], ids["case"])


class TestRequest:
    def test_the_same_request_again_says_where_the_case_stands(self, network, ids):
        request(network, ids)
        arguments = (ids["case"], ids["segment"], OLD, NEW, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[NEW]
        )
        assert refusal == ("TransfersCaseState", ids["case"], REQUESTED)

    def test_only_the_receiver_asks(self, network, ids):
        arguments = (ids["case"], ids["segment"], OLD, NEW, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[OLD]
        )
        assert refusal == ("TransfersNotPublisher", NEW, network.publishers[OLD])

    def test_a_suspended_agency_cannot_ask(self, network, ids):
        suspend(network, NEW)
        arguments = (ids["case"], ids["segment"], OLD, NEW, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[NEW]
        )
        assert refusal == ("TransfersLogSuspended", NEW)

    def test_a_suspended_agency_still_releases_and_accepts(self, network, ids):
        request(network, ids)
        for log in (OLD, NEW):
            suspend(network, log)
        release(network, ids)
        accept(network, ids)
        assert state(network, ids) == ACCEPTED

    def test_what_cannot_be_is_refused(self, network, ids):
        sender = network.publishers[NEW]
        for arguments, expected in (
            ((ids["case"], ids["segment"], NEW, NEW, ids["letter"]), ("TransfersSameLog", NEW)),
            ((ids["case"], ids["segment"], 9, NEW, ids["letter"]), ("TransfersLogUnknown", 9)),
            (
                (bytes(32), ids["segment"], OLD, NEW, ids["letter"]),
                ("TransfersDigestMissing", bytes(32)),
            ),
            (
                (ids["case"], bytes(32), OLD, NEW, ids["letter"]),
                ("TransfersDigestMissing", ids["case"]),
            ),
        ):
            assert network.refused("Transfers", "request", *arguments, sender=sender) == expected


class TestOrder:
    @pytest.mark.parametrize("steps", [0, 2, 3])
    def test_a_case_is_released_once_and_only_after_the_request(self, network, ids, steps):
        for step in (request, release, accept)[:steps]:
            step(network, ids)
        refusal = network.refused(
            "Transfers",
            "release",
            ids["case"],
            ids["figures"],
            ids["package"],
            sender=network.publishers[OLD],
        )
        assert refusal == (
            "TransfersCaseState",
            ids["case"],
            (NONE, REQUESTED, RELEASED, ACCEPTED)[steps],
        )

    @pytest.mark.parametrize("steps", [0, 1, 3])
    def test_a_case_is_accepted_once_and_only_after_the_release(self, network, ids, steps):
        for step in (request, release, accept)[:steps]:
            step(network, ids)
        refusal = network.refused(
            "Transfers", "accept", ids["case"], ids["figures"], sender=network.publishers[NEW]
        )
        assert refusal == (
            "TransfersCaseState",
            ids["case"],
            (NONE, REQUESTED, RELEASED, ACCEPTED)[steps],
        )

    def test_only_the_sender_releases_and_only_the_receiver_accepts(self, network, ids):
        request(network, ids)
        new, old = network.publishers[NEW], network.publishers[OLD]
        refusal = network.refused(
            "Transfers", "release", ids["case"], ids["figures"], ids["package"], sender=new
        )
        assert refusal == ("TransfersNotPublisher", OLD, new)
        release(network, ids)
        refusal = network.refused("Transfers", "accept", ids["case"], ids["figures"], sender=old)
        assert refusal == ("TransfersNotPublisher", NEW, old)

    def test_a_release_names_figures_and_package(self, network, ids):
        request(network, ids)
        for digests in ((bytes(32), ids["package"]), (ids["figures"], bytes(32))):
            refusal = network.refused(
                "Transfers", "release", ids["case"], *digests, sender=network.publishers[OLD]
            )
            assert refusal == ("TransfersDigestMissing", ids["case"])


class TestRestoring:
    @pytest.mark.parametrize("released", [False, True])
    @pytest.mark.parametrize("side", [OLD, NEW])
    def test_a_refusal_restores_both_sides_exactly(self, network, ids, side, released):
        request(network, ids)
        if released:
            release(network, ids)
        arguments = (ids["case"], 7, ids["reason"])
        ((name, values),) = network.send(
            "Transfers", "refuse", *arguments, sender=network.publishers[side]
        )
        assert (name, values["refusedBy"], values["reasonCode"]) == ("TransferRefused", side, 7)
        assert network.read("Transfers", "holderOf", ids["segment"]) == 0
        assert network.read("Transfers", "openCaseOf", ids["segment"]) == bytes(32)
        found = network.named("Transfers", "transferCase", ids["case"])
        assert (found["state"], found["reasonDigest"], found["decidedAt"]) == (
            REFUSED, ids["reason"], network.last_time,
        )  # fmt: skip
        request(network, ids, case="other case")
        assert state(network, ids, "other case") == REQUESTED

    @pytest.mark.parametrize("released", [False, True])
    def test_a_withdrawal_restores_both_sides_exactly(self, network, ids, released):
        request(network, ids)
        if released:
            release(network, ids)
        ((name, _),) = network.send(
            "Transfers", "withdraw", ids["case"], sender=network.publishers[NEW]
        )
        assert name == "TransferWithdrawn"
        assert state(network, ids) == WITHDRAWN
        assert network.read("Transfers", "holderOf", ids["segment"]) == 0
        request(network, ids, case="other case")

    def test_the_sender_and_others_cannot_withdraw(self, network, ids):
        request(network, ids)
        sender = network.publishers[OLD]
        refusal = network.refused("Transfers", "withdraw", ids["case"], sender=sender)
        assert refusal == ("TransfersNotPublisher", NEW, sender)

    def test_a_third_agency_cannot_refuse(self, network, ids):
        request(network, ids)
        sender = network.publishers[THIRD]
        refusal = network.refused(
            "Transfers", "refuse", ids["case"], 7, ids["reason"], sender=sender
        )
        assert refusal == ("TransfersNotPublisher", OLD, sender)

    def test_a_refusal_gives_a_reason(self, network, ids):
        request(network, ids)
        for reason in ((0, ids["reason"]), (7, bytes(32))):
            refusal = network.refused(
                "Transfers", "refuse", ids["case"], *reason, sender=network.publishers[OLD]
            )
            assert refusal == ("TransfersReasonMissing", ids["case"])

    def test_what_was_accepted_is_neither_refused_nor_withdrawn(self, network, ids):
        for step in (request, release, accept):
            step(network, ids)
        sender = network.publishers[NEW]
        for function, arguments in (("refuse", (7, ids["reason"])), ("withdraw", ())):
            refusal = network.refused("Transfers", function, ids["case"], *arguments, sender=sender)
            assert refusal == ("TransfersCaseState", ids["case"], ACCEPTED)


class TestBenefits:
    def test_at_most_one_agency_pays(self, network, ids):
        ((name, _),) = network.send(
            "Transfers", "claimBenefit", ids["benefit"], 1, sender=network.publishers[1]
        )
        assert name == "BenefitClaimed"
        assert network.read("Transfers", "payerOf", ids["benefit"]) == 1
        for log in (1, 2):
            refusal = network.refused(
                "Transfers", "claimBenefit", ids["benefit"], log, sender=network.publishers[log]
            )
            assert refusal == ("TransfersBenefitClaimed", ids["benefit"], 1)

    def test_a_benefit_given_up_can_be_taken_on_by_another(self, network, ids):
        network.send("Transfers", "claimBenefit", ids["benefit"], 1, sender=network.publishers[1])
        refusal = network.refused(
            "Transfers", "releaseBenefit", ids["benefit"], 2, sender=network.publishers[2]
        )
        assert refusal == ("TransfersBenefitNotHeld", ids["benefit"], 1, 2)
        ((name, _),) = network.send(
            "Transfers", "releaseBenefit", ids["benefit"], 1, sender=network.publishers[1]
        )
        assert name == "BenefitReleased"
        network.send("Transfers", "claimBenefit", ids["benefit"], 2, sender=network.publishers[2])
        assert network.read("Transfers", "payerOf", ids["benefit"]) == 2

    def test_only_its_own_publisher_claims_and_gives_up(self, network, ids):
        for function in ("claimBenefit", "releaseBenefit"):
            sender = network.publishers[2]
            refusal = network.refused("Transfers", function, ids["benefit"], 1, sender=sender)
            assert refusal == ("TransfersNotPublisher", 1, sender)

    def test_a_suspended_agency_cannot_claim_but_can_give_up(self, network, ids, make_digest):
        network.send("Transfers", "claimBenefit", ids["benefit"], 1, sender=network.publishers[1])
        suspend(network, 1)
        refusal = network.refused(
            "Transfers", "claimBenefit", make_digest("other"), 1, sender=network.publishers[1]
        )
        assert refusal == ("TransfersLogSuspended", 1)
        network.send("Transfers", "releaseBenefit", ids["benefit"], 1, sender=network.publishers[1])

    def test_a_benefit_without_a_tag_is_refused(self, network):
        refusal = network.refused(
            "Transfers", "claimBenefit", bytes(32), 1, sender=network.publishers[1]
        )
        assert refusal == ("TransfersDigestMissing", bytes(32))

    def test_what_is_given_up_can_be_claimed_anew_and_is_a_first_claim_again(
        self, network, ids, calendar
    ):
        claim(network, ids, 1)
        pass_term(network, 10)
        assert claim_state(network, ids) == SETTLED
        give_up(network, ids, 1)
        assert claim_state(network, ids) == NO_CLAIM
        claim(network, ids, 1)
        assert claim_state(network, ids) == OPEN


def claim(network, ids, log):
    return network.send(
        "Transfers", "claimBenefit", ids["benefit"], log, sender=network.publishers[log]
    )


def give_up(network, ids, log):
    return network.send(
        "Transfers", "releaseBenefit", ids["benefit"], log, sender=network.publishers[log]
    )


def contest(network, ids, log, kind=BENEFIT, tag="benefit"):
    arguments = (kind, ids[tag], log, ids["reason"])
    return network.send("Transfers", "contest", *arguments, sender=network.publishers[log])


def find(network, ids, supervisor, finding, kind=BENEFIT, tag="benefit", document="decision"):
    arguments = (kind, ids[tag], finding, ids[document])
    return network.send("Transfers", "settleClaim", *arguments, sender=supervisor)


def claim_state(network, ids, kind=BENEFIT, tag="benefit"):
    return network.read("Transfers", "claimStateOf", kind, ids[tag])


def overrule(network, ids, supervisor, outcome, document="decision"):
    arguments = (ids["case"], outcome, ids[document])
    return network.send("Transfers", "overrule", *arguments, sender=supervisor)


class TestDeadline:
    def test_each_side_has_fifteen_working_days_from_its_own_step(self, network, ids, calendar):
        request(network, ids)
        asked = network.last_time
        first_due = network.end_of_term(asked, 15)
        assert network.read("Transfers", "dueAt", ids["case"]) == [first_due, True]
        network.wait(3 * 86_400)
        release(network, ids)
        due = network.end_of_term(network.last_time, 15)
        assert network.read("Transfers", "dueAt", ids["case"]) == [due, True]
        assert due > first_due

    def test_a_step_is_overdue_from_the_second_after_its_last_day(self, network, ids, calendar):
        request(network, ids)
        due, _ = network.read("Transfers", "dueAt", ids["case"])
        network.travel(due - 1)
        assert not network.read("Transfers", "isOverdue", ids["case"])
        network.travel(due)
        assert network.read("Transfers", "isOverdue", ids["case"])

    def test_without_a_published_year_nothing_is_overdue_and_nothing_refuses(self, network, ids):
        request(network, ids)
        network.wait(400 * 86_400)
        assert network.read("Transfers", "dueAt", ids["case"]) == [0, False]
        assert not network.read("Transfers", "isOverdue", ids["case"])
        refusal = network.refused(
            "Transfers", "overrule", ids["case"], CANCEL, ids["decision"], sender=network.supervisor
        )
        assert refusal == ("TransfersNotOverdue", ids["case"], 0, False)

    @pytest.mark.parametrize("steps", [0, 3])
    def test_a_case_without_a_step_under_way_has_no_clock(self, network, ids, calendar, steps):
        for step in (request, release, accept)[:steps]:
            step(network, ids)
        network.wait(400 * 86_400)
        assert network.read("Transfers", "dueAt", ids["case"]) == [0, False]
        assert not network.read("Transfers", "isOverdue", ids["case"])

    def test_what_is_late_may_still_be_done(self, network, ids, calendar):
        request(network, ids)
        pass_term(network, 15)
        release(network, ids)
        assert not network.read("Transfers", "isOverdue", ids["case"])
        pass_term(network, 15)
        accept(network, ids)
        assert state(network, ids) == ACCEPTED


class TestOverruling:
    def test_two_supervisors_move_what_the_old_agency_released(self, network, ids, calendar):
        request(network, ids)
        release(network, ids)
        pass_term(network, 15)
        ((name, values),) = overrule(network, ids, network.supervisor, MOVE)
        assert (name, values["supervisor"], values["outcome"]) == (
            "OverrulingProposed", network.supervisor, MOVE,
        )  # fmt: skip
        assert state(network, ids) == RELEASED
        votes = [network.read("Transfers", "overrulingOf", ids["case"], each) for each in (0, 1)]
        assert votes == [network.supervisor, NOBODY]
        ((name, values),) = overrule(
            network, ids, network.second_supervisor, MOVE, "other decision"
        )
        assert (name, values["segmentTag"], values["figuresDigest"]) == (
            "TransferMoved", ids["segment"], ids["figures"],
        )  # fmt: skip
        assert (values["firstSupervisor"], values["secondSupervisor"]) == (
            network.supervisor, network.second_supervisor,
        )  # fmt: skip
        assert network.read("Transfers", "holderOf", ids["segment"]) == NEW
        assert network.read("Transfers", "openCaseOf", ids["segment"]) == bytes(32)
        found = network.named("Transfers", "transferCase", ids["case"])
        assert (found["state"], found["decidedAt"], found["reasonDigest"]) == (
            MOVED, network.last_time, ids["other decision"],
        )  # fmt: skip
        assert network.read("Transfers", "overrulingOf", ids["case"], MOVE) == NOBODY

    @pytest.mark.parametrize("released", [False, True])
    def test_two_supervisors_cancel_and_both_sides_are_as_before(
        self, network, ids, calendar, released
    ):
        request(network, ids)
        if released:
            release(network, ids)
        pass_term(network, 15)
        overrule(network, ids, network.second_supervisor, CANCEL)
        ((name, values),) = overrule(network, ids, network.supervisor, CANCEL)
        assert (name, values["reasonDigest"]) == ("TransferCancelled", ids["decision"])
        assert state(network, ids) == CANCELLED
        assert network.read("Transfers", "holderOf", ids["segment"]) == 0
        request(network, ids, case="other case")

    def test_without_figures_nothing_can_be_moved(self, network, ids, calendar):
        request(network, ids)
        pass_term(network, 15)
        refusal = network.refused(
            "Transfers", "overrule", ids["case"], MOVE, ids["decision"], sender=network.supervisor
        )
        assert refusal == ("TransfersCaseState", ids["case"], REQUESTED)

    def test_before_the_deadline_nobody_overrules(self, network, ids, calendar):
        request(network, ids)
        due, _ = network.read("Transfers", "dueAt", ids["case"])
        refusal = network.refused(
            "Transfers", "overrule", ids["case"], CANCEL, ids["decision"], sender=network.supervisor
        )
        assert refusal == ("TransfersNotOverdue", ids["case"], due, True)

    def test_votes_for_different_outcomes_do_not_add_up(self, network, ids, calendar):
        request(network, ids)
        release(network, ids)
        pass_term(network, 15)
        overrule(network, ids, network.supervisor, MOVE)
        overrule(network, ids, network.second_supervisor, CANCEL)
        assert state(network, ids) == RELEASED
        votes = [network.read("Transfers", "overrulingOf", ids["case"], each) for each in (0, 1)]
        assert votes == [network.supervisor, network.second_supervisor]
        ((name, _),) = overrule(network, ids, network.supervisor, CANCEL)
        assert name == "TransferCancelled"

    def test_one_supervisor_alone_decides_nothing(self, network, ids, calendar):
        request(network, ids)
        release(network, ids)
        pass_term(network, 15)
        overrule(network, ids, network.supervisor, MOVE)
        refusal = network.refused(
            "Transfers", "overrule", ids["case"], MOVE, ids["decision"], sender=network.supervisor
        )
        assert refusal == ("TransfersAlreadyVoted", ids["case"], network.supervisor)
        overrule(network, ids, network.supervisor, CANCEL)
        votes = [network.read("Transfers", "overrulingOf", ids["case"], each) for each in (0, 1)]
        assert votes == [NOBODY, network.supervisor], "a vote is changed, not doubled"

    def test_a_vote_counts_for_its_own_step(self, network, ids, calendar):
        request(network, ids)
        pass_term(network, 15)
        overrule(network, ids, network.supervisor, CANCEL)
        release(network, ids)
        pass_term(network, 15)
        ((name, _),) = overrule(network, ids, network.second_supervisor, CANCEL)
        assert name == "OverrulingProposed"
        assert state(network, ids) == RELEASED

    def test_a_former_supervisors_vote_counts_no_more(self, network, ids, calendar):
        request(network, ids)
        pass_term(network, 15)
        overrule(network, ids, network.second_supervisor, CANCEL)
        network.decide(("Council", "setMembers", [network.supervisor, network.outsider], 1))
        ((name, _),) = overrule(network, ids, network.supervisor, CANCEL)
        assert name == "OverrulingProposed"
        ((name, values),) = overrule(network, ids, network.outsider, CANCEL)
        assert (name, values["firstSupervisor"]) == ("TransferCancelled", network.supervisor)

    def test_what_is_decided_is_not_overruled(self, network, ids, calendar):
        moved(network, ids)
        network.wait(400 * 86_400)
        refusal = network.refused(
            "Transfers", "overrule", ids["case"], CANCEL, ids["decision"], sender=network.supervisor
        )
        assert refusal == ("TransfersCaseState", ids["case"], ACCEPTED)

    @pytest.mark.parametrize("outcome", [MOVE, CANCEL])
    def test_what_was_overruled_never_moves_again(self, network, ids, calendar, outcome):
        request(network, ids)
        release(network, ids)
        pass_term(network, 15)
        for supervisor in (network.supervisor, network.second_supervisor):
            overrule(network, ids, supervisor, outcome)
        ended = (MOVED, CANCELLED)[outcome]
        for function, arguments, sender in (
            ("release", (ids["figures"], ids["package"]), network.publishers[OLD]),
            ("accept", (ids["figures"],), network.publishers[NEW]),
            ("refuse", (7, ids["reason"]), network.publishers[NEW]),
            ("withdraw", (), network.publishers[NEW]),
            ("overrule", (1 - outcome, ids["decision"]), network.supervisor),
        ):
            refusal = network.refused("Transfers", function, ids["case"], *arguments, sender=sender)
            assert refusal == ("TransfersCaseState", ids["case"], ended)

    def test_only_supervisors_and_only_with_a_reason(self, network, ids, calendar):
        request(network, ids)
        pass_term(network, 15)
        sender = network.publishers[NEW]
        refusal = network.refused(
            "Transfers", "overrule", ids["case"], CANCEL, ids["decision"], sender=sender
        )
        assert refusal == ("TransfersNotSupervisor", sender)
        refusal = network.refused(
            "Transfers", "overrule", ids["case"], CANCEL, bytes(32), sender=network.supervisor
        )
        assert refusal == ("TransfersReasonMissing", ids["case"])


class TestContest:
    def test_a_first_claim_is_settled_when_nobody_contests_it(self, network, ids, calendar):
        claim(network, ids, 1)
        until = network.end_of_term(network.last_time, 10)
        assert network.read("Transfers", "contestableUntil", BENEFIT, ids["benefit"]) == [
            until, True,
        ]  # fmt: skip
        network.travel(until - 1)
        assert claim_state(network, ids) == OPEN
        network.travel(until)
        assert claim_state(network, ids) == SETTLED
        assert network.read("Transfers", "contestableUntil", BENEFIT, ids["benefit"]) == [0, False]
        refusal = network.refused(
            "Transfers", "contest", BENEFIT, ids["benefit"], 2, ids["reason"],
            sender=network.publishers[2],
        )  # fmt: skip
        assert refusal == ("TransfersClaimState", ids["benefit"], SETTLED)

    def test_without_a_published_year_a_claim_stays_open(self, network, ids):
        claim(network, ids, 1)
        network.wait(400 * 86_400)
        assert claim_state(network, ids) == OPEN
        assert network.read("Transfers", "contestableUntil", BENEFIT, ids["benefit"]) == [0, False]

    @pytest.mark.parametrize(("finding", "payer"), [(CONFIRM, 1), (GIVE, 2)])
    def test_two_supervisors_settle_it_and_the_payer_pays_meanwhile(
        self, network, ids, calendar, finding, payer
    ):
        claim(network, ids, 1)
        ((name, values),) = contest(network, ids, 2)
        assert (name, values["log"], values["contester"], values["reasonDigest"]) == (
            "ClaimContested", 1, 2, ids["reason"],
        )  # fmt: skip
        pass_term(network, 10)
        assert claim_state(network, ids) == CONTESTED
        assert network.read("Transfers", "payerOf", ids["benefit"]) == 1
        ((name, values),) = find(network, ids, network.supervisor, finding)
        assert (name, values["finding"]) == ("FindingProposed", finding)
        assert network.read("Transfers", "payerOf", ids["benefit"]) == 1
        found = [network.read("Transfers", "findingOf", 1, ids["benefit"], each) for each in (0, 1)]
        assert found[finding] == network.supervisor
        assert found[1 - finding] == NOBODY
        ((name, values),) = find(
            network, ids, network.second_supervisor, finding, document="other decision"
        )
        assert (name, values["log"], values["firstSupervisor"], values["secondSupervisor"]) == (
            "ClaimSettled", payer, network.supervisor, network.second_supervisor,
        )  # fmt: skip
        assert network.read("Transfers", "payerOf", ids["benefit"]) == payer
        assert claim_state(network, ids) == SETTLED
        assert network.named("Transfers", "claimOf", BENEFIT, ids["benefit"]) == {
            "log": payer, "contester": 0, "contest": 0, "termDays": 0,
            "claimedAt": network.last_time, "contestedAt": 0,
        }  # fmt: skip

    def test_findings_do_not_add_up_when_they_differ(self, network, ids, calendar):
        claim(network, ids, 1)
        contest(network, ids, 2)
        find(network, ids, network.supervisor, CONFIRM)
        find(network, ids, network.second_supervisor, GIVE)
        assert claim_state(network, ids) == CONTESTED
        refusal = network.refused(
            "Transfers", "settleClaim", BENEFIT, ids["benefit"], CONFIRM, ids["decision"],
            sender=network.supervisor,
        )  # fmt: skip
        assert refusal == ("TransfersAlreadyVoted", ids["benefit"], network.supervisor)
        find(network, ids, network.supervisor, GIVE)
        assert network.read("Transfers", "payerOf", ids["benefit"]) == 2

    def test_a_vote_about_one_contest_does_not_count_in_the_next(self, network, ids, calendar):
        claim(network, ids, 1)
        contest(network, ids, 2)
        find(network, ids, network.supervisor, GIVE)
        give_up(network, ids, 1)
        give_up(network, ids, 2)
        claim(network, ids, 1)
        contest(network, ids, 3)
        ((name, _),) = find(network, ids, network.second_supervisor, GIVE)
        assert name == "FindingProposed"

    def test_a_claimant_that_yields_leaves_no_day_without_a_payer(self, network, ids, calendar):
        claim(network, ids, 1)
        contest(network, ids, 2)
        ((name, values),) = give_up(network, ids, 1)
        assert (name, values["log"], values["firstSupervisor"]) == ("ClaimSettled", 2, NOBODY)
        assert network.read("Transfers", "payerOf", ids["benefit"]) == 2
        assert claim_state(network, ids) == SETTLED

    def test_what_cannot_be_contested(self, network, ids, calendar):
        sender = network.publishers[2]
        arguments = (BENEFIT, ids["benefit"], 2, ids["reason"])
        refusal = network.refused("Transfers", "contest", *arguments, sender=sender)
        assert refusal == ("TransfersClaimState", ids["benefit"], NO_CLAIM)
        claim(network, ids, 1)
        refusal = network.refused("Transfers", "contest", *arguments[:3], bytes(32), sender=sender)
        assert refusal == ("TransfersReasonMissing", ids["benefit"])
        refusal = network.refused(
            "Transfers", "contest", BENEFIT, ids["benefit"], 1, ids["reason"],
            sender=network.publishers[1],
        )  # fmt: skip
        assert refusal == ("TransfersSameLog", 1)
        refusal = network.refused("Transfers", "contest", *arguments, sender=network.publishers[3])
        assert refusal == ("TransfersNotPublisher", 2, network.publishers[3])
        contest(network, ids, 3)
        refusal = network.refused("Transfers", "contest", *arguments, sender=sender)
        assert refusal == ("TransfersClaimState", ids["benefit"], CONTESTED)

    def test_a_suspended_agency_may_contest(self, network, ids, calendar):
        claim(network, ids, 1)
        suspend(network, 2)
        contest(network, ids, 2)
        assert claim_state(network, ids) == CONTESTED

    def test_only_supervisors_settle_and_only_what_is_contested(self, network, ids, calendar):
        claim(network, ids, 1)
        arguments = (BENEFIT, ids["benefit"], CONFIRM)
        refusal = network.refused(
            "Transfers", "settleClaim", *arguments, ids["decision"], sender=network.supervisor
        )
        assert refusal == ("TransfersClaimState", ids["benefit"], OPEN)
        contest(network, ids, 2)
        refusal = network.refused(
            "Transfers", "settleClaim", *arguments, bytes(32), sender=network.supervisor
        )
        assert refusal == ("TransfersReasonMissing", ids["benefit"])
        sender = network.publishers[1]
        refusal = network.refused(
            "Transfers", "settleClaim", *arguments, ids["decision"], sender=sender
        )
        assert refusal == ("TransfersNotSupervisor", sender)


class TestFirstHolder:
    def test_the_first_holder_of_a_stay_can_be_contested(self, network, ids, calendar):
        moved(network, ids)
        assert claim_state(network, ids, STAY, "segment") == OPEN
        contest(network, ids, THIRD, STAY, "segment")
        arguments = (ids["other case"], ids["segment"], NEW, THIRD, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[THIRD]
        )
        assert refusal == ("TransfersClaimState", ids["segment"], CONTESTED)
        for supervisor in (network.supervisor, network.second_supervisor):
            find(network, ids, supervisor, GIVE, STAY, "segment")
        assert network.read("Transfers", "holderOf", ids["segment"]) == THIRD
        assert state(network, ids) == ACCEPTED, "the case itself never moves again"

    def test_a_stay_waits_for_its_first_holder_to_be_settled(self, network, ids, calendar):
        moved(network, ids)
        arguments = (ids["other case"], ids["segment"], NEW, THIRD, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[THIRD]
        )
        assert refusal == ("TransfersClaimState", ids["segment"], OPEN)

    def test_a_later_holder_was_handed_it_and_is_not_contested(self, network, ids, calendar):
        moved(network, ids)
        pass_term(network, 10)
        request(network, ids, case="other case", old=NEW, new=THIRD)
        release(network, ids, case="other case", old=NEW)
        accept(network, ids, case="other case", new=THIRD)
        assert claim_state(network, ids, STAY, "segment") == SETTLED

    def test_a_stay_and_a_benefit_are_told_apart(self, network, ids, calendar):
        network.send("Transfers", "claimBenefit", ids["segment"], 2, sender=network.publishers[2])
        assert network.read("Transfers", "holderOf", ids["segment"]) == 0
        moved(network, ids)
        assert network.read("Transfers", "holderOf", ids["segment"]) == NEW
        assert network.read("Transfers", "payerOf", ids["segment"]) == 2


class TestBenefitHandOver:
    @pytest.fixture
    def settled(self, network, ids, calendar):
        claim(network, ids, 1)
        pass_term(network, 10)

    def offer(self, network, ids, log, to):
        arguments = (ids["benefit"], log, to)
        return network.send("Transfers", "offerBenefit", *arguments, sender=network.publishers[log])

    def test_the_payer_pays_until_the_other_takes_over(self, network, ids, settled):
        ((name, values),) = self.offer(network, ids, 1, 2)
        assert (name, values["log"], values["toLog"]) == ("BenefitOffered", 1, 2)
        assert network.read("Transfers", "offeredTo", ids["benefit"]) == 2
        assert network.read("Transfers", "payerOf", ids["benefit"]) == 1
        ((name, values),) = network.send(
            "Transfers", "takeBenefit", ids["benefit"], 1, 2, sender=network.publishers[2]
        )
        assert (name, values["fromLog"], values["toLog"]) == ("BenefitHandedOver", 1, 2)
        assert network.read("Transfers", "payerOf", ids["benefit"]) == 2
        assert network.read("Transfers", "offeredTo", ids["benefit"]) == 0
        assert claim_state(network, ids) == SETTLED

    def test_it_is_taken_from_the_one_that_offers_it_and_from_no_other(self, network, ids, settled):
        self.offer(network, ids, 1, 2)
        for arguments, sender, expected in (
            ((3, 2), 2, ("TransfersBenefitNotHeld", ids["benefit"], 1, 3)),
            ((1, 3), 3, ("TransfersBenefitNotOffered", ids["benefit"], 2, 3)),
            ((1, 2), 3, ("TransfersNotPublisher", 2, network.publishers[3])),
        ):
            refusal = network.refused(
                "Transfers", "takeBenefit", ids["benefit"], *arguments,
                sender=network.publishers[sender],
            )  # fmt: skip
            assert refusal == expected
        self.offer(network, ids, 1, 0)
        refusal = network.refused(
            "Transfers", "takeBenefit", ids["benefit"], 1, 2, sender=network.publishers[2]
        )
        assert refusal == ("TransfersBenefitNotOffered", ids["benefit"], 0, 2)

    def test_nobody_takes_what_nobody_pays(self, network, ids):
        refusal = network.refused(
            "Transfers", "takeBenefit", ids["benefit"], 0, 2, sender=network.publishers[2]
        )
        assert refusal == ("TransfersBenefitNotHeld", ids["benefit"], 0, 0)

    def test_a_suspended_agency_offers_but_takes_nothing(self, network, ids, settled):
        suspend(network, 1)
        suspend(network, 2)
        self.offer(network, ids, 1, 2)
        refusal = network.refused(
            "Transfers", "takeBenefit", ids["benefit"], 1, 2, sender=network.publishers[2]
        )
        assert refusal == ("TransfersLogSuspended", 2)

    def test_what_cannot_be_offered(self, network, ids, settled):
        for arguments, sender, expected in (
            ((2, 3), 2, ("TransfersBenefitNotHeld", ids["benefit"], 1, 2)),
            ((1, 1), 1, ("TransfersSameLog", 1)),
            ((1, 9), 1, ("TransfersLogUnknown", 9)),
            ((1, 2), 2, ("TransfersNotPublisher", 1, network.publishers[2])),
        ):
            refusal = network.refused(
                "Transfers", "offerBenefit", ids["benefit"], *arguments,
                sender=network.publishers[sender],
            )  # fmt: skip
            assert refusal == expected

    def test_an_unsettled_claim_is_not_passed_on(self, network, ids, calendar):
        claim(network, ids, 1)
        refusal = network.refused(
            "Transfers", "offerBenefit", ids["benefit"], 1, 2, sender=network.publishers[1]
        )
        assert refusal == ("TransfersClaimState", ids["benefit"], OPEN)

    def test_an_offer_ends_when_the_benefit_is_given_up(self, network, ids, settled):
        self.offer(network, ids, 1, 2)
        give_up(network, ids, 1)
        assert network.read("Transfers", "offeredTo", ids["benefit"]) == 0


class TestTerms:
    def later(self, network, **changes):
        terms = {
            "validFrom": network.now + 30 * 86_400, "releaseDays": 5, "acceptDays": 6,
            "contestDays": 7,
        } | changes  # fmt: skip
        return tuple(terms.values())

    def test_the_statutory_terms_apply_from_the_start(self, network):
        found = network.read("Transfers", "terms")
        assert list(found)[1:] == [15, 15, 10]

    def test_other_terms_apply_to_steps_that_begin_later(self, network, ids, calendar):
        request(network, ids)
        due = network.read("Transfers", "dueAt", ids["case"])
        terms = self.later(network)
        ((name, values),) = network.decide(("Transfers", "setTerms", terms))
        assert (name, values["validFrom"], values["acceptDays"]) == ("TermsSet", terms[0], 6)
        assert list(network.read("Transfers", "terms"))[1:] == [15, 15, 10]
        assert tuple(network.read("Transfers", "latestTerms")) == terms
        network.travel(terms[0])
        assert tuple(network.read("Transfers", "terms")) == terms
        assert network.read("Transfers", "dueAt", ids["case"]) == due
        release(network, ids)
        due = network.end_of_term(network.last_time, 6)
        assert network.read("Transfers", "dueAt", ids["case"]) == [due, True]
        claim(network, ids, 1)
        until = network.end_of_term(network.last_time, 7)
        assert network.read("Transfers", "contestableUntil", BENEFIT, ids["benefit"])[0] == until

    def test_terms_that_do_not_apply_yet_are_replaced(self, network, calendar):
        network.decide(("Transfers", "setTerms", self.later(network)))
        following = self.later(network, validFrom=network.now + 90 * 86_400, releaseDays=9)
        network.decide(("Transfers", "setTerms", following))
        network.wait(31 * 86_400)
        assert network.read("Transfers", "terms")[1] == 15
        network.travel(following[0])
        assert network.read("Transfers", "terms")[1] == 9

    def test_terms_that_apply_are_kept_until_the_next(self, network):
        network.decide(("Transfers", "setTerms", self.later(network)))
        network.wait(31 * 86_400)
        network.decide(("Transfers", "setTerms", self.later(network, releaseDays=9)))
        assert network.read("Transfers", "terms")[1] == 5

    def test_only_the_council_sets_terms(self, network):
        refusal = network.refused(
            "Transfers", "setTerms", self.later(network), sender=network.supervisor
        )
        assert refusal == ("TransfersNotCouncil", network.supervisor)

    @pytest.mark.parametrize(
        "change", ["validFrom", "releaseDays", "acceptDays", "contestDays", "tooLong"]
    )
    def test_terms_begin_in_the_future_and_have_days(self, network, change):
        changes = {
            "validFrom": {"validFrom": network.now + 3_600}, "tooLong": {"contestDays": 1_001},
        }.get(change, {change: 0})  # fmt: skip
        terms = self.later(network, **changes)
        target = network.contracts["Transfers"]
        made = ([target.address], [target.encode_abi("setTerms", [terms])], bytes(32))
        network.send("Council", "propose", *made, sender=network.supervisor)
        proposal = network.read("Council", "proposalByIndex", 0)
        network.send("Council", "approve", proposal, sender=network.second_supervisor)
        network.wait(2 * 3_600)
        refusal = network.refused("Council", "executeProposal", proposal, sender=network.supervisor)
        assert refusal == ("TransfersTermsInvalid", *terms)


class TestSuccessor:
    def test_it_releases_for_the_old_agency(self, network, ids):
        request(network, ids)
        close(network, OLD, successor=SUCCESSOR)
        arguments = (ids["case"], ids["figures"], ids["package"])
        refusal = network.refused(
            "Transfers", "release", *arguments, sender=network.publishers[OLD]
        )
        assert refusal == ("TransfersNotPublisher", SUCCESSOR, network.publishers[OLD])
        network.send("Transfers", "release", *arguments, sender=network.publishers[SUCCESSOR])
        accept(network, ids)
        refusal = network.refused(
            "Transfers", "release", *arguments, sender=network.publishers[SUCCESSOR]
        )
        assert refusal == ("TransfersCaseState", ids["case"], ACCEPTED)

    def test_it_accepts_for_the_new_agency_and_holds_what_that_holds(self, network, ids, calendar):
        request(network, ids)
        release(network, ids)
        close(network, NEW, successor=SUCCESSOR)
        network.send(
            "Transfers", "accept", ids["case"], ids["figures"],
            sender=network.publishers[SUCCESSOR],
        )  # fmt: skip
        assert network.read("Transfers", "holderOf", ids["segment"]) == SUCCESSOR
        pass_term(network, 10)
        request(network, ids, case="other case", old=NEW, new=THIRD)
        found = network.named("Transfers", "transferCase", ids["other case"])
        assert found["fromLog"] == SUCCESSOR, "a closed log's successor is put in its place"

    @pytest.mark.parametrize("side", [OLD, NEW])
    def test_it_refuses_in_its_own_name(self, network, ids, side):
        request(network, ids)
        close(network, side, successor=SUCCESSOR)
        ((name, values),) = network.send(
            "Transfers", "refuse", ids["case"], 7, ids["reason"],
            sender=network.publishers[SUCCESSOR],
        )  # fmt: skip
        assert (name, values["refusedBy"]) == ("TransferRefused", side)

    def test_it_pays_gives_up_and_hands_over_what_the_closed_log_pays(self, network, ids, calendar):
        claim(network, ids, OLD)
        pass_term(network, 10)
        close(network, OLD, successor=SUCCESSOR)
        sender = network.publishers[SUCCESSOR]
        assert network.read("Transfers", "payerOf", ids["benefit"]) == SUCCESSOR
        arguments = (ids["benefit"], SUCCESSOR, THIRD)
        network.send("Transfers", "offerBenefit", *arguments, sender=sender)
        network.send(
            "Transfers", "takeBenefit", ids["benefit"], SUCCESSOR, THIRD,
            sender=network.publishers[THIRD],
        )  # fmt: skip
        refusal = network.refused("Transfers", "releaseBenefit", ids["benefit"], OLD, sender=sender)
        assert refusal == ("TransfersBenefitNotHeld", ids["benefit"], THIRD, SUCCESSOR)

    def test_an_offer_to_a_closed_log_is_its_successors(self, network, ids, calendar):
        claim(network, ids, OLD)
        pass_term(network, 10)
        network.send(
            "Transfers", "offerBenefit", ids["benefit"], OLD, NEW, sender=network.publishers[OLD]
        )
        close(network, NEW, successor=SUCCESSOR)
        network.send(
            "Transfers", "takeBenefit", ids["benefit"], OLD, SUCCESSOR,
            sender=network.publishers[SUCCESSOR],
        )  # fmt: skip
        assert network.read("Transfers", "payerOf", ids["benefit"]) == SUCCESSOR

    def test_it_does_not_contest_what_it_has_itself(self, network, ids, calendar):
        claim(network, ids, OLD)
        close(network, OLD, successor=SUCCESSOR)
        refusal = network.refused(
            "Transfers", "contest", BENEFIT, ids["benefit"], SUCCESSOR, ids["reason"],
            sender=network.publishers[SUCCESSOR],
        )  # fmt: skip
        assert refusal == ("TransfersSameLog", SUCCESSOR)

    def test_it_cannot_ask_itself_for_the_closed_logs_stay(self, network, ids):
        close(network, OLD, successor=SUCCESSOR)
        arguments = (ids["case"], ids["segment"], OLD, SUCCESSOR, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[SUCCESSOR]
        )
        assert refusal == ("TransfersSameLog", SUCCESSOR)

    def test_a_closed_log_without_a_successor_hands_nothing_over(self, network, ids):
        request(network, ids)
        close(network, OLD)
        refusal = network.refused(
            "Transfers", "release", ids["case"], ids["figures"], ids["package"],
            sender=network.publishers[OLD],
        )  # fmt: skip
        assert refusal == ("TransfersNotPublisher", OLD, network.publishers[OLD])
        arguments = (ids["other case"], ids["figures"], OLD, NEW, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[NEW]
        )
        assert refusal == ("TransfersLogClosed", OLD)


class TestBatch:
    def calls(self, network, *calls):
        return [network.contracts["Transfers"].encode_abi(name, list(args)) for name, args in calls]

    def test_many_calls_go_together(self, network, ids, make_digest):
        requests = [
            ("request", (make_digest(f"case {i}"), make_digest(f"stay {i}"), OLD, NEW, ids["letter"]))
            for i in range(5)
        ]  # fmt: skip
        events = network.send(
            "Transfers", "multicall", self.calls(network, *requests), sender=network.publishers[NEW]
        )
        assert [name for name, _ in events] == ["TransferRequested"] * 5

    def test_all_or_none(self, network, ids):
        calls = self.calls(
            network,
            ("request", (ids["case"], ids["segment"], OLD, NEW, ids["letter"])),
            ("request", (ids["other case"], ids["segment"], OLD, NEW, ids["letter"])),
        )
        refusal = network.refused("Transfers", "multicall", calls, sender=network.publishers[NEW])
        assert refusal == ("TransfersSegmentInCase", ids["segment"], ids["case"])
        assert state(network, ids) == NONE


class TestAgreement:
    """The contract and the policy table count the same days; both are used for due dates."""

    def test_terms_end_on_the_same_day_in_every_published_year(self, network):
        years = work_calendar.published_years()
        for year in years:
            bits = work_calendar.work_year(year).working_days
            words = [bits & (2**256 - 1), bits >> 256]
            network.send("WorkCalendar", "publishYear", year, words, sender=network.supervisor)
        day, asked = date(years[0], 1, 1), 0
        while day.year <= years[-1]:
            start = int(datetime(day.year, day.month, day.day, 12, tzinfo=BEIJING).timestamp())
            end, known = network.read("WorkCalendar", "dueAt", start, 15)
            expected = work_calendar.known_deadline(day, 15)
            assert known == (expected is not None), day
            if expected is not None:
                assert network.beijing_day(end - 1) == expected
                assert network.beijing_day(end) > expected
            asked += 1
            day += timedelta(days=13)  # which meets every weekday, and every month of every year
        assert asked > 600
