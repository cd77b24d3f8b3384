"""From a person's records, review, transfers and payments to what her own page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.bureau.transfer_views import (
    clock_of,
    place_words,
    refused_reason,
    step_of,
    steps_of,
)
from api.person import views
from api.web.parts import Seal, SealState, Words
from ledger.benefits.model import MonthRecord, RecordState
from ledger.benefits.queries import PayoutOfPerson, PersonRecord, person_record
from ledger.errors import NotFoundError
from ledger.evidence.encoding import Subject
from ledger.funds.model import LineState
from ledger.funds.queries import line_of
from ledger.policy.eligibility import Condition
from ledger.policy.kinds import Kind
from ledger.policy.periods import months_between
from ledger.policy.regions import region_name
from ledger.policy.transfer import Scope
from ledger.recording.context import NodeContext
from ledger.transfers.model import FINISHED, CaseState
from ledger.transfers.queries import CaseDetail, cases_of_person

HOME: Final = "/me"
_CONDITION_NAMES: Final = {
    "AGE": Words("达到法定退休年龄", "The pension age is reached"),
    "MONTHS": Words("缴满最低年限", "The minimum months are paid"),
}
_LINE_STATES: Final = {
    LineState.PAID: views.PayoutState.PAID,
    LineState.HELD: views.PayoutState.HELD,
    LineState.RETURNED: views.PayoutState.RETURNED,
}
_NAMED_KINDS: Final = (Kind.CONTRIBUTION, Kind.PAYOUT, Kind.DECISION)
_FORESEEN_MONTHS: Final = 60
"""A month so far ahead is named in the answer; a later one rests on decades of paying on."""
_NO_CATEGORY: Final = Words(
    "女职工的退休年龄取决于岗位类别，要由经办机构核定；核定后这里就有答案。",
    "For women the pension age depends on the post, which the bureau decides; the answer is here "
    "once it has.",
)
_NO_MONTHS: Final = Words(
    "这里没有您的企业职工养老保险缴费记录。", "No employee-pension contribution of yours is here."
)
_NOT_PAID: Final = Words(
    "这一笔没有发放，账上已冲销。", "This line was not paid and was taken back."
)
_RETIRED: Final = Words(
    "您的养老金按月发放，每个月都列在下面。",
    "Your pension is paid every month; each month is listed below.",
)
_PREVIEW: Final = Words(
    "这是系统按已存证的记录自动判断的，经办机构核定后才算数。",
    "This was worked out from anchored records; it counts once the bureau has decided.",
)


@dataclass(frozen=True, slots=True)
class OwnLeaves:
    """A person's own leaves in this log, and among them the entry of each transfer that came in."""

    all: frozenset[int]
    transfers_in: Mapping[str, int]


def own_leaves(context: NodeContext, subject: Subject) -> OwnLeaves:
    """Which entries of this log are about a person; what she may open is exactly this.

    Reversals of her entries are hers too: they say why something of hers no longer counts.
    """
    with context.read() as view:
        entries = view.log.of_subject(subject)
        reversals = view.history.reversals_of([entry.index for entry in entries])
        came = [entry for entry in entries if entry.entry.head.kind is Kind.TRANSFER_IN]
        erased = bool(context.bureau.person_keys.destroyed_among([subject]))
        opened = [] if erased else context.bureau.reader.open_many(came, view.log)
    own = {int(entry.index) for entry in entries} | {int(index) for index in reversals.values()}
    return OwnLeaves(
        frozenset(own),
        {str(item.record["case_id"]): int(item.stored.index) for item in opened},
    )


def require_own(context: NodeContext, subject: Subject, index: int) -> None:
    """Refuse a leaf that is not about this person, in the words used for one that does not exist.

    Raises:
        NotFoundError: it is somebody else's, or nobody's.
    """
    if index not in own_leaves(context, subject).all:
        raise NotFoundError(what="entry", key="of yours with this number")


def identity_number_of(context: NodeContext, subject: Subject) -> str:
    """The identity number behind a pseudonym, as the person's own newest record has it.

    Raises:
        NotFoundError: this bureau has nothing about this person.
    """
    with context.read() as view:
        entries = view.log.of_subject(subject, _NAMED_KINDS)
        if not entries:
            raise NotFoundError(what="record", key="of yours")
        record = context.bureau.reader.open(entries[-1], view.log).record
    return str(record["identity_number"])


