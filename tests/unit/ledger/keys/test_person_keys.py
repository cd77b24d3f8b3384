from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ledger.errors import (
    FileModeError,
    KeyFileDamagedError,
    LengthError,
    NotFoundError,
    SealingKeyDestroyedError,
    StorageUnavailableError,
)
from ledger.evidence.encoding import Subject
from ledger.keys.person_keys import PersonKeys
from ledger.ports import SystemRandom

MASTER = b"m" * 32
AT = datetime(2026, 9, 15, 1, 2, 3, tzinfo=UTC)
LI, WANG, ZHAO = (Subject(bytes([number]) * 32) for number in (1, 2, 3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "persons.sqlite"


@pytest.fixture
def keys(path: Path) -> Iterator[PersonKeys]:
    with PersonKeys.open(path, MASTER, SystemRandom()) as opened:
        yield opened


def _bytes_on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob("persons.sqlite*")))


class TestOpen:
    def test_the_files_are_0600(self, keys: PersonKeys, path: Path) -> None:
        keys.get_or_create_many([LI])
        found = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert set(found.values()) == {0o600}
        assert "persons.sqlite-wal" in found

    def test_a_file_open_to_others_is_refused(self, path: Path) -> None:
        path.touch(mode=0o644)
        path.chmod(0o644)
        with pytest.raises(FileModeError) as caught:
            PersonKeys.open(path, MASTER, SystemRandom())
        assert (caught.value.actual, caught.value.expected) == ("0644", "0600")

    def test_a_master_of_another_length_is_refused(self, path: Path) -> None:
        with pytest.raises(LengthError) as caught:
            PersonKeys.open(path, b"short", SystemRandom())
        assert caught.value.fields() == {
            "field": "person-master key",
            "expected": 32,
            "actual": 5,
        }

    def test_another_file_is_refused(self, path: Path) -> None:
        path.write_bytes(b"no database, but long enough to be taken for one" * 30)
        path.chmod(0o600)
        with pytest.raises(StorageUnavailableError) as caught:
            PersonKeys.open(path, MASTER, SystemRandom())
        assert "person keys" in caught.value.reason

    def test_writes_are_durable(self, keys: PersonKeys) -> None:
        ask = keys._connection.execute
        assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
        assert ask("PRAGMA synchronous").fetchone() == (2,)
        assert ask("PRAGMA secure_delete").fetchone() == (1,)


class TestOpenReadOnly:
    def test_keys_are_read_and_none_is_made(self, keys: PersonKeys, path: Path) -> None:
        made = keys.get_or_create_many([LI, WANG])
        keys.close()
        before = {item.name: item.read_bytes() for item in path.parent.iterdir()}
        with PersonKeys.open_read_only(path, MASTER) as reading:
            assert reading.get_many([LI, WANG]) == made
            with pytest.raises(StorageUnavailableError):
                reading.get_or_create_many([ZHAO])
            with pytest.raises(StorageUnavailableError):
                reading.destroy(LI, AT)
        assert {item.name: item.read_bytes() for item in path.parent.iterdir()} == before

    def test_a_file_that_is_not_there_or_open_to_others_is_refused(
        self, keys: PersonKeys, path: Path
    ) -> None:
        with pytest.raises(LengthError):
            PersonKeys.open_read_only(path, MASTER[:31])
        with pytest.raises(StorageUnavailableError):
            PersonKeys.open_read_only(path.with_name("none.sqlite"), MASTER)
        path.chmod(0o644)
        with pytest.raises(FileModeError):
            PersonKeys.open_read_only(path, MASTER)


