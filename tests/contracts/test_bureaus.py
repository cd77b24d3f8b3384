"""Bureaus: who takes part, and who says so."""

from __future__ import annotations

import pytest
from eth_utils import keccak

ZERO = "0x" + "00" * 20
ROLES = {name: keccak(text=name) for name in ("ENROL_ROLE", "FREEZE_ROLE", "CLOSE_ROLE")}
ADMIN = bytes(32)
ROLE_OF = {"suspend": "FREEZE_ROLE", "reinstate": "FREEZE_ROLE"}
"""The role that a function takes; every other one takes ENROL_ROLE."""
WRITES = {
    "rotateKeys": lambda n: (1, n.publishers[4], b"\x01" * 32, b"\x02" * 32),
    "setEndpoint": lambda _: (1, "http://elsewhere.example"),
    "suspend": lambda _: (1, bytes(32)),
    "reinstate": lambda _: (1, bytes(32)),
    "setOfficer": lambda n: (1, n.officers[13].address, True),
}


class TestBirth:
    def test_supervisors_are_named_at_birth(self, network, make_digest):
        assert network.read("Bureaus", "supervisorCount") == 2
        first = network.named("Bureaus", "supervisorByIndex", 0)
        assert first == {
            "account": network.supervisor,
            "cosignerKey": make_digest("cosigner 1"),
            "name": "监管一",
            "endpoint": "http://supervisor-1.example",
        }
        assert network.read("Bureaus", "isSupervisor", network.second_supervisor)
        assert not network.read("Bureaus", "isSupervisor", network.deployer)

    def test_a_supervisor_beyond_the_last_is_refused(self, network):
        refusal = network.refused("Bureaus", "supervisorByIndex", 2, sender=network.outsider)
        assert refusal == ("BureausIndexOutOfRange", 2, 2)

    def test_without_supervisors_or_with_too_many_nothing_is_born(self, network):
        council, nobody = network.contracts["Council"].address, ([], [], [])
        assert network.refused_deployment("Bureaus", council, [], nobody) == (
            "BureausSupervisorCount", 0, 64,
        )  # fmt: skip
        many = [(network.supervisor, b"\x01" * 32, "S", "")] * 65
        assert network.refused_deployment("Bureaus", council, many, nobody) == (
            "BureausSupervisorCount", 65, 64,
        )  # fmt: skip

    def test_supervisors_are_distinct_members_with_key_and_name(self, network):
        council, nobody = network.contracts["Council"].address, ([], [], [])
        one = (network.supervisor, b"\x01" * 32, "S", "")
        for supervisors, expected in (
            ([one, one], ("BureausAccountInvalid", network.supervisor)),
            ([(ZERO, *one[1:])], ("BureausNotMember", ZERO)),
            ([(network.outsider, *one[1:])], ("BureausNotMember", network.outsider)),
            ([(one[0], bytes(32), "S", "")], ("BureausKeyMissing", bytes(32), bytes(32))),
            ([(one[0], one[1], "", "")], ("BureausTextLength", 0, 1, 200)),
            ([(*one[:3], "x" * 301)], ("BureausTextLength", 301, 0, 300)),
        ):
            refusal = network.refused_deployment("Bureaus", council, supervisors, nobody)
            assert refusal == expected

    def test_the_council_alone_governs(self, network):
        council = network.contracts["Council"].address
        assert network.read("Bureaus", "governor") == council
        assert network.read("Bureaus", "hasRole", ADMIN, council)
        for account in (network.supervisor, network.deployer, network.freezer):
            assert not network.read("Bureaus", "hasRole", ADMIN, account)


