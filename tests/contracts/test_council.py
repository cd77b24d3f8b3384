"""Council: k of n supervisors decide, with a delay."""

from __future__ import annotations

import pytest
from eth_utils import keccak, to_checksum_address

ZERO = "0x" + "00" * 20
DELAY_SECONDS = 3_600
NONE, OPEN, SCHEDULED, EXECUTED, CANCELLED = range(5)


@pytest.fixture
def third(network):
    """A council of three, two of whom decide; the third member's address."""
    members = [network.supervisor, network.second_supervisor, network.outsider]
    network.decide(("Council", "setMembers", members, 2))
    return network.outsider


def close_call(network, log=1):
    target = network.contracts["Bureaus"]
    return [target.address], [target.encode_abi("closeLog", [log, bytes(32)])]


def propose(network, calls=None, salt=b"\x01" * 32, sender=None):
    targets, payloads = calls or close_call(network)
    sender = sender or network.supervisor
    events = network.send("Council", "propose", targets, payloads, salt, sender=sender)
    assert events[0][0] == "ProposalMade"
    return bytes(events[0][1]["id"]), events


class TestBirth:
    def test_members_threshold_and_delay_are_as_given(self, network):
        members = [network.supervisor, network.second_supervisor]
        assert network.read("Council", "members") == members
        assert network.read("Council", "memberCount") == 2
        assert network.read("Council", "threshold") == 2
        assert network.read("Council", "getMinDelay") == DELAY_SECONDS
        for account, expected in (
            (members[0], True),
            (members[1], True),
            (network.deployer, False),
        ):
            assert network.read("Council", "isMember", account) is expected

    def test_a_council_that_cannot_decide_is_not_born(self, network):
        one, two = network.supervisor, network.second_supervisor
        many = [to_checksum_address(f"0x{number:040x}") for number in range(1, 66)]
        for members, threshold, expected in (
            ([], 1, ("CouncilMemberCount", 0, 64)),
            (many, 1, ("CouncilMemberCount", 65, 64)),
            ([one, one], 1, ("CouncilMemberInvalid", one)),
            ([one, ZERO], 1, ("CouncilMemberInvalid", ZERO)),
            ([one, two], 0, ("CouncilThresholdInvalid", 0, 2)),
            ([one, two], 3, ("CouncilThresholdInvalid", 3, 2)),
        ):
            refusal = network.refused_deployment("Council", members, threshold, 0)
            assert refusal == expected

    def test_no_money_is_taken(self, network):
        council = network.contracts["Council"].address
        refusal = network.refused_payment(council, 7, sender=network.outsider)
        assert refusal == ("CouncilValueRefused", 7)


