"""Randomness that repeats, and a store that opens quickly."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ledger.keys.key_store import KeyStore

PASSPHRASE = "correct horse 电池"
QUICK_SCRYPT = 14


class SeededRandom:
    """A stream of bytes fixed by a seed: SHA-256 of seed and counter."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._counter = 0

    def bytes(self, length: int) -> bytes:
        stream = b""
        while len(stream) < length:
            block = self._seed.to_bytes(8) + self._counter.to_bytes(8)
            stream += hashlib.sha256(block).digest()
            self._counter += 1
        return stream[:length]


@pytest.fixture
def randomness() -> SeededRandom:
    return SeededRandom(7)


@pytest.fixture
def passphrase() -> str:
    return PASSPHRASE


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def store(directory: Path, randomness: SeededRandom) -> KeyStore:
    return KeyStore.create(directory, PASSPHRASE, randomness=randomness, scrypt_log2_n=QUICK_SCRYPT)
