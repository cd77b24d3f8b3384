"""A second process for many evaluations: the library holds Python's lock, so threads do not help.

The helper gets the key once, by its standard input, and then numbered inputs; it knows nothing
else, keeps nothing, and ends with the process that started it. Run as a module it is that helper.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Sequence
from typing import IO, Self

from voprf import ristretto

OUTPUT_BYTES = 64
_LENGTH_BYTES = 4


class OprfHelper:
    """A process beside this one that evaluates with the same key."""

    def __init__(self, seed: bytes, info: bytes) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the import, which stops in its own time
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input: IO[bytes] = self._process.stdin
        self._output: IO[bytes] = self._process.stdout
        _write(self._input, seed)
        _write(self._input, info)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, inputs: Sequence[bytes]) -> None:
        """Hand over inputs; they are evaluated while the caller does something else."""
        _write(self._input, b"\n".join(inputs))

    def outputs(self, count: int) -> list[bytes]:
        """The outputs of what was handed over, in order.

        Raises:
            EOFError: the helper ended.
        """
        packed = _read(self._output)
        if packed is None or len(packed) != count * OUTPUT_BYTES:
            raise EOFError("the helper of the evaluator ended")
        return [packed[at : at + OUTPUT_BYTES] for at in range(0, len(packed), OUTPUT_BYTES)]

    def close(self) -> None:
        """End the helper."""
        with contextlib.suppress(OSError):
            self._input.close()
        self._output.close()
        self._process.kill()
        self._process.wait()


def _write(stream: IO[bytes], content: bytes) -> None:
    stream.write(len(content).to_bytes(_LENGTH_BYTES) + content)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes | None:
    """What was written at once, or None at the end."""
    length = stream.read(_LENGTH_BYTES)
    if len(length) < _LENGTH_BYTES:
        return None
    size = int.from_bytes(length)
    content = stream.read(size)
    return content if len(content) == size else None


def serve(source: IO[bytes], sink: IO[bytes]) -> None:
    """Evaluate what comes until nothing more does."""
    seed, info = _read(source), _read(source)
    if seed is None or info is None:
        return
    evaluator = ristretto.Evaluator.from_seed(seed, info)
    while (packed := _read(source)) is not None:
        _write(sink, b"".join(evaluator.evaluate_known_input(item) for item in packed.split(b"\n")))


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
