"""Appends pairs of entries to a database, as one of several processes at once: URL, number, how often."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime

from ledger.evidence.encoding import Commitment, Entry, Head, LogId, Subject
from ledger.policy.kinds import Kind
from ledger.store.database import Database
from ledger.store.log import NewEntry
from ledger.store.unit_of_work import UnitOfWork

if __name__ == "__main__":
    url, number, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    database = Database(url)
    for step in range(times):
        new = []
        for place in range(2):
            digest = hashlib.sha256(f"{number}/{step}/{place}".encode()).digest()
            head = Head(Kind.CONTRIBUTION, 1, 202301)
            new.append(NewEntry(Entry(head, Subject(digest), 1, Commitment(digest)), b""))
        with UnitOfWork(database, LogId(1)) as work:
            work.log.append(new, source_key=f"p{number}", recorded_at=datetime.now(UTC))
            work.commit()
    database.close()
