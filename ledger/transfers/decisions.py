"""Either city decides: accept what was checked, refuse with a reason, or withdraw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.errors import NotFoundError, PackageMismatchError
from ledger.policy.identifiers import IdentityNumber, birth_date_of
from ledger.policy.overlaps import Claim, Resolution, resolve_overlaps
from ledger.recording.context import NodeContext
from ledger.store.transfers import Direction, MessageState, StoredMessage
from ledger.store.unit_of_work import UnitOfWork
from ledger.transfers.applications import request_key
from ledger.transfers.envelopes import MessageKind, message_key_of
from ledger.transfers.figures import counts
from ledger.transfers.model import (
    CaseContent,
    CaseId,
    Figures,
    Intent,
    Package,
    Refusal,
    TransferCase,
)
from ledger.transfers.officers import Officers, sign_by_both
from ledger.transfers.onchain import FollowedAnchoredLog, View, bureau_of
from ledger.transfers.package import CheckedPackage, Expectation, check_package
from ledger.transfers.papers import refusal_digest, refusal_json
from ledger.transfers.reasons import WORDS, RefusalCode
from ledger.transfers.releases import open_case, require_unmoved
from ledger.transfers.rules import require_may_decide
from ledger.transfers.stays import stay_of
from ledger.transfers.steps import Step, note

_SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Review:
    """What officers see before they sign: checked figures, and every month insured twice."""

    figures: Figures
    figures_digest: bytes
    records: int
    periods: tuple[int, ...]
    resolution: Resolution


def review_package(context: NodeContext, case_id: CaseId) -> Review:
    """Check the package of a case once more, against the log as it is followed now.

    Raises:
        NotFoundError: no such case, or no package came yet.
        VerificationError: a check of `check_package` fails, by name.
        FollowingBehindError: this node has to follow further first.
    """
    with context.read() as view:
        case, content, _ = open_case(context, view, case_id)
        if content.package is None:
            raise NotFoundError(what="package of case", key=case_id)
        checked = check_for_case(context, view, case, content, content.package)
        resolution = resolve_overlaps(
            _claims(context, view, case, content.package), context.settings.region
        )
    return Review(
        figures=checked.figures,
        figures_digest=checked.figures_digest,
        records=len(content.package.records),
        periods=checked.periods,
        resolution=resolution,
    )


def check_for_case(
    context: NodeContext, view: View, case: TransferCase, content: CaseContent, package: Package
) -> CheckedPackage:
    """`check_package` with what this case expects and the sender's log as we followed it."""
    number = IdentityNumber(content.person.identity_number)
    expected = Expectation(
        case_id=case.case_id,
        class_=case.class_,
        from_log=case.peer_log,
        to_log=context.log_id,
        stay=case.segment.stay,
        scope=case.scope,
        subject=context.bureau.writer.subject_of(number),
        identity_number=number,
        birth_on=birth_date_of(number),
        today=context.clock.today(),
    )
    return check_package(package, expected, FollowedAnchoredLog(context, view, case.peer_log))


def accept_transfer(
    context: NodeContext, case_id: CaseId, officers: Officers | None = None
) -> TransferCase:
    """Sign the figures that the old city released; the stay moves once the chain has both.

    Raises:
        NotFoundError: no such case.
        TransferStepError: the release is not final yet, or another decision is under way.
        VerificationError: the package does not pass its checks any more, by name.
        SameOfficerError, NotPermittedError: the acceptance lacks two enrolled officers.
    """
    officers = officers or Officers()
    with context.read() as view:
        case, _, _ = open_case(context, view, case_id)
        require_may_decide(case_id, case.side, case.state, case.intent, Intent.ACCEPT)
    review = review_package(context, case_id)
    if review.figures_digest != case.figures_digest:
        raise PackageMismatchError(part="figures")
    sign_by_both(context, review.figures_digest, officers, "the acceptance")
    arguments = [case_id, _hex(review.figures_digest)]
    return _decide(
        context, case, Intent.ACCEPT, Step.ACCEPTANCE_SIGNED, officers, ("accept", arguments)
    )


def withdraw_transfer(
    context: NodeContext, case_id: CaseId, officers: Officers | None = None
) -> TransferCase:
    """Take a request back; both sides are as before once the chain has it.

    Raises:
        NotFoundError: no such case.
        TransferStepError: it is not ours to withdraw, or it is accepted already.
        SameOfficerError, NotPermittedError: it lacks two enrolled officers.
    """
    officers = officers or Officers()
    with context.read() as view:
        case, _, _ = open_case(context, view, case_id)
    require_may_decide(case_id, case.side, case.state, case.intent, Intent.WITHDRAW)
    sign_by_both(context, bytes.fromhex(case_id[2:]), officers, "the withdrawal")
    return _decide(
        context, case, Intent.WITHDRAW, Step.WITHDRAWAL_SIGNED, officers, ("withdraw", [case_id])
    )


