"""Processes are killed at random moments; what they were doing is done once, whole, in the end."""

from __future__ import annotations

import csv
import io
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from stdnum.cn import uscc

from ledger.evidence.encoding import leaf_hash
from ledger.evidence.merkle import MerkleTree
from ledger.store.outbox import FINAL

LINES = 60
AMOUNT_FEN = 192_000
HEADINGS = (
    "公民身份号码", "姓名", "统一社会信用代码", "单位名称", "险种", "缴费类型", "费款所属期",
    "缴费基数", "单位缴费", "个人缴费", "到账日期",
)  # fmt: skip
ZYGOTE = Path(__file__).parent / "zygote.py"


def employer() -> str:
    """A credit code that python-stdnum calls valid."""
    code = "91340100MA2TXK3T"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(w * int(sign, 36) for w, sign in zip(weights, code[8:16], strict=True))
    code += "0123456789X"[-total % 11]
    return code + uscc.calc_check_digit(code)


class Processes:
    """Runs commands in forked processes and kills them."""

    def __init__(self) -> None:
        self._zygote = subprocess.Popen(
            [sys.executable, str(ZYGOTE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, *command: object, dies_after: float | None = None) -> tuple[int, float]:
        """How it ended (0 well, 9 killed) and how many seconds it took."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        print(*command, file=self._zygote.stdin, flush=True)
        process, began = int(self._zygote.stdout.readline()), time.monotonic()
        if dies_after is not None:
            time.sleep(dies_after)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return int(self._zygote.stdout.readline()), time.monotonic() - began

    def close(self) -> None:
        assert self._zygote.stdin is not None
        self._zygote.stdin.close()
        self._zygote.wait(20)


@pytest.fixture(scope="module")
def processes():
    running = Processes()
    yield running
    running.close()


@pytest.fixture
def contributions(network, tmp_path):
    """A file of new people's contributions."""
    count = [0]

    def write() -> Path:
        count[0] += 1
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(HEADINGS)
        for number in range(LINES):
            writer.writerow([
                network.identity("19800101"), f"参保人{number}", employer(), "示范公司", "企业职工基本养老保险",
                "正常缴费", "202607", "8000.00", "1280.00", "640.00", "2026-07-15",
            ])  # fmt: skip
        path = tmp_path / f"contributions-{count[0]}.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        return path

    return write


def require_sound(context) -> int:
    """One head over all rows, no tag twice, books in balance; the number of leaves."""
    with context.read() as view:
        head = view.log.head()
        stored = list(view.log.entries(0, head.size + 10))
        leaves = view.log.leaves(0, head.size)
        imports, journal = view.imports.all(), view.journal.all()
        opened = context.bureau.reader.open_many(stored, view.log)
    assert [item.index for item in stored] == list(range(head.size))
    assert head.root() == MerkleTree(map(leaf_hash, leaves)).root()
    assert len({item.leaf.tag for item in stored}) == len(stored)
    assert len(opened) == head.size
    assert sum(row.rows_accepted for row in imports) == head.size
    assert [row.first_index for row in imports[1:]] == [row.end_index for row in imports[:-1]]
    assert len(journal) == len(imports)
    return int(head.size)


class TestImportKilled:
    def test_nothing_is_lost_or_doubled(self, network, processes, contributions, repetitions):
        context = network.context("hefei")
        chance = random.Random(20260915)
        status, usual = processes.run("import", context.directory, contributions())
        assert status == 0
        before, killed = LINES, 0
        for _ in range(repetitions):
            path = contributions()
            status, _ = processes.run(
                "import", context.directory, path, dies_after=chance.uniform(0, usual * 1.1)
            )
            killed += status == signal.SIGKILL
            after = require_sound(context)
            assert after in {before, before + LINES}
            for _ in range(2):
                assert processes.run("import", context.directory, path)[0] == 0
                assert require_sound(context) == before + LINES
            before += LINES
        assert killed >= repetitions // 3

    def test_the_chain_has_every_file_once(self, network):
        context = network.context("hefei")
        network.settle()
        size = require_sound(context)
        totals = context.chain.fund_totals(context.log_id)
        assert totals.collected_fen == size * AMOUNT_FEN
        assert context.chain.collected_up_to(context.log_id) == size


class TestWorkerKilled:
    def test_every_message_lands_once(self, network, processes, make, repetitions):
        from ledger.keys.key_store import PUBLISHER

        context = network.context("suzhou")
        chance = random.Random(20260916)
        make.record(context, make.payment(network.identity(), 202607))
        status, usual = processes.run("work", context.directory)
        assert status == 0
        killed = 0
        for _ in range(repetitions):
            make.record(context, *[make.payment(network.identity(), 202608) for _ in range(3)])
            status, _ = processes.run(
                "work", context.directory, dies_after=chance.uniform(0, usual * 1.1)
            )
            killed += status == signal.SIGKILL
            time.sleep(0.3)  # the lease of the dead runs out
        assert processes.run("work", context.directory)[0] == 0
        assert killed >= repetitions // 3
        network.settle()
        publisher = context.keys.secp256k1(PUBLISHER).address
        with context.read() as view:
            messages, head = view.outbox.all(), view.log.head()
            last, checkpoints = view.log.last_checkpoint(final=True), view.log.checkpoints()
        assert {message.state for message in messages} == {FINAL}
        assert context.chain.gateway.nonce_of(publisher) == len(messages) == len(checkpoints)
        assert context.chain.checkpoint_count(context.log_id) == len(checkpoints)
        assert (last.size, last.root) == (head.size, head.root())
        assert context.tools.tiles.root(head.size) == head.root()
