"""From alerts and conflicts to what the pages of suspicions show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final

from api.supervisor import views
from api.supervisor.measure_views import alert_measures
from api.supervisor.measure_words import OUTCOMES
from api.supervisor.measures import AlertMeasures
from api.web.parts import AlertRule, Seal, SealState, StepState, Words
from api.web.proof_pages import bureaus_words
from ledger.chain.bindings import ConflictOnChain, ConflictOutcome
from ledger.chain.bindings import ConflictState as ChainConflict
from ledger.errors import UnavailableError
from ledger.evidence.encoding import PlacedEntry
from ledger.ports import BEIJING
from ledger.recording.context import NodeContext
from ledger.store.following import FollowedCheckpoint
from ledger.supervision.model import Alert, AlertState, LeafPlace, Rule
from ledger.supervision.queries import AlertDetail, alert_detail, alerts
from ledger.supervision.rules import ANSWER_WORKING_DAYS

_RULES: Final = MappingProxyType(
    {
        Rule.DUPLICATE_PAYOUT: AlertRule.DUPLICATE_PAYOUT,
        Rule.PAID_AFTER_DEATH: AlertRule.PAID_AFTER_DEATH,
        Rule.LOG_INCONSISTENT: AlertRule.LOG_INCONSISTENT,
    }
)
_UNDATED: Final = Words(
    f"时限{ANSWER_WORKING_DAYS}个工作日，官方工作日历公布后显示到期日。",
    f"{ANSWER_WORKING_DAYS} working days; the date shows once the official calendar is published.",
)
_RISKS: Final = MappingProxyType({3: 90, 2: 55, 1: 20})
"""The three grades of a rule on the page's scale of 100."""
_STATES: Final = MappingProxyType(
    {
        AlertState.OPEN: views.AlertState.OPEN,
        AlertState.PROVEN: views.AlertState.NOTIFIED,
        AlertState.PREVENTED: views.AlertState.CLOSED,
        AlertState.CLOSED: views.AlertState.CLOSED,
    }
)
OPEN_STATES: Final = frozenset({AlertState.OPEN, AlertState.PROVEN})
_CONFLICTS: Final = MappingProxyType(
    {
        ChainConflict.OPEN: views.ConflictState.OPEN,
        ChainConflict.REVERSED: views.ConflictState.ANSWERED,
        ChainConflict.CLOSED: views.ConflictState.CLOSED,
    }
)
_CAUSES: Final[Mapping[Rule, tuple[Words, ...]]] = MappingProxyType(
    {
        Rule.DUPLICATE_PAYOUT: (
            Words(
                "待遇领取地刚刚改变，前一地尚未停发。",
                "The paying city just changed; the old one had not stopped.",
            ),
            Words(
                "补发误记为当月的正常发放。", "Back pay was recorded as the month's normal payment."
            ),
            Words(
                "银行退回后重发，而退回尚未入账。",
                "Paid again after a bank return that is not on the books yet.",
            ),
        ),
        Rule.PAID_AFTER_DEATH: (
            Words(
                "死亡当月仍应发放，报告的日期可能有误。",
                "The month of death is still due; the reported date may be wrong.",
            ),
            Words(
                "死亡报告晚于发放日，发放时尚不知情。",
                "The report came after the payment was made.",
            ),
            Words("死亡报告写错了人。", "The report is about somebody else."),
        ),
    }
)


def alerts_view(context: NodeContext) -> views.AlertsView:
    """``supervisor/alerts.html``: all of them, closed ones too."""
    names = bureaus_words(context)
    return views.AlertsView(tuple(alert_row(alert, names) for alert in alerts(context)))


def alert_row(alert: Alert, names: Mapping[int, Words]) -> views.AlertRow:
    """One suspicion in the list."""
    return views.AlertRow(
        href=f"/supervisor/alerts/{alert.alert_id}",
        number=alert_number(alert),
        rule=_RULES[alert.rule],
        risk=risk_of(alert),
        places=places_of(alert, names),
        first_period=alert.period,
        last_period=alert.period,
        months=1,
        amount_fen=alert.amount_fen,
        state=_STATES[alert.state],
        raised_at=alert.found_at,
    )


def alert_number(alert: Alert) -> str:
    """A short number for people; the alert's own one is a digest."""
    return f"S-{alert.alert_id[:8]}"


