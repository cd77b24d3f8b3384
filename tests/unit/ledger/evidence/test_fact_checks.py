"""Checks 1 to 7: in each test one of them fails, or cannot be made, and every other one holds."""

from dataclasses import replace

import pytest

from ledger.evidence.bundle import LeafPlace
from ledger.evidence.encoding import Head, Leaf, leaf_hash, reversal_subject
from ledger.evidence.merkle import MerkleTree
from ledger.evidence.verdicts import CheckName, Outcome
from ledger.evidence.verification import verify_bundle
from ledger.policy.kinds import Kind


@pytest.fixture
def verify(case, now):
    """Verify with every reading a verifier can have, so that only the damage can speak."""

    def run(bundle, made_by=case, **trust):
        return verify_bundle(
            bundle,
            made_by.trust(**trust),
            now=now,
            anchor=made_by.anchor_reading(),
            standing=made_by.standing_reading(),
        )

    return run


def alone(verdict, name, outcome):
    """Whether exactly one check came out so and every other one is valid."""
    others = {check.outcome for check in verdict.checks if check.name is not name}
    return verdict.check(name).outcome is outcome and others == {Outcome.VALID}


def opened(bundle, **changes):
    return replace(bundle, opening=replace(bundle.opening, **changes))


class TestNothingWrong:
    def test_every_check_holds(self, case, verify):
        verdict = verify(case.full_bundle())
        assert {check.outcome for check in verdict.checks} == {Outcome.VALID}
        assert [check.name for check in verdict.checks] == list(CheckName)
        assert (verdict.was_recorded, verdict.still_stands) == (Outcome.VALID, Outcome.VALID)
        assert verdict.missing == ()


class TestShape:
    def test_an_anchor_on_another_chain_fails_alone(self, case, verify):
        moved = case.full_bundle()
        moved = replace(moved, anchor=replace(moved.anchor, chain_id=31416))
        verdict = verify(moved)
        assert alone(verdict, CheckName.BUNDLE_SHAPE, Outcome.INVALID)
        assert verdict.was_recorded is Outcome.INVALID

    def test_a_statement_that_does_not_reach_the_leaf_fails_alone(self, case, verify):
        statement = case.standing(size=5, root=bytes(32))
        verdict = verify(case.bundle(anchor=case.anchor, standing=statement))
        assert alone(verdict, CheckName.BUNDLE_SHAPE, Outcome.INVALID)

    def test_a_checkpoint_of_another_log_is_invalid(self, case, verify):
        bundle = replace(case.full_bundle(), log_id=4)
        verdict = verify(bundle)
        assert verdict.check(CheckName.BUNDLE_SHAPE).outcome is Outcome.INVALID
        assert verdict.was_recorded is Outcome.INVALID


class TestRecordCanonical:
    @pytest.mark.parametrize("value", ["e\u0301", 2**60, 1.5])
    def test_a_record_in_another_form_is_invalid(self, case, verify, value):
        bundle = opened(case.full_bundle(), record={**case.record, "note": value})
        verdict = verify(bundle)
        wrong = {check.name for check in verdict.checks if check.outcome is not Outcome.VALID}
        assert wrong == {CheckName.RECORD_CANONICAL, CheckName.COMMITMENT}
        assert verdict.check(CheckName.RECORD_CANONICAL).outcome is Outcome.INVALID
        # An integer beyond 2^53-1 has no canonical text that could have been committed to.
        has_text = value != 2**60
        expected = Outcome.INVALID if has_text else Outcome.UNDETERMINED
        assert verdict.check(CheckName.COMMITMENT).outcome is expected
        assert verdict.was_recorded is Outcome.INVALID

    def test_without_a_record_the_record_checks_are_not_made_and_not_needed(self, case, verify):
        verdict = verify(case.full_bundle(level="supervision"))
        not_made = {check.name for check in verdict.checks if check.outcome is not Outcome.VALID}
        assert not_made == {
            CheckName.RECORD_CANONICAL,
            CheckName.RECORD_MATCHES_HEAD,
            CheckName.COMMITMENT,
        }
        assert {verdict.check(name).outcome for name in not_made} == {Outcome.UNDETERMINED}
        assert (verdict.was_recorded, verdict.still_stands) == (Outcome.VALID, Outcome.VALID)
        assert verdict.missing == ()


class TestRecordMatchesHead:
    @pytest.mark.parametrize(
        ("field", "value"), [("kind", 1), ("class", 2), ("period", 202609), ("amount_fen", 312_051)]
    )
    def test_a_record_that_says_something_else_fails_alone(
        self, make_case, case, verify, field, value
    ):
        """The bureau itself committed to a record that is not what it entered."""
        lying = make_case(record={**case.record, field: value})
        verdict = verify(lying.full_bundle(), lying)
        assert alone(verdict, CheckName.RECORD_MATCHES_HEAD, Outcome.INVALID)
        assert verdict.check(CheckName.RECORD_MATCHES_HEAD).evidence == {"fields": field}
        assert verdict.was_recorded is Outcome.INVALID

    @pytest.mark.parametrize("field", ["kind", "class", "period", "amount_fen"])
    def test_a_record_that_does_not_say_cannot_be_compared_alone(
        self, make_case, case, verify, field
    ):
        record = {key: value for key, value in case.record.items() if key != field}
        silent = make_case(record=record)
        verdict = verify(silent.full_bundle(), silent)
        assert alone(verdict, CheckName.RECORD_MATCHES_HEAD, Outcome.UNDETERMINED)
        assert verdict.was_recorded is Outcome.UNDETERMINED
        assert verdict.missing == (CheckName.RECORD_MATCHES_HEAD,)

    def test_true_is_not_one(self, make_case, case, verify):
        silent = make_case(record={**case.record, "class": True})
        verdict = verify(silent.full_bundle(), silent)
        assert alone(verdict, CheckName.RECORD_MATCHES_HEAD, Outcome.UNDETERMINED)


