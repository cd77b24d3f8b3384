"""Checkpoints: a log grows, and never changes."""

from __future__ import annotations

import sys

import pytest


def seal_of(tree, index):
    return tree.leaves[index][:32], tree.leaves[index][32:]


class TestPublish:
    def test_every_checkpoint_is_kept_and_numbered_over_all_logs(self, network, tree):
        blocks = []
        for log, older, newer in ((1, 0, 5), (2, 0, 3), (1, 5, 8), (1, 8, 40)):
            ((name, values),) = network.grow(log, tree, older, newer)
            blocks.append(network.web3.eth.block_number)
            assert name == "CheckpointPublished"
            assert values == {
                "log": log,
                "size": newer,
                "root": tree.root(newer),
                "number": len(blocks),
            }
        assert network.read("Checkpoints", "total") == 4
        assert network.read("Checkpoints", "count", 1) == 3
        assert [network.read("Checkpoints", "sizeByIndex", 1, i) for i in range(3)] == [5, 8, 40]
        found = network.named("Checkpoints", "checkpoint", 1, 8)
        assert found.pop("time") > 0
        assert found == {"root": tree.root(8), "blockNumber": blocks[2], "number": 3}
        size, root, time, number = network.read("Checkpoints", "latest", 1)
        assert (size, root, number) == (40, tree.root(40), 4)
        assert time == network.last_time

    def test_before_its_first_a_log_has_no_checkpoint(self, network):
        assert network.read("Checkpoints", "latest", 1) == [0, bytes(32), 0, 0]
        assert network.named("Checkpoints", "checkpoint", 1, 5)["number"] == 0

    def test_only_its_own_publisher_publishes(self, network, tree):
        for log, sender in (
            (1, network.publishers[2]),
            (1, network.supervisor),
            (9, network.publishers[1]),
        ):
            refusal = network.refused(
                "Checkpoints", "publish", log, 5, tree.root(5), [], sender=sender
            )
            assert refusal == ("CheckpointsNotPublisher", log, sender)

    @pytest.mark.parametrize("size", [0, 4, 5])
    def test_a_log_that_does_not_grow_is_refused(self, network, tree, size):
        network.grow(1, tree, 0, 5)
        refusal = network.refused(
            "Checkpoints", "publish", 1, size, tree.root(5), [], sender=network.publishers[1]
        )
        assert refusal == ("CheckpointsNotGrown", 1, 5, size)

    def test_a_changed_history_is_refused(self, network, tree, reference_tree, make_digest):
        network.grow(1, tree, 0, 5)
        changed = reference_tree([make_digest("x") * 2, *tree.leaves[1:]])
        refusal = network.refused(
            "Checkpoints", "publish", 1, 9, changed.root(9), changed.consistency(5, 9),
            sender=network.publishers[1],
        )  # fmt: skip
        assert refusal == ("MerkleLogHistoryMismatch", tree.root(5), changed.root(5))

    def test_a_growth_without_proof_is_refused(self, network, tree):
        network.grow(1, tree, 0, 5)
        refusal = network.refused(
            "Checkpoints", "publish", 1, 9, tree.root(9), [], sender=network.publishers[1]
        )
        assert refusal == ("MerkleLogProofLength", 0)

    def test_suspension_does_not_stop_anchoring(self, network, tree):
        network.send("Bureaus", "suspend", 1, bytes(32), sender=network.freezer)
        network.grow(1, tree, 0, 5)
        assert network.read("Checkpoints", "latestSize", 1) == 5

    def test_a_new_publisher_goes_on_where_the_old_one_stopped(self, network, tree, make_digest):
        network.grow(1, tree, 0, 5)
        old, new = network.publishers[1], network.publishers[4]
        network.send(
            "Bureaus",
            "rotateKeys",
            1,
            new,
            make_digest("a"),
            make_digest("b"),
            sender=network.supervisor,
        )
        arguments = (1, 9, tree.root(9), tree.consistency(5, 9))
        refusal = network.refused("Checkpoints", "publish", *arguments, sender=old)
        assert refusal == ("CheckpointsNotPublisher", 1, old)
        network.send("Checkpoints", "publish", *arguments, sender=new)

    def test_gas_of_a_publication(self, network, tree, capsys):
        network.grow(1, tree, 0, 5)
        network.grow(1, tree, 5, 6)
        small = network.gas["Checkpoints.publish"]
        network.grow(1, tree, 6, 40)
        proven = network.gas["Checkpoints.publish"]
        with capsys.disabled():
            sys.stdout.write(f"\ngas of a checkpoint: {small} (+1 of 6), {proven} (+34 of 40)\n")
        assert max(small, proven) < 110_000

    def test_a_root_of_zero_is_refused(self, network):
        refusal = network.refused(
            "Checkpoints", "publish", 1, 5, bytes(32), [], sender=network.publishers[1]
        )
        assert refusal == ("CheckpointsRootMissing", 1, 5)

    @pytest.mark.parametrize("damage", ["truncated", "reordered", "padded", "swapped", "empty"])
    def test_a_damaged_consistency_proof_publishes_nothing(self, network, tree, damage):
        network.grow(1, tree, 0, 21)
        proof = tree.consistency(21, 40)
        damaged = {
            "truncated": proof[:-1],
            "reordered": proof[::-1],
            "padded": [*proof, bytes(32)],
            "swapped": tree.consistency(20, 40),
            "empty": [],
        }[damage]
        refusal = network.refused(
            "Checkpoints", "publish", 1, 40, tree.root(40), damaged, sender=network.publishers[1]
        )
        if len(damaged) == len(proof):
            assert refusal.name == "MerkleLogHistoryMismatch"
            assert refusal.values[0] == tree.root(21)
        else:
            assert refusal == ("MerkleLogProofLength", len(damaged))

    def test_a_second_root_for_a_size_is_refused_even_to_the_publisher(self, network, tree):
        network.grow(1, tree, 0, 5)
        other = bytes(31) + b"\x01"
        refusal = network.refused(
            "Checkpoints", "publish", 1, 5, other, [], sender=network.publishers[1]
        )
        assert refusal == ("CheckpointsNotGrown", 1, 5, 5)
        assert network.named("Checkpoints", "checkpoint", 1, 5)["root"] == tree.root(5)


