"""What pages ask about transfers: cases and clocks, one case with its steps, a person's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ledger.errors import SealingKeyDestroyedError
from ledger.evidence.encoding import LogId, Subject
from ledger.policy.tables import Explanation
from ledger.policy.transfer import Scope
from ledger.recording.context import NodeContext
from ledger.recording.erasures import ERASED_NAME
from ledger.store.outbox import FAILED
from ledger.store.transfers import MessageState, StoredSettlement
from ledger.transfers.clocks import term_days
from ledger.transfers.deadlines import days_left, due_on, used_days
from ledger.transfers.model import (
    FINISHED,
    CaseContent,
    CaseId,
    CaseState,
    CaseStep,
    Figures,
    Initiative,
    Intent,
    PackageRecord,
    Person,
    Side,
    TransferCase,
    TransferReason,
)
from ledger.transfers.onchain import View, bureau_of
from ledger.transfers.reasons import refusal_words
from ledger.transfers.releases import open_case

IDENTITY_TAIL = 4


@dataclass(frozen=True, slots=True)
class Clock:
    """The term of the step under way, in official working days.

    ``due_on`` and ``used_days`` are None while the calendar of a year they need is not published;
    ``overdue`` is False then. ``working_days``: how many the step may take.
    """

    began_at: datetime
    working_days: int
    due_on: date | None
    used_days: int | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A bureau by log, region and the name it is enrolled with."""

    log_id: LogId
    region: str
    name: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case in a list.

    ``clock`` is None once it is finished; ``waits_for_us`` says whether it is our officers' turn.
    """

    case_id: CaseId
    side: Side
    state: CaseState
    intent: Intent
    scope: Scope
    initiative: Initiative
    old: Place
    new: Place
    person_name: str
    identity_tail: str
    months: int
    amount_fen: int
    waits_for_us: bool
    clock: Clock | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class TravelledRecord:
    """One record of the package; ``overlaps``: the month is insured at the other city too."""

    record: PackageRecord
    overlaps: bool

    @property
    def period(self) -> int:
        """The month."""
        return self.record.head.period


@dataclass(frozen=True, slots=True)
class MessageTrouble:
    """A message that its receiver refused, or that does not get through."""

    kind: str
    state: MessageState
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """One case in full.

    ``figures`` and ``records`` are there once the package was made (old city) or checked (new
    city). ``old_signed`` and ``new_signed``: whose figures stand on chain.
    """

    row: CaseRow
    reason: TransferReason | None
    steps: tuple[CaseStep, ...]
    figures: Figures | None
    figures_digest: bytes | None
    package_digest: bytes | None
    records: tuple[TravelledRecord, ...]
    overlaps: tuple[int, ...]
    old_signed: bool
    new_signed: bool
    settlement: StoredSettlement | None
    refusal: Explanation | None
    troubles: tuple[MessageTrouble, ...]


def list_cases(context: NodeContext) -> tuple[CaseRow, ...]:
    """Every case of this bureau, open ones first, each group oldest first."""
    with context.read() as view:
        cases = sorted(view.transfers.cases(), key=lambda case: case.state in FINISHED)
        return tuple(_row(context, view, case) for case in cases)


def cases_of_person(context: NodeContext, subject: Subject) -> tuple[CaseDetail, ...]:
    """The person's own cases here, with the same steps that officers see."""
    with context.read() as view:
        return tuple(
            _detail(context, view, case.case_id) for case in view.transfers.cases_of(subject)
        )


def case_detail(context: NodeContext, case_id: CaseId) -> CaseDetail:
    """One case in full. Raises NotFoundError."""
    with context.read() as view:
        return _detail(context, view, case_id)


def moved_in_records(context: NodeContext, subject: Subject) -> tuple[PackageRecord, ...]:
    """Records that came with accepted transfers: they count here, beside our own."""
    taken = {CaseState.ACCEPTED, CaseState.SETTLED, CaseState.CLOSED}
    records: list[PackageRecord] = []
    with context.read() as view:
        for case in view.transfers.cases_of(subject):
            if case.side is Side.NEW and case.state in taken:
                content = open_case(context, view, case.case_id)[1]
                assert content.package is not None
                records.extend(content.package.records)
    return tuple(records)


def list_settlements(context: NodeContext) -> tuple[StoredSettlement, ...]:
    """Every settlement of this bureau, oldest first."""
    with context.read() as view:
        return tuple(view.transfers.settlements())


def _row(context: NodeContext, view: View, case: TransferCase) -> CaseRow:
    return _row_of(context, view, case, _readable(context, view, case.case_id)[1])


