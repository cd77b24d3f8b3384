"""An audit of a bureau's node on a real chain: clean, and with rows that say what the chain does not."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select, update

from ledger.audit.service import AuditOptions, audit_log
from ledger.config import NodeSettings
from ledger.errors import NotPermittedError, SettingsError
from ledger.evidence.checkpoint import CheckpointBody, sign_checkpoint
from ledger.files import write_atomically
from ledger.node import open_audited
from ledger.recording.trust import export_trust
from ledger.records.service import import_contributions
from ledger.store.tables.log import checkpoints, cosignatures
from scripts.cli.main import run
from scripts.demo_data.generation import generate

AS_OF = date(2026, 9, 15)

pytestmark = pytest.mark.usefixtures("network")


@pytest.fixture(scope="module")
def hefei(network, make) -> Path:
    """The node of a bureau with three checkpoints on chain, one person erased, and one leaf unsigned."""
    context = network.context("hefei")
    for count in (5, 1, 9):
        facts = [make.payment(network.identity(), 202608) for _ in range(count)]
        make.record(context, *facts)
        network.settle()
    make.record(context, make.payment(network.identity(), 202608))
    return network.layout.node("hefei")


@pytest.fixture
def places(repetitions) -> int:
    return min(100, 2 * repetitions)


def audited(directory: Path, **options):
    with open_audited(directory, **options) as log:
        return audit_log(log, AuditOptions())


@contextmanager
def changed(context, size: int, **values):
    """A checkpoint's row with other values, while the block runs."""
    with context.database.reading() as connection:
        row = connection.execute(
            select(checkpoints).where(checkpoints.c.size == size)
        ).mappings().one()  # fmt: skip
        before = {name: row[name] for name in values}

    def write(given: dict) -> None:
        with context.database.writing() as connection:
            connection.execute(
                update(checkpoints).where(checkpoints.c.size == size).values(**given)
            )
            connection.get_transaction().commit()

    write(values)
    try:
        yield
    finally:
        write(before)


