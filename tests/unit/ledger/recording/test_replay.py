"""Every past checkpoint can be replayed: its root from the rows, what stood then and what did not."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from ledger.errors import EncodingError, InvariantBrokenError, NotFoundError
from ledger.evidence.encoding import LogId, Subject
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.policy.kinds import Kind
from ledger.recording.context import BureauTools, NodeContext
from ledger.recording.facts import Fact
from ledger.recording.replay import (
    end_of_day,
    entries_as_of,
    fact_as_of,
    facts_of_person,
    log_as_of,
    moment_of,
    totals_as_of,
)
from ledger.recording.writer import EntryWriter, RecordReader
from ledger.records.rules import ReversalOrder, ReversalReason, restated_fact, reversal_fact
from ledger.store.database import Database

LOG = LogId(1)
START = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
ORDER = ReversalOrder(ReversalReason.ENTRY_ERROR, "核对原始凭证", "one", "two")
PERSONS = ("11010519491231002X", "440524188001010014")


@dataclass
class Clock:
    """Moves when told to."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def today(self) -> date:
        return self.at.date()


class Random:
    def bytes(self, length: int) -> bytes:
        return random.randbytes(length)


@pytest.fixture
def node(tmp_path: Path, database_url: str):
    database = Database(database_url)
    database.migrate()
    keys = PersonKeys.open(tmp_path / "persons.sqlite", bytes(32), Random())
    pseudonyms = Pseudonyms(bytes(32), KeyedEvaluator(bytes(32)))
    settings: Any = type("Settings", (), {"log_id": 1})
    yield NodeContext(
        directory=tmp_path, settings=settings, manifest=None, clock=Clock(), random=Random(),
        database=database, keys=None, chain=None,
        tools=BureauTools(
            keys, pseudonyms, EntryWriter(LOG, keys, pseudonyms, Random()), RecordReader(LOG, keys), None
        ),
    )  # fmt: skip
    keys.close()
    database.close()


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, written down as it stands there."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    pair = root_of(leaves[:split]) + root_of(leaves[split:])
    return hashlib.sha256(b"\x01" + pair).digest()


@dataclass
class Known:
    """What a test wrote: for each entry whose it is and its amount, who took it back, and when."""

    amounts: dict[int, tuple[int, int]] = field(default_factory=dict)
    reversed_by: dict[int, int] = field(default_factory=dict)
    sizes: list[tuple[datetime, int]] = field(default_factory=list)
    checkpoints: list[tuple[datetime, int, bytes, datetime | None]] = field(default_factory=list)

    def size_at(self, at: datetime) -> int:
        return max((size for then, size in self.sizes if then <= at), default=0)

    def standing(self, size: int, person: int | None = None) -> list[int]:
        return [
            index
            for index, (whose, _) in self.amounts.items()
            if index < size
            and person in {None, whose}
            and self.reversed_by.get(index, size) >= size
        ]


def contribution(person: int, amount_fen: int) -> Fact:
    body = {"name": f"参保人{person}"}
    return Fact(Kind.CONTRIBUTION, 0x8001, 202602, amount_fen, body, PERSONS[person])


class Writer:
    """Appends, reverses, restates and signs, and remembers what it did."""

    def __init__(self, node: NodeContext) -> None:
        self.node, self.known = node, Known()

    def append(self, facts: list[Fact]) -> range:
        new = self.node.bureau.writer.prepare(facts)
        with self.node.write() as work:
            now = self.node.clock.now()
            leaves = work.log.append(new, source_key="test", recorded_at=now)
            work.commit()
        self.known.sizes.append((now, leaves.stop))
        return leaves

    def record(self, person: int, amount_fen: int) -> int:
        (index,) = self.append([contribution(person, amount_fen)])
        self.known.amounts[index] = (person, amount_fen)
        return index

    def take_back(self, target: int, amount_fen: int | None = None) -> None:
        person, old_fen = self.known.amounts[target]
        record = contribution(person, old_fen).record()
        facts = [reversal_fact(target, record, ORDER, LOG)]
        if amount_fen is not None:
            facts.append(restated_fact(target, contribution(person, amount_fen), ORDER, LOG))
        leaves = self.append(facts)
        self.known.reversed_by[target] = leaves[0]
        if amount_fen is not None:
            self.known.amounts[leaves[1]] = (person, amount_fen)

    def sign(self, anchored_at: datetime | None) -> None:
        """A checkpoint of the head, with the root that the test works out by itself."""
        with self.node.write() as work:
            size, now = work.log.head().size, self.node.clock.now()
            if size == 0 or work.log.checkpoint(size) is not None:
                return
            root = root_of(work.log.leaves(0, size))
            work.log.add_checkpoint(size, root, "note", now)
            if anchored_at is not None:
                work.log.mark_final(
                    size, number=size, block=size, block_time=int(anchored_at.timestamp()),
                    transaction_hash=None, at=anchored_at,
                )  # fmt: skip
            work.commit()
        self.known.checkpoints.append((now, size, root, anchored_at))

    def later(self, **by: int) -> None:
        self.node.clock.at += timedelta(**by)


