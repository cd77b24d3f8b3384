"""The tables and columns that rows are found by, beside the rows: persons, sources, reversals.

No proof rests on them; a wrong one hides rows from whoever looks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from ledger.audit.leaves import names_a_leaf
from ledger.audit.model import ENTRIES, PERSONS, REVERSALS, SOURCES, Finding, Findings, Part
from ledger.evidence.encoding import NO_SUBJECT, LogId, Subject, reversed_leaf
from ledger.policy.kinds import Kind
from ledger.store.audit import AuditRepository, EntryRow, ReversalRow, SourceRow
from ledger.store.persons import NOBODY

_PERSON_PLACE = 20
_SOURCE_PLACE = 21


class IndexCheck:
    """Compares, batch by batch, what leads to rows with the rows."""

    def __init__(
        self,
        repository: AuditRepository,
        log_id: LogId,
        size: int,
        findings: Findings,
        is_faulty: Callable[[int], bool],
    ) -> None:
        self._repository = repository
        self._log_id = log_id
        self._findings = findings
        self._is_faulty = is_faulty
        self._named: set[int] = set()
        self._sources = np.array(self._mended_sources(size), np.int64).reshape(-1, 3)
        self._reversals = {row.leaf_index: row for row in repository.reversals()}

    def batch(self, rows: Sequence[EntryRow]) -> None:
        """Look at the next rows."""
        self._persons(rows)
        self._of_sources(rows)
        for row in rows:
            if row.kind == Kind.REVERSAL and not self._is_faulty(row.leaf_index):
                self._reversal(row)

    def finish(self, first: int) -> None:
        """Name reversals that no entry states; ``first`` is where the rows began."""
        for index, row in self._reversals.items():
            if index >= first and not self._is_faulty(index):
                self._add(
                    REVERSALS, (3, index), f"{row.leaf_index}", "leaf_index", "no row", "a row"
                )

    # --- persons ----------------------------------------------------------------------------------

    def _persons(self, rows: Sequence[EntryRow]) -> None:
        subjects = self._repository.subjects(row.person for row in rows)
        subjects[NOBODY] = NO_SUBJECT
        for row in rows:
            expected = NO_SUBJECT if row.kind == Kind.REVERSAL else row.subject
            if subjects.get(row.person) != expected and not self._is_faulty(row.leaf_index):
                self._person(row, expected)

    def _person(self, row: EntryRow, subject: bytes) -> None:
        number = NOBODY if subject == NO_SUBJECT else self._repository.person(subject)
        if number is not None:
            self._add(
                ENTRIES, (_PERSON_PLACE, row.leaf_index), f"{row.leaf_index}", "person",
                f"{number}", f"{row.person}",
            )  # fmt: skip
        elif row.person not in self._named:
            self._named.add(row.person)
            known = self._repository.subjects([row.person])
            field, found = ("subject", "another") if known else ("person", "no row")
            expected = f"the subject of leaf {row.leaf_index}"
            self._add(PERSONS, (1, row.person), f"{row.person}", field, expected, found)

    # --- sources ----------------------------------------------------------------------------------

    def _mended_sources(self, size: int) -> list[SourceRow]:
        """The appends as they must have been: numbered from 1, each begins where one ends."""
        rows = self._repository.sources()
        if [row.source for row in rows] != list(range(1, len(rows) + 1)):
            rows = self._numbered(rows)
        rows = self._bordered(rows)
        if rows and rows[0].first_index != 0:
            self._differs(rows[0], "first_index", 0)
            rows[0] = rows[0]._replace(first_index=0)
        last = rows[-1] if rows else SourceRow(0, 0, 0)
        if last.end_index == size:
            return rows
        if self._is_border(last.end_index, last.source, last.source + 1):
            rows.append(self._lost(last.source + 1, last.end_index, size))
        elif rows:
            self._differs(last, "end_index", size)
            rows[-1] = last._replace(end_index=size)
        return rows

    def _numbered(self, rows: Sequence[SourceRow]) -> list[SourceRow]:
        """Appends of which one is lost or has another number, in the order of their leaves."""
        mended: list[SourceRow] = []
        for row in sorted(rows, key=lambda row: row.first_index):
            number = len(mended) + 1
            begin = mended[-1].end_index if mended else 0
            if row.source == number + 1 and row.first_index > begin:
                mended.append(self._lost(number, begin, row.first_index))
            elif row.source != number:
                self._differs(row, "source", number)
            mended.append(row._replace(source=len(mended) + 1))
        return mended

    def _bordered(self, rows: Sequence[SourceRow]) -> list[SourceRow]:
        """Appends of which one ends, or begins, at another leaf than its neighbour says."""
        mended = list(rows)
        for place, (row, after) in enumerate(pairwise(rows)):
            if row.end_index == after.first_index:
                continue
            if self._is_border(row.end_index, row.source, after.source):
                self._differs(after, "first_index", row.end_index)
                mended[place + 1] = mended[place + 1]._replace(first_index=row.end_index)
            else:
                self._differs(row, "end_index", after.first_index)
                mended[place] = mended[place]._replace(end_index=after.first_index)
        return mended

    def _lost(self, source: int, first: int, end: int) -> SourceRow:
        self._add(SOURCES, (2, source), f"{source}", "source", "a row", "no row")
        return SourceRow(source, first, end)

    def _is_border(self, index: int, source: int, after: int) -> bool:
        """Whether the rows pass from one append to the next just here."""
        rows = self._repository.entries(max(0, index - 1), index + 1)
        return [row.source for row in rows] == ([source, after] if index else [after])

    def _differs(self, row: SourceRow, field: str, expected: int) -> None:
        found = f"{getattr(row, field)}"
        self._add(SOURCES, (2, row.source), f"{row.source}", field, f"{expected}", found)

    def _of_sources(self, rows: Sequence[EntryRow]) -> None:
        indices = np.array([row.leaf_index for row in rows], np.int64)
        stands = np.array([row.source for row in rows], np.int64)
        places = np.searchsorted(self._sources[:, 1], indices, side="right") - 1
        expected = np.where(places >= 0, self._sources[places, 0], -1) if len(self._sources) else -1
        for place in np.flatnonzero(stands != expected).tolist():
            self._add(
                ENTRIES, (_SOURCE_PLACE, int(indices[place])), f"{indices[place]}", "source",
                f"{np.broadcast_to(expected, stands.shape)[place]}", f"{stands[place]}",
            )  # fmt: skip

    # --- reversals --------------------------------------------------------------------------------

    def _reversal(self, row: EntryRow) -> None:
        if not names_a_leaf(row.subject):
            return
        expected = ReversalRow(row.leaf_index, *reversed_leaf(Subject(row.subject)))
        found = self._reversals.pop(row.leaf_index, None)
        if found is None:
            self._add(
                REVERSALS, (3, row.leaf_index), f"{row.leaf_index}", "leaf_index", "a row", "no row"
            )
            return
        for field, value in expected._asdict().items():
            stands = getattr(found, field)
            if stands != value:
                self._add(
                    REVERSALS, (3, row.leaf_index), f"{row.leaf_index}", field,
                    f"{value}", f"{stands}",
                )  # fmt: skip

    def _add(
        self, place: str, key: tuple[int, ...], row: str, field: str, expected: str, found: str
    ) -> None:
        self._findings.add(Part.INDEXES, key, Finding(place, row, field, expected, found))