class TestEnrol:
    def test_log_ids_are_given_in_order_from_1(self, network):
        assert network.read("Bureaus", "logCount") == 3
        assert [
            network.read("Bureaus", "logIdOf", network.publishers[n]) for n in (1, 2, 3, 4)
        ] == [1, 2, 3, 0]
        ((name, values),) = network.send(
            "Bureaus", "enrol", network.bureau(4), sender=network.supervisor
        )
        assert (name, values["log"], values["region"], values["pool"]) == (
            "BureauEnrolled",
            4,
            440100,
            44,
        )
        assert values["publisher"] == network.publishers[4]

    def test_an_enrolled_bureau_reads_as_it_was_enrolled(self, network, make_digest):
        bureau = network.named("Bureaus", "bureau", 3)
        assert bureau.pop("enrolledAt") > 0
        assert bureau == {
            "region": 340100, "agencyFamily": 1, "pool": 34, "suspended": False, "closed": False,
            "publisher": network.publishers[3], "logKey": make_digest("log key 3"),
            "sealingKeyDigest": make_digest("sealing key 3"), "name": "经办机构 3",
            "endpoint": "http://bureau-3.example",
        }  # fmt: skip
        assert network.read("Bureaus", "regionOf", 3) == 340100
        assert network.read("Bureaus", "poolOf", 3) == 34
        assert network.read("Bureaus", "isPublisher", 3, network.publishers[3])
        assert not network.read("Bureaus", "isPublisher", 3, network.publishers[2])
        assert not network.read("Bureaus", "isPublisher", 0, ZERO)
        assert not network.read("Bureaus", "isPublisher", 9, ZERO)
        assert not network.read("Bureaus", "isPublisher", 9, network.publishers[3])
        assert network.read("Bureaus", "logIdOfKey", make_digest("log key 3")) == 3

    def test_a_repeated_enrolment_is_refused_and_can_be_found(self, network):
        refusal = network.refused("Bureaus", "enrol", network.bureau(1), sender=network.supervisor)
        assert refusal == ("BureausPublisherTaken", network.publishers[1], 1)

    def test_a_key_signs_for_one_log_only(self, network, make_digest):
        copy = network.bureau(4, logKey=make_digest("log key 2"))
        refusal = network.refused("Bureaus", "enrol", copy, sender=network.supervisor)
        assert refusal == ("BureausLogKeyTaken", make_digest("log key 2"), 2)

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"region": 99_999}, ("BureausRegionInvalid", 99_999)),
            ({"region": 1_000_000}, ("BureausRegionInvalid", 1_000_000)),
            ({"pool": 0}, ("BureausPoolInvalid", 0)),
            ({"publisher": ZERO}, ("BureausAccountInvalid", ZERO)),
            (
                {"logKey": bytes(32), "sealingKeyDigest": b"\x01" * 32},
                ("BureausKeyMissing", bytes(32), b"\x01" * 32),
            ),
            (
                {"logKey": b"\x01" * 32, "sealingKeyDigest": bytes(32)},
                ("BureausKeyMissing", b"\x01" * 32, bytes(32)),
            ),
            ({"name": ""}, ("BureausTextLength", 0, 1, 200)),
            ({"name": "x" * 201}, ("BureausTextLength", 201, 1, 200)),
            ({"endpoint": "x" * 301}, ("BureausTextLength", 301, 0, 300)),
        ],
    )
    def test_what_cannot_be_is_refused(self, network, change, expected):
        bureau = network.bureau(4, **change)
        assert network.refused("Bureaus", "enrol", bureau, sender=network.supervisor) == expected

    def test_a_supervisor_or_an_officer_cannot_publish(self, network):
        for account in (network.second_supervisor, network.officers[11].address):
            bureau = network.bureau(4, publisher=account)
            refusal = network.refused("Bureaus", "enrol", bureau, sender=network.supervisor)
            assert refusal == ("BureausAccountInvalid", account)


def holder(network, role):
    return {
        "ENROL_ROLE": network.supervisor, "FREEZE_ROLE": network.freezer, "CLOSE_ROLE": network.closer,
    }[role]  # fmt: skip


