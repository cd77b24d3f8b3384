"""From batches and their lines to what the payout pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from api.auth.sessions import Persona
from api.bureau import views
from api.web.parts import Seal, Words
from api.web.proof_pages import seal_state
from api.web.record_facts import IDENTITY_TAIL
from ledger.evidence.encoding import LeafIndex
from ledger.funds.model import Batch, BatchState, LineState, PayoutLine, Suspicion
from ledger.funds.queries import (
    BatchDetail,
    ReturnedLine,
    batch_detail,
    batches,
    returns_of,
)
from ledger.recording.context import NodeContext
from ledger.recording.erasures import ERASED_NAME
from ledger.recording.seconding import choices
from ledger.recording.writer import OpenedRecord
from ledger.store.outbox import FAILED, FINAL
from ledger.store.unit_of_work import Rooms

HOLD: Final = "hold"
PAY: Final = "pay"
APPROVE: Final = "approve"
OPEN_STATES: Final = frozenset({BatchState.PROPOSED, BatchState.CHECKED})

_REASONS: Final = {
    Suspicion.SAME_MONTH_ELSEWHERE: views.HeldReason.PAID_ELSEWHERE,
    Suspicion.SAME_MONTH_HERE: views.HeldReason.PAID_HERE,
    Suspicion.AFTER_DEATH: views.HeldReason.DEATH_REPORTED,
}
_STATES: Final = {
    BatchState.RECORDED: views.BatchState.PAID,
    BatchState.CHECKED: views.BatchState.CHECKED,
    BatchState.APPROVED: views.BatchState.APPROVED,
    BatchState.RELEASED: views.BatchState.PAID,
    BatchState.SETTLED: views.BatchState.RECONCILED,
}
_REFUSALS: Final = {
    "FundsShortfallOutstanding": Words(
        "基金有缺口未补足，补足前不能发放。", "A shortfall has to be cleared before money goes out."
    ),
    "FundsInsufficient": Words("支出户余额不足。", "The expenditure account holds too little."),
    "FundsLogFrozen": Words("监管部门已暂停拨付。", "A supervisor has frozen outgoing money."),
}
_CHOICE_WORDS: Final = {
    HOLD: Words("{}提出暂缓，等另一名经办人员", "{} would hold it; another officer is needed"),
    PAY: Words("{}提出先发放，等另一名经办人员", "{} would pay it; another officer is needed"),
}


@dataclass(frozen=True, slots=True)
class Officers:
    """The officers of this node by the names services know them by."""

    by_name: Mapping[str, Words]

    @classmethod
    def of(cls, personas: Sequence[Persona]) -> Officers:
        """The officers among the personas."""
        return cls({each.officer: each.name for each in personas if each.role.value == "officer"})

    @property
    def names(self) -> tuple[str, ...]:
        """Their short names."""
        return tuple(self.by_name)

    def words(self, officer: str) -> Words:
        """What an officer is called; the key's name for one who is no persona."""
        short = officer.removeprefix("officer-")
        return self.by_name.get(short, Words(short, short))


def batch_number(batch: Batch) -> str:
    """A short number for people; the batch's own one is a digest."""
    return f"P-{batch.period // 100:04d}-{batch.period % 100:02d}-{batch.batch_id[2:8]}"


def batch_href(batch_id: str) -> str:
    """The page of a batch."""
    return f"/bureau/payouts/{batch_id}"


def state_of(batch: Batch, final_size: int) -> views.BatchState:
    """The state as the page names it; a proposed batch is anchored once its leaves are final."""
    if batch.state is BatchState.PROPOSED:
        is_anchored = batch.end_index <= final_size
        return views.BatchState.ANCHORED if is_anchored else views.BatchState.PROPOSED
    return _STATES[batch.state]


def batches_view(context: NodeContext) -> views.BatchesView:
    """``bureau/payouts.html``."""
    with context.read() as view:
        size = final_size(view)
    rows = []
    for batch in batches(context):
        detail = batch_detail(context, batch.batch_id)
        rows.append(
            views.BatchRow(
                href=batch_href(batch.batch_id),
                batch_number=batch_number(batch),
                period=batch.period,
                state=state_of(batch, size),
                lines=batch.lines,
                total_fen=batch.amount_fen,
                suspected_lines=len(detail.stopped),
                undecided_lines=undecided(detail),
                seal=_seal(batch.end_index - 1, size),
            )
        )
    return views.BatchesView(tuple(rows))


