"""Habits of this repository that no other tool checks.

usage: python -m scripts.tidy

Prints one line a finding, "path:line: what is wrong", and exits with 1 when there is any. Reads
only files of the checkout, never the network.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT: Final = Path(__file__).resolve().parent.parent
CODE: Final = ("ledger/", "api/", "scripts/", "hardhat-free-devnet/")
RUNTIME_LOCK: Final = "requirements/runtime.txt"
DEV_LOCK: Final = "requirements/dev.txt"
MAX_FILE_LINES: Final = 600
MAX_FUNCTION_LINES: Final = 70

LONG_FILES: Final = {
    "ledger/errors.py": "one tree, drawn at the top: every refusal is found in one place",
}
LONG_FUNCTIONS: Final = {
    ("scripts/make_vectors.py", "_encoding"): "a table of cases, read from top to bottom",
}

# What must stand in no file, with the reason. Written so that this file does not match itself.
FORBIDDEN_TEXT: Final = (
    (
        re.compile(r"""(?:^|[\s"'`=(:])/(?:[h]ome|[r]oot|[U]sers|[w]ork)/\w"""),
        "an absolute path of one machine",
    ),
    (
        re.compile(
            r"\b(?:[p]ypi\.org|[p]ythonhosted\.org|[n]pmjs\.(?:org|com)|[i]ndex-url\s+http)"
        ),
        "the address of a package host; pip and npm know theirs",
    ),
    (re.compile(r"\b(?:[T]ODO|[F]IXME|[X]XX|[H]ACK)\b"), "unfinished work"),
    (
        re.compile(
            r"\b(?:[c]laude|[a]nthropic|[c]hatgpt|[c]opilot|[s]ubagent|[l]anguage model"
            r"|(?:[c]oding|[A]I) (?:agent|assistant|session)|[i]ssue #?\d+|[p]ull request)\b",
            re.IGNORECASE,
        ),
        "how the work was done, not what the code does",
    ),
)
# Lock files name their hashes only; binary files hold no text.
NOT_READ: Final = (".png", ".mo", ".xlsx", ".parquet", ".ico", ".woff2", ".pdf", ".gz")


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken habit: where, and what to mend."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


class Checkout:
    """The files of one checkout: what git tracks, and what it would track next."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every file that exists, relative to the root, sorted."""
        return tuple(sorted(path for path in self._listed() if (self.root / path).is_file()))

    def _listed(self) -> Iterator[str]:
        trusting = f"safe.directory={self.root}"  # whoever owns the folder, we only list files
        command = ["git", "-c", trusting, "ls-files", "-z"]
        command += ["--cached", "--others", "--exclude-standard"]
        if (self.root / ".git").exists():
            answer = subprocess.run(command, cwd=self.root, check=True, capture_output=True)
            yield from answer.stdout.decode().split("\0")[:-1]
            return
        for folder, folders, files in os.walk(self.root):
            folders[:] = [
                name
                for name in folders
                if name not in {"__pycache__", "var", "node_modules"}
                and (not name.startswith(".") or name == ".ci")
            ]
            yield from (str((Path(folder) / name).relative_to(self.root)) for name in files)

    def text(self, path: str) -> str:
        """What a file says; empty for one that holds no text."""
        if path.endswith(NOT_READ):
            return ""
        return (self.root / path).read_bytes().decode("utf-8", errors="replace")

    def python(self, *prefixes: str) -> Iterator[str]:
        """Python files under the given folders."""
        return (path for path in self.paths if path.endswith(".py") and path.startswith(prefixes))

    @cached_property
    def project(self) -> dict[str, Any]:
        """pyproject.toml, read."""
        return tomllib.loads(self.text("pyproject.toml"))


def forbidden_text(checkout: Checkout) -> Iterator[Finding]:
    """Texts that tell about a machine or a workplace, and marks of unfinished work."""
    for path in checkout.paths:
        for number, line in enumerate(checkout.text(path).splitlines(), start=1):
            for pattern, reason in FORBIDDEN_TEXT:
                if pattern.search(line):
                    yield Finding(path, number, f"holds {reason}")


def lengths(checkout: Checkout) -> Iterator[Finding]:
    """Files and functions that are more than one person reads at a sitting."""
    for path in checkout.python(*CODE):
        text = checkout.text(path)
        count = text.count("\n")
        if count > MAX_FILE_LINES and path not in LONG_FILES:
            yield Finding(path, 1, f"{count} lines; {MAX_FILE_LINES} at most")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > MAX_FUNCTION_LINES and (path, node.name) not in LONG_FUNCTIONS:
                    yield Finding(
                        path,
                        node.lineno,
                        f"{node.name} has {size} lines; {MAX_FUNCTION_LINES} at most",
                    )


def tested_errors(checkout: Checkout) -> Iterator[Finding]:
    """Error classes and contract errors that no test names, or that nobody raises or catches."""
    path = "ledger/errors.py"
    named = _names(checkout, "tests/")
    used = _names(checkout, *CODE, but=path)
    for node in ast.parse(checkout.text(path)).body:
        if isinstance(node, ast.ClassDef):
            if node.name not in named:
                yield Finding(path, node.lineno, f"no test names {node.name}")
            if node.name not in used:
                yield Finding(path, node.lineno, f"nobody uses {node.name}")
    for path in checkout.paths:
        if path.startswith("contracts/") and path.endswith(".sol"):
            for number, line in enumerate(checkout.text(path).splitlines(), start=1):
                found = re.match(r"\s*error (\w+)\(", line)
                if found and found[1] not in named:
                    yield Finding(path, number, f"no test names {found[1]}")


