"""From registry, fund rules, events and the outbox to what the pages of measures show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from api.supervisor.measure_words import (
    CLOSER_MISSING,
    FREEZER_MISSING,
    OUTCOMES,
    QUESTIONS,
    kept_refusal,
)
from api.supervisor.measures import (
    AlertMeasures,
    BureauStanding,
    BureausView,
    BureauView,
    Command,
    Measure,
    MeasureView,
    Offer,
    PastMeasure,
    Sent,
    SentState,
)
from api.web.parts import Link, Words
from api.web.proof_pages import bureaus_words
from ledger.chain.bindings import BureauOnChain, ConflictOnChain, ConflictState, FreezeOnChain
from ledger.errors import NotFoundError, RefusedError, UnavailableError
from ledger.funds.model import Account
from ledger.governing import Matter, ending_of, messages_about, payments_of, standing_of
from ledger.keys.key_store import CLOSER, FREEZER
from ledger.ports import BEIJING
from ledger.recording.context import NodeContext
from ledger.store.events import ChainEvent
from ledger.store.outbox import FAILED, FINAL, STUCK, Message
from ledger.supervision.model import Alert, AlertState
from ledger.supervision.service import shown_reversal

BUREAUS_HREF: Final = "/supervisor/bureaus"
MAXIMUM_MIB: Final = 16
"""How large the file of a decision may be; only its digest is kept."""

_OF_FUNCTION: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "freeze": Measure.FREEZE,
        "unfreeze": Measure.UNFREEZE,
        "suspend": Measure.SUSPEND,
        "reinstate": Measure.REINSTATE,
        "close": Measure.CLOSE,
        "closeByReversal": Measure.REVERSAL,
        "answerByReversal": Measure.REVERSAL,
    }
)
_OF_EVENT: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "FundsFrozen": Measure.FREEZE,
        "FreezeRenewed": Measure.RENEWED,
        "FundsUnfrozen": Measure.UNFREEZE,
        "BureauSuspended": Measure.SUSPEND,
        "BureauReinstated": Measure.REINSTATE,
        "LogClosed": Measure.LOG_CLOSED,
    }
)
_SENT_STATES: Final[Mapping[str, SentState]] = MappingProxyType(
    {FINAL: SentState.FINAL, FAILED: SentState.REFUSED, STUCK: SentState.STUCK}
)
_COMMANDS: Final[Mapping[Measure, str]] = MappingProxyType(
    {
        Measure.FREEZE: "anxu funds freeze {} --reason FILE --node DIR",
        Measure.UNFREEZE: "anxu funds unfreeze {} --reason FILE --node DIR",
        Measure.RENEWED: "anxu funds renew-freeze {} --reason FILE --node DIR",
        Measure.SUSPEND: "anxu bureau suspend {} --reason FILE --node DIR",
        Measure.REINSTATE: "anxu bureau reinstate {} --reason FILE --node DIR",
        Measure.CLOSE: "anxu alerts close {} --outcome OUTCOME --document FILE --node DIR",
    }
)
_RENEW: Final = Words("续冻十个工作日（监管部门共同决定）", "Renew the freeze (by the council)")
_LIFT_TOGETHER: Final = Words(
    "解除续冻（监管部门共同决定）", "Lift the renewed freeze (by the council)"
)
_STILL_SILENT: Final = Words(
    "双方机构还没有都答复。先听答复，再作认定。",
    "Not both bureaus have answered yet. Hear them before you find.",
)


def bureaus_view(context: NodeContext) -> BureausView:
    """``supervisor/bureaus.html``."""
    names = bureaus_words(context)
    return BureausView(tuple(_standing(context, each, names) for each in context.chain.bureaus()))


def bureau_view(context: NodeContext, log_id: int) -> BureauView:
    """``supervisor/bureau.html``.

    Raises:
        NotFoundError: no bureau has this log.
    """
    bureau = _bureau(context, log_id)
    standing = _standing(context, bureau, bureaus_words(context))
    freeze = context.chain.shown.freeze_of(log_id)
    with context.read() as view:
        about = [
            _last(messages_about(view, matter))
            for matter in (payments_of(log_id), standing_of(log_id))
        ]
        events = view.events.about(
            [f"log:{log_id}"], "FundRules", "FundsFrozen", "FreezeRenewed", "FundsUnfrozen"
        ) + view.events.about(
            [f"log:{log_id}"], "Bureaus", "BureauSuspended", "BureauReinstated", "LogClosed"
        )
    payments, business = about
    found = (*_payment_measures(context, standing, freeze, payments),
             *_business_measures(standing, business))  # fmt: skip
    can = may_freeze(context)
    return BureauView(
        standing=standing,
        sent=tuple(each for each in about if each is not None),
        offers=tuple(_offer(each, log_id) for each in found) if can else (),
        commands=_commands(context, log_id, freeze, () if can else found),
        past=tuple(_past(each) for each in _newest_first(events)),
        lacks=None if can else FREEZER_MISSING,
    )


def alert_measures(
    context: NodeContext, alert: Alert, conflict: ConflictOnChain | None, names: Mapping[int, Words]
) -> AlertMeasures:
    """What a supervisor can do about a suspicion, now."""
    logs = list(dict.fromkeys(int(place.log_id) for place in alert.leaves))
    can = may_freeze(context)
    bureaus = []
    for log_id in logs:
        standing = _standing(context, _bureau(context, log_id), names)
        freeze = context.chain.shown.freeze_of(log_id)
        with context.read() as view:
            sent = _last(messages_about(view, payments_of(log_id)))
        found = _payment_measures(context, standing, freeze, sent) if can else ()
        offers = tuple(_offer(each, log_id, alert.alert_id) for each in found)
        bureaus.append((standing, (sent,) if sent is not None else (), offers))
    close_href, sent, lacks = "", None, None
    commands: tuple[Command, ...] = ()
    if conflict is not None:
        with context.read() as view:
            sent = _last(messages_about(view, ending_of(conflict.conflict_id)))
        if _can_end(alert, conflict, sent):
            if may_close(context):
                close_href = f"/supervisor/alerts/{alert.alert_id}/close"
            else:
                lacks = CLOSER_MISSING
                text = _COMMANDS[Measure.CLOSE].format(alert.alert_id[:12])
                commands = (Command(QUESTIONS[Measure.CLOSE][1], text),)
    return AlertMeasures(
        bureaus=tuple(bureaus),
        close_href=close_href,
        reversal_action=_reversal_action(context, alert, conflict, sent),
        sent=sent,
        lacks=lacks,
        commands=commands,
    )


def measure_view(
    context: NodeContext, log_id: int, measure: Measure, alert_id: str = "",
    problem: tuple[Words, Words] | None = None,
) -> MeasureView:  # fmt: skip
    """``supervisor/measure.html`` for a bureau.

    Raises:
        NotFoundError: no bureau has this log.
    """
    name = _standing_name(context, log_id)
    question, button, explains = QUESTIONS[measure]
    return MeasureView(
        question=question,
        heading=name,
        explains=explains,
        action=measure_href(log_id, measure, alert_id),
        button=button,
        back=_back(log_id, alert_id),
        problem=problem[0] if problem else None,
        mend=problem[1] if problem else None,
        maximum_mib=MAXIMUM_MIB,
    )


def close_view(
    context: NodeContext, alert_id: str, conflict_id: int, chosen: str = "",
    problem: tuple[Words, Words] | None = None,
) -> MeasureView:  # fmt: skip
    """``supervisor/measure.html`` for the end of a conflict."""
    question, button, explains = QUESTIONS[Measure.CLOSE]
    conflict = context.chain.shown.conflict(conflict_id)
    is_silent = conflict.state is ConflictState.OPEN and not (
        conflict.first_answered and conflict.second_answered
    )
    href = f"/supervisor/alerts/{alert_id}"
    return MeasureView(
        question=question,
        heading=Words(f"链上冲突第 {conflict_id} 号", f"Conflict {conflict_id} on chain"),
        explains=(*explains, _STILL_SILENT) if is_silent else explains,
        action=f"{href}/close",
        button=button,
        back=Link(href, Words("先不办，回到疑点", "Not now, back to the suspicion")),
        choices=tuple(OUTCOMES.items()),
        chosen=chosen,
        problem=problem[0] if problem else None,
        mend=problem[1] if problem else None,
        maximum_mib=MAXIMUM_MIB,
    )


def measure_href(log_id: int, measure: Measure, alert_id: str = "") -> str:
    """Where a measure is asked about and taken; comes back to the suspicion, if there is one."""
    href = f"{BUREAUS_HREF}/{log_id}/{measure.value}"
    return f"{href}?alert={alert_id}" if alert_id else href


def offered(context: NodeContext, log_id: int) -> frozenset[Measure]:
    """The measures that can be taken about a bureau now."""
    return frozenset(each.measure for each in bureau_view(context, log_id).offers)


def may_freeze(context: NodeContext) -> bool:
    """Whether a key of this node may suspend and freeze."""
    return _may(context, FREEZER, context.chain.shown.may_freeze)


def may_close(context: NodeContext) -> bool:
    """Whether a key of this node may close conflicts."""
    return _may(context, CLOSER, context.chain.shown.may_close)


def _may(context: NodeContext, signer: str, ask: Callable[[str], bool]) -> bool:
    try:
        return ask(context.keys.secp256k1(signer).address)
    except NotFoundError:
        return False


def _bureau(context: NodeContext, log_id: int) -> BureauOnChain:
    bureau = next((each for each in context.chain.bureaus() if each.log_id == log_id), None)
    if bureau is None:
        raise NotFoundError(what="bureau", key="with this log")
    return bureau


def _standing_name(context: NodeContext, log_id: int) -> Words:
    return bureaus_words(context)[_bureau(context, log_id).log_id]


def _standing(
    context: NodeContext, bureau: BureauOnChain, names: Mapping[int, Words]
) -> BureauStanding:
    now, shown = context.clock.now().timestamp(), context.chain.shown
    log_id = bureau.log_id
    until, own = shown.frozen_until(log_id), shown.freeze_of(log_id)
    is_frozen = until > now
    current = shown.bureau(log_id) or bureau  # the list of all is some seconds old
    return BureauStanding(
        name=names.get(log_id, Words(str(log_id), str(log_id))),
        log_id=log_id,
        href=f"{BUREAUS_HREF}/{log_id}",
        is_suspended=current.suspended,
        is_closed=current.closed,
        # It ends with the last second of a day.
        frozen_through=datetime.fromtimestamp(until - 1, BEIJING).date() if is_frozen else None,
        is_renewed=own.until > now and own.is_renewed,
        is_inherited=is_frozen and own.until <= now,
        shortfall_fen=shown.fund_balance(log_id, Account.SHORTFALL),
    )


def _payment_measures(
    context: NodeContext, standing: BureauStanding, freeze: FreezeOnChain, last: Sent | None
) -> tuple[Measure, ...]:
    """Freeze or lift, unless an act is on its way or only the council may."""
    if _is_waiting(last):
        return ()
    if freeze.until > context.clock.now().timestamp():
        return () if freeze.is_renewed else (Measure.UNFREEZE,)
    return () if standing.is_closed else (Measure.FREEZE,)


def _business_measures(standing: BureauStanding, last: Sent | None) -> tuple[Measure, ...]:
    """Suspend or reinstate, unless an act is on its way."""
    if _is_waiting(last) or standing.is_closed:
        return ()
    return (Measure.REINSTATE,) if standing.is_suspended else (Measure.SUSPEND,)


def _commands(
    context: NodeContext, log_id: int, freeze: FreezeOnChain, elsewhere: Sequence[Measure]
) -> tuple[Command, ...]:
    """What this page cannot do: what takes the council, and what takes another node's key."""
    found = [Command(QUESTIONS[each][1], _COMMANDS[each].format(log_id)) for each in elsewhere]
    if freeze.until > context.clock.now().timestamp() and freeze.is_renewed:
        found.append(Command(_LIFT_TOGETHER, _COMMANDS[Measure.UNFREEZE].format(log_id)))
    if freeze.until:
        found.append(Command(_RENEW, _COMMANDS[Measure.RENEWED].format(log_id)))
    return tuple(found)


