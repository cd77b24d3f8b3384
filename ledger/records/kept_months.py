"""Checked rows of a file, kept until they are recorded: in memory while they are few."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import polars as pl

from ledger.keys.scratch import ScratchFile
from ledger.ports import RandomSource

IN_MEMORY: Final = 262_144
"""Rows that are kept in memory; those behind them go to a scratch file, sealed."""


class KeptMonths:
    """Frames of paid months in the order in which they were added; use it in a ``with`` block."""

    def __init__(self, directory: Path, randomness: RandomSource) -> None:
        self._directory = directory
        self._randomness = randomness
        self._frames: list[pl.DataFrame] = []
        self._rows = 0
        self._scratch: ScratchFile | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._frames.clear()
        self._open.close()

    def add(self, months: pl.DataFrame) -> None:
        """Keep a frame behind the others."""
        self._rows += len(months)
        if self._rows <= IN_MEMORY:
            self._frames.append(months)
            return
        if self._scratch is None:
            self._scratch = self._open.enter_context(ScratchFile(self._directory, self._randomness))
        buffer = io.BytesIO()
        months.write_ipc(buffer, compression="uncompressed")
        self._scratch.put(buffer.getvalue())

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The frames; as often as one likes."""
        yield from self._frames
        for number in range(len(self._scratch) if self._scratch is not None else 0):
            assert self._scratch is not None
            yield pl.read_ipc(io.BytesIO(self._scratch.get(number)))
