"""Audits a log: rows, files, signatures and chain, each beside all the others. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ledger.audit.anchors import Anchored, final_anchors, judge_anchor, judge_unanchored
from ledger.audit.checkpoints import (
    Authorities,
    ReadCheckpoint,
    bodies_of,
    judge_checkpoint,
    judge_cosignature,
    read_checkpoint,
    signed_otherwise,
)
from ledger.audit.files import LOG_FOLDER, LogFiles
from ledger.audit.heads import HeadReading, among, judge_head, read_head
from ledger.audit.indexes import IndexCheck
from ledger.audit.model import (
    ENTRIES,
    SUCCESSIONS,
    AuditReport,
    Checked,
    Finding,
    Findings,
    NotChecked,
    Part,
    Progress,
)
from ledger.audit.records import Vault
from ledger.audit.walk import Pseudonymiser, Walk, Walked, WalkPlan
from ledger.chain.bindings import Bindings
from ledger.errors import LedgerError, NotFoundError
from ledger.evidence.encoding import LogId
from ledger.evidence.lineage import Lineage
from ledger.evidence.merkle import EMPTY_ROOT
from ledger.store.audit import AuditRepository
from ledger.store.database import Database
from ledger.store.tiles import TREE

_SIZE_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class AuditedLog:
    """Everything that speaks about one log.

    ``pseudonyms`` None: no person is recomputed. ``chain`` None: no anchor is read, and
    ``no_chain`` says why in a word.
    """

    log_id: LogId
    database: Database
    files: LogFiles
    vault: Vault
    pseudonyms: Pseudonymiser | None
    authorities: Authorities
    chain: Bindings | None
    no_chain: str = ""
    lineage: Lineage | None = None
    """Whose leaves the log begins with, by the chain or else by our own table; None: its own."""
    kept_lineage: Lineage | None = None
    """The same by our own table, where the chain was asked."""


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """``open_records`` False passes sealed records over; ``from_checkpoint`` is a signed size."""

    open_records: bool = True
    from_checkpoint: int = 0


def _size(read: ReadCheckpoint) -> int:
    return read.size


def _silent(_step: str, _done: int, _total: int) -> None:
    pass


def audit_log(
    log: AuditedLog, options: AuditOptions = AuditOptions(), told: Progress = _silent
) -> AuditReport:
    """Compare everything with everything and say what differs, the first thing first.

    The order: rows by index, and in a row by column; the stored head; the tables that rows are
    found by; files, bundles and hash tiles by number; checkpoints, cosignatures and anchors by
    size.

    Args:
        log: the log. Its database is read in one transaction that writes nothing.
        options: what to pass over.
        told: progress, by step.

    Raises:
        NotFoundError: no signed checkpoint has the size to begin from.
        StorageUnavailableError: the database cannot be read.
    """
    frontier = log.files.read_frontier()  # first: it can then not be ahead of the rows
    with log.database.reading() as connection:
        return _Audit(log, options, AuditRepository(connection), frontier, told).report()


@dataclass(slots=True)
class _Tally:
    """What was looked at after the rows, and what could not be."""

    checkpoints: int = 0
    cosignatures: int = 0
    anchors: int = 0
    not_checked: list[NotChecked] = field(default_factory=list)


class _Audit:
    """One audit while it runs."""

    def __init__(
        self,
        log: AuditedLog,
        options: AuditOptions,
        repository: AuditRepository,
        frontier: bytes | None,
        told: Progress,
    ) -> None:
        self._log = log
        self._options = options
        self._repository = repository
        self._told = told
        self._findings = Findings()
        self._tally = _Tally()
        self._frontier = frontier

    def report(self) -> AuditReport:
        read = [
            read_checkpoint(row, self._log.authorities) for row in self._repository.checkpoints()
        ]
        signed = [each for each in read if each.body is not None and self._is_ours(each)]
        top = max(signed, key=_size, default=None)
        head = read_head(
            self._repository.heads(), self._repository.end(), top.size if top is not None else 0
        )
        for finding in head.findings:
            self._add(Part.HEAD, finding)
        first = self._first(signed)
        walked = self._walk(head, first, top, read)
        trusted = self._judge_roots(walked, signed, head)
        roots = {size: tree.root() for size, tree in walked.trees.items()} if trusted else {}
        self._judge_checkpoints(read, roots)
        self._judge_cosignatures(read, roots)
        self._judge_anchors(read, roots)
        findings, more = self._findings.in_order()
        return AuditReport(
            origin=self._log.authorities.origin,
            first=walked.first,
            size=head.size,
            root=roots.get(head.size),
            checked=self._checked(walked),
            findings=findings,
            more=more,
            not_checked=tuple(self._tally.not_checked),
        )

    def _is_ours(self, read: ReadCheckpoint) -> bool:
        return read.body is not None and read.body.origin == self._log.authorities.origin

    def _first(self, signed: Iterable[ReadCheckpoint]) -> int:
        wanted = self._options.from_checkpoint
        if wanted and wanted not in {each.size for each in signed}:
            raise NotFoundError(what="signed checkpoint", key=f"{wanted}")
        return wanted

    def _walk(
        self,
        head: HeadReading,
        first: int,
        top: ReadCheckpoint | None,
        read: Iterable[ReadCheckpoint],
    ) -> Walked:
        log, repository, findings = self._log, self._repository, self._findings
        wanted = {each.size for each in read} | {each.row.size for each in read} | {head.size}
        body = top.body if top is not None else None
        frontier = self._frontier
        signed_size = int(body.size) if body is not None else 0
        log.files.must_reach(signed_size, head.size, frontier)
        if frontier is not None and len(frontier) >= _SIZE_BYTES:
            wanted.add(int.from_bytes(frontier[:_SIZE_BYTES]))
        plan = WalkPlan(
            lineage=log.lineage or Lineage(log.log_id),
            first=first,
            size=head.size,
            signed=(int(body.size), body.root) if body is not None else None,
            sizes=tuple(sorted(size for size in wanted if isinstance(size, int))),
            open_records=self._options.open_records,
        )
        walk = Walk(repository, log.files, log.vault, log.pseudonyms, plan, findings)
        indexes = IndexCheck(repository, log.log_id, head.size, findings, walk.is_faulty)
        self._judge_lineage()
        for rows in walk.run(self._told):
            indexes.batch(rows)
        walked = walk.result
        if walked.stopped_at is None:
            indexes.finish(walked.first)
            self._outside(head.size)
        else:
            self._miss("rows", head.size - walked.stopped_at, "too-many-findings")
        if not self._options.open_records:
            self._miss("records", walked.rows, "quick")
        self._miss("rows", walked.first, "before-the-checkpoint")
        return walked

    def _judge_lineage(self) -> None:
        """Compare whose leaves the log begins with, by the chain and by our own table."""
        right, kept = self._log.lineage, self._log.kept_lineage
        if right is None or kept is None or right == kept:
            return
        expected, found = (
            ", ".join(f"log {part.log_id} to {part.end}" for part in each.inherited) or "none"
            for each in (right, kept)
        )
        finding = Finding(SUCCESSIONS, f"{self._log.log_id}", "size", expected, found)
        self._findings.add(Part.INDEXES, (0, 0), finding)

    def _outside(self, size: int) -> None:
        """Rows at indices that the log does not have."""
        indices, count = self._repository.outside(size)
        self._findings.add_uncounted(Part.ENTRIES, count - len(indices))
        for index in indices:
            expected = f"no row in a log of {size}"
            finding = Finding(ENTRIES, f"{index}", "leaf_index", expected, "a row")
            self._findings.add(Part.ENTRIES, (index, 0), finding)

    # --- roots ------------------------------------------------------------------------------------

    def _judge_roots(
        self, walked: Walked, signed: Iterable[ReadCheckpoint], head: HeadReading
    ) -> bool:
        """Compare the trees of the rows with the signed roots, the head and the stored frontier.

        Returns:
            Whether the trees of the rows can be relied on for everything else.
        """
        if walked.tree is None or not self._judge_signed_roots(walked, signed):
            return False
        found = judge_head(head.row, walked.tree) if head.row is not None else None
        if found is not None and found.place != ENTRIES:
            self._add(Part.HEAD, found)
        elif found is not None and not self._findings.any_in(Part.ENTRIES):
            self._findings.add(Part.ENTRIES, (int(found.row), 0), found)
        if not self._findings.any_in(Part.ENTRIES):
            torn = self._log.files.judge_frontier(
                self._frontier, max(map(_size, signed), default=0), walked.trees
            )
            if torn is not None:
                self._add(Part.FILES, torn)
        return True

    def _judge_signed_roots(self, walked: Walked, signed: Iterable[ReadCheckpoint]) -> bool:
        """Whether the rows give every signed root, but for roots signed beside the log."""
        matching = [each.size for each in signed if self._matches(each, walked)]
        highest, previous = max(matching, default=0), 0
        for each in sorted(signed, key=_size):
            if each.size in matching:
                previous = each.size
            elif each.size in walked.trees:
                computed = walked.trees[each.size].root()
                if each.size > highest:
                    self._rows_unlike_signed(each, computed, previous, walked.first)
                    return False
                self._add(Part.CHECKPOINTS, signed_otherwise(each, computed))
        return True

    def _rows_unlike_signed(
        self, read: ReadCheckpoint, computed: bytes, previous: int, first: int
    ) -> None:
        assert read.body is not None
        if first and not previous:
            expected, found = read.body.root.hex(), computed.hex()
            finding = Finding(
                f"{LOG_FOLDER}/{TREE}", f"{read.size}", "node", expected, found,
                f"below leaf {first}",
            )  # fmt: skip
            self._add(Part.FILES, finding)
        elif not self._findings.any_in(Part.ENTRIES):
            finding = among(previous, read.size, read.body.root, computed)
            self._findings.add(Part.ENTRIES, (previous, 0), finding)

    def _matches(self, each: ReadCheckpoint, walked: Walked) -> bool:
        tree = walked.trees.get(each.size)
        return each.body is not None and tree is not None and tree.root() == each.body.root

    # --- signatures -------------------------------------------------------------------------------

    def _judge_checkpoints(
        self, read: Iterable[ReadCheckpoint], roots: Mapping[int, bytes]
    ) -> None:
        unknown = 0
        for each in read:
            unknown += each.key_unknown
            self._tally.checkpoints += not each.key_unknown
            for finding in judge_checkpoint(each, self._log.authorities, roots.get(each.size)):
                self._add(Part.CHECKPOINTS, finding)
        self._miss("checkpoints", unknown, "key-unknown")

    def _judge_cosignatures(
        self, read: Iterable[ReadCheckpoint], roots: Mapping[int, bytes]
    ) -> None:
        bodies = bodies_of(read, self._log.authorities.origin, roots)
        unknown = 0
        for row in self._repository.cosignatures():
            finding, known = judge_cosignature(row, bodies, self._log.authorities)
            unknown += not known
            self._tally.cosignatures += known
            if finding is not None:
                self._add(Part.COSIGNATURES, finding)
        self._miss("cosignatures", unknown, "key-unknown")

    # --- the chain --------------------------------------------------------------------------------

    def _judge_anchors(self, read: list[ReadCheckpoint], roots: Mapping[int, bytes]) -> None:
        chain = self._log.chain
        if chain is None:
            self._miss("anchors", max(1, len(read)), self._log.no_chain or "no-chain")
            return
        by_size = {each.size: each for each in read}
        previous: Anchored | None = None
        seen: set[int] = set()
        newest = max(by_size, default=0)
        try:
            for anchored in final_anchors(chain, self._log.log_id, self._told_anchors):
                size = anchored.on_chain.size
                seen.add(size)
                self._tally.anchors += 1
                if size > newest and self._is_newer_than_our_view(size):
                    continue
                computed = roots.get(size) if size else EMPTY_ROOT
                before = previous.on_chain.size if previous is not None else 0
                for finding in judge_anchor(
                    anchored, by_size.get(size), computed, before, is_last=size == newest
                ):
                    self._add(Part.ANCHORS, finding)
                previous = anchored
        except LedgerError as error:
            self._miss("anchors", max(1, len(read) - len(seen)), error.code)
            return
        for each in read:
            if each.size not in seen:
                for finding in judge_unanchored(each):
                    self._add(Part.ANCHORS, finding)

    def _is_newer_than_our_view(self, size: int) -> bool:
        """Whether the node signed this checkpoint while the audit ran."""
        with self._log.database.reading() as connection:
            rows = AuditRepository(connection).checkpoints()
        return any(row.size == size for row in rows)

    def _told_anchors(self, done: int, total: int) -> None:
        self._told("anchors", done, total)

    # --- the report -------------------------------------------------------------------------------

    def _add(self, part: Part, finding: Finding) -> None:
        self._findings.add(part, (self._findings.count(part),), finding)

    def _miss(self, what: str, count: int, reason: str) -> None:
        if count:
            self._tally.not_checked.append(NotChecked(what, count, reason))

    def _checked(self, walked: Walked) -> Checked:
        return Checked(
            rows=walked.rows,
            records_opened=walked.opened,
            records_erased=walked.erased,
            file_bytes=self._log.files.compared_bytes,
            checkpoints=self._tally.checkpoints,
            cosignatures=self._tally.cosignatures,
            anchors=self._tally.anchors,
        )
