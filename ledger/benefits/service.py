"""Reviews whether a person is entitled to a pension, and records what two officers decided."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.benefits.life import PENSION, AcceptedTransfers, working_life
from ledger.benefits.model import Decision, Outcome, Review, WorkingLife
from ledger.benefits.rules import (
    birth_of,
    decision_body,
    make_review,
    require_category,
    tally,
)
from ledger.errors import CorrectionRefusedError, HeadMovedError, NotFoundError
from ledger.evidence.encoding import SALT_BYTES, LeafIndex, Subject, canonical_json, commitment_of
from ledger.policy.identifiers import IdentityNumber, normalise_identity_number
from ledger.policy.kinds import Kind
from ledger.policy.periods import checked_period, period_of
from ledger.policy.retirement import Category
from ledger.policy.steps import require_decisive
from ledger.recording.context import NodeContext
from ledger.recording.correcting import (
    Correction,
    Difference,
    correct,
    earlier_correction,
    record_to_correct,
)
from ledger.recording.facts import Fact
from ledger.recording.officers import sign_by_two
from ledger.recording.releases import Release, require_release
from ledger.records.rules import ReversalOrder, ReversalReason
from ledger.store.decisions import StoredDecision
from ledger.store.unit_of_work import Rooms, UnitOfWork

ACTION: Final = "a decision on eligibility"
_ATTEMPTS: Final = 5
"""How often to review anew because the log grew between review and decision."""


@dataclass(frozen=True, slots=True)
class _Reviewed:
    """A review with what a decision needs beside it; ``size`` is the log it was made on."""

    review: Review
    life: WorkingLife
    decision_id: str
    supersedes: LeafIndex | None
    size: int


def review_eligibility(
    context: NodeContext,
    identity_number: str,
    category: Category,
    *,
    birth_period: int | None = None,
) -> Review:
    """Review every condition of the employee pension on anchored records; nothing is written.

    Args:
        context: an open bureau's node.
        identity_number: whose, 15 or 18 characters.
        category: by the post's decision: male, female-55 or female-50.
        birth_period: the birth month by the archive (yyyymm); without it that of the last decision
            counts, and without one that of the identity number.

    Raises:
        IdentifierError: it is no identity number.
        CategoryMismatchError: the category is not one for the sex in the number.
        NotFoundError: this bureau holds no months of this person.
        PeriodError: the birth month is not a month.
    """
    number = _checked(context, identity_number, category, birth_period)
    return _review(context, number, category, birth_period).review


def decide_eligibility(
    context: NodeContext,
    identity_number: str,
    category: Category,
    maker: str,
    checker: str,
    *,
    birth_period: int | None = None,
) -> Decision:
    """Put a review on record under two officers' signatures.

    The same facts about the same person in the same month are decided once: a repeated command
    gives the first decision again. Other facts (a transfer came in, a month was paid) or another
    release of the policy parameters make a new decision that names the one it supersedes.

    Args:
        context: an open bureau's node.
        identity_number: whose.
        category: as in :func:`review_eligibility`.
        maker: the officer who decides, by the name of the key: ``officer-maker``.
        checker: the other officer, who checks.
        birth_period: as in :func:`review_eligibility`.

    Raises:
        SameOfficerError: both officers are one.
        NotPermittedError: an officer has no key here or is not enrolled.
        ParametersNotReleasedError: the tables of this program are not the ones in force.
        EstimateOnlyError: a value behind the review may estimate, not decide.
        HeadMovedError: the log kept growing; try again.
        and what :func:`review_eligibility` raises.
    """
    number = _checked(context, identity_number, category, birth_period)
    for _ in range(_ATTEMPTS):
        with context.read() as view:
            release = require_release(context, view)
        reviewed = _review(context, number, category, birth_period, release)
        require_decisive(reviewed.review.result, demonstration=context.manifest.as_of is not None)
        known = decision_of(context, reviewed.decision_id)
        if known is not None:
            return known
        decided = _record(context, number, reviewed, release, maker, checker)
        if decided is not None:
            return decided
    raise HeadMovedError(log_id=context.log_id, expected_size=reviewed.size)


def restate_decision(
    context: NodeContext,
    index: int,
    category: Category,
    reason: ReversalReason,
    legal_basis: str,
    maker: str,
    checker: str,
    *,
    birth_period: int | None = None,
) -> Correction:
    """Take a decision back and decide anew on today's facts, in one transaction.

    What was decided wrongly does not count for the new decision: its birth month is given again, or
    that of an earlier decision counts, or that of the identity number. The same command again gives
    the first answer.

    Args:
        context: an open bureau's node.
        index: the leaf of the decision.
        category: the right one, as in :func:`review_eligibility`.
        reason: why it is taken back.
        legal_basis: what that rests on; recorded, so no personal data.
        maker: the officer who decides, by the name of the key.
        checker: the other officer, who checks.
        birth_period: as in :func:`review_eligibility`.

    Raises:
        CorrectionRefusedError: the entry is no decision.
        AlreadyResolvedError: it was corrected before, in another way.
        HeadMovedError: the log grew meanwhile; try again.
        and what :func:`decide_eligibility` and `correct` raise.
    """
    order = ReversalOrder(reason, legal_basis, maker, checker)
    target = LeafIndex(index)
    with context.read() as view:
        old = record_to_correct(context, view, target)
        if old["kind"] != Kind.DECISION:
            raise CorrectionRefusedError(index=index, reason="it is no decision on eligibility")
        earlier = earlier_correction(
            context, view, target, order, lambda known: known["category"] == category.value
        )
        release = require_release(context, view)
    if earlier is not None:
        return earlier
    number = _checked(context, str(old["identity_number"]), category, birth_period)
    reviewed = _review(context, number, category, birth_period, release, without=target)
    require_decisive(reviewed.review.result, demonstration=context.manifest.as_of is not None)
    fact = _decision_fact(context, number, reviewed, release, maker, checker)

    def keep(work: UnitOfWork, _: Difference, done: Correction) -> None:
        if done.reversal_index != reviewed.size or done.restatement_index is None:
            raise HeadMovedError(log_id=context.log_id, expected_size=reviewed.size)
        subject = context.bureau.writer.subject_of(number)
        row = _row(reviewed, subject, done.restatement_index, context.clock.now())
        work.decisions.add(row)

    return correct(context, index, order, fact, keep)


def decision_of(context: NodeContext, decision_id: str) -> Decision | None:
    """A decision that stands in the log, with its words."""
    with context.read() as view:
        stored = view.decisions.find(decision_id)
        return opened_decision(context, view, stored) if stored is not None else None


def opened_decision(context: NodeContext, view: Rooms, stored: StoredDecision) -> Decision:
    """A stored decision with the record of its leaf."""
    entry = view.log.entry(stored.leaf_index)
    assert entry is not None, "an entry never goes away"
    return Decision(
        decision_id=stored.decision_id,
        outcome=Outcome(stored.outcome),
        leaf_index=stored.leaf_index,
        decided_at=stored.decided_at,
        content=context.bureau.reader.open(entry, view.log).record,
        already_decided=True,
    )


def latest_decision(
    context: NodeContext, view: Rooms, subject: Subject, *, without: LeafIndex | None = None
) -> Decision | None:
    """The newest decision that no reversal took back; ``without``: one that is about to be."""
    stored = view.decisions.of_subject(subject)
    gone = view.log.reversed_among([decision.leaf_index for decision in stored]) | {without}
    live = [decision for decision in stored if decision.leaf_index not in gone]
    return opened_decision(context, view, live[0]) if live else None


def _checked(
    context: NodeContext, identity_number: str, category: Category, birth_period: int | None
) -> IdentityNumber:
    number = normalise_identity_number(identity_number, context.clock.today())
    require_category(category, number)
    if birth_period is not None:
        checked_period(birth_period)
    return number


def _review(
    context: NodeContext,
    number: IdentityNumber,
    category: Category,
    archive: int | None,
    release: Release | None = None,
    *,
    without: LeafIndex | None = None,
) -> _Reviewed:
    subject = context.bureau.writer.subject_of(number)
    with context.read() as view:
        size = view.log.head().size
        life = working_life(context, view, subject, AcceptedTransfers(context, view))
        last = latest_decision(context, view, subject, without=without)
        taken_back = _taken_back(view, subject, without)
    if not life.records:
        raise NotFoundError(what="pension record", key="of this person")
    counted = tally(life.records, context.settings.region)
    birth = birth_of(number, archive, decided_birth(last))
    made = make_review(counted, category, birth, period_of(context.clock.today()))
    return _Reviewed(
        review=made,
        life=life,
        decision_id=_decision_id(subject, made, release, taken_back),
        supersedes=last.leaf_index if last is not None else None,
        size=size,
    )


def decided_birth(last: Decision | None) -> int | None:
    """The birth month an earlier decision found, unless it took that from the number itself."""
    if last is None or last.content["birth_source"] == "IDENTITY_NUMBER":
        return None
    value = last.content["birth_month"]
    assert isinstance(value, int), "a decision's birth month is a number"
    return value


def _taken_back(view: Rooms, subject: Subject, without: LeafIndex | None) -> frozenset[str]:
    """The numbers of a person's decisions that were reversed, or are about to be."""
    stored = view.decisions.of_subject(subject)
    gone = view.log.reversed_among([decision.leaf_index for decision in stored]) | {without}
    return frozenset(item.decision_id for item in stored if item.leaf_index in gone)


