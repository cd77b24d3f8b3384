"""A closed log's first leaves go from one database to another, of either engine."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.evidence.encoding import Head, LogId, Subject, reversal_subject
from ledger.policy.kinds import Kind
from ledger.store.database import Database
from ledger.store.inheriting import InheritanceRepository
from ledger.store.log import NewEntry
from ledger.store.unit_of_work import Reading, UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
CLOSED, HEIR = LogId(1), LogId(4)
SIZE = 9


@pytest.fixture
def closed(tmp_path, entries):
    """A log of twelve leaves in three appends, with a reversal among the inherited ones."""
    database = Database(f"sqlite:///{tmp_path / 'closed.sqlite'}")
    database.migrate()
    with UnitOfWork(database, CLOSED) as work:
        work.log.append(entries(5), source_key="first", recorded_at=AT)
        taken = entries(1, 5)[0]
        reversal = type(taken.entry)(
            Head(Kind.REVERSAL, 0, 0), reversal_subject(CLOSED, 2), 0, taken.entry.commitment
        )
        work.log.append([NewEntry(reversal, b"sealed")], source_key="taken", recorded_at=AT)
        work.log.append(entries(6, 6), source_key="last", recorded_at=AT)
        work.commit()
    yield database
    database.close()


def inherit(closed: Database, target: Database, size: int) -> None:
    with Reading(closed, CLOSED) as old:
        for first in range(0, size, 4):
            with UnitOfWork(target, HEIR) as work:
                for rows in old.inheritance.rows(first, min(size, first + 4)):
                    work.inheritance.add_rows(rows)
                work.commit()
        with UnitOfWork(target, HEIR) as work:
            tree = work.inheritance.tree(size)
            for belongings in old.inheritance.belongings(size):
                work.inheritance.add(belongings)
            work.successions.keep(HEIR, {HEIR: (CLOSED, size)}.get)
            work.inheritance.set_head(tree)
            work.commit()


class TestInheriting:
    def test_the_heirs_log_is_the_closed_one_up_to_the_size(self, closed, database, entries):
        inherit(closed, database, SIZE)
        with Reading(closed, CLOSED) as old, Reading(database, HEIR) as new:
            assert list(new.log.entries(0, 99)) == list(old.log.entries(0, SIZE))
            assert new.log.head() == old.inheritance.tree(SIZE)
            assert new.log.of_source("first") == old.log.of_source("first")
            assert [item.index for item in new.log.of_source("last")] == [6, 7, 8]
            assert new.log.reversal_of(2) == 5
            person = entries(1, 7)[0].entry.subject
            assert [item.index for item in new.log.of_subject(person)] == [7]
            beyond = entries(1, 10)[0].entry.subject
            assert new.log.of_subject(beyond) == []
            assert new.inheritance.copied() == SIZE

    def test_it_goes_on_as_any_log_does(self, closed, database, entries):
        inherit(closed, database, SIZE)
        with UnitOfWork(database, HEIR) as work:
            assert list(work.log.append(entries(2, 9), source_key="again", recorded_at=AT)) == [
                9, 10,
            ]  # fmt: skip
            stored = work.log.entry(9)
            assert stored.leaf == stored.entry.leaf(HEIR)
            assert work.log.entry(8).leaf == work.log.entry(8).entry.leaf(CLOSED)
            assert [item.index for item in work.log.of_source("again")] == [9, 10]
            work.commit()

    def test_nothing_is_there_before_the_head_is(self, closed, database):
        with Reading(database, HEIR) as view:
            assert (view.inheritance.has_head(), view.inheritance.copied()) == (False, 0)
        with Reading(closed, CLOSED) as old, UnitOfWork(database, HEIR) as work:
            for rows in old.inheritance.rows(3, 6):
                work.inheritance.add_rows(rows)
            assert work.inheritance.copied() is None  # the first ones are missing
        inherit(closed, database, SIZE)
        with Reading(database, HEIR) as view:
            assert view.inheritance.has_head()

    def test_messages_that_the_chain_never_took_are_counted(self, closed):
        with UnitOfWork(closed, CLOSED) as work:
            work.outbox.queue("one", "Funds", "recordPaid", [], at=AT)
            work.outbox.queue_once_anchored("two", 9, "Funds", "recordCollection", [], at=AT)
            assert work.inheritance.unsettled_messages() == 2

    def test_persons_of_the_inherited_leaves_alone_go_along(self, closed, database, entries):
        inherit(closed, database, SIZE)
        with database.reading() as connection:
            repository = InheritanceRepository(connection)
            named = dict(repository.belongings(SIZE))["persons"]
        known = {bytes(row["subject"]) for row in named}
        assert known == {bytes(item.entry.subject) for item in entries(9) if item.entry.subject} - {
            bytes(entries(1, 5)[0].entry.subject)
        }
        assert Subject(bytes(entries(1, 9)[0].entry.subject)) not in known