def _offer(measure: Measure, log_id: int, alert_id: str = "") -> Offer:
    return Offer(measure, measure_href(log_id, measure, alert_id))


def _back(log_id: int, alert_id: str) -> Link:
    if alert_id:
        words = Words("先不办，回到疑点", "Not now, back to the suspicion")
        return Link(f"/supervisor/alerts/{alert_id}", words)
    words = Words("先不办，回到这家机构", "Not now, back to the bureau")
    return Link(f"{BUREAUS_HREF}/{log_id}", words)


def _is_waiting(sent: Sent | None) -> bool:
    return sent is not None and sent.state in {SentState.PENDING, SentState.STUCK}


def _last(messages: Sequence[Message]) -> Sent | None:
    if not messages:
        return None
    message = messages[-1]
    measure = _OF_FUNCTION[message.function]
    state = _SENT_STATES.get(message.state, SentState.PENDING)
    why, mend = kept_refusal(message.last_error) if state is SentState.REFUSED else (None, None)
    return Sent(
        measure=measure,
        state=state,
        sent_at=message.queued_at,
        document="" if measure is Measure.REVERSAL else str(message.arguments[-1]),
        final_at=message.final_at,
        chain_transaction=message.transaction_hash or "",
        why=why,
        mend=mend,
    )


