"""The two verdicts as a whole, and the law that no changed byte ever passes."""

import json
from dataclasses import replace

import pytest

from ledger.errors import MalformedBundleError, VerificationError
from ledger.evidence.bundle import ProofBundle
from ledger.evidence.trust import TrustFile
from ledger.evidence.verdicts import CheckName, Outcome
from ledger.evidence.verification import unreadable, verify_bundle, verify_file

VALID, INVALID, OPEN = Outcome.VALID, Outcome.INVALID, Outcome.UNDETERMINED


class TestVectors:
    """Made without this product: scripts/make_vectors.py."""

    @pytest.mark.parametrize("name", ["owner", "supervision"])
    def test_a_strangers_proof_is_valid_offline(self, vector, now, name):
        trust = TrustFile.from_json(json.dumps(vector("proof/trust.json")))
        verdict = verify_file(json.dumps(vector(f"proof/{name}.json")), trust, now=now)
        assert (verdict.was_recorded, verdict.still_stands) == (VALID, VALID)

    def test_without_trust_nothing_is_known_and_nothing_is_false(self, vector, now):
        nobody = TrustFile(chain_id=31415, contracts={}, logs=(), cosigners=())
        verdict = verify_file(json.dumps(vector("proof/owner.json")), nobody, now=now)
        assert (verdict.was_recorded, verdict.still_stands) == (OPEN, OPEN)
        assert INVALID not in {check.outcome for check in verdict.checks}


class TestVerdicts:
    @pytest.mark.parametrize(
        ("cosigned", "anchored", "stated", "recorded", "stands"),
        [
            (True, True, True, VALID, VALID),
            (True, False, True, VALID, VALID),
            (False, True, True, VALID, VALID),
            (False, False, True, OPEN, OPEN),
            (True, True, False, VALID, OPEN),
            (True, False, False, VALID, OPEN),
            (False, True, False, VALID, OPEN),
            (False, False, False, OPEN, OPEN),
        ],
    )
    def test_follow_from_what_could_be_checked(
        self, make_case, now, cosigned, anchored, stated, recorded, stands
    ):
        case = make_case(is_cosigned=cosigned)
        verdict = verify_bundle(
            case.bundle(standing=case.standing() if stated else None),
            case.trust(),
            now=now,
            anchor=case.anchor_reading() if anchored else None,
        )
        assert (verdict.was_recorded, verdict.still_stands) == (recorded, stands)

    def test_what_was_not_recorded_does_not_stand(self, case, now):
        verdict = verify_bundle(
            case.full_bundle(),
            case.trust(),
            now=now,
            anchor=case.anchor_reading(root=bytes(32)),
            standing=case.standing_reading(),
        )
        assert verdict.check(CheckName.STANDING).outcome is VALID
        assert (verdict.was_recorded, verdict.still_stands) == (INVALID, INVALID)

    def test_checks_tell_no_secret(self, case, now):
        for level in ("owner", "supervision"):
            verdict = verify_bundle(case.full_bundle(level=level), case.trust(), now=now)
            told = repr(verdict)
            for secret in ("张三", "1101011950", case.salt.hex(), case.subject.hex()):
                assert secret not in told


class TestGarbage:
    @pytest.mark.parametrize("data", [b"", b"\x00\x01", b"{}", b'{"schema":"anxu-proof/1"}'])
    def test_is_refused_cleanly_and_neither_proven_nor_disproven(self, case, now, data):
        verdict = verify_file(data, case.trust(), now=now)
        assert (verdict.was_recorded, verdict.still_stands) == (OPEN, OPEN)
        assert [check.name for check in verdict.checks] == [CheckName.BUNDLE_SHAPE]
        assert verdict.missing == (CheckName.BUNDLE_SHAPE,)
        assert verdict.reasons("zh")[0].startswith("这不是可读的证明文件")

    def test_the_refusal_carries_the_sentence_of_its_error(self):
        error = MalformedBundleError(field="salt", reason="it is missing")
        (check,) = unreadable(error).checks
        assert check.en == "This is not a readable proof: salt: it is missing."


def _changes(raw):
    """A file with each of its bytes changed in two ways, left out, or preceded by another."""
    for at in range(len(raw)):
        for flip in (0x01, 0x20):
            yield raw[:at] + bytes([raw[at] ^ flip]) + raw[at + 1 :]
        if at % 3 == 0:
            yield raw[:at] + raw[at + 1 :]
            yield raw[:at] + b"0" + raw[at:]


def _survivors(bundle, trust, now, anchor):
    """Changed files that still read, say something else, and of which both verdicts are valid."""
    raw = json.dumps(json.loads(bundle.to_json()), ensure_ascii=False).encode()
    survivors, tried = [], 0
    for damaged in _changes(raw):
        try:
            changed = ProofBundle.from_json(damaged)
        except VerificationError:
            continue
        if changed == bundle:
            continue
        tried += 1
        verdict = verify_bundle(changed, trust, now=now, anchor=anchor)
        if verdict.was_recorded is verdict.still_stands is VALID:
            survivors.append((changed, verdict))
    assert tried > 500
    return survivors


@pytest.mark.parametrize("level", ["owner", "supervision"])
class TestEveryChangedByte:
    """Each changed byte of a small file leaves it unreadable, or reads as the very same proof (blanks), or never again
    verifies as a whole. What counts for nothing may change: a second witness where one is enough, and the hint where to
    look on chain while nobody looks."""

    def test_where_the_chain_is_the_witness(self, make_case, now, level):
        case = make_case(is_cosigned=False)
        bundle = case.full_bundle(level=level)
        assert not _survivors(bundle, case.trust(), now, case.anchor_reading())

    def test_where_a_cosigner_is_the_witness(self, case, now, level):
        bundle = case.bundle(level=level, standing=case.standing())
        assert not _survivors(bundle, case.trust(), now, None)

    def test_with_both_only_the_cosignature_can_be_lost_and_it_shows(self, case, now, level):
        bundle = case.full_bundle(level=level)
        survivors = _survivors(bundle, case.trust(), now, case.anchor_reading())
        assert survivors
        for changed, verdict in survivors:
            assert verdict.check(CheckName.COSIGNATURE).outcome is OPEN
            assert changed.note.text == bundle.note.text
            assert changed.note.signatures[0] == bundle.note.signatures[0]
            assert replace(changed, note=bundle.note) == bundle

    def test_offline_the_hint_where_to_look_counts_for_nothing(self, case, now, level):
        bundle = case.full_bundle(level=level)
        for changed, verdict in _survivors(bundle, case.trust(), now, None):
            assert verdict.check(CheckName.ANCHOR).outcome is OPEN
            assert replace(changed, anchor=bundle.anchor) == bundle