def files_of(directory: Path) -> dict[str, bytes]:
    """Every byte below a node's directory, but the index that SQLite's readers share."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).digest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


class TestOnChain:
    def test_a_clean_log_has_no_finding_and_nothing_is_left_out(self, hefei):
        report = audited(hefei)
        assert report.findings == ()
        assert report.not_checked == ()
        checked = report.checked
        assert (checked.rows, checked.records_opened) == (16, 16)
        assert (checked.checkpoints, checked.cosignatures, checked.anchors) == (3, 3, 3)

    @pytest.mark.parametrize("column", ["number", "block", "block_time", "transaction_hash"])
    def test_an_anchor_that_the_chain_holds_otherwise_is_named(
        self, network, hefei, column, places
    ):
        context, random = network.context("hefei"), Random(column)
        with context.read() as view:
            rows = view.log.checkpoints()
        for _ in range(places // 4 + 1):
            row = random.choice(rows)
            stands = getattr(row, column)
            if isinstance(stands, int):
                value = stands + random.choice([-1, 1]) * random.randrange(1, 50)
            else:
                place = random.randrange(2, 66)
                digit = random.choice([x for x in "0123456789abcdef" if x != stands[place]])
                value = stands[:place] + digit + stands[place + 1 :]
            with changed(context, row.size, **{column: value}):
                (finding,) = audited(hefei).findings
            assert (finding.place, finding.row) == ("checkpoints", f"{row.size}")
            assert (finding.field, finding.expected) == (column, f"{stands}")
            assert finding.found == f"{value}"

    def test_an_anchor_taken_out_is_named(self, network, hefei):
        nothing = dict.fromkeys(["number", "block", "block_time", "transaction_hash"])
        with changed(network.context("hefei"), 5, **nothing):
            found = [(item.row, item.field) for item in audited(hefei).findings]
        assert found == [("5", column) for column in nothing]

    def test_the_newest_checkpoint_may_still_wait_for_its_finality(self, network, hefei):
        nothing = dict.fromkeys(["number", "block", "block_time", "transaction_hash"])
        with changed(network.context("hefei"), 15, **nothing):
            assert audited(hefei).is_clean

    def test_a_history_signed_anew_is_found_by_the_chain(self, network, hefei):
        """The log's own key can sign another root; what was anchored stands."""
        context = network.context("hefei")
        with context.read() as view:
            last = view.log.checkpoint(6)
        body = CheckpointBody(context.origin, 6, bytes(32))
        note = sign_checkpoint(body, context.origin, context.keys.ed25519("log"))
        with changed(context, 6, note=note, root=bytes(32)):
            found = {(item.place, item.row, item.field) for item in audited(hefei).findings}
        assert ("checkpoints", "6", "note") in found
        assert last is not None

    def test_a_checkpoint_that_only_the_chain_knows_is_named(self, network, hefei):
        context = network.context("hefei")
        with context.database.reading() as connection:
            row = dict(
                connection.execute(
                    select(checkpoints).where(checkpoints.c.size == 6)
                ).mappings().one()
            )  # fmt: skip
            lines = [
                dict(each)
                for each in connection.execute(
                    select(cosignatures).where(cosignatures.c.size == 6)
                ).mappings()
            ]
        write(context, checkpoints.delete().where(checkpoints.c.size == 6))
        write(context, cosignatures.delete().where(cosignatures.c.size == 6))
        try:
            (finding,) = audited(hefei).findings
        finally:
            write(context, checkpoints.insert().values(**row))
            write(context, cosignatures.insert().values(lines))
        assert (finding.place, finding.row, finding.field) == ("checkpoints", "6", "size")
        assert finding.expected == f"a row with root {row['root'].hex()}"

    def test_a_checkpoint_that_the_chain_does_not_know_is_named(self, network, hefei):
        context = network.context("hefei")
        with context.read() as view:
            head = view.log.head()
        body = CheckpointBody(context.origin, head.size, head.root())
        note = sign_checkpoint(body, context.origin, context.keys.ed25519("log"))
        values = {"size": head.size, "root": head.root(), "note": note, "signed_at": 0}
        anchored = {"number": 99, "block": 5, "block_time": 5, "transaction_hash": "0x00"}
        context.bureau.tiles.integrate(head.size, reading_leaves(context))
        write(context, checkpoints.insert().values(**values, **anchored))
        try:
            (finding,) = audited(hefei).findings
        finally:
            write(context, checkpoints.delete().where(checkpoints.c.size == head.size))
        assert (finding.row, finding.field) == (f"{head.size}", "number")
        assert finding.expected == "none on chain"


def reading_leaves(context):
    def leaves(first: int, end: int):
        with context.read() as view:
            return view.log.leaf_rows(first, end)

    return leaves


def write(context, statement) -> None:
    with context.database.writing() as connection:
        connection.execute(statement)
        connection.get_transaction().commit()


class TestWithoutChain:
    def test_anchors_and_foreign_keys_are_told_as_not_checked(self, hefei):
        report = audited(hefei, offline=True)
        assert report.is_clean
        missed = {item.what: (item.count, item.reason) for item in report.not_checked}
        assert missed == {"anchors": (3, "offline"), "cosignatures": (3, "key-unknown")}

    def test_a_trust_file_says_whose_signatures_count(self, network, hefei):
        trust = export_trust(network.context("hefei"))
        report = audited(hefei, offline=True, trust=trust)
        assert report.checked.cosignatures == 3
        assert [item.what for item in report.not_checked] == ["anchors"]

    def test_a_trust_file_of_another_network_is_refused(self, network, hefei):
        trust = replace(export_trust(network.context("hefei")), logs=())
        with pytest.raises(SettingsError):
            audited(hefei, offline=True, trust=trust)

    def test_a_chain_that_does_not_answer_is_said(self, hefei, tmp_path):
        settings = NodeSettings.load(hefei)
        replace(settings, rpc_urls=("http://127.0.0.1:9",)).save(hefei)
        try:
            report = audited(hefei)
        finally:
            settings.save(hefei)
        assert report.is_clean
        assert ("anchors", "chain-unavailable") in {
            (item.what, item.reason) for item in report.not_checked
        }


