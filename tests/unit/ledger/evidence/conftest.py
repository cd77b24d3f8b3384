"""A small log with one pension payout in it, its keys, its trust file: built afresh, without the product's own keys."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.evidence.bundle import (
    Anchor,
    LeafPlace,
    owner_bundle,
    sign_standing,
    supervision_bundle,
)
from ledger.evidence.checkpoint import (
    CheckpointBody,
    VerifierKey,
    add_signature_lines,
    cosign_checkpoint,
    sign_checkpoint,
)
from ledger.evidence.encoding import Entry, Head, Standing, canonical_json, commitment_of, leaf_hash
from ledger.evidence.merkle import MerkleTree
from ledger.evidence.readings import AnchorReading, StandingReading
from ledger.evidence.trust import (
    TrustedContract,
    TrustedCosigner,
    TrustedKey,
    TrustedLog,
    TrustFile,
)
from ledger.policy.kinds import Kind

VECTORS = Path(__file__).resolve().parents[3] / "vectors"
NOW = datetime(2026, 9, 15, 1, 0, 0, tzinfo=UTC)
CHAIN_ID, LOG_ID, INDEX = 31415, 3, 5
ORIGIN, COSIGNER = "anxu/31415/3", "anxu/31415/supervisor"
CONTRACT, CODE_HASH = "0x" + "c0" * 20, b"\xcd" * 32
TRANSACTION = "0x" + "7a" * 32


class Key:
    """An Ed25519 key made of a word."""

    def __init__(self, word: str) -> None:
        seed = hashlib.sha256(word.encode()).digest()
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def digest(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()


PAYOUT = Head(Kind.PAYOUT, 1, 202608)
LOG_KEY, COSIGNER_KEY = Key("log"), Key("cosigner")


@dataclass(frozen=True)
class Case:
    """Everything about one fact; ``replace`` a part and what depends on it follows."""

    record: dict = field(
        default_factory=lambda: {
            "schema": "anxu-payout/1",
            "kind": 2,
            "class": 1,
            "period": 202608,
            "amount_fen": 312_050,
            "identity_number": "11010119500101001X",
            "name": "张三",
            "supplement_of": None,
        }
    )
    salt: bytes = digest("salt")
    subject: bytes = digest("subject")
    head: Head = PAYOUT
    amount_fen: int = 312_050
    size: int = 7
    log_key: Key = LOG_KEY
    cosigner_key: Key = COSIGNER_KEY
    is_cosigned: bool = True
    cosigned_at: datetime = NOW - timedelta(minutes=10)

    @property
    def entry(self) -> Entry:
        commitment = commitment_of(canonical_json(self.record), self.salt)
        return Entry(self.head, self.subject, self.amount_fen, commitment)

    @property
    def tree(self) -> MerkleTree:
        leaves = [digest(f"tag {n}") + digest(f"seal {n}") for n in range(self.size)]
        leaves[INDEX] = self.entry.leaf(LOG_ID).pack()
        return MerkleTree(leaf_hash(leaf) for leaf in leaves)

    @property
    def body(self) -> CheckpointBody:
        return CheckpointBody(ORIGIN, self.size, self.tree.root())

    @property
    def note(self) -> str:
        note = sign_checkpoint(self.body, ORIGIN, self.log_key)
        if not self.is_cosigned:
            return note
        time = int(self.cosigned_at.timestamp())
        line = cosign_checkpoint(self.body, COSIGNER, self.cosigner_key, time=time)
        return add_signature_lines(note, [line])

    def standing(self, **changes):
        values = {
            "log_id": LOG_ID,
            "index": INDEX,
            "size": self.size,
            "root": self.body.root,
            "reversed": False,
            "revoked": False,
            "time": int(self.cosigned_at.timestamp()),
        }
        return sign_standing(Standing(**values | changes), COSIGNER, self.cosigner_key)

    def bundle(self, *, level="owner", **parts):
        place, proof = LeafPlace(LOG_ID, INDEX), self.tree.inclusion_proof(INDEX)
        if level == "supervision":
            return supervision_bundle(self.entry, place, proof, self.note, **parts)
        return owner_bundle(self.entry, self.record, self.salt, place, proof, self.note, **parts)

    def full_bundle(self, **parts):
        """A bundle with everything a bundle can hold."""
        return self.bundle(anchor=self.anchor, standing=self.standing(), **parts)

    @property
    def anchor(self) -> Anchor:
        return Anchor(CHAIN_ID, CONTRACT, 1234, TRANSACTION)

    def anchor_reading(self, **changes) -> AnchorReading:
        reading = AnchorReading(
            chain_id=CHAIN_ID,
            contract=CONTRACT,
            code_hash=CODE_HASH,
            root=self.body.root,
            number=17,
            anchored_at=NOW - timedelta(minutes=30),
            block=1234,
            transaction=TRANSACTION,
        )
        return replace(reading, **changes)

    def standing_reading(self, **changes) -> StandingReading:
        reading = StandingReading(size=self.size, reversed=False, revoked=False, read_at=NOW)
        return replace(reading, **changes)

    def trust(self, **changes) -> TrustFile:
        """The trust file; ``log_from``, ``log_until``, ``cosigner_from``, ``cosigner_until`` move validities."""
        start = NOW - timedelta(days=200)
        log_key = TrustedKey(
            VerifierKey.log(ORIGIN, self.log_key.public_key),
            changes.pop("log_from", start),
            changes.pop("log_until", None),
        )
        cosigner_key = TrustedKey(
            VerifierKey.cosigner(COSIGNER, self.cosigner_key.public_key),
            changes.pop("cosigner_from", start),
            changes.pop("cosigner_until", None),
        )
        trust = TrustFile(
            chain_id=CHAIN_ID,
            contracts={"Checkpoints": TrustedContract(CONTRACT, CODE_HASH)},
            logs=(TrustedLog(LOG_ID, ORIGIN, "合肥", "340100", (log_key,)),),
            cosigners=(TrustedCosigner("基金监管局", cosigner_key),),
        )
        return replace(trust, **changes)


@pytest.fixture
def case() -> Case:
    return Case()


@pytest.fixture
def make_case():
    return Case


@pytest.fixture
def make_key():
    return Key


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def vector():
    def read(path: str):
        return json.loads((VECTORS / path).read_text(encoding="utf-8"))

    return read
