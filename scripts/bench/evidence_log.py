"""How fast a log grows, proves and takes in single records, beside pymerkle in the same run.

The leaves are made up and the same for both. What pymerkle appends in memory or by the thousand is
measured on at most a million leaves; its inner nodes are not kept on disk, ours are. Single records
and the checking of proofs are measured by turns, ours and pymerkle's, and the medians compared.
"""

from __future__ import annotations

import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from pymerkle import InmemoryTree, SqliteTree

from ledger.evidence.checkpoint import CheckpointBody, sign_checkpoint
from ledger.evidence.encoding import LEAF_BYTES, LogId, leaf_hash
from ledger.evidence.hashing import ByteRows, load_compiled
from ledger.evidence.merkle import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.keys.signers import Ed25519Signer
from ledger.policy.kinds import Kind
from ledger.ports import SystemRandom
from ledger.recording.facts import Fact
from ledger.recording.writer import EntryWriter
from ledger.store.database import Database
from ledger.store.group import GroupCommit
from ledger.store.log import NewEntry
from ledger.store.tiles import TileStore
from ledger.store.unit_of_work import UnitOfWork
from scripts.bench import Report, Row, evidence_correction

RECORDS: Final = 10_000_000
SMALLEST: Final = 100_000
FIRST_PROOF_SECONDS: Final = 0.05
PROOFS_A_SECOND: Final = 5_000
VERIFIED_A_SECOND: Final = 50_000
TESSERA_LEAVES_A_SECOND: Final = 92_000
"""Tessera 1.0.4, POSIX storage, batches of 1,024, as measured on such a machine before."""

_IN_MEMORY: Final = 100_000
_BULK: Final = 1_000_000
_PROOFS: Final = 4_000
_SLOW_PROOFS: Final = 100
_SINGLES: Final = 200
_ROUNDS: Final = 9
_BATCHES: Final = 20
"""How many batches follow one another in a turn: clients that are at work leave no pauses."""
_THREAD_ROUNDS: Final = 5
_CHECK_ROUNDS: Final = 15
_CHECKED_TIMES: Final = 20
_FULL: Final = 2
"""SQLite's synchronous=FULL: what is committed is on the disk."""
_TURNS: Final = 10
_CLIENTS: Final = (1, 10, 100)
_LOG: Final = LogId(1)
_AT: Final = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
_ORIGIN: Final = "anxu/31415/1"
_SAMPLE: Final = np.random.default_rng(1).integers(0, 256, (65_536, 64), dtype=np.uint8)

_FIRST_PROOF: Final = """
import sys, time
from pathlib import Path
from ledger.evidence.merkle import inclusion_proof
from ledger.store.tiles import TileStore
began = time.perf_counter()
inclusion_proof(int(sys.argv[2]), int(sys.argv[3]), TileStore(Path(sys.argv[1])).node)
print(time.perf_counter() - began)
"""


def measure(report: Report) -> Sequence[Row]:
    """Everything here, up to ten million leaves, and what a whole correction takes."""
    return [
        *growth_rows(RECORDS, report),
        *single_rows(report),
        *evidence_correction.measure(report),
    ]


def leaves_between(first: int, end: int) -> ByteRows:
    """Made-up leaves, each with its number in it."""
    numbers = np.arange(first, end)
    rows = _SAMPLE[numbers % len(_SAMPLE)]
    rows[:, :8] = numbers.astype(">u8").view(np.uint8).reshape(-1, 8)
    return rows


# --- growing and proving --------------------------------------------------------------------------


