"""Compiled loops over libcrypto's SHA-256. Import it through `ledger.evidence.hashing` only.

Bytes are handed over as addresses, which read-only arrays have too; the caller keeps the arrays
alive and has checked every length. SHA256_Init, _Update and _Final have the same form in every
libcrypto since 0.9, and make no allocation: a loop over them does 8 million 64-byte leaves a second
where the one-shot function of libcrypto 3 does one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ledger.evidence.encoding import (
    EXCLUSIVE_TAG_LABEL,
    HANDLE_LABEL,
    LEAF_LABEL,
    NODE_LABEL,
    OTHER_TAG_LABEL,
    REVERSAL_TAG_LABEL,
    SEAL_LABEL,
)
from ledger.evidence.native import compiled, external
from ledger.policy.kinds import Kind

FUNCTIONS: Final = ("SHA256_Init", "SHA256_Update", "SHA256_Final")
_CONTEXT_BYTES: Final = 128
"""More than libcrypto's SHA256_CTX has (112)."""
_HASH: Final = 32
_LEAF, _NODE, _SEAL = LEAF_LABEL[0], NODE_LABEL[0], SEAL_LABEL[0]
_HANDLE, _EXCLUSIVE, _OTHER = HANDLE_LABEL[0], EXCLUSIVE_TAG_LABEL[0], OTHER_TAG_LABEL[0]
_REVERSED, _REVERSAL = REVERSAL_TAG_LABEL[0], int(Kind.REVERSAL)

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


@compiled
def _hash(context: int, text: int, length: int, digest: int) -> None:
    """Write SHA-256 of ``length`` bytes; ``context`` has room for one. All are addresses."""
    _init(context)
    _update(context, text, length)
    _final(digest, context)


@compiled
def grow_by_entries(
    entries: Any, is_exclusive: Any, log: Any, size: int, hashes: Any, leaves: Any
) -> int:
    """Write the leaf of each entry, and put it behind the last one of a tree.

    Args:
        entries: (n, 80), each as `Entry.pack` has it; a reversal's subject ends in zeros.
        is_exclusive: (n,) whether the tag of each is an exclusive one.
        log: (4,) the log's number.
        size: of the tree before.
        hashes: (64, 32), its compact range, the widest first; becomes that of the tree after.
        leaves: (n, 64), to be written.

    Returns:
        How many hashes the compact range has then.
    """
    context = np.empty(_CONTEXT_BYTES, np.uint8)
    text = np.empty(96, np.uint8)
    node = np.empty(_HASH, np.uint8)
    at, say, out = context.ctypes.data, text.ctypes.data, node.ctypes.data
    count, left = 0, size
    while left:
        count += left & 1
        left >>= 1
    for row in range(len(entries)):
        entry, leaf = entries[row], leaves[row]
        if entry[1] == _REVERSAL:
            text[0], text[1:13], length = _REVERSED, entry[8:20], 13
        else:
            text[0], text[1:41] = _HANDLE, entry[:40]
            _hash(at, say, 41, say + 9)
            text[0], length = _EXCLUSIVE, 41
            if not is_exclusive[row]:
                text[0], text[41:73], length = _OTHER, entry[48:80], 73
        _hash(at, say, length, out)
        leaf[:32] = node
        text[0], text[1:5], text[5:45] = _SEAL, log, entry[40:80]
        _hash(at, say, 45, out)
        leaf[32:] = node
        text[0], text[1:65] = _LEAF, leaf
        _hash(at, say, 65, out)
        index = size + row
        while index & 1:
            count -= 1
            text[0], text[1:33], text[33:65] = _NODE, hashes[count], node
            _hash(at, say, 65, out)
            index >>= 1
        hashes[count] = node
        count += 1
    return count
