from __future__ import annotations

import csv
import json
import stat
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.errors import HeadMovedError, ImportRefusedError
from ledger.evidence.encoding import Head, Kind, exclusive_tag, handle_of
from ledger.records.columns import CONTRIBUTIONS
from ledger.records.corrections import reverse_entry
from ledger.records.files import read_table
from ledger.records.queries import imports
from ledger.records.rules import ReversalReason
from ledger.records.service import import_contributions
from ledger.records.validation import check_contributions


def everything(node) -> tuple:
    """All that an import could change."""
    with node.read() as view:
        return (
            view.log.head(),
            view.imports.all(),
            view.journal.all(),
            view.outbox.all(),
            view.outbox.waiting_for_anchor(),
        )


def records(node) -> list[dict]:
    with node.read() as view:
        stored = list(view.log.entries(0, view.log.head().size))
        return [opened.record for opened in node.bureau.reader.open_many(stored, view.log)]


@pytest.fixture
def overtaken(node):
    """Progress of an import that is overtaken by another once it has checked its file."""

    def overtaking(theirs):
        files = [theirs]

        def progress(step, done, total):
            if step == "check" and done == total and files:
                import_contributions(node, files.pop())

        return progress

    return overtaking


class TestImport:
    def test_lines_become_records_in_file_order_with_all_their_fields(
        self, node, write_csv, contribution, identity, employer
    ):
        path = write_csv([contribution(2), contribution(1)])
        report = import_contributions(node, path)
        assert (report.lines_read, report.lines_accepted, report.lines_left_out) == (2, 2, 0)
        assert (report.first_index, report.end_index, report.persons) == (0, 2, 2)
        assert (report.amount_fen, report.period_from, report.period_to) == (
            384_000,
            202607,
            202607,
        )
        assert not report.already_imported
        assert [record["name"] for record in records(node)] == ["参保人2", "参保人1"]
        assert records(node)[1] == {
            "schema": "anxu-contribution/1",
            "kind": 1,
            "class": 1,
            "period": 202607,
            "amount_fen": 192_000,
            "identity_number": identity(1),
            "name": "参保人1",
            "scheme": "PENSION_EMPLOYEE",
            "contribution_type": "NORMAL",
            "base_fen": 800_000,
            "unit_fen": 128_000,
            "person_fen": 64_000,
            "pool_fen": 128_000,
            "account_fen": 64_000,
            "account_rate_bps": 800,
            "employer_code": employer,
            "employer_name": "合肥示范制造有限公司",
            "region": "340100",
            "paid_on": "2026-07-15",
            "parameter_status": "published",
        }

    def test_the_same_file_again_changes_nothing_and_gives_the_first_report(
        self, node, write_csv, contribution
    ):
        path = write_csv([contribution(number) for number in range(1, 5)])
        first = import_contributions(node, path)
        before = everything(node)
        again = import_contributions(node, path)
        assert again == replace(first, already_imported=True)
        assert everything(node) == before
        assert imports(node) == (first,)

    def test_the_same_bytes_under_another_name_are_the_same_file(
        self, node, write_csv, contribution
    ):
        first = import_contributions(node, write_csv([contribution(1)], name="a.csv"))
        again = import_contributions(node, write_csv([contribution(1)], name="b.csv"))
        assert again == replace(first, already_imported=True)

    def test_progress_tells_each_step(self, node, write_csv, contribution):
        seen = []
        import_contributions(
            node, write_csv([contribution(1)]), progress=lambda *step: seen.append(step)
        )
        assert seen == [
            ("read", 1, 1),
            ("check", 0, 1),
            ("check", 1, 1),
            ("seal", 1, 1),
            ("record", 1, 1),
        ]

    def test_a_supplement_names_the_leaf_it_adds_to(self, node, write_csv, contribution):
        import_contributions(node, write_csv([contribution(9), contribution(1)]))
        extra = {
            "contribution_type": "补差",
            "base": "500",
            "unit_amount": "80",
            "person_amount": "40",
        }
        later = [contribution(2), contribution(2, **extra), contribution(1, **extra)]
        report = import_contributions(node, write_csv(later, name="later.csv"))
        assert report.findings == ()
        found = records(node)
        assert found[3]["supplement_of"] == {"log": 1, "index": 2}
        assert found[4]["supplement_of"] == {"log": 1, "index": 1}
        assert found[4]["class"] == 0x8001
        assert "supplement_of" not in found[0]


