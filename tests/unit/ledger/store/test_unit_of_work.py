from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from ledger.errors import IdempotencyConflictError, SettingsError, StorageUnavailableError
from ledger.evidence.encoding import LogId
from ledger.store.database import Database
from ledger.store.times import from_micros, to_micros
from ledger.store.unit_of_work import Reading, UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
LOG = LogId(1)


class TestUnitOfWork:
    def test_what_is_not_committed_never_was(self, database, entries):
        with UnitOfWork(database, LOG) as work:
            work.log.append(entries(3), source_key="s", recorded_at=AT)
            work.outbox.queue("k", "Checkpoints", "publish", [1], at=AT)
        with Reading(database, LOG) as view:
            assert view.log.head().size == 0
            assert view.log.entry(0) is None
            assert view.outbox.all() == []

    def test_an_error_rolls_everything_back(self, database, entries):
        with suppress(RuntimeError), UnitOfWork(database, LOG) as work:
            work.log.append(entries(3), source_key="s", recorded_at=AT)
            raise RuntimeError
        with Reading(database, LOG) as view:
            assert view.log.head().size == 0

    def test_what_is_committed_stands_even_when_an_error_follows(self, database, entries):
        with suppress(RuntimeError), UnitOfWork(database, LOG) as work:
            work.log.append(entries(3), source_key="s", recorded_at=AT)
            work.commit()
            raise RuntimeError
        with Reading(database, LOG) as view:
            assert view.log.head().size == 3

    def test_nothing_is_used_outside_its_block(self, database):
        work = UnitOfWork(database, LOG)
        with pytest.raises(AssertionError):
            work.log.head()

    def test_a_reader_sees_one_moment(self, database, entries):
        with Reading(database, LOG) as view:
            assert view.log.head().size == 0
            with UnitOfWork(database, LOG) as work:
                work.log.append(entries(2), source_key="s", recorded_at=AT)
                work.commit()
            assert view.log.head().size == 0
            assert list(view.log.entries(0, 9)) == []
        with Reading(database, LOG) as view:
            assert view.log.head().size == 2

    def test_faults_name_no_parameters(self, database):
        with UnitOfWork(database, LOG) as work:
            work.commands.remember("the-key", b"secret", {"name": "某人"}, AT)
            with pytest.raises(IntegrityError) as fault:
                work.commands.remember("the-key", b"secret", {"name": "某人"}, AT)
        assert "某人" not in str(fault.value).split("DETAIL")[0]
        assert "[SQL parameters hidden" in str(fault.value)


class TestDatabase:
    def test_migrating_again_changes_nothing(self, database, entries):
        with UnitOfWork(database, LOG) as work:
            work.log.append(entries(1), source_key="s", recorded_at=AT)
            work.commit()
        database.migrate()
        with Reading(database, LOG) as view:
            assert view.log.head().size == 1

    @pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://"])
    def test_another_engine_or_no_file_is_refused(self, url):
        with pytest.raises(SettingsError) as refusal:
            Database(url)
        assert refusal.value.setting == "database"

    def test_a_server_that_is_not_there_is_unavailable(self, tmp_path):
        absent = Database(f"postgresql://postgres@/nothing?host={tmp_path}")
        with pytest.raises(StorageUnavailableError) as error:
            absent.migrate()
        assert "nothing" not in str(error.value)

    def test_a_reader_writes_nothing(self, database_url, database):
        if database.url.get_backend_name() == "sqlite":
            return  # SQLite has no read-only transactions; the rooms of a reader are never asked to write
        with pytest.raises(Exception, match="read-only"), database.reading() as connection:
            connection.execute(text("DELETE FROM outbox"))


class TestCommands:
    def test_the_same_key_and_content_give_the_first_answer(self, database):
        with UnitOfWork(database, LOG) as work:
            assert work.commands.earlier_answer("k", b"content") is None
            work.commands.remember("k", b"content", {"结果": 1}, AT)
            assert work.commands.earlier_answer("k", b"content") == {"结果": 1}

    def test_the_same_key_with_other_content_is_refused(self, database):
        with UnitOfWork(database, LOG) as work:
            work.commands.remember("k", b"content", {}, AT)
            with pytest.raises(IdempotencyConflictError) as refusal:
                work.commands.earlier_answer("k", b"other")
        assert refusal.value.key == "k"


class TestLeases:
    def test_one_holder_at_a_time_until_it_is_silent_too_long(self, database):
        lasting = timedelta(seconds=10)
        with UnitOfWork(database, LOG) as work:
            take = work.leases.take
            assert take("worker", "a", AT, lasting)
            assert not take("worker", "b", AT + timedelta(seconds=9), lasting)
            assert take("worker", "a", AT + timedelta(seconds=9), lasting)
            assert not take("worker", "b", AT + timedelta(seconds=18), lasting)
            assert take("worker", "b", AT + timedelta(seconds=19), lasting)
            assert not take("worker", "a", AT + timedelta(seconds=20), lasting)

    def test_only_the_holder_gives_it_back(self, database):
        with UnitOfWork(database, LOG) as work:
            work.leases.take("worker", "a", AT, timedelta(seconds=10))
            work.leases.release("worker", "b")
            assert not work.leases.take("worker", "b", AT, timedelta(seconds=10))
            work.leases.release("worker", "a")
            assert work.leases.take("worker", "b", AT, timedelta(seconds=10))


class TestTimes:
    @pytest.mark.parametrize("micros", [0, 1, -1, 1_789_434_000_000_001, 253_402_300_799_999_999])
    def test_a_time_survives_to_the_microsecond(self, micros):
        assert to_micros(from_micros(micros)) == micros
        assert from_micros(micros).tzinfo is UTC
