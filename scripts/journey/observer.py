"""Tells a person at a terminal what the journey is doing."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


class ConsoleObserver:
    """Steps as lines, long work as a bar; on standard error, so that reports can be piped."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._progress = Progress(
            TextColumn("  {task.description:42}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._number = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the progress bars away."""
        self._progress.stop()

    def step(self, title_zh: str, title_en: str) -> None:
        """A step begins."""
        for task in self._tasks.values():
            self._progress.remove_task(task)
        self._tasks.clear()
        self._number += 1
        self._console.print(f"[bold]{self._number}. {title_zh}[/bold]  {title_en}")

    def progress(self, what: str, done: int, total: int) -> None:
        """How far a long piece of work is."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=max(total, 1))
        self._progress.update(self._tasks[what], completed=done, total=max(total, 1))
        if done >= total:
            self._progress.remove_task(self._tasks.pop(what))

    def note(self, text: str) -> None:
        """Something worth a line."""
        self._console.print(f"   {text}", style="dim")