class TestRefusal:
    def test_one_bad_line_keeps_the_whole_file_out_and_changes_nothing(
        self, node, write_csv, contribution, identity
    ):
        path = write_csv([contribution(1), contribution(2, period="202613"), contribution(3)])
        before = everything(node)
        with pytest.raises(ImportRefusedError) as refused:
            import_contributions(node, path)
        assert refused.value.fields() == {
            "file": "file.csv",
            "lines_read": 3,
            "lines_refused": 1,
            "findings_count": 1,
        }
        assert [(item.line, item.field) for item in refused.value.findings] == [(3, "period")]
        assert "--accept-valid" in refused.value.advice("zh")
        assert identity(2) not in str(refused.value) + repr(refused.value)
        assert everything(node) == before
        assert not (node.directory / "outgoing").exists()

    def test_months_that_stand_in_the_log_are_named_with_their_leaf(
        self, node, write_csv, contribution
    ):
        import_contributions(node, write_csv([contribution(1), contribution(2)]))
        again = [contribution(3), contribution(2, paid_on="2026-07-16")]
        with pytest.raises(ImportRefusedError) as refused:
            import_contributions(node, write_csv(again, name="again.csv"))
        (finding,) = refused.value.findings
        assert (finding.line, finding.code, finding.details["index"]) == (3, "already-recorded", 1)

    def test_a_reversed_month_may_be_recorded_anew(self, node, write_csv, contribution):
        import_contributions(node, write_csv([contribution(1)]))
        reverse_entry(node, 0, ReversalReason.ENTRY_ERROR, "复核意见 3 号", "one", "two")
        report = import_contributions(
            node, write_csv([contribution(1, paid_on="2026-07-16")], name="anew.csv")
        )
        assert report.first_index == 2

    def test_a_supplement_to_nothing_is_refused(self, node, write_csv, contribution):
        with pytest.raises(ImportRefusedError) as refused:
            import_contributions(node, write_csv([contribution(1, contribution_type="补差")]))
        assert [item.code for item in refused.value.findings] == ["no-normal-line"]

    def test_the_same_months_recorded_meanwhile_are_not_recorded_twice(
        self, node, write_csv, contribution, overtaken
    ):
        theirs = write_csv([contribution(1)], name="theirs.csv")
        ours = write_csv([contribution(1, paid_on="2026-07-16")], name="ours.csv")
        with pytest.raises(HeadMovedError):
            import_contributions(node, ours, progress=overtaken(theirs))
        assert [report.file_name for report in imports(node)] == ["theirs.csv"]

    def test_another_month_recorded_meanwhile_does_not_matter(
        self, node, write_csv, contribution, overtaken
    ):
        theirs = write_csv([contribution(2)], name="theirs.csv")
        ours = write_csv([contribution(1)], name="ours.csv")
        assert import_contributions(node, ours, progress=overtaken(theirs)).first_index == 1

    def test_the_same_file_recorded_meanwhile_gives_the_other_report(
        self, node, write_csv, contribution, overtaken
    ):
        path = write_csv([contribution(1), contribution(2)])
        report = import_contributions(node, path, progress=overtaken(path))
        assert report.already_imported
        assert (report.first_index, report.end_index) == (0, 2)
        assert imports(node) == (replace(report, already_imported=False),)


class TestAcceptValid:
    def test_bad_lines_are_left_out_kept_with_reasons_and_reported(
        self, node, write_csv, contribution, identity
    ):
        lines = [contribution(number) for number in range(1, 6)]
        lines[1] |= {"period": "202613", "base": "x"}
        path = write_csv(lines)
        path.write_text(path.read_text(encoding="utf-8") + "cut,off\n", encoding="utf-8")
        report = import_contributions(node, path, accept_valid=True)
        assert (report.lines_read, report.lines_accepted, report.lines_left_out) == (6, 4, 2)
        assert [(item.line, item.code) for item in report.findings] == [
            (3, "month"),
            (3, "amount"),
            (7, "cells"),
        ]
        left_out = report.left_out_path
        assert left_out == node.directory / "outgoing" / f"left-out-{report.import_key}.csv"
        assert stat.S_IMODE(left_out.stat().st_mode) == 0o600
        rows = list(csv.DictReader(left_out.read_text(encoding="utf-8-sig").splitlines()))
        assert [row["行号 line"] for row in rows] == ["3", "7"]
        assert rows[0]["公民身份号码"] == identity(2)
        assert "it is not a month" in rows[0]["原因 reason"]
        assert "缴费基数：不是数字" in rows[0]["原因 reason"]
        assert [record["name"] for record in records(node)] == [
            "参保人1",
            "参保人3",
            "参保人4",
            "参保人5",
        ]
        assert import_contributions(node, path) == replace(report, already_imported=True)

    def test_the_mended_lines_can_be_imported_from_the_file_of_lines_left_out(
        self, node, write_csv, contribution
    ):
        path = write_csv([contribution(1), contribution(2, period="2026-77")], encoding="gb18030")
        report = import_contributions(node, path, accept_valid=True)
        mended = report.left_out_path.with_name("mended.csv")
        text = report.left_out_path.read_text(encoding="utf-8-sig").replace("2026-77", "2026-07")
        mended.write_text(text, encoding="utf-8-sig")
        assert import_contributions(node, mended).lines_accepted == 1
        assert [record["name"] for record in records(node)] == ["参保人1", "参保人2"]

    def test_a_file_without_a_good_line_is_refused(self, node, write_csv, contribution):
        with pytest.raises(ImportRefusedError):
            import_contributions(node, write_csv([contribution(1, name="")]), accept_valid=True)

    def test_the_kept_row_holds_nothing_personal(self, node, write_csv, contribution, identity):
        lines = [contribution(1), contribution(2, name="", paid_on="x")]
        import_contributions(node, write_csv(lines), accept_valid=True)
        with node.read() as view:
            (row,) = view.imports.all()
        kept = json.dumps(row.summary, ensure_ascii=False)
        assert "参保人" not in kept
        assert identity(2)[:10] not in kept


