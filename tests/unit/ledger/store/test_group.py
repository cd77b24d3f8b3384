"""Group commit on both engines: shared, durable before the answer, each command by itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from ledger.errors import LedgerError, StorageUnavailableError
from ledger.evidence.encoding import LogId
from ledger.store.database import Database
from ledger.store.driver import Driver
from ledger.store.group import GroupCommit
from ledger.store.unit_of_work import UnitOfWork

INSERT = "INSERT INTO answers (key) VALUES ('{}')"


@pytest.fixture
def database(database_url):
    database = Database(database_url)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE answers (key VARCHAR(40) PRIMARY KEY)"))
        connection.get_transaction().commit()
    yield database
    database.close()


def keys(database):
    with database.reading() as connection:
        return set(connection.execute(text("SELECT key FROM answers")).scalars())


def write(group, key, *, alone=False):
    command = group.command(alone=alone)
    with command as connection:
        connection.exec_driver_sql(INSERT.format(key))
        command.commit()


class Counting(Database):
    """Counts transactions that wrote."""

    def __init__(self, url):
        super().__init__(url)
        self.transactions = 0

    def writing(self):
        self.transactions += 1
        return super().writing()


def raise_made_up_error():
    raise ValueError("made up")


class Holder(threading.Thread):
    """A thread that keeps what it raised."""

    def __init__(self, act):
        super().__init__()
        self.act, self.errors = act, []

    def run(self):
        try:
            self.act()
        except StorageUnavailableError as error:
            self.errors.append(error)


def together(count, act):
    """Run ``act(number)`` in as many threads; returns what each raised."""
    errors = [None] * count

    def run(number):
        try:
            act(number)
        except (LedgerError, SQLAlchemyError, ValueError) as error:
            errors[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return errors


class TestAlone:
    def test_a_command_is_committed_when_it_returns(self, database):
        group = GroupCommit(database)
        write(group, "one")
        assert keys(database) == {"one"}

    def test_a_command_that_does_not_commit_leaves_nothing(self, database):
        group = GroupCommit(database)
        with group.command() as connection:
            connection.exec_driver_sql(INSERT.format("one"))
        assert keys(database) == set()
        write(group, "two")
        assert keys(database) == {"two"}

    def test_a_command_inside_another_is_refused_at_once(self, database):
        group = GroupCommit(database)
        with group.command(), pytest.raises(RuntimeError, match="inside"):
            write(group, "inside")
        write(group, "still works")

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
    def test_whatever_stops_a_command_takes_it_back(self, database, error):
        group = GroupCommit(database)

        def stop():
            with group.command() as connection:
                connection.exec_driver_sql(INSERT.format("one"))
                raise error

        with pytest.raises(error):
            stop()
        write(group, "two")
        assert keys(database) == {"two"}


class TestTogether:
    def test_many_commands_share_few_transactions(self, database_url, database):
        counting = Counting(database_url)
        group = GroupCommit(counting, longest_seconds=30)
        assert together(40, lambda number: write(group, f"{number}")) == [None] * 40
        assert keys(database) == {f"{number}" for number in range(40)}
        assert counting.transactions < 40
        counting.close()

    def test_a_full_group_is_committed_while_others_wait(self, database):
        group = GroupCommit(database, most_commands=3, longest_seconds=30)
        assert together(20, lambda number: write(group, f"{number}")) == [None] * 20
        assert len(keys(database)) == 20

    def test_a_command_that_fails_takes_back_its_own_part_only(self, database):
        write(GroupCommit(database), "taken")
        group = GroupCommit(database, longest_seconds=30)

        def act(number):
            if number % 3 == 0:
                write(group, "taken")  # refused by the database
            command = group.command()
            with command as connection:
                connection.exec_driver_sql(INSERT.format(f"{number}"))
                if number % 3 == 1:
                    raise_made_up_error()
                command.commit()

        errors = together(30, act)
        kinds = {0: IntegrityError, 1: ValueError, 2: type(None)}
        assert [type(error) for error in errors] == [kinds[number % 3] for number in range(30)]
        assert keys(database) == {"taken", *(f"{number}" for number in range(2, 30, 3))}

    def test_what_one_wrote_the_next_one_sees(self, database):
        group = GroupCommit(database, longest_seconds=30)
        counts = []

        def act(number):
            command = group.command()
            with command as connection:
                connection.exec_driver_sql(INSERT.format(f"{number}"))
                counts.append(
                    connection.exec_driver_sql("SELECT count(*) FROM answers").scalar_one()
                )
                command.commit()

        assert together(20, act) == [None] * 20
        assert counts == list(range(1, 21))


class TestAnswers:
    def _hold(self, group, release):
        """A command that keeps the turn until told; returns its thread once it has it."""
        holding = threading.Event()

        def act():
            command = group.command()
            with command as connection:
                holding.set()
                release.wait(30)
                connection.exec_driver_sql(INSERT.format("held"))
                command.commit()

        thread = Holder(act)
        thread.start()
        assert holding.wait(30)
        return thread

    def _wait_until(self, condition):
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def test_nobody_is_answered_before_the_commit(self, database):
        group, first, second = (
            GroupCommit(database, longest_seconds=30),
            threading.Event(),
            threading.Event(),
        )
        holder = self._hold(group, first)
        answered = threading.Event()

        def act():
            command = group.command()
            with command as connection:
                connection.exec_driver_sql(INSERT.format("waits"))
                second.wait(30)
                command.commit()
            answered.set()

        waiter = threading.Thread(target=act)
        waiter.start()
        self._wait_until(lambda: group._waiting == 1)
        first.set()  # the holder's part is released and handed on, not yet committed
        self._wait_until(lambda: group._open is not None and group._open.commands == 1)
        assert holder.is_alive()
        assert keys(database) == set()
        second.set()
        holder.join(30)
        waiter.join(30)
        assert answered.is_set()
        assert keys(database) == {"held", "waits"}

    def test_a_commit_that_fails_fails_all_its_commands(self, database):
        with database.writing() as connection:
            connection.execute(
                text(
                    "CREATE TABLE notes (key VARCHAR(40)"
                    " REFERENCES answers (key) DEFERRABLE INITIALLY DEFERRED)"
                )
            )
            connection.get_transaction().commit()
        group, release = GroupCommit(database, longest_seconds=30), threading.Event()
        holder = self._hold(group, release)

        def act(_number):
            command = group.command()
            with command as connection:  # refused when it is committed, not before
                connection.exec_driver_sql("INSERT INTO notes (key) VALUES ('nobody')")
                command.commit()

        (error,) = self._beside(holder, release, group, act)
        assert isinstance(error, StorageUnavailableError)
        assert [type(each) for each in holder.errors] == [StorageUnavailableError]
        assert keys(database) == set()
        write(group, "afterwards")
        assert keys(database) == {"afterwards"}

    def test_a_transaction_that_is_lost_fails_those_who_wrote_to_it(self, database):
        group, release = GroupCommit(database, longest_seconds=30), threading.Event()
        holder = self._hold(group, release)

        def act(_number):
            with group.command() as connection:
                connection.get_transaction().rollback()  # as a full disk does
                raise_made_up_error()

        (error,) = self._beside(holder, release, group, act)
        assert isinstance(error, ValueError)
        assert [type(each) for each in holder.errors] == [StorageUnavailableError]
        assert keys(database) == set()
        write(group, "afterwards")
        assert keys(database) == {"afterwards"}

    @pytest.mark.parametrize("statement", ["ROLLBACK TO", "SAVEPOINT", "RELEASE"])
    def test_one_stopped_between_savepoints_fails_the_whole_group(
        self, database, statement, monkeypatch
    ):
        group, release = GroupCommit(database, longest_seconds=30), threading.Event()
        holder = self._hold(group, release)
        change = Driver.change

        def stop(driver, said, *values):
            if said.startswith(statement) and threading.current_thread().name == "stopped":
                raise SystemExit
            return change(driver, said, *values)

        def act():
            with contextlib.suppress(SystemExit), group.command() as connection:
                connection.exec_driver_sql(INSERT.format("stopped"))

        monkeypatch.setattr(Driver, "change", stop)
        thread = threading.Thread(target=act, name="stopped")
        thread.start()
        self._wait_until(lambda: group._waiting == 1)
        release.set()
        for each in (holder, thread):
            each.join(30)
            assert not each.is_alive()
        monkeypatch.setattr(Driver, "change", change)
        assert [type(each) for each in holder.errors] == [StorageUnavailableError]
        assert keys(database) == set()
        write(group, "afterwards")
        assert keys(database) == {"afterwards"}

    def test_a_database_that_cannot_be_reached_is_said_so(self, database, monkeypatch):
        group, change = GroupCommit(database), Driver.change

        def refuse(driver, said, *values):
            if said.startswith("SAVEPOINT"):
                raise OperationalError(said, None, OSError("gone"))
            return change(driver, said, *values)

        monkeypatch.setattr(Driver, "change", refuse)
        with pytest.raises(StorageUnavailableError) as unavailable:
            write(group, "never")
        monkeypatch.setattr(Driver, "change", change)
        assert unavailable.value.reason == "OSError"
        write(group, "afterwards")
        assert keys(database) == {"afterwards"}

    def _beside(self, holder, release, group, act):
        """Let the holder go on once ``act`` waits behind it; returns what ``act`` raised."""
        errors = []
        thread = threading.Thread(target=lambda: errors.extend(together(1, act)))
        thread.start()
        self._wait_until(lambda: group._waiting == 1)
        release.set()
        for each in (holder, thread):
            each.join(30)
            assert not each.is_alive()
        return errors

    def test_a_long_command_alone_keeps_nobody_waiting(self, database):
        group, release = GroupCommit(database, longest_seconds=30), threading.Event()
        holder = self._hold(group, release)
        inside, finish = threading.Event(), threading.Event()

        def long():
            command = group.command(alone=True)
            with command as connection:
                inside.set()
                finish.wait(30)
                connection.exec_driver_sql(INSERT.format("long"))
                command.commit()

        thread = threading.Thread(target=long)
        thread.start()
        self._wait_until(lambda: group._waiting == 1)
        release.set()
        assert inside.wait(30)
        holder.join(30)  # answered while the long one is still at work
        assert not holder.is_alive()
        assert keys(database) == {"held"}
        finish.set()
        thread.join(30)
        assert keys(database) == {"held", "long"}

    def test_one_who_stops_waiting_does_not_leave_the_others_unanswered(self, database):
        group = GroupCommit(database, longest_seconds=30)

        class Interrupted:
            """A lock whose first blocking wait is interrupted after the holder handed on."""

            def __init__(self, lock):
                self.lock = lock

            def acquire(self, blocking=True):
                if blocking and threading.current_thread().name == "interrupted":
                    ended.wait(30)
                    raise KeyboardInterrupt
                return self.lock.acquire(blocking=blocking)

            def release(self):
                self.lock.release()

        ended, release = threading.Event(), threading.Event()
        group._turn = Interrupted(group._turn)
        holder = self._hold(group, release)
        stopped = []

        def act():
            try:
                write(group, "never")
            except KeyboardInterrupt as error:
                stopped.append(error)

        interrupted = threading.Thread(target=act, name="interrupted")
        interrupted.start()
        self._wait_until(lambda: group._waiting == 1)
        release.set()
        self._wait_until(lambda: group._open is not None and group._open.commands == 1)
        ended.set()
        interrupted.join(30)
        holder.join(30)
        assert not holder.is_alive()
        assert stopped
        assert keys(database) == {"held"}


class TestUnitOfWork:
    def test_a_shared_unit_of_work_is_used_as_any_other(self, database_url):
        database = Database(database_url)
        database.migrate()
        group = GroupCommit(database)
        now = datetime(2026, 9, 15, tzinfo=UTC)

        def act(number):
            with UnitOfWork(database, LogId(1), group) as work:
                work.commands.remember(f"{number}", b"", {"number": number}, now)
                if number % 2:
                    work.commit()

        assert together(20, act) == [None] * 20
        with UnitOfWork(database, LogId(1), group) as work:
            assert set(work.commands.answers("", prefix=True)) == {
                f"{number}" for number in range(1, 20, 2)
            }
        database.close()

    def test_nothing_can_be_written_behind_the_commit(self, database_url):
        database = Database(database_url)
        database.migrate()
        with UnitOfWork(database, LogId(1), GroupCommit(database)) as work:
            work.commit()
            with pytest.raises(AssertionError):
                work.commands.answers("")
        database.close()


WRITER = """
import sys, threading
from ledger.store.database import Database
from ledger.store.driver import Driver
from ledger.store.group import GroupCommit
group = GroupCommit(Database(sys.argv[1]))
said = threading.Lock()
def run(number):
    for turn in range(10_000):
        command = group.command()
        with command as connection:
            connection.exec_driver_sql(f"INSERT INTO answers (key) VALUES ('{number}/{turn}')")
            command.commit()
        with said:
            print(f"{number}/{turn}", flush=True)
threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(20)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


class TestKill:
    def test_every_answered_command_is_there_after_a_kill(
        self, database, database_url, repetitions
    ):
        for _ in range(max(2, repetitions // 5)):
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER, database_url], stdout=subprocess.PIPE, text=True,
                cwd=Path(__file__).parents[4],
            )  # fmt: skip
            answered = [writer.stdout.readline().strip() for _ in range(100)]
            os.kill(writer.pid, signal.SIGKILL)
            answered += [line for line in writer.stdout.read().split("\n")[:-1] if line]
            writer.wait()
            assert set(answered) <= keys(database)
            with database.writing() as connection:
                connection.execute(text("DELETE FROM answers"))
                connection.get_transaction().commit()
