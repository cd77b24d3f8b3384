"""Signed papers whose digest goes on chain."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from ledger.errors import SettingsError

DocumentOption = Annotated[
    Path,
    typer.Option(
        "--document",
        metavar="FILE",
        help="The signed paper that gives the reason; only its SHA-256 goes on chain (决定书文件).",
    ),
]


def digest_of_document(path: Path) -> bytes:
    """SHA-256 of a paper.

    Raises:
        SettingsError: there is no such file, or nothing is in it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(setting="--document", reason="the file cannot be read") from error
    if not content:
        raise SettingsError(setting="--document", reason="the file is empty")
    return hashlib.sha256(content).digest()
