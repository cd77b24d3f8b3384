"""Gives a bureau new keys: made, registered on chain, and only then used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.chain.bindings import Bindings
from ledger.chain.deployment import Manifest
from ledger.chain.gateway import ChainGateway
from ledger.config import MANIFEST_FILE, NodeSettings
from ledger.errors import NotPermittedError
from ledger.evidence.encoding import LogId
from ledger.keys.key_store import LOG, PUBLISHER, SEALING, SUPERVISOR, KeyStore
from ledger.node import open_keys
from ledger.store.database import Database
from ledger.store.outbox import UNDER_WAY
from ledger.store.unit_of_work import Reading, UnitOfWork


@dataclass(frozen=True, slots=True)
class NewKeys:
    """What a rotation gave a bureau; the sealing key stays, for packages sealed to it are open."""

    log_id: int
    publisher: str
    log_key: bytes
    sealing_key_digest: bytes


def rotate_keys(directory: Path, supervisor_directory: Path) -> NewKeys:
    """Give a stopped bureau a new log key and a new publisher key; the old ones stay for the past.

    The new keys are made first, registered with a supervisor's key, and only then used: a rotation
    that broke off is finished by doing it again.

    Raises:
        NotPermittedError: the other directory is no supervisor's, the bureau is not enrolled, or
            messages of its old publisher are under way.
    """
    settings = NodeSettings.load(directory)
    if NodeSettings.load(supervisor_directory).role != "supervisor" or not settings.log_id:
        raise NotPermittedError(
            action="a rotation", needed="a supervisor's node and an enrolled bureau's"
        )
    _require_nothing_under_way(settings)
    keys, supervisor = open_keys(directory), open_keys(supervisor_directory)
    manifest = Manifest.load(directory / MANIFEST_FILE)
    chain = Bindings(ChainGateway(manifest, settings.rpc_urls, settings.rpc_quorum))
    names = {name: _next_name(keys, name) for name in (LOG, PUBLISHER)}
    if not keys.has(names[LOG]):
        keys.generate_ed25519(names[LOG])
    if not keys.has(names[PUBLISHER]):
        keys.generate_secp256k1(names[PUBLISHER])
    made = NewKeys(
        log_id=settings.log_id,
        publisher=keys.secp256k1(names[PUBLISHER]).address,
        log_key=keys.public_key(names[LOG]),
        sealing_key_digest=hashlib.sha256(keys.public_key(SEALING)).digest(),
    )
    if not chain.is_publisher(settings.log_id, made.publisher):
        chain.gateway.transact(
            supervisor.secp256k1(SUPERVISOR),
            "Bureaus",
            "rotateKeys",
            [made.log_id, made.publisher, made.log_key, made.sealing_key_digest],
        )
    _hand_over(settings, keys.current_name(PUBLISHER))
    for name, successor in names.items():
        keys.adopt(name, successor)
    return made


def _next_name(keys: KeyStore, name: str) -> str:
    """The name of the key after the current one: ``log``, ``log-2``, ``log-3``."""
    _, _, number = keys.current_name(name).partition(f"{name}-")
    return f"{name}-{int(number or 1) + 1}"


def _require_nothing_under_way(settings: NodeSettings) -> None:
    with _database(settings) as database, Reading(database, LogId(settings.log_id)) as view:
        counts = view.outbox.counts()
    if any(counts.get(state, 0) for state in UNDER_WAY):
        raise NotPermittedError(action="a rotation", needed="no chain message under way")


def _hand_over(settings: NodeSettings, former: str) -> None:
    """Count the old account's messages under its key's name; the first one's is ``publisher-1``."""
    label = former if former != PUBLISHER else f"{PUBLISHER}-1"
    with _database(settings) as database, UnitOfWork(database, LogId(settings.log_id)) as work:
        work.outbox.hand_over(PUBLISHER, label)
        work.commit()


@contextmanager
def _database(settings: NodeSettings) -> Iterator[Database]:
    database = Database(settings.database_url)
    try:
        database.migrate()
        yield database
    finally:
        database.close()
