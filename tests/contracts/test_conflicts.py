"""Conflicts: two payouts that exclude each other are proven by anyone who holds the opening."""

from __future__ import annotations

import hashlib

import pytest

NONE, OPEN, REVERSED, CLOSED = range(4)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Scene:
    """Three logs: 1 and 3 paid the same month, 1 paid it twice, and both reversed theirs later."""

    def __init__(self, network, reference_tree, head, digest):
        self.network = network
        self.head, self.handle = head, digest("handle")
        self.tag = sha256(b"\x10", head, self.handle)
        self.trees = {}
        for log, paid in ((1, (2, 5)), (3, (4,))):
            leaves = [digest(f"tag {log} {i}") + digest(f"seal {log} {i}") for i in range(12)]
            for index in paid:
                leaves[index] = self.tag + digest(f"seal {log} {index}")
            reversed_leaf = paid[0]
            reversal = sha256(b"\x13", log.to_bytes(4, "big"), reversed_leaf.to_bytes(8, "big"))
            leaves[9] = reversal + digest("reversal seal")
            leaves[1] = reversal + digest("reversal seal")
            self.trees[log] = reference_tree(leaves)
            network.grow(log, self.trees[log], 0, 8)
            network.grow(log, self.trees[log], 8, 12)

    def leaf(self, log, index, size=12):
        tree = self.trees[log]
        return (log, size, index, tree.leaves[index][32:], tree.inclusion(index, size))

    def prove(self, *, sender=None):
        return self.network.send(
            "Conflicts", "prove", self.head, self.handle, self.leaf(1, 2), self.leaf(3, 4),
            sender=sender or self.network.outsider,
        )  # fmt: skip


@pytest.fixture
def scene(network, reference_tree, make_head, make_digest):
    return Scene(network, reference_tree, make_head(), make_digest)


class TestProve:
    def test_anyone_proves_a_conflict_from_leaves_and_one_opening(self, network, scene):
        ((name, values),) = scene.prove()
        assert name == "ConflictProven"
        assert (values["conflictId"], values["head"], values["handle"]) == (
            1,
            scene.head,
            scene.handle,
        )
        found = network.named("Conflicts", "conflict", 1)
        assert found == {
            "state": OPEN, "firstLog": 1, "secondLog": 3, "outcome": 0, "reversedLeaf": 0,
            "head": scene.head, "firstIndex": 2, "secondIndex": 4, "provenAt": network.last_time,
            "decidedAt": 0, "prover": network.outsider, "handle": scene.handle, "tag": scene.tag,
            "documentDigest": bytes(32),
        }  # fmt: skip
        assert network.read("Conflicts", "count") == 1

    def test_the_pair_is_unordered_and_proven_once(self, network, scene):
        scene.prove()
        for a, b in (((1, 2), (3, 4)), ((3, 4), (1, 2))):
            refusal = network.refused(
                "Conflicts", "prove", scene.head, scene.handle, scene.leaf(*a), scene.leaf(*b),
                sender=network.outsider,
            )  # fmt: skip
            assert refusal == ("ConflictsAlreadyProven", 1)
            assert network.read("Conflicts", "conflictIdOf", *a, *b) == 1
        assert network.read("Conflicts", "conflictIdOf", 1, 5, 3, 4) == 0

    def test_the_leaf_of_the_lower_log_comes_first(self, network, scene):
        network.send(
            "Conflicts", "prove", scene.head, scene.handle, scene.leaf(3, 4), scene.leaf(1, 2),
            sender=network.outsider,
        )  # fmt: skip
        found = network.named("Conflicts", "conflict", 1)
        assert (found["firstLog"], found["firstIndex"], found["secondLog"]) == (1, 2, 3)

    def test_two_leaves_of_one_log_conflict_too(self, network, scene):
        network.send(
            "Conflicts", "prove", scene.head, scene.handle, scene.leaf(1, 5), scene.leaf(1, 2, size=8),
            sender=network.outsider,
        )  # fmt: skip
        found = network.named("Conflicts", "conflict", 1)
        assert (
            found["firstLog"],
            found["firstIndex"],
            found["secondLog"],
            found["secondIndex"],
        ) == (1, 2, 1, 5)

    def test_a_leaf_does_not_conflict_with_itself(self, network, scene):
        refusal = network.refused(
            "Conflicts", "prove", scene.head, scene.handle, scene.leaf(1, 2), scene.leaf(1, 2, size=8),
            sender=network.outsider,
        )  # fmt: skip
        assert refusal == ("ConflictsSameLeaf", 1, 2)

    def test_only_an_exclusive_payout_line_can_conflict(self, network, scene, make_head):
        for head in (
            make_head(class_=0x8001),
            make_head(kind=1),
            make_head(kind=3),
            make_head(version=2),
            make_head(version=0),
        ):
            refusal = network.refused(
                "Conflicts", "prove", head, scene.handle, scene.leaf(1, 2), scene.leaf(3, 4),
                sender=network.outsider,
            )  # fmt: skip
            assert refusal == ("ConflictsHeadInvalid", head)

    def test_a_leaf_that_does_not_carry_the_tag_is_refused(
        self, network, scene, make_head, make_digest
    ):
        for head, handle, second in (
            (scene.head, scene.handle, scene.leaf(3, 5)),
            (scene.head, make_digest("another handle"), scene.leaf(3, 4)),
            (make_head(period=202608), scene.handle, scene.leaf(3, 4)),
        ):
            refusal = network.refused(
                "Conflicts",
                "prove",
                head,
                handle,
                scene.leaf(1, 2),
                second,
                sender=network.outsider,
            )
            assert refusal.name == "MerkleLogRootMismatch"

    def test_a_checkpoint_never_published_is_refused(self, network, scene):
        refusal = network.refused(
            "Conflicts", "prove", scene.head, scene.handle, scene.leaf(1, 2), scene.leaf(3, 4, size=11),
            sender=network.outsider,
        )  # fmt: skip
        assert refusal == ("CheckpointsSizeUnknown", 3, 11)


