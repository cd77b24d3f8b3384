"""The command `anxu` on a real chain: born, fed, anchored, proven; what serves runs in processes of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.evidence.checkpoint import VerifierKey, open_checkpoint
from ledger.evidence.tlog_proof import TlogProof
from scripts.cli.main import run
from scripts.demo_data.generation import generate

ROOT = Path(__file__).parents[2]
SEED = 20260915


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output: more or less than one does not parse."""
        return json.loads(self.out)


class Network:
    """A directory in which commands are run."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {
            **os.environ,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PYTHONSAFEPATH": "1",
            "XDG_STATE_HOME": str(directory / "state"),
        }

    def anxu(self, *arguments: object, stdin: str = "") -> Answer:
        """Run one command in this process, as the launcher would in one of its own."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.directory)
            patch.setattr("sys.stdin", io.StringIO(stdin))
            for name in ("LANG", "LC_ALL", "XDG_STATE_HOME"):
                patch.setenv(name, self.environment[name])
            code = run([*map(str, arguments)])
        return Answer(code, out.getvalue(), err.getvalue())

    def must(self, *arguments: object) -> Any:
        answer = self.anxu(*arguments, "--json")
        assert answer.code == 0, answer.err
        return answer.document

    @contextmanager
    def serving(self, node: str):
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "scripts.cli",
                "node",
                "serve",
                node,
                "--exit-with-parent",
                str(os.getpid()),
            ],
            cwd=self.directory,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            yield process
        finally:
            process.kill()
            process.communicate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A chain, a supervisor and an enrolled Hefei with half a year of contributions and payments."""
    directory = tmp_path_factory.mktemp("network")
    network = Network(directory)
    generate(directory / "data", SEED, scale="small")
    try:
        network.must("devnet", "up", "--directory", "chain", "--as-of", "2026-09-15", "--detach")
        supervisor_port = free_port()
        network.must(
            "chain",
            "deploy",
            "--devnet",
            "chain",
            "--manifest",
            "manifest.json",
            "--supervisor-directory",
            "supervisor",
            "--minimum-lines",
            5,
            "--port",
            supervisor_port,
        )
        network.must(
            "node",
            "init",
            "supervisor",
            "--manifest",
            "manifest.json",
            "--role",
            "supervisor",
            "--name-zh",
            "基金监管局",
            "--name-en",
            "Supervision",
            "--port",
            supervisor_port,
        )
        network.must(
            "node",
            "init",
            "hefei",
            "--manifest",
            "manifest.json",
            "--role",
            "bureau",
            "--name-zh",
            "合肥市社会保险经办机构",
            "--name-en",
            "Hefei bureau",
            "--region",
            "340100",
            "--pool",
            34,
            "--port",
            free_port(),
        )
        assert network.must("bureau", "enrol", "hefei", "--supervisor", "supervisor") == {
            "log_id": 1
        }
        yield network
    finally:
        network.anxu("devnet", "down", "--directory", "chain")


@pytest.fixture(scope="module")
def imported(network):
    return network.must(
        "import", "contributions", "data/hefei/contributions-2023.csv", "--node", "hefei"
    )


@pytest.fixture(scope="module")
def anchored(network, imported):
    """The answer of a checkpoint that a serving supervisor cosigned."""
    with network.serving("supervisor"):
        answer = network.must("checkpoint", "--node", "hefei", "--wait", 60)
        network.must("prove", 0, "--node", "hefei", "--out", "proof.json", "--text")
    network.must("trust", "export", "--node", "hefei", "--out", "trust.json")
    return answer


class TestBirth:
    def test_the_chain_reports_where_it_answers(self, network):
        status = network.must("devnet", "status", "--directory", "chain")
        assert status["running"]
        assert status["as_of"] == "2026-09-15"

    def test_a_chain_that_runs_is_reported_again(self, network):
        running = network.must("devnet", "status", "--directory", "chain")
        assert network.must("devnet", "up", "--directory", "chain", "--detach") == running

    def test_deploying_again_keeps_the_manifest(self, network):
        before = (network.directory / "manifest.json").read_bytes()
        again = network.must(
            "chain",
            "deploy",
            "--devnet",
            "chain",
            "--manifest",
            "manifest.json",
            "--supervisor-directory",
            "supervisor",
        )
        assert again["already_deployed"]
        assert (network.directory / "manifest.json").read_bytes() == before

    def test_the_registry_shows_who_takes_part(self, network):
        status = network.must("chain", "status", "--manifest", "manifest.json")
        assert [(item["log_id"], item["region"]) for item in status["bureaus"]] == [(1, "340100")]
        assert len(status["supervisors"]) == 1

    def test_enrolling_again_gives_the_same_number(self, network):
        assert network.must("bureau", "enrol", "hefei", "--supervisor", "supervisor") == {
            "log_id": 1
        }

    def test_keys_are_for_the_owner_only(self, network):
        for path in (network.directory / "hefei" / "keys").rglob("*"):
            assert path.stat().st_mode & 0o077 == 0, path.name


class TestImport:
    def test_a_file_is_recorded_once(self, network, imported):
        assert imported["lines_read"] == imported["lines_accepted"] > 100
        again = network.must(
            "import", "contributions", "data/hefei/contributions-2023.csv", "--node", "hefei"
        )
        assert again["already_imported"]
        assert again["end_index"] == imported["end_index"]

    def test_a_bad_file_is_refused_line_by_line_and_changes_nothing(self, network, imported):
        source = network.directory / "data" / "hefei" / "contributions-2024.csv"
        with source.open(encoding="gb18030", newline="") as file:
            rows = list(csv.reader(file))
        number = rows[3][0]
        rows[3][0] = number[:-1] + ("1" if number[-1] != "1" else "2")
        with (network.directory / "bad.csv").open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows(rows)
        before = network.must("node", "status", "hefei")["log"]["size"]
        shown = network.anxu(
            "import", "contributions", "bad.csv", "--node", "hefei", "--language", "zh"
        )
        assert shown.code == 1
        assert "公民身份号码" in shown.out
        assert number[:-1] not in shown.out + shown.err
        answer = network.anxu("import", "contributions", "bad.csv", "--node", "hefei", "--json")
        assert answer.code == 1
        (finding,) = answer.document["error"]["findings"]
        assert (finding["file"], finding["line"], finding["field"]) == (
            "bad.csv",
            4,
            "identity_number",
        )
        assert finding["reason"]
        assert finding["remedy"]
        assert network.must("node", "status", "hefei")["log"]["size"] == before

    def test_a_missing_file_is_refused(self, network):
        answer = network.anxu("import", "deaths", "none.csv", "--node", "hefei", "--json")
        assert answer.code == 1
        assert answer.document["error"]["code"] == "file-unreadable"

    def test_a_supervisor_imports_nothing(self, network):
        answer = network.anxu(
            "import", "deaths", "data/hefei/deaths.csv", "--node", "supervisor", "--json"
        )
        assert answer.code == 1
        assert answer.document["error"]["code"] == "not-permitted"


class TestCheckpoint:
    def test_it_is_final_and_cosigned(self, anchored, imported):
        assert anchored["final"]
        assert anchored["size"] >= imported["end_index"]
        assert anchored["cosignatures"] == anchored["cosigners"] == 1

    def test_status_agrees_with_the_chain(self, network, anchored):
        log = network.must("node", "status", "hefei")["log"]
        on_chain = network.must("chain", "status", "--manifest", "manifest.json")["bureaus"][0]
        assert log["final_size"] == on_chain["size"] == anchored["final_size"]
        assert log["origin"] == "anxu/31415/1"

    def test_messages_landed(self, network, anchored):
        outbox = network.must("outbox", "list", "--node", "hefei", "--all")
        assert outbox["messages"]
        assert {item["state"] for item in outbox["messages"]} == {"FINAL"}
        assert network.must("outbox", "list", "--node", "hefei")["messages"] == []

    def test_the_collection_is_in_the_treasury(self, network, anchored, imported):
        rows = {row["account"]: row for row in network.must("funds", "balances", "--node", "hefei")}
        assert rows["TREASURY"]["books_fen"] == imported["amount_fen"]
        assert rows["TREASURY"]["on_chain_fen"] == imported["amount_fen"]


class TestVerify:
    def test_offline_both_verdicts_are_valid(self, network, anchored):
        answer = network.anxu("verify", "proof.json", "--trust", "trust.json", "--json")
        assert answer.code == 0
        assert answer.document["was_recorded"] == answer.document["still_stands"] == "valid"
        assert len(answer.document["checks"]) == 11

    def test_with_a_chain_the_anchor_is_read(self, network, anchored):
        rpc = network.must("devnet", "status", "--directory", "chain")["rpc_url"]
        checked = network.must("verify", "proof.json", "--trust", "trust.json", "--rpc", rpc)
        outcomes = {check["name"]: check["outcome"] for check in checked["checks"]}
        assert outcomes["anchor"] == "valid"

    def test_one_changed_figure_is_invalid(self, network, anchored):
        bundle = json.loads((network.directory / "proof.json").read_text())
        bundle["record"]["amount_fen"] += 1
        (network.directory / "changed.json").write_text(json.dumps(bundle, ensure_ascii=False))
        assert network.anxu("verify", "changed.json", "--trust", "trust.json").code == 1

    def test_a_torn_file_is_undetermined(self, network, anchored):
        content = (network.directory / "proof.json").read_bytes()
        (network.directory / "torn.json").write_bytes(content[: len(content) // 2])
        assert network.anxu("verify", "torn.json", "--trust", "trust.json").code == 2

    def test_the_proof_is_for_its_owner_only(self, network, anchored):
        assert (network.directory / "proof.json").stat().st_mode & 0o077 == 0

    def test_the_public_part_is_written_as_text_beside_it(self, network, anchored):
        proof = TlogProof.parse((network.directory / "proof.tlog-proof").read_bytes())
        assert proof.index == 0
        keys = [row["vkey"] for row in network.must("trust", "keys", "--node", "hefei")]
        log, cosigner = map(VerifierKey.parse, keys)
        assert (log.algorithm, cosigner.algorithm) == (0x01, 0x04)
        assert open_checkpoint(proof.note.format(), log.name, [log]) == proof.verify_inclusion()
        assert proof.note.by(cosigner) is not None

    def test_an_entry_that_is_not_there_cannot_be_proven(self, network, anchored):
        answer = network.anxu("prove", 999_999, "--node", "hefei", "--out", "x.json", "--json")
        assert answer.code == 1
        assert answer.document["error"]["code"] == "not-found"
        assert not (network.directory / "x.json").exists()


class TestPayouts:
    def test_a_file_is_proposed_checked_approved_and_answered(self, network, anchored):
        checked = network.must(
            "payouts", "check", "data/hefei/payouts-2026-09.csv", "--node", "hefei"
        )
        batch = checked["batch"]
        assert checked["clear"] > 0
        assert checked["suspected"] == []
        same = network.anxu(
            "payouts",
            "approve",
            batch,
            "--node",
            "hefei",
            "--maker",
            "maker",
            "--checker",
            "maker",
            "--json",
        )
        assert (same.code, same.document["error"]["code"]) == (1, "same-officer")
        total = network.must("payouts", "show", batch[:10], "--node", "hefei")["amount_fen"]
        yuan = f"{total // 100}.{total % 100:02d}"
        for source, target in (("treasury", "fiscal"), ("fiscal", "expenditure")):
            network.must(
                "funds",
                "move",
                "--node",
                "hefei",
                "--from",
                source,
                "--to",
                target,
                "--amount",
                yuan,
                "--document",
                "拨款单",
                "--key",
                f"{source}-1",
            )
        network.must(
            "payouts",
            "approve",
            batch,
            "--node",
            "hefei",
            "--maker",
            "maker",
            "--checker",
            "checker",
        )
        network.anxu("checkpoint", "--node", "hefei", "--wait", 0)
        released = network.must("payouts", "show", batch, "--node", "hefei")
        assert released["state"] == "RELEASED"
        pay_file = network.directory / "hefei" / "outgoing" / released["pay_file"]
        with pay_file.open(encoding="gb18030", newline="") as file:
            leaves = [row[0] for row in csv.reader(file)][1:]
        results = ["退回", *["成功"] * (len(leaves) - 1)]
        lines = "".join(f"{leaf},{result}\n" for leaf, result in zip(leaves, results, strict=True))
        (network.directory / "answer.csv").write_text("序号,结果\n" + lines, encoding="gb18030")
        settled = network.must("payouts", "bank-answer", batch, "answer.csv", "--node", "hefei")
        assert settled["state"] == "SETTLED"
        (returned,) = settled["returns"]
        assert [line["leaf"] for line in returned["lines"]] == [int(leaves[0])]
        assert (
            returned["total_fen"] == returned["lines"][0]["amount_fen"] == settled["returned_fen"]
        )
        counts = network.must("payouts", "show", batch, "--node", "hefei")["counts"]
        assert counts["RETURNED"]["lines"] == 1
        assert counts["PAID"]["lines"] == len(leaves) - 1

    def test_lists_name_nobody(self, network, anchored):
        with (network.directory / "data/hefei/payouts-2026-09.csv").open(
            encoding="gb18030"
        ) as file:
            rows = list(csv.DictReader(file))
        listed = network.anxu("payouts", "list", "--node", "hefei").out
        listed += network.anxu("payouts", "list", "--node", "hefei", "--json").out
        for row in rows:
            assert row["社会保障号码"] not in listed
            assert row["姓名"] not in listed


@pytest.fixture
def number(network):
    """Somebody's whose months were imported in Hefei."""
    path = network.directory / "data" / "hefei" / "contributions-2023.csv"
    with path.open(encoding="gb18030", newline="") as file:
        return next(csv.DictReader(file))["社会保障号码"]


