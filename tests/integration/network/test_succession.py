"""A log whose keys were stolen is carried on by a successor's node, from records to payouts."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.serving import serving
from ledger.audit.service import AuditOptions, audit_log
from ledger.birth import NewNode, init_node
from ledger.chain.deciding import Call, decide
from ledger.config import NodeSettings
from ledger.errors import InheritedLeavesMissingError
from ledger.evidence.encoding import reversal_tag, segment_tag
from ledger.evidence.verdicts import Outcome
from ledger.following.follower import INCONSISTENT
from ledger.funds.model import Account
from ledger.node import open_audited, open_node
from ledger.policy.kinds import Kind
from ledger.recording.facts import Fact
from ledger.recording.proofs import prove_entry
from ledger.recording.trust import export_trust
from ledger.recording.verifying import read_standing, verify
from ledger.records.corrections import reverse_entry
from ledger.records.model import CONTRIBUTION_IMPORT
from ledger.records.rules import ReversalReason, collection_reference
from ledger.store.commands import ImportRow
from ledger.store.journal import Posting
from ledger.supervision.model import AlertState
from ledger.supervision.queries import alerts
from ledger.transfers.model import TransferReason
from ledger.transfers.service import (
    Application,
    accept_transfer,
    release_transfer,
    request_transfer,
    review_package,
)
from scripts.cli.main import run

JULY, AUGUST = 202607, 202608
OPENING_FEN = 1_000_000_00
MONTHS = tuple(range(202501, 202507))
KILLED = Path(__file__).parent / "succession_killed.py"
STANDALONE = Path(__file__).parents[3] / "scripts" / "verify_standalone.py"


def anxu(*arguments: object) -> tuple[int, dict]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([*map(str, arguments), "--json"])
    return code, json.loads(out.getvalue() or err.getvalue())


def must(*arguments: object) -> dict:
    code, document = anxu(*arguments)
    assert code == 0, document
    return document


def month(number: str, period: int) -> Fact:
    """One month of pension contributions, at 16 % and 8 %."""
    body = {
        "name": "参保人", "scheme": "PENSION_EMPLOYEE", "contribution_type": "NORMAL",
        "base_fen": 800_000, "unit_fen": 128_000, "person_fen": 64_000, "pool_fen": 128_000,
        "account_fen": 64_000, "account_rate_bps": 800, "employer_code": "91340100MA2TXK3T0K",
        "employer_name": "示范公司", "region": "320100", "paid_on": "2026-01-15",
        "parameter_status": "demo",
    }  # fmt: skip
    return Fact(Kind.CONTRIBUTION, 1, period, 192_000, body, number)


def replace_region(fact: Fact, region: str) -> Fact:
    return replace(fact, body={**fact.body, "region": region})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def copied(directory: Path, to: Path) -> Path:
    """A copy of a node's directory that has its own database."""
    shutil.copytree(directory, to)
    database = f"sqlite:///{to / 'data' / 'anxu.sqlite'}"
    replace(NodeSettings.load(to), database_url=database).save(to)
    return to


def contents(directory: Path) -> dict[str, list[tuple]]:
    """Every row of a node's database that a succession writes."""
    with sqlite3.connect(directory / "data" / "anxu.sqlite") as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in (
                "entries", "persons", "sources", "reversals", "successions", "log_head", "imports",
                "payout_batches", "payout_lines", "commands",
            )
        }  # fmt: skip


