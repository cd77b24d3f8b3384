"""Fifty signers' messages, their processes killed at random moments: each lands once, in order, none is lost.

On the embedded chain behind a proxy that loses and repeats requests, and on four geth validators of which one is killed too.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest
from devnet.faults import FaultProxy, lost_answer, lost_request, twice
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings

from ledger.chain.bindings import encode_args
from ledger.chain.connection import ChainConnection
from ledger.chain.deployment import (
    Governance,
    Manifest,
    SupervisorInput,
    deploy,
    wait_for_receipt,
)
from ledger.chain.finality import Finality
from ledger.chain.gateway import ChainGateway
from ledger.chain.transactions import sign_transaction
from ledger.evidence.encoding import LogId
from ledger.keys.signers import Secp256k1Signer
from ledger.store.database import Database
from ledger.store.outbox import FINAL
from ledger.store.unit_of_work import Reading, UnitOfWork

NODES = 5
SIGNERS_A_NODE = 10
MESSAGES_A_SIGNER = 1
FIRST_KEY = 100
NUMBERS = range(FIRST_KEY, FIRST_KEY + NODES * SIGNERS_A_NODE)
SUPERVISOR_KEY = 90
SENDERS = Path(__file__).parent / "senders.py"
REASON = "0x" + "5a" * 32


def key(number: int) -> Secp256k1Signer:
    return Secp256k1Signer.from_private(bytes([number]) * 32)


SUPERVISOR, DEPLOYER = key(SUPERVISOR_KEY), key(91)


@dataclass
class Crowd:
    """Five nodes' outboxes, ten signers each, on one chain."""

    directory: Path
    rpc_url: str
    proxy: FaultProxy
    manifest: Manifest
    queued: Counter[int] = field(default_factory=Counter)

    @property
    def numbers(self) -> range:
        return NUMBERS

    def log_of(self, number: int) -> int:
        return number - FIRST_KEY + 1

    def file(self, node: int) -> Path:
        return self.directory / f"node-{node}.sqlite"

    def files(self) -> list[Path]:
        return [self.file(node) for node in range(NODES)]

    def queue(self) -> None:
        """More messages for every signer; the credential's number tells them apart on chain."""
        now = datetime.now(UTC)
        for node, file in enumerate(self.files()):
            database = Database(f"sqlite:///{file}")
            database.migrate()
            with UnitOfWork(database, LogId(1)) as work:
                for number in list(self.numbers)[node * SIGNERS_A_NODE :][:SIGNERS_A_NODE]:
                    for _ in range(MESSAGES_A_SIGNER):
                        index = self.queued[number]
                        self.queued[number] += 1
                        work.outbox.queue(
                            f"{number}/{index}", "Statuses", "revoke",
                            [self.log_of(number), [index], REASON], at=now, signer=f"key-{number}",
                        )  # fmt: skip
                work.commit()
            database.close()

    def pending(self) -> int:
        """How many messages have not landed for good."""
        count = 0
        for file in self.files():
            database = Database(f"sqlite:///{file}")
            with Reading(database, LogId(1)) as view:
                count += len(view.outbox.pending())
            database.close()
        return count

    def require_each_once(self) -> None:
        """By the chain: every message once, in its signer's order; by the rows: all final."""
        gateway = ChainGateway(self.manifest, self.rpc_url)
        landed: dict[int, list[int]] = {self.log_of(number): [] for number in self.numbers}
        for event in gateway.events(0, gateway.latest_block().number, "Statuses"):
            landed[int(event.arguments["log"])] += [int(i) for i in event.arguments["indices"]]
        for number in self.numbers:
            assert landed[self.log_of(number)] == list(range(self.queued[number]))
            assert gateway.nonce_of(key(number).address) == self.queued[number]
        for file in self.files():
            database = Database(f"sqlite:///{file}")
            with Reading(database, LogId(1)) as view:
                messages = view.outbox.all()
            database.close()
            assert {message.state for message in messages} == {FINAL}
            nonces = Counter((message.signer, message.nonce) for message in messages)
            assert set(nonces.values()) == {1}