class TestProposal:
    def test_it_is_kept_as_it_was_made(self, network):
        targets, payloads = close_call(network)
        made, events = propose(network)
        assert [name for name, _ in events] == ["ProposalMade", "ProposalApproved"]
        assert network.read("Council", "stateOf", made) == OPEN
        assert network.named("Council", "proposal", made) == {
            "proposer": network.supervisor, "proposedAt": network.last_time,
            "salt": b"\x01" * 32, "targets": targets, "payloads": [bytes.fromhex(payloads[0][2:])],
        }  # fmt: skip
        assert network.read("Council", "proposalCount") == 1
        assert bytes(network.read("Council", "proposalByIndex", 0)) == made
        assert network.read("Council", "votes", made) == [1, 0]
        assert network.read("Council", "hasApproved", made, network.supervisor)
        assert not network.read("Council", "hasApproved", made, network.second_supervisor)
        assert network.read("Council", "readyAt", made) == 0

    def test_only_members_propose(self, network):
        targets, payloads = close_call(network)
        for sender in (network.outsider, network.deployer, network.freezer, network.publishers[1]):
            refusal = network.refused(
                "Council", "propose", targets, payloads, bytes(32), sender=sender
            )
            assert refusal == ("CouncilNotMember", sender)

    def test_it_calls_contracts_with_a_payload_each(self, network):
        targets, payloads = close_call(network)
        for calls, expected in (
            (([], []), ("CouncilProposalShape", 0, 0)),
            ((targets, []), ("CouncilProposalShape", 1, 0)),
            ((targets, payloads * 2), ("CouncilProposalShape", 1, 2)),
            (([network.outsider], payloads), ("CouncilTargetEmpty", network.outsider)),
        ):
            refusal = network.refused(
                "Council", "propose", *calls, bytes(32), sender=network.supervisor
            )
            assert refusal == expected

    def test_the_same_is_proposed_once_for_each_salt(self, network):
        made, _ = propose(network)
        targets, payloads = close_call(network)
        refusal = network.refused(
            "Council", "propose", targets, payloads, b"\x01" * 32, sender=network.second_supervisor
        )
        assert refusal == ("CouncilProposalKnown", made)
        other, _ = propose(network, salt=b"\x02" * 32)
        assert other != made

    def test_one_that_never_was_is_nothing(self, network):
        assert network.read("Council", "stateOf", b"\x09" * 32) == NONE
        refusal = network.refused("Council", "proposalByIndex", 0, sender=network.outsider)
        assert refusal == ("CouncilIndexOutOfRange", 0, 0)
        for function, sender in (
            ("approve", network.supervisor), ("objectTo", network.supervisor),
            ("executeProposal", network.outsider), ("scheduleProposal", network.outsider),
        ):  # fmt: skip
            refusal = network.refused("Council", function, b"\x09" * 32, sender=sender)
            assert refusal == ("CouncilProposalState", b"\x09" * 32, NONE)


class TestVotes:
    def test_the_last_approval_needed_starts_the_delay(self, network):
        made, _ = propose(network)
        events = network.send("Council", "approve", made, sender=network.second_supervisor)
        assert [name for name, _ in events] == [
            "ProposalApproved", "ProposalScheduled", "CallScheduled", "CallSalt",
        ]  # fmt: skip
        ready = network.last_time + DELAY_SECONDS
        assert (events[0][1]["approvals"], events[1][1]["readyAt"]) == (2, ready)
        assert network.read("Council", "stateOf", made) == SCHEDULED
        assert network.read("Council", "readyAt", made) == ready

    def test_nothing_happens_before_the_delay_is_over(self, network):
        made, _ = propose(network)
        network.send("Council", "approve", made, sender=network.second_supervisor)
        network.wait(DELAY_SECONDS - 60)
        refusal = network.refused("Council", "executeProposal", made, sender=network.supervisor)
        assert refusal == ("TimelockUnexpectedOperationState", made, (1 << 2).to_bytes(32, "big"))
        assert not network.read("Bureaus", "isClosed", 1)
        network.wait(60)
        events = network.send("Council", "executeProposal", made, sender=network.outsider)
        assert "ProposalExecuted" in [name for name, _ in events]
        assert network.read("Bureaus", "isClosed", 1)
        assert network.read("Council", "stateOf", made) == EXECUTED
        assert network.read("Council", "readyAt", made) == 0

    def test_too_few_approvals_do_nothing_ever(self, network):
        made, _ = propose(network)
        network.wait(DELAY_SECONDS * 100)
        refusal = network.refused("Council", "executeProposal", made, sender=network.supervisor)
        assert refusal == ("CouncilProposalState", made, OPEN)
        refusal = network.refused("Council", "scheduleProposal", made, sender=network.outsider)
        assert refusal == ("CouncilApprovalsMissing", made, 1, 2)

    def test_a_member_votes_once(self, network):
        made, _ = propose(network)
        refusal = network.refused("Council", "approve", made, sender=network.supervisor)
        assert refusal == ("CouncilVoteRepeated", made, network.supervisor)
        network.send("Council", "objectTo", made, sender=network.supervisor)
        refusal = network.refused("Council", "objectTo", made, sender=network.supervisor)
        assert refusal == ("CouncilVoteRepeated", made, network.supervisor)

    @pytest.mark.parametrize("function", ["approve", "objectTo"])
    def test_nobody_else_votes(self, network, function):
        made, _ = propose(network)
        for sender in (network.outsider, network.freezer, network.closer, network.publishers[1]):
            refusal = network.refused("Council", function, made, sender=sender)
            assert refusal == ("CouncilNotMember", sender)

    def test_it_is_carried_out_once(self, network):
        made, _ = propose(network)
        network.send("Council", "approve", made, sender=network.second_supervisor)
        network.wait(DELAY_SECONDS)
        network.send("Council", "executeProposal", made, sender=network.outsider)
        for function, sender in (
            ("executeProposal", network.outsider), ("approve", network.supervisor),
            ("objectTo", network.supervisor), ("scheduleProposal", network.outsider),
        ):  # fmt: skip
            refusal = network.refused("Council", function, made, sender=sender)
            assert refusal == ("CouncilProposalState", made, EXECUTED)

    @pytest.mark.parametrize("scheduled", [False, True])
    def test_as_many_objections_as_approvals_are_needed_end_it(self, network, scheduled):
        made, _ = propose(network)
        if scheduled:
            network.send("Council", "approve", made, sender=network.second_supervisor)
        ((name, values),) = network.send("Council", "objectTo", made, sender=network.supervisor)
        assert (name, values["objections"]) == ("ProposalObjected", 1)
        events = network.send("Council", "objectTo", made, sender=network.second_supervisor)
        names = ["ProposalObjected", "ProposalCancelled", *(["Cancelled"] if scheduled else [])]
        assert [name for name, _ in events] == names
        assert network.read("Council", "stateOf", made) == CANCELLED
        network.wait(DELAY_SECONDS)
        refusal = network.refused("Council", "executeProposal", made, sender=network.outsider)
        assert refusal == ("CouncilProposalState", made, CANCELLED)

    def test_all_of_it_happens_or_nothing(self, network):
        bureaus = network.contracts["Bureaus"]
        payloads = [bureaus.encode_abi("closeLog", [log, bytes(32)]) for log in (1, 9)]
        made, _ = propose(network, ([bureaus.address] * 2, payloads))
        network.send("Council", "approve", made, sender=network.second_supervisor)
        network.wait(DELAY_SECONDS)
        refusal = network.refused("Council", "executeProposal", made, sender=network.outsider)
        assert refusal == ("BureausLogUnknown", 9)
        assert not network.read("Bureaus", "isClosed", 1)


