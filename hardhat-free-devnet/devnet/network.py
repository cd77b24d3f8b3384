"""A proof-of-authority network of several validators on this machine, one geth process each.

A directory holds one network: ``network.json`` (what it was born with), ``genesis.json``, and a
folder a validator with its keys, chain, log and process number. Real blocks, real peers, real
forks; everything listens on loopback only.
"""

from __future__ import annotations

import fcntl
import json
import logging
import math
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from devnet import mending, programs
from devnet.client import Unreachable, ask
from devnet.clique import HOST, Validator, arguments, genesis, make_keys, peers_file, private_socket
from devnet.errors import (
    BirthMismatchError,
    DirectoryInUseError,
    NetworkNotFoundError,
    SettingsError,
    StartError,
)
from devnet.packages import Report, silent
from devnet.settings import DEFAULT_CHAIN_ID

if TYPE_CHECKING:
    from typing import Self

NETWORK_FILE: Final = "network.json"
SCHEMA: Final = "anxu-devnet-network/1"
DEFAULT_VALIDATORS: Final = 4
MAX_VALIDATORS: Final = 16
READY_SECONDS: Final = 90.0
STOP_SECONDS: Final = 20.0
_PORTS: Final = range(20_000, 32_000)
"""Below what the system gives to outgoing connections, so that a stopped validator's port stays."""
_POLL_SECONDS: Final = 0.1
_WATCH_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 60.0
"""How long the watch of a detached network stays when no validator runs."""

_log = logging.getLogger("devnet.network")
_LOG_TAIL_BYTES: Final = 4_000
_HASHES_ONLY: Final = False


@dataclass(frozen=True, slots=True)
class ValidatorStatus:
    """One validator as it is now; ``block`` and ``peers`` are None when it does not answer."""

    number: int
    address: str
    rpc_url: str
    pid: int | None
    block: int | None
    block_hash: str | None
    peers: int | None


