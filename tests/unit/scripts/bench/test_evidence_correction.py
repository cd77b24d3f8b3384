"""A single correction is timed on both engines, over the same code that officers use."""

from __future__ import annotations

from scripts.bench.evidence_correction import correction_rows, time_corrections

FEW = 3


class TestCorrections:
    def test_each_engine_gives_its_rows(self, database_url):
        said = []
        rows = correction_rows({"the engine": database_url}, FEW, said.append)
        assert [row.unit for row in rows] == ["ms", "ms"]
        assert 0 < rows[0].value <= rows[1].value
        assert all("the engine" in row.name for row in rows)
        assert said == ["3 single corrections on the engine"]

    def test_without_an_address_it_makes_a_file_of_its_own(self):
        figures = time_corrections("SQLite", None, FEW)
        assert (figures.engine, figures.repetitions) == ("SQLite", FEW)
