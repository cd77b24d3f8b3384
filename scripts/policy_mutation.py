"""Change the rules of ledger/policy in small ways, one at a time, and see whether a test notices.

usage: python -m scripts.policy_mutation [--processes N] [--minimum PERCENT] [MODULE ...]

mutmut makes the changes in a copy of the rules (--copy) and runs the tests of ledger/policy that
reach each of them. A change of nothing but wording (a sentence, or a function that only makes one)
is not counted: tests need not repeat sentences. What was found is kept in .cache, module by module
with what nobody noticed, and as a section of docs/quality.md; modules that are named take the place
of what was known of them. Ends with 1 when fewer than --minimum percent of all are noticed.

Functions that are properties are left alone by mutmut; cached functions are cached again at the end
of their module, so that they are changed as well.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scripts.quality import MUTATIONS, PAGE, commit, table, with_section

ROOT: Final = Path(__file__).resolve().parent.parent
COPY: Final = ROOT / ".cache" / "mutation"
FOUND: Final = ROOT / ".cache" / "mutation-found.json"
MEASURED: Final = "commit"
RULES: Final = Path("ledger/policy")
TESTS: Final = Path("tests/unit/ledger/policy")
MINIMUM_PERCENT: Final = 85

_SURVIVED: Final = 0
_NO_TESTS: Final = 33
_NOT_RUN: Final = None
_SENTENCES: Final = frozenset({"Wording", "Explanation"})
_CACHED: Final = re.compile(r"^@cache\ndef (\w+)", re.MULTILINE)
_MUTANT: Final = re.compile(r"(?P<function>.+)__mutmut_(?P<number>\d+|orig)$")
_SETTINGS: Final = """\
[tool.pytest.ini_options]
addopts = "--import-mode=importlib -p no:cacheprovider"

[tool.mutmut]
source_paths = ["ledger"]
only_mutate = ["ledger/policy/*.py"]
pytest_add_cli_args_test_selection = ["tests/unit/ledger/policy"]
use_git_change_detection = false
track_dependencies = false
"""
_CONFTEST: Final = '''\
"""Few and always the same examples, and no value remembered from another test or mutant."""

import functools
import gc

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "mutation",
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutation")


def is_ours(item):
    module = getattr(item, "__module__", None) or ""
    return isinstance(item, functools._lru_cache_wrapper) and module.startswith("ledger.")


@pytest.fixture(scope="session")
def caches():
    return [item for item in gc.get_objects() if is_ours(item)]


@pytest.fixture(autouse=True)
def forget(caches):
    for item in caches:
        item.cache_clear()
'''


@dataclass(slots=True)
class Found:
    """What became of the changes of one module, and at which commit.

    ``changes`` were tried and are ``noticed`` or survivors, some of them ``untested``: no test
    reaches them. ``wording`` and ``untried`` ones are in no other number.
    """

    module: str
    commit: str = ""
    changes: int = 0
    noticed: int = 0
    untested: int = 0
    wording: int = 0
    untried: int = 0
    survivors: list[str] = field(default_factory=list)


def prepare(copy: Path) -> None:
    """Make the copy anew."""
    shutil.rmtree(copy, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "ledger", copy / "ledger", ignore=ignored)
    shutil.copytree(ROOT / TESTS, copy / TESTS, ignore=ignored)
    (copy / "tests" / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    (copy / "pyproject.toml").write_text(_SETTINGS, encoding="utf-8")
    (copy / MEASURED).write_text(commit(), encoding="utf-8")
    for path in (copy / RULES).glob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(uncached(text), encoding="utf-8")


def uncached(text: str) -> str:
    """The same module with its cached functions made plain, and cached again at its end."""
    names = _CACHED.findall(text)
    again = "".join(f"\n{name} = cache({name})" for name in names)
    return _CACHED.sub(r"def \1", text) + (again + "\n" if again else "")


def run(copy: Path, modules: list[str], processes: int) -> int:
    """Let mutmut work; its exit code. Without modules it changes all of them."""
    wanted = [f"ledger.policy.{module}.*" for module in modules]
    command = ["nice", sys.executable, "-m", "mutmut", "run", "--max-children", str(processes)]
    return subprocess.run([*command, *wanted], cwd=copy, check=False).returncode


def read(copy: Path) -> list[Found]:
    """What mutmut left behind, for each module of which something was tried."""
    measured = (copy / MEASURED).read_text(encoding="utf-8")
    metas = sorted((copy / "mutants" / RULES).glob("*.py.meta"))
    found = (read_module(meta, measured) for meta in metas)
    return [module for module in found if module.changes]


def read_module(meta: Path, measured: str) -> Found:
    """One module's results."""
    results: dict[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))[
        "exit_code_by_key"
    ]
    functions = functions_of(meta.with_suffix("").read_text(encoding="utf-8"))
    found = Found(meta.name.removesuffix(".py.meta"), measured)
    for name, code in results.items():
        key = name.rpartition(".")[2]
        match = _MUTANT.fullmatch(key)
        assert match is not None, "mutmut names its changes so"
        before, after = functions[f"{match['function']}__mutmut_orig"], functions[key]
        if code is _NOT_RUN:
            found.untried += 1
        elif is_wording(before, after):
            found.wording += 1
        elif code in {_SURVIVED, _NO_TESTS}:
            found.changes += 1
            found.untested += code == _NO_TESTS
            found.survivors.append(f"{key}: {' -> '.join(changed_line(before, after))}")
        else:
            found.changes += 1
            found.noticed += 1
    return found


