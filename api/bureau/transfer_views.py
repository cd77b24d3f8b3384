"""From transfer cases to what the transfer pages show, for officers and for the person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final

from api.bureau import views
from api.bureau.payout_views import Officers, final_size
from api.web.claim_pages import claim_rows
from api.web.parts import Clock, Link, Seal, SealState, StepState, TransferStep, Words
from api.web.proof_pages import seal_state
from ledger.policy.transfer import Scope
from ledger.recording.context import NodeContext, names_of
from ledger.store.transfers import SettlementState
from ledger.transfers.model import (
    FINISHED,
    CaseId,
    CaseState,
    Intent,
    Side,
)
from ledger.transfers.model import CaseStep as KeptStep
from ledger.transfers.queries import CaseDetail, CaseRow, Place, case_detail, list_cases
from ledger.transfers.steps import Step

ORDER: Final = (
    TransferStep.APPLIED,
    TransferStep.ACCEPTED,
    TransferStep.LETTER_SENT,
    TransferStep.SHEET_ISSUED,
    TransferStep.RECORDS_CHECKED,
    TransferStep.FIGURES_SIGNED,
    TransferStep.HANDED_OVER,
    TransferStep.FUNDS_SENT,
    TransferStep.CLOSED,
)
"""The steps as they follow here: money moves in settlements of cases, after the hand-over."""

_UNDER_WAY: Final = MappingProxyType(
    {
        CaseState.APPLIED: TransferStep.LETTER_SENT,
        CaseState.LETTER_SENT: TransferStep.SHEET_ISSUED,
        CaseState.PACKAGE_SENT: TransferStep.RECORDS_CHECKED,
        CaseState.RELEASED: TransferStep.FIGURES_SIGNED,
        CaseState.ACCEPTED: TransferStep.FUNDS_SENT,
        CaseState.SETTLED: TransferStep.CLOSED,
        CaseState.CLOSED: TransferStep.CLOSED,
    }
)
_NOTED: Final = MappingProxyType(
    {
        Step.LETTER_SIGNED: TransferStep.ACCEPTED,
        Step.LETTER_DELIVERED: TransferStep.LETTER_SENT,
        Step.SHEET_SIGNED: TransferStep.SHEET_ISSUED,
        Step.PACKAGE_REFUSED: TransferStep.RECORDS_CHECKED,
        Step.PACKAGE_DELIVERED: TransferStep.RECORDS_CHECKED,
        Step.PACKAGE_TAKEN: TransferStep.RECORDS_CHECKED,
        Step.RELEASE_FINAL: TransferStep.RECORDS_CHECKED,
        Step.WAITS_FOR_OTHER_CASE: TransferStep.LETTER_SENT,
        Step.FIGURES_DIFFER_ON_CHAIN: TransferStep.FIGURES_SIGNED,
        Step.ACCEPTANCE_SIGNED: TransferStep.FIGURES_SIGNED,
        Step.ACCEPTANCE_FINAL: TransferStep.HANDED_OVER,
        Step.MOVED_BY_SUPERVISORS: TransferStep.HANDED_OVER,
        Step.MONEY_SENT: TransferStep.FUNDS_SENT,
        Step.MONEY_ARRIVED: TransferStep.CLOSED,
    }
)
"""Which step of the procedure a note belongs to; an end belongs to where it came."""
_DONE_STATES: Final = frozenset({CaseState.CLOSED})


def case_number(case_id: str) -> str:
    """A short number for people; the case's own one is 64 digits."""
    return f"T-{case_id[2:10]}"


def case_href(case_id: str) -> str:
    """The page of a case."""
    return f"/bureau/transfers/{case_id}"


def place_words(context: NodeContext, place: Place) -> Words:
    """What a bureau is called; our own name is in the settings in both languages."""
    if place.log_id == context.log_id:
        return Words(context.settings.name_zh, context.settings.name_en)
    return Words(*names_of(place.name))


def direction_of(row: CaseRow) -> views.Direction:
    """Which side this bureau is on."""
    return views.Direction.IN if row.side is Side.NEW else views.Direction.OUT