class TestRoles:
    def test_each_role_does_its_own_acts_and_no_other(self, network):
        acts = {"enrol": (network.bureau(4),)} | {
            name: make(network) for name, make in WRITES.items()
        }
        others = (network.outsider, network.publishers[1])
        for function, arguments in acts.items():
            needed = ROLE_OF.get(function, "ENROL_ROLE")
            wrong = [holder(network, role) for role in ROLES if role != needed]
            for sender in (*wrong, *others, network.second_supervisor, network.deployer):
                refusal = network.refused("Bureaus", function, *arguments, sender=sender)
                assert refusal == ("AccessControlUnauthorizedAccount", sender, ROLES[needed])

    @pytest.mark.parametrize("function", sorted(WRITES))
    def test_an_unknown_log_is_refused(self, network, function):
        sender = holder(network, ROLE_OF.get(function, "ENROL_ROLE"))
        for log in (0, 4):
            arguments = (log, *WRITES[function](network)[1:])
            refusal = network.refused("Bureaus", function, *arguments, sender=sender)
            assert refusal == ("BureausLogUnknown", log)

    def test_who_may_what_is_said_of_each(self, network):
        asked = {"mayEnrol": "ENROL_ROLE", "mayFreeze": "FREEZE_ROLE", "mayClose": "CLOSE_ROLE"}
        for function, role in asked.items():
            for other in ROLES:
                assert network.read("Bureaus", function, holder(network, other)) == (other == role)
            assert not network.read("Bureaus", function, network.outsider)

    @pytest.mark.parametrize("function", ["grantRole", "revokeRole"])
    def test_nobody_but_the_council_gives_or_takes_a_role(self, network, function):
        for role in ROLES.values():
            for sender in (network.supervisor, network.freezer, network.deployer, network.outsider):
                arguments = (role, network.outsider)
                refusal = network.refused("Bureaus", function, *arguments, sender=sender)
                assert refusal == ("AccessControlUnauthorizedAccount", sender, ADMIN)

    def test_the_council_moves_a_role(self, network):
        role = ROLES["FREEZE_ROLE"]
        events = network.decide(
            ("Bureaus", "revokeRole", role, network.freezer),
            ("Bureaus", "grantRole", role, network.outsider),
        )
        assert [name for name, _ in events] == ["RoleRevoked", "RoleGranted"]
        assert not network.read("Bureaus", "mayFreeze", network.freezer)
        assert network.read("Bureaus", "mayFreeze", network.outsider)

    def test_one_address_has_one_role_and_works_for_no_bureau(self, network):
        taken = (
            network.supervisor, network.closer, network.publishers[1],
            network.officers[11].address, ZERO,
        )  # fmt: skip
        for account in taken:
            arguments = (ROLES["FREEZE_ROLE"], account)
            refusal = network.refused_council("Bureaus", "grantRole", *arguments)
            assert refusal == ("BureausAccountInvalid", account)
        for role, account in (("ENROL_ROLE", network.freezer), ("CLOSE_ROLE", network.freezer)):
            refusal = network.refused_council("Bureaus", "grantRole", ROLES[role], account)
            assert refusal == ("BureausAccountInvalid", account)

    def test_there_is_no_other_role_and_no_second_administrator(self, network):
        for role in (ADMIN, keccak(text="MINT_ROLE")):
            refusal = network.refused_council("Bureaus", "grantRole", role, network.outsider)
            assert refusal == ("BureausRoleInvalid", role)

    def test_a_role_is_laid_down_by_its_holder_alone(self, network):
        arguments = (ROLES["CLOSE_ROLE"], network.closer)
        refusal = network.refused("Bureaus", "renounceRole", *arguments, sender=network.outsider)
        assert refusal == ("AccessControlBadConfirmation",)
        network.send("Bureaus", "renounceRole", *arguments, sender=network.closer)
        assert not network.read("Bureaus", "mayClose", network.closer)

    def test_role_holders_neither_publish_nor_approve(self, network):
        for account in (network.freezer, network.closer):
            bureau = network.bureau(4, publisher=account)
            refusal = network.refused("Bureaus", "enrol", bureau, sender=network.supervisor)
            assert refusal == ("BureausAccountInvalid", account)
            arguments = (1, account, True)
            refusal = network.refused(
                "Bureaus", "setOfficer", *arguments, sender=network.supervisor
            )
            assert refusal == ("BureausAccountInvalid", account)

    @pytest.mark.parametrize("function", ["bureau", "poolOf", "regionOf", "isSuspended"])
    def test_an_unknown_log_reads_as_refused_never_as_zero(self, network, function):
        assert network.refused("Bureaus", function, 9, sender=network.outsider) == (
            "BureausLogUnknown",
            9,
        )


