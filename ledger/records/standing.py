"""What the log already holds of the months of a file: asked by the persons' numbers, in columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

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
_ASKED_AT_ONCE: Final = 10_000

Periods: TypeAlias = NDArray[np.int64]
"""Months as yyyymm."""


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
        return self.of(places)

    def given(self, work: Rooms, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same inside a write transaction, which gives numbers to those who have none.

        They count once it is committed; drop this object when it is not.
        """
        self._make_room()
        missing = np.unique(places[self._numbers[places] == NOBODY])
        if len(missing):
            subjects = self._people.subject_list(missing)
            self._numbers[missing] = work.imports.number_persons(subjects)
        return self.of(places)

    def of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """What is known without asking."""
        return self._numbers[places]

    def _make_room(self) -> None:
        more = (0, len(self._people) - len(self._numbers))
        if more[1]:
            self._numbers = np.pad(self._numbers, more)
            self._asked = np.pad(self._asked, more)


class MonthsInLog:
    """Which months of a file the log holds already.

    A person met for the first time is asked about at once, for the months around the line. Months
    of persons who were met before, as in files ordered by month, are asked for together at the
    end: one question a person, not one a month.
    """

    def __init__(self, people: People) -> None:
        self.numbers = PersonNumbers(people)
        self._people = people
        self._asked_to = np.empty(0, np.int64)
        self._is_late = np.empty(0, np.bool_)
        self._late_from, self._late_to = _MONTHS, 0

    def at_once(
        self, rooms: Rooms, places: NDArray[np.int64], rows: NDArray[np.int64], periods: Periods
    ) -> NDArray[np.int64]:
        """The leaves of lines whose persons are new here; -1 for those who are asked about later.

        Args:
            rooms: where to look.
            places: (n,) persons of neighbouring lines.
            rows: (n,) where the lines stand in the file, rising.
            periods: (n,) their months.
        """
        more = (0, len(self._people) - len(self._asked_to))
        if more[1]:
            self._asked_to, self._is_late = (
                np.pad(self._asked_to, more),
                np.pad(self._is_late, more),
            )
        is_new = self._asked_to[places] == 0
        self._asked_to[places[is_new]] = rows[-1] + 1
        persons = self.numbers.known(rooms, places)
        leaves = np.full(len(places), NO_LEAF, np.int64)
        leaves[is_new] = standing_leaves(rooms, persons[is_new], periods[is_new])
        is_late = ~is_new & (persons != NOBODY)
        if is_late.any():
            self._is_late[places[is_late]] = True
            self._late_from = min(self._late_from, int(periods[is_late].min()))
            self._late_to = max(self._late_to, int(periods[is_late].max()))
        return leaves

    @property
    def is_waiting(self) -> bool:
        """Whether anything is to be asked later."""
        return bool(self._is_late.any())

    def later(
        self, rooms: Rooms, is_wanted: Callable[[NDArray[np.int64], Periods], NDArray[np.bool_]]
    ) -> NDArray[np.int64]:
        """What stands for the persons to be asked about later; (m, 3): number, month, leaf.

        Args:
            rooms: where to look.
            is_wanted: given places and months, which of them the file is about: no other answers
                are kept, however many there are.
        """
        found = [np.empty((0, 3), np.int64)]
        late = np.flatnonzero(self._is_late)
        for start in range(0, len(late), _ASKED_AT_ONCE):
            places = late[start : start + _ASKED_AT_ONCE]
            persons = self.numbers.known(rooms, places)
            answers = _standing(rooms, persons, self._late_from, self._late_to)
            order = np.argsort(persons)
            whose = places[order[np.searchsorted(persons, answers[:, 0], sorter=order)]]
            found.append(answers[is_wanted(whose, answers[:, 1])])
        return np.concatenate(found)

    def late_leaves(
        self,
        found: NDArray[np.int64],
        places: NDArray[np.int64],
        rows: NDArray[np.int64],
        periods: Periods,
    ) -> NDArray[np.int64]:
        """The leaves of lines that were not asked about at once, by what `later` found."""
        persons = np.where(rows < self._asked_to[places], NOBODY, self.numbers.of(places))
        return _leaves_among(found, persons, periods)


def standing_leaves(
    rooms: Rooms, persons: NDArray[np.int64], periods: Periods
) -> NDArray[np.int64]:
    """The leaf of each person's month's normal line that stands in the log; -1 where none does.

    Args:
        rooms: where to look.
        persons: (n,) numbers; 0 for persons of whom the log knows nothing.
        periods: (n,) months.
    """
    is_known = persons != NOBODY
    if not is_known.any():
        return np.full(len(persons), NO_LEAF, np.int64)
    asked = periods[is_known]
    people = np.unique(persons[is_known])
    found = _standing(rooms, people, int(asked.min()), int(asked.max()))
    return _leaves_among(found, persons, periods)


def _standing(rooms: Rooms, people: NDArray[np.int64], first: int, last: int) -> NDArray[np.int64]:
    """Normal lines of these persons that stand; (m, 3): number, month, leaf."""
    kind, class_ = Kind.CONTRIBUTION, InsuranceClass.PENSION
    found = rooms.imports.recorded_months(kind, class_, people, first, last)
    gone = rooms.log.reversed_among(found[:, 2].tolist())
    if gone:
        found = found[~np.isin(found[:, 2], np.fromiter(gone, np.int64, len(gone)))]
    return found


def _leaves_among(
    found: NDArray[np.int64], persons: NDArray[np.int64], periods: Periods
) -> NDArray[np.int64]:
    if not len(found):
        return np.full(len(persons), NO_LEAF, np.int64)
    months = found[:, 0] * _MONTHS + found[:, 1]
    order = np.argsort(months)
    wanted = persons * _MONTHS + periods
    at = order[np.minimum(np.searchsorted(months, wanted, sorter=order), len(order) - 1)]
    return np.where(months[at] == wanted, found[at, 2], NO_LEAF)