class TestEveryPastCheckpoint:
    @pytest.mark.parametrize("seed", range(3))
    def test_gives_its_root_and_what_stood(self, node, seed):
        chance, writer = random.Random(seed), Writer(node)
        for _ in range(60):
            writer.later(hours=chance.randrange(1, 30))
            known = writer.known
            with node.read() as view:
                live = known.standing(view.log.head().size)
            what = chance.random()
            if what < 0.5 or not live:
                writer.record(chance.randrange(2), chance.randrange(1, 900_000))
            elif what < 0.65:
                writer.take_back(chance.choice(live))
            elif what < 0.8:
                writer.take_back(chance.choice(live), chance.randrange(1, 900_000))
            else:
                writer.sign(
                    node.clock.now() + timedelta(hours=2) if chance.random() < 0.8 else None
                )
        assert len(known.checkpoints) > 4
        self.require_all(node, known)

    def require_all(self, node, known):
        persons = [Subject(node.bureau.writer.subject_of(number)) for number in PERSONS]
        moments = {at for at, *_ in known.checkpoints} | {at for at, _ in known.sizes}
        for at in sorted({moment + timedelta(hours=gap) for moment in moments for gap in (0, 3)}):
            state = log_as_of(node, at)
            size = known.size_at(at)
            assert state.known_size == size
            signed = [item for item in known.checkpoints if item[0] <= at]
            assert (state.signed is None) == (not signed)
            if signed:
                assert (state.signed.size, state.root) == signed[-1][1:3]
            anchored = [item[1] for item in known.checkpoints if item[3] and item[3] <= at]
            assert state.anchored_size == max(anchored, default=0)
            standing = known.standing(size)
            totals = totals_as_of(node, state, 1)
            assert sum(item.entries for item in totals) == len(standing)
            expected_fen = sum(known.amounts[index][1] for index in standing)
            assert sum(item.amount_fen for item in totals) == expected_fen
            for number, subject in enumerate(persons):
                facts = facts_of_person(node, state, subject)
                stood = [int(fact.stored.index) for fact in facts if fact.stood]
                assert stood == known.standing(size, number)
                assert all(fact.stored.index < size for fact in facts)
                for fact in facts:
                    assert fact.is_anchored == (fact.stored.index < state.anchored_size)
                    by = known.reversed_by.get(fact.stored.index)
                    assert (fact.reversed_by or fact.reversed_later) == by
                    assert fact.record["amount_fen"] == fact.stored.entry.amount_fen


class TestReplay:
    @pytest.fixture
    def writer(self, node):
        """Entry 0 on 1 March, signed at once, anchored 2 hours later; restated the next day."""
        writer = Writer(node)
        writer.record(0, 100)
        writer.sign(START + timedelta(hours=2))
        writer.later(days=1)
        writer.take_back(0, 150)
        return writer

    def test_a_later_reversal_is_named_and_not_applied(self, node, writer):
        before = fact_as_of(node, log_as_of(node, START), 0)
        assert (before.stood, before.reversed_by, before.reversed_later) == (True, None, 1)
        after = fact_as_of(node, log_as_of(node, node.clock.now()), 0)
        assert (after.stood, after.reversed_by, after.reversed_later) == (False, 1, None)

    def test_our_time_and_the_chains_time_are_told_apart(self, node, writer):
        state = log_as_of(node, START + timedelta(hours=1))
        assert (state.known_size, state.signed.size, state.anchored) == (1, 1, None)
        state = log_as_of(node, START + timedelta(hours=2))
        assert state.anchored_size == 1

    def test_before_the_first_entry_nothing_was_known(self, node, writer):
        state = log_as_of(node, START - timedelta(seconds=1))
        assert (state.known_size, state.signed, state.root, state.anchored) == (0, None, None, None)
        with pytest.raises(NotFoundError):
            fact_as_of(node, state, 0)
        assert totals_as_of(node, state) == []

    def test_entries_are_listed_up_to_then(self, node, writer):
        state = log_as_of(node, START)
        assert [fact.stored.index for fact in entries_as_of(node, state, 0, 99)] == [0]
        state = log_as_of(node, node.clock.now())
        assert [fact.stored.index for fact in entries_as_of(node, state, 0, 99)] == [0, 1, 2]

    def test_another_class_is_left_out(self, node, writer):
        state = log_as_of(node, node.clock.now())
        subject = node.bureau.writer.subject_of(PERSONS[0])
        assert facts_of_person(node, state, subject, 2) == ()
        assert totals_as_of(node, state, 2) == []
        assert len(facts_of_person(node, state, subject, 1)) == 2

    def test_of_an_erased_person_only_the_entries_are_left(self, node, writer):
        subject = node.bureau.writer.subject_of(PERSONS[0])
        node.bureau.person_keys.destroy(subject, node.clock.now())
        facts = facts_of_person(node, log_as_of(node, START), subject)
        assert [(fact.stored.entry.amount_fen, fact.record) for fact in facts] == [(100, None)]

    def test_a_row_that_was_changed_is_not_passed_off_as_the_past(self, node, writer):
        engine = create_engine(node.database.url)
        with engine.begin() as connection:
            changed = {"seal": bytes(32)}
            connection.execute(
                text("UPDATE entries SET seal = :seal WHERE leaf_index = 0"), changed
            )
        engine.dispose()
        with pytest.raises(InvariantBrokenError) as refused:
            log_as_of(node, START)
        assert refused.value.invariant == "rows equal checkpoint"


class TestMoments:
    def test_a_day_ends_at_midnight_in_beijing(self):
        assert end_of_day(date(2026, 9, 15)) == datetime(2026, 9, 15, 15, 59, 59, 999_999, UTC)
        assert moment_of("2026-09-15") == end_of_day(date(2026, 9, 15))

    def test_a_time_has_its_zone(self):
        assert moment_of("2026-09-15T12:00:00+08:00") == datetime(2026, 9, 15, 4, 0, tzinfo=UTC)
        assert moment_of("2026-09-15T12:00:00Z") == datetime(2026, 9, 15, 12, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        "wrong", ["", "yesterday", "2026-13-01", "2026-09-15T12:00:00", "9999-12-31", "15.09.2026"]
    )
    def test_anything_else_is_refused(self, wrong):
        with pytest.raises(EncodingError):
            moment_of(wrong)
