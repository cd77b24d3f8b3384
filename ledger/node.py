"""Composition root: opens a bureau's or a supervisor's node from its directory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ledger.audit.checkpoints import Authorities
from ledger.audit.files import LOG_FOLDER, LogFiles
from ledger.audit.service import AuditedLog
from ledger.chain.bindings import Bindings
from ledger.chain.contact import ChainContact
from ledger.chain.deployment import Manifest
from ledger.chain.event_index import EventIndex
from ledger.chain.gateway import ChainGateway
from ledger.chain.registry import Registry
from ledger.chain.remembered import RememberedAnswers
from ledger.chain.reorganisations import FinalityWatch, require_one_history
from ledger.chain.sender import Sender
from ledger.config import MANIFEST_FILE, NodeSettings
from ledger.errors import LedgerError, NotPermittedError, SettingsError
from ledger.evidence.checkpoint import VerifierKey
from ledger.evidence.encoding import LogId
from ledger.evidence.lineage import Lineage
from ledger.evidence.trust import TrustedKey, TrustFile
from ledger.following.feeds import FeedClient
from ledger.following.follower import Follower
from ledger.funds.chain_books import ChainBooks
from ledger.funds.release import release_approved
from ledger.keys.files import read_private
from ledger.keys.key_store import (
    ALLIANCE,
    CLOSER,
    FREEZER,
    LOG,
    OPRF,
    PERSON_MASTER,
    PUBLISHER,
    SUPERVISOR,
    KeyStore,
)
from ledger.keys.person_keys import PERSONS_FILE, PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.keys.remembered import SUBJECTS_FILE, RememberedSubjects
from ledger.ports import SystemClock, SystemRandom
from ledger.recording.context import BureauTools, NodeContext
from ledger.recording.erasures import ErasureJob
from ledger.recording.peers import request_headers
from ledger.recording.publication import Publisher
from ledger.recording.trust import export_trust
from ledger.recording.writer import EntryWriter, RecordReader
from ledger.store.database import Database
from ledger.store.group import GroupCommit
from ledger.store.tiles import TileStore
from ledger.store.unit_of_work import Reading
from ledger.supervision.service import (
    examine,
    note_closed_conflicts,
    note_inconsistent_logs,
    note_proven_conflicts,
)
from ledger.transfers.service import advance as advance_transfers
from ledger.worker import Job, Worker

KEYS: Final = "keys"
PASSPHRASE_FILE: Final = "passphrase"  # noqa: S105 - a file name
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
PASSPHRASE_VARIABLE: Final = "ANXU_PASSPHRASE"  # noqa: S105 - the name of a variable


class Node:
    """An open node: its context and its worker. Close it when done, or use ``with``."""

    def __init__(self, context: NodeContext, feeds: FeedClient) -> None:
        self.context = context
        self.serving = replace(context, group=GroupCommit(context.database))
        """The same node for many threads at once: their commands share transactions."""
        self.feeds = feeds
        self.worker = Worker(context, _jobs(context, feeds))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back connections and files."""
        self.feeds.close()
        if self.context.tools is not None:
            self.context.tools.person_keys.close()
            self.context.tools.pseudonyms.close()
            self.context.tools.tiles.close()
        self.context.database.close()


