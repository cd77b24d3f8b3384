"""What a deployment did so far, so that one that broke off goes on where it stopped.

Each creation is written down before it is sent, with a digest of its code and constructor's
arguments: a deployment of other code or with other arguments takes nothing over.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from ledger.errors import SettingsError
from ledger.files import write_atomically

SCHEMA: Final = "anxu-deployment/1"
SUFFIX: Final = ".part"
"""The journal lies beside the manifest that the deployment ends with, until it is written."""

_NO_JOURNAL: Final = "it is no journal of a deployment on this chain; take it away to begin anew"


def journal_path(manifest: Path) -> Path:
    """Where the journal of a manifest lies."""
    return manifest.with_name(manifest.name + SUFFIX)


class DeploymentJournal:
    """Creations by contract; kept in a file, or in memory only without one.

    Raises:
        SettingsError: the file is no journal, or one of another chain.
    """

    def __init__(self, path: Path | None, chain_id: int) -> None:
        self._path = path
        self._chain_id = chain_id
        self._creations: dict[str, dict[str, str]] = {}
        if path is not None and path.exists():
            self._creations = self._read(path)

    def _read(self, path: Path) -> dict[str, dict[str, str]]:
        try:
            content: Any = json.loads(path.read_text("utf-8"))
            about = (content["schema"], content["chain_id"])
            found = {
                str(name): {"creation": str(each["creation"]), "hash": str(each["hash"])}
                for name, each in content["creations"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(setting=path.name, reason=_NO_JOURNAL) from error
        if about != (SCHEMA, self._chain_id):
            raise SettingsError(setting=path.name, reason=_NO_JOURNAL)
        return found

    def transaction_of(self, contract: str, creation: bytes) -> str | None:
        """The transaction (0x-hex) that creates this very contract; None: none was written down."""
        found = self._creations.get(contract)
        if found is None or found["creation"] != hashlib.sha256(creation).hexdigest():
            return None
        return found["hash"]

    def note(self, contract: str, creation: bytes, transaction_hash: str) -> None:
        """Write a creation down; call it before the transaction is sent."""
        digest = hashlib.sha256(creation).hexdigest()
        self._creations[contract] = {"creation": digest, "hash": transaction_hash}
        if self._path is None:
            return
        content = {"schema": SCHEMA, "chain_id": self._chain_id, "creations": self._creations}
        write_atomically(self._path, (json.dumps(content, indent=2) + "\n").encode())