def _decision_id(
    subject: Subject, made: Review, release: Release | None, taken_back: frozenset[str]
) -> str:
    """A number for this person, month, facts and tables: a repeated command finds its decision.

    A decision that was taken back is never found again: the same facts then get the next number.
    """
    facts: dict[str, Any] = {
        "schema": "anxu-decision-key/1",
        "subject": subject.hex(),
        "as_of": made.as_of_period,
        "category": made.category.value,
        "birth_month": made.birth_period,
        "paid": list(made.tally.paid),
        "deemed": list(made.tally.deemed),
        "release": release.digest if release is not None else None,
    }
    number = "0x" + hashlib.sha256(canonical_json(facts)).hexdigest()
    while number in taken_back:
        number = "0x" + hashlib.sha256(number.encode()).hexdigest()
    return number


def _record(
    context: NodeContext,
    number: IdentityNumber,
    reviewed: _Reviewed,
    release: Release,
    maker: str,
    checker: str,
) -> Decision | None:
    """Sign and append a decision; None when the log grew since the review."""
    fact = _decision_fact(context, number, reviewed, release, maker, checker)
    entries = context.bureau.writer.prepare([fact])
    now = context.clock.now()
    with context.write() as work:
        if work.log.head().size != reviewed.size:
            return None
        source = f"decision/{reviewed.decision_id}"
        (index,) = work.log.append(entries, source_key=source, recorded_at=now)
        work.decisions.add(_row(reviewed, entries[0].entry.subject, LeafIndex(index), now))
        work.commit()
    outcome = reviewed.review.outcome
    return Decision(reviewed.decision_id, outcome, LeafIndex(index), now, fact.record())