def fingerprint(directory: Path) -> dict[str, str]:
    """Every file below a directory with its digest."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def place(network, make, tmp_path_factory):
    """Nanjing recorded and published, its keys were stolen, the council named who goes on."""
    nanjing, supervisor = network.context("nanjing"), network.context("supervisor")
    near = ("supervisor", "nanjing", "suzhou")  # Hefei sees the closed log only at its successor
    opening = [1, int(Account.EXPENDITURE), OPENING_FEN, bytes([1]) * 32]
    decide(
        supervisor.chain, supervisor.keys.secp256k1("supervisor"),
        [Call("Funds", "openBalance", opening)],
    )  # fmt: skip
    people = [network.identity() for _ in range(8)]
    make.record(nanjing, *(make.payment(person, JULY) for person in people))
    mover = network.identity("19880815")
    make.record(nanjing, *(month(mover, period) for period in MONTHS))
    network.settle(*near)
    root = tmp_path_factory.mktemp("succession")
    backup = copied(nanjing.directory, root / "backup")
    make.record(nanjing, *(make.payment(person, AUGUST) for person in people[:5]))
    network.settle(*near)
    with nanjing.read() as view:
        size = view.log.last_checkpoint(final=True).size
    make.record(nanjing, *(make.payment(person, AUGUST) for person in people[5:]))
    network.settle(*near)
    with nanjing.write() as work:
        for key, end in (("waits", 2), ("beyond", size + 1)):
            reference = collection_reference(1, end - 2, end)
            told = {"reference": reference, "imports": [key], "message_key": f"collection/{key}"}
            work.imports.add(
                ImportRow(
                    key, CONTRIBUTION_IMPORT, "七月.csv", bytes(32), 2, 2, 0, end - 2, end, 384_000,
                    {"collection": told, "period_from": JULY, "period_to": JULY},
                    nanjing.clock.now(),
                )
            )  # fmt: skip
            lines = [
                Posting(Account.TREASURY.name, 384_000),
                Posting(Account.OUTSIDE.name, -384_000),
            ]
            work.journal.post(reference, "COLLECTED", lines, {}, at=nanjing.clock.now())
        work.commit()
    reason, heir = root / "decision.txt", root / "heir"
    reason.write_text("密钥失窃", "utf-8")
    make.make_quick_keys(heir)
    new = NewNode("bureau", "南京新", "Nanjing anew", "320100", 32, "127.0.0.1", free_port())
    init_node(heir, network.manifest, new)
    old, overseer = nanjing.directory, supervisor.directory
    code, refused = anxu("bureau", "carry-on", heir, "--from", old, "--supervisor", overseer)
    assert (code, refused["error"]["code"]) == (1, "not-permitted")  # nobody named it yet
    must(
        "bureau", "succeed", 1, "--by", heir, "--size", size, "--reason", reason,
        "--node", overseer,
    )  # fmt: skip
    network.nodes["nanjing"].close()
    with network.context("suzhou").write() as work:  # as after two roots for one size
        known = work.following.log(1)
        assert known.head.size > size
        work.following.set_log(replace(known, state=INCONSISTENT, last_error="split-view"))
        work.commit()
    return SimpleNamespace(
        network=network,
        people=people,
        size=size,
        old=old,
        heir=heir,
        overseer=overseer,
        mover=mover,
        backup=backup,
        unborn=copied(heir, root / "unborn"),
        killed=copied(heir, root / "killed"),
    )


@pytest.fixture(scope="module")
def heir(place):
    """The successor's node, open and served; all other nodes work beside it."""
    before = fingerprint(place.old)
    done = must(
        "bureau", "carry-on", place.heir, "--from", place.old, "--supervisor", place.overseer
    )
    assert done["log_id"] == 4
    assert (done["predecessor"], done["inherited"]) == (1, place.size)
    assert (done["left_behind"], done["already_done"]) == (3, False)
    assert fingerprint(place.old) == before
    place.done = done
    with ExitStack() as stack:
        node = stack.enter_context(open_node(place.heir))
        stack.enter_context(serving(node))
        yield node


def settled(place, heir, make) -> None:
    nodes = [place.network.nodes[name] for name in ("supervisor", "suzhou", "hefei")]
    make.settle([*nodes, heir])


def carrying_on(place, heir: Path, old: Path) -> tuple[int, dict]:
    return anxu("bureau", "carry-on", heir, "--from", old, "--supervisor", place.overseer)


class TestRefusals:
    def test_a_backup_with_fewer_records_is_refused_with_both_sizes(self, place):
        code, refused = carrying_on(place, place.unborn, place.backup)
        assert (code, refused["error"]["code"]) == (1, InheritedLeavesMissingError.code)
        said = json.dumps(refused)
        assert f"inherits {place.size} leaves" in said
        assert f"holds {8 + len(MONTHS)}" in said
        assert contents(place.unborn)["entries"] == []
        assert NodeSettings.load(place.unborn).log_id == 0

    def test_records_that_the_chain_does_not_know_are_refused(self, place, tmp_path):
        other = copied(place.old, tmp_path / "other")
        with sqlite3.connect(other / "data" / "anxu.sqlite") as connection:
            connection.execute("UPDATE entries SET amount_fen = 1 WHERE leaf_index = 3")
        code, refused = carrying_on(place, place.unborn, other)
        assert (code, refused["error"]["code"]) == (70, "split-view")
        assert contents(place.unborn)["entries"] == []

    def test_another_logs_directory_is_refused(self, place):
        suzhou = place.network.context("suzhou").directory
        code, refused = carrying_on(place, place.unborn, suzhou)
        assert (code, refused["error"]["code"]) == (1, "not-permitted")

    def test_an_ordinary_enrolment_says_which_command_it_takes(self, place):
        code, refused = anxu("bureau", "enrol", place.unborn, "--supervisor", place.overseer)
        assert code == 1
        assert "carry-on" in json.dumps(refused)


