"""Imports files in child processes that a test may kill: one job a line of JSON, a pid in answer.

What is slow to start is imported once; each child is a fork of that, before anything ran. A child
ends with status 0, or 1 when the import was refused.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from ledger.errors import LedgerError
from ledger.records import csv_stream, kept_months
from ledger.records.service import import_contributions
from scripts.bench._bulk_node import bulk_node


def run(job: dict[str, Any]) -> int:
    """Import one file into the node of a directory."""
    csv_stream.CHUNK_LINES = job["chunk_lines"]  # type: ignore[misc]
    kept_months.IN_MEMORY = job["kept_months"]  # type: ignore[misc]
    try:
        with bulk_node(Path(job["directory"]), job["url"]) as context:
            for file in job["files"]:
                import_contributions(context, Path(file))
    except LedgerError as error:
        sys.stderr.write(f"{error.code}\n")
        return 1
    return 0


def tell(number: int) -> None:
    """Answer with a number."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(run(json.loads(line)))
        tell(child)
        tell(os.waitpid(child, 0)[1])
