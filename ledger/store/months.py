"""Where facts of many persons stand in the node's own log, by a span of months."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from ledger.evidence.encoding import LeafIndex, Subject
from ledger.policy.kinds import Kind
from ledger.store.persons import known_numbers

_ASKED_AT_ONCE: Final = 10_000
_COLUMNS: Final = "SELECT e.person, e.period, e.leaf_index"
_RESTRICTED: Final = "e.kind = {0} AND e.class = {0}"


class StandingMonth(NamedTuple):
    """A fact of the log: whose, of which month, at which leaf."""

    subject: Subject
    period: int
    leaf: LeafIndex


def facts_between(
    connection: Connection,
    kind: Kind,
    class_: int,
    subjects: Iterable[Subject],
    first: int,
    last: int,
) -> list[StandingMonth]:
    """Facts of this kind and class about these persons, of months from ``first`` to ``last``.

    What was reversed is among them. Persons of whom the log knows nothing cost one look-up each.
    """
    numbers = known_numbers(connection, subjects)
    known = {number: Subject(subject) for subject, number in numbers.items()}
    people = sorted(known)
    found: list[StandingMonth] = []
    for start in range(0, len(people), _ASKED_AT_ONCE):
        part = people[start : start + _ASKED_AT_ONCE]
        for person, period, index in _rows(connection, part, (first, last, int(kind), class_)):
            found.append(StandingMonth(known[person], period, LeafIndex(index)))
    return found


def _rows(
    connection: Connection, people: Sequence[int], limits: tuple[int, int, int, int]
) -> Iterable[tuple[int, int, int]]:
    if connection.dialect.name == "postgresql":
        query = (
            f"{_COLUMNS} FROM unnest(%s::bigint[]) AS w(person)"
            " JOIN entries e ON e.person = w.person AND e.period BETWEEN %s AND %s"
            f" WHERE {_RESTRICTED.format('%s')}"
        )
        arguments: tuple[object, ...] = (list(people), *limits)
    else:
        values = ", ".join(["(?)"] * len(people))
        query = (
            f"WITH w(person) AS (VALUES {values}) {_COLUMNS} FROM w CROSS JOIN entries e"
            " ON e.person = w.person AND e.period BETWEEN ? AND ?"
            f" WHERE {_RESTRICTED.format('?')}"
        )
        arguments = (*people, *limits)
    rows = connection.exec_driver_sql(query, arguments)
    return [(person, period, index) for person, period, index in rows]