class TestKeys:
    def test_an_old_signature_is_judged_by_the_keys_of_its_time(self, network, make_digest):
        born = network.named("Bureaus", "bureau", 1)["enrolledAt"]
        network.wait(1_000)
        new = (network.publishers[4], make_digest("new log key"), make_digest("new sealing key"))
        ((name, values),) = network.send(
            "Bureaus", "rotateKeys", 1, *new, sender=network.supervisor
        )
        assert (name, values["publisher"], values["logKey"]) == ("KeysRotated", new[0], new[1])
        rotated = network.last_time
        assert network.read("Bureaus", "keyCount", 1) == 2
        expected = {
            born: make_digest("log key 1"), rotated - 1: make_digest("log key 1"),
            rotated: new[1], rotated + 10**9: new[1],
        }  # fmt: skip
        found = {time: network.named("Bureaus", "keysAt", 1, time)["logKey"] for time in expected}
        assert found == expected
        assert network.named("Bureaus", "keyByIndex", 1, 0)["publisher"] == network.publishers[1]
        assert network.named("Bureaus", "bureau", 1)["publisher"] == network.publishers[4]

    def test_before_its_enrolment_a_log_had_no_keys(self, network):
        born = network.named("Bureaus", "bureau", 1)["enrolledAt"]
        refusal = network.refused("Bureaus", "keysAt", 1, born - 1, sender=network.outsider)
        assert refusal == ("BureausKeysNotYetValid", 1, born - 1, born)

    def test_many_rotations_are_all_found_again(self, network, make_digest):
        times = []
        for number in range(7):
            network.wait(100)
            keys = (network.publishers[1], make_digest(f"key {number}"), make_digest("sealing"))
            network.send("Bureaus", "rotateKeys", 1, *keys, sender=network.supervisor)
            times.append(network.last_time)
        for number, time in enumerate(times):
            for at in (time, time + 99):
                assert network.named("Bureaus", "keysAt", 1, at)["logKey"] == make_digest(
                    f"key {number}"
                )

    def test_used_addresses_and_keys_stay_with_their_log(self, network, make_digest):
        new = (network.publishers[4], make_digest("new log key"), make_digest("new sealing key"))
        network.send("Bureaus", "rotateKeys", 1, *new, sender=network.supervisor)
        old_publisher, old_key = network.publishers[1], make_digest("log key 1")
        taken = network.bureau(4, publisher=old_publisher)
        assert network.refused("Bureaus", "enrol", taken, sender=network.supervisor) == (
            "BureausPublisherTaken", old_publisher, 1,
        )  # fmt: skip
        refusal = network.refused(
            "Bureaus",
            "rotateKeys",
            2,
            network.publishers[2],
            old_key,
            old_key,
            sender=network.supervisor,
        )
        assert refusal == ("BureausLogKeyTaken", old_key, 1)
        refusal = network.refused(
            "Bureaus",
            "rotateKeys",
            1,
            network.publishers[4],
            old_key,
            old_key,
            sender=network.supervisor,
        )
        assert refusal == ("BureausLogKeyTaken", old_key, 1)

    def test_one_key_may_change_alone(self, network, make_digest):
        keys = (network.publishers[1], make_digest("log key 1"), make_digest("another sealing key"))
        network.send("Bureaus", "rotateKeys", 1, *keys, sender=network.supervisor)
        assert network.named("Bureaus", "bureau", 1)["sealingKeyDigest"] == keys[2]

    def test_a_set_of_keys_that_never_was_is_refused(self, network):
        refusal = network.refused("Bureaus", "keyByIndex", 1, 1, sender=network.outsider)
        assert refusal == ("BureausIndexOutOfRange", 1, 1)


