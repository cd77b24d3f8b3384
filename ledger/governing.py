"""What a supervisor's node does to a network: suspends, freezes, decides with others, corrects.

Every act is a message of the node's outbox under the key whose role it takes, so that it lands
exactly once whatever dies when, and in its place among the node's other messages. It is tried
before it is queued: what a contract would refuse is told at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.chain.bindings import ProposalOnChain, day_words, decode_args, encode_args
from ledger.chain.deciding import Call, proposing_call, standing_proposal
from ledger.errors import (
    ActUnderWayError,
    ContractRefusedError,
    NotFoundError,
    NotPermittedError,
)
from ledger.funds.model import Account, Movement
from ledger.keys.key_store import CLOSER, FREEZER, PUBLISHER, SUPERVISOR
from ledger.policy.work_calendar import published_years, work_year
from ledger.recording.context import NodeContext
from ledger.store.outbox import OPEN, Message
from ledger.store.unit_of_work import Rooms

_KEY_BYTES: Final = 8
_BUREAUS: Final = "Bureaus"
_COUNCIL: Final = "Council"
_CALENDAR: Final = "WorkCalendar"
_RULES: Final = "FundRules"
_CONFLICTS: Final = "Conflicts"


@dataclass(frozen=True, slots=True)
class Act:
    """A call, and the name of the node's key that signs it."""

    call: Call
    signer: str


def send(context: NodeContext, acts: Sequence[Act]) -> list[str]:
    """Queue acts in one transaction, each tried before; returns their message keys.

    Raises:
        ContractRefusedError: a contract would refuse one of them now; nothing is queued.
    """
    ready = []
    for act in acts:
        call, account = act.call, context.keys.secp256k1(act.signer).address
        context.chain.gateway.simulate(call.contract, call.function, call.arguments, account)
        arguments = encode_args(call.contract, call.function, call.arguments)
        ready.append((f"act/{context.random.bytes(_KEY_BYTES).hex()}", act, arguments))
    with context.write() as work:
        for key, act, arguments in ready:
            work.outbox.queue(
                key, act.call.contract, act.call.function, arguments,
                at=context.clock.now(), signer=act.signer,
            )  # fmt: skip
        work.commit()
    return [key for key, _, _ in ready]


@dataclass(frozen=True, slots=True)
class Matter:
    """What is decided one act at a time: calls of some functions about one number."""

    contract: str
    functions: tuple[str, ...]
    number: int


def payments_of(log_id: int) -> Matter:
    """Whether a bureau's money may go."""
    return Matter(_RULES, ("freeze", "unfreeze"), log_id)


def standing_of(log_id: int) -> Matter:
    """Whether a bureau may begin anything new."""
    return Matter(_BUREAUS, ("suspend", "reinstate"), log_id)


def ending_of(conflict_id: int) -> Matter:
    """What became of a proven conflict."""
    return Matter(_CONFLICTS, ("close", "closeByReversal", "answerByReversal"), conflict_id)


def messages_about(view: Rooms, matter: Matter) -> list[Message]:
    """What this node was told to send about a matter, by form or command, oldest first."""
    sent = view.outbox.calls_of(matter.contract, matter.functions)
    return [each for each in sent if each.arguments[0] == matter.number]


def send_once(context: NodeContext, act: Act, matter: Matter) -> bool:
    """Queue an act that is a step of a matter, tried before; a form sent twice does it once.

    Returns:
        Whether it was queued; False when this very act is on its way.

    Raises:
        ActUnderWayError: another act about the matter is on its way, which may change everything.
        ContractRefusedError: the contract would refuse it now; nothing is queued.
    """
    call, account = act.call, context.keys.secp256k1(act.signer).address
    arguments = encode_args(call.contract, call.function, call.arguments)
    with context.read() as view:
        if _is_under_way(messages_about(view, matter), call, arguments):
            return False
    context.chain.gateway.simulate(call.contract, call.function, call.arguments, account)
    with context.write() as work:
        before = messages_about(work, matter)
        if _is_under_way(before, call, arguments):
            return False
        # The place among the acts of the matter: two forms at once cannot both have it.
        key = f"act/{matter.contract}/{matter.functions[0]}/{matter.number}/{len(before) + 1}"
        queued = work.outbox.queue(
            key, call.contract, call.function, arguments,
            at=context.clock.now(), signer=act.signer,
        )  # fmt: skip
        work.commit()
    return queued