class TestEligibility:
    def test_the_number_comes_from_standard_input_and_the_answer_explains(
        self, network, anchored, number
    ):
        category = "male" if int(number[-2]) % 2 else "female55"
        answer = network.anxu(
            "eligibility",
            "review",
            "--node",
            "hefei",
            "--category",
            category,
            "--json",
            stdin=number + "\n",
        )
        assert answer.code == 0, answer.err
        assert {item["code"] for item in answer.document["conditions"]} == {"AGE", "MONTHS"}
        assert number not in answer.out + answer.err

    def test_an_impossible_number_is_refused_without_repeating_it(self, network, anchored):
        answer = network.anxu(
            "eligibility", "review", "--node", "hefei", "--category", "male", stdin="9876543210\n"
        )
        assert answer.code == 1
        assert "9876543210" not in answer.out + answer.err


class TestPolicyRelease:
    OFFICERS = ("--maker", "maker", "--checker", "checker")

    def test_two_officers_put_the_tables_in_force_once(self, network, anchored, number):
        before = network.anxu("policy", "release", "show", "--node", "hefei", "--json").document
        assert (before["in_force"], before["may_decide"]) == (None, False)
        category = "male" if int(number[-2]) % 2 else "female55"
        decide = (
            "eligibility",
            "decide",
            "--node",
            "hefei",
            "--category",
            category,
            *self.OFFICERS,
        )
        refused = network.anxu(*decide, "--json", stdin=number + "\n")
        assert refused.code == 1
        assert refused.document["error"]["code"] == "parameters-not-released"
        assert "policy release sign" in refused.document["error"]["advice"]
        alone = network.anxu("policy", "release", "sign", "--node", "hefei", "--maker", "maker",
                             "--checker", "maker", "--json")  # fmt: skip
        assert alone.document["error"]["code"] == "same-officer"
        signed = network.anxu(
            "policy", "release", "sign", "--node", "hefei", *self.OFFICERS, "--json"
        )
        assert signed.document["release"] == before["carried"]
        assert not signed.document["already_released"]
        again = network.anxu(
            "policy", "release", "sign", "--node", "hefei", *self.OFFICERS, "--json"
        )
        assert again.document == signed.document | {"already_released": True}
        after = network.anxu("policy", "release", "show", "--node", "hefei", "--json").document
        assert after["may_decide"] is True
        assert network.anxu(*decide, "--json", stdin=number + "\n").code == 0


