"""The rows of the event index: what is final, what it is about, what is undone."""

from __future__ import annotations

import pytest

from ledger.evidence.encoding import LogId
from ledger.store.events import KEPT_BLOCKS, ChainEvent, IndexedBlock
from ledger.store.unit_of_work import UnitOfWork


@pytest.fixture
def work(database):
    with UnitOfWork(database, LogId(0)) as work:
        yield work


def event(block: int, at: int, name: str = "FundsMoved", contract: str = "Funds") -> ChainEvent:
    return ChainEvent(block, at, contract, name, {"log": 1, "amount": 5}, "0xab", 1_789_000_000)


def block(number: int) -> IndexedBlock:
    return IndexedBlock(number, f"0x{number:02x}", 1_789_000_000 + number)


def advance(
    work, last: int, *events: ChainEvent, final: int | None = None, keys=("log:1",), **more
):
    work.events.advance(
        block(last),
        [(each, keys) for each in events],
        final_block=last if final is None else final,
        head=block(more.pop("head", last)),
        **more,
    )


class TestReading:
    def test_events_come_back_in_chain_order(self, work):
        assert work.events.cursor() is None
        advance(work, 5, event(5, 1), event(3, 0))
        advance(work, 9, event(7, 0, "FundsCollected"))
        cursor = work.events.cursor()
        assert (cursor.block, cursor.block_hash) == (9, "0x09")
        assert [each.block for each in work.events.named("Funds")] == [3, 5, 7]
        assert work.events.named("Funds", "FundsCollected") == [event(7, 0, "FundsCollected")]
        assert work.events.named("Bureaus") == []

    def test_readers_see_final_events_only(self, work):
        advance(work, 9, event(3, 0), event(7, 0), final=5, head=12)
        assert [each.block for each in work.events.named("Funds")] == [3]
        assert [each.block for each in work.events.about(["log:1"], "Funds")] == [3]
        assert [each.block for each in work.events.all("Funds")] == [3, 7]
        assert work.events.count() == 2
        cursor = work.events.cursor()
        assert (cursor.final_block, cursor.lag_blocks, cursor.lag_seconds) == (5, 3, 3)
        advance(work, 9, final=8)
        assert [each.block for each in work.events.named("Funds")] == [3, 7]

    def test_many_keys_are_asked_at_once(self, work):
        for number in range(3):
            advance(work, number, event(number, 0), keys=(f"caseId:{number}", "log:1"))
        keys = [f"caseId:{number}" for number in range(1, 1200)]
        assert [each.block for each in work.events.about(keys, "Funds")] == [1, 2]
        assert work.events.about(["log:1"], "Funds", "FundsCollected") == []
        assert work.events.about([], "Funds") == []


class TestUndoing:
    def test_later_blocks_go_and_earlier_ones_stay(self, work):
        advance(work, 5, event(5, 1), final=4, blocks=[block(4), block(5)])
        advance(work, 7, event(6, 0), event(7, 0), final=4, blocks=[block(6), block(7)])
        work.events.note_checked(7)
        assert [each.block for each in work.events.after(5)] == [6, 7]
        work.events.undo_after(block(5))
        cursor = work.events.cursor()
        assert (cursor.block, cursor.block_hash, cursor.final_block) == (5, "0x05", 4)
        assert cursor.checked_block is None
        assert [each.block for each in work.events.all("Funds")] == [5]
        assert [each.number for each in work.events.blocks()] == [5, 4]
        advance(work, 6, event(6, 0))
        assert len(work.events.about(["log:1"], "Funds")) == 2

    def test_undoing_below_the_final_block_takes_it_along(self, work):
        advance(work, 7, event(6, 0))
        work.events.undo_after(block(5))
        assert work.events.cursor().final_block == 5

    def test_forgetting_starts_from_nothing(self, work):
        advance(work, 5, event(5, 1), blocks=[block(5)])
        work.events.set_totals({"Funds.x": 1}, 5)
        work.events.forget()
        assert work.events.cursor() is None
        assert work.events.named("Funds") == []
        assert (work.events.blocks(), work.events.totals(), work.events.count()) == ([], [], 0)

    def test_old_final_blocks_are_not_kept(self, work):
        advance(work, 1, blocks=[block(1)])
        advance(work, KEPT_BLOCKS + 2, blocks=[block(KEPT_BLOCKS + 2)])
        assert [each.number for each in work.events.blocks()] == [KEPT_BLOCKS + 2]


class TestTotals:
    def test_a_total_is_replaced_by_its_newer_value(self, work):
        work.events.set_totals({"Funds.a/1": 2**200, "Funds.b": 1}, 5)
        work.events.set_totals({"Funds.a/1": 7}, 9)
        assert [(each.name, each.value, each.changed_block) for each in work.events.totals()] == [
            ("Funds.a/1", 7, 9), ("Funds.b", 1, 5),
        ]  # fmt: skip
        assert [each.name for each in work.events.totals(changed_after=5)] == ["Funds.a/1"]
        assert [each.name for each in work.events.totals(["Funds.b", "Funds.c"])] == ["Funds.b"]

    def test_totals_of_a_contract_are_dropped_by_its_whole_name(self, work):
        work.events.set_totals({"Funds.a": 1, "FundsX.a": 2, "Bureaus.a": 3}, 5)
        work.events.drop_totals(["Funds"])
        assert [each.name for each in work.events.totals()] == ["Bureaus.a", "FundsX.a"]


@pytest.mark.parametrize("trouble", [{"code": "index-incomplete", "total": "x"}, None])
def test_trouble_is_kept_with_the_cursor(work, trouble):
    advance(work, 5)
    assert work.events.cursor().trouble is None
    work.events.set_trouble({"code": "other"})
    work.events.set_trouble(trouble)
    assert work.events.cursor().trouble == trouble