class TestStanding:
    def test_a_suspension_is_seen_and_ends(self, network, make_digest):
        ((name, _),) = network.send(
            "Bureaus", "suspend", 1, make_digest("why"), sender=network.freezer
        )
        assert name == "BureauSuspended"
        assert network.read("Bureaus", "isSuspended", 1)
        refusal = network.refused("Bureaus", "suspend", 1, bytes(32), sender=network.freezer)
        assert refusal == ("BureausSuspensionUnchanged", 1, True)
        ((name, _),) = network.send(
            "Bureaus", "reinstate", 1, make_digest("why"), sender=network.freezer
        )
        assert name == "BureauReinstated"
        assert not network.read("Bureaus", "isSuspended", 1)
        refusal = network.refused("Bureaus", "reinstate", 1, bytes(32), sender=network.freezer)
        assert refusal == ("BureausSuspensionUnchanged", 1, False)

    def test_an_endpoint_changes(self, network):
        ((name, values),) = network.send(
            "Bureaus", "setEndpoint", 1, "http://new.example", sender=network.supervisor
        )
        assert (name, values["endpoint"]) == ("EndpointChanged", "http://new.example")
        assert network.named("Bureaus", "bureau", 1)["endpoint"] == "http://new.example"

    def test_officers_come_and_go(self, network):
        officer = network.officers[13].address
        ((name, values),) = network.send(
            "Bureaus", "setOfficer", 1, officer, True, sender=network.supervisor
        )
        assert (name, values["officer"], values["active"]) == ("OfficerSet", officer, True)
        assert network.read("Bureaus", "isOfficer", 1, officer)
        assert not network.read("Bureaus", "isOfficer", 2, officer)
        refusal = network.refused(
            "Bureaus", "setOfficer", 1, officer, True, sender=network.supervisor
        )
        assert refusal == ("BureausOfficerUnchanged", 1, officer, True)
        network.send("Bureaus", "setOfficer", 1, officer, False, sender=network.supervisor)
        assert not network.read("Bureaus", "isOfficer", 1, officer)
        bureau = network.bureau(4, publisher=officer)
        network.send("Bureaus", "enrol", bureau, sender=network.supervisor)

    def test_a_publisher_or_a_supervisor_cannot_approve(self, network):
        for account in (network.publishers[1], network.supervisor, ZERO):
            refusal = network.refused(
                "Bureaus", "setOfficer", 1, account, True, sender=network.supervisor
            )
            assert refusal == ("BureausAccountInvalid", account)


