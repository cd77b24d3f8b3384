"""Compile contracts/ into contracts/artifacts/, or check that what is there is fresh.

usage: python scripts/compile_contracts.py [--check]

The compiler is looked for in this order: the program named by SOLC_BINARY, one that py-solc-x has
installed, the npm package pinned in scripts/solc, a download by py-solc-x. All of them are the same
compiler and give the same bytes. The contracts of OpenZeppelin are pinned in scripts/solc too and
fetched from npm in any case. Running Anxu needs none of this: artifacts are checked in.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import posixpath
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import solcx
from devnet.errors import ProgramMissingError
from devnet.packages import alone_in, node_and_npm, npm_packages

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "contracts"
ARTIFACTS = SOURCES / "artifacts"
PINNED = ROOT / "scripts" / "solc"
VERSION = "0.8.37"
LIBRARY = "@openzeppelin/contracts"
LIBRARY_VERSION = "5.4.0"
EVM_VERSION = "london"
OPTIMIZER_RUNS = 200
NO_METADATA = {"appendCBOR": False, "bytecodeHash": "none"}
"""Without a metadata trailer the code depends on what it does, not on comments or paths."""
DOWNLOAD_TIMEOUT_SECONDS = 60
SCHEMA = "anxu-contract-artifact/1"

Report = Callable[[str], None]

_IMPORT = re.compile(r'^import\s[^;]*?"([^"]+)";', re.MULTILINE)


class CompilerNotFoundError(Exception):
    """No compiler could be had; the message says what was tried and what to do."""


class LibraryNotFoundError(Exception):
    """The contracts that ours build on could not be had; the message says why."""


class CompilationError(Exception):
    """The sources do not compile without errors or warnings."""


def find_compiler(report: Report) -> Path:
    """The program that compiles, fetched if need be; see the module's text for the order.

    Raises:
        CompilerNotFoundError: none of the ways led to version 0.8.37.
    """
    if named := os.environ.get("SOLC_BINARY"):
        return _checked(Path(named))
    if installed := _installed_by_solcx():
        return installed
    tried = []
    for name, fetch in (
        ("npm", _javascript_compiler),
        ("py-solc-x", _downloaded_by_solcx),
    ):
        try:
            return _checked(fetch(report))
        except (
            CompilerNotFoundError,
            LibraryNotFoundError,
            ProgramMissingError,
            OSError,
            subprocess.SubprocessError,
        ) as error:
            tried.append(f"{name}: {error}")
    raise CompilerNotFoundError(
        f"No Solidity compiler {VERSION} could be had. Install it and name it with SOLC_BINARY,"
        " or let this machine reach a package registry.\n  " + "\n  ".join(tried)
    )


def _checked(binary: Path) -> Path:
    answered = solcx.wrapper.get_version_str_from_solc_binary(binary)
    if answered.split("+")[0] != VERSION:
        raise CompilerNotFoundError(f"{binary.name} is version {answered}, {VERSION} is needed")
    return binary


def _installed_by_solcx() -> Path | None:
    if VERSION not in {str(version) for version in solcx.get_installed_solc_versions()}:
        return None
    return Path(solcx.install.get_executable(VERSION))


def _downloaded_by_solcx(report: Report) -> Path:
    report(f"Fetching the Solidity compiler {VERSION} with py-solc-x …")
    # In a process of its own: the download has no time limit of its own.
    program = f"import solcx; solcx.install_solc('{VERSION}')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=DOWNLOAD_TIMEOUT_SECONDS,
        check=False,
    )
    binary = _installed_by_solcx()
    if done.returncode != 0 or binary is None:
        lines = done.stderr.strip().splitlines() or ["no answer"]
        raise CompilerNotFoundError(lines[-1])
    return binary


def find_library(report: Report) -> Path:
    """The folder that imports of OpenZeppelin's contracts are found in, fetched if need be.

    Raises:
        LibraryNotFoundError: it could not be fetched.
    """
    try:
        return npm_packages(PINNED, f"solc {VERSION} and {LIBRARY} {LIBRARY_VERSION}", report)
    except (ProgramMissingError, OSError) as error:
        raise LibraryNotFoundError(
            f"{LIBRARY} {LIBRARY_VERSION} could not be fetched from npm: {error}"
        ) from error


def _javascript_compiler(report: Report) -> Path:
    return answering_like_native(find_library(report))


def answering_like_native(modules: Path) -> Path:
    """A program that answers like the native compiler, from the npm package in ``modules``."""
    node, _ = node_and_npm("solc")
    script = PINNED / "standard_compiler.js"
    text = f'#!/bin/sh\nexec "{node}" "{script}" "{modules.parent}" "$@"\n'
    # Another checkout, or another Node, has a program of its own.
    program = modules.parent / f"solc-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    with alone_in(modules.parent):
        if not program.exists():
            unfinished = program.with_suffix(".part")
            unfinished.write_text(text, "utf-8")
            unfinished.chmod(0o755)
            unfinished.rename(program)
    return program


def read_sources(library: Path) -> dict[str, str]:
    """The text of our sources and of all they import, by the path under which it is imported."""
    ours = {
        path.relative_to(SOURCES).as_posix(): path.read_text("utf-8")
        for path in sorted(SOURCES.rglob("*.sol"))
    }
    return with_imports(ours, library)


def with_imports(sources: Mapping[str, str], library: Path) -> dict[str, str]:
    """Sources and all they import that is not among them, found in ``library``; texts by path."""
    texts = dict(sources)
    waiting = list(texts)
    while waiting:
        name = waiting.pop()
        for found in imports_of(name, texts[name]):
            if found not in texts:
                texts[found] = (library / found).read_text("utf-8")
                waiting.append(found)
    return texts


def question(texts: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the compiler is asked, as its standard JSON has it; the rules are London's."""
    return {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in texts.items()},
        "settings": {"evmVersion": EVM_VERSION, **settings},
    }


