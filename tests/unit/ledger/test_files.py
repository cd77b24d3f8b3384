from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from ledger.files import sync_directory, write_atomically


class TestWriteAtomically:
    def test_a_file_is_made_with_its_folders_and_mode(self, tmp_path):
        path = tmp_path / "a" / "b" / "file"
        write_atomically(path, b"content", mode=0o600)
        assert path.read_bytes() == b"content"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_file_is_replaced_whole_and_nothing_stays_beside_it(self, tmp_path):
        path = tmp_path / "file"
        write_atomically(path, b"longer content")
        write_atomically(path, b"short", durable=False)
        assert path.read_bytes() == b"short"
        assert [item.name for item in tmp_path.iterdir()] == ["file"]

    def test_a_crash_before_the_rename_leaves_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "file"
        write_atomically(path, b"old")

        def crash(_self: Path, _target: Path) -> Path:
            raise OSError

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", crash)
            with pytest.raises(OSError):  # the crash itself
                write_atomically(path, b"new")
        assert path.read_bytes() == b"old"
        write_atomically(path, b"newer")
        assert path.read_bytes() == b"newer"

    def test_a_private_file_is_never_open_to_others(self, tmp_path):
        path = tmp_path / "file"
        left_behind = tmp_path / f".file.{os.getpid()}.{threading.get_ident()}.new"
        left_behind.write_bytes(b"")
        left_behind.chmod(0o644)
        write_atomically(path, b"secret", mode=0o600)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_threads_that_write_one_file_leave_one_of_theirs(self, tmp_path):
        path, faults = tmp_path / "file", []
        contents = [bytes([number]) * 5_000 for number in range(8)]

        def write(content: bytes) -> None:
            try:
                for _ in range(20):
                    write_atomically(path, content, durable=False)
            except OSError as error:
                faults.append(error)

        threads = [threading.Thread(target=write, args=(content,)) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert path.read_bytes() in contents
        assert [item.name for item in tmp_path.iterdir()] == ["file"]


class TestSyncDirectory:
    def test_a_folder_that_is_not_there_is_a_fault(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            sync_directory(tmp_path / "nothing")