def open_node(directory: Path, passphrase: str | None = None) -> Node:
    """Open the node in ``directory`` and bring its tables to this version's shape.

    Args:
        directory: made by ``anxu node init``.
        passphrase: opens the key store; else ``ANXU_PASSPHRASE``, else the file
            ``keys/passphrase`` (mode 0600).

    Raises:
        SettingsError: it is no node, or a bureau that was not enrolled yet.
        WrongPassphraseError, FileModeError, KeyFileDamagedError: the keys cannot be opened.
        StorageUnavailableError: the database cannot be used.
    """
    settings = NodeSettings.load(directory)
    manifest = Manifest.load(directory / MANIFEST_FILE)
    if settings.demo_sessions and manifest.as_of is None:
        raise SettingsError(
            setting="demo_sessions",
            reason="made-up persons sign in on a demonstration network only",
        )
    keys = open_keys(directory, passphrase)
    database = Database(settings.database_url)
    database.migrate()
    gateway = ChainGateway(
        manifest, settings.rpc_urls, settings.rpc_quorum, partial(_final_blocks, database, settings)
    )
    random = SystemRandom()
    context = NodeContext(
        directory=directory,
        settings=settings,
        manifest=manifest,
        clock=SystemClock(manifest.offset_seconds),
        random=random,
        database=database,
        keys=keys,
        chain=Registry(Bindings(gateway), _answers_of(database, settings)),
        tools=(
            _bureau_tools(directory, settings, keys, database)
            if settings.role == "bureau"
            else None
        ),
    )
    return Node(context, FeedClient(partial(request_headers, context)))


def _final_blocks(database: Database, settings: NodeSettings) -> list[tuple[int, str]]:
    with Reading(database, LogId(settings.log_id)) as view:
        return view.finality.recent()


def _answers_of(database: Database, settings: NodeSettings) -> RememberedAnswers:
    with Reading(database, LogId(settings.log_id)) as view:
        return RememberedAnswers(view.contact.memory())


@contextmanager
def open_audited(
    directory: Path,
    passphrase: str | None = None,
    *,
    offline: bool = False,
    trust: TrustFile | None = None,
) -> Iterator[AuditedLog]:
    """A bureau's log with everything that speaks about it, to be audited; nothing can be written.

    The registry on chain says whose signatures count. Without a chain the trust file says so,
    without that the node's own key: then keys of the past and cosigners are unknown.

    Args:
        directory: of a bureau's node, which may be at work meanwhile.
        passphrase: as for :func:`open_node`.
        offline: ask no chain.
        trust: what is believed without a chain.

    Raises:
        NotPermittedError: it is a supervisor's node.
        SettingsError: it is no node, its tables are of another version, or the trust file does not
            name its log.
        WrongPassphraseError, FileModeError, KeyFileDamagedError: the keys cannot be opened.
        StorageUnavailableError: the database or the person keys cannot be read.
    """
    settings = NodeSettings.load(directory)
    manifest = Manifest.load(directory / MANIFEST_FILE)
    if settings.role != "bureau":
        raise NotPermittedError(action="an audit", needed="a bureau's node")
    keys = open_keys(directory, passphrase)
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(settings.database_url, read_only=True)))
        database.require_current()
        vault = PersonKeys.open_read_only(
            directory / KEYS / PERSONS_FILE, keys.secret(PERSON_MASTER)
        )
        context = NodeContext(
            directory=directory,
            settings=settings,
            manifest=manifest,
            clock=SystemClock(manifest.offset_seconds),
            random=SystemRandom(),
            database=database,
            keys=keys,
            chain=Registry(
                Bindings(ChainGateway(manifest, settings.rpc_urls, settings.rpc_quorum))
            ),
            tools=None,
        )
        unavailable = "offline" if offline else ""
        with context.read() as view:
            lineage = kept = view.successions.of(context.log_id)
        if not offline:
            try:
                trust = export_trust(context)
                lineage = Lineage.of(context.log_id, context.chain.predecessor_of)
            except LedgerError as error:
                unavailable = error.code
        yield AuditedLog(
            log_id=context.log_id,
            database=database,
            files=LogFiles(directory / LOG_FOLDER),
            vault=stack.enter_context(vault),
            pseudonyms=Pseudonyms(keys.secret(ALLIANCE), KeyedEvaluator(keys.secret(OPRF))),
            authorities=_authorities(context, trust),
            chain=context.chain if not unavailable else None,
            no_chain=unavailable,
            lineage=lineage,
            kept_lineage=kept,
        )


