"""Transfers: one holder per stay, one open case, one payer per benefit."""

from __future__ import annotations

import pytest

NONE, REQUESTED, RELEASED, ACCEPTED, REFUSED, WITHDRAWN = range(6)
OLD, NEW, THIRD = 1, 3, 2


@pytest.fixture
def ids(make_digest):
    words = ("case", "segment", "letter", "figures", "package", "reason", "other case", "benefit")
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
            "state": ACCEPTED, "fromLog": OLD, "toLog": NEW, "reasonCode": 0,
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

    def test_a_moved_stay_can_only_be_asked_of_its_holder(self, network, ids):
        request(network, ids)
        release(network, ids)
        accept(network, ids)
        arguments = (ids["other case"], ids["segment"], OLD, THIRD, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[THIRD]
        )
        assert refusal == ("TransfersSegmentHeldElsewhere", ids["segment"], NEW, OLD)
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
        network.send("Bureaus", "suspend", NEW, bytes(32), sender=network.supervisor)
        arguments = (ids["case"], ids["segment"], OLD, NEW, ids["letter"])
        refusal = network.refused(
            "Transfers", "request", *arguments, sender=network.publishers[NEW]
        )
        assert refusal == ("TransfersLogSuspended", NEW)

    def test_a_suspended_agency_still_releases_and_accepts(self, network, ids):
        request(network, ids)
        for log in (OLD, NEW):
            network.send("Bureaus", "suspend", log, bytes(32), sender=network.supervisor)
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
        network.send("Bureaus", "suspend", 1, bytes(32), sender=network.supervisor)
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