class TestReadOnly:
    def test_nothing_changes_while_the_node_is_open(self, hefei):
        before = files_of(hefei)
        audited(hefei)
        assert files_of(hefei) == before

    def test_nothing_changes_and_nothing_is_left_when_the_node_is_closed(
        self, network, hefei, tmp_path
    ):
        """A copy of the node with everything in its main files, as a closed node leaves it."""
        copy = tmp_path / "copy"
        shutil.copytree(hefei, copy)
        for path in copy.rglob("*.sqlite"):
            with sqlite3.connect(path) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
        database = f"sqlite:///{copy / 'data' / 'anxu.sqlite'}"
        replace(NodeSettings.load(copy), database_url=database).save(copy)
        names = sorted(path.name for path in copy.rglob("*"))
        assert not [name for name in names if name.endswith(("-wal", "-shm"))]
        before = files_of(copy)
        assert audited(copy).is_clean
        assert files_of(copy) == before
        assert sorted(path.name for path in copy.rglob("*")) == names

    def test_a_supervisor_has_no_log_to_audit(self, network):
        with pytest.raises(NotPermittedError), open_audited(network.layout.node("supervisor")):
            pass


class TestCommand:
    def test_all_that_agrees_is_exit_code_zero(self, hefei, capsys):
        assert run(["audit", "--node", str(hefei), "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["clean"], document["complete"]) == (True, True)
        assert (document["size"], document["checked"]["anchors"]) == (16, 3)
        assert document["findings"] == document["not_checked"] == []

    def test_what_differs_is_exit_code_one_and_shown_first(self, network, hefei, capsys):
        with changed(network.context("hefei"), 5, block_time=1):
            assert run(["audit", "--node", str(hefei), "--language", "zh"]) == 1
            shown = capsys.readouterr().out
            assert run(["audit", "--node", str(hefei), "--json"]) == 1
            (finding,) = json.loads(capsys.readouterr().out)["findings"]
        assert "差异，第一处在前：" in shown
        assert "block_time" in shown
        assert (finding["place"], finding["row"]) == ("checkpoints", "5")
        assert finding["found"] == "1"

    def test_what_could_not_be_checked_is_exit_code_two(self, network, hefei, capsys, tmp_path):
        trust = tmp_path / "trust.json"
        write_atomically(trust, export_trust(network.context("hefei")).to_json().encode())
        options = ["--node", str(hefei), "--quick", "--offline", "--trust", str(trust)]
        assert run(["audit", *options, "--from-checkpoint", "5", "--language", "en"]) == 2
        shown = capsys.readouterr().out
        assert "Not checked: anchors on chain, 3 (no chain was asked, as you wished)" in shown
        assert "Not checked: sealed records, 11 (--quick opens no record)" in shown
        assert "Not checked: rows, 5 (before the checkpoint begun from)" in shown
        assert "Everything that was compared agrees." in shown

    def test_a_supervisors_node_is_refused(self, network, capsys):
        assert run(["audit", "--node", str(network.layout.node("supervisor"))]) == 1
        assert capsys.readouterr().out == ""


def test_rows_that_come_meanwhile_are_no_finding(network, hefei, make):
    """The audit sees one moment; what is accepted, signed and anchored while it runs is passed over."""
    context = network.context("hefei")
    with open_audited(hefei) as log:
        grown = False

        def told(_step: str, _done: int, _total: int) -> None:
            nonlocal grown
            if not grown:
                grown = True
                make.record(context, make.payment(network.identity(), 202608))
                network.settle()

        report = audit_log(log, AuditOptions(), told)
    assert grown
    assert report.findings == ()
    assert audited(hefei).is_clean


def test_what_was_imported_by_columns_is_opened_and_agrees(network, hefei, tmp_path):
    generate(tmp_path, 5, as_of=AS_OF, scale="small")
    context = network.context("hefei")
    imported = import_contributions(context, tmp_path / "hefei" / "contributions-2026.csv")
    network.settle()
    report = audited(hefei)
    assert report.findings == ()
    assert report.not_checked == ()
    assert report.checked.records_opened == report.size == imported.end_index
