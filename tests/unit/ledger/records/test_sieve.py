from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.records.columns import CONTRIBUTIONS
from ledger.records.files import open_source
from ledger.records.sieve import MONTH_SCHEMA, Sieve, months_of_rows
from ledger.records.validation import Rates, check_part

AMOUNTS = [
    "8000.00", "8000", "8000.0", "8000.000", "8000.005", "8,000", "-1", "+5", "", "1e3", "nan",
    "inf", " 8000", "８０００", "99999999999.99", "9999999999.99", "0", "0.01", "640.10", "640.11",
    "1280.1", "1280.11", ".5", "5.", "700.00", "60000",
]  # fmt: skip
CHANGES = {
    "identity_number": [
        "", "1101051970010100", "110105491231002", "11010519491231002x", "11010519491231002X",
        "110105197013010014", "110105202701010013", "110105179901010019", "11010519700101001X",
        "中文中文中文", "+10105197001010018", "\u00a0",
    ],
    "name": ["", "王\t伟", "王\x85伟", "王 伟", "é", "e\u0301", "\u2028", '"', "\\"],
    "employer_code": ["", "91340100ma2txk3t53", "x" * 18, "91340100MA2TXK3T"],
    "employer_name": ["", "示范\x1f", "（合肥）"],
    "scheme": ["", "企业养老", "PENSION_CIVIL", "pension_employee", "医保"],
    "contribution_type": ["", "补差", "补缴", "supplement", "no"],
    "period": ["2026-07", "2026/7", "2026年7月", "202613", "203001", "199001", "202609", "200512"],
    "base": AMOUNTS,
    "unit_amount": AMOUNTS,
    "person_amount": AMOUNTS,
    "paid_on": ["20260715", "2026/7/5", "2026-02-30", "2026-09-16", "2026-09-15", ""],
}  # fmt: skip
LINE = st.dictionaries(st.sampled_from(sorted(CHANGES)), st.integers(0, 99), max_size=3)


@pytest.fixture
def judge(today, write_csv, contribution):
    """Which lines of a file pass, as paid months, beside what the row checks say of all of them."""

    def run(changes, mapping=None):
        lines = [
            contribution(number, **{name: CHANGES[name][at % len(CHANGES[name])]
                                    for name, at in line.items()})
            for number, line in enumerate(changes, 1)
        ]  # fmt: skip
        source = open_source(write_csv(lines), mapping, CONTRIBUTIONS)
        (chunk,) = source.chunks()
        good, months = Sieve(source, Rates("340100"), today).passed(chunk)
        part = check_part(source.table(chunk), Rates("340100"), today)
        return chunk.lines, good, months, part.checked

    return run


class TestSieve:
    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(changes=st.lists(LINE, min_size=1, max_size=12))
    def test_what_passes_is_what_the_row_checks_find_nothing_wrong_with(self, judge, changes):
        lines, good, months, checked = judge(changes)
        found = {item.line for item in checked.findings}
        assert not found & set(lines[good].tolist())
        rows = {row.source_line: row for row in checked.rows}
        expected = months_of_rows(
            [(int(place), rows[int(lines[place])]) for place in np.flatnonzero(good)]
        )
        assert months.select(list(MONTH_SCHEMA)).rows() == expected.rows()

    @pytest.mark.parametrize("column", sorted(CHANGES))
    def test_every_planted_cell_alone(self, judge, column):
        changes = [{}, *({column: at} for at in range(len(CHANGES[column])))]
        lines, good, _, checked = judge(changes)
        assert good[0]
        assert not {item.line for item in checked.findings} & set(lines[good].tolist())

    def test_usual_lines_pass(self, judge):
        _, good, months, _ = judge([{}] * 20)
        assert good.all()
        assert months["normal"].all()
        assert months.height == 20

    def test_usual_supplements_and_old_spellings_pass(self, judge):
        changes = [
            {"contribution_type": 1},
            {"contribution_type": 2},
            {"period": 0},
            {"paid_on": 0},
        ]
        _, good, months, _ = judge(changes)
        assert good.all()
        assert months["normal"].to_list() == [False, True, True, True]
        assert months["paid_on"][3] == "2026-07-15"

    def test_amounts_in_fen_pass(self, judge, tmp_path, today, write_csv, contribution):
        mapping = tmp_path / "mapping.toml"
        mapping.write_text('[units]\nmoney = "fen"\n')
        line = {"base": "800000", "unit_amount": "128000", "person_amount": "64000"}
        path = write_csv([contribution(1, **line), contribution(2, **line | {"base": "8000.00"})])
        source = open_source(path, mapping, CONTRIBUTIONS)
        (chunk,) = source.chunks()
        good, months = Sieve(source, Rates("340100"), today).passed(chunk)
        assert good.tolist() == [True, False]
        assert months["base_fen"].to_list() == [800_000]

    def test_person_is_the_number_without_its_check_character(self, judge, identity):
        _, _, months, _ = judge([{}, {}])
        assert months["person"].to_list() == [int(identity(1)[:17]), int(identity(2)[:17])]
        assert months.schema == pl.Schema(MONTH_SCHEMA)
