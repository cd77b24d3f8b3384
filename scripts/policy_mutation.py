"""Change the rules of ledger/policy in small ways, one at a time, and see whether a test notices.

usage: python -m scripts.policy_mutation [--processes N] [--minimum PERCENT] [MODULE ...]

mutmut makes the changes in a copy under .cache/mutation and runs the tests of ledger/policy that
reach each of them. A change of nothing but wording (an error's sentence) is not counted: tests need
not repeat sentences. Ends with 1 when fewer than --minimum percent are noticed. What was found is
kept in .cache/mutation/found.json, module by module with what nobody noticed, and as a section of
docs/quality.md.

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
FOUND: Final = COPY / "found.json"
MEASURED: Final = "commit"
RULES: Final = Path("ledger/policy")
TESTS: Final = Path("tests/unit/ledger/policy")
MINIMUM_PERCENT: Final = 85

_SURVIVED: Final = 0
_NO_TESTS: Final = 33
_NOT_RUN: Final = None
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
    """What became of the changes of one module; ``wording`` ones are in no other number."""

    module: str
    changes: int = 0
    noticed: int = 0
    untested: int = 0
    wording: int = 0
    survivors: list[str] = field(default_factory=list)


def prepare() -> None:
    """Make the copy anew; what was found before is forgotten."""
    shutil.rmtree(COPY, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "ledger", COPY / "ledger", ignore=ignored)
    shutil.copytree(ROOT / TESTS, COPY / TESTS, ignore=ignored)
    (COPY / "tests" / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    (COPY / "pyproject.toml").write_text(_SETTINGS, encoding="utf-8")
    (COPY / MEASURED).write_text(commit(), encoding="utf-8")
    for path in (COPY / RULES).glob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(uncached(text), encoding="utf-8")


def uncached(text: str) -> str:
    """The same module with its cached functions made plain, and cached again at its end."""
    names = _CACHED.findall(text)
    again = "".join(f"\n{name} = cache({name})" for name in names)
    return _CACHED.sub(r"def \1", text) + (again + "\n" if again else "")


def run(modules: list[str], processes: int) -> int:
    """Let mutmut work; its exit code. Without modules it changes all of them."""
    wanted = [f"ledger.policy.{module}.*" for module in modules]
    command = ["nice", sys.executable, "-m", "mutmut", "run", "--max-children", str(processes)]
    return subprocess.run([*command, *wanted], cwd=COPY, check=False).returncode


def read() -> tuple[list[Found], int]:
    """What mutmut left behind, module by module, and how many changes were not tried."""
    metas = sorted((COPY / "mutants" / RULES).glob("*.py.meta"))
    found = [module for path in metas if (module := read_module(path)).changes]
    return found, sum(list(_results(path).values()).count(_NOT_RUN) for path in metas)


def _results(meta: Path) -> dict[str, int | None]:
    """The exit code of each change of a module; None for one that was not tried."""
    results: dict[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))[
        "exit_code_by_key"
    ]
    return results


def read_module(meta: Path) -> Found:
    """One module's results, without changes of wording and those that were not run."""
    results = _results(meta)
    functions = functions_of(meta.with_suffix("").read_text(encoding="utf-8"))
    found = Found(meta.name.removesuffix(".py.meta"))
    for name, code in results.items():
        if code is _NOT_RUN:
            continue
        key = name.rpartition(".")[2]
        match = _MUTANT.fullmatch(key)
        assert match is not None, "mutmut names its changes so"
        before, after = functions[f"{match['function']}__mutmut_orig"], functions[key]
        if is_wording(before, after):
            found.wording += 1
            continue
        found.changes += 1
        if code == _NO_TESTS:
            found.untested += 1
        if code in {_SURVIVED, _NO_TESTS}:
            found.survivors.append(f"{key}: {' -> '.join(changed_line(before, after))}")
        else:
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
    nodes = list(_differing(before, after))
    return bool(nodes) and all(_is_sentence(node) for node in nodes)


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


def section(found: list[Found], left: int, measured: str, day: str) -> str:
    """The section of docs/quality.md; ``left`` says how many changes were not tried."""
    rows = [
        (
            item.module,
            str(item.changes),
            str(item.noticed),
            f"{100 * item.noticed / item.changes:.1f} %",
        )
        for item in found
    ]
    changes = sum(item.changes for item in found)
    noticed = sum(item.noticed for item in found)
    wording = sum(item.wording for item in found)
    rows.append(("all", str(changes), str(noticed), f"{percent(found):.1f} %"))
    lines = [
        MUTATIONS,
        "",
        "Written by `scripts/policy_mutation.py`. mutmut changes a function of `ledger/policy` in",
        "one small way and runs the tests of `ledger/policy` that reach it. A change of nothing",
        f"but a sentence is not counted ({wording} were tried).",
        "",
        f"- {day}, commit {measured}",
        f"- {left} further changes were not tried" if left else "- every change was tried",
        f"- wanted: at least {MINIMUM_PERCENT} % noticed",
        "",
        table(("module", "changes", "noticed", "share"), rows),
    ]
    return "\n".join(lines)


def main() -> int:
    """Prepare, run, read, keep, print."""
    parser = argparse.ArgumentParser(description="mutations of ledger/policy")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minimum", type=float, default=MINIMUM_PERCENT)
    parser.add_argument("--read", action="store_true", help="only read what was run before")
    parser.add_argument("modules", nargs="*")
    given = parser.parse_args()
    if not given.read:
        prepare()
        code = run(given.modules, given.processes)
        if code:
            print("mutmut did not come to its end; see above.", file=sys.stderr)
            return code
    found, left = read()
    FOUND.write_text(json.dumps([asdict(item) for item in found], indent=1, ensure_ascii=False))
    measured = (COPY / MEASURED).read_text(encoding="utf-8")
    day = datetime.now(UTC).date().isoformat()
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_section(page, section(found, left, measured, day)), encoding="utf-8")
    for item in found:
        share = 100 * item.noticed / item.changes
        print(f"{item.module:24} {item.changes:5} changes, {share:5.1f} % noticed")
    total = percent(found)
    print(f"{total:.1f} % of the changes were noticed; at least {given.minimum:g} % are wanted.")
    return 0 if total >= given.minimum else 1


if __name__ == "__main__":
    sys.exit(main())
