from __future__ import annotations

import hashlib
import hmac
import sqlite3
import stat
from contextlib import closing

import pytest

from ledger.errors import StorageUnavailableError
from ledger.evidence.encoding import Subject
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.keys.remembered import RememberedSubjects

NUMBER, OTHER = "320106196001010011", "320106196001010038"


class CountingEvaluator(KeyedEvaluator):
    """Counts what it is asked for."""

    asked = 0

    def evaluate(self, inputs):
        self.asked += len(inputs)
        return super().evaluate(inputs)


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    return folder / "subjects.sqlite"


@pytest.fixture
def remembering(path):
    """Pseudonyms of a process that begins anew, with what earlier ones remembered."""
    opened = []

    def begin(secret: bytes = bytes(32)):
        memo = RememberedSubjects.open(path, secret)
        evaluator = CountingEvaluator(bytes(32))
        pseudonyms = Pseudonyms(bytes(range(32)), evaluator, memo=memo)
        opened.append(pseudonyms)
        return pseudonyms, evaluator

    yield begin
    for each in opened:
        each.close()


class TestRememberedSubjects:
    def test_a_person_is_evaluated_once_over_all_processes(self, remembering):
        plain = Pseudonyms(bytes(range(32)), KeyedEvaluator(bytes(32)))
        expected = plain.subjects_of([NUMBER, OTHER])
        first, evaluator = remembering()
        assert first.subjects_in_bulk([NUMBER]) == expected[:1]
        assert evaluator.asked == 1
        second, evaluator = remembering()
        assert second.subjects_in_bulk([NUMBER, OTHER]) == expected
        assert evaluator.asked == 1
        assert second.subjects_of([NUMBER, OTHER]) == expected
        assert evaluator.asked == 1

    def test_whoever_is_erased_is_forgotten(self, remembering, path):
        first, _ = remembering()
        gone, kept = first.subjects_in_bulk([NUMBER, OTHER])
        first.forget([gone])
        content = b"".join(each.read_bytes() for each in path.parent.glob("subjects*"))
        assert gone not in content
        assert kept in content
        second, evaluator = remembering()
        assert second.subjects_in_bulk([NUMBER, OTHER]) == [gone, kept]
        assert evaluator.asked == 1

    def test_the_file_holds_no_numbers_and_is_the_owners(self, remembering, path):
        first, _ = remembering()
        first.subjects_in_bulk([NUMBER, OTHER])
        content = b"".join(each.read_bytes() for each in path.parent.glob("subjects*"))
        assert NUMBER.encode() not in content
        assert NUMBER[:14].encode() not in content
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_another_secret_finds_nothing(self, remembering):
        remembering()[0].subjects_in_bulk([NUMBER])
        second, evaluator = remembering(b"\x01" * 32)
        second.subjects_in_bulk([NUMBER])
        assert evaluator.asked == 1

    def test_what_fails_leaves_nothing_behind(self, path):
        memo = RememberedSubjects.open(path, bytes(32))

        def fails(_inputs):
            raise RuntimeError

        with pytest.raises(RuntimeError):
            memo.find_or_add([b"a"], fails)
        assert memo.find_or_add([b"a"], lambda _: [Subject(bytes(32))]) == {b"a": bytes(32)}
        memo.close()

    def test_another_file_is_refused(self, path):
        path.write_bytes(b"not a database, surely" * 100)
        path.chmod(0o600)
        with pytest.raises(StorageUnavailableError):
            RememberedSubjects.open(path, bytes(32))

    def test_marks_made_by_columns_are_those_made_one_by_one(self, path):
        # RFC 2104 as the standard library computes it, under the key the file is opened with.
        inputs = [f"resident-id|{number:018d}".encode() for number in range(100)]
        key = hmac.digest(bytes(range(32)), b"anxu-remembered-subject/1", hashlib.sha256)

        def evaluate(values):
            return [Subject(hashlib.sha256(value).digest()) for value in values]

        memo = RememberedSubjects.open(path, bytes(range(32)))
        expected = dict(zip(inputs, evaluate(inputs), strict=True))
        assert memo.find_or_add(inputs, evaluate) == expected
        assert memo.find_or_add(inputs, lambda _: pytest.fail("all are remembered")) == expected
        assert all(memo.find_or_add([value], evaluate) for value in inputs[:2])
        memo.close()
        with closing(sqlite3.connect(path)) as plain:
            marks = {mark for (mark,) in plain.execute("SELECT mark FROM subjects")}
        assert marks == {hmac.digest(key, value, hashlib.sha256) for value in inputs}
