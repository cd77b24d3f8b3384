"""The new city: from the person's wish to the contact letter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from ledger.errors import PersonInTransferError, TransferNotAllowedError
from ledger.evidence.encoding import LogId, Subject
from ledger.keys.key_store import SEALING
from ledger.policy.identifiers import (
    IdentityNumber,
    birth_date_of,
    normalise_identity_number,
    sex_of,
)
from ledger.policy.periods import first_day
from ledger.policy.transfer import Scope, TransferQuestion, Verdict, may_transfer, scope_of
from ledger.recording.context import NodeContext
from ledger.store.transfers import Direction, MessageState, StoredMessage
from ledger.transfers.content import Vault
from ledger.transfers.deadlines import due_on
from ledger.transfers.envelopes import MessageKind, message_key_of
from ledger.transfers.model import (
    FINISHED,
    CaseContent,
    CaseId,
    CaseState,
    Initiative,
    Letter,
    Person,
    Segment,
    Side,
    TransferCase,
    TransferReason,
)
from ledger.transfers.officers import Officers, sign_by_both
from ledger.transfers.onchain import View, bureau_of, current_stay
from ledger.transfers.papers import letter_digest, letter_json
from ledger.transfers.stays import PENSION, Stay, draws_pension, stay_of
from ledger.transfers.steps import Step, note

_CASE_BYTES: Final = 32
_SALT_BYTES: Final = 32
_RULES: Final = {
    Verdict.REFUSE: "REFUSE",
    Verdict.KEEP_WITH_TEMPORARY_ACCOUNT: "KEEP_WITH_TEMPORARY_ACCOUNT",
}


@dataclass(frozen=True, slots=True)
class Application:
    """What the application form says beyond the person; ``hukou_region`` None if not known."""

    reason: TransferReason
    hukou_region: str | None = None
    official_posting: bool = False
    initiative: Initiative | None = None


def request_transfer(
    context: NodeContext,
    identity_number: str,
    from_log: LogId,
    application: Application,
    officers: Officers | None = None,
) -> TransferCase:
    """Open a case: the chain is asked for the stay, the contact letter follows once it agreed.

    Asking again while a case with that bureau is open gives that case. While the relation is
    leaving this bureau nothing comes in: the person applies at the last city, once that case has
    ended. From several old cities a relation can come in side by side. Inside one pool the case is
    the bureau's own initiative unless the application says the person asked.

    Args:
        context: the new city's node.
        identity_number: the person's, 15 or 18 characters.
        from_log: the old city's log.
        application: why, and what the age rule needs to know.
        officers: who makes and who checks the contact letter.

    Raises:
        IdentifierError: the number is not one.
        NotFoundError: no log has that number.
        TransferNotAllowedError: the rules keep the relation where it is, by verdict.
        PersonInTransferError: the person's relation is leaving this bureau.
        SameOfficerError, NotPermittedError: the letter lacks two enrolled officers.
    """
    officers = officers or Officers()
    number = normalise_identity_number(identity_number, context.clock.today())
    subject = context.bureau.writer.subject_of(number)
    region = bureau_of(context, from_log).region
    with context.read() as view:
        standing = _open_case(view, subject, from_log)
        if standing is not None:
            return standing
        _require_staying(view, subject)
        stay = stay_of(context, view, subject, PENSION)
        draws = draws_pension(context, view, subject, PENSION)
    scope = _require_allowed(context, number, region, application, stay, draws)
    segment = current_stay(context, PENSION, from_log, subject)
    letter = _letter(context, number, from_log, stay, segment, scope, application)
    approvals = sign_by_both(context, letter_digest(letter), officers, "the contact letter")
    letter = replace(letter, approvals=approvals)
    return _open(context, subject, segment, scope, letter, officers)


def _open_case(view: View, subject: Subject, from_log: LogId) -> TransferCase | None:
    for case in view.transfers.cases_of(subject):
        same = case.side is Side.NEW and case.peer_log == from_log
        if same and case.state not in FINISHED:
            return case
    return None


def _require_staying(view: View, subject: Subject) -> None:
    for case in view.transfers.cases_of(subject):
        if case.side is Side.OLD and case.state not in FINISHED:
            raise PersonInTransferError(case_id=case.case_id, state=case.state)


def _require_allowed(
    context: NodeContext,
    number: IdentityNumber,
    from_region: str,
    application: Application,
    stay: Stay,
    draws: bool,  # noqa: FBT001  # an answer, not a switch
) -> Scope:
    """Ask the rules of article 2 to 4; the scope when they let the relation go."""
    to_region = context.settings.region
    periods = stay.paid_periods
    today = context.clock.today()
    question = TransferQuestion(
        from_region=from_region,
        to_region=to_region,
        sex=sex_of(number),
        birth_on=birth_date_of(number),
        first_insured_on=first_day(periods[0]) if periods else today,
        paid_months_at_destination=len(periods),
        draws_pension=draws,
        hukou_region=application.hukou_region,
        official_posting=application.official_posting,
    )
    decision = may_transfer(question)
    if not decision.relation_moves:
        raise TransferNotAllowedError(
            rule=_RULES[decision.verdict],
            reason=decision.explanation.en,
            reason_zh=decision.explanation.zh,
        )
    return scope_of(from_region, to_region)


def _letter(
    context: NodeContext,
    number: IdentityNumber,
    from_log: LogId,
    stay: Stay,
    segment: Segment,
    scope: Scope,
    application: Application,
) -> Letter:
    default = Initiative.BUREAU if scope is Scope.INTRA_POOL else Initiative.PERSON
    return Letter(
        case_id=CaseId("0x" + context.random.bytes(_CASE_BYTES).hex()),
        from_log=from_log,
        to_log=context.log_id,
        class_=PENSION,
        stay=segment.stay,
        person=Person(number, stay.name),
        reason=application.reason,
        initiative=application.initiative or default,
        first_paid_period=stay.paid_periods[0],
        issued_on=_today(context),
        sealing_key=context.keys.x25519(SEALING).public_key,
        salt=context.random.bytes(_SALT_BYTES),
        approvals=(),
    )


def _today(context: NodeContext) -> date:
    return context.clock.today()


def _open(
    context: NodeContext,
    subject: Subject,
    segment: Segment,
    scope: Scope,
    letter: Letter,
    officers: Officers,
) -> TransferCase:
    now = context.clock.now()
    vault = Vault(context, subject)
    case = TransferCase(
        case_id=letter.case_id,
        side=Side.NEW,
        state=CaseState.APPLIED,
        scope=scope,
        class_=letter.class_,
        peer_log=letter.from_log,
        subject=subject,
        segment=segment,
        initiative=letter.initiative,
        opened_at=now,
        due_on=due_on(CaseState.APPLIED, now),
        updated_at=now,
    )
    content = vault.seal(case.case_id, CaseContent(person=letter.person, letter=letter))
    key = message_key_of(MessageKind.LETTER, case.case_id)
    message = StoredMessage(
        message_key=f"OUT/{key}",
        direction=Direction.OUT,
        case_id=case.case_id,
        peer_log=case.peer_log,
        kind=MessageKind.LETTER,
        sealed_content=vault.seal_message(key, letter_json(letter)),
        envelope=None,
        content_digest=letter_digest(letter),
        state=MessageState.QUEUED,
        attempts=0,
        last_error=None,
        answer=None,
        at=now,
    )
    with context.write() as work:
        standing = _open_case(work, subject, letter.from_log)
        if standing is not None:
            return standing
        _require_staying(work, subject)
        work.transfers.add_case(case, content)
        work.transfers.put_message(message)
        note(work, case, Step.LETTER_SIGNED, now, actors=officers.names)
        work.outbox.queue(
            request_key(case.case_id),
            "Transfers",
            "request",
            _request(case, context.log_id, letter_digest(letter)),
            at=now,
        )
        work.commit()
    return case


def _request(case: TransferCase, to_log: LogId, digest: bytes) -> list[Any]:
    """The arguments with which the chain is asked for a stay."""
    tag = case.segment.tag
    return [case.case_id, "0x" + tag.hex(), case.peer_log, to_log, "0x" + digest.hex()]


def request_key(case_id: CaseId) -> str:
    """The outbox key of a case's request; the other steps are named alike."""
    return f"transfer/{case_id}/request"
