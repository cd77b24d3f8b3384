"""Private files: written whole or not at all, and never readable by anybody else."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from ledger.errors import FileModeError, KeyExistsError, StorageUnavailableError
from ledger.files import SqliteFile, sync_directory

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
TEMPORARY_PREFIX = ".tmp-"
BUSY_SECONDS = 10.0
"""How long somebody waits for another one who writes to the same SQLite file."""


def require_private(path: Path, mode: int) -> None:
    """Refuse ``path`` when its permissions are wider than ``mode``.

    Raises:
        FileModeError: group or others may do something with it.
    """
    actual = path.stat().st_mode & 0o777
    if actual & ~mode:
        raise FileModeError(path=str(path), actual=f"{actual:04o}", expected=f"{mode:04o}")


def make_private_directory(path: Path) -> None:
    """Make ``path`` with mode 0700, or check that it has no wider one."""
    path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    require_private(path, DIRECTORY_MODE)


def read_private(path: Path) -> bytes:
    """The content of ``path``, after its mode was checked."""
    require_private(path, FILE_MODE)
    return path.read_bytes()


def write_new(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` durably; a file that is already there is never replaced.

    A crash leaves either nothing or the whole file, and perhaps a temporary file that nothing
    reads.

    Raises:
        KeyExistsError: ``path`` exists, also when another process made it a moment ago.
    """
    temporary = _write_temporary(path.parent, content)
    try:
        os.link(temporary, path)
    except FileExistsError as error:
        raise KeyExistsError(name=path.name) from error
    finally:
        temporary.unlink()
    sync_directory(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` durably in place of what is there, in one step."""
    temporary = _write_temporary(path.parent, content)
    temporary.replace(path)
    sync_directory(path.parent)


def copy_private_database(source: Path, target: Path) -> None:
    """Put a copy of the SQLite file ``source`` at ``target``, in one step and with mode 0600.

    The original, which somebody may be writing to, is only read.

    Raises:
        FileModeError: the original is open to others.
        StorageUnavailableError: there is none, it is no SQLite file, or it changed meanwhile.
    """
    still = SqliteFile.at(source)
    require_private(source, FILE_MODE)
    temporary = _write_temporary(target.parent, b"")
    try:
        with closing(still.connect()) as original, closing(sqlite3.connect(temporary)) as copy:
            original.backup(copy)
        still.require_undisturbed()
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    except sqlite3.Error as error:
        temporary.unlink(missing_ok=True)
        raise StorageUnavailableError(reason=f"{source.name}: {error}") from error
    sync_directory(target.parent)


def open_private_database(
    path: Path, *statements: str, synchronous: str, what: str
) -> sqlite3.Connection:
    """Open the SQLite file at ``path``, or make it; what is deleted from it is overwritten.

    Args:
        path: where.
        statements: make its tables where there are none.
        synchronous: ``FULL`` when a commit must survive a power cut, ``NORMAL`` when it need not.
        what: what the file is called in an error.

    Raises:
        FileModeError: it is open to others.
        StorageUnavailableError: it is no such file, or cannot be used now.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
    require_private(path, FILE_MODE)
    sync_directory(path.parent)
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        for statement in (
            "PRAGMA journal_mode=WAL",
            f"PRAGMA synchronous={synchronous}",
            "PRAGMA secure_delete=ON",
            *statements,
        ):
            connection.execute(statement)
    except sqlite3.Error as error:
        raise StorageUnavailableError(reason=f"{what}: {error}") from error
    return connection


def _write_temporary(directory: Path, content: bytes) -> Path:
    path = directory / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path
