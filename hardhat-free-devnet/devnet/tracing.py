"""Notes which instructions run, for measuring what tests reach of contracts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from unittest.mock import patch

from eth.vm.code_stream import CodeStream
from eth.vm.forks.spurious_dragon import computation as size_limit

_UNLIMITED: Final = 1 << 24
_STOP: Final = 0x00
_JUMPI: Final = 0x57


@dataclass(slots=True)
class Trace:
    """What was executed: offsets, and from each conditional jump where it went; by code."""

    offsets: dict[bytes, set[int]] = field(default_factory=dict)
    forks: dict[bytes, set[tuple[int, int]]] = field(default_factory=dict)

    def noting(self, stream: CodeStream) -> Iterator[int]:
        """Walk through code like `CodeStream.__iter__`, and note it."""
        code = stream._raw_code_bytes  # noqa: SLF001 - the one place that knows what runs
        offsets = self.offsets.setdefault(code, set())
        forks = self.forks.setdefault(code, set())
        jump = -1
        while stream.program_counter < len(code):
            at = stream.program_counter
            if jump >= 0:
                forks.add((jump, at))
            opcode = code[at]
            offsets.add(at)
            jump = at if opcode == _JUMPI else -1
            stream.program_counter = at + 1
            yield opcode
        yield _STOP


@contextmanager
def traced() -> Iterator[Trace]:
    """Note everything that runs in this process; code may be of any size meanwhile."""
    trace = Trace()

    def noting(stream: CodeStream) -> Iterator[int]:
        return trace.noting(stream)

    with (
        patch.object(CodeStream, "__iter__", noting),
        patch.object(size_limit, "EIP170_CODE_SIZE_LIMIT", _UNLIMITED),
    ):
        yield trace