def _readable(
    context: NodeContext, view: View, case_id: CaseId
) -> tuple[TransferCase, CaseContent]:
    """A case with its content; of an erased person only what stands outside it is left."""
    try:
        case, content, _ = open_case(context, view, case_id)
    except SealingKeyDestroyedError:
        standing = view.transfers.case(case_id)
        assert standing is not None, "a case whose person was erased stands"
        return standing, CaseContent(person=Person("", ERASED_NAME))
    return case, content


def _row_of(context: NodeContext, view: View, case: TransferCase, content: CaseContent) -> CaseRow:
    own = Place(context.log_id, context.settings.region, context.settings.name_zh)
    peer = bureau_of(context, case.peer_log)
    there = Place(case.peer_log, peer.region, peer.name)
    old, new = (there, own) if case.side is Side.NEW else (own, there)
    steps = view.transfers.steps(case.case_id)
    began = steps[-1].at if steps else case.opened_at
    return CaseRow(
        case_id=case.case_id,
        side=case.side,
        state=case.state,
        intent=case.intent,
        scope=case.scope,
        initiative=case.initiative,
        old=old,
        new=new,
        person_name=content.person.name,
        identity_tail=content.person.identity_number[-IDENTITY_TAIL:],
        months=case.months,
        amount_fen=case.amount_fen,
        waits_for_us=waits_for_us(case),
        clock=None if case.state in FINISHED else _clock(context, view, case, began),
        opened_at=case.opened_at,
    )


def _clock(context: NodeContext, view: View, case: TransferCase, began: datetime) -> Clock:
    """The clock of an open case; a year published since the step began gives the date now."""
    today = context.clock.today()
    days = term_days(view.events, case.state, began)
    due = case.due_on or due_on(case.state, began, days)
    if due is None:
        return Clock(began, days, None, used_days(began, today), overdue=False)
    left = days_left(due, today)
    return Clock(began, days, due, None if left is None else days - left, overdue=today > due)


def waits_for_us(case: TransferCase) -> bool:
    """Whether officers of this bureau have the next step: release, accept, or settle."""
    if case.intent is not Intent.NONE:
        return False
    turns = {
        (Side.OLD, CaseState.LETTER_SENT),
        (Side.NEW, CaseState.RELEASED),
        (Side.OLD, CaseState.ACCEPTED),
    }
    return (case.side, case.state) in turns and case.settlement_id is None


def _detail(context: NodeContext, view: View, case_id: CaseId) -> CaseDetail:
    case, content = _readable(context, view, case_id)
    package, letter = content.package, content.letter
    double = set(content.overlaps)
    settlement = (
        view.transfers.settlement(case.settlement_id) if case.settlement_id is not None else None
    )
    after_release = {
        CaseState.RELEASED,
        CaseState.ACCEPTED,
        CaseState.SETTLED,
        CaseState.CLOSED,
    }
    return CaseDetail(
        row=_row_of(context, view, case, content),
        reason=letter.reason if letter is not None else None,
        steps=tuple(view.transfers.steps(case_id)),
        figures=package.sheet.figures if package is not None else None,
        figures_digest=case.figures_digest,
        package_digest=case.package_digest,
        records=tuple(
            TravelledRecord(record, record.head.period in double)
            for record in (package.records if package is not None else ())
        ),
        overlaps=content.overlaps,
        old_signed=case.state in after_release,
        new_signed=case.state in after_release - {CaseState.RELEASED},
        settlement=settlement,
        refusal=_refusal(case, content),
        troubles=_troubles(view, case),
    )


def _refusal(case: TransferCase, content: CaseContent) -> Explanation | None:
    if not case.refusal_code:
        return None
    words = refusal_words(case.refusal_code)
    if content.refusal is None:
        return words
    return Explanation(content.refusal.zh, content.refusal.en, words.source)


def _troubles(view: View, case: TransferCase) -> tuple[MessageTrouble, ...]:
    troubles = [
        MessageTrouble(message.kind, message.state, message.attempts, message.last_error)
        for message in view.transfers.messages_of(case.case_id)
        if message.last_error is not None
    ]
    for step in ("request", "release", "accept", "refuse", "withdraw"):
        call = view.outbox.find(f"transfer/{case.case_id}/{step}")
        if call is not None and call.state == FAILED:
            troubles.append(
                MessageTrouble(
                    f"chain {step}", MessageState.REFUSED, call.attempts, call.last_error or ""
                )
            )
    return tuple(troubles)
