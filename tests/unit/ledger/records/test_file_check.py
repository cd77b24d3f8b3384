from __future__ import annotations

import random
from contextlib import ExitStack

import numpy as np
import pytest

from ledger.ports import SystemRandom
from ledger.recording.bulk import People
from ledger.records import csv_stream, file_check, kept_months
from ledger.records.columns import CONTRIBUTIONS
from ledger.records.file_check import ChunkChecker, check_file, month_keys
from ledger.records.files import open_source, read_table
from ledger.records.importing import silent
from ledger.records.kept_months import KeptMonths
from ledger.records.sieve import MONTH_SCHEMA, months_of_rows
from ledger.records.validation import check_contributions

FAULTS = {
    "identity_number": ["", "11010519491231002X", "110105491231002", "110105194912310021"],
    "name": ["", "王\t伟"],
    "employer_code": ["", "91340100MA2TXK3T"],
    "scheme": ["PENSION_CIVIL", "?"],
    "contribution_type": ["补差", "", "?"],
    "period": ["2026-07", "202613", "202609", "190001"],
    "base": ["100", "99999", "x"],
    "unit_amount": ["0", "1280.5", "1,280"],
    "person_amount": ["0", "-640", "640.15"],
    "paid_on": ["2026-02-30", "20260715", "2027-01-01"],
}


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(csv_stream, "CHUNK_LINES", 7)
    monkeypatch.setattr(kept_months, "IN_MEMORY", 10)


@pytest.fixture
def checked(node, today, tmp_path):
    def run(path):
        source = open_source(path, None, CONTRIBUTIONS)
        checker = ChunkChecker(source, "340100", today)
        people = People(node.bureau.pseudonyms, node.bureau.person_keys)
        kept = stack.enter_context(KeptMonths(tmp_path, SystemRandom()))
        return checker, check_file(node, checker, people, kept, silent, lambda: False)

    with ExitStack() as stack:
        yield run


def planted(contribution, chance: random.Random) -> list[dict[str, str]]:
    """Lines of few persons and months, some of them changed, repeated or ragged."""
    lines = []
    for _ in range(chance.randrange(1, 60)):
        line = contribution(chance.randrange(1, 12), period=f"2026{chance.randrange(1, 9):02d}")
        for name in chance.sample(sorted(FAULTS), chance.choice([0, 0, 0, 1, 2])):
            line[name] = chance.choice(FAULTS[name])
        lines.append(line)
        if chance.random() < 0.1:
            lines.append(dict(chance.choice(lines)))
    return lines


@pytest.mark.usefixtures("small")
class TestWholeFiles:
    @pytest.mark.parametrize("seed", range(25))
    def test_findings_and_rows_are_those_of_the_row_checks(
        self, checked, write_csv, contribution, today, seed
    ):
        chance = random.Random(seed)
        path = write_csv(planted(contribution, chance), name=f"{seed}.csv")
        text = path.read_text(encoding="utf-8").splitlines()
        for _ in range(chance.randrange(3)):
            text.insert(
                chance.randrange(1, len(text)), chance.choice(["", "a,b", ",,,", "x" + "," * 14])
            )
        path.write_text("\n".join(text), encoding="utf-8")
        expected = check_contributions(read_table(path, None, CONTRIBUTIONS), "340100", today)
        checker, whole = checked(path)
        lost = [item for item in whole.findings if item.code == "no-normal-line"]
        assert [item for item in whole.findings if item not in lost] == list(expected.findings)
        assert whole.lines_read == expected.table.lines_read
        assert whole.findings_count == len(whole.findings)
        assert whole.errors_count == len(expected.errors) + len(lost)
        refused = expected.refused_lines | {item.line for item in lost}
        assert whole.lines_refused == len(refused)
        rows = []
        for part in checker.chunks():
            places = part.months["row"].to_numpy()
            rows += part.months.filter(~whole.refused[places]).select(list(MONTH_SCHEMA)).rows()
        place_of = {row[1]: row[0] for row in rows}
        good = [row for row in expected.rows if row.source_line not in refused]
        assert rows == months_of_rows([(place_of[row.source_line], row) for row in good]).rows()

    def test_supplements_need_a_good_normal_line(self, checked, write_csv, contribution):
        extra = {
            "contribution_type": "补差",
            "base": "500",
            "unit_amount": "80",
            "person_amount": "40",
        }
        lines = [
            contribution(1, **extra),  # its month comes later
            contribution(2, **extra),  # its month has an error
            contribution(3, **extra),  # it has no month
            *(contribution(number) for number in range(20, 40)),
            contribution(1),
            contribution(2, scheme="?"),
        ]
        _, whole = checked(write_csv(lines))
        assert [(item.line, item.code) for item in whole.findings] == [
            (3, "no-normal-line"), (4, "no-normal-line"), (26, "choice"),
        ]  # fmt: skip
        assert whole.supplements

    def test_more_findings_than_are_held_are_counted(
        self, checked, write_csv, contribution, monkeypatch
    ):
        monkeypatch.setattr(file_check, "HELD_FINDINGS", 5)
        lines = [contribution(number, name="") for number in range(1, 30)]
        lines += [contribution(number, base="100") for number in range(30, 50)]
        _, whole = checked(write_csv(lines))
        assert (whole.errors_count, whole.warnings_count) == (29, 60)
        assert [item.line for item in whole.findings if item.code == "missing"] == [2, 3, 4, 5, 6]
        assert whole.lines_refused == 29


class TestMonthKeys:
    def test_equal_months_have_equal_keys_and_others_other_ones(self):
        chance = np.random.default_rng(1)
        person = chance.integers(10**16, 10**17, 200_000)
        period = 190001 + chance.integers(0, 15_000, 200_000)
        normal = chance.integers(0, 2, 200_000).astype(bool)
        keys = month_keys(person, period, normal)
        assert len(np.unique(keys)) == 200_000
        assert (month_keys(person, period, normal) == keys).all()
        assert (month_keys(person, period, ~normal) != keys).all()
