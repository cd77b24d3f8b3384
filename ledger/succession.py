"""A successor's node takes over the records that its log inherits from a closed one.

The closed log's directory is only read, and nothing of it is trusted: the tree over the inherited
leaves, each derived anew from its entry, must be the one that the chain holds for the closed log.
Every step can be repeated after a crash: what is there is found and kept, and the node is no node
until the last step.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ledger.audit.leaves import derive_leaves
from ledger.chain.bindings import Bindings, CheckpointOnChain
from ledger.chain.deployment import Manifest
from ledger.config import MANIFEST_FILE, NodeSettings
from ledger.errors import (
    InheritedLeavesMissingError,
    InvariantBrokenError,
    NotAnchoredYetError,
    NotPermittedError,
    SealingKeyDestroyedError,
)
from ledger.evidence.encoding import LogId
from ledger.evidence.growth import grow
from ledger.evidence.hashing import leaf_hashes
from ledger.evidence.lineage import Lineage
from ledger.evidence.merkle import CompactRange
from ledger.files import sync_directory
from ledger.keys.files import copy_private_database
from ledger.keys.key_store import ALLIANCE, OPRF, PERSON_MASTER, KeyStore
from ledger.keys.person_keys import PERSONS_FILE, PersonKeys
from ledger.keys.remembered import SUBJECTS_FILE
from ledger.node import KEYS, open_keys
from ledger.ports import Clock
from ledger.recording.context import origin_of
from ledger.recording.publication import split_view
from ledger.recording.writer import RecordReader
from ledger.records.corrections import CORRECTED, REFUNDED
from ledger.records.model import CONTRIBUTION_IMPORT
from ledger.records.rules import collection_reference
from ledger.store.commands import ImportRow
from ledger.store.database import Database
from ledger.store.log import StoredEntry
from ledger.store.unit_of_work import Reading, UnitOfWork

ROWS_A_PART: Final = 65_536
"""Rows of one transaction, after which a copy that broke off goes on."""
TAKE_OVER_KEY: Final = "take-over"
_OUTGOING: Final = "outgoing"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Succession:
    """What a successor took over, and what stays behind.

    ``left_behind`` counts leaves of the closed log that the successor does not inherit; their facts
    stand in ``file``, to be recorded again. ``unsettled`` counts the closed log's messages that the
    chain never took.
    """

    log_id: LogId
    predecessor: LogId
    inherited: int
    left_behind: int
    file: Path | None
    unsettled: int
    already_done: bool = False


def take_over(
    directory: Path,
    old_directory: Path,
    chain: Bindings,
    lineage: Lineage,
    clock: Clock,
    told: Progress = lambda _step, _done, _total: None,
) -> Succession:
    """Make the node in ``directory`` go on from the closed log's node in ``old_directory``.

    Args:
        directory: the successor's node, with its own keys and an empty database.
        old_directory: the closed log's node, or a copy of it; it is not changed.
        chain: whose word counts for what is inherited.
        lineage: of the successor, by the chain.
        clock: for what is queued.
        told: progress, by step.

    Raises:
        NotPermittedError: the directory is another log's, or the database holds another log.
        InheritedLeavesMissingError: it has fewer leaves than are inherited; nothing was written.
        SplitViewError: its leaves are not those that the closed log published; nothing was written.
        NotAnchoredYetError: the checkpoint is not final on chain; try again.
        SettingsError: its tables are of another version.
        WrongPassphraseError, FileModeError, KeyFileDamagedError: keys cannot be opened.
    """
    old = NodeSettings.load(old_directory)
    found = chain.predecessor_of(lineage.log_id)
    assert found is not None, "a successor has a predecessor"
    predecessor, size = LogId(found[0]), found[1]
    if old.role != "bureau" or old.log_id != predecessor:
        raise NotPermittedError(
            action="a succession", needed=f"the node directory of log {predecessor}"
        )
    checkpoint = _checkpoint(chain, predecessor, size)
    settings = NodeSettings.load(directory)
    with _opened(old, read_only=True) as source, _opened(settings) as target:
        heir = _Heir(directory, source, target, chain, lineage, checkpoint, clock, told)
        return heir.take_over(old_directory)


def _checkpoint(chain: Bindings, log_id: LogId, size: int) -> CheckpointOnChain:
    final = chain.gateway.final_block()
    smaller = 0
    for index in range(chain.checkpoint_count(log_id)):
        found = chain.checkpoint_by_index(log_id, index)
        if found.block > final:
            break
        if found.size == size:
            return found
        smaller = found.size
    raise NotAnchoredYetError(log_id=log_id, needed_size=size, final_size=smaller)


@contextmanager
def _opened(settings: NodeSettings, *, read_only: bool = False) -> Iterator[Database]:
    with closing(Database(settings.database_url, read_only=read_only)) as database:
        if read_only:
            database.require_current()
        else:
            database.migrate()
        yield database


class _Heir:
    """One taking over while it runs."""

    def __init__(
        self,
        directory: Path,
        source: Database,
        target: Database,
        chain: Bindings,
        lineage: Lineage,
        checkpoint: CheckpointOnChain,
        clock: Clock,
        told: Progress,
    ) -> None:
        self._directory = directory
        self._source = source
        self._target = target
        self._chain = chain
        self._lineage = lineage
        self._checkpoint = checkpoint
        self._size = checkpoint.size
        self._predecessor = LogId(checkpoint.log_id)
        self._clock = clock
        self._told = told

    def take_over(self, old_directory: Path) -> Succession:
        with Reading(self._source, self._predecessor) as old:
            tree = self._tree(old)
            end = old.log.head().size
            done = self._is_done()
            file = self._directory / _OUTGOING / f"left-behind-{self._predecessor}.jsonl"
            if not done:
                keys = self._inherit_keys(old_directory)
                self._copy_rows(old)
                self._write_left_behind(old, end, keys, file)
                self._finish(old, tree)
            return Succession(
                log_id=self._lineage.log_id,
                predecessor=self._predecessor,
                inherited=self._size,
                left_behind=end - self._size,
                file=file if end > self._size else None,
                unsettled=old.inheritance.unsettled_messages(),
                already_done=done,
            )

    def _is_done(self) -> bool:
        """Whether the database holds the successor's log; what is neither empty nor ours is kept.

        Raises:
            NotPermittedError: it holds another log, or rows that are none of this copy.
        """
        with Reading(self._target, self._lineage.log_id) as view:
            if (
                view.inheritance.has_head()
                and view.successions.of(self._lineage.log_id) == self._lineage
            ):
                return True
            copied = view.inheritance.copied()
            if view.inheritance.has_head() or copied is None or copied > self._size:
                raise NotPermittedError(action="a succession", needed="an empty database")
        return False

    def _tree(self, old: Reading) -> CompactRange:
        """The tree over the inherited leaves, each derived from its entry; as the chain has it."""
        held = old.log.head().size
        manifest = Manifest.load(self._directory / MANIFEST_FILE)
        origin = origin_of(manifest.chain_id, self._predecessor)
        if held < self._size:
            raise InheritedLeavesMissingError(origin=origin, held=held, inherited=self._size)
        tree = CompactRange.empty()
        for first in range(0, self._size, ROWS_A_PART):
            self._told("check", first, self._size)
            rows = old.audit.entries(first, min(self._size, first + ROWS_A_PART))
            tree = grow(tree, leaf_hashes(derive_leaves(self._lineage, rows))).after
        if tree.size != self._size or tree.root() != self._checkpoint.root:
            raise split_view(origin, self._size, self._checkpoint.root, tree.root())
        return tree

    def _inherit_keys(self, old_directory: Path) -> KeyStore:
        """Copy what opens the records and names persons; the keys that sign are the node's own."""
        keys, old = open_keys(self._directory), open_keys(old_directory)
        for name in (ALLIANCE, OPRF):
            if not keys.has(name):
                keys.put_secret(name, old.secret(name))
        inherited = f"{PERSON_MASTER}-log-{self._predecessor}"
        if not keys.has(inherited):
            keys.put_secret(inherited, old.secret(PERSON_MASTER))
        if keys.current_name(PERSON_MASTER) != inherited:
            keys.adopt(PERSON_MASTER, inherited)
        for name in (PERSONS_FILE, SUBJECTS_FILE):
            if (old_directory / KEYS / name).exists():
                copy_private_database(old_directory / KEYS / name, self._directory / KEYS / name)
        return keys

    def _copy_rows(self, old: Reading) -> None:
        first = 0
        while first < self._size:
            with UnitOfWork(self._target, self._lineage.log_id) as work:
                # Another process may copy the same rows: what counts is what is there now.
                first = work.inheritance.copied() or 0
                end = min(self._size, first + ROWS_A_PART)
                self._told("copy", first, self._size)
                for rows in old.inheritance.rows(first, end):
                    work.inheritance.add_rows(rows)
                work.commit()
            first = end

    def _write_left_behind(self, old: Reading, end: int, keys: KeyStore, file: Path) -> None:
        """Put the facts of leaves that nobody carries on into a file, one a line (mode 0600)."""
        if end <= self._size:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.new")
        temporary.unlink(missing_ok=True)
        vault = PersonKeys.open_read_only(
            self._directory / KEYS / PERSONS_FILE, keys.secret(PERSON_MASTER)
        )
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with vault, os.fdopen(descriptor, "w", encoding="utf-8") as out:
            reader = RecordReader(
                self._predecessor, vault, Lineage.of(self._predecessor, self._chain.predecessor_of)
            )
            for stored in old.log.entries(self._size, end):
                out.write(json.dumps(_left_behind(reader, stored, old), ensure_ascii=False) + "\n")
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
        sync_directory(file.parent)

    def _finish(self, old: Reading, tree: CompactRange) -> None:
        """Everything else in one transaction; from then on the database holds the log."""
        lineage = self._lineage
        with UnitOfWork(self._target, lineage.log_id) as work:
            if work.inheritance.has_head():
                return
            copied = work.inheritance.tree(self._size)
            if copied.root() != tree.root():
                raise InvariantBrokenError(
                    invariant="copied rows equal those they are copied from",
                    expected=tree.root().hex(), actual=copied.root().hex(),
                )  # fmt: skip
            for belongings in old.inheritance.belongings(self._size):
                work.inheritance.add(belongings)
            self._inherit_books(old, work)
            work.successions.keep(lineage.log_id, self._chain.predecessor_of)
            work.inheritance.set_head(tree)
            work.commit()

    def _inherit_books(self, old: Reading, work: UnitOfWork) -> None:
        """Carry what the chain has not entered, and ask it for the rest.

        Balances come from the chain once it moved them. Files and corrections that it never entered
        wait for the next file's message, as those with too few lines do.
        """
        entered: set[str] = set()
        files = [row for row in old.imports.all() if row.end_index <= self._size]
        for row in files:
            collection = row.summary.get("collection")
            if collection is not None and self._is_entered(collection["reference"]):
                entered.update(collection["imports"])
        for row in files:
            waits = row.kind == CONTRIBUTION_IMPORT and row.import_key not in entered
            work.imports.add(_not_entered(row) if waits else row)
            if waits:
                origin = self._lineage.origin_of(row.first_index)
                reference = collection_reference(origin, row.first_index, row.end_index)
                self._repost(old, work, reference)
        for entry in old.journal.of_occasions(CORRECTED, REFUNDED):
            key, end = entry.details["correction"], entry.details["end_index"]
            if key not in entered and end <= self._size:
                self._repost(old, work, entry.reference)
        now = self._clock.now()
        for heir, log_id in self._unmoved_books():
            work.outbox.queue(f"{TAKE_OVER_KEY}/{log_id}", "Funds", "takeOver", [heir], at=now)

    def _is_entered(self, reference: str) -> bool:
        digest = bytes.fromhex(reference.removeprefix("0x"))
        return self._chain.reference_used(self._predecessor, digest)

    def _repost(self, old: Reading, work: UnitOfWork, reference: str) -> None:
        found = old.journal.find(reference)
        if found is not None:
            work.journal.post(
                found.reference, found.occasion, found.postings, found.details, at=found.posted_at
            )

    def _unmoved_books(self) -> list[tuple[int, int]]:
        """Logs whose books nobody took over yet, oldest first, with who does."""
        unmoved: list[tuple[int, int]] = []
        heir = int(self._lineage.log_id)
        while (found := self._chain.predecessor_of(heir)) is not None:
            if self._chain.books_holder(found[0]) == found[0]:
                unmoved.insert(0, (heir, found[0]))
            heir = found[0]
        return unmoved


def _not_entered(row: ImportRow) -> ImportRow:
    """A file whose total no message of the chain has carried."""
    return replace(row, summary=row.summary | {"collection": None})


def _left_behind(reader: RecordReader, stored: StoredEntry, old: Reading) -> dict[str, Any]:
    """One fact that nobody carries on: personal data, for the bureau's own eyes."""
    try:
        record: dict[str, Any] | None = reader.open(stored, old.log).record
    except SealingKeyDestroyedError:
        record = None
    return {
        "index": int(stored.index),
        "recorded_at": stored.recorded_at.isoformat(),
        "source": stored.source_key,
        "record": record,
    }
