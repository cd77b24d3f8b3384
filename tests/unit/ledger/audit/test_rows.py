"""Whatever column of whatever row is changed, the audit names that row and that column, and no other."""

from __future__ import annotations

from contextlib import ExitStack
from random import Random

import pytest

from ledger.policy.kinds import Kind, is_exclusive
from ledger.store.tables.log import entries, persons, reversals, sources

SIGNED_SIZE = 520


@pytest.fixture
def places(repetitions) -> int:
    """How many random places a corruption is tried at; a hundred in long runs."""
    return min(100, 2 * repetitions)


def other(value: object, random: Random) -> bytes | int:
    """Something else of the same type."""
    if isinstance(value, bytes):
        changed = bytearray(value)
        changed[random.randrange(len(value))] ^= random.randrange(1, 256)
        return bytes(changed)
    assert isinstance(value, int)
    return value + random.choice([-1, 1]) * random.randrange(1, 1000)


def another_kind(row: dict, random: Random) -> int:
    return random.choice([kind for kind in range(14) if kind != row["kind"]])


def another_class(row: dict, random: Random) -> int:
    return row["class"] ^ random.randrange(1, 1 << 16)


def another_period(row: dict, random: Random) -> int:
    return random.choice([202213, row["period"] + 100, 0])


CHANGES = {
    "kind": another_kind,
    "class": another_class,
    "period": another_period,
    **{
        name: lambda row, random, name=name: other(row[name], random)
        for name in ("subject", "amount_fen", "commitment", "tag", "seal", "sealed_record")
    },
    "person": lambda row, random: row["person"] + random.randrange(1, 30),
    "source": lambda row, random: row["source"] + random.choice([-1, 1]),
}


def suspects(node, row: dict, column: str) -> list[str]:
    """The columns that are equally suspect once a record is erased; only the changed one else."""
    if owner(node, row) not in node.erased or column in {"person", "source", "kind"}:
        return [column]
    bound = not is_exclusive(row["kind"], row["class"]) and row["kind"] != Kind.REVERSAL
    proven = row["leaf_index"] < SIGNED_SIZE
    if column == "sealed_record" or (
        row["kind"] == Kind.REVERSAL and column in {"class", "period"}
    ):
        return []
    if column in {"class", "period"} or (bound and column == "commitment"):
        return [column]
    if column in {"subject", "tag"}:
        return [column] if proven or column == "subject" else ["subject", "tag"]
    if column == "seal" and proven:
        return [column]
    return ["amount_fen"] + ([] if bound else ["commitment"]) + ([] if proven else ["seal"])


def owner(node, row: dict) -> bytes:
    """Whose key seals the record of a row."""
    if row["kind"] != Kind.REVERSAL:
        return row["subject"]
    target = int.from_bytes(row["subject"][4:12])
    return node.rows(entries)[target]["subject"]


class TestOneColumn:
    @pytest.mark.parametrize("column", CHANGES)
    def test_a_changed_column_is_named_wherever_it_is(self, node, column, places):
        random = Random(column)
        rows = node.rows(entries)
        for row in random.sample(rows, places):
            value = CHANGES[column](row, random)
            with node.changed(entries, row, **{column: value}):
                (expected, report) = suspects(node, row, column), node.audit()
            if not expected:
                assert report.is_clean, "nothing is left that could speak for an erased record"
                continue
            (finding,) = report.findings
            assert (finding.place, finding.row) == ("entries", f"{row['leaf_index']}")
            assert finding.field == expected[0]
            if len(expected) > 1:
                assert finding.position == " or ".join(expected)
        assert node.audit().is_clean

    def test_a_report_shows_nothing_of_the_person(self, node, places):
        random = Random(1)
        secrets = {row["subject"].hex() for row in node.rows(persons)} | set(node.people)
        for row in random.sample(node.rows(entries), places):
            column = random.choice(list(CHANGES))
            with node.changed(entries, row, **{column: CHANGES[column](row, random)}):
                text = f"{node.audit()}"
            assert not [secret for secret in secrets if secret in text]
            assert f"{row['amount_fen']}" not in text or row["amount_fen"] == 0

    def test_a_row_of_another_person_is_not_taken_for_this_one(self, node):
        rows = node.rows(entries)
        row, theirs = rows[30], rows[31]
        with node.changed(entries, row, subject=theirs["subject"]):
            assert node.findings() == [("entries", "30", "subject")]

    @pytest.mark.parametrize(
        ("column", "value"),
        [("kind", 77), ("period", 202613), ("class", 70_000), ("tag", b"short"), ("subject", b"")],
    )
    def test_what_no_column_can_hold_is_named(self, node, column, value):
        row = node.rows(entries)[200]
        with node.changed(entries, row, **{column: value}):
            assert node.findings() == [("entries", "200", column)]


