"""A migrated database on each engine, and entries that need no keys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from ledger.evidence.encoding import Commitment, Entry, Head, Subject
from ledger.policy.kinds import Kind
from ledger.store.database import Database
from ledger.store.log import NewEntry


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def entries():
    """``count`` different entries from number ``first`` on; the same numbers give the same bytes."""

    def build(count: int, first: int = 0) -> list[NewEntry]:
        made = []
        for number in range(first, first + count):
            digest = hashlib.sha256(number.to_bytes(8)).digest()
            head = Head(Kind.CONTRIBUTION, 1, 202301 + number % 12)
            made.append(
                NewEntry(Entry(head, Subject(digest), number, Commitment(digest[::-1])), digest[:5])
            )
        return made

    return build