def imports_of(name: str, text: str) -> list[str]:
    """The paths that a source imports, relative ones told from its own path."""
    folder = PurePosixPath(name).parent
    return [
        posixpath.normpath((folder / path).as_posix()) if path.startswith(".") else path
        for path in _IMPORT.findall(text)
    ]


def compile_artifacts(compiler: Path, library: Path) -> dict[str, str]:
    """The text of every artifact, by its path below contracts/artifacts.

    Raises:
        CompilationError: the compiler reported an error or a warning.
    """
    texts = read_sources(library)
    wanted = [
        "abi",
        "evm.bytecode.object",
        "evm.deployedBytecode.object",
        "evm.deployedBytecode.immutableReferences",
    ]
    compiled = sorted(name for name in texts if "/" not in name or name.startswith("mocks/"))
    settings = {
        "optimizer": {"enabled": True, "runs": OPTIMIZER_RUNS},
        "metadata": NO_METADATA,
        "outputSelection": {"*": {"*": wanted}},
    }
    answer = solcx.compile_standard(question(texts, settings), solc_binary=compiler)
    if faults := [each["formattedMessage"] for each in answer.get("errors", []) if _is_ours(each)]:
        raise CompilationError("\n".join(faults))
    artifacts = {}
    for source in compiled:
        contract = Path(source).stem
        output = answer["contracts"][source][contract]
        path = Path(source).with_suffix(".json").as_posix()
        artifacts[path] = _artifact_text(contract, source, output, _digest_of(source, texts))
    return artifacts


def _is_ours(fault: dict[str, Any]) -> bool:
    """Whether a fault must be mended: every error, and warnings about our own sources."""
    place = (fault.get("sourceLocation") or {}).get("file", "")
    return fault["severity"] == "error" or not place.startswith(LIBRARY)


def _digest_of(source: str, texts: dict[str, str]) -> str:
    """SHA-256 of the sorted lines `<sha256 of the file>  <path>`: a source and all it imports."""
    names, waiting = {source}, [source]
    while waiting:
        name = waiting.pop()
        more = set(imports_of(name, texts[name])) - names
        names |= more
        waiting += more
    lines = [
        f"{hashlib.sha256(texts[name].encode()).hexdigest()}  {name}\n" for name in sorted(names)
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _artifact_text(contract: str, source: str, output: dict[str, Any], digest: str) -> str:
    code = output["evm"]
    references = code["deployedBytecode"].get("immutableReferences", {})
    places = sorted(
        (place["start"], place["length"]) for group in references.values() for place in group
    )
    artifact = {
        "schema": SCHEMA,
        "contract": contract,
        "source": source,
        "compiler": {
            "version": VERSION,
            "evm_version": EVM_VERSION,
            "optimizer_runs": OPTIMIZER_RUNS,
        },
        "sources_sha256": digest,
        "abi": output["abi"],
        "bytecode": "0x" + code["bytecode"]["object"],
        "deployedBytecode": "0x" + code["deployedBytecode"]["object"],
        "immutableReferences": [{"start": start, "length": length} for start, length in places],
    }
    return json.dumps(artifact, indent=1, ensure_ascii=False) + "\n"


def stale_artifacts(fresh: dict[str, str]) -> list[str]:
    """Paths below contracts/artifacts that are missing, different or left over."""
    present = {path.relative_to(ARTIFACTS).as_posix(): path for path in ARTIFACTS.rglob("*.json")}
    differing = [
        name
        for name, text in fresh.items()
        if name not in present or present[name].read_text() != text
    ]
    return sorted(differing + [name for name in present if name not in fresh])


def write_artifacts(fresh: dict[str, str]) -> None:
    """Replace what is in contracts/artifacts by ``fresh``."""
    for path in ARTIFACTS.rglob("*.json"):
        if path.relative_to(ARTIFACTS).as_posix() not in fresh:
            path.unlink()
    for name, text in fresh.items():
        path = ARTIFACTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit status is 1 when artifacts are stale or do not compile."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="compare with what is checked in, write nothing"
    )
    options = parser.parse_args(arguments)
    try:
        compiler = find_compiler(print)
        fresh = compile_artifacts(compiler, find_library(print))
    except (CompilerNotFoundError, LibraryNotFoundError, CompilationError) as error:
        print(error, file=sys.stderr)
        return 1
    stale = stale_artifacts(fresh)
    if options.check:
        for name in stale:
            print(
                f"contracts/artifacts/{name} is stale: run python scripts/compile_contracts.py",
                file=sys.stderr,
            )
        return 1 if stale else 0
    write_artifacts(fresh)
    sizes = {
        name: (len(json.loads(text)["deployedBytecode"]) - 2) // 2 for name, text in fresh.items()
    }
    for name, size in sizes.items():
        print(f"{name:32} {size:6} bytes of code{'  changed' if name in stale else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
