from __future__ import annotations

import os
from pathlib import Path

import pytest
from devnet.directory import (
    ENDPOINT_FILE,
    DirectoryLock,
    Endpoint,
    holder_of,
    read_endpoint,
    running_endpoint,
    write_json,
)
from devnet.errors import DirectoryInUseError

HERE = Endpoint("http://127.0.0.1:8545", 31415, os.getpid(), 8545, -86400, "2026-09-15", "0x00")


class TestDirectoryLock:
    def test_a_directory_has_one_holder(self, tmp_path: Path) -> None:
        with DirectoryLock(tmp_path):
            with pytest.raises(DirectoryInUseError) as refused:
                DirectoryLock(tmp_path)
            assert refused.value.pid == os.getpid()
            assert refused.value.directory == str(tmp_path)

    def test_it_is_free_again_after_release(self, tmp_path: Path) -> None:
        DirectoryLock(tmp_path).release()
        with DirectoryLock(tmp_path):
            assert holder_of(tmp_path) == os.getpid()
        assert holder_of(tmp_path) is None

    def test_asking_does_not_take_the_lock(self, tmp_path: Path) -> None:
        assert holder_of(tmp_path) is None
        assert list(tmp_path.iterdir()) == []


class TestEndpoint:
    def test_reads_what_it_writes(self, tmp_path: Path) -> None:
        write_json(tmp_path / ENDPOINT_FILE, HERE)
        assert read_endpoint(tmp_path) == HERE
        assert [each.name for each in tmp_path.iterdir()] == [ENDPOINT_FILE]

    def test_an_address_without_a_process_does_not_run(self, tmp_path: Path) -> None:
        write_json(tmp_path / ENDPOINT_FILE, HERE)
        assert running_endpoint(tmp_path) is None
        with DirectoryLock(tmp_path):
            assert running_endpoint(tmp_path) == HERE

    @pytest.mark.parametrize("text", ["", "{}", "[1]", '{"rpc_url": "x"}'])
    def test_a_broken_file_is_no_address(self, text: str, tmp_path: Path) -> None:
        (tmp_path / ENDPOINT_FILE).write_text(text)
        assert read_endpoint(tmp_path) is None
