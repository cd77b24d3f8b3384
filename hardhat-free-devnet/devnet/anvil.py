"""anvil in the place of the embedded chain: faster, in memory, its state in a file.

This process holds the directory's lock and runs anvil below itself, so that a directory is started,
found and stopped in the same way whatever makes its blocks. Where anvil keeps less than the
embedded chain: its state is written every second and when it stops, so a kill takes back the last
second; and a chain without block time moves its clock one second a block.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from devnet import programs
from devnet.client import Unreachable, ask
from devnet.directory import (
    CHAIN_FILE,
    ENDPOINT_FILE,
    DirectoryLock,
    Endpoint,
    read_endpoint,
    write_json,
)
from devnet.errors import BirthMismatchError, SettingsError, StartError
from devnet.keeper import end, end_with_parent
from devnet.settings import (
    ANVIL,
    DEFAULT_BASE_FEE_WEI,
    DEFAULT_BLOCK_SECONDS,
    DEFAULT_CHAIN_ID,
    EMBEDDED,
    offset_seconds_for,
)

if TYPE_CHECKING:
    from typing import Self

    from devnet.settings import DevnetSettings

BIRTH_FILE: Final = "anvil.json"
STATE_FILE: Final = "anvil-state.json"
PROGRAM_LOG: Final = "anvil.log"
GAS_LIMIT: Final = 500_000_000
"""So large that no block fills half of it: a base fee that began at 0 then stays there."""
START_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.02
_LOG_TAIL_BYTES: Final = 2_000

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class AnvilBirth:
    """What the chain of a directory was born with; `block_seconds` 0 mines each transaction."""

    chain_id: int
    offset_seconds: int
    as_of: str | None
    base_fee_wei: int
    gas_limit: int
    block_seconds: int
    funds: list[str]


def engine_of(directory: Path) -> str | None:
    """Which engine made the chain of a directory; None when there is none yet."""
    if (directory / BIRTH_FILE).exists():
        return ANVIL
    return EMBEDDED if (directory / CHAIN_FILE).exists() else None


class AnvilNode:
    """anvil for one directory, from construction to ``close``."""

    def __init__(self, settings: DevnetSettings, now: Now) -> None:
        """Lock the directory, start anvil, wait until it answers, announce the address.

        Raises:
            DirectoryInUseError, BirthMismatchError, ProgramMissingError, StartError: as named.
        """
        self._program = programs.anvil()
        settings.directory.mkdir(parents=True, exist_ok=True)
        self._lock = DirectoryLock(settings.directory)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self.birth, is_new = _birth(settings, now())
            port = _port(settings)
            url = f"http://127.0.0.1:{port}"
            self._process = self._launch(settings.directory, port)
            self._wait(url, settings.directory)
            self._set_right(url, now(), settings if is_new else None)
            genesis = ask(url, "eth_getBlockByNumber", "0x0", False)  # noqa: FBT003
        except BaseException:
            self.close()
            raise
        self.endpoint = Endpoint(
            rpc_url=url,
            chain_id=self.birth.chain_id,
            pid=os.getpid(),
            port=port,
            offset_seconds=self.birth.offset_seconds,
            as_of=self.birth.as_of,
            genesis_hash=str(genesis["hash"]),
        )
        write_json(settings.directory / ENDPOINT_FILE, self.endpoint)

    @property
    def height(self) -> int:
        """The number of the newest block."""
        return int(ask(self.endpoint.rpc_url, "eth_blockNumber"), 16)

    def watch(self, stop: threading.Event) -> None:
        """Set ``stop`` when anvil ends by itself."""
        assert self._process is not None
        process = self._process

        def wait() -> None:
            process.wait()
            stop.set()

        threading.Thread(target=wait, daemon=True).start()

    def close(self) -> None:
        """Have anvil write its state and end; free the directory."""
        if self._process is not None:
            end(self._process, asking=signal.SIGINT)  # it writes its state on this one only
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _launch(self, directory: Path, port: int) -> subprocess.Popen[bytes]:
        birth = self.birth
        given: dict[str, object] = {
            "--host": "127.0.0.1",
            "--port": port,
            "--chain-id": birth.chain_id,
            "--hardfork": "london",
            "--gas-limit": birth.gas_limit,
            "--block-base-fee-per-gas": birth.base_fee_wei,
            "--gas-price": birth.base_fee_wei,
            "--timestamp": int(time.time()) + birth.offset_seconds,
            "--accounts": 1,
            "--balance": 0,
            "--state": directory / STATE_FILE,
            "--state-interval": 1,
        }
        command = [str(self._program), *(f"{name}={value}" for name, value in given.items())]
        command += ["--disable-min-priority-fee", "--no-cors"]
        if birth.block_seconds:
            command.append(f"--block-time={birth.block_seconds}")
        with (directory / PROGRAM_LOG).open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, signal.SIGINT),  # noqa: PLW1509 - no threads yet
            )

    def _wait(self, url: str, directory: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                ask(url, "eth_chainId")
            except Unreachable:
                assert self._process is not None
                ended = self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    tail = (directory / PROGRAM_LOG).read_bytes()[-_LOG_TAIL_BYTES:]
                    raise StartError(
                        "anvil does not answer", tail.decode("utf-8", "replace")
                    ) from None
                time.sleep(_POLL_SECONDS)
            else:
                return

    def _set_right(self, url: str, now: datetime, settings: DevnetSettings | None) -> None:
        """The clock to real time and offset, which a loaded state forgets; a new chain's funds."""
        ask(url, "evm_setTime", (int(now.timestamp()) + self.birth.offset_seconds) * 1_000)
        for fund in () if settings is None else settings.funds:
            ask(url, "anvil_setBalance", "0x" + fund.address.hex(), hex(fund.wei))