class TestWholeRows:
    def test_a_row_that_is_gone_is_named(self, node, places):
        random = Random(2)
        for row in random.sample(node.rows(entries), places):
            with node.removed(entries, [row]):
                first, *rest = node.findings()
            assert first == ("entries", f"{row['leaf_index']}", "leaf_index")
            assert all(place == "reversals" for place, _, _ in rest), rest

    def test_a_moved_row_is_missing_here_and_too_many_there(self, node, places):
        random = Random(3)
        for row in random.sample(node.rows(entries), places):
            with node.changed(entries, row, leaf_index=5000):
                found = node.findings()
            index = f"{row['leaf_index']}"
            assert found[0] == ("entries", index, "leaf_index")
            assert ("entries", "5000", "leaf_index") in found

    def test_a_run_of_lost_rows_is_one_finding(self, node):
        rows = node.rows(entries)[200:233]
        with node.removed(entries, rows):
            (finding, *rest) = node.audit().findings
        assert (finding.row, finding.position) == ("200", "leaves 200 to 232")
        assert {item.place for item in rest} <= {"reversals"}

    @pytest.mark.parametrize("batch", [1, 7, 100, 256, 600])
    def test_where_batches_end_makes_no_difference(self, node, batch, monkeypatch):
        monkeypatch.setattr("ledger.audit.walk.BATCH_ROWS", batch)
        assert node.audit().is_clean
        rows = node.rows(entries)
        with node.removed(entries, rows[150:450]):
            (finding, *rest) = node.audit().findings
        assert (finding.row, finding.position) == ("150", "leaves 150 to 449")
        assert {item.place for item in rest} <= {"reversals"}
        with node.changed(entries, rows[255], amount_fen=1):
            assert node.findings() == [("entries", "255", "amount_fen")]

    @pytest.mark.parametrize("size", [1, 519, 520, 599])
    def test_a_log_cut_short_misses_its_last_rows(self, node, size):
        with node.removed(entries, node.rows(entries)[size:]):
            first, *_ = node.audit().findings
        assert (first.place, first.row, first.field) == ("entries", f"{size}", "leaf_index")

    def test_a_row_behind_the_last_is_too_many(self, node):
        extra = node.rows(entries)[5] | {"leaf_index": 600}
        with node.added(entries, extra):
            assert node.findings() == [("entries", "600", "leaf_index")]

    def test_rows_that_changed_places_are_both_named(self, node, places):
        random = Random(4)
        rows = node.rows(entries)
        for _ in range(places):
            one, two = sorted(random.sample(range(SIGNED_SIZE), 2))
            if 3 in {rows[one]["kind"], rows[two]["kind"]}:
                continue  # a reversal would also stand before what it takes back
            swapped = {name: value for name, value in rows[two].items() if name != "leaf_index"}
            back = {name: value for name, value in rows[one].items() if name != "leaf_index"}
            with (
                node.changed(entries, rows[one], **swapped),
                node.changed(entries, rows[two], **back),
            ):
                found = [item for item in node.findings() if item[0] == "entries"]
            assert found[0] == ("entries", f"{one}", "leaf")
            assert {item[1] for item in found} == {f"{one}", f"{two}"}

    def test_rows_that_changed_places_unsigned_are_named_by_the_subtree(self, node):
        rows = node.rows(entries)
        one, two = rows[580], rows[581]
        keep = {"leaf_index", "source"}
        swapped = {name: value for name, value in two.items() if name not in keep}
        back = {name: value for name, value in one.items() if name not in keep}
        with node.changed(entries, one, **swapped), node.changed(entries, two, **back):
            (finding,) = node.audit().findings
        # 600 = 512 + 64 + 16 + 8: the third complete subtree begins at leaf 576.
        assert (finding.place, finding.row, finding.field) == ("entries", "576", "leaf")
        assert finding.position == "among leaves 576 to 591"

    def test_a_forged_row_in_place_of_a_true_one_is_named(self, node):
        rows = node.rows(entries)
        forged = {
            name: value for name, value in rows[410].items() if name not in {"leaf_index", "source"}
        }
        with node.changed(entries, rows[60], **forged):
            assert node.findings() == [("entries", "60", "leaf")]


