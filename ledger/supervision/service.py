"""Examines logs, feeds and chain, and nothing else; keeps alerts and proves conflicts on chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from ledger.errors import AlreadyResolvedError, NotFoundError
from ledger.evidence.encoding import (
    NO_SUBJECT,
    LeafIndex,
    LogId,
    PlacedEntry,
    handle_of,
    leaf_hash,
    reversed_leaf,
)
from ledger.evidence.merkle import MerkleTree
from ledger.following.follower import INCONSISTENT
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext
from ledger.store.following import FollowingRepository
from ledger.store.unit_of_work import Reading, Rooms, UnitOfWork
from ledger.supervision.model import RISK_HIGH, AlertState, Finding, LeafPlace, Rule
from ledger.supervision.queries import alert_of
from ledger.supervision.rules import (
    duplicate_payouts,
    group_by_tag,
    paid_after_death,
)

_log = structlog.get_logger("anxu.supervision")
_ENTRIES_A_STEP = 50_000


@dataclass(frozen=True, slots=True)
class _News:
    """Entries of one log that the rules have not looked at yet."""

    log_id: LogId
    first: int
    end: int
    entries: Sequence[PlacedEntry]


def examine(context: NodeContext) -> bool:
    """Look at every new entry under a checked checkpoint; a job of the worker.

    Running it again after a crash finds the same alerts: an alert's number is a digest of what it
    is about, and how far was looked is kept in the same transaction.
    """
    changed = False
    with context.read() as view:
        examined = view.alerts.examined()
        news = [
            _news(view, log.log_id, _examined(view, examined, log.log_id))
            for log in view.following.logs()
        ]
    for item in news:
        if item is None:
            continue
        with context.write() as work:
            if _examined(work, work.alerts.examined(), item.log_id) != item.first:
                continue
            for finding in _findings(work.following, item.entries):
                _keep(context, work, finding)
            _close_reversed(work, item.entries)
            work.alerts.set_examined(item.log_id, item.end)
            work.commit()
            changed = True
    return changed


def note_inconsistent_logs(context: NodeContext) -> bool:
    """Raise an alert for every log whose feed contradicts its anchor; a job of the worker."""
    with context.read() as view:
        broken = [log for log in view.following.logs() if log.state == INCONSISTENT]
    changed = False
    for log in broken:
        finding = Finding(
            rule=Rule.LOG_INCONSISTENT,
            risk=RISK_HIGH,
            key=log.log_id.to_bytes(4) + log.head.size.to_bytes(8),
            period=0,
            subject=NO_SUBJECT,
            leaves=(),
            amount_fen=0,
        )
        with context.write() as work:
            if work.alerts.find(finding.alert_id) is None:
                evidence = {"log": int(log.log_id), "leaves": [], "reason": log.last_error}
                _add(context, work, finding, evidence, log.checked_at)
                work.commit()
                changed = True
    return changed


def prove_conflict(context: NodeContext, alert_id: str) -> None:
    """Have the contract confirm a duplicate payout from two public leaves and their opening.

    Only head, handle and seals go on chain: no subject, amount or name. The message is queued once.

    Raises:
        NotFoundError: there is no such alert.
        AlreadyResolvedError: it was proven or closed before, or a payment was taken back.
    """
    with context.write() as work:
        row = work.alerts.find(alert_id)
        if row is None:
            raise NotFoundError(what="alert", key=alert_id)
        alert = alert_of(row)
        if alert.rule is not Rule.DUPLICATE_PAYOUT or alert.state is not AlertState.OPEN:
            raise AlreadyResolvedError(what="alert", key=alert_id, state=alert.state)
        taken_back = _reversed(work.following, set(alert.leaves))
        places = [place for place in alert.leaves if place not in taken_back][:2]
        if len(places) < 2:  # noqa: PLR2004  # one payment is no duplicate
            raise AlreadyResolvedError(what="alert", key=alert_id, state=AlertState.PREVENTED)
        opened = work.following.entry(places[0].log_id, places[0].index)
        assert opened is not None, "an alert rests on entries that were followed"
        head = opened.entry.head
        arguments: list[object] = [
            "0x" + head.pack().hex(),
            "0x" + handle_of(head, opened.entry.subject).hex(),
            *[_leaf_proof(work.following, place) for place in places],
        ]
        work.outbox.queue(
            f"conflict/{alert_id}",
            "Conflicts",
            "prove",
            arguments,
            at=context.clock.now(),
            signer="supervisor",
        )
        work.commit()


def require_proven(context: NodeContext, alert_id: str) -> int:
    """The number of the conflict that an alert was proven as on chain, and that is not closed.

    Raises:
        NotFoundError: there is no such alert, or it was not proven.
        AlreadyResolvedError: the conflict was closed before.
    """
    with context.read() as view:
        row = view.alerts.find(alert_id)
    if row is None or row["conflict_id"] is None:
        raise NotFoundError(what="proven alert", key=alert_id)
    if row["state"] == AlertState.CLOSED:
        raise AlreadyResolvedError(what="alert", key=alert_id, state=AlertState.CLOSED)
    return int(row["conflict_id"])


def shown_reversal(context: NodeContext, alert_id: str) -> tuple[int, int, dict[str, object]]:
    """What shows the contract that one of a proven conflict's two leaves was reversed.

    Returns:
        The conflict's number, which leaf (0 or 1), and the proof of the reversal's leaf.

    Raises:
        NotFoundError: the alert was not proven, or neither leaf was reversed under a checkpoint.
        AlreadyResolvedError: the conflict was closed before.
    """
    conflict_id = require_proven(context, alert_id)
    found = context.chain.conflict(conflict_id)
    sides = ((found.first_log, found.first_index), (found.second_log, found.second_index))
    with context.read() as view:
        for which, (log_id, index) in enumerate(sides):
            leaf = (LogId(log_id), LeafIndex(index))
            for where, at in view.following.reversals_of([leaf]).get(leaf, []):
                if at < _checked_size(view.following, where):
                    place = LeafPlace(where, at)
                    return conflict_id, which, _leaf_proof(view.following, place)
    raise NotFoundError(what="reversal of alert", key=alert_id)


def note_closed_conflicts(context: NodeContext) -> bool:
    """Close the alerts whose conflicts a supervisor closed on chain; a job of the worker."""
    with context.read() as view:
        proven = {
            int(row["conflict_id"]): row["alert_id"]
            for row in view.alerts.all()
            if row["state"] == AlertState.PROVEN
        }
        keys = [f"conflictId:{conflict_id}" for conflict_id in proven]
        closed = {
            int(event.arguments["conflictId"])
            for event in view.events.about(keys, "Conflicts", "ConflictClosed")
        }
    for conflict_id in sorted(closed):
        with context.write() as work:
            work.alerts.update(proven[conflict_id], state=AlertState.CLOSED)
            work.commit()
    return bool(closed)


def note_proven_conflicts(context: NodeContext) -> bool:
    """Link alerts to the conflicts that the chain has accepted; a job of the worker."""
    with context.read() as view:
        open_rows = [row for row in view.alerts.all() if row["state"] == AlertState.OPEN]
        messages = {
            row["alert_id"]: view.outbox.find(f"conflict/{row['alert_id']}") for row in open_rows
        }
        keys = [
            f"transaction:{message.transaction_hash.lower()}"
            for message in messages.values()
            if message is not None and message.transaction_hash
        ]
        events = {
            event.transaction_hash: event
            for event in view.events.about(keys, "Conflicts", "ConflictProven")
        }
    changed = False
    for alert_id, message in messages.items():
        event = events.get(message.transaction_hash or "") if message is not None else None
        if event is None:
            continue
        with context.write() as work:
            work.alerts.update(
                alert_id, state=AlertState.PROVEN, conflict_id=int(event.arguments["conflictId"])
            )
            work.commit()
        changed = True
    return changed


def _examined(view: Rooms, examined: Mapping[int, int], log_id: LogId) -> int:
    """How many leaves of a log were looked at; those that it carries on were so under their own."""
    return max(examined.get(log_id, 0), view.successions.of(log_id).size)


def _news(view: Reading, log_id: LogId, first: int) -> _News | None:
    """What stands between the last look and the last checked checkpoint."""
    checkpoint = view.following.last_checkpoint(log_id)
    if checkpoint is None or checkpoint.size <= first:
        return None
    end = min(checkpoint.size, first + _ENTRIES_A_STEP)
    return _News(log_id, first, end, view.following.entries(log_id, first, end))


def _findings(following: FollowingRepository, news: Sequence[PlacedEntry]) -> list[Finding]:
    """Join new entries, and those they take back, with everything known about the same persons."""
    touched = [*news, *_targets(following, news)]
    wanted = set(group_by_tag(touched))
    persons = sorted(
        {
            item.entry.subject
            for item in touched
            if item.entry.head.kind in {Kind.PAYOUT, Kind.DEATH_REPORT}
        }
    )
    checked = {log.log_id: _checked_size(following, log.log_id) for log in following.logs()}
    known = [
        item
        for item in following.entries_of_subjects(persons, [Kind.PAYOUT, Kind.DEATH_REPORT])
        if item.index < checked[item.log_id]
    ]
    groups = {
        tag: items for tag, items in group_by_tag(known).items() if tag in wanted and len(items) > 1
    }
    deaths = [item for item in known if item.entry.head.kind is Kind.DEATH_REPORT]
    dead = {item.entry.subject for item in deaths}
    payouts = [
        item for item in known if item.entry.head.kind is Kind.PAYOUT and item.entry.subject in dead
    ]
    suspects = [item for items in groups.values() for item in items] + deaths + payouts
    taken_back = _reversed(following, {LeafPlace(item.log_id, item.index) for item in suspects})
    return duplicate_payouts(groups, taken_back) + paid_after_death(deaths, payouts, taken_back)


def _targets(following: FollowingRepository, news: Sequence[PlacedEntry]) -> list[PlacedEntry]:
    """The entries that new reversals take back; a reversal names a lower index of its own log."""
    places = [
        (item, reversed_leaf(item.entry.subject)[1])
        for item in news
        if item.entry.head.kind is Kind.REVERSAL
    ]
    targets = [following.entry(item.log_id, at) for item, at in places if at < item.index]
    return [target for target in targets if target is not None]


def _checked_size(following: FollowingRepository, log_id: int) -> int:
    """How many leaves stand under a checked checkpoint; later ones wait for their root."""
    checkpoint = following.last_checkpoint(log_id)
    return checkpoint.size if checkpoint is not None else 0


def _reversed(following: FollowingRepository, places: set[LeafPlace]) -> frozenset[LeafPlace]:
    """Which of these leaves a checked reversal takes back, in the same log or its successor's."""
    found = following.reversals_of((place.log_id, place.index) for place in places)
    return frozenset(
        LeafPlace(*place)
        for place, takers in found.items()
        if any(index < _checked_size(following, log_id) for log_id, index in takers)
    )


