"""`anxu chain verify`, `status`, `rebuild-index`, and the look at endpoints before a node serves."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace

import pytest
from devnet.faults import FaultProxy, stale, wrong_answer, wrong_chain

from ledger.chain.artifacts import load_artifact
from ledger.chain.code_check import CodeState, check_code
from ledger.chain.deployment import Manifest
from ledger.config import NodeSettings
from ledger.errors import BehindAtStartError, ContractCodeError, WrongChainError
from ledger.evidence.encoding import LogId
from ledger.governing import suspending
from ledger.node import open_node
from scripts.cli.acting import carry_out
from scripts.cli.chain_checks import check_at_start
from scripts.cli.output import Output


def anxu(*arguments: object) -> tuple[int, dict]:
    """Exit code and JSON answer of a command."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.cli", *map(str, arguments), "--json"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout) if done.stdout else {"said": done.stderr}


@pytest.fixture
def proxy(network):
    with FaultProxy(network.chain.rpc_url) as proxy:
        yield proxy


class TestVerify:
    def test_the_networks_code_is_the_manifests_and_this_softwares(self, network):
        code, document = anxu("chain", "verify", "--manifest", network.layout.manifest)
        assert (code, document["holds"], document["chain_id"]) == (0, True, 31_415)
        (endpoint,) = document["endpoints"]
        assert endpoint["endpoint"] == network.chain.rpc_url
        contracts = {each["contract"]: each for each in endpoint["contracts"]}
        assert contracts.keys() == network.manifest.contracts.keys()
        for name, each in contracts.items():
            assert (each["manifest"], each["artifact"]) == ("same", "same")
            assert each["code_hash"] == network.manifest.contracts[name].code_hash

    def test_immutables_alone_are_left_out_of_the_comparison(self, network, proxy):
        """A byte of an immutable may differ, every other byte counts."""
        places = {
            index
            for start, length in load_artifact("Checkpoints").immutable_places
            for index in range(start, start + length)
        }
        size = len(load_artifact("Checkpoints").deployed_bytecode)
        ordinary = next(index for index in range(size) if index not in places)
        address = network.manifest.contracts["Checkpoints"].address
        for index, expected in ((min(places), CodeState.SAME), (ordinary, CodeState.OTHER)):

            def change(_method, params, result, at=index):
                if params[0].lower() != address.lower():
                    return result
                place = 2 + 2 * at
                return (
                    result[:place]
                    + ("00" if result[place : place + 2] != "00" else "01")
                    + (result[place + 2 :])
                )

            proxy.inject(wrong_answer("eth_getCode", change=change))
            check = check_code(network.manifest, proxy.rpc_url)
            found = {each.contract: each for each in check.contracts}
            assert found["Checkpoints"].artifact is expected
            assert found["Checkpoints"].manifest is CodeState.OTHER
            assert found["Bureaus"].holds
            assert not check.holds
            proxy.heal()

    def test_what_differs_is_named_and_the_exit_code_says_so(self, network, proxy):
        gone = network.manifest.contracts["Funds"].address.lower()
        proxy.inject(
            wrong_answer("eth_getCode", change=lambda _m, p, r: "0x" if p[0].lower() == gone else r)
        )
        code, document = anxu(
            "chain", "verify", "--manifest", network.layout.manifest, "--rpc", proxy.rpc_url,
            "--rpc", network.chain.rpc_url,
        )  # fmt: skip
        assert (code, document["holds"]) == (1, False)
        first, second = document["endpoints"]
        assert (first["holds"], second["holds"]) == (False, True)
        states = {each["contract"]: each["manifest"] for each in first["contracts"]}
        assert states.pop("Funds") == "none"
        assert set(states.values()) == {"same"}

    def test_another_chain_is_not_the_manifests(self, network, proxy):
        proxy.inject(wrong_chain(1))
        check = check_code(network.manifest, proxy.rpc_url)
        assert (check.chain_id, check.expected_chain_id, check.holds) == (1, 31_415, False)


class TestIndex:
    def test_rebuilt_it_holds_the_same_and_says_how_far_it_is(self, network):
        network.settle()
        node = network.layout.node("hefei")
        context = network.context("hefei")

        def rows():
            with context.read() as view:
                names = network.manifest.contracts
                return list(view.events.all(*names)), view.events.totals()

        events, totals = rows()
        code, document = anxu("chain", "rebuild-index", "--node", node)
        assert (code, document["events"]) == (0, len(events))
        assert document["index"]["trouble"] is None
        assert document["index"]["checked_block"] == document["index"]["block"]
        again, sums = rows()
        assert again == events
        assert [(each.name, each.value) for each in sums] == [
            (each.name, each.value) for each in totals
        ]
        code, shown = anxu("chain", "status", "--manifest", network.layout.manifest, "--node", node)
        assert code == 0
        assert shown["index"]["lag_blocks"] == 0
        assert [each["state"] for each in shown["endpoints"]] == ["usable"]


