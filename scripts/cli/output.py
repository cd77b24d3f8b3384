"""What a command says: one result on standard output, notes and progress on standard error."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console

    from ledger.errors import LedgerError

Words = tuple[str, str]
"""One thing to read, in Chinese and in English."""

Progress = Callable[[str, int, int], None]
"""Told the step, how much is done, and of how much."""

_SPEED_AFTER: Final = 0.5
"""Seconds before a speed says anything."""
_PIPE_WIDTH: Final = 180
"""Columns of a table that goes into a file or another program."""
_STEPS: Final[Mapping[str, Words]] = {
    "read": ("读取", "read"),
    "check": ("校验", "check"),
    "seal": ("加密封存", "seal"),
    "record": ("入账", "record"),
    "rows": ("核对记录", "rows"),
    "anchors": ("核对锚定", "anchors"),
}


def default_language(environment: Mapping[str, str]) -> str:
    """``zh`` where the locale is Chinese, else ``en``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "en"


def chain_time(seconds: int | None) -> datetime | None:
    """A time of the chain, in seconds since 1970; 0 there says that there is none (yet)."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def plain(value: Any) -> Any:
    """A value as JSON has it: bytes in hexadecimal, times in ISO 8601 (UTC), enums by name."""
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | range):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    match value:
        case Enum():
            return value.value if isinstance(value.value, str) else value.name
        case bytes():
            return "0x" + value.hex()
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | Path():
            return str(value)
        case _:
            return value


@dataclass(slots=True)
class Output:
    """Where a command says its result, its notes and how far it is.

    With ``as_json`` standard output gets exactly one JSON document and nothing else; ``language``
    is ``zh`` or
    ``en``.
    """

    as_json: bool = False
    language: str = "en"
    debug: bool = False
    _answered: bool = False

    def word(self, words: Words) -> str:
        """The words in the reader's language."""
        return words[0] if self.language == "zh" else words[1]

    def result(self, document: Any, show: Callable[[], None] | None = None) -> None:
        """Give the command's one answer: the document as JSON, or what ``show`` prints of it."""
        if self.as_json:
            assert not self._answered, "a command answers once"
            self._answered = True
            print(json.dumps(plain(document), ensure_ascii=False, indent=2), flush=True)
        elif show is not None:
            show()

    def line(self, text: str = "") -> None:
        """A line of the answer for people; nothing with ``--json``."""
        if not self.as_json:
            print(text, flush=True)

    def note(self, words: Words) -> None:
        """A remark beside the answer, on standard error."""
        print(self.word(words), file=sys.stderr, flush=True)

    def facts(self, pairs: Sequence[tuple[Words, Any]]) -> None:
        """Names and values, one pair a line, aligned also where names are Chinese."""
        if self.as_json:
            return
        names = [self.word(name) for name, _ in pairs]
        width = max(map(_columns, names), default=0)
        for name, (_, value) in zip(names, pairs, strict=True):
            print(f"{name}{' ' * (width - _columns(name))}  {self.cell(value)}")

    def table(
        self, headings: Sequence[Words], rows: Sequence[Sequence[Any]], *, right: Sequence[int] = ()
    ) -> None:
        """Rows under headings; ``right`` names the columns that are numbers."""
        if self.as_json:
            return
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for number, heading in enumerate(headings):
            table.add_column(
                self.word(heading),
                justify="right" if number in right else "left",
                overflow="fold",
            )
        for row in rows:
            table.add_row(*[Text(self.cell(value)) for value in row])
        console(sys.stdout).print(table)

    def cell(self, value: Any) -> str:
        """A value as it stands in a cell."""
        if value is None or value == "":
            return "—"
        if isinstance(value, bool):
            return self.word(("是", "yes") if value else ("否", "no"))
        if isinstance(value, datetime):
            from ledger.ports import BEIJING

            return value.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        return str(plain(value))

    def refusal(self, error: LedgerError) -> None:
        """Say what was refused and what to do."""
        sentence, advice = error.sentence(self.language), error.advice(self.language)
        print(sentence, advice, sep="\n", file=sys.stderr, flush=True)
        fields = error.fields()
        blamed = {name: fields[name] for name in ("field", "value") if name in fields}
        self.failed(error.code, sentence, advice, **blamed)

    def failed(self, code: str, message: str, advice: str = "", **more: Any) -> None:
        """With ``--json``, the document of a command that did not come to its answer."""
        if self.as_json and not self._answered:
            self.result({"error": {"code": code, "message": message, "advice": advice, **more}})

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A progress bar on standard error; without a terminal there, nothing."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import (
            Progress as Bars,
        )

        bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console(sys.stderr),
            disable=not sys.stderr.isatty(),
        )
        tasks: dict[str, Any] = {}
        begun: dict[str, float] = {}
        with bars:

            def tell(step: str, done: int, total: int) -> None:
                if step not in tasks:
                    name = self.word(_STEPS.get(step, (step, step)))
                    tasks[step] = bars.add_task(name, total=total, speed="")
                    begun[step] = time.monotonic()
                seconds = time.monotonic() - begun[step]
                speed = f"{done / seconds:,.0f}/s" if done and seconds > _SPEED_AFTER else ""
                bars.update(tasks[step], completed=done, total=total, speed=speed)

            yield tell


def console(stream: Any) -> Console:
    """Rich's console on a stream; wide where nobody's window limits it."""
    from rich.console import Console

    wide = None if stream.isatty() else int(os.environ.get("COLUMNS", _PIPE_WIDTH))
    return Console(file=stream, width=wide, highlight=False, soft_wrap=False, markup=False)


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