def _is_under_way(messages: Sequence[Message], call: Call, arguments: list[Any]) -> bool:
    waiting = [each for each in messages if each.state in OPEN]
    if not waiting:
        return False
    last = waiting[-1]
    if (last.function, last.arguments) != (call.function, arguments):
        raise ActUnderWayError(function=last.function)
    return True


# --- one key alone --------------------------------------------------------------------------------


def suspending(log_id: int, reason_digest: bytes) -> Act:
    """Suspend a bureau: it opens nothing new; what it owes others goes on."""
    return Act(Call(_BUREAUS, "suspend", [log_id, reason_digest]), FREEZER)


def reinstating(log_id: int, reason_digest: bytes) -> Act:
    """End a suspension."""
    return Act(Call(_BUREAUS, "reinstate", [log_id, reason_digest]), FREEZER)


def moving(log_id: int, endpoint: str) -> Act:
    """Say where a bureau is found from now on."""
    return Act(Call(_BUREAUS, "setEndpoint", [log_id, endpoint]), SUPERVISOR)


def appointing(log_id: int, officer: str, *, active: bool) -> Act:
    """Let an officer approve for a bureau, or no longer."""
    return Act(Call(_BUREAUS, "setOfficer", [log_id, officer, active]), SUPERVISOR)


def publishing_years(context: NodeContext) -> list[Act]:
    """Publish the years of the policy table that the chain does not have."""
    return [
        Act(
            Call(_CALENDAR, "publishYear", [year, day_words(work_year(year).working_days)]),
            SUPERVISOR,
        )
        for year in published_years()
        if context.chain.working_days_of(year) is None
    ]


def revoking(log_id: int, indices: Sequence[int], reason_digest: bytes) -> Act:
    """Revoke credentials of a bureau, with the bureau's own key."""
    return Act(Call("Statuses", "revoke", [log_id, list(indices), reason_digest]), PUBLISHER)


def restoring(log_id: int, indices: Sequence[int], reason_digest: bytes) -> Act:
    """Take revocations back, with the bureau's own key."""
    return Act(Call("Statuses", "restore", [log_id, list(indices), reason_digest]), PUBLISHER)


# --- money ----------------------------------------------------------------------------------------


def freezing(log_id: int, reason_digest: bytes) -> Act:
    """Stop a bureau's outgoing money for ten working days."""
    return Act(Call(_RULES, "freeze", [log_id, reason_digest]), FREEZER)


def lifting(log_id: int, reason_digest: bytes) -> Act:
    """End a freeze early; what the council renewed, only the council ends."""
    return Act(Call(_RULES, "unfreeze", [log_id, reason_digest]), FREEZER)


def renewing_calls(log_id: int, reason_digest: bytes) -> list[Call]:
    """What prolongs a freeze by ten working days."""
    return [Call(_RULES, "renewFreeze", [log_id, reason_digest])]


def opening_calls(log_id: int, account: Account, fen: int, document_digest: bytes) -> list[Call]:
    """What enters the balance an account had before the books began."""
    return [Call("Funds", "openBalance", [log_id, int(account), fen, document_digest])]


def routing_calls(
    pool: int,
    movement: Movement,
    routes: Sequence[tuple[Account, Account]],
    effective_at: int,
    document_digest: bytes,
) -> list[Call]:
    """What lets a pool's money go these ways and no other, for one kind of movement.

    Args:
        pool: the pool's number.
        movement: what the money moves for.
        routes: from and to; exactly one for every kind but allocation.
        effective_at: seconds since 1970; 0 for at once.
        document_digest: SHA-256 of the decision.
    """
    ways = [(int(source), int(target)) for source, target in routes]
    arguments = [pool, int(movement), ways, effective_at, document_digest]
    return [Call(_RULES, "setRoutes", arguments)]


def taking_over(log_id: int) -> Act:
    """Move a closed log's books to this bureau's, which carries it on."""
    return Act(Call("Funds", "takeOver", [log_id]), PUBLISHER)


def answering(conflict_id: int, document_digest: bytes) -> Act:
    """Put a reason on record about a proven conflict, with the bureau's own key."""
    return Act(Call(_CONFLICTS, "answer", [conflict_id, document_digest]), PUBLISHER)


