from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from sqlalchemy import event

from ledger.evidence.encoding import Commitment, Entry, Head, LogId, Subject, reversal_subject
from ledger.policy.kinds import Kind
from ledger.store.log import NewEntry
from ledger.store.months import facts_between
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
                numbers = np.array(people, np.int64)
                months = view.imports.recorded_months(Kind.CONTRIBUTION, 1, numbers, first, last)
                return sorted(map(tuple, months.tolist()))

            anna, bert, nobody = view.imports.known_persons([ANNA, BERT, NOBODY]).tolist()
            assert (anna, bert, nobody) == (1, 2, 0)
            assert found([bert, anna, 3], 202501, 202503) == [
                (anna, 202501, 0), (anna, 202501, 7), (anna, 202503, 2), (bert, 202502, 1),
            ]  # fmt: skip
            assert found([anna], 202504, 202512) == [(anna, 202512, 3)]
            assert found([3], 202501, 202512) == []
            assert found([], 202501, 202512) == []

    def test_many_persons_are_asked_for_in_portions(self, database, entries, monkeypatch):
        from ledger.store import months

        monkeypatch.setattr(months, "_ASKED_AT_ONCE", 7)
        with UnitOfWork(database, LOG) as work:
            work.log.append(entries(40), source_key="s", recorded_at=AT)
            work.commit()
        subjects = [item.entry.subject for item in entries(40)]
        with Reading(database, LOG) as view:
            people = view.imports.known_persons(subjects)
            found = view.imports.recorded_months(Kind.CONTRIBUTION, 1, people, 202301, 202312)
        assert sorted(found[:, 2].tolist()) == list(range(40))
        assert sorted(found[:, 0].tolist()) == sorted(people.tolist())

    def test_postgresql_looks_up_each_person_and_not_all_of_those_months(self, database, entries):
        with UnitOfWork(database, LOG) as work:
            work.log.append(entries(40), source_key="s", recorded_at=AT)
            work.commit()
        with database.reading() as connection:
            if connection.dialect.name != "postgresql":
                return  # there the statement itself says in which order to look
            connection.exec_driver_sql("SET enable_seqscan = off")  # so few rows need no index
            asked = []
            event.listen(connection, "before_cursor_execute", lambda *said: asked.append(said[2:4]))
            facts_between(connection, Kind.CONTRIBUTION, 1, np.arange(1, 9), 202301, 202312)
            ((question, values),) = asked
            rows = connection.exec_driver_sql(f"EXPLAIN {question}", values).scalars()
            conditions = [row for row in rows if "Index Cond" in row]
            assert conditions
            assert all("person = w.person" in condition for condition in conditions)


class TestPersons:
    def test_numbers_are_given_once_in_the_order_of_appearance(self, database):
        with UnitOfWork(database, LOG) as work:
            assert work.imports.number_persons([BERT, ANNA, BERT]).tolist() == [1, 2, 1]
            assert work.imports.number_persons([NOBODY, ANNA]).tolist() == [3, 2]
            work.commit()
        with Reading(database, LOG) as view:
            assert view.imports.known_persons([ANNA, BERT, NOBODY]).tolist() == [2, 1, 3]
