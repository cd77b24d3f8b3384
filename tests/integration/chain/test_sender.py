"""Exactly once, whatever dies when: on a chain that can be corrupted on purpose, and on the embedded one."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

import ledger.chain.lane
from ledger.chain.bindings import decode_args
from ledger.chain.gateway import ChainGateway
from ledger.chain.sender import SendingLimits
from ledger.errors import (
    ChainUnavailableError,
    ContractRefusedError,
    EndpointBehindError,
    UnknownRevertError,
)
from ledger.keys.signers import Secp256k1Signer
from ledger.store.outbox import FAILED, FINAL, LANDED, QUEUED, SIGNED, STUCK
from ledger.store.unit_of_work import Reading, UnitOfWork


class Crash(BaseException):
    """The process is gone: nothing catches it."""


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
        def call(*arguments: Any, **named: Any) -> Any:
            self.pass_by()
            result = getattr(self._gateway, name)(*arguments, **named)
            self.pass_by()
            return result

        return call


@pytest.fixture(params=["fake", "embedded"])
def chain(request: pytest.FixtureRequest, scene, fake_chain):
    return fake_chain() if request.param == "fake" else scene.gateway


class TestExactlyOnce:
    def test_messages_land_in_order(self, chain, outbox, signer):
        before = chain.nonce_of(signer.address)
        outbox.queue(11, 12, 13)
        outbox.run(chain)
        assert outbox.states() == [FINAL] * 3
        assert [outbox.find(f"m{n}").nonce - before for n in (11, 12, 13)] == [0, 1, 2]
        outbox.run(chain)
        assert chain.nonce_of(signer.address) == before + 3

    def test_a_crash_before_or_after_any_step_makes_no_second_one(
        self, chain, outbox, signer, monkeypatch
    ):
        number, moment, crashed = 100, 0, True
        while crashed:
            before = chain.nonce_of(signer.address)
            outbox.queue(number, number + 1)
            dying = Dying(chain, moment)

            class Commits(UnitOfWork):
                def commit(self, dying=dying) -> None:
                    dying.pass_by()
                    super().commit()
                    dying.pass_by()

            monkeypatch.setattr(ledger.chain.lane, "UnitOfWork", Commits)
            try:
                outbox.run(dying)
                crashed = False
            except Crash:
                pass
            monkeypatch.setattr(ledger.chain.lane, "UnitOfWork", UnitOfWork)
            outbox.run(chain)
            assert set(outbox.states()) == {FINAL}
            assert chain.nonce_of(signer.address) == before + 2, f"at moment {moment}"
            number, moment = number + 2, moment + 1
        assert moment > 20, "every step of two messages was tried"

    def test_a_lost_answer_is_asked_for_again(self, chain, outbox, signer):
        class Deaf(Dying):
            def send_raw(self, raw: bytes) -> str:
                chain.send_raw(raw)
                raise ChainUnavailableError(endpoint="e", reason="ReadTimeout")

        before = chain.nonce_of(signer.address)
        outbox.queue(21)
        with pytest.raises(ChainUnavailableError):
            outbox.sender(Deaf(chain, -1)).step()
        assert outbox.states() == [SIGNED]
        outbox.run(chain)
        assert outbox.states() == [FINAL]
        assert chain.nonce_of(signer.address) == before + 1

    def test_a_nonce_that_somebody_else_used_is_signed_anew(self, chain, outbox, signer):
        before = chain.nonce_of(signer.address)
        outbox.queue(31)
        dying = Dying(chain, 8)  # after nonce, head, trial and signature, before anything is sent
        with pytest.raises(Crash):
            outbox.run(dying)
        assert outbox.states() == [SIGNED]
        other = ["Bureaus", "setOfficer", [1, f"0x{32:040x}", True], before]
        if isinstance(chain, ChainGateway):
            other[2] = decode_args(*other[:3])
        chain.send_raw(chain.sign_call(signer, *other).raw)
        outbox.run(chain)
        assert outbox.states() == [FINAL]
        assert chain.nonce_of(signer.address) == before + 2
        assert outbox.find("m31").attempts == 2

    def test_a_nonce_taken_by_a_transaction_that_is_not_final_is_not_given_up(
        self, fake_chain, outbox, signer
    ):
        """The other's transaction may still be replaced, and ours land after all."""
        chain = fake_chain()
        chain.confirmations, chain.forgets = 3, True
        outbox.queue(33)
        outbox.run(chain)
        chain.forgets = False
        chain.send_raw(chain.sign_call(signer, "Bureaus", "setOfficer", "other", 0).raw)
        outbox.run(chain)
        assert outbox.states() == [SIGNED]
        assert outbox.find("m33").attempts == 1
        chain.replace(1, keep=False)
        outbox.later(20)
        outbox.run(chain)
        chain.mine(3)
        outbox.run(chain)
        assert outbox.states() == [FINAL]
        assert [nonce for _, nonce, _ in chain.landed] == [0]

    def test_who_took_a_nonce_is_proven_and_not_guessed(self, fake_chain, outbox, signer):
        """An endpoint that knows no receipts makes no message be signed twice."""

        class Unindexed(fake_chain):
            blind = True

            def receipt(self, transaction_hash: str) -> Any:
                return None if self.blind else super().receipt(transaction_hash)

        chain = Unindexed()
        outbox.queue(35, 36)
        outbox.run(chain)
        outbox.later(60)
        outbox.run(chain)
        assert chain.nonce_of(signer.address) == 2
        chain.blind = False
        outbox.run(chain)
        assert outbox.states() == [FINAL, FINAL]
        assert chain.nonce_of(signer.address) == 2

    def test_without_proof_of_who_took_it_a_person_is_called(self, fake_chain, outbox, signer):
        chain = fake_chain()
        chain.forgets = True
        outbox.queue(37)
        outbox.run(chain)
        chain.forgets = False
        chain.send_raw(chain.sign_call(signer, "Bureaus", "setOfficer", "other", 0).raw)
        chain.pruned_below = 10**6
        outbox.patiently(chain, rounds=20, seconds=20)
        message = outbox.find("m37")
        assert message.state == STUCK
        assert message.last_error == "nonce 0 is used; missing trie node"
        chain.pruned_below = 0
        outbox.later(20)
        outbox.run(chain)
        assert outbox.states() == [FINAL]
        assert outbox.find("m37").nonce == 1

    def test_a_node_that_forgot_the_transaction_gets_the_same_bytes_again(
        self, fake_chain, outbox, signer
    ):
        chain = fake_chain()
        chain.holds_back = True
        outbox.queue(41, 42)
        outbox.run(chain)
        assert outbox.states() == [SIGNED, SIGNED]
        chain.pool = []
        outbox.later(3)
        outbox.run(chain)
        assert len(chain.given) == 4
        assert set(chain.given[2:]) == set(chain.given[:2])
        chain.mine()
        outbox.run(chain)
        assert outbox.states() == [FINAL, FINAL]
        assert chain.nonce_of(signer.address) == 2

    def test_one_that_lands_while_it_is_looked_for_is_not_signed_anew(
        self, fake_chain, outbox, signer
    ):
        class MinesLate(fake_chain):
            """Takes the transaction into a block just before it tells whose it is."""

            def nonce_of(self, address: str, at: int | None = None) -> int:
                if self.pool and not self.holds_back:
                    self.holds_back = True
                    self.mine()
                return super().nonce_of(address, at)

        chain = MinesLate()
        chain.holds_back = True
        outbox.queue(51)
        outbox.run(chain)
        chain.holds_back = False
        outbox.run(chain)
        assert outbox.states() == [FINAL]
        assert chain.nonce_of(signer.address) == 1

    def test_a_worker_that_lost_its_lease_undoes_nothing(self, fake_chain, outbox, signer):
        """It read the message signed under one nonce; another has signed it under the next meanwhile."""
        chain = fake_chain()
        chain.forgets = True
        outbox.queue(71)
        outbox.run(chain)
        stale = outbox.find("m71")
        with Reading(outbox.database, outbox.log_id) as view:
            attempts = view.outbox.attempts(stale.id, stale.nonce)
        chain.forgets = False
        chain.send_raw(chain.sign_call(signer, "Bureaus", "setOfficer", "else", 0).raw)
        outbox.run(chain)
        assert outbox.states() == [FINAL]
        lane = outbox.sender(chain)._lane("publisher")
        change = lane._overtaken(stale, attempts, chain.final())
        assert change is not None
        assert not lane._write([change])
        assert outbox.states() == [FINAL]
        assert chain.nonce_of(signer.address) == 2

    def test_two_workers_at_once_send_nothing_twice(self, scene, outbox, signer):
        """Both believe that they hold the lease."""
        before = scene.gateway.nonce_of(signer.address)
        outbox.queue(*range(500, 520))
        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(self.patient, outbox, scene) for _ in range(3)]:
                done.result()
        assert outbox.states() == [FINAL] * 20
        assert scene.gateway.nonce_of(signer.address) == before + 20
        nonces = [outbox.find(f"m{number}").nonce for number in range(500, 520)]
        assert nonces == list(range(before, before + 20))

    @staticmethod
    def patient(outbox, scene) -> None:
        sender = outbox.sender(ChainGateway(scene.manifest), limits=SendingLimits(window=3))
        while set(outbox.states()) != {FINAL}:
            with suppress(EndpointBehindError):  # the other one's messages landed meanwhile
                sender.step()

    def test_nothing_is_signed_by_an_endpoint_that_is_behind(self, fake_chain, outbox):
        chain = fake_chain()
        outbox.queue(75)
        outbox.run(chain)
        outbox.queue(76)
        old = fake_chain()
        with pytest.raises(EndpointBehindError) as refused:
            outbox.sender(old).step()
        assert (refused.value.number, refused.value.seen) == (0, 1)
        assert outbox.states() == [FINAL, QUEUED]
        outbox.run(chain)
        assert outbox.states() == [FINAL, FINAL]


