"""A bureau's node without a chain, for measuring imports; run as a module it imports files.

``python -m scripts.bench._bulk_node DIRECTORY DATABASE_URL FILE...`` imports the files one after
another, each up to its signed checkpoint, and prints what that took as a line of JSON a file: so
that the memory of one import is that of a process of its own.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from ledger.chain.deployment import Manifest
from ledger.chain.finality import Finality
from ledger.config import NodeSettings
from ledger.errors import ChainUnavailableError
from ledger.evidence.encoding import LogId
from ledger.keys.files import make_private_directory
from ledger.keys.key_store import KeyStore
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.keys.remembered import RememberedSubjects
from ledger.ports import SystemClock, SystemRandom
from ledger.recording.context import BureauTools, NodeContext
from ledger.recording.publication import Publisher
from ledger.recording.writer import EntryWriter, RecordReader
from ledger.records.service import import_contributions
from ledger.store.database import Database
from ledger.store.tiles import TileStore

_LOG: Final = LogId(1)
_REGION: Final = "340100"
_POOL: Final = 34
_QUICK_SCRYPT: Final = 14
_SECRET: Final = bytes(32)


class _NoChain:
    """Nothing is sent, and nothing can be compared with a chain."""

    def latest_checkpoint(self, _log_id: int) -> NoReturn:
        raise ChainUnavailableError(endpoint="nowhere", reason="a benchmark has no chain")


@contextmanager
def bulk_node(directory: Path, database_url: str) -> Iterator[NodeContext]:
    """An open bureau's node; its keys are the benchmark's own."""
    keys = directory / "keys"
    if not keys.exists():
        make_private_directory(keys)
        store = KeyStore.create(keys, "benchmark", scrypt_log2_n=_QUICK_SCRYPT)
        store.generate_ed25519("log")
    store = KeyStore.open(keys, "benchmark")
    database = Database(database_url)
    database.migrate()
    random = SystemRandom()
    person_keys = PersonKeys.open(keys / "persons.sqlite", _SECRET, random)
    memo = RememberedSubjects.open(keys / "subjects.sqlite", _SECRET)
    pseudonyms = Pseudonyms(_SECRET, KeyedEvaluator(_SECRET), memo=memo)
    settings = NodeSettings(
        role="bureau", name_zh="合肥", name_en="Hefei", region=_REGION, pool=_POOL, log_id=_LOG,
        database_url=database_url, host="127.0.0.1", port=0, rpc_urls=(),
    )  # fmt: skip
    manifest = Manifest(
        network="embedded", chain_id=31415, rpc_urls=(), contracts={}, finality=Finality(),
        offset_seconds=0, as_of=None, minimum_lines=5, governance={},
    )  # fmt: skip
    tools = BureauTools(
        person_keys, pseudonyms, EntryWriter(_LOG, person_keys, pseudonyms, random),
        RecordReader(_LOG, person_keys), TileStore(directory / "log"),
    )  # fmt: skip
    chain: Any = _NoChain()
    try:
        yield NodeContext(
            directory, settings, manifest, SystemClock(), random, database, store, chain, tools
        )
    finally:
        tools.tiles.close()
        person_keys.close()
        pseudonyms.close()
        database.close()


def import_file(context: NodeContext, path: Path) -> dict[str, Any]:
    """Import one file up to its signed checkpoint; seconds by step."""
    ends: dict[str, float] = {}

    def progress(step: str, _done: int, _total: int) -> None:
        ends[step] = time.perf_counter()

    started = time.perf_counter()
    report = import_contributions(context, path, progress=progress)
    imported = time.perf_counter()
    signed = Publisher(context, lambda *_: None).sign_head()
    done = time.perf_counter()
    with context.write() as work:  # as if it were final: the next head may be signed
        work.log.mark_final(
            report.end_index, number=1, block=1, block_time=1, transaction_hash=None,
            at=context.clock.now(),
        )  # fmt: skip
        work.commit()
    return {
        "records": report.lines_accepted,
        "persons": report.persons,
        "first_index": report.first_index,
        "end_index": report.end_index,
        "signed": signed,
        "seconds": done - started,
        "open": ends["read"] - started,
        "check": ends["check"] - ends["read"],
        "record": imported - ends["check"],
        "sign": done - imported,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main(arguments: list[str]) -> None:
    """Import files and print what each took."""
    directory, database_url, *files = arguments
    with bulk_node(Path(directory), database_url) as context:
        for file in files:
            print(json.dumps(import_file(context, Path(file))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
