"""Checks a proof bundle against a trust file, without network.

What was read from a chain, or found in all leaves of a log, is handed in. The checks, in this
order:

1. bundle-shape: the parts of the file speak of one leaf of one log on one chain.
2. record-canonical: the record has the one form that is hashed.
3. record-matches-head: kind, class, period and amount of the record are those of head and opening.
4. commitment: the record under its salt gives the commitment.
5. tag: head and handle (or the entry) give the tag of the leaf.
6. seal: log, amount and commitment give the seal of the leaf; where it was inherited, the log that
   the trust file says recorded it.
7. inclusion: the leaf is under the root of the checkpoint (RFC 9162, section 2.1.3.2).
8. checkpoint-signature: a key of the log, by the trust file, valid when first witnessed, signed.
9. cosignature: a trusted cosigner signed with its time.
10. anchor: the chain holds this root for this size.
11. standing: the leaf was neither reversed nor revoked as of a named checkpoint.

Two verdicts. *Was recorded* is invalid if any of 1 to 10 contradicts, valid if 1 to 8 hold (2 to 4
where a record is shown) and 9 or 10 does. *Still stands* is invalid if *was recorded* is or 11
contradicts, valid if both hold. All else is undetermined. Keys inside a bundle count for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ledger.errors import LedgerError, VerificationError
from ledger.evidence.bundle import OwnerOpening, ProofBundle
from ledger.evidence.fact_checks import (
    check_inclusion,
    check_record,
    check_seal,
    check_shape,
    check_tag,
)
from ledger.evidence.readings import AnchorReading, StandingReading
from ledger.evidence.standing_checks import check_standing
from ledger.evidence.trust import TrustFile
from ledger.evidence.verdicts import (
    RECORD_CHECKS,
    WITNESS_CHECKS,
    Check,
    CheckName,
    Outcome,
    Verdict,
)
from ledger.evidence.witness_checks import check_anchor, check_cosignature, check_log_signature

_VALID, _INVALID, _OPEN = Outcome.VALID, Outcome.INVALID, Outcome.UNDETERMINED


def verify_bundle(
    bundle: ProofBundle,
    trust: TrustFile,
    *,
    now: datetime,
    anchor: AnchorReading | None = None,
    standing: StandingReading | None = None,
) -> Verdict:
    """Say whether a fact was recorded and whether it still stands, and on what that rests.

    Args:
        bundle: the file that was handed over.
        trust: what the verifier believed before.
        now: the verifier's time, aware.
        anchor: read from the chain at log and size of the bundle's checkpoint, or None.
        standing: found by looking through all leaves, or None.

    Returns:
        Eleven checks in their order, and both verdicts; it raises nothing for false evidence.
    """
    cosignature, cosigned_at = check_cosignature(bundle, trust, now)
    anchored = check_anchor(bundle, trust, anchor)
    times = [cosigned_at] if cosigned_at is not None else []
    if anchored.outcome is _VALID and anchor is not None and anchor.anchored_at is not None:
        times.append(anchor.anchored_at)
    witnessed_at = min(times, default=None)
    stands = check_standing(bundle, trust, now, standing)
    checks = (
        check_shape(bundle),
        *check_record(bundle),
        check_tag(bundle),
        check_seal(bundle, trust),
        check_inclusion(bundle),
        check_log_signature(bundle, trust, witnessed_at or now),
        cosignature,
        anchored,
        stands.check,
    )
    recorded = _was_recorded(checks, shows_record=isinstance(bundle.opening, OwnerOpening))
    still = _still_stands(recorded, stands.check)
    return Verdict(
        was_recorded=recorded,
        still_stands=still,
        checks=checks,
        missing=_missing(checks, bundle),
        witnessed_at=witnessed_at,
        stands_as_of=stands.size,
        stands_as_of_at=stands.found_at,
    )


def verify_file(
    data: bytes | str,
    trust: TrustFile,
    *,
    now: datetime,
    anchor: AnchorReading | None = None,
    standing: StandingReading | None = None,
) -> Verdict:
    """As :func:`verify_bundle`, for a file that may be anything; garbage gives a clean refusal."""
    try:
        bundle = ProofBundle.from_json(data)
    except VerificationError as error:
        return unreadable(error)
    return verify_bundle(bundle, trust, now=now, anchor=anchor, standing=standing)


def unreadable(error: LedgerError) -> Verdict:
    """The verdict on a file that is no bundle: nothing was proven, nothing was disproven."""
    check = Check(CheckName.BUNDLE_SHAPE, _OPEN, error.sentence("zh"), error.sentence("en"))
    return Verdict(_OPEN, _OPEN, (check,), missing=(CheckName.BUNDLE_SHAPE,))


def _was_recorded(checks: Sequence[Check], *, shows_record: bool) -> Outcome:
    outcomes = {check.name: check.outcome for check in checks}
    standing = outcomes.pop(CheckName.STANDING)
    assert standing is not None, "standing is always looked at, and counts for the other verdict"
    if _INVALID in outcomes.values():
        return _INVALID
    needed = set(outcomes) - WITNESS_CHECKS - (set() if shows_record else RECORD_CHECKS)
    is_whole = all(outcomes[name] is _VALID for name in needed)
    is_witnessed = any(outcomes[name] is _VALID for name in WITNESS_CHECKS)
    return _VALID if is_whole and is_witnessed else _OPEN


def _still_stands(recorded: Outcome, standing: Check) -> Outcome:
    if _INVALID in {recorded, standing.outcome}:
        return _INVALID
    return _VALID if recorded is standing.outcome is _VALID else _OPEN


def _missing(checks: Sequence[Check], bundle: ProofBundle) -> tuple[CheckName, ...]:
    """The checks that could not be made and keep a verdict open."""
    is_witnessed = any(check.outcome is _VALID for check in checks if check.name in WITNESS_CHECKS)
    excused = set(WITNESS_CHECKS) if is_witnessed else set()
    if not isinstance(bundle.opening, OwnerOpening):
        excused |= RECORD_CHECKS
    return tuple(
        check.name for check in checks if check.outcome is _OPEN and check.name not in excused
    )