def record_view(context: NodeContext, subject: Subject) -> views.RecordView:
    """``person/record.html``.

    Raises:
        NotFoundError: this bureau has nothing about this person.
    """
    record = person_record(context, identity_number_of(context, subject))
    leaves, held = own_leaves(context, subject), held_reasons(context, subject)
    months = [row for year in record.years for row in year.rows]
    cities = {row.region: None for row in months}
    lines = tuple(
        views.CityLine(
            city_words(region),
            tuple(sorted({row.period for row in months if row.region == region})),
        )
        for region in cities
    )
    years = tuple(
        views.YearRows(
            year.year,
            tuple(_month(row, record, context, leaves) for row in reversed(year.rows)),
        )
        for year in reversed(record.years)
    )
    return views.RecordView(
        name=record.name,
        eligibility=eligibility_of(record, months),
        lines=lines,
        years=years,
        transfers=tuple(
            transfer_of(context, detail, leaves) for detail in cases_of_person(context, subject)
        ),
        payouts=tuple(payout_of(row, held) for row in record.payouts),
        downloads=downloads_of(record, months, context),
    )


def eligibility_of(record: PersonRecord, months: list[MonthRecord]) -> views.Eligibility:
    """The big answer with its reasons; a decision carries the seal, a review is an estimate."""
    seal = _answer_seal(record, months)
    draws = any(_is_running(row) for row in record.payouts)
    review = record.review
    if review is None:
        reason = _RETIRED if draws else _NO_CATEGORY if months else _NO_MONTHS
        answer = views.Answer.RETIRED if draws else views.Answer.UNDETERMINED
        return views.Eligibility(answer, (reason,), (), seal)
    result = review.result
    reasons = [Words(result.explanation.zh + "。", result.explanation.en + ".")]
    reasons += [Words(item.zh + "。", item.en + ".") for item in review.remarks]
    is_decided = record.decision is not None
    if draws:
        answer, reasons = views.Answer.RETIRED, [_RETIRED]
    elif result.eligible:
        answer = views.Answer.NOW
    elif months_between(record.as_of_period, result.benefits_from_period) <= _FORESEEN_MONTHS:
        answer = views.Answer.FROM
    else:
        answer = views.Answer.NOT_YET
    if not is_decided and not draws:
        reasons.append(_PREVIEW)
    return views.Eligibility(
        answer=answer,
        reasons=tuple(reasons),
        conditions=tuple(condition_of(item) for item in result.conditions),
        seal=seal,
        from_period=result.benefits_from_period if answer is views.Answer.FROM else None,
    )


def condition_of(condition: Condition) -> views.Condition:
    """One condition of the law in words; the first remedy is the one advised."""
    text = _CONDITION_NAMES[condition.code.value]
    sentence = condition.explanation
    mend = condition.remedies[0] if condition.remedies else None
    return views.Condition(
        text=text,
        detail=Words(
            f"{sentence.zh}。依据：{sentence.source}。",
            f"{sentence.en}. Source: {sentence.source}.",
        ),
        met=condition.met,
        mend=Words(mend.zh + "。", mend.en + ".") if mend is not None else None,
        href="#years" if condition.code.value == "MONTHS" else "",
    )


def transfer_of(
    context: NodeContext, detail: CaseDetail, leaves: OwnLeaves
) -> views.TransferProgress:
    """A transfer as the person follows it."""
    row = detail.row
    order = steps_of(money_moves=row.scope is Scope.CROSS_PROVINCE)
    step = step_of(row.state, (noted.step for noted in detail.steps))
    done = order.index(step) if step in order else 0
    if row.state is CaseState.CLOSED:
        done = len(order)
    entry = leaves.transfers_in.get(str(row.case_id))
    return views.TransferProgress(
        source=place_words(context, row.old),
        receiver=place_words(context, row.new),
        step=step,
        done=done,
        total=len(order),
        clock=clock_of(row),
        refused_reason=refused_reason(detail) if row.state in FINISHED else None,
        seal=Seal(SealState.STANDING, f"{HOME}/entries/{entry}") if entry is not None else None,
    )


def held_reasons(context: NodeContext, subject: Subject) -> dict[int, Words]:
    """Why lines of hers were held, by leaf, in the words the officers saw."""
    with context.read() as view:
        lines = [line_of(row) for row in view.payouts.of_subject(subject)]
    return {
        int(line.leaf_index): Words(line.finding.sentence("zh"), line.finding.sentence("en"))
        for line in lines
        if line.finding is not None and line.decision is not None and line.decision.hold
    }


