"""The stored head beside the tree of the rows: how large the log is, and what the head says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.audit.files import first_difference
from ledger.audit.model import ENTRIES, LOG_HEAD, Finding
from ledger.errors import LedgerError
from ledger.evidence.encoding import DIGEST_BYTES
from ledger.evidence.merkle import CompactRange
from ledger.store.audit import HeadRow

_ROW = "1"
_SIZE_BYTES = 8


@dataclass(frozen=True, slots=True)
class HeadReading:
    """How large the log is by everything that says so; ``row`` is the head to compare."""

    size: int
    row: HeadRow | None
    findings: tuple[Finding, ...]


def read_head(rows: Sequence[HeadRow], end: int, signed_size: int) -> HeadReading:
    """Find out how many leaves the log has.

    Args:
        rows: of ``log_head``.
        end: one more than the highest leaf index there is.
        signed_size: of the largest checkpoint whose signature holds.
    """
    row = next((row for row in rows if row.id == 1), rows[0] if rows else None)
    findings = [
        Finding(LOG_HEAD, f"{other.id}", "id", "no such row", "a row")
        for other in rows
        if other is not row
    ]
    if row is None:
        size = max(end, signed_size)
        if size:
            findings.append(Finding(LOG_HEAD, _ROW, "id", "a row", "no row"))
        return HeadReading(size, None, tuple(findings))
    if row.id != 1:
        findings.append(Finding(LOG_HEAD, f"{row.id}", "id", _ROW, f"{row.id}"))
    size, frontier = row.size, frontier_of(row)
    is_whole = frontier is not None and frontier.root() == row.root
    if frontier is not None and is_whole and frontier.size != size != end:
        findings.append(Finding(LOG_HEAD, _ROW, "size", f"{frontier.size}", f"{size}"))
        size = frontier.size
    if size < signed_size:
        expected = f"at least {signed_size}, which is signed"
        findings.append(Finding(LOG_HEAD, _ROW, "size", expected, f"{size}"))
        return HeadReading(signed_size, None, tuple(findings))
    return HeadReading(size, row, tuple(findings))


def frontier_of(row: HeadRow) -> CompactRange | None:
    """The compact range beside the head; None when these bytes are none."""
    try:
        return CompactRange.from_bytes(row.frontier)
    except (LedgerError, TypeError):
        return None


def judge_head(row: HeadRow, computed: CompactRange) -> Finding | None:
    """What of the stored head differs from the tree of the rows; the size was judged before.

    When root and frontier agree with one another and not with the rows, it is a row that was
    changed: the finding names the leaves among which it is.
    """
    frontier = frontier_of(row)
    if row.root == computed.root():
        expected = computed.to_bytes()
        if row.frontier == expected:
            return None
        return Finding(
            LOG_HEAD, _ROW, "frontier", f"{len(expected)} bytes: {expected[_SIZE_BYTES:].hex()}",
            f"{len(row.frontier)} bytes: {row.frontier[_SIZE_BYTES:].hex()}",
            _place(expected, row.frontier),
        )  # fmt: skip
    if frontier is None or frontier.root() != row.root:
        return Finding(LOG_HEAD, _ROW, "root", computed.root().hex(), row.root.hex())
    start, level = 0, 0
    for stored, found in zip(frontier.hashes, computed.hashes, strict=True):
        level = (computed.size - start).bit_length() - 1
        if stored != found:
            return among(start, start + (1 << level), stored, found)
        start += 1 << level
    return Finding(LOG_HEAD, _ROW, "root", computed.root().hex(), row.root.hex())


def among(start: int, end: int, expected: bytes, found: bytes) -> Finding:
    """Rows that are consistent in themselves, and one of which is not what was accepted."""
    return Finding(
        ENTRIES, f"{start}", "leaf", f"root {expected.hex()}", f"root {found.hex()}",
        f"among leaves {start} to {end - 1}",
    )  # fmt: skip


def _place(expected: bytes, found: bytes) -> str:
    if len(expected) != len(found):
        return "length"
    at = first_difference(expected, found)
    if at < _SIZE_BYTES:
        return "size"
    return f"hash {(at - _SIZE_BYTES) // DIGEST_BYTES}"
