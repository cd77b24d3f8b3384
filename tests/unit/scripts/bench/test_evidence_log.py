"""The benchmark of the log runs through, small, and its rows say what they stand beside."""

import pytest

from scripts.bench import evidence_log


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, value in (
        ("SMALLEST", 300), ("_IN_MEMORY", 300), ("_PROOFS", 20), ("_SLOW_PROOFS", 5),
        ("_SINGLES", 6), ("_ROUNDS", 2), ("_THREAD_ROUNDS", 2), ("_TURNS", 2), ("_CLIENTS", (1, 3)),
        ("_CHECK_ROUNDS", 2), ("_CHECKED_TIMES", 1),
    ):  # fmt: skip
        monkeypatch.setattr(evidence_log, name, value)


def _said(_line):
    """Progress is not shown here."""


class TestRows:
    def test_growth_is_measured_at_every_size(self):
        rows = evidence_log.growth_rows(700, _said)
        names = [row.name for row in rows]
        assert "300 leaves to durable files, signed" in names
        assert "700 leaves to durable files, signed" in names
        assert all(row.value > 0 for row in rows)
        assert {row.beside for row in rows} >= {"pymerkle in memory", "pymerkle SQLite bulk"}

    def test_single_records_stand_beside_one_append_of_the_peer(self):
        rows = evidence_log.single_rows(_said)
        assert {row.beside for row in rows} == {"pymerkle SQLite, one append"}
        assert [row.wanted for row in rows if row.wanted] == [">= 0.4"]

    @pytest.mark.parametrize(
        ("records", "sizes"), [(200, [200]), (300, [300]), (3_000, [300, 3_000]), (3_001, [300, 3_000, 3_001])]
    )  # fmt: skip
    def test_sizes_grow_tenfold_up_to_what_was_asked(self, records, sizes):
        assert evidence_log._sizes(records) == sizes

    def test_a_leaf_is_the_same_in_whatever_part_it_is_made(self):
        whole = evidence_log.leaves_between(0, 70_000)
        assert (evidence_log.leaves_between(65_000, 66_000) == whole[65_000:66_000]).all()
