"""Runs the main journey and keeps serving, or with ``--once`` prints the report and ends."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import structlog
from devnet.errors import DevnetError

from ledger.errors import LedgerError
from ledger.files import write_atomically
from scripts.demo_data.bureaus import DEMO_AS_OF
from scripts.journey.chains import CHAINS, EMBEDDED, day_of
from scripts.journey.layout import Layout, Plan
from scripts.journey.observer import ConsoleObserver
from scripts.journey.report import report_lines
from scripts.journey.run import run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Anxu's main journey: a chain, three bureaus, a supervisor, thousands of "
        "made-up persons. "
        "演示：一条链、三个经办机构、一个监管部门、数千名虚构的参保人。",
    )
    parser.add_argument(
        "--once", action="store_true", help="print the report and end instead of serving on"
    )
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path("var/demo"),
        help="where everything is kept; run again to go on (default: var/demo)",
    )
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument(
        "--chain",
        choices=CHAINS,
        help="what everything is anchored on: the embedded chain, anvil, or a network of four "
        f"geth validators, which stands on today (default for a new directory: {EMBEDDED})",
    )
    parser.add_argument("--scale", choices=("demo", "small"), default="demo")
    parser.add_argument("--seed", type=int, default=20260915)
    parser.add_argument(
        "--as-of",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help=f"the day it stands on (default: {DEMO_AS_OF}; with --chain network only today)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def _plan(parser: argparse.ArgumentParser, arguments: argparse.Namespace, layout: Layout) -> Plan:
    """The plan of the directory, or a new one; ends the process when the two contradict."""
    chain = arguments.chain or EMBEDDED
    try:
        as_of = day_of(chain, arguments.as_of, DEMO_AS_OF)
    except ValueError as error:
        parser.error(f"--as-of: {error}")
    plan = layout.plan(
        seed=arguments.seed,
        scale=arguments.scale,
        as_of=as_of,
        engine=arguments.engine,
        chain=chain,
    )
    if arguments.chain not in {None, plan.chain}:
        parser.error(f"--chain: what is in {layout.root} was begun on {plan.chain}")
    return plan


def main() -> int:
    """Parse the command line and run; 0 when everything came out as planted."""
    parser = _parser()
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupted)
    _quiet_logs()
    layout = Layout(arguments.directory)
    plan = _plan(parser, arguments, layout)
    try:
        with ExitStack() as stack:
            observer = stack.enter_context(ConsoleObserver(quiet=arguments.json))
            stage, report = run(layout, plan, observer, stack)
            observer.close()
            write_atomically(
                layout.report, json.dumps(report.to_object(), ensure_ascii=False, indent=2).encode()
            )
            if arguments.json:
                print(json.dumps(report.to_object(), ensure_ascii=False))
            else:
                print("\n".join(report_lines(report)))
            if not arguments.once:
                print("\n按 Ctrl-C 结束。Serving until Ctrl-C.", flush=True)
                while True:
                    stage.processes.require_alive()
                    time.sleep(0.5)
            return 0 if report.holds else 1
    except KeyboardInterrupt:
        return 0
    except DevnetError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except LedgerError as error:
        print(f"\n{error.sentence('zh')} {error.advice('zh')}\n{error}", file=sys.stderr)
        return 1


def _interrupted(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _quiet_logs() -> None:
    """The nodes' own logs are in files; this process only says what went wrong."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(40),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    sys.exit(main())
