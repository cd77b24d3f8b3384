"""What follows acceptance, redone from rows at will: tiles, signature, publication, finality."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from ledger.chain.anchors import announcing_transaction
from ledger.errors import (
    InvariantBrokenError,
    LogShrunkError,
    PeerUnavailableError,
    RefusedError,
    SplitViewError,
    UnavailableError,
    VerificationError,
)
from ledger.evidence.checkpoint import (
    CheckpointBody,
    Note,
    VerifierKey,
    add_signature_lines,
    parse_cosignature_line,
    sign_checkpoint,
)
from ledger.evidence.merkle import CompactRange, consistency_proof
from ledger.recording.context import NodeContext, cosigner_name
from ledger.store.log import StoredCheckpoint
from ledger.store.outbox import FINAL

_log = structlog.get_logger("anxu.publication")

CosignatureSource = Callable[[str, int, int], str | None]
"""Given a supervisor's endpoint, a log and a size: its signature line, None while it has none."""


class Publisher:
    """Brings the node's own log from accepted to final and cosigned."""

    def __init__(self, context: NodeContext, cosignatures: CosignatureSource) -> None:
        self._context = context
        self._cosignatures = cosignatures

    def step(self) -> bool:
        """Do whatever is possible now; returns whether anything changed."""
        changed = self.sign_head()
        changed |= self._note_finality()
        changed |= self._release_anchored()
        changed |= self._collect_cosignatures()
        return changed

    def sign_head(self) -> bool:
        """Write the tiles of the accepted head, sign it and queue its publication.

        At most one checkpoint is under way: what is accepted meanwhile goes into the next one.
        """
        context = self._context
        with context.read() as view:
            head = view.log.head()
            last = view.log.last_checkpoint()
            if last is not None:
                self._require_one_history(head, last)
            if head.size == 0 or (
                last is not None and (last.number is None or last.size == head.size)
            ):
                return False
            context.bureau.tiles.integrate(head.size, view.log.leaf_rows)
        old_size = last.size if last is not None else 0
        extended = last.size if last is not None else context.lineage.size
        node = context.bureau.tiles.node
        if context.bureau.tiles.root(head.size) != head.root():
            raise InvariantBrokenError(
                invariant="tiles equal rows",
                expected=head.root().hex(),
                actual=context.bureau.tiles.root(head.size).hex(),
            )
        self._require_chain_agrees(head)
        proof = consistency_proof(extended, head.size, node) if 0 < extended < head.size else []
        body = CheckpointBody(context.origin, head.size, head.root())
        note = sign_checkpoint(body, context.origin, context.keys.ed25519("log"))
        with context.write() as work:
            standing = work.log.last_checkpoint()
            if (standing.size if standing is not None else 0) != old_size:
                return False
            now = context.clock.now()
            work.log.add_checkpoint(head.size, head.root(), note, now)
            work.outbox.queue(
                f"checkpoint/{head.size}",
                "Checkpoints",
                "publish",
                [context.log_id, head.size, _hex(head.root()), [_hex(item) for item in proof]],
                at=now,
            )
            work.commit()
        _log.info("signed", size=head.size)
        return True

    def _require_one_history(self, head: CompactRange, last: StoredCheckpoint) -> None:
        """Refuse unless our rows still are, or go on from, what we signed last.

        Raises:
            LogShrunkError: there are fewer leaves than were signed.
            SplitViewError: rows and signed note have two roots for one size.
        """
        origin = self._context.origin
        if head.size < last.size:
            raise LogShrunkError(origin=origin, published_size=last.size, size=head.size)
        signed = CheckpointBody.parse(Note.parse(last.note).text).root
        for root in (last.root, head.root() if head.size == last.size else last.root):
            if root != signed:
                raise split_view(origin, last.size, signed, root)

    def _require_chain_agrees(self, head: CompactRange) -> None:
        """Refuse to sign on when the chain holds another history of ours than our files.

        Without a chain nothing can be compared; what we sign then is compared once it is final.

        Raises:
            LogShrunkError: the chain has more leaves of ours than we do.
            SplitViewError: it has another root for its newest size.
        """
        context = self._context
        try:
            newest = context.chain.latest_checkpoint(context.log_id)
        except UnavailableError:
            return
        if newest is None:
            return
        if newest.size > head.size:
            raise LogShrunkError(origin=context.origin, published_size=newest.size, size=head.size)
        ours = context.bureau.tiles.root(newest.size)
        if ours != newest.root:
            raise split_view(context.origin, newest.size, newest.root, ours)

    def _note_finality(self) -> bool:
        """Once the chain has a checkpoint for good, keep where it stands."""
        context = self._context
        with context.read() as view:
            waiting = view.log.unfinal_checkpoints()
        for position, checkpoint in enumerate(waiting):
            if not self._note_final(checkpoint):
                return position > 0
        return bool(waiting)

    def _note_final(self, last: StoredCheckpoint) -> bool:
        context = self._context
        found = context.chain.checkpoint(context.log_id, last.size)
        if found is None or found.block > context.chain.gateway.final_block():
            return False
        if found.root != last.root:
            raise split_view(context.origin, last.size, found.root, last.root)
        with context.read() as view:
            message = view.outbox.find(f"checkpoint/{last.size}")
        if message is not None and message.state == FINAL:
            transaction = message.transaction_hash
        else:  # of several versions, which one landed is the chain's to say
            transaction = announcing_transaction(
                context.chain.gateway, context.log_id, last.size, found.block
            )
        with context.write() as work:
            now = context.clock.now()
            work.log.mark_final(
                last.size,
                number=found.number,
                block=found.block,
                block_time=found.time,
                transaction_hash=transaction,
                at=now,
            )
            work.commit()
        return True

    def _release_anchored(self) -> bool:
        """Queue the messages that waited for leaves which a final checkpoint now holds."""
        context = self._context
        with context.read() as view:
            last = view.log.last_checkpoint(final=True)
            size = last.size if last is not None else 0
            if view.outbox.waiting_for_anchor(size) == 0:
                return False
        with context.write() as work:
            work.outbox.release_anchored(size, at=context.clock.now())
            work.commit()
        return True

    def _collect_cosignatures(self) -> bool:
        """Fetch supervisors' cosignatures on the last final checkpoint that lacks some.

        A line that does not hold is not kept, and keeps nobody else's away.
        """
        context = self._context
        supervisors = context.chain.supervisors()
        with context.read() as view:
            last = view.log.last_checkpoint(final=True)
            known = view.log.cosignatures(last.size) if last is not None else []
        if last is None or len(known) >= len(supervisors):
            return False
        changed = False
        for supervisor in supervisors:
            name = cosigner_name(context.manifest.chain_id, supervisor.account)
            key = VerifierKey.cosigner(name, supervisor.cosigner_key)
            try:
                line = self._cosignatures(supervisor.endpoint, context.log_id, last.size)
            except PeerUnavailableError:
                continue
            if line is not None and line not in known:
                body = CheckpointBody(context.origin, last.size, last.root)
                try:
                    parse_cosignature_line(line, key, body)
                except (VerificationError, RefusedError) as error:
                    _log.error("cosignature refused", cosigner=name, code=error.code)
                    continue
                with context.write() as work:
                    work.log.add_cosignature(last.size, name, line, context.clock.now())
                    work.commit()
                changed = True
        return changed


def split_view(origin: str, size: int, first: bytes, second: bytes) -> SplitViewError:
    """Two roots of one size, as an error that stops publication."""
    return SplitViewError(
        origin=origin, size=size, first_root=first.hex(), second_root=second.hex()
    )


def served_note(checkpoint: StoredCheckpoint, cosignatures: Sequence[str]) -> str:
    """The checkpoint as it is served: the log's note with the cosigners' lines behind it."""
    return add_signature_lines(checkpoint.note, cosignatures)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
