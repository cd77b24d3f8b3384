"""The vectors that Python reads are read by Solidity too: a file per case, named after the damage done to it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
HARNESS = "EvidenceHarness"


def cases(kind):
    """Every file of a kind, by folder and name."""
    return {
        f"{path.parent.name}/{path.stem}": json.loads(path.read_text("utf-8"))
        for path in sorted((VECTORS / "merkle" / kind).rglob("*.json"))
    }


def encoding(name):
    return json.loads((VECTORS / "encoding" / f"{name}.json").read_text("utf-8"))


def unhex(value):
    return bytes.fromhex(value)


INCLUSION, CONSISTENCY = cases("inclusion"), cases("consistency")


def judged(network, function, arguments):
    """None when the contract accepts, else the custom error with its fields."""
    try:
        network.read(HARNESS, function, *arguments)
    except Exception:  # noqa: BLE001  # the refusal is read again, with its fields
        return network.refused(HARNESS, function, *arguments, sender=network.outsider)
    return None


class TestInclusion:
    def test_there_are_vectors_of_every_kind(self):
        names = {name.split("/")[1] for name in INCLUSION}
        assert len(INCLUSION) > 70
        assert {"happy-path", "empty-root", "removed-last"} <= names

    @pytest.mark.parametrize("name", INCLUSION)
    def test_each_is_judged_as_it_says(self, network, name):
        case = INCLUSION[name]
        proof, root = [unhex(item) for item in case["proof"]], unhex(case["root"])
        arguments = (case["index"], case["size"], unhex(case["leaf_hash"]), proof, root)
        refusal = judged(network, "requireIncluded", arguments)
        assert (refusal is None) is case["valid"], refusal
        if refusal is None:
            return
        if case["index"] >= case["size"]:
            assert refusal == ("MerkleLogIndexOutOfRange", case["index"], case["size"])
        elif refusal.name == "MerkleLogProofLength":
            assert refusal.values == (len(proof),)
        else:
            assert refusal.name == "MerkleLogRootMismatch"
            assert refusal.values[0] == root


class TestConsistency:
    @pytest.mark.parametrize("name", CONSISTENCY)
    def test_each_is_judged_as_it_says(self, network, name):
        case = CONSISTENCY[name]
        proof = [unhex(item) for item in case["proof"]]
        older, newer = case["old_size"], case["new_size"]
        old_root, new_root = unhex(case["old_root"]), unhex(case["new_root"])
        refusal = judged(network, "requireConsistent", (older, old_root, newer, new_root, proof))
        if older >= newer:  # a contract takes growth only, also where Python takes a standstill
            assert refusal == ("MerkleLogSizesOutOfOrder", older, newer)
            return
        if older == 0:  # the root of the empty tree is not read: there is nothing to keep
            assert (refusal is None) is not proof
            return
        assert (refusal is None) is case["valid"], refusal
        if refusal is None:
            return
        if refusal.name == "MerkleLogProofLength":
            assert refusal.values == (len(proof),)
        elif refusal.name == "MerkleLogHistoryMismatch":
            assert refusal.values[0] == old_root
        else:
            assert refusal.name == "MerkleLogRootMismatch"
            assert refusal.values[0] == new_root


class TestLeaf:
    def test_the_tag_of_an_exclusive_fact(self, network):
        case = encoding("tag-exclusive")
        found = network.read(HARNESS, "exclusiveTag", unhex(case["head"]), unhex(case["handle"]))
        assert found == unhex(case["digest"])
        assert network.read(HARNESS, "isExclusivePayout", unhex(case["head"]))

    def test_the_tag_of_any_other_fact_is_not_its(self, network):
        case = encoding("tag-other")
        found = network.read(HARNESS, "exclusiveTag", unhex(case["head"]), unhex(case["handle"]))
        assert found != unhex(case["digest"])
        assert not network.read(HARNESS, "isExclusivePayout", unhex(case["head"]))

    def test_the_tag_of_a_reversal(self, network):
        case = encoding("tag-reversal")
        found = network.read(HARNESS, "reversalTag", case["log_id"], case["index"])
        assert found == unhex(case["digest"])

    def test_leaf_and_node_hashes(self, network):
        leaf = unhex(encoding("leaf")["bytes"])
        proof = json.loads((VECTORS / "proof" / "owner.json").read_text("utf-8"))
        assert network.read(HARNESS, "hashOf", leaf[:32], leaf[32:]) != bytes(32)
        tag, seal = unhex(proof["leaf"])[:32], unhex(proof["leaf"])[32:]
        hashed = network.read(HARNESS, "hashOf", tag, seal)
        path = [unhex(item) for item in proof["inclusion"]]
        lines = proof["checkpoint"].split("\n")
        root, size = base64.b64decode(lines[2]), int(lines[1])
        network.read(HARNESS, "requireIncluded", proof["index"], size, hashed, path, root)
        node = encoding("node-hash")
        two = (0, 2, unhex(node["left"]), [unhex(node["right"])], unhex(node["digest"]))
        network.read(HARNESS, "requireIncluded", *two)
