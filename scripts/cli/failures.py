"""Exit codes, and how each kind of failure is told.

0 done; 1 refused, not verified or out of reach for now; 64 wrong command line or settings; 70 our
own fault.
``anxu verify`` gives its own meaning to 1 and 2.
"""

from __future__ import annotations

import os
import secrets
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from devnet.errors import CorruptChainError, DevnetError
from devnet.errors import SettingsError as DevnetSettingsError

from ledger.errors import (
    CorruptionError,
    LedgerError,
    RefusedError,
    UnavailableError,
    UsageError,
    VerificationError,
)
from scripts.cli.output import Output

DONE: Final = 0
REFUSED: Final = 1
USAGE: Final = 64
FAULT: Final = 70
INTERRUPTED: Final = 130


def guarded(out: Output, work: Callable[[], int | None]) -> int:
    """Run a command's work and turn whatever it raises into words and an exit code."""
    try:
        return work() or DONE
    except LedgerError as error:
        if out.debug:
            traceback.print_exc()
        out.refusal(error)
        return exit_code_of(error)
    except DevnetError as error:
        if out.debug:
            traceback.print_exc()
        print(str(error), file=sys.stderr, flush=True)
        out.failed(error.code, str(error))
        if isinstance(error, DevnetSettingsError):
            return USAGE
        return FAULT if isinstance(error, CorruptChainError) else REFUSED
    except BrokenPipeError:
        # Whoever read our output has read enough; nothing may be written to it any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except Exception as error:  # noqa: BLE001 - the last place that can tell the caller
        return _fault(out, error)


def exit_code_of(error: LedgerError) -> int:
    """The exit code for a refusal."""
    if isinstance(error, RefusedError | VerificationError | UnavailableError):
        return REFUSED
    if isinstance(error, UsageError):
        return USAGE
    assert isinstance(error, CorruptionError | LedgerError)
    return FAULT


def _fault(out: Output, error: Exception) -> int:
    reference = secrets.token_hex(4)
    kept = None
    if out.debug:
        traceback.print_exception(error)
    else:
        kept = _keep(reference, error)
    where = f" ({kept})" if kept is not None else ""
    message = out.word(
        (
            f"程序内部错误，编号 {reference}{where}。",
            f"Something went wrong in Anxu itself, reference {reference}{where}.",
        )
    )
    advice = out.word(
        (
            "请将编号告知维护人员；加 --debug 重新运行可显示详细位置。",
            "Give the reference to whoever maintains Anxu; run again with --debug to see where.",
        )
    )
    print(message, advice, sep="\n", file=sys.stderr, flush=True)
    out.failed("fault", message, advice, reference=reference)
    return FAULT


def _keep(reference: str, error: Exception) -> Path | None:
    """Keep where it happened: kind and places, not the message, which may hold what was read."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    path = Path(base) / "anxu" / "faults" / f"{reference}.txt"
    lines = []
    link: BaseException | None = error
    while link is not None:
        lines += [*traceback.format_tb(link.__traceback__), f"{type(link).__qualname__}\n\n"]
        link = link.__cause__ or link.__context__
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text("".join(lines), encoding="utf-8")
    except OSError:
        return None
    return path
