from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from ledger.errors import SealingKeyDestroyedError
from ledger.evidence.batch import Blobs
from ledger.evidence.encoding import LogId, canonical_json
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.policy.kinds import Kind
from ledger.ports import SystemRandom
from ledger.recording.bulk import People, seal_rows
from ledger.recording.facts import Fact
from ledger.recording.writer import EntryWriter

LOG = LogId(3)
AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
NUMBERS = ["320106196001010011", "320106196001010038", "32010619600101002X"]


class Salts:
    """The same stream of salts every time."""

    def bytes(self, length: int) -> bytes:
        return hashlib.shake_128(b"salts").digest(length)


@pytest.fixture
def person_keys(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    with PersonKeys.open(folder / "persons.sqlite", bytes(32), SystemRandom()) as keys:
        yield keys


@pytest.fixture
def pseudonyms():
    return Pseudonyms(bytes(range(32)), KeyedEvaluator(bytes(32)))


def columns(numbers: list[str]) -> tuple[np.ndarray, pl.Series]:
    return np.array([int(number[:17]) for number in numbers], np.int64), pl.Series(numbers)


class TestPeople:
    def test_each_person_has_one_place_whatever_the_order(self, pseudonyms, person_keys):
        people = People(pseudonyms, person_keys)
        first = people.places(*columns([NUMBERS[1], NUMBERS[0], NUMBERS[1]]))
        second = people.places(*columns([NUMBERS[2], NUMBERS[1], NUMBERS[0]]))
        assert first[0] == first[2] == second[1]
        assert first[1] == second[2]
        assert len(people) == 3
        expected = pseudonyms.subjects_of([NUMBERS[2], NUMBERS[1], NUMBERS[0]])
        assert people.subject_list(second) == expected
        assert [row.tobytes() for row in people.subjects(second)] == expected

    def test_many_persons_find_room(self, pseudonyms, person_keys, monkeypatch):
        monkeypatch.setattr("ledger.recording.bulk._FIRST_CAPACITY", 2)
        people = People(pseudonyms, person_keys)
        numbers = [
            f"3201061960{month:02d}0{day}0011" for month in range(1, 13) for day in range(1, 6)
        ]
        for start in range(0, 60, 7):
            places = people.places(*columns(numbers[start : start + 7]))
            keys, key_of = people.keys(places)
            subjects = people.subject_list(places)
            expected = person_keys.get_many(subjects)
            assert [keys[at].tobytes() for at in key_of] == [expected[each] for each in subjects]
        assert len(people) == 60

    def test_an_erasure_meanwhile_counts(self, pseudonyms, person_keys):
        people = People(pseudonyms, person_keys)
        places = people.places(*columns(NUMBERS))
        people.keys(places)
        person_keys.destroy(people.subject_list(places)[1], AT)
        with pytest.raises(SealingKeyDestroyedError):
            people.keys(places)
        keys, _ = people.keys(places[[0, 2]])
        assert keys.shape == (2, 32)


class TestSealRows:
    def test_they_are_the_entries_that_the_writer_makes_one_by_one(self, pseudonyms, person_keys):
        facts = [
            Fact(
                Kind.CONTRIBUTION, class_, 202501 + at, 100 + at, {"name": "某人"}, NUMBERS[at % 3]
            )
            for at, class_ in enumerate([1, 1, 0x8001, 1, 1, 0x8001, 1])
        ]
        expected = EntryWriter(LOG, person_keys, pseudonyms, Salts())
        person_keys.get_or_create_many(pseudonyms.subjects_of(NUMBERS))  # before salts are drawn
        entries = expected.prepare(facts)
        people = People(pseudonyms, person_keys)
        places = people.places(*columns([NUMBERS[at % 3] for at in range(7)]))
        batch, sealed = seal_rows(
            LOG,
            Kind.CONTRIBUTION,
            (
                np.array([fact.class_ for fact in facts], np.uint16),
                np.array([fact.period for fact in facts], np.uint32),
                np.array([fact.amount_fen for fact in facts], np.int64),
            ),
            Blobs.of([canonical_json(fact.record()) for fact in facts]),
            people,
            places,
            Salts(),
        )
        assert [batch.entry(at) for at in range(7)] == [item.entry for item in entries]
        assert sealed.to_list() == [item.sealed_record for item in entries]