class TestSuccession:
    """Log 4 carries log 1 on: a checkpoint never shrinks or forks, also then."""

    def succeed(self, network, tree, size, published=(5, 9)):
        for older, newer in zip((0, *published), published, strict=False):
            network.grow(1, tree, older, newer)
        network.decide(
            ("Bureaus", "closeLog", 1, bytes(32)),
            ("Checkpoints", "requirePublished", 1, size),
            ("Bureaus", "nameSuccessor", 1, size, network.bureau(4, pool=32)),
        )

    def publish(self, network, tree, size, proof, log=4):
        arguments = (log, size, tree.root(size), proof)
        return network.refused("Checkpoints", "publish", *arguments, sender=network.publishers[log])

    def test_the_successor_extends_what_it_inherits(self, network, tree):
        self.succeed(network, tree, 9)
        arguments = (4, 20, tree.root(20), tree.consistency(9, 20))
        network.send("Checkpoints", "publish", *arguments, sender=network.publishers[4])
        network.grow(4, tree, 20, 40)
        assert network.read("Checkpoints", "latestSize", 4) == 40
        assert network.read("Checkpoints", "latestSize", 1) == 9

    def test_the_closed_log_publishes_nothing_more(self, network, tree):
        self.succeed(network, tree, 9)
        refusal = self.publish(network, tree, 20, tree.consistency(9, 20), log=1)
        assert refusal == ("CheckpointsNotPublisher", 1, network.publishers[1])

    def test_an_earlier_checkpoint_leaves_behind_what_came_later(
        self, network, tree, reference_tree, make_digest
    ):
        self.succeed(network, tree, 5)
        other = reference_tree([*tree.leaves[:5], *(make_digest(f"{i}") * 2 for i in range(9))])
        assert network.named("Checkpoints", "checkpoint", 1, 9)["root"] == tree.root(9)
        arguments = (4, 14, other.root(14), other.consistency(5, 14))
        network.send("Checkpoints", "publish", *arguments, sender=network.publishers[4])

    def test_another_history_a_smaller_one_or_none_is_refused(
        self, network, tree, reference_tree, make_digest
    ):
        self.succeed(network, tree, 9)
        changed = reference_tree([make_digest("x") * 2, *tree.leaves[1:]])
        refusal = self.publish(network, changed, 20, changed.consistency(9, 20))
        assert refusal == ("MerkleLogHistoryMismatch", tree.root(9), changed.root(9))
        assert self.publish(network, tree, 20, []) == ("MerkleLogProofLength", 0)
        assert self.publish(network, tree, 8, []) == ("MerkleLogSizesOutOfOrder", 9, 8)

    def test_the_inherited_checkpoint_itself_may_come_first(self, network, tree, reference_tree):
        self.succeed(network, tree, 9)
        other = reference_tree([*tree.leaves[1:10]])
        expected = ("CheckpointsNotInherited", 4, 1, 9)
        assert self.publish(network, other, 9, []) == (*expected, other.root(9))
        assert self.publish(network, tree, 9, [bytes(32)]) == (*expected, tree.root(9))
        arguments = (4, 9, tree.root(9), [])
        network.send("Checkpoints", "publish", *arguments, sender=network.publishers[4])
        network.grow(4, tree, 9, 20)

    def test_a_log_that_published_nothing_is_carried_on_from_nothing(self, network, tree):
        network.decide(
            ("Bureaus", "closeLog", 1, bytes(32)),
            ("Bureaus", "nameSuccessor", 1, 0, network.bureau(4, pool=32)),
        )
        network.grow(4, tree, 0, 5)

    def test_a_size_that_was_never_published_is_not_inherited(self, network, tree):
        network.grow(1, tree, 0, 5)
        refusal = network.refused_council("Checkpoints", "requirePublished", 1, 6)
        assert refusal == ("CheckpointsSizeUnknown", 1, 6)
        network.decide(
            ("Bureaus", "closeLog", 1, bytes(32)),
            ("Bureaus", "nameSuccessor", 1, 6, network.bureau(4, pool=32)),
        )
        refusal = self.publish(network, tree, 9, tree.consistency(5, 9))
        assert refusal == ("CheckpointsSizeUnknown", 1, 6)

    def test_an_inherited_leaf_keeps_its_position(self, network, tree):
        self.succeed(network, tree, 9)
        arguments = (4, 20, tree.root(20), tree.consistency(9, 20))
        network.send("Checkpoints", "publish", *arguments, sender=network.publishers[4])
        for index, expected in ((4, [1, 5]), (8, [2, 9]), (9, [3, 20])):
            assert network.read("Checkpoints", "position", 4, index) == expected

    def test_several_checkpoints_go_in_one_call(self, network, tree):
        target = network.contracts["Checkpoints"]
        steps = [(0, 5), (5, 9), (9, 40)]
        calls = [
            target.encode_abi(
                "publish",
                [1, newer, tree.root(newer), tree.consistency(older, newer) if older else []],
            )
            for older, newer in steps
        ]
        sender = network.publishers[1]
        assert len(network.send("Checkpoints", "multicall", calls, sender=sender)) == 3
        assert network.read("Checkpoints", "latestSize", 1) == 40
        refusal = network.refused("Checkpoints", "multicall", calls[:1], sender=sender)
        assert refusal == ("CheckpointsNotGrown", 1, 40, 5)


