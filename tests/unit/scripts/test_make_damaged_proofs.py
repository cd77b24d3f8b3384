"""The damaged proofs on disk are those the script writes, and the script knows nothing of the product."""

import ast
from pathlib import Path

import scripts.make_damaged_proofs as script


def test_the_files_on_disk_are_fresh_and_no_other_lies_there():
    assert script.main(["--check"]) == 0
    found = {path.name for path in (script.VECTORS / "damaged").iterdir()}
    assert found == set(script.build())


def test_a_stale_or_missing_file_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "owner.json").write_bytes((script.VECTORS / "owner.json").read_bytes())
    monkeypatch.setattr(script, "VECTORS", tmp_path)
    assert script.main([]) == 0
    (tmp_path / "damaged" / "none.json").write_text("{}", encoding="utf-8")
    (tmp_path / "damaged" / "salt-flipped.json").unlink()
    assert script.main(["--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "stale: tests/vectors/proof/damaged/none.json",
        "stale: tests/vectors/proof/damaged/salt-flipped.json",
    ]


def test_it_imports_nothing_of_the_product():
    tree = ast.parse(Path(script.__file__).read_text(encoding="utf-8"))
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [
        a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names
    ]
    assert not [name for name in modules if name.split(".")[0] in {"ledger", "api", "scripts"}]
