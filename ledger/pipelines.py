"""Work in the background, in order: what comes next is made, or what was made is put away."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Self, TypeVar

Item = TypeVar("Item")

_WAITING: Final = 1


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made by another thread while the caller has the one before."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="anxu-ahead") as maker:
        waiting = maker.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = maker.submit(next, items, None)
            yield item


def with_last(items: Iterable[Item]) -> Iterator[tuple[Item, bool]]:
    """Every item, and whether it is the last one; an item comes once the next one is known."""
    following = iter(items)
    for current in following:
        for after in following:
            yield current, False
            current = after  # noqa: PLW2901 - it is the next one's turn
        yield current, True


class Behind:
    """Does jobs one after another in a thread of its own; use it in a ``with`` block.

    Besides the job that runs, one waits: whoever is slower than the other never waits for the
    other's next step. Leaving the block without `settle` drops what has not begun.
    """

    def __init__(self, name: str) -> None:
        """Take the thread's name; the thread starts with the first job."""
        self._name = name
        self._worker: ThreadPoolExecutor | None = None
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker is not None:
            self._worker.shutdown(cancel_futures=True)

    def do(self, job: Callable[[], None]) -> None:
        """Have a job done behind the others. Raises what an earlier one raised."""
        self._settle(_WAITING)
        if self._worker is None:
            self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=self._name)
        self._pending.append(self._worker.submit(job))

    @property
    def has_begun(self) -> bool:
        """Whether there was a job."""
        return self._worker is not None

    def settle(self) -> None:
        """Wait until all is done. Raises what a job raised."""
        self._settle(0)

    def _settle(self, left: int) -> None:
        while len(self._pending) > left:
            self._pending.popleft().result()
