"""The chain on disk: one SQLite file holding py-evm's key-value data and our own indexes.

A block is written by exactly one SQLite transaction (write-ahead log, ``synchronous=FULL``): when
``commit`` has returned, the block survives ``kill -9`` and a power cut; before that nothing of it
is there. py-evm's writes are collected in memory until then, so that a refused transaction costs no
disk.

Tables: ``node_data`` (py-evm: trie nodes, headers, its look-ups), ``block``, ``mined``, ``log``
(our indexes), ``birth`` (what never changes: chain id, clock offset, genesis).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth.db.backends.base import BaseAtomicDB

from devnet.errors import CorruptChainError

STORE_VERSION = 1
_APPLICATION_ID = 0x616E7875  # "anxu"
_CACHE_KIB = 65_536

_SCHEMA = """
CREATE TABLE node_data (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE birth (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE block (number INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE);
CREATE TABLE mined (
    hash BLOB PRIMARY KEY, block_number INTEGER NOT NULL, position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE log (
    block_number INTEGER NOT NULL, log_index INTEGER NOT NULL, position INTEGER NOT NULL,
    transaction_hash BLOB NOT NULL, address BLOB NOT NULL,
    topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL,
    PRIMARY KEY (block_number, log_index)
) WITHOUT ROWID;
CREATE INDEX log_by_address ON log (address, block_number);
CREATE INDEX log_by_topic ON log (topic0, block_number);
"""

_SELECT_LOGS = """
SELECT log.block_number, block.hash, log_index, position, transaction_hash, address,
       topic0, topic1, topic2, topic3, data
FROM log JOIN block ON block.number = log.block_number
"""


@dataclass(frozen=True, slots=True)
class MinedPosition:
    """Where a mined transaction is: zero-based ``position`` in block ``block_number``."""

    block_number: int
    position: int


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event log with its place; ``topics`` are 32 bytes each, at most four."""

    block_number: int
    block_hash: bytes
    log_index: int
    position: int
    transaction_hash: bytes
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs are wanted, as in ``eth_getLogs``.

    ``addresses`` empty means any; ``topics`` holds one tuple of alternatives a place, empty means
    any value there, yet a log must have at least that many topics. Both block numbers are
    inclusive.
    """

    from_block: int
    to_block: int
    addresses: tuple[bytes, ...] = ()
    topics: tuple[tuple[bytes, ...], ...] = ()


class NodeData(BaseAtomicDB):
    """py-evm's database over the ``node_data`` table.

    Reads always work; writes only inside ``ChainStore.one_block()``, so that nothing but a whole
    block can ever reach the disk.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._pending: dict[bytes, bytes | None] | None = None

    def __getitem__(self, key: bytes) -> bytes:
        if self._pending is not None and key in self._pending:
            waiting = self._pending[key]
            if waiting is None:
                raise KeyError(key)
            return waiting
        row = self._connection.execute(
            "SELECT value FROM node_data WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            raise KeyError(key)
        value: bytes = row[0]
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._writable()[bytes(key)] = bytes(value)

    def __delitem__(self, key: bytes) -> None:
        if not self._exists(key):
            raise KeyError(key)
        self._writable()[bytes(key)] = None

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    @contextmanager
    def atomic_batch(self) -> Iterator[NodeData]:  # type: ignore[override]
        """py-evm's batch: it joins the block being written; leaving it by error undoes it."""
        before = None if self._pending is None else dict(self._pending)
        try:
            yield self
        except BaseException:
            self._pending = before
            raise

    def _writable(self) -> dict[bytes, bytes | None]:
        if self._pending is None:
            raise RuntimeError("the chain's database is written one whole block at a time")
        return self._pending

    def begin(self) -> None:
        """Start collecting writes."""
        if self._pending is not None:
            raise RuntimeError("a block is being written already")
        self._pending = {}

    def flush(self) -> None:
        """Hand the collected writes to the open SQLite transaction."""
        pending = self._writable()
        self._connection.executemany(
            "INSERT OR REPLACE INTO node_data (key, value) VALUES (?, ?)",
            [(key, value) for key, value in pending.items() if value is not None],
        )
        self._connection.executemany(
            "DELETE FROM node_data WHERE key = ?",
            [(key,) for key, value in pending.items() if value is None],
        )

    def forget(self) -> None:
        """Stop collecting; what was collected and not committed is gone."""
        self._pending = None


class ChainStore:
    """The SQLite file of one chain. Callers take turns: the chain's lock sees to it."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            CorruptChainError: the file is no database, another program's, or of another version.
        """
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.node_data = NodeData(self._connection)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            self._prepare_schema()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise CorruptChainError("the chain file is no SQLite database") from error
        except CorruptChainError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Fold the write-ahead log back into the file and let go of it."""
        self._connection.close()

    def _prepare_schema(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables == 0:
            with self._transaction():
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {STORE_VERSION}")
                self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        elif application != _APPLICATION_ID or version != STORE_VERSION:
            raise CorruptChainError(
                f"chain file of version {version}, this program reads version {STORE_VERSION}"
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def one_block(self) -> Iterator[None]:
        """What py-evm and the indexes write inside becomes durable together, or not at all."""
        self.node_data.begin()
        self._rows: list[tuple[str, list[tuple[object, ...]]]] = []
        try:
            yield
            with self._transaction():
                self.node_data.flush()
                for statement, rows in self._rows:
                    self._connection.executemany(statement, rows)
        finally:
            self.node_data.forget()
            self._rows = []

    def add_birth(self, facts: dict[str, str]) -> None:
        """Keep what never changes; only inside ``one_block``, with the genesis block."""
        self._rows.append(("INSERT INTO birth (name, value) VALUES (?, ?)", list(facts.items())))

    def birth(self) -> dict[str, str]:
        """What the chain was born with; empty before its first block."""
        return dict(self._connection.execute("SELECT name, value FROM birth"))

    def add_block(
        self, number: int, block_hash: bytes, transaction_hashes: list[bytes], logs: list[LogRow]
    ) -> None:
        """Index one block; only inside ``one_block``, with the block itself."""
        self._rows.append(("INSERT INTO block VALUES (?, ?)", [(number, block_hash)]))
        mined = [(each, number, position) for position, each in enumerate(transaction_hashes)]
        if mined:
            self._rows.append(("INSERT INTO mined VALUES (?, ?, ?)", list(mined)))
        if logs:
            statement = "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            self._rows.append((statement, [_log_values(row) for row in logs]))

    def drop_after(self, number: int) -> None:
        """Forget every block after ``number`` in the indexes; only inside ``one_block``."""
        for statement in (
            "DELETE FROM block WHERE number > ?",
            "DELETE FROM mined WHERE block_number > ?",
            "DELETE FROM log WHERE block_number > ?",
        ):
            self._rows.append((statement, [(number,)]))

    def newest_indexed_block(self) -> tuple[int, bytes] | None:
        """Number and hash of the newest block in the index."""
        row: tuple[int, bytes] | None = self._connection.execute(
            "SELECT number, hash FROM block ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return row

    def block_hashes(self, first: int, last: int) -> list[bytes]:
        """The hashes of blocks ``first`` to ``last`` included, in order."""
        rows = self._connection.execute(
            "SELECT hash FROM block WHERE number BETWEEN ? AND ? ORDER BY number", (first, last)
        )
        return [row[0] for row in rows]

    def find_mined(self, transaction_hash: bytes) -> MinedPosition | None:
        """Where a transaction was mined, whatever the length of the chain."""
        row = self._connection.execute(
            "SELECT block_number, position FROM mined WHERE hash = ?", (transaction_hash,)
        ).fetchone()
        return None if row is None else MinedPosition(*row)

    def block_number_of(self, block_hash: bytes) -> int | None:
        """The number of the block with this hash."""
        row = self._connection.execute(
            "SELECT number FROM block WHERE hash = ?", (block_hash,)
        ).fetchone()
        return None if row is None else int(row[0])

    def find_logs(self, wanted: LogFilter, limit: int = -1) -> list[LogRow]:
        """The logs that match, in the order of the chain, at most ``limit`` (-1: all)."""
        conditions = ["log.block_number BETWEEN ? AND ?"]
        values: list[object] = [wanted.from_block, wanted.to_block]
        alternatives = [("address", wanted.addresses)]
        alternatives += [(f"topic{place}", each) for place, each in enumerate(wanted.topics)]
        for column, choices in alternatives:
            if choices:
                conditions.append(f"log.{column} IN ({', '.join('?' * len(choices))})")
                values.extend(choices)
            elif column != "address":
                conditions.append(f"log.{column} IS NOT NULL")
        # only column names of ours are spliced in; every value is bound
        where = " AND ".join(conditions)
        rows = self._connection.execute(
            f"{_SELECT_LOGS} WHERE {where} ORDER BY log.block_number, log_index LIMIT ?",
            [*values, limit],
        )
        return [
            LogRow(
                block_number=row[0],
                block_hash=row[1],
                log_index=row[2],
                position=row[3],
                transaction_hash=row[4],
                address=row[5],
                topics=tuple(topic for topic in row[6:10] if topic is not None),
                data=row[10],
            )
            for row in rows
        ]


def _log_values(row: LogRow) -> tuple[object, ...]:
    topics: list[bytes | None] = [*row.topics, None, None, None, None][:4]
    place = (row.block_number, row.log_index, row.position, row.transaction_hash, row.address)
    return (*place, *topics, row.data)