def growth_rows(records: int, report: Report) -> list[Row]:
    """Leaves to durable files and a signed checkpoint, at sizes up to ``records``; then proofs."""
    with tempfile.TemporaryDirectory(prefix="anxu-bench-log-") as folder:
        directory = Path(folder)
        peers = _Peers.measured(directory, min(records, _BULK), report)
        rows, seconds = [], {}
        for size in _sizes(records):
            seconds[size] = _grow(directory / f"{size}", size)
            report(f"{size:,} leaves to durable files in {seconds[size]:.1f} s")
            name, rate = f"{size:,} leaves to durable files, signed", size / seconds[size]
            rows += [
                Row.compared(name, "leaves/s", rate, "pymerkle in memory", peers.in_memory, ">= 5"),
                Row.compared(name, "leaves/s", rate, "pymerkle SQLite bulk", peers.bulk, "> 1"),
            ]
        small, large = min(seconds), max(seconds)
        rows += [
            Row.compared(
                f"time of a leaf at {large:,}", "us", seconds[large] / large * 1e6,
                f"at {small:,}", seconds[small] / small * 1e6, "<= 1.25",
            ),
            Row.alone(
                "peak memory of the process", "MiB",
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            ),
            Row.alone(
                "note: Tessera 1.0.4, POSIX storage, not run here", "leaves/s",
                TESSERA_LEAVES_A_SECOND,
            ),
        ]  # fmt: skip
        return [*rows, *_proof_rows(directory / f"{large}", large, peers, report)]


def _sizes(records: int) -> list[int]:
    """A hundred thousand, ten times that, and so on, up to what was asked for."""
    tens: list[int] = []
    while SMALLEST * 10 ** len(tens) < records:
        tens.append(SMALLEST * 10 ** len(tens))
    return [*tens, records]


