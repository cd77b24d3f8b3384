"""A real network of validators, and Anxu on it: what it notices when some of them die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from devnet import programs
from devnet.client import ask, order
from devnet.clique import peers_file
from devnet.errors import (
    BirthMismatchError,
    DirectoryInUseError,
    NetworkNotFoundError,
    SettingsError,
    StartError,
)
from devnet.mending import Seat, Watch, begin, mend, take_back
from devnet.network import PoaNetwork

from api.serving import serving
from ledger.birth import deploy_network, enrol_bureau, init_node
from ledger.chain.endpoints import EndpointState
from ledger.chain.finality import SIGNERS, Finality, open_header
from ledger.node import Node, open_node
from ledger.ports import BEIJING
from scripts.cli.main import run
from scripts.journey.layout import MINIMUM_LINES, NANJING, SUPERVISOR, Layout, new_node

pytestmark = pytest.mark.timeout(900)  # the first run on a machine builds geth

SILENT_SECONDS = 8
PATIENCE_SECONDS = 90
SILENCE_SECONDS = 4
HASHES_ONLY = False
BANNER = 'class="outage" role="status"'

Wait = Callable[..., None]


def heads(network: PoaNetwork) -> list[int | None]:
    return [each.block for each in network.status()]


def newest(network: PoaNetwork) -> int:
    return max(block or 0 for block in heads(network))


def launched(network: PoaNetwork, number: int) -> Seat:
    """This validator, started; it makes no blocks yet."""
    network._launch(programs.geth(), number, detached=False)
    return network._running()[-1]


def all_have(network: PoaNetwork, numbers: Sequence[int], block: int) -> bool:
    """Whether this block is the newest of each of these validators."""
    return all(heads(network)[number - 1] == block for number in numbers)


class TestValidators:
    def test_four_processes_make_blocks_in_turns(self, poa_network: PoaNetwork) -> None:
        found = poa_network.status()
        assert [each.number for each in found] == [1, 2, 3, 4]
        assert len({each.pid for each in found}) == 4
        assert {each.peers for each in found} == {3}
        url = poa_network.rpc_urls[0]
        first = newest(poa_network)
        while newest(poa_network) < first + 8:
            time.sleep(0.2)
        signers = {
            open_header(ask(url, "eth_getBlockByNumber", hex(number), HASHES_ONLY)).signer
            for number in range(1, first + 8)
        }
        assert signers == {each.address for each in poa_network.validators}

    def test_the_rules_are_londons_and_gas_is_free(self, poa_network: PoaNetwork) -> None:
        block = ask(poa_network.rpc_urls[0], "eth_getBlockByNumber", "latest", HASHES_ONLY)
        assert block["baseFeePerGas"] == "0x0"
        assert "withdrawals" not in block  # those came after London
        assert ask(poa_network.rpc_urls[0], "clique_getSigners") == sorted(
            each.address.lower() for each in poa_network.validators
        )

    def test_secrets_are_for_their_owner_only(self, poa_network: PoaNetwork) -> None:
        for number in poa_network.numbers:
            home = poa_network.home(number)
            for path in (
                home / "password",
                *(home / "keystore").iterdir(),
                home / "geth" / "nodekey",
            ):
                assert path.stat().st_mode & 0o077 == 0

    def test_one_of_four_may_die_and_comes_back(
        self, poa_network: PoaNetwork, wait_until: Wait
    ) -> None:
        assert poa_network.kill(2)
        assert not poa_network.kill(2)
        before = newest(poa_network)
        wait_until(lambda: newest(poa_network) >= before + 4)
        assert heads(poa_network)[1] is None
        poa_network.start_validator(2)
        wait_until(lambda: poa_network.common_block() > before, PATIENCE_SECONDS)


class TestDirectory:
    def test_what_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(NetworkNotFoundError):
            PoaNetwork.load(tmp_path)

    def test_a_network_is_born_once(self, poa_network: PoaNetwork) -> None:
        with pytest.raises(DirectoryInUseError):
            PoaNetwork.create(poa_network.directory)
        with pytest.raises(BirthMismatchError, match="born with validators 4, not 3"):
            PoaNetwork.open(poa_network.directory, validators=3, report=print)
        found = PoaNetwork.load(poa_network.directory)
        assert found.rpc_urls == poa_network.rpc_urls
        assert [each.pid for each in found.status()] == [each.pid for each in poa_network.status()]

    def test_a_second_owner_is_refused(self, poa_network: PoaNetwork) -> None:
        with pytest.raises(DirectoryInUseError):
            PoaNetwork.load(poa_network.directory).start()

    @pytest.mark.parametrize(
        "wrong", [{"validators": 0}, {"validators": 17}, {"period_seconds": 0}]
    )
    def test_numbers_out_of_bounds_are_refused(self, tmp_path: Path, wrong: dict[str, int]) -> None:
        with pytest.raises(SettingsError):
            PoaNetwork.create(tmp_path / "network", **wrong)
        with pytest.raises(SettingsError):
            PoaNetwork(tmp_path, 1, 1, []).kill(1)

    def test_it_ends_with_its_owner_however_that_ends(
        self, tmp_path: Path, wait_until: Wait
    ) -> None:
        directory = tmp_path / "network"
        program = (
            "import sys; from pathlib import Path; from devnet.network import PoaNetwork\n"
            f"n = PoaNetwork.create(Path({str(directory)!r}), validators=1); n.start()\n"
            "print('up', flush=True); sys.stdin.read()"
        )
        owner = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        network = PoaNetwork.load(directory)
        assert network.pid(1) is not None
        with pytest.raises(StartError, match="taken by another program"):
            _on_the_same_ports(network, tmp_path / "other").start()
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        wait_until(lambda: network.pid(1) is None)
        for stream in (owner.stdin, owner.stdout):
            assert stream is not None
            stream.close()
        network.reset()
        with pytest.raises(NetworkNotFoundError):
            PoaNetwork.load(directory)


def _on_the_same_ports(network: PoaNetwork, directory: Path) -> PoaNetwork:
    directory.mkdir()
    return PoaNetwork(directory, network.chain_id, 1, network.validators)


class TestCommands:
    def test_a_validator_is_killed_looked_at_and_started_again(
        self, poa_network: PoaNetwork, capsys: Any, wait_until: Wait
    ) -> None:
        where = ["--directory", str(poa_network.directory)]

        def run_json(*arguments: str) -> tuple[int, Any]:
            code = run(["devnet", "network", *arguments, *where, "--json"])
            return code, json.loads(capsys.readouterr().out)

        code, found = run_json("status")
        assert code == 0
        assert found["rpc_urls"] == poa_network.rpc_urls
        assert [each["peers"] for each in found["validators"]] == [3, 3, 3, 3]
        assert run_json("kill", "4") == (0, {"killed": True})
        assert run_json("kill", "4") == (1, {"killed": False})
        code, found = run_json("status")
        assert (code, found["validators"][3]["block"], found["common_block"]) == (0, None, 0)
        assert run_json("start", "4") == (0, {"started": True})
        wait_until(lambda: poa_network.common_block() > 0, PATIENCE_SECONDS)
        code, found = run_json("logs", "4", "--lines", "3")
        assert len(found["lines"]) == 3
        assert run(["devnet", "network", "kill", "9", *where]) == 64

    def test_a_detached_network_outlives_the_command_until_it_is_told_to_go(
        self, tmp_path: Path, capsys: Any
    ) -> None:
        where = ["--directory", str(tmp_path / "network")]
        begin_it = ["devnet", "network", "up", "--detach", "--validators", "1", *where]
        try:
            assert run(begin_it) == 0
            pids = [each.pid for each in PoaNetwork.load(tmp_path / "network").status()]
            assert run(begin_it) == 0  # it runs already: nothing is started twice
            assert [each.pid for each in PoaNetwork.load(tmp_path / "network").status()] == pids
            capsys.readouterr()
            assert run(["devnet", "network", "down", *where, "--json"]) == 0
            assert json.loads(capsys.readouterr().out) == {"stopped": 1}
            assert run(["devnet", "network", "status", *where]) == 1
        finally:
            assert run(["devnet", "network", "reset", *where]) == 0
        assert list((tmp_path / "network").iterdir()) == []

    def test_without_a_network_it_says_how_to_make_one(self, tmp_path: Path, capsys: Any) -> None:
        assert run(["devnet", "network", "status", "--directory", str(tmp_path)]) == 1
        assert "anxu devnet network up" in capsys.readouterr().err


class TestSplit:
    def test_a_split_that_cannot_end_is_ended(self, tmp_path: Path, wait_until: Wait) -> None:
        """Two pairs that never met: each makes two blocks, then all four have signed too recently."""
        network = PoaNetwork.create(tmp_path / "network")
        pairs = ((1, 2), (3, 4))
        for pair in pairs:
            for number in pair:
                known = [network.validators[other - 1] for other in pair]
                (network.home(number) / "peers.toml").write_text(peers_file(known))
        network._own()
        try:
            for pair in pairs:
                # one after the other: two that begin at once may split the pair as well
                first = launched(network, pair[0])
                begin([first], [first])
                wait_until(partial(all_have, network, pair[:1], 1), PATIENCE_SECONDS)
                both = [first, launched(network, pair[1])]
                wait_until(partial(all_have, network, pair, 1), PATIENCE_SECONDS)
                begin(both[1:], both)
                wait_until(partial(all_have, network, pair, 2), PATIENCE_SECONDS)
            seats = network._running()
            assert heads(network) == [2, 2, 2, 2]
            found = [each.block() for each in seats]
            assert len({each["hash"] for each in found}) == 2
            taken_back = take_back(seats, found)
            assert len(taken_back) == 2
            assert sorted(heads(network)) == [0, 0, 2, 2]
            for seat in seats:
                for validator in network.validators:
                    order(seat.private_socket, "admin_addPeer", validator.enode)
            begin(taken_back, seats)
            watch = Watch()  # as the network's keeper does: four that begin may split again
            wait_until(
                lambda: not watch.look(seats) and network.common_block() > 2, PATIENCE_SECONDS
            )
        finally:
            network.stop()

    def test_heads_that_agree_or_move_are_left_alone(self, poa_network: PoaNetwork) -> None:
        seats = poa_network._running()
        block = seats[0].block()
        assert not mend(seats[:2], [block, block])
        watch = Watch()
        assert not watch.look(seats)
        assert not watch.look([replace(seats[0], rpc_url="http://127.0.0.1:9")])


# --- Anxu on it ---------------------------------------------------------------------------------


class Anxu:
    """A supervisor and a bureau that work by themselves, on all four validators."""

    def __init__(self, nodes: dict[str, Node]) -> None:
        self.bureau = nodes[NANJING]
        self.chain = self.bureau.context.chain.gateway

    def ready(self) -> tuple[int, dict[str, Any]]:
        url = f"{self.bureau.context.settings.endpoint}/ready"
        answer = httpx.get(url, trust_env=False, timeout=60)
        return answer.status_code, answer.json()

    def page(self) -> httpx.Response:
        url = f"{self.bureau.context.settings.endpoint}/verify"
        return httpx.get(url, trust_env=False, timeout=60)

    def is_anchored(self) -> bool:
        with self.bureau.context.read() as view:
            last = view.log.last_checkpoint(final=True)
            size = view.log.head().size
            return last is not None and last.size == size and not view.outbox.pending()

    def states(self) -> dict[str, EndpointState]:
        return {each.endpoint: each.state for each in self.chain.health()}


@pytest.fixture(scope="module")
def anxu(
    poa_network: PoaNetwork, make: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Anxu]:
    layout = Layout(tmp_path_factory.mktemp("anxu"))
    today = datetime.now(BEIJING).date()
    plan = layout.plan(seed=1, scale="small", as_of=today, engine="sqlite", chain="network")
    for name in (SUPERVISOR, NANJING):
        make.make_quick_keys(layout.node(name))
    validators = tuple(each.address for each in poa_network.validators)
    supervisor = new_node(SUPERVISOR, plan, None)
    deployed = deploy_network(
        layout.manifest, poa_network.rpc_urls[0], layout.node(SUPERVISOR), supervisor,
        minimum_lines=MINIMUM_LINES, network="poa", as_of=today.isoformat(),
        finality=Finality(SIGNERS, validators=len(validators), signers=validators),
    )  # fmt: skip
    manifest = replace(
        deployed, rpc_urls=tuple(poa_network.rpc_urls), stale_after_seconds=SILENT_SECONDS
    )
    init_node(layout.node(SUPERVISOR), manifest, supervisor)
    init_node(layout.node(NANJING), manifest, new_node(NANJING, plan, None))
    enrol_bureau(layout.node(NANJING), layout.node(SUPERVISOR), None)
    with ExitStack() as stack:
        nodes = {
            name: stack.enter_context(open_node(layout.node(name)))
            for name in (SUPERVISOR, NANJING)
        }
        stop, threads = threading.Event(), []
        for node in nodes.values():
            stack.enter_context(serving(node))
            threads.append(threading.Thread(target=node.worker.run, args=(stop,)))
            threads[-1].start()
        yield Anxu(nodes)
        stop.set()
        for thread in threads:
            thread.join()


class TestAnxuOnValidators:
    """In this order: each begins where the one before ended."""

    def test_a_checkpoint_counts_once_enough_validators_have_built_on_it(
        self, anxu: Anxu, poa_network: PoaNetwork, make: Any, wait_until: Wait
    ) -> None:
        make.record(anxu.bureau.context, make.payment(make.identity_number(1), 202608))
        wait_until(anxu.is_anchored, PATIENCE_SECONDS)
        with anxu.bureau.context.read() as view:
            last = view.log.last_checkpoint(final=True)
        assert last is not None
        newest_block, final = anxu.chain.newest_and_final()
        following = range(final.number + 1, newest_block.number + 1)
        url = poa_network.rpc_urls[0]
        signers = {
            open_header(ask(url, "eth_getBlockByNumber", hex(number), HASHES_ONLY)).signer
            for number in following
        }
        assert len(signers) >= 3
        assert anxu.ready()[0] == 200

    def test_with_one_validator_dead_nothing_is_felt(
        self, anxu: Anxu, poa_network: PoaNetwork, make: Any, wait_until: Wait
    ) -> None:
        poa_network.kill(1)  # the one that is asked first
        make.record(anxu.bureau.context, make.payment(make.identity_number(2), 202608))
        wait_until(anxu.is_anchored, PATIENCE_SECONDS)
        anxu.chain.examine()
        status, report = anxu.ready()
        assert (status, report["chain"], report["stopped"]) == (200, "ok", {})
        page = anxu.page()
        assert (page.status_code, page.headers["anxu-chain"], BANNER in page.text) == (
            200,
            "ok",
            False,
        )
        states = list(anxu.states().values())
        assert states[0] is EndpointState.UNREACHABLE
        assert states[1:] == [EndpointState.USABLE] * 3

    def test_with_two_dead_it_takes_and_queues_and_says_so(
        self, anxu: Anxu, poa_network: PoaNetwork, make: Any, wait_until: Wait
    ) -> None:
        poa_network.kill(2)
        make.record(anxu.bureau.context, make.payment(make.identity_number(3), 202608))
        wait_until(lambda: anxu.ready()[1]["chain"] != "ok", PATIENCE_SECONDS)
        stopped_at = newest(poa_network)
        time.sleep(SILENCE_SECONDS)
        assert newest(poa_network) == stopped_at
        status, report = anxu.ready()
        assert (status, report["status"], report["database"]) == (503, "degraded", "ok")
        assert report["chain"] == "chain-unavailable"
        assert sorted(anxu.states().values()) == ["lagging"] * 2 + ["unreachable"] * 2
        page = anxu.page()
        assert (page.status_code, BANNER in page.text) == (200, True)
        assert page.headers["anxu-chain"].startswith("unreachable; since=")
        assert not anxu.is_anchored()
        with anxu.bureau.context.read() as view:
            assert view.log.head().size == 3

    def test_once_they_are_back_it_catches_up_by_itself(
        self, anxu: Anxu, poa_network: PoaNetwork, wait_until: Wait
    ) -> None:
        poa_network.start_validator(1)
        poa_network.start_validator(2)
        wait_until(anxu.is_anchored, PATIENCE_SECONDS)
        wait_until(lambda: anxu.ready()[0] == 200, PATIENCE_SECONDS)
        _, report = anxu.ready()
        assert (report["chain"], report["stopped"]) == ("ok", {})
        wait_until(lambda: BANNER not in anxu.page().text)