class TestGetOrCreate:
    def test_a_person_keeps_one_key_for_good(self, keys: PersonKeys, path: Path) -> None:
        first = keys.get_or_create_many([LI, WANG])
        second = keys.get_or_create_many([WANG, ZHAO, LI, LI])
        assert {subject: second[subject] for subject in (LI, WANG)} == first
        assert len(set(second.values())) == 3
        assert {len(key) for key in second.values()} == {32}
        with PersonKeys.open(path, MASTER, SystemRandom()) as other:
            assert other.get_many([LI, WANG, ZHAO]) == second

    def test_many_persons_come_back(self, keys: PersonKeys) -> None:
        subjects = [Subject(number.to_bytes(32)) for number in range(1, 1503)]
        made = keys.get_or_create_many(subjects)
        assert list(made) == subjects
        assert keys.get_many(subjects) == made

    def test_keys_are_there_before_the_call_returns(self, keys: PersonKeys, path: Path) -> None:
        key = keys.get_or_create_many([LI])[LI]
        with PersonKeys.open(path, MASTER, SystemRandom()) as other:
            assert other.get(LI) == key

    def test_a_failing_source_makes_no_key_at_all(self, path: Path) -> None:
        class Dry:
            left = 1

            def bytes(self, length: int) -> bytes:
                if not self.left:
                    raise OSError("no entropy")
                self.left -= 1
                return b"k" * length

        with PersonKeys.open(path, MASTER, Dry()) as keys:
            with pytest.raises(OSError, match="no entropy"):
                keys.get_or_create_many([LI, WANG])
            with pytest.raises(NotFoundError):
                keys.get(LI)

    def test_a_subject_of_another_length_is_refused(self, keys: PersonKeys) -> None:
        with pytest.raises(LengthError) as caught:
            keys.get_or_create_many([LI, Subject(b"x")])
        assert caught.value.fields() == {"field": "subject", "expected": 32, "actual": 1}

    def test_no_key_stands_in_clear_on_the_disk(self, keys: PersonKeys, path: Path) -> None:
        key = keys.get_or_create_many([LI])[LI]
        assert key not in _bytes_on_disk(path)

    def test_two_processes_agree_on_one_key(self, path: Path) -> None:
        subjects = [Subject(number.to_bytes(32)) for number in range(1, 201)]

        def make(order: list[Subject]) -> dict[Subject, bytes]:
            with PersonKeys.open(path, MASTER, SystemRandom()) as own:
                return {subject: own.get_or_create_many([subject])[subject] for subject in order}

        with ThreadPoolExecutor(2) as pool:
            one, two = pool.map(make, [subjects, subjects[::-1]])
        assert one == two

    def test_a_file_that_lost_its_table_is_reported(self, keys: PersonKeys) -> None:
        keys._connection.execute("DROP TABLE persons")
        with pytest.raises(StorageUnavailableError):
            keys.get(LI)
        with pytest.raises(StorageUnavailableError):
            keys.destroy(LI, AT)

    def test_nobody_asked_for_is_nobody_made(self, keys: PersonKeys) -> None:
        assert keys.get_or_create_many([]) == {}

    def test_a_busy_file_is_reported(
        self, keys: PersonKeys, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keys._connection.execute("PRAGMA busy_timeout=1")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailableError) as caught:
            keys.get_or_create_many([LI])
        assert caught.value.retryable
        other.execute("ROLLBACK")
        other.close()
        keys.get_or_create_many([LI])


class TestGet:
    def test_an_unknown_person_has_no_key(self, keys: PersonKeys) -> None:
        with pytest.raises(NotFoundError) as caught:
            keys.get(LI)
        assert LI.hex() not in str(caught.value)
        assert caught.value.what == "sealing key"

    def test_another_master_does_not_open(self, keys: PersonKeys, path: Path) -> None:
        keys.get_or_create_many([LI])
        with (
            PersonKeys.open(path, b"n" * 32, SystemRandom()) as other,
            pytest.raises(KeyFileDamagedError) as caught,
        ):
            other.get(LI)
        assert caught.value.path == str(path)

    def test_a_key_moved_to_another_person_does_not_open(self, keys: PersonKeys) -> None:
        keys.get_or_create_many([LI, WANG])
        keys._connection.execute(
            "UPDATE persons SET wrapped = (SELECT wrapped FROM persons WHERE subject = ?) "
            "WHERE subject = ?",
            (LI, WANG),
        )
        with pytest.raises(KeyFileDamagedError):
            keys.get(WANG)


