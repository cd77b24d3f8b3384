"""How long an audit of a log takes that opens every record and compares every byte.

A log of made-up contributions, twelve months a person in the order in which files come, is written
by the node's own writer, its files made and its head signed. Then it is audited as `anxu audit`
does without a chain: from a read-only database, with persons' keys, nothing passed over.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ledger.audit.checkpoints import Authorities
from ledger.audit.files import LogFiles
from ledger.audit.service import AuditedLog, AuditOptions, audit_log
from ledger.evidence.checkpoint import CheckpointBody, VerifierKey, sign_checkpoint
from ledger.evidence.encoding import LogId
from ledger.evidence.trust import TrustedKey
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.keys.signers import Ed25519Signer
from ledger.policy.identifiers import identity_check_character
from ledger.policy.kinds import Kind
from ledger.ports import SystemRandom
from ledger.recording.facts import Fact
from ledger.recording.writer import EntryWriter
from ledger.store.database import Database
from ledger.store.tiles import TileStore
from ledger.store.unit_of_work import Reading, UnitOfWork
from scripts.bench import Report, Row

ROWS: Final = 1_000_000
LIMIT_SECONDS: Final = 60.0
"""For a million rows; other sizes in proportion."""

_LOG: Final = LogId(1)
_ORIGIN: Final = "anxu/31415/1"
_AT: Final = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
_MONTHS: Final = 12
_CHUNK: Final = 60_000


@dataclass(frozen=True, slots=True)
class AuditFigures:
    """What one audit took; ``records_opened`` says that nothing was passed over."""

    rows: int
    records_opened: int
    seconds: float
    quick_seconds: float
    peak_bytes: int


def measure(report: Report) -> Sequence[Row]:
    """Audit a log of a million rows."""
    return rows_of(audit_rows(ROWS, report))


def rows_of(figures: AuditFigures) -> list[Row]:
    """The figures as rows of a table."""
    limit = LIMIT_SECONDS * figures.rows / ROWS
    name = f"audit of {figures.rows:,} rows"
    return [
        Row.compared(name, "s", figures.seconds, "limit", limit, wanted="<= 1"),
        Row.alone("records opened in it", "count", figures.records_opened),
        Row.alone(f"{name}, records passed over", "s", figures.quick_seconds),
        Row.alone("audit of a row", "us", figures.seconds / figures.rows * 1e6),
        Row.alone("peak memory of the process", "MiB", figures.peak_bytes / 2**20),
    ]


def audit_rows(rows: int, report: Report, database_url: str | None = None) -> AuditFigures:
    """Build a log of ``rows`` leaves and audit it twice: in full, and without opening records.

    Args:
        rows: how many leaves.
        report: takes a line of progress.
        database_url: an empty database; a SQLite file by default.
    """
    with tempfile.TemporaryDirectory(prefix="anxu-audit-") as folder, ExitStack() as stack:
        directory = Path(folder)
        url = database_url or f"sqlite:///{directory / 'anxu.sqlite'}"
        pseudonyms = Pseudonyms(bytes(range(32)), KeyedEvaluator(bytes(32)))
        key = Ed25519Signer.from_private(bytes(range(32)))
        began = time.perf_counter()
        _build(directory, url, pseudonyms, key, rows)
        report(f"a log of {rows:,} rows, written in {time.perf_counter() - began:.1f} s")
        vault = PersonKeys.open_read_only(directory / "persons.sqlite", bytes(32))
        log = AuditedLog(
            log_id=_LOG,
            database=stack.enter_context(closing(Database(url, read_only=True))),
            files=LogFiles(directory / "log"),
            vault=stack.enter_context(vault),
            pseudonyms=Pseudonyms(bytes(range(32)), KeyedEvaluator(bytes(32))),
            authorities=Authorities(
                origin=_ORIGIN,
                log_keys=(TrustedKey(VerifierKey.log(_ORIGIN, key.public_key), _AT),),
                cosigners=(),
                has_history=True,
            ),
            chain=None,
        )
        times, opened = [], 0
        for open_records in (True, False):
            began = time.perf_counter()
            found = audit_log(log, AuditOptions(open_records=open_records))
            times.append(time.perf_counter() - began)
            assert found.is_clean, found.findings[:1]
            assert found.checked.rows == rows
            opened = max(opened, found.checked.records_opened)
            report(f"audited in {times[-1]:.1f} s, {found.checked.records_opened:,} records opened")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return AuditFigures(rows, opened, times[0], times[1], peak)


def _build(
    directory: Path, url: str, pseudonyms: Pseudonyms, key: Ed25519Signer, rows: int
) -> None:
    directory.chmod(0o700)
    with (
        closing(Database(url)) as database,
        PersonKeys.open(directory / "persons.sqlite", bytes(32), SystemRandom()) as keys,
    ):
        database.migrate()
        writer = EntryWriter(_LOG, keys, pseudonyms, SystemRandom())
        for facts in _facts(rows):
            new = writer.prepare(facts)
            with UnitOfWork(database, _LOG) as work:
                work.log.append(new, source_key="bench", recorded_at=_AT)
                work.commit()
        with Reading(database, _LOG) as view:
            head = view.log.head()
            TileStore(directory / "log").integrate(head.size, view.log.leaf_rows)
        body = CheckpointBody(_ORIGIN, head.size, head.root())
        with UnitOfWork(database, _LOG) as work:
            note = sign_checkpoint(body, _ORIGIN, key)
            work.log.add_checkpoint(head.size, head.root(), note, _AT)
            work.commit()


def _facts(rows: int) -> Iterator[list[Fact]]:
    """Each month's file after the other: everybody once a month."""
    persons = -(-rows // _MONTHS)
    made: list[Fact] = []
    for number in range(rows):
        month, person = divmod(number, persons)
        made.append(_fact(person, month + 1))
        if len(made) == _CHUNK:
            yield made
            made = []
    if made:
        yield made


def _fact(person: int, month: int) -> Fact:
    base = 500_000 + person * 7919 % 1_500_000
    unit, own = base * 16 // 100, base * 8 // 100
    body = {
        "name": "参保人",
        "scheme": "PENSION_EMPLOYEE",
        "contribution_type": "NORMAL",
        "base_fen": base,
        "unit_fen": unit,
        "person_fen": own,
        "pool_fen": unit,
        "account_fen": own,
        "account_rate_bps": 800,
        "employer_code": "91340100MA2MRANE0B",
        "employer_name": f"示范{person % 2_000}（合肥）有限公司",
        "region": "340100",
        "paid_on": f"2025-{month:02d}-15",
        "parameter_status": "demo",
    }
    return Fact(Kind.CONTRIBUTION, 1, 202500 + month, unit + own, body, _identity(person))


def _identity(person: int) -> str:
    """The number of a made-up person, check character and all."""
    sequence, born = person % 1_000, person // 1_000
    body = f"340104{1960 + born // 336}{born // 28 % 12 + 1:02d}{born % 28 + 1:02d}{sequence:03d}"
    return body + identity_check_character(body)