def batches_due(context: NodeContext) -> tuple[views.BatchDue, ...]:
    """Batches that wait for a check, for decisions or for signatures."""
    return tuple(
        views.BatchDue(
            href=batch_href(batch.batch_id),
            batch_number=batch_number(batch),
            period=batch.period,
            lines=batch.lines,
            total_fen=batch.amount_fen,
            undecided_lines=undecided(batch_detail(context, batch.batch_id)),
            clock=None,
        )
        for batch in batches(context)
        if batch.state in OPEN_STATES
    )


def undecided(detail: BatchDetail) -> int:
    """Lines that two officers have to decide."""
    return sum(1 for line in detail.stopped if line.state is LineState.SUSPECTED)


def batch_view(
    context: NodeContext, batch_id: str, officers: Officers, *, english: bool
) -> views.BatchView:
    """``bureau/payout.html`` for one batch.

    Raises:
        NotFoundError: there is no such batch.
    """
    detail = batch_detail(context, batch_id)
    batch = detail.batch
    with context.read() as view:
        size = final_size(view)
        records = _records(context, view, detail.stopped)
        intents = {
            line.leaf_index: choices(
                view, line_key(batch_id, line.leaf_index), (HOLD, PAY), officers.names
            )
            for line in detail.stopped
            if line.state is LineState.SUSPECTED
        }
        approvals = choices(view, approval_key(batch_id), (APPROVE,), officers.names)
        signed_at = _approved_at(view, batch_id)
        trouble = _trouble(view, batch_id)
    suspected = tuple(
        _suspected(line, batch, records.get(line.leaf_index), officers, size,
                   intents.get(line.leaf_index, ()), english=english)
        for line in detail.stopped
    )  # fmt: skip
    state = state_of(batch, size)
    maker = batch.details.get("maker") or next((name for name, _ in approvals), None)
    checker = batch.details.get("checker")
    is_checked = batch.state is BatchState.CHECKED
    href = batch_href(batch_id)
    paid, returned, unknown = _bank_answer(batch, detail)
    return views.BatchView(
        batch_number=batch_number(batch),
        period=batch.period,
        state=state,
        lines=batch.lines,
        total_fen=batch.amount_fen,
        root=batch.lines_root.hex(),
        seal=_seal(batch.end_index - 1, size),
        suspected=suspected,
        maker=_signature(maker, officers, signed_at, english=english),
        checker=_signature(checker, officers, signed_at, english=english),
        paid_lines=paid,
        returned_lines=returned,
        unknown_lines=unknown,
        check_action=f"{href}/check" if state is views.BatchState.ANCHORED else "",
        decide_action=f"{href}/decide" if is_checked else "",
        approve_action=f"{href}/approve" if is_checked else "",
        pay_file_href=f"{href}/pay-file" if batch.details.get("pay_file") else "",
        trouble=trouble,
        returns=_returns(context, batch, size),
    )


def line_key(batch_id: str, index: int) -> str:
    """What two officers decide about one line."""
    return f"line/{batch_id}/{index}"


def approval_key(batch_id: str) -> str:
    """What two officers decide about a batch."""
    return f"batch/{batch_id}"


def final_size(view: Rooms) -> int:
    """How many leaves of our own log are final on chain."""
    last = view.log.last_checkpoint(final=True)
    return last.size if last is not None else 0


def _returns(context: NodeContext, batch: Batch, size: int) -> tuple[views.ReturnRecord, ...]:
    """What came back of a batch: each total that the contract was told, with its lines."""
    found = returns_of(context, batch.batch_id)
    with context.read() as view:
        indices = [line.leaf_index for record in found for line in record.lines]
        records = _opened(context, view, indices)
    return tuple(
        views.ReturnRecord(
            recorded_at=record.recorded_at,
            total_fen=record.total_fen,
            rows=tuple(
                _returned_row(line, batch, records.get(line.leaf_index), size)
                for line in record.lines
            ),
            is_final=record.state == FINAL,
            is_correction=record.is_correction,
            trouble=_refusal(record.last_error) if record.state == FAILED else None,
        )
        for record in found
    )


def _returned_row(
    line: ReturnedLine, batch: Batch, opened: OpenedRecord | None, size: int
) -> views.ReturnedRow:
    is_line = batch.first_index <= line.leaf_index < batch.end_index
    return views.ReturnedRow(
        line_number=line.leaf_index - batch.first_index + 1 if is_line else None,
        index=line.leaf_index,
        person_name=str(opened.record["name"]) if opened is not None else ERASED_NAME,
        identity_tail=(
            str(opened.record["identity_number"])[-IDENTITY_TAIL:] if opened is not None else ""
        ),
        amount_fen=line.amount_fen,
        seal=_seal(line.leaf_index, size),
    )