class TestAnswer:
    def test_either_side_answers_as_often_as_it_takes(self, network, scene, make_digest):
        scene.prove()
        for log, word in ((3, "ours is right"), (1, "we ask the person"), (3, "see annex")):
            ((name, values),) = network.send(
                "Conflicts", "answer", 1, make_digest(word), sender=network.publishers[log]
            )
            assert (name, values["log"]) == ("ConflictAnswered", log)
        assert network.read("Conflicts", "answerCount", 1) == 3
        answer = network.named("Conflicts", "answerByIndex", 1, 1)
        assert (answer["log"], answer["documentDigest"]) == (1, make_digest("we ask the person"))
        refusal = network.refused("Conflicts", "answerByIndex", 1, 3, sender=network.outsider)
        assert refusal == ("ConflictsIndexOutOfRange", 3, 3)

    def test_a_suspended_agency_answers_too(self, network, scene, make_digest):
        scene.prove()
        network.send("Bureaus", "suspend", 1, bytes(32), sender=network.freezer)
        network.send("Conflicts", "answer", 1, make_digest("x"), sender=network.publishers[1])

    def test_nobody_else_answers(self, network, scene, make_digest):
        scene.prove()
        for sender in (network.publishers[2], network.supervisor):
            refusal = network.refused("Conflicts", "answer", 1, make_digest("x"), sender=sender)
            assert refusal == ("ConflictsNotParty", 1, sender)


