"""Random sequences of everything that anybody can do; what must never happen does not.

Foundry runs tests/contracts/invariants: each step lets a stranger try first and must refuse it,
then compares what the contracts hold with books kept beside them. That these books notice a fault
is shown with rules taken out of the contracts on purpose.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from devnet import programs

from scripts import compile_contracts

SOURCES = Path(__file__).parent / "invariants"
DEPTH = 2_500
"""Calls of one sequence; a world grows old in it."""
CALLS, CALLS_LONG = 100_000, 1_000_000
MUST_LAND = {
    "accept", "approveDisbursement", "claimBenefit", "clearShortfall", "closeLog", "contest",
    "correctCollection", "forked checkpoint", "freeze", "move", "nameSuccessor", "offerBenefit",
    "openBalance", "overrule", "proposeDisbursement", "publish", "receiveSettlement",
    "recordCollection", "recordPaid", "recordReturn", "refuse", "reinstate", "release",
    "releaseBenefit", "renewFreeze", "request", "restore", "revoke", "sendSettlement",
    "settleClaim", "suspend", "takeBenefit", "takeOver", "unfreeze", "withdraw",
}  # fmt: skip
TAKEN_OUT = {
    "money that is owed is not credited": (
        "Funds.sol", "_credit(log, Account.Shortfall, amountFen - covered);", ""),
    "a leaf may serve twice": (
        "Funds.sol", "if (firstLeaf < registeredUpTo) revert", "if (endLeaf == 0) revert"),
    "frozen money goes out": (
        "Funds.sol", "if (until > block.timestamp) revert", "if (until == 1) revert"),
    "anybody renews a freeze": (
        "FundRules.sol",
        "function renewFreeze(LogId log, bytes32 reasonDigest) external onlyGovernor {",
        "function renewFreeze(LogId log, bytes32 reasonDigest) external {"),
    "a stay has several open cases": (
        "Transfers.sol", "if (_openCases[segmentTag] != 0)", "if (segmentTag == 0)"),
    "a log forks": (
        "Checkpoints.sol",
        "else MerkleLog.requireConsistent(before, roots[before], size, root, consistencyProof);",
        ""),
}  # fmt: skip


def laid_out(folder: Path, changed: Mapping[str, str]) -> Path:
    """A project of Foundry's: our sources, some of them changed, and what runs against them."""
    texts = compile_contracts.read_sources(compile_contracts.find_library(print))
    for name, text in texts.items():
        path = folder / (name if name.startswith("@") else f"contracts/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changed.get(name, text), "utf-8")
    (folder / "test").mkdir()
    for path in SOURCES.glob("*.sol"):
        name = f"{path.stem}.t.sol" if path.stem == "Invariants" else path.name
        shutil.copy(path, folder / "test" / name)
    shutil.copy(SOURCES / "foundry.toml", folder)
    return folder


def run(folder: Path, runs: int, seed: int) -> tuple[bool, int, Counter[str], str]:
    """Whether all held, how many calls there were, what landed how often, and what was printed."""
    compiler = compile_contracts.find_compiler(print)
    settings = {"FOUNDRY_INVARIANT_RUNS": str(runs), "FOUNDRY_INVARIANT_DEPTH": str(DEPTH)}
    done = subprocess.run(
        [str(programs.forge()), "test", "--use", str(compiler), "--fuzz-seed", str(seed)],
        cwd=folder,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=3_600,
        check=False,
    )
    calls = re.search(r"\(runs: \d+, calls: (\d+)", done.stdout)
    landed: Counter[str] = Counter()
    book = folder / "landed.txt"
    for line in book.read_text("utf-8").splitlines() if book.exists() else []:
        name, _, count = line.rpartition(": ")
        if name:
            landed[name] += int(count)
    printed = done.stdout[-6_000:] + done.stderr[-2_000:]
    return done.returncode == 0, int(calls[1]) if calls else 0, landed, printed


@pytest.mark.timeout(3_600)
def test_no_sequence_of_calls_breaks_a_rule(tmp_path, repetitions):
    is_long = repetitions > 10
    wanted = CALLS_LONG if is_long else CALLS
    held, calls, landed, printed = run(laid_out(tmp_path, {}), wanted // DEPTH, repetitions)
    assert held, printed
    assert calls >= wanted
    assert set(landed) >= MUST_LAND, MUST_LAND - set(landed)
    assert landed["trespass"] > calls // 20, "strangers hardly tried"


@pytest.mark.timeout(3_600)
def test_a_rule_taken_out_is_noticed(tmp_path, repetitions):
    tried = list(TAKEN_OUT.items())
    for number, (what, (source, before, after)) in enumerate(
        tried if repetitions > 10 else tried[:1]
    ):
        text = (compile_contracts.SOURCES / source).read_text("utf-8")
        assert text.count(before) == 1, f"{what}: {source} changed"
        folder = tmp_path / str(number)
        changed = {source: text.replace(before, after)}
        held, _, _, printed = run(laid_out(folder, changed), 8, 1)
        assert not held, f"nobody noticed: {what}"
        assert "[FAIL" in printed, printed
