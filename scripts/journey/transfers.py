"""The step of transfers: six that arrive and two that are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ledger.errors import PeerRefusedError, PeerUnavailableError
from ledger.policy.periods import add_months, period_of
from ledger.recording.context import NodeContext
from ledger.transfers.envelopes import envelope_json
from ledger.transfers.model import (
    CaseId,
    CaseState,
    Intent,
    PackageRecord,
    TransferCase,
    TransferReason,
)
from ledger.transfers.package import build_figures, build_package, build_sheet
from ledger.transfers.peers import HttpPeers
from ledger.transfers.queries import case_detail
from ledger.transfers.reasons import RefusalCode
from ledger.transfers.releases import open_case, seal_release, travelling_records
from ledger.transfers.service import (
    Application,
    accept_transfer,
    refuse_transfer,
    release_transfer,
    request_transfer,
    settle_transfers,
)
from ledger.transfers.stays import stay_of
from scripts.demo_data import planted
from scripts.demo_data.planted import PlantedTransfer
from scripts.journey.layout import HEFEI, NANJING, SUZHOU
from scripts.journey.steps import Stage, wait_until_anchored, wait_until_followed

_OLD_CITY: Final = {"340100": HEFEI, "320500": SUZHOU}
_FINISHED: Final = (CaseState.CLOSED, CaseState.REFUSED)
Damage = Callable[[list[PackageRecord]], list[PackageRecord]]


@dataclass(frozen=True, slots=True)
class TransferOutcome:
    """What became of one planted transfer."""

    planted: PlantedTransfer
    case_id: str
    state: str
    months: int
    amount_fen: int
    overlaps: tuple[int, ...]
    refused_as: str


def transfer_relations(stage: Stage) -> list[TransferOutcome]:
    """Carry every planted transfer through, true ones side by side, then the two refused ones."""
    for old in (HEFEI, SUZHOU):
        wait_until_followed(stage, NANJING, old)
    honest = [item for item in stage.planted.transfers if item.case == planted.TRANSFER]
    forged = [item for item in stage.planted.transfers if item.case != planted.TRANSFER]
    ids = {item.identity_number: _request(stage, item) for item in (*honest, *forged)}
    for item in honest:
        _until(stage, _old(item), ids[item.identity_number], CaseState.LETTER_SENT)
        _decide(
            stage, _old(item), ids[item.identity_number], CaseState.LETTER_SENT, release_transfer
        )
    for item in honest:
        _until(stage, NANJING, ids[item.identity_number], CaseState.RELEASED)
        _decide(stage, NANJING, ids[item.identity_number], CaseState.RELEASED, accept_transfer)
    for item in honest:
        _until(stage, _old(item), ids[item.identity_number], CaseState.ACCEPTED)
    _settle(stage, [ids[item.identity_number] for item in honest if _old(item) == HEFEI])
    refused = {
        item.identity_number: _attempt(stage, item, ids[item.identity_number]) for item in forged
    }
    for item in honest:
        _until(stage, NANJING, ids[item.identity_number], CaseState.CLOSED)
        _until(stage, _old(item), ids[item.identity_number], CaseState.CLOSED)
    wait_until_anchored(stage)
    return [
        _outcome(stage, item, ids[item.identity_number], refused.get(item.identity_number, ""))
        for item in (*honest, *forged)
    ]


def _old(item: PlantedTransfer) -> str:
    return _OLD_CITY[item.from_region]


def _request(stage: Stage, item: PlantedTransfer) -> CaseId:
    """Apply in the new city, unless an earlier run did."""
    context = stage.context(NANJING)
    subject = context.bureau.writer.subject_of(item.identity_number)
    with context.read() as view:
        known = view.transfers.cases_of(subject)
    if known:
        return known[0].case_id
    from_log = stage.context(_old(item)).log_id
    reason = (
        TransferReason.CONSOLIDATION if _old(item) == SUZHOU else TransferReason.NON_HUKOU_UNDER_AGE
    )
    return request_transfer(context, item.identity_number, from_log, Application(reason)).case_id


def _until(stage: Stage, name: str, case_id: CaseId, state: CaseState) -> None:
    """Wait until a case has reached a state, or gone past it."""
    order = list(CaseState)

    def reached() -> bool:
        case = _case(stage.context(name), case_id)
        return case is not None and order.index(case.state) >= order.index(state)

    stage.wait(f"the transfer case at {name} ({state})", reached)


def _case(context: NodeContext, case_id: CaseId) -> TransferCase | None:
    with context.read() as view:
        return view.transfers.case(case_id)


def _decide(
    stage: Stage,
    name: str,
    case_id: CaseId,
    state: CaseState,
    command: Callable[[NodeContext, CaseId], TransferCase],
) -> None:
    """Give the officers' decision, unless an earlier run gave it."""
    case = _case(stage.context(name), case_id)
    assert case is not None
    if case.state is state and case.intent is Intent.NONE:
        command(stage.context(name), case_id)


