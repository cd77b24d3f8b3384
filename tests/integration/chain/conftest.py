"""The embedded chain as a process of its own, with the contracts deployed once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings, Fund

from ledger.chain.bindings import Bindings
from ledger.chain.connection import Block, BlockMissingError, ChainConnection
from ledger.chain.deployment import Governance, Manifest, SupervisorInput, deploy
from ledger.chain.gateway import ChainGateway, Receipt, SignedCall
from ledger.chain.sender import Sender, SendingLimits
from ledger.errors import TransactionRefusedError
from ledger.evidence.encoding import LogId
from ledger.keys.signers import Secp256k1Signer
from ledger.store.database import Database
from ledger.store.unit_of_work import Reading, UnitOfWork

CHAIN_ID = 31_415
FUNDED_WEI = 10**24


def signer(number: int) -> Secp256k1Signer:
    return Secp256k1Signer.from_private(bytes([number]) * 32)


@dataclass(frozen=True)
class Scene:
    """A deployment and the keys of those who take part."""

    manifest: Manifest
    connection: ChainConnection
    gateway: ChainGateway
    bindings: Bindings
    deployer: Secp256k1Signer
    supervisor: Secp256k1Signer
    publishers: dict[int, Secp256k1Signer]
    officers: tuple[Secp256k1Signer, Secp256k1Signer]
    reports: list[str]


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    deployer, supervisor = signer(1), signer(2)
    publishers = {number: signer(10 + number) for number in (1, 2, 3, 4)}
    funded = (deployer, supervisor, *publishers.values())
    funds = tuple(Fund(bytes.fromhex(each.address[2:]), FUNDED_WEI) for each in funded)
    settings = DevnetSettings(
        directory=Path(tmp_path_factory.mktemp("chain")), chain_id=CHAIN_ID, funds=funds
    )
    with DevnetProcess(settings) as process:
        connection = ChainConnection(process.rpc_url)
        named = SupervisorInput(supervisor.address, b"\x07" * 32, "基金监管", "http://s.example")
        reports: list[str] = []
        manifest = deploy(
            connection,
            deployer,
            Governance((named,)),
            minimum_lines=3,
            rpc_url=process.rpc_url,
            report=reports.append,
        )
        gateway = ChainGateway(manifest)
        opened = Scene(
            manifest=manifest, connection=connection, gateway=gateway, bindings=Bindings(gateway),
            deployer=deployer, supervisor=supervisor, publishers=publishers,
            officers=(signer(31), signer(32)), reports=reports,
        )  # fmt: skip
        for number, region, pool in (
            (1, 320100, 32),
            (2, 340100, 34),
            (3, 330100, 33),
            (4, 440100, 44),
        ):
            bureau = (
                region, 1, pool, publishers[number].address, bytes([number]) * 32, b"\x09" * 32,
                f"经办机构 {number}", f"http://b{number}.example",
            )  # fmt: skip
            gateway.transact(supervisor, "Bureaus", "enrol", [bureau])
        for officer in opened.officers:
            gateway.transact(supervisor, "Bureaus", "setOfficer", [3, officer.address, True])
        yield opened


# --- a chain that can be corrupted on purpose ---------------------------------------------------


def hash_of(*parts: object) -> str:
    """A made-up 0x-hash."""
    return "0x" + hashlib.sha256(repr(parts).encode()).hexdigest()


@dataclass(frozen=True)
class FakeBlock:
    """A block by its hash, and the signed transactions in it."""

    hash: str
    transactions: tuple[bytes, ...]


class FakeChain:
    """A chain of one contract that takes everything: one transaction a nonce, in order.

    ``refusals``: what a trial says, one item a trial. ``holds_back``: transactions wait in the pool until
    :meth:`mine`. ``confirmations``: blocks until one is final. ``price``: what gas costs; a transaction
    that offers less than ``wanted`` stays in the pool. ``forgets``: the node loses what it is given.
    """

    endpoint = "http://fake.example"

    def __init__(self) -> None:
        self.blocks = [FakeBlock(hash_of("block", n), ()) for n in range(100)]
        self.pool: list[bytes] = []
        self.given: list[bytes] = []
        self.refusals: list[Exception] = []
        self.refuses_sending = False
        self.refuses_cheap = False
        self.holds_back = False
        self.forgets = False
        self.reverts = False
        self.confirmations = 0
        self.price = 0
        self.wanted = 0
        self.forks = 0
        self.pruned_below = 0

    # what the sender asks

    def simulate(self, contract: str, function: str, arguments: Any, sender: str) -> tuple[()]:
        if self.refusals:
            raise self.refusals.pop(0)
        return ()

    def nonce_of(self, address: str, at: int | None = None) -> int:
        end = len(self.blocks) if at is None else at + 1
        return sum(
            json.loads(raw)[0] == address for each in self.blocks[:end] for raw in each.transactions
        )

    def final_nonce_of(self, address: str) -> int:
        return self.nonce_of(address, self.final().number)

    def sign_call(self, signer, contract, function, arguments, nonce, replaces=None) -> SignedCall:
        fee = self.price
        if replaces is not None and self.price:
            fee = max(fee, replaces.max_fee_wei * 5 // 4 + 1)
        content = [signer.address, nonce, contract, function, repr(arguments), fee]
        raw = json.dumps(content).encode()
        return SignedCall(raw, hash_of(raw), 21_000, fee, fee)

    def gas_price(self) -> int:
        return self.price

    def send_raw(self, raw: bytes) -> str:
        if self.refuses_cheap and json.loads(raw)[-1] < self.price:
            raise TransactionRefusedError(reason="max fee per gas less than block base fee")
        if self.refuses_sending:
            raise TransactionRefusedError(reason="no money for gas")
        self.given.append(raw)
        if not self.forgets and raw not in self.pool:
            # A node keeps one transaction a nonce: the one that pays more.
            place = json.loads(raw)[:2]
            rivals = [each for each in self.pool if json.loads(each)[:2] == place]
            if any(json.loads(each)[-1] > json.loads(raw)[-1] for each in rivals):
                raise TransactionRefusedError(reason="replacement transaction underpriced")
            self.pool = [each for each in self.pool if each not in rivals] + [raw]
        if not self.holds_back:
            self.mine()
        return hash_of(raw)

    def receipt(self, transaction_hash: str) -> Receipt | None:
        for number, block in enumerate(self.blocks):
            if any(hash_of(raw) == transaction_hash for raw in block.transactions):
                return Receipt(transaction_hash, not self.reverts, number, block.hash, 21_000, None)
        return None

    def latest_block(self) -> Block:
        return self.block(len(self.blocks) - 1)

    def final(self) -> Block:
        return self.block(max(0, len(self.blocks) - 1 - self.confirmations))

    def block(self, number: int) -> Block:
        return Block(number, self.blocks[number].hash, 1_700_000_000 + number)

    def block_hash(self, number: int) -> str:
        return self.blocks[number].hash

    def taker_of(self, address: str, nonce: int, first: int, last: int) -> str | None:
        if self.nonce_of(address, last) <= nonce:
            return None
        if first < self.pruned_below:
            raise BlockMissingError(endpoint=self.endpoint, reason="missing trie node")
        return next(
            hash_of(raw)
            for block in self.blocks
            for raw in block.transactions
            if json.loads(raw)[:2] == [address, nonce]
        )

    # what happens to it

    def mine(self, blocks: int = 1) -> None:
        """Add blocks; the first takes from the pool what is next, and pays enough."""
        taken: list[bytes] = []
        for raw in sorted(self.pool, key=lambda each: json.loads(each)[1]):
            address, nonce, *_, fee = json.loads(raw)
            ahead = sum(json.loads(each)[0] == address for each in taken)
            if fee >= self.wanted and nonce == self.nonce_of(address) + ahead:
                taken.append(raw)
        self.pool = [
            raw for raw in self.pool if raw not in taken
            and json.loads(raw)[1] >= self.nonce_of(json.loads(raw)[0])
        ]  # fmt: skip
        for number in range(blocks):
            name = hash_of("block", len(self.blocks), self.forks)
            self.blocks.append(FakeBlock(name, tuple(taken) if number == 0 else ()))

    def replace(self, depth: int, *, keep: bool = True) -> None:
        """Put as many other blocks in place of the newest, and one more; ``keep``: into the pool again."""
        self.forks += 1
        gone = self.blocks[-depth:]
        self.blocks = self.blocks[:-depth]
        if keep:
            self.pool = [raw for each in gone for raw in each.transactions] + self.pool
            self.mine(depth + 1)
        else:
            held, self.pool = self.pool, []
            self.mine(depth + 1)
            self.pool = held

    @property
    def landed(self) -> list[tuple[str, int, bytes]]:
        """Sender, nonce and bytes of everything in blocks, in order."""
        return [(*json.loads(raw)[:2], raw) for block in self.blocks for raw in block.transactions]


@pytest.fixture
def fake_chain() -> type[FakeChain]:
    return FakeChain


AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)


@dataclass
class MovingClock:
    """Stands still until it is moved."""

    at: datetime = AT

    def now(self) -> datetime:
        return self.at

    def today(self) -> date:
        return self.at.date()


class Middle:
    """Randomness that always falls in the middle: pauses are what they are on average."""

    def bytes(self, length: int) -> bytes:
        return b"\x80" + bytes(length - 1)


@dataclass
class Outbox:
    """A node's outbox, and senders that work on it as if each were a process of its own."""

    database: Database
    signer: Secp256k1Signer
    clock: MovingClock = field(default_factory=MovingClock)
    log_id: LogId = LogId(1)  # noqa: RUF009 - a number

    def queue(self, *numbers: int, signer: str = "publisher") -> None:
        """Messages that the real contract takes: officers of log 1 by number."""
        with UnitOfWork(self.database, self.log_id) as work:
            for number in numbers:
                work.outbox.queue(
                    f"m{number}", "Bureaus", "setOfficer", [1, f"0x{number:040x}", True],
                    at=self.clock.now(), signer=signer,
                )  # fmt: skip
            work.commit()

    def sender(self, chain: Any, more: Any = None, limits: SendingLimits | None = None) -> Sender:
        signers = {"publisher": self.signer, **(more or {})}
        return Sender(self.database, self.log_id, chain, signers, self.clock, Middle(), limits)

    def run(self, chain: Any, steps: int = 30) -> None:
        """A new process works until nothing moves."""
        sender = self.sender(chain)
        for _ in range(steps):
            if not sender.step():
                return
        raise AssertionError("it never came to rest")

    def patiently(
        self, chain: Any, *, rounds: int, seconds: int, mining: bool = False,
        limits: SendingLimits | None = None,
    ) -> None:  # fmt: skip
        """One process works round by round while time passes, and blocks if the chain is ``mining``."""
        sender = self.sender(chain, limits=limits)
        for _ in range(rounds):
            for _ in range(3):
                sender.step()
            if mining:
                chain.mine(2)
                sender.step()
            self.later(seconds)

    def later(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)

    def states(self) -> list[str]:
        with Reading(self.database, self.log_id) as view:
            return [message.state for message in view.outbox.all()]

    def find(self, key: str) -> Any:
        with Reading(self.database, self.log_id) as view:
            return view.outbox.find(key)


@pytest.fixture(name="signer")
def sending_signer(scene) -> Secp256k1Signer:
    """A supervisor: may enrol officers as often as it likes, so every message could land twice."""
    return scene.supervisor


@pytest.fixture
def outbox(tmp_path, request) -> Iterator[Outbox]:
    opened = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    opened.migrate()
    yield Outbox(opened, request.getfixturevalue("signer"))
    opened.close()
