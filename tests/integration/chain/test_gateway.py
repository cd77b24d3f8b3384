"""Gateway, deployment and bindings against the embedded chain over JSON-RPC."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import replace

import pytest
from eth_utils import keccak

from ledger.chain.bindings import (
    Account,
    Bindings,
    CaseState,
    ConflictState,
    DisbursementState,
    FreezeOnChain,
    RouteProfileOnChain,
    SettlementState,
)
from ledger.chain.connection import ChainConnection
from ledger.chain.deciding import Call, decide
from ledger.chain.deployment import DeployedContract, Governance, SupervisorInput, deploy
from ledger.chain.finality import Finality
from ledger.chain.gateway import ChainGateway
from ledger.errors import (
    ChainUnavailableError,
    ContractCodeError,
    ContractRefusedError,
    InvalidSignatureError,
    SettingsError,
    TransactionRefusedError,
    WrongChainError,
)
from ledger.funds.model import Movement
from ledger.governing import routing_calls
from ledger.keys.signers import Secp256k1Signer


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def word(text):
    return sha256(text.encode())


class TestDeployment:
    def test_the_manifest_names_what_stands_on_chain(self, scene):
        scene.manifest.verify(scene.connection)
        assert [line.split()[0] for line in scene.reports] == list(scene.manifest.contracts)
        assert scene.manifest.governance["supervisors"][0]["account"] == scene.supervisor.address
        assert scene.bindings.minimum_lines() == 3

    def test_another_chain_is_refused(self, scene):
        other = replace(scene.manifest, chain_id=1)
        with pytest.raises(WrongChainError) as caught:
            ChainGateway(other).latest_block()
        assert caught.value.fields() == {"expected": 1, "actual": 31_415}

    def test_other_code_is_refused(self, scene):
        funds = scene.manifest.contracts["Funds"]
        empty = DeployedContract(address="0x" + "12" * 20, code_hash=funds.code_hash, block=1)
        other = replace(scene.manifest, contracts={**scene.manifest.contracts, "Funds": empty})
        with pytest.raises(ContractCodeError) as caught:
            ChainGateway(other).verify()
        assert caught.value.fields() == {
            "contract": "Funds", "address": empty.address, "expected": funds.code_hash,
            "actual": "0x" + keccak(b"").hex(),
        }  # fmt: skip

    def test_a_deployment_that_broke_off_goes_on_where_it_stopped(self, scene, tmp_path):
        named = SupervisorInput(scene.supervisor.address, b"\x07" * 32, "S", "")
        journal, stood = tmp_path / "manifest.json.part", {}

        def stop_after_some(line):
            name, address = line.split()
            stood[name] = address
            if name == "Checkpoints":
                raise KeyboardInterrupt

        def attempt(lines=3, report=lambda _: None):
            return deploy(
                scene.connection, scene.deployer, Governance((named,)), minimum_lines=lines,
                rpc_url=scene.manifest.rpc_url, journal=journal, report=report,
            )  # fmt: skip

        with pytest.raises(KeyboardInterrupt):
            attempt(report=stop_after_some)
        again = attempt()
        again.verify(scene.connection)
        assert list(stood) == ["Council", "Bureaus", "WorkCalendar", "Checkpoints"]
        assert {name: again.contracts[name].address for name in stood} == stood
        addresses = {each.address for each in scene.manifest.contracts.values()}
        assert addresses.isdisjoint(each.address for each in again.contracts.values())
        nonce = scene.connection.nonce(scene.deployer.address)
        assert attempt() == again
        assert scene.connection.nonce(scene.deployer.address) == nonce
        other = attempt(lines=4)
        assert other.contracts["Council"] == again.contracts["Council"]
        assert other.contracts["Funds"] != again.contracts["Funds"]

    @pytest.mark.parametrize(
        "content",
        [
            "x", "[]", '{"schema": "anxu-deployment/1"}',
            '{"schema": "anxu-deployment/1", "chain_id": 1, "creations": {}}',
            '{"schema": "anxu-deployment/2", "chain_id": 31415, "creations": {}}',
            '{"schema": "anxu-deployment/1", "chain_id": 31415, "creations": {"Funds": 1}}',
        ],
    )  # fmt: skip
    def test_a_journal_that_is_none_or_anothers_is_refused(self, scene, tmp_path, content):
        journal = tmp_path / "manifest.json.part"
        journal.write_text(content)
        named = SupervisorInput(scene.supervisor.address, b"\x07" * 32, "S", "")
        with pytest.raises(SettingsError) as caught:
            deploy(
                scene.connection, scene.deployer, Governance((named,)), minimum_lines=3,
                rpc_url=scene.manifest.rpc_url, journal=journal,
            )  # fmt: skip
        assert caught.value.setting == "manifest.json.part"

    def test_a_constructor_that_refuses_is_told(self, scene):
        with pytest.raises(TransactionRefusedError):
            deploy(scene.connection, scene.deployer, Governance(()), minimum_lines=3, rpc_url="")


class TestSending:
    def test_a_signed_call_can_be_handed_over_again_and_lands_once(self, scene):
        publisher = scene.publishers[1]
        nonce = scene.gateway.nonce_of(publisher.address)
        arguments = [word("benefit"), 1]
        signed = scene.gateway.sign_call(publisher, "Transfers", "claimBenefit", arguments, nonce)
        assert scene.gateway.receipt(signed.hash) is None
        assert scene.gateway.send_raw(signed.raw) == signed.hash
        assert scene.gateway.send_raw(signed.raw) == signed.hash
        receipt = scene.gateway.receipt(signed.hash)
        assert receipt.succeeded
        assert receipt.gas_used > 21_000
        assert receipt.block <= scene.gateway.final_block()
        assert receipt.block_hash == scene.gateway.block_hash(receipt.block)
        assert scene.gateway.nonce_of(publisher.address) == nonce + 1
        assert scene.gateway.final_nonce_of(publisher.address) == nonce + 1
        assert scene.bindings.payer_of(word("benefit")) == 1

    def test_another_transaction_under_a_used_nonce_never_lands(self, scene):
        publisher = scene.publishers[1]
        nonce = scene.gateway.nonce_of(publisher.address)
        first, second = (
            scene.gateway.sign_call(publisher, "Transfers", "claimBenefit", [word(name), 1], nonce)
            for name in ("first", "second")
        )
        scene.gateway.send_raw(first.raw)
        assert scene.gateway.send_raw(second.raw) == second.hash
        assert scene.gateway.receipt(first.hash).succeeded
        assert scene.gateway.receipt(second.hash) is None
        assert scene.bindings.payer_of(word("second")) is None

    def test_a_call_that_fails_on_landing_has_a_receipt_that_says_so(self, scene):
        stranger = scene.publishers[2]
        nonce = scene.gateway.nonce_of(stranger.address)
        signed = scene.gateway.sign_call(
            stranger, "Transfers", "claimBenefit", [word("x"), 1], nonce, gas=200_000
        )
        scene.gateway.send_raw(signed.raw)
        assert not scene.gateway.receipt(signed.hash).succeeded

    def test_an_account_without_gas_money_is_refused(self, scene):
        poor = Secp256k1Signer.from_private(b"\x55" * 32)
        assert scene.gateway.balance_of(poor.address) == 0
        signed = scene.gateway.sign_call(
            poor, "Transfers", "claimBenefit", [word("x"), 1], 0, gas=200_000
        )
        with pytest.raises(TransactionRefusedError) as caught:
            scene.gateway.send_raw(signed.raw)
        assert "insufficient funds" in caught.value.reason

    def test_gas_money_can_be_passed_on(self, scene):
        target = Secp256k1Signer.from_private(b"\x56" * 32).address
        nonce = scene.gateway.nonce_of(scene.deployer.address)
        scene.gateway.send_raw(
            scene.gateway.sign_gas_transfer(scene.deployer, target, 10**18, nonce).raw
        )
        assert scene.gateway.balance_of(target) == 10**18

    def test_a_call_that_would_revert_is_not_signed_without_a_gas_limit(self, scene):
        stranger = scene.publishers[2]
        with pytest.raises(TransactionRefusedError):
            scene.gateway.sign_call(stranger, "Transfers", "claimBenefit", [word("x"), 1], 0)

    def test_a_signer_that_signs_with_another_key_is_found_out(self, scene):
        class Impostor:
            address = scene.publishers[1].address

            def sign_digest(self, digest):
                return scene.publishers[2].sign_digest(digest)

        with pytest.raises(InvalidSignatureError):
            scene.gateway.sign_call(Impostor(), "Transfers", "claimBenefit", [word("y"), 1], 0)


class TestRefusals:
    def test_a_trial_says_what_the_contract_says(self, scene):
        stranger = scene.publishers[2].address
        with pytest.raises(ContractRefusedError) as caught:
            scene.gateway.simulate("Transfers", "claimBenefit", [word("x"), 1], stranger)
        assert caught.value.fields() == {
            "contract": "Transfers", "error": "TransfersNotPublisher", "values": {"log": 1, "caller": stranger},
        }  # fmt: skip

    def test_a_trial_returns_what_the_call_would(self, scene):
        unknown = Secp256k1Signer.from_private(b"\x57" * 32).address
        bureau = (320500, 1, 32, unknown, b"\x57" * 32, b"\x09" * 32, "B", "")
        answer = scene.gateway.simulate("Bureaus", "enrol", [bureau], scene.supervisor.address)
        assert answer == (scene.bindings.log_count() + 1,)

    def test_a_read_that_is_refused_says_so(self, scene):
        with pytest.raises(ContractRefusedError) as caught:
            scene.gateway.read("Bureaus", "poolOf", 99)
        assert (caught.value.error, caught.value.values) == ("BureausLogUnknown", {"log": 99})

    def test_nobody_answers_at_a_closed_port(self, scene):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        gateway = ChainGateway(scene.manifest, f"http://user:secret@127.0.0.1:{port}/path")
        with pytest.raises(ChainUnavailableError) as caught:
            gateway.final_block()
        assert caught.value.endpoint == f"http://127.0.0.1:{port}"
        assert caught.value.retryable
        assert "secret" not in str(caught.value)

    def test_an_endpoint_that_does_not_know_the_block_is_unavailable(self, scene):
        with pytest.raises(ChainUnavailableError):
            scene.gateway.block_hash(10**9)


class TestFinality:
    def test_a_block_is_final_when_enough_others_follow(self, scene):
        latest = scene.gateway.latest_block()
        assert scene.gateway.final_block() == latest.number
        for confirmations, final in ((2, latest.number - 2), (10**6, 0)):
            waiting = ChainGateway(replace(scene.manifest, finality=Finality.after(confirmations)))
            assert waiting.final_block() == final
        waiting = ChainGateway(replace(scene.manifest, finality=Finality.after(latest.number)))
        assert waiting.final_nonce_of(scene.deployer.address) == 0


class TestEvents:
    def test_events_are_decoded_in_order_and_bounded_by_blocks(self, scene):
        events = scene.gateway.events(0, scene.gateway.final_block())
        (named,) = [event for event in events if event.name == "SupervisorNamed"]
        assert named.contract == "Bureaus"
        assert named.arguments["cosignerKey"] == "0x" + "07" * 32
        enrolled = [event for event in events if event.name == "BureauEnrolled"]
        assert [event.arguments["log"] for event in enrolled] == [1, 2, 3, 4]
        assert [(event.block, event.log_index) for event in events] == sorted(
            (event.block, event.log_index) for event in events
        )
        only = scene.gateway.events(enrolled[1].block, enrolled[1].block)
        assert only == [enrolled[1]]
        assert scene.gateway.events(enrolled[1].block, enrolled[1].block, "Funds") == []
        receipt = scene.gateway.receipt(only[0].transaction_hash)
        assert receipt.block == only[0].block
        assert only[0].block_time == scene.connection.block(only[0].block).time


class TestBindings:
    """Each story has logs of its own, so that it can be told alone."""

    def test_bureaus_read_as_they_were_enrolled(self, scene):
        read: Bindings = scene.bindings
        bureaus = read.bureaus()
        assert [(each.log_id, each.region, each.pool) for each in bureaus] == [
            (1, "320100", 32), (2, "340100", 34), (3, "330100", 33), (4, "440100", 44),
        ]  # fmt: skip
        assert bureaus[0].publisher == scene.publishers[1].address
        assert (bureaus[0].log_key, bureaus[0].name) == (b"\x01" * 32, "经办机构 1")
        assert (read.bureau(0), read.bureau(5)) == (None, None)
        assert read.log_id_of(scene.publishers[2].address) == 2
        assert read.log_id_of(scene.deployer.address) is None
        assert (read.log_id_of_key(b"\x02" * 32), read.log_id_of_key(b"\x77" * 32)) == (2, None)
        assert read.is_publisher(1, scene.publishers[1].address)
        assert read.is_officer(3, scene.officers[0].address)
        assert read.is_supervisor(scene.supervisor.address)
        assert [each.name for each in read.supervisors()] == ["基金监管"]
        assert read.key_history(1) == [read.keys_at(1, bureaus[0].enrolled_at)]

    def test_checkpoints_and_conflicts_read_as_they_were_proven(self, scene):
        read, gateway = scene.bindings, scene.gateway
        one, two = scene.publishers[1], scene.publishers[2]
        head, handle = bytes([1, 2, 0, 1]) + (202609).to_bytes(4, "big"), word("handle")
        tag = sha256(b"\x10", head, handle)
        leaves = {log: [tag + word(f"seal {log} {i}") for i in range(2)] for log in (1, 2)}
        hashes = {log: [sha256(b"\x00", leaf) for leaf in leaves[log]] for log in (1, 2)}
        assert read.latest_checkpoint(1) is None
        pair = {log: sha256(b"\x01", *hashes[log]) for log in (1, 2)}
        gateway.transact(one, "Checkpoints", "publish", [1, 1, hashes[1][0], []])
        gateway.transact(one, "Checkpoints", "publish", [1, 2, pair[1], [hashes[1][1]]])
        receipt = gateway.transact(two, "Checkpoints", "publish", [2, 2, pair[2], []])
        latest = read.latest_checkpoint(2)
        assert (latest.size, latest.root, latest.block) == (2, pair[2], receipt.block)
        assert latest.number == read.latest_checkpoint(1).number + 1
        assert read.checkpoint(2, 1) is None
        assert read.checkpoint_count(1) == 2
        assert read.checkpoint_by_index(1, 0).root == hashes[1][0]
        assert read.position(1, 1) == (read.checkpoint(1, 2).number, 2)
        with pytest.raises(ContractRefusedError):
            read.checkpoint_by_index(1, 2)
        kept = [1, 2, 1, tag, leaves[1][1][32:], [hashes[1][0]]]
        assert read.kept_leaf(1, 1) is None
        gateway.transact(two, "Checkpoints", "keepLeaf", kept)
        assert (read.kept_leaf(1, 1).tag, read.kept_leaf(1, 1).size) == (tag, 2)

        proofs = [(log, 2, 0, leaves[log][0][32:], [hashes[log][1]]) for log in (1, 2)]
        gateway.transact(scene.deployer, "Conflicts", "prove", [head, handle, *proofs])
        (conflict,) = read.conflicts()
        assert (conflict.state, conflict.tag, conflict.second_log) == (ConflictState.OPEN, tag, 2)
        assert (read.conflict_id_of(2, 0, 1, 0), read.conflict_id_of(1, 0, 1, 1)) == (1, None)
        gateway.transact(two, "Conflicts", "answer", [1, word("answer")])
        (answer,) = read.conflict_answers(1)
        assert (answer.log_id, answer.reversal_index) == (2, None)
        (conflict,) = read.conflicts()
        assert (conflict.first_answered, conflict.second_answered) == (False, True)
        assert (read.answer_due_at(1), read.is_answer_overdue(1)) == (None, False)

    def test_a_batch_is_opened_proposed_and_paid(self, scene):
        read, gateway, publisher = scene.bindings, scene.gateway, scene.publishers[3]
        gateway.transact(publisher, "Checkpoints", "publish", [3, 4, word("root"), []])
        opening = [3, int(Account.EXPENDITURE), 5_000, word("letter")]
        decide(read, scene.supervisor, [Call("Funds", "openBalance", opening)])
        batch = word("batch")
        assert read.disbursement(batch) is None
        gateway.transact(
            publisher,
            "Funds",
            "proposeDisbursement",
            [3, batch, 0, 4, 4, 900, word("lines"), 202609],
        )
        message = read.approval_digest(batch, 3, 700, word("lines"))
        signatures = [officer.sign_digest(message) for officer in scene.officers]
        gateway.transact(publisher, "Funds", "approveDisbursement", [batch, 3, 700, *signatures])
        found = read.disbursement(batch)
        assert (found.state, found.paid_lines, found.paid_fen) == (
            DisbursementState.APPROVED,
            3,
            700,
        )
        assert (found.maker, found.checker) == tuple(each.address for each in scene.officers)
        assert read.fund_balance(3, Account.EXPENDITURE) == 4_300
        assert read.pool_balance(33, Account.EXPENDITURE) == 4_300
        assert read.fund_totals(3).disbursed_fen == 700
        assert (read.collected_up_to(3), read.payout_registered_up_to(3)) == (0, 4)
        assert read.reference_used(3, batch)
        assert (read.batch_of(3, 2), read.batch_of(3, 4), read.books_holder(3)) == (batch, None, 3)

    def test_routes_and_freezes_read_as_they_were_decided(self, scene):
        read, gateway = scene.bindings, scene.gateway
        assert (read.frozen_until(3), read.freeze_of(3)) == (0, FreezeOnChain(0, 0, 0, False))
        assert read.route_allowed_at(33, Account.TREASURY, Account.FISCAL, 0)
        usual = read.route_profile_at(33, Movement.COLLECTION, 0)
        assert usual == RouteProfileOnChain(0, ((Account.OUTSIDE, Account.TREASURY),))
        legacy = [(Account.OUTSIDE, Account.LEGACY_INCOME)]
        calls = routing_calls(33, Movement.COLLECTION, legacy, 0, word("decision"))
        decide(read, scene.supervisor, calls)
        now = gateway.latest_block().time
        assert read.route_profile_at(33, Movement.COLLECTION, now) == RouteProfileOnChain(
            now, tuple(legacy)
        )
        assert read.route_account_at(33, Movement.COLLECTION, now) is Account.LEGACY_INCOME

    def test_cases_move_and_their_money_is_settled(self, scene):
        read, gateway = scene.bindings, scene.gateway
        one, two = scene.publishers[4], scene.publishers[2]
        opening = [4, int(Account.EXPENDITURE), 5_000, word("letter")]
        decide(read, scene.supervisor, [Call("Funds", "openBalance", opening)])
        cases = [word(f"case {number}") for number in range(3)]
        assert read.transfer_case(cases[0]) is None
        for case in cases:
            segment = sha256(case)
            gateway.transact(two, "Transfers", "request", [case, segment, 4, 2, word("letter")])
            assert read.open_case_of(segment) == case
            gateway.transact(one, "Transfers", "release", [case, word("figures"), word("package")])
        settlement = word("settlement")
        assert (read.settlement(settlement), read.settlement_of(cases[0])) == (None, None)
        gateway.transact(one, "Funds", "sendSettlement", [settlement, 4, 2, 300, cases])
        gateway.transact(two, "Funds", "receiveSettlement", [settlement, 300])
        assert read.settlement(settlement).state is SettlementState.RECEIVED
        assert read.settlement_of(cases[0]) == settlement
        assert read.fund_balance(2, Account.FISCAL) == 300
        gateway.transact(two, "Transfers", "accept", [cases[0], word("figures")])
        found = read.transfer_case(cases[0])
        assert (found.state, found.from_log, found.to_log) == (CaseState.ACCEPTED, 4, 2)
        assert (found.figures_digest, found.reason_digest) == (word("figures"), bytes(32))
        assert (read.holder_of(found.segment_tag), read.open_case_of(found.segment_tag)) == (
            2,
            None,
        )
        assert read.holder_of(word("never")) is None


class TestConnection:
    def test_a_server_that_speaks_no_json_rpc_is_unavailable(self):
        import http.server
        import threading

        class Page(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<html></html>")

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Page)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            with pytest.raises(ChainUnavailableError):
                _ = ChainConnection(f"http://127.0.0.1:{server.server_port}").chain_id
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
