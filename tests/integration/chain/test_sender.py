"""Exactly once, whatever dies when: on a chain that can be corrupted on purpose, and on the embedded one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

import ledger.chain.sender
from ledger.chain.gateway import Receipt, SignedCall
from ledger.chain.sender import Sender
from ledger.errors import (
    ChainUnavailableError,
    ContractRefusedError,
    TransactionRefusedError,
    UnknownRevertError,
)
from ledger.evidence.encoding import LogId
from ledger.keys.signers import Secp256k1Signer
from ledger.store.database import Database
from ledger.store.outbox import FAILED, FINAL, QUEUED, SIGNED
from ledger.store.unit_of_work import Reading, UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
LOG = LogId(1)


class FixedClock:
    def now(self) -> datetime:
        return AT

    def today(self) -> date:
        return date(2026, 9, 15)


class Crash(BaseException):
    """The process is gone: nothing catches it."""


class FakeChain:
    """A chain of one contract that takes everything: one transaction a nonce, in order, final after a while.

    ``refusals``: what a trial says, one item a trial. ``holds_back``: transactions wait outside blocks until
    :meth:`mine`. ``confirmations``: blocks until one is final.
    """

    def __init__(self) -> None:
        self.landed: list[tuple[str, int, bytes]] = []
        self.receipts: dict[str, Receipt] = {}
        self.waiting: list[bytes] = []
        self.refusals: list[Exception] = []
        self.refuses_sending = False
        self.holds_back = False
        self.reverts = False
        self.confirmations = 0
        self.block = 100

    def simulate(self, contract: str, function: str, arguments: Any, sender: str) -> tuple[()]:
        if self.refusals:
            raise self.refusals.pop(0)
        return ()

    def nonce_of(self, address: str) -> int:
        return sum(sender == address for sender, _, _ in self.landed)

    def final_nonce_of(self, address: str) -> int:
        return sum(
            sender == address
            for (sender, _, raw) in self.landed
            if self.receipts[_hash(raw)].block <= self.final_block()
        )

    def sign_call(self, signer, contract: str, function: str, arguments: Any, nonce: int):
        content = [signer.address, nonce, contract, function, repr(arguments)]
        raw = json.dumps(content).encode()
        return SignedCall(raw=raw, hash=_hash(raw))

    def send_raw(self, raw: bytes) -> str:
        if self.refuses_sending:
            raise TransactionRefusedError(reason="no money for gas")
        if raw not in self.waiting:
            self.waiting.append(raw)
        if not self.holds_back:
            self.mine()
        return _hash(raw)

    def mine(self) -> None:
        for raw in self.waiting:
            address, nonce = json.loads(raw)[:2]
            if nonce == self.nonce_of(address):
                self.block += 1
                self.landed.append((address, nonce, raw))
                self.receipts[_hash(raw)] = Receipt(
                    _hash(raw), not self.reverts, self.block, "0x", 21_000, None
                )
        self.waiting = []

    def receipt(self, transaction_hash: str) -> Receipt | None:
        return self.receipts.get(transaction_hash)

    def final_block(self) -> int:
        return self.block - self.confirmations


def _hash(raw: bytes) -> str:
    return "0x" + hashlib.sha256(raw).hexdigest()


class Dying:
    """Hands calls on, and dies before or after the one whose turn it is."""

    def __init__(self, gateway: Any, dies_at: int) -> None:
        self._gateway = gateway
        self.left = dies_at

    def pass_by(self) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.pass_by()
            result = getattr(self._gateway, name)(*arguments)
            self.pass_by()
            return result

        return call


@pytest.fixture
def database(tmp_path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def signer(scene) -> Secp256k1Signer:
    """A supervisor: may enrol officers as often as it likes, so every message could land twice."""
    return scene.supervisor


@pytest.fixture(params=["fake", "embedded"])
def chain(request: pytest.FixtureRequest, scene):
    return FakeChain() if request.param == "fake" else scene.gateway


@pytest.fixture
def make_sender(database, signer):
    return lambda gateway: Sender(database, LOG, gateway, {"publisher": signer}, FixedClock())


@pytest.fixture
def queue(database):
    """Queues messages that the real contract takes: officers of log 1 by number."""

    def add(*numbers: int) -> None:
        with UnitOfWork(database, LOG) as work:
            for number in numbers:
                arguments = [1, f"0x{number:040x}", True]
                work.outbox.queue(f"m{number}", "Bureaus", "setOfficer", arguments, at=AT)
            work.commit()

    return add


@pytest.fixture
def states(database):
    def read() -> list[str]:
        with Reading(database, LOG) as view:
            return [message.state for message in view.outbox.all()]

    return read


def run(sender: Sender, steps: int = 30) -> None:
    for _ in range(steps):
        if not sender.step():
            return
    raise AssertionError("it never came to rest")


class TestExactlyOnce:
    def test_messages_land_in_order(self, chain, make_sender, queue, states, signer):
        before = chain.nonce_of(signer.address)
        queue(11, 12, 13)
        run(make_sender(chain))
        assert states() == [FINAL] * 3
        assert chain.nonce_of(signer.address) == before + 3
        run(make_sender(chain))
        assert chain.nonce_of(signer.address) == before + 3

    def test_a_crash_before_or_after_any_step_makes_no_second_one(
        self, chain, make_sender, queue, states, signer, monkeypatch
    ):
        number, moment, crashed = 100, 0, True
        while crashed:
            before = chain.nonce_of(signer.address)
            queue(number, number + 1)
            dying = Dying(chain, moment)

            class Commits(UnitOfWork):
                def commit(self, dying=dying) -> None:
                    dying.pass_by()
                    super().commit()
                    dying.pass_by()

            monkeypatch.setattr(ledger.chain.sender, "UnitOfWork", Commits)
            try:
                run(make_sender(dying))
                crashed = False
            except Crash:
                pass
            monkeypatch.setattr(ledger.chain.sender, "UnitOfWork", UnitOfWork)
            run(make_sender(chain))
            assert set(states()) == {FINAL}
            assert chain.nonce_of(signer.address) == before + 2, f"at moment {moment}"
            number, moment = number + 2, moment + 1
        assert moment > 20, "every step of two messages was tried"

    def test_a_lost_answer_is_asked_for_again(self, chain, make_sender, queue, states, signer):
        class Deaf(Dying):
            def send_raw(self, raw: bytes) -> str:
                chain.send_raw(raw)
                raise ChainUnavailableError(endpoint="e", reason="ReadTimeout")

        before = chain.nonce_of(signer.address)
        queue(21)
        with pytest.raises(ChainUnavailableError):
            make_sender(Deaf(chain, -1)).step()
        assert states() == [SIGNED]
        run(make_sender(chain))
        assert states() == [FINAL]
        assert chain.nonce_of(signer.address) == before + 1

    def test_a_nonce_that_somebody_else_used_is_signed_anew(
        self, chain, make_sender, queue, states, signer, database
    ):
        before = chain.nonce_of(signer.address)
        queue(31)
        dying = Dying(chain, 6)  # after trial, nonce and signature, before anything is sent
        with pytest.raises(Crash):
            run(make_sender(dying))
        assert states() == [SIGNED]
        other = ["Bureaus", "setOfficer", [1, f"0x{32:040x}", True], before]
        if isinstance(chain, FakeChain):
            chain.send_raw(chain.sign_call(signer, *other).raw)
        else:
            from ledger.chain.bindings import decode_args

            other[2] = decode_args(*other[:3])
            chain.send_raw(chain.sign_call(signer, *other).raw)
        run(make_sender(chain))
        assert states() == [FINAL]
        assert chain.nonce_of(signer.address) == before + 2
        with Reading(database, LOG) as view:
            assert view.outbox.find("m31").attempts == 2

    def test_a_node_that_forgot_the_transaction_gets_it_again(
        self, make_sender, queue, states, signer
    ):
        chain = FakeChain()
        chain.holds_back = True
        queue(41)
        run(make_sender(chain))
        assert states() == [SIGNED]
        chain.waiting = []
        run(make_sender(chain))
        chain.mine()
        run(make_sender(chain))
        assert states() == [FINAL]
        assert chain.nonce_of(signer.address) == 1

    def test_one_that_lands_while_the_nonce_is_asked_for_is_not_signed_anew(
        self, make_sender, queue, states, signer
    ):
        class MinesLate(FakeChain):
            """Takes the transaction into a block just before it tells the nonce."""

            def final_nonce_of(self, address: str) -> int:
                self.mine()
                return super().final_nonce_of(address)

        chain = MinesLate()
        chain.holds_back = True
        queue(51)
        run(make_sender(chain))
        chain.holds_back = False
        run(make_sender(chain))
        assert states() == [FINAL]
        assert chain.nonce_of(signer.address) == 1

    def test_only_what_is_final_counts_and_the_next_waits_for_it(
        self, make_sender, queue, states, signer
    ):
        chain = FakeChain()
        chain.confirmations = 2
        queue(61, 62)
        run(make_sender(chain))
        assert states() == [SIGNED, QUEUED]
        assert chain.nonce_of(signer.address) == 1
        chain.block += 2
        run(make_sender(chain))
        assert states() == [FINAL, SIGNED]
        chain.block += 2
        run(make_sender(chain))
        assert states() == [FINAL, FINAL]

    def test_a_worker_that_lost_its_lease_undoes_nothing(
        self, make_sender, queue, states, signer, database
    ):
        """It read the message signed under one nonce; meanwhile another signed and sent it under the next."""
        chain = FakeChain()
        chain.refuses_sending = True
        queue(71)
        run(make_sender(chain))
        with Reading(database, LOG) as view:
            stale = view.outbox.find("m71")
        chain.refuses_sending = False
        other = chain.sign_call(signer, "Bureaus", "setOfficer", "something else", 0)
        chain.send_raw(other.raw)
        run(make_sender(chain))
        assert states() == [FINAL]
        assert not make_sender(chain)._requeue_if_overtaken(stale)
        run(make_sender(chain))
        assert states() == [FINAL]
        assert chain.nonce_of(signer.address) == 2


class TestRefusals:
    @pytest.mark.parametrize(
        ("refusal", "reason"),
        [
            (
                ContractRefusedError(
                    contract="Funds", error="FundsRouteClosed", values={"pool": 32}
                ),
                'Funds.FundsRouteClosed {"pool": 32}',
            ),
            (UnknownRevertError(contract="Funds", data="0x12345678"), "unknown-revert"),
        ],
    )
    def test_a_message_that_the_contract_refuses_fails_and_the_next_goes_on(
        self, make_sender, queue, states, signer, database, refusal, reason
    ):
        chain = FakeChain()
        chain.refusals = [refusal]
        queue(81, 82)
        run(make_sender(chain))
        assert states() == [FAILED, FINAL]
        assert chain.nonce_of(signer.address) == 1
        with Reading(database, LOG) as view:
            assert view.outbox.find("m81").last_error == reason
            assert view.outbox.pending() == []

    def test_a_real_contract_says_why(self, scene, make_sender, database, states):
        with UnitOfWork(database, LOG) as work:
            work.outbox.queue("m", "Bureaus", "setOfficer", [99, f"0x{1:040x}", True], at=AT)
            work.commit()
        run(make_sender(scene.gateway))
        assert states() == [FAILED]
        with Reading(database, LOG) as view:
            assert view.outbox.find("m").last_error.startswith("Bureaus.BureausLogUnknown")

    def test_a_failed_message_can_be_sent_after_all(self, make_sender, queue, states, database):
        chain = FakeChain()
        chain.reverts = True
        queue(91)
        run(make_sender(chain))
        assert states() == [FAILED]
        chain.reverts = False
        with UnitOfWork(database, LOG) as work:
            assert work.outbox.retry("m91")
            work.commit()
        run(make_sender(chain))
        assert states() == [FINAL]

    def test_without_money_for_gas_it_waits_and_is_not_signed_twice(
        self, make_sender, queue, states, database
    ):
        chain = FakeChain()
        chain.refuses_sending = True
        queue(95)
        run(make_sender(chain))
        run(make_sender(chain))
        assert states() == [SIGNED]
        with Reading(database, LOG) as view:
            assert view.outbox.find("m95").attempts == 1
        chain.refuses_sending = False
        run(make_sender(chain))
        assert states() == [FINAL]

    def test_signers_do_not_wait_for_one_another(self, database, signer):
        chain = FakeChain()
        other = Secp256k1Signer.from_private(bytes([9]) * 32)
        with UnitOfWork(database, LOG) as work:
            for key, name in (("a", "publisher"), ("b", "supervisor")):
                work.outbox.queue(
                    key, "Bureaus", "setOfficer", [1, f"0x{1:040x}", True], at=AT, signer=name
                )
            work.commit()
        signers = {"publisher": signer, "supervisor": other}
        Sender(database, LOG, chain, signers, FixedClock()).step()
        assert {sender for sender, _, _ in chain.landed} == {signer.address, other.address}
