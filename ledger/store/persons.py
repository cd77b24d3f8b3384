"""Numbers for persons: what the rows of the log are looked up by, in the order of appearance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection

from ledger.evidence.encoding import DIGEST_BYTES, NO_SUBJECT, Subject
from ledger.store.driver import Driver, marks

NOBODY: Final = 0
"""The number of facts about no person."""
_ASKED_AT_ONCE: Final = 10_000
_INSERT: Final = "INSERT INTO persons (person, subject)"
_LAST: Final = "SELECT max(person) FROM persons"
_SELECT: Final = "SELECT subject, person FROM persons WHERE subject"

_PLACES: Final = "FROM generate_series(0, ?::int - 1) AS w(place)"
_ONE_OF_JOINED: Final = f"substring(?::bytea FROM w.place * {DIGEST_BYTES} + 1 FOR {DIGEST_BYTES})"
_FIND_JOINED: Final = (
    f"SELECT w.place, p.person {_PLACES} JOIN persons p ON p.subject = {_ONE_OF_JOINED}"
)
"""For PostgreSQL: one value instead of thousands, of which each is looked up in the index. Asked
for a list of thousands, it would read the whole table, time and again."""
_ADD_JOINED: Final = f"{_INSERT} SELECT ?::bigint + w.place, {_ONE_OF_JOINED} {_PLACES}"


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
        subjects = [subject for subject in subjects if len(subject) == DIGEST_BYTES]
        found = driver.rows(_FIND_JOINED, (len(subjects), b"".join(subjects)))
        return [(subjects[place], person) for place, person in found]
    return driver.rows(f"{_SELECT} IN ({marks(len(subjects))})", subjects)


def _insert(connection: Connection, given: dict[bytes, int]) -> None:
    driver = Driver(connection)
    if driver.is_postgresql:
        first = next(iter(given.values()))
        driver.change(_ADD_JOINED, (first, b"".join(given), len(given)))
    else:
        rows = [(number, subject) for subject, number in given.items()]
        driver.change_each(f"{_INSERT} VALUES (?, ?)", rows)
