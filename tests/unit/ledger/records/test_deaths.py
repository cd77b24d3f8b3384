from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.errors import HeadMovedError, ImportRefusedError
from ledger.policy.kinds import Kind
from ledger.records import deaths
from ledger.records.corrections import reverse_entry
from ledger.records.deaths import import_deaths
from ledger.records.rules import ReversalReason


class TestImport:
    def test_a_death_is_an_entry_of_its_month_without_class_and_amount(
        self, node, write_csv, death, identity
    ):
        path = write_csv([death(1), death(2)])
        report = import_deaths(node, path)
        assert (report.kind, report.lines_accepted, report.amount_fen) == ("death", 2, 0)
        assert (report.period_from, report.collection) == (202606, None)
        with node.read() as view:
            stored = view.log.entry(0)
            opened = node.bureau.reader.open(stored, view.log)
            assert view.journal.all() == []
        head = stored.entry.head
        assert (head.kind, head.class_, head.period) == (Kind.DEATH_REPORT, 0, 202606)
        assert opened.record == {
            "schema": "anxu-death/1",
            "kind": 10,
            "class": 0,
            "period": 202606,
            "amount_fen": 0,
            "identity_number": identity(1, "19400101"),
            "name": "故者1",
            "died_on": "2026-06-30",
            "reported_on": "2026-07-20",
            "source": "民政",
        }
        assert import_deaths(node, path) == replace(report, already_imported=True)

    def test_a_death_that_stands_is_not_recorded_again(self, node, write_csv, death):
        import_deaths(node, write_csv([death(1)]))
        lines = [death(2), death(1, died_on="2026-06-29")]
        with pytest.raises(ImportRefusedError) as refused:
            import_deaths(node, write_csv(lines, name="more.csv"))
        (finding,) = refused.value.findings
        assert (finding.line, finding.code, finding.details["index"]) == (3, "death-recorded", 0)
        report = import_deaths(node, write_csv(lines, name="more.csv"), accept_valid=True)
        assert (report.lines_accepted, report.lines_left_out) == (1, 1)

    def test_a_disproved_death_gives_way(self, node, write_csv, death):
        import_deaths(node, write_csv([death(1)]))
        reverse_entry(node, 0, ReversalReason.DEATH_DISPROVED, "本人到场核实", "one", "two")
        lines = [death(1, died_on="2026-06-29")]
        assert import_deaths(node, write_csv(lines, name="more.csv")).first_index == 2

    def test_a_death_recorded_meanwhile_is_not_recorded_twice(
        self, node, write_csv, death, monkeypatch
    ):
        theirs = write_csv([death(1)], name="theirs.csv")
        prepare = deaths.prepare_entries

        def overtaken(context, facts, progress):
            monkeypatch.setattr(deaths, "prepare_entries", prepare)
            import_deaths(node, theirs)
            return prepare(context, facts, progress)

        monkeypatch.setattr(deaths, "prepare_entries", overtaken)
        with pytest.raises(HeadMovedError):
            import_deaths(node, write_csv([death(1, source="公安")], name="ours.csv"))