def _names(checkout: Checkout, *prefixes: str, but: str = "") -> set[str]:
    texts = (checkout.text(path) for path in checkout.python(*prefixes) if path != but)
    return {name for text in texts for name in re.findall(r"\b[A-Z]\w+\b", text)}


def layers_complete(checkout: Checkout) -> Iterator[Finding]:
    """Modules that the layers of the import check do not mention, so that it would pass them by."""
    contracts = checkout.project["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    known = {name.strip(" ()\n") for layer in layers for name in re.split(r"[:|]", layer)}
    for path in checkout.python("ledger/"):
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        parts = module.split(".")
        above = {".".join(parts[:size]) for size in range(1, len(parts) + 1)}
        is_package_text = path.endswith("/__init__.py") and not _imports(checkout.text(path))
        if not above & known and not is_package_text:
            yield Finding(path, 1, f"{module} stands in no layer of pyproject.toml")


def _imports(text: str) -> bool:
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(ast.parse(text)))


def lock_fresh(checkout: Checkout) -> Iterator[Finding]:
    """Differences between what pyproject.toml asks for and what the lock files hold."""
    project = checkout.project["project"]
    runtime = [Requirement(text) for text in project["dependencies"]]
    dev = runtime + [Requirement(text) for text in project["optional-dependencies"]["dev"]]
    for path, wanted in ((RUNTIME_LOCK, runtime), (DEV_LOCK, dev)):
        yield from _differences(path, wanted, _read_lock(checkout.text(path)))
    larger = _read_lock(checkout.text(DEV_LOCK))
    for name, locked in _read_lock(checkout.text(RUNTIME_LOCK)).items():
        if name not in larger or larger[name].version != locked.version:
            yield Finding(DEV_LOCK, 1, f"{name} differs from the runtime lock")


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock file; ``direct`` when the project itself asks for it."""

    version: Version
    line: int
    hashes: int
    direct: bool


def _differences(
    path: str, wanted: list[Requirement], lock: dict[str, Locked]
) -> Iterator[Finding]:
    asked = {str(canonicalize_name(requirement.name)): requirement for requirement in wanted}
    for name, requirement in asked.items():
        if name not in lock:
            yield Finding(path, 1, f"{name} is asked for and not locked")
        elif not requirement.specifier.contains(lock[name].version, prereleases=True):
            yield Finding(path, lock[name].line, f"{lock[name].version} is not {requirement}")
        elif not lock[name].direct:
            yield Finding(path, lock[name].line, f"{name} is asked for since; lock again")
    for name, locked in lock.items():
        if locked.direct and name not in asked:
            yield Finding(path, locked.line, f"{name} is no longer asked for; lock again")
        if not locked.hashes:
            yield Finding(path, locked.line, f"{name} has no hash")


def _read_lock(text: str) -> dict[str, Locked]:
    lines = text.splitlines()
    heads = [number for number, line in enumerate(lines) if re.match(r"[A-Za-z0-9]", line)]
    found = {}
    for start, end in pairwise([*heads, len(lines)]):
        name, version = lines[start].split(" ")[0].split("==")
        block = lines[start:end]
        found[str(canonicalize_name(name.split("[")[0]))] = Locked(
            Version(version.rstrip(";")),
            start + 1,
            sum("--hash=sha256:" in line for line in block),
            any(line.endswith("anxu (pyproject.toml)") for line in block),
        )
    return found


def dependencies_explained(checkout: Checkout) -> Iterator[Finding]:
    """Direct dependencies that docs/dependencies.md does not give a reason for."""
    path = "docs/dependencies.md"
    if path not in checkout.paths:
        yield Finding(path, 1, "is missing: it says why each dependency is there")
        return
    said = set(re.findall(r"[\w.-]+", checkout.text(path).lower()))
    project = checkout.project["project"]
    for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        name = Requirement(text).name
        if name.lower() not in said:
            yield Finding(path, 1, f"does not name {name}")


def programs_executable(checkout: Checkout) -> Iterator[Finding]:
    """Files that begin as a program and cannot be run, or the reverse."""
    for path in checkout.paths:
        if path.endswith(NOT_READ):
            continue
        with (checkout.root / path).open("rb") as file:
            program = file.read(2) == b"#!"
        if program != os.access(checkout.root / path, os.X_OK):
            what = "is a program and not executable" if program else "is executable and no program"
            yield Finding(path, 1, what)


def words_tested(checkout: Checkout) -> Iterator[Finding]:
    """The test that keeps translations fresh must not get lost."""
    path = "tests/unit/scripts/test_translations.py"
    if path not in checkout.paths or "problems()" not in checkout.text(path):
        yield Finding(path, 1, "does not check that translations.problems() is empty")


CHECKS: Final[tuple[Callable[[Checkout], Iterator[Finding]], ...]] = (
    forbidden_text,
    lengths,
    tested_errors,
    layers_complete,
    lock_fresh,
    dependencies_explained,
    programs_executable,
    words_tested,
)


def main() -> int:
    """Run every check and print what it found."""
    checkout = Checkout(ROOT)
    found = [finding for check in CHECKS for finding in check(checkout)]
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