class TestMoney:
    def test_the_treasury_gets_what_came_and_the_books_balance(self, node, write_csv, contribution):
        report = import_contributions(node, write_csv([contribution(n) for n in range(1, 5)]))
        with node.read() as view:
            assert view.journal.balances() == {"OUTSIDE": -768_000, "TREASURY": 768_000}
            (entry,) = view.journal.all()
        assert entry.occasion == "CONTRIBUTIONS_COLLECTED"
        assert entry.details["import"] == report.import_key

    def test_the_collection_waits_for_its_leaves_to_be_anchored(
        self, node, write_csv, contribution
    ):
        report = import_contributions(node, write_csv([contribution(n) for n in range(1, 5)]))
        assert report.collection == f"collection/{report.import_key}"
        now = node.clock.now()
        with node.write() as work:
            assert work.outbox.release_anchored(3, at=now) == 0
            assert work.outbox.pending() == []
            assert work.outbox.release_anchored(4, at=now) == 1
            assert work.outbox.release_anchored(4, at=now) == 0
            (message,) = work.outbox.pending()
            (entry,) = work.journal.all()
            work.commit()
        assert (message.message_key, message.contract, message.function, message.signer) == (
            report.collection,
            "Funds",
            "recordCollection",
            "publisher",
        )
        log, reference, *rest = message.arguments
        assert (log, rest) == (1, [0, 4, 4, 768_000, 202607, 202607])
        assert reference == entry.reference
        assert len(bytes.fromhex(reference.removeprefix("0x"))) == 32

    def test_too_few_lines_are_told_together_with_the_next_file(
        self, node, write_csv, contribution
    ):
        small = import_contributions(node, write_csv([contribution(1, period="202601")]))
        assert small.collection is None
        more = [contribution(n) for n in range(2, 4)]
        report = import_contributions(node, write_csv(more, name="more.csv"))
        assert report.collection is not None
        last = import_contributions(node, write_csv([contribution(5)], name="last.csv"))
        assert last.collection is None
        with node.write() as work:
            work.outbox.release_anchored(9, at=node.clock.now())
            (message,) = work.outbox.pending()
            assert message.arguments[2:] == [0, 3, 3, 576_000, 202601, 202607]
            assert work.journal.balances()["TREASURY"] == 4 * 192_000


class TestRoundTrip:
    @settings(
        max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        data=st.lists(
            st.tuples(
                st.integers(1, 999),
                st.text(
                    st.characters(categories=["Lo"], max_codepoint=0x9FFF), min_size=1, max_size=8
                ),
                st.integers(450_000, 2_000_000),
                st.sampled_from([202601, 202607, 202608]),
                st.dates(date(2026, 1, 1), date(2026, 9, 15)),
            ),
            min_size=1,
            max_size=8,
            unique_by=lambda item: (item[0], item[3]),
        )
    )
    def test_what_is_validated_sealed_and_opened_is_what_the_file_said(
        self, make_node, write_csv, contribution, data, tmp_path_factory
    ):
        node = make_node(tmp_path_factory.mktemp("node").name)
        lines = [
            contribution(
                sequence,
                name=name,
                period=str(period),
                base=f"{base / 100:.2f}",
                unit_amount=f"{base * 16 // 100 / 100:.2f}",
                person_amount=f"{base * 8 // 100 / 100 + 0.01:.2f}",
                paid_on=paid_on.isoformat(),
            )
            for sequence, name, base, period, paid_on in data
        ]
        path = write_csv(lines)
        rows = check_contributions(
            read_table(path, None, CONTRIBUTIONS), "340100", node.clock.today()
        ).rows
        import_contributions(node, path)
        opened = records(node)
        with node.read() as view:
            stored = list(view.log.entries(0, view.log.head().size))
        assert len(opened) == len(rows) == len(data)
        for row, record, entry in zip(rows, opened, stored, strict=True):
            for name in (
                "identity_number",
                "name",
                "employer_code",
                "period",
                "base_fen",
                "unit_fen",
                "person_fen",
            ):
                assert record[name] == getattr(row, name)
            assert record["paid_on"] == row.paid_on.isoformat()
            assert (
                record["pool_fen"] + record["account_fen"] == record["amount_fen"] == row.amount_fen
            )
            assert entry.entry.amount_fen == row.amount_fen
            head = Head(Kind.CONTRIBUTION, 1, row.period)
            subject = node.bureau.writer.subject_of(row.identity_number)
            assert entry.leaf.tag == exclusive_tag(head, handle_of(head, subject))