class TestSeveralUnderWay:
    def test_as_many_as_the_window_holds_are_under_way(self, fake_chain, outbox):
        chain = fake_chain()
        chain.holds_back = True
        outbox.queue(*range(200, 240))
        outbox.run(chain)
        assert outbox.states() == [SIGNED] * 16 + [QUEUED] * 24
        for _ in range(3):
            chain.mine()
            outbox.run(chain)
        assert outbox.states() == [FINAL] * 40
        assert [nonce for _, nonce, _ in chain.landed] == list(range(40))

    def test_one_that_depends_on_those_ahead_waits_for_them(self, fake_chain, outbox):
        """Its trial fails while they have not landed; that says nothing yet."""
        chain = fake_chain()
        chain.holds_back = True
        outbox.queue(251)
        outbox.run(chain)
        outbox.queue(252)
        chain.refusals = [ContractRefusedError(contract="Funds", error="TooEarly", values={})] * 2
        outbox.run(chain)
        assert outbox.states() == [SIGNED, QUEUED]
        chain.mine()
        chain.refusals = []
        outbox.run(chain)
        chain.mine()
        outbox.run(chain)
        assert outbox.states() == [FINAL, FINAL]

    def test_after_one_that_is_not_taken_none_is_sent(self, fake_chain, outbox):
        chain = fake_chain()
        chain.refuses_sending = True
        outbox.queue(261, 262)
        outbox.run(chain)
        assert chain.given == []
        assert [outbox.find(f"m{n}").refusals for n in (261, 262)] == [1, 0]
        chain.refuses_sending = False
        outbox.later(20)
        outbox.run(chain)
        assert outbox.states() == [FINAL, FINAL]

    def test_a_signed_message_that_the_chain_reverts_is_tried_again_and_then_fails(
        self, fake_chain, outbox
    ):
        chain = fake_chain()
        chain.reverts = True
        outbox.queue(271)
        outbox.run(chain)
        assert outbox.states() == [FAILED]
        message = outbox.find("m271")
        assert (message.attempts, message.last_error) == (3, "the transaction was reverted")

    def test_signers_do_not_wait_for_one_another(self, fake_chain, outbox, signer):
        chain = fake_chain()
        other = Secp256k1Signer.from_private(bytes([9]) * 32)
        outbox.queue(281)
        outbox.queue(282, signer="supervisor")
        outbox.sender(chain, {"supervisor": other}).step()
        assert {sender for sender, _, _ in chain.landed} == {signer.address, other.address}