def _keep(context: NodeContext, work: UnitOfWork, finding: Finding) -> None:
    """Add an alert; a known one takes the leaves that stand now, and opens again if it was over."""
    evidence: dict[str, object] = {
        "leaves": [[place.log_id, place.index] for place in finding.leaves]
    }
    known = work.alerts.find(finding.alert_id)
    if known is not None:
        if known["evidence"] != evidence:
            over = known["state"] in {AlertState.PREVENTED, AlertState.CLOSED}
            work.alerts.update(
                finding.alert_id,
                evidence=evidence,
                amount_fen=finding.amount_fen,
                state=AlertState.OPEN if over else known["state"],
            )
        return
    _add(context, work, finding, evidence, _final_at(work.following, finding.leaves))


def _add(
    context: NodeContext,
    work: UnitOfWork,
    finding: Finding,
    evidence: dict[str, object],
    final_at: datetime,
) -> None:
    """Keep a new alert, with when its evidence became final."""
    work.alerts.add(
        {
            "alert_id": finding.alert_id,
            "rule": finding.rule,
            "risk": finding.risk,
            "period": finding.period,
            "subject": finding.subject,
            "evidence": evidence,
            "amount_fen": finding.amount_fen,
            "state": AlertState.OPEN,
            "evidence_final_at": final_at,
            "found_at": context.clock.now(),
            "conflict_id": None,
        }
    )
    _log.warning("alert", rule=finding.rule, alert=finding.alert_id)


