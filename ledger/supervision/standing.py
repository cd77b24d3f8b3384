"""A supervisor's signed word on whether a leaf still stands: what leaves and chain already say."""

from __future__ import annotations

from ledger.errors import FollowingBehindError, NotFoundError
from ledger.evidence.bundle import StandingStatement, sign_standing
from ledger.evidence.encoding import LeafIndex, LogId, Standing, TreeSize
from ledger.keys.key_store import COSIGNER, SUPERVISOR
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext, cosigner_name


def standing_statement(context: NodeContext, log_id: int, index: int) -> StandingStatement:
    """State whether a leaf was taken back, as of the last checkpoint this supervisor has checked.

    Args:
        context: an open supervisor's node.
        log_id: the log.
        index: the leaf.

    Raises:
        NotFoundError: this node does not follow such a log; another log carries it on, of whose
            leaf it is stated; or the leaf is a credential, whose
            revocation is looked up on chain.
        FollowingBehindError: the last checked checkpoint does not reach the leaf yet.
    """
    leaf = (LogId(log_id), LeafIndex(index))
    with context.read() as view:
        last = view.following.last_checkpoint(log_id)
        if last is None or view.successions.acting_for(log_id) != log_id:
            raise NotFoundError(what="followed log", key=str(log_id))
        if last.size <= index:
            raise FollowingBehindError(
                log_id=log_id, needed_size=index + 1, followed_size=last.size
            )
        entry = view.following.entry(log_id, index)
        takers = view.following.reversals_of([leaf]).get(leaf, [])
    if entry is not None and entry.entry.head.kind is Kind.CREDENTIAL:
        raise NotFoundError(what="standing statement for credential", key=str(index))
    is_reversed = any(place < last.size for _, place in takers)
    account = context.keys.secp256k1(SUPERVISOR).address
    return sign_standing(
        Standing(
            log_id=LogId(log_id),
            index=LeafIndex(index),
            size=TreeSize(last.size),
            root=last.root,
            reversed=is_reversed,
            revoked=False,
            time=int(context.clock.now().timestamp()),
        ),
        cosigner_name(context.manifest.chain_id, account),
        context.keys.ed25519(COSIGNER),
    )
