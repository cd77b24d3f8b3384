"""Idempotent commands, imported files and the worker's lease."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from ledger.errors import IdempotencyConflictError
from ledger.evidence.encoding import Subject
from ledger.policy.kinds import Kind
from ledger.store.months import facts_between
from ledger.store.persons import NOBODY, known_numbers, numbers_of
from ledger.store.tables.chain import commands, leases
from ledger.store.tables.records import imports, unfinished_imports
from ledger.store.times import from_micros, to_micros

ERASURE_KEY: Final = "erasure/"
"""What the key of a decision to erase a person begins with; the pseudonym follows, in hex."""


class CommandRepository:
    """Remembers the answer to each command by its caller's key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def earlier_answer(self, key: str, content: bytes) -> dict[str, Any] | None:
        """The answer given before to the same key and content; None when the key is new.

        Raises:
            IdempotencyConflictError: the key was used with other content.
        """
        row = self._connection.execute(
            select(commands.c.input_digest, commands.c.answer).where(commands.c.key == key)
        ).one_or_none()
        if row is None:
            return None
        if bytes(row[0]) != hashlib.sha256(content).digest():
            raise IdempotencyConflictError(key=key)
        answer: dict[str, Any] = json.loads(row[1])
        return answer

    def remember(self, key: str, content: bytes, answer: dict[str, Any], at: datetime) -> None:
        """Keep the answer for the next time."""
        self._connection.execute(
            insert(commands).values(
                key=key,
                input_digest=hashlib.sha256(content).digest(),
                answer=json.dumps(answer, ensure_ascii=False),
                answered_at=to_micros(at),
            )
        )

    def answers(self, key: str, *, prefix: bool = False) -> dict[str, dict[str, Any]]:
        """The answers by key: of this key, or of every key that begins with it; oldest first."""
        matches = (
            commands.c.key.startswith(key, autoescape=True) if prefix else commands.c.key == key
        )
        rows = self._connection.execute(
            select(commands.c.key, commands.c.answer)
            .where(matches)
            .order_by(commands.c.answered_at, commands.c.key)
        )
        return {known: json.loads(answer) for known, answer in rows}


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One imported file: which leaves it became and what was left out."""

    import_key: str
    kind: str
    file_name: str
    file_digest: bytes
    rows_read: int
    rows_accepted: int
    rows_left_out: int
    first_index: int
    end_index: int
    amount_fen: int
    summary: dict[str, Any]
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class UnfinishedImport:
    """A large file of which some parts are recorded.

    ``rows_done`` counts the rows of the file that are recorded or left out; the sums are of those
    that are recorded, leaves ``first_index`` to ``end_index`` (not included) contain them.
    """

    import_key: str
    kind: str
    file_name: str
    rows_read: int
    rows_done: int
    rows_accepted: int
    first_index: int
    end_index: int
    amount_fen: int
    period_from: int
    period_to: int
    started_at: datetime
    updated_at: datetime


class ImportRepository:
    """Files that came in, each at most once, and those of which a part is in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, import_key: str) -> ImportRow | None:
        """The import with this key (kind, file digest and mapping in one)."""
        row = (
            self._connection.execute(select(imports).where(imports.c.import_key == import_key))
            .mappings()
            .one_or_none()
        )
        return _import(row) if row is not None else None

    def add(self, row: ImportRow) -> None:
        """Keep what an import did."""
        self._connection.execute(
            insert(imports).values(
                import_key=row.import_key,
                kind=row.kind,
                file_name=row.file_name,
                file_digest=row.file_digest,
                rows_read=row.rows_read,
                rows_accepted=row.rows_accepted,
                rows_left_out=row.rows_left_out,
                first_index=row.first_index,
                end_index=row.end_index,
                amount_fen=row.amount_fen,
                summary=json.dumps(row.summary, ensure_ascii=False),
                imported_at=to_micros(row.imported_at),
            )
        )

    def recorded_months(
        self, kind: Kind, class_: int, people: NDArray[np.int64], first: int, last: int
    ) -> NDArray[np.int64]:
        """Facts about the persons of a file, of months ``first`` to ``last``, reversed ones too.

        Persons are numbers; the answer (m, 3) is person, month and leaf index.
        """
        return facts_between(self._connection, kind, class_, people, first, last)

    def known_persons(self, subjects: Sequence[Subject]) -> NDArray[np.int64]:
        """The log's number of each person, (n,); 0 where there is none."""
        found = known_numbers(self._connection, subjects)
        numbers = (found.get(subject, NOBODY) for subject in subjects)
        return np.fromiter(numbers, np.int64, len(subjects))

    def number_persons(self, subjects: Sequence[Subject]) -> NDArray[np.int64]:
        """The log's number of each person, (n,), given now where there is none."""
        found = numbers_of(self._connection, subjects)
        return np.fromiter((found[subject] for subject in subjects), np.int64, len(subjects))

    def unfinished(self, import_key: str) -> UnfinishedImport | None:
        """How far the import with this key has come, when some of its parts are recorded."""
        row = (
            self._connection.execute(
                select(unfinished_imports).where(unfinished_imports.c.import_key == import_key)
            )
            .mappings()
            .one_or_none()
        )
        return _unfinished(row) if row is not None else None

    def all_unfinished(self) -> list[UnfinishedImport]:
        """Imports that wait for somebody to go on with them, oldest first."""
        rows = self._connection.execute(
            select(unfinished_imports).order_by(unfinished_imports.c.started_at)
        ).mappings()
        return [_unfinished(row) for row in rows]

    def keep_unfinished(self, row: UnfinishedImport) -> None:
        """Keep how far an import has come, in place of what was kept before."""
        self.drop_unfinished(row.import_key)
        times = {"started_at": to_micros(row.started_at), "updated_at": to_micros(row.updated_at)}
        self._connection.execute(insert(unfinished_imports).values(**(asdict(row) | times)))

    def drop_unfinished(self, import_key: str) -> None:
        """The import is finished."""
        self._connection.execute(
            delete(unfinished_imports).where(unfinished_imports.c.import_key == import_key)
        )

    def all(self) -> list[ImportRow]:
        """Every import, oldest first."""
        rows = self._connection.execute(
            select(imports).order_by(imports.c.imported_at, imports.c.first_index)
        ).mappings()
        return [_import(row) for row in rows]


