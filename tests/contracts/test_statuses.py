"""Statuses: which credentials no longer count."""

from __future__ import annotations

import pytest

WHY = b"\x07" * 32


def revoke(network, *indices, log=1, sender=None):
    return network.send(
        "Statuses", "revoke", log, list(indices), WHY, sender=sender or network.publishers[log]
    )


class TestRevoke:
    def test_revoked_credentials_read_as_revoked(self, network):
        ((name, values),) = revoke(network, 0, 255, 256, 2**64 - 1)
        assert (name, list(values["indices"])) == ("CredentialsRevoked", [0, 255, 256, 2**64 - 1])
        assert values["reasonDigest"] == WHY
        for index in (0, 255, 256, 2**64 - 1):
            assert network.read("Statuses", "isRevoked", 1, index)
        for log, index in ((1, 1), (1, 254), (1, 257), (2, 0)):
            assert not network.read("Statuses", "isRevoked", log, index)
        assert network.read("Statuses", "word", 1, 0) == 1 | 1 << 255
        assert network.read("Statuses", "word", 1, 1) == 1
        assert network.read("Statuses", "word", 2, 0) == 0

    def test_restored_credentials_count_again(self, network):
        revoke(network, 3, 4)
        ((name, values),) = network.send(
            "Statuses", "restore", 1, [3], WHY, sender=network.publishers[1]
        )
        assert (name, list(values["indices"])) == ("CredentialsRestored", [3])
        assert [network.read("Statuses", "isRevoked", 1, each) for each in (3, 4)] == [False, True]

    def test_what_is_so_already_is_refused_and_nothing_changes(self, network):
        revoke(network, 3)
        sender = network.publishers[1]
        refusal = network.refused("Statuses", "revoke", 1, [5, 3], WHY, sender=sender)
        assert refusal == ("StatusesUnchanged", 1, 3, True)
        refusal = network.refused("Statuses", "revoke", 1, [5, 5], WHY, sender=sender)
        assert refusal == ("StatusesUnchanged", 1, 5, True)
        refusal = network.refused("Statuses", "restore", 1, [5], WHY, sender=sender)
        assert refusal == ("StatusesUnchanged", 1, 5, False)
        for function in ("revoke", "restore"):
            refusal = network.refused("Statuses", function, 1, [], WHY, sender=sender)
            assert refusal == ("StatusesNothingNamed", 1)

    @pytest.mark.parametrize("function", ["revoke", "restore"])
    def test_only_the_issuing_bureau_changes_its_own(self, network, function):
        revoke(network, 3)
        others = (network.publishers[2], network.supervisor, network.freezer, network.outsider)
        for sender in others:
            refusal = network.refused("Statuses", function, 1, [3], WHY, sender=sender)
            assert refusal == ("StatusesNotPublisher", 1, sender)


class TestStanding:
    def test_a_suspended_bureau_revokes_and_never_restores(self, network):
        network.send("Bureaus", "suspend", 1, bytes(32), sender=network.freezer)
        revoke(network, 3)
        sender = network.publishers[1]
        refusal = network.refused("Statuses", "restore", 1, [3], WHY, sender=sender)
        assert refusal == ("StatusesLogSuspended", 1)
        network.send("Bureaus", "reinstate", 1, bytes(32), sender=network.freezer)
        network.send("Statuses", "restore", 1, [3], WHY, sender=sender)

    def test_a_closed_bureau_changes_nothing_and_its_successor_does(self, network):
        revoke(network, 3)
        network.decide(("Bureaus", "closeLog", 1, bytes(32)))
        sender = network.publishers[1]
        refusal = network.refused("Statuses", "revoke", 1, [4], WHY, sender=sender)
        assert refusal == ("StatusesNotPublisher", 1, sender)
        network.decide(("Bureaus", "nameSuccessor", 1, 0, network.bureau(4, pool=32)))
        refusal = network.refused("Statuses", "revoke", 1, [4], WHY, sender=sender)
        assert refusal == ("StatusesNotPublisher", 1, sender)
        revoke(network, 4, sender=network.publishers[4])
        network.send("Statuses", "restore", 1, [3], WHY, sender=network.publishers[4])
        assert [network.read("Statuses", "isRevoked", 1, each) for each in (3, 4)] == [False, True]
        network.send("Bureaus", "suspend", 4, bytes(32), sender=network.freezer)
        refusal = network.refused("Statuses", "restore", 1, [4], WHY, sender=network.publishers[4])
        assert refusal == ("StatusesLogSuspended", 4)


class TestBatch:
    def test_several_calls_go_in_one(self, network):
        target = network.contracts["Statuses"]
        calls = [target.encode_abi("revoke", [1, [index], bytes([index]) * 32]) for index in (1, 2)]
        events = network.send("Statuses", "multicall", calls, sender=network.publishers[1])
        assert [bytes(values["reasonDigest"]) for _, values in events] == [
            b"\x01" * 32,
            b"\x02" * 32,
        ]
        calls.append(target.encode_abi("revoke", [2, [3], WHY]))
        refusal = network.refused("Statuses", "multicall", calls[2:], sender=network.publishers[1])
        assert refusal == ("StatusesNotPublisher", 2, network.publishers[1])
