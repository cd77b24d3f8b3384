"""Writes the test vectors of the evidence formats to tests/vectors, from the published definitions.

It imports nothing from ``ledger``: every digest is spelled out with `hashlib`, the tree is the
recursive definition of RFC 9162, so that a fault in the product cannot hide in its own
expectations. Run it after a format changed:

    python scripts/make_vectors.py [--check]

With ``--check`` it writes nothing and fails if a file on disk differs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VECTORS = Path(__file__).resolve().parent.parent / "tests" / "vectors"

# The eight leaves of the Certificate Transparency test tree and its roots, as published in
# github.com/transparency-dev/merkle (proof/verify_test.go), after the implementation of RFC 6962.
CT_LEAVES = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
CT_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION_CASES = ((0, 8), (5, 8), (2, 3), (1, 5), (6, 7))
CONSISTENCY_CASES = ((1, 8), (6, 8), (2, 5), (6, 7), (4, 7))
NOISE = "abacaba000000000000000000000000000000000000000000060061e00123456"

# golang.org/x/mod/sumdb/note, documentation and tests.
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)

CHAIN_ID = 31415
LOG_ID = 3
ORIGIN = f"anxu/{CHAIN_ID}/{LOG_ID}"
COSIGNER = f"anxu/{CHAIN_ID}/supervisor"
SIGNED_AT = 1_789_430_400  # 2026-09-15T00:00:00Z


def build() -> dict[str, str]:
    """Every vector file: path below tests/vectors, content."""
    files: dict[str, Any] = {}
    for name, value in _encoding():
        files[f"encoding/{name}.json"] = value
    files["merkle/ct-tree.json"] = {
        "origin": "github.com/transparency-dev/merkle proof/verify_test.go",
        "leaves": list(CT_LEAVES),
        "roots_by_size": list(CT_ROOTS),
    }
    for path, value in _inclusion_cases():
        files[f"merkle/inclusion/{path}.json"] = value
    for path, value in _consistency_cases():
        files[f"merkle/consistency/{path}.json"] = value
    files["checkpoint/go-sumdb-note.json"] = {
        "origin": "golang.org/x/mod/sumdb/note",
        "vkey": GO_VKEY,
        "text": GO_TEXT,
        "note": f"{GO_TEXT}\n{GO_SIGNATURE}\n",
    }
    files["checkpoint/checkpoint.json"] = _checkpoint_vector()
    files = {path: {"origin": _origin(path)} | value for path, value in files.items()}
    # Proofs and trust file have no room for an origin: they are refused with one.
    files |= {f"proof/{name}.json": value for name, value in _proofs().items()}
    return {path: _file(value) for path, value in sorted(files.items())}


def _origin(path: str) -> str:
    """Where the expectations of a vector come from, unless it says so itself."""
    sources = {
        "encoding": "scripts/make_vectors.py, from docs/reference/evidence.md, Digests",
        "merkle": "scripts/make_vectors.py, RFC 9162 section 2.1 by its text, over merkle/ct-tree",
        "checkpoint": "scripts/make_vectors.py, from docs/reference/evidence.md, Checkpoints",
    }
    return sources[path.partition("/")[0]]


def main(arguments: Sequence[str]) -> int:
    """Write the files, or compare them."""
    stale = []
    for path, content in build().items():
        target = VECTORS / path
        if "--check" in arguments:
            if not target.is_file() or target.read_text(encoding="utf-8") != content:
                stale.append(path)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    for path in stale:
        print(f"stale: tests/vectors/{path}", file=sys.stderr)
    return 1 if stale else 0


# --- the formats, spelled out ---------------------------------------------------------------------


def sha256(*parts: bytes) -> bytes:
    """SHA-256 over the parts, one behind the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(value: Any) -> str:
    """RFC 8785 for records: sorted by UTF-16 code units, no blanks, integers only."""
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_string(key)}:{canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, str):
        return _string(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value}"


def _string(text: str) -> str:
    """RFC 8785, section 3.2.2.2."""
    short = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
    escaped = (short.get(ord(c)) or (f"\\u{ord(c):04x}" if ord(c) < ord(" ") else c) for c in text)
    return '"' + "".join(escaped) + '"'


