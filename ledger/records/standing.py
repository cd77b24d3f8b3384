"""What the log already holds of the months of a file: asked by the persons' numbers, in columns."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ledger.policy.kinds import InsuranceClass, Kind
from ledger.recording.bulk import People
from ledger.store.persons import NOBODY
from ledger.store.unit_of_work import Rooms

NO_LEAF: Final = -1
"""Stands where the log has no leaf."""
_MONTHS: Final = 2**20
"""More than any month yyyymm."""


class PersonNumbers:
    """The log's numbers for the persons of one import.

    A number that somebody got stays for good, so each is asked for once, whatever the number of
    lines and of transactions.
    """

    def __init__(self, people: People) -> None:
        self._people = people
        self._numbers = np.empty(0, np.int64)
        self._asked = np.empty(0, np.bool_)

    def known(self, rooms: Rooms, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of each row's person, (n,); 0 for whom the log did not know when asked."""
        self._make_room()
        missing = np.unique(places[~self._asked[places]])
        if len(missing):
            subjects = self._people.subject_list(missing)
            self._numbers[missing] = rooms.imports.known_persons(subjects)
            self._asked[missing] = True
        return self._numbers[places]

    def given(self, work: Rooms, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same inside a write transaction, which gives numbers to those who have none.

        They count once it is committed; drop this object when it is not.
        """
        self._make_room()
        missing = np.unique(places[self._numbers[places] == NOBODY])
        if len(missing):
            subjects = self._people.subject_list(missing)
            self._numbers[missing] = work.imports.number_persons(subjects)
        return self._numbers[places]

    def _make_room(self) -> None:
        more = (0, len(self._people) - len(self._numbers))
        if more[1]:
            self._numbers = np.pad(self._numbers, more)
            self._asked = np.pad(self._asked, more)


def standing_leaves(
    rooms: Rooms, persons: NDArray[np.int64], periods: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The leaf of each person's month's normal line that stands in the log; -1 where none does.

    Args:
        rooms: where to look.
        persons: (n,) numbers; 0 for persons of whom the log knows nothing.
        periods: (n,) months.
    """
    leaves = np.full(len(persons), NO_LEAF, np.int64)
    is_known = persons != NOBODY
    if not is_known.any():
        return leaves
    asked = periods[is_known]
    found = rooms.imports.recorded_months(
        Kind.CONTRIBUTION,
        InsuranceClass.PENSION,
        np.unique(persons[is_known]),
        int(asked.min()),
        int(asked.max()),
    )
    gone = rooms.log.reversed_among(found[:, 2].tolist())
    if gone:
        found = found[~np.isin(found[:, 2], np.fromiter(gone, np.int64, len(gone)))]
    if not len(found):
        return leaves
    months = found[:, 0] * _MONTHS + found[:, 1]
    order = np.argsort(months)
    wanted = persons * _MONTHS + periods
    at = order[np.minimum(np.searchsorted(months, wanted, sorter=order), len(order) - 1)]
    return np.where(months[at] == wanted, found[at, 2], NO_LEAF)
