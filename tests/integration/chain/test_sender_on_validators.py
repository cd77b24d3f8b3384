"""The sender on four geth validators: a pool that forgets, finality by signers; and fees on anvil."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from devnet.client import ask
from devnet.process import DevnetProcess
from devnet.settings import ANVIL, DevnetSettings, Fund

import ledger.chain.transactions
from ledger.chain.connection import ChainConnection
from ledger.chain.deployment import Governance, Manifest, SupervisorInput, deploy, wait_for_receipt
from ledger.chain.finality import Finality
from ledger.chain.gateway import ChainGateway
from ledger.chain.sender import Sender, SendingLimits
from ledger.chain.transactions import sign_transaction
from ledger.keys.signers import Secp256k1Signer
from ledger.store.outbox import FINAL, LANDED, SIGNED
from ledger.store.unit_of_work import Reading

SUPERVISOR = Secp256k1Signer.from_private(bytes([92]) * 32)
DEPLOYER = Secp256k1Signer.from_private(bytes([93]) * 32)
LIMITS = SendingLimits(
    resend_first_seconds=0.3, resend_longest_seconds=1, raise_after_seconds=2, raise_after_blocks=2
)


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return self.now().date()


@dataclass
class Validators:
    """Contracts on the network, and a bureau whose officers the supervisor may enrol."""

    manifest: Manifest
    connection: ChainConnection

    def sender(self, outbox) -> Sender:
        gateway = ChainGateway(self.manifest)
        signers = {"publisher": SUPERVISOR}
        return Sender(outbox.database, outbox.log_id, gateway, signers, RealClock(), limits=LIMITS)

    def officers(self) -> list[int]:
        gateway = ChainGateway(self.manifest)
        events = gateway.events(0, gateway.latest_block().number, "Bureaus")
        named = [each for each in events if each.name.startswith("Officer")]
        return [int(each.arguments["officer"], 16) for each in named]


def settled(connection: ChainConnection, finality: Finality, rpc_url: str) -> Validators:
    """Contracts, and a bureau whose officers the supervisor enrols."""
    named = SupervisorInput(SUPERVISOR.address, b"\x07" * 32, "基金监管", "http://s.example")
    manifest = deploy(
        connection, DEPLOYER, Governance((named,)), minimum_lines=3, rpc_url=rpc_url,
        finality=finality,
    )  # fmt: skip
    bureau = (
        320100, 1, 32, Secp256k1Signer.from_private(bytes([94]) * 32).address, b"\x01" * 32,
        b"\x09" * 32, "经办机构", "http://b.example",
    )  # fmt: skip
    ChainGateway(manifest).transact(SUPERVISOR, "Bureaus", "enrol", [bureau])
    return Validators(manifest, connection)


@pytest.fixture(scope="module")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Validators]:
    funds = tuple(Fund(bytes.fromhex(each.address[2:]), 10**24) for each in (SUPERVISOR, DEPLOYER))
    directory = tmp_path_factory.mktemp("anvil")
    settings = DevnetSettings(directory=directory, engine=ANVIL, block_seconds=1, funds=funds)
    with DevnetProcess(settings) as chain:
        yield settled(ChainConnection(chain.rpc_url), Finality.after(2), chain.rpc_url)


@pytest.fixture(scope="module")
def validators(poa_network, rich) -> Validators:
    connection = ChainConnection(poa_network.rpc_urls[0])
    giver = Secp256k1Signer.from_private(bytes(rich.key))
    first = connection.nonce(giver.address)
    for offset, taker in enumerate((SUPERVISOR, DEPLOYER)):
        signed = sign_transaction(
            connection, giver, to=taker.address, wei=10**19, nonce=first + offset, gas=21_000
        )
        connection.send_raw(signed.raw)
    wait_for_receipt(connection, signed.hash)
    addresses = tuple(each.address for each in poa_network.validators)
    finality = Finality("signers", validators=len(addresses), signers=addresses)
    return settled(connection, finality, poa_network.rpc_urls[0])


@pytest.fixture
def signer() -> Secp256k1Signer:
    return SUPERVISOR


def work(sender: Sender, outbox, state: str, seconds: float = 60) -> None:
    """Let the sender work until every message has a state."""
    deadline = time.monotonic() + seconds
    while set(outbox.states()) != {state}:
        sender.step()
        assert time.monotonic() < deadline, outbox.states()
        time.sleep(0.1)


class TestOnValidators:
    def test_it_is_final_once_three_validators_have_built_on_it(self, validators, outbox):
        outbox.queue(2011)
        sender = validators.sender(outbox)
        work(sender, outbox, LANDED)
        block = outbox.find("m2011").block
        work(sender, outbox, FINAL)
        gateway = ChainGateway(validators.manifest)
        final = gateway.final_block()
        assert block <= final <= gateway.latest_block().number - 3
        assert validators.officers().count(2011) == 1

    def test_a_validator_that_comes_back_with_an_empty_pool_gets_the_bytes_again(
        self, validators, poa_network, outbox
    ):
        """Nobody else ever heard of the transaction: its validator was alone, and dies."""
        for number in (2, 3, 4):
            poa_network.kill(number)
        outbox.queue(2021)
        sender = validators.sender(outbox)
        deadline = time.monotonic() + 20
        while outbox.states() != [SIGNED]:
            sender.step()
            assert time.monotonic() < deadline
        message = outbox.find("m2021")
        poa_network.kill(1)
        (poa_network.home(1) / "geth" / "transactions.rlp").unlink(missing_ok=True)
        for number in poa_network.numbers:
            poa_network.start_validator(number)
        poa_network.wait_ready()
        known = ask(poa_network.rpc_urls[0], "eth_getTransactionByHash", message.transaction_hash)
        assert known is None, "the pool is empty"
        work(sender, outbox, FINAL)
        after = outbox.find("m2021")
        assert after.nonce == message.nonce
        assert validators.officers().count(2021) == 1


class TestFeesOnAnvil:
    def test_one_that_offers_too_little_is_replaced_under_its_nonce(
        self, anvil, outbox, monkeypatch
    ):
        before = anvil.connection.nonce(SUPERVISOR.address)
        outbox.queue(2001, 2002)
        sender = anvil.sender(outbox)
        with monkeypatch.context() as patched:
            patched.setattr(ledger.chain.transactions, "_fees", lambda *_: (1, 1))
            sender.step()
        assert outbox.states() == [SIGNED, SIGNED]
        work(sender, outbox, FINAL)
        for offset, number in enumerate((2001, 2002)):
            message = outbox.find(f"m{number}")
            assert (message.nonce, message.attempts) == (before + offset, 2)
            with Reading(outbox.database, outbox.log_id) as view:
                newest, oldest = view.outbox.attempts(message.id)
            assert newest.nonce == oldest.nonce
            assert newest.max_fee_wei > oldest.max_fee_wei
            assert message.transaction_hash == newest.transaction_hash
            assert anvil.officers().count(number) == 1
        assert anvil.connection.nonce(SUPERVISOR.address) == before + 2