class TestMembers:
    def test_two_of_three_decide(self, network, third):
        made, _ = propose(network, sender=third)
        assert network.read("Council", "stateOf", made) == OPEN
        network.send("Council", "approve", made, sender=network.second_supervisor)
        assert network.read("Council", "stateOf", made) == SCHEDULED

    def test_who_left_no_longer_counts(self, network, third):
        made, _ = propose(network, sender=third)
        network.decide(
            ("Council", "setMembers", [network.supervisor, network.second_supervisor], 2)
        )
        assert network.read("Council", "votes", made) == [0, 0]
        network.send("Council", "approve", made, sender=network.supervisor)
        assert network.read("Council", "stateOf", made) == OPEN
        refusal = network.refused("Council", "approve", made, sender=third)
        assert refusal == ("CouncilNotMember", third)

    def test_what_enough_already_approved_is_scheduled_by_anyone(self, network):
        members = [network.supervisor, network.second_supervisor]
        made, _ = propose(network)
        network.decide(("Council", "setMembers", members, 1))
        assert network.read("Council", "stateOf", made) == OPEN
        network.send("Council", "scheduleProposal", made, sender=network.outsider)
        assert network.read("Council", "stateOf", made) == SCHEDULED

    def test_the_delay_changes_by_decision_only(self, network):
        refusal = network.refused("Council", "updateDelay", 0, sender=network.supervisor)
        assert refusal == ("TimelockUnauthorizedCaller", network.supervisor)
        events = self.changes(network, "updateDelay", 7_200)
        changed = events["MinDelayChange"]
        assert (changed["oldDuration"], changed["newDuration"]) == (DELAY_SECONDS, 7_200)
        assert network.read("Council", "getMinDelay") == 7_200

    def test_who_decides_from_now_on_is_told(self, network):
        events = self.changes(network, "setMembers", [network.outsider], 1)
        told = events["MembersChanged"]
        assert (list(told["members"]), told["threshold"]) == ([network.outsider], 1)
        assert events["CallExecuted"]["target"] == network.contracts["Council"].address

    def changes(self, network, function, *arguments):
        """The events, by name, of a change of the council."""
        council = network.contracts["Council"]
        calls = [council.address], [council.encode_abi(function, list(arguments))]
        made, _ = propose(network, calls)
        network.send("Council", "approve", made, sender=network.second_supervisor)
        network.wait(DELAY_SECONDS)
        return dict(network.send("Council", "executeProposal", made, sender=network.outsider))

    def test_nobody_names_members_alone(self, network):
        for sender in (network.supervisor, network.deployer, network.outsider):
            refusal = network.refused("Council", "setMembers", [sender], 1, sender=sender)
            assert refusal == ("CouncilNotItself", sender)

    def test_a_council_that_could_not_decide_is_refused(self, network):
        refusal = network.refused_council("Council", "setMembers", [network.supervisor], 2)
        assert refusal == ("CouncilThresholdInvalid", 2, 1)


