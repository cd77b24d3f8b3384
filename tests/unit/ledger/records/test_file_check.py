from __future__ import annotations

import random
from collections import Counter
from contextlib import ExitStack

import numpy as np
import pytest

from ledger.evidence.encoding import Commitment, Entry, Head, LogId, reversal_subject
from ledger.policy.kinds import Kind
from ledger.ports import SystemRandom
from ledger.recording.bulk import People
from ledger.records import csv_stream, file_check, kept_months, standing
from ledger.records.columns import CONTRIBUTIONS
from ledger.records.file_check import ChunkChecker, check_file, month_keys
from ledger.records.files import open_source, read_table
from ledger.records.importing import silent
from ledger.records.kept_months import KeptMonths
from ledger.records.service import import_contributions
from ledger.records.sieve import MONTH_SCHEMA, months_of_rows
from ledger.records.validation import check_contributions
from ledger.store import commands, months
from ledger.store.log import NewEntry

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


EXTRA = {"contribution_type": "补差", "base": "500", "unit_amount": "80", "person_amount": "40"}


@pytest.mark.usefixtures("small")
class TestAgainstTheLog:
    """The months that stand in the log, whatever the order of a file and the sizes of chunks."""

    @pytest.mark.parametrize("by_month", [False, True])
    @pytest.mark.parametrize("seed", range(8))
    def test_recorded_months_are_named_wherever_they_stand(
        self, checked, node, write_csv, contribution, monkeypatch, seed, by_month
    ):
        chance = random.Random(seed)
        monkeypatch.setattr(standing, "_ASKED_AT_ONCE", chance.choice([1, 4, 10_000]))
        every = [(person, month) for person in range(1, 13) for month in range(1, 8)]
        recorded = chance.sample(every, chance.choice([1, 20, 84]))
        import_contributions(node, write_csv(list(map(line_of(contribution), recorded))))
        taken_back = take_back(node, contribution, chance.sample(recorded, 1))
        asked = chance.sample(every, 60)
        asked.sort(key=lambda each: each[::-1] if by_month else each)
        lines = [line_of(contribution)(each) for each in asked]
        extra = chance.sample([each for each in every if each not in asked], 6)
        lines += [
            contribution(person, period=f"2026{month:02d}", **EXTRA) for person, month in extra
        ]
        _, whole = checked(write_csv(lines, name="asked.csv"))
        stands = set(recorded) - taken_back
        assert {item.line for item in whole.findings if item.code == "already-recorded"} == {
            line for line, each in enumerate(asked, 2) if each in stands
        }
        assert {item.line for item in whole.findings if item.code == "no-normal-line"} == {
            line for line, each in enumerate(extra, 62) if each not in stands
        }
        with node.read() as view:
            for item in whole.findings:
                if item.code == "already-recorded":
                    stored = view.log.entry(item.details["index"])
                    person, month = asked[item.line - 2]
                    number = contribution(person)["identity_number"]
                    assert stored.entry.subject == node.bureau.writer.subject_of(number)
                    assert stored.entry.head.period == 202600 + month

    def test_each_person_is_asked_about_twice_at_most(
        self, checked, node, write_csv, contribution, monkeypatch
    ):
        people = range(1, 15)
        import_contributions(
            node, write_csv([contribution(each, period="202601") for each in people])
        )
        lines = [
            contribution(each, period=f"2026{month:02d}")
            for month in range(2, 9)
            for each in people
        ]
        asked, ask = [], months.facts_between

        def counted(connection, kind, class_, persons, first, last):
            asked.extend(persons.tolist())
            return ask(connection, kind, class_, persons, first, last)

        monkeypatch.setattr(commands, "facts_between", counted)
        _, whole = checked(write_csv(lines, name="asked.csv"))
        assert not whole.findings
        assert Counter(asked) == dict.fromkeys(people, 2)


def line_of(contribution):
    return lambda each: contribution(each[0], period=f"2026{each[1]:02d}")


def take_back(node, contribution, months) -> set[tuple[int, int]]:
    """Reverse the recorded lines of these persons' months."""
    for person, month in months:
        subject = node.bureau.writer.subject_of(contribution(person)["identity_number"])
        with node.write() as work:
            (leaf,) = work.log.standing_facts(
                Kind.CONTRIBUTION, 1, [(subject, 202600 + month)]
            ).values()
            head = Head(Kind.REVERSAL, 1, 202600 + month)
            entry = Entry(head, reversal_subject(LogId(1), leaf), 0, Commitment(bytes(32)))
            work.log.append([NewEntry(entry, b"")], source_key="s", recorded_at=node.clock.now())
            work.commit()
    return set(months)


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
