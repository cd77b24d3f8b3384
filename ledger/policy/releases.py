"""Which tables of the law this program carries, as digests that officers sign (参数发布).

A release is the list of all tables with the SHA-256 of each file, and the digest of that list. Any
change to any table, a remark included, is another release.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

SCHEMA: Final = "anxu-policy-release/1"


@cache
def table_digests() -> MappingProxyType[str, str]:
    """The SHA-256 of each table's file by its name, in order of names; ``sha256sum`` agrees."""
    folder = files("ledger.policy").joinpath("tables")
    tables = sorted((entry for entry in folder.iterdir() if entry.is_file()), key=lambda e: e.name)
    return MappingProxyType(
        {entry.name: hashlib.sha256(entry.read_bytes()).hexdigest() for entry in tables}
    )


def release_manifest() -> dict[str, Any]:
    """What a release lists: the schema, and each table with its digest."""
    return {"schema": SCHEMA, "tables": dict(table_digests())}


@cache
def carried_release() -> str:
    """The digest of the tables that this program carries, ``0x`` and 64 hexadecimal digits.

    It is the SHA-256 of the manifest as canonical JSON (RFC 8785): names in order, no blanks.
    """
    text = json.dumps(release_manifest(), ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return "0x" + hashlib.sha256(text.encode("ascii")).hexdigest()
