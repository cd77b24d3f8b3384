from __future__ import annotations

import os
import subprocess
import sys

import pytest
from cryptography.exceptions import InvalidTag

from ledger.keys.scratch import ScratchFile
from ledger.ports import SystemRandom

PIECES = [b"", b"one", b"two" * 100_000, b"\x00" * 17]


class TestScratchFile:
    def test_pieces_come_back_in_any_order_and_as_often_as_asked(self, tmp_path):
        with ScratchFile(tmp_path, SystemRandom()) as scratch:
            assert [scratch.put(piece) for piece in PIECES] == [0, 1, 2, 3]
            assert len(scratch) == 4
            for number in (2, 0, 3, 1, 2):
                assert scratch.get(number) == PIECES[number]
            scratch.put(b"later")
            assert scratch.get(4) == b"later"

    def test_the_directory_shows_no_file(self, tmp_path):
        with ScratchFile(tmp_path, SystemRandom()) as scratch:
            scratch.put(b"something")
            assert list(tmp_path.iterdir()) == []

    def test_nothing_in_clear_reaches_the_disk(self, tmp_path):
        with ScratchFile(tmp_path, SystemRandom()) as scratch:
            scratch.put(b"11010519491231002X" * 50)
            scratch._file.flush()
            held = os.pread(scratch._file.fileno(), 10_000, 0)
            assert len(held) == 18 * 50 + 16
            assert b"11010519491231002X" not in held

    def test_a_changed_piece_is_refused(self, tmp_path):
        with ScratchFile(tmp_path, SystemRandom()) as scratch:
            scratch.put(b"a piece")
            scratch._file.flush()
            os.pwrite(scratch._file.fileno(), b"\xff\xff", 2)
            with pytest.raises(InvalidTag):
                scratch.get(0)

    def test_a_killed_process_leaves_nothing(self, tmp_path):
        code = (
            "import os, sys\n"
            "from pathlib import Path\n"
            "from ledger.keys.scratch import ScratchFile\n"
            "from ledger.ports import SystemRandom\n"
            "scratch = ScratchFile(Path(sys.argv[1]), SystemRandom())\n"
            "scratch.put(b'x' * 100_000)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
        assert done.returncode == -9
        assert list(tmp_path.iterdir()) == []
