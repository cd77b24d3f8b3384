"""Everything the evidence is measured by: files, the log, proofs, audits, single corrections, gas.

Each part stands in a module of its own and can be run alone; here all of them run one after the
other on one machine, so that their figures belong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scripts.bench import (
    Report,
    Row,
    evidence_audit,
    evidence_bulk,
    evidence_correction,
    evidence_gas,
    evidence_log,
)

RECORDS: Final = 1_000_000
"""How many records files and logs grow to, unless another number is asked for."""


def measure(report: Report, records: int = RECORDS) -> Sequence[Row]:
    """All parts; files and logs grow from 100,000 records, or fewer, to ``records``."""
    audited = min(records, evidence_audit.ROWS)
    return [
        *evidence_bulk.measure(report, records),
        *evidence_log.growth_rows(records, report),
        *evidence_log.single_rows(report),
        *evidence_correction.measure(report),
        *evidence_audit.rows_of(evidence_audit.audit_rows(audited, report)),
        *evidence_gas.measure(report),
    ]
