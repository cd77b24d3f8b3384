"""What is checked in is what the sources compile to."""

from __future__ import annotations

import json
from pathlib import Path

from scripts import compile_contracts

ROOT = Path(__file__).resolve().parents[2]
CODE_LIMIT_BYTES = 24_576


def test_artifacts_are_what_the_sources_compile_to(capsys):
    assert compile_contracts.main(["--check"]) == 0, capsys.readouterr().err


def test_a_changed_missing_or_left_over_artifact_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(compile_contracts, "ARTIFACTS", tmp_path)
    compile_contracts.write_artifacts({"One.json": "1\n", "mocks/Two.json": "2\n"})
    assert compile_contracts.stale_artifacts({"One.json": "1\n", "mocks/Two.json": "2\n"}) == []
    fresh = {"One.json": "other\n", "Three.json": "3\n"}
    assert compile_contracts.stale_artifacts(fresh) == ["One.json", "Three.json", "mocks/Two.json"]
    compile_contracts.write_artifacts(fresh)
    assert compile_contracts.stale_artifacts(fresh) == []


def test_no_contract_is_larger_than_a_chain_takes():
    for path in compile_contracts.ARTIFACTS.glob("*.json"):
        code = json.loads(path.read_text("utf-8"))["deployedBytecode"]
        assert (len(code) - 2) // 2 <= CODE_LIMIT_BYTES, path.name


def test_the_compilers_lock_names_no_package_host():
    lock = json.loads((ROOT / "scripts" / "solc" / "package-lock.json").read_text("utf-8"))
    assert lock["packages"]["node_modules/solc"]["version"] == compile_contracts.VERSION
    library = lock["packages"][f"node_modules/{compile_contracts.LIBRARY}"]
    assert library["version"] == compile_contracts.LIBRARY_VERSION
    assert all("resolved" not in package for package in lock["packages"].values())


OPENZEPPELIN = (
    "AccessControl", "Timelock", "AddressEmptyCode", "FailedCall", "InsufficientBalance", "ECDSA",
    "InvalidShortString", "StringTooLong",
)  # fmt: skip


def test_every_error_begins_with_the_name_of_its_contract():
    for path in compile_contracts.ARTIFACTS.glob("*.json"):
        abi = json.loads(path.read_text("utf-8"))["abi"]
        names = [item["name"] for item in abi if item["type"] == "error"]
        owners = (path.stem, "MerkleLog", "OfficerSignature", *OPENZEPPELIN)
        assert all(name.startswith(owners) for name in names), path.name


def test_every_error_of_ours_is_compared_by_a_test():
    """By name and fields: elsewhere in this folder an error is named only to compare it."""
    tests = set(Path(__file__).parent.glob("test_*.py")) - {Path(__file__)}
    named = "".join(path.read_text("utf-8") for path in tests)
    for path in compile_contracts.ARTIFACTS.glob("*.json"):
        for entry in json.loads(path.read_text("utf-8"))["abi"]:
            if entry["type"] == "error" and not entry["name"].startswith(OPENZEPPELIN):
                assert f'"{entry["name"]}"' in named, entry
