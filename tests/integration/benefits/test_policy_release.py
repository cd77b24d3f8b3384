"""Two officers put the tables of the law in force; without that nothing is decided."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager

import pytest
from eth_account import Account

from ledger.benefits.service import decide_eligibility, review_eligibility
from ledger.errors import ParametersNotReleasedError, SameOfficerError
from ledger.evidence.encoding import canonical_json
from ledger.policy.kinds import Kind
from ledger.policy.releases import carried_release, table_digests
from ledger.policy.retirement import Category
from ledger.recording import releases
from ledger.recording.releases import release_in_force, release_policy
from ledger.records.corrections import reverse_entry
from ledger.records.rules import ReversalReason

NANJING = 1
OFFICERS = ("officer-maker", "officer-checker")
OTHER = "0x" + "5a" * 32


@pytest.fixture
def context(alliance):
    return alliance.context(NANJING)


@pytest.fixture
def person(alliance):
    somebody = alliance.woman()
    alliance.pay(NANJING, somebody, 202601, 202606)
    alliance.settle()
    return somebody


def in_force(context):
    with context.read() as view:
        return release_in_force(context, view)


def decide(context, person):
    return decide_eligibility(context, person[0], Category.FEMALE_50, *OFFICERS)


@contextmanager
def other_tables(monkeypatch):
    """The same program with one table changed."""
    with monkeypatch.context() as patch:
        patch.setattr(releases, "carried_release", lambda: OTHER)
        yield


class TestRelease:
    def test_it_is_an_operation_in_the_log_signed_by_two_enrolled_officers(self, context):
        release = in_force(context)
        assert release.digest == carried_release()
        with context.read() as view:
            stored = view.log.entry(release.leaf_index)
            record = context.bureau.reader.open(stored, view.log).record
        assert stored.entry.head.kind is Kind.OPERATION
        assert record["operation"] == "RELEASE_POLICY"
        assert record["tables"] == dict(table_digests())
        added = {"schema", "kind", "class", "period", "amount_fen", "signatures"}
        body = {name: value for name, value in record.items() if name not in added}
        digest = hashlib.sha256(canonical_json(body)).digest()
        signers = {
            Account._recover_hash(digest, signature=bytes.fromhex(item["signature"]))
            for item in record["signatures"]
        }
        assert len(signers) == 2
        assert all(context.chain.is_officer(NANJING, signer) for signer in signers)

    def test_releasing_what_is_in_force_changes_nothing(self, context):
        before = in_force(context)
        again = release_policy(context, *OFFICERS)
        assert again.already_released
        assert again == before

    def test_one_officer_cannot_release(self, context, monkeypatch):
        with other_tables(monkeypatch), pytest.raises(SameOfficerError):
            release_policy(context, "maker", "officer-maker")


class TestDecisions:
    def test_a_decision_names_the_release_it_rests_on(self, context, person):
        release = in_force(context)
        assert decide(context, person).content["policy_release"] == {
            "digest": carried_release(), "log": NANJING, "index": int(release.leaf_index),
        }  # fmt: skip

    def test_other_tables_decide_nothing_until_they_are_released(
        self, context, person, monkeypatch
    ):
        first = decide(context, person)
        with other_tables(monkeypatch):
            with pytest.raises(ParametersNotReleasedError) as caught:
                decide(context, person)
            assert (caught.value.carried, caught.value.in_force) == (OTHER, carried_release())
            assert "anxu policy release sign" in caught.value.advice("zh")
            made = review_eligibility(context, person[0], Category.FEMALE_50)
            assert made.result.months_short > 0
            released = release_policy(context, *OFFICERS)
            assert not released.already_released
            second = decide(context, person)
            assert not second.already_decided
            assert second.content["policy_release"]["digest"] == OTHER
            assert second.content["supersedes"]["index"] == int(first.leaf_index)
        with pytest.raises(ParametersNotReleasedError):
            decide(context, person)
        release_policy(context, *OFFICERS)
        assert decide(context, person).content["policy_release"]["digest"] == carried_release()

    def test_a_release_that_was_taken_back_is_not_in_force(self, context, person):
        reverse_entry(
            context, int(in_force(context).leaf_index), ReversalReason.DECISION_REVOKED,
            "参数表与文件不符", *OFFICERS,
        )  # fmt: skip
        earlier = in_force(context)
        if earlier is not None and earlier.digest != carried_release():
            with pytest.raises(ParametersNotReleasedError):
                decide(context, person)
        release_policy(context, *OFFICERS)
        assert in_force(context).digest == carried_release()
        assert decide(context, person).content["policy_release"]["digest"] == carried_release()