def _decision_fact(
    context: NodeContext,
    number: IdentityNumber,
    reviewed: _Reviewed,
    release: Release,
    maker: str,
    checker: str,
) -> Fact:
    """The decision with both officers' signatures, as it is recorded."""
    made = reviewed.review
    supersedes = (
        {"log": int(context.log_id), "index": int(reviewed.supersedes)}
        if reviewed.supersedes is not None
        else None
    )
    body = {
        "name": reviewed.life.name,
        "decision_id": reviewed.decision_id,
        "decided_on": context.clock.today().isoformat(),
        "region": context.settings.region,
        **decision_body(made, supersedes, release.reference(context.log_id)),
    }
    salt = context.random.bytes(SALT_BYTES)
    signatures = sign_by_two(context, decision_digest(number, body, salt), maker, checker, ACTION)
    return Fact(
        Kind.DECISION,
        PENSION,
        made.as_of_period,
        0,
        {
            **body,
            "approval_salt": salt.hex(),
            "maker": signatures[0].to_json(),
            "checker": signatures[1].to_json(),
        },
        identity_number=number,
    )


def _row(reviewed: _Reviewed, subject: Subject, index: LeafIndex, at: datetime) -> StoredDecision:
    made = reviewed.review
    return StoredDecision(
        decision_id=reviewed.decision_id,
        subject=subject,
        outcome=made.outcome,
        as_of=made.as_of_period,
        leaf_index=index,
        decided_at=at,
    )


def decision_digest(identity_number: str, body: dict[str, Any], salt: bytes) -> bytes:
    """What both officers sign: the salted digest of the decision without their signatures."""
    return commitment_of(canonical_json({"identity_number": identity_number, **body}), salt)