def head(kind: int, class_: int, period: int) -> bytes:
    """Version, kind, class, month."""
    return struct.pack(">BBHI", 1, kind, class_, period)


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return sha256(b"\x00", leaves[0])
    k = _largest_power_below(len(leaves))
    return sha256(b"\x01", tree_hash(leaves[:k]), tree_hash(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 9162, section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = _largest_power_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), tree_hash(leaves[k:])]
    return [*path(m - k, leaves[k:]), tree_hash(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], *, is_known: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, section 2.1.4.1."""
    if m == len(leaves):
        return [] if is_known else [tree_hash(leaves)]
    k = _largest_power_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], is_known=is_known), tree_hash(leaves[k:])]
    return [*subproof(m - k, leaves[k:], is_known=False), tree_hash(leaves[:k])]


def _largest_power_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


# --- encoding -------------------------------------------------------------------------------------


def _encoding() -> Iterator[tuple[str, Any]]:
    subject, commitment = sha256(b"a subject"), sha256(b"a commitment")
    salt, root = sha256(b"a salt"), sha256(b"a root")
    payout, supplement = head(2, 1, 202609), head(2, 0x8001, 202609)
    handles = {name: sha256(b"\x14", h, subject) for name, h in (("n", payout), ("s", supplement))}
    amount = struct.pack(">q", 345_678)
    entry = payout + subject + amount + commitment
    tag = sha256(b"\x10", payout, handles["n"])
    seal = sha256(b"\x11", struct.pack(">I", LOG_ID), amount, commitment)
    yield "head", {"kind": 2, "class": 1, "period": 202609, "bytes": payout.hex()}
    yield (
        "entry",
        {
            "head": payout.hex(),
            "subject": subject.hex(),
            "amount_fen": 345_678,
            "commitment": commitment.hex(),
            "bytes": entry.hex(),
        },
    )
    yield (
        "entry-negative-amount",
        {
            "head": payout.hex(),
            "subject": subject.hex(),
            "amount_fen": -1,
            "commitment": commitment.hex(),
            "bytes": (payout + subject + b"\xff" * 8 + commitment).hex(),
        },
    )
    yield (
        "handle",
        {"head": payout.hex(), "subject": subject.hex(), "digest": handles["n"].hex()},
    )
    yield (
        "tag-exclusive",
        {"head": payout.hex(), "handle": handles["n"].hex(), "digest": tag.hex()},
    )
    yield (
        "tag-other",
        {
            "head": supplement.hex(),
            "handle": handles["s"].hex(),
            "commitment": commitment.hex(),
            "digest": sha256(b"\x15", supplement, handles["s"], commitment).hex(),
        },
    )
    place = struct.pack(">IQ", LOG_ID, 70_000)
    yield (
        "tag-reversal",
        {
            "log_id": LOG_ID,
            "index": 70_000,
            "subject": (place + bytes(20)).hex(),
            "digest": sha256(b"\x13", place).hex(),
        },
    )
    yield (
        "seal",
        {
            "log_id": LOG_ID,
            "amount_fen": 345_678,
            "commitment": commitment.hex(),
            "digest": seal.hex(),
        },
    )
    yield (
        "leaf",
        {
            "log_id": LOG_ID,
            "entry": entry.hex(),
            "bytes": (tag + seal).hex(),
            "leaf_hash": sha256(b"\x00", tag, seal).hex(),
        },
    )
    yield (
        "node-hash",
        {"left": tag.hex(), "right": seal.hex(), "digest": sha256(b"\x01", tag, seal).hex()},
    )
    record = {
        "schema": "anxu-payout/1",
        "name": "张三",
        "amount_fen": 345_678,
        "z": [1, None, True],
    }
    text = canonical(record)
    yield "canonical-json", {"record": record, "canonical": text}
    # RFC 8785, section 3.2.3, without its Hebrew key, which is not in NFC; U+FB06 keeps its point:
    # a key that sorts behind the surrogates of another by code units and before it by code points.
    order = {"\u20ac": "Euro", "\r": "CR", "1": "One", "\U0001f600": "Smiley", "\ufb06": "St"}
    order |= {"\u00f6": "o", "\x80": "Control"}
    yield "canonical-json-order", {"record": order, "canonical": canonical(order)}
    for name, label in (("commitment", b"\x12"), ("figures", b"\x17")):
        yield (
            name,
            {
                "salt": salt.hex(),
                "canonical": text,
                "digest": sha256(label, salt, text.encode()).hex(),
            },
        )
    stay = struct.pack(">HIH", 1, LOG_ID, 2)
    yield (
        "segment",
        {
            "class": 1,
            "log_id": LOG_ID,
            "stay": 2,
            "subject": subject.hex(),
            "digest": sha256(b"\x16", stay, subject).hex(),
        },
    )
    yield (
        "benefit",
        {
            "class": 1,
            "subject": subject.hex(),
            "digest": sha256(b"\x18", struct.pack(">H", 1), subject).hex(),
        },
    )
    numbers = struct.pack(">IQQ", LOG_ID, 5, 8)
    flags = struct.pack(">BBQ", 0, 1, SIGNED_AT)
    yield (
        "standing",
        {
            "log_id": LOG_ID,
            "index": 5,
            "size": 8,
            "root": root.hex(),
            "reversed": False,
            "revoked": True,
            "time": SIGNED_AT,
            "digest": sha256(b"\x19", numbers, root, flags).hex(),
        },
    )


# --- Merkle proofs --------------------------------------------------------------------------------


def _inclusion_cases() -> Iterator[tuple[str, Any]]:
    leaves = [bytes.fromhex(leaf) for leaf in CT_LEAVES]
    for index, size in INCLUSION_CASES:
        proof = [item.hex() for item in path(index, leaves[:size])]
        case = {
            "index": index,
            "size": size,
            "leaf_hash": sha256(b"\x00", leaves[index]).hex(),
            "root": CT_ROOTS[size],
            "proof": proof,
        }
        damages: dict[str, Mapping[str, Any]] = {
            "index-plus-1": {"index": index + 1},
            "index-xor-2": {"index": index ^ 2},
            "index-beyond": {"index": size},
            "size-times-2": {"size": size * 2},
            "size-halved": {"size": size // 2},
            "size-zero": {"size": 0},
            "wrong-leaf": {"leaf_hash": NOISE},
            "empty-root": {"root": CT_ROOTS[0]},
            "random-root": {"root": NOISE},
            "trailing-root": {"proof": [*proof, CT_ROOTS[size]]},
            "preceding-root": {"proof": [CT_ROOTS[size], *proof]},
            "removed-last": {"proof": proof[:-1]},
            "reversed-order": {"proof": [*reversed(proof), *([] if len(proof) > 1 else [NOISE])]},
            **_flipped(proof),
        }
        yield from _with_damages(f"{index}-of-{size}", case, damages)


def _consistency_cases() -> Iterator[tuple[str, Any]]:
    leaves = [bytes.fromhex(leaf) for leaf in CT_LEAVES]
    for old, new in CONSISTENCY_CASES:
        proof = [item.hex() for item in subproof(old, leaves[:new], is_known=True)]
        case = {
            "old_size": old,
            "new_size": new,
            "old_root": CT_ROOTS[old],
            "new_root": CT_ROOTS[new],
            "proof": proof,
        }
        damages: dict[str, Mapping[str, Any]] = {
            "old-size-plus-1": {"old_size": old + 1},
            "old-size-xor-2": {"old_size": old ^ 2},
            "new-size-times-2": {"new_size": new * 2},
            "new-size-halved": {"new_size": new // 2},
            "sizes-swapped": {"old_size": new, "new_size": old},
            "wrong-old-root": {"old_root": NOISE},
            "wrong-new-root": {"new_root": NOISE},
            "swapped-roots": {"old_root": CT_ROOTS[new], "new_root": CT_ROOTS[old]},
            "empty-proof": {"proof": []},
            "trailing-old-root": {"proof": [*proof, CT_ROOTS[old]]},
            "preceding-new-root": {"proof": [CT_ROOTS[new], *proof]},
            "doubled-first": {"proof": [proof[0], *proof]},
            "removed-last": {"proof": proof[:-1]},
            **_flipped(proof),
        }
        yield from _with_damages(f"{old}-to-{new}", case, damages)


def _flipped(proof: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    damaged: dict[str, Mapping[str, Any]] = {}
    for at, item in enumerate(proof):
        flipped = bytes([bytes.fromhex(item)[0] ^ 8]) + bytes.fromhex(item)[1:]
        damaged[f"flipped-bit-in-{at}"] = {"proof": [*proof[:at], flipped.hex(), *proof[at + 1 :]]}
    return damaged


def _with_damages(
    folder: str, case: Mapping[str, Any], damages: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, Any]]:
    yield f"{folder}/happy-path", {**case, "valid": True}
    for name, change in damages.items():
        yield f"{folder}/{name}", {**case, **change, "valid": False}


# --- checkpoints and proofs -----------------------------------------------------------------------


def _key(purpose: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(b"anxu test vector: ", purpose.encode()))


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _key_id(name: str, algorithm: bytes, key: Ed25519PrivateKey) -> bytes:
    return sha256(name.encode(), b"\n", algorithm, _public(key))[:4]


def _vkey(name: str, algorithm: bytes, key: Ed25519PrivateKey) -> str:
    material = _base64(algorithm + _public(key))
    return f"{name}+{_key_id(name, algorithm, key).hex()}+{material}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _checkpoint(size: int, root: bytes) -> dict[str, str]:
    log, cosigner = _key("log"), _key("cosigner")
    text = f"{ORIGIN}\n{size}\n{_base64(root)}\n"
    signature = _key_id(ORIGIN, b"\x01", log) + log.sign(text.encode())
    time = struct.pack(">Q", SIGNED_AT)
    message = f"cosignature/v1\ntime {SIGNED_AT}\n{text}".encode()
    cosignature = _key_id(COSIGNER, b"\x04", cosigner) + time + cosigner.sign(message)
    lines = [f"— {ORIGIN} {_base64(signature)}", f"— {COSIGNER} {_base64(cosignature)}"]
    return {
        "text": text,
        "log_line": lines[0],
        "cosignature_line": lines[1],
        "note": text + "\n" + "\n".join(lines) + "\n",
    }


def _checkpoint_vector() -> dict[str, Any]:
    root = sha256(b"a root")
    return {
        "log_vkey": _vkey(ORIGIN, b"\x01", _key("log")),
        "cosigner_vkey": _vkey(COSIGNER, b"\x04", _key("cosigner")),
        "size": 70_000,
        "root": root.hex(),
        "time": SIGNED_AT,
        **_checkpoint(70_000, root),
    }


def _proofs() -> dict[str, Any]:
    """An owner's and a supervisor's proof of one payout, and the trust file to check them by."""
    record = {
        "schema": "anxu-payout/1",
        "kind": 2,
        "class": 1,
        "period": 202608,
        "amount_fen": 312_050,
        "identity_number": "110101195001010014",
        "name": "张三",
        "scheme": "PENSION_EMPLOYEE",
        "line": "NORMAL",
        "reason": "",
        "supplement_of": None,
        "region": "340100",
        "paid_on": "2026-08-15",
    }
    salt, subject = sha256(b"the salt of this record"), sha256(b"the subject of this person")
    first = head(2, 1, 202608)
    handle = sha256(b"\x14", first, subject)
    commitment = sha256(b"\x12", salt, canonical(record).encode())
    amount = struct.pack(">q", 312_050)
    seal = sha256(b"\x11", struct.pack(">I", LOG_ID), amount, commitment)
    leaf = sha256(b"\x10", first, handle) + seal
    leaves = [sha256(b"tag", bytes([n])) + sha256(b"seal", bytes([n])) for n in range(7)]
    leaves[5] = leaf
    size, root = len(leaves), tree_hash(leaves)
    shared_head = {"schema": "anxu-proof/1"}
    place = {"log_id": LOG_ID, "index": 5, "leaf": leaf.hex()}
    shared_tail = {
        "inclusion": [item.hex() for item in path(5, leaves)],
        "checkpoint": _checkpoint(size, root)["note"],
        "anchor": {
            "chain_id": CHAIN_ID,
            "contract": "0x" + sha256(b"the contract")[:20].hex(),
            "block": 1234,
            "transaction": "0x" + sha256(b"the transaction").hex(),
        },
        "standing": _standing(size, root),
    }
    owner = {
        "record": record,
        "salt": salt.hex(),
        "head": first.hex(),
        "handle": handle.hex(),
        "amount_fen": 312_050,
        "commitment": commitment.hex(),
    }
    entry = {"entry": (first + subject + amount + commitment).hex()}
    return {
        "owner": {**shared_head, "level": "owner", **place, **owner, **shared_tail},
        "supervision": {**shared_head, "level": "supervision", **place, **entry, **shared_tail},
        "trust": _trust(),
    }


def _standing(size: int, root: bytes) -> dict[str, Any]:
    numbers = struct.pack(">IQQ", LOG_ID, 5, size)
    flags = struct.pack(">BBQ", 0, 0, SIGNED_AT)
    digest = sha256(b"\x19", numbers, root, flags)
    return {
        "size": size,
        "root": root.hex(),
        "reversed": False,
        "revoked": False,
        "time": "2026-09-15T00:00:00Z",
        "cosigner": COSIGNER,
        "signature": _base64(_key("cosigner").sign(digest)),
    }


def _trust() -> dict[str, Any]:
    validity = {"valid_from": "2026-01-01T00:00:00Z", "valid_until": None}
    return {
        "schema": "anxu-trust/1",
        "chain_id": CHAIN_ID,
        "contracts": {
            "Checkpoints": {
                "address": "0x" + sha256(b"the contract")[:20].hex(),
                "code_hash": "0x" + sha256(b"its code").hex(),
            }
        },
        "logs": [
            {
                "log_id": LOG_ID,
                "origin": ORIGIN,
                "name": "合肥市社会保险经办机构",
                "region": "340100",
                "keys": [{"vkey": _vkey(ORIGIN, b"\x01", _key("log")), **validity}],
            }
        ],
        "cosigners": [
            {
                "name": "基金监管局",
                "vkey": _vkey(COSIGNER, b"\x04", _key("cosigner")),
                **validity,
            }
        ],
    }


def _file(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
