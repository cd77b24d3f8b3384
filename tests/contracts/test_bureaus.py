"""Bureaus: who takes part, and who says so."""

from __future__ import annotations

import pytest

ZERO = "0x" + "00" * 20
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
        assert network.refused_deployment("Bureaus", []) == ("BureausSupervisorCount", 0, 64)
        many = [(network.supervisor, b"\x01" * 32, "S", "")] * 65
        assert network.refused_deployment("Bureaus", many) == ("BureausSupervisorCount", 65, 64)

    def test_supervisors_are_distinct_real_and_named(self, network):
        one = (network.supervisor, b"\x01" * 32, "S", "")
        assert network.refused_deployment("Bureaus", [one, one]) == (
            "BureausAccountInvalid", network.supervisor,
        )  # fmt: skip
        assert network.refused_deployment("Bureaus", [(ZERO, *one[1:])]) == (
            "BureausAccountInvalid",
            ZERO,
        )
        no_key = (one[0], bytes(32), "S", "")
        assert network.refused_deployment("Bureaus", [no_key]) == (
            "BureausKeyMissing",
            bytes(32),
            bytes(32),
        )
        no_name = (one[0], one[1], "", "")
        assert network.refused_deployment("Bureaus", [no_name]) == ("BureausTextLength", 0, 1, 200)


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
            "region": 340100, "agencyFamily": 1, "pool": 34, "suspended": False,
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


class TestSupervisorsOnly:
    def test_nobody_else_enrols(self, network):
        for sender in (network.outsider, network.publishers[1], network.deployer):
            refusal = network.refused("Bureaus", "enrol", network.bureau(4), sender=sender)
            assert refusal == ("BureausNotSupervisor", sender)

    @pytest.mark.parametrize("function", sorted(WRITES))
    def test_nobody_else_changes_a_bureau(self, network, function):
        sender = network.publishers[1]
        refusal = network.refused("Bureaus", function, *WRITES[function](network), sender=sender)
        assert refusal == ("BureausNotSupervisor", sender)

    @pytest.mark.parametrize("function", sorted(WRITES))
    def test_an_unknown_log_is_refused(self, network, function):
        for log in (0, 4):
            arguments = (log, *WRITES[function](network)[1:])
            refusal = network.refused("Bureaus", function, *arguments, sender=network.supervisor)
            assert refusal == ("BureausLogUnknown", log)

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
            "Bureaus", "suspend", 1, make_digest("why"), sender=network.supervisor
        )
        assert name == "BureauSuspended"
        assert network.read("Bureaus", "isSuspended", 1)
        refusal = network.refused("Bureaus", "suspend", 1, bytes(32), sender=network.supervisor)
        assert refusal == ("BureausSuspensionUnchanged", 1, True)
        ((name, _),) = network.send(
            "Bureaus", "reinstate", 1, make_digest("why"), sender=network.supervisor
        )
        assert name == "BureauReinstated"
        assert not network.read("Bureaus", "isSuspended", 1)
        refusal = network.refused("Bureaus", "reinstate", 1, bytes(32), sender=network.supervisor)
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