def _import(row: RowMapping) -> ImportRow:
    return ImportRow(
        import_key=row["import_key"],
        kind=row["kind"],
        file_name=row["file_name"],
        file_digest=bytes(row["file_digest"]),
        rows_read=row["rows_read"],
        rows_accepted=row["rows_accepted"],
        rows_left_out=row["rows_left_out"],
        first_index=row["first_index"],
        end_index=row["end_index"],
        amount_fen=row["amount_fen"],
        summary=json.loads(row["summary"]),
        imported_at=from_micros(row["imported_at"]),
    )


def _unfinished(row: RowMapping) -> UnfinishedImport:
    times = {name: from_micros(row[name]) for name in ("started_at", "updated_at")}
    return UnfinishedImport(**(dict(row) | times))


class LeaseRepository:
    """Says which process runs the node's worker."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, now: datetime, lasting: timedelta) -> bool:
        """Take or renew the lease; False while somebody else's still runs."""
        row = self._connection.execute(
            select(leases.c.holder, leases.c.expires_at).where(leases.c.name == name)
        ).one_or_none()
        expires_at = to_micros(now + lasting)
        if row is None:
            self._connection.execute(
                insert(leases).values(name=name, holder=holder, expires_at=expires_at)
            )
            return True
        if row[0] != holder and row[1] > to_micros(now):
            return False
        self._connection.execute(
            update(leases).where(leases.c.name == name).values(holder=holder, expires_at=expires_at)
        )
        return True

    def release(self, name: str, holder: str) -> None:
        """Give the lease back, if it is ours."""
        self._connection.execute(
            delete(leases).where(leases.c.name == name, leases.c.holder == holder)
        )
