"""The compiled loop that lays rows out for COPY; `ledger.store.appending` alone imports it."""

from __future__ import annotations

from typing import Any

from ledger.evidence.native import compiled


@compiled
def interleave(heads: Any, data: Any, offsets: Any, rows: Any) -> None:
    """Write each head with its blob behind it.

    ``heads`` (n, w) and ``data`` are bytes, the blobs of ``data`` lie between neighbouring
    ``offsets``; ``rows`` has room for all of it.
    """
    count, width = heads.shape
    at = 0
    for row in range(count):
        rows[at : at + width] = heads[row]
        at += width
        start, end = offsets[row], offsets[row + 1]
        rows[at : at + end - start] = data[start:end]
        at += end - start
