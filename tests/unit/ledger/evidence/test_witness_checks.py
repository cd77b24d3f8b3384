"""Checks 8 to 10: who signed the checkpoint, and what the chain says of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.evidence.bundle import ProofBundle
from ledger.evidence.checkpoint import (
    Note,
    SignatureLine,
    VerifierKey,
    add_signature_lines,
    cosign_checkpoint,
)
from ledger.evidence.trust import TrustedCosigner, TrustedKey
from ledger.evidence.verdicts import CheckName, Outcome
from ledger.evidence.verification import verify_bundle

VALID, INVALID, OPEN = Outcome.VALID, Outcome.INVALID, Outcome.UNDETERMINED
ORIGIN, COSIGNER = "anxu/31415/3", "anxu/31415/supervisor"


@pytest.fixture
def verify(case, now):
    def run(bundle=None, *, trust=None, anchor=..., standing=..., made_by=case, at=now):
        return verify_bundle(
            bundle if bundle is not None else made_by.full_bundle(),
            trust if trust is not None else made_by.trust(),
            now=at,
            anchor=made_by.anchor_reading() if anchor is ... else anchor,
            standing=made_by.standing_reading() if standing is ... else standing,
        )

    return run


def alone(verdict, name, outcome):
    others = {check.outcome for check in verdict.checks if check.name is not name}
    return verdict.check(name).outcome is outcome and others == {VALID}


def false_line(bundle, key):
    """The bundle with a wrong signature in the line of ``key``."""
    lines = []
    for line in bundle.note.signatures:
        signature = line.signature
        if line.is_by(key):
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        lines.append(SignatureLine(line.name, line.key_id, signature))
    return replace(bundle, note=Note(bundle.note.text, tuple(lines)))


class TestCheckpointSignature:
    def test_a_false_signature_fails_alone(self, case, verify):
        key = VerifierKey.log(ORIGIN, case.log_key.public_key)
        verdict = verify(false_line(case.full_bundle(), key))
        assert alone(verdict, CheckName.CHECKPOINT_SIGNATURE, INVALID)
        assert (verdict.was_recorded, verdict.still_stands) == (INVALID, INVALID)

    def test_a_log_the_trust_file_does_not_know_cannot_be_judged_alone(self, case, verify):
        verdict = verify(trust=case.trust(logs=()))
        assert alone(verdict, CheckName.CHECKPOINT_SIGNATURE, OPEN)
        assert (verdict.was_recorded, verdict.still_stands) == (OPEN, OPEN)
        assert verdict.missing == (CheckName.CHECKPOINT_SIGNATURE,)

    def test_a_key_nobody_trusts_counts_for_nothing(self, case, make_key, verify):
        stranger = replace(case, log_key=make_key("stranger"))
        verdict = verify(made_by=stranger, trust=case.trust())
        assert alone(verdict, CheckName.CHECKPOINT_SIGNATURE, OPEN)
        assert verdict.was_recorded is OPEN

    def test_a_log_of_another_chain_cannot_be_judged(self, case, verify):
        (log,) = case.trust().logs
        trust = case.trust(logs=(replace(log, origin="anxu/1/3"),))
        assert alone(verify(trust=trust), CheckName.CHECKPOINT_SIGNATURE, OPEN)

    def test_a_rotated_key_is_judged_at_the_time_of_the_first_witness(self, case, now, verify):
        anchored = now - timedelta(minutes=30)
        after, before = anchored + timedelta(seconds=1), anchored
        assert verify(trust=case.trust(log_until=after)).was_recorded is VALID
        verdict = verify(trust=case.trust(log_until=before))
        assert alone(verdict, CheckName.CHECKPOINT_SIGNATURE, OPEN)

    def test_without_a_witness_the_key_is_judged_now(self, case, now, verify):
        bare = replace(case, is_cosigned=False)
        verdict = verify(made_by=bare, anchor=None, trust=case.trust(log_until=now))
        assert verdict.check(CheckName.CHECKPOINT_SIGNATURE).outcome is OPEN

    def test_a_key_from_after_the_checkpoint_is_not_valid(self, case, now, verify):
        verdict = verify(trust=case.trust(log_from=now))
        assert alone(verdict, CheckName.CHECKPOINT_SIGNATURE, OPEN)


class TestCosignature:
    def test_a_false_cosignature_fails_alone(self, case, verify):
        key = VerifierKey.cosigner(COSIGNER, case.cosigner_key.public_key)
        verdict = verify(false_line(case.full_bundle(), key))
        assert alone(verdict, CheckName.COSIGNATURE, INVALID)
        assert verdict.was_recorded is INVALID

    def test_a_missing_cosignature_cannot_be_checked_alone_and_an_anchor_suffices(
        self, case, verify
    ):
        verdict = verify(replace(case, is_cosigned=False).full_bundle())
        assert alone(verdict, CheckName.COSIGNATURE, OPEN)
        assert (verdict.was_recorded, verdict.missing) == (VALID, ())

    def test_offline_a_trusted_cosignature_is_needed(self, case, verify):
        assert verify(anchor=None).was_recorded is VALID
        verdict = verify(replace(case, is_cosigned=False).full_bundle(), anchor=None)
        assert verdict.was_recorded is OPEN
        assert verdict.missing == (CheckName.COSIGNATURE, CheckName.ANCHOR)

    def test_a_cosigner_nobody_trusts_counts_for_nothing(self, case, make_key, verify):
        stranger = replace(case, cosigner_key=make_key("stranger"))
        bundle = stranger.bundle()
        verdict = verify(bundle, trust=case.trust(), anchor=None)
        assert verdict.check(CheckName.COSIGNATURE).outcome is OPEN
        assert verdict.was_recorded is OPEN

    def test_a_cosigner_is_judged_at_its_own_time(self, case, now, verify):
        time = case.cosigned_at
        good = case.trust(cosigner_until=time + timedelta(seconds=1))
        assert verify(trust=good, anchor=None).was_recorded is VALID
        for trust in (
            case.trust(cosigner_until=time),
            case.trust(cosigner_from=time + timedelta(seconds=1)),
        ):
            verdict = verify(trust=trust, anchor=None)
            assert verdict.check(CheckName.COSIGNATURE).outcome is OPEN
            assert verdict.was_recorded is OPEN

    def test_a_cosignature_from_the_future_is_not_believed(self, case, verify):
        early = case.cosigned_at - timedelta(minutes=6)
        bundle = case.bundle()
        assert verify(bundle, anchor=None, at=early).was_recorded is OPEN
        assert verify(bundle, anchor=None, at=early + timedelta(minutes=1)).was_recorded is VALID

    def test_a_cosignature_beyond_the_calendar_is_not_believed(self, case, verify):
        line = cosign_checkpoint(case.body, COSIGNER, case.cosigner_key, time=2**63 - 1)
        note = Note.parse(add_signature_lines(case.note, [line]))
        verdict = verify(replace(case.full_bundle(), note=note), anchor=None)
        assert verdict.check(CheckName.COSIGNATURE).outcome is OPEN

    def test_the_earliest_of_several_cosignatures_is_told(self, case, make_key, now, verify):
        other = make_key("other")
        earlier = int(case.cosigned_at.timestamp()) - 60
        line = cosign_checkpoint(case.body, "anxu/31415/other", other, time=earlier)
        key = TrustedKey(
            VerifierKey.cosigner("anxu/31415/other", other.public_key), now - timedelta(days=9)
        )
        trust = case.trust()
        trust = replace(trust, cosigners=(*trust.cosigners, TrustedCosigner("另一局", key)))
        note = Note.parse(add_signature_lines(case.note, [line]))
        verdict = verify(replace(case.full_bundle(), note=note), trust=trust, anchor=None)
        assert verdict.check(CheckName.COSIGNATURE).evidence["cosigner"] == "anxu/31415/other"
        assert verdict.witnessed_at == case.cosigned_at - timedelta(seconds=60)


class TestAnchor:
    @pytest.mark.parametrize(
        "change",
        [
            {"root": bytes(32)},
            {"block": 1235},
            {"transaction": "0x" + "7b" * 32},
        ],
    )
    def test_a_chain_that_says_otherwise_fails_alone(self, case, verify, change):
        verdict = verify(anchor=case.anchor_reading(**change))
        assert alone(verdict, CheckName.ANCHOR, INVALID)
        assert (verdict.was_recorded, verdict.still_stands) == (INVALID, INVALID)

    def test_a_claim_of_another_contract_fails_alone(self, case, verify):
        bundle = case.full_bundle()
        moved = replace(bundle, anchor=replace(bundle.anchor, contract="0x" + "00" * 20))
        assert alone(verify(moved), CheckName.ANCHOR, INVALID)

    @pytest.mark.parametrize(
        "change",
        [
            {"root": None},
            {"chain_id": 1},
            {"contract": "0x" + "00" * 20},
            {"code_hash": bytes(32)},
        ],
    )
    def test_a_reading_that_decides_nothing_cannot_be_relied_on_alone(self, case, verify, change):
        verdict = verify(anchor=case.anchor_reading(**change))
        assert alone(verdict, CheckName.ANCHOR, OPEN)
        assert verdict.was_recorded is VALID
        bare = replace(case, is_cosigned=False).full_bundle()
        verdict = verify(bare, anchor=case.anchor_reading(**change))
        assert verdict.was_recorded is OPEN

    def test_offline_it_is_not_checked_and_no_claim_makes_it_valid(self, case, verify):
        verdict = verify(anchor=None)
        assert alone(verdict, CheckName.ANCHOR, OPEN)
        assert verdict.was_recorded is VALID

    def test_a_trust_file_without_contracts_cannot_judge_a_chain(self, case, verify):
        assert alone(verify(trust=case.trust(contracts={})), CheckName.ANCHOR, OPEN)

    def test_a_chain_is_read_even_where_the_bundle_does_not_say_where(self, case, verify):
        verdict = verify(case.bundle(standing=case.standing()))
        assert verdict.check(CheckName.ANCHOR).outcome is VALID

    def test_what_was_not_looked_up_is_not_compared(self, case, verify):
        reading = case.anchor_reading(block=None, transaction=None, anchored_at=None)
        verdict = verify(anchor=reading)
        assert verdict.check(CheckName.ANCHOR).outcome is VALID
        assert verdict.witnessed_at == case.cosigned_at

    def test_the_earlier_of_anchor_and_cosignature_is_told(self, case, now, verify):
        assert verify().witnessed_at == now - timedelta(minutes=30)
        assert verify(anchor=None).witnessed_at == case.cosigned_at


def test_keys_in_a_bundle_are_refused_with_it(case):
    text = case.bundle().to_json().replace('"schema"', '"keys": [], "schema"', 1)
    with pytest.raises(Exception, match="unknown fields"):
        ProofBundle.from_json(text)