class TestFees:
    def test_one_that_waits_too_long_pays_more_under_its_nonce(self, fake_chain, outbox):
        chain = fake_chain()
        chain.holds_back, chain.price, chain.wanted = True, 100, 150
        outbox.queue(301)
        outbox.patiently(chain, rounds=6, seconds=20, mining=True)
        assert outbox.states() == [FINAL]
        message = outbox.find("m301")
        with Reading(outbox.database, outbox.log_id) as view:
            versions = view.outbox.attempts(message.id)
        assert len(versions) == message.attempts == 3
        assert {each.nonce for each in versions} == {0}
        assert [each.max_fee_wei for each in versions] == [158, 126, 100]
        assert len(chain.landed) == 1

    def test_one_that_nodes_refuse_as_too_cheap_pays_more_at_once(self, fake_chain, outbox):
        chain = fake_chain()
        chain.refuses_cheap, chain.price = True, 100
        outbox.queue(305, 306)
        dying = Dying(chain, 12)  # both are signed and kept, none is sent
        with pytest.raises(Crash):
            outbox.run(dying)
        assert outbox.states() == [SIGNED, SIGNED]
        chain.price = 300
        outbox.patiently(chain, rounds=6, seconds=20)
        assert outbox.states() == [FINAL, FINAL]
        assert [nonce for _, nonce, _ in chain.landed] == [0, 1]
        assert outbox.find("m305").attempts == 2

    def test_the_receipt_of_an_earlier_version_settles_it(self, fake_chain, outbox):
        chain = fake_chain()
        chain.holds_back, chain.price, chain.wanted = True, 100, 10**9
        outbox.queue(311)
        outbox.patiently(chain, rounds=4, seconds=20, mining=True)
        first = chain.given[0]
        assert outbox.find("m311").attempts > 1
        chain.pool, chain.wanted = [first], 0
        chain.mine()
        outbox.run(chain)
        assert outbox.states() == [FINAL]
        assert chain.landed[0][2] == first
        message = outbox.find("m311")
        with Reading(outbox.database, outbox.log_id) as view:
            oldest = view.outbox.attempts(message.id)[-1]
        assert (message.transaction_hash, first) == (oldest.transaction_hash, oldest.raw)

    def test_on_a_chain_that_stands_still_nothing_is_paid_more(self, fake_chain, outbox):
        chain = fake_chain()
        chain.holds_back, chain.price = True, 100
        outbox.queue(321)
        outbox.patiently(chain, rounds=30, seconds=60)
        assert outbox.states() == [SIGNED]
        assert outbox.find("m321").attempts == 1
        chain.mine()
        outbox.run(chain)
        assert outbox.states() == [FINAL]

    def test_it_is_handed_over_again_ever_more_rarely(self, fake_chain, outbox):
        chain = fake_chain()
        chain.holds_back = True
        outbox.queue(331)
        sender, given = outbox.sender(chain), []
        for second in range(120):
            sender.step()
            if len(chain.given) > len(given):
                given.append(second)
            outbox.later(1)
        gaps = [after - before for before, after in itertools.pairwise(given)]
        assert gaps[0] in {2, 3}
        assert gaps == sorted(gaps)
        assert gaps[-1] in {15, 16}

    def test_after_the_last_raise_a_person_is_called_and_lets_it_go_on(self, fake_chain, outbox):
        chain = fake_chain()
        chain.holds_back, chain.price, chain.wanted = True, 100, 10**9
        limits = SendingLimits(raises=2)
        outbox.queue(341, 342)
        outbox.patiently(chain, rounds=20, seconds=20, mining=True, limits=limits)
        assert outbox.states()[0] == STUCK
        message = outbox.find("m341")
        assert message.last_error == "it did not land with 3 signed versions"
        assert message.attempts == 3
        outbox.queue(343)
        outbox.patiently(chain, rounds=2, seconds=20, limits=limits)
        assert outbox.states()[2] == QUEUED, "nothing is signed behind one that is stuck"
        with UnitOfWork(outbox.database, outbox.log_id) as work:
            assert next(each.message_key for each in work.outbox.alarms()) == "m341"
            assert work.outbox.retry("m341")
            work.commit()
        outbox.patiently(chain, rounds=3, seconds=20, mining=True, limits=limits)
        assert outbox.find("m341").attempts > 3
        chain.wanted = 0
        outbox.patiently(chain, rounds=4, seconds=20, mining=True, limits=limits)
        assert outbox.states() == [FINAL] * 3
        assert [nonce for _, nonce, _ in chain.landed] == [0, 1, 2]

    def test_one_that_was_given_up_lands_after_all(self, fake_chain, outbox):
        chain = fake_chain()
        chain.holds_back, chain.price, chain.wanted = True, 100, 10**9
        outbox.queue(351)
        limits = SendingLimits(raises=1)
        outbox.patiently(chain, rounds=12, seconds=20, mining=True, limits=limits)
        assert outbox.states() == [STUCK]
        chain.wanted = 0
        outbox.patiently(chain, rounds=2, seconds=20, mining=True, limits=limits)
        assert outbox.states() == [FINAL]

    def test_where_gas_is_free_the_bytes_stay_the_same(self, fake_chain, outbox):
        chain = fake_chain()
        chain.holds_back, chain.wanted = True, 1
        outbox.queue(361)
        limits = SendingLimits(raises=2)
        outbox.patiently(chain, rounds=20, seconds=20, mining=True, limits=limits)
        assert outbox.states() == [STUCK]
        assert len(set(chain.given)) == 1
        assert outbox.find("m361").attempts == 1

    def test_without_money_for_gas_it_waits_is_not_signed_twice_and_calls(self, fake_chain, outbox):
        chain = fake_chain()
        chain.refuses_sending = True
        outbox.queue(371)
        outbox.patiently(chain, rounds=30, seconds=20)
        message = outbox.find("m371")
        assert (message.state, message.last_error) == (STUCK, "no money for gas")
        assert message.attempts == 1
        chain.refuses_sending = False
        outbox.later(20)
        outbox.run(chain)
        assert outbox.states() == [FINAL]


