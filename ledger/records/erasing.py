"""Erases a person: two officers decide, the decision becomes an entry, then the key is destroyed.

Nothing sealed for the person can be read afterwards, here or from a copy of the database; entries,
leaves and proofs at the public level stay as they are. The decision's entry is about no person and
is sealed under the key of such entries; the person stands in it only as a salted digest, whose salt
lies in this database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.errors import (
    NotFoundError,
    PaymentsOpenError,
    PensionRunsError,
    ReasonMissingError,
    RetentionRunsError,
    TransferOpenError,
)
from ledger.evidence.encoding import (
    SALT_BYTES,
    LeafIndex,
    Subject,
    canonical_json,
    commitment_of,
)
from ledger.funds.model import LineState
from ledger.policy import retention
from ledger.policy.identifiers import normalise_identity_number
from ledger.policy.kinds import Kind
from ledger.policy.periods import period_of
from ledger.policy.retention import ErasureReason
from ledger.ports import BEIJING
from ledger.recording.context import NodeContext
from ledger.recording.erasures import OPERATION, ErasureJob, earlier_decision, keep_decision
from ledger.recording.facts import Fact
from ledger.recording.officers import sign_by_two
from ledger.store.unit_of_work import Rooms
from ledger.transfers.model import FINISHED

ACTION: Final = "erasing a person"
_ENTITLED: Final = "ELIGIBLE"
"""The outcome of a decision that a pension rests on."""
_UNPAID: Final = frozenset(
    {LineState.PROPOSED, LineState.CLEAR, LineState.SUSPECTED, LineState.PAYABLE}
)


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """The entry that says what was done, and how many entries cannot be read any more.

    ``already_done``: the same decision was made before; what it had left undone was finished now.
    """

    entry_index: LeafIndex
    entries: int
    decided_at: datetime
    destroyed_at: datetime
    already_done: bool


def erase_person(
    context: NodeContext,
    identity_number: str,
    reason: ErasureReason,
    legal_basis: str,
    maker: str,
    checker: str,
) -> ErasureReport:
    """Record two officers' decision to erase a person, then destroy the person's sealing key.

    The same decision again changes nothing, or finishes what a crash left undone. It cannot be
    taken back.

    Args:
        context: an open bureau's node.
        identity_number: whose, 15 or 18 characters.
        reason: which case of the law.
        legal_basis: the article, document or finding; recorded, so no personal data.
        maker: the officer who asks for it, by the name of the key.
        checker: the other officer, who agrees.

    Raises:
        IdentifierError: it is no identity number.
        ReasonMissingError: no legal basis is named.
        NotFoundError: this bureau has nothing about this person.
        PensionRunsError, TransferOpenError, PaymentsOpenError, RetentionRunsError: the records are
            still needed.
        SameOfficerError, NotPermittedError: the two officers cannot sign this.
        IdempotencyConflictError: it was decided before for another reason, or by others.
        StorageUnavailableError: decided, and the key is destroyed, but a reader keeps old pages of
            the key file alive; the worker, or the same command, finishes it.
    """
    if not legal_basis.strip():
        raise ReasonMissingError(action=ACTION, what="legal basis")
    number = normalise_identity_number(identity_number, context.clock.today())
    subject = context.bureau.writer.subject_of(number)
    order = {
        "reason_code": reason.value,
        "legal_basis": legal_basis.strip(),
        "maker": maker,
        "checker": checker,
    }
    content = canonical_json(order)
    with context.read() as view:
        answer = earlier_decision(view, subject, content)
    already = answer is not None
    if answer is None:
        answer = _decide(context, subject, order, content)
    ErasureJob(context).step()
    destroyed_at = context.bureau.person_keys.destroyed_at(subject)
    assert destroyed_at is not None, "what was decided is done"
    return ErasureReport(
        entry_index=LeafIndex(answer["entry_index"]),
        entries=answer["entries"],
        decided_at=datetime.fromisoformat(answer["decided_at"]),
        destroyed_at=destroyed_at,
        already_done=already,
    )


def _decide(
    context: NodeContext, subject: Subject, order: dict[str, str], content: bytes
) -> dict[str, Any]:
    """Sign and commit the decision: the entry and the row beside it, in one transaction."""
    with context.read() as view:
        entries = _require_erasable(context, view, subject)
    salt = context.random.bytes(SALT_BYTES)
    body: dict[str, Any] = {
        "operation": OPERATION,
        "person_commitment": commitment_of(subject, salt).hex(),
        "entries": entries,
        **order,
    }
    digest = hashlib.sha256(canonical_json(body)).digest()
    both = sign_by_two(context, digest, order["maker"], order["checker"], ACTION)
    fact = Fact(
        Kind.OPERATION,
        0,
        period_of(context.clock.today()),
        0,
        body | {"signatures": [item.to_json() for item in both]},
    )
    prepared = context.bureau.writer.prepare([fact])
    with context.write() as work:
        again = earlier_decision(work, subject, content)
        if again is not None:
            return again
        _require_erasable(context, work, subject)
        now = context.clock.now()
        source = f"erasure/{commitment_of(subject, salt).hex()[:32]}"
        leaves = work.log.append(prepared, source_key=source, recorded_at=now)
        answer: dict[str, Any] = {
            "entry_index": leaves[0],
            "entries": entries,
            "reason_code": order["reason_code"],
            "legal_basis": order["legal_basis"],
            "person_salt": salt.hex(),
            "decided_at": now.isoformat(),
        }
        keep_decision(work, subject, content, answer, now)
        work.commit()
    return answer


def _require_erasable(context: NodeContext, view: Rooms, subject: Subject) -> int:
    """Refuse while anything about the person is needed; how many entries would become unreadable.

    A fact that was taken back is needed no more. Source: 个人信息保护法 art. 47.
    """
    entries = view.log.of_subject(subject)
    if not entries:
        raise NotFoundError(what="record", key="of this person")
    gone = view.log.reversed_among([entry.index for entry in entries])
    standing = [entry for entry in entries if entry.index not in gone]
    kinds = {entry.entry.head.kind for entry in standing}
    decided = [
        decision
        for decision in view.decisions.of_subject(subject)
        if decision.outcome == _ENTITLED and decision.leaf_index not in gone
    ]
    open_cases = [case for case in view.transfers.cases_of(subject) if case.state not in FINISHED]
    if open_cases:
        raise TransferOpenError(cases=len(open_cases))
    unpaid = [line for line in view.payouts.of_subject(subject) if line["state"] in _UNPAID]
    if unpaid:
        raise PaymentsOpenError(lines=len(unpaid))
    if (decided or Kind.PAYOUT in kinds) and Kind.DEATH_REPORT not in kinds:
        raise PensionRunsError
    facts = [
        retention.StandingFact(entry.entry.head.kind, entry.recorded_at.astimezone(BEIJING).date())
        for entry in standing
    ]
    until = retention.last_needed(facts, context.clock.today())
    if until is not None:
        raise RetentionRunsError(facts=len(facts), until=until.isoformat(), source=retention.SOURCE)
    return len(entries) + len(gone)
