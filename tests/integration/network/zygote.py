"""Opens nodes in processes of their own, quickly: everything is imported once, then forked.

Reads lines ``import <node> <file>`` or ``work <node>`` and answers each with the number of the process that does it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import polars as pl  # noqa: F401  # what imports need is there before the fork
import web3  # noqa: F401

import ledger.worker
from ledger.node import open_node
from ledger.records.service import import_contributions

LEASE_SECONDS = 0.3


def work(what: str, directory: str, *rest: str) -> None:
    with open_node(Path(directory)) as node:
        if what == "import":
            import_contributions(node.context, Path(rest[0]))
        else:
            ledger.worker.WORKER_LEASE_SECONDS = LEASE_SECONDS
            node.worker.drain()


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
                work(*line.split())
                status = 0
            finally:
                os._exit(status)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()
