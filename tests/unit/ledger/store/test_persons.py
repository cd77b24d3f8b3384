from __future__ import annotations

import random

from ledger.evidence.encoding import NO_SUBJECT, Subject
from ledger.store.persons import NOBODY, known_numbers, numbers_of

PEOPLE = [Subject(random.Random(number).randbytes(32)) for number in range(300)]


class TestNumbersOfPersons:
    def test_numbers_follow_the_order_of_appearance_and_stay(self, database):
        with database.writing() as connection:
            first = numbers_of(connection, [PEOPLE[5], PEOPLE[3], PEOPLE[5], NO_SUBJECT])
            assert first == {PEOPLE[5]: 1, PEOPLE[3]: 2, NO_SUBJECT: NOBODY}
            second = numbers_of(connection, PEOPLE)
            rest = [subject for subject in PEOPLE if subject not in first]
            given = dict(zip(rest, range(3, len(PEOPLE) + 1), strict=True))
            assert second == {PEOPLE[5]: 1, PEOPLE[3]: 2} | given
            connection.commit()
        with database.reading() as connection:
            assert known_numbers(connection, reversed(PEOPLE)) == second

    def test_who_is_not_known_is_left_out(self, database):
        with database.writing() as connection:
            numbers_of(connection, PEOPLE[:2])
            asked = [PEOPLE[7], PEOPLE[1], PEOPLE[1][:31], b"", PEOPLE[0]]
            assert known_numbers(connection, asked) == {PEOPLE[1]: 2, PEOPLE[0]: 1}
            assert known_numbers(connection, []) == {}

    def test_many_are_asked_for_in_portions(self, database, monkeypatch):
        from ledger.store import persons

        monkeypatch.setattr(persons, "_ASKED_AT_ONCE", 7)
        with database.writing() as connection:
            assert list(numbers_of(connection, PEOPLE).values()) == [*range(1, 301)]
            assert len(known_numbers(connection, PEOPLE)) == len(PEOPLE)
