"""How long an officer's single correction takes, from the call until it is committed.

A bureau's node over a temporary directory records one month of a number of persons, then restates
each in a command of its own: open the old record, two signatures, seal two new ones, append, swap
the head, book the difference, commit durably. Keys, database and files are real; the chain is
not there, so the registry's answer about the two officers (two reads on a network) takes no time.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from ledger.chain.deployment import Manifest
from ledger.chain.finality import Finality
from ledger.config import NodeSettings
from ledger.evidence.encoding import LogId
from ledger.keys.files import make_private_directory
from ledger.keys.key_store import KeyStore, officer_key_name
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.policy.identifiers import identity_check_character
from ledger.policy.kinds import Kind
from ledger.ports import SystemClock, SystemRandom
from ledger.recording.context import BureauTools, NodeContext
from ledger.recording.facts import Fact
from ledger.recording.writer import EntryWriter, RecordReader
from ledger.records.corrections import reverse_entry
from ledger.records.rules import ReversalReason
from ledger.store.database import Database
from ledger.store.tiles import TileStore
from scripts.bench import Report, Row

REPETITIONS: Final = 100

_LOG: Final = LogId(1)
_MONTH: Final = 202608
_BASIS: Final = "社会保险经办条例第三十七条"
_MAKER, _CHECKER = "maker", "checker"
_SCRYPT: Final = 14
_MILLISECONDS: Final = 1000.0
_FIRST_BIRTH: Final = date(1950, 1, 1)
_PERSONS_A_DAY: Final = 999


@dataclass(frozen=True, slots=True)
class CorrectionFigures:
    """Milliseconds of single corrections on one engine."""

    engine: str
    repetitions: int
    median_ms: float
    slowest_ms: float


class _Registry:
    """Stands where the chain's registry stands: whoever has a key here is an officer."""

    def is_officer(self, _log_id: int, _address: str) -> bool:
        return True


def measure(report: Report) -> Sequence[Row]:
    """Single corrections on SQLite; `correction_rows` takes other engines too."""
    return correction_rows({"SQLite": None}, REPETITIONS, report)


def correction_rows(engines: dict[str, str | None], repetitions: int, report: Report) -> list[Row]:
    """Rows for a benchmark: the time of one correction on each engine.

    Args:
        engines: by name the URL of an empty database; None for an SQLite file of its own.
        repetitions: how many corrections, each of its own entry.
        report: takes a line of progress.
    """
    rows = []
    for engine, url in engines.items():
        report(f"{repetitions} single corrections on {engine}")
        figures = time_corrections(engine, url, repetitions)
        rows.append(Row.alone(f"one correction until committed, {engine}", "ms", figures.median_ms))
        rows.append(
            Row.alone(f"slowest of {repetitions} corrections, {engine}", "ms", figures.slowest_ms)
        )
    return rows


def time_corrections(engine: str, url: str | None, repetitions: int) -> CorrectionFigures:
    """Restate ``repetitions`` entries one by one and time each command.

    Args:
        engine: the name of the database engine, for the figures.
        url: the URL of an empty database; None for an SQLite file of its own.
        repetitions: how many.
    """
    with tempfile.TemporaryDirectory(prefix="anxu-bench-") as folder, _node(folder, url) as node:
        facts = [_fact(number) for number in range(repetitions)]
        with node.write() as work:
            entries = node.bureau.writer.prepare(facts)
            work.log.append(entries, source_key="bench", recorded_at=node.clock.now())
            work.commit()
        taken = []
        for index, fact in enumerate(facts):
            body = {**fact.body, "person_fen": 64_100}
            restated = replace(fact, amount_fen=fact.amount_fen + 100, body=body)
            began = time.perf_counter()
            reverse_entry(
                node, index, ReversalReason.WRONG_AMOUNT, _BASIS, _MAKER, _CHECKER, restated
            )
            taken.append((time.perf_counter() - began) * _MILLISECONDS)
        with node.read() as view:
            assert view.log.head().size == 3 * repetitions, "every correction is two entries"
    return CorrectionFigures(engine, repetitions, statistics.median(taken), max(taken))


@contextmanager
def _node(folder: str, url: str | None) -> Iterator[NodeContext]:
    """A bureau's node without a chain; everything else is as `open_node` makes it."""
    directory = Path(folder)
    make_private_directory(directory / "keys")
    random = SystemRandom()
    keys = KeyStore.create(directory / "keys", random.bytes(16).hex(), scrypt_log2_n=_SCRYPT)
    for officer in (_MAKER, _CHECKER):
        keys.generate_secp256k1(officer_key_name(officer))
    database = Database(url or f"sqlite:///{directory / 'anxu.sqlite'}")
    database.migrate()
    person_keys = PersonKeys.open(directory / "keys" / "persons.sqlite", random.bytes(32), random)
    pseudonyms = Pseudonyms(random.bytes(32), KeyedEvaluator(random.bytes(32)))
    try:
        yield NodeContext(
            directory=directory,
            settings=NodeSettings(
                role="bureau", name_zh="合肥", name_en="Hefei", region="340100", pool=34,
                log_id=_LOG, database_url=str(database.url), host="127.0.0.1", port=0, rpc_urls=(),
            ),
            manifest=Manifest(
                network="embedded", chain_id=31415, rpc_urls=(), contracts={}, finality=Finality(),
                offset_seconds=0, as_of=None, minimum_lines=10, governance={},
            ),
            clock=SystemClock(0),
            random=random,
            database=database,
            keys=keys,
            chain=_Registry(),  # type: ignore[arg-type]  # a correction asks nothing else of it
            tools=BureauTools(
                person_keys=person_keys,
                pseudonyms=pseudonyms,
                writer=EntryWriter(_LOG, person_keys, pseudonyms, random),
                reader=RecordReader(_LOG, person_keys),
                tiles=TileStore(directory / "log"),
            ),
        )  # fmt: skip
    finally:
        person_keys.close()
        database.close()


def _fact(number: int) -> Fact:
    """One month of one made-up person."""
    days, sequence = divmod(number, _PERSONS_A_DAY)
    born = _FIRST_BIRTH + timedelta(days=days)
    digits = f"340100{born:%Y%m%d}{sequence:03d}"
    body = {
        "name": "参保人",
        "scheme": "PENSION_EMPLOYEE",
        "contribution_type": "NORMAL",
        "base_fen": 800_000,
        "unit_fen": 128_000,
        "person_fen": 64_000,
        "pool_fen": 128_000,
        "account_fen": 64_000,
        "account_rate_bps": 800,
        "employer_code": "",
        "employer_name": "示范公司",
        "region": "340100",
        "paid_on": "2026-08-15",
        "parameter_status": "published",
    }
    number_with_check = digits + identity_check_character(digits)
    return Fact(Kind.CONTRIBUTION, 1, _MONTH, 192_000, body, number_with_check)
