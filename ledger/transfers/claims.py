"""Who pays a person's benefit, and who was first to hold a stay: claim, contest, hand over.

One bureau pays a person's benefits of a class. The first to claim it is recorded at once and can be
contested for ten working days; then two supervisors decide. Meanwhile the recorded bureau pays on,
so that nobody's pension stops, and what the wrong one paid is evened out between the two funds.
Between bureaus a benefit is handed over: the payer offers it, the other takes it, and until then
the payer pays. Source: 国办发〔2009〕66号 art. 6; 社会保险法 art. 19; rules a.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from ledger.chain import bindings as chain
from ledger.errors import ClaimStateError, NotFoundError, NotPermittedError
from ledger.evidence.encoding import Subject, benefit_tag
from ledger.policy.identifiers import normalise_identity_number
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext
from ledger.store.events import ChainEvent
from ledger.transfers.acts import is_under_way, queue_act, trouble_of
from ledger.transfers.clocks import term_from
from ledger.transfers.deadlines import day_of, deadline, last_day
from ledger.transfers.officers import Officers, sign_by_both
from ledger.transfers.onchain import View
from ledger.transfers.overruling import SUPERVISOR
from ledger.transfers.stays import PENSION

CONTEST_WORKING_DAYS: Final = 10
"""Working days for contesting a first claim, unless the council set another term (design 3)."""

_ABOUT_BENEFITS: Final = ("BenefitClaimed", "BenefitReleased", "BenefitHandedOver")
_ABOUT_STAYS: Final = ("TransferAccepted", "TransferMoved")
_ABOUT_CONTESTS: Final = ("ClaimContested", "ClaimSettled")
_KNOWN_BY: Final = (Kind.CONTRIBUTION, Kind.PAYOUT, Kind.DECISION, Kind.TRANSFER_IN)
_WORDS: Final = {
    chain.ClaimState.NONE: "claimed by nobody",
    chain.ClaimState.OPEN: "open to contest",
    chain.ClaimState.CONTESTED: "contested",
    chain.ClaimState.SETTLED: "settled",
}


class ClaimKind(Enum):
    """What is claimed."""

    STAY = chain.ClaimKind.STAY
    BENEFIT = chain.ClaimKind.BENEFIT


class Finding(Enum):
    """What two supervisors find about a contested claim."""

    CONFIRM = chain.ClaimFinding.CONFIRM
    GIVE_TO_CONTESTER = chain.ClaimFinding.GIVE_TO_CONTESTER


@dataclass(frozen=True, slots=True)
class Place:
    """Who has a stay or pays a benefit, by the chain.

    ``log_id`` is the bureau that acts now, None for nobody; ``contestable_through`` the last day
    for contesting, None once settled and while not known. ``offered_to`` may take a benefit over.
    ``confirm_vote`` and ``give_vote`` are supervisors' addresses. ``under_way`` names acts of this
    node that are on their way to the chain, ``refused`` those that the contract did not take.
    """

    kind: ClaimKind
    tag: bytes
    state: chain.ClaimState
    log_id: int | None
    contester: int | None
    claimed_on: date | None
    contestable_through: date | None
    offered_to: int | None
    confirm_vote: str | None
    give_vote: str | None
    under_way: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def tag_of_person(context: NodeContext, identity_number: str, class_: int = PENSION) -> bytes:
    """The tag of a person's benefits of a class.

    Raises:
        IdentifierError: the number is not one.
        NotFoundError: this bureau knows nothing of that person, so that a slip claims nothing.
    """
    number = normalise_identity_number(identity_number, context.clock.today())
    subject: Subject = context.bureau.writer.subject_of(number)
    with context.read() as view:
        if not view.log.of_subject(subject, list(_KNOWN_BY)):
            raise NotFoundError(what="person with records", key="this number")
    return benefit_tag(class_, subject)


def place_of(context: NodeContext, tag: bytes, kind: ClaimKind = ClaimKind.BENEFIT) -> Place:
    """Who has a stay or pays a benefit now, read from the contract's storage.

    Raises:
        ChainUnavailableError: no endpoint answers.
    """
    claim = context.chain.claim(kind.value, tag)
    with context.read() as view:
        under_way = tuple(act for act in _ACTS if is_under_way(view, _key(kind, tag, act)))
        troubles = [(act, trouble_of(view, _key(kind, tag, act))) for act in _ACTS]
    offered = context.chain.benefit_offered_to(tag) if kind is ClaimKind.BENEFIT else None
    until = claim.contestable_until if claim is not None else None
    contested = claim is not None and claim.state is chain.ClaimState.CONTESTED
    votes = [
        context.chain.finding_vote(kind.value, tag, finding.value) if contested else None
        for finding in (Finding.CONFIRM, Finding.GIVE_TO_CONTESTER)
    ]
    return Place(
        kind=kind,
        tag=tag,
        state=claim.state if claim is not None else chain.ClaimState.NONE,
        log_id=claim.acting if claim is not None else None,
        contester=claim.contester if claim is not None else None,
        claimed_on=day_of(claim.claimed_at) if claim is not None else None,
        contestable_through=last_day(until) if until is not None else None,
        offered_to=offered,
        confirm_vote=votes[0],
        give_vote=votes[1],
        under_way=under_way,
        refused=tuple((act, why) for act, why in troubles if why is not None),
    )


def claim_benefit(
    context: NodeContext, tag: bytes, from_log: int | None, officers: Officers
) -> bool:
    """Take the payment of a benefit on: as the first, or from the bureau that offers it.

    Returns:
        Whether a message was queued; False when this bureau pays already, or asked already.

    Raises:
        ClaimStateError: another bureau pays it, or it is not offered to this one.
        SameOfficerError, NotPermittedError: it lacks two enrolled officers.
    """
    place = place_of(context, tag)
    if place.log_id == context.log_id:
        return False
    if from_log is None and place.log_id is not None:
        raise ClaimStateError(state=f"paid by log {place.log_id}", needed="claimed by nobody")
    if from_log is not None and (place.log_id, place.offered_to) != (from_log, context.log_id):
        raise ClaimStateError(
            state=f"paid by log {place.log_id}, offered to log {place.offered_to}",
            needed=f"paid by log {from_log} and offered to log {context.log_id}",
        )
    tag_hex = "0x" + tag.hex()
    sign_by_both(context, tag, officers, "the claim of a benefit")
    if from_log is None:
        return _act(context, ClaimKind.BENEFIT, tag, CLAIM, "claimBenefit", [context.log_id])
    arguments = [tag_hex, from_log, context.log_id]
    return _queue(context, _key(ClaimKind.BENEFIT, tag, CLAIM), "takeBenefit", arguments)


def release_benefit(
    context: NodeContext, tag: bytes, to_log: int | None, officers: Officers
) -> bool:
    """Stop paying a benefit that ended, or offer it to the bureau that shall pay from now on.

    An offer changes nothing until the other bureau takes it. A contested claim that is given up
    goes to the contester.

    Returns:
        Whether a message was queued; False when the same was asked already.

    Raises:
        ClaimStateError: this bureau does not pay it, or an unsettled claim would be passed on.
        SameOfficerError, NotPermittedError: it lacks two enrolled officers.
    """
    place = place_of(context, tag)
    if place.log_id != context.log_id:
        raise ClaimStateError(state=f"paid by log {place.log_id}", needed="paid by this bureau")
    if to_log is not None:
        _require(place, chain.ClaimState.SETTLED)
    sign_by_both(context, tag, officers, "the release of a benefit")
    if to_log is None:
        return _act(context, ClaimKind.BENEFIT, tag, RELEASE, "releaseBenefit", [context.log_id])
    arguments = [context.log_id, to_log]
    return _act(context, ClaimKind.BENEFIT, tag, OFFER, "offerBenefit", arguments)


def contest_claim(
    context: NodeContext, kind: ClaimKind, tag: bytes, document_digest: bytes, officers: Officers
) -> bool:
    """Say that another bureau's first claim is wrong; two supervisors decide.

    Args:
        context: a bureau's node.
        kind: what is claimed.
        tag: which stay or benefit.
        document_digest: SHA-256 of what is put forward.
        officers: who makes and who checks it.

    Returns:
        Whether a message was queued; False when the same was asked already.

    Raises:
        ClaimStateError: there is no claim that can be contested.
        SameOfficerError, NotPermittedError: it lacks two enrolled officers.
    """
    place = place_of(context, tag, kind)
    if place.contester == context.log_id:
        return False
    _require(place, chain.ClaimState.OPEN)
    if place.log_id == context.log_id:
        raise ClaimStateError(state="this bureau's own", needed="another bureau's")
    sign_by_both(context, document_digest, officers, "the contest of a claim")
    return _contest(context, kind, tag, document_digest)


def settle_claim(
    context: NodeContext, kind: ClaimKind, tag: bytes, finding: Finding, document_digest: bytes
) -> bool:
    """Vote on a contested claim; the like vote of a second supervisor settles it.

    Returns:
        Whether a message was queued; False while this vote stands or is under way.

    Raises:
        NotPermittedError: this is no supervisor's node.
        ClaimStateError: the claim is not contested.
    """
    if context.settings.role != SUPERVISOR:
        raise NotPermittedError(action="this decision", needed="a supervisor's node")
    place = place_of(context, tag, kind)
    _require(place, chain.ClaimState.CONTESTED)
    vote = place.confirm_vote if finding is Finding.CONFIRM else place.give_vote
    if vote == context.keys.secp256k1(SUPERVISOR).address:
        return False
    arguments = [
        int(kind.value), "0x" + tag.hex(), int(finding.value), "0x" + document_digest.hex(),
    ]  # fmt: skip
    key = _key(kind, tag, f"settle/{finding.name}")
    return _queue(context, key, "settleClaim", arguments, signer=SUPERVISOR)


def unsettled_claims(context: NodeContext, log_id: int | None = None) -> tuple[Place, ...]:
    """First claims that are contested or can still be, contested ones first.

    Which there are comes from the node's index of final events and the table of working days;
    where a contested one stands, from the contract's storage.

    Args:
        context: any node.
        log_id: only those that this bureau has or contests.

    Raises:
        ChainUnavailableError: no endpoint answers.
    """
    with context.read() as view:
        last = _last_events(view, log_id)
        claimed = [_place(view, key, event) for key, event in last.items() if not _contested(event)]
        cursor = view.events.cursor()
    today = context.clock.today()
    now = max(today, day_of(cursor.head_time)) if cursor is not None else today
    contested = [
        place_of(context, key[1], key[0]) for key, event in last.items() if _contested(event)
    ]
    return tuple(
        place
        for place in (*contested, *claimed)
        if place.state is chain.ClaimState.CONTESTED or _is_open(place, now)
        if log_id in {None, place.log_id, place.contester}
        # A bureau's own events do not tell whether a stay had been handed over before.
        if log_id is None
        or place.kind is ClaimKind.BENEFIT
        or context.chain.claim_state(place.kind.value, place.tag) is place.state
    )


CLAIM: Final = "claim"
RELEASE: Final = "release"
OFFER: Final = "offer"
CONTEST: Final = "contest"
_ACTS: Final = (CLAIM, RELEASE, OFFER, CONTEST, *(f"settle/{each.name}" for each in Finding))


def _last_events(view: View, log_id: int | None) -> dict[tuple[ClaimKind, bytes], ChainEvent]:
    """The claim or contest of all that no decision and no hand-over has settled, by the index."""
    last: dict[tuple[ClaimKind, bytes], ChainEvent] = {}
    held: set[bytes] = set()
    for event in _claim_events(view, log_id):
        key = _what(event.name, event.arguments)
        if event.name in {"BenefitReleased", "BenefitHandedOver", "ClaimSettled"}:
            last.pop(key, None)
        elif event.name == "ClaimContested" or key[1] not in held:
            last[key] = event
        else:
            last.pop(key, None)
        if event.name in _ABOUT_STAYS:
            held.add(key[1])
    return last


def _contested(event: ChainEvent) -> bool:
    return event.name == "ClaimContested"


def _place(view: View, key: tuple[ClaimKind, bytes], event: ChainEvent) -> Place:
    """An uncontested first claim, as its event says it."""
    began = day_of(event.block_time)
    days = term_from(view.events, "contestDays", event.block_time, CONTEST_WORKING_DAYS)
    log_id = event.arguments["log" if event.name in _ABOUT_BENEFITS else "toLog"]
    return Place(
        kind=key[0],
        tag=key[1],
        state=chain.ClaimState.OPEN,
        log_id=int(log_id),
        contester=None,
        claimed_on=began,
        contestable_through=deadline(began, days),
        offered_to=None,
        confirm_vote=None,
        give_vote=None,
    )


def _is_open(place: Place, now: date) -> bool:
    """Whether a claim can still be contested; always while the working days are not published."""
    open_state = place.state is chain.ClaimState.OPEN
    return open_state and (place.contestable_through is None or now <= place.contestable_through)


def _claim_events(view: View, log_id: int | None) -> list[ChainEvent]:
    """The events of claims in chain order: all of them, or those that a bureau has a part in."""
    names = (*_ABOUT_BENEFITS, *_ABOUT_STAYS, *_ABOUT_CONTESTS)
    if log_id is None:
        return view.events.named("Transfers", *names)
    own = [f"{role}:{log_id}" for role in ("log", "fromLog", "toLog", "contester")]
    found = view.events.about(own, "Transfers", *names)
    tags = {"0x" + _what(event.name, event.arguments)[1].hex() for event in found}
    keys = [f"{field}:{tag}" for tag in tags for field in ("tag", "benefitTag")]
    others = view.events.about(keys, "Transfers", *names)
    together = {(event.block, event.log_index): event for event in (*found, *others)}
    return [together[place] for place in sorted(together)]


def _what(name: str, arguments: dict[str, Any]) -> tuple[ClaimKind, bytes]:
    if name in _ABOUT_BENEFITS:
        return ClaimKind.BENEFIT, bytes.fromhex(arguments["benefitTag"][2:])
    if name in _ABOUT_STAYS:
        return ClaimKind.STAY, bytes.fromhex(arguments["segmentTag"][2:])
    kind = ClaimKind(chain.ClaimKind(int(arguments["kind"])))
    return kind, bytes.fromhex(arguments["tag"][2:])


def _require(place: Place, needed: chain.ClaimState) -> None:
    if place.state is not needed:
        raise ClaimStateError(state=_WORDS[place.state], needed=_WORDS[needed])


def _key(kind: ClaimKind, tag: bytes, act: str) -> str:
    return f"{kind.name.lower()}/0x{tag.hex()}/{act}"


def _contest(context: NodeContext, kind: ClaimKind, tag: bytes, digest: bytes) -> bool:
    arguments = [int(kind.value), "0x" + tag.hex(), context.log_id, "0x" + digest.hex()]
    return _queue(context, _key(kind, tag, CONTEST), "contest", arguments)


def _act(
    context: NodeContext,
    kind: ClaimKind,
    tag: bytes,
    act: str,
    function: str,
    arguments: Sequence[int],
) -> bool:
    return _queue(context, _key(kind, tag, act), function, ["0x" + tag.hex(), *arguments])


def _queue(
    context: NodeContext, act: str, function: str, arguments: list[Any], *, signer: str = ""
) -> bool:
    with context.write() as work:
        queued = queue_act(
            work,
            act,
            function,
            arguments,
            at=context.clock.now(),
            signer=signer or "publisher",
        )
        work.commit()
    return queued