def risk_of(alert: Alert) -> int:
    """The grade on a scale of 100."""
    return _RISKS.get(alert.risk, _RISKS[1])


def places_of(alert: Alert, names: Mapping[int, Words]) -> tuple[Words, ...]:
    """The bureaus whose logs an alert rests on, each once."""
    logs = dict.fromkeys(int(place.log_id) for place in alert.leaves)
    return tuple(names.get(log_id, Words(str(log_id), str(log_id))) for log_id in logs)


def alert_view(context: NodeContext, alert_id: str) -> views.AlertView:
    """``supervisor/alert.html``.

    Raises:
        NotFoundError: there is no such alert.
    """
    detail = alert_detail(context, alert_id)
    alert = detail.alert
    names = bureaus_words(context)
    conflict = _conflict(context, alert)
    can_prove = alert.rule is Rule.DUPLICATE_PAYOUT and alert.state is AlertState.OPEN
    with context.read() as view:
        is_sent = view.outbox.find(f"conflict/{alert_id}") is not None
    answers = (
        context.chain.shown.conflict_answers(alert.conflict_id)
        if alert.conflict_id is not None
        else []
    )
    answered_at = _time(answers[-1].answered_at) if answers else None
    return views.AlertView(
        number=alert_number(alert),
        rule=_RULES[alert.rule],
        risk=risk_of(alert),
        state=_STATES[alert.state],
        raised_at=alert.found_at,
        places=places_of(alert, names),
        leaves=leaves_of(detail, names),
        months=1,
        amount_fen=alert.amount_fen,
        process=process_of(
            alert,
            conflict,
            answered_at,
            is_sent=is_sent,
            due_on=_due_on(context, conflict),
            late=_late(context, conflict, names),
        ),
        conflict=_proof(context, alert, conflict),
        innocent_causes=_CAUSES.get(alert.rule, ()),
        prove_action=f"/supervisor/alerts/{alert_id}/prove" if can_prove and not is_sent else "",
        measures=_measures(context, alert, conflict, names),
    )


def leaves_of(detail: AlertDetail, names: Mapping[int, Words]) -> tuple[views.AlertLeaf, ...]:
    """The entries an alert rests on; each opens its proof."""
    entries = {LeafPlace(item.log_id, item.index): item for item in detail.entries}
    covering = sorted(detail.checkpoints, key=lambda item: item.size)
    leaves = []
    for place in detail.alert.leaves:
        entry = entries.get(place)
        held = (item for item in covering if item.log_id == place.log_id)
        first = next((item for item in held if item.size > place.index), None)
        if entry is not None:
            leaves.append(_leaf(entry, first, names))
    return tuple(leaves)


def process_of(
    alert: Alert,
    conflict: ConflictOnChain | None,
    answered_at: datetime | None,
    *,
    is_sent: bool,
    due_on: date | None = None,
    late: Words | None = None,
) -> tuple[views.CaseProcess, ...]:
    """Due process in its five steps, as far as log and chain show it.

    Args:
        alert: the suspicion.
        conflict: what the contract confirmed.
        answered_at: when a side last answered.
        is_sent: whether the proof is on its way to the contract.
        due_on: the last day for answers, as the contract counts it; None while it cannot.
        late: who let that day pass without an answer.
    """
    is_open = alert.state is AlertState.OPEN
    is_prevented = alert.state is AlertState.PREVENTED
    is_closed = conflict is not None and conflict.state is ChainConflict.CLOSED
    is_answered = conflict is not None and (
        conflict.state is not ChainConflict.OPEN
        or (conflict.first_answered and conflict.second_answered)
    )
    notice = _text(
        Words("双方机构可在链上看到这一冲突。", "Both bureaus see the conflict on chain."),
        Words("已交合约核对，等上链。", "Sent to the contract; it is on its way."),
        shows_first=conflict is not None, shows_second=is_sent,
    )  # fmt: skip
    raised = Words(
        f"证据存证后 {alert.seconds_to_alert:,.0f} 秒发现。",
        f"Found {alert.seconds_to_alert:,.0f} s after its evidence was final.",
    )
    prevented = Words("支付前已冲销，没有多付。", "Reversed before payment; nothing went twice.")
    done = (True, not is_open, is_answered or is_prevented, is_closed or is_prevented,
            is_closed or is_prevented)  # fmt: skip
    found_at = _time(conflict.decided_at) if is_closed and conflict is not None else None
    at = (alert.found_at, _at(conflict), answered_at, found_at, found_at)
    is_waiting = conflict is not None and not is_answered
    waiting = late or (_UNDATED if due_on is None else None) if is_waiting else None
    texts = (raised, notice, waiting, _finding(conflict), prevented if is_prevented else None)
    current = next((number for number, is_done in enumerate(done) if not is_done), len(done))
    return tuple(
        views.CaseProcess(
            step=step,
            state=StepState.DONE
            if done[number]
            else StepState.CURRENT
            if number == current
            else StepState.WAITING,
            at=at[number] if done[number] else None,
            due_on=due_on if step is views.ProcessStep.ANSWER and not done[number] else None,
            text=texts[number],
        )
        for number, step in enumerate(views.ProcessStep)
    )


