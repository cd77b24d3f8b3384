"""Conflicts: two payouts that exclude each other are proven by anyone who holds the opening."""

from __future__ import annotations

import hashlib

import pytest

NONE, OPEN, REVERSED, CLOSED = range(4)
REPAID, RECEIVABLE, NOT_PAID_TWICE = 1, 2, 3
EXPENDITURE = 3
WORKING_DAYS = 10


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Scene:
    """Three logs: 1 and 3 paid the same month, 1 paid it twice, and both reversed theirs later."""

    def __init__(self, network, reference_tree, head, digest, sign):
        self.network, self.digest, self.sign = network, digest, sign
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

    def anchor_reversals(self):
        for log, tree in self.trees.items():
            self.network.grow(log, tree, 8, 12)
        return self

    def pay(self, log=1, first=0, end=8, *, approve=True):
        """Propose the batch with a log's payment, and let it out."""
        network, batch = self.network, self.digest("batch")
        network.decide(("Funds", "openBalance", log, EXPENDITURE, 1_000, bytes(32)))
        arguments = (log, batch, first, end, 3, 900, self.digest("lines"), 202609)
        sender = network.publishers[log]
        network.send("Funds", "proposeDisbursement", *arguments, sender=sender)
        if approve:
            message = network.read("Funds", "approvalDigest", batch, 3, 900, self.digest("lines"))
            signatures = [self.sign(network.officers[number], message) for number in (11, 12)]
            network.send("Funds", "approveDisbursement", batch, 3, 900, *signatures, sender=sender)
        return batch

    def leaf(self, log, index, size=12):
        tree = self.trees[log]
        return (log, size, index, tree.leaves[index][32:], tree.inclusion(index, size))

    def prove(self, *, sender=None, size=12):
        return self.network.send(
            "Conflicts", "prove", self.head, self.handle,
            self.leaf(1, 2, size), self.leaf(3, 4, size),
            sender=sender or self.network.outsider,
        )  # fmt: skip


@pytest.fixture
def paid(network, reference_tree, make_head, make_digest, sign):
    """Both paid; nothing was reversed yet."""
    return Scene(network, reference_tree, make_head(), make_digest, sign)


@pytest.fixture
def scene(paid):
    return paid.anchor_reversals()


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
            "answered": 0, "head": scene.head, "firstIndex": 2, "secondIndex": 4, "provenAt": network.last_time,
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
        assert answer == {
            "log": 1, "answeredAt": network.last_time - 1, "reversalIndex": 0,
            "documentDigest": make_digest("we ask the person"),
        }  # fmt: skip
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


class TestDeadline:
    @pytest.fixture
    def calendar(self, network):
        network.publish_weekdays(2)

    def answer(self, network, log):
        network.send("Conflicts", "answer", 1, b"\x07" * 32, sender=network.publishers[log])

    def overdue(self, network):
        return network.read("Conflicts", "isAnswerOverdue", 1)

    def test_both_sides_have_ten_working_days(self, network, scene, calendar):
        scene.prove()
        due = network.end_of_term(network.last_time, WORKING_DAYS)
        assert network.read("Conflicts", "answerDueAt", 1) == [due, True]
        self.answer(network, 1)
        network.travel(due - 1)
        assert not self.overdue(network)
        network.travel(due)
        assert self.overdue(network)
        self.answer(network, 3)
        assert not self.overdue(network)
        assert network.named("Conflicts", "conflict", 1)["answered"] == 3

    def test_one_log_answers_for_both_of_its_leaves(self, network, scene, calendar):
        network.send(
            "Conflicts", "prove", scene.head, scene.handle, scene.leaf(1, 5), scene.leaf(1, 2),
            sender=network.outsider,
        )  # fmt: skip
        network.travel(network.end_of_term(network.last_time, WORKING_DAYS))
        assert self.overdue(network)
        self.answer(network, 1)
        assert not self.overdue(network)

    def test_what_was_reversed_or_closed_is_not_overdue(
        self, network, scene, calendar, make_digest
    ):
        scene.prove()
        network.travel(network.end_of_term(network.last_time, WORKING_DAYS))
        assert self.overdue(network)
        network.send(
            "Conflicts", "closeByReversal", 1, 0, scene.leaf(1, 9), sender=network.outsider
        )
        assert not self.overdue(network)
        network.send("Conflicts", "close", 1, REPAID, make_digest("x"), sender=network.closer)
        assert not self.overdue(network)

    def test_without_a_calendar_nothing_is_overdue(self, network, scene):
        scene.prove()
        assert network.read("Conflicts", "answerDueAt", 1)[1] is False
        network.wait(400 * 86_400)
        assert not self.overdue(network)

    def test_an_unknown_conflict_has_no_deadline(self, network, scene):
        for function in ("answerDueAt", "isAnswerOverdue"):
            refusal = network.refused("Conflicts", function, 1, sender=network.outsider)
            assert refusal == ("ConflictsUnknown", 1)


