"""Runs a command as long as its owner lives.

``python -m devnet.keeper OWNER_LOCK PID_FILE COMMAND…``

The owner holds an exclusive lock on the file OWNER_LOCK. When it lets go, however it ended, the
command gets SIGTERM and, if that does not help, SIGKILL. Killing the keeper ends the command too.
"""

from __future__ import annotations

import ctypes
import fcntl
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Final

STOP_SECONDS: Final = 20.0
_PR_SET_PDEATHSIG: Final = 1


def end_with_parent(number: signal.Signals) -> None:
    """Have this process get a signal when the one that started it is gone (``preexec_fn``)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def end(
    process: subprocess.Popen[bytes],
    seconds: float = STOP_SECONDS,
    asking: signal.Signals = signal.SIGTERM,
) -> None:
    """Ask a process to end; make it after a while."""
    if process.poll() is None:
        process.send_signal(asking)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(arguments: list[str]) -> int:
    """Run the command; its exit status."""
    owner_lock, pid_file, *command = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the owner's to answer
    die_with_us = partial(end_with_parent, signal.SIGKILL)
    process = subprocess.Popen(command, preexec_fn=die_with_us)  # noqa: PLW1509 - no threads yet
    Path(pid_file).write_text(str(process.pid), "utf-8")
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())

    def watch() -> None:
        with Path(owner_lock).open("r", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)  # granted when the owner has gone
        end(process)

    threading.Thread(target=watch, daemon=True).start()
    return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
