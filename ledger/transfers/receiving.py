"""What another bureau's message does here: a letter, a package, or the words of a refusal.

The same message again gets the same answer. A message that cannot be judged yet is refused as
"later"; one that fails a check is refused by name and leaves the case as it was, with a step that
says so.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ledger.errors import (
    ChainBehindError,
    IdempotencyConflictError,
    NotFoundError,
    PackageMismatchError,
    RelationArrivingError,
    TransferStepError,
    VerificationError,
)
from ledger.evidence.encoding import LogId, segment_tag
from ledger.keys.key_store import SEALING
from ledger.policy.identifiers import normalise_identity_number
from ledger.policy.transfer import scope_of
from ledger.recording.context import NodeContext
from ledger.store.transfers import Direction, MessageState, StoredMessage
from ledger.store.unit_of_work import UnitOfWork
from ledger.transfers.clocks import with_due_date
from ledger.transfers.content import Vault
from ledger.transfers.deadlines import due_on
from ledger.transfers.decisions import check_for_case
from ledger.transfers.envelopes import (
    Envelope,
    MessageKind,
    open_envelope,
    parse_envelope,
    require_sealing_key,
)
from ledger.transfers.model import (
    FINISHED,
    CaseContent,
    CaseState,
    Letter,
    Segment,
    Side,
    TransferCase,
)
from ledger.transfers.onchain import bureau_of, facts_of_cases, first_log_of
from ledger.transfers.package import CheckedPackage
from ledger.transfers.papers import (
    letter_digest,
    parse_letter,
    parse_package,
    parse_refusal,
    refusal_digest,
)
from ledger.transfers.releases import open_case
from ledger.transfers.rules import CaseEvent
from ledger.transfers.stays import own_live_periods
from ledger.transfers.steps import Step, moved, note

Answer = dict[str, Any]


def handle_message(context: NodeContext, sender_log: LogId, message: Any) -> Answer:
    """Take in one message of another bureau and answer it; harmless when it comes again.

    Args:
        context: this bureau's node.
        sender_log: whose signed request brought it.
        message: the posted JSON.

    Returns:
        ``message_key`` and ``state`` TAKEN.

    Raises:
        PackageShapeError, PackageMismatchError: it is malformed, or not from or for whom it says.
        InvalidSignatureError, SealedContentError: it is not signed by the sender's log, or not
            sealed to us for this case.
        IdempotencyConflictError: another message was taken under this key.
        ChainBehindError, FollowingBehindError: not to be judged yet; send it again.
        RelationArrivingError: the person is still being taken in here; the letter comes again.
        VerificationError: a package fails a check, by name.
        NotFoundError, TransferStepError: there is no such case, or it does not wait for this.
    """
    envelope = parse_envelope(message)
    if (envelope.sender, envelope.receiver) != (sender_log, context.log_id):
        raise PackageMismatchError(part="sender or receiver")
    key = f"IN/{sender_log}/{envelope.message_key}"
    with context.read() as view:
        earlier = view.transfers.message(key)
    if earlier is not None:
        return _same_answer(earlier, envelope)
    log_key = bureau_of(context, sender_log).log_key
    inside = open_envelope(envelope, log_key, context.keys.x25519(SEALING))
    match envelope.kind:
        case MessageKind.LETTER:
            return _take_letter(context, key, envelope, inside)
        case MessageKind.PACKAGE:
            return _take_package(context, key, envelope, inside)
        case MessageKind.REFUSAL:
            return _take_refusal(context, key, envelope, inside)


def _same_answer(earlier: StoredMessage, envelope: Envelope) -> Answer:
    if earlier.content_digest != envelope.content_digest:
        raise IdempotencyConflictError(key=envelope.message_key)
    assert earlier.answer is not None
    answer: Answer = json.loads(earlier.answer)
    return answer


def _remember(context: NodeContext, work: UnitOfWork, key: str, envelope: Envelope) -> Answer:
    """Keep the message as taken, with its answer."""
    answer = {"message_key": envelope.message_key, "state": MessageState.TAKEN.value}
    work.transfers.put_message(
        StoredMessage(
            message_key=key,
            direction=Direction.IN,
            case_id=envelope.case_id,
            peer_log=envelope.sender,
            kind=envelope.kind,
            sealed_content=None,
            envelope=None,
            content_digest=envelope.content_digest,
            state=MessageState.TAKEN,
            attempts=0,
            last_error=None,
            answer=json.dumps(answer),
            at=context.clock.now(),
        )
    )
    return answer


# --- contact letter -------------------------------------------------------------------------------


def _take_letter(context: NodeContext, key: str, envelope: Envelope, inside: Any) -> Answer:
    letter = parse_letter(inside)
    case = _case_of_letter(context, envelope, letter)
    vault = Vault(context, case.subject)
    sealed = vault.seal(case.case_id, CaseContent(person=letter.person, letter=letter))
    with context.write() as work:
        standing = work.transfers.message(key)
        if standing is not None:
            return _same_answer(standing, envelope)
        _require_arrived(work, case)
        work.transfers.add_case(case, sealed)
        note(
            work,
            case,
            Step.LETTER_DELIVERED,
            case.opened_at,
            actors=tuple(approval.officer for approval in letter.approvals),
        )
        answer = _remember(context, work, key, envelope)
        work.commit()
    return answer


def _require_arrived(work: UnitOfWork, asked: TransferCase) -> None:
    """A relation goes on only once it is here: cases of one person are served in order."""
    for case in work.transfers.cases_of(asked.subject):
        if case.side is Side.NEW and case.state not in FINISHED:
            raise RelationArrivingError(case_id=case.case_id)


def _case_of_letter(context: NodeContext, envelope: Envelope, letter: Letter) -> TransferCase:
    """The case that a letter opens, once it agrees with the chain and with our own pseudonym."""
    with context.read() as view:
        requested = facts_of_cases(view, {envelope.case_id})[envelope.case_id].requested
    if requested is None:
        raise ChainBehindError(what="request", case_id=envelope.case_id)
    number = normalise_identity_number(letter.person.identity_number, context.clock.today())
    subject = context.bureau.writer.subject_of(number)
    first = first_log_of(context, context.log_id)
    tag = segment_tag(letter.class_, first, letter.stay, subject)
    digest = letter_digest(letter)
    checks = {
        "case number": letter.case_id == envelope.case_id,
        "bureaus": (letter.from_log, letter.to_log) == (context.log_id, envelope.sender)
        and (requested["fromLog"], requested["toLog"]) == (context.log_id, envelope.sender),
        "contact letter": requested["requestDigest"] == "0x" + digest.hex()
        and envelope.digest == digest,
        "person or stay": requested["segmentTag"] == "0x" + tag.hex(),
        "identity number": number == letter.person.identity_number,
    }
    for part, holds in checks.items():
        if not holds:
            raise PackageMismatchError(part=part)
    sender = bureau_of(context, envelope.sender)
    require_sealing_key(letter.sealing_key, sender.sealing_key_digest)
    now = context.clock.now()
    case = TransferCase(
        case_id=letter.case_id,
        side=Side.OLD,
        state=CaseState.LETTER_SENT,
        scope=scope_of(context.settings.region, sender.region),
        class_=letter.class_,
        peer_log=envelope.sender,
        subject=subject,
        segment=Segment(first, letter.stay, tag),
        initiative=letter.initiative,
        opened_at=now,
        due_on=due_on(CaseState.LETTER_SENT, now),
        updated_at=now,
    )
    return with_due_date(context, case)


# --- package --------------------------------------------------------------------------------------


def _take_package(context: NodeContext, key: str, envelope: Envelope, inside: Any) -> Answer:
    with context.read() as view:
        case, content, vault = open_case(context, view, envelope.case_id)
        if case.side is not Side.NEW or case.peer_log != envelope.sender:
            raise NotFoundError(what="transfer case", key=envelope.case_id)
        if case.state not in {CaseState.APPLIED, CaseState.LETTER_SENT}:
            raise TransferStepError(envelope.case_id, case.state, CaseEvent.PACKAGE_DELIVERED)
        try:
            checked = check_for_case(context, view, case, content, parse_package(inside))
            if checked.figures_digest != envelope.digest:
                raise PackageMismatchError(part="figures digest")
        except VerificationError as error:
            failure: VerificationError | None = error
        else:
            failure = None
            overlaps = own_live_periods(view, case.subject, case.class_, checked.periods)
    if failure is not None:
        _note_refused(context, case, failure)
        raise failure
    return _keep_package(context, key, envelope, (case, content, vault), checked, overlaps)


def _keep_package(
    context: NodeContext,
    key: str,
    envelope: Envelope,
    opened: tuple[TransferCase, CaseContent, Vault],
    checked: CheckedPackage,
    overlaps: tuple[int, ...],
) -> Answer:
    case, content, vault = opened
    now = context.clock.now()
    sealed = vault.seal(case.case_id, replace(content, package=checked.package, overlaps=overlaps))
    with context.write() as work:
        standing = work.transfers.message(key)
        if standing is not None:
            return _same_answer(standing, envelope)
        current = work.transfers.case(case.case_id)
        assert current is not None
        if current.state is CaseState.APPLIED:  # its answer was lost: the package proves delivery
            current = moved(current, CaseEvent.LETTER_DELIVERED, now)
            note(work, current, Step.LETTER_DELIVERED, now)
        current = replace(
            moved(current, CaseEvent.PACKAGE_DELIVERED, now),
            figures_digest=checked.figures_digest,
            package_digest=envelope.content_digest,
            months=checked.figures.months,
            amount_fen=checked.figures.fund_fen,
        )
        work.transfers.save_case(current, sealed)
        note(
            work,
            current,
            Step.PACKAGE_DELIVERED,
            now,
            actors=tuple(item.officer for item in checked.package.sheet.approvals),
            records=len(checked.package.records),
            overlaps=len(overlaps),
        )
        answer = _remember(context, work, key, envelope)
        work.commit()
    return answer


def _note_refused(context: NodeContext, case: TransferCase, failure: VerificationError) -> None:
    """Let officers and the person see that a package was not taken, and why; once for each why."""
    zh, en = failure.sentence("zh"), failure.sentence("en")
    with context.write() as work:
        known = {
            step.en
            for step in work.transfers.steps(case.case_id)
            if step.step == Step.PACKAGE_REFUSED
        }
        if not any(en in sentence for sentence in known):
            note(work, case, Step.PACKAGE_REFUSED, context.clock.now(), zh=zh, en=en)
            work.commit()


# --- refusal --------------------------------------------------------------------------------------


def _take_refusal(context: NodeContext, key: str, envelope: Envelope, inside: Any) -> Answer:
    """The words behind a refusal that stands on chain; the chain alone ends the case."""
    case_id, refusal = parse_refusal(inside)
    with context.read() as view:
        case, content, vault = open_case(context, view, envelope.case_id)
        refused = facts_of_cases(view, {case.case_id})[case.case_id].refused
    if case.peer_log != envelope.sender:
        raise NotFoundError(what="transfer case", key=envelope.case_id)
    if refused is None:
        raise ChainBehindError(what="refusal", case_id=case.case_id)
    digest = refusal_digest(case_id, refusal)
    same = (
        case_id == envelope.case_id
        and envelope.digest == digest
        and refused["reasonDigest"] == "0x" + digest.hex()
        and refused["reasonCode"] == refusal.code
    )
    if not same:
        raise PackageMismatchError(part="refusal")
    sealed = vault.seal(case.case_id, replace(content, refusal=refusal))
    with context.write() as work:
        standing = work.transfers.message(key)
        if standing is not None:
            return _same_answer(standing, envelope)
        current = work.transfers.case(case.case_id)
        assert current is not None
        work.transfers.save_case(replace(current, refusal_code=refusal.code), sealed)
        answer = _remember(context, work, key, envelope)
        work.commit()
    return answer
