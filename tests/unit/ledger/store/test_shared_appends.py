"""Commands that append within one shared transaction: each by itself, one log, all or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.errors import (
    HeadMovedError,
    IdempotencyConflictError,
    LedgerError,
    StorageUnavailableError,
)
from ledger.evidence.encoding import LogId, leaf_hash
from ledger.evidence.merkle import CompactRange
from ledger.store.driver import Driver
from ledger.store.group import GroupCommit
from ledger.store.unit_of_work import Reading, UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
LOG = LogId(1)
CONTENT = b"the same"


class Command:
    """An officer's command: answered once for each key, one entry, one message to the chain."""

    def __init__(self, database, group, entries):
        self.database, self.group, self.entries = database, group, entries

    def run(self, key, content=CONTENT, *, refuse=None):
        with UnitOfWork(self.database, LOG, self.group) as work:
            earlier = work.commands.earlier_answer(key, content)
            if earlier is not None:
                return earlier
            number = int.from_bytes(key.encode())
            (index,) = work.log.append(self.entries(1, number), source_key=key, recorded_at=AT)
            work.outbox.queue(key, "Checkpoints", "publish", [index], at=AT)
            answer = {"index": index}
            work.commands.remember(key, content, answer, AT)
            if refuse is not None:
                raise refuse
            work.commit()
        return answer


@pytest.fixture
def group(database):
    return GroupCommit(database, longest_seconds=30)


@pytest.fixture
def command(database, group, entries):
    return Command(database, group, entries)


def one_group(group, acts):
    """Run all acts in one transaction: they wait while somebody holds the turn, then run in order.

    Returns what each gave or raised.
    """
    given = [None] * len(acts)

    def run(number):
        try:
            given[number] = acts[number]()
        except LedgerError as error:
            given[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    with group._turn:
        for number, thread in enumerate(threads):
            thread.start()
            while group._waiting <= number:
                assert thread.is_alive()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return given


def require_one_log(database, size):
    """The head is the root of the leaves, which are all there."""
    with Reading(database, LOG) as view:
        head, stored = view.log.head(), list(view.log.entries(0, size + 1))
    assert [item.index for item in stored] == list(range(size))
    grown = CompactRange.empty().extend(leaf_hash(item.leaf.pack()) for item in stored)
    assert head == grown
    return stored


class TestOneGroup:
    def test_commands_of_one_transaction_follow_one_another(self, database, group, command):
        begun = []
        writing = database.writing
        database.writing = lambda: begun.append(1) or writing()
        answers = one_group(group, [lambda key=f"k{n}": command.run(key) for n in range(12)])
        assert sorted(answer["index"] for answer in answers) == list(range(12))
        assert len(begun) == 1
        stored = require_one_log(database, 12)
        assert {item.source_key for item in stored} == {f"k{n}" for n in range(12)}

    def test_a_refused_one_leaves_nothing_and_spoils_nobody(self, database, group, command):
        refusal = HeadMovedError(log_id=LOG, expected_size=3)
        acts = [
            lambda n=n: command.run(f"k{n}", refuse=refusal if n % 3 == 1 else None)
            for n in range(9)
        ]
        given = one_group(group, acts)
        assert [given[n] is refusal for n in range(9)] == [n % 3 == 1 for n in range(9)]
        kept = {f"k{n}" for n in range(9) if n % 3 != 1}
        assert {item.source_key for item in require_one_log(database, 6)} == kept
        with Reading(database, LOG) as view:
            assert set(view.commands.answers("k", prefix=True)) == kept
            assert {message.message_key for message in view.outbox.queued("publisher", 99)} == kept

    def test_the_same_key_twice_is_done_once(self, database, group, command):
        given = one_group(group, [lambda: command.run("k")] * 3 + [lambda: command.run("other")])
        assert given[0] == given[1] == given[2]
        assert {given[0]["index"], given[3]["index"]} == {0, 1}
        require_one_log(database, 2)

    def test_the_same_key_with_other_content_is_refused_by_itself(self, database, group, command):
        acts = [
            lambda: command.run("k", b"one"),
            lambda: command.run("k", b"two"),
            lambda: command.run("l"),
        ]
        given = one_group(group, acts)
        assert [type(each) for each in given].count(IdempotencyConflictError) == 1
        require_one_log(database, 2)

    def test_after_a_refused_one_its_key_is_free(self, database, group, command):
        refusal = HeadMovedError(log_id=LOG, expected_size=0)
        with pytest.raises(HeadMovedError):
            command.run("k", refuse=refusal)
        assert command.run("k") == {"index": 0}
        require_one_log(database, 1)

    def test_a_commit_that_fails_appends_for_nobody(self, database, group, command, monkeypatch):
        change, lost = Driver.change, []

        def lose(driver, said, *values):
            if said.startswith("RELEASE") and not lost:
                lost.append(said)
                raise SystemExit
            return change(driver, said, *values)

        def stopped():
            try:
                command.run("first")
            except SystemExit:
                return "stopped"

        monkeypatch.setattr(Driver, "change", lose)
        assert one_group(group, [stopped]) == ["stopped"]
        require_one_log(database, 0)
        assert one_group(group, [lambda: command.run("second")]) == [{"index": 0}]
        require_one_log(database, 1)

    def test_a_lost_transaction_is_told_to_all_who_wrote_to_it(self, database, group, command):
        def lose():
            with UnitOfWork(database, LOG, group) as work:
                work._connection.get_transaction().rollback()  # as a full disk does
                raise HeadMovedError(log_id=LOG, expected_size=0)

        given = one_group(group, [lambda: command.run("k"), lambda: command.run("l"), lose])
        kinds = [type(each) for each in given]
        assert kinds[2] is HeadMovedError
        # Whoever came before it lost what was written; whoever came behind has another transaction.
        assert set(kinds[:2]) <= {StorageUnavailableError, dict}
        require_one_log(database, kinds.count(dict))


WRITER = """
import sys, threading
from datetime import UTC, datetime
from ledger.evidence.encoding import Commitment, Entry, Head, LogId, Subject
from ledger.policy.kinds import Kind
from ledger.store.database import Database
from ledger.store.group import GroupCommit
from ledger.store.log import NewEntry
from ledger.store.unit_of_work import UnitOfWork
database = Database(sys.argv[1])
group, said = GroupCommit(database), threading.Lock()
def run(number):
    for turn in range(10_000):
        digest = (number * 10_000 + turn).to_bytes(32)
        entry = Entry(Head(Kind.CONTRIBUTION, 1, 202301), Subject(digest), 1, Commitment(digest))
        with UnitOfWork(database, LogId(1), group) as work:
            (index,) = work.log.append(
                [NewEntry(entry, b"sealed")], source_key=f"{number}/{turn}",
                recorded_at=datetime.now(UTC),
            )
            work.commit()
        with said:
            print(f"{index} {number}/{turn}", flush=True)
threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(20)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


class TestKill:
    def test_answered_entries_stand_and_nothing_stands_half(self, database, database_url):
        size = 0
        for _ in range(2):
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER, database_url], stdout=subprocess.PIPE, text=True,
                cwd=Path(__file__).parents[4],
            )  # fmt: skip
            answered = [writer.stdout.readline().strip() for _ in range(100)]
            os.kill(writer.pid, signal.SIGKILL)
            answered += [line for line in writer.stdout.read().split("\n")[:-1] if line]
            writer.wait()
            with database.reading() as connection:  # what was under way is rolled back by now
                ((size,),) = Driver(connection).rows("SELECT size FROM log_head")
            stored = require_one_log(database, size)
            assert set(answered) <= {f"{item.index} {item.source_key}" for item in stored}
