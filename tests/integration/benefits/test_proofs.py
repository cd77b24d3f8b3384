"""Proofs from a real node, checked offline and with the chain, and every damage done to them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ledger.chain.finality import Finality
from ledger.errors import MalformedBundleError, NotAnchoredYetError, NotFoundError
from ledger.evidence.bundle import ProofBundle, StandingStatement
from ledger.evidence.checkpoint import Note, VerifierKey
from ledger.evidence.trust import TrustedContract, TrustFile
from ledger.evidence.verdicts import CheckName, Outcome
from ledger.following.feeds import FeedClient
from ledger.keys.signers import Ed25519Signer
from ledger.recording.proofs import prove_entry
from ledger.recording.trust import export_trust
from ledger.recording.verifying import read_standing, verify
from ledger.records.corrections import reverse_entry
from ledger.records.rules import ReversalReason
from ledger.supervision.standing import standing_statement

HEFEI = 2
NOBODY = "http://127.0.0.1:9"
"""A port where nothing listens (RFC 863, discard)."""
VALID, INVALID, OPEN = Outcome.VALID, Outcome.INVALID, Outcome.UNDETERMINED


@pytest.fixture(scope="module")
def context(alliance):
    return alliance.context(HEFEI)


@pytest.fixture(scope="module")
def leaf(alliance):
    """One contribution that is anchored, cosigned and followed by the supervisor."""
    indices = alliance.pay(HEFEI, alliance.woman(), 202601, 202603)
    alliance.settle()
    return indices[1]


@pytest.fixture(scope="module")
def bundle(context, leaf):
    return prove_entry(context, leaf, standing_source=FeedClient().standing)


@pytest.fixture(scope="module")
def trust(context):
    return export_trust(context)


def check(bundle, trust, context, rpc_url=None, **more):
    return verify(bundle, trust, rpc_url, context.clock.now(), **more)


def outcomes(verdict):
    return verdict.was_recorded, verdict.still_stands


def without_cosignature(bundle):
    own = tuple(line for line in bundle.note.signatures if "/supervisor/" not in line.name)
    return replace(bundle, note=Note(bundle.note.text, own))


class TestProveEntry:
    def test_a_leaf_that_is_not_final_names_the_size_to_wait_for(self, alliance, context):
        indices = alliance.pay(HEFEI, alliance.woman(), 202601, 202601)
        with pytest.raises(NotAnchoredYetError) as caught:
            prove_entry(context, indices[0])
        assert caught.value.needed_size == indices[0] + 1
        assert caught.value.final_size <= indices[0]
        alliance.settle()
        assert prove_entry(context, indices[0]).index == indices[0]

    def test_a_leaf_that_is_not_there_is_refused(self, context):
        with pytest.raises(NotFoundError):
            prove_entry(context, 10**9)

    def test_the_file_reads_back_as_the_same_proof(self, bundle):
        assert ProofBundle.from_json(bundle.to_json()) == bundle

    def test_it_opens_this_record_and_neither_subject_nor_another_fact(self, context, bundle):
        subject = context.bureau.writer.subject_of(bundle.opening.record["identity_number"])
        assert bundle.opening.record["period"] == 202602
        assert subject.hex() not in bundle.to_json()

    def test_a_supervision_proof_shows_no_record(self, context, leaf, trust):
        shown = prove_entry(context, leaf, level="supervision")
        assert "record" not in json.loads(shown.to_json())
        assert "salt" not in json.loads(shown.to_json())
        assert check(shown, trust, context).was_recorded is VALID

    def test_a_supervisor_that_is_away_costs_only_the_statement(self, context, leaf, trust):
        quiet = prove_entry(
            context, leaf, standing_source=lambda _e, log, i: FeedClient().standing(NOBODY, log, i)
        )
        assert quiet.standing is None
        assert outcomes(check(quiet, trust, context)) == (VALID, OPEN)

    def test_a_statement_that_is_not_the_supervisors_is_left_out(self, context, leaf):
        def forged(endpoint, log_id, index):
            answer = FeedClient().standing(endpoint, log_id, index)
            signer = Ed25519Signer.from_private(bytes(range(32)))
            statement = StandingStatement.from_object(answer)
            digest = statement.standing(log_id, index).digest()
            return replace(statement, signature=signer.sign(digest)).to_object()

        assert prove_entry(context, leaf, standing_source=forged).standing is None
        malformed = prove_entry(context, leaf, standing_source=lambda *_: {"size": 1})
        assert malformed.standing is None


class TestVerify:
    def test_offline_with_the_trust_file_both_verdicts_are_valid(self, bundle, trust, context):
        verdict = check(bundle, trust, context)
        assert outcomes(verdict) == (VALID, VALID)
        assert verdict.stands_as_of == bundle.standing.size
        assert verdict.check(CheckName.ANCHOR).outcome is OPEN

    def test_with_the_chain_the_anchor_is_read(self, bundle, trust, context):
        verdict = check(bundle, trust, context, context.settings.rpc_url)
        assert outcomes(verdict) == (VALID, VALID)
        anchor = verdict.check(CheckName.ANCHOR)
        assert anchor.outcome is VALID
        assert anchor.evidence["block"] == str(bundle.anchor.block)

    def test_without_cosignature_it_is_open_offline_and_valid_with_the_chain(
        self, bundle, trust, context
    ):
        bare = without_cosignature(bundle)
        offline = check(bare, trust, context)
        assert outcomes(offline) == (OPEN, OPEN)
        assert CheckName.COSIGNATURE in offline.missing
        online = check(bare, trust, context, context.settings.rpc_url)
        assert outcomes(online) == (VALID, VALID)

    def test_a_chain_out_of_reach_leaves_it_open_and_never_invalid(self, bundle, trust, context):
        bare = without_cosignature(bundle)
        assert outcomes(check(bare, trust, context, NOBODY)) == (OPEN, OPEN)
        assert outcomes(check(bundle, trust, context, NOBODY)) == (VALID, VALID)

    def test_an_anchor_that_is_not_deep_enough_is_not_final(self, bundle, trust, context):
        verdict = check(
            without_cosignature(bundle), trust, context, context.settings.rpc_url,
            finality=Finality.after(10**6),
        )  # fmt: skip
        assert verdict.was_recorded is OPEN

    def test_an_anchor_told_wrongly_is_invalid(self, bundle, trust, context):
        for wrong in (
            replace(bundle.anchor, block=bundle.anchor.block + 1),
            replace(bundle.anchor, transaction="0x" + "11" * 32),
            replace(bundle.anchor, contract="0x" + "11" * 20),
        ):
            told = replace(bundle, anchor=wrong)
            verdict = check(told, trust, context, context.settings.rpc_url)
            assert verdict.was_recorded is INVALID

    def test_every_byte_flipped_makes_it_not_valid(self, bundle, trust, context):
        data = bytearray(bundle.to_json().encode())
        assert b'"anchor"' in data
        for position in range(len(data)):
            data[position] ^= 1
            try:
                damaged = ProofBundle.from_json(bytes(data))
            except MalformedBundleError:
                continue
            finally:
                data[position] ^= 1
            found = outcomes(check(damaged, trust, context))
            if found == (VALID, VALID) and damaged.anchor != bundle.anchor:
                # Where to look on chain is a hint; whoever looks there sees that it is wrong.
                found = outcomes(check(damaged, trust, context, context.settings.rpc_url))
            assert found != (VALID, VALID), f"byte {position}"


class TestTrust:
    def test_it_reads_back_and_names_every_log_key_and_cosigner(self, alliance, trust, context):
        assert TrustFile.from_json(trust.to_json()) == trust
        assert trust.chain_id == context.manifest.chain_id
        assert [log.log_id for log in trust.logs] == [1, 2]
        for log in trust.logs:
            public = alliance.context(log.log_id).keys.public_key("log")
            assert [key.key.public_key for key in log.keys] == [public]
        cosigner = alliance.supervisor.context.keys.public_key("cosigner")
        assert [row.trusted.key.public_key for row in trust.cosigners] == [cosigner]
        assert set(trust.contracts) == set(context.manifest.contracts)

    def test_a_trust_file_with_another_log_key_leaves_it_open(self, bundle, trust, context):
        (other, log) = trust.logs
        stranger = VerifierKey.log(log.origin, bytes(32))
        keys = (replace(log.keys[0], key=stranger),)
        changed = replace(trust, logs=(other, replace(log, keys=keys)))
        verdict = check(bundle, changed, context)
        assert verdict.check(CheckName.CHECKPOINT_SIGNATURE).outcome is OPEN
        assert outcomes(verdict) == (OPEN, OPEN)

    def test_a_trust_file_without_the_cosigner_leaves_it_open_offline(self, bundle, trust, context):
        assert outcomes(check(bundle, replace(trust, cosigners=()), context)) == (OPEN, OPEN)

    def test_the_contract_of_the_trust_file_counts_not_that_of_the_bundle(
        self, bundle, trust, context
    ):
        bare = without_cosignature(bundle)
        known = trust.contracts["Checkpoints"]
        for wrong in (
            TrustedContract(known.address, bytes(32)),
            TrustedContract(trust.contracts["Funds"].address, known.code_hash),
        ):
            changed = replace(trust, contracts={"Checkpoints": wrong})
            verdict = check(bare, changed, context, context.settings.rpc_url)
            assert verdict.check(CheckName.ANCHOR).outcome is OPEN
            assert verdict.was_recorded is OPEN

    def test_a_chain_of_another_id_leaves_the_anchor_open(self, bundle, trust, context):
        changed = replace(trust, chain_id=1)
        verdict = check(bundle, changed, context, context.settings.rpc_url)
        assert verdict.check(CheckName.ANCHOR).outcome is OPEN

    def test_without_the_contract_nothing_is_asked(self, bundle, trust, context):
        changed = replace(trust, contracts={})
        verdict = check(bundle, changed, context, NOBODY)
        assert outcomes(verdict) == (VALID, VALID)


class TestStanding:
    def test_a_reversal_ends_standing_and_not_the_past(self, alliance, context, trust):
        indices = alliance.pay(HEFEI, alliance.woman(), 202601, 202601)
        alliance.settle()
        old = prove_entry(context, indices[0], standing_source=FeedClient().standing)
        assert outcomes(check(old, trust, context)) == (VALID, VALID)
        reverse_entry(
            context, indices[0], ReversalReason.WRONG_AMOUNT, "核对单位申报表",
            "officer-maker", "officer-checker",
        )  # fmt: skip
        alliance.settle()
        fresh = prove_entry(context, indices[0], standing_source=FeedClient().standing)
        assert fresh.standing.reversed
        assert outcomes(check(fresh, trust, context)) == (VALID, INVALID)
        # Whoever holds all leaves sees through the older file too.
        for holder in (context, alliance.context(1), alliance.supervisor.context):
            found = read_standing(holder, old)
            assert found.reversed is True
            assert outcomes(check(old, trust, context, standing=found)) == (VALID, INVALID)

    def test_all_leaves_say_that_a_leaf_stands(self, alliance, bundle, trust, context):
        quiet = replace(bundle, standing=None)
        for holder in (context, alliance.context(1), alliance.supervisor.context):
            found = read_standing(holder, quiet)
            assert (found.reversed, found.revoked) == (False, False)
            assert check(quiet, trust, context, standing=found).still_stands is VALID

    def test_a_holder_of_another_leaf_at_that_place_says_nothing(self, context, bundle):
        other = replace(bundle, index=bundle.index + 1)
        assert read_standing(context, other) is None
        assert read_standing(context, replace(bundle, log_id=77)) is None

    def test_a_statement_is_as_of_the_last_checked_checkpoint(self, alliance, leaf):
        supervisor = alliance.supervisor.context
        statement = standing_statement(supervisor, HEFEI, leaf)
        with supervisor.read() as view:
            last = view.following.last_checkpoint(HEFEI)
        assert (statement.size, statement.root) == (last.size, last.root)
        assert not statement.reversed
        with pytest.raises(NotFoundError):
            standing_statement(supervisor, 77, 0)