def payout_of(row: PayoutOfPerson, held: Mapping[int, Words]) -> views.PayoutRow:
    """One month of pension; ``held`` gives the reason of a line that two officers held."""
    state = _LINE_STATES.get(LineState(row.line_state), views.PayoutState.COMING)
    if row.is_reversed:
        state = views.PayoutState.HELD
    note = None
    if row.is_supplement:
        note = Words("补发", "Back pay")
    if row.is_reversed:
        note = _NOT_PAID
    reason = held.get(int(row.leaf_index))
    if reason is not None:
        note = Words(
            f"暂缓原因：{reason.zh}您可以向经办机构说明情况。",
            f"Why it is held: {reason.en} You can tell the bureau your side.",
        )
    return views.PayoutRow(
        period=row.period,
        amount_fen=row.amount_fen,
        city=city_words(row.region),
        state=state,
        paid_on=row.paid_on if state is views.PayoutState.PAID else None,
        seal=_seal(row.state, int(row.leaf_index)),
        note=note,
    )


def downloads_of(
    record: PersonRecord, months: list[MonthRecord], context: NodeContext
) -> tuple[views.Download, ...]:
    """The proofs a person most likely wants; every other row has its own behind its seal."""
    downloads = []
    decision = record.decision
    if decision is not None and _is_final(context, int(decision.leaf_index)):
        downloads.append(
            views.Download(
                f"{HOME}/proofs/{decision.leaf_index}.json",
                Words("下载核定证明", "Download the proof of the decision"),
                Words("给银行、医院或新参保地看", "for a bank, a hospital or a new city"),
            )
        )
    own = [row for row in months if row.log_id == context.log_id]
    newest = next((row for row in reversed(own) if row.state is RecordState.ANCHORED), None)
    if newest is not None:
        year, month = divmod(newest.period, 100)
        downloads.append(
            views.Download(
                f"{HOME}/proofs/{newest.leaf_index}.json",
                Words(
                    f"下载 {year} 年 {month} 月缴费证明",
                    f"Download the proof for {year}-{month:02d}",
                ),
                Words("只披露这一个月", "it discloses this month only"),
            )
        )
    return tuple(downloads)


def city_words(region: str) -> Words:
    """What a city is called."""
    return Words(region_name(region), region_name(region, "en"))


def _month(
    row: MonthRecord, record: PersonRecord, context: NodeContext, leaves: OwnLeaves
) -> views.MonthRow:
    return views.MonthRow(
        period=row.period,
        city=city_words(row.region),
        base_fen=row.base_fen,
        amount_fen=row.amount_fen,
        account_fen=row.account_fen,
        seal=_month_seal(row, context, leaves),
        overlaps=row.period in record.overlap_periods,
    )


def _month_seal(row: MonthRecord, context: NodeContext, leaves: OwnLeaves) -> Seal:
    """Our own month opens its entry; one that came with a transfer opens the transfer's entry."""
    if row.log_id == context.log_id:
        return _seal(row.state, int(row.leaf_index))
    entry = leaves.transfers_in.get(row.case_id or "")
    if entry is not None:
        return _seal(row.state, entry)
    return Seal(
        SealState.UNCHECKED,
        f"{HOME}#years",
        Words("转入登记", "the entry of the transfer"),
    )


def _seal(state: RecordState, index: int) -> Seal:
    stands = state is not RecordState.PENDING
    return Seal(SealState.STANDING if stands else SealState.PENDING, f"{HOME}/entries/{index}")


def _answer_seal(record: PersonRecord, months: list[MonthRecord]) -> Seal:
    """The seal of the decision; without one, that of the months it would rest on."""
    if record.decision is not None:
        return Seal(SealState.STANDING, f"{HOME}/entries/{record.decision.leaf_index}")
    if record.review is None and not months:
        return Seal(SealState.UNCHECKED, HOME, Words("缴费记录", "contributions"))
    waits = any(row.state is RecordState.PENDING for row in months)
    return Seal(SealState.PENDING if waits else SealState.STANDING, f"{HOME}#years")


def _is_running(row: PayoutOfPerson) -> bool:
    return not row.is_reversed and row.line_state == LineState.PAID


def _is_final(context: NodeContext, index: int) -> bool:
    with context.read() as view:
        last = view.log.last_checkpoint(final=True)
    return last is not None and index < last.size