def _can_end(alert: Alert, conflict: ConflictOnChain, sent: Sent | None) -> bool:
    return (
        alert.state is AlertState.PROVEN
        and conflict.state in {ConflictState.OPEN, ConflictState.REVERSED}
        and not _is_waiting(sent)
    )


def _reversal_action(
    context: NodeContext, alert: Alert, conflict: ConflictOnChain | None, sent: Sent | None
) -> str:
    """Where a reversal can be shown to the contract; empty while there is none, or it was shown."""
    if conflict is None or conflict.state is not ConflictState.OPEN or _is_waiting(sent):
        return ""
    try:
        answers = context.chain.shown.conflict_answers(conflict.conflict_id)
        if any(each.reversal_index is not None for each in answers):
            return ""
        shown_reversal(context, alert.alert_id)
    except (RefusedError, UnavailableError):
        return ""
    return f"/supervisor/alerts/{alert.alert_id}/reversal"


def _newest_first(events: Sequence[ChainEvent]) -> list[ChainEvent]:
    return sorted(events, key=lambda each: (each.block, each.log_index), reverse=True)


def _past(event: ChainEvent) -> PastMeasure:
    until = event.arguments.get("until")
    return PastMeasure(
        at=datetime.fromtimestamp(event.block_time, UTC),
        measure=_OF_EVENT[event.name],
        through=datetime.fromtimestamp(until - 1, BEIJING).date() if until else None,
        document=str(event.arguments["reasonDigest"]),
        chain_transaction=event.transaction_hash,
        block=event.block,
    )


def matter_of(log_id: int, measure: Measure) -> Matter:
    """What a measure about a bureau is an act of."""
    is_money = measure in {Measure.FREEZE, Measure.UNFREEZE}
    return payments_of(log_id) if is_money else standing_of(log_id)
