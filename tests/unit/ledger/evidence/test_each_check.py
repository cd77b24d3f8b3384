"""Every named check, once where it alone fails and once where it alone cannot be made.

A check that has its input in every readable file can always be made: then the table says of what it would need to be
deprived, and that such a file is not read at all.
"""

import json
import unicodedata
from dataclasses import replace

import pytest

from ledger.evidence.bundle import LeafPlace
from ledger.evidence.checkpoint import Note
from ledger.evidence.encoding import Head, Leaf, LogId, commitment_of, leaf_hash, reversal_subject
from ledger.evidence.merkle import MerkleTree
from ledger.evidence.verdicts import RECORD_CHECKS, CheckName, Outcome
from ledger.evidence.verification import verify_bundle, verify_file
from ledger.policy.kinds import Kind

VALID, INVALID, OPEN = Outcome.VALID, Outcome.INVALID, Outcome.UNDETERMINED
N = CheckName


def plain(make):
    case = make()
    return case, case.full_bundle()


def opened(bundle, **changes):
    return replace(bundle, opening=replace(bundle.opening, **changes))


def with_leaf(make, leaf):
    """A case in whose log stands ``leaf`` in place of the entry's own."""

    class Forged(make):
        @property
        def tree(self):
            hashes = [leaf_hash(bytes([n]) * 64) for n in range(self.size)]
            hashes[5] = leaf_hash(leaf.pack())
            return MerkleTree(hashes)

    return Forged()


def committed_as_it_is(make, record):
    """A case whose bureau committed to a record that breaks our restrictions; the text is RFC 8785's own."""
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    class Irregular(make):
        @property
        def entry(self):
            return replace(make().entry, commitment=commitment_of(text, self.salt))

    return Irregular(record=record)


def reversal(make):
    record = {**make().record, "schema": "anxu-reversal/1", "kind": 3, "amount_fen": 0}
    head = Head(Kind.REVERSAL, 1, 202608)
    return make(record=record, subject=reversal_subject(3, 2), head=head, amount_fen=0)


def signature_damaged(bundle, place):
    lines = list(bundle.note.signatures)
    lines[place] = replace(lines[place], signature=lines[place].signature[:-1] + b"\x00")
    return replace(bundle, note=Note(bundle.note.text, tuple(lines)))


# --- where it alone fails -------------------------------------------------------------------------


def another_chain(make):
    case, bundle = plain(make)
    return case, replace(bundle, anchor=replace(bundle.anchor, chain_id=31416))


def not_in_nfc(make):
    case = committed_as_it_is(make, {**make().record, "name": unicodedata.normalize("NFD", "José")})
    return case, case.full_bundle()


def record_says_otherwise(make):
    case = make(record={**make().record, "period": 202607})
    return case, case.full_bundle()


def another_salt(make):
    case, bundle = plain(make)
    return case, opened(bundle, salt=bytes(32))


def another_handle(make):
    case, bundle = plain(make)
    return case, opened(bundle, handle=bytes(32))


def copied_from_another_log(make):
    entry = make().entry
    copied = Leaf(entry.leaf(3).tag, entry.leaf(2).seal)
    case = with_leaf(make, copied)
    return case, replace(case.full_bundle(), leaf=copied)


def another_sibling(make):
    case, bundle = plain(make)
    return case, replace(bundle, inclusion=(bytes(32), *bundle.inclusion[1:]))


def log_signature_damaged(make):
    case, bundle = plain(make)
    return case, signature_damaged(bundle, 0)


def cosignature_damaged(make):
    case, bundle = plain(make)
    return case, signature_damaged(bundle, 1)


def another_root_on_chain(make):
    return (*plain(make), {"anchor": {"root": bytes(32)}})


def reversed_since(make):
    return (*plain(make), {"standing": {"reversed": True}})


FAILS = {
    N.BUNDLE_SHAPE: another_chain,
    N.RECORD_CANONICAL: not_in_nfc,
    N.RECORD_MATCHES_HEAD: record_says_otherwise,
    N.COMMITMENT: another_salt,
    N.TAG: another_handle,
    N.SEAL: copied_from_another_log,
    N.INCLUSION: another_sibling,
    N.CHECKPOINT_SIGNATURE: log_signature_damaged,
    N.COSIGNATURE: cosignature_damaged,
    N.ANCHOR: another_root_on_chain,
    N.STANDING: reversed_since,
}


# --- where it alone cannot be made ----------------------------------------------------------------


def record_does_not_say(make):
    record = {key: value for key, value in make().record.items() if key != "period"}
    case = make(record=record)
    return case, case.full_bundle()


def reversal_of_nobody_knows_what(make):
    case = reversal(make)
    return case, opened(case.full_bundle(), reverses=None)


def carried_on_by_nobody_knows_whom(make):
    """A leaf that a closed log recorded, under a trust file that does not say who carries that log on."""
    closed = LogId(9)
    case = with_leaf(make, make().entry.leaf(closed))
    return case, case.full_bundle(recorded_in=closed)


def key_not_valid_then(make):
    case, bundle = plain(make)
    return case, bundle, {"trust": {"log_until": case.cosigned_at.replace(year=2026, month=8)}}