class TestLateReversal:
    """Only a reversal that stood before the money left closes; any other is an answer."""

    def close(self, network, scene):
        return network.send(
            "Conflicts", "closeByReversal", 1, 0, scene.leaf(1, 9), sender=network.outsider
        )

    def refused(self, network, scene):
        return network.refused(
            "Conflicts", "closeByReversal", 1, 0, scene.leaf(1, 9), sender=network.outsider
        )

    def test_a_reversal_before_the_batch_left_closes(self, network, paid):
        paid.prove(size=8)
        paid.anchor_reversals()
        paid.pay()
        assert self.close(network, paid)[0][0] == "ConflictReversed"

    def test_a_batch_that_only_waits_is_no_payment(self, network, paid):
        paid.prove(size=8)
        paid.pay(approve=False)
        network.wait(1_000)
        paid.anchor_reversals()
        assert self.close(network, paid)[0][0] == "ConflictReversed"

    def test_a_reversal_after_the_batch_left_is_an_answer(self, network, paid):
        paid.prove(size=8)
        batch = paid.pay()
        left = network.last_time
        network.wait(1_000)
        paid.anchor_reversals()
        anchored = network.read("Checkpoints", "checkpoint", 1, 12)
        refusal = self.refused(network, paid)
        assert refusal.name == "ConflictsReversalLate"
        assert refusal.values[:3] == (1, batch, left)
        assert refusal.values[3] == anchored[1] > left
        ((name, values),) = network.send(
            "Conflicts", "answerByReversal", 1, 0, paid.leaf(1, 9), sender=network.outsider
        )
        tag = sha256(b"\x13", (1).to_bytes(4, "big"), (2).to_bytes(8, "big"))
        leaf_hash = sha256(b"\x00", tag, paid.digest("reversal seal"))
        assert (name, values["log"], values["reversalIndex"], values["documentDigest"]) == (
            "ConflictAnswered", 1, 9, leaf_hash,
        )  # fmt: skip
        found = network.named("Conflicts", "conflict", 1)
        assert (found["state"], found["answered"]) == (OPEN, 1)
        assert network.named("Conflicts", "answerByIndex", 1, 0)["reversalIndex"] == 9

    def test_what_had_been_paid_before_never_qualifies(self, network, paid):
        paid.prove(size=8)
        paid.anchor_reversals()
        network.send(
            "Funds", "recordPaid", 1, paid.digest("paid"), 0, 8, 3, 900, 202609,
            sender=network.publishers[1],
        )  # fmt: skip
        refusal = self.refused(network, paid)
        assert refusal.values[:3] == (1, paid.digest("paid"), network.last_time)

    def test_another_logs_batch_does_not_count(self, network, paid):
        paid.prove(size=8)
        paid.pay(first=3)
        network.wait(1_000)
        paid.anchor_reversals()
        self.close(network, paid)

    def test_an_answer_by_reversal_needs_the_reversal(self, network, scene, make_digest):
        def refused(which, leaf):
            return network.refused(
                "Conflicts", "answerByReversal", 1, which, leaf, sender=network.outsider
            )

        assert refused(0, scene.leaf(1, 9)) == ("ConflictsUnknown", 1)
        scene.prove()
        assert refused(2, scene.leaf(1, 9)) == ("ConflictsLeafChoice", 2)
        assert refused(0, scene.leaf(1, 1)) == ("ConflictsReversalMisplaced", 1, 2, 1, 1)
        assert refused(0, scene.leaf(1, 10)).name == "MerkleLogRootMismatch"
        network.send("Conflicts", "close", 1, REPAID, make_digest("x"), sender=network.closer)
        assert refused(0, scene.leaf(1, 9)) == ("ConflictsState", 1, CLOSED)