class TestReversal:
    @pytest.mark.parametrize(("which", "log", "index"), [(0, 1, 2), (1, 3, 4)])
    def test_anyone_shows_that_a_fact_was_reversed(self, network, scene, which, log, index):
        scene.prove()
        ((name, values),) = network.send(
            "Conflicts", "closeByReversal", 1, which, scene.leaf(log, 9), sender=network.outsider
        )
        assert (name, values["log"], values["index"], values["reversalIndex"]) == (
            "ConflictReversed", log, index, 9,
        )  # fmt: skip
        found = network.named("Conflicts", "conflict", 1)
        assert (found["state"], found["reversedLeaf"], found["decidedAt"]) == (
            REVERSED,
            which,
            network.last_time,
        )
        refusal = network.refused(
            "Conflicts", "closeByReversal", 1, which, scene.leaf(log, 9), sender=network.outsider
        )
        assert refusal == ("ConflictsState", 1, REVERSED)

    def test_a_reversal_stands_after_its_leaf_in_the_same_log(self, network, scene):
        scene.prove()
        for log, index in ((1, 1), (3, 9), (1, 2)):
            refusal = network.refused(
                "Conflicts",
                "closeByReversal",
                1,
                0,
                scene.leaf(log, index),
                sender=network.outsider,
            )
            assert refusal == ("ConflictsReversalMisplaced", 1, 2, log, index)

    def test_another_leaf_is_no_reversal(self, network, scene):
        scene.prove()
        refusal = network.refused(
            "Conflicts", "closeByReversal", 1, 0, scene.leaf(1, 10), sender=network.outsider
        )
        assert refusal.name == "MerkleLogRootMismatch"

    def test_a_conflict_has_two_leaves(self, network, scene):
        scene.prove()
        refusal = network.refused(
            "Conflicts", "closeByReversal", 1, 2, scene.leaf(1, 9), sender=network.outsider
        )
        assert refusal == ("ConflictsLeafChoice", 2)


class TestClose:
    @pytest.mark.parametrize("reversed_before", [False, True])
    def test_a_supervisor_closes_with_a_finding(self, network, scene, make_digest, reversed_before):
        scene.prove()
        if reversed_before:
            network.send(
                "Conflicts", "closeByReversal", 1, 0, scene.leaf(1, 9), sender=network.outsider
            )
        ((name, values),) = network.send(
            "Conflicts", "close", 1, 2, make_digest("finding"), sender=network.supervisor
        )
        assert (name, values["outcome"]) == ("ConflictClosed", 2)
        found = network.named("Conflicts", "conflict", 1)
        assert (found["state"], found["outcome"], found["documentDigest"]) == (
            CLOSED,
            2,
            make_digest("finding"),
        )

    def test_what_is_closed_stays_closed(self, network, scene, make_digest):
        scene.prove()
        network.send("Conflicts", "close", 1, 2, make_digest("finding"), sender=network.supervisor)
        for function, arguments, sender in (
            ("close", (1, 3, make_digest("x")), network.supervisor),
            ("answer", (1, make_digest("x")), network.publishers[1]),
            ("closeByReversal", (1, 0, scene.leaf(1, 9)), network.outsider),
        ):
            refusal = network.refused("Conflicts", function, *arguments, sender=sender)
            assert refusal == ("ConflictsState", 1, CLOSED)

    def test_nobody_else_closes(self, network, scene, make_digest):
        scene.prove()
        sender = network.publishers[1]
        refusal = network.refused("Conflicts", "close", 1, 2, make_digest("x"), sender=sender)
        assert refusal == ("ConflictsNotSupervisor", sender)

    def test_a_finding_names_outcome_and_document(self, network, scene, make_digest):
        scene.prove()
        for finding in ((0, make_digest("x")), (2, bytes(32))):
            refusal = network.refused("Conflicts", "close", 1, *finding, sender=network.supervisor)
            assert refusal == ("ConflictsFindingMissing", 1)

    def test_an_unknown_conflict_is_refused_everywhere(self, network, scene, make_digest):
        for function, arguments, sender in (
            ("conflict", (1,), network.outsider),
            ("answer", (0, make_digest("x")), network.publishers[1]),
            ("closeByReversal", (1, 0, scene.leaf(1, 9)), network.outsider),
            ("close", (1, 2, make_digest("x")), network.supervisor),
        ):
            refusal = network.refused("Conflicts", function, *arguments, sender=sender)
            assert refusal == ("ConflictsUnknown", arguments[0])
