"""Reads an identity number from where nobody else sees it: a file, standard input, a prompt."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import Final

from ledger.errors import SettingsError
from scripts.cli.output import Output

_SHARED: Final = stat.S_IRGRP | stat.S_IROTH
_LONGEST_LINE: Final = 200


def read_identity(out: Output, path: Path | None) -> str:
    """The identity number as given; it is checked by the service that uses it.

    Args:
        out: where to ask and to warn.
        path: a file whose first line it is; ``-`` for standard input; None asks, or reads
            standard input when that
            is no terminal.

    Raises:
        SettingsError: the file cannot be read, or nothing was given.
    """
    if path is not None and str(path) != "-":
        return _from_file(out, path)
    if path is None and sys.stdin.isatty():
        from getpass import getpass

        return getpass(
            out.word(("公民身份号码（输入不显示）：", "Identity number (not shown): ")), sys.stderr
        )
    return _first_line(sys.stdin.readline(_LONGEST_LINE))


def _from_file(out: Output, path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.readline(_LONGEST_LINE)
            mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise SettingsError(setting="--identity-file", reason="the file cannot be read") from error
    if mode & _SHARED:
        out.note(
            (
                f"注意：{path} 可被其他用户读取，建议 chmod 600。",
                f"Note: others can read {path}; chmod 600 keeps them out.",
            )
        )
    return _first_line(text)


def _first_line(text: str) -> str:
    if not text.strip():
        raise SettingsError(setting="identity number", reason="nothing was given")
    return text.strip()
