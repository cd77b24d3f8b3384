"""Gas of every call; and of a record by the batch, beside EAS and DocumentStore in one run.

Anxu publishes one checkpoint for a batch of any size; EAS and OpenAttestation's DocumentStore keep
each digest by itself, so a record of theirs costs the same from a full call on. All run under
London rules on chains in memory.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

from scripts.bench import Report, Row
from scripts.bench._gas_calls import Story
from scripts.bench._gas_peers import attestations, document_store
from scripts.bench.evidence_gas import GasChain, random_growth

BATCHES: Final = (1, 100, 10_000, 1_000_000)
LOG_SIZE: Final = 1_000_000
"""How long the log is that a batch is added to."""
PEER_RECORDS: Final = 1_000
"""How many records the others are measured with at most."""
ATTESTATIONS_A_CALL: Final = 40
DIGESTS_A_CALL: Final = 250
"""What fits into a call; more would not be cheaper by the record."""

_SEED: Final = 7702


def measure(report: Report) -> Sequence[Row]:
    """Every call once; then a record's share of a batch, ours and theirs."""
    report("gas: every call once")
    used = Story().tell()
    calls = [Row.alone(name, "gas", gas) for name, gas in used.items()]
    return [*calls, *batch_rows(report)]


def batch_rows(report: Report) -> list[Row]:
    """Gas a record of each of the others, beside ours at every batch."""
    source = random.Random(_SEED)  # noqa: S311 - digests of nothing, no secrets
    ours = GasChain()
    eas, store = attestations(report), document_store(report)
    peers: dict[str, tuple[Callable[[list[bytes]], int], int]] = {
        "EAS attest": (eas.attest, ATTESTATIONS_A_CALL),
        "EAS timestamp": (eas.timestamp, DIGESTS_A_CALL),
        "DocumentStore issue": (store.issue, DIGESTS_A_CALL),
    }
    rows = []
    for batch in BATCHES:
        report(f"gas: {batch:,} records")
        used = ours.gas_of(random_growth(LOG_SIZE, LOG_SIZE + batch, source)) / batch
        for name, (write, call) in peers.items():
            records = min(batch, PEER_RECORDS)
            theirs = _gas_a_record(write, call, records, source)
            what = f"{name}: a record of {records:,} in calls of {min(call, records)}"
            rows.append(Row.compared(what, "gas", theirs, f"ours, a batch of {batch:,}", used))
    return rows


def _gas_a_record(
    write: Callable[[list[bytes]], int], call: int, records: int, source: random.Random
) -> float:
    digests = [source.randbytes(32) for _ in range(records)]
    parts = [digests[first : first + call] for first in range(0, records, call)]
    return sum(write(part) for part in parts) / records
