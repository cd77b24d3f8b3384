"""Numbers for persons: what the rows of the log are looked up by, in the order of appearance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, func, select

from ledger.evidence.encoding import NO_SUBJECT, Subject
from ledger.store.tables.log import persons

NOBODY: Final = 0
"""The number of facts about no person."""
_ASKED_AT_ONCE: Final = 10_000
_INSERT: Final = "INSERT INTO persons (person, subject)"
_SELECT: Final = "SELECT subject, person FROM persons WHERE subject"


def known_numbers(connection: Connection, subjects: Iterable[bytes]) -> dict[bytes, int]:
    """The numbers of those subjects that have one; `NOBODY` for the subject of no person."""
    wanted = list(dict.fromkeys(subjects))
    found: dict[bytes, int] = {}
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        for subject, person in _numbered(connection, wanted[start : start + _ASKED_AT_ONCE]):
            found[bytes(subject)] = person
    if NO_SUBJECT in wanted:
        found[NO_SUBJECT] = NOBODY
    return found


def numbers_of(connection: Connection, subjects: Iterable[Subject]) -> dict[bytes, int]:
    """The number of every subject, given now where there is none; inside a write transaction."""
    wanted = list(dict.fromkeys(subjects))
    numbers = known_numbers(connection, wanted)
    fresh = [subject for subject in wanted if subject not in numbers]
    if fresh:
        last = connection.execute(select(func.max(persons.c.person))).scalar_one() or NOBODY
        given: dict[bytes, int] = {
            subject: number for number, subject in enumerate(fresh, last + 1)
        }
        _insert(connection, given)
        numbers |= given
    return numbers


def _numbered(connection: Connection, subjects: Sequence[bytes]) -> Iterable[tuple[bytes, int]]:
    if connection.dialect.name == "postgresql":
        rows = connection.exec_driver_sql(f"{_SELECT} = ANY(%b)", (list(subjects),))
    else:
        # Only question marks are put into the text.
        marks = ",".join("?" * len(subjects))
        rows = connection.exec_driver_sql(f"{_SELECT} IN ({marks})", tuple(subjects))
    return [(row[0], row[1]) for row in rows]


def _insert(connection: Connection, given: dict[bytes, int]) -> None:
    if connection.dialect.name == "postgresql":
        statement = f"{_INSERT} SELECT * FROM unnest(%b::bigint[], %b::bytea[])"  # noqa: S608
        connection.exec_driver_sql(statement, (list(given.values()), list(given)))
    else:
        rows = [(number, subject) for subject, number in given.items()]
        connection.exec_driver_sql(f"{_INSERT} VALUES (?, ?)", rows)
