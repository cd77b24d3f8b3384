"""Bytes put aside for a while: on disk, but under a key that nothing except this process holds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.keys.sealing import KEY_BYTES, NONCE_BYTES
from ledger.ports import RandomSource


class ScratchFile:
    """Pieces of any size, given back in any order; use it in a ``with`` block.

    The file has no name: it is gone with the process, however that ends. Pieces are sealed with
    AES-256-GCM under a fresh key, each under its number, so that what a disk keeps of them is of no
    use to anybody.
    """

    def __init__(self, directory: Path, randomness: RandomSource) -> None:
        """Take a directory on a disk with room; the file is made there."""
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - closed by our own exit
        self._cipher = AESGCM(randomness.bytes(KEY_BYTES))
        self._places: list[tuple[int, int]] = []
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def put(self, content: bytes) -> int:
        """Put a piece aside; the number it is got back by."""
        number = len(self._places)
        sealed = self._cipher.encrypt(number.to_bytes(NONCE_BYTES), content, None)
        self._file.seek(self._end)
        self._file.write(sealed)
        self._places.append((self._end, len(sealed)))
        self._end += len(sealed)
        return number

    def get(self, number: int) -> bytes:
        """The piece that was put aside under this number."""
        place, size = self._places[number]
        self._file.seek(place)
        return self._cipher.decrypt(number.to_bytes(NONCE_BYTES), self._file.read(size), None)