class TestCommitment:
    def test_another_salt_fails_alone(self, case, verify):
        verdict = verify(opened(case.full_bundle(), salt=bytes(32)))
        assert alone(verdict, CheckName.COMMITMENT, Outcome.INVALID)
        assert verdict.was_recorded is Outcome.INVALID

    def test_a_changed_record_fails_alone(self, case, verify):
        verdict = verify(opened(case.full_bundle(), record={**case.record, "name": "李四"}))
        assert alone(verdict, CheckName.COMMITMENT, Outcome.INVALID)


class TestTag:
    def test_another_handle_fails_alone(self, case, verify):
        verdict = verify(opened(case.full_bundle(), handle=bytes(32)))
        assert alone(verdict, CheckName.TAG, Outcome.INVALID)
        assert verdict.was_recorded is Outcome.INVALID

    def test_a_reversal_opens_by_the_leaf_it_takes_back(self, make_case, case, verify):
        reversal = _reversal(make_case, case, 2)
        assert verify(reversal.full_bundle(), reversal).was_recorded is Outcome.VALID

    def test_a_reversal_that_does_not_say_of_what_cannot_be_opened_alone(
        self, make_case, case, verify
    ):
        reversal = _reversal(make_case, case, 2)
        verdict = verify(opened(reversal.full_bundle(), reverses=None), reversal)
        assert alone(verdict, CheckName.TAG, Outcome.UNDETERMINED)
        assert verdict.was_recorded is Outcome.UNDETERMINED
        assert verdict.missing == (CheckName.TAG,)

    @pytest.mark.parametrize("target", [LeafPlace(3, 1), LeafPlace(2, 2)])
    def test_a_reversal_of_another_leaf_fails_alone(self, make_case, case, verify, target):
        reversal = _reversal(make_case, case, 2)
        verdict = verify(opened(reversal.full_bundle(), reverses=target), reversal)
        assert alone(verdict, CheckName.TAG, Outcome.INVALID)

    def test_a_reversal_of_a_later_leaf_fails_alone(self, make_case, case, verify):
        reversal = _reversal(make_case, case, 6)
        verdict = verify(reversal.full_bundle(), reversal)
        assert alone(verdict, CheckName.TAG, Outcome.INVALID)

    def test_an_entry_of_another_subject_is_invalid(self, case, verify):
        bundle = case.full_bundle(level="supervision")
        verdict = verify(opened(bundle, entry=replace(bundle.opening.entry, subject=bytes(32))))
        assert verdict.check(CheckName.TAG).outcome is Outcome.INVALID
        assert verdict.was_recorded is Outcome.INVALID

    def test_an_entry_of_a_reversal_that_names_no_leaf_is_invalid(self, case, verify):
        bundle = case.full_bundle(level="supervision")
        entry = replace(bundle.opening.entry, head=Head(Kind.REVERSAL, 1, 202608))
        verdict = verify(opened(bundle, entry=entry))
        assert verdict.check(CheckName.TAG).outcome is Outcome.INVALID


class TestSeal:
    def test_a_leaf_copied_into_another_log_fails_alone(self, make_case, case, verify):
        """The tag is any bureau's to copy; the seal is not."""
        copied = Leaf(case.entry.leaf(3).tag, case.entry.leaf(2).seal)
        forged = _with_leaf(make_case, copied)
        verdict = verify(replace(forged.full_bundle(), leaf=copied), forged)
        assert alone(verdict, CheckName.SEAL, Outcome.INVALID)
        assert verdict.was_recorded is Outcome.INVALID


class TestInclusion:
    @pytest.mark.parametrize("damage", ["hash", "short", "long"])
    def test_a_false_proof_fails_alone(self, case, verify, damage):
        bundle = case.full_bundle()
        proof = list(bundle.inclusion)
        changed = {
            "hash": [bytes(32), *proof[1:]],
            "short": proof[:-1],
            "long": [*proof, bytes(32)],
        }[damage]
        verdict = verify(replace(bundle, inclusion=tuple(changed)))
        assert alone(verdict, CheckName.INCLUSION, Outcome.INVALID)
        assert verdict.was_recorded is Outcome.INVALID

    @pytest.mark.parametrize("index", [4, 7, 2**40])
    def test_another_index_is_invalid(self, case, verify, index):
        verdict = verify(replace(case.full_bundle(), index=index))
        assert verdict.check(CheckName.INCLUSION).outcome is Outcome.INVALID


def _reversal(make_case, case, target):
    """A case whose fact is the reversal of leaf ``target``."""
    record = {**case.record, "schema": "anxu-reversal/1", "kind": 3, "amount_fen": 0}
    return make_case(
        record=record,
        subject=reversal_subject(3, target),
        head=Head(Kind.REVERSAL, 1, 202608),
        amount_fen=0,
    )


def _with_leaf(make_case, leaf):
    """A case whose log holds ``leaf`` in place of the entry's own."""

    class Forged(make_case):
        @property
        def tree(self):
            hashes = [leaf_hash(bytes([n]) * 64) for n in range(self.size)]
            hashes[5] = leaf_hash(leaf.pack())
            return MerkleTree(hashes)

    return Forged()
