from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.evidence.encoding import LogId, TreeSize
from ledger.evidence.lineage import Inherited, Lineage


def on_chain(known: dict[int, tuple[int, int]], log: int, index: int) -> int:
    """`Bureaus.originOf`, word for word."""
    origin = log
    while index < known.get(origin, (0, 0))[1]:
        origin = known[origin][0]
    return origin


class TestOf:
    def test_a_log_of_its_own_has_recorded_all_of_its_leaves(self):
        lineage = Lineage.of(3, {}.get)
        assert lineage == Lineage(LogId(3))
        assert (lineage.size, lineage.log_ids) == (0, (3,))
        assert list(lineage.parts(2, 5)) == [(3, 2, 5)]

    def test_a_successor_begins_with_what_the_closed_log_recorded(self):
        lineage = Lineage.of(4, {4: (1, 100)}.get)
        assert lineage.inherited == (Inherited(LogId(1), TreeSize(100)),)
        assert [lineage.origin_of(index) for index in (0, 99, 100)] == [1, 1, 4]
        assert lineage.holds(1, 99)
        assert not lineage.holds(1, 100)
        assert not lineage.holds(4, 99)
        assert list(lineage.parts(98, 103)) == [(1, 98, 100), (4, 100, 103)]
        assert list(lineage.parts(98, 98)) == []

    @pytest.mark.parametrize(
        ("second", "inherited"),
        [
            (150, ((1, 100), (4, 150))),  # goes on from more than the first had inherited
            (100, ((1, 100),)),  # the one between recorded none of them
            (80, ((1, 80),)),  # goes on from fewer
        ],
    )
    def test_a_successor_of_a_successor(self, second, inherited):
        lineage = Lineage.of(9, {4: (1, 100), 9: (4, second)}.get)
        assert tuple((part.log_id, part.end) for part in lineage.inherited) == inherited

    def test_a_successor_from_nothing_inherits_nothing(self):
        assert Lineage.of(4, {4: (1, 0)}.get).inherited == ()
        assert Lineage.of(9, {4: (1, 100), 9: (4, 0)}.get).inherited == ()

    @given(st.lists(st.integers(0, 12), min_size=1, max_size=5), st.integers(0, 14))
    def test_every_leaf_is_of_the_log_that_the_contract_says(self, sizes, index):
        known = {heir: (heir - 1, size) for heir, size in enumerate(sizes, 2)}
        heir = len(sizes) + 1
        lineage = Lineage.of(heir, known.get)
        assert lineage.origin_of(index) == on_chain(known, heir, index)
        ends = [part.end for part in lineage.inherited]
        assert ends == sorted(set(ends))
        told = [log for log, first, end in lineage.parts(0, 14) for _ in range(first, end)]
        assert told == [on_chain(known, heir, each) for each in range(14)]
