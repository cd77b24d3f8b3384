"""How long an audit of a log takes that opens every record and compares every byte.

A log of made-up contributions, twelve months a person, month after month as files come, is written
the way imports are, its files made and its head signed. Then it is audited as `anxu audit`
does without a chain: from a read-only database, with persons' keys, nothing passed over.
"""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.audit.checkpoints import Authorities
from ledger.audit.files import LogFiles
from ledger.audit.service import AuditedLog, AuditOptions, audit_log
from ledger.evidence.batch import Blobs, EntryBatch
from ledger.evidence.checkpoint import CheckpointBody, VerifierKey, sign_checkpoint
from ledger.evidence.encoding import LogId, canonical_json
from ledger.evidence.trust import TrustedKey
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.keys.signers import Ed25519Signer
from ledger.policy.identifiers import identity_check_character
from ledger.policy.kinds import Kind
from ledger.ports import SystemRandom
from ledger.recording.bulk import People, seal_rows
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
_YEAR: Final = 2025
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
        people = People(pseudonyms, keys)
        for batch, sealed in _batches(rows, people):
            with UnitOfWork(database, _LOG) as work:
                work.log.append_batches([(batch, sealed)], source_key="bench", at=_AT)
                work.commit()
        with Reading(database, _LOG) as view:
            head = view.log.head()
            TileStore(directory / "log").integrate(head.size, view.log.leaf_rows)
        body = CheckpointBody(_ORIGIN, head.size, head.root())
        with UnitOfWork(database, _LOG) as work:
            note = sign_checkpoint(body, _ORIGIN, key)
            work.log.add_checkpoint(head.size, head.root(), note, _AT)
            work.commit()


def _batches(rows: int, people: People) -> Iterator[tuple[EntryBatch, Blobs]]:
    """Each month's file after the other: everybody once a month."""
    persons = -(-rows // _MONTHS)
    numbers = pl.Series([_identity(person) for person in range(persons)])
    first_17 = numbers.str.slice(0, 17).cast(pl.Int64).to_numpy()
    for start in range(0, rows, _CHUNK):
        at = np.arange(start, min(start + _CHUNK, rows))
        person, month = at % persons, at // persons + 1
        records = [
            _record(number, base, each)
            for number, base, each in zip(
                numbers.gather(person).to_list(),
                _base_fen(person).tolist(),
                month.tolist(),
                strict=True,
            )
        ]
        assert records[0] == canonical_json(json.loads(records[0]))
        columns = (
            np.ones(len(at), np.uint16),
            (_YEAR * 100 + month).astype(np.uint32),
            _base_fen(person) * 24 // 100,
        )
        places = people.places(first_17[person], numbers.gather(person))
        blobs = Blobs.of(records)
        yield seal_rows(_LOG, Kind.CONTRIBUTION, columns, blobs, people, places, SystemRandom())


def _base_fen(person: NDArray[np.int64]) -> NDArray[np.int64]:
    return 500_000 + person * 7_919 % 15_000 * 100


def _record(identity_number: str, base: int, month: int) -> bytes:
    """A contribution as files bring it, in its canonical form."""
    unit, own = base * 16 // 100, base * 8 // 100
    return (
        f'{{"account_fen":{own},"account_rate_bps":800,"amount_fen":{unit + own},"base_fen":{base},'
        f'"class":1,"contribution_type":"NORMAL","employer_code":"91340100MA2MRANE0B",'
        f'"employer_name":"示范{base // 100 % 2_000}（合肥）有限公司",'
        f'"identity_number":"{identity_number}","kind":1,"name":"参保人",'
        f'"paid_on":"{_YEAR}-{month:02d}-15","parameter_status":"demo",'
        f'"period":{_YEAR * 100 + month},"person_fen":{own},"pool_fen":{unit},"region":"340100",'
        f'"schema":"anxu-contribution/1","scheme":"PENSION_EMPLOYEE","unit_fen":{unit}}}'
    ).encode()


def _identity(person: int) -> str:
    """The number of a made-up person, check character and all."""
    sequence, born = person % 1_000, person // 1_000
    body = f"340104{1960 + born // 336}{born // 28 % 12 + 1:02d}{born % 28 + 1:02d}{sequence:03d}"
    return body + identity_check_character(body)
