"""Run Slither over contracts/ and refuse any finding that docs/security/slither.md does not answer.

usage: python -m scripts.static_analysis [--list]

A finding is told by its check and its place (contract and function), not by a line, so that an
answer stays with what it speaks of. An answer to something that is no longer found is refused too.
Slither runs in an environment of its own, pinned by requirements/slither.txt and kept below the
user's cache folder: it needs older versions of libraries that Anxu runs on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from devnet.packages import alone_in, cache_folder, run_to_end

from scripts import compile_contracts

ROOT: Final = Path(__file__).resolve().parent.parent
ANSWERS: Final = ROOT / "docs" / "security" / "slither.md"
LOCK: Final = ROOT / "requirements" / "slither.txt"
LEFT_OUT: Final = "@openzeppelin|mocks"
"""Sources of others, which are audited as they are, and what only tests deploy."""
INSTALL_SECONDS: Final = 600
RUN_SECONDS: Final = 600
_ANSWER: Final = re.compile(r"^\| `([\w-]+)` \| `([\w.]+)` \| (\S.*?) \|$", re.MULTILINE)
_WANTED: Final = [
    "abi", "metadata", "userdoc", "devdoc", "evm.methodIdentifiers", "evm.bytecode.object",
    "evm.bytecode.sourceMap", "evm.deployedBytecode.object", "evm.deployedBytecode.sourceMap",
]  # fmt: skip

Finding = tuple[str, str]
"""A check and the place that it complains of."""


def slither() -> Path:
    """The program, installed on first use.

    Raises:
        ProgramMissingError: it could not be installed.
    """
    folder = cache_folder() / f"slither-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    program, done = folder / "bin" / "slither", folder / "installed"
    with alone_in(folder):
        if not done.exists():
            python = str(folder / "bin" / "python")
            make = [sys.executable, "-m", "venv", "--clear", "."]
            take = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            take += ["--only-binary", ":all:", "--require-hashes", "-r", str(LOCK)]
            for command in (make, take):
                run_to_end("slither", command, folder, {}, INSTALL_SECONDS)
            done.touch()
    return program


def findings() -> set[Finding]:
    """What Slither complains of in our sources."""
    compiler = compile_contracts.find_compiler(_say)
    texts = compile_contracts.read_sources(compile_contracts.find_library(_say))
    settings = {"outputSelection": {"*": {"*": _WANTED, "": ["ast"]}}}
    question = compile_contracts.question(texts, settings)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in texts.items():  # it wants to see the files that the input names
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        (folder / "input.json").write_text(json.dumps(question), "utf-8")
        command = [str(slither()), "input.json", "--compile-force-framework", "Solc-json"]
        command += ["--solc", str(compiler), "--filter-paths", LEFT_OUT, "--json", "found.json"]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
        )
        if not (folder / "found.json").exists():
            raise RuntimeError(f"Slither did not come to its end: {done.stderr[-600:]}")
        answer = json.loads((folder / "found.json").read_text("utf-8"))
    if not answer["success"]:
        raise RuntimeError(f"Slither did not come to its end: {answer['error']}")
    found = answer["results"].get("detectors", [])
    return {(each["check"], place_of(each["elements"][0])) for each in found}


def place_of(element: Mapping[str, Any]) -> str:
    """Contract and function of an element, or contract and variable."""
    names = []
    inner: Mapping[str, Any] | None = element
    while inner is not None:
        if inner["type"] not in {"node", "pragma"}:
            names.append(str(inner["name"]))
        inner = inner.get("type_specific_fields", {}).get("parent")
    return ".".join(reversed(names))


def answers(text: str) -> dict[Finding, str]:
    """The answered findings of the page: rows of check, place and answer."""
    return {(check, place): answer for check, place, answer in _ANSWER.findall(text)}


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def main() -> int:
    """Compare findings with answers; 1 when they differ."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="print the findings and judge nothing")
    found = findings()
    if parser.parse_args().list:
        print("\n".join(f"| `{check}` | `{place}` |" for check, place in sorted(found)))
        return 0
    answered = set(answers(ANSWERS.read_text("utf-8")))
    for check, place in sorted(found - answered):
        print(f"{check} at {place} is not answered in {ANSWERS.relative_to(ROOT)}.")
    for check, place in sorted(answered - found):
        print(f"{check} at {place} is answered, but no longer found.")
    if found != answered:
        return 1
    print(f"contracts: {len(found)} findings of Slither, each answered.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
