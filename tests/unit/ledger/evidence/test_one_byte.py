"""No changed byte of anything encoded reads as the same thing, and whatever reads formats back to itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from ledger.errors import LedgerError
from ledger.evidence.bundle import ProofBundle, StandingStatement
from ledger.evidence.checkpoint import CheckpointBody, Note, SignatureLine, VerifierKey
from ledger.evidence.encoding import (
    Entry,
    Head,
    Leaf,
    canonical_json,
    commitment_of,
    reversal_subject,
    reversed_leaf,
)
from ledger.evidence.merkle import CompactRange
from ledger.evidence.tiles import (
    Tile,
    format_entry_bundle,
    format_hash_tile,
    parse_entry_bundle,
    parse_hash_tile,
    parse_supervision_bundle_path,
    supervision_bundle_path,
    supervision_bundle_text,
)
from ledger.evidence.tlog_proof import TlogProof
from ledger.evidence.trust import TrustFile

CHANGES = (0x01, 0x02, 0x08, 0x20, 0x80, 0xFF)


@dataclass(frozen=True)
class Pair:
    """A value with how it is written and read; ``text`` for what is a string to the reader."""

    value: Any
    write: Any
    read: Any
    is_text: bool = False


def _text(read):
    return lambda data: read(data.decode())


def pairs(case):
    """Every parse/format pair of the evidence package, whose bytes have one spelling."""
    bundle, note = case.full_bundle(), Note.parse(case.note)
    hashes = tuple(bytes([number]) * 32 for number in range(3))
    leaves = tuple(bytes([number]) * 64 for number in range(3))
    tree = CompactRange.empty().extend(list(hashes))
    yield "head", Pair(case.head, Head.pack, Head.parse)
    yield "entry", Pair(case.entry, Entry.pack, Entry.parse)
    yield "leaf", Pair(bundle.leaf, Leaf.pack, Leaf.parse)
    yield (
        "reversal subject",
        Pair((3, 70_000), lambda place: reversal_subject(*place), reversed_leaf),
    )
    yield "compact range", Pair(tree, CompactRange.to_bytes, CompactRange.from_bytes)
    yield "hash tile", Pair(hashes, format_hash_tile, lambda data: parse_hash_tile(data, 3))
    yield (
        "entry bundle",
        Pair(leaves, format_entry_bundle, lambda data: parse_entry_bundle(data, 3)),
    )
    for name, value, kind in (
        ("log key", VerifierKey.log("anxu/31415/3", case.log_key.public_key), VerifierKey),
        ("signature line", note.signatures[1], SignatureLine),
        ("note", note, Note),
        ("checkpoint", case.body, CheckpointBody),
        ("tlog-proof", TlogProof.of(bundle), TlogProof),
    ):
        yield name, Pair(value, lambda item: item.format().encode(), _text(kind.parse))
    yield "tile", Pair(Tile(1, 1067, 5), lambda tile: tile.path.encode(), _text(Tile.parse))
    yield "entry path", Pair(
        (1067, 5), lambda place: supervision_bundle_path(*place).encode(), _text(parse_supervision_bundle_path)
    )  # fmt: skip


NAMES = (
    "head", "entry", "leaf", "reversal subject", "compact range", "hash tile", "entry bundle", "log key",
    "signature line", "note", "checkpoint", "tlog-proof", "tile", "entry path",
)  # fmt: skip


def damaged(raw):
    for at in range(len(raw)):
        for change in CHANGES:
            yield raw[:at] + bytes([raw[at] ^ change]) + raw[at + 1 :]
        yield raw[:at] + raw[at + 1 :]
        yield raw[:at] + b"0" + raw[at:]


class TestOneSpelling:
    def test_every_pair_is_tried(self, case):
        assert tuple(name for name, _ in pairs(case)) == NAMES

    @pytest.mark.parametrize("name", NAMES)
    def test_what_reads_is_another_thing_and_formats_back(self, case, name):
        pair = dict(pairs(case))[name]
        raw = pair.write(pair.value)
        assert pair.read(raw) == pair.value
        refused = 0
        for changed in damaged(raw):
            if changed == raw:
                continue
            try:
                value = pair.read(changed)
            except (LedgerError, UnicodeDecodeError):
                refused += 1
                continue
            assert value != pair.value
            assert pair.write(value) == changed
        assert refused > 0


class TestFiles:
    """JSON may be laid out in many ways: what reads as the same says the same, and nothing else does."""

    @pytest.mark.parametrize("name", ["owner", "supervision", "trust", "standing"])
    def test_what_reads_writes_what_it_read(self, case, name):
        value, read, write = {
            "owner": (case.full_bundle(), ProofBundle.from_json, ProofBundle.to_json),
            "supervision": (case.full_bundle(level="supervision"), ProofBundle.from_json, ProofBundle.to_json),
            "trust": (case.trust(), TrustFile.from_json, TrustFile.to_json),
            "standing": (
                case.standing(),
                lambda data: StandingStatement.from_object(json.loads(data)),
                lambda statement: json.dumps(statement.to_object()),
            ),
        }[name]  # fmt: skip
        raw = json.dumps(json.loads(write(value)), ensure_ascii=False).encode()
        read_again = 0
        for changed in damaged(raw):
            try:
                found = read(changed)
            except (LedgerError, ValueError):
                continue
            read_again += 1
            assert read(write(found)) == found
            same = json.loads(changed) == json.loads(raw)
            assert (found == value) is same
        assert read_again > 100


class TestDigests:
    def test_each_changed_byte_changes_the_commitment(self, case):
        record, salt = canonical_json(case.record), case.salt
        made = {commitment_of(record, salt)}
        for at in range(len(record)):
            made.add(commitment_of(record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :], salt))
        for at in range(32):
            made.add(commitment_of(record, salt[:at] + bytes([salt[at] ^ 1]) + salt[at + 1 :]))
        assert len(made) == 1 + len(record) + 32

    def test_each_changed_byte_changes_what_a_log_signs_of_a_bundle(self):
        content = bytes(range(80))
        made = {supervision_bundle_text("anxu/1/2", 3, 1, content)}
        for at in range(80):
            changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
            made.add(supervision_bundle_text("anxu/1/2", 3, 1, changed))
        for place in (("anxu/1/3", 3, 1), ("anxu/1/2", 4, 1), ("anxu/1/2", 3, 2)):
            made.add(supervision_bundle_text(*place, content))
        assert len(made) == 84

    def test_each_part_of_an_entry_changes_its_leaf(self, case):
        raw, made = case.entry.pack(), set()
        for at in range(8, 80):
            changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
            made.add(Entry.parse(changed).leaf(3).pack())
        assert len(made | {case.entry.leaf(3).pack(), case.entry.leaf(2).pack()}) == 72 + 2
