"""What a service is handed: settings, clock, randomness, database, keys, chain and other nodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ledger.chain.deployment import Manifest
from ledger.chain.registry import Registry
from ledger.config import NodeSettings
from ledger.errors import NotPermittedError
from ledger.evidence.encoding import LogId
from ledger.evidence.lineage import Lineage
from ledger.keys.key_store import KeyStore
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import Pseudonyms
from ledger.ports import Clock, RandomSource
from ledger.recording.writer import EntryWriter, RecordReader
from ledger.store.database import Database
from ledger.store.group import GroupCommit
from ledger.store.tiles import TileStore
from ledger.store.unit_of_work import Reading, UnitOfWork


@dataclass(frozen=True, slots=True)
class BureauTools:
    """What only a bureau's node has: persons' keys and pseudonyms, and the log's files."""

    person_keys: PersonKeys
    pseudonyms: Pseudonyms
    writer: EntryWriter
    reader: RecordReader
    tiles: TileStore


@dataclass(frozen=True, slots=True)
class NodeContext:
    """One open node. Services take it first and use nothing else of the outside world."""

    directory: Path
    settings: NodeSettings
    manifest: Manifest
    clock: Clock
    random: RandomSource
    database: Database
    keys: KeyStore
    chain: Registry
    tools: BureauTools | None
    group: GroupCommit | None = None
    """Where many threads write at once: by what their commands share transactions."""

    @property
    def log_id(self) -> LogId:
        """The node's own log; 0 on a supervisor's node."""
        return LogId(self.settings.log_id)

    @property
    def bureau(self) -> BureauTools:
        """The tools of a bureau.

        Raises:
            NotPermittedError: this is a supervisor's node.
        """
        if self.tools is None:
            raise NotPermittedError(action="this command", needed="a bureau's node")
        return self.tools

    @property
    def lineage(self) -> Lineage:
        """Whose leaves the node's own log begins with."""
        return self.tools.reader.lineage if self.tools is not None else Lineage(self.log_id)

    @property
    def origin(self) -> str:
        """The origin line of the node's own log."""
        return origin_of(self.manifest.chain_id, self.log_id)

    def write(self, *, alone: bool = False) -> UnitOfWork:
        """A unit of work: nothing counts unless its owner commits.

        Args:
            alone: it may take long, so that no other command's answer shall wait for it.
        """
        return UnitOfWork(self.database, self.log_id, self.group, alone=alone)

    def read(self) -> Reading:
        """A consistent view for pages and proofs."""
        return Reading(self.database, self.log_id)


def origin_of(chain_id: int, log_id: int) -> str:
    """The origin of a log: ``anxu/<chain id>/<log id>``."""
    return f"anxu/{chain_id}/{log_id}"


def cosigner_name(chain_id: int, account: str) -> str:
    """The key name of a supervisor's cosignatures: ``anxu/<chain id>/supervisor/<address>``."""
    return f"anxu/{chain_id}/supervisor/{account}"


def names_of(registered: str) -> tuple[str, str]:
    """A registered name in Chinese and English; the registry holds both as ``中文 / English``."""
    zh, _, en = registered.partition(" / ")
    return zh, en or zh