def other_bureau(row: CaseRow) -> Words:
    """The bureau on the other side."""
    place = row.old if row.side is Side.NEW else row.new
    return Words(*names_of(place.name))


def clock_of(row: CaseRow) -> Clock | None:
    """The statutory term of the step under way; None once the case is finished."""
    if row.clock is None:
        return None
    return Clock(row.clock.working_days, row.clock.used_days, row.clock.due_on)


def steps_of(*, money_moves: bool) -> tuple[TransferStep, ...]:
    """The steps of a case; inside a province no money is sent."""
    return tuple(step for step in ORDER if money_moves or step is not TransferStep.FUNDS_SENT)


def step_of(state: CaseState, noted: Iterable[str]) -> TransferStep:
    """The step under way, or the one at which a case ended."""
    if state in _UNDER_WAY:
        return _UNDER_WAY[state]
    reached = [_NOTED[Step(step)] for step in noted if step in _NOTED]
    return max(reached, key=ORDER.index, default=TransferStep.APPLIED)


def step_state(state: CaseState) -> StepState:
    """How the step under way stands."""
    if state in _DONE_STATES:
        return StepState.DONE
    return StepState.REFUSED if state in FINISHED else StepState.CURRENT


def transfers_view(context: NodeContext) -> views.TransfersView:
    """``bureau/transfers.html``."""
    return views.TransfersView(
        tuple(
            views.TransferRow(
                href=case_href(row.case_id),
                case_number=case_number(row.case_id),
                direction=direction_of(row),
                other_bureau=other_bureau(row),
                person_name=row.person_name,
                step=step_of(row.state, ()),
                step_state=step_state(row.state),
                months=row.months,
                total_fen=row.amount_fen,
                clock=clock_of(row),
            )
            for row in list_cases(context)
        ),
        claim_rows(context, context.log_id),
    )


def transfers_due(context: NodeContext) -> tuple[views.TransferDue, ...]:
    """Cases in which officers of this bureau have the next step."""
    due = []
    for row in list_cases(context):
        clock = clock_of(row)
        if row.waits_for_us and clock is not None:
            due.append(
                views.TransferDue(
                    href=case_href(row.case_id),
                    case_number=case_number(row.case_id),
                    direction=direction_of(row),
                    other_bureau=other_bureau(row),
                    step=step_of(row.state, ()),
                    clock=clock,
                )
            )
    return tuple(due)


def transfer_view(context: NodeContext, case_id: str, officers: Officers) -> views.TransferView:
    """``bureau/transfer.html`` for one case.

    Raises:
        NotFoundError: there is no such case.
    """
    detail = case_detail(context, CaseId(case_id))
    with context.read() as view:
        size = final_size(view)
    row = detail.row
    return views.TransferView(
        case_number=case_number(case_id),
        direction=direction_of(row),
        person_name=row.person_name,
        identity_tail=row.identity_tail,
        source=place_words(context, row.old),
        receiver=place_words(context, row.new),
        crosses_province=row.scope is Scope.CROSS_PROVINCE,
        step=step_of(row.state, (step.step for step in detail.steps)),
        clock=clock_of(row),
        steps=timeline(detail, officers),
        figures=figures_of(detail),
        records=_records(detail, size),
        refused_reason=refused_reason(detail),
        actions=actions_of(row),
    )


def timeline(detail: CaseDetail, officers: Officers | None) -> tuple[views.CaseStep, ...]:
    """Every step with its state; ``officers`` None leaves out who signed, as the person sees it."""
    row = detail.row
    current = step_of(row.state, (step.step for step in detail.steps))
    kept: dict[TransferStep, list[KeptStep]] = {}
    for noted in detail.steps:
        kept.setdefault(_NOTED.get(Step(noted.step), current), []).append(noted)
    order = steps_of(money_moves=row.scope is Scope.CROSS_PROVINCE)
    position = order.index(current) if current in order else len(order) - 1
    steps = []
    for number, step in enumerate(order):
        state = (
            StepState.DONE
            if number < position
            else step_state(row.state)
            if number == position
            else StepState.WAITING
        )
        notes = kept.get(step, [])
        at = notes[-1].at if notes else row.opened_at if step is TransferStep.APPLIED else None
        steps.append(
            views.CaseStep(
                step=step,
                state=state,
                at=at if state is not StepState.WAITING else None,
                due_on=row.clock.due_on if row.clock and number == position else None,
                by=_actors(notes, officers),
                note=_joined(notes),
            )
        )
    return tuple(steps)


