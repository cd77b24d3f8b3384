"""Start, find and stop an embedded chain as a process of its own.

Imports none of the chain's machinery, so that a command line that only asks stays quick.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from devnet.directory import (
    LOG_FILE,
    Endpoint,
    holder_of,
    running_endpoint,
)
from devnet.errors import DirectoryInUseError, StartError
from devnet.keeper import end

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from devnet.settings import DevnetSettings

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 20.0
_POLL_SECONDS = 0.02
_LOG_TAIL_BYTES = 4_000


class DevnetProcess:
    """One chain in a process of its own, started by us.

    Attached (the default) it ends when this process ends, however that happens: right for tests and
    for the demo. ``detached=True`` leaves it running: right for ``anxu devnet up``; later processes
    find it with ``devnet.directory.running_endpoint`` and end it with ``stop_running``.
    As a context manager it starts on entry and stops on exit.
    """

    def __init__(
        self, settings: DevnetSettings, *, detached: bool = False, log_level: str = "info"
    ) -> None:
        self.settings = settings
        self._detached = detached
        self._log_level = log_level
        self._process: subprocess.Popen[bytes] | None = None
        self._endpoint: Endpoint | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers; known once started."""
        if self._endpoint is None:
            raise RuntimeError("the devnet has not been started")
        return self._endpoint

    @property
    def rpc_url(self) -> str:
        """Where clients send their requests."""
        return self.endpoint.rpc_url

    def start(self, timeout_seconds: float = START_TIMEOUT_SECONDS) -> Endpoint:
        """Start it and wait until it answers.

        Raises:
            DirectoryInUseError: a chain already runs on this directory.
            StartError: it died or was not ready in time; the end of its log says why.
        """
        directory = self.settings.directory
        directory.mkdir(parents=True, exist_ok=True)
        holder = holder_of(directory)
        if holder is not None:
            raise DirectoryInUseError(str(directory), holder)
        log_path = directory / LOG_FILE
        with log_path.open("ab") as log:
            log_start = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "devnet", *self._arguments()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            status = self._process.poll()
            if status is not None:
                self._process = None
                raise StartError(f"the devnet ended with {status}", _tail(log_path, log_start))
            endpoint = running_endpoint(directory)
            if endpoint is not None and endpoint.pid == self._process.pid:
                self._endpoint = endpoint
                return endpoint
            time.sleep(_POLL_SECONDS)
        self.kill()
        raise StartError(f"not ready after {timeout_seconds} s", _tail(log_path, log_start))

    def stop(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> None:
        """Let it finish the block under way and close; kill it if it does not. Harmless if gone."""
        if self._process is None:
            return
        end(self._process, timeout_seconds)
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _arguments(self) -> list[str]:
        settings = self.settings
        given = {
            "--directory": settings.directory,
            "--port": settings.port,
            "--host": settings.host,
            "--chain-id": settings.chain_id,
            "--as-of": settings.as_of,
            "--gas-limit": settings.gas_limit,
            "--base-fee-wei": settings.base_fee_wei,
            "--engine": settings.engine,
            "--block-seconds": settings.block_seconds,
            "--log-level": self._log_level,
        }
        listed = [f"{name}={value}" for name, value in given.items() if value is not None]
        listed += [f"--fund={fund}" for fund in settings.funds]
        listed += ["--testing"] * settings.testing
        return listed if self._detached else [*listed, f"--exit-with-parent={os.getpid()}"]


def stop_running(directory: Path, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> bool:
    """Stop the chain that has this directory open, whoever started it.

    Returns:
        ``False`` if none had.

    Raises:
        DirectoryInUseError: it did not let go in time.
    """
    holder = holder_of(directory)
    if holder is None:
        return False
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + timeout_seconds
    while holder_of(directory) == holder:
        if time.monotonic() > deadline:
            raise DirectoryInUseError(str(directory), holder)
        time.sleep(_POLL_SECONDS)
    return True


def _tail(log: Path, start: int) -> str:
    with log.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        stream.seek(max(start, end - _LOG_TAIL_BYTES))
        return stream.read().decode("utf-8", "replace")
