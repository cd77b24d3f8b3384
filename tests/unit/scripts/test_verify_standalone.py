"""The verifier made from the page alone says what the service says, on every vector and on damaged proofs."""

from __future__ import annotations

import ast
import copy
import hashlib
import itertools
import json
import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from ledger.errors import (
    InconsistentCheckpointError,
    MalformedTrustFileError,
    ProofLengthError,
    ProofShapeError,
    SizesOutOfOrderError,
)
from ledger.evidence.encoding import canonical_json
from ledger.evidence.merkle import verify_consistency
from ledger.evidence.trust import TrustFile
from ledger.evidence.verification import verify_file
from scripts import verify_standalone as standalone

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "scripts" / "verify_standalone.py"
VECTORS = ROOT / "tests" / "vectors"
NOW = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)


def read(path):
    return json.loads((VECTORS / path).read_text("utf-8"))


OWNER, SUPERVISION, TRUST = (read(f"proof/{name}.json") for name in ("owner", "supervision", "trust"))  # fmt: skip
DAMAGED = sorted((VECTORS / "proof" / "damaged").glob("*.json"))
CONSISTENCY = sorted((VECTORS / "merkle" / "consistency").rglob("*.json"))
INCLUSION = sorted((VECTORS / "merkle" / "inclusion").rglob("*.json"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Most damage leaves the signatures alone: each is computed once."""
    monkeypatch.setattr(standalone, "signed", lru_cache(maxsize=None)(standalone.signed))


def raw(value):
    return json.dumps(value, ensure_ascii=False).encode()


def both(data, trust=TRUST, now=NOW):
    """What each of the two says: checks by name, and both verdicts."""
    service = verify_file(data, TrustFile.from_json(raw(trust)), now=now)
    ours = {check.name.value: check.outcome.value for check in service.checks}
    stranger = standalone.verify(data, standalone.read_trust(raw(trust)), now)
    return (
        (ours, service.was_recorded.value, service.still_stands.value),
        (stranger["checks"], stranger["was_recorded"], stranger["still_stands"]),
    )


def agree(data, trust=TRUST, now=NOW):
    service, stranger = both(data, trust, now)
    assert stranger == service, data
    return service


class TestFile:
    def test_is_at_most_300_lines_of_the_standard_library(self):
        text = SCRIPT.read_text("utf-8")
        assert len(text.splitlines()) <= 300
        assert max(map(len, text.splitlines())) <= 120
        names = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names |= {item.name for item in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module)
        assert names <= sys.stdlib_module_names

    @pytest.mark.parametrize(("at", "status"), [("2026-09-15T01:00:00Z", 0), ("2026-09-14T00:00:00Z", 2)])  # fmt: skip
    def test_runs_by_itself_anywhere(self, tmp_path, at, status):
        alone = tmp_path / "verify.py"
        alone.write_bytes(SCRIPT.read_bytes())
        files = [VECTORS / "proof" / name for name in ("owner.json", "trust.json")]
        done = subprocess.run(
            [sys.executable, "-I", alone, *files, at], capture_output=True, text=True, check=False, cwd=tmp_path
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (status, "")
        assert set(json.loads(done.stdout)) == {"was_recorded", "still_stands", "checks"}


class TestVectors:
    @pytest.mark.parametrize("bundle", [OWNER, SUPERVISION])
    def test_proofs_are_valid_to_both(self, bundle):
        assert agree(raw(bundle))[1:] == ("valid", "valid")

    @pytest.mark.parametrize("path", DAMAGED, ids=lambda path: path.stem)
    def test_damaged_proofs(self, path):
        case = json.loads(path.read_text("utf-8"))
        now = datetime.fromisoformat(case["at"])
        expected = (case["checks"], case["was_recorded"], case["still_stands"])
        assert agree(raw(case["proof"]), now=now) == expected

    @pytest.mark.parametrize("path", INCLUSION, ids=lambda path: f"{path.parent.name}/{path.stem}")
    def test_inclusion(self, path):
        case = json.loads(path.read_text("utf-8"))
        proof = [bytes.fromhex(item) for item in case["proof"]]
        leaf, root = bytes.fromhex(case["leaf_hash"]), bytes.fromhex(case["root"])
        found = standalone.included(leaf, case["index"], case["size"], proof, root)
        assert found is case["valid"]

    @pytest.mark.parametrize(
        "path", CONSISTENCY, ids=lambda path: f"{path.parent.name}/{path.stem}"
    )
    def test_consistency(self, path):
        case = json.loads(path.read_text("utf-8"))
        proof = [bytes.fromhex(item) for item in case["proof"]]
        old, new = bytes.fromhex(case["old_root"]), bytes.fromhex(case["new_root"])
        found = standalone.consistent(case["old_size"], case["new_size"], proof, old, new)
        assert found is case["valid"]

    def test_consistency_of_the_same_and_of_empty_trees(self):
        root, empty = hashlib.sha256(b"root").digest(), hashlib.sha256(b"").digest()
        for sizes, proof, roots in itertools.product(
            [(0, 0), (0, 3), (3, 3), (4, 3), (4, 8)],
            [[], [root]],
            itertools.product([root, empty], repeat=2),
        ):
            try:
                verify_consistency(sizes[0], roots[0], sizes[1], roots[1], proof)
            except (
                ProofShapeError,
                InconsistentCheckpointError,
                SizesOutOfOrderError,
                ProofLengthError,
            ):
                expected = False
            else:
                expected = True
            assert standalone.consistent(*sizes, proof, *roots) is expected, (sizes, proof, roots)

    @pytest.mark.parametrize("name", ["canonical-json", "canonical-json-order"])
    def test_canonical_records(self, name):
        case = read(f"encoding/{name}.json")
        faults = []
        sorted_ = standalone.canonical(case["record"], faults)
        assert not faults
        text = json.dumps(sorted_, ensure_ascii=False, separators=(",", ":"))
        assert text == case["canonical"] == canonical_json(case["record"]).decode()

    def test_the_checkpoint(self):
        case = read("checkpoint/checkpoint.json")
        note = standalone.read_note(case["note"])
        assert (note.text, note.size, note.root.hex()) == (case["text"], case["size"], case["root"])
        row = {"vkey": case["log_vkey"], "valid_from": "2026-01-01T00:00:00Z", "valid_until": None}
        key = standalone.read_key(1)(row)
        assert standalone.signed(key.public, note.lines[key.key_name, key.id], note.text.encode())

    def test_gos_note(self):
        case = read("checkpoint/go-sumdb-note.json")
        key = standalone.read_key(1)(
            {"vkey": case["vkey"], "valid_from": "2026-01-01T00:00:00Z", "valid_until": None}
        )
        blob = standalone.b64(case["note"].rstrip("\n").rsplit(" ", 1)[1])
        assert blob[:4] == key.id
        assert standalone.signed(key.public, blob[4:], case["text"].encode())
        assert not standalone.signed(key.public, blob[4:], case["text"].encode() + b"x")


def _places(value, path=()):
    """Every place in a JSON value, containers first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # fmt: skip
    for key, item in inner:
        yield from _places(item, (*path, key))


def _at(value, path):
    for step in path:
        value = value[step]
    return value


def _changed_text(text, source):
    place = source.randrange(len(text) + 1)
    choice = source.randrange(4)
    if choice == 0 and text:
        place %= len(text)
        return text[:place] + source.choice("0af+/=— \n9Zz") + text[place + 1 :]
    if choice == 1:
        return (
            text[:place]
            + source.choice(["0", "\n", " ", "\x1f", "e\u0301", "\ud800"])
            + text[place:]
        )
    if choice == 2:
        return text[:place]
    return text.upper() if source.random() < 0.5 else text[::-1]


def _changed(value, source):
    """Another value for one place of a file."""
    if isinstance(value, bool) or value is None:
        return source.choice([True, False, None, 0, 1, "true"])
    if isinstance(value, int):
        return source.choice([value + 1, value - 1, -value, 0, 2**53, 2**53 - 1, 1.5, str(value), True, 202613])  # fmt: skip
    if isinstance(value, str):
        return _changed_text(value, source)
    if isinstance(value, list):
        return source.choice([value[::-1], value[:-1], value + value, [], {}, [*value, "00" * 32]])
    other = copy.deepcopy(value)
    if source.random() < 0.5 and other:
        del other[source.choice(list(other))]
    else:
        other[source.choice(["extra", "reverses", "anchor", "entry", "kind"])] = source.choice([1, None, {}, "x"])  # fmt: skip
    return other


class TestDamage:
    """Both say the same of whatever becomes of a proof."""

    @pytest.mark.parametrize("bundle", [OWNER, SUPERVISION], ids=["owner", "supervision"])
    def test_changed_values(self, bundle):
        source, seen = random.Random(20260915), Counter()
        places = [path for path in _places(bundle) if path]
        for number in range(900):
            damaged = copy.deepcopy(bundle)
            for _ in range(1 + number % 2):
                path = source.choice(places)
                try:
                    _at(damaged, path[:-1])[path[-1]] = _changed(_at(damaged, path), source)
                except (KeyError, IndexError, TypeError):
                    continue  # the first change took this place away
            try:
                data = json.dumps(damaged, ensure_ascii=source.random() < 0.5).encode()
            except UnicodeEncodeError:
                data = json.dumps(damaged).encode()
            checks, recorded, stands = agree(data)
            seen[recorded, stands] += 1
            seen.update(f"{name} {outcome}" for name, outcome in checks.items())
        assert seen["invalid", "invalid"] > 50
        assert seen["undetermined", "undetermined"] > 100
        for name in ("bundle-shape", "tag", "seal", "inclusion", "cosignature", "standing"):
            assert seen[f"{name} invalid"], name

    @pytest.mark.parametrize("bundle", [OWNER, SUPERVISION], ids=["owner", "supervision"])
    def test_changed_bytes(self, bundle):
        source, whole = random.Random(9162), raw(bundle)
        for at in range(0, len(whole), 3):
            changed = whole[:at] + bytes([whole[at] ^ (1 << source.randrange(8))]) + whole[at + 1 :]
            agree(changed)
        for at in range(0, len(whole), 17):
            agree(whole[:at])
            agree(whole[:at] + b"0" + whole[at:])

    @pytest.mark.parametrize(
        "data",
        [
            b"", b"[]", b"{}", b"null", b"\xff", b"\xef\xbb\xbf{}", b'{"schema":"anxu-proof/1"}', b"[" * 5000,
            b'{"a":' * 40 + b"1" + b"}" * 40, b'{"a":1,"a":1}', b'{"a":1e3}', b'{"a":NaN}', b"1" * 5000,
            b'{"a":"\\ud800"}', b" " * 524_289,
        ],
    )  # fmt: skip
    def test_garbage(self, data):
        assert agree(data)[1:] == ("undetermined", "undetermined")

    @pytest.mark.parametrize("nested", [15, 16, 17, 31, 32])
    @pytest.mark.parametrize("key", ["a", "键"])
    def test_nested_records(self, nested, key):
        record = inner = {}
        for _ in range(nested - 1):
            inner[key] = inner = {}
        inner[key] = 1
        agree(raw({**OWNER, "record": record | OWNER["record"]}))

    @pytest.mark.parametrize(
        "value", ["e\u0301", "\u212b", "é", 2**53, -(2**53), -0, "", "\x7f\x00\u2028", "😀"]
    )
    def test_values_in_records(self, value):
        checks, *_ = agree(raw({**OWNER, "record": {**OWNER["record"], "note": value}}))
        assert checks["record-canonical"] in {"valid", "invalid"}

    @pytest.mark.parametrize("value", [["x"] * 10_001, "长" * 5_000, {"": ""}, [[], {}, None]])
    def test_records_have_no_limits_of_their_own_but_the_files(self, value):
        checks, *_ = agree(raw({**OWNER, "record": {**OWNER["record"], "note": value}}))
        assert checks["record-canonical"] == "valid"


class TestTrust:
    """Both judge by the same trust file, at the same time."""

    @pytest.mark.parametrize("hours", [-30_000, -2, -1, 0, 24 * 365 * 300])
    def test_times(self, hours):
        for bundle in (OWNER, SUPERVISION):
            agree(raw(bundle), now=NOW + timedelta(hours=hours))

    def test_changed_trust_files(self):
        source, read_by_both = random.Random(7), 0
        places = [path for path in _places(TRUST) if path]
        for _ in range(600):
            trust, path = copy.deepcopy(TRUST), source.choice(places)
            _at(trust, path[:-1])[path[-1]] = _changed(_at(trust, path), source)
            try:
                data = raw(trust)
            except UnicodeEncodeError:
                continue
            try:
                TrustFile.from_json(data)
            except MalformedTrustFileError:
                with pytest.raises(standalone.Malformed):
                    standalone.read_trust(data)
                continue
            read_by_both += 1
            agree(raw(OWNER), trust)
        assert read_by_both > 30

    def test_keys_that_were_rotated_or_are_of_others(self):
        key = TRUST["logs"][0]["keys"][0]
        for start, end in (
            ("2026-01-01T00:00:00Z", "2026-09-15T00:00:00Z"), ("2026-01-01T00:00:00Z", "2026-09-15T00:00:01Z"),
            ("2026-09-15T00:00:00Z", None), ("2026-09-15T00:00:01Z", None),
        ):  # fmt: skip
            trust = copy.deepcopy(TRUST)
            trust["logs"][0]["keys"][0] = {**key, "valid_from": start, "valid_until": end}
            agree(raw(OWNER), trust)
            trust["cosigners"][0] |= {"valid_from": start, "valid_until": end}
            agree(raw(OWNER), trust)
        for part in ("logs", "cosigners"):
            assert agree(raw(OWNER), {**TRUST, part: []})[1:] == ("undetermined", "undetermined")