def figures_of(detail: CaseDetail) -> views.TransferFigures | None:
    """The figures both sides sign, once the package is there."""
    figures = detail.figures
    if figures is None:
        return None
    settled = detail.settlement
    has_arrived = settled is not None and settled.state is SettlementState.RECEIVED
    return views.TransferFigures(
        months=figures.months,
        overlap_months=len(detail.overlaps),
        base_fen=figures.base_fen,
        account_fen=figures.account_fen,
        pool_fen=figures.pool_fen,
        total_fen=figures.fund_fen,
        received_fen=figures.fund_fen if has_arrived else None,
        digest=detail.figures_digest.hex() if detail.figures_digest is not None else "",
        signed_by_source=detail.old_signed,
        signed_by_receiver=detail.new_signed,
    )


def refused_reason(detail: CaseDetail) -> Words | None:
    """Why a case ended without a transfer."""
    if detail.row.state is CaseState.WITHDRAWN:
        return Words("新参保地撤回了申请。", "The new city took its request back.")
    if detail.row.state is CaseState.CANCELLED:
        return Words(
            "办理逾期，两名监管人员决定终止这笔转移。",
            "A term was missed: two supervisors ended this case.",
        )
    if detail.refusal is None:
        return None
    return Words(detail.refusal.zh, detail.refusal.en)


def actions_of(row: CaseRow) -> tuple[Link, ...]:
    """What officers of this bureau can do now; each leads to a page that asks again."""
    href = case_href(row.case_id)
    refuse = Link(f"{href}/refuse", Words("退回", "Send back"))
    if row.intent is not Intent.NONE:
        return ()
    if (row.side, row.state) == (Side.NEW, CaseState.RELEASED):
        label = Words("核对无误，签认数字", "All agrees: sign the figures")
        return (Link(f"{href}/accept", label), refuse)
    if (row.side, row.state) == (Side.OLD, CaseState.LETTER_SENT):
        label = Words("核对并出具信息表", "Check and issue the sheet")
        return (Link(f"{href}/release", label), refuse)
    return ()


def _records(detail: CaseDetail, size: int) -> tuple[views.CaseRecord, ...]:
    own = detail.row.side is Side.OLD
    return tuple(
        views.CaseRecord(
            period=item.period,
            base_fen=int(item.record.record["base_fen"]),
            amount_fen=int(item.record.record["amount_fen"]),
            account_fen=int(item.record.record["account_fen"]),
            seal=_record_seal(detail, item.record.leaf_index, size, own=own),
            overlaps=item.overlaps,
        )
        for item in detail.records
    )


def _record_seal(detail: CaseDetail, index: int, size: int, *, own: bool) -> Seal:
    """Our own records open our own entry; the other city's were proven when the package came."""
    if own:
        return Seal(seal_state(index, size), f"/bureau/entries/{index}")
    href = f"{case_href(detail.row.case_id)}/records/{index}"
    return Seal(SealState.STANDING, href)


def _actors(notes: Sequence[KeptStep], officers: Officers | None) -> Words | None:
    names = [
        officers.words(actor) for step in notes for actor in step.actors if officers is not None
    ]
    unique = list(dict.fromkeys(names))
    if not unique:
        return None
    return Words("、".join(name.zh for name in unique), ", ".join(name.en for name in unique))


def _joined(notes: Sequence[KeptStep]) -> Words | None:
    if not notes:
        return None
    return Words(
        "；".join(step.zh for step in notes) + "。", "; ".join(step.en for step in notes) + "."
    )