def _records(
    context: NodeContext, view: Rooms, lines: Sequence[PayoutLine]
) -> dict[LeafIndex, OpenedRecord]:
    return _opened(context, view, [line.leaf_index for line in lines])


def _opened(
    context: NodeContext, view: Rooms, indices: Sequence[LeafIndex]
) -> dict[LeafIndex, OpenedRecord]:
    """The records behind these leaves, without those of erased persons."""
    stored = [entry for entry in (view.log.entry(index) for index in indices) if entry is not None]
    erased = context.bureau.person_keys.destroyed_among(each.entry.subject for each in stored)
    entries = [entry for entry in stored if entry.entry.subject not in erased]
    return {
        opened.stored.index: opened for opened in context.bureau.reader.open_many(entries, view.log)
    }


def _suspected(
    line: PayoutLine, batch: Batch, opened: OpenedRecord | None, officers: Officers, size: int,
    intents: Sequence[tuple[str, str]], *, english: bool,
) -> views.SuspectedLine:  # fmt: skip
    finding = line.finding
    assert finding is not None, "only lines with a finding are stopped"
    place = Words(finding.other_name_zh, finding.other_name_en)
    detail = Words(finding.sentence("zh"), finding.sentence("en"))
    decided = line.decision
    for officer, choice in intents:
        name, words = officers.words(officer), _CHOICE_WORDS[choice]
        detail = Words(
            f"{detail.zh}{words.zh.format(name.zh)}。",
            f"{detail.en} {words.en.format(name.en)}.",
        )
    signed = (decided.maker, decided.checker) if decided is not None else ()
    return views.SuspectedLine(
        line_number=line.leaf_index - batch.first_index + 1,
        person_name=str(opened.record["name"]) if opened is not None else ERASED_NAME,
        identity_tail=(
            str(opened.record["identity_number"])[-IDENTITY_TAIL:] if opened is not None else ""
        ),
        amount_fen=line.amount_fen,
        reason=_REASONS[finding.suspicion],
        place=place,
        decision=decision_of(line),
        decided_by=tuple(_name(officers.words(name), english=english) for name in signed),
        seal=_seal(line.leaf_index, size),
        detail=detail,
    )


def decision_of(line: PayoutLine) -> views.LineDecision:
    """The decision about a line in the page's words."""
    if line.decision is not None:
        held = line.decision.hold
        return views.LineDecision.HELD if held else views.LineDecision.PAY_WITH_CASE
    waits = line.state is LineState.SUSPECTED
    return views.LineDecision.UNDECIDED if waits else views.LineDecision.ALREADY_PAID


def _bank_answer(batch: Batch, detail: BatchDetail) -> tuple[int | None, int | None, int | None]:
    """Lines the bank paid, returned, and has not answered; nothing before the file went out."""
    if batch.state not in {BatchState.RELEASED, BatchState.SETTLED}:
        return None, None, None
    paid, returned, clear, payable = (
        detail.counts.get(state, (0, 0))[0]
        for state in (LineState.PAID, LineState.RETURNED, LineState.CLEAR, LineState.PAYABLE)
    )
    if batch.state is BatchState.RELEASED and not paid + returned:
        return None, None, None
    return paid, returned, clear + payable


def _signature(
    officer: str | None, officers: Officers, at: datetime | None, *, english: bool
) -> views.Signature | None:
    if officer is None:
        return None
    return views.Signature(_name(officers.words(officer), english=english), at)


def _name(words: Words, *, english: bool) -> str:
    return words.en if english and words.en else words.zh


def _approved_at(view: Rooms, batch_id: str) -> datetime | None:
    """When the block with both signatures was made."""
    for event in view.events.about([f"batchId:{batch_id}"], "Funds", "DisbursementApproved"):
        return datetime.fromtimestamp(event.block_time, UTC)
    return None


def _trouble(view: Rooms, batch_id: str) -> Words | None:
    """Why the contract did not take the proposal or the approval; it names no person."""
    for step in ("proposal", "approval", "paid"):
        message = view.outbox.find(f"{step}/{batch_id}")
        if message is not None and message.state == FAILED:
            return _refusal(message.last_error)
    return None


def _refusal(last_error: str | None) -> Words:
    name = (last_error or "").partition(" ")[0].rpartition(".")[2]
    said = name or "?"
    return _REFUSALS.get(name, Words(f"合约的答复：{said}。", f"It answered {said}."))


def _seal(index: int, size: int) -> Seal:
    return Seal(seal_state(index, size), f"/bureau/entries/{index}")
