"""``python -m devnet``: serve one embedded chain until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from devnet.anvil import AnvilNode, engine_of
from devnet.directory import write_json
from devnet.errors import BirthMismatchError, DevnetError, SettingsError
from devnet.settings import (
    ANVIL,
    DEFAULT_BASE_FEE_WEI,
    DEFAULT_CHAIN_ID,
    EMBEDDED,
    ENGINES,
    DevnetSettings,
    Fund,
)

if TYPE_CHECKING:
    from devnet.node import DevnetNode

_LOGGED_FIELDS = ("method", "ms", "error", "rpc_url", "chain_id", "block", "as_of", "reason")
_PARENT_POLL_SECONDS = 0.5


class _JsonLines(logging.Formatter):
    """One JSON object a line, with named fields only: a parameter cannot slip in."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        for field in _LOGGED_FIELDS:
            value = getattr(record, field, None)
            if value is not None:
                line[field] = value
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _log_to_stderr(level: str) -> logging.Logger:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    log = logging.getLogger("devnet")
    log.addHandler(handler)
    log.setLevel(level.upper())
    log.propagate = False
    return log


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("expected YYYY-MM-DD") from None


def _fund(text: str) -> Fund:
    try:
        return Fund.parse(text)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(error.reason) from None


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m devnet",
        description="An Ethereum chain (London rules) in one process, kept on disk.",
        epilog="Chain id, as-of, funds, gas limit and base fee are fixed at birth.",
    )
    add = parser.add_argument
    add("--directory", type=Path, required=True, help="where the chain lives; made if missing")
    add("--port", type=int, default=0, help="0: the port of last time if free, else any free one")
    add("--host", default="127.0.0.1", help="a loopback address (default 127.0.0.1)")
    add("--chain-id", type=int, help=f"default {DEFAULT_CHAIN_ID}")
    add("--as-of", type=_day, help="the chain's clock starts at 09:00 in Beijing of this day")
    add("--fund", type=_fund, action="append", default=[], metavar="ADDRESS=WEI",
        help="an account that owns WEI in block 0; may be repeated")  # fmt: skip
    add("--gas-limit", type=int, help="gas of a block (default 30000000)")
    add("--base-fee-wei", type=int,
        help=f"base fee of block 0 (default {DEFAULT_BASE_FEE_WEI}); 0 makes gas free")  # fmt: skip
    add("--engine", choices=ENGINES, help="what makes the blocks (default: embedded)")
    add("--block-seconds", type=int, help="anvil: time between blocks; 0 mines each transaction")
    add("--ready-file", type=Path, help="also write the address here once requests are answered")
    add("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    add(
        "--testing", action="store_true", help="also take blocks back and move the clock on request"
    )
    add("--exit-with-parent", type=int, metavar="PID", help="stop when this parent process ends")
    return parser


def _watch_parent(stop: threading.Event, parent: int) -> None:
    # The number comes from outside: asked here, an orphan would take its new parent for the old.
    while not stop.wait(_PARENT_POLL_SECONDS):
        if os.getppid() != parent:
            stop.set()


def _node(settings: DevnetSettings, stop: threading.Event) -> AnvilNode | DevnetNode:
    if (settings.engine or engine_of(settings.directory)) == ANVIL:
        node = AnvilNode(settings, lambda: datetime.now(UTC))
        node.watch(stop)
        return node
    if engine_of(settings.directory) == ANVIL:
        raise BirthMismatchError("engine", ANVIL, EMBEDDED)
    from devnet.node import DevnetNode

    return DevnetNode(settings)


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop.

    Returns:
        0 after a clean stop, 1 if the chain cannot be served, 2 for a wrong command line.
    """
    options = make_parser().parse_args(arguments)
    log = _log_to_stderr(options.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.exit_with_parent is not None:
        watched = (stop, options.exit_with_parent)
        threading.Thread(target=_watch_parent, args=watched, daemon=True).start()
    try:
        settings = DevnetSettings(
            directory=options.directory,
            port=options.port,
            host=options.host,
            chain_id=options.chain_id,
            as_of=options.as_of,
            funds=tuple(options.fund),
            gas_limit=options.gas_limit,
            base_fee_wei=options.base_fee_wei,
            testing=options.testing,
            engine=options.engine,
            block_seconds=options.block_seconds,
        )
        with _node(settings, stop) as node:
            endpoint = node.endpoint
            if options.ready_file is not None:
                write_json(options.ready_file, endpoint)
            facts = {"rpc_url": endpoint.rpc_url, "chain_id": endpoint.chain_id}
            log.info("ready", extra={**facts, "as_of": endpoint.as_of, "block": node.height})
            stop.wait()
            log.info("stopping")
    except DevnetError as error:
        log.error(error.code, extra={"reason": str(error)})  # noqa: TRY400 - a refusal, no fault
        return 1
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
