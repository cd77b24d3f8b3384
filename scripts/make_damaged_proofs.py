"""Writes a file for each way in which a proof can be damaged, with what a verifier must say of it.

Like ``make_vectors.py``, whose two proofs it starts from, it imports nothing of the product. What
must be said is written here by hand, from the table of checks in docs/reference/evidence.md. Run it
after ``make_vectors.py``:

    python scripts/make_damaged_proofs.py [--check]
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).resolve().parent.parent / "tests" / "vectors" / "proof"
ORIGIN = "scripts/make_damaged_proofs.py, from docs/reference/evidence.md, Checking a proof"
AT = "2026-09-15T01:00:00Z"

CHECKS = (
    "bundle-shape",
    "record-canonical",
    "record-matches-head",
    "commitment",
    "tag",
    "seal",
    "inclusion",
    "checkpoint-signature",
    "cosignature",
    "anchor",
    "standing",
)
Change = Callable[[dict[str, Any]], Any]


def _flip(text: str, at: int = 0) -> str:
    """Hexadecimal with one bit of one digit changed."""
    return text[:at] + f"{int(text[at], 16) ^ 1:x}" + text[at + 1 :]


def _set(name: str, change: Callable[[Any], Any]) -> Change:
    return lambda proof: proof.__setitem__(name, change(proof[name]))


def _inner(name: str, key: str, value: Any) -> Change:
    return lambda proof: proof[name].__setitem__(key, value)


def _replace(old: str, new: str) -> Change:
    return _set("checkpoint", lambda note: note.replace(old, new, 1))


def _signature(line: int) -> Change:
    """Another last byte of the signature in one line of the note."""

    def change(note: str) -> str:
        lines = note.split("\n")
        place = len(lines) - 3 + line
        mark = -5 if lines[place].endswith("==") else -4
        letter = "A" if lines[place][mark] != "A" else "B"
        lines[place] = lines[place][:mark] + letter + lines[place][mark + 1 :]
        return "\n".join(lines)

    return _set("checkpoint", change)


def _without_cosignature(note: str) -> str:
    return "\n".join(note.split("\n")[:-2]) + "\n"


NOTE = ("checkpoint-signature", "cosignature")
DAMAGES: dict[str, tuple[Change, Sequence[str], Sequence[str]]] = {
    # name of the damage: how it is done, checks that are invalid, checks that cannot be made
    "none": (lambda _: None, (), ()),
    "record-another-name": (_inner("record", "name", "李四"), ("commitment",), ()),
    "record-not-nfc": (
        _inner("record", "name", "e\u0301"),
        ("record-canonical", "commitment"),
        (),
    ),
    "record-another-month": (
        _inner("record", "period", 202607),
        ("record-matches-head", "commitment"),
        (),
    ),
    "record-without-month": (
        lambda proof: proof["record"].pop("period"),
        ("commitment",),
        ("record-matches-head",),
    ),
    "record-too-large-number": (
        _inner("record", "number", 2**53),
        ("record-canonical",),
        ("commitment",),
    ),
    "salt-flipped": (_set("salt", _flip), ("commitment",), ()),
    "handle-flipped": (_set("handle", _flip), ("tag",), ()),
    "amount-plus-1": (
        _set("amount_fen", lambda amount: amount + 1),
        ("record-matches-head", "seal"),
        (),
    ),
    "commitment-flipped": (_set("commitment", _flip), ("commitment", "seal"), ()),
    "leaf-tag-flipped": (_set("leaf", _flip), ("tag", "inclusion"), ()),
    "leaf-seal-flipped": (_set("leaf", lambda leaf: _flip(leaf, 100)), ("seal", "inclusion"), ()),
    "index-plus-1": (_set("index", lambda index: index + 1), ("inclusion", "standing"), ()),
    "inclusion-empty": (_set("inclusion", lambda _: []), ("inclusion",), ()),
    "inclusion-removed-last": (_set("inclusion", lambda path: path[:-1]), ("inclusion",), ()),
    "inclusion-reversed": (_set("inclusion", lambda path: path[::-1]), ("inclusion",), ()),
    "inclusion-padded": (
        _set("inclusion", lambda path: [*path, "00" * 32]),
        ("inclusion",),
        (),
    ),
    "note-size-plus-1": (_replace("\n7\n", "\n8\n"), NOTE, ()),
    "note-of-another-log": (
        _replace("anxu/31415/3\n", "anxu/31415/2\n"),
        ("bundle-shape", "cosignature"),
        ("checkpoint-signature",),
    ),
    "note-log-signature-changed": (_signature(0), ("checkpoint-signature",), ()),
    "note-cosignature-changed": (_signature(1), ("cosignature",), ()),
    "note-not-cosigned": (_set("checkpoint", _without_cosignature), (), ("cosignature",)),
    "anchor-on-another-chain": (_inner("anchor", "chain_id", 1), ("bundle-shape",), ()),
    "anchor-gone": (lambda proof: proof.pop("anchor"), (), ()),
    "standing-says-reversed": (
        lambda proof: proof["standing"].update({"reversed": True}),
        ("standing",),
        (),
    ),
    "standing-later": (_inner("standing", "time", "2026-09-15T00:00:01Z"), ("standing",), ()),
    "standing-from-the-future": (
        _inner("standing", "time", "2026-09-16T00:00:00Z"),
        (),
        ("standing",),
    ),
    "standing-by-nobody-known": (_inner("standing", "cosigner", "x"), (), ("standing",)),
    "standing-gone": (lambda proof: proof.pop("standing"), (), ("standing",)),
}
UNREADABLE: dict[str, Change] = {
    "unknown-field": lambda proof: proof.__setitem__("extra", 1),
    "another-schema": _set("schema", lambda _: "anxu-proof/2"),
    "salt-in-capitals": _set("salt", str.upper),
    "salt-too-short": _set("salt", lambda salt: salt[:-2]),
    "salt-gone": lambda proof: proof.pop("salt"),
    "head-of-unknown-kind": _set("head", lambda head: f"{head[:2]}ff{head[4:]}"),
    "head-of-unknown-version": _set("head", lambda head: f"02{head[2:]}"),
    "reverses-of-a-payout": lambda proof: proof.__setitem__("reverses", {"log": 3, "index": 1}),
    "note-with-a-tail": _set("checkpoint", lambda note: f"{note}x"),
    "note-with-a-leading-zero": _replace("\n7\n", "\n07\n"),
    "log-id-zero": _set("log_id", lambda _: 0),
}


def build() -> dict[str, str]:
    """Every file: name, content."""
    owner = json.loads((VECTORS / "owner.json").read_text("utf-8"))
    files = {}
    for name, (change, invalid, open_) in DAMAGES.items():
        proof = copy.deepcopy(owner)
        change(proof)
        checks = dict.fromkeys(CHECKS, "valid")
        checks |= dict.fromkeys(invalid, "invalid")
        checks |= dict.fromkeys(("anchor", *open_), "undetermined")
        files[f"{name}.json"] = _case(proof, checks)
    for name, change in UNREADABLE.items():
        proof = copy.deepcopy(owner)
        change(proof)
        files[f"unreadable-{name}.json"] = _case(proof, {"bundle-shape": "undetermined"})
    return files


def _case(proof: dict[str, Any], checks: dict[str, str]) -> str:
    needed = {check: checks.get(check) for check in CHECKS if check not in {"anchor", "standing"}}
    if "invalid" in needed.values():
        recorded = "invalid"
    else:
        recorded = "valid" if set(needed.values()) == {"valid"} else "undetermined"
    both = {recorded, checks.get("standing")}
    stands = "invalid" if "invalid" in both else "valid" if both == {"valid"} else "undetermined"
    case = {
        "origin": ORIGIN,
        "at": AT,
        "checks": checks,
        "was_recorded": recorded,
        "still_stands": stands,
        "proof": proof,
    }
    return json.dumps(case, ensure_ascii=False, indent=2) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the files, or compare them."""
    folder, stale = VECTORS / "damaged", []
    folder.mkdir(exist_ok=True)
    for name, content in sorted(build().items()):
        target = folder / name
        if "--check" not in arguments:
            target.write_text(content, encoding="utf-8")
        elif not target.is_file() or target.read_text(encoding="utf-8") != content:
            stale.append(name)
    for name in stale:
        print(f"stale: tests/vectors/proof/damaged/{name}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