class TestReading:
    def test_every_size_of_every_log_is_found_again_and_no_other(self, network, tree):
        sizes = {1: [1, 2, 5, 8, 13, 21, 40], 2: [3, 8, 9]}
        expected, number = {}, 0
        for log, steps in sizes.items():
            for older, newer in zip([0, *steps], steps, strict=False):
                network.grow(log, tree, older, newer)
                number += 1
                expected[log, newer] = {
                    "root": tree.root(newer),
                    "time": network.last_time,
                    "blockNumber": network.web3.eth.block_number,
                    "number": number,
                }
        nothing = {"root": bytes(32), "time": 0, "blockNumber": 0, "number": 0}
        for log in (1, 2, 3):
            for size in (*range(42), 2**64 - 1):
                found = network.named("Checkpoints", "checkpoint", log, size)
                assert found == expected.get((log, size), nothing)
        assert [network.read("Checkpoints", "sizeByIndex", 1, i) for i in range(7)] == sizes[1]


class TestPosition:
    def test_a_leafs_position_is_the_first_checkpoint_that_covers_it(self, network, tree):
        network.grow(2, tree, 0, 1)
        sizes = [3, 4, 9, 20, 40]
        for older, newer in zip([0, *sizes], sizes, strict=False):
            network.grow(1, tree, older, newer)
        for index in range(40):
            place = next(i for i, size in enumerate(sizes) if size > index)
            assert network.read("Checkpoints", "position", 1, index) == [place + 2, sizes[place]]

    def test_a_leaf_not_yet_anchored_has_none(self, network, tree):
        network.grow(1, tree, 0, 3)
        refusal = network.refused("Checkpoints", "position", 1, 3, sender=network.outsider)
        assert refusal == ("CheckpointsLeafNotCovered", 1, 3, 3)

    def test_a_checkpoint_beyond_the_last_is_refused(self, network):
        refusal = network.refused("Checkpoints", "sizeByIndex", 1, 0, sender=network.outsider)
        assert refusal == ("CheckpointsIndexOutOfRange", 0, 0)


