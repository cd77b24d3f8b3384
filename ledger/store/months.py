"""Where facts of many persons stand in the node's own log, by a span of months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from ledger.policy.kinds import Kind

_ASKED_AT_ONCE: Final = 10_000
_COLUMNS: Final = "SELECT e.person, e.period, e.leaf_index"
_RESTRICTED: Final = "e.kind = {0} AND e.class = {0}"
_OF_ONE: Final = (
    "SELECT * FROM entries WHERE person = w.person AND period BETWEEN %s AND %s OFFSET 0"
)
"""``OFFSET 0`` has PostgreSQL look each person up in the index. Left to itself, it reads the whole
index for those months, again with every thousand persons."""


def facts_between(
    connection: Connection,
    kind: Kind,
    class_: int,
    people: NDArray[np.int64],
    first: int,
    last: int,
) -> NDArray[np.int64]:
    """Facts of this kind and class about these persons, of months from ``first`` to ``last``.

    What was reversed is among them.

    Args:
        connection: to the database.
        kind: of the facts.
        class_: of the facts.
        people: (n,) numbers of persons, each once.
        first: month yyyymm.
        last: month yyyymm.

    Returns:
        (m, 3): person, month, leaf index.
    """
    numbers = np.sort(people).tolist()
    found: list[tuple[int, int, int]] = []
    for start in range(0, len(numbers), _ASKED_AT_ONCE):
        part = numbers[start : start + _ASKED_AT_ONCE]
        found += _rows(connection, part, (first, last, int(kind), class_))
    return np.array(found, np.int64).reshape(-1, 3)


def _rows(
    connection: Connection, people: Sequence[int], limits: tuple[int, int, int, int]
) -> list[tuple[int, int, int]]:
    if connection.dialect.name == "postgresql":
        query = (
            f"{_COLUMNS} FROM unnest(%s::bigint[]) AS w(person) CROSS JOIN LATERAL ({_OF_ONE}) AS e"
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