def _birth(settings: DevnetSettings, now: datetime) -> tuple[AnvilBirth, bool]:
    path = settings.directory / BIRTH_FILE
    if not path.exists():
        if (settings.directory / CHAIN_FILE).exists():
            raise BirthMismatchError("engine", EMBEDDED, ANVIL)
        birth = AnvilBirth(
            chain_id=settings.chain_id or DEFAULT_CHAIN_ID,
            offset_seconds=offset_seconds_for(settings.as_of, now),
            as_of=settings.as_of.isoformat() if settings.as_of is not None else None,
            base_fee_wei=_or(settings.base_fee_wei, DEFAULT_BASE_FEE_WEI),
            gas_limit=_or(settings.gas_limit, GAS_LIMIT),
            block_seconds=_or(settings.block_seconds, DEFAULT_BLOCK_SECONDS),
            funds=sorted(map(str, settings.funds)),
        )
        path.write_text(json.dumps(_fields(birth), indent=2) + "\n", "utf-8")
        return birth, True
    birth = AnvilBirth(**json.loads(path.read_text("utf-8")))
    asked = {
        "chain_id": settings.chain_id,
        "as_of": settings.as_of.isoformat() if settings.as_of is not None else None,
        "base_fee_wei": settings.base_fee_wei,
        "gas_limit": settings.gas_limit,
        "block_seconds": settings.block_seconds,
        "funds": sorted(map(str, settings.funds)) or None,
    }
    for name, value in asked.items():
        if value is not None and value != getattr(birth, name):
            raise BirthMismatchError(name, str(getattr(birth, name)), str(value))
    return birth, False


def _fields(birth: AnvilBirth) -> dict[str, Any]:
    return {name: getattr(birth, name) for name in birth.__slots__}


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value


def _port(settings: DevnetSettings) -> int:
    """The port asked for; without one that of last time, or any free one."""
    last = read_endpoint(settings.directory)
    wanted = settings.port or (0 if last is None else last.port)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            if settings.port:
                raise SettingsError(
                    "port", f"cannot listen on {wanted}: {error.strerror}"
                ) from error
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
