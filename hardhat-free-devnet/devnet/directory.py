"""One chain's directory: who holds it, where the chain answers.

``chain.sqlite`` the chain; ``devnet.lock`` held while a process has it open (an advisory lock of
the system, so it is free again the moment that process is gone, however it went); ``devnet.json``
the address of the last start;
``devnet.log`` what a background process wrote.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from devnet.errors import DirectoryInUseError

CHAIN_FILE = "chain.sqlite"
LOCK_FILE = "devnet.lock"
ENDPOINT_FILE = "devnet.json"
LOG_FILE = "devnet.log"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a chain answers, as written to ``devnet.json``.

    ``offset_seconds`` is what the nodes add to real time to agree with the chain; ``as_of`` the ISO
    date it was born with, or ``None``; ``genesis_hash`` is ``0x`` and 64 hex digits.
    """

    rpc_url: str
    chain_id: int
    pid: int
    port: int
    offset_seconds: int
    as_of: str | None
    genesis_hash: str


_FLOCK = "hhqqi0q"
"""``struct flock`` on Linux: type, whence, start, length, pid."""
_WHOLE_FILE = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


class DirectoryLock:
    """Exclusive hold on a chain's directory, for as long as the object is open."""

    def __init__(self, directory: Path) -> None:
        """Take the lock.

        Raises:
            DirectoryInUseError: another process holds it.
        """
        directory.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(directory / LOCK_FILE, flags, 0o600)
        try:
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _WHOLE_FILE)
        except OSError as error:
            holder = _pid_in(self._descriptor)
            os.close(self._descriptor)
            raise DirectoryInUseError(str(directory), holder) from error
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go; the file stays."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _pid_in(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0)
    return int(text) if text.isdigit() else None


def holder_of(directory: Path) -> int | None:
    """The process that has the chain open now, or ``None``."""
    try:
        descriptor = os.open(directory / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        # Asking must not take the lock, or it would stop a chain that is just starting.
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _WHOLE_FILE)
        if struct.unpack(_FLOCK, answer)[0] == fcntl.F_UNLCK:
            return None
        return _pid_in(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, endpoint: Endpoint) -> None:
    """Write the address so that a reader sees the old file or the new one, never half of one."""
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    waiting.write_text(json.dumps(asdict(endpoint), indent=2) + "\n", encoding="utf-8")
    waiting.replace(path)


def read_endpoint(directory: Path) -> Endpoint | None:
    """The address of the chain's last start, whether or not it still runs."""
    try:
        facts = json.loads((directory / ENDPOINT_FILE).read_text(encoding="utf-8"))
        return Endpoint(**facts)
    except (FileNotFoundError, ValueError, TypeError):
        return None


def running_endpoint(directory: Path) -> Endpoint | None:
    """The address of the chain if a process has it open and has announced itself."""
    endpoint = read_endpoint(directory)
    if endpoint is None or holder_of(directory) != endpoint.pid:
        return None
    return endpoint
