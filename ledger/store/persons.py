"""Numbers for persons: what the rows of the log are looked up by, in the order of appearance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection

from ledger.evidence.encoding import NO_SUBJECT, Subject
from ledger.store.driver import Driver, marks

NOBODY: Final = 0
"""The number of facts about no person."""
_ASKED_AT_ONCE: Final = 10_000
_INSERT: Final = "INSERT INTO persons (person, subject)"
_LAST: Final = "SELECT max(person) FROM persons"
_SELECT: Final = "SELECT subject, person FROM persons WHERE subject"


def known_numbers(connection: Connection, subjects: Iterable[bytes]) -> dict[bytes, int]:
    """The numbers of those subjects that have one; `NOBODY` for the subject of no person."""
    wanted = list(dict.fromkeys(subjects))
    found: dict[bytes, int] = {}
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        found.update(_numbered(connection, wanted[start : start + _ASKED_AT_ONCE]))
    if NO_SUBJECT in wanted:
        found[NO_SUBJECT] = NOBODY
    return found


def numbers_of(connection: Connection, subjects: Iterable[Subject]) -> dict[bytes, int]:
    """The number of every subject, given now where there is none; inside a write transaction."""
    wanted = list(dict.fromkeys(subjects))
    numbers = known_numbers(connection, wanted)
    fresh = [subject for subject in wanted if subject not in numbers]
    if fresh:
        ((last,),) = Driver(connection).rows(_LAST)
        given: dict[bytes, int] = {
            subject: number for number, subject in enumerate(fresh, (last or NOBODY) + 1)
        }
        _insert(connection, given)
        numbers |= given
    return numbers


def _numbered(connection: Connection, subjects: Sequence[bytes]) -> list[tuple[bytes, int]]:
    driver = Driver(connection)
    if driver.is_postgresql:
        return driver.rows(f"{_SELECT} = ANY(?)", (list(subjects),))
    return driver.rows(f"{_SELECT} IN ({marks(len(subjects))})", subjects)


def _insert(connection: Connection, given: dict[bytes, int]) -> None:
    driver = Driver(connection)
    if driver.is_postgresql:
        statement = f"{_INSERT} SELECT * FROM unnest(?::bigint[], ?::bytea[])"  # noqa: S608
        driver.change(statement, (list(given.values()), list(given)))
    else:
        rows = [(number, subject) for subject, number in given.items()]
        driver.change_each(f"{_INSERT} VALUES (?, ?)", rows)
