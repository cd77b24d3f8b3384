from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from ledger.recording.bulk import People
from ledger.records.standing import NO_LEAF, PersonNumbers, standing_leaves


@pytest.fixture
def people(node):
    return People(node.bureau.pseudonyms, node.bureau.person_keys)


@pytest.fixture
def places(people, identity):
    def of(*sequences: int) -> np.ndarray:
        numbers = [identity(each) for each in sequences]
        return people.places(np.array([int(each[:17]) for each in numbers]), pl.Series(numbers))

    return of


class TestPersonNumbers:
    def test_each_person_is_asked_for_once_and_numbered_once(self, node, people, places):
        numbers = PersonNumbers(people)
        with node.read() as view:
            assert numbers.known(view, places(1, 2, 1)).tolist() == [0, 0, 0]
        with node.write() as work:
            assert numbers.given(work, places(2, 2)).tolist() == [1, 1]
            work.commit()
        with node.read() as view:
            assert numbers.known(view, places(1, 2, 3)).tolist() == [0, 1, 0]
        with node.write() as work:
            assert numbers.given(work, places(3, 1, 2)).tolist() == [3, 2, 1]
            work.commit()
        assert numbers.of(places(1, 2, 3)).tolist() == [2, 1, 3]

    def test_whoever_got_a_number_elsewhere_meanwhile_keeps_it(self, node, people, places):
        mine, other = PersonNumbers(people), PersonNumbers(people)
        with node.read() as view:
            assert mine.known(view, places(1, 2)).tolist() == [0, 0]
        with node.write() as work:
            assert other.given(work, places(2)).tolist() == [1]
            work.commit()
        with node.write() as work:
            assert mine.given(work, places(1, 2)).tolist() == [2, 1]

    def test_everybody_has_a_place_and_a_number_of_digits(self, people, places, identity):
        where = places(5, 3, 9)
        found = people.persons()[where]
        assert found.tolist() == [int(identity(each)[:17]) for each in (5, 3, 9)]


class TestStandingLeaves:
    def test_persons_of_whom_nothing_is_known_are_not_asked_about(self):
        nobody, months = np.zeros(3, np.int64), np.full(3, 202601)
        found = standing_leaves(None, nobody, months)  # type: ignore[arg-type]
        assert found.tolist() == [NO_LEAF] * 3