class TestDestroy:
    def test_a_destroyed_key_is_gone_for_good(self, keys: PersonKeys) -> None:
        keys.get_or_create_many([LI, WANG])
        keys.destroy(LI, AT)
        with pytest.raises(SealingKeyDestroyedError) as caught:
            keys.get(LI)
        assert caught.value.fields() == {"persons": 1}
        assert LI.hex() not in str(caught.value)
        with pytest.raises(SealingKeyDestroyedError):
            keys.get_many([LI, WANG])
        assert len(keys.get(WANG)) == 32

    def test_an_erased_person_gets_no_new_key_and_nobody_else_does_either(
        self, keys: PersonKeys
    ) -> None:
        keys.get_or_create_many([LI])
        keys.destroy(LI, AT)
        with pytest.raises(SealingKeyDestroyedError):
            keys.get_or_create_many([LI, ZHAO])
        with pytest.raises(NotFoundError):
            keys.get(ZHAO)
        with pytest.raises(SealingKeyDestroyedError):
            keys.get_or_create_many([LI])

    def test_the_wrapped_key_is_overwritten_on_the_disk(self, keys: PersonKeys, path: Path) -> None:
        keys.get_or_create_many([Subject(number.to_bytes(32)) for number in range(1, 400)] + [LI])
        ((wrapped,),) = keys._connection.execute(
            "SELECT wrapped FROM persons WHERE subject = ?", (LI,)
        ).fetchall()
        assert wrapped in _bytes_on_disk(path)
        keys.destroy(LI, AT)
        disk = _bytes_on_disk(path)
        assert wrapped not in disk
        assert wrapped[12:44] not in disk
        assert LI in disk

    def test_what_a_killed_process_left_in_the_file_is_cleared(
        self, keys: PersonKeys, path: Path
    ) -> None:
        keys.get_or_create_many([LI])
        ((wrapped,),) = keys._connection.execute("SELECT wrapped FROM persons").fetchall()
        keys.mark_destroyed(LI, AT)
        with pytest.raises(SealingKeyDestroyedError):
            keys.get(LI)
        assert wrapped in _bytes_on_disk(path)
        keys.scrub()
        keys.scrub()
        assert wrapped not in _bytes_on_disk(path)
        with pytest.raises(LengthError):
            keys.mark_destroyed(Subject(b""), AT)

    def test_another_process_sees_it_at_once(self, keys: PersonKeys, path: Path) -> None:
        keys.get_or_create_many([LI])
        with PersonKeys.open(path, MASTER, SystemRandom()) as other:
            other.get(LI)
            keys.destroy(LI, AT)
            with pytest.raises(SealingKeyDestroyedError):
                other.get(LI)

    def test_repeating_it_keeps_the_first_date(self, keys: PersonKeys) -> None:
        keys.get_or_create_many([LI])
        keys.destroy(LI, AT.astimezone(timezone(timedelta(hours=8))))
        keys.destroy(LI, AT + timedelta(days=1))
        assert keys.destroyed_at(LI) == AT
        assert keys.destroyed_at(WANG) is None

    def test_a_person_without_a_key_can_be_erased_ahead_of_time(self, keys: PersonKeys) -> None:
        keys.destroy(LI, AT)
        with pytest.raises(SealingKeyDestroyedError):
            keys.get_or_create_many([LI])
        assert keys.destroyed_among([LI, WANG]) == frozenset({LI})

    def test_a_subject_of_another_length_is_refused(self, keys: PersonKeys) -> None:
        with pytest.raises(LengthError):
            keys.destroy(Subject(b""), AT)

    def test_a_reader_of_old_pages_is_reported(self, keys: PersonKeys, path: Path) -> None:
        keys.get_or_create_many([LI])
        keys._connection.execute("PRAGMA busy_timeout=1")
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM persons").fetchall()
        with pytest.raises(StorageUnavailableError) as caught:
            keys.destroy(LI, AT)
        assert "reader" in caught.value.reason
        reader.close()
        keys.destroy(LI, AT)
        with pytest.raises(SealingKeyDestroyedError):
            keys.get(LI)