class TestSuccessor:
    """Log 1 was closed after eight leaves; log 4 carries it on and reverses."""

    @pytest.fixture
    def follow(self, network, paid):
        def to(size=8):
            following = network.bureau(4, pool=32)
            network.decide(
                ("Bureaus", "closeLog", 1, bytes(32)),
                ("Bureaus", "nameSuccessor", 1, size, following),
            )
            paid.trees[4] = paid.trees[1]
            if size:
                network.grow(4, paid.trees[4], size, 12)
            else:
                network.grow(4, paid.trees[4], 0, 12)

        return to

    def test_it_reverses_what_it_inherited(self, network, paid, follow):
        paid.prove(size=8)
        follow()
        ((name, values),) = network.send(
            "Conflicts", "closeByReversal", 1, 0, paid.leaf(4, 9), sender=network.outsider
        )
        assert (name, values["log"], values["index"]) == ("ConflictReversed", 1, 2)

    def test_it_cannot_reverse_what_it_did_not_inherit(self, network, paid, follow):
        paid.prove(size=8)
        follow(size=0)
        refusal = network.refused(
            "Conflicts", "closeByReversal", 1, 0, paid.leaf(4, 9), sender=network.outsider
        )
        assert refusal == ("ConflictsReversalMisplaced", 1, 2, 4, 9)

    def test_it_is_late_if_its_batch_left_before(self, network, paid, follow):
        paid.prove(size=8)
        paid.pay()
        network.wait(1_000)
        follow()
        refusal = network.refused(
            "Conflicts", "closeByReversal", 1, 0, paid.leaf(4, 9), sender=network.outsider
        )
        assert refusal.name == "ConflictsReversalLate"

    def test_it_answers_and_the_closed_log_does_not(self, network, paid, follow, make_digest):
        paid.prove(size=8)
        follow()
        former = network.publishers[1]
        refusal = network.refused("Conflicts", "answer", 1, make_digest("x"), sender=former)
        assert refusal == ("ConflictsNotParty", 1, former)
        ((name, values),) = network.send(
            "Conflicts", "answer", 1, make_digest("x"), sender=network.publishers[4]
        )
        assert (name, values["log"]) == ("ConflictAnswered", 1)

    def test_an_inherited_leaf_is_the_same_leaf(self, network, paid, follow):
        follow()
        for a, b in (((1, 2, 8), (4, 2, 12)), ((4, 2, 12), (4, 2, 12))):
            refusal = network.refused(
                "Conflicts", "prove", paid.head, paid.handle, paid.leaf(*a), paid.leaf(*b),
                sender=network.outsider,
            )  # fmt: skip
            assert refusal == ("ConflictsSameLeaf", 1, 2)
        network.send(
            "Conflicts", "prove", paid.head, paid.handle, paid.leaf(4, 2), paid.leaf(3, 4, 8),
            sender=network.outsider,
        )  # fmt: skip
        found = network.named("Conflicts", "conflict", 1)
        assert (found["firstLog"], found["firstIndex"], found["secondLog"]) == (1, 2, 3)
        assert network.read("Conflicts", "conflictIdOf", 1, 2, 3, 4) == 1


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
    @pytest.mark.parametrize("outcome", [REPAID, RECEIVABLE, NOT_PAID_TWICE])
    @pytest.mark.parametrize("reversed_before", [False, True])
    def test_a_supervisor_closes_with_a_finding(
        self, network, scene, make_digest, reversed_before, outcome
    ):
        scene.prove()
        if reversed_before:
            network.send(
                "Conflicts", "closeByReversal", 1, 0, scene.leaf(1, 9), sender=network.outsider
            )
        ((name, values),) = network.send(
            "Conflicts", "close", 1, outcome, make_digest("finding"), sender=network.closer
        )
        assert (name, values["outcome"]) == ("ConflictClosed", outcome)
        found = network.named("Conflicts", "conflict", 1)
        assert (found["state"], found["outcome"], found["documentDigest"]) == (
            CLOSED,
            outcome,
            make_digest("finding"),
        )

    def test_what_is_closed_stays_closed(self, network, scene, make_digest):
        scene.prove()
        network.send("Conflicts", "close", 1, 2, make_digest("finding"), sender=network.closer)
        for function, arguments, sender in (
            ("close", (1, 3, make_digest("x")), network.closer),
            ("answer", (1, make_digest("x")), network.publishers[1]),
            ("closeByReversal", (1, 0, scene.leaf(1, 9)), network.outsider),
        ):
            refusal = network.refused("Conflicts", function, *arguments, sender=sender)
            assert refusal == ("ConflictsState", 1, CLOSED)

    def test_nobody_else_closes(self, network, scene, make_digest):
        scene.prove()
        for sender in (network.supervisor, network.freezer, network.publishers[1]):
            refusal = network.refused("Conflicts", "close", 1, 2, make_digest("x"), sender=sender)
            assert refusal == ("ConflictsNotCloser", sender)

    def test_a_finding_names_outcome_and_document(self, network, scene, make_digest):
        scene.prove()
        for finding, expected in (
            ((0, make_digest("x")), ("ConflictsOutcomeInvalid", 0)),
            ((4, make_digest("x")), ("ConflictsOutcomeInvalid", 4)),
            ((2, bytes(32)), ("ConflictsFindingMissing", 1)),
        ):
            refusal = network.refused("Conflicts", "close", 1, *finding, sender=network.closer)
            assert refusal == expected

    def test_an_unknown_conflict_is_refused_everywhere(self, network, scene, make_digest):
        for function, arguments, sender in (
            ("conflict", (1,), network.outsider),
            ("answer", (0, make_digest("x")), network.publishers[1]),
            ("closeByReversal", (1, 0, scene.leaf(1, 9)), network.outsider),
            ("close", (1, 2, make_digest("x")), network.closer),
        ):
            refusal = network.refused("Conflicts", function, *arguments, sender=sender)
            assert refusal == ("ConflictsUnknown", arguments[0])