class TestTimelock:
    def test_its_own_ways_in_are_closed(self, network):
        """Nothing passes beside the votes, a member's call as little as an outsider's."""
        (target,), (payload,) = close_call(network)
        batch = ([target], [0], [payload], bytes(32), bytes(32))
        ways = {
            "schedule": ("PROPOSER_ROLE", (target, 0, payload, bytes(32), bytes(32), 10**6)),
            "scheduleBatch": ("PROPOSER_ROLE", (*batch, 10**6)),
            "execute": ("EXECUTOR_ROLE", (target, 0, payload, bytes(32), bytes(32))),
            "executeBatch": ("EXECUTOR_ROLE", batch),
            "cancel": ("CANCELLER_ROLE", (bytes(32),)),
            "grantRole": (None, (keccak(text="PROPOSER_ROLE"), network.supervisor)),
        }
        for function, (role, arguments) in ways.items():
            for sender in (network.supervisor, network.deployer, network.outsider):
                refusal = network.refused("Council", function, *arguments, sender=sender)
                needed = keccak(text=role) if role else bytes(32)
                assert refusal == ("AccessControlUnauthorizedAccount", sender, needed)

    def test_what_the_timelock_itself_refuses_is_passed_on(self, network):
        """The council may call its own timelock; the timelock's rules hold there too."""
        (target,), (payload,) = close_call(network)
        one, nothing = [target], bytes(32)
        for function, arguments, expected in (
            ("scheduleBatch", (one, [], [payload], nothing, nothing, 10**6),
             ("TimelockInvalidOperationLength", 1, 1, 0)),
            ("executeBatch", (one, [0], [], nothing, nothing),
             ("TimelockInvalidOperationLength", 1, 0, 1)),
            ("scheduleBatch", (one, [0], [payload], nothing, nothing, 60),
             ("TimelockInsufficientDelay", 60, DELAY_SECONDS)),
        ):  # fmt: skip
            assert network.refused_council("Council", function, *arguments) == expected

    def test_an_operation_waits_for_the_one_before_it(self, network):
        (target,), (payload,) = close_call(network)
        batch = ([target], [0], [payload], b"\x05" * 32, bytes(32))
        network.decide(("Council", "scheduleBatch", *batch, DELAY_SECONDS))
        refusal = network.refused_council("Council", "executeBatch", *batch)
        assert refusal == ("TimelockUnexecutedPredecessor", b"\x05" * 32)

    def test_a_call_that_no_contract_knows_fails_by_name(self, network):
        target = network.contracts["Statuses"].address
        made, _ = propose(network, ([target], ["0x01020304"]))
        network.send("Council", "approve", made, sender=network.second_supervisor)
        network.wait(DELAY_SECONDS)
        refusal = network.refused("Council", "executeProposal", made, sender=network.outsider)
        assert refusal == ("FailedCall",)
        for contract in ("Statuses", "Checkpoints"):
            refusal = network.refused(
                contract, "multicall", ["0x01020304"], sender=network.outsider
            )
            assert refusal == ("FailedCall",)
