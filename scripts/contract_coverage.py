"""Run the tests of contracts/ and tell which statements and branches of the sources they reach.

usage: python -m scripts.contract_coverage [pytest arguments]

The sources are compiled without the optimizer, so that every instruction belongs to one place of
them, and the tests run against that code on the embedded EVM while the instructions executed are
noted. Statements and both ways of every `if`, `?:`, `for` and `while` count; at least
95 % of each must be reached. Sources of others are left out, as are interfaces, which have none.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import solcx
from devnet.tracing import Trace, traced

from scripts import compile_contracts

ROOT: Final = Path(__file__).resolve().parent.parent
TESTS: Final = "tests/contracts"
ELSEWHERE: Final = ("test_artifacts.py", "test_invariants.py")
"""What compiles, or runs on another machine, and would reach nothing here."""
ARTIFACTS_SETTING: Final = "ANXU_CONTRACT_ARTIFACTS"
"""Tells the tests of contracts where the code is that they run against."""
WANTED_PERCENT: Final = 95.0
_STOP: Final = 0x00
_PUSH1, _PUSH32 = 0x60, 0x7F
_STATEMENTS: Final = {
    "EmitStatement", "ExpressionStatement", "ForStatement", "IfStatement", "InlineAssembly",
    "Return", "RevertStatement", "VariableDeclarationStatement", "WhileStatement",
}  # fmt: skip
_FORKS: Final = {"Conditional", "ForStatement", "IfStatement", "WhileStatement"}

Place = tuple[str, int, int]
"""Part of a source: its path, where it starts and how long it is, in bytes."""


@dataclass(frozen=True, slots=True)
class Code:
    """Compiled code of one contract and the place of each instruction, by its offset."""

    body: bytes
    blanks: tuple[tuple[int, int], ...]
    is_creation: bool
    places: Mapping[int, Place]

    def is_run_by(self, running: bytes) -> bool:
        """Whether this is what runs: immutables are set in it, arguments follow a creation."""
        if self.is_creation:
            return running.startswith(self.body)
        if len(running) != len(self.body):
            return False
        blanked = bytearray(running)
        for start, length in self.blanks:
            blanked[start : start + length] = bytes(length)
        return bytes(blanked) == self.body


@dataclass(frozen=True, slots=True)
class Source:
    """What can be reached in one source."""

    text: bytes
    statements: frozenset[Place]
    forks: frozenset[Place]


@dataclass(frozen=True, slots=True)
class Reached:
    """How much of a source was reached; ``missed`` says where not, line by line."""

    name: str
    statements: int
    statements_reached: int
    branches: int
    branches_reached: int
    missed: tuple[str, ...]


def compile_plainly() -> tuple[dict[str, str], list[Code], dict[str, Source]]:
    """Artifacts by file name, every piece of code, and our sources, without the optimizer."""
    compiler = compile_contracts.find_compiler(_say)
    texts = compile_contracts.read_sources(compile_contracts.find_library(_say))
    settings = {
        "optimizer": {"enabled": False},
        "metadata": compile_contracts.NO_METADATA,
        "outputSelection": {
            "*": {"*": ["abi", "evm.bytecode", "evm.deployedBytecode"], "": ["ast"]}
        },
    }
    question = compile_contracts.question(texts, settings)
    answer = solcx.compile_standard(question, solc_binary=compiler)
    names = {each["id"]: name for name, each in answer["sources"].items()}
    artifacts, codes = {}, []
    for name in texts:
        if not _is_ours(name) or ("/" in name and not name.startswith("mocks/")):
            continue
        output = answer["contracts"][name][Path(name).stem]
        artifacts[Path(name).with_suffix(".json").as_posix()] = _artifact(output)
        codes += [_code(output["evm"][part], names) for part in ("bytecode", "deployedBytecode")]
    ours = {
        name: _source(name, texts[name], answer["sources"][name]["ast"])
        for name in texts
        if _is_ours(name) and not name.startswith(("interfaces/", "mocks/"))
    }
    return artifacts, codes, ours


def _is_ours(name: str) -> bool:
    return (compile_contracts.SOURCES / name).is_file()


def _artifact(output: Mapping[str, Any]) -> str:
    parts = {"bytecode": "bytecode", "deployedBytecode": "deployedBytecode"}
    code = {name: "0x" + output["evm"][part]["object"] for name, part in parts.items()}
    return json.dumps({"abi": output["abi"], **code})


def _code(part: Mapping[str, Any], names: Mapping[int, str]) -> Code:
    body = bytes.fromhex(part["object"])
    blanks = tuple(
        (place["start"], place["length"])
        for group in part.get("immutableReferences", {}).values()
        for place in group
    )
    is_creation = "immutableReferences" not in part
    return Code(body, blanks, is_creation, dict(_places(body, part["sourceMap"], names)))


def _places(body: bytes, source_map: str, names: Mapping[int, str]) -> Iterator[tuple[int, Place]]:
    """The place of each instruction; an empty field of the map repeats the one before."""
    values = ["0", "0", "-1"]
    offset = 0
    for entry in source_map.split(";"):
        for number, text in enumerate(entry.split(":")[:3]):
            values[number] = text or values[number]
        start, length, source = map(int, values)
        if source in names:
            yield offset, (names[source], start, length)
        opcode = body[offset] if offset < len(body) else _STOP
        offset += opcode - _PUSH1 + 2 if _PUSH1 <= opcode <= _PUSH32 else 1


def _source(name: str, text: str, tree: Any) -> Source:
    statements, forks = set(), set()
    for node in _nodes(tree):
        start, length, _ = (int(part) for part in node["src"].split(":"))
        if node["nodeType"] in _STATEMENTS:
            statements.add((name, start, length))
        if node["nodeType"] in _FORKS:
            forks.add((name, start, length))
    return Source(text.encode(), frozenset(statements), frozenset(forks))


def _nodes(tree: Any) -> Iterator[Any]:
    if isinstance(tree, list):
        for each in tree:
            yield from _nodes(each)
    elif isinstance(tree, dict):
        if "nodeType" in tree and "src" in tree:
            yield tree
        if tree.get("nodeType") != "InlineAssembly":
            for each in tree.values():
                yield from _nodes(each)


def reached_of(trace: Trace, codes: Sequence[Code], sources: Mapping[str, Source]) -> list[Reached]:
    """What the trace reached of every source."""
    seen: set[Place] = set()
    ways: dict[Place, set[bool]] = {}
    for running, offsets in trace.offsets.items():
        code = next((each for each in codes if each.is_run_by(running)), None)
        if code is None:
            continue
        seen.update(code.places[offset] for offset in offsets if offset in code.places)
        for jump, target in trace.forks[running]:
            if jump in code.places:
                ways.setdefault(code.places[jump], set()).add(target == jump + 1)
    return [_reached(name, source, seen, ways) for name, source in sorted(sources.items())]


def _reached(
    name: str,
    source: Source,
    seen: set[Place],
    ways: Mapping[Place, set[bool]],
) -> Reached:
    spans = [(start, start + length) for file, start, length in seen if file == name]
    missed_statements = [
        place
        for place in source.statements
        if not any(place[1] <= start and end <= place[1] + place[2] for start, end in spans)
    ]
    branches = {place: ways.get(place, set()) for place in source.forks}
    lines = [f"{name}:{_line(source.text, start)} not run" for _, start, _ in missed_statements]
    lines += [
        f"{name}:{_line(source.text, place[1])} one way only"
        for place, found in branches.items()
        if len(found) == 1
    ]
    return Reached(
        name,
        len(source.statements),
        len(source.statements) - len(missed_statements),
        2 * len(branches),
        sum(len(found) for found in branches.values()),
        tuple(sorted(lines, key=lambda line: int(line.split(":")[1].split()[0]))),
    )


def _line(text: bytes, offset: int) -> int:
    return text[:offset].count(b"\n") + 1


def run(arguments: Sequence[str]) -> tuple[int, list[Reached]]:
    """Run the tests in this process; pytest's exit code and what was reached."""
    artifacts, codes, sources = compile_plainly()
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        traced() as trace,
    ):
        for name, text in artifacts.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        patch.setenv(ARTIFACTS_SETTING, folder)
        options = ["--quiet", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist"]
        options += [f"--ignore={ROOT / TESTS / name}" for name in ELSEWHERE]
        code = pytest.main([*(arguments or [str(ROOT / TESTS)]), *options])
    return int(code), reached_of(trace, codes, sources)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def main() -> int:
    """Measure, print, and judge."""
    code, found = run(sys.argv[1:])
    for each in found:
        print(
            f"{each.name:<34} statements {each.statements_reached}/{each.statements}"
            f"  branches {each.branches_reached}/{each.branches}"
        )
        for line in each.missed:
            print(f"    {line}")
    statements = _percent(found, "statements")
    branches = _percent(found, "branches")
    print(f"contracts: {statements:.1f} % of statements, {branches:.1f} % of branches reached.")
    if code:
        return code
    if min(statements, branches) < WANTED_PERCENT:
        print(f"At least {WANTED_PERCENT:.0f} % of each are wanted.")
        return 1
    return 0


def _percent(found: Sequence[Reached], what: str) -> float:
    whole = sum(int(getattr(each, what)) for each in found)
    reached = sum(int(getattr(each, f"{what}_reached")) for each in found)
    return 100.0 * reached / whole


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
