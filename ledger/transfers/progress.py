"""Does whatever has become possible for all open cases; a crash is mended by calling it again.

Each piece is one unit of work that first looks whether it is still to be done: what the chain has
for good moves a case, queued messages are delivered, settlements follow.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import structlog

from ledger.errors import (
    PackageMismatchError,
    PeerRefusedError,
    PeerUnavailableError,
    RefusedError,
    RelationArrivingError,
)
from ledger.keys.key_store import LOG
from ledger.recording.context import NodeContext
from ledger.store.outbox import FAILED
from ledger.store.transfers import MessageState, StoredMessage
from ledger.store.unit_of_work import UnitOfWork
from ledger.transfers.applications import request_key
from ledger.transfers.clocks import chain_due_on
from ledger.transfers.content import Vault
from ledger.transfers.decisions import cancel_messages, step_key
from ledger.transfers.envelopes import MessageKind, envelope_json, seal_envelope
from ledger.transfers.handover import handover_fact
from ledger.transfers.model import CaseId, CaseState, Intent, TransferCase
from ledger.transfers.onchain import ChainFacts, facts_of_cases
from ledger.transfers.peers import HttpPeers
from ledger.transfers.ports import Peers
from ledger.transfers.reasons import RefusalCode, refusal_words
from ledger.transfers.releases import open_case
from ledger.transfers.rules import CaseEvent
from ledger.transfers.settlement import advance_settlements
from ledger.transfers.steps import Step, moved, note

_log = structlog.get_logger("anxu.transfers")
_SOON: Final = frozenset({"following-behind", "chain-behind", "not-anchored-yet"})
"""Answers of a node that is there and only has to catch up: asked again at once."""
_MAXIMUM_PAUSE_SECONDS: Final = 60
_MAXIMUM_DOUBLINGS: Final = 6


def advance(context: NodeContext, peers: Peers | None = None) -> int:
    """Move every open case, message and settlement as far as it goes now.

    Args:
        context: a bureau's node.
        peers: how other bureaus are reached; over HTTP by default.

    Returns:
        How many things moved; zero when nothing was to be done.

    Raises:
        ChainUnavailableError: no endpoint answers; nothing is lost.
    """
    changed = _advance_cases(context)
    if peers is not None:
        changed += _deliver_all(context, peers)
    else:
        own = HttpPeers(context)
        try:
            changed += _deliver_all(context, own)
        finally:
            own.close()
    return changed + advance_settlements(context)


# --- what the chain has for good ------------------------------------------------------------------


def _advance_cases(context: NodeContext) -> int:
    with context.read() as view:
        cases = view.transfers.open_cases()
        facts = facts_of_cases(view, {case.case_id for case in cases})
        failed = {
            case.case_id
            for case in cases
            if case.state is CaseState.APPLIED
            and (message := view.outbox.find(request_key(case.case_id))) is not None
            and message.state == FAILED
        }
    changed = 0
    for case in cases:
        try:
            changed += _react(context, case, facts[case.case_id], failed)
        except RefusedError as error:
            _log.error("case stays", case=case.case_id, code=error.code)
    return changed


def _react(context: NodeContext, case: TransferCase, facts: ChainFacts, failed: set[CaseId]) -> int:
    for event, arguments in (
        (CaseEvent.REFUSAL_FINAL, facts.refused),
        (CaseEvent.WITHDRAWAL_FINAL, facts.withdrawn),
        (CaseEvent.CANCELLATION_FINAL, facts.cancelled),
    ):
        if arguments is not None:
            return _end(context, case, event, arguments)
    if case.case_id in failed:
        return _never_opened(context, case)
    if case.state is CaseState.PACKAGE_SENT and facts.released is not None:
        return _released(context, case, facts.released)
    if case.state is CaseState.RELEASED and facts.accepted is not None:
        return _accepted(context, case, CaseEvent.ACCEPTANCE_FINAL, Step.ACCEPTANCE_FINAL)
    if case.state is CaseState.RELEASED and facts.moved is not None:
        return _accepted(context, case, CaseEvent.MOVE_FINAL, Step.MOVED_BY_SUPERVISORS)
    return 0


def _still(work: UnitOfWork, case: TransferCase) -> TransferCase | None:
    """The case as it is inside the unit of work, unless somebody else has moved it."""
    standing = work.transfers.case(case.case_id)
    return standing if standing is not None and standing.state is case.state else None


def _end(
    context: NodeContext, case: TransferCase, event: CaseEvent, arguments: dict[str, Any]
) -> int:
    now = context.clock.now()
    with context.write() as work:
        standing = _still(work, case)
        if standing is None:
            return 0
        code = int(arguments.get("reasonCode", 0))
        ended = replace(moved(standing, event, now), refusal_code=code)
        work.transfers.save_case(ended)
        cancel_messages(work, ended)
        if event is CaseEvent.REFUSAL_FINAL:
            words = refusal_words(code)
            note(work, ended, Step.REFUSAL_FINAL, now, zh=words.zh, en=words.en)
        else:
            cancelled = event is CaseEvent.CANCELLATION_FINAL
            step = Step.CANCELLED_BY_SUPERVISORS if cancelled else Step.WITHDRAWAL_FINAL
            note(work, ended, step, now)
        work.commit()
    return 1


def _never_opened(context: NodeContext, case: TransferCase) -> int:
    """The contract refused the request (held elsewhere, another case open): nothing came to be."""
    now = context.clock.now()
    with context.write() as work:
        standing = _still(work, case)
        if standing is None:
            return 0
        ended = replace(
            moved(standing, CaseEvent.REFUSAL_FINAL, now),
            refusal_code=int(RefusalCode.CHAIN_REFUSED),
        )
        work.transfers.save_case(ended)
        cancel_messages(work, ended)
        note(work, ended, Step.CHAIN_REFUSED, now)
        work.commit()
    return 1


def _released(context: NodeContext, case: TransferCase, arguments: dict[str, Any]) -> int:
    """The release is final: is it the package that was checked?"""
    now = context.clock.now()
    released = (arguments["figuresDigest"], arguments["packageDigest"])
    assert case.figures_digest is not None
    assert case.package_digest is not None
    ours = ("0x" + case.figures_digest.hex(), "0x" + case.package_digest.hex())
    due = chain_due_on(context, replace(case, state=CaseState.RELEASED))
    with context.write() as work:
        standing = _still(work, case)
        if standing is None:
            return 0
        if released != ours:
            steps = {step.step for step in work.transfers.steps(case.case_id)}
            if Step.FIGURES_DIFFER_ON_CHAIN in steps:
                return 0
            note(work, standing, Step.FIGURES_DIFFER_ON_CHAIN, now)
            work.commit()
            return 1
        after = moved(standing, CaseEvent.RELEASE_FINAL, now)
        after = replace(after, due_on=due or after.due_on)
        work.transfers.save_case(after)
        note(work, after, Step.RELEASE_FINAL, now)
        work.commit()
    return 1


def _accepted(context: NodeContext, case: TransferCase, event: CaseEvent, step: Step) -> int:
    """The stay has its new holder on chain: write our entry, hand the relation over."""
    now = context.clock.now()
    with context.read() as view:
        _, content, _ = open_case(context, view, case.case_id)
    new = context.bureau.writer.prepare([handover_fact(context, case, content)])
    with context.write() as work:
        standing = _still(work, case)
        if standing is None:
            return 0
        # A refusal of ours that came too late on chain is void, and its words stay here.
        after = replace(moved(standing, event, now), intent=Intent.NONE, refusal_code=0)
        work.transfers.save_case(after)
        cancel_messages(work, after, keep_refusal=False)
        work.log.append(new, source_key=f"transfer/{case.case_id}", recorded_at=now)
        note(work, after, step, now, months=after.months)
        work.commit()
    return 1


# --- messages -------------------------------------------------------------------------------------


def _deliver_all(context: NodeContext, peers: Peers) -> int:
    with context.read() as view:
        queued = view.transfers.queued_messages()
        facts = facts_of_cases(view, {message.case_id for message in queued})
    changed = 0
    for message in queued:
        if _is_ready(context, message, facts[message.case_id]):
            changed += _deliver(context, peers, message)
    return changed


def _is_ready(context: NodeContext, message: StoredMessage, facts: ChainFacts) -> bool:
    """Whether what a message rests on is final, and its receiver was not asked just now in vain."""
    if message.kind == MessageKind.LETTER and facts.requested is None:
        return False
    if message.kind == MessageKind.REFUSAL and facts.refused is None:
        return False
    if message.attempts == 0 or message.last_error in _SOON:
        return True
    pause = min(2 ** min(message.attempts, _MAXIMUM_DOUBLINGS), _MAXIMUM_PAUSE_SECONDS)
    return context.clock.now() >= message.at + timedelta(seconds=pause)


def _deliver(context: NodeContext, peers: Peers, message: StoredMessage) -> int:
    try:
        sealed = _with_envelope(context, peers, message)
        assert sealed.envelope is not None
        answer = peers.send(message.peer_log, json.loads(sealed.envelope))
    except PeerRefusedError as error:
        return _refused_by_peer(context, message, error)
    except (PeerUnavailableError, PackageMismatchError) as error:
        _note_attempt(context, message, error)
        return 0
    return _delivered(context, message, answer)


def _with_envelope(context: NodeContext, peers: Peers, message: StoredMessage) -> StoredMessage:
    """The message sealed to its receiver; the same bytes however often it is sent."""
    if message.envelope is not None:
        return message
    key = peers.sealing_key(message.peer_log)
    with context.read() as view:
        case = view.transfers.case(message.case_id)
    assert case is not None
    assert message.sealed_content is not None
    assert message.content_digest is not None
    kind = MessageKind(message.kind)
    inner_key = message.message_key.removeprefix("OUT/")
    content = Vault(context, case.subject).open_message(inner_key, message.sealed_content)
    envelope = seal_envelope(
        kind,
        context.log_id,
        message.peer_log,
        message.case_id,
        message.content_digest,
        content,
        sealing_key=key,
        signer=context.keys.ed25519(LOG),
    )
    sealed = replace(message, envelope=json.dumps(envelope_json(envelope)).encode())
    with context.write() as work:
        standing = work.transfers.message(message.message_key)
        assert standing is not None
        if standing.envelope is not None:
            return standing
        work.transfers.put_message(sealed)
        work.commit()
    return sealed


def _delivered(context: NodeContext, message: StoredMessage, answer: dict[str, Any]) -> int:
    """The receiver has it: note that, and take the step that waited for it."""
    now = context.clock.now()
    due = _letters_due_date(context, message)
    with context.write() as work:
        found = _still_queued(work, message)
        if found is None:
            return 0
        standing, case = found
        work.transfers.put_message(
            replace(
                standing,
                state=MessageState.DELIVERED,
                attempts=standing.attempts + 1,
                last_error=None,
                answer=json.dumps(answer),
            )
        )
        _after_delivery(work, case, message, due, now)
        work.commit()
    return 1


def _still_queued(
    work: UnitOfWork, message: StoredMessage
) -> tuple[StoredMessage, TransferCase] | None:
    """The message and its case as they stand, unless another process has sent it meanwhile."""
    standing = work.transfers.message(message.message_key)
    case = work.transfers.case(message.case_id)
    assert standing is not None
    assert case is not None
    return (standing, case) if standing.state is MessageState.QUEUED else None


def _letters_due_date(context: NodeContext, message: StoredMessage) -> date | None:
    """When the old city's step is due by the chain, once the letter is with it."""
    if message.kind != MessageKind.LETTER:
        return None
    with context.read() as view:
        case = view.transfers.case(message.case_id)
    assert case is not None
    return chain_due_on(context, replace(case, state=CaseState.LETTER_SENT))