def _leaf(
    entry: PlacedEntry, checkpoint: FollowedCheckpoint | None, names: Mapping[int, Words]
) -> views.AlertLeaf:
    head = entry.entry.head
    state = SealState.STANDING if checkpoint is not None else SealState.PENDING
    log_id = int(entry.log_id)
    return views.AlertLeaf(
        log_name=names.get(log_id, Words(str(log_id), str(log_id))),
        index=int(entry.index),
        number=checkpoint.number if checkpoint is not None else None,
        kind=int(head.kind),
        exclusion_class=head.class_,
        period=head.period,
        amount_fen=entry.entry.amount_fen,
        seal=Seal(state, f"/supervisor/entries/{log_id}/{entry.index}"),
    )


def _conflict(context: NodeContext, alert: Alert) -> ConflictOnChain | None:
    return (
        context.chain.shown.conflict(alert.conflict_id) if alert.conflict_id is not None else None
    )


def _proof(
    context: NodeContext, alert: Alert, conflict: ConflictOnChain | None
) -> views.ConflictProof | None:
    if conflict is None:
        return None
    with context.read() as view:
        event = next(
            (
                item
                for item in view.events.about(
                    [f"conflictId:{alert.conflict_id}"], "Conflicts", "ConflictProven"
                )
            ),
            None,
        )
    return views.ConflictProof(
        number=conflict.conflict_id,
        tag=conflict.tag.hex(),
        chain_transaction=event.transaction_hash if event is not None else "",
        block=event.block if event is not None else 0,
        proven_at=_time(conflict.proven_at),
        state=_CONFLICTS[conflict.state],
    )


def _due_on(context: NodeContext, conflict: ConflictOnChain | None) -> date | None:
    """The last day for answers, as the contract counts it."""
    if conflict is None:
        return None
    due_at = context.chain.shown.answer_due_at(conflict.conflict_id)
    return None if due_at is None else _time(due_at - 1).astimezone(BEIJING).date()


def _late(
    context: NodeContext, conflict: ConflictOnChain | None, names: Mapping[int, Words]
) -> Words | None:
    """Who should have answered by now; None while nobody is late."""
    if conflict is None or not context.chain.shown.is_answer_overdue(conflict.conflict_id):
        return None
    silent = [
        names.get(log_id, Words(str(log_id), str(log_id)))
        for log_id, answered in (
            (conflict.first_log, conflict.first_answered),
            (conflict.second_log, conflict.second_answered),
        )
        if not answered
    ]
    return Words(
        "已逾期：" + "、".join(name.zh for name in silent) + "尚未答复。",
        "Overdue: no answer from " + " and ".join(name.en for name in silent) + ".",
    )


def _measures(
    context: NodeContext, alert: Alert, conflict: ConflictOnChain | None, names: Mapping[int, Words]
) -> AlertMeasures | None:
    """What can be done about it; None while the chain cannot say how things stand."""
    try:
        return alert_measures(context, alert, conflict, names)
    except UnavailableError:
        return None


def _finding(conflict: ConflictOnChain | None) -> Words | None:
    """What a supervisor found when it closed a conflict."""
    if conflict is None or conflict.state is not ChainConflict.CLOSED or not conflict.outcome:
        return None
    return OUTCOMES[ConflictOutcome(conflict.outcome).name.lower().replace("_", "-")]


def _at(conflict: ConflictOnChain | None) -> datetime | None:
    return _time(conflict.proven_at) if conflict is not None else None


def _text(first: Words, second: Words, *, shows_first: bool, shows_second: bool) -> Words | None:
    if shows_first:
        return first
    return second if shows_second else None


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
