from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from devnet.errors import CorruptChainError
from devnet.store import ChainStore, LogFilter, LogRow, MinedPosition

ALPHA, BETA = b"\xaa" * 20, b"\xbb" * 20
ONE, TWO, THREE = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChainStore]:
    opened = ChainStore(tmp_path / "chain.sqlite")
    yield opened
    opened.close()


def log(number: int, index: int, address: bytes, *topics: bytes) -> LogRow:
    return LogRow(number, bytes([number]) * 32, index, 0, ONE, address, topics, b"data")


def fail() -> None:
    raise ZeroDivisionError


def write_block(
    store: ChainStore, number: int, block_hash: bytes, then: Callable[[], None] = lambda: None
) -> None:
    """One key and one block that holds the transaction TWO."""
    with store.one_block():
        store.node_data[b"key"] = b"value"
        store.add_block(number, block_hash, [TWO], [])
        then()


def write_batch_and_fail(store: ChainStore) -> None:
    with store.node_data.atomic_batch() as batch:
        batch[b"dropped"] = b"2"
        fail()


class TestNodeData:
    def test_a_block_becomes_durable_as_a_whole(self, store: ChainStore, tmp_path: Path) -> None:
        with store.one_block():
            store.node_data[b"key"] = b"value"
            store.add_block(0, ONE, [TWO], [])
            other = sqlite3.connect(tmp_path / "chain.sqlite")
            assert other.execute("SELECT count(*) FROM node_data").fetchone() == (0,)
            assert other.execute("SELECT count(*) FROM mined").fetchone() == (0,)
        assert other.execute("SELECT key, value FROM node_data").fetchall() == [(b"key", b"value")]
        assert other.execute("SELECT count(*) FROM mined").fetchone() == (1,)
        other.close()

    def test_a_block_that_fails_leaves_nothing(self, store: ChainStore) -> None:
        with pytest.raises(ZeroDivisionError):
            write_block(store, 0, ONE, then=fail)
        assert b"key" not in store.node_data
        assert store.find_mined(TWO) is None
        assert store.newest_indexed_block() is None

    def test_an_index_row_that_cannot_be_written_undoes_the_block(self, store: ChainStore) -> None:
        with store.one_block():
            store.add_block(0, ONE, [TWO], [])
        with pytest.raises(sqlite3.IntegrityError):
            write_block(store, 1, THREE)
        assert b"key" not in store.node_data
        assert store.newest_indexed_block() == (0, ONE)

    def test_writing_outside_a_block_is_refused(self, store: ChainStore) -> None:
        with pytest.raises(RuntimeError):
            store.node_data[b"key"] = b"value"

    def test_writes_are_seen_at_once_inside_the_block(self, store: ChainStore) -> None:
        with store.one_block():
            store.node_data[b"key"] = b"value"
            assert store.node_data[b"key"] == b"value"
            del store.node_data[b"key"]
            assert not store.node_data.exists(b"key")
            with pytest.raises(KeyError):
                store.node_data[b"key"]

    def test_a_deleted_key_is_gone_from_the_disk(self, store: ChainStore) -> None:
        with store.one_block():
            store.node_data[b"key"] = b"value"
        with store.one_block():
            store.node_data.delete(b"key")
        assert b"key" not in store.node_data

    def test_deleting_what_is_not_there_raises(self, store: ChainStore) -> None:
        with store.one_block(), pytest.raises(KeyError):
            del store.node_data[b"key"]

    def test_a_batch_that_fails_undoes_only_itself(self, store: ChainStore) -> None:
        with store.one_block():
            store.node_data[b"kept"] = b"1"
            with pytest.raises(ZeroDivisionError):
                write_batch_and_fail(store)
        assert b"kept" in store.node_data
        assert b"dropped" not in store.node_data

    def test_blocks_do_not_nest(self, store: ChainStore) -> None:
        with store.one_block(), pytest.raises(RuntimeError), store.one_block():
            pass