class Processes:
    """Runs all senders in a forked process, and kills it."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._zygote = subprocess.Popen(
            [sys.executable, str(SENDERS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, dies_after: float | None = None, files: list[Path] | None = None
    ) -> tuple[int, float]:
        """How it ended (0 well, 9 killed) and how many seconds it took."""
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        manifest = self._crowd.directory / "manifest.json"
        files = files or self._crowd.files()
        print(manifest, self._crowd.proxy.rpc_url, *files, file=self._zygote.stdin, flush=True)
        process, began = int(self._zygote.stdout.readline()), time.monotonic()
        if dies_after is not None:
            time.sleep(dies_after)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return int(self._zygote.stdout.readline()), time.monotonic() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._zygote.stdin is not None
        self._zygote.stdin.close()
        self._zygote.wait(20)


def gather(directory: Path, rpc_url: str, proxy: FaultProxy, finality: Finality) -> Crowd:
    """Contracts, and a bureau for every signer; enrolled through an outbox, too."""
    named = SupervisorInput(SUPERVISOR.address, b"\x07" * 32, "基金监管", "http://s.example")
    manifest = deploy(
        ChainConnection(rpc_url), DEPLOYER, Governance((named,)), minimum_lines=3,
        rpc_url=rpc_url, finality=finality,
    )  # fmt: skip
    manifest.save(directory / "manifest.json")
    crowd = Crowd(directory, rpc_url, proxy, manifest)
    database = Database(f"sqlite:///{directory / 'enrolments.sqlite'}")
    database.migrate()
    with UnitOfWork(database, LogId(1)) as work:
        for number in crowd.numbers:
            bureau = (
                320000 + number, 1, 32, key(number).address, bytes([number]) * 32, b"\x09" * 32,
                f"经办机构 {number}", f"http://b{number}.example",
            )  # fmt: skip
            arguments = encode_args("Bureaus", "enrol", [bureau])
            work.outbox.queue(
                f"enrol/{number}", "Bureaus", "enrol", arguments,
                at=datetime.now(UTC), signer=f"key-{SUPERVISOR_KEY}",
            )  # fmt: skip
        work.commit()
    database.close()
    return crowd


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    directory = tmp_path_factory.mktemp("crowd")
    settings = DevnetSettings(directory=directory / "chain", base_fee_wei=0)
    with DevnetProcess(settings) as chain, FaultProxy(chain.rpc_url, seed=1) as proxy:
        yield gather(directory, chain.rpc_url, proxy, Finality())


@pytest.fixture(scope="module")
def validators(tmp_path_factory: pytest.TempPathFactory, poa_network, rich) -> Iterator[Crowd]:
    directory = tmp_path_factory.mktemp("crowd")
    rpc_url = poa_network.rpc_urls[0]
    give_coins(ChainConnection(rpc_url), Secp256k1Signer.from_private(bytes(rich.key)))
    addresses = tuple(each.address for each in poa_network.validators)
    finality = Finality("signers", validators=len(addresses), signers=addresses)
    with FaultProxy(rpc_url, seed=1) as proxy:
        yield gather(directory, rpc_url, proxy, finality)


def give_coins(connection: ChainConnection, giver: Secp256k1Signer) -> None:
    """Gas money for everybody who sends."""
    takers = [SUPERVISOR, DEPLOYER, *(key(number) for number in NUMBERS)]
    first = connection.nonce(giver.address)
    for offset, taker in enumerate(takers):
        signed = sign_transaction(
            connection, giver, to=taker.address, wei=10**19, nonce=first + offset, gas=21_000
        )
        connection.send_raw(signed.raw)
    wait_for_receipt(connection, signed.hash)


def prepared(crowd: Crowd, processes: Processes) -> float:
    """Everybody is enrolled and has sent once; how long that took."""
    status, _ = processes.run(files=[crowd.directory / "enrolments.sqlite"])
    assert status == 0
    crowd.queue()
    status, usual = processes.run()
    assert status == 0
    crowd.require_each_once()
    return usual


class TestSendersKilled:
    def test_every_message_lands_once_and_in_order(self, embedded, repetitions):
        chance = random.Random(20261122)
        with Processes(embedded) as processes:
            usual = prepared(embedded, processes)
            embedded.proxy.inject(
                lost_answer("eth_sendRawTransaction", probability=0.05),
                lost_request("eth_sendRawTransaction", probability=0.05),
                twice("eth_sendRawTransaction", probability=0.05),
            )
            killed = 0
            while killed < repetitions:
                if embedded.pending() < len(NUMBERS) // 2:  # never idle, never far behind
                    embedded.queue()
                status, took = processes.run(dies_after=chance.uniform(0, usual))
                if status == signal.SIGKILL:
                    killed += 1
                else:  # it was done before its moment came: the machine is quicker now
                    assert status == 0
                    usual = min(usual, took)
            assert processes.run()[0] == 0
        embedded.require_each_once()
        struck = Counter(kind for _, kind in embedded.proxy.struck)
        assert struck["lost-answer"] > repetitions // 4

    def test_also_on_validators_of_which_one_is_killed(self, validators, poa_network, repetitions):
        """What the validator held and nobody else knew of is gone with it."""
        chance = random.Random(20261123)
        with Processes(validators) as processes:
            usual = prepared(validators, processes)
            for _ in range(max(1, repetitions // 10)):
                validators.queue()
                processes.run(dies_after=chance.uniform(0, usual))
                assert poa_network.kill(1)
                status, _ = processes.run(dies_after=2)
                assert status == signal.SIGKILL
                poa_network.start_validator(1)
                poa_network.wait_ready()
            assert processes.run()[0] == 0
        validators.require_each_once()
