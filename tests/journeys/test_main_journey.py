"""The whole main job on real processes: all that was planted is found, nothing else, also after kills."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEED = "77"
TIMEOUT = 300
USUAL_REPETITIONS = 10


def start(directory: Path, *more: str) -> subprocess.Popen:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "scripts.journey",
            "--once",
            "--json",
            "--scale",
            "small",
            "--seed",
            SEED,
            "--directory",
            str(directory),
            *more,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen, seconds: float = TIMEOUT) -> dict:
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()  # its nodes notice, and end
        process.communicate()
        raise
    assert process.returncode == 0, err.decode()[-3000:]
    return json.loads(out)


def essence(report: dict) -> dict:
    """What must be the same however often it was interrupted; times, gas and ports may differ."""
    return {
        "entries": {name: item["entries"] for name, item in report["counts"].items()},
        "counts": {
            name: (item["contributions"], item["payouts"], item["deaths"])
            for name, item in report["counts"].items()
        },
        "found": report["comparison"]["found"],
        "held": report["held"],
        "transfers": [
            (item["planted"], item["state"], item["months"], item["amount_fen"], item["refused_as"])
            for item in report["transfers"]
        ],
        "proofs": [
            (item["case"], item["outcome"], item["was_recorded"], item["still_stands"])
            for item in report["proofs"]
        ],
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("journey") / "demo"
    return directory, finish(start(directory))


class TestUndisturbed:
    def test_every_planted_case_is_found_and_none_is_invented(self, undisturbed):
        _, report = undisturbed
        comparison = report["comparison"]
        assert (comparison["planted"], comparison["found"]) == (6, 6)
        assert comparison["missed"] == []
        assert comparison["invented"] == []
        assert comparison["slowest_alert_seconds"] < 60

    def test_one_payment_is_held_with_a_reason_and_two_officers(self, undisturbed):
        (held,) = undisturbed[1]["held"]
        assert held["bureau"] == "nanjing"
        assert held["period"] == 202609
        assert "合肥" in held["reason"]
        assert held["maker"] != held["checker"]

    def test_the_held_payment_is_in_no_pay_file(self, undisturbed):
        directory, _ = undisturbed
        planted = json.loads((directory / "data" / "planted.json").read_text())
        (pay_file,) = (directory / "nodes" / "nanjing" / "outgoing").glob("代发-202609-*.csv")
        content = pay_file.read_bytes().decode("gb18030")
        assert planted["held"]["name"] not in content
        lines = next(b for b in planted["bureaus"] if b["slug"] == "nanjing")["next_lines"]
        assert len(content.strip().splitlines()) == 1 + lines - 1
        assert pay_file.stat().st_mode & 0o777 == 0o600

    def test_six_relations_arrive_and_two_are_refused_by_name(self, undisturbed):
        transfers = undisturbed[1]["transfers"]
        assert [item["state"] for item in transfers] == ["CLOSED"] * 6 + ["REFUSED"] * 2
        assert [item["refused_as"] for item in transfers[6:]] == [
            "record-altered",
            "month-left-out",
        ]
        assert [len(item["overlaps"]) for item in transfers[:6]].count(3) == 1
        assert min(item["amount_fen"] for item in transfers[:6]) == 0

    def test_months_moved_are_the_months_that_were_planted(self, undisturbed):
        directory, report = undisturbed
        planted = json.loads((directory / "data" / "planted.json").read_text())
        assert [item["months"] for item in report["transfers"][:6]] == [
            item["months"] for item in planted["transfers"] if item["case"] == "TRANSFER"
        ]

    def test_a_bank_verifies_offline_and_a_flipped_byte_is_seen(self, undisturbed):
        for proof in undisturbed[1]["proofs"]:
            assert (proof["was_recorded"], proof["still_stands"]) == ("valid", "valid")
            assert proof["spoiled"] != "valid"

    def test_the_retirees_are_answered(self, undisturbed):
        eligible, short = undisturbed[1]["proofs"][:2]
        assert eligible["outcome"] == "ELIGIBLE"
        assert short["outcome"] == "NOT_YET"
        assert "4" in short["sentence_zh"]

    def test_running_it_again_changes_nothing(self, undisturbed):
        directory, report = undisturbed
        again = finish(start(directory))
        assert essence(again) == essence(report)
        assert again["transactions"] == report["transactions"]
        assert again["gas"] == report["gas"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A network of validators needs minutes: it is left to the long run."""
    if "other_chain" in metafunc.fixturenames:
        is_long = metafunc.config.getoption("--long") > USUAL_REPETITIONS
        metafunc.parametrize("other_chain", ["anvil", "network"] if is_long else ["anvil"])


class TestOtherChains:
    @pytest.mark.timeout(1800)  # the first run on a machine builds geth
    def test_the_same_comes_of_it(self, other_chain, undisturbed, tmp_path):
        report = finish(start(tmp_path / "demo", "--chain", other_chain), seconds=1500)
        expected = undisturbed[1]
        if other_chain == "anvil":
            assert essence(report) == essence(expected)
            return
        # validators know no other day than today, and made-up people grow older
        assert (report["comparison"]["missed"], report["comparison"]["invented"]) == ([], [])
        assert report["comparison"]["found"] == expected["comparison"]["found"]
        assert [item["state"] for item in report["transfers"]] == [
            item["state"] for item in expected["transfers"]
        ]
        assert {item["still_stands"] for item in report["proofs"]} == {"valid"}


def victims(directory: Path) -> list[int]:
    """The process ids of the chain and of the nodes of a running journey, oldest first."""
    listing = subprocess.run(
        ["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout
    return [
        int(line.split()[0])
        for line in listing.splitlines()
        if str(directory) in line and "scripts.journey" not in line
    ]


@pytest.mark.parametrize("victim", ["journey", "chain", "node"])
class TestKilled:
    def test_killed_anywhere_and_run_again_it_ends_in_the_same_state(
        self, victim, undisturbed, tmp_path, repetitions
    ):
        _, report = undisturbed
        chance = random.Random(f"{SEED}/{victim}")
        rounds = 8 if repetitions > USUAL_REPETITIONS else 2
        directory = tmp_path / "demo"
        for _ in range(rounds):
            process = start(directory)
            time.sleep(chance.uniform(6, 30))
            if victim == "journey":
                process.kill()
            else:
                running = victims(directory)
                chains = [pid for pid in running if "devnet" in _arguments(pid)]
                nodes = [pid for pid in running if pid not in chains]
                chosen = chains if victim == "chain" else nodes
                if chosen:
                    _kill(chance.choice(chosen))
            process.communicate(timeout=TIMEOUT)
        assert essence(finish(start(directory))) == essence(report)


def _arguments(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _kill(pid: int) -> None:
    import os

    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
