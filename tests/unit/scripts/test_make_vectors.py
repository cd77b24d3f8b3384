"""The vectors on disk are those the script writes, and the script knows nothing of the product."""

import ast
import subprocess
import sys
from pathlib import Path

from scripts.make_vectors import VECTORS, build, main

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "make_vectors.py"


def test_the_files_on_disk_are_fresh():
    assert main(["--check"]) == 0


def test_a_stale_or_missing_file_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("scripts.make_vectors.VECTORS", tmp_path)
    assert main([]) == 0
    (tmp_path / "encoding" / "seal.json").write_text("{}", encoding="utf-8")
    (tmp_path / "encoding" / "leaf.json").unlink()
    assert main(["--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "stale: tests/vectors/encoding/leaf.json",
        "stale: tests/vectors/encoding/seal.json",
    ]


def test_it_writes_the_same_every_time():
    assert build() == build()
    assert all((VECTORS / path).is_file() for path in build())


def test_it_imports_nothing_of_the_product():
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [
        a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names
    ]
    assert not [name for name in modules if name.split(".")[0] in {"ledger", "api", "scripts"}]


def test_it_runs_as_a_program():
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