class TestReorganised:
    def test_only_what_is_final_counts(self, fake_chain, outbox):
        chain = fake_chain()
        chain.confirmations = 2
        outbox.queue(61, 62)
        outbox.run(chain)
        assert outbox.states() == [LANDED, LANDED]
        assert outbox.find("m61").block_hash == chain.blocks[-2].hash
        chain.mine(2)
        outbox.run(chain)
        assert outbox.states() == [FINAL, FINAL]

    def test_what_was_taken_out_of_its_block_lands_in_another(self, fake_chain, outbox):
        chain = fake_chain()
        chain.confirmations = 3
        outbox.queue(63, 64)
        outbox.run(chain)
        chain.replace(2, keep=False)
        outbox.run(chain)
        assert outbox.states() == [LANDED, LANDED]
        assert len(set(chain.given)) == 2, "the same bytes"
        chain.mine(4)
        outbox.run(chain)
        assert outbox.states() == [FINAL, FINAL]
        assert [nonce for _, nonce, _ in chain.landed] == [0, 1]

    def test_what_the_network_put_into_another_block_itself_is_followed_there(
        self, fake_chain, outbox
    ):
        chain = fake_chain()
        chain.confirmations = 3
        outbox.queue(65)
        outbox.run(chain)
        before = outbox.find("m65").block_hash
        chain.replace(1, keep=True)
        outbox.run(chain)
        message = outbox.find("m65")
        assert message.state == LANDED
        assert message.block_hash not in {None, before}

    def test_a_receipt_of_another_fork_does_not_count_as_final(self, fake_chain, outbox):
        class Forked(fake_chain):
            def receipt(self, transaction_hash: str) -> Any:
                found = super().receipt(transaction_hash)
                return found and type(found)(
                    found.transaction_hash, True, found.block, "0xother", 1, None
                )

        chain = Forked()
        outbox.queue(67)
        outbox.run(chain)
        assert outbox.states() == [LANDED]
        outbox.run(chain)
        assert outbox.states() == [LANDED]

    def test_a_refusal_counts_once_its_block_is_final(self, fake_chain, outbox):
        """What the contract refuses now, it may take once the newest blocks are others."""
        chain = fake_chain()
        chain.confirmations = 2
        refusal = ContractRefusedError(contract="Funds", error="FundsRouteClosed", values={})
        chain.refusals = [refusal] * 3
        outbox.queue(69)
        for _ in range(3):
            outbox.run(chain)
        assert outbox.states() == [QUEUED]
        chain.refusals = []
        outbox.run(chain)
        assert outbox.states() == [LANDED]


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
        self, fake_chain, outbox, signer, refusal, reason
    ):
        chain = fake_chain()
        chain.refusals = [refusal]
        outbox.queue(81, 82)
        outbox.run(chain)
        assert outbox.states() == [FAILED, FINAL]
        assert chain.nonce_of(signer.address) == 1
        assert outbox.find("m81").last_error == reason
        with Reading(outbox.database, outbox.log_id) as view:
            assert view.outbox.pending() == []

    def test_a_real_contract_says_why(self, scene, outbox):
        with UnitOfWork(outbox.database, outbox.log_id) as work:
            arguments = [99, f"0x{1:040x}", True]
            work.outbox.queue("m", "Bureaus", "setOfficer", arguments, at=outbox.clock.now())
            work.commit()
        outbox.run(scene.gateway)
        assert outbox.states() == [FAILED]
        assert outbox.find("m").last_error.startswith("Bureaus.BureausLogUnknown")

    def test_a_failed_message_can_be_sent_after_all(self, fake_chain, outbox):
        chain = fake_chain()
        chain.reverts = True
        outbox.queue(91)
        outbox.run(chain)
        assert outbox.states() == [FAILED]
        chain.reverts = False
        with UnitOfWork(outbox.database, outbox.log_id) as work:
            assert work.outbox.retry("m91")
            work.commit()
        outbox.run(chain)
        assert outbox.states() == [FINAL]
        with UnitOfWork(outbox.database, outbox.log_id) as work:
            assert not work.outbox.retry("m91")
            assert not work.outbox.retry("never heard of")

    def test_arguments_that_the_fake_takes_are_those_of_the_row(self, fake_chain, outbox):
        chain = fake_chain()
        outbox.queue(99)
        outbox.run(chain)
        assert f"{99:040x}" in json.loads(chain.landed[0][2])[4].lower()