def _close_reversed(work: UnitOfWork, news: Sequence[PlacedEntry]) -> None:
    """An alert whose second live payment was taken back before it was made is PREVENTED."""
    if not any(item.entry.head.kind is Kind.REVERSAL for item in news):
        return
    for row in work.alerts.all():
        alert = alert_of(row)
        if alert.state is not AlertState.OPEN:
            continue
        taken_back = _reversed(work.following, set(alert.leaves))
        needed = 2 if alert.rule is Rule.DUPLICATE_PAYOUT else len(alert.leaves)
        if len([place for place in alert.leaves if place not in taken_back]) < needed:
            work.alerts.update(alert.alert_id, state=AlertState.PREVENTED)


def _final_at(following: FollowingRepository, places: Sequence[LeafPlace]) -> datetime:
    """When the last of these leaves became final: block time of the first checkpoint with it."""
    times = []
    for place in places:
        checkpoint = following.covering_checkpoint(place.log_id, place.index)
        assert checkpoint is not None, "only entries under a checked checkpoint are examined"
        times.append(checkpoint.block_time)
    return datetime.fromtimestamp(max(times), UTC)


def _leaf_proof(following: FollowingRepository, place: LeafPlace) -> dict[str, object]:
    """The contract's LeafProof of one followed leaf under the last checked checkpoint."""
    checkpoint = following.last_checkpoint(place.log_id)
    assert checkpoint is not None, "an alert rests on checked checkpoints"
    leaves = following.leaves(place.log_id, 0, checkpoint.size)
    tree = MerkleTree(leaf_hash(leaf) for leaf in leaves)
    path = tree.inclusion_proof(LeafIndex(place.index), checkpoint.size)
    return {
        "log": int(place.log_id),
        "size": checkpoint.size,
        "index": int(place.index),
        "seal": "0x" + leaves[place.index][32:].hex(),
        "path": ["0x" + item.hex() for item in path],
    }