def _settle(stage: Stage, case_ids: list[CaseId]) -> None:
    context = stage.context(HEFEI)
    cases = [_case(context, case_id) for case_id in case_ids]
    if any(case is not None and case.settlement_id is None for case in cases):
        settle_transfers(context, stage.context(NANJING).log_id)


def _attempt(stage: Stage, item: PlantedTransfer, case_id: CaseId) -> str:
    """Let the old city send a signed package over damaged records; the name of the refusal."""
    _until(stage, HEFEI, case_id, CaseState.LETTER_SENT)
    damage = _altered if item.case == planted.REFUSED_ALTERED_RECORD else _left_out(item)
    code = (
        RefusalCode.RECORD_ALTERED
        if item.case == planted.REFUSED_ALTERED_RECORD
        else RefusalCode.MONTH_LEFT_OUT
    )
    here = stage.context(NANJING)
    case = _case(here, case_id)
    assert case is not None
    name = code.name.lower().replace("_", "-")
    if case.state not in _FINISHED and case.intent is Intent.NONE:
        name = _send_forged(stage, case_id, damage)
        refuse_transfer(here, case_id, code)
    for side in (NANJING, HEFEI):
        _until(stage, side, case_id, CaseState.REFUSED)
    return name


def _send_forged(stage: Stage, case_id: CaseId, damage: Damage) -> str:
    context = stage.context(HEFEI)
    with context.read() as view:
        case, content, _ = open_case(context, view, case_id)
        stay = stay_of(context, view, case.subject, case.class_)
        records, size, root = travelling_records(context, view, stay)
    assert content.letter is not None
    damaged = damage(list(records))
    through = add_months(period_of(context.clock.today()), -1)
    figures = build_figures(
        case_id,
        case.class_,
        (context.log_id, case.peer_log),
        case.segment.stay,
        case.scope,
        damaged,
        through,
    )
    sheet = build_sheet(figures, context.random.bytes(32), context.clock.today())
    package = build_package(size, root, sheet, damaged)
    message = envelope_json(seal_release(context, package, content.letter.sealing_key))
    name = ""

    def judged() -> bool:
        """Whether the new city could judge it: as any message, it is sent until then."""
        nonlocal name
        try:
            peers.send(case.peer_log, message)
        except PeerRefusedError as refusal:
            name = refusal.refusal
        except PeerUnavailableError:
            return False
        return True

    peers = HttpPeers(context)
    try:
        stage.wait(f"the new city's word on a forged package of {HEFEI}", judged)
    finally:
        peers.close()
    return name


def _altered(records: list[PackageRecord]) -> list[PackageRecord]:
    """One month's base raised."""
    changed = {**records[3].record, "base_fen": records[3].record["base_fen"] + 100_000}
    return [*records[:3], replace(records[3], record=changed), *records[4:]]


def _left_out(item: PlantedTransfer) -> Damage:
    return lambda records: [
        record for record in records if record.head.period != item.left_out_period
    ]


def _outcome(
    stage: Stage, item: PlantedTransfer, case_id: CaseId, refused_as: str
) -> TransferOutcome:
    context = stage.context(NANJING)
    case = _case(context, case_id)
    assert case is not None
    detail = case_detail(context, case_id)
    return TransferOutcome(
        planted=item,
        case_id=case_id,
        state=case.state,
        months=case.months,
        amount_fen=case.amount_fen,
        overlaps=tuple(detail.overlaps),
        refused_as=refused_as,
    )
