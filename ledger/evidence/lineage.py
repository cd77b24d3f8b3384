"""Which log a leaf was first recorded in, when a log carries on another one's first leaves.

A closed log's successor begins with the closed log's leaves, byte for byte: their seals name the
log they were recorded in, and so does a reversal of one of them, whoever makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ledger.evidence.encoding import LeafIndex, LogId, TreeSize


@dataclass(frozen=True, slots=True)
class Inherited:
    """Leaves before ``end``, and not before the end of an older part, are of log ``log_id``."""

    log_id: LogId
    end: TreeSize


@dataclass(frozen=True, slots=True)
class Lineage:
    """A log and whose leaves it begins with, the oldest first; ends ascend."""

    log_id: LogId
    inherited: tuple[Inherited, ...] = ()

    @classmethod
    def of(cls, log_id: int, predecessor_of: Callable[[int], tuple[int, int] | None]) -> Lineage:
        """The lineage by what is known of each log: its predecessor and from which size it goes on.

        A successor may have a successor that goes on from fewer leaves than it inherited itself.
        """
        parts: list[Inherited] = []
        bound, heir = None, log_id
        while (found := predecessor_of(heir)) is not None and found[1]:
            heir, size = found
            bound = size if bound is None else min(bound, size)
            part = Inherited(LogId(heir), TreeSize(bound))
            if parts and parts[0].end == bound:
                parts[0] = part  # what stands between recorded none of the leaves
            else:
                parts.insert(0, part)
        return cls(LogId(log_id), tuple(parts))

    @property
    def size(self) -> TreeSize:
        """How many leaves are inherited."""
        return self.inherited[-1].end if self.inherited else TreeSize(0)

    @property
    def log_ids(self) -> tuple[LogId, ...]:
        """Every log that some leaf was first recorded in, the log itself last."""
        return (*(part.log_id for part in self.inherited), self.log_id)

    def origin_of(self, index: int) -> LogId:
        """The log in which leaf ``index`` was first recorded."""
        for part in self.inherited:
            if index < part.end:
                return part.log_id
        return self.log_id

    def holds(self, log_id: int, index: int) -> bool:
        """Whether leaf ``index`` of ``log_id``, recorded there first, is a leaf of this log."""
        return self.origin_of(index) == log_id

    def parts(self, first: int, end: int) -> Iterator[tuple[LogId, LeafIndex, LeafIndex]]:
        """The leaves with ``first <= index < end`` by the log that they are of, in order."""
        for part in self.inherited:
            if first < min(part.end, end):
                yield part.log_id, LeafIndex(first), LeafIndex(min(part.end, end))
                first = min(part.end, end)
        if first < end:
            yield self.log_id, LeafIndex(first), LeafIndex(end)