def not_cosigned(make):
    case = make(is_cosigned=False)
    return case, case.full_bundle()


def no_chain_read(make):
    return (*plain(make), {"anchor": None})


def nobody_says_whether_it_stands(make):
    case = make()
    return case, case.bundle(anchor=case.anchor), {"standing": None}


CANNOT_BE_MADE = {
    N.RECORD_MATCHES_HEAD: record_does_not_say,
    N.TAG: reversal_of_nobody_knows_what,
    N.SEAL: carried_on_by_nobody_knows_whom,
    N.CHECKPOINT_SIGNATURE: key_not_valid_then,
    N.COSIGNATURE: not_cosigned,
    N.ANCHOR: no_chain_read,
    N.STANDING: nobody_says_whether_it_stands,
}
ALWAYS_MADE = {
    N.BUNDLE_SHAPE: ("log_id", "index", "checkpoint"),
    N.INCLUSION: ("leaf", "index", "inclusion", "checkpoint"),
    N.COMMITMENT: ("salt", "commitment", "record"),
    N.RECORD_CANONICAL: ("record",),
}
"""What these checks are made from; a file without it is not read, and so says nothing at all."""


@pytest.fixture
def outcomes(make_case, now):
    """Verify with every reading a verifier can have, so that only the one damage can speak."""

    def run(build):
        case, bundle, *rest = build(make_case)
        readings = rest[0] if rest else {}
        anchor, standing = readings.get("anchor", {}), readings.get("standing", {})
        verdict = verify_bundle(
            bundle,
            case.trust(**readings.get("trust", {})),
            now=now,
            anchor=None if anchor is None else case.anchor_reading(**anchor),
            standing=None if standing is None else case.standing_reading(**standing),
        )
        return verdict, {check.name: check.outcome for check in verdict.checks}

    return run


def test_every_check_stands_in_both_tables():
    assert set(FAILS) == set(CheckName)
    assert set(CANNOT_BE_MADE) | set(ALWAYS_MADE) == set(CheckName)


def test_with_nothing_wrong_all_are_valid(outcomes):
    _, found = outcomes(plain)
    assert found == dict.fromkeys(CheckName, VALID)


@pytest.mark.parametrize("name", FAILS)
def test_it_alone_fails(outcomes, name):
    verdict, found = outcomes(FAILS[name])
    assert found == {**dict.fromkeys(CheckName, VALID), name: INVALID}
    assert verdict.still_stands is INVALID
    assert verdict.was_recorded is (VALID if name is N.STANDING else INVALID)


@pytest.mark.parametrize("name", CANNOT_BE_MADE)
def test_it_alone_cannot_be_made(outcomes, name):
    verdict, found = outcomes(CANNOT_BE_MADE[name])
    assert found == {**dict.fromkeys(CheckName, VALID), name: OPEN}
    needed = name not in {N.COSIGNATURE, N.ANCHOR}  # of these two one is enough
    assert verdict.was_recorded is (OPEN if needed and name is not N.STANDING else VALID)
    assert verdict.still_stands is (OPEN if needed else VALID)
    assert verdict.missing == ((name,) if needed else ())


@pytest.mark.parametrize(
    ("name", "part"), [(name, part) for name, parts in ALWAYS_MADE.items() for part in parts]
)
def test_without_its_input_nothing_is_said_at_all(make_case, now, name, part):
    case = make_case()
    whole = json.loads(case.full_bundle().to_json())
    del whole[part]
    verdict = verify_file(json.dumps(whole), case.trust(), now=now, anchor=case.anchor_reading())
    assert [(check.name, check.outcome) for check in verdict.checks] == [(N.BUNDLE_SHAPE, OPEN)]
    assert (verdict.was_recorded, verdict.still_stands) == (OPEN, OPEN)
    assert name in ALWAYS_MADE


def test_without_a_record_the_three_checks_about_it_alone_cannot_be_made(outcomes):
    def supervision(make):
        case = make()
        return case, case.full_bundle(level="supervision")

    verdict, found = outcomes(supervision)
    assert found == {**dict.fromkeys(CheckName, VALID), **dict.fromkeys(RECORD_CHECKS, OPEN)}
    assert (verdict.was_recorded, verdict.still_stands, verdict.missing) == (VALID, VALID, ())


def test_a_record_without_a_canonical_text_fails_and_cannot_be_committed_to(outcomes):
    def too_large(make):
        case, bundle = plain(make)
        return case, opened(bundle, record={**case.record, "number": 2**53})

    _, found = outcomes(too_large)
    assert found == {
        **dict.fromkeys(CheckName, VALID), N.RECORD_CANONICAL: INVALID, N.COMMITMENT: OPEN,
    }  # fmt: skip


def test_a_reversal_names_a_lower_leaf_of_its_log(outcomes):
    def names_another(make):
        case = reversal(make)
        return case, opened(case.full_bundle(), reverses=LeafPlace(3, 1))

    _, found = outcomes(names_another)
    assert found == {**dict.fromkeys(CheckName, VALID), N.TAG: INVALID}
