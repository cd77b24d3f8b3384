from __future__ import annotations

import threading

import pytest

from ledger.pipelines import Behind, ahead, with_last


class TestAhead:
    def test_it_gives_the_same_items_and_errors(self):
        def items():
            yield from range(1, 4)
            raise ValueError

        found = ahead(items())
        assert [next(found) for _ in range(3)] == [1, 2, 3]
        with pytest.raises(ValueError):
            next(found)

    def test_whoever_stops_early_leaves_no_thread_waiting(self):
        found = ahead(iter(range(1, 1000)))
        assert next(found) == 1
        found.close()

    def test_the_next_item_is_made_while_the_caller_has_one(self):
        made = threading.Event()

        def items():
            yield 1
            made.set()
            yield 2

        found = ahead(items())
        assert next(found) == 1
        assert made.wait(10)
        assert list(found) == [2]


class TestWithLast:
    @pytest.mark.parametrize("count", range(5))
    def test_the_last_item_and_no_other_is_called_so(self, count):
        expected = [(item, item == count - 1) for item in range(count)]
        assert list(with_last(iter(range(count)))) == expected
        assert list(with_last(range(count))) == expected


class TestBehind:
    def test_jobs_are_done_in_order_in_one_other_thread(self):
        done = []
        with Behind("test") as behind:
            for number in range(20):
                behind.do(lambda number=number: done.append((number, threading.get_ident())))
            behind.settle()
            assert [number for number, _ in done] == list(range(20))
        threads = {thread for _, thread in done}
        assert len(threads) == 1
        assert threading.get_ident() not in threads

    def test_one_job_waits_beside_the_one_that_runs_and_no_more(self):
        go_on, begun = threading.Event(), []

        def third():
            behind.do(lambda: begun.append(3))

        with Behind("test") as behind:
            behind.do(go_on.wait)
            behind.do(lambda: begun.append(2))
            caller = threading.Thread(target=third)
            caller.start()
            caller.join(0.2)
            assert caller.is_alive()
            go_on.set()
            caller.join(10)
            behind.settle()
        assert begun == [2, 3]

    def test_what_a_job_raised_is_raised(self):
        with Behind("test") as behind:
            behind.do(lambda: 1 // 0)
            with pytest.raises(ZeroDivisionError):
                behind.settle()

    def test_whoever_leaves_early_drops_what_has_not_begun(self):
        go_on, done = threading.Event(), []
        with Behind("test") as behind:
            behind.do(go_on.wait)
            behind.do(lambda: done.append(1))
            threading.Timer(0.1, go_on.set).start()
        assert done == []

    def test_without_jobs_there_is_no_thread(self):
        before = threading.active_count()
        with Behind("test") as behind:
            behind.settle()
            assert not behind.has_begun
            assert threading.active_count() == before
            behind.do(lambda: None)
            assert behind.has_begun
