"""`anxu chain deploy` through several endpoints: one chain, none behind, all of them written."""

from __future__ import annotations

import io
import json
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import replace

import pytest
from devnet.client import ask
from devnet.faults import FaultProxy, stale, wrong_answer, wrong_chain
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings

from ledger.chain.connection import ChainConnection
from ledger.chain.deployment import Manifest
from ledger.chain.rollout import require_code_everywhere
from ledger.errors import SettingsError
from scripts.cli.main import run


@pytest.fixture
def chain(tmp_path):
    settings = DevnetSettings(directory=tmp_path / "chain", base_fee_wei=0, testing=True)
    with DevnetProcess(settings) as process:
        ask(process.rpc_url, "evm_mine")
        yield process


@pytest.fixture
def proxies(chain):
    with ExitStack() as stack:
        yield [stack.enter_context(FaultProxy(chain.rpc_url)) for _ in range(2)]


@pytest.fixture
def deploy(chain, proxies, tmp_path, make):
    """Deploys through the chain itself and two more addresses of it: exit code, standard error."""
    make.make_quick_keys(tmp_path / "supervisor")

    def run_it(*more: object) -> tuple[int, str]:
        urls = [chain.rpc_url, *(proxy.rpc_url for proxy in proxies)]
        named = [word for url in urls for word in ("--rpc", url)]
        words = [
            "chain", "deploy", "--manifest", tmp_path / "manifest.json",
            "--supervisor-directory", tmp_path / "supervisor", *named, *more, "--json",
        ]  # fmt: skip
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run([str(each) for each in words])
        return code, err.getvalue() + out.getvalue()

    return run_it


def test_all_endpoints_are_written_with_finality_and_lag(chain, proxies, deploy, tmp_path):
    limits = ("--confirmations", 2, "--lag-blocks", 7, "--stale-after-seconds", 90)
    code, said = deploy(*limits)
    assert code == 0, said
    manifest = Manifest.load(tmp_path / "manifest.json")
    assert manifest.rpc_urls == (chain.rpc_url, *(proxy.rpc_url for proxy in proxies))
    assert (manifest.finality.rule, manifest.finality.blocks) == ("depth", 2)
    assert (manifest.lag_blocks, manifest.stale_after_seconds) == (7, 90)
    for url in manifest.rpc_urls:
        manifest.verify(ChainConnection(url))
    before = ChainConnection(chain.rpc_url).block().number
    code, said = deploy()
    assert code == 0
    assert '"already_deployed":true' in said.replace(" ", "")
    assert ChainConnection(chain.rpc_url).block().number == before


def test_an_endpoint_of_another_chain_is_named_and_nothing_deployed(
    chain, proxies, deploy, tmp_path
):
    proxies[1].inject(wrong_chain(77))
    code, said = deploy()
    assert code != 0
    assert f"{proxies[1].rpc_url} serves chain 77" in said
    assert ChainConnection(chain.rpc_url).block().number == 1
    assert not (tmp_path / "manifest.json").exists()


def test_an_endpoint_that_is_behind_is_named_and_nothing_deployed(chain, proxies, deploy):
    told = {"currentBlock": "0x1", "highestBlock": "0x20"}
    proxies[0].inject(wrong_answer("eth_syncing", change=lambda _m, _p, _r: told))
    code, said = deploy()
    assert code != 0
    assert "behind-at-start" in said
    assert f"{proxies[0].rpc_url} (block 1 < 32, eth_syncing)" in json.loads(json.dumps(said))
    assert ChainConnection(chain.rpc_url).block().number == 1


def test_an_endpoint_that_does_not_show_the_contracts_is_named(chain, proxies, deploy, tmp_path):
    code, said = deploy()
    assert code == 0, said
    manifest = Manifest.load(tmp_path / "manifest.json")
    require_code_everywhere(manifest)
    proxies[1].inject(stale(1))
    with pytest.raises(SettingsError) as refusal:
        require_code_everywhere(manifest, within_seconds=0.3)
    assert refusal.value.setting == "--rpc"
    assert proxies[1].rpc_url in refusal.value.reason
    assert "Council" in refusal.value.reason
    only = replace(manifest, rpc_urls=manifest.rpc_urls[:2])
    require_code_everywhere(only, within_seconds=0)
