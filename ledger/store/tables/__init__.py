"""The tables of a node, one module a capability, on one MetaData.

Times are Unix microseconds (UTC), money integer fen, digests raw bytes. Hot tables carry no unique
index beside their primary key; what must be unique is decided inside the transaction that holds the
log's head.
"""

from ledger.store.tables import (
    benefits,
    chain,
    following,
    funds,
    log,
    records,
    supervision,
    transfers,
)
from ledger.store.tables.base import metadata

__all__ = [
    "benefits",
    "chain",
    "following",
    "funds",
    "log",
    "metadata",
    "records",
    "supervision",
    "transfers",
]