class TestOpening:
    def test_what_was_written_is_there_after_opening_again(self, tmp_path: Path) -> None:
        store = ChainStore(tmp_path / "chain.sqlite")
        with store.one_block():
            store.node_data[b"key"] = b"value"
            store.add_birth({"chain_id": "31415"})
        store.close()
        again = ChainStore(tmp_path / "chain.sqlite")
        assert again.node_data[b"key"] == b"value"
        assert again.birth() == {"chain_id": "31415"}
        again.close()

    def test_another_applications_file_is_refused(self, tmp_path: Path) -> None:
        other = sqlite3.connect(tmp_path / "chain.sqlite")
        other.execute("CREATE TABLE theirs (id)")
        other.close()
        with pytest.raises(CorruptChainError) as refused:
            ChainStore(tmp_path / "chain.sqlite")
        assert "version 0" in refused.value.finding

    def test_every_commit_is_flushed_to_the_disk(self, store: ChainStore) -> None:
        connection = store._connection
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


class TestIndexes:
    @pytest.fixture
    def filled(self, store: ChainStore) -> ChainStore:
        blocks = {
            1: [log(1, 0, ALPHA, ONE)],
            2: [log(2, 0, ALPHA, TWO, THREE), log(2, 1, BETA, ONE)],
            3: [log(3, 0, BETA), log(3, 1, ALPHA, ONE, TWO)],
        }
        for number, rows in blocks.items():
            with store.one_block():
                store.add_block(number, bytes([number]) * 32, [bytes([number]) * 31 + b"t"], rows)
        return store

    def found(self, store: ChainStore, wanted: LogFilter) -> list[tuple[int, int]]:
        return [(row.block_number, row.log_index) for row in store.find_logs(wanted)]

    def test_a_transaction_is_found_by_its_hash(self, filled: ChainStore) -> None:
        assert filled.find_mined(b"\x02" * 31 + b"t") == MinedPosition(2, 0)
        assert filled.find_mined(b"\x09" * 32) is None

    def test_a_block_is_found_by_its_hash(self, filled: ChainStore) -> None:
        assert filled.block_number_of(b"\x03" * 32) == 3
        assert filled.block_number_of(b"\x09" * 32) is None

    def test_a_row_comes_back_as_it_went_in(self, filled: ChainStore) -> None:
        (row,) = filled.find_logs(LogFilter(2, 2, addresses=(ALPHA,)))
        assert row == log(2, 0, ALPHA, TWO, THREE)

    def test_logs_come_in_the_order_of_the_chain(self, filled: ChainStore) -> None:
        assert self.found(filled, LogFilter(0, 9)) == [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1)]

    def test_both_ends_of_the_range_are_included(self, filled: ChainStore) -> None:
        assert self.found(filled, LogFilter(2, 2)) == [(2, 0), (2, 1)]

    def test_addresses_are_alternatives(self, filled: ChainStore) -> None:
        assert self.found(filled, LogFilter(0, 9, (BETA,))) == [(2, 1), (3, 0)]
        assert len(self.found(filled, LogFilter(0, 9, (ALPHA, BETA)))) == 5

    def test_topics_hold_place_by_place(self, filled: ChainStore) -> None:
        assert self.found(filled, LogFilter(0, 9, topics=((ONE,),))) == [(1, 0), (2, 1), (3, 1)]
        assert self.found(filled, LogFilter(0, 9, topics=((ONE, TWO), (THREE,)))) == [(2, 0)]

    def test_an_open_place_still_asks_for_a_topic_there(self, filled: ChainStore) -> None:
        assert self.found(filled, LogFilter(0, 9, topics=((), (TWO, THREE)))) == [(2, 0), (3, 1)]
        assert self.found(filled, LogFilter(0, 9, topics=((), ()))) == [(2, 0), (3, 1)]

    def test_a_limit_cuts_the_answer(self, filled: ChainStore) -> None:
        assert len(filled.find_logs(LogFilter(0, 9), limit=2)) == 2

    @pytest.mark.parametrize(
        "wanted", [LogFilter(0, 9, (ALPHA,)), LogFilter(0, 9, topics=((ONE,),)), LogFilter(5, 9)]
    )
    def test_no_filter_reads_the_whole_table(self, filled: ChainStore, wanted: LogFilter) -> None:
        asked: list[str] = []
        filled._connection.set_trace_callback(asked.append)
        filled.find_logs(wanted)
        filled._connection.set_trace_callback(None)
        (statement,) = asked
        plan = [row[3] for row in filled._connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        assert plan
        assert not [step for step in plan if step.startswith("SCAN")]