class TestSupervisors:
    def test_the_council_names_a_new_member(self, network, make_digest):
        members = [network.supervisor, network.second_supervisor, network.outsider]
        third = (network.outsider, make_digest("cosigner 3"), "监管三", "http://s3.example")
        network.decide(("Council", "setMembers", members, 2), ("Bureaus", "setSupervisor", third))
        assert network.read("Bureaus", "isSupervisor", network.outsider)
        assert network.read("Bureaus", "supervisorCount") == 3
        assert network.read("Bureaus", "supervisorByIndex", 2) == third
        assert not network.read("Bureaus", "mayEnrol", network.outsider)

    def test_who_left_the_council_is_no_supervisor_and_its_key_is_still_known(
        self, network, make_digest
    ):
        network.decide(("Council", "setMembers", [network.supervisor], 1))
        assert not network.read("Bureaus", "isSupervisor", network.second_supervisor)
        assert network.read("Bureaus", "supervisorCount") == 2
        key = network.read("Bureaus", "cosignerKeyAt", network.second_supervisor, network.now)
        assert key == make_digest("cosigner 2")

    def test_an_old_cosignature_is_judged_by_the_key_of_its_time(self, network, make_digest):
        account = network.supervisor
        born = network.read("Bureaus", "cosignerKeyByIndex", account, 0)[1]
        renamed = (account, make_digest("cosigner 1"), "监管壹", "")
        network.decide(("Bureaus", "setSupervisor", renamed))
        assert network.read("Bureaus", "cosignerKeyCount", account) == 1
        network.decide(("Bureaus", "setSupervisor", (account, make_digest("new"), "监管壹", "")))
        changed = network.last_time
        assert network.read("Bureaus", "cosignerKeyCount", account) == 2
        expected = {
            born: "cosigner 1", changed - 1: "cosigner 1", changed: "new", changed + 10**9: "new",
        }  # fmt: skip
        for time, key in expected.items():
            found = network.read("Bureaus", "cosignerKeyAt", account, time)
            assert found == make_digest(key)
        assert network.read("Bureaus", "cosignerKeyByIndex", account, 1) == (
            make_digest("new"),
            changed,
        )
        refusal = network.refused(
            "Bureaus", "cosignerKeyAt", account, born - 1, sender=network.outsider
        )
        assert refusal == ("BureausCosignerUnknown", account, born - 1)
        refusal = network.refused(
            "Bureaus", "cosignerKeyByIndex", account, 2, sender=network.outsider
        )
        assert refusal == ("BureausIndexOutOfRange", 2, 2)

    def test_anybody_may_end_the_key_of_who_left(self, network, make_digest):
        left, sender = network.second_supervisor, network.outsider
        refusal = network.refused("Bureaus", "retireSupervisor", left, sender=sender)
        assert refusal == ("BureausStillMember", left)
        network.decide(("Council", "setMembers", [network.supervisor], 1))
        ((name, values),) = network.send("Bureaus", "retireSupervisor", left, sender=sender)
        assert (name, values["account"]) == ("SupervisorRetired", left)
        ended = network.last_time
        before = network.read("Bureaus", "cosignerKeyAt", left, ended - 1)
        assert before == make_digest("cosigner 2")
        refusal = network.refused("Bureaus", "cosignerKeyAt", left, ended, sender=sender)
        assert refusal == ("BureausCosignerUnknown", left, ended)
        for account in (left, sender):
            refusal = network.refused("Bureaus", "retireSupervisor", account, sender=sender)
            assert (refusal.name, refusal.values[0]) == ("BureausCosignerUnknown", account)
            assert refusal.values[1] >= ended

    def test_only_the_council_names_and_only_members(self, network, make_digest):
        one = (network.outsider, make_digest("k"), "S", "")
        for sender in (network.supervisor, network.deployer, network.outsider):
            refusal = network.refused("Bureaus", "setSupervisor", one, sender=sender)
            assert refusal == ("BureausNotGovernor", sender)
        refusal = network.refused_council("Bureaus", "setSupervisor", one)
        assert refusal == ("BureausNotMember", network.outsider)

    def test_a_member_who_publishes_or_approves_is_no_supervisor(self, network):
        officer = network.officers[11].address
        members = [network.supervisor, network.publishers[1], officer]
        network.decide(("Council", "setMembers", members, 1))
        assert [network.read("Bureaus", "isSupervisor", each) for each in members] == [
            True, False, False,
        ]  # fmt: skip


