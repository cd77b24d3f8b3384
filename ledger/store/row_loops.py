"""The compiled loop that lays rows out for COPY; `ledger.store.appending` alone imports it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ledger.evidence.native import compiled

# Unsigned places: where an index may be negative, the compiler makes no block copy of a loop.
_U = np.uint64


@compiled
def lay_out(
    head: Any,
    number_places: Any,
    number_widths: Any,
    numbers: Any,
    digest_places: Any,
    subjects: Any,
    commitments: Any,
    tags: Any,
    seals: Any,
    data: Any,
    offsets: Any,
    rows: Any,
) -> None:
    """Write each row: the head filled in, and the blob behind it.

    ``head`` (w,) is what all rows begin with. ``numbers`` (k, n), the blobs' lengths among them, go
    to ``number_places`` (k,), ``number_widths`` (k,) bytes each, the most significant first;
    the four columns of digests (n, 32) go to ``digest_places`` (4,). Blobs of
    ``data`` lie between neighbouring ``offsets``; ``rows`` has room for all of it. All places,
    widths and offsets are unsigned.
    """
    at, one = _U(0), _U(1)
    width, digest = _U(len(head)), _U(subjects.shape[1])
    for row in range(_U(len(offsets)) - one):
        for byte in range(width):
            rows[at + byte] = head[byte]
        for column in range(_U(len(number_places))):
            value = numbers[column, row]
            last = at + number_places[column] + number_widths[column] - one
            for byte in range(number_widths[column]):
                rows[last - byte] = value & 0xFF
                value >>= 8
        for byte in range(digest):
            rows[at + digest_places[0] + byte] = subjects[row, byte]
        for byte in range(digest):
            rows[at + digest_places[1] + byte] = commitments[row, byte]
        for byte in range(digest):
            rows[at + digest_places[2] + byte] = tags[row, byte]
        for byte in range(digest):
            rows[at + digest_places[3] + byte] = seals[row, byte]
        start = offsets[row]
        length = offsets[row + one] - start
        at += width
        for byte in range(length):
            rows[at + byte] = data[start + byte]
        at += length
