"""Proofs of leaves that a log carries on from a closed one: ours and the stranger's verifier."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest

from ledger.errors import MalformedBundleError, MalformedTrustFileError
from ledger.evidence.bundle import ProofBundle
from ledger.evidence.encoding import LogId, TreeSize, leaf_hash
from ledger.evidence.lineage import Inherited
from ledger.evidence.merkle import MerkleTree
from ledger.evidence.trust import TrustFile
from ledger.evidence.verdicts import CheckName, Outcome
from ledger.evidence.verification import verify_bundle
from scripts.verify_standalone import Malformed, read_trust
from scripts.verify_standalone import verify as verify_standalone

FIRST = LogId(9)
"""The log that recorded the leaf; the case's own log carries it on."""


@pytest.fixture
def inherited(make_case):
    """A fact whose leaf another log recorded."""

    @dataclass(frozen=True)
    class InheritedCase(make_case):
        @property
        def tree(self):
            own = super().tree
            leaves = [own.node(0, index) for index in range(self.size)]
            place = self.bundle_place
            leaves[place] = leaf_hash(self.entry.leaf(FIRST).pack())
            return MerkleTree(leaves)

        @property
        def bundle_place(self):
            return make_case().full_bundle().index

        def bundle(self, *, level="owner", **parts):
            return super().bundle(level=level, recorded_in=FIRST, **parts)

    return InheritedCase()


def trust_of(case, *parts: tuple[int, int]) -> TrustFile:
    trust = case.trust()
    lineage = tuple(Inherited(LogId(log), TreeSize(end)) for log, end in parts)
    return replace(trust, logs=(replace(trust.logs[0], inherited=lineage),))


def outcomes(bundle: ProofBundle, trust: TrustFile, now) -> tuple[Outcome, Outcome]:
    """The seal's outcome and the first verdict; the stranger's verifier says the same."""
    found = verify_bundle(bundle, trust, now=now)
    theirs = verify_standalone(bundle.to_json().encode(), read_trust(trust.to_json().encode()), now)
    seal = next(check.outcome for check in found.checks if check.name is CheckName.SEAL)
    assert theirs["checks"]["seal"] == seal.value
    assert theirs["was_recorded"] == found.was_recorded.value
    return seal, found.was_recorded


@pytest.fixture
def now(inherited):
    return inherited.cosigned_at


class TestSeal:
    @pytest.mark.parametrize("level", ["owner", "supervision"])
    def test_the_log_that_recorded_it_gives_the_seal(self, inherited, now, level):
        bundle = inherited.bundle(level=level)
        trust = trust_of(inherited, (int(FIRST), bundle.index + 1))
        assert outcomes(bundle, trust, now) == (Outcome.VALID, Outcome.VALID)

    def test_a_trust_file_that_says_nothing_leaves_it_open(self, inherited, now):
        bundle = inherited.bundle()
        assert outcomes(bundle, inherited.trust(), now) == (
            Outcome.UNDETERMINED, Outcome.UNDETERMINED,
        )  # fmt: skip

    @pytest.mark.parametrize("which", ["another log", "too few"])
    def test_what_the_trust_file_says_otherwise_is_false(self, inherited, now, which):
        bundle = inherited.bundle()
        assert bundle.index > 0
        part = (8, bundle.index + 1) if which == "another log" else (int(FIRST), bundle.index)
        found = outcomes(bundle, trust_of(inherited, part), now)
        assert found == (Outcome.INVALID, Outcome.INVALID)

    def test_a_leaf_of_its_own_where_another_log_recorded_it_is_false(self, make_case, now):
        case = make_case()
        bundle = case.bundle()
        trust = trust_of(case, (int(FIRST), bundle.index + 1))
        assert outcomes(bundle, trust, now) == (Outcome.INVALID, Outcome.INVALID)

    def test_a_seal_of_a_third_log_is_false(self, inherited, now):
        bundle = replace(inherited.bundle(), recorded_in=LogId(8))
        trust = trust_of(inherited, (8, bundle.index + 1))
        assert outcomes(bundle, trust, now) == (Outcome.INVALID, Outcome.INVALID)


class TestFiles:
    def test_a_bundle_says_who_recorded_its_leaf(self, inherited):
        bundle = inherited.bundle()
        assert json.loads(bundle.to_json())["recorded_in"] == FIRST
        assert ProofBundle.from_json(bundle.to_json()) == bundle

    @pytest.mark.parametrize("value", ["own", 0, "9", None, 2**32])
    def test_a_bundle_with_another_value_is_unreadable(self, inherited, now, value):
        bundle = inherited.bundle()
        document = json.loads(bundle.to_json())
        document["recorded_in"] = document["log_id"] if value == "own" else value
        text = json.dumps(document)
        with pytest.raises(MalformedBundleError):
            ProofBundle.from_json(text)
        trust = read_trust(inherited.trust().to_json().encode())
        assert verify_standalone(text.encode(), trust, now)["checks"] == {
            "bundle-shape": "undetermined"
        }

    def test_a_trust_file_says_whose_leaves_a_log_begins_with(self, inherited):
        trust = trust_of(inherited, (9, 3), (8, 5))
        assert TrustFile.from_json(trust.to_json()).logs == trust.logs
        assert "inherited" not in inherited.trust().to_json()

    @pytest.mark.parametrize(
        "parts",
        [
            [],
            [{"log_id": 9, "end": 3}, {"log_id": 8, "end": 3}],
            [{"log_id": 9, "end": 0}],
            [{"log_id": "own", "end": 3}],
            [{"log_id": 9}],
        ],
    )
    def test_a_trust_file_with_another_lineage_is_refused(self, inherited, parts):
        document = json.loads(inherited.trust().to_json())
        own = document["logs"][0]["log_id"]
        document["logs"][0]["inherited"] = [
            part | ({"log_id": own} if part["log_id"] == "own" else {}) for part in parts
        ]
        text = json.dumps(document)
        with pytest.raises(MalformedTrustFileError):
            TrustFile.from_json(text)
        with pytest.raises(Malformed):
            read_trust(text.encode())
