"""Small appends write what appends by the thousand write, and refuse what these refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from ledger.errors import EncodingError, LengthError, SealingKeyDestroyedError
from ledger.evidence.batch import Blobs, EntryBatch
from ledger.evidence.encoding import (
    NO_SUBJECT,
    Commitment,
    Entry,
    Head,
    LeafIndex,
    LogId,
    Subject,
    reversal_subject,
)
from ledger.policy.kinds import Kind
from ledger.store.commands import ERASURE_KEY
from ledger.store.database import Database
from ledger.store.log import NewEntry
from ledger.store.small_appends import MOST_ENTRIES
from ledger.store.tables import log
from ledger.store.unit_of_work import UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
LOG = LogId(7)
TABLES = (log.persons, log.sources, log.entries, log.reversals, log.log_head)


@pytest.fixture
def mixed(entries):
    """Entries of every sort: exclusive ones, others, reversals, about nobody, about one again."""

    def build(count: int) -> list[NewEntry]:
        made = entries(count)
        for at in range(0, count, 5):
            head, subject = Head(Kind.REVERSAL, 1, 202301), reversal_subject(LOG, LeafIndex(at))
            made[at] = NewEntry(Entry(head, subject, 0, Commitment(bytes(32))), b"")
        for at in range(1, count, 5):
            operation = Entry(Head(Kind.OPERATION, 0, 0), NO_SUBJECT, 0, Commitment(bytes(32)))
            made[at] = NewEntry(operation, b"sealed")
        for at in range(7, count, 5):
            made[at] = replace(made[at], entry=replace(made[2].entry, amount_fen=-at))
        return made

    return build


def rows(database):
    """Every row of the log's tables."""
    with database.reading() as connection:
        return [
            connection.execute(select(table).order_by(*table.primary_key.columns)).all()
            for table in TABLES
        ]


class TestRows:
    @pytest.mark.parametrize("count", [1, 2, 23, 24, 25, 32, 33, 100])
    def test_they_are_those_of_an_append_of_columns(self, database, mixed, count, tmp_path):
        new = mixed(count)
        other = Database(f"sqlite:///{tmp_path / 'other.sqlite'}")
        other.migrate()
        for part in (new[: count // 2], new[count // 2 :]):
            with UnitOfWork(database, LOG) as work:
                small = work.log.append(part, source_key="s", recorded_at=AT)
                work.commit()
            batch = EntryBatch.of([item.entry for item in part])
            sealed = Blobs.of([item.sealed_record for item in part])
            with UnitOfWork(other, LOG) as work:
                columns = work.log.append_batches([(batch, sealed)], source_key="s", at=AT)
                work.commit()
            assert small == columns
        assert rows(database) == rows(other)
        other.close()

    def test_more_than_a_few_go_by_columns(self, database, entries, monkeypatch):
        for kind in MOST_ENTRIES:
            monkeypatch.setitem(MOST_ENTRIES, kind, 3)
        with UnitOfWork(database, LOG) as work:
            monkeypatch.setattr(work.log, "append_batches", lambda *_, **__: range(0))
            assert work.log.append(entries(3), source_key="s", recorded_at=AT) == range(3)
            assert work.log.append(entries(4), source_key="s", recorded_at=AT) == range(0)


class TestRefusals:
    @pytest.mark.parametrize("count", [1, 30])
    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"amount_fen": 2**63}, EncodingError),
            ({"subject": Subject(bytes(31))}, LengthError),
            ({"commitment": Commitment(bytes(33))}, LengthError),
            ({"head": Head(Kind.PAYOUT, 1, 202313)}, EncodingError),
            ({"head": Head(Kind.PAYOUT, 2**16, 202301)}, EncodingError),
        ],
    )
    def test_what_no_row_can_hold_is_refused(self, database, entries, count, change, error):
        new = entries(count)
        new[-1] = replace(new[-1], entry=replace(new[-1].entry, **change))
        with UnitOfWork(database, LOG) as work, pytest.raises(error):
            work.log.append(new, source_key="s", recorded_at=AT)
        assert rows(database) == [[]] * len(TABLES)

    def test_records_of_persons_who_were_erased_since_are_refused(self, database, entries):
        new = entries(4)
        with UnitOfWork(database, LOG) as work:
            for item in new[1:3]:
                work.commands.remember(ERASURE_KEY + item.entry.subject.hex(), b"", {}, AT)
            work.commit()
        with UnitOfWork(database, LOG) as work:
            with pytest.raises(SealingKeyDestroyedError) as refused:
                work.log.append([*new, new[1]], source_key="s", recorded_at=AT)
            assert refused.value.persons == 2
            assert work.log.append([new[0], new[3]], source_key="s", recorded_at=AT) == range(2)
