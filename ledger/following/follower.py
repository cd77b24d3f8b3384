"""Follows other bureaus' logs checkpoint by checkpoint, from chain and feeds alone.

For every checkpoint that is final on chain, in order: fetch the leaves between the last checked one
and it, extend our own compact range by them and compare its root with the chain's. Since every leaf
was hashed by ourselves, an equal root proves consistency and completeness at once. A supervisor
also fetches the entries and recomputes every leaf from them, then cosigns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from ledger.chain.bindings import BureauOnChain, CheckpointOnChain
from ledger.errors import (
    EncodingError,
    InconsistentCheckpointError,
    InvalidSignatureError,
    PeerUnavailableError,
    ProofShapeError,
    RootMismatchError,
    SplitViewError,
)
from ledger.evidence.checkpoint import CheckpointBody, cosign_checkpoint, verify_ed25519
from ledger.evidence.encoding import ENTRY_BYTES, Entry, LogId, leaf_hash
from ledger.evidence.lineage import Lineage
from ledger.evidence.merkle import CompactRange
from ledger.evidence.tiles import (
    TILE_WIDTH,
    entry_bundle_path,
    parse_entry_bundle,
    supervision_bundle_path,
    supervision_bundle_text,
)
from ledger.following.feeds import FeedClient
from ledger.following.split_views import NoteWatch
from ledger.recording.context import NodeContext, cosigner_name, origin_of
from ledger.store.following import FollowedCheckpoint, FollowedLog

_log = structlog.get_logger("anxu.following")
CURRENT, BEHIND, UNREACHABLE, INCONSISTENT = "CURRENT", "BEHIND", "UNREACHABLE", "INCONSISTENT"
LEAVES_A_STEP = 32_768
"""How many leaves one step takes in, so that a long catch-up is many small transactions."""
NOTE_WATCH_SECONDS = 5
"""How often the newest checkpoint that a log shows is looked at."""


@dataclass(frozen=True, slots=True)
class _Succeeded:
    """Who serves the leaves of a closed log, and how many of them somebody carries on."""

    heir: BureauOnChain
    size: int


class Follower:
    """Keeps this node's copies of other logs as far as the chain and their feeds go."""

    def __init__(self, context: NodeContext, feeds: FeedClient) -> None:
        self._context = context
        self._feeds = feeds
        self._supervises = context.settings.role == "supervisor"
        self._notes = NoteWatch(context, feeds)
        self._watched_at: dict[int, datetime] = {}

    def step(self) -> bool:
        """Follow every other log one step; returns whether anything changed."""
        changed = False
        own = self._context.log_id
        with self._context.read() as view:
            ours = {own, *view.successions.ancestors_of(own)}
        for bureau in self._context.chain.bureaus():
            if bureau.log_id not in ours:
                changed |= self._follow(bureau)
        return changed

    def _follow(self, bureau: BureauOnChain) -> bool:
        context = self._context
        succeeded = self._succeeded(bureau)
        with context.read() as view:
            known = view.following.log(bureau.log_id)
        if known is None and self._inherits(bureau.log_id):
            return self._begin_with_inherited(bureau)
        if known is None:
            known = FollowedLog(
                log_id=LogId(bureau.log_id),
                endpoint=bureau.endpoint,
                head=CompactRange.empty(),
                number=0,
                state=BEHIND,
                last_error=None,
                checked_at=context.clock.now(),
            )
        if known.state == INCONSISTENT:
            if succeeded is None:
                return False
            known = self._cut_back(known, succeeded.size)
        known = replace(known, endpoint=bureau.endpoint)
        try:
            if succeeded is None:
                self._watch_notes(bureau)
            target = self._next_checkpoint(bureau.log_id, known.head.size)
            if target is None or (succeeded is not None and target.size > succeeded.size):
                return self._settle(known, CURRENT, None)
            return self._take_in(known, bureau, target, succeeded)
        except (PeerUnavailableError, InvalidSignatureError) as error:
            # A bundle under another key says nothing about the log: nothing is taken, ask again.
            return self._settle(known, UNREACHABLE, error.code)
        except (
            InconsistentCheckpointError,
            RootMismatchError,
            ProofShapeError,
            EncodingError,
            SplitViewError,
        ) as error:
            _log.error("inconsistent", log_id=bureau.log_id, code=error.code)
            return self._settle(known, INCONSISTENT, error.code)

    # --- logs that carry on a closed one ----------------------------------------------------------

    def _succeeded(self, bureau: BureauOnChain) -> _Succeeded | None:
        """Who serves a closed log's leaves now, and how many count; None: it goes on itself."""
        chain, heir = self._context.chain, bureau.log_id
        sizes: list[int] = []
        while bureau.closed and (next_heir := chain.successor_of(heir)) is not None:
            inherited = chain.predecessor_of(next_heir)
            assert inherited is not None, "a successor inherits from whom it succeeds"
            sizes.append(inherited[1])
            heir = next_heir
        if not sizes:
            return None
        server = next(each for each in chain.bureaus() if each.log_id == heir)
        return _Succeeded(server, min(sizes))

    def _inherits(self, log_id: int) -> bool:
        inherited = self._context.chain.predecessor_of(log_id)
        return inherited is not None and inherited[1] > 0

    def _begin_with_inherited(self, bureau: BureauOnChain) -> bool:
        """Begin a successor's log with the closed log's leaves, once we hold those of the chain.

        They stay kept under the log that recorded them.
        """
        chain = self._context.chain
        inherited = chain.predecessor_of(bureau.log_id)
        assert inherited is not None, "asked for successors only"
        predecessor, size = inherited
        with self._context.read() as view:
            held = view.following.log(predecessor)
            if held is None or held.head.size < size:
                return False  # it is followed first
            leaves = view.following.leaves(predecessor, 0, size)
        head = CompactRange.empty().extend(map(leaf_hash, leaves))
        anchored = chain.checkpoint(predecessor, size)
        if anchored is None or anchored.root != head.root():
            return False  # what we hold of it was not confirmed
        now = self._context.clock.now()
        with self._context.write() as work:
            if work.following.log(bureau.log_id) is not None:
                return False
            work.successions.keep(bureau.log_id, chain.predecessor_of)
            work.following.set_log(
                FollowedLog(LogId(bureau.log_id), bureau.endpoint, head, 0, BEHIND, None, now)
            )
            work.commit()
        return True

    def _cut_back(self, known: FollowedLog, limit: int) -> FollowedLog:
        """Go back to the last confirmed leaves of a closed log that somebody carries on.

        What it showed in two ways stays kept as evidence; the chain says which leaves count.
        """
        with self._context.write() as work:
            size = work.following.confirmed_size(known.log_id, limit)
            leaves = work.following.leaves(known.log_id, 0, size)
            work.following.cut(known.log_id, size)
            head = CompactRange.empty().extend(map(leaf_hash, leaves))
            cut = replace(known, head=head, state=BEHIND, last_error=None)
            work.following.set_log(cut)
            work.commit()
        return cut

    def _watch_notes(self, bureau: BureauOnChain) -> None:
        """Now and then, look at the checkpoint that the log shows before the chain has it."""
        now = self._context.clock.now()
        last = self._watched_at.get(bureau.log_id)
        if last is None or abs((now - last).total_seconds()) >= NOTE_WATCH_SECONDS:
            self._watched_at[bureau.log_id] = now
            self._notes.look(bureau)

    def _next_checkpoint(self, log_id: int, size: int) -> CheckpointOnChain | None:
        """The first final checkpoint of a log that is larger than ``size``, or not kept (now)."""
        chain = self._context.chain
        final = chain.gateway.final_block()
        count = chain.checkpoint_count(log_id)
        for position in range(self._known_count(log_id), count):
            found = chain.checkpoint_by_index(log_id, position)
            if found.block > final:
                return None
            if found.size > size or not self._is_known(log_id, found.size):
                return found
        return None

    def _is_known(self, log_id: int, size: int) -> bool:
        with self._context.read() as view:
            return view.following.checkpoint(log_id, size) is not None

    def _known_count(self, log_id: int) -> int:
        with self._context.read() as view:
            return view.following.checkpoint_count(log_id)

    def _take_in(
        self,
        known: FollowedLog,
        bureau: BureauOnChain,
        target: CheckpointOnChain,
        succeeded: _Succeeded | None = None,
    ) -> bool:
        """Fetch and check the leaves up to ``target``; large gaps go in several transactions.

        Leaves of a part are kept before the checkpoint's root is confirmed; the root confirms all
        of them, and a root that does not come out makes the log INCONSISTENT, never current. Those
        of a closed log come from who carries it on.
        """
        server = succeeded.heir if succeeded is not None else bureau
        context = self._context
        first = known.head.size
        if target.size <= first:
            return self._check_again(known, bureau, target, notes=succeeded is None)
        end = min(target.size, first + LEAVES_A_STEP)
        leaves = self._fetch_leaves(server.endpoint, first, end, target.size)
        entries = self._fetch_entries(server, first, end, target.size) if self._supervises else []
        lineage = self._lineage(bureau.log_id)
        for offset, entry in enumerate(entries):
            if entry.leaf(lineage.origin_of(first + offset)).pack() != leaves[offset]:
                raise ProofShapeError(reason=f"entry {first + offset} does not give its leaf")
        head = known.head.extend([leaf_hash(leaf) for leaf in leaves])
        complete = head.size == target.size
        if complete and succeeded is None:
            self._notes.confirm(bureau, target)
        if complete and head.root() != target.root:
            raise InconsistentCheckpointError(
                origin=origin_of(context.manifest.chain_id, bureau.log_id),
                old_size=first,
                new_size=target.size,
            )
        now = context.clock.now()
        line = self._cosign(bureau.log_id, target) if complete and self._supervises else None
        with context.write() as work:
            standing = work.following.log(bureau.log_id)
            if (standing.head.size if standing is not None else 0) != first:
                return False
            work.following.add_leaves(bureau.log_id, first, leaves)
            work.following.add_entries(bureau.log_id, first, entries)
            if complete:
                work.following.add_checkpoint(_followed_checkpoint(target, line), now)
            work.following.set_log(
                replace(
                    known,
                    head=head,
                    number=target.number if complete else known.number,
                    state=BEHIND,
                    last_error=None,
                    checked_at=now,
                )
            )
            work.commit()
        return True

    def _check_again(
        self,
        known: FollowedLog,
        bureau: BureauOnChain,
        target: CheckpointOnChain,
        *,
        notes: bool,
    ) -> bool:
        """Compare leaves that were taken in already with a checkpoint that the chain has anew."""
        context = self._context
        with context.read() as view:
            leaves = view.following.leaves(bureau.log_id, 0, target.size)
        if notes:
            self._notes.confirm(bureau, target)
        if CompactRange.empty().extend(map(leaf_hash, leaves)).root() != target.root:
            raise InconsistentCheckpointError(
                origin=origin_of(context.manifest.chain_id, bureau.log_id),
                old_size=known.head.size,
                new_size=target.size,
            )
        line = self._cosign(bureau.log_id, target) if self._supervises else None
        with context.write() as work:
            work.following.add_checkpoint(_followed_checkpoint(target, line), context.clock.now())
            work.following.set_log(replace(known, number=target.number, state=BEHIND))
            work.commit()
        return True

    def _lineage(self, log_id: int) -> Lineage:
        with self._context.read() as view:
            return view.successions.of(log_id)

    def _fetch_leaves(self, endpoint: str, first: int, end: int, size: int) -> list[bytes]:
        leaves: list[bytes] = []
        for number in range(first // TILE_WIDTH, (end - 1) // TILE_WIDTH + 1):
            width = min(TILE_WIDTH, size - number * TILE_WIDTH)
            content = self._feeds.entry_bundle(endpoint, entry_bundle_path(number, width))
            bundle = parse_entry_bundle(content, width)
            start = number * TILE_WIDTH
            leaves.extend(bundle[max(first - start, 0) : min(end - start, width)])
        return leaves

    def _fetch_entries(self, bureau: BureauOnChain, first: int, end: int, size: int) -> list[Entry]:
        entries: list[Entry] = []
        origin = origin_of(self._context.manifest.chain_id, bureau.log_id)
        for number in range(first // TILE_WIDTH, (end - 1) // TILE_WIDTH + 1):
            width = min(TILE_WIDTH, size - number * TILE_WIDTH)
            path = supervision_bundle_path(number, width)
            content, signature = self._feeds.supervision_bundle(bureau.endpoint, path)
            if len(content) != width * ENTRY_BYTES:
                raise ProofShapeError(reason="an entry bundle has the wrong length")
            text = supervision_bundle_text(origin, number, width, content)
            verify_ed25519(bureau.log_key, signature, text, what="an entry bundle")
            start = number * TILE_WIDTH
            for position in range(max(first - start, 0), min(end - start, width)):
                entry = content[position * ENTRY_BYTES : (position + 1) * ENTRY_BYTES]
                entries.append(Entry.parse(entry))
        return entries

    def _cosign(self, log_id: int, checkpoint: CheckpointOnChain) -> str:
        context = self._context
        body = CheckpointBody(
            origin_of(context.manifest.chain_id, log_id), checkpoint.size, checkpoint.root
        )
        account = context.keys.secp256k1("supervisor").address
        name = cosigner_name(context.manifest.chain_id, account)
        return cosign_checkpoint(
            body,
            name,
            context.keys.ed25519("cosigner"),
            time=int(context.clock.now().timestamp()),
        )

    def _settle(self, known: FollowedLog, state: str, reason: str | None) -> bool:
        if known.state == state and known.last_error == reason:
            return False
        with self._context.write() as work:
            standing = work.following.log(known.log_id)
            base = standing if standing is not None else known
            work.following.set_log(
                replace(
                    base,
                    endpoint=known.endpoint,
                    state=state,
                    last_error=reason,
                    checked_at=self._context.clock.now(),
                )
            )
            work.commit()
        return False


def _followed_checkpoint(target: CheckpointOnChain, cosignature: str | None) -> FollowedCheckpoint:
    return FollowedCheckpoint(
        log_id=LogId(target.log_id),
        size=target.size,
        root=target.root,
        number=target.number,
        block=target.block,
        block_time=target.time,
        cosignature=cosignature,
    )