def refuse_transfer(
    context: NodeContext,
    case_id: CaseId,
    code: RefusalCode,
    remark: tuple[str, str] = ("", ""),
    officers: Officers | None = None,
) -> TransferCase:
    """End a case with a reason; the words go to the other city, their digest to the chain.

    Args:
        context: either city's node.
        case_id: the case.
        code: why.
        remark: what to add in Chinese and in English; nothing personal.
        officers: who makes and who checks the refusal.

    Raises:
        NotFoundError: no such case.
        TransferStepError: it is accepted or finished, or another decision is under way.
        SameOfficerError, NotPermittedError: it lacks two enrolled officers.
    """
    officers = officers or Officers()
    words = WORDS[code]
    refusal = Refusal(
        code=code,
        zh="；".join(part for part in (words.zh, remark[0]) if part),
        en="; ".join(part for part in (words.en, remark[1]) if part),
        salt=context.random.bytes(_SALT_BYTES),
    )
    digest = refusal_digest(case_id, refusal)
    with context.read() as view:
        case, content, vault = open_case(context, view, case_id)
    require_may_decide(case_id, case.side, case.state, case.intent, Intent.REFUSE)
    sign_by_both(context, digest, officers, "the refusal")
    key = message_key_of(MessageKind.REFUSAL, case_id)
    message = StoredMessage(
        message_key=f"OUT/{key}",
        direction=Direction.OUT,
        case_id=case_id,
        peer_log=case.peer_log,
        kind=MessageKind.REFUSAL,
        sealed_content=vault.seal_message(key, refusal_json(case_id, refusal)),
        envelope=None,
        content_digest=digest,
        state=MessageState.QUEUED,
        attempts=0,
        last_error=None,
        answer=None,
        at=context.clock.now(),
    )
    sealed = vault.seal(case_id, replace(content, refusal=refusal))
    arguments = [case_id, int(code), _hex(digest)]
    return _decide(
        context,
        case,
        Intent.REFUSE,
        Step.REFUSAL_SIGNED,
        officers,
        ("refuse", arguments),
        message=message,
        sealed=sealed,
        words=refusal,
    )


def _decide(
    context: NodeContext,
    case: TransferCase,
    intent: Intent,
    step: Step,
    officers: Officers,
    call: tuple[str, list[Any]],
    *,
    message: StoredMessage | None = None,
    sealed: bytes | None = None,
    words: Refusal | None = None,
) -> TransferCase:
    """Keep a decision and queue it for the chain. Raises CaseMovedError."""
    now = context.clock.now()
    code = words.code if words is not None else case.refusal_code
    decided = replace(case, intent=intent, refusal_code=code, updated_at=now)
    function, arguments = call
    values = {"zh": words.zh, "en": words.en} if words is not None else {}
    with context.write() as work:
        require_unmoved(work, case)
        work.transfers.save_case(decided, sealed)
        if message is not None:
            work.transfers.put_message(message)
        if intent in {Intent.REFUSE, Intent.WITHDRAW}:
            cancel_messages(work, decided)
        note(work, decided, step, now, actors=officers.names, **values)
        work.outbox.queue(
            step_key(case.case_id, function), "Transfers", function, arguments, at=now
        )
        work.commit()
    return decided


def cancel_messages(work: UnitOfWork, case: TransferCase, *, keep_refusal: bool = True) -> None:
    """Stop what was still to be sent for a decided case, but for the words of its refusal."""
    for message in work.transfers.messages_of(case.case_id):
        kept = keep_refusal and message.kind == MessageKind.REFUSAL
        if message.state is MessageState.QUEUED and not kept:
            work.transfers.put_message(replace(message, state=MessageState.CANCELLED))


def step_key(case_id: CaseId, function: str) -> str:
    """The outbox key of one step of a case."""
    return request_key(case_id).removesuffix("request") + function


def _claims(context: NodeContext, view: View, case: TransferCase, package: Package) -> list[Claim]:
    """Every paid month of both cities, for the rules about months insured twice."""
    theirs = bureau_of(context, case.peer_log).region
    claims = [
        _claim(theirs, f"{record.leaf_index:020d}-{case.peer_log}", record.record)
        for record in package.records
        if counts(record.record) and record.head.exclusive
    ]
    own = stay_of(context, view, case.subject, case.class_)
    claims += [
        _claim(
            context.settings.region,
            f"{item.stored.index:020d}-{context.log_id}",
            item.record,
        )
        for item in own.records
        if counts(item.record) and item.stored.entry.head.exclusive
    ]
    return claims


def _claim(region: str, record_id: str, record: Any) -> Claim:
    return Claim(
        period=record["period"],
        region=region,
        record_id=record_id,
        base_fen=record["base_fen"],
        account_fen=record["account_fen"],
    )


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
