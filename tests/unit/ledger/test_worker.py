from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

import ledger.worker
from ledger.chain.reorganisations import require_one_history
from ledger.errors import (
    DeepReorganisationError,
    InvariantBrokenError,
    NotFoundError,
    PeerUnavailableError,
)
from ledger.evidence.encoding import LogId
from ledger.store.database import Database
from ledger.store.unit_of_work import Reading, UnitOfWork
from ledger.worker import FAULT, Worker


@pytest.fixture
def context(tmp_path) -> Iterator[SimpleNamespace]:
    """As much of a node as a worker asks for: its database."""
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    database.migrate()
    yield SimpleNamespace(
        write=lambda: UnitOfWork(database, LogId(1)), read=lambda: Reading(database, LogId(1))
    )
    database.close()


@pytest.fixture
def later(monkeypatch):
    """Moves the worker's two clocks on by some seconds."""
    offset = [0.0]

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 9, 15, tzinfo=UTC) + timedelta(seconds=offset[0])

    monkeypatch.setattr(ledger.worker, "datetime", Shifted)
    monkeypatch.setattr(ledger.worker.time, "monotonic", lambda: offset[0])

    def move(seconds: float) -> None:
        offset[0] += seconds

    return move


def countdown(count: int):
    left = [count]

    def job() -> bool:
        left[0] -= 1
        return left[0] >= 0

    return job


class TestLease:
    def test_a_second_worker_waits(self, context):
        first, second = Worker(context, {}), Worker(context, {"job": countdown(1)})
        assert first.try_lease()
        assert not second.try_lease()
        assert second.drain() == 0
        first.release_lease()
        assert second.drain() == 1

    def test_it_takes_over_once_the_first_is_silent_too_long(self, context, later):
        first, second = Worker(context, {}), Worker(context, {})
        assert first.try_lease()
        later(9)
        assert not second.try_lease()
        later(2)
        assert second.try_lease()
        assert not first.try_lease()

    def test_a_long_round_keeps_its_lease(self, context, later):
        def slow() -> bool:
            later(6)
            return False

        first = Worker(context, dict.fromkeys("abc", slow))
        second = Worker(context, {})
        assert first.try_lease()
        first.round()
        assert not second.try_lease()

    def test_a_round_ends_when_somebody_else_has_the_lease(self, context, later):
        done = []
        second = Worker(context, {})

        def silent() -> bool:
            later(11)
            assert second.try_lease()
            return True

        first = Worker(context, {"long": silent, "next": lambda: bool(done.append(1))})
        assert first.try_lease()
        first.round()
        assert done == []

    def test_draining_gives_the_lease_back_even_after_a_fault(self, context):
        def broken() -> bool:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Worker(context, {"job": broken}).drain()
        assert Worker(context, {}).try_lease()


class TestRound:
    def test_a_job_that_waits_is_tried_again_and_holds_nobody_up(self, context):
        answers = [PeerUnavailableError(peer="p", reason="r"), None]

        def waiting() -> bool:
            answer = answers.pop(0)
            if answer is not None:
                raise answer
            return True

        done = []
        worker = Worker(context, {"first": waiting, "second": lambda: bool(done.append(1))})
        assert not worker.round()
        assert worker.waiting == {"first": "peer-unavailable"}
        assert worker.round()
        assert worker.waiting == {}
        assert len(done) == 2

    def test_a_refusal_is_seen_and_tried_again(self, context):
        def refused() -> bool:
            raise NotFoundError(what="thing", key="1")

        worker = Worker(context, {"job": refused})
        worker.round()
        assert worker.waiting == {"job": "not-found"}
        assert worker.stopped == {}

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (InvariantBrokenError(invariant="i", expected="a", actual="b"), "invariant-broken"),
            (KeyError("private"), FAULT),
            (AssertionError(), FAULT),
        ],
    )
    def test_a_job_that_breaks_stops_for_good_and_the_others_go_on(self, context, error, code):
        calls = []

        def broken() -> bool:
            calls.append("broken")
            raise error

        worker = Worker(context, {"bad": broken, "good": lambda: bool(calls.append("good"))})
        worker.round()
        worker.round()
        assert worker.stopped == {"bad": code}
        assert calls == ["broken", "good", "good"]


class TestRun:
    def test_it_works_until_told_to_stop_and_gives_the_lease_back(self, context):
        stop, reached = threading.Event(), threading.Event()
        job = countdown(3)

        def work() -> bool:
            changed = job()
            if not changed:
                reached.set()
            return changed

        thread = threading.Thread(target=Worker(context, {"job": work}).run, args=(stop,))
        thread.start()
        assert reached.wait(10)
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
        assert Worker(context, {}).try_lease()

    def test_draining_stops_at_its_limit(self, context):
        assert Worker(context, {"endless": lambda: True}).drain(limit=7) == 7


class TestReplacedBlocks:
    def test_what_stopped_for_them_goes_on_once_it_is_decided(self, context):
        at = datetime(2026, 9, 15, tzinfo=UTC)
        with context.write() as work:
            work.finality.add_reorganisation(3, 9, "0xa", "0xb", at)
            work.commit()
        ran = []

        def trusting() -> bool:
            with context.read() as view:
                require_one_history(view)
            ran.append(1)
            return False

        worker = Worker(context, {"release": trusting, "broken": broken})
        worker.drain()
        assert worker.stopped["release"] == DeepReorganisationError.code
        worker.drain()
        assert ran == []
        with context.write() as work:
            found = work.finality.open_reorganisation()
            work.finality.decide(found.id, "duty officer", "restored", at)
            work.commit()
        worker.drain()
        assert ran == [1]
        assert worker.stopped == {"broken": InvariantBrokenError.code}


def broken() -> bool:
    raise InvariantBrokenError(invariant="i", expected="a", actual="b")
