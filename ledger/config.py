"""Frozen settings of a node; every limit is named, with its unit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from ledger.errors import SettingsError
from ledger.files import write_atomically

SETTINGS_FILE: Final = "node.json"
MANIFEST_FILE: Final = "manifest.json"
ROLES: Final = ("bureau", "supervisor")
MAX_PORT: Final = 65535
REGION_DIGITS: Final = 6
"""A city's division code, GB/T 2260."""

_OPTIONAL: Final = frozenset({"demo_sessions", "rpc_quorum"})

WORKER_LEASE_SECONDS: Final = 10
"""How long a worker may be silent before another process may take over."""
WORKER_PAUSE_SECONDS: Final = 0.3
"""Pause between two rounds of an idle worker."""
LAG_BLOCKS: Final = 5
"""How many blocks a chain endpoint may be behind the others, unless the manifest says otherwise."""
PEER_TIMEOUT_SECONDS: Final = 15
"""How long another node may take to answer."""
MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
"""The largest message from another bureau that is read."""


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What makes a directory a node.

    ``log_id`` is 0 until the bureau is enrolled, and stays 0 on a supervisor's node.
    ``rpc_urls`` are the chain's endpoints in order of preference; none: the manifest's.
    ``rpc_quorum`` is how many of them must agree on what matters; 0 stands for two where there are
    several. ``demo_sessions`` lets anybody sign in as a made-up person; it is refused outside a
    demonstration network.
    """

    role: str
    name_zh: str
    name_en: str
    region: str
    pool: int
    log_id: int
    database_url: str
    host: str
    port: int
    rpc_urls: tuple[str, ...]
    demo_sessions: bool = False
    rpc_quorum: int = 0

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise SettingsError(setting="role", reason=f"it must be one of {', '.join(ROLES)}")
        if not 0 <= self.port <= MAX_PORT:
            raise SettingsError(setting="port", reason=f"it must lie between 0 and {MAX_PORT}")
        if not 0 <= self.rpc_quorum <= max(1, len(self.rpc_urls)):
            reason = "it must not exceed the number of endpoints in rpc_urls"
            raise SettingsError(setting="rpc_quorum", reason=reason)
        if self.role == "bureau" and not (
            self.region.isdigit() and len(self.region) == REGION_DIGITS
        ):
            raise SettingsError(setting="region", reason="it must be a six-digit GB/T 2260 code")

    @property
    def rpc_url(self) -> str:
        """The chain endpoint that is asked first; empty when this node names none of its own."""
        return self.rpc_urls[0] if self.rpc_urls else ""

    @property
    def endpoint(self) -> str:
        """Where this node answers."""
        return f"http://{self.host}:{self.port}"

    @classmethod
    def load(cls, directory: Path) -> NodeSettings:
        """Read ``node.json`` of a node's directory.

        Raises:
            SettingsError: there is none, it is not JSON, or a setting is missing, unknown or out
                of bounds.
        """
        path = directory / SETTINGS_FILE
        try:
            content: Any = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise SettingsError(
                setting=SETTINGS_FILE,
                reason="this directory is no node; run 'anxu node init' first",
            ) from error
        except ValueError as error:
            raise SettingsError(setting=SETTINGS_FILE, reason="the file is not JSON") from error
        if not isinstance(content, dict):
            raise SettingsError(setting=SETTINGS_FILE, reason="the file holds no settings")
        content = _with_endpoints(content)
        known = {field.name: str(field.type).partition("[")[0] for field in fields(cls)}
        for name in sorted(content.keys() - known.keys()):
            raise SettingsError(setting=name, reason="no such setting")
        for name in sorted(known.keys() - _OPTIONAL - content.keys()):
            raise SettingsError(setting=name, reason="it is missing")
        for name, value in content.items():
            if type(value).__name__ != known[name]:
                raise SettingsError(setting=name, reason=f"it must be of type {known[name]}")
        return cls(**content)

    def save(self, directory: Path) -> None:
        """Write ``node.json`` in one step."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"
        write_atomically(directory / SETTINGS_FILE, text.encode())


def _with_endpoints(content: dict[str, Any]) -> dict[str, Any]:
    """The settings with ``rpc_urls`` as a tuple; an older file names a single ``rpc_url``."""
    if "rpc_url" in content and "rpc_urls" not in content:
        named = content["rpc_url"]
        rest = {name: value for name, value in content.items() if name != "rpc_url"}
        content = rest | {"rpc_urls": [named] if named != "" else []}
    found = content.get("rpc_urls")
    if isinstance(found, list) and all(isinstance(each, str) for each in found):
        return content | {"rpc_urls": tuple(found)}
    return content
