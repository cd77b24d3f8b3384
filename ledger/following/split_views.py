"""Looks for two roots of one size: in what a log shows us, and between that and the chain.

A log that signed two histories has shown them to two readers. Each reader keeps the notes it was
shown; the second root for a size is a split view, whoever holds the first: an earlier note, or the
chain. Both are kept as evidence, for good.
"""

from __future__ import annotations

import structlog

from ledger.chain.bindings import BureauOnChain, CheckpointOnChain
from ledger.errors import (
    InvalidSignatureError,
    MalformedNoteError,
    PeerUnavailableError,
    SplitViewError,
    UnknownSignerError,
    WrongOriginError,
)
from ledger.evidence.checkpoint import CheckpointBody, VerifierKey, open_checkpoint
from ledger.evidence.encoding import LogId
from ledger.following.feeds import FeedClient
from ledger.recording.context import NodeContext, origin_of
from ledger.store.following import SeenNote

_log = structlog.get_logger("anxu.following")


class NoteWatch:
    """Keeps the signed checkpoints that logs show, and compares them."""

    def __init__(self, context: NodeContext, feeds: FeedClient) -> None:
        self._context = context
        self._feeds = feeds

    def look(self, bureau: BureauOnChain, size: int | None = None) -> None:
        """Fetch the newest note of a log, or that of ``size``, keep it and compare it.

        A feed that does not answer, and a note that the log's keys did not sign, say nothing.

        Raises:
            SplitViewError: there is another root for that size; both notes are kept.
        """
        try:
            text = self._feeds.checkpoint(bureau.endpoint, size)
        except PeerUnavailableError:
            return
        body = self._opened(text, bureau) if text is not None else None
        if text is not None and body is not None and (size is None or size == body.size):
            self._compare(bureau.log_id, body, text)

    def confirm(self, bureau: BureauOnChain, checkpoint: CheckpointOnChain) -> None:
        """Compare what the chain holds with every note of that size, the one shown now included.

        Raises:
            SplitViewError: a note has another root than the chain; both are kept.
        """
        self.look(bureau, checkpoint.size)
        with self._context.read() as view:
            seen = view.following.notes(bureau.log_id, checkpoint.size)
        if any(note.root != checkpoint.root for note in seen):
            origin = origin_of(self._context.manifest.chain_id, bureau.log_id)
            body = CheckpointBody(origin, checkpoint.size, checkpoint.root)
            self._compare(bureau.log_id, body, body.format())

    def _opened(self, text: str, bureau: BureauOnChain) -> CheckpointBody | None:
        """What the note says, if a key the log has or had signed it."""
        origin = origin_of(self._context.manifest.chain_id, bureau.log_id)
        history = self._context.chain.key_history(bureau.log_id)
        keys = {VerifierKey.log(origin, item.log_key) for item in history}
        try:
            return open_checkpoint(text, origin, keys)
        except (
            MalformedNoteError,
            WrongOriginError,
            UnknownSignerError,
            InvalidSignatureError,
        ) as error:
            _log.warning("note refused", log_id=bureau.log_id, code=error.code)
            return None

    def _compare(self, log_id: int, body: CheckpointBody, text: str) -> None:
        context = self._context
        with context.write() as work:
            known = work.following.checkpoint(log_id, body.size)
            roots = [note.root for note in work.following.notes(log_id, body.size)]
            now = context.clock.now()
            if known is not None and known.root not in {*roots, body.root}:
                # Nobody showed us a note of what the chain holds: its own text is the first.
                first = CheckpointBody(body.origin, body.size, known.root).format()
                work.following.add_note(SeenNote(LogId(log_id), body.size, known.root, first, now))
                roots.append(known.root)
            if body.root not in roots:
                work.following.add_note(SeenNote(LogId(log_id), body.size, body.root, text, now))
                work.commit()
        others = [root for root in roots if root != body.root]
        if others:
            _log.critical("split view", log_id=log_id, size=body.size)
            raise SplitViewError(
                origin=body.origin,
                size=body.size,
                first_root=others[0].hex(),
                second_root=body.root.hex(),
            )
