"""Carries a log on in processes that die at the first, the second, the third … lasting change.

usage: python succession_killed.py HEIR SUPERVISOR OLD

Prints how many died before one came through. Nobody else has a thread here, so forking is safe.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ledger.succession
from ledger.birth import succeed_bureau
from ledger.config import NodeSettings
from ledger.keys.key_store import KeyStore
from ledger.store.unit_of_work import UnitOfWork

ledger.succession.ROWS_A_PART = 4  # so that there are several parts


def dying(function: Callable[..., Any], left: list[int], *, after: bool) -> Callable[..., Any]:
    """The function, but the process is killed at its turn, before or after it does its work."""

    def called(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0 and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = function(*arguments, **named)
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return called


def child(turn: int, directories: list[Path]) -> None:
    left, after = [turn // 2], turn % 2 == 1
    for owner, name in (
        (KeyStore, "put_secret"),
        (KeyStore, "adopt"),
        (UnitOfWork, "commit"),
        (ledger.succession, "copy_private_database"),
        (Path, "replace"),
        (NodeSettings, "save"),
    ):
        setattr(owner, name, dying(getattr(owner, name), left, after=after))
    heir, supervisor, old = directories
    succeed_bureau(heir, supervisor, old)


def main() -> None:
    directories = [Path(word) for word in sys.argv[1:]]
    for turn in range(200):
        process = os.fork()
        if process == 0:
            child(turn, directories)
            os._exit(0)
        _, status = os.waitpid(process, 0)
        if os.WIFEXITED(status):
            sys.stdout.write(f"{turn}\n")
            sys.exit(os.WEXITSTATUS(status))
    sys.exit(3)


if __name__ == "__main__":
    main()