def _after_delivery(
    work: UnitOfWork, case: TransferCase, message: StoredMessage, due: date | None, now: datetime
) -> None:
    if message.kind == MessageKind.LETTER and case.state is CaseState.APPLIED:
        after = moved(case, CaseEvent.LETTER_DELIVERED, now)
        after = replace(after, due_on=due or after.due_on)
        work.transfers.save_case(after)
        note(work, after, Step.LETTER_DELIVERED, now)
    elif message.kind == MessageKind.PACKAGE and case.state is CaseState.LETTER_SENT:
        after = moved(case, CaseEvent.PACKAGE_DELIVERED, now)
        work.transfers.save_case(after)
        note(work, after, Step.PACKAGE_TAKEN, now)
        assert case.figures_digest is not None
        assert case.package_digest is not None
        digests = ["0x" + case.figures_digest.hex(), "0x" + case.package_digest.hex()]
        work.outbox.queue(
            step_key(case.case_id, "release"),
            "Transfers",
            "release",
            [case.case_id, *digests],
            at=now,
        )


def _refused_by_peer(context: NodeContext, message: StoredMessage, error: PeerRefusedError) -> int:
    """The receiver will not take it: a person decides what comes next."""
    now = context.clock.now()
    with context.write() as work:
        found = _still_queued(work, message)
        if found is None:
            return 0
        standing, case = found
        work.transfers.put_message(
            replace(
                standing,
                state=MessageState.REFUSED,
                attempts=standing.attempts + 1,
                last_error=error.refusal,
            )
        )
        if message.kind == MessageKind.PACKAGE and case.intent is Intent.RELEASE:
            work.transfers.save_case(replace(case, intent=Intent.NONE))
        if message.kind != MessageKind.REFUSAL:
            is_package = message.kind == MessageKind.PACKAGE
            step = Step.PACKAGE_REFUSED if is_package else Step.MESSAGE_REFUSED
            note(work, case, step, now, zh=error.reason_zh, en=error.reason)
        work.commit()
    _log.warning("refused by peer", kind=message.kind, case=message.case_id, code=error.refusal)
    return 1


def _note_attempt(
    context: NodeContext,
    message: StoredMessage,
    error: PeerUnavailableError | PackageMismatchError,
) -> None:
    reason = error.reason if isinstance(error, PeerUnavailableError) else error.code
    with context.write() as work:
        standing = work.transfers.message(message.message_key)
        if standing is not None and standing.state is MessageState.QUEUED:
            if reason == RelationArrivingError.code and standing.last_error != reason:
                case = work.transfers.case(message.case_id)
                assert case is not None
                note(work, case, Step.WAITS_FOR_OTHER_CASE, context.clock.now())
            work.transfers.put_message(
                replace(
                    standing,
                    attempts=min(standing.attempts + 1, 30_000),
                    last_error=reason,
                    at=context.clock.now(),
                )
            )
            work.commit()