def _grow(directory: Path, size: int) -> float:
    """Seconds from leaves to files that are durable and a checkpoint that is signed."""
    tiles, key = TileStore(directory), Ed25519Signer.from_private(bytes(range(32)))
    load_compiled()  # a node that is at work has done so
    began = time.perf_counter()
    tiles.integrate(size, leaves_between)
    sign_checkpoint(CheckpointBody(_ORIGIN, size, tiles.root(size)), _ORIGIN, key)
    return time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class _Peers:
    """What pymerkle did with the same leaves, in operations a second."""

    in_memory: float
    bulk: float
    size: int
    first_proof_seconds: float
    proofs: float
    root: bytes
    places: Sequence[int]
    proven: list[tuple[bytes, Any]]
    """Leaf hash and proof of each of the places."""

    @classmethod
    def measured(cls, directory: Path, size: int, report: Report) -> _Peers:
        """Run pymerkle."""
        leaves = [row.tobytes() for row in leaves_between(0, size)]
        memory = InmemoryTree()
        part = leaves[:_IN_MEMORY]
        in_memory = _rate(len(part), lambda: [memory.append_entry(leaf) for leaf in part])
        with SqliteTree(str(directory / "pymerkle.sqlite")) as tree:
            bulk = _rate(size, lambda: tree.append_entries(leaves))
            began = time.perf_counter()
            tree.prove_inclusion(size // 3)
            first = time.perf_counter() - began
            places = _random(1).sample(range(1, size + 1), _SLOW_PROOFS)
            proofs: list[Any] = []
            rate = _rate(
                len(places), lambda: proofs.extend(tree.prove_inclusion(at) for at in places)
            )
            root, bases = tree.get_root(), [tree.get_leaf(at) for at in places]
        report(f"pymerkle done with {size:,} leaves")
        zero_based, proven = [at - 1 for at in places], list(zip(bases, proofs, strict=True))
        return cls(in_memory, bulk, size, first, rate, root, zero_based, proven)


def _proof_rows(directory: Path, size: int, peers: _Peers, report: Report) -> list[Row]:
    tiles, source = TileStore(directory), _random(2)
    said = subprocess.run(
        [sys.executable, "-c", _FIRST_PROOF, str(directory), str(size // 3), str(size)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert tiles.root(peers.size) == peers.root, "both trees have the same leaves"
    rows = [
        Row.compared(
            f"first inclusion proof of a process, {size:,} leaves", "ms",
            float(said.stdout) * 1e3, "limit", FIRST_PROOF_SECONDS * 1e3, "<= 1",
        ),
        Row.alone(
            f"pymerkle SQLite: first proof, {peers.size:,} leaves", "ms",
            peers.first_proof_seconds * 1e3,
        ),
    ]  # fmt: skip
    places = [source.randrange(size) for _ in range(_PROOFS)]
    proofs: list[Sequence[bytes]] = []
    name = f"inclusion proofs at random places, {size:,} leaves"
    rate = _rate(
        _PROOFS, lambda: proofs.extend(inclusion_proof(at, size, tiles.node) for at in places)
    )
    rows += [
        Row.compared(name, "a second", rate, "limit", PROOFS_A_SECOND, ">= 1"),
        Row.compared(name, "a second", rate, "pymerkle SQLite", peers.proofs, "> 1"),
    ]
    older: list[Sequence[bytes]] = []
    rate = _rate(
        _PROOFS, lambda: older.extend(consistency_proof(at, size, tiles.node) for at in places)
    )
    rows.append(Row.alone("consistency proofs from random sizes", "a second", rate))
    report("proofs made")
    return [*rows, *_verification_rows(tiles, size, peers, places, proofs, older)]


def _verification_rows(
    tiles: TileStore, size: int, peers: _Peers, places: list[int],
    proofs: list[Sequence[bytes]], older: list[Sequence[bytes]],
) -> list[Row]:  # fmt: skip
    root = tiles.root(size)
    leaves = [leaf_hash(leaves_between(at, at + 1).tobytes()) for at in places]
    roots = [tiles.root(at) for at in places]

    def inclusions() -> None:
        for leaf, at, proof in zip(leaves, places, proofs, strict=True):
            verify_inclusion(leaf, at, size, proof, root)

    def consistencies() -> None:
        for at, before, proof in zip(places, roots, older, strict=True):
            verify_consistency(at, before, size, root, proof)

    same = [
        (leaf, at, inclusion_proof(at, peers.size, tiles.node))
        for at, (leaf, _) in zip(peers.places, peers.proven, strict=True)
    ]

    def ours() -> None:
        for leaf, at, proof in same * _CHECKED_TIMES:
            verify_inclusion(leaf, at, peers.size, proof, peers.root)

    def theirs() -> None:
        for leaf, proof in peers.proven * _CHECKED_TIMES:
            proof.verify(leaf, peers.root)

    checked = len(same) * _CHECKED_TIMES
    mine, others = _by_turns(ours, theirs, _CHECK_ROUNDS)
    name = "inclusion proofs verified in Python"
    return [
        Row.compared(
            f"{name}, {size:,} leaves", "a second",
            _rate(_PROOFS, inclusions),
            "limit", VERIFIED_A_SECOND, ">= 1",
        ),
        Row.compared(
            f"{name}, {peers.size:,} leaves", "a second",
            checked / mine, "pymerkle, the same leaves", checked / others, ">= 2"
        ),
        Row.alone(
            "consistency proofs verified in Python", "a second", _rate(_PROOFS, consistencies)
        ),
    ]  # fmt: skip


# --- one record at a time -------------------------------------------------------------------------


def single_rows(report: Report) -> list[Row]:
    """Durable appends of single entries: alone, in a shared batch, and by threads that share.

    The log's own part is numbering, tags, seals, hashing, rows and the head's swap, of entries that
    are prepared, up to the commit. What a whole correction takes is measured by itself
    (`evidence_correction`).
    """
    load_compiled()  # a node that is at work has done so
    with tempfile.TemporaryDirectory(prefix="anxu-bench-single-") as folder:
        directory = Path(folder)
        directory.chmod(0o700)
        with (
            SqliteTree(str(directory / "single.sqlite")) as tree,
            closing(Database(f"sqlite:///{directory / 'node.sqlite'}")) as database,
            PersonKeys.open(directory / "persons.sqlite", bytes(32), SystemRandom()) as keys,
        ):
            database.migrate()
            _require_durable(database, tree)
            pseudonyms = Pseudonyms(bytes(32), KeyedEvaluator(bytes(32)))
            writer = EntryWriter(_LOG, keys, pseudonyms, SystemRandom())
            rows = [*_batch_rows(database, writer, tree)]
            report("batches done")
            rows += _thread_rows(database, writer, tree)
    return rows


def _require_durable(database: Database, tree: Any) -> None:
    """Both wait for the disk at every commit, or nothing here means anything."""
    with database.reading() as connection:
        ours = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    assert (ours, tree.con.execute("PRAGMA synchronous").fetchone()) == (_FULL, _FULL)


def _batch_rows(database: Database, writer: EntryWriter, tree: Any) -> Iterator[Row]:
    for clients in _CLIENTS:
        batches = iter([_entries(writer, clients) for _ in range(_ROUNDS * _BATCHES)])

        def ours(batches: Iterator[list[NewEntry]] = batches) -> None:
            for batch in islice(batches, _BATCHES):
                with UnitOfWork(database, _LOG) as work:
                    work.log.append(batch, source_key="bench", recorded_at=_AT)
                    work.commit()

        wanted = {1: ">= 0.4", 100: ">= 30"}.get(clients)
        who = "one client" if clients == 1 else f"{clients} clients sharing a batch"
        name = f"the log's own part, durable, {who}"
        yield _single_row(name, "entries/s", ours, (tree, clients * _BATCHES, _ROUNDS), wanted)


def _thread_rows(database: Database, writer: EntryWriter, tree: Any) -> Iterator[Row]:
    for clients in _CLIENTS:
        count = max(_SINGLES, clients * _TURNS)
        work = iter([_entries(writer, count) for _ in range(_THREAD_ROUNDS)])

        def ours(work: Iterator[list[NewEntry]] = work, clients: int = clients) -> None:
            _command_by_threads(database, next(work), clients)

        name = f"commands of {clients} threads, a savepoint each, transactions shared"
        yield _single_row(name, "commands/s", ours, (tree, count, _THREAD_ROUNDS))


def _command_by_threads(database: Database, entries: list[NewEntry], clients: int) -> None:
    """Append every entry by a command of its own, from as many threads as there are clients."""
    group = GroupCommit(database)

    def run(mine: list[NewEntry]) -> None:
        for entry in mine:
            with UnitOfWork(database, _LOG, group) as work:
                work.log.append([entry], source_key="bench", recorded_at=_AT)
                work.commit()

    threads = [
        threading.Thread(target=run, args=(entries[number::clients],)) for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _single_row(
    name: str, unit: str, ours: Callable[[], object], beside: tuple[Any, int, int],
    wanted: str | None = None,
) -> Row:  # fmt: skip
    """Our way to append ``count`` entries beside as many single appends of pymerkle's tree."""
    tree, count, rounds = beside

    def theirs() -> None:
        for _ in range(count):
            tree.append_entry(bytes(LEAF_BYTES))

    mine, others = _by_turns(ours, theirs, rounds)
    peer = "pymerkle SQLite, one append"
    return Row.compared(name, unit, count / mine, peer, count / others, wanted)


def _entries(writer: EntryWriter, count: int) -> list[NewEntry]:
    return writer.prepare([_fact(number % 50) for number in range(count)])


def _fact(number: int) -> Fact:
    body = {"name": "参保人", "scheme": "PENSION_EMPLOYEE", "line": "NORMAL", "region": "340100"}
    return Fact(Kind.PAYOUT, 1, 202608, 300_000, body, _person(number))


def _person(number: int) -> str:
    return f"34010419600101{number:03d}X"


def _random(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - places to look at, nothing secret


def _by_turns(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """The median seconds of each, run one after the other again and again."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for act, taken in zip((ours, theirs), seconds, strict=True):
            began = time.perf_counter()
            act()
            taken.append(time.perf_counter() - began)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def _rate(count: int, act: Callable[[], object]) -> float:
    """How many a second."""
    began = time.perf_counter()
    act()
    return count / (time.perf_counter() - began)
