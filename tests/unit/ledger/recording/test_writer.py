from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ledger.errors import SealedContentError, SealingKeyDestroyedError
from ledger.evidence.encoding import (
    NO_SUBJECT,
    LeafIndex,
    LogId,
    canonical_json,
    commitment_of,
    reversed_leaf,
)
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.policy.kinds import Kind
from ledger.ports import SystemRandom
from ledger.recording.facts import SCHEMAS, Fact
from ledger.recording.writer import EntryWriter, RecordReader
from ledger.store.database import Database
from ledger.store.unit_of_work import UnitOfWork

LOG = LogId(1)
AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
NUMBER, OTHER = "320106196001010011", "320106196001010038"


@pytest.fixture
def person_keys(tmp_path) -> Iterator[PersonKeys]:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    keys = PersonKeys.open(folder / "persons.sqlite", bytes(32), SystemRandom())
    yield keys
    keys.close()


@pytest.fixture
def writer(person_keys) -> EntryWriter:
    pseudonyms = Pseudonyms(bytes(range(32)), KeyedEvaluator(bytes(32)))
    return EntryWriter(LOG, person_keys, pseudonyms, SystemRandom())


@pytest.fixture
def reader(person_keys) -> RecordReader:
    return RecordReader(LOG, person_keys)


@pytest.fixture
def work(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    database.migrate()
    with UnitOfWork(database, LOG) as work:
        yield work
    database.close()


def payment(number: str = NUMBER, period: int = 202608) -> Fact:
    return Fact(Kind.PAYOUT, 1, period, 300_000, {"name": "退休人"}, number)


class TestPrepare:
    def test_entries_stand_in_the_order_of_the_facts(self, writer):
        facts = [payment(period=period) for period in (202608, 202606, 202607)]
        made = [new.entry for new in writer.prepare(facts)]
        assert [entry.head.period for entry in made] == [202608, 202606, 202607]
        assert {entry.subject for entry in made} == {writer.subject_of(NUMBER)}
        assert writer.prepare([]) == []

    def test_equal_facts_look_unrelated(self, writer):
        one, other = writer.prepare([payment(), payment()])
        assert one.entry.commitment != other.entry.commitment
        assert one.sealed_record != other.sealed_record

    def test_nothing_of_the_record_is_seen_in_what_is_kept(self, writer):
        (new,) = writer.prepare([payment()])
        kept = new.sealed_record + new.entry.pack()
        assert NUMBER.encode() not in kept
        assert "退休人".encode() not in kept

    def test_a_fact_about_nobody_has_no_subject(self, writer):
        (new,) = writer.prepare([Fact(Kind.FUND_MOVEMENT, 0, 202608, 5, {"document": "d"})])
        assert new.entry.subject == NO_SUBJECT

    def test_a_reversal_names_its_leaf_and_no_person(self, writer):
        reversal = Fact(Kind.REVERSAL, 1, 202608, 0, {}, NUMBER, reverses=LeafIndex(7))
        (new,) = writer.prepare([reversal])
        assert reversed_leaf(new.entry.subject) == (LOG, 7)


class TestOpen:
    def put(self, work, *new):
        indices = work.log.append(list(new), source_key="s", recorded_at=AT)
        return list(work.log.entries(indices.start, indices.stop))

    def test_a_record_comes_back_and_gives_its_commitment(self, writer, reader, work):
        facts = [payment(), payment(OTHER)]
        stored = self.put(work, *writer.prepare(facts))
        for fact, opened in zip(facts, reader.open_many(stored, work.log), strict=True):
            assert opened.record == fact.record()
            assert opened.canonical == canonical_json(fact.record())
            commitment = commitment_of(opened.canonical, opened.salt)
            assert commitment == opened.stored.entry.commitment
            assert opened.record["kind"] == int(Kind.PAYOUT)
            assert opened.record["schema"] == "anxu-payout/1"

    def test_a_reversal_is_sealed_for_the_person_it_is_about(
        self, writer, reader, work, person_keys
    ):
        (first,) = self.put(work, *writer.prepare([payment()]))
        reversal = Fact(
            Kind.REVERSAL, 1, 202608, 0, {"reason": "重复"}, NUMBER, reverses=first.index
        )
        (taken,) = self.put(work, *writer.prepare([reversal]))
        assert reader.open(taken, work.log).record["reason"] == "重复"
        person_keys.destroy(first.entry.subject, AT)
        with pytest.raises(SealingKeyDestroyedError):
            reader.open(taken, work.log)

    def test_an_erased_person_stays_in_the_log_and_cannot_be_read(
        self, writer, reader, work, person_keys
    ):
        stored = self.put(work, *writer.prepare([payment(), payment(OTHER)]))
        root = work.log.head().root()
        person_keys.destroy(stored[0].entry.subject, AT)
        with pytest.raises(SealingKeyDestroyedError):
            reader.open(stored[0], work.log)
        assert reader.open(stored[1], work.log).record["identity_number"] == OTHER
        assert work.log.head().root() == root

    def test_a_record_moved_to_another_entry_does_not_open(self, writer, reader, work):
        one, other = writer.prepare([payment(), payment(period=202607)])
        moved = type(one)(one.entry, other.sealed_record)
        (stored,) = self.put(work, moved)
        with pytest.raises(SealedContentError):
            reader.open(stored, work.log)


class TestFacts:
    def test_every_kind_has_a_schema_of_its_own(self):
        assert set(SCHEMAS) == set(Kind)
        assert len(set(SCHEMAS.values())) == len(Kind)

    def test_a_record_repeats_what_its_head_says(self):
        record = payment().record()
        assert json.loads(canonical_json(record)) == record
        assert (record["class"], record["period"], record["amount_fen"]) == (1, 202608, 300_000)
        assert "identity_number" not in Fact(Kind.EVIDENCE, 0, 0, 0, {}).record()