def showing_reversal(
    context: NodeContext, conflict_id: int, which: int, proof: dict[str, object]
) -> Act:
    """Close a conflict by a reversal, or put the reversal on record when it came too late.

    Raises:
        ContractRefusedError: the proof does not hold, or the conflict is not open.
    """
    account = context.keys.secp256k1(SUPERVISOR).address
    arguments = decode_args(_CONFLICTS, "closeByReversal", [conflict_id, which, proof])
    call = Call(_CONFLICTS, "closeByReversal", arguments)
    try:
        context.chain.gateway.simulate(call.contract, call.function, call.arguments, account)
    except ContractRefusedError as refusal:
        if refusal.error != "ConflictsReversalLate":
            raise
        call = Call(_CONFLICTS, "answerByReversal", arguments)
    return Act(call, SUPERVISOR)


def closing_conflict(conflict_id: int, outcome: int, document_digest: bytes) -> Act:
    """Close a proven conflict with a finding."""
    return Act(Call(_CONFLICTS, "close", [conflict_id, outcome, document_digest]), CLOSER)


# --- the council ----------------------------------------------------------------------------------


def proposing(context: NodeContext, calls: Sequence[Call]) -> tuple[Act | None, bytes]:
    """Propose calls to the council, or find them proposed already; and the proposal's id.

    Raises:
        ContractRefusedError: this node's supervisor is no member.
    """
    standing = standing_proposal(context.chain, calls)
    if standing is not None:
        return None, standing.proposal_id
    call = proposing_call(context.chain, calls)
    account = context.keys.secp256k1(SUPERVISOR).address
    gateway = context.chain.gateway
    (made,) = gateway.simulate(call.contract, call.function, call.arguments, account)
    return Act(call, SUPERVISOR), bytes(made)


def approving(proposal_id: bytes) -> Act:
    """Approve a proposal."""
    return Act(Call(_COUNCIL, "approve", [proposal_id]), SUPERVISOR)


def objecting(proposal_id: bytes) -> Act:
    """Object to a proposal."""
    return Act(Call(_COUNCIL, "objectTo", [proposal_id]), SUPERVISOR)


def executing(context: NodeContext, proposal_id: bytes) -> Act:
    """Carry out a scheduled proposal whose delay is over; any node may."""
    signer = SUPERVISOR if context.settings.role == "supervisor" else PUBLISHER
    return Act(Call(_COUNCIL, "executeProposal", [proposal_id]), signer)


def proposals(context: NodeContext) -> list[ProposalOnChain]:
    """All proposals in the order they were made."""
    found = [context.chain.proposal(each) for each in context.chain.proposal_ids()]
    return [each for each in found if each is not None]


def closing_calls(log_id: int, reason_digest: bytes) -> list[Call]:
    """What closes a log for good."""
    return [Call(_BUREAUS, "closeLog", [log_id, reason_digest])]


def succeeding_calls(
    context: NodeContext, log_id: int, size: int, bureau: tuple[Any, ...], reason_digest: bytes
) -> list[Call]:
    """What names the agency that carries a log on from its checkpoint of ``size``.

    The log is closed with it unless it is closed already, and the size must be a published one:
    the proposal is carried out as a whole or not at all.

    Raises:
        NotFoundError: there is no such log, or it published no checkpoint of that size.
        NotPermittedError: the log has a successor.
    """
    found = context.chain.bureau(log_id)
    if found is None:
        raise NotFoundError(what="log", key=str(log_id))
    if context.chain.successor_of(log_id) is not None:
        raise NotPermittedError(action="naming a successor", needed="a log that has none")
    if size and context.chain.checkpoint(log_id, size) is None:
        raise NotFoundError(what="checkpoint of size", key=str(size))
    calls = [] if found.closed else closing_calls(log_id, reason_digest)
    if size:
        calls.append(Call("Checkpoints", "requirePublished", [log_id, size]))
    return [*calls, Call(_BUREAUS, "nameSuccessor", [log_id, size, bureau])]


def correcting_calls(context: NodeContext) -> list[Call]:
    """What makes the chain's calendar that of the policy table, for years that differ."""
    return [
        Call(_CALENDAR, "correctYear", [year, day_words(work_year(year).working_days)])
        for year in published_years()
        if context.chain.working_days_of(year) not in (None, work_year(year).working_days)
    ]
