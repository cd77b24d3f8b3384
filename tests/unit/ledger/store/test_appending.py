from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import psycopg
import pytest

from ledger.errors import StorageUnavailableError
from ledger.evidence import native
from ledger.evidence.batch import Blobs, EntryBatch
from ledger.evidence.encoding import LogId
from ledger.store import appending
from ledger.store.appending import EntryRows
from ledger.store.database import Database
from ledger.store.unit_of_work import Reading, UnitOfWork

LOG = LogId(1)
AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)


@pytest.fixture
def server(postgres):
    """The URL of an empty database of PostgreSQL."""
    postgres.psql("CREATE DATABASE anxu_appending;")
    yield str(postgres.get_uri(database="anxu_appending"))
    postgres.psql("DROP DATABASE anxu_appending WITH (FORCE);")


@pytest.fixture
def on_server(server):
    database = Database(server)
    database.migrate()
    yield database
    database.close()


def batch_of(new) -> tuple[EntryBatch, Blobs]:
    batch = EntryBatch.of([item.entry for item in new])
    return batch, Blobs.of([item.sealed_record for item in new])


def stored(database) -> list[tuple]:
    query = "SELECT * FROM entries ORDER BY leaf_index"
    with database.reading() as connection:
        return [
            tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
            for row in connection.exec_driver_sql(query)
        ]


class TestCopyBytes:
    @pytest.fixture
    def rows(self):
        chance = np.random.default_rng(1)
        count = 300
        digests = chance.integers(0, 256, (4, count, 32), np.uint8)
        batch = EntryBatch(
            kinds=chance.choice(np.array([1, 2, 3, 12], np.uint8), count),
            classes=chance.choice(np.array([1, 2, 0x8001], np.uint16), count),
            periods=chance.choice(np.array([0, 202601, 999912], np.uint32), count),
            subjects=digests[0],
            amounts_fen=chance.integers(-(2**62), 2**62, count),
            commitments=digests[1],
        )
        sealed = Blobs.of([bytes([at % 256]) * (at * 7 % 90) for at in range(count)])
        return EntryRows(2**40, batch, digests[2], digests[3], 2**33, sealed)

    def test_the_compiled_loop_gives_the_same_bytes(self, rows, monkeypatch):
        persons = np.random.default_rng(2).integers(0, 2**50, len(rows))
        found = []
        for setting in ("on", native.OFF):
            patience = native.Patience(appending._load, -1)
            monkeypatch.setattr(appending, "_PATIENCE", patience)
            monkeypatch.setenv(native.VARIABLE, setting)
            found.append(bytes(rows.copy_bytes(persons)))
        assert found[0] == found[1]
        assert len(found[0]) == len(rows) * (2 + 12 * 4 + 170) + len(rows.sealed.data)


class TestPersons:
    def test_numbers_that_the_caller_has_are_taken(self, database, entries):
        new = entries(9)
        subjects = [item.entry.subject for item in new]
        with UnitOfWork(database, LOG) as work:
            numbers = work.imports.number_persons(subjects[::-1])[::-1]
            work.log.append_batches(
                [batch_of(new[:4]), batch_of(new[4:])], source_key="s", at=AT, persons=numbers
            )
            work.commit()
        with Reading(database, LOG) as view:
            assert [view.log.of_subject(each)[0].index for each in subjects] == list(range(9))
        assert [row[1] for row in stored(database)] == list(range(9, 0, -1))


class TestSending:
    def test_rows_sent_at_once_are_those_that_the_driver_sends(
        self, on_server, entries, monkeypatch
    ):
        monkeypatch.setattr(appending, "_MESSAGE_BYTES", 1000)
        monkeypatch.setattr(appending, "_PIECES_AT_ONCE", 3)
        new, found = entries(200), []
        sent_at_once, asked = appending._sent_at_once, []

        def watched(session, rows):
            asked.append(sent_at_once(session, rows))
            return asked[-1]

        for send in (watched, lambda *_: False):
            monkeypatch.setattr(appending, "_sent_at_once", send)
            with UnitOfWork(on_server, LOG) as work:
                halves = [batch_of(new[:100]), batch_of(new[100:])]
                work.log.append_batches(halves, source_key="s", at=AT)
                work.commit()
            rows = stored(on_server)
            found.append([row[1:10] + row[11:] for row in rows[-len(new) :]])
        assert asked == [True, True]
        assert found[0] == found[1]

    def test_large_rows_go_out_whole(self, on_server, entries):
        """Many times what a socket takes at once."""
        new = entries(64)
        batch = EntryBatch.of([item.entry for item in new])
        records = [hashlib.shake_128(bytes([at])).digest(400_000) for at in range(64)]
        halves = [
            (batch.slice(first, first + 32), Blobs.of(records[first : first + 32]))
            for first in (0, 32)
        ]
        with UnitOfWork(on_server, LOG) as work:
            work.log.append_batches(halves, source_key="s", at=AT)
            work.commit()
        assert [row[-1] for row in stored(on_server)] == records

    @pytest.mark.parametrize(("host", "left"), [(b"127.0.0.1", 0), (b"", 0), (b"/tmp", 1)])
    def test_elsewhere_the_driver_sends(self, host, left):
        session = SimpleNamespace(host=host, flush=lambda: left)
        with ThreadPoolExecutor() as other:
            assert not other.submit(appending._sent_at_once, session, memoryview(b"row")).result()

    def test_a_thread_that_signals_interrupt_leaves_it_to_the_driver(self):
        session = SimpleNamespace(host=b"/tmp", flush=lambda: 0)
        assert not appending._sent_at_once(session, memoryview(b"row"))

    def test_a_server_that_goes_away_is_named_and_nothing_counts(self, server, on_server, entries):
        """It goes while rows are on their way."""
        new = entries(40)
        batch = EntryBatch.of([item.entry for item in new])
        large = Blobs.of([bytes(1_000_000)] * 40)

        def batches(process):
            yield batch, large
            with psycopg.connect(server.replace("+psycopg", "")) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (process,))
            yield batch, large

        def append():
            with UnitOfWork(on_server, LOG) as work:
                process = work._connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
                work.log.append_batches(batches(process), source_key="s", at=AT)

        with pytest.raises(StorageUnavailableError):
            append()
        with Reading(on_server, LOG) as view:
            assert view.log.head().size == 0

    def test_what_the_server_refuses_is_said_as_ever(self, on_server, entries):
        new = entries(3)
        with UnitOfWork(on_server, LOG) as work:
            work.log.append_batches([batch_of(new)], source_key="s", at=AT)
            work.commit()
        rows = EntryRows(0, *_columns(new))
        with UnitOfWork(on_server, LOG) as work, pytest.raises(psycopg.errors.UniqueViolation):
            appending._copy(work._connection, rows.copy_bytes(np.arange(3)))


def _columns(new):
    batch, sealed = batch_of(new)
    return batch, batch.tags(), batch.seals(LOG), 1, sealed