class TestInclusion:
    def test_anyone_can_have_a_leaf_checked_under_any_checkpoint(self, network, tree):
        network.grow(1, tree, 0, 5)
        network.grow(1, tree, 5, 40)
        for size, index in ((5, 4), (40, 4), (40, 39)):
            path = tree.inclusion(index, size)
            network.read(
                "Checkpoints", "requireIncluded", 1, size, index, *seal_of(tree, index), path
            )

    def test_a_size_never_published_is_refused(self, network, tree):
        network.grow(1, tree, 0, 5)
        refusal = network.refused(
            "Checkpoints", "requireIncluded", 1, 4, 0, *seal_of(tree, 0), tree.inclusion(0, 4),
            sender=network.outsider,
        )  # fmt: skip
        assert refusal == ("CheckpointsSizeUnknown", 1, 4)

    def test_a_leaf_of_another_log_is_refused(self, network, tree, reference_tree):
        other = reference_tree(tree.leaves[::-1])
        network.grow(1, tree, 0, 5)
        network.grow(2, other, 0, 5)
        refusal = network.refused(
            "Checkpoints", "requireIncluded", 2, 5, 0, *seal_of(tree, 0), tree.inclusion(0, 5),
            sender=network.outsider,
        )  # fmt: skip
        assert refusal == ("MerkleLogRootMismatch", other.root(5), tree.root(5))

    def test_a_leaf_is_kept_once_by_anyone(self, network, tree):
        network.grow(1, tree, 0, 5)
        tag, seal = seal_of(tree, 3)
        arguments = (1, 5, 3, tag, seal, tree.inclusion(3, 5))
        assert network.named("Checkpoints", "keptLeaf", 1, 3)["keptAt"] == 0
        ((name, values),) = network.send(
            "Checkpoints", "keepLeaf", *arguments, sender=network.outsider
        )
        assert (name, values) == (
            "LeafKept",
            {"log": 1, "index": 3, "tag": tag, "seal": seal, "size": 5},
        )
        kept = network.named("Checkpoints", "keptLeaf", 1, 3)
        assert kept == {"tag": tag, "seal": seal, "size": 5, "keptAt": network.last_time}
        refusal = network.refused("Checkpoints", "keepLeaf", *arguments, sender=network.outsider)
        assert refusal == ("CheckpointsLeafAlreadyKept", 1, 3)

    def test_a_leaf_that_is_not_there_is_not_kept(self, network, tree):
        network.grow(1, tree, 0, 5)
        tag, seal = seal_of(tree, 3)
        refusal = network.refused(
            "Checkpoints",
            "keepLeaf",
            1,
            5,
            2,
            tag,
            seal,
            tree.inclusion(3, 5),
            sender=network.outsider,
        )
        assert refusal.name == "MerkleLogRootMismatch"
