"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from ledger.errors import StorageUnavailableError

_READ_TIMEOUT_SECONDS: Final = 60


def write_atomically(
    path: Path, content: bytes, *, mode: int = 0o644, durable: bool = True
) -> None:
    """Put ``content`` at ``path`` in one step; a crash leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    temporary.unlink(missing_ok=True)  # a crash may have left one, with another mode
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    temporary.replace(path)
    if durable:
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make renames inside ``directory`` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A SQLite file that is only read, so that neither it nor its folder changes.

    A reader of a file in WAL mode leaves ``-wal`` and ``-shm`` files behind when there were none.
    While nobody else has it open, it is read as a file that cannot change, and afterwards it is
    seen whether that held.
    """

    path: Path
    modified: int
    is_alone: bool

    @classmethod
    def at(cls, path: Path) -> Self:
        """Look at the file before it is opened.

        Raises:
            StorageUnavailableError: there is none.
        """
        try:
            return cls(path, path.stat().st_mtime_ns, not _has_wal(path))
        except FileNotFoundError as error:
            raise StorageUnavailableError(reason=f"there is no file {path.name}") from error

    def connect(self) -> sqlite3.Connection:
        """A connection that cannot write."""
        options = "mode=ro&immutable=1" if self.is_alone else "mode=ro"
        return sqlite3.connect(
            f"file:{quote(str(self.path))}?{options}", uri=True, isolation_level=None,
            timeout=_READ_TIMEOUT_SECONDS, check_same_thread=False,
        )  # fmt: skip

    def require_undisturbed(self) -> None:
        """Refuse what was read as unchanging while somebody began to write.

        Raises:
            StorageUnavailableError: it changed; what was read may be mixed.
        """
        if self.is_alone and (_has_wal(self.path) or self.path.stat().st_mtime_ns != self.modified):
            raise StorageUnavailableError(reason=f"{self.path.name} was written to while read")


def _has_wal(path: Path) -> bool:
    return path.with_name(path.name + "-wal").exists()