class PoaNetwork:
    """One network: made by `create`, found again by `load`; validators are numbered from 1.

    As a context manager it starts on entry, ready to use, and stops on exit.
    """

    def __init__(
        self, directory: Path, chain_id: int, period_seconds: int, validators: Sequence[Validator]
    ) -> None:
        self.directory = directory.resolve()
        self.chain_id = chain_id
        self.period_seconds = period_seconds
        self.validators = tuple(validators)
        self._owner_lock: int | None = None
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._stopped = threading.Event()

    @classmethod
    def create(
        cls,
        directory: Path,
        *,
        validators: int = DEFAULT_VALIDATORS,
        chain_id: int = DEFAULT_CHAIN_ID,
        period_seconds: int = 1,
        balances_wei: dict[str, int] | None = None,
        report: Report = silent,
    ) -> PoaNetwork:
        """Make keys, genesis and peers of a new network; nothing runs yet.

        Raises:
            SettingsError: the number of validators, or the period, is out of bounds.
            DirectoryInUseError: the directory holds a network already.
            ProgramMissingError: there is no geth.
        """
        if not 1 <= validators <= MAX_VALIDATORS:
            raise SettingsError("validators", f"must be from 1 to {MAX_VALIDATORS}")
        if period_seconds < 1:
            raise SettingsError("period_seconds", "must be at least 1")
        if (directory / NETWORK_FILE).exists():
            raise DirectoryInUseError(str(directory), None)
        geth = programs.geth(report)
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        ports = _free_ports(3 * validators)
        born = []
        for number in range(1, validators + 1):
            address, peer_key = make_keys(_home(directory, number))
            born.append(Validator(address, peer_key, *(ports.pop() for _ in range(3))))
        document = genesis(
            [each.address for each in born],
            chain_id=chain_id,
            period_seconds=period_seconds,
            balances_wei=balances_wei or {},
        )
        path = directory / "genesis.json"
        path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
        network = cls(directory, chain_id, period_seconds, born)
        for number in network.numbers:
            home = network.home(number)
            (home / "peers.toml").write_text(peers_file(born), "utf-8")
            _init(geth, home, path)
        network._save()
        return network

    @classmethod
    def load(cls, directory: Path) -> PoaNetwork:
        """The network of a directory, running or not.

        Raises:
            NetworkNotFoundError: there is none.
        """
        try:
            facts = json.loads((directory / NETWORK_FILE).read_text("utf-8"))
        except FileNotFoundError:
            raise NetworkNotFoundError(str(directory)) from None
        validators = [Validator(**each) for each in facts["validators"]]
        return cls(directory, facts["chain_id"], facts["period_seconds"], validators)

    @classmethod
    def open(cls, directory: Path, *, validators: int | None = None, report: Report) -> PoaNetwork:
        """The network of a directory; a new one when there is none.

        Raises:
            BirthMismatchError: it was born with another number of validators.
        """
        if not (directory / NETWORK_FILE).exists():
            wanted = DEFAULT_VALIDATORS if validators is None else validators
            return cls.create(directory, validators=wanted, report=report)
        network = cls.load(directory)
        if validators not in {None, len(network.validators)}:
            raise BirthMismatchError("validators", str(len(network.validators)), str(validators))
        return network

    @property
    def numbers(self) -> range:
        """The validators' numbers."""
        return range(1, len(self.validators) + 1)

    @property
    def rpc_urls(self) -> list[str]:
        """Where the validators answer, in the order of their numbers."""
        return [each.rpc_url for each in self.validators]

    def home(self, number: int) -> Path:
        """The folder of a validator."""
        return _home(self.directory, number)

    def log(self, number: int) -> Path:
        """The log of a validator."""
        return self.home(number) / "geth.log"

    def start(self, *, detached: bool = False, report: Report = silent) -> None:
        """Start every validator that does not run, and wait until they make blocks together.

        Without ``detached`` they end when this process ends, however that happens.

        Raises:
            DirectoryInUseError: another process owns this network.
            StartError: one of them ended, or no common block came in time.
            ProgramMissingError: there is no geth.
        """
        geth = programs.geth(report)
        if not detached:
            self._own()
        self._stopped.clear()
        started = [each for each in self.numbers if self._launch(geth, each, detached=detached)]
        mending.begin([self._seat(each) for each in started], self._running())
        self.wait_ready()
        if detached and started:
            self._watch_detached()
        elif not detached:
            threading.Thread(target=self.watch, daemon=True).start()

    def start_validator(self, number: int) -> None:
        """Start one validator again; it ends with the network's owner, if it has one."""
        self._require(number)
        detached = self._owner_lock is None and not self._owned()
        if self._launch(programs.geth(), number, detached=detached):
            mending.begin([self._seat(number)], self._running())

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until all validators answer and hold a common block after block 0.

        Raises:
            StartError: it did not happen in time.
        """
        deadline, watch = time.monotonic() + seconds, mending.Watch()
        while True:
            for number in self.numbers:
                if self.pid(number) is None:
                    raise StartError(f"validator {number} ended", _tail(self.log(number)))
            if self.common_block() > 0:
                return
            watch.look(self._running())
            if time.monotonic() > deadline:
                raise StartError(f"no common block after {seconds:.0f} s", _tail(self.log(1)))
            time.sleep(_POLL_SECONDS)

    def common_block(self) -> int:
        """The newest block that all validators hold; 0 when one of them does not answer."""
        try:
            newest = min(int(ask(url, "eth_blockNumber"), 16) for url in self.rpc_urls)
            blocks = {
                ask(url, "eth_getBlockByNumber", hex(newest), _HASHES_ONLY)["hash"]
                for url in self.rpc_urls
            }
        except (Unreachable, TypeError):
            return 0
        return newest if len(blocks) == 1 else 0

    def pid(self, number: int) -> int | None:
        """The process of a validator, or None."""
        self._require(number)
        try:
            pid = int((self.home(number) / "pid").read_text("utf-8"))
            running = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if f"--datadir={self.home(number)}".encode() in running.split(b"\0") else None

    def kill(self, number: int) -> bool:
        """End a validator as a power cut would; False when it did not run."""
        return self._signal(number, signal.SIGKILL)

    def stop_validator(self, number: int) -> bool:
        """End a validator in order; False when it did not run."""
        return self._signal(number, signal.SIGTERM)

    def stop(self) -> int:
        """End all validators; how many ran."""
        self._stopped.set()
        with ThreadPoolExecutor() as several:
            stopped = sum(several.map(self.stop_validator, self.numbers))
        for child in self._children.values():
            child.wait()
        self._children.clear()
        if self._owner_lock is not None:
            os.close(self._owner_lock)
            self._owner_lock = None
        return stopped

    def reset(self) -> None:
        """Stop it and delete it with everything that was recorded on it."""
        self.stop()
        for number in self.numbers:
            shutil.rmtree(self.home(number), ignore_errors=True)
        for name in ("genesis.json", "owner.lock", "watcher.log", NETWORK_FILE):
            (self.directory / name).unlink(missing_ok=True)

    def status(self) -> list[ValidatorStatus]:
        """Every validator as it is now."""
        return [self._status(number) for number in self.numbers]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _status(self, number: int) -> ValidatorStatus:
        validator, block, peers = self.validators[number - 1], None, None
        pid = self.pid(number)
        if pid is not None:
            try:
                block = ask(validator.rpc_url, "eth_getBlockByNumber", "latest", _HASHES_ONLY)
                peers = int(ask(validator.rpc_url, "net_peerCount"), 16)
            except Unreachable:
                block = None
        return ValidatorStatus(
            number=number,
            address=validator.address,
            rpc_url=validator.rpc_url,
            pid=pid,
            block=None if block is None else int(block["number"], 16),
            block_hash=None if block is None else str(block["hash"]),
            peers=peers,
        )

    def watch(self, idle_seconds: float = math.inf) -> None:
        """Mend splits until `stop`, or until no validator has run for so long.

        See `devnet.mending`.
        """
        watch, seen = mending.Watch(), time.monotonic()
        while not self._stopped.wait(_WATCH_SECONDS) and time.monotonic() - seen < idle_seconds:
            if not (self.directory / NETWORK_FILE).exists():
                return
            seats = self._running()
            if seats:
                seen = time.monotonic()
            if watch.look(seats):
                _log.warning("mended a split that could not end")

    def _watch_detached(self) -> None:
        """A process of its own that ends by itself soon after the last validator."""
        with (self.directory / "watcher.log").open("ab") as log:
            subprocess.Popen(
                [sys.executable, "-m", "devnet.network", str(self.directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _seat(self, number: int) -> mending.Seat:
        return mending.Seat(self.validators[number - 1].rpc_url, private_socket(self.home(number)))

    def _running(self) -> list[mending.Seat]:
        return [self._seat(number) for number in self.numbers if self.pid(number) is not None]

    def _launch(self, geth: Path, number: int, *, detached: bool) -> bool:
        """Start a validator's process; False when it runs already."""
        if self.pid(number) is not None:
            return False
        home, validator = self.home(number), self.validators[number - 1]
        for port in (validator.p2p_port, validator.engine_port, validator.rpc_port):
            if not is_free(port):
                raise StartError(
                    f"port {port} of validator {number} is taken by another program", ""
                )
        command = [str(geth), *arguments(home, validator, chain_id=self.chain_id)]
        pid_file = home / "pid"
        pid_file.unlink(missing_ok=True)
        if not detached:
            keeper = [sys.executable, "-m", "devnet.keeper"]
            command = [*keeper, str(self.directory / "owner.lock"), str(pid_file), *command]
        with self.log(number).open("ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._children[number] = child
        if detached:
            pid_file.write_text(str(child.pid), "utf-8")
        while self.pid(number) is None:
            if child.poll() is not None:
                raise StartError(f"validator {number} ended", _tail(self.log(number)))
            time.sleep(_POLL_SECONDS / 10)
        return True

    def _signal(self, number: int, how: signal.Signals) -> bool:
        pid = self.pid(number)
        if pid is None:
            return False
        os.kill(pid, how)
        deadline = time.monotonic() + STOP_SECONDS
        while self.pid(number) == pid and not _is_zombie(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(_POLL_SECONDS / 4)
        if (child := self._children.pop(number, None)) is not None:
            child.wait()
        (self.home(number) / "pid").unlink(missing_ok=True)
        return True

    def _own(self) -> None:
        if self._owner_lock is not None:
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        lock = os.open(self.directory / "owner.lock", flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise DirectoryInUseError(str(self.directory), None) from None
        self._owner_lock = lock

    def _owned(self) -> bool:
        """Whether some other process owns this network."""
        try:
            with (self.directory / "owner.lock").open("r", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def _require(self, number: int) -> None:
        if number not in self.numbers:
            raise SettingsError("validator", f"must be from 1 to {len(self.validators)}")

    def _save(self) -> None:
        facts: dict[str, Any] = {
            "schema": SCHEMA,
            "geth": programs.GETH_VERSION,
            "chain_id": self.chain_id,
            "period_seconds": self.period_seconds,
            "validators": [asdict(each) for each in self.validators],
        }
        path = self.directory / NETWORK_FILE
        path.write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def _home(directory: Path, number: int) -> Path:
    return directory.resolve() / f"validator-{number}"


def _init(geth: Path, home: Path, document: Path) -> None:
    done = subprocess.run(
        [str(geth), "init", f"--datadir={home}", str(document)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartError("geth refused the genesis block", done.stderr[-_LOG_TAIL_BYTES:])


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, in no order that another run would repeat."""
    found: list[int] = []
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    return found


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine's loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _tail(log: Path) -> str:
    try:
        return log.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(message)s")
    PoaNetwork.load(Path(sys.argv[1])).watch(IDLE_SECONDS)
