from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.evidence.encoding import LogId
from ledger.store.unit_of_work import Reading, UnitOfWork

LOG = LogId(1)
AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)


class TestLeafRows:
    @pytest.mark.parametrize(("first", "end"), [(0, 7), (2, 5), (6, 100), (7, 9), (3, 3)])
    def test_they_are_the_leaves_of_the_rows(self, database, entries, first, end):
        with UnitOfWork(database, LOG) as work:
            work.log.append(entries(7), source_key="s", recorded_at=AT)
            work.commit()
        with Reading(database, LOG) as view:
            rows = view.log.leaf_rows(first, end)
            assert rows.shape == (len(range(7)[first:end]), 64)
            assert [row.tobytes() for row in rows] == view.log.leaves(first, end)
            assert view.log.leaves(first, end) == [
                item.entry.leaf(LOG).pack() for item in entries(7)[first:end]
            ]