def _authorities(context: NodeContext, trust: TrustFile | None) -> Authorities:
    """Whose signatures count for the node's own log."""
    if trust is None:
        key = VerifierKey.log(context.origin, context.keys.public_key(LOG))
        return Authorities(context.origin, (TrustedKey(key, _LONG_AGO),), (), has_history=False)
    log = trust.log(context.log_id)
    if log is None or log.origin != context.origin:
        raise SettingsError(setting="trust", reason="the trust file does not name this log")
    return Authorities(context.origin, log.keys, trust.cosigners, has_history=True)


def open_keys(directory: Path, passphrase: str | None = None) -> KeyStore:
    """Open the key store of a node's directory; :func:`open_node` says which passphrase is used."""
    given = passphrase or os.environ.get(PASSPHRASE_VARIABLE)
    if given is None:
        path = directory / KEYS / PASSPHRASE_FILE
        if not path.is_file():
            raise SettingsError(
                setting=PASSPHRASE_VARIABLE,
                reason=f"set it, or put the passphrase into {KEYS}/{PASSPHRASE_FILE} (mode 0600)",
            )
        given = read_private(path).decode().strip()
    return KeyStore.open(directory / KEYS, given)


def _bureau_tools(
    directory: Path, settings: NodeSettings, keys: KeyStore, database: Database
) -> BureauTools:
    if settings.log_id == 0:
        raise SettingsError(
            setting="log_id", reason="this bureau is not enrolled; run 'anxu bureau enrol'"
        )
    random = SystemRandom()
    log_id = LogId(settings.log_id)
    person_keys = PersonKeys.open(
        directory / KEYS / "persons.sqlite", keys.secret(PERSON_MASTER), random
    )
    pseudonyms = Pseudonyms(
        keys.secret(ALLIANCE),
        KeyedEvaluator(keys.secret(OPRF)),
        memo=RememberedSubjects.open(directory / KEYS / SUBJECTS_FILE, keys.secret(PERSON_MASTER)),
    )
    with Reading(database, log_id) as view:
        lineage = view.successions.of(log_id)
    return BureauTools(
        person_keys=person_keys,
        pseudonyms=pseudonyms,
        writer=EntryWriter(log_id, person_keys, pseudonyms, random, lineage),
        reader=RecordReader(log_id, person_keys, lineage),
        tiles=TileStore(directory / "log"),
    )


def _jobs(context: NodeContext, feeds: FeedClient) -> Mapping[str, Job]:
    """What the worker does, in this order, each round."""
    gateway = context.chain.gateway
    clock, log_id, database = context.clock, context.log_id, context.database
    is_bureau = context.settings.role == "bureau"
    names = (PUBLISHER,) if is_bureau else (SUPERVISOR, FREEZER, CLOSER)
    signers = {name: context.keys.secp256k1(name) for name in names}
    sender = Sender(database, log_id, gateway, signers, clock)
    watch = FinalityWatch(database, log_id, gateway, clock)
    index = EventIndex(database, log_id, gateway)
    contact = ChainContact(database, log_id, gateway, clock, context.chain.answers)
    follower = Follower(context, feeds)
    common: dict[str, Job] = {
        "send": _trusting(context, sender.step),
        "index": index.step,
        "follow": _trusting(context, follower.step),
    }
    if context.settings.role == "supervisor":
        return {"contact": contact.step, "finality": watch.step, **common} | {
            "examine": lambda: examine(context),
            "inconsistent": lambda: note_inconsistent_logs(context),
            "conflicts": lambda: note_proven_conflicts(context),
            "closed": lambda: note_closed_conflicts(context),
        }
    publisher = Publisher(context, feeds.cosignature)
    return (
        {
            "contact": contact.step,
            "finality": watch.step,
            "publish": _trusting(context, publisher.step),
        }
        | common
        | {
            "erase": ErasureJob(context).step,
            "release": _trusting(context, lambda: release_approved(context)),
            "transfers": _trusting(context, lambda: advance_transfers(context) > 0),
            "books": _trusting(context, ChainBooks(context).step),
        }
    )


def _trusting(context: NodeContext, job: Job) -> Job:
    """A job that stands still while the chain has replaced what counted as final."""

    def run() -> bool:
        with context.read() as view:
            require_one_history(view)
        return job()

    return run
