"""The old city: it checks the request, issues the information sheet and builds the package."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Final

from ledger.errors import (
    CaseMovedError,
    NotAnchoredYetError,
    NotFoundError,
    TransferNotAllowedError,
)
from ledger.evidence.encoding import LogId
from ledger.evidence.merkle import inclusion_proof
from ledger.keys.key_store import LOG
from ledger.policy.identifiers import IdentityNumber, birth_date_of
from ledger.policy.periods import add_months, period_of
from ledger.recording.context import NodeContext
from ledger.recording.writer import OpenedRecord
from ledger.store.transfers import Direction, MessageState, StoredMessage
from ledger.transfers.content import Vault
from ledger.transfers.envelopes import Envelope, MessageKind, envelope_json, seal_envelope
from ledger.transfers.figures import digest_of_figures
from ledger.transfers.model import (
    CaseContent,
    CaseId,
    Intent,
    Package,
    PackageRecord,
    TransferCase,
)
from ledger.transfers.officers import Officers, sign_by_both
from ledger.transfers.onchain import FollowedAnchoredLog, View
from ledger.transfers.package import (
    build_figures,
    build_package,
    build_sheet,
    contribution_tags,
    make_record,
    months_to_search,
)
from ledger.transfers.papers import package_json
from ledger.transfers.reasons import WORDS, RefusalCode
from ledger.transfers.rules import require_may_decide
from ledger.transfers.stays import Stay, draws_pension, stay_of
from ledger.transfers.steps import Step, note

_SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Release:
    """A package ready to travel: signed, sealed, with the digest its figures have on chain."""

    package: Package
    figures_digest: bytes
    envelope: Envelope


def release_transfer(
    context: NodeContext, case_id: CaseId, officers: Officers | None = None
) -> TransferCase:
    """Check the request, sign the sheet and queue the package for the new city.

    The release goes to the chain once the new city has taken the package.

    Raises:
        NotFoundError: no such case.
        TransferStepError: it does not wait for our release.
        TransferNotAllowedError: a pension is drawn, no record is here, or the name does not fit;
            ``rule`` is the refusal code's name: refuse the case with it.
        NotAnchoredYetError: a record is not final on chain yet.
        CaseMovedError: it changed meanwhile; nothing was written.
        SameOfficerError, NotPermittedError: the sheet lacks two enrolled officers.
    """
    officers = officers or Officers()
    with context.read() as view:
        case, content, vault = open_case(context, view, case_id)
        require_may_decide(case_id, case.side, case.state, case.intent, Intent.RELEASE)
        release = prepare_release(context, view, case, content, officers)
    figures = release.package.sheet.figures
    now = context.clock.now()
    released = replace(
        case,
        intent=Intent.RELEASE,
        figures_digest=release.figures_digest,
        package_digest=release.envelope.content_digest,
        months=figures.months,
        amount_fen=figures.fund_fen,
        updated_at=now,
    )
    overlaps = release.package.sheet.overlaps
    sealed = vault.seal(case_id, replace(content, package=release.package, overlaps=overlaps))
    with context.write() as work:
        require_unmoved(work, case)
        work.transfers.save_case(released, sealed)
        work.transfers.put_message(_message(context, released, release.envelope))
        note(work, released, Step.SHEET_SIGNED, now, actors=officers.names, months=figures.months)
        work.commit()
    return released


def require_unmoved(view: View, case: TransferCase) -> None:
    """Refuse to write over a case that changed since it was read. Raises CaseMovedError."""
    standing = view.transfers.case(case.case_id)
    assert standing is not None, "cases are never removed"
    if standing != case:
        raise CaseMovedError(case_id=case.case_id, state=standing.state)


def open_case(
    context: NodeContext, view: View, case_id: CaseId
) -> tuple[TransferCase, CaseContent, Vault]:
    """A case with its content in clear. Raises NotFoundError."""
    case = view.transfers.case(case_id)
    if case is None:
        raise NotFoundError(what="transfer case", key=case_id)
    vault = Vault(context, case.subject)
    return case, vault.open(case_id, view.transfers.sealed_content(case_id)), vault


def prepare_release(
    context: NodeContext, view: View, case: TransferCase, content: CaseContent, officers: Officers
) -> Release:
    """Everything the old city signs and sends for a case, nothing of it written yet."""
    stay = stay_of(context, view, case.subject, case.class_)
    _require_releasable(context, view, case, content, stay)
    records, size, root = travelling_records(context, view, stay)
    package = _package(context, view, case, content, records, (size, root), stay)
    digest = digest_of_figures(package.sheet.figures, package.sheet.figures_salt)
    approvals = sign_by_both(context, digest, officers, "the information sheet")
    package = replace(package, sheet=replace(package.sheet, approvals=approvals))
    assert content.letter is not None, "the old city opens a case by its letter"
    return Release(package, digest, seal_release(context, package, content.letter.sealing_key))


def seal_release(context: NodeContext, package: Package, sealing_key: bytes) -> Envelope:
    """Seal a package to the new city and sign it with our log key; nothing is checked here."""
    figures = package.sheet.figures
    return seal_envelope(
        MessageKind.PACKAGE,
        context.log_id,
        LogId(figures.to_log),
        package.case_id,
        digest_of_figures(figures, package.sheet.figures_salt),
        package_json(package),
        sealing_key=sealing_key,
        signer=context.keys.ed25519(LOG),
    )


def travelling_records(
    context: NodeContext, view: View, stay: Stay
) -> tuple[tuple[PackageRecord, ...], int, bytes]:
    """Every live record of the stay with its proof, and size and root of the checkpoint.

    Raises:
        NotAnchoredYetError: a record is not under a final checkpoint yet.
    """
    needed = max(item.stored.index for item in stay.records) + 1
    last = view.log.last_checkpoint(final=True)
    if last is None or last.size < needed:
        raise NotAnchoredYetError(
            log_id=context.log_id,
            needed_size=needed,
            final_size=last.size if last is not None else 0,
        )
    records = tuple(_record(context, item, last.size) for item in stay.records)
    return records, last.size, last.root


def _record(context: NodeContext, item: OpenedRecord, size: int) -> PackageRecord:
    entry = item.stored.entry
    proof = inclusion_proof(item.stored.index, size, context.bureau.tiles.node)
    return make_record(item.stored.index, entry.head, entry.subject, item.record, item.salt, proof)


def _require_releasable(
    context: NodeContext, view: View, case: TransferCase, content: CaseContent, stay: Stay
) -> None:
    fault = None
    if draws_pension(context, view, case.subject, case.class_):
        fault = RefusalCode.DRAWS_PENSION
    elif not stay.records:
        fault = RefusalCode.NO_RECORDS
    elif stay.name != content.person.name:
        fault = RefusalCode.PERSON_UNCLEAR
    if fault is not None:
        words = WORDS[fault]
        raise TransferNotAllowedError(rule=fault.name, reason=words.en, reason_zh=words.zh)


def _package(
    context: NodeContext,
    view: View,
    case: TransferCase,
    content: CaseContent,
    records: tuple[PackageRecord, ...],
    checkpoint: tuple[int, bytes],
    stay: Stay,
) -> Package:
    today = context.clock.today()
    last_period = max(record.head.period for record in records)
    figures = build_figures(
        case.case_id,
        case.class_,
        (context.log_id, case.peer_log),
        case.segment.stay,
        case.scope,
        records,
        max(add_months(period_of(today), -1), last_period),
        context.lineage.origin_of,
    )
    sheet = build_sheet(
        figures,
        context.random.bytes(_SALT_BYTES),
        today,
        _known_overlaps(context, view, case, content, stay),
    )
    return build_package(*checkpoint, sheet, records, stay.moved_before)


def _known_overlaps(
    context: NodeContext, view: View, case: TransferCase, content: CaseContent, stay: Stay
) -> tuple[int, ...]:
    """Months of ours that the new city's followed log claims too."""
    number = IdentityNumber(content.person.identity_number)
    months = months_to_search(birth_date_of(number), context.clock.today())
    tags = contribution_tags(case.class_, case.subject, months)
    there = FollowedAnchoredLog(context, view, case.peer_log).places_of_tags(list(tags))
    ours = set(stay.paid_periods)
    return tuple(sorted(tags[tag] for tag in there if tags[tag] in ours))


def _message(context: NodeContext, case: TransferCase, envelope: Envelope) -> StoredMessage:
    return StoredMessage(
        message_key=f"OUT/{envelope.message_key}",
        direction=Direction.OUT,
        case_id=case.case_id,
        peer_log=case.peer_log,
        kind=MessageKind.PACKAGE,
        sealed_content=None,
        envelope=json.dumps(envelope_json(envelope)).encode(),
        content_digest=envelope.digest,
        state=MessageState.QUEUED,
        attempts=0,
        last_error=None,
        answer=None,
        at=context.clock.now(),
    )
