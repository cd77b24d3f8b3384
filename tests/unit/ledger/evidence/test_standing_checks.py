"""Check 11: whether a leaf still stands, by a signed statement and by what was found among all leaves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.evidence.verdicts import CheckName, Outcome
from ledger.evidence.verification import verify_bundle

VALID, INVALID, OPEN = Outcome.VALID, Outcome.INVALID, Outcome.UNDETERMINED


@pytest.fixture
def judge(case, now):
    """Verify offline, by a statement, a reading, both or none."""

    def run(statement=None, reading=None, *, trust=None, at=now):
        return verify_bundle(
            case.bundle(standing=statement),
            trust if trust is not None else case.trust(),
            now=at,
            anchor=case.anchor_reading(),
            standing=reading,
        )

    return run


def alone(verdict, outcome):
    others = {c.outcome for c in verdict.checks if c.name is not CheckName.STANDING}
    return verdict.check(CheckName.STANDING).outcome is outcome and others == {VALID}


class TestStatement:
    def test_a_trusted_statement_suffices_and_its_time_is_told(self, case, judge):
        verdict = judge(case.standing())
        assert (verdict.was_recorded, verdict.still_stands) == (VALID, VALID)
        assert (verdict.stands_as_of, verdict.stands_as_of_at) == (7, case.cosigned_at)
        assert "2026-09-15T00:50:00Z" in verdict.check(CheckName.STANDING).sentence("zh")

    def test_none_cannot_be_checked_alone(self, judge):
        verdict = judge()
        assert alone(verdict, OPEN)
        assert (verdict.was_recorded, verdict.still_stands) == (VALID, OPEN)
        assert verdict.missing == (CheckName.STANDING,)
        assert (verdict.stands_as_of, verdict.stands_as_of_at) == (None, None)

    @pytest.mark.parametrize("change", [{"reversed": True}, {"revoked": True}])
    def test_taken_back_fails_alone(self, case, judge, change):
        verdict = judge(case.standing(**change))
        assert alone(verdict, INVALID)
        assert (verdict.was_recorded, verdict.still_stands) == (VALID, INVALID)

    @pytest.mark.parametrize(
        "change",
        [
            {"size": 8},
            {"root": bytes(32)},
            {"reversed": True},
            {"revoked": True},
            {"signature": bytes(64)},
        ],
    )
    def test_changed_after_signing_fails_alone(self, case, judge, change):
        verdict = judge(replace(case.standing(), **change))
        assert alone(verdict, INVALID)

    def test_moved_in_time_fails(self, case, judge):
        statement = case.standing()
        later = replace(statement, stated_at=statement.stated_at + timedelta(seconds=1))
        assert alone(judge(later), INVALID)

    @pytest.mark.parametrize("change", [{"index": 4}, {"log_id": 2}])
    def test_about_another_leaf_fails(self, case, judge, change):
        assert alone(judge(case.standing(**change)), INVALID)

    def test_by_nobody_trusted_decides_nothing(self, case, judge):
        unknown = replace(case.standing(), cosigner="anxu/31415/nobody")
        assert alone(judge(unknown), OPEN)

    def test_by_a_key_of_another_time_decides_nothing(self, case, judge):
        trust = case.trust(cosigner_until=case.cosigned_at)
        verdict = judge(case.standing(), trust=trust)
        assert verdict.check(CheckName.STANDING).outcome is OPEN
        assert verdict.still_stands is OPEN

    def test_from_the_future_decides_nothing(self, case, now, judge):
        ahead = case.standing(time=int((now + timedelta(minutes=6)).timestamp()))
        assert alone(judge(ahead), OPEN)
        near = case.standing(time=int((now + timedelta(minutes=4)).timestamp()))
        assert judge(near).still_stands is VALID

    def test_two_trees_of_one_size_are_a_contradiction(self, case, judge):
        assert alone(judge(case.standing(root=bytes(32))), INVALID)

    def test_as_of_another_checkpoint_its_root_is_its_own(self, case, judge):
        assert judge(case.standing(size=9, root=bytes(32))).still_stands is VALID


class TestReading:
    def test_all_leaves_suffice_without_a_statement(self, case, now, judge):
        verdict = judge(reading=case.standing_reading(size=20))
        assert verdict.still_stands is VALID
        assert (verdict.stands_as_of, verdict.stands_as_of_at) == (20, now)

    @pytest.mark.parametrize("change", [{"reversed": True}, {"revoked": True}])
    def test_taken_back_fails_alone(self, case, judge, change):
        verdict = judge(reading=case.standing_reading(**change))
        assert alone(verdict, INVALID)
        assert (verdict.was_recorded, verdict.still_stands) == (VALID, INVALID)

    @pytest.mark.parametrize("change", [{"reversed": None}, {"revoked": None}, {"size": 6}])
    def test_what_is_incomplete_decides_nothing_alone(self, case, judge, change):
        assert alone(judge(reading=case.standing_reading(**change)), OPEN)

    @pytest.mark.parametrize("change", [{"reversed": None}, {"revoked": None}, {"size": 6}])
    def test_what_is_incomplete_leaves_the_word_to_the_statement(self, case, judge, change):
        verdict = judge(case.standing(), case.standing_reading(**change))
        assert verdict.still_stands is VALID
        assert verdict.stands_as_of_at == case.cosigned_at


class TestBoth:
    def test_what_was_found_is_told_before_what_was_stated(self, case, now, judge):
        verdict = judge(case.standing(), case.standing_reading(size=30))
        assert (verdict.still_stands, verdict.stands_as_of) == (VALID, 30)

    def test_a_later_reversal_outdates_a_statement(self, case, judge):
        verdict = judge(case.standing(), case.standing_reading(reversed=True))
        assert verdict.still_stands is INVALID

    def test_a_stated_reversal_is_for_good(self, case, judge):
        verdict = judge(case.standing(reversed=True), case.standing_reading())
        assert verdict.still_stands is INVALID

    def test_a_stated_revocation_may_have_been_taken_back_since(self, case, judge):
        verdict = judge(case.standing(revoked=True), case.standing_reading())
        assert verdict.still_stands is VALID

    def test_a_stated_revocation_is_not_outdated_by_what_was_found_before(self, case, judge):
        earlier = case.standing_reading(read_at=case.cosigned_at - timedelta(minutes=1))
        assert judge(case.standing(revoked=True), earlier).still_stands is INVALID

    def test_a_false_statement_is_invalid_whatever_was_found(self, case, judge):
        false = replace(case.standing(), signature=bytes(64))
        assert judge(false, case.standing_reading()).still_stands is INVALID

    def test_a_statement_by_nobody_does_not_disturb_what_was_found(self, case, judge):
        unknown = replace(case.standing(), cosigner="anxu/31415/nobody")
        assert judge(unknown, case.standing_reading()).still_stands is VALID