class TestStart:
    """What `anxu node serve` says before it serves."""

    @pytest.fixture
    def gateway(self, network, proxy):
        def made(*urls: str, **changes):
            context = network.context("hefei")
            manifest = replace(Manifest.load(network.layout.manifest), **changes)
            return type(context.chain.gateway)(manifest, urls or (proxy.rpc_url,))

        return made

    def test_a_good_endpoint_is_passed_over_in_silence(self, gateway, capsys):
        check_at_start(Output(), gateway())
        assert capsys.readouterr() == ("", "")

    @pytest.mark.parametrize(
        ("fault", "refusal", "words"),
        [
            (wrong_chain(1), WrongChainError, "The endpoint serves chain 1"),
            (wrong_answer("eth_getCode"), ContractCodeError, "the manifest names"),
        ],
    )
    def test_another_network_is_refused_with_what_where_and_how_to_mend(
        self, gateway, proxy, capsys, fault, refusal, words
    ):
        proxy.inject(fault)
        with pytest.raises(refusal) as caught:
            check_at_start(Output(), gateway())
        said = capsys.readouterr().err
        assert proxy.rpc_url in said
        assert words in said
        assert caught.value.advice() in said

    def test_a_lagging_endpoint_is_not_used_and_named(self, gateway, capsys, proxy):
        late = gateway(stale_after_seconds=1, offset_seconds=10**7)
        check_at_start(Output(language="zh"), late)
        said = capsys.readouterr().err
        assert proxy.rpc_url in said
        assert "rpc_urls" in said
        assert "恢复后自动补上" in said

    def test_a_node_starts_without_its_chain(self, gateway, proxy, capsys):
        proxy.down()
        check_at_start(Output(), gateway())
        assert "starts without a chain" in capsys.readouterr().err

    def test_one_refused_endpoint_of_three_is_named_and_the_others_serve(
        self, network, gateway, proxy, capsys
    ):
        with ExitStack() as stack:
            second = stack.enter_context(FaultProxy(network.chain.rpc_url))
            proxy.inject(wrong_chain(1))
            three = gateway(proxy.rpc_url, second.rpc_url, network.chain.rpc_url)
            check_at_start(Output(), three)
            said = capsys.readouterr().err
        assert proxy.rpc_url in said
        assert second.rpc_url not in said

    @pytest.mark.parametrize("why", ["eth_syncing", "final"])
    def test_serve_refuses_to_start_with_what_is_behind(self, network, proxy, why):
        """By its own word, or by blocks that this node has seen final: nobody else is needed."""
        network.settle()
        directory = network.layout.node("hefei")
        settings = NodeSettings.load(directory)
        newest = network.context("hefei").chain.gateway.latest_block().number
        with network.context("hefei").read() as view:
            (seen, _), *_ = view.finality.recent()
        told = {"currentBlock": hex(newest), "highestBlock": hex(newest + 90)}
        if why == "final":
            proxy.inject(stale(seen - 1))
            expected = f"(block {seen - 1} < {seen}, final)"
        else:
            proxy.inject(wrong_answer("eth_syncing", change=lambda _m, _p, _r: told))
            expected = f"(block {newest} < {newest + 90}, eth_syncing)"
        try:
            replace(settings, rpc_urls=(proxy.rpc_url,)).save(directory)
            code, said = anxu("node", "serve", directory)
        finally:
            settings.save(directory)
        assert code != 0
        words = json.dumps(said)
        assert "behind-at-start" in words
        assert f"{proxy.rpc_url} {expected}" in words

    def test_what_sends_refuses_too_and_queues_nothing(self, network, proxy):
        network.settle()
        directory = network.layout.node("supervisor")
        settings = NodeSettings.load(directory)
        with network.context("supervisor").read() as view:
            (seen, _), *_ = view.finality.recent()
            queued = view.outbox.all()
        proxy.inject(stale(seen - 1))
        try:
            replace(settings, rpc_urls=(proxy.rpc_url,)).save(directory)
            with open_node(directory) as node:
                context = node.context
                with pytest.raises(BehindAtStartError):
                    carry_out(Output(), node, [suspending(1, b"\x01" * 32)], 0)
                signer = context.keys.secp256k1("freezer")
                with pytest.raises(BehindAtStartError) as refusal:
                    context.chain.gateway.transact(signer, "Bureaus", "suspend", [1, b"\x01" * 32])
                with context.read() as view:
                    assert view.outbox.all() == queued
        finally:
            settings.save(directory)
        assert (refusal.value.able, refusal.value.needed) == (0, 1)
        assert not network.context("hefei").chain.bureau(LogId(1)).suspended

    def test_serve_ends_with_the_refusal(self, network, proxy):
        directory = network.layout.node("hefei")
        settings = NodeSettings.load(directory)
        proxy.inject(wrong_chain(1))
        try:
            replace(settings, rpc_urls=(proxy.rpc_url,)).save(directory)
            code, said = anxu("node", "serve", directory)
        finally:
            settings.save(directory)
        assert code != 0
        assert "wrong-chain" in json.dumps(said)
