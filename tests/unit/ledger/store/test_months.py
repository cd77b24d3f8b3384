from __future__ import annotations

from datetime import UTC, datetime

from ledger.evidence.encoding import Commitment, Entry, Head, LogId, Subject, reversal_subject
from ledger.policy.kinds import Kind
from ledger.store.log import NewEntry
from ledger.store.unit_of_work import Reading, UnitOfWork

LOG = LogId(1)
AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
ANNA, BERT, NOBODY = (Subject(bytes([number]) * 32) for number in (1, 2, 3))


def entry(
    subject: Subject, period: int, kind: Kind = Kind.CONTRIBUTION, class_: int = 1
) -> NewEntry:
    return NewEntry(Entry(Head(kind, class_, period), subject, 5, Commitment(bytes(32))), b"x")


class TestFactsBetween:
    def test_months_of_the_span_with_their_leaves(self, database):
        lines = [
            entry(ANNA, 202501),
            entry(BERT, 202502),
            entry(ANNA, 202503),
            entry(ANNA, 202512),
            entry(ANNA, 202502, Kind.PAYOUT),
            entry(ANNA, 202502, class_=0x8001),
            entry(reversal_subject(LOG, 0), 202501, Kind.REVERSAL),
            entry(ANNA, 202501),
        ]
        with UnitOfWork(database, LOG) as work:
            work.log.append(lines, source_key="s", recorded_at=AT)
            work.commit()
        with Reading(database, LOG) as view:

            def found(people, first, last):
                months = view.imports.recorded_months(Kind.CONTRIBUTION, 1, people, first, last)
                return sorted(tuple(month) for month in months)

            assert found([ANNA, BERT, NOBODY], 202501, 202503) == [
                (ANNA, 202501, 0), (ANNA, 202501, 7), (ANNA, 202503, 2), (BERT, 202502, 1),
            ]  # fmt: skip
            assert found([ANNA], 202504, 202512) == [(ANNA, 202512, 3)]
            assert found([NOBODY], 202501, 202512) == []
            assert found([], 202501, 202512) == []

    def test_many_persons_are_asked_for_in_portions(self, database, entries, monkeypatch):
        from ledger.store import months

        monkeypatch.setattr(months, "_ASKED_AT_ONCE", 7)
        with UnitOfWork(database, LOG) as work:
            work.log.append(entries(40), source_key="s", recorded_at=AT)
            work.commit()
        people = [item.entry.subject for item in entries(40)]
        with Reading(database, LOG) as view:
            found = view.imports.recorded_months(Kind.CONTRIBUTION, 1, people, 202301, 202312)
        assert sorted(month.leaf for month in found) == list(range(40))
