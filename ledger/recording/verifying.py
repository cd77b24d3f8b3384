"""Checks a proof as somebody who was handed it: offline, or with a chain of one's choosing.

Contracts, keys and chain id come from the trust file, never from the proof. What cannot be reached
or read leaves a check undetermined; only evidence that contradicts makes it invalid.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ledger.chain.anchors import read_anchor
from ledger.chain.finality import Finality
from ledger.evidence.bundle import LeafPlace, ProofBundle
from ledger.evidence.readings import StandingReading
from ledger.evidence.trust import TrustFile
from ledger.evidence.verdicts import Verdict
from ledger.evidence.verification import verify_bundle
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext


def verify(
    bundle: ProofBundle,
    trust: TrustFile,
    rpc_url: str | Sequence[str] | None,
    now: datetime,
    *,
    finality: Finality | None = None,
    standing: StandingReading | None = None,
) -> Verdict:
    """Say whether a fact was recorded and whether it still stands, and on what that rests.

    Args:
        bundle: the proof.
        trust: what the verifier believed before.
        rpc_url: a chain endpoint of the verifier's choosing, or several of which two have to
            agree; None to check offline.
        now: the verifier's time, aware.
        finality: when an anchor counts; without it, as soon as it stands.
        standing: what the verifier found among all leaves it holds, see :func:`read_standing`.

    Returns:
        Named checks and two verdicts; an endpoint that does not answer, or serves something else,
        leaves the anchor undetermined.
    """
    anchor = read_anchor(bundle, trust, rpc_url, finality) if rpc_url is not None else None
    return verify_bundle(bundle, trust, now=now, anchor=anchor, standing=standing)


def read_standing(context: NodeContext, bundle: ProofBundle) -> StandingReading | None:
    """What this node finds among the leaves it holds: its own log's, or a followed log's.

    Only leaves under a checkpoint that is final on chain count. None when the node does not hold
    the log that far, or holds another leaf at that place.
    """
    place = LeafPlace(bundle.log_id, bundle.index)
    found = (
        _own_standing(context, place)
        if place.log_id == context.log_id or context.lineage.holds(place.log_id, place.index)
        else _followed_standing(context, place)
    )
    if found is None or found[2] != bundle.leaf.pack():
        return None
    size, is_reversed, _ = found
    revoked = None if bundle.opening.head.kind is Kind.CREDENTIAL else False
    return StandingReading(size, is_reversed, revoked, context.clock.now())


def _own_standing(context: NodeContext, place: LeafPlace) -> tuple[int, bool, bytes] | None:
    with context.read() as view:
        last = view.log.last_checkpoint(final=True)
        stored = view.log.entry(place.index)
        if last is None or stored is None or last.size <= place.index:
            return None
        reversal = view.log.reversal_of(place.index)
    is_reversed = reversal is not None and reversal < last.size
    return last.size, is_reversed, stored.leaf.pack()


def _followed_standing(context: NodeContext, place: LeafPlace) -> tuple[int, bool, bytes] | None:
    with context.read() as view:
        heir = view.successions.acting_for(place.log_id)
        origin = view.successions.of(place.log_id).origin_of(place.index)
        last = view.following.last_checkpoint(heir)
        leaf = view.following.leaf(place.log_id, place.index)
        if last is None or leaf is None or last.size <= place.index:
            return None
        if not view.successions.is_carried_on(origin, place.index):
            return None
        key = (place.log_id, place.index)
        takers = view.following.reversals_of([key]).get(key, [])
    is_reversed = any(index < last.size for _, index in takers)
    return last.size, is_reversed, leaf.pack()