class TestRooms:
    def test_alerts_are_the_supervisors(self, network):
        assert network.must("alerts", "list", "--node", "supervisor") == []
        answer = network.anxu("alerts", "list", "--node", "hefei", "--json")
        assert (answer.code, answer.document["error"]["code"]) == (1, "not-permitted")

    def test_there_are_no_transfers_yet(self, network):
        assert network.must("transfer", "list", "--node", "hefei") == []
        answer = network.anxu("transfer", "show", "0xdeadbeef", "--node", "hefei", "--json")
        assert (answer.code, answer.document["error"]["code"]) == (1, "not-found")

    def test_too_few_cases_are_not_settled(self, network):
        answer = network.anxu("transfer", "settle", "--to", 2, "--node", "hefei", "--json")
        assert (answer.code, answer.document["error"]["code"]) == (1, "too-few-cases")


class TestServe:
    def test_sigterm_ends_it_cleanly_and_frees_the_worker(self, network):
        with network.serving("hefei") as process:
            deadline = time.monotonic() + 30
            while not network.must("node", "status", "hefei")["answers"]:
                assert time.monotonic() < deadline
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=30)
        assert process.returncode == 0
        events = [json.loads(line)["event"] for line in log.splitlines()]
        assert (events[0], events[-1]) == ("serving", "ended")
        began = time.monotonic()
        network.anxu("checkpoint", "--node", "hefei", "--wait", 0)
        assert time.monotonic() - began < 8


class TestDevnetInTheForeground:
    def test_it_runs_until_sigterm(self, network):
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.cli", "devnet", "up", "--directory", "other", "--json"],
            cwd=network.directory,
            env=network.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            deadline = time.monotonic() + 60
            while network.anxu("devnet", "status", "--directory", "other").code:
                assert time.monotonic() < deadline
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=30)
        finally:
            process.kill()
        assert process.returncode == 0
        assert json.loads(out)["running"]
        assert network.anxu("devnet", "status", "--directory", "other").code == 1


class TestLauncher:
    def test_it_works_from_anywhere_and_through_a_link(self, tmp_path):
        link = tmp_path / "anxu"
        link.symlink_to(ROOT / "scripts" / "anxu")
        (tmp_path / "ledger").mkdir()
        (tmp_path / "ledger" / "__init__.py").write_text("raise RuntimeError('the wrong one')\n")
        assert shutil.which("bash")
        done = subprocess.run(
            [str(link), "devnet", "status", "--directory", str(tmp_path), "--json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        assert json.loads(done.stdout) == {"running": False}