class TestTooMuch:
    def test_a_ruined_log_is_not_gone_through_to_its_end(self, node, monkeypatch):
        monkeypatch.setattr("ledger.audit.walk.MAX_FINDINGS", 20)
        rows = node.rows(entries)[100:200]
        with ExitStack() as stack:
            for row in rows:
                stack.enter_context(node.changed(entries, row, seal=bytes(32)))
            report = node.audit()
        assert report.findings[0].row == "100"
        assert {(item.place, item.field) for item in report.findings} == {("entries", "seal")}
        assert len(report.findings) == 20
        (missed,) = [item for item in report.not_checked if item.what == "rows"]
        assert (missed.count, missed.reason) == (480, "too-many-findings")


class TestErasure:
    def test_an_erased_person_is_counted_and_no_finding(self, node):
        report = node.audit()
        assert report.is_clean
        assert report.checked.records_erased > 20
        assert report.checked.records_opened + report.checked.records_erased == 600

    def test_a_lost_key_is_named_once_a_person(self, lost):
        number = lost.people[5]
        subject = lost.writer.subject_of(number)
        leaves = [row["leaf_index"] for row in lost.rows(entries) if row["subject"] == subject]
        lost.person_keys._connection.execute("DELETE FROM persons WHERE subject = ?", (subject,))
        first, *rest = lost.findings()
        assert first == ("keys/persons.sqlite", f"{leaves[0]}", "wrapped")
        assert {item[0] for item in rest} <= {"keys/persons.sqlite"}

    def test_a_damaged_key_is_named(self, lost):
        subject = lost.writer.subject_of(lost.people[6])
        lost.person_keys._connection.execute(
            "UPDATE persons SET wrapped = randomblob(60) WHERE subject = ?", (subject,)
        )
        first, *_ = lost.audit().findings
        assert (first.place, first.field) == ("keys/persons.sqlite", "wrapped")


class TestIndexes:
    def test_a_clean_log_has_clean_indexes(self, node):
        assert len(node.rows(reversals)) >= 4
        assert len(node.rows(sources)) == 8
        assert node.audit().is_clean

    def test_a_person_under_another_pseudonym_is_named(self, node):
        for row in Random(5).sample(node.rows(persons), 10):
            with node.changed(persons, row, subject=bytes(31) + b"x"):
                assert node.findings() == [("persons", f"{row['person']}", "subject")]

    def test_a_person_under_another_number_is_named(self, node):
        for row in Random(6).sample(node.rows(persons), 5):
            with node.changed(persons, row, person=9999):
                found = node.findings()
            assert found
            assert found[0][2] == "person"

    @pytest.mark.parametrize("column", ["first_index", "end_index"])
    def test_an_append_with_another_border_is_named(self, node, column):
        for row in node.rows(sources):
            with node.changed(sources, row, **{column: row[column] + 3}):
                assert node.findings() == [("sources", f"{row['source']}", column)]

    def test_a_lost_append_is_named(self, node):
        for row in node.rows(sources):
            with node.removed(sources, [row]):
                (finding,) = node.audit().findings
            assert (finding.place, finding.row) == ("sources", f"{row['source']}")
            assert (finding.field, finding.found) == ("source", "no row")

    def test_an_append_with_another_number_is_named(self, node):
        for row in node.rows(sources):
            with node.changed(sources, row, source=99):
                (finding, *_) = node.audit().findings
            assert (finding.place, finding.field) == ("sources", "source")

    @pytest.mark.parametrize("column", ["log_id", "reversed_index"])
    def test_a_reversal_of_another_leaf_is_named(self, node, column):
        for row in node.rows(reversals):
            with node.changed(reversals, row, **{column: row[column] + 1}):
                assert node.findings() == [("reversals", f"{row['leaf_index']}", column)]

    def test_a_lost_or_invented_reversal_is_named(self, node):
        row = node.rows(reversals)[1]
        with node.removed(reversals, [row]):
            assert node.findings() == [("reversals", f"{row['leaf_index']}", "leaf_index")]
        with node.added(reversals, row | {"leaf_index": 17}):
            assert node.findings() == [("reversals", "17", "leaf_index")]
