"""Compiled loops over libcrypto's SHA-256. Import it through `ledger.evidence.hashing` only.

Bytes are handed over as addresses, which read-only arrays have too; the caller keeps the arrays
alive and has checked every length. SHA256_Init, _Update and _Final have the same form in every
libcrypto since 0.9, and make no allocation: a loop over them does 8 million 64-byte leaves a second
where the one-shot function of libcrypto 3 does one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ledger.evidence.native import compiled, external

FUNCTIONS: Final = ("SHA256_Init", "SHA256_Update", "SHA256_Final")
_CONTEXT_BYTES: Final = 128
"""More than libcrypto's SHA256_CTX has (112)."""
_HASH: Final = 32

_init = external("SHA256_Init", 1)
_update = external("SHA256_Update", 3)
_final = external("SHA256_Final", 2)


@compiled
def hash_rows(
    prefix: int, prefix_bytes: int, rows: int, count: int, width: int, digests: int
) -> None:
    """Write SHA-256(prefix | row) for ``count`` rows of ``width`` bytes each."""
    start = np.empty(_CONTEXT_BYTES, np.uint8)
    context = np.empty(_CONTEXT_BYTES, np.uint8)
    _init(start.ctypes.data)
    _update(start.ctypes.data, prefix, prefix_bytes)
    at = context.ctypes.data
    for row in range(count):
        for place in range(_CONTEXT_BYTES):
            context[place] = start[place]
        _update(at, rows + row * width, width)
        _final(digests + row * _HASH, at)


@compiled
def hash_blobs(
    prefix: int, prefix_bytes: int, heads: int, head_bytes: int,
    data: int, offsets: Any, digests: int,
) -> None:  # fmt: skip
    """Write SHA-256(prefix | head | blob) for every blob between two neighbouring offsets."""
    start = np.empty(_CONTEXT_BYTES, np.uint8)
    context = np.empty(_CONTEXT_BYTES, np.uint8)
    _init(start.ctypes.data)
    _update(start.ctypes.data, prefix, prefix_bytes)
    at = context.ctypes.data
    for blob in range(offsets.shape[0] - 1):
        for place in range(_CONTEXT_BYTES):
            context[place] = start[place]
        if head_bytes:
            _update(at, heads + blob * head_bytes, head_bytes)
        _update(at, data + offsets[blob], offsets[blob + 1] - offsets[blob])
        _final(digests + blob * _HASH, at)