class TestClosing:
    def close(self, network, log=1):
        return network.decide(("Bureaus", "closeLog", log, b"\x07" * 32))

    def test_a_closed_log_does_nothing_more(self, network, make_digest):
        ((name, values),) = self.close(network)
        assert (name, values["log"], values["reasonDigest"]) == ("LogClosed", 1, b"\x07" * 32)
        assert network.read("Bureaus", "isClosed", 1)
        assert network.named("Bureaus", "bureau", 1)["closed"]
        assert not network.read("Bureaus", "isPublisher", 1, network.publishers[1])
        assert not network.read("Bureaus", "isOfficer", 1, network.officers[11].address)
        assert not network.read("Bureaus", "isPublisher", 1, ZERO)
        for function, arguments in (
            ("rotateKeys", (1, network.publishers[4], make_digest("k"), make_digest("s"))),
            ("setOfficer", (1, network.officers[13].address, True)),
        ):
            refusal = network.refused("Bureaus", function, *arguments, sender=network.supervisor)
            assert refusal == ("BureausLogClosed", 1)
        refusal = network.refused_council("Bureaus", "closeLog", 1, bytes(32))
        assert refusal == ("BureausLogClosed", 1)

    def test_its_keys_are_still_known(self, network, make_digest):
        self.close(network)
        keys = network.named("Bureaus", "keysAt", 1, network.now)
        assert keys["logKey"] == make_digest("log key 1")
        assert network.read("Bureaus", "logIdOf", network.publishers[1]) == 1

    def test_an_officer_of_a_closed_log_is_let_go(self, network):
        self.close(network)
        officer = network.officers[11].address
        network.send("Bureaus", "setOfficer", 1, officer, False, sender=network.supervisor)
        network.send("Bureaus", "setOfficer", 2, officer, True, sender=network.supervisor)

    def test_the_council_alone_closes_and_names(self, network):
        for sender in (network.supervisor, network.freezer, network.closer, network.publishers[1]):
            for function, arguments in (
                ("closeLog", (1, bytes(32))), ("nameSuccessor", (1, 0, network.bureau(4))),
            ):  # fmt: skip
                refusal = network.refused("Bureaus", function, *arguments, sender=sender)
                assert refusal == ("BureausNotGovernor", sender)

    def test_a_successor_acts_for_what_it_carries_on(self, network):
        self.close(network)
        assert network.read("Bureaus", "actingFor", 1) == 1
        events = network.decide(("Bureaus", "nameSuccessor", 1, 7, network.bureau(4, pool=32)))
        assert [name for name, _ in events] == ["BureauEnrolled", "SuccessorNamed"]
        assert (events[1][1]["log"], events[1][1]["successor"], events[1][1]["size"]) == (1, 4, 7)
        assert network.read("Bureaus", "successorOf", 1) == 4
        assert network.read("Bureaus", "predecessorOf", 4) == [1, 7]
        assert [network.read("Bureaus", "actingFor", log) for log in (1, 2, 4)] == [4, 2, 4]
        assert network.read("Bureaus", "isPublisher", 4, network.publishers[4])

    def test_an_inherited_leaf_keeps_its_log(self, network):
        self.close(network)
        network.decide(("Bureaus", "nameSuccessor", 1, 7, network.bureau(4, pool=32)))
        self.close(network, 4)
        next_one = network.bureau(
            4, pool=32, publisher=network.outsider, logKey=b"\x05" * 32, region=320500
        )
        network.decide(("Bureaus", "nameSuccessor", 4, 11, next_one))
        origins = [network.read("Bureaus", "originOf", 5, index) for index in (0, 6, 7, 10, 11)]
        assert origins == [1, 1, 4, 4, 5]
        assert network.read("Bureaus", "originOf", 1, 9) == 1
        assert network.read("Bureaus", "actingFor", 1) == 5

    def test_what_cannot_be_carried_on_is_refused(self, network):

        def refused(log, bureau):
            return network.refused_council("Bureaus", "nameSuccessor", log, 0, bureau)

        same_pool = network.bureau(4, pool=32)
        assert refused(9, same_pool) == ("BureausLogUnknown", 9)
        assert refused(1, same_pool) == ("BureausLogNotClosed", 1)
        self.close(network)
        assert refused(1, network.bureau(4)) == ("BureausPoolDiffers", 32, 44)
        network.decide(("Bureaus", "nameSuccessor", 1, 0, same_pool))
        assert refused(1, same_pool) == ("BureausSuccessorNamed", 1, 4)