def functions_of(text: str) -> dict[str, ast.AST]:
    """Every function of a module by its name; mutmut's names are different from each other."""
    return {
        node.name: node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def is_wording(before: ast.AST, after: ast.AST) -> bool:
    """Whether a change touches nothing but sentences."""
    if _makes_a_sentence(before):
        return True
    nodes = list(_differing(before, after))
    return bool(nodes) and all(_is_sentence(node) for node in nodes)


def _makes_a_sentence(function: ast.AST) -> bool:
    """Whether all that a function gives is a sentence."""
    returned = getattr(function, "returns", None)
    return isinstance(returned, ast.Name) and returned.id in _SENTENCES


def _is_sentence(node: ast.AST) -> bool:
    """A text with a blank or Chinese in it, written out or put together from figures."""
    if isinstance(node, ast.JoinedStr):
        return any(_is_sentence(part) for part in node.values)
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    return " " in node.value or not node.value.isascii()


def _differing(before: ast.AST, after: ast.AST) -> Iterator[ast.AST]:
    """The smallest nodes of ``before`` that are other in ``after``, or are gone."""
    if type(before) is not type(after) or isinstance(before, ast.Constant | ast.JoinedStr):
        if ast.dump(before) != ast.dump(after):
            yield before
        return
    for name, value in ast.iter_fields(before):
        other = getattr(after, name)
        if name == "name" and isinstance(before, ast.FunctionDef):
            continue
        if isinstance(value, ast.AST) and isinstance(other, ast.AST):
            yield from _differing(value, other)
        elif isinstance(value, list) and isinstance(other, list):
            yield from _differing_lists(before, value, other)
        elif value != other:
            yield before


def _differing_lists(owner: ast.AST, before: list[Any], after: list[Any]) -> Iterator[ast.AST]:
    if len(before) == len(after):
        for one, two in zip(before, after, strict=True):
            if isinstance(one, ast.AST) and isinstance(two, ast.AST):
                yield from _differing(one, two)
            elif one != two:
                yield owner
        return
    kept = [ast.dump(node) for node in after]
    yield from (node for node in before if ast.dump(node) not in kept)


def changed_line(before: ast.AST, after: ast.AST) -> tuple[str, str]:
    """The first statement line that differs, before and after."""
    pairs = zip(
        ast.unparse(before).splitlines()[1:], ast.unparse(after).splitlines()[1:], strict=False
    )
    return next(((a.strip(), b.strip()) for a, b in pairs if a != b), ("", ""))


def percent(found: list[Found]) -> float:
    """How many of the changes were noticed."""
    changes = sum(item.changes for item in found)
    return 100 * sum(item.noticed for item in found) / changes if changes else 0.0


def section(found: list[Found], day: str) -> str:
    """The section of docs/quality.md."""
    untried = sum(item.untried for item in found)
    wording = sum(item.wording for item in found)
    rows = [_row(item.module, [item], item.commit) for item in found]
    lines = [
        MUTATIONS,
        "",
        "Written by `scripts/policy_mutation.py`. mutmut changes a function of `ledger/policy` in",
        "one small way and runs the tests of `ledger/policy` that reach it. A change of nothing",
        f"but a sentence is not counted ({wording} were tried).",
        "",
        f"- {day}; wanted: at least {MINIMUM_PERCENT} % noticed",
        f"- {untried} further changes were not tried" if untried else "- every change was tried",
        "",
        table(
            ("module", "changes", "noticed", "share", "commit"),
            [*rows, _row("all", found, "")],
        ),
    ]
    return "\n".join(lines)


def _row(name: str, found: list[Found], measured: str) -> tuple[str, ...]:
    changes, noticed = (
        sum(item.changes for item in found),
        sum(item.noticed for item in found),
    )
    return name, str(changes), str(noticed), f"{percent(found):.1f} %", measured


def known(path: Path) -> dict[str, Found]:
    """What was found before, by module."""
    if not path.exists():
        return {}
    items = json.loads(path.read_text(encoding="utf-8"))
    return {item["module"]: Found(**item) for item in items}


def keep(found: list[Found], day: str, before: dict[str, Found]) -> list[Found]:
    """Write down what is known now, with what was known of other modules; gives all of it."""
    merged = before | {item.module: item for item in found}
    everything = [merged[name] for name in sorted(merged) if (ROOT / RULES / f"{name}.py").exists()]
    text = json.dumps([asdict(item) for item in everything], indent=1, ensure_ascii=False)
    FOUND.write_text(text, encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_section(page, section(everything, day)), encoding="utf-8")
    return everything


def main() -> int:
    """Prepare, run, read, keep, print."""
    parser = argparse.ArgumentParser(description="mutations of ledger/policy")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minimum", type=float, default=MINIMUM_PERCENT)
    parser.add_argument("--copy", type=Path, default=COPY, help="where the rules are changed")
    parser.add_argument("--read", action="store_true", help="only read what was run there before")
    parser.add_argument("modules", nargs="*")
    given = parser.parse_args()
    if not given.read:
        prepare(given.copy)
        code = run(given.copy, given.modules, given.processes)
        if code:
            print("mutmut did not come to its end; see above.", file=sys.stderr)
            return code
    before = known(FOUND) if given.modules or given.read else {}
    found = keep(read(given.copy), datetime.now(UTC).date().isoformat(), before)
    for item in found:
        print(f"{item.module:24} {item.changes:5} changes, {percent([item]):5.1f} % noticed")
    total = percent(found)
    print(f"{total:.1f} % of the changes were noticed; at least {given.minimum:g} % are wanted.")
    return 0 if total >= given.minimum else 1


if __name__ == "__main__":
    sys.exit(main())
