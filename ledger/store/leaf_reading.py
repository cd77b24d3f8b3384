"""Reads the leaves of many rows at once: binary COPY on PostgreSQL, plain rows on SQLite."""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection

from ledger.errors import StorageUnavailableError
from ledger.evidence.encoding import LEAF_BYTES

_HEADER_BYTES: Final = 19
_ROW: Final = np.dtype([("fields", ">i2"), ("length", ">i4"), ("leaf", "u1", (LEAF_BYTES,))])
_WHERE: Final = "FROM entries WHERE leaf_index >= {} AND leaf_index < {} ORDER BY leaf_index"


def read_leaf_rows(connection: Connection, first: int, end: int) -> NDArray[np.uint8]:
    """The leaves with ``first <= index < end``, in order; shape (n, 64).

    Raises:
        StorageUnavailableError: the database went away.
    """
    driver: Any = connection.connection.driver_connection
    where = _WHERE.format(int(first), int(end))  # whole numbers: nothing else gets into the text
    if connection.dialect.name != "postgresql":
        rows = driver.execute(f"SELECT tag, seal {where}").fetchall()
        packed = b"".join(chain.from_iterable(rows))
        return np.frombuffer(packed, np.uint8).reshape(-1, LEAF_BYTES)
    copy_out = f"COPY (SELECT tag || seal {where}) TO STDOUT (FORMAT BINARY)"
    try:
        with driver.cursor() as cursor, cursor.copy(copy_out) as copy:
            content = b"".join(bytes(piece) for piece in copy)
    except psycopg.OperationalError as error:
        raise StorageUnavailableError(reason=type(error).__name__) from error
    count = (len(content) - _HEADER_BYTES) // _ROW.itemsize
    read = np.frombuffer(content, _ROW, count=count, offset=_HEADER_BYTES)
    return np.ascontiguousarray(read["leaf"])