class TestKilled:
    def test_whenever_it_dies_the_same_node_comes_out(self, place, heir):
        ran = subprocess.run(
            [sys.executable, KILLED, place.killed, place.overseer, place.old],
            check=False, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert int(ran.stdout) > 10
        ours, theirs = contents(place.killed), contents(place.heir)
        first = place.size
        assert ours["entries"] == [row for row in theirs["entries"] if row[0] < first]
        assert len(ours["entries"]) == first
        assert ours["successions"] == theirs["successions"] == [(4, 1, first)]
        assert NodeSettings.load(place.killed).log_id == 4
        with open_audited(place.killed) as log:
            report = audit_log(log, AuditOptions())
        places = {finding.place for finding in report.findings}
        assert places <= {"leaves", "checkpoints"}, report.findings  # it has published nothing


class TestTakingOver:
    def test_records_that_nobody_carries_on_stand_in_a_private_file(self, place, heir):
        file = Path(place.done["left_behind_file"])
        rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        assert [row["index"] for row in rows] == [place.size, place.size + 1, place.size + 2]
        assert [row["record"]["identity_number"] for row in rows] == place.people[5:]
        assert {row["record"]["period"] for row in rows} == {AUGUST}
        assert file.stat().st_mode & 0o777 == 0o600

    def test_a_second_run_changes_nothing(self, place, heir):
        again = must(
            "bureau", "carry-on", place.heir, "--from", place.old, "--supervisor", place.overseer
        )
        assert again["already_done"] is True
        assert again["inherited"] == place.size

    def test_the_first_checkpoint_is_the_inherited_one(self, place, heir, make):
        settled(place, heir, make)
        context = heir.context
        first = context.chain.checkpoint_by_index(4, 0)
        assert first.size == place.size
        assert first.root == context.chain.checkpoint(1, place.size).root

    def test_the_books_are_the_successors(self, place, heir, make):
        settled(place, heir, make)
        context = heir.context
        assert context.chain.books_holder(1) == 4
        assert context.chain.fund_balance(4, Account.EXPENDITURE) == OPENING_FEN
        with context.read() as view:
            books = view.journal.balances()
            (carried,) = view.imports.all()
        assert books[Account.EXPENDITURE.name] == OPENING_FEN
        assert books[Account.TREASURY.name] == 384_000  # what the chain never entered
        assert (carried.import_key, carried.summary["collection"]) == ("waits", None)


class TestGoingOn:
    def test_what_was_left_behind_is_recorded_again(self, place, heir, make):
        again = make.record(
            heir.context, *(make.payment(person, AUGUST) for person in place.people[5:])
        )
        assert again.start == place.size
        settled(place, heir, make)
        with heir.context.read() as view:
            assert view.log.last_checkpoint(final=True).size == place.size + 3
            mine = view.log.of_subject(heir.context.bureau.writer.subject_of(place.people[6]))
        assert [item.index for item in mine] == [6, place.size + 1]
        records = heir.context.bureau.reader
        with heir.context.read() as view:
            opened = records.open_many(mine, view.log)
        assert [item.record["period"] for item in opened] == [JULY, AUGUST]

    def test_an_inherited_record_is_reversed_under_its_original_log(self, place, heir, make):
        context = heir.context
        done = reverse_entry(context, 2, next(iter(ReversalReason)), "条例", "maker", "checker")
        settled(place, heir, make)
        with context.read() as view:
            reversal = view.log.entry(done.reversal_index)
            assert reversal.leaf.tag == reversal_tag(1, 2)
            assert view.log.reversal_of(2) == done.reversal_index
            assert view.log.reversed_among([1, 2, 3]) == {2}
        supervisor = place.network.context("supervisor")
        place.reversal = done.reversal_index
        with supervisor.read() as view:
            assert view.following.reversals_of([(1, 2), (4, 2), (1, 3)]) == {
                (1, 2): [(4, done.reversal_index)], (4, 2): [(4, done.reversal_index)],
            }  # fmt: skip
        again = reverse_entry(context, 2, next(iter(ReversalReason)), "条例", "maker", "checker")
        assert again.already_done

    def test_the_audit_finds_nothing(self, place, heir, make):
        settled(place, heir, make)
        with open_audited(place.heir) as log:
            report = audit_log(log, AuditOptions())
        assert report.findings == ()
        assert report.checked.records_opened == report.checked.rows


@pytest.fixture(scope="module")
def trust(place, heir):
    return export_trust(place.network.context("supervisor"))


class TestProofs:
    @pytest.mark.parametrize("index", [0, 7, 9])
    def test_an_inherited_record_is_valid_under_the_successors_checkpoint(
        self, place, heir, make, trust, index, tmp_path
    ):
        settled(place, heir, make)
        context = heir.context
        bundle = prove_entry(context, index, standing_source=heir.feeds.standing)
        assert (bundle.log_id, bundle.recorded_in) == (4, 1)
        found = verify(bundle, trust, context.manifest.rpc_url, context.clock.now())
        assert (found.was_recorded, found.still_stands) == (Outcome.VALID, Outcome.VALID)
        proof, believed = tmp_path / "proof.json", tmp_path / "trust.json"
        proof.write_text(bundle.to_json(), "utf-8")
        believed.write_text(trust.to_json(), "utf-8")
        now = context.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        ran = subprocess.run(
            [sys.executable, STANDALONE, proof, believed, now],
            check=False,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr

    def test_a_reversed_inherited_record_no_longer_stands(self, place, heir, make, trust):
        settled(place, heir, make)
        context = heir.context
        bundle = prove_entry(context, 2, standing_source=heir.feeds.standing)
        found = verify(bundle, trust, None, context.clock.now())
        assert (found.was_recorded, found.still_stands) == (Outcome.VALID, Outcome.INVALID)
        for reader in (context, place.network.context("suzhou")):
            standing = read_standing(reader, bundle)
            assert standing is not None
            assert standing.reversed is True
        reversal = prove_entry(context, place.reversal)
        assert reversal.recorded_in is None
        assert verify(reversal, trust, None, context.clock.now()).was_recorded is Outcome.VALID

    def test_without_the_trust_files_word_nothing_is_said(self, place, heir, trust):
        bundle = prove_entry(heir.context, 0)
        silent = replace(trust, logs=tuple(replace(log, inherited=()) for log in trust.logs))
        found = verify(bundle, silent, None, heir.context.clock.now())
        assert found.was_recorded is Outcome.UNDETERMINED

    def test_another_log_than_the_trust_file_names_is_refused(self, place, heir, trust):
        bundle = replace(prove_entry(heir.context, 0), recorded_in=None)
        found = verify(bundle, trust, None, heir.context.clock.now())
        assert found.was_recorded is Outcome.INVALID


class TestOthers:
    def test_followers_hold_each_inherited_leaf_once(self, place, heir, make):
        settled(place, heir, make)
        for name in ("supervisor", "suzhou", "hefei"):
            with place.network.context(name).read() as view:
                log = view.following.log(4)
                assert log.state == "CURRENT"
                assert log.head.size > place.size
                leaf = view.following.leaf(1, 0)
                assert view.following.leaf(4, 0) == leaf
                assert view.following.places_of_tags([leaf.tag]) == {leaf.tag: [(1, 0)]}
                own = [bytes(each) for each in view.following.leaves(4, 0, log.head.size)]
            with heir.context.read() as view:
                assert own == view.log.leaves(0, len(own))

    def test_a_log_that_was_called_inconsistent_is_followed_as_far_as_it_is_carried_on(
        self, place, heir, make
    ):
        settled(place, heir, make)
        with place.network.context("suzhou").read() as view:
            closed = view.following.log(1)
        assert (closed.state, closed.head.size) == ("CURRENT", place.size)

    def test_the_supervisor_cosigned_and_raised_no_alarm(self, place, heir, make):
        settled(place, heir, make)
        with heir.context.read() as view:
            last = view.log.last_checkpoint(final=True)
            assert view.log.cosignatures(last.size)
        assert alerts(place.network.context("supervisor")) == []

    def test_a_second_payment_elsewhere_is_still_found(self, place, heir, make):
        suzhou = place.network.context("suzhou")
        make.record(suzhou, make.payment(place.people[0], JULY))
        settled(place, heir, make)
        (alert,) = alerts(place.network.context("supervisor"))
        assert sorted(place_[:2] for place_ in map(tuple, _places(alert))) == [(1, 0), (2, 0)]
        assert alert.state is AlertState.OPEN


def _places(alert) -> list[tuple[int, int]]:
    return [(int(leaf.log_id), int(leaf.index)) for leaf in alert.leaves]


class TestTransfers:
    def test_an_inherited_relation_moves_with_its_records(self, place, heir, make):
        """The stay is counted under the log that it began in, and the records keep their seals."""
        hefei, context = place.network.context("hefei"), heir.context
        make.record(hefei, replace_region(month(place.mover, 202608), "340100"))
        settled(place, heir, make)
        application = Application(TransferReason.NON_HUKOU_UNDER_AGE)
        case_id = request_transfer(hefei, place.mover, 4, application).case_id
        subject = hefei.bureau.writer.subject_of(place.mover)
        settled(place, heir, make)
        released = release_transfer(context, case_id)
        assert released.segment.tag == segment_tag(1, 1, 1, subject)
        settled(place, heir, make)
        assert review_package(hefei, case_id).records == len(MONTHS)
        accept_transfer(hefei, case_id)
        settled(place, heir, make)
        assert context.chain.holder_of(released.segment.tag) == 3
        with hefei.read() as view:
            (came,) = view.log.of_subject(subject, [Kind.TRANSFER_IN])
        with context.read() as view:
            (went,) = view.log.of_subject(subject, [Kind.TRANSFER_OUT])
        assert went.index >= place.size
        assert came.entry.head.kind is Kind.TRANSFER_IN
